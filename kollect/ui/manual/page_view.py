"""One page of the manual, a text that scrolls: its lines follow 禁則, what was found is marked."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from kollect.printing.line_breaking import fold
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import (
    ACCENT_DARK,
    BOLD_FONT,
    FAINT,
    HEADING_FONT,
    MARK,
    PAPER,
    TEXT_FONT,
)
from kollect.ui.manual.how_picture import HowPicture
from kollect.ui.manual.manual_page import (
    Explained,
    KeyLines,
    ManualPage,
    Picture,
    Steps,
    Words,
    pattern,
)
from kollect.ui.widgets.form import text_of

_BORDER = 14
"""Pixels left and right of the words."""
_INDENT = 2
"""Full-width characters by which a meaning stands in."""
_STEADY = 2
"""Pixels by which the width may change without another fold."""


class PageView(ttk.Frame):
    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self.text = text_of(self, lines=1, characters=1)
        self.text.configure(state="disabled", wrap="none", undo=False, padx=_BORDER, pady=8)
        self.text.grid(row=0, column=0, sticky="nsew")
        bar = ttk.Scrollbar(self, command=self.text.yview, takefocus=False)
        bar.grid(row=0, column=1, sticky="ns")
        self.text.configure(yscrollcommand=bar.set, cursor="arrow")
        self._widths: dict[tuple[str, str], float] = {}
        self._page: ManualPage | None = None
        self._words = ""
        self._found: list[str] = []
        self._at = 0
        self._known = 0
        self._style()
        self.text.bind("<Configure>", self._resized)
        for key, act in (
            ("Up", lambda: self.text.yview_scroll(-2, "units")),
            ("Down", lambda: self.text.yview_scroll(2, "units")),
            ("Prior", lambda: self.turn(-1)),
            ("Next", lambda: self.turn(+1)),
            ("Home", lambda: self.text.yview_moveto(0)),
            ("End", lambda: self.text.yview_moveto(1)),
        ):
            on_key(self.text, f"<{key}>", act)

    def show(self, page: ManualPage, words: str = "") -> None:
        """Show this page from its top; or from the first place where these words stand."""
        self._page, self._words = page, words
        self._render()
        self.text.yview_moveto(0)
        self._at = 0
        self._see()

    def turn(self, pages: int) -> None:
        """Scroll by so many windows full."""
        self.text.yview_scroll(pages, "pages")

    def go_on(self) -> bool:
        """To the next place where the words stand; False where that was the last one."""
        if self._at + 1 >= len(self._found):
            return False
        self._at += 1
        self._see()
        return True

    def _see(self) -> None:
        if self._found:
            self.text.see(f"{self._found[self._at]} + 3 lines")
            self.text.see(self._found[self._at])

    def _resized(self, event: tk.Event) -> None:
        if abs(event.width - self._known) > _STEADY and self._page is not None:
            self._known = event.width
            top = self.text.yview()[0]
            self._render()
            self.text.yview_moveto(top)
            self._see()

    def _style(self) -> None:
        one, text = em(self), self.text
        text.tag_configure("title", font=HEADING_FONT, foreground=ACCENT_DARK, spacing3=one // 2)
        text.tag_configure(
            "heading", font=BOLD_FONT, foreground=ACCENT_DARK, spacing1=one, spacing3=one // 4
        )
        text.tag_configure("words", font=TEXT_FONT, spacing1=one // 4)
        text.tag_configure("label", font=BOLD_FONT, spacing1=one // 3)
        text.tag_configure(
            "meaning", font=TEXT_FONT, lmargin1=_INDENT * one, lmargin2=_INDENT * one
        )
        text.tag_configure("step", font=TEXT_FONT, tabs=(_INDENT * one,), spacing1=one // 4)
        text.tag_configure("number", font=BOLD_FONT, foreground=FAINT)
        text.tag_configure("mark", background=MARK, lmargincolor=PAPER)

    def _render(self) -> None:
        assert self._page is not None
        text = self.text
        text.configure(state="normal")
        text.delete("1.0", "end")
        self._put(self._page.title, "title", font=HEADING_FONT)
        for part in self._page.parts:
            match part:
                case Words(words):
                    self._put(words, "words")
                case Steps(steps):
                    for number, step in enumerate(steps, start=1):
                        text.insert("end", f"{number}", ("step", "number"))
                        self._put(step, "meaning", begun=True)
                case Explained(heading, items) | KeyLines(items, heading):
                    self._put(heading, "heading", font=BOLD_FONT)
                    for label, meaning in items:
                        self._put(label, "label", font=BOLD_FONT)
                        self._put(meaning, "meaning")
                case Picture():
                    text.insert("end", "\n")
                    text.window_create("end", window=HowPicture(text))
                    text.insert("end", "\n")
        self._mark()
        text.configure(state="disabled")

    def _put(self, words: str, tag: str, *, font: str = TEXT_FONT, begun: bool = False) -> None:
        """Words as lines of this look; `begun`: after the number that stands there already."""
        one = em(self)
        room = self.text.winfo_width() - 2 * (_BORDER + 2)
        inside = _INDENT * one if tag == "meaning" else 0
        lines = fold(words, max(room - inside, 8 * one), self._measure(font)).split("\n")
        for place, line in enumerate(lines):
            if begun and place == 0:
                self.text.insert("end", f"\t{line}\n", ("step",))
            else:
                self.text.insert("end", f"{line}\n", (tag,))

    def _measure(self, font: str) -> Callable[[str], float]:
        def measure(letter: str) -> float:
            if (font, letter) not in self._widths:  # of many at once: one is rounded to a pixel
                wide = self.tk.call("font", "measure", font, letter * 32)
                self._widths[font, letter] = int(wide) / 32
            return self._widths[font, letter]

        return measure

    def _mark(self) -> None:
        self._found = []
        wanted = pattern(self._words)
        if wanted is None:
            return
        for hit in wanted.finditer(self._all()):
            begin, end = (f"1.0 + {place} chars" for place in hit.span())
            self._found.append(self.text.index(begin))
            self.text.tag_add("mark", begin, end)

    def _all(self) -> str:
        """What stands there, with a character for the picture too: Tk counts it."""
        parts = self.text.dump("1.0", "end-1c", text=True, window=True)
        return "".join(words if kind == "text" else _A_PICTURE for kind, words, _ in parts)


_A_PICTURE = "\ufffc"
