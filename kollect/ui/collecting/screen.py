"""メール収集: what the collector does now, what it did last, and what is wrong."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import datetime
from functools import partial
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.collector.events import PollFinished
from kollect.collector.status import (
    CollectorStatus,
    StatusColor,
    next_text,
    report_text,
)
from kollect.desktop.tray import COLOURS, TrayColor
from kollect.errors import ServerTrouble, Trouble
from kollect.ui.collecting.event_list import EventList
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.framework.window import Screen, Window
from kollect.ui.navigator import Navigator
from kollect.ui.widgets.scroll_frame import ScrollFrame
from kollect.ui.widgets.wrapped_label import WrappedLabel

_EDGES = {
    StatusColor.WAITING: "#7b9fcb",
    StatusColor.WORKING: "#71b98b",
    StatusColor.ERROR: "#de7d76",
}
"""Half way to the paper: Tk draws no smooth edge."""
STARTING = "受信を始めます。"
ENDING = "この処理が済んだら、終了します。"
LONGEST_TROUBLE = 160
"""Letters of what happened; the dialog behind 「詳細」 has it all."""


class CollectingScreen(Screen):
    code, heading = "KKRZS301", "メール収集"
    manual = "collecting"

    def __init__(self, window: Window, workspaces: ActiveWorkspace, go: Navigator) -> None:
        super().__init__(window)
        self._workspaces = workspaces
        self._go = go
        self._before: PollFinished | None = None
        """The last poll when 「今すぐ受信」 was pressed."""
        # large letters on a small screen, and a trouble: more than there is room for
        self.scrolled = ScrollFrame(self)
        self.scrolled.pack(fill="both", expand=True)
        inside = self.scrolled.inside
        self.panel = StatePanel(inside)
        self.panel.pack(fill="x")
        self.trouble = TroublePanel(inside, window.dialogs.show_error, go.mend_mail_settings)
        self._below = ttk.Label(
            inside, text="最近のできごと（新しいものが上）", style="Bold.TLabel"
        )
        self._below.pack(anchor="w", pady=(GAP, HALF))
        self.events = EventList(inside)
        self.events.pack(fill="both", expand=True)
        self.buttons = self._build_buttons()
        self._unwatch = go.tray.watch(self.refresh)

    def on_show(self) -> None:
        self._refresh()
        self.buttons["今すぐ受信"].focus_set()

    def on_close(self) -> None:
        self._unwatch()

    def on_text_size(self) -> None:
        self.events.resize()

    def refresh(self) -> None:
        """Show how things stand now."""
        if self.winfo_ismapped():
            self._refresh()

    def _refresh(self) -> None:
        status, now = self._go.tray.status, datetime.now().astimezone()
        if self.window.status_text == STARTING and status.last is not self._before:
            self.window.set_status("")
        ending = self._go.shutdown.wanted or self._go.shutdown.stopping
        self.panel.show(status, now, ending=ending)
        self.events.show(status)
        if status.trouble is not None:
            self.trouble.show(status)
            self.trouble.pack(fill="x", pady=(GAP, 0), after=self.panel)
        else:
            self.trouble.pack_forget()
        for label in ("今すぐ受信", "処理の終了"):
            self.buttons[label].configure(state="disabled" if ending else "normal")

    def poll_now(self) -> None:
        self._before = self._go.tray.status.last
        self._workspaces.current.poll_now()
        self.window.set_status(STARTING)

    def _build_buttons(self) -> dict[str, ttk.Button]:
        go = self._go
        actions: dict[str, Callable[[], None]] = {
            "今すぐ受信": self.poll_now,
            "設定": go.settings,
            "収集結果表示": go.results,
            "ログの表示": go.log,
            "トレイへ": go.tray.to_tray,
            "処理の終了": go.shutdown.end_collecting,
        }
        row = ttk.Frame(self)
        row.pack(side="bottom", fill="x", pady=(GAP, 0), before=self.scrolled)
        made = {}
        for column, (label, action) in enumerate(actions.items()):
            row.columnconfigure(column, weight=1, uniform="button")
            button = ttk.Button(
                row,
                text=label,
                command=action,
                style="TButton" if column else "Primary.TButton",
            )
            button.grid(row=0, column=column, sticky="ew", padx=HALF)
            for key, step in (("Left", -1), ("Right", 1)):
                on_key(button, f"<{key}>", partial(self._focus, column + step))
            made[label] = button
        return made

    def _focus(self, place: int) -> None:
        buttons = list(self.buttons.values())
        buttons[place % len(buttons)].focus_set()


class StatePanel(ttk.Frame):
    """The state in large letters beside its light; when the next check is; the numbers."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, style="Paper.TFrame", padding=(WIDE, GAP))
        self.columnconfigure(1, weight=1)
        self._lamp = StatusLight(self)
        self._lamp.grid(row=0, column=0, rowspan=2, padx=(0, WIDE))
        self.word = ttk.Label(self, style="State.TLabel")
        self.word.grid(row=0, column=1, sticky="w")
        self.next = ttk.Label(self, style="Paper.TLabel")
        self.next.grid(row=1, column=1, sticky="w")
        self.slowed = ttk.Label(self, style="Paper.TLabel")
        self.slowed.grid(row=2, column=1, columnspan=3, sticky="w", pady=(HALF, 0))
        self.last = ttk.Label(self, style="PaperFaint.TLabel")
        self.last.grid(row=3, column=1, columnspan=3, sticky="w", pady=(HALF, 0))
        self.today = self._number(2, "今日の受付")
        self.total = self._number(3, "これまでの受付")

    def show(self, status: CollectorStatus, now: datetime, *, ending: bool) -> None:
        self.word.configure(text=status.state_text if status.running else "停止中")
        self._lamp.show(status.color)
        self.next.configure(text=ENDING if ending else next_text(status, now))
        self.slowed.configure(text=status.slowed)
        if status.slowed:
            self.slowed.grid()
        else:
            self.slowed.grid_remove()
        last = ""
        if status.last is not None:
            result = "受信できませんでした"
            if status.last.trouble is None:
                result = report_text(status.last.report)
            last = f"前回の受信 {status.last.at:%H:%M:%S}　{result}"
        self.last.configure(text=last)
        for label, number in ((self.today, status.today), (self.total, status.total)):
            label.configure(text="－" if number is None else f"{number:,}件")

    def _number(self, column: int, text: str) -> ttk.Label:
        ttk.Label(self, text=text, style="PaperFaint.TLabel").grid(
            row=1, column=column, sticky="e", padx=(WIDE, 0)
        )
        number = ttk.Label(self, style="State.TLabel")
        number.grid(row=0, column=column, sticky="e", padx=(WIDE, 0))
        return number


