"""Rows of a form: a label, its field, what stands beside it; what is wrong in red, right under it.

Every row helper returns a `Field`. Knows nothing of settings: a screen reads `field.value`.
"""

from __future__ import annotations

import tkinter as tk
import unicodedata
from collections.abc import Callable, Mapping
from tkinter import ttk
from typing import Any, Generic, TypeVar

from kollect.screens.theme import ACCENT, GAP, HALF, INK, LINE, PAPER, TEXT_FONT, WRONG

T = TypeVar("T")

DOT = "●"
LABEL_CHARACTERS = 11
"""Room for the longest usual label, in full-width characters."""


class Field(Generic[T]):
    """One field of a form. `value` is what the user sees; setting it is not an edit."""

    def __init__(self, widget: tk.Misc, error: ttk.Label) -> None:
        self.widget = widget
        """What takes the focus."""
        self._error = error
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

    def complain(self, text: str) -> None:
        """Say in red what is wrong."""
        self._error.configure(text=text)
        self._error.grid()
        self._mark(wrong=True)

    def clear(self) -> None:
        self._error.configure(text="")
        self._error.grid_remove()
        self._mark(wrong=False)

    @property
    def complaint(self) -> str:
        return str(self._error.cget("text"))

    def focus(self) -> None:
        self.widget.focus_set()

    def enable(self, enabled: bool) -> None:
        for widget in self._parts():
            widget.configure(state=self._enabled_state() if enabled else "disabled")

    def _edited(self) -> None:
        if not self._setting:
            if self.complaint:
                self.clear()
            for listener in self._listeners:
                listener()

    def _get(self) -> T:
        raise NotImplementedError

    def _put(self, value: T) -> None:
        raise NotImplementedError

    def _parts(self) -> list[Any]:
        return [self.widget]

    def _enabled_state(self) -> str:
        return "normal"

    def _mark(self, *, wrong: bool) -> None:
        kind = self.widget.winfo_class()
        if kind in ("TEntry", "TSpinbox", "TCombobox"):
            self.widget.configure(style=f"Wrong.{kind}" if wrong else kind)  # type: ignore


class LineField(Field[str]):
    """One line of text."""

    def __init__(self, widget: ttk.Entry, error: ttk.Label, variable: tk.StringVar) -> None:
        super().__init__(widget, error)
        self._variable = variable
        variable.trace_add("write", lambda *_: self._edited())

    def reveal(self, visible: bool) -> None:
        """Show a password in letters or in dots."""
        self.widget.configure(show="" if visible else DOT)  # type: ignore[call-arg]

    def _get(self) -> str:
        return self._variable.get()

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

    def __init__(self, widget: ttk.Combobox, error: ttk.Label, words: Mapping[T, str]) -> None:
        super().__init__(widget, error)
        self._combobox = widget
        self._values = list(words)
        widget.bind("<<ComboboxSelected>>", self._chosen)

    def _chosen(self, event: tk.Event) -> None:
        self._combobox.selection_clear()
        self._edited()

    def _get(self) -> T:
        return self._values[self._combobox.current()]

    def _put(self, value: T) -> None:
        self._combobox.current(self._values.index(value))

    def _enabled_state(self) -> str:
        return "readonly"


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
                button.bind(f"<{key}>", lambda event, to=place + step: self._go(to))

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


class TickField(Field[bool]):
    def __init__(self, widget: ttk.Checkbutton, error: ttk.Label, variable: tk.BooleanVar) -> None:
        super().__init__(widget, error)
        self._variable = variable
        widget.configure(command=self._edited)

    def _get(self) -> bool:
        return self._variable.get()

    def _put(self, value: bool) -> None:
        self._variable.set(value)


