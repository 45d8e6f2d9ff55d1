"""The paper before it is drawn: the link in its code, what is asked, what is missing, the type."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, unquote_plus, urlsplit

import pytest
from PIL import Image

from kollect.app import data_protection
from kollect.app.data_protection import new_code
from kollect.errors import Trouble
from kollect.mailing import mailto
from kollect.members.member_fields import MemberField
from kollect.printing import documents, fonts, membership_form
from kollect.printing.documents import Paper
from kollect.printing.page import Page
from kollect.printing.printable import printable
from kollect.settings.model import Settings, Shop

SHOP = Shop(name="ベーカリー こむぎ", address="東京都千代田区千代田1-1", phone="03-1234-5678")
ADDRESS = "komugi@shop.example.jp"


def shop(address: str = ADDRESS, of: Shop = SHOP) -> Settings:
    return Settings(shop=of, mail_address=address)


def picture(octets: bytes) -> Image.Image:
    return Image.open(io.BytesIO(octets)).convert("RGB")


# --- the link


def test_an_address_with_signs_that_mean_something_in_a_link_stays_one_address():
    for address in ('"a b?c&d"@x.jp', "a%41@x.jp", "a#b/c?d@x.jp", '"@"@x.jp', "a+b@x.jp"):
        link = urlsplit(mailto.link(address))
        assert unquote(link.path) == unquote_plus(link.path) == address
        assert not (link.query or link.fragment or link.netloc)
    assert mailto.link("x@日本語.example") == "mailto:x@xn--wgv71a119e.example"


def test_a_link_with_a_subject():
    value = mailto.unsubscribe(ADDRESS, "配信停止")
    assert value.isascii()
    link = urlsplit(value.strip("<>"))
    assert (link.path, unquote(link.query)) == (ADDRESS, "subject=配信停止")


# --- what is asked


def test_the_form_asks_in_the_order_in_which_staff_type():
    asked = [label for label, _ in membership_form._ROWS]
    order = [field.value for field in MemberField]
    assert asked == sorted(asked, key=lambda label: order.index(label.removeprefix("ご")))
    left_to_staff = {
        MemberField.POSTCODE,
        MemberField.GROUPS,
        MemberField.NOTE,
        MemberField.CONSENT_ON,
        MemberField.CONSENT_HOW,
    }
    assert {label.removeprefix("ご") for label in asked} == set(MemberField) - left_to_staff


# --- what is missing


def test_no_poster_without_an_address():
    for address in ("", "komugi", "komugi@"):
        with pytest.raises(Trouble, match="メールアドレスが設定されていません"):
            documents.draw(Paper.POSTER, shop(address))
        assert documents.draw(Paper.FORM, shop(address), 50).png()


def test_what_is_not_filled_in_is_said():
    assert documents.notes(shop()) == []
    (note,) = documents.notes(shop(of=Shop(name="店")))
    assert "住所・電話番号が入っていません" in note


def test_without_a_japanese_font_it_is_said_in_japanese(tmp_path: Path):
    (tmp_path / "arial.ttf").touch()
    with pytest.raises(Trouble, match="日本語のフォントがありません"):
        fonts.find([tmp_path, tmp_path / "gone"])


def test_the_best_font_is_taken_wherever_it_lies(tmp_path: Path):
    deep = tmp_path / "opentype" / "ipa"
    deep.mkdir(parents=True)
    (deep / "ipag.ttf").touch()
    assert fonts.find([tmp_path]) == fonts.Typeface(deep / "ipag.ttf", None)
    (tmp_path / "MEIRYO.TTC").touch()
    (tmp_path / "meiryob.ttc").touch()
    found = fonts.find([tmp_path])
    assert (found.regular.name, found.bold.name) == ("MEIRYO.TTC", "meiryob.ttc")


def test_windows_folders_come_from_its_own_variables():
    folders = list(
        fonts.font_folders({"WINDIR": "C:/Windows", "LOCALAPPDATA": "C:/Users/x/AppData/Local"})
    )
    assert folders[0] == Path("C:/Windows/Fonts")
    assert Path("C:/Users/x/AppData/Local/Microsoft/Windows/Fonts") in folders


def test_a_font_without_a_bold_one_is_thickened():
    thin = fonts.Typeface(fonts.find().regular, None)
    sheet = Page(thin, 150)
    sheet.text(20, 20, "太字", 40, bold=False)
    sheet.text(20, 60, "太字", 40, bold=True)
    image = picture(sheet.png()).convert("L")
    normal, bold = (
        sum(value < 128 for value in image.crop((0, top, 800, top + 200)).tobytes())
        for top in (30, 260)
    )
    assert bold > normal * 1.05


def test_pillow_and_segno_are_loaded_only_when_something_is_drawn():
    code = (
        "import sys, kollect.printing.documents\n"
        "assert not {'PIL', 'segno'} & {name.partition('.')[0] for name in sys.modules}"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


# --- what the font has not


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("葛\U000e0100飾", "葛飾"),
        ("☕\ufe0f", "☕"),
        ("こ\u200bむ\u200dぎ\ufeff\u2060", "こむぎ"),
        ("\u202eこむぎ\u202c", "こむぎ"),
        ("か\u3099", "が"),
        ("東京\u3000本店", "東京 本店"),
        ("a\u00adb\u034fc\u3164", "abc"),
        ("\U000e0061", ""),
    ],
)
def test_what_nobody_sees_is_not_printed(text: str, printed: str):
    assert printable(text) == printed


def test_characters_that_the_font_has_not_are_named():
    settings = shop(of=Shop(name="パン🍞屋\ufe0f葛\U000e0100飾ก", address="東京都☃\U0001f3fb"))
    told = "\n".join(documents.missing_characters(settings))
    assert "店名の「🍞」" in told
    assert "店名の「ก」" in told
    assert "「〓」になります" in told
    assert "葛" not in told
    assert not documents.missing_characters(shop())


def test_a_recovery_sheet_has_the_name_of_the_shop_and_nothing_else_of_it(tmp_path: Path):
    settings = shop(of=Shop(name="パン🍞屋ก", address="東京都☃"))
    told = "\n".join(data_protection.save_sheet(settings, new_code(), tmp_path / "sheet.pdf"))
    assert "店名の「🍞」" in told
    assert "店名の「ก」" in told
    assert "☃" not in told
    assert data_protection.save_sheet(shop(), new_code(), tmp_path / "sheet.pdf") == []


def test_a_domain_in_japanese_is_looked_at_too():
    settings = replace(shop(), mail_address="info@めがね🍞.jp")
    assert any("メールアドレスの「🍞」" in one for one in documents.missing_characters(settings))


def test_what_is_not_printed_leaves_no_trace():
    """No empty box: the pages are the same, octet by octet."""
    plain = shop(of=Shop(name="パン屋 葛飾", address="東京都", phone="03-1234-5678"))
    full = shop(
        of=Shop(
            name="パン🍞屋\ufe0f\u3000葛\U000e0100飾\u200b",
            address="東京都\U0001f468\u200d\U0001f469",
            phone="03\u200b-1234-5678\ufe0f",
        )
    )
    for kind in Paper:
        pages = [documents.draw(kind, one, 60).png() for one in (plain, full)]
        assert pages[0] == pages[1]
