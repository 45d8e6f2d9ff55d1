"""What a user does with keyboard and mouse, and who answers the message boxes in a test."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
import tkinter as tk
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from kollect.errors import Trouble
from kollect.ui.framework.dialogs import Dialog, Dialogs, FileKinds
from kollect.ui.framework.screen import Screen
from kollect.ui.widgets.wrapped_label import WrappedLabel

PATIENCE = 30.0

_KEYS = {
    " ": "space",
    "\n": "Return",
    "\t": "Tab",
    "@": "at",
    ".": "period",
    ",": "comma",
    ":": "colon",
    ";": "semicolon",
    "-": "minus",
    "_": "underscore",
    "/": "slash",
    "\\": "backslash",
    "+": "plus",
    "*": "asterisk",
    "=": "equal",
    "#": "numbersign",
    "!": "exclam",
    "?": "question",
    "(": "parenleft",
    ")": "parenright",
    "%": "percent",
    "&": "ampersand",
    "<": "less",
    ">": "greater",
    "'": "apostrophe",
    '"': "quotedbl",
}


class Person(Dialogs):
    """Answers instead of the user. What was asked stands in `asked`; unexpected questions fail.

    `answers` holds what is said to the next questions: a text, a path, or for a dialog of its own a
    function that is given the real dialog and works with it.
    """

    def __init__(self, root: tk.Misc) -> None:
        super().__init__(root)
        self.answers: deque[Any] = deque()
        self.asked: list[tuple[str, str]] = []
        self.troubles: list[Trouble] = []

    def show_error(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)

    def choose(
        self, title: str, text: str, answers: Sequence[str], *, careful: bool = False
    ) -> str:
        self.asked.append((title, text))
        if len(answers) == 1:
            return answers[0]
        answer = self._next(f"{title}: {text}")
        assert answer in answers, f"{answer!r} is none of {answers}"
        return answer

    def save_as(self, title: str, name: str, kinds: FileKinds) -> Path | None:
        self.asked.append((title, name))
        return self._next(title)

    def open_file(self, title: str, kinds: FileKinds) -> Path | None:
        self.asked.append((title, ""))
        return self._next(title)

    def show(self, kind: Callable[..., Dialog[Any]], *args: Any, **named: Any) -> Any:
        act = self._next(getattr(kind, "__name__", repr(kind)))
        dialog = kind(self.parent(), *args, **named)
        self.asked.append((dialog.heading, ""))
        failures: list[BaseException] = []
        deadline = time.monotonic() + PATIENCE
        timer = ""

        def work() -> None:
            # nobody types before there is something to type into
            if not _has_focus(dialog) and time.monotonic() < deadline:
                dialog.after(20, work)
                return
            nonlocal timer
            timer = self._root.after(round(2000 * PATIENCE), give_up)
            try:
                act(dialog)
            except BaseException as failure:
                failures.append(failure)
                dialog.destroy()

        def give_up() -> None:
            # else the test would wait for ever: no time limit gets through Tk's loop
            failures.append(AssertionError(f"「{dialog.title()}」 stays on the screen"))
            dialog.destroy()

        dialog.after(20, work)
        answer = dialog.run()
        with contextlib.suppress(tk.TclError, ValueError):  # the program may be gone with it
            self._root.after_cancel(timer)
        if failures:
            raise failures[0]
        return answer

    def _next(self, question: str) -> Any:
        assert self.answers, f"nobody expected to be asked: {question}"
        return self.answers.popleft()


def _has_focus(dialog: tk.Misc) -> bool:
    if not dialog.winfo_viewable() or dialog.grab_status() is None:
        return False  # the window manager may be quicker than its own choice of a widget
    inside = dialog.focus_get()
    return inside is not None and inside.winfo_toplevel() is dialog


def settle(
    root: tk.Misc, until: Callable[[], object] = lambda: True, seconds: float = PATIENCE
) -> None:
    """Let Tk work until something is so; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    root.update()
    while not until():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.01)
        root.update()
    root.update()


def settle_jobs(screen: Screen) -> None:
    """Let Tk work until all that was begun in threads has ended, and what it found is shown."""
    for _ in range(_IN_A_CHAIN):
        settle(screen, lambda: not threads_of("screen job"))
        shown: list[None] = []
        # what comes back from jobs is shown in its order: this is the last of it
        screen.window.jobs.run(lambda job: None, shown.append, owner=screen)
        settle(screen, partial(len, shown))


_IN_A_CHAIN = 3
"""What a job found may begin another, as a search that waited."""


def threads_of(name: str) -> list[threading.Thread]:
    """The threads of this name that run."""
    return [thread for thread in threading.enumerate() if thread.name == name]


def focus(widget: tk.Misc) -> None:
    """Give a widget the focus, as a click on it does."""
    widget.focus_force()
    settle(widget, lambda: widget.focus_get() is widget)


def press(widget: tk.Misc, *keys: str) -> None:
    """Press keys (`F12`, `Return`, `Control-z`, `1`) while the focus is where it is."""
    if widget.focus_get() is None:  # the window manager has not got round to us yet
        focus(widget.winfo_toplevel())
    for key in keys:
        target = widget.focus_get() or widget
        target.event_generate(f"<{key}>" if len(key) > 1 else f"<Key-{key}>")
        widget.update()


