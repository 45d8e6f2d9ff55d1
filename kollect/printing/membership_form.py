"""会員登録用紙: slips that a customer fills in at the counter, several to the page.

The fields stand in the order in which staff type them into 会員登録. Only what is drawn where is
here; millimetres on A4, upright measures in those of a slip of half a page.
"""

from __future__ import annotations

from dataclasses import dataclass

from kollect.printing.page import HEIGHT, WIDTH, Page
from kollect.settings.model import Shop

INK = "#1c2733"
SOFT = "#5d6b78"
LINE = "#8b98a4"
TINT = "#eef3f6"

MARGIN = 13.0
INNER = WIDTH - 2 * MARGIN
LABEL = 30.0
RIGHT = WIDTH - MARGIN
CELL = MARGIN + LABEL + 4
"""Where writing begins."""

_TOP = 23.0
_ROWS = (
    ("受付番号", 17.0),
    ("お名前", 13.5),
    ("フリガナ", 9.0),
    ("生年月日", 10.5),
    ("性別", 8.5),
    ("電話番号", 10.5),
    ("ご住所", 20.0),
    ("メール配信", 13.5),
)
_PURPOSE = "ご記入いただいた内容は、会員の管理と当店からのご案内のほかには使いません。"


@dataclass(frozen=True, slots=True)
class _Slip:
    """A place on the page, and how much lower it is than half of one."""

    page: Page
    top: float
    scale: float

    def y(self, measure: float) -> float:
        return self.top + measure * self.scale

    def points(self, size: float) -> float:
        return size * (0.4 + 0.6 * self.scale)


def draw(page: Page, shop: Shop, slips: int = 2) -> None:
    """Draw `slips` (2 or 3) forms, each the same, with lines to cut along between them."""
    height = HEIGHT / slips
    for place in range(slips):
        if place:
            page.dashes(0, WIDTH, place * height, LINE, 0.2)
        _slip(_Slip(page, place * height, height / (HEIGHT / 2)), shop)


def _slip(slip: _Slip, shop: Shop) -> None:
    page = slip.page
    page.text(MARGIN, slip.y(15), "会員登録用紙", slip.points(20), bold=True, color=INK)
    name, size = page.fitted(shop.name, 110, slip.points(14), 8, bold=True)
    page.stack(RIGHT, slip.y(15), name[:2], size, bold=True, color=INK, align="r")
    bottom = _TOP + sum(height for _, height in _ROWS)
    page.box(MARGIN, slip.y(_TOP), LABEL, slip.y(bottom) - slip.y(_TOP), fill=TINT)
    top = _TOP
    for (label, height), fill in zip(_ROWS, _FILLS, strict=True):
        middle = slip.y(top + height / 2)
        page.text(MARGIN + 4, middle, label, slip.points(11.5), bold=True, color=INK)
        if fill:
            fill(slip, top, height)
        top += height
        page.rule(MARGIN, slip.y(top), RIGHT, slip.y(top), LINE, 0.2)
    page.rule(MARGIN + LABEL, slip.y(_TOP), MARGIN + LABEL, slip.y(bottom), LINE, 0.2)
    page.box(MARGIN, slip.y(_TOP), INNER, slip.y(bottom) - slip.y(_TOP), edge=INK, line=0.5)
    _below(slip, bottom, shop)


def _number(slip: _Slip, top: float, height: float) -> None:
    page, upright = slip.page, slip.y(height - 5) - slip.top
    page.box(CELL, slip.y(top + 2.5), 58, upright, fill="white", edge=INK, line=0.8, radius=1)
    hint = ["ポスターのQRコードから空のメールを送ると、", "返信のメールでお届けする番号です。"]
    page.stack(CELL + 63, slip.y(top + height / 2), hint, slip.points(9.5), color=SOFT)


def _birthday(slip: _Slip, top: float, height: float) -> None:
    page, middle = slip.page, slip.y(top + height / 2)
    page.text(CELL, middle, "西暦 ・ 昭和 ・ 平成 ・ 令和", slip.points(10.5), color=INK)
    for x, unit in ((102, "年"), (128, "月"), (154, "日")):
        page.text(MARGIN + x, middle, unit, slip.points(11), color=INK, align="m")


def _sex(slip: _Slip, top: float, height: float) -> None:
    for place, sex in enumerate(("男性", "女性", "その他")):
        _tick(slip, CELL + place * 24, top + height / 2, sex)


def _phone(slip: _Slip, top: float, height: float) -> None:
    middle = slip.y(top + height / 2)
    for x in (75, 115):
        slip.page.text(MARGIN + x, middle, "―", slip.points(11), color=SOFT, align="m")


def _home(slip: _Slip, top: float, height: float) -> None:
    page, middle, side = slip.page, slip.y(top + 4.8), max(4.8, 5.6 * slip.scale)
    page.text(CELL, middle, "〒", slip.points(11), color=INK)
    for place in range(7):
        x = CELL + 6 + place * (side + 0.8) + (place > 2) * 4
        page.box(x, middle - side / 2, side, side, fill="white", edge=LINE, line=0.2)
    page.text(CELL + 6 + 3 * (side + 0.8) + 1.6, middle, "-", slip.points(11), align="m")


def _consent(slip: _Slip, top: float, height: float) -> None:
    middle = top + height / 2
    _tick(slip, CELL, middle - 2.6, "お店からのお知らせを、メールで受け取ることを承諾します。")
    how = "おやめになるときは、件名に「配信停止」と書いたメールをお送りください。"
    slip.page.text(CELL + 6, slip.y(middle + 3.3), how, slip.points(8.5), color=SOFT)


_FILLS = (_number, None, None, _birthday, _sex, _phone, _home, _consent)


def _tick(slip: _Slip, x: float, middle: float, label: str) -> None:
    side = 3.6 * (0.4 + 0.6 * slip.scale)
    y = slip.y(middle)
    slip.page.box(x, y - side / 2, side, side, fill="white", edge=INK, line=0.3)
    slip.page.text(x + 6, y, label, slip.points(11), color=INK)


def _below(slip: _Slip, top: float, shop: Shop) -> None:
    page, small = slip.page, slip.points(8.5)
    page.text(MARGIN, slip.y(top + 5), _PURPOSE, small, color=SOFT)
    parts = (shop.name, shop.address, shop.phone and f"電話 {shop.phone}")
    contact, size = page.fitted("\u3000".join(filter(None, parts)), 118, small, 6, breaks="\u3000")
    page.stack(MARGIN, slip.y(top + 10.5), contact[:2], size, color=INK)
    left, line = MARGIN + 124, slip.y(top + 11)
    page.text(left, line - 2, "ご記入日", slip.points(9.5), color=INK)
    for x, unit in ((35, "年"), (46, "月"), (57, "日")):
        page.text(left + x, line - 2, unit, slip.points(9.5), color=INK, align="m")
    page.rule(left, line + 1.5, RIGHT, line + 1.5, LINE, 0.2)
