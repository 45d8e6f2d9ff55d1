"""The fields of a form: what the user sees as a value, what is wrong with it in red under it.

Knows nothing of settings, and nothing of where a field stands: that is for `form`.
"""

from __future__ import annotations

import tkinter as tk
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from tkinter import ttk
from typing import Any, Generic, TypeVar

from kollect.mail.nfc import composed
from kollect.ui.framework import tk_windows
from kollect.ui.framework.editing import UndoHistory
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import FIELD_OFF, LINE, PAPER, WRONG, colour
from kollect.ui.widgets.scroll_frame import see_with

T = TypeVar("T")

DOT = "●"
EDITED = "<<Edited>>"
"""Sent to a field, and so to its window, when the user has changed its value."""


class Field(Generic[T]):
    """One field of a form. `value` is what the user sees; setting it is not an edit."""

    def __init__(self, widget: tk.Widget, error: ttk.Label) -> None:
        self.widget = widget
        """What takes the focus."""
        self._error = error
        see_with(widget, error)
        self._listeners: list[Callable[[], None]] = []
        self._setting = False

    @property
    def value(self) -> T:
        return self._get()

    @value.setter
    def value(self, value: T) -> None:
        self._setting = True
        try:
            self._put(value)
        finally:
            self._setting = False

    def on_edit(self, listener: Callable[[], None]) -> None:
        """Have `listener` called whenever the user changes the value."""
        self._listeners.append(listener)

    def fault(self) -> str | None:
        """Why what stands there is no value at all; None where it is one."""
        return None

    def show_error(self, text: str) -> None:
        """Say in red what is wrong."""
        self._say(text, "Wrong.TLabel")
        self._mark(wrong=True)

    def show_notice(self, text: str) -> None:
        """Say at the same place what is not wrong, but must not be overlooked."""
        self._say(text, "FieldNotice.TLabel")
        self._mark(wrong=False)

    def _say(self, text: str, style: str) -> None:
        self._error.configure(text=text, style=style)
        self._error.grid()

    def clear(self) -> None:
        self._error.configure(text="")
        self._error.grid_remove()
        self._mark(wrong=False)

    @property
    def error(self) -> str:
        return str(self._error.cget("text"))

    def focus(self) -> None:
        self.widget.focus_set()

    def enable(self, enabled: bool) -> None:
        for widget in self._parts():
            widget.configure(state=self._enabled_state() if enabled else "disabled")

    def _edited(self) -> None:
        if not self._setting:
            if self.error:
                self.clear()
            for listener in self._listeners:
                listener()
            self.widget.event_generate(EDITED)

    def _get(self) -> T:
        raise NotImplementedError

    def _put(self, value: T) -> None:
        raise NotImplementedError

    def _parts(self) -> list[Any]:
        return [self.widget]

    def _enabled_state(self) -> str:
        return "normal"

    def _mark(self, *, wrong: bool) -> None:
        if isinstance(self.widget, ttk.Entry):  # a spin box and a combobox are such, too
            kind = self.widget.winfo_class()
            self.widget.configure(style=f"Wrong.{kind}" if wrong else kind)


class LineField(Field[str]):
    """One line of text."""

    widget: ttk.Entry

    def __init__(self, widget: ttk.Entry, error: ttk.Label, variable: tk.StringVar) -> None:
        super().__init__(widget, error)
        self._variable = variable
        self.is_password = False
        """A password is what was typed, octet by octet."""
        variable.trace_add("write", lambda *_: self._edited())

    def reveal(self, visible: bool) -> None:
        """Show a password in letters or in dots."""
        self.widget.configure(show="" if visible else DOT)

    def retype(self, value: str) -> None:
        """As if the user had typed it over what stands there: Ctrl+Z brings that back."""
        UndoHistory.of(self.widget).record()
        self._variable.set(value)
        UndoHistory.of(self.widget).record()

    def _get(self) -> str:
        typed = self._variable.get()
        return typed if self.is_password else composed(typed)

    def _put(self, value: str) -> None:
        self._variable.set(value)


class NumberField(Field[int | None]):
    """A whole number, full-width digits forgiven; None while something else stands there."""

    def __init__(
        self,
        widget: ttk.Spinbox,
        error: ttk.Label,
        variable: tk.StringVar,
        limits: tuple[int, int],
    ) -> None:
        super().__init__(widget, error)
        self._variable = variable
        self._limits = limits
        variable.trace_add("write", lambda *_: self._edited())

    def fault(self) -> str | None:
        low, high = self._limits
        number = self._get()
        if number is not None and low <= number <= high:
            return None
        return f"{low}～{high}の数字を入力してください。"

    def _get(self) -> int | None:
        digits = unicodedata.normalize("NFKC", self._variable.get()).strip()
        return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None

    def _put(self, value: int | None) -> None:
        self._variable.set("" if value is None else str(value))


