"""The drawing of 「コレクトのしくみ」: who sends what to whom, sharp in every size of letters."""

from __future__ import annotations

import tkinter as tk
from dataclasses import dataclass
from typing import Literal

from kollect.ui.framework.dialogs import em
from kollect.ui.framework.theme import ACCENT, ACCENT_PALE, BOLD_FONT, INK, LINE, PAPER

WIDTH, HEIGHT = 30.4, 12.6
"""Full-width characters, as all distances here."""


@dataclass(frozen=True, slots=True)
class _Place:
    left: float
    top: float
    text: str
    main: bool = False

    @property
    def right(self) -> float:
        return self.left + _WIDE

    @property
    def middle(self) -> float:
        return self.left + _WIDE / 2


_WIDE, _HIGH = 6.2, 3.8
_PHONE = _Place(0.1, 0.4, "お客様の\n携帯")
_SERVER = _Place(12.1, 0.4, "プロバイダ\nのサーバ")
_SHOP = _Place(24.1, 0.4, "お店の\nコレクト", main=True)
_SHEET = _Place(0.1, 8.4, "用紙に\n番号を書く")
_MEMBER = _Place(24.1, 8.4, "会員登録に\n番号を入力")
_BOXES = (_PHONE, _SERVER, _SHOP, _SHEET, _MEMBER)
_THERE, _BACK = 1.4, 3.3
"""How far under the upper edge of a box a mail goes to the shop, and an answer comes back."""


class HowPicture(tk.Canvas):
    def __init__(self, parent: tk.Misc) -> None:
        self._em = em(parent)
        super().__init__(
            parent,
            width=round(WIDTH * self._em),
            height=round(HEIGHT * self._em),
            background=PAPER,
            highlightthickness=0,
        )
        for box in _BOXES:
            self._box(box)
        for left, right, there, back in (
            (_PHONE, _SERVER, "① 空メール", "④ 返信"),
            (_SERVER, _SHOP, "② 受信", "④ 返信"),
        ):
            gap = (left.right + right.left) / 2
            for (start, end), down, words in (
                ((left.right, right.left), _THERE, there),
                ((right.left, left.right), _BACK, back),
            ):
                self._arrow(start, left.top + down, end, left.top + down)
                self._words(gap, left.top + down - 0.15, words, anchor="s")
        below = _SHOP.top + _HIGH
        self._arrow(_SHOP.middle, below, _SHOP.middle, _MEMBER.top)
        self._words(_SHOP.middle - 0.5, (below + _MEMBER.top) / 2, _WRITTEN, anchor="e")
        self._arrow(_PHONE.middle, _PHONE.top + _HIGH, _PHONE.middle, _SHEET.top)
        middle = _SHEET.top + _HIGH / 2
        self._arrow(_SHEET.right, middle, _MEMBER.left, middle)
        self._words((_SHEET.right + _MEMBER.left) / 2, middle - 0.15, "⑤ 用紙を見て", anchor="s")

    def _box(self, box: _Place) -> None:
        one = self._em
        self.create_rectangle(
            box.left * one,
            box.top * one,
            box.right * one,
            (box.top + _HIGH) * one,
            fill=ACCENT if box.main else ACCENT_PALE,
            outline=ACCENT if box.main else LINE,
            width=max(1, one // 10),
        )
        self.create_text(
            box.middle * one,
            (box.top + _HIGH / 2) * one,
            text=box.text,
            font=BOLD_FONT,
            fill=PAPER if box.main else INK,
            justify="center",
        )

    def _arrow(self, *ends: float) -> None:
        one = self._em
        self.create_line(
            *(end * one for end in ends),
            arrow="last",
            arrowshape=(0.8 * one, 0.9 * one, 0.35 * one),
            width=max(2, one // 6),
            fill=ACCENT,
        )

    def _words(self, x: float, y: float, text: str, *, anchor: Literal["s", "e"]) -> None:
        self.create_text(
            x * self._em,
            y * self._em,
            text=text,
            font="TkDefaultFont",
            fill=INK,
            anchor=anchor,
        )


_WRITTEN = "③ アドレスと番号を\n書きとめる"
