"""文面の点検 below a preview: one calm line, which unfolds into what there is to think about."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk

from kollect.letters.letter_check import TextRemark
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.framework.tk_lifetime import Timer
from kollect.ui.widgets.wrapped_label import WrappedLabel

_LOOK_AFTER_MS = 300
"""Somebody is still typing within this time."""
_MOST_SHOWN = 6
_SHOW, _HIDE = "見る", "たたむ"


class LetterCheckStrip(ttk.Frame):
    def __init__(
        self,
        parent: tk.Misc,
        look: Callable[[], Sequence[TextRemark] | None],
        see: Callable[[tk.Misc], None],
    ) -> None:
        """`look`: None where nothing is written yet. `see` brings a widget into sight."""
        super().__init__(parent)
        self._look = look
        self._see = see
        self._soon = Timer(self, self.look_now)
        self.remarks: tuple[TextRemark, ...] = ()
        self._is_empty = True
        self.columnconfigure(0, weight=1)
        self._line = self._label(self, "")
        self._line.grid(row=0, column=0, sticky="ew")
        self.button = ttk.Button(self, text=_SHOW, width=7, command=self.fold)
        self.button.grid(row=0, column=1, padx=(GAP, 0))
        self._list = ttk.Frame(self)
        self._list.columnconfigure(0, weight=1)
        self._unfolded = False
        self._show()

    def edited(self) -> None:
        """The text has changed: look at it when nothing more is typed for a moment."""
        self._soon.start(_LOOK_AFTER_MS)

    def look_now(self) -> None:
        looked = self._look()
        found, is_empty = tuple(looked or ()), looked is None
        if (found, is_empty) != (self.remarks, self._is_empty):
            self.remarks, self._is_empty = found, is_empty
            self._show()

    def fold(self) -> None:
        """「見る」「たたむ」"""
        self._unfolded = not self._unfolded
        self._show()
        if self._unfolded:
            self.update_idletasks()
            self._see(self._list)

    @property
    def text(self) -> str:
        """The line that is always there."""
        return self._line.text

    def _show(self) -> None:
        text, style = _summary(self.remarks)
        if self._is_empty:
            text, style = "文面の点検: 文章を書くと、ここで点検します", "Faint.TLabel"
        self._line.configure(text=text, style=style)
        self._unfolded = self._unfolded and bool(self.remarks)
        self.button.configure(text=_HIDE if self._unfolded else _SHOW)
        if self.remarks:
            self.button.grid()
        else:
            self.button.grid_remove()
        for old in self._list.winfo_children():
            old.destroy()
        if not self._unfolded:
            self._list.grid_remove()
            return
        self._list.grid(row=1, column=0, columnspan=2, sticky="ew", pady=(HALF, 0))
        for remark in self.remarks[:_MOST_SHOWN]:
            style = "Bad.TLabel" if remark.serious else "TLabel"
            self._label(self._list, f"{_mark(remark)} {remark}", style).grid(sticky="ew")
            self._label(self._list, f"→ {remark.cure}", "Faint.TLabel").grid(
                sticky="ew", padx=(GAP, 0), pady=(0, HALF)
            )
        if (more := len(self.remarks) - _MOST_SHOWN) > 0:
            self._label(self._list, f"ほかに {more}件あります。", "Faint.TLabel").grid(sticky="ew")

    @staticmethod
    def _label(parent: tk.Misc, text: str, style: str = "TLabel") -> WrappedLabel:
        label = WrappedLabel(parent, text, style=style)
        label.configure(width=1)  # it takes the width there is, and asks for none
        return label


def _mark(remark: TextRemark) -> str:
    return "✗" if remark.serious else "△"


def _summary(found: Sequence[TextRemark]) -> tuple[str, str]:
    """The line, and its style."""
    serious = sum(remark.serious for remark in found)
    if serious:
        others = f"、ほか {len(found) - serious}件" if len(found) > serious else ""
        return f"✗ 文面の点検: 直したいところが {serious}件{others}", "Bad.TLabel"
    if found:
        return f"△ 文面の点検: 気になるところが {len(found)}件", "TLabel"
    return "✓ 文面の点検: よい文面です", "Good.TLabel"
