"""復元シート: the code without which protected data are lost, for the shop's safe.

Read from the top: what it is, the letters in fives, the same as a QR code, when it is needed and
where it is kept. Only what is drawn where is here; millimetres on A4.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from kollect.printing.documents import face_for, to_draw
from kollect.printing.page import WIDTH, Page
from kollect.protection.recovery_code import RecoveryCode
from kollect.settings.model import Settings, Shop
from kollect.storage import export

INK = "#1c2733"
SOFT = "#51606e"
MAIN = "#0b4f6c"
LIGHT = "#e9f2f6"
ALARM = "#b3261e"

MARGIN = 16.0
INNER = WIDTH - 2 * MARGIN
MIDDLE = WIDTH / 2
_QR = 46.0
_IN_A_ROW = 3
"""Groups of letters."""

TITLE = "復元シート"
_NEEDED = (
    "コレクトを別のパソコンで使い始めるとき",
    "パソコンが壊れたり、なくなったりしたとき",
    "データの保護をやめるとき、このシートを作り直すとき",
)
_KEEP = (
    "USBメモリとは別の場所（金庫など）に置いてください。",
    "このシートの文字を、パソコンやUSBメモリの中に残さないでください。",
    "人に見られたかもしれないときは、シートを作り直してください。"
    "前のシートは使えなくなりますので、捨ててください。",
)
_SPELLING = (
    "数字の 0 と 1 はありますが、英字の O、I、L、U はありません。大文字でも小文字でもかまいません。"
)
_LOST = "このシートと、お使いのパソコンの両方をなくすと、だれもデータを開けません。"


def draw(page: Page, shop: Shop, code: RecoveryCode, made_on: date) -> None:
    page.box(MARGIN, 14, INNER, 22, fill=MAIN, radius=4)
    page.text(MARGIN + 8, 25, TITLE, 28, bold=True, color="white")
    page.text(WIDTH - MARGIN - 8, 25, "コレクト データの保護", 13, color="white", align="r")
    _whose(page, shop, made_on)
    _letters(page, code)
    top = 158.0
    page.qr(WIDTH - MARGIN - _QR, top, _QR, code.written)
    page.text(
        WIDTH - MARGIN - _QR / 2, top + _QR + 2, "同じ文字のQRコード", 9, color=SOFT, align="m"
    )
    left = INNER - _QR - 8
    bottom = _list(page, top, "使うとき", _NEEDED, left)
    bottom = _list(page, max(bottom + 5, 212.0), "しまう場所", _KEEP, INNER)
    page.box(MARGIN, bottom + 4, INNER, 15, fill="white", edge=ALARM, line=0.8, radius=3)
    lines, size = page.fitted(_LOST, INNER - 10, 12.5, 9, bold=True, breaks="、")
    page.stack(MIDDLE, bottom + 11.5, lines, size, bold=True, color=ALARM, align="m")


def _whose(page: Page, shop: Shop, made_on: date) -> None:
    page.text(MARGIN, 45, f"店番（ID）  {shop.id}", 14, bold=True, color=INK)
    day = f"{made_on.year}年{made_on.month}月{made_on.day}日 作成"
    page.text(WIDTH - MARGIN, 45, day, 12, color=INK, align="r")
    lines, size = page.fitted(shop.name, INNER, 13, 8)
    page.stack(MARGIN, 54, lines[:2], size, color=INK)


def _letters(page: Page, code: RecoveryCode) -> None:
    top, height = 64.0, 86.0
    page.box(MARGIN, top, INNER, height, fill=LIGHT, edge=MAIN, line=0.8, radius=4)
    page.text(MIDDLE, top + 8, "復元コード（27文字）", 12, bold=True, color=MAIN, align="m")
    groups = code.written.split("-")
    wide = INNER / _IN_A_ROW
    for place, group in enumerate(groups):
        row, column = divmod(place, _IN_A_ROW)
        middle = MARGIN + wide * (column + 0.5)
        line = top + 27 + row * 31
        first = 5 * place + 1
        page.text(middle, line, " ".join(group), 25, bold=True, color=INK, align="m")
        told = f"{first}～{first + len(group) - 1}文字目"
        page.text(middle, line + 10, told, 9, color=SOFT, align="m")
    page.text(MIDDLE, top + height - 5.5, _SPELLING, 9, color=SOFT, align="m")


def _list(page: Page, top: float, title: str, points: tuple[str, ...], width: float) -> float:
    """Returns where it ends."""
    page.text(MARGIN, top + 3, title, 14, bold=True, color=MAIN)
    top += 9
    for point in points:
        lines = page.wrapped(point, width - 6, 11.5)
        page.disc(MARGIN + 0.8, top + 1.6, 1.8, MAIN)
        page.stack(MARGIN + 6, top + 2.6 + 2.9 * (len(lines) - 1), lines, 11.5, color=INK)
        top += 2.5 + 5.8 * len(lines)
    return top


def save(settings: Settings, code: RecoveryCode, made_on: date, file: Path) -> None:
    """Write the sheet as a PDF. Raises Trouble where there is no Japanese font, StorageTrouble."""
    face = face_for(settings)
    page = Page(face)
    draw(page, to_draw(settings, face), code, made_on)
    export.write(file, page.pdf(TITLE))
