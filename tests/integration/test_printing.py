"""The poster and the form as they come out: read by a real decoder, measured, compared."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter

from kollect.errors import StorageTrouble, Trouble
from kollect.ledger.posters import Poster, proof_place
from kollect.mail.plus_address import with_tag
from kollect.mailing import mailto
from kollect.printing import documents, fonts
from kollect.printing.documents import Paper
from kollect.printing.page import Page
from kollect.settings.model import Settings, Shop

SHOP = Shop(name="ベーカリー こむぎ", address="東京都千代田区千代田1-1", phone="03-1234-5678")
ADDRESS = "komugi@shop.example.jp"
WORDY = Shop(
    name="株式会社こもれび商店街振興組合連合会 とてもながい名前のパン工房 本店 South Side Bakery",
    address="東京都千代田区千代田" * 8,
    phone="03-1234-5678",
)
LONG = "really.long.mailbox-name+members@mail.customers.really-long-domain-name.example.co.jp"
ADDRESSES = [
    ADDRESS,
    "abc..def@docomo.ne.jp",
    "abc.@ezweb.ne.jp",
    "o'neil+shop_1~x@shop.example",
    "A-Z.09@xn--eckwd4c7c.example",
    LONG,
]


def shop(address: str = ADDRESS, of: Shop = SHOP) -> Settings:
    return Settings(shop=of, mail_address=address)


def picture(octets: bytes) -> Image.Image:
    return Image.open(io.BytesIO(octets)).convert("RGB")


def scanned(image: Image.Image) -> str:
    (code,) = zxingcpp.read_barcodes(image)
    return code.text


# --- the code


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_code_on_the_poster_opens_an_empty_letter_to_the_shop(address: str):
    poster = picture(documents.draw(Paper.POSTER, shop(address), 100).png())
    link = urlsplit(scanned(poster))
    assert (link.scheme, unquote(link.path)) == ("mailto", address)
    assert not (link.query or link.fragment or link.netloc), "no subject, no body, nobody else"


def poster_of(settings: Settings, name: str = "レジ横") -> Poster:
    now = datetime(2026, 11, 28, tzinfo=UTC)
    return Poster("reji", name, now, now, proof_place(settings), 0)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_poster_with_an_address_of_its_own_has_it_in_the_code_of_its_pdf(address: str):
    own = poster_of(shop(address))
    pdf = documents.draw(Paper.POSTER, shop(address), 100, one=own).pdf("店頭ポスター")
    start = pdf.index(b"\xff\xd8\xff")
    code = scanned(picture(pdf[start : pdf.index(b"endstream", start)]))
    assert code == mailto.link(with_tag(address, "reji"))
    assert code != mailto.link(address)


def test_the_name_of_a_poster_stands_small_in_a_corner_and_nowhere_else():
    settings = shop()
    one, other = (
        picture(documents.draw(Paper.POSTER, settings, 100, one=poster_of(settings, name)).png())
        for name in ("レジ横", "とても長い名前のポスターをここに貼る")
    )
    left, top, right, bottom = ImageChops.difference(one, other).getbbox()
    millimetre = one.width / 210
    assert left > 148 * millimetre, "the words on the left are not touched"
    assert right <= 197 * millimetre
    assert 270 * millimetre < top < bottom < 276 * millimetre


@pytest.mark.parametrize("kind", ["never", "address", "server"])
def test_a_poster_whose_address_is_not_proved_is_not_printed(tmp_path: Path, kind: str):
    settings = shop()
    one = poster_of(settings)
    if kind == "never":
        one = replace(one, proven_for="", proven_at=None)
    elif kind == "address":
        settings = shop("other@shop.example.jp")
    else:
        settings = replace(settings, receive=replace(settings.receive, host="mail.new.example"))
    with pytest.raises(Trouble, match="確かめていません"):
        documents.save(Paper.POSTER, settings, tmp_path / "p.pdf", one=one)
    assert not (tmp_path / "p.pdf").exists()


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_sheet_for_a_reply_that_does_not_arrive(address: str):
    sheet = picture(documents.draw(Paper.SHEET, shop(address), 100).png())
    assert scanned(sheet) == mailto.link(address)
    blank = picture(documents.draw(Paper.SHEET, shop(), 100).png())
    assert sheet.size == blank.size
    # nothing is drawn into the margins, and the steps leave the code and the footer alone
    assert sheet.crop((0, 0, 30, sheet.height)).getcolors() == [(30 * sheet.height, (255,) * 3)]


@pytest.mark.parametrize("address", [ADDRESS, LONG])
def test_the_code_is_read_from_afar_askew_and_out_of_focus(address: str):
    poster = picture(documents.draw(Paper.POSTER, shop(address), 120).png())
    tilted = poster.rotate(13, expand=True, fillcolor="#b0a890", resample=Image.Resampling.BICUBIC)
    photo = tilted.resize((tilted.width // 2, tilted.height // 2), Image.Resampling.BILINEAR)
    assert scanned(photo.filter(ImageFilter.GaussianBlur(0.8))) == mailto.link(address)


def test_the_quiet_zone_is_wide_enough():
    poster = picture(documents.draw(Paper.POSTER, shop(), 150).png())
    (code,) = zxingcpp.read_barcodes(poster)
    corner, other = code.position.top_left, code.position.bottom_right
    side = other.x - corner.x
    assert side > 60 / 25.4 * 150, "60 mm can be read from more than half a metre"
    module = side / 29
    zone = round(4 * module)
    frame = (corner.x - zone + 2, corner.y - zone + 2, other.x + zone - 2, other.y + zone - 2)
    around = poster.crop(frame)
    around.paste("white", (zone - 4, zone - 4, around.width - zone + 4, around.height - zone + 4))
    assert around.getextrema() == ((255, 255),) * 3, "ISO/IEC 18004 wants four modules of white"


# --- the files


@pytest.mark.parametrize("kind", Paper)
def test_png_and_pdf_are_a4_at_the_resolution_of_a_printer(tmp_path: Path, kind: Paper):
    documents.save(kind, shop(), tmp_path / "it.png")
    with Image.open(tmp_path / "it.png") as image:
        assert image.size == (2480, 3508)
        assert [round(dpi) for dpi in image.info["dpi"]] == [300, 300]
    documents.save(kind, shop(), tmp_path / "it.pdf")
    pdf = (tmp_path / "it.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    box = re.search(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]", pdf)
    assert [round(float(side)) for side in box.groups()] == [595, 842]
    assert len(pdf) < 3_000_000


def test_the_code_survives_the_pdf():
    pdf = documents.draw(Paper.POSTER, shop(), 100).pdf("店頭ポスター")
    start = pdf.index(b"\xff\xd8\xff")
    assert scanned(picture(pdf[start : pdf.index(b"endstream", start)])) == mailto.link(ADDRESS)


def test_a_preview_is_as_high_as_asked_and_can_be_scanned_from_the_screen():
    preview = picture(documents.preview(Paper.POSTER, shop(), 700))
    assert preview.size == (495, 700)
    assert scanned(preview) == mailto.link(ADDRESS)


def test_a_folder_that_is_gone_is_said(tmp_path: Path):
    with pytest.raises(StorageTrouble):
        documents.save(Paper.FORM, shop(), tmp_path / "gone" / "form.pdf")


# --- what is drawn


@pytest.mark.parametrize("of", [WORDY, Shop()])
@pytest.mark.parametrize("address", [ADDRESS, LONG])
def test_nothing_is_cut_off_at_the_edge_of_the_sheet(of: Shop, address: str):
    poster = picture(documents.draw(Paper.POSTER, shop(address, of), 100).png())
    form = picture(documents.draw(Paper.FORM, shop(address, of), 100).png())
    for image, margin in ((poster, 10), (form, 10)):
        edge = round(margin / 25.4 * 100)
        sides = [
            image.crop((0, 0, image.width, round(5 / 25.4 * 100))),
            image.crop((0, image.height - round(5 / 25.4 * 100), image.width, image.height)),
            image.crop((0, 0, edge, round(140 / 25.4 * 100))),
            image.crop((image.width - edge, 0, image.width, round(140 / 25.4 * 100))),
        ]
        assert all(side.getextrema() == ((255, 255),) * 3 for side in sides)


def test_line_ends_in_a_name_do_no_harm():
    of = Shop(name="こむぎ\n本店", address="東京都\n", phone="03\n")
    for kind in Paper:
        assert documents.draw(kind, shop(of=of), 50).png()


def test_the_shop_is_on_the_paper():
    for kind in Paper:
        with_name, without = (documents.draw(kind, shop(of=of), 50).png() for of in (SHOP, Shop()))
        assert with_name != without


@pytest.mark.parametrize("several", [2, 3])
def test_every_slip_of_a_page_is_the_same_with_an_empty_box_for_the_number(several: int):
    page = picture(documents.draw(Paper.FORM, shop(), 254, slips_a_page=several).png())
    height = page.height / several
    cuts = [
        page.crop((0, round(n * height) + 5, page.width, round(n * height + height) - 5))
        for n in range(several)
    ]
    boxes = [
        cut.crop((480, round(0.19 * height) - 5, 900, round(0.24 * height) - 5)) for cut in cuts
    ]
    assert all(box.getextrema() == ((255, 255),) * 3 for box in boxes)
    ink = [sum(1 for value in cut.convert("L").tobytes() if value < 128) for cut in cuts]
    assert min(ink) > 20_000
    assert max(ink) - min(ink) < 0.02 * max(ink)


# --- type


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(fonts.find(), 72)


@settings(max_examples=60, deadline=None)
@given(
    st.text("あア漢字、。「」ー abc.@-１", max_size=60),
    st.floats(8, 80),
)
def test_wrapped_lines_keep_within_their_width_and_lose_nothing(
    page: Page, text: str, width: float
):
    lines = page.wrapped(text, width, 10)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(page.measure(line, 10) <= width or len(line) == 1 for line in lines)


def test_lines_are_broken_as_japanese_is(page: Page):
    for width in range(15, 60):
        lines = page.wrapped("お送り「ください」。それから、待つ。abc def-ghi", width, 10)
        assert not [line for line in lines if line[0] in "、。」ー" or line[-1] in "「"]


def test_a_title_shrinks_before_it_is_parted_at_a_space(page: Page):
    assert page.fitted("短い名前", 100, 20, 10) == (["短い名前"], 20)
    lines, size = page.fitted("少しだけ長すぎる名前です", 80, 20, 10)
    assert lines == ["少しだけ長すぎる名前です"]
    assert 10 <= size < 20
    lines, size = page.fitted("とても長いので分けられる名前 後ろのほうの名前", 60, 20, 10)
    assert lines == ["とても長いので分けられる名前", "後ろのほうの名前"]
    assert all(page.measure(line, size) <= 60 for line in lines)
    assert page.fitted("", 60, 20, 10) == ([""], 20)
