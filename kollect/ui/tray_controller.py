"""The program while it collects: what is known of the collector, the window and its tray icon.

Decides whether the window is seen, minimised or only an icon. Does not know how mail is collected.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.collector.events import CollectorEvent, LogEntry, PollFinished
from kollect.collector.status import CollectorStatus, StatusChange
from kollect.desktop import memory
from kollect.desktop.tray import ON_MENU, Tray, TrayAction, TrayColor
from kollect.errors import Trouble
from kollect.storage import event_log
from kollect.ui.collecting.event_lines import of_today
from kollect.ui.framework import tk_windows
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.window import Window
from kollect.ui.tray_tooltip import tooltip

if TYPE_CHECKING:  # which makes this
    from kollect.ui.navigator import Navigator

EVERY_MS = 1000
SETTLED_MS = 15_000
"""After so long in the tray nothing of what the window needed is in use any more."""
BESIDE_POINTER = 4
"""Pixels between the pointer and the menu of the icon."""
SOON_MS = 80
"""Events come in bursts: for so long they are collected before the screen is drawn again."""
GOES_ON = "コレクトは動き続けています"
COLLECTING_GOES_ON = "メールの収集を続けています。"
ICON = "画面の隅（トレイ）にある、封筒のアイコンを押してください。"


class TrayController:
    """Runs in Tk's thread; what the tray's thread wants comes through the TkCallQueue."""

    def __init__(
        self,
        window: Window,
        workspaces: ActiveWorkspace,
        go: Navigator,
        make_tray: Callable[[Callable[[TrayAction], None]], Tray] = Tray,
    ) -> None:
        self._window = window
        self._root = window.root
        self._workspaces = workspaces
        self._go = go
        self._make_tray = make_tray
        self._tray: Tray | None = None
        self._shown: tuple[object, ...] = ()
        self._menu: tk.Menu | None = None
        self.status = CollectorStatus()
        self.hidden = False
        """The window is in the tray."""
        self._watchers: list[Callable[[], None]] = []
        self._soon = self._tick = ""
        self._counting = False
        self._explained = False
        self._unsaid: list[Callable[[], None]] = []
        """What is to be said when the window is seen."""
        self._zoomed = window.starts_zoomed
        self._root.bind("<Map>", self._mapped, add="+")

    # ---- the collector ----

    def begin(self) -> None:
        """The collector was started: from now on there is an icon in the tray."""
        if not self.status.events:
            self._remember_today()
        self.status.begin(_now())
        if self._tray is None:
            self._tray = self._make_tray(
                lambda wish: self._window.tk_calls.call(self._wished, wish)
            )
            self._tray.start()
        self._count()
        self.tell()

    def _remember_today(self) -> None:
        """The list of events goes on where the last run of today has ended."""
        status, folder = self.status, self._workspaces.current.folder
        now = _now().replace(microsecond=0)

        def work(job: Job) -> list[LogEntry]:
            today = now.date()
            return of_today(event_log.read_month(folder, f"{today:%Y-%m}"), today, now)

        def done(earlier: list[LogEntry]) -> None:
            if earlier:
                status.remember(earlier)
                self.tell()

        # what cannot be read now is still in ログの表示, which says so
        self._window.jobs.run(work, done, owner=self._root, failed=lambda trouble: None)

    def forget(self) -> None:
        """The collector is gone, and what it told concerns nobody any more."""
        self.status = CollectorStatus()
        self._shown = ()
        if self._tray is not None:
            self._tray.hide()
        self.tell()

    def on_collector_event(self, news: CollectorEvent) -> None:
        turn = self.status.apply(news)
        if isinstance(news, PollFinished) and self.status.count_is_old(_now()):
            self._count()
        if turn is not None and self._tray is not None:
            self._tray.balloon(turn, self._balloon_text(turn))
        if not self._soon and (self._seen() or not isinstance(news, LogEntry)):
            self._soon = self._root.after(SOON_MS, self.tell)

    def try_new_settings(self) -> None:
        """The settings were saved, and the workspace polls with them at once."""
        if self.status.running and self.status.trouble is not None:
            self.status.try_new_settings()
            self.tell()

    def watch(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call `watcher` after news, and every second, while the window can be seen.

        Returns the function that ends it.
        """
        self._watchers.append(watcher)
        self._start_ticking()
        return lambda: self._watchers.remove(watcher)

    # ---- the window ----

    def show(self) -> None:
        """Make the window visible for the first time; it is there when this returns."""
        self._root.deiconify()
        self._zoom_again()
        self._root.update()

    def to_tray(self) -> None:
        """「トレイへ」, and the window's × while mail is collected."""
        tray = self._tray
        if tray is None:
            self._minimise()
            return
        # at the very beginning the answer takes a moment
        self._window.jobs.run(
            lambda job: tray.is_there(),
            lambda there: self._hide(tray) if there else self._minimise(),
            owner=self._root,
        )

    def come_back(self) -> None:
        """Bring the window to the front, from wherever it is."""
        self.hidden = False
        self._window.raise_up()
        self._zoom_again()

    def stay_in_tray(self) -> None:
        """The window has not been seen yet, and is not to be: started at the login."""
        tray = self._tray
        self.hidden = True
        self._explained = True
        self._root.after(SETTLED_MS, self._spare)
        if tray is not None:
            self._window.jobs.run(
                lambda job: tray.is_there(),
                lambda there: None if there or self._root.winfo_viewable() else self._iconify(),
                owner=self._root,
            )

    def when_seen(self, say: Callable[[], None]) -> None:
        """Call `say` as soon as the window is seen, which may be now."""
        if self._root.winfo_viewable():
            say()
        else:
            self._unsaid.append(say)

    def stop(self) -> None:
        """Take the icon away."""
        if self._tray is not None:
            self._tray.stop()
            self._tray = None

    # ---- how it is done ----

    def _hide(self, tray: Tray) -> None:
        if not self._explained and not tray.has_balloons:
            # before it goes: afterwards nothing could be seen
            self._explained = True
            self._window.dialogs.show_info(GOES_ON, f"{COLLECTING_GOES_ON}画面を出すときは、{ICON}")
        self._zoomed = tk_windows.is_zoomed(self._root)
        self.hidden = True
        self._root.withdraw()
        self._root.after(SETTLED_MS, self._spare)
        if not self._explained:
            self._explained = True
            tray.balloon(
                "コレクトは動いています",
                f"{COLLECTING_GOES_ON}このアイコンを押すと、画面が出ます。",
            )

    def _zoom_again(self) -> None:
        """It filled the screen when it went out of sight, or when the program ended."""
        if self._zoomed:
            tk_windows.set_zoomed(self._root)
        self._zoomed = False

    def _spare(self) -> None:
        if self.hidden:
            memory.give_back()

    def _minimise(self) -> None:
        """There is no tray: next best, and said so."""
        if not self._explained:
            self._explained = True
            self._window.dialogs.show_info(
                "画面を小さくします",
                "このパソコンにはトレイ（画面の隅のアイコンの場所）がないため、"
                "代わりに画面を最小化します。メールの収集は続きます。",
            )
        self._window.set_status("トレイがないため、画面を最小化しました。")
        self._iconify()

    def _iconify(self) -> None:
        self.hidden = False
        self._root.iconify()

    def _wished(self, wish: TrayAction) -> None:
        match wish:
            case TrayAction.SHOW:
                self.come_back()
            case TrayAction.POLL:
                self._workspaces.current.poll_now()
            case TrayAction.RESULTS:
                self._open(self._go.results)
            case TrayAction.LOG:
                self._open(self._go.log)
            case TrayAction.SETTINGS:
                self._open(self._go.settings)
            case TrayAction.END:
                self._go.shutdown.end_collecting()
            case TrayAction.MENU:
                self._pop_up_menu()
            case TrayAction.LOST:
                if self.hidden:  # or nobody could ever find it again
                    self._iconify()

    def _open(self, where: Callable[[], None]) -> None:
        self.come_back()
        if not tk_windows.is_grabbed(self._root):  # else a dialog wants its answer first
            where()

    def _pop_up_menu(self) -> None:
        """At the icon, with 「表示」 next to the pointer, wherever there is room."""
        if self._menu is not None:
            self._menu.destroy()
        self._menu = tk.Menu(self._root)
        x, y = self._root.winfo_pointerxy()
        is_above = y > self._root.winfo_screenheight() // 2
        for wish in reversed(ON_MENU) if is_above else ON_MENU:
            if wish is None:
                self._menu.add_separator()
            else:
                self._menu.add_command(label=wish.value, command=partial(self._wished, wish))
        self._menu.update_idletasks()  # or it does not know yet how high it is
        # not under the pointer: letting the button go there would choose what it points at
        y += -self._menu.winfo_reqheight() - BESIDE_POINTER if is_above else BESIDE_POINTER
        self._menu.tk_popup(x, y)

    def _show_icon(self) -> None:
        name = "コレクト（デモ）" if self._workspaces.current.in_demo else "コレクト"
        look = (TrayColor(self.status.color), tooltip(self.status, name))
        if self._tray is not None and self.status.running and look != self._shown:
            self._shown = look
            self._tray.show(*look)

    def _balloon_text(self, turn: StatusChange) -> str:
        trouble = self.status.trouble
        if turn is StatusChange.WELL_AGAIN or trouble is None:
            return "届いていた空メールにも、順に返信します。"
        return f"{trouble.title}\n{trouble.happened}"

    # ---- telling the screens ----

    def _seen(self) -> bool:
        return bool(self._watchers) and bool(self._root.winfo_viewable())

    def tell(self) -> None:
        """Have the icon and the screens show how things stand now."""
        if self._soon:
            self._root.after_cancel(self._soon)
            self._soon = ""
        self._show_icon()
        if self._seen():
            for watcher in tuple(self._watchers):
                watcher()

    def _mapped(self, event: tk.Event) -> None:
        if event.widget is self._root:
            self.hidden = False
            self.tell()
            self._start_ticking()
            self._root.after_idle(self._say_unsaid)

    def _say_unsaid(self) -> None:
        unsaid, self._unsaid = self._unsaid, []
        for say in unsaid:
            say()

    def _start_ticking(self) -> None:
        if not self._tick:
            self._tick = self._root.after(self._to_next_second(), self._every_second)

    def _every_second(self) -> None:
        """Only while somebody looks: in the tray no timer of ours runs."""
        self._tick = ""
        if not self._seen():
            return
        self._start_ticking()
        if self.status.working:
            self._count()
        self.tell()

    def _to_next_second(self) -> int:
        """So that a countdown skips no second."""
        due = self.status.next_at
        part = (due - _now()).total_seconds() % 1 if due is not None else 0.0
        return round(part * 1000) + 1 if part > 0.05 else EVERY_MS

    def _count(self) -> None:
        """Count today's and all numbers again, in the ledger."""
        if self._counting:
            return
        self._counting = True
        status, now = self.status, _now()

        def done(found: tuple[int, int]) -> None:
            self._counting = False
            status.counted(*found, now.date())
            self.tell()

        def failed(trouble: Trouble) -> None:
            self._counting = False  # the collector meets the same disk, and says what is wrong

        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        self._window.jobs.run(
            lambda job: self._workspaces.current.count(midnight),
            done,
            owner=self._root,
            failed=failed,
        )


def _now() -> datetime:
    return datetime.now().astimezone()