class StatusLight(tk.Canvas):
    """A disc in the colour of the tray icon."""

    def __init__(self, parent: tk.Misc) -> None:
        ground = ttk.Style(parent).lookup("Paper.TFrame", "background")
        super().__init__(parent, width="24p", height="24p", highlightthickness=0, background=ground)
        side = self.winfo_pixels("24p")
        self._disc = self.create_oval(2, 2, side - 2, side - 2, width=2)
        self._light: StatusColor | None = None

    def show(self, light: StatusColor) -> None:
        if light is not self._light:
            self._light = light
            self.itemconfigure(self._disc, fill=COLOURS[TrayColor(light)], outline=_EDGES[light])


class TroublePanel(ttk.Frame):
    """What is wrong, what to do, and the way to the technical text."""

    def __init__(
        self,
        parent: tk.Misc,
        tell: Callable[[Trouble], None],
        mend: Callable[[Trouble], None],
    ) -> None:
        """`mend` opens the settings where the trouble can be mended."""
        super().__init__(parent, style="Wrong.TFrame", padding=("3p", 0, 0, 0))
        self._tell = tell
        self._mend = mend
        self._trouble: Trouble | None = None
        inside = ttk.Frame(self, style="Paper.TFrame", padding=(GAP, HALF))
        inside.pack(fill="both", expand=True)
        inside.columnconfigure(0, weight=1)
        self.title = ttk.Label(inside, style="PaperWrong.TLabel")
        self.title.grid(row=0, column=0, sticky="w")
        self.happened = WrappedLabel(inside, "", style="Paper.TLabel")
        self.happened.grid(row=1, column=0, columnspan=3, sticky="ew")
        self.cure = WrappedLabel(inside, "", style="Paper.TLabel")
        self.cure.grid(row=2, column=0, columnspan=3, sticky="ew")
        self.mend = ttk.Button(inside, text="メールの設定を直す", width=20, command=self.go_mend)
        self.mend.grid(row=0, column=1, sticky="ne", padx=(GAP, 0))
        self.detail = ttk.Button(inside, text="詳細", width=8, command=self.open)
        self.detail.grid(row=0, column=2, sticky="ne", padx=(GAP, 0))

    def show(self, status: CollectorStatus) -> None:
        trouble, since = status.trouble, status.since
        if trouble is None or since is None:
            return
        self._trouble = trouble
        again = f"（{since:%H:%M} から {status.failures}回）" if status.failures > 1 else ""
        self.title.configure(text=f"{trouble.title}{again}")
        if isinstance(trouble, ServerTrouble):
            self.mend.grid()
        else:
            self.mend.grid_remove()
        happened = trouble.happened
        if len(happened) > LONGEST_TROUBLE:
            happened = f"{happened[:LONGEST_TROUBLE]}…（続きは「詳細」）"
        for label, text in (
            (self.happened, happened),
            (self.cure, self._cure(status, trouble)),
        ):
            if label.text != text:
                label.configure(text=text)

    @staticmethod
    def _cure(status: CollectorStatus, trouble: Trouble) -> str:
        if status.trying_new_settings:
            return "新しい設定で試しています…"
        return f"どうすればよいか: {trouble.cure}"

    def go_mend(self) -> None:
        """「メールの設定を直す」"""
        if self._trouble is not None:
            self._mend(self._trouble)

    def open(self) -> None:
        if self._trouble is not None:
            self._tell(self._trouble)