class ChoiceField(Field[T]):
    """One of several values, from a list that drops down."""

    widget: ttk.Combobox

    def __init__(self, widget: ttk.Combobox, error: ttk.Label, words: Mapping[T, str]) -> None:
        super().__init__(widget, error)
        self._combobox = widget
        self._values = list(words)
        widget.bind("<<ComboboxSelected>>", self._chosen)

    def offer(self, words: Mapping[T, str]) -> bool:
        """Other values to choose from; what is chosen stays so where it is among them, else the
        first is. Returns whether it stayed."""
        before = self._get()
        self._values = list(words)
        self._combobox.configure(values=list(words.values()), width=words_width(words))
        stays = before in self._values
        self._put(before if stays else self._values[0])
        return stays

    def _chosen(self, event: tk.Event) -> None:
        self._combobox.selection_clear()
        self._edited()

    def _get(self) -> T:
        return self._values[self._combobox.current()]

    def _put(self, value: T) -> None:
        self._combobox.current(self._values.index(value))

    def _enabled_state(self) -> str:
        return "readonly"


def words_width(words: Mapping[Any, str]) -> int:
    """The width of a list that drops down, in half-width characters."""
    return 1 + max(map(text_width, words.values()))


def text_width(text: str) -> int:
    """In half-width characters."""
    return sum(1 + (unicodedata.east_asian_width(one) in "WFA") for one in text)


class RadioField(Field[T]):
    """One of several values, all in view. Tab stops once; the arrow keys choose."""

    def __init__(
        self,
        buttons: list[ttk.Radiobutton],
        error: ttk.Label,
        variable: tk.IntVar,
        values: list[T],
    ) -> None:
        super().__init__(buttons[0], error)
        self._buttons = buttons
        self._variable = variable
        self._values = values
        for place, button in enumerate(buttons):
            button.configure(command=self._chosen)
            for key, step in (("Up", -1), ("Left", -1), ("Down", 1), ("Right", 1)):
                on_key(button, f"<{key}>", partial(self._go, place + step))

    def choose(self, place: int) -> bool:
        """Take the value at this place, the first being 1, where the focus is on one of them."""
        focused = tk_windows.focused(self.widget)
        if focused not in self._buttons or not 1 <= place <= len(self._buttons):
            return False
        self._go(place - 1)
        return True

    def _go(self, place: int) -> str:
        button = self._buttons[place % len(self._buttons)]
        if "disabled" not in button.state():
            button.focus_set()
            button.invoke()
        return "break"

    def _chosen(self) -> None:
        self._settle()
        self._edited()

    def _settle(self) -> None:
        self.widget = self._buttons[self._variable.get()]
        for button in self._buttons:
            button.configure(takefocus=button is self.widget)

    def _get(self) -> T:
        return self._values[self._variable.get()]

    def _put(self, value: T) -> None:
        self._variable.set(self._values.index(value))
        self._settle()

    def _parts(self) -> list[Any]:
        return list(self._buttons)


class CheckboxField(Field[bool]):
    def __init__(self, widget: ttk.Checkbutton, error: ttk.Label, variable: tk.BooleanVar) -> None:
        super().__init__(widget, error)
        self._variable = variable
        widget.configure(command=self._edited)

    def _get(self) -> bool:
        return self._variable.get()

    def _put(self, value: bool) -> None:
        self._variable.set(value)


class _Lines(Field[T]):
    """A widget for text of several lines."""

    def __init__(self, widget: tk.Text, error: ttk.Label) -> None:
        super().__init__(widget, error)
        self._text = widget
        widget.bind("<<Modified>>", self._modified)

    def show_lines(self, lines: int) -> None:
        """So many of them without scrolling; a single one has not the height of a scroll bar."""
        self._text.configure(height=lines)
        for bar in self._text.master.winfo_children():
            if isinstance(bar, ttk.Scrollbar) and lines > 1:
                bar.grid()
            elif isinstance(bar, ttk.Scrollbar):
                bar.grid_remove()

    def insert(self, text: str) -> None:
        """Put a text where the cursor is, in place of what is selected."""
        if self._text.tag_ranges("sel"):
            self._text.delete("sel.first", "sel.last")
        self._text.insert("insert", text)
        self._text.focus_set()

    def retype(self, text: str) -> None:
        """As if the user had typed it over what stands there: Ctrl+Z brings that back."""
        self._text.edit_separator()
        self._text.replace("1.0", "end-1c", text)
        self._text.edit_separator()
        self._text.mark_set("insert", "1.0")
        self._text.see("1.0")

    def _modified(self, event: tk.Event) -> None:
        if self._text.edit_modified():
            self._text.edit_modified(False)
            self._edited()

    def _read(self) -> str:
        return composed(self._text.get("1.0", "end-1c"))

    def _write(self, value: str) -> None:
        state = self._text.cget("state")
        self._text.configure(state="normal")
        self._text.delete("1.0", "end")
        self._text.insert("1.0", value)
        self._text.edit_reset()
        self._text.edit_modified(False)
        self._text.configure(state=state)

    def enable(self, enabled: bool) -> None:
        super().enable(enabled)
        self._text.configure(background=colour(self._text, PAPER if enabled else FIELD_OFF))

    def _mark(self, *, wrong: bool) -> None:
        self._text.configure(highlightbackground=colour(self._text, WRONG if wrong else LINE))


class TextField(_Lines[str]):
    """Text of several lines."""

    def _get(self) -> str:
        return self._read()

    def _put(self, value: str) -> None:
        self._write(value)


class LinesField(_Lines[tuple[str, ...]]):
    """A text of which every line is a value; empty lines do not count."""

    def _get(self) -> tuple[str, ...]:
        return tuple(line for line in self._read().split("\n") if line.strip())

    def _put(self, value: tuple[str, ...]) -> None:
        self._write("\n".join(value))
