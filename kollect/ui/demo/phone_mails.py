"""The mails on the demo's phone: what was sent and what has arrived, the newest in view."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Sequence

from kollect.demo.session import Note
from kollect.printing.line_breaking import fold
from kollect.ui.framework.theme import (
    ACCENT_PALE,
    BOLD_FONT,
    FAINT,
    GAP,
    HALF,
    PAPER,
    SMALL_FONT,
    STATE_FONT,
    TEXT_FONT,
    WIDE,
)
from kollect.ui.widgets.form import text_of

_LINES, _CHARACTERS = 15, 30


class PhoneMails(tk.Frame):
    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.text = text_of(self, lines=_LINES, characters=_CHARACTERS)
        self.text.configure(state="disabled", undo=False, cursor="arrow", highlightthickness=0)
        self.text.pack(fill="both", expand=True)
        self._notes: Sequence[Note] = ()
        self._nothing = ""
        self._width = 0
        self.text.bind("<Configure>", self._resized)
        for tag, look in {
            "empty": {"foreground": FAINT, "justify": "center", "spacing1": WIDE},
            "sent": {
                "background": ACCENT_PALE,
                "justify": "right",
                "spacing1": HALF,
                "spacing3": HALF,
                "font": SMALL_FONT,
            },
            "received": {"background": PAPER, "lmargin1": HALF, "lmargin2": HALF},
            "small": {"foreground": FAINT, "font": SMALL_FONT, "spacing1": GAP},
            "bold": {"font": BOLD_FONT},
            "number": {"font": STATE_FONT, "justify": "center", "background": ACCENT_PALE},
            "gap": {"font": SMALL_FONT},
        }.items():
            self.text.tag_configure(tag, **look)

    def show(self, notes: Sequence[Note], nothing: str) -> None:
        """These mails, the oldest first; `nothing` stands there where there are none."""
        self._notes, self._nothing = notes, nothing
        text = self.text
        text.configure(state="normal")
        text.delete("1.0", "end")
        if not notes:
            text.insert("end", nothing, "empty")
        newest = "end"
        for note in notes:
            newest = text.index("end-1c")
            self._write(note)
        text.configure(state="disabled")
        text.yview(newest)  # the number is in its first lines

    def _write(self, note: Note) -> None:
        insert = self.text.insert
        if note.sent:
            what = f"「{note.subject}」" if note.subject else "空メール（件名なし）"
            insert("end", f"{what}を送りました  {note.at:%H:%M:%S}\n", "sent")
            return
        insert("end", f"{note.sender}  {note.at:%H:%M:%S}\n", ("received", "small"))
        insert("end", f"{self._fold(note.subject, BOLD_FONT)}\n", ("received", "bold"))
        if note.number:
            insert("end", f"{note.number}\n", ("received", "number"))
        insert("end", f"{self._fold(note.body, TEXT_FONT)}\n", "received")
        insert("end", "\n", "gap")

    def _fold(self, text: str, font: str) -> str:
        """Lines that do not begin with 「。」, as on a good phone."""
        room = self.text.winfo_width() - 3 * self.winfo_pixels(HALF)
        return fold(text, room, lambda letter: self.tk.call("font", "measure", font, letter))

    def _resized(self, event: tk.Event) -> None:
        if event.width != self._width:
            self._width = event.width
            self.show(self._notes, self._nothing)