def type_in(widget: Any, text: str) -> None:
    """Replace what stands in a field by typing."""
    focus(widget)
    if isinstance(widget, tk.Text):
        widget.tag_add("sel", "1.0", "end-1c")
    else:
        widget.selection_range(0, "end")
    type_letters(widget, text)


def type_letters(widget: Any, text: str) -> None:
    """Type into a field instead of what is selected there; an empty text just removes it."""
    widget.event_generate("<BackSpace>")
    type_letters_on(widget, text)


def type_letters_on(widget: Any, text: str) -> None:
    """Type where the cursor is."""
    for letter in text:
        if letter.isascii():
            name = _KEYS.get(letter, letter)
            widget.event_generate(f"<Key-{name}>")
            widget.event_generate(f"<KeyRelease-{name}>")
        else:  # no key has a kanji: it comes from the clipboard
            widget.clipboard_clear()
            widget.clipboard_append(letter)
            widget.event_generate("<<Paste>>")
    widget.update()


def click(widget: tk.Misc) -> None:
    """Press and release the left button in the middle of a widget."""
    settle(widget, widget.winfo_ismapped)
    x, y = widget.winfo_width() // 2, widget.winfo_height() // 2
    for event in ("<Enter>", "<Motion>", "<Button-1>", "<ButtonRelease-1>"):
        widget.event_generate(event, x=x, y=y)
    widget.update()


def all_inside(widget: tk.Misc) -> Iterator[tk.Misc]:
    """A widget and everything in it, in the order of making."""
    yield widget
    for child in widget.winfo_children():
        yield from all_inside(child)


def labelled(parent: tk.Misc, text: str) -> Any:
    """The widget inside `parent` that shows exactly this text (a button, a label, a tick)."""
    found = [w for w in all_inside(parent) if shown_text(w) == text]
    assert found, (
        f"「{text}」 is not there: {[t for w in all_inside(parent) if (t := shown_text(w))]}"
    )
    return found[0]


def shown_text(widget: tk.Misc) -> str:
    if isinstance(widget, WrappedLabel):
        return widget.text
    try:
        return str(widget.cget("text"))
    except tk.TclError:
        return ""


def cut_off(window: tk.Misc) -> list[str]:
    """The widgets with words that cannot be read whole; what one can scroll to counts as seen."""
    return [
        f"{widget}: {text}"
        for widget in all_inside(window)
        if widget.winfo_class() in _WITH_WORDS
        and widget.winfo_viewable()
        and (text := shown_text(widget))
        and not _is_whole(widget)
    ]


_WITH_WORDS = ("TLabel", "TButton", "TRadiobutton", "TCheckbutton", "TLabelframe", "TMenubutton")


def _is_whole(widget: tk.Misc) -> bool:
    if widget.winfo_class() != "TLabelframe":  # what it holds may give way, as an entry does
        if widget.winfo_width() < widget.winfo_reqwidth():
            return False
        if widget.winfo_height() < widget.winfo_reqheight():
            return False
    left, top = widget.winfo_rootx(), widget.winfo_rooty()
    right, bottom = left + widget.winfo_width(), top + widget.winfo_height()
    scrolls = False
    outer = widget
    while outer is not outer.winfo_toplevel():
        outer = outer.master
        scrolls = scrolls or isinstance(outer, tk.Canvas)
        if left < outer.winfo_rootx() or right > outer.winfo_rootx() + outer.winfo_width():
            return False
        if not scrolls and bottom > outer.winfo_rooty() + outer.winfo_height():
            return False
        if not scrolls and top < outer.winfo_rooty():
            return False
    return True


def xdotool(*arguments: str) -> str:
    """A key or a click that comes from outside, through the window manager."""
    done = subprocess.run(
        ["xdotool", *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def window_named(text: str) -> str:
    """The id of a window of the program that has this text in its title, or above its text; waits
    for it.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        # by its own names xdotool searches in WM_NAME only, in which Tk has no Japanese
        ids = _asked("search", "--onlyvisible", "--class", "Kollect").split()
        for window in ids:
            if text in _asked("getwindowname", window) or text in _icon_name(window):
                return window
        time.sleep(0.1)
    raise AssertionError(f"no window 「{text}」")


def _icon_name(window: str) -> str:
    """A dialog has its heading there, beside the program's name in its title."""
    from Xlib import display, error  # the Python of Windows, which takes pictures too, has none

    line = display.Display()
    try:
        found = line.create_resource_object("window", int(window)).get_full_property(
            line.intern_atom("_NET_WM_ICON_NAME"), 0
        )
        return bytes(found.value).decode() if found else ""
    except error.XError:  # it has just gone
        return ""
    finally:
        line.close()


def _asked(*arguments: str) -> str:
    """What xdotool says, also where it has found nothing or the window has just gone."""
    return subprocess.run(
        ["xdotool", *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE
    ).stdout.strip()


_ICON = ("コレクト:", "コレクト（デモ）:")


def windows_seen() -> list[str]:
    """The titles of the program's windows that can be seen now; its icon in the tray is none."""
    ids = _asked("search", "--onlyvisible", "--class", "Kollect").split()
    names = (_asked("getwindowname", window) for window in ids)
    return [name for name in names if name and not name.startswith(_ICON)]


def until(what: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something is so in another process; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.05)
