"""店頭ポスター, 会員登録用紙, 「返信が届かないとき」: drawn from the settings."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from kollect.errors import Trouble
from kollect.ledger.posters import Poster
from kollect.mail import address
from kollect.mail.plus_address import with_tag
from kollect.printing import arrival_sheet, fonts, membership_form, poster
from kollect.printing.page import HEIGHT, PRINT_DPI, Page
from kollect.printing.printable import is_picture, printable
from kollect.settings.model import Settings, Shop
from kollect.storage import export

GETA = "〓"
"""What printers have always put where a character was missing."""


_IN_ID = "ほかの書き方があれば、「緒言設定」の「ID」で直してください。"


class Paper(StrEnum):
    POSTER = "店頭ポスター"
    FORM = "会員登録用紙"
    SHEET = "返信が届かないとき"


def address_of(settings: Settings, poster: Poster | None = None) -> str:
    """The one on the poster: the shop's, or that of one of 「ポスターの一覧」. Raises Trouble where
    it is not proved that mail to it arrives."""
    if poster is None:
        return settings.mail_address
    if not poster.is_proven(settings):
        raise Trouble(
            "ポスターのアドレスを確かめていません",
            happened=f"「{poster.name}」のアドレスにメールが届くことを、まだ確かめていません。",
            cure="「ポスターの一覧」で「確かめる」を押してください。",
        )
    return with_tag(settings.mail_address, poster.tag)


def notes(settings: Settings) -> list[str]:
    """What will be missing on the paper, for the person who is about to print it."""
    shop = settings.shop
    parts = (("店名", shop.name), ("住所", shop.address), ("電話番号", shop.phone))
    missing = "・".join(name for name, value in parts if not value.strip())
    return [f"{missing}が入っていません。「緒言設定」の「ID」で入力できます。"] if missing else []


def draw(
    paper: Paper,
    settings: Settings,
    dpi: int = PRINT_DPI,
    *,
    slips_a_page: int = 2,
    one: Poster | None = None,
) -> Page:
    """The page; `one`: a poster with an address of its own. Raises Trouble where there is no
    Japanese font, no address where it stands, or one that is not proved.
    """
    face = face_for(settings, one)
    shop = to_draw(settings, face)
    if paper is Paper.FORM:
        page = Page(face, dpi)
        membership_form.draw(page, shop, slips_a_page)
        return page
    if not address.is_usable(settings.mail_address):
        raise Trouble(
            "メールアドレスが設定されていません",
            happened=f"「{paper}」のQRコードには、お客様がメールを送る宛先が必要です。",
            cure="「緒言設定」の「メールの設定」で、Emailアドレスを入力してください。",
        )
    page = Page(face, dpi)
    if paper is Paper.POSTER:
        name = drawn(one.name, fonts.lacking(face, printable(one.name))) if one else ""
        poster.draw(page, shop, address_of(settings, one), name)
    else:
        arrival_sheet.draw(page, shop, settings.mail_address)
    return page


def preview(
    paper: Paper,
    settings: Settings,
    height: int,
    *,
    slips_a_page: int = 2,
    one: Poster | None = None,
) -> bytes:
    """A PNG of that many pixels in height. Raises as `draw` does."""
    dpi = min(PRINT_DPI, round(2 * height * 25.4 / HEIGHT))  # drawn larger, for smooth edges
    return draw(paper, settings, dpi, slips_a_page=slips_a_page, one=one).shrunk(height)


def save(
    paper: Paper,
    settings: Settings,
    file: Path,
    *,
    slips_a_page: int = 2,
    one: Poster | None = None,
) -> None:
    """Write a PDF or, where the name ends so, a PNG, at the resolution of a printer.

    Raises as `draw` does, and StorageTrouble.
    """
    page = draw(paper, settings, slips_a_page=slips_a_page, one=one)
    octets = page.png() if file.suffix.lower() == ".png" else page.pdf(paper)
    export.write(file, octets)


def missing_characters(settings: Settings, one: Poster | None = None) -> list[str]:
    """What the font has not, for the person who is about to print it: left out, or 〓 instead.

    Raises Trouble where there is no Japanese font.
    """
    shop, face = settings.shop, face_for(settings, one)
    told = missing_in_name(settings, face)
    told += _missing("住所", shop.address, face, _IN_ID)
    told += _missing("電話番号", shop.phone, face, _IN_ID)
    told += _missing("メールアドレス", settings.mail_address, face, "")
    if one is not None:
        cure = "ほかの書き方があれば、別の名前のポスターを作ってください。"
        told += _missing("ポスターの名前", one.name, face, cure)
    return told


def missing_in_name(settings: Settings, face: fonts.Typeface | None = None) -> list[str]:
    """As `missing_characters`, of a paper that has nothing of the shop but its name."""
    return _missing("店名", settings.shop.name, face or face_for(settings), _IN_ID)


def _missing(part: str, value: str, face: fonts.Typeface, cure: str) -> list[str]:
    told = []
    lacking = fonts.lacking(face, printable(value))
    if pictures := "".join(filter(is_picture, lacking)):
        told.append(
            f"{part}の「{pictures}」は、文字の形が印刷用のフォントにないため、印刷しません。"
        )
    if letters := "".join(one for one in lacking if not is_picture(one)):
        told.append(
            f"{part}の「{letters}」は、文字の形が印刷用のフォントにないため、「〓」になります。{cure}"
        )
    return told


def face_for(settings: Settings, one: Poster | None = None) -> fonts.Typeface:
    """The best font; a further one where only that has all characters of the shop."""
    shop, name = settings.shop, one.name if one else ""
    return fonts.find(text=printable(f"{shop.name}{shop.address}{shop.phone}{name}"))


def to_draw(settings: Settings, face: fonts.Typeface) -> Shop:
    """The shop with nothing in it that makes an empty box."""
    shop = settings.shop
    lacking = fonts.lacking(face, printable(f"{shop.name}{shop.address}{shop.phone}"))
    return replace(
        shop,
        name=drawn(shop.name, lacking),
        address=drawn(shop.address, lacking),
        phone=drawn(shop.phone, lacking),
    )


def drawn(text: str, lacking: Collection[str]) -> str:
    """The text in one line, with 〓 for a letter that the font lacks, and without a picture."""
    text = "".join(
        one if one not in lacking else "" if is_picture(one) else GETA for one in printable(text)
    )
    return " ".join(text.split())
