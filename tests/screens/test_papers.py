"""店頭ポスター・登録用紙: seen, saved, opened for printing; what is missing leads to its place."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from tkinter import ttk

import pytest

from kollect.printing.documents import Paper
from kollect.settings.model import Passwords, Settings, Shop, TextSize
from kollect.ui.main import Program
from kollect.ui.papers.screen import PapersScreen
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    settle_jobs,
)

SHOP = Shop("S0123", "フレッシュ髙田", "東京都新宿区西新宿1-2-3", "03-1234-5678")
READY = Settings(shop=SHOP, mail_address="karamail@shop.example")


@pytest.fixture
def opened(program: Program, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was given to the system's program."""
    paths: list[Path] = []
    monkeypatch.setattr("kollect.ui.papers.screen.open_file", paths.append)
    return paths


def open_screen(program: Program, settings: Settings) -> PapersScreen:
    program.workspaces.real.save(settings, Passwords())
    press(program.window.root, "7")
    screen = program.window.screen
    assert isinstance(screen, PapersScreen)
    return screen


def picture(screen: PapersScreen) -> str:
    """The image on the sheet, by its name in Tk; "" where there is none."""
    sheet = screen.sheet
    images = [item for item in sheet.find_all() if sheet.type(item) == "image"]
    return sheet.itemcget(images[0], "image") if images else ""


def size(screen: PapersScreen) -> tuple[int, int]:
    width, height = (screen.tk.call("image", side, picture(screen)) for side in ("width", "height"))
    return int(width), int(height)


def drawn(screen: PapersScreen) -> bool:
    """The sheet is there, and no other one is being drawn."""
    settle_jobs(screen)
    return bool(picture(screen))


@pytest.fixture
def screen(program: Program, opened: list[Path]) -> PapersScreen:
    screen = open_screen(program, READY)
    settle(screen, lambda: drawn(screen))
    return screen


def test_the_poster_is_seen_whole(screen: PapersScreen):
    width, height = size(screen)
    assert height <= screen.sheet.winfo_height()
    assert width <= screen.sheet.winfo_width()
    assert width / height == pytest.approx(210 / 297, abs=0.01)
    assert not screen.trouble.text
    image = picture(screen)
    points = itertools.product(range(0, width, 9), range(0, 300, 9))
    colours = {str(screen.tk.call(image, "get", *point)) for point in points}
    assert len(colours) > 10, "something is drawn there"


@pytest.mark.parametrize("size", TextSize)
def test_the_choices_are_not_cut_off_beside_their_scroll_bar(screen: PapersScreen, size: TextSize):
    """On a small display; where all has room, there is none."""
    screen.window.root.geometry("1024x524")
    screen.window.set_text_size(size)
    settle(screen, lambda: screen.winfo_height() < 500)
    bars = [one for one in all_inside(screen) if isinstance(one, ttk.Scrollbar)]
    bar = next((one.winfo_rootx() for one in bars if one.winfo_ismapped()), None)
    end = bar or screen.sheet.winfo_rootx()
    for kind in Paper:
        choice = labelled(screen, kind)
        assert choice.winfo_width() >= choice.winfo_reqwidth()
        assert choice.winfo_rootx() + choice.winfo_width() <= end, kind


def test_the_form_has_two_or_three_slips(screen: PapersScreen):
    poster = picture(screen)
    screen.paper.focus()
    press(screen, "2")
    settle(screen, lambda: drawn(screen) and picture(screen) != poster)
    two = picture(screen)
    screen.slips.focus()
    press(screen, "2")
    settle(screen, lambda: drawn(screen) and picture(screen) != two)
    assert (screen.paper.value, screen.slips.value) == (Paper.FORM, 3)


def test_it_follows_the_size_of_the_window(screen: PapersScreen):
    before = picture(screen)
    screen.window.root.geometry("800x560")
    settle(screen, lambda: drawn(screen) and picture(screen) != before)
    assert size(screen)[1] <= screen.sheet.winfo_height()


@pytest.mark.parametrize(("kind", "head"), [("PDF", b"%PDF"), ("PNG", b"\x89PNG")])
def test_it_is_saved(screen: PapersScreen, dialogs: Person, tmp_path: Path, kind: str, head: bytes):
    path = tmp_path / f"ポスター.{kind.lower()}"
    dialogs.answers.append(path)
    click(labelled(screen, kind))
    settle(screen, lambda: "保存しました" in screen.window.status_text)
    assert path.read_bytes().startswith(head)
    assert dialogs.asked[-1] == (f"店頭ポスターを{kind}に保存", f"店頭ポスター.{kind.lower()}")


def test_f12_opens_it_for_printing_again_and_again(screen: PapersScreen, opened: list[Path]):
    for times in (1, 2):
        press(screen, "F12")
        settle(screen, lambda times=times: len(opened) == times and not screen.is_busy)
    assert opened[1].name == "店頭ポスター.pdf"
    assert opened[1].read_bytes().startswith(b"%PDF")
    assert opened[0] != opened[1], "the first may still be held by the program that shows it"


def test_a_missing_shop_leads_to_its_page_and_back(program: Program):
    screen = open_screen(program, Settings(mail_address="karamail@shop.example"))
    assert "店名・住所・電話番号が入っていません" in screen.trouble.text
    settle(screen, lambda: drawn(screen))
    click(screen.enter_shop)
    settings = program.window.screen
    assert isinstance(settings, SettingsScreen)
    assert isinstance(settings.pages[settings.notebook.index("current")], IdPage)
    program.workspaces.real.save(READY, Passwords())
    program.window.back(confirm=False)
    assert not screen.trouble.text
    assert not screen.enter_shop.winfo_ismapped()


def test_without_a_mail_address_there_is_no_poster_but_a_form(program: Program):
    screen = open_screen(program, Settings(shop=SHOP))
    settle(screen, lambda: screen.trouble.text)
    assert "Emailアドレス" in screen.trouble.text
    assert not screen.function_keys()[-1].enabled
    screen.paper.focus()
    press(screen, "Down")
    settle(screen, lambda: drawn(screen))
    assert not screen.trouble.text
    press(screen, "Up")
    settle(screen, lambda: screen.enter_mail.winfo_ismapped())
    click(screen.enter_mail)
    settings = program.window.screen
    assert isinstance(settings, SettingsScreen)
    assert isinstance(settings.pages[settings.notebook.index("current")], MailPage)


def test_a_character_that_is_not_in_the_font_is_named_before_printing(program: Program):
    screen = open_screen(program, replace(READY, shop=replace(SHOP, name="パン屋🍞")))
    settle(screen, lambda: "🍞" in screen.trouble.text)
    assert screen.enter_shop.winfo_ismapped()
    assert screen.function_keys()[-1].enabled


def test_what_was_opened_for_printing_lies_in_the_data_folder(
    screen: PapersScreen, program: Program, opened: list[Path]
):
    press(screen, "F12")
    settle(screen, lambda: opened and not screen.is_busy)
    assert program.workspaces.real.folder.path in opened[0].parents