class TextField(Field[str]):
    """Text of several lines."""

    def __init__(self, widget: tk.Text, error: ttk.Label) -> None:
        super().__init__(widget, error)
        self._text = widget
        widget.bind("<<Modified>>", self._modified)

    def insert(self, text: str) -> None:
        """Put a text where the cursor is, in place of what is selected."""
        if self._text.tag_ranges("sel"):
            self._text.delete("sel.first", "sel.last")
        self._text.insert("insert", text)
        self._text.focus_set()

    def _modified(self, event: tk.Event) -> None:
        if self._text.edit_modified():
            self._text.edit_modified(False)
            self._edited()

    def _get(self) -> str:
        return self._text.get("1.0", "end-1c")

    def _put(self, value: str) -> None:
        state = self._text.cget("state")
        self._text.configure(state="normal")
        self._text.delete("1.0", "end")
        self._text.insert("1.0", value)
        self._text.edit_reset()
        self._text.edit_modified(False)
        self._text.configure(state=state)

    def enable(self, enabled: bool) -> None:
        super().enable(enabled)
        self._text.configure(background=PAPER if enabled else "#eceff3")

    def _mark(self, *, wrong: bool) -> None:
        self._text.configure(highlightbackground=WRONG if wrong else LINE)


class Form(ttk.Frame):
    """A column of rows. Groups inside it keep the labels' width, so that all fields line up."""

    def __init__(self, parent: tk.Misc, *, label_characters: int = LABEL_CHARACTERS) -> None:
        super().__init__(parent)
        self._label_characters = label_characters
        self._row = 0
        self.columnconfigure(1, weight=1)

    def line(
        self, label: str, *, characters: int = 30, after: str = "", secret: bool = False
    ) -> LineField:
        """An entry of so many half-width characters."""
        place = self._cell(label)
        variable = tk.StringVar(self)
        entry = ttk.Entry(place, width=characters, textvariable=variable, font=TEXT_FONT)
        if secret:
            entry.configure(show=DOT)
        entry.pack(side="left")
        self._after(place, after)
        return LineField(entry, self._error(), variable)

    def number(
        self, label: str, limits: tuple[int, int], *, characters: int = 8, after: str = ""
    ) -> NumberField:
        place = self._cell(label)
        variable = tk.StringVar(self)
        low, high = limits
        spinbox = ttk.Spinbox(
            place, from_=low, to=high, width=characters, textvariable=variable, font=TEXT_FONT
        )
        spinbox.pack(side="left")
        self._after(place, after)
        return NumberField(spinbox, self._error(), variable, limits)

    def choice(self, label: str, words: Mapping[T, str], *, after: str = "") -> ChoiceField[T]:
        place = self._cell(label)
        combobox = combobox_of(place, words)
        combobox.pack(side="left")
        self._after(place, after)
        return ChoiceField(combobox, self._error(), words)

    def radios(self, label: str, words: Mapping[T, str], *, below: bool = False) -> RadioField[T]:
        """Radio buttons beside each other, or one below the other."""
        place = self._cell(label)
        variable = tk.IntVar(self)
        buttons = []
        for number, word in enumerate(words.values()):
            button = ttk.Radiobutton(place, text=word, value=number, variable=variable)
            if below:
                button.pack(anchor="w", pady="1p")
            else:
                button.pack(side="left", padx=(0, GAP))
            buttons.append(button)
        return RadioField(buttons, self._error(), variable, list(words))

    def tick(self, text: str, *, label: str = "") -> TickField:
        place = self._cell(label)
        variable = tk.BooleanVar(self)
        button = ttk.Checkbutton(place, text=text, variable=variable)
        button.pack(side="left")
        return TickField(button, self._error(), variable)

    def text(self, label: str, *, lines: int, characters: int = 40) -> TextField:
        place = self._cell(label, top=True)
        text = text_of(place, lines=lines, characters=characters)
        place.columnconfigure(0, weight=1)
        text.grid(row=0, column=0, sticky="ew")
        bar = ttk.Scrollbar(place, command=text.yview, takefocus=False)
        bar.grid(row=0, column=1, sticky="ns")
        text.configure(yscrollcommand=bar.set)
        return TextField(text, self._error())

    def note(self, text: str, *, under_fields: bool = False) -> ttk.Label:
        """An explanation over the whole width, broken into lines as the window is wide."""
        label = wrapped(self, text, style="Faint.TLabel")
        column = 1 if under_fields else 0
        label.grid(row=self._row, column=column, columnspan=2 - column, sticky="ew", pady="1p")
        self._row += 1
        return label

    def group(self, title: str) -> Form:
        """A frame with a title, whose rows line up with the ones here."""
        frame = ttk.Labelframe(self, text=title, padding=(GAP, HALF))
        frame.grid(row=self._row, column=0, columnspan=2, sticky="ew", pady=(HALF, HALF))
        frame.columnconfigure(0, weight=1)
        self._row += 1
        inside = Form(frame, label_characters=self._label_characters)
        inside.grid(row=0, column=0, sticky="ew")
        return inside

    def row(self) -> ttk.Frame:
        """An empty row for whatever a screen wants to put there."""
        frame = ttk.Frame(self)
        frame.grid(row=self._row, column=0, columnspan=2, sticky="ew", pady="2p")
        self._row += 1
        return frame

    def beside(self, field: Field[Any]) -> tk.Misc:
        """The cell of a field, for buttons and more fields right of it (`pack` them left)."""
        return field.widget.master

    def _cell(self, label: str, *, top: bool = False) -> ttk.Frame:
        ttk.Label(self, text=label, width=2 * self._label_characters).grid(
            row=self._row, column=0, sticky="nw" if top else "w", pady="2p", padx=(0, HALF)
        )
        cell = ttk.Frame(self)
        cell.grid(row=self._row, column=1, sticky="ew", pady="2p")
        self._row += 1
        return cell

    def _after(self, cell: ttk.Frame, text: str) -> None:
        if text:
            ttk.Label(cell, text=text, style="Faint.TLabel").pack(side="left", padx=(GAP, 0))

    def _error(self) -> ttk.Label:
        label = wrapped(self, "", style="Wrong.TLabel")
        label.grid(row=self._row, column=1, sticky="ew")
        label.grid_remove()
        self._row += 1
        return label


