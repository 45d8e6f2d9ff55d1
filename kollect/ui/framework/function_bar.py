"""The bar at the bottom: the screen's function keys as buttons, and between them what is said."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from tkinter import ttk

from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.framework.tk_lifetime import Timer
from kollect.ui.widgets.fields import text_width
from kollect.ui.widgets.form import wrapped

FADES_MS = 8000
"""So long a result stands there; what is still going on stays until it is over."""
_MAIN = "F12"
_LEAST, _AIR = 14, 2
"""Half-width characters: of a button, and beside the words of a longer one."""


@dataclass(frozen=True, slots=True)
class FunctionKey:
    """A key of the bottom bar and its button: 「F12:設定実行」."""

    key: str
    label: str
    action: Callable[[], None]
    enabled: bool = True
    quiet: bool = False
    """Not in blue, although it is the last: what the user does here is done by another button."""

    @property
    def text(self) -> str:
        return f"{'ESC' if self.key == 'Escape' else self.key}:{self.label}"


class StatusKind(Enum):
    """What the status line says: its mark, and the style that it is said in."""

    PLAIN = "", "TLabel"
    """What is going on, or a hint: it stays until something else is said."""
    DONE = "✓ ", "Good.TLabel"
    NOT_DONE = "✗ ", "Bad.TLabel"

    def __init__(self, mark: str, style: str) -> None:
        self.mark, self.style = mark, style


class FunctionBar(ttk.Frame):
    """「ESC」 on the left, the others on the right; the last one is the main one."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, padding=(GAP, GAP))
        self.status, self._kind = "", StatusKind.PLAIN
        self._fade = Timer(self, self.clear_result)
        self._by_name: dict[str, FunctionKey] = {}
        self._buttons: dict[str, ttk.Button] = {}
        self.status_label = wrapped(self, "")

    def show(self, back: FunctionKey, keys: Sequence[FunctionKey]) -> None:
        """Build the buttons anew; what is said stays."""
        had_focus = self._key_in_focus()
        for old in self.winfo_children():
            old.destroy()
        every = [back, *keys]
        self._by_name = {key.key: key for key in every}
        self._buttons = {}
        self.status_label = wrapped(self, "")
        for column, key in enumerate(every):
            if key is back:
                style = "Quiet.TButton"
            else:
                is_blue = key is keys[-1] and not key.quiet
                style = "Primary.TButton" if is_blue else "TButton"
            button = ttk.Button(
                self,
                text=key.text,
                width=max(_LEAST, text_width(key.text) + _AIR),
                style=style,
                command=key.action,
                state="normal" if key.enabled else "disabled",
            )
            button.grid(row=1, column=column if column == 0 else column + 1, padx=HALF)
            self._buttons[key.key] = button
        self.columnconfigure(1, weight=1)
        if had_focus in self._buttons:  # it is the same key, though another button
            self._buttons[had_focus].focus_set()
        self._show_status()

    def set_status(self, text: str, kind: StatusKind = StatusKind.PLAIN) -> None:
        """Say this instead of what stands there."""
        self.status, self._kind = text, kind
        self._fade.cancel()
        if text and kind is not StatusKind.PLAIN:
            self._fade.start(FADES_MS)
        self._show_status()

    def clear_result(self) -> None:
        """Take away what was done or not done: it is no longer about what stands in the fields."""
        if self._kind is not StatusKind.PLAIN:
            self.set_status("")

    def press(self, name: str) -> None:
        """The key of this name was pressed, which may be none of ours."""
        key = self._by_name.get(name)
        if key and key.enabled:
            key.action()

    def focus_main(self) -> None:
        """Bring the focus to F12, to be pressed by the next Enter; never to ESC."""
        main = self._by_name.get(_MAIN)
        if main is not None and main.enabled:
            self._buttons[_MAIN].focus_set()

    def _key_in_focus(self) -> str:
        focus = str(self.tk.call("focus"))
        return next((key for key, button in self._buttons.items() if str(button) == focus), "")

    def _show_status(self) -> None:
        """Between the keys; above them where that would be a column of many short lines."""
        text = f"{self._kind.mark}{self.status}" if self.status else ""
        self.status_label.configure(text=text, style=self._kind.style)
        keys = [w for w in self.winfo_children() if w is not self.status_label]
        room = self.winfo_width() - sum(key.winfo_reqwidth() + 12 for key in keys)
        needed = int(self.tk.call("font", "measure", "TkDefaultFont", text))
        if self.winfo_width() > 1 and needed > 2 * max(room, 1):
            self.status_label.grid(
                row=0, column=0, columnspan=len(keys) + 1, sticky="ew", padx=HALF, pady=(0, HALF)
            )
        else:
            self.status_label.grid(row=1, column=1, columnspan=1, sticky="ew", padx=GAP, pady=0)
