"""Rows of a form: a label, its field, what stands beside it; what is wrong in red, right under it.

Every row helper returns a `Field`. Knows nothing of settings: a screen reads `field.value`.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Mapping
from tkinter import ttk
from typing import Any, TypeVar

from kollect.ui.framework.editing import SecretEntry, let_enter_move_on
from kollect.ui.framework.theme import (
    ACCENT,
    GAP,
    HALF,
    INK,
    LINE,
    PAPER,
    TEXT_FONT,
    WIDE,
    colour,
)
from kollect.ui.framework.tk_lifetime import number_variable, text_variable, tick_variable
from kollect.ui.widgets.fields import (
    DOT,
    CheckboxField,
    ChoiceField,
    Field,
    LineField,
    LinesField,
    NumberField,
    RadioField,
    TextField,
    words_width,
)
from kollect.ui.widgets.wrapped_label import WrappedLabel

T = TypeVar("T")

GROUP_PADDING = GAP
GROUP_INDENT = "7.5p"
"""The padding of a group and its frame."""
LABEL_CHARACTERS = 11
"""Room for the longest usual label, in full-width characters."""


class Form(ttk.Frame):
    """A column of rows. Groups inside it keep the labels' width, so that all fields line up."""

    def __init__(
        self,
        parent: tk.Misc,
        *,
        label_characters: int = LABEL_CHARACTERS,
        with_groups: bool = False,
    ) -> None:
        """`with_groups`: rows outside of groups line up with those inside."""
        super().__init__(parent)
        self._label_characters = label_characters
        self._indent = GROUP_INDENT if with_groups else "0p"
        self._row = 0
        self.columnconfigure(1, weight=1)

    def line(
        self,
        label: str,
        *,
        characters: int = 30,
        after: str = "",
        secret: bool = False,
        beside: Field[Any] | None = None,
    ) -> LineField:
        """An entry of so many half-width characters, in a row of its own or right of another."""
        place = self._cell(label) if beside is None else self._labelled_beside(beside, label)
        variable = text_variable(self)
        kind = SecretEntry if secret else ttk.Entry
        entry = kind(place, width=characters, textvariable=variable, font=TEXT_FONT)
        if secret:
            entry.configure(show=DOT)
        entry.pack(side="left")
        self._after(place, after)
        field = LineField(entry, self._error(), variable)
        field.is_password = secret
        return field

    def number(
        self,
        label: str,
        limits: tuple[int, int],
        *,
        characters: int = 8,
        after: str = "",
        beside: Field[Any] | None = None,
    ) -> NumberField:
        place = self._cell(label) if beside is None else self._labelled_beside(beside, label)
        variable = text_variable(self)
        low, high = limits
        spinbox = ttk.Spinbox(
            place, from_=low, to=high, width=characters, textvariable=variable, font=TEXT_FONT
        )
        spinbox.pack(side="left")
        self._after(place, after)
        return NumberField(spinbox, self._error(), variable, limits)

    def choice(
        self,
        label: str,
        words: Mapping[T, str],
        *,
        after: str = "",
        beside: Field[Any] | None = None,
    ) -> ChoiceField[T]:
        """A list that drops down, in a row of its own or right of another field."""
        place = self._cell(label) if beside is None else self._labelled_beside(beside, label)
        combobox = combobox_of(place, words)
        combobox.pack(side="left")
        self._after(place, after)
        return ChoiceField(combobox, self._error(), words)

    def radios(self, label: str, words: Mapping[T, str], *, below: bool = False) -> RadioField[T]:
        """Radio buttons beside each other, or one below the other."""
        place = self._cell(label, top=below)
        variable = number_variable(self)
        buttons = []
        for number, word in enumerate(words.values()):
            button = ttk.Radiobutton(place, text=word, value=number, variable=variable)
            if below:
                button.pack(anchor="w", pady="1p")
            else:
                button.pack(side="left", padx=(0, GAP))
            buttons.append(button)
        return RadioField(buttons, self._error(), variable, list(words))

    def checkbox(self, text: str, *, label: str = "") -> CheckboxField:
        place = self._cell(label)
        variable = tick_variable(self)
        button = ttk.Checkbutton(place, text=text, variable=variable)
        button.pack(side="left")
        return CheckboxField(button, self._error(), variable)

    def wide_checkbox(self, text: str, *, after: str = "") -> CheckboxField:
        """One that begins where the labels do: for a text that wants the whole width."""
        row = self.row()
        variable = tick_variable(self)
        button = ttk.Checkbutton(row, text=text, variable=variable)
        button.pack(side="left", padx=(self._indent, 0))
        self._after(row, after)
        return CheckboxField(button, self._error(), variable)

    def text(self, label: str, *, lines: int, characters: int = 40) -> TextField:
        """A letter: Enter ends a line of it."""
        return TextField(self._text(label, lines, characters), self._error())

    def short_text(self, label: str, *, lines: int, characters: int = 40) -> TextField:
        """Some words that may need a second line: Enter moves on, as in every other field."""
        text = self._text(label, lines, characters)
        let_enter_move_on(text)
        return TextField(text, self._error())

    def lines(self, label: str, *, lines: int, characters: int = 40) -> LinesField:
        """A text in which every line is a value of its own."""
        return LinesField(self._text(label, lines, characters), self._error())

    def _text(self, label: str, lines: int, characters: int) -> tk.Text:
        place = self._cell(label, top=True)
        text = text_of(place, lines=lines, characters=characters)
        place.columnconfigure(0, weight=1)
        text.grid(row=0, column=0, sticky="ew")
        bar = ttk.Scrollbar(place, command=text.yview, takefocus=False)
        bar.grid(row=0, column=1, sticky="ns")
        text.configure(yscrollcommand=bar.set)
        return text

    def under_label(self, text: str, action: Callable[[], None]) -> ttk.Button:
        """A button in the column of labels, below the label of the row made last."""
        button = ttk.Button(self._label_cell, text=text, width=14, command=action)
        button.pack(anchor="w", pady=(GAP, 0))
        self._label_cell.lift()  # Tab reaches it after the field, not before
        return button

    def button_beside(
        self, field: Field[Any], text: str, action: Callable[[], None], *, width: int = 0
    ) -> ttk.Button:
        """A button right of the field that was made last; with large letters below it."""
        beside, below = self.beside(field), self.row(under_fields=True)
        button = ttk.Button(self, text=text, command=action)
        if width:
            button.configure(width=width)

        def place(event: object) -> None:
            needed = sum(
                child.winfo_reqwidth() for child in (*beside.winfo_children(), button)
            ) + 5 * button.winfo_pixels(GAP)
            if needed <= beside.winfo_width():
                button.pack(in_=beside, side="left", padx=(GAP, 0))
                below.grid_remove()
            else:
                below.grid()
                button.pack(in_=below, side="left", padx=0)

        for one in (self, beside):  # the cell too: on Windows it gets its width after the form
            one.bind("<Configure>", place, add="+")
        return button

    def note(self, text: str, *, under_fields: bool = False) -> ttk.Label:
        """An explanation over the whole width, broken into lines as the window is wide."""
        label = wrapped(self, text, style="Faint.TLabel")
        column = 1 if under_fields else 0
        label.grid(row=self._row, column=column, columnspan=2 - column, sticky="ew", pady="1p")
        self._row += 1
        return label

    def group(self, title: str) -> Form:
        """A frame with a title, whose rows line up with the ones here."""
        frame = ttk.Labelframe(self, text=title, padding=(GROUP_PADDING, HALF))
        frame.grid(row=self._row, column=0, columnspan=2, sticky="ew", pady=(HALF, HALF))
        frame.columnconfigure(0, weight=1)
        self._row += 1
        inside = Form(frame, label_characters=self._label_characters)
        inside.grid(row=0, column=0, sticky="ew")
        return inside

    def beneath(self, row: ttk.Frame) -> Form:
        """A form in a row of this one, whose rows line up with the ones here."""
        row.columnconfigure(0, weight=1)
        inside = Form(row, label_characters=self._label_characters)
        inside.grid(row=0, column=0, sticky="ew")
        return inside

    def divider(self, title: str) -> None:
        """A line over the whole width with a title in it: what is below is seldom needed."""
        row = self.row()
        ttk.Label(row, text=title, style="Bold.TLabel").pack(side="left", padx=(0, GAP))
        line = ttk.Frame(row, style="Line.TFrame", height=1)
        line.pack(side="left", fill="x", expand=True)
        row.grid_configure(pady=(GAP, HALF))

    def fill_height(self, field: Field[Any]) -> None:
        """Give a text all the height that is left; the form must be gridded to all sides."""
        cell = self.beside(field)
        self.rowconfigure(cell.grid_info()["row"], weight=1)
        cell.grid_configure(sticky="nsew")
        cell.rowconfigure(0, weight=1)
        field.widget.grid_configure(sticky="nsew")

    def row(self, *, under_fields: bool = False, label: str = "") -> ttk.Frame:
        """An empty row for whatever a screen wants to put there."""
        if label:
            return self._cell(label)
        frame = ttk.Frame(self)
        column = 1 if under_fields else 0
        frame.grid(row=self._row, column=column, columnspan=2 - column, sticky="ew", pady="2p")
        self._row += 1
        return frame

    def beside(self, field: Field[Any]) -> ttk.Frame:
        """The cell of a field, for buttons and more fields right of it (`pack` them left)."""
        cell = field.widget.master
        assert isinstance(cell, ttk.Frame)
        return cell

    def _labelled_beside(self, field: Field[Any], label: str) -> ttk.Frame:
        cell = self.beside(field)
        ttk.Label(cell, text=label).pack(side="left", padx=(WIDE, GAP))
        return cell

    def _cell(self, label: str, *, top: bool = False) -> ttk.Frame:
        self._label_cell = ttk.Frame(self)
        self._label_cell.grid(
            row=self._row,
            column=0,
            sticky="nw" if top else "w",
            pady="2p",
            padx=(self._indent, HALF),
        )
        ttk.Label(self._label_cell, text=label, width=2 * self._label_characters).pack(anchor="w")
        cell = ttk.Frame(self)
        cell.grid(row=self._row, column=1, sticky="ew", pady="2p")
        self._row += 1
        return cell

    def _after(self, cell: tk.Misc, text: str) -> None:
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
    return ttk.Combobox(
        parent,
        values=list(words.values()),
        state="readonly",
        width=words_width(words),
        font=TEXT_FONT,
    )


def text_of(parent: tk.Misc, *, lines: int, characters: int = 40) -> tk.Text:
    """A text with undo, in the look of the entries."""
    paper, ink, line, accent = (colour(parent, one) for one in (PAPER, INK, LINE, ACCENT))
    return tk.Text(
        parent,
        height=lines,
        width=characters,
        font=TEXT_FONT,
        undo=True,
        autoseparators=True,
        maxundo=-1,
        wrap="word",
        background=paper,
        foreground=ink,
        insertbackground=ink,
        relief="flat",
        borderwidth=0,
        highlightthickness=1,
        highlightbackground=line,
        highlightcolor=accent,
        selectbackground=accent,
        selectforeground=paper,
        padx=4,
        pady=3,
    )


def wrapped(parent: tk.Misc, text: str, *, style: str = "TLabel") -> WrappedLabel:
    """A label that breaks its lines to the width it is given. Grid it with sticky="ew"."""
    return WrappedLabel(parent, text, style=style)


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
