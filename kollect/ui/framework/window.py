"""The one window: the screens as a stack, the title, the function keys, the size of letters.

A screen is opened on top of the one before, and ESC goes back to that one. Knows no screen by name.
"""

from __future__ import annotations

import contextlib
import tkinter as tk
from collections.abc import Callable
from functools import partial
from tkinter import ttk
from typing import Any, TypeVar

from kollect.collector.events import CollectorEvent
from kollect.desktop import high_contrast
from kollect.desktop.icon_file import icon_file
from kollect.settings.model import TextSize
from kollect.threads import safe_thread
from kollect.ui.framework import editing, enter_key, tk_windows
from kollect.ui.framework.dialogs import Dialog, Dialogs, keep_focus_in_dialog
from kollect.ui.framework.function_bar import FunctionBar, FunctionKey, StatusKind
from kollect.ui.framework.jobs import Jobs, unexpected
from kollect.ui.framework.key_bindings import is_typed, on_key, pressed
from kollect.ui.framework.screen import Screen
from kollect.ui.framework.screen_memory import ScreenMemory
from kollect.ui.framework.theme import GAP, HALF, SIZE_WORDS, WIDE, Theme
from kollect.ui.framework.tk_call_queue import TkCallQueue
from kollect.ui.framework.tk_lifetime import Timer
from kollect.ui.framework.tk_messages import speak_japanese
from kollect.ui.framework.window_place import FRAME_HEIGHT, PlaceKeeper
from kollect.ui.widgets import scroll_frame
from kollect.ui.widgets.fields import EDITED

__all__ = ["FunctionKey", "Screen", "Window", "give_icon"]

LEAST_WIDTHS = {TextSize.NORMAL: 800, TextSize.LARGE: 900, TextSize.HUGE: 1000}
"""Narrower, and words are cut off."""
LEAST_HEIGHT = 480
SAVE_MS = 3000
"""So long after something was moved or chosen it is written down."""
MANUAL_HINT = "F1:説明"
_SIZES = tuple(TextSize)


S = TypeVar("S", bound=Screen)


def give_icon(root: tk.Tk) -> None:
    """Every window of the program gets its icon; where there is none, Tk's own stays."""
    file = icon_file()
    with contextlib.suppress(tk.TclError):
        if file.suffix == ".png":
            root.iconphoto(True, tk.PhotoImage(master=root, file=file))
        else:
            root.iconbitmap(default=str(file))