def combobox_of(parent: tk.Misc, words: Mapping[Any, str]) -> ttk.Combobox:
    """A list that drops down, as wide as its longest word."""
    width = max(
        sum(1 + (unicodedata.east_asian_width(c) in "WFA") for c in w) for w in words.values()
    )
    return ttk.Combobox(
        parent, values=list(words.values()), state="readonly", width=width + 1, font=TEXT_FONT
    )


def text_of(parent: tk.Misc, *, lines: int, characters: int = 40) -> tk.Text:
    """A text with undo, in the look of the entries."""
    return tk.Text(
        parent,
        height=lines,
        width=characters,
        font=TEXT_FONT,
        undo=True,
        autoseparators=True,
        maxundo=-1,
        wrap="word",
        background=PAPER,
        foreground=INK,
        insertbackground=INK,
        relief="flat",
        borderwidth=0,
        highlightthickness=1,
        highlightbackground=LINE,
        highlightcolor=ACCENT,
        selectbackground=ACCENT,
        selectforeground=PAPER,
        padx=4,
        pady=3,
    )


def wrapped(parent: tk.Misc, text: str, *, style: str = "TLabel") -> ttk.Label:
    """A label that breaks its lines to the width it is given. Grid it with sticky="ew"."""
    label = ttk.Label(parent, text=text, style=style, justify="left", wraplength=300)
    label.bind("<Configure>", lambda event: label.configure(wraplength=max(80, event.width - 2)))
    return label


def button_row(
    parent: tk.Misc, buttons: Mapping[str, Callable[[], None]], *, least: int = 12
) -> tuple[ttk.Frame, list[ttk.Button]]:
    """Buttons of one size beside each other."""
    frame = ttk.Frame(parent)
    width = max(least, *(2 * len(label) for label in buttons))
    made = []
    for label, action in buttons.items():
        button = ttk.Button(frame, text=label, width=width, command=action)
        button.pack(side="left", padx=(0, GAP))
        made.append(button)
    return frame, made