class Window:
    """Owns the root. `root` is made by `ui.main`, which also says what closing it means."""

    def __init__(
        self,
        root: tk.Tk,
        *,
        text_size: TextSize = TextSize.NORMAL,
        dialogs: Dialogs | None = None,
        memory: ScreenMemory | None = None,
    ) -> None:
        """`memory`: how it was left at the end of the last run."""
        self.root = root
        self.memory = memory or ScreenMemory()
        """What the user has done to the window and its tables."""
        self.theme = Theme(root, text_size, high_contrast=high_contrast.is_on())
        self.dialogs = dialogs or Dialogs(root)
        self.tk_calls = TkCallQueue(root)
        self.jobs = Jobs(self.tk_calls, self.dialogs.show_error)
        self.on_close: Callable[[], None] = self.close
        """What the window's × does."""
        self.on_text_size: Callable[[TextSize], None] = lambda size: None
        """Told when the user has chosen another size: to be remembered."""
        self.on_manual: Callable[[str], None] = lambda page: None
        """Opens the built-in manual at the page of this name."""
        self._telling = False
        self._closed = False
        self._shop_id = ""
        self._locked = False
        self._note = ""
        self._screens: list[Screen] = []
        root.report_callback_exception = self._callback_failed
        tk_windows.hear_background_errors(root)
        speak_japanese(root)
        editing.install(root)
        scroll_frame.install(root)
        keep_focus_in_dialog(root)
        self._build()
        self._bind_keys()
        self.place = PlaceKeeper(root, self.memory)
        self._limit_size()
        self._save = Timer(root, self._save_memory)
        self.memory.on_change = self._memory_changed

    # ---- the stack of screens ----

    @property
    def screen(self) -> Screen:
        """The one in front."""
        return self._screens[-1]

    @property
    def screens(self) -> tuple[Screen, ...]:
        """All that are open, the one in front last."""
        return tuple(self._screens)

    def open(self, kind: Callable[..., S], *args: Any, **named: Any) -> S:
        """Make `kind(window, …)` and bring it to the front."""
        before = self.content.winfo_children()
        try:
            screen = kind(self, *args, **named)
        except BaseException:
            for half_made in set(self.content.winfo_children()) - {*before}:
                half_made.destroy()
            raise
        self._stow()
        self._screens.append(screen)
        self._bring()
        return screen

    def back(self, *, confirm: bool = True) -> None:
        """Close the screen in front, unless the user wants to keep what is unsaved there."""
        if len(self._screens) > 1:
            if confirm:
                self.leave(self._close_front)
            else:
                self._close_front()

    def uncover(self, kind: type[Screen]) -> bool:
        """Go back to the screen of this kind; False where none is open. The user may refuse."""
        if not any(isinstance(screen, kind) for screen in self._screens):
            return False
        self._uncover(kind)
        return True

    def _uncover(self, kind: type[Screen]) -> None:
        def one_nearer() -> None:
            self._close_front()
            self._uncover(kind)

        if not isinstance(self.screen, kind):
            self.leave(one_nearer)

    def _close_front(self) -> None:
        self._drop()
        self._bring()

    def back_to(self, kind: type[Screen]) -> None:
        """Close screens without asking until one of this kind is in front."""
        while len(self._screens) > 1 and not isinstance(self.screen, kind):
            self._drop()
        self._bring()

    def leave(self, then: Callable[[], None], act: str = "戻る") -> None:
        """Do `then`, which leaves the screen in front; ask before where something is unsaved.

        Saving takes a while: `then` may be called after this has returned, or not at all. `act`
        is the word for what is done.
        """
        screen = self.screen
        if not screen.has_unsaved_changes():
            then()
            return
        stay, throw_away, save = "入力を続ける", f"保存せずに{act}", f"保存して{act}"
        answer = self.dialogs.choose(
            "保存していない変更があります",
            "入力した内容は、まだ保存されていません。\n"
            f"「{throw_away}」を押すと、変更した内容は消えます。",
            (stay, throw_away, save),
        )
        if answer == throw_away:
            then()
        elif answer == save:
            screen.save_before_leaving(lambda: then() if self.screen is screen else None)

    def on_collector_event(self, news: CollectorEvent) -> None:
        """Hand on what the collector tells. In Tk's thread."""
        for screen in tuple(self._screens):
            screen.on_collector_event(news)

    def _drop(self) -> None:
        screen = self._screens.pop()
        screen.on_close()
        screen.destroy()

    def _stow(self) -> None:
        if self._screens:
            self._screens[-1].grid_remove()

    def _bring(self) -> None:
        screen = self.screen
        screen.grid(row=1, column=0, sticky="nsew")
        self._heading.configure(text=screen.heading)
        self.set_status("")
        self.refresh_keys()
        self._set_title()
        self.root.focus_set()  # or the keys would still press what is out of sight
        screen.on_show()

    # ---- title, keys, size ----

    def identify(self, shop_id: str, *, locked: bool) -> None:
        """What the title says besides the screen's code."""
        self._shop_id, self._locked = shop_id, locked
        self._refresh_title()

    def annotate(self, note: str) -> None:
        """What the title says at its end, as 【デモ】; empty: nothing."""
        self._note = note
        self._refresh_title()

    def open_manual(self) -> None:
        """F1: the page of the built-in manual for what is in front, a dialog or a screen."""
        if self._closed:
            return
        above = self.dialogs.parent()
        page = above.manual if isinstance(above, Dialog) else ""
        self.on_manual(page or (self.screen.manual_page() if self._screens else ""))

    def _refresh_title(self) -> None:
        if self._screens:
            self._set_title()

    def refresh_keys(self) -> None:
        """Build the bottom bar anew, after the screen's keys have changed."""
        screen = self.screen
        back = FunctionKey("Escape", screen.back_label, screen.go_back)
        self._bar.show(back, screen.function_keys())

    def set_status(self, text: str) -> None:
        """What is going on, in the bottom bar, until the next line or another screen."""
        self._bar.set_status(text)

    def say_done(self, text: str) -> None:
        """The same for what was done: with a green ✓, until something is changed or 8 seconds."""
        self._bar.set_status(text, StatusKind.DONE)

    def say_not_done(self, text: str) -> None:
        """The same, with a red ✗."""
        self._bar.set_status(text, StatusKind.NOT_DONE)

    def agrees(
        self, title: str, question: str, *, yes: str, no: str = "キャンセル", otherwise: str
    ) -> bool:
        """Ask before what cannot be taken back. Enter and ESC mean no, and whoever has pressed
        Enter for yes reads `otherwise`: that nothing was done.
        """
        agreed = self.dialogs.confirm(title, question, yes=yes, no=no, careful=True)
        if not agreed:
            self.say_not_done(otherwise)
        return agreed

    @property
    def status_text(self) -> str:
        """What is said there, without its mark."""
        return self._bar.status

    def set_text_size(self, size: TextSize) -> None:
        if size is self.theme.size:
            return
        self.theme.resize(size)
        self._size.set(size.value)
        self._limit_size()
        for screen in self._screens:
            screen.on_text_size()
        self.on_text_size(size)

    def close(self) -> None:
        """End Tk's loop and everything in the window."""
        self._closed = True
        self.place.look()
        self.memory.save()
        while self._screens:
            self._drop()
        self.tk_calls.stop()
        self.root.destroy()

    def raise_up(self) -> None:
        """Show the window in front of all others."""
        self.root.deiconify()
        self.root.lift()
        # to what had the focus before, or keys would go nowhere
        last = str(self.root.tk.call("focus", "-lastfor", self.root))
        (tk_windows.known(self.root, last) or self.root).focus_force()

    def _set_title(self) -> None:
        state = "保守不可" if self._locked else "保守可"
        title = f"コレクト ({self.screen.code}) id = {self._shop_id} ({state})"
        self.root.title(f"{title} {self._note}".rstrip())

    def _build(self) -> None:
        root = self.root
        root.columnconfigure(0, weight=1)
        root.rowconfigure(2, weight=1)
        head = ttk.Frame(root, style="Paper.TFrame", padding=(WIDE, HALF))
        head.grid(row=0, column=0, sticky="ew")
        self._heading = ttk.Label(head, style="Heading.TLabel")
        self._heading.pack(side="left")
        self._size = tk.StringVar(root, self.theme.size.value)
        for size in reversed(_SIZES):
            ttk.Radiobutton(
                head,
                text=SIZE_WORDS[size],
                value=size.value,
                variable=self._size,
                style="Size.Toolbutton",
                width=5,
                takefocus=False,
                command=partial(self.set_text_size, size),
            ).pack(side="right", padx="1p")
        ttk.Label(head, text="文字の大きさ", style="PaperFaint.TLabel").pack(side="right", padx=GAP)
        ttk.Frame(root, style="Accent.TFrame", height=2).grid(row=1, column=0, sticky="ew")
        self.content = ttk.Frame(root)
        self.content.grid(row=2, column=0, sticky="nsew")
        self.content.columnconfigure(0, weight=1)
        self.content.rowconfigure(1, weight=1)
        self.banner = ttk.Frame(self.content)
        """Above every screen, for a strip that must not be overlooked; `grid` shows it."""
        self.banner.grid(row=0, column=0, sticky="ew")
        self.banner.grid_remove()
        # the bar must not give way to a screen that is too high
        self.content.grid_propagate(False)
        self.strip = ttk.Frame(root, style="Paper.TFrame", padding=(GAP, "1p"))
        """Below every screen, for how things stand; `grid` shows it."""
        self.strip.grid(row=3, column=0, sticky="ew")
        self.strip.grid_remove()
        hint = ttk.Label(self.strip, text=MANUAL_HINT, style="Hint.TLabel", cursor="hand2")
        hint.pack(side="right", padx=GAP)
        hint.bind("<Button-1>", lambda event: self.open_manual())
        ttk.Frame(root, style="Line.TFrame", height=1).grid(row=4, column=0, sticky="ew")
        self._bar = FunctionBar(root)
        self._bar.grid(row=5, column=0, sticky="ew")
        root.protocol("WM_DELETE_WINDOW", lambda: self.on_close())

    def _bind_keys(self) -> None:
        root = self.root
        root.bind("<Escape>", lambda event: self._bar.press("Escape"))
        root.bind(enter_key.LAST_FIELD, lambda event: self._bar.focus_main())
        root.bind(EDITED, lambda event: self._bar.clear_result())
        for name in ("<Return>", "<KP_Enter>"):
            root.bind(name, self._enter)
        # everywhere: dialogs have it too, and the demo's phone
        tk_windows.bind_all(root, "<F1>", pressed(self.open_manual))
        for number in range(2, 13):
            on_key(root, f"<F{number}>", partial(self._bar.press, f"F{number}"))
        for number in range(1, 10):
            for name in (f"<Key-{number}>", f"<KP_{number}>"):
                root.bind(name, partial(self._digit, number))
        for name, step in (("Prior", -1), ("KP_Prior", -1), ("Next", 1), ("KP_Next", 1)):
            with contextlib.suppress(tk.TclError):  # those of the keypad are known to X11 only
                root.bind(f"<{name}>", partial(self._page, step))
        editing.on_search_key(root, lambda: self.screen.search_entry() if self._screens else None)
        for name in ("<Control-plus>", "<Control-semicolon>", "<Control-KP_Add>"):
            root.bind(name, lambda event: self._step_size(+1))
        for name in ("<Control-minus>", "<Control-KP_Subtract>"):
            root.bind(name, lambda event: self._step_size(-1))

    def _enter(self, event: tk.Event) -> None:
        """Enter before the focus has come to any widget of the screen."""
        if event.widget is self.root and self._screens:
            enter_key.enter(self.screen)

    def _digit(self, number: int, event: tk.Event) -> None:
        if self._screens and not editing.is_field(event.widget):
            self.screen.digit(number)

    def _page(self, step: int, event: tk.Event) -> None:
        turns_itself = isinstance(event.widget, tk.Text | tk.Listbox | ttk.Treeview)
        if self._screens and not turns_itself and not is_typed(event):
            self.screen.turn_page(step)

    def _step_size(self, step: int) -> None:
        place = _SIZES.index(self.theme.size) + step
        if 0 <= place < len(_SIZES):
            self.set_text_size(_SIZES[place])

    @property
    def starts_zoomed(self) -> bool:
        """It filled the screen at the end of the last run."""
        return self.place.starts_zoomed

    def _memory_changed(self) -> None:
        if not self._save.waits:
            self._save.start(SAVE_MS)

    def _save_memory(self) -> None:
        """Not in Tk's thread: a stick may take its time."""
        self.jobs.run(lambda job: self.memory.save(), lambda result: None, owner=self.root)

    def _limit_size(self) -> None:
        root, least = self.root, LEAST_WIDTHS[self.theme.size]
        down = root.winfo_screenheight() - FRAME_HEIGHT
        scale = root.winfo_fpixels("72p") / 96
        root.minsize(
            min(round(least * scale), root.winfo_screenwidth()),
            min(round(LEAST_HEIGHT * scale), down),
        )

    def _callback_failed(self, kind: Any, error: BaseException, trace: Any) -> None:
        """A fault of ours in a button or a timer: never swallowed, never the end of the program."""
        self.failed(error)

    def failed(self, error: BaseException) -> None:
        """Tell of a fault. This itself never fails."""
        if self._closed:  # whoever waited for a dialog finds nothing left
            return
        safe_thread.log_error(error)
        if self._telling:  # where telling fails itself, or a timer fails every second
            return
        self._telling = True
        try:
            self.dialogs.show_error(unexpected(error))
        except safe_thread.FAULTS as another:
            if not self._closed:
                safe_thread.log_error(another, "誤りを画面でお知らせできませんでした")
                with contextlib.suppress(*safe_thread.FAULTS):
                    self.say_not_done(
                        "予期しない誤りが起きました。くわしいことは「ログの表示」にあります。"
                    )
        finally:
            self._telling = False

    def live(self) -> None:
        """Run Tk's loop until the window is closed, whatever is raised in it."""
        while not self._closed:
            try:
                self.root.mainloop()
                return
            except safe_thread.FAULTS as error:
                self.root.winfo_exists()  # raises where there is no root any more: the end
                self.failed(error)
