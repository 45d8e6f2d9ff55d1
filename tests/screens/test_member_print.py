"""「印刷」 of 会員一覧: labels and lists, read back from the file that is saved or opened."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kollect.members.member import Member
from kollect.members.member_filter import MemberOrder
from kollect.members.repository import Members
from kollect.printing.label_sheets import SHEETS
from kollect.settings.model import Passwords, Settings, Shop
from kollect.threads.background_thread import local_now
from kollect.ui.main import Program
from kollect.ui.members import member_print
from kollect.ui.members.member_list import MemberListScreen
from kollect.ui.members.member_print import Told
from kollect.ui.members.print_dialog import PrintChoice, PrintDialog, PrintedPaper
from tests.helpers.member_samples import YAMADA, numbers, register
from tests.helpers.pdf_reader import PdfPage, read_pdf
from tests.helpers.ui_driver import Person, click, labelled, press, settle, type_in

SATO = Member(1002, "佐藤　花子", kana="サトウ　ハナコ", phone="03-1234-9876")
KATO = Member(1003, "加藤　次郎", kana="カトウ　ジロウ", home="横浜市西区5-6")
TODAY = f"{local_now():%Y%m%d}"


@pytest.fixture
def screen(program: Program) -> MemberListScreen:
    folder = program.workspaces.real.folder
    program.workspaces.real.save(Settings(shop=Shop(name="ベーカリー こむぎ")), Passwords())
    numbers(folder.database, "taro@docomo.ne.jp", "hanako@ezweb.ne.jp", "jiro@docomo.ne.jp")
    register(folder.database, YAMADA, SATO, KATO)
    screen = program.window.open(MemberListScreen, program.workspaces, program.go)
    settle(screen, lambda: listed(screen) == [1001, 1002, 1003])
    return screen


def listed(screen: MemberListScreen) -> list[int]:
    return list(screen.table.row_keys)


def chosen(paper: PrintedPaper, button: str, *, first: str = "1") -> Callable[[PrintDialog], None]:
    def work(dialog: PrintDialog) -> None:
        while dialog.paper.value is not paper:
            press(dialog.focus_get(), "Down")
        assert dialog.paper.value is paper
        if paper is PrintedPaper.LABELS:
            type_in(dialog.first.widget, first)
        click(labelled(dialog, button))

    return work


def saved(
    screen: MemberListScreen, dialogs: Person, path: Path, paper: PrintedPaper, *said: str
) -> list[PdfPage]:
    """What is in the file; `said` is the answer where something is told before."""
    dialogs.answers += [chosen(paper, "PDFに保存"), *said, path]
    press(screen, "F11")
    settle(screen, lambda: path.exists() and "保存しました" in screen.window.status_text)
    assert not dialogs.answers
    return read_pdf(path.read_bytes())


def test_labels_of_those_who_are_listed(screen: MemberListScreen, dialogs: Person, tmp_path: Path):
    path = tmp_path / "宛名.pdf"
    (page,) = saved(screen, dialogs, path, PrintedPaper.LABELS, "続ける")
    assert page.text.split("\n") == [
        *("〒160-0023", "東京都新宿区西新宿1-2-3", "山田 太郎 様"),
        *("横浜市西区5-6", "加藤 次郎 様"),
    ]
    title, told = dialogs.asked[-2]
    assert title == "宛名ラベルの印刷"
    assert told == "2件（1ページ）を作りました。\n住所のない方 1名は除きます。"
    assert dialogs.asked[-1] == ("宛名ラベルの印刷", f"宛名ラベル-{TODAY}.pdf")


def test_they_begin_where_the_used_sheet_is_whole(
    screen: MemberListScreen, dialogs: Person, tmp_path: Path
):
    dialogs.answers += [
        chosen(PrintedPaper.LABELS, "PDFに保存", first="12"), "続ける", tmp_path / "a.pdf",
    ]  # fmt: skip
    press(screen, "F11")
    settle(screen, lambda: "保存しました" in screen.window.status_text)
    first, second = read_pdf((tmp_path / "a.pdf").read_bytes())
    assert first.lines[0].left == pytest.approx(SHEETS[0].corner(11)[0] + 5, abs=0.05)
    assert second.text == "横浜市西区5-6\n加藤 次郎 様"


def test_a_place_that_is_not_on_the_sheet_is_refused(screen: MemberListScreen, dialogs: Person):
    def work(dialog: PrintDialog) -> None:
        chosen(PrintedPaper.LABELS, "開いて印刷", first="13")(dialog)
        assert dialog.first.error == "1～12 の数字を入力してください。"
        assert dialog.focus_get() is dialog.first.widget
        press(dialog, "Escape")

    dialogs.answers.append(work)
    press(screen, "F11")
    assert not dialogs.answers


def test_somebody_who_has_left_gets_no_label(
    screen: MemberListScreen, dialogs: Person, program: Program, tmp_path: Path
):
    with program.workspaces.current.members() as members:
        members.withdraw(1003, local_now(), "会員一覧")
    (page,) = saved(screen, dialogs, tmp_path / "a.pdf", PrintedPaper.LABELS, "続ける")
    assert "加藤" not in page.text
    assert "退会した方 1名は除きます。" in dialogs.asked[-2][1]
    type_in(screen.search, "かとう")
    settle(screen, lambda: listed(screen) == [1003])
    dialogs.answers.append(chosen(PrintedPaper.LABELS, "開いて印刷"))
    press(screen, "F11")
    settle(screen, lambda: "印刷するものがありません" in dialogs.asked[-1][1])


def test_a_character_that_is_not_in_the_font_is_named_before(
    screen: MemberListScreen, dialogs: Person, program: Program, tmp_path: Path
):
    with program.workspaces.current.members() as members:
        members.update(replace(KATO, name="加藤ก🍞"), local_now(), "会員の修正")
    dialogs.answers += [chosen(PrintedPaper.LABELS, "PDFに保存"), "キャンセル"]
    press(screen, "F11")
    settle(screen, lambda: not dialogs.answers)
    told = dialogs.asked[-1][1]
    assert "「ก」は、文字の形が印刷用のフォントにないため、「〓」になります。" in told
    assert "「🍞」は、文字の形が印刷用のフォントにないため、印刷しません。" in told


def test_the_list_is_printed_as_it_is_sorted_and_searched(
    screen: MemberListScreen, dialogs: Person, tmp_path: Path
):
    (page,) = saved(screen, dialogs, tmp_path / "all.pdf", PrintedPaper.LIST)
    texts = [line.text for line in page.lines]
    assert texts[0] == "会員一覧"
    assert texts[1] == f"ベーカリー こむぎ　{local_now():%Y/%m/%d}　全3件"
    assert {"1001", "山田 太郎", "taro@docomo.ne.jp", "登録済", "承諾なし"} <= set(texts)
    type_in(screen.search, "docomo")
    screen.sort(MemberOrder.KANA)
    settle(screen, lambda: listed(screen) == [1003, 1001])
    (page,) = saved(screen, dialogs, tmp_path / "some.pdf", PrintedPaper.LIST)
    assert [line.text for line in page.lines if line.text.startswith("100")] == ["1003", "1001"]


def test_the_record_of_consents(screen: MemberListScreen, dialogs: Person, tmp_path: Path):
    (page,) = saved(screen, dialogs, tmp_path / "all.pdf", PrintedPaper.CONSENTS)
    texts = [line.text for line in page.lines]
    assert texts[0] == "承諾の記録"
    assert {"1001", "taro@docomo.ne.jp", "承諾する"} <= set(texts)


def test_it_is_opened_for_printing_from_the_data_folder(
    screen: MemberListScreen,
    dialogs: Person,
    program: Program,
    monkeypatch: pytest.MonkeyPatch,
):
    opened: list[Path] = []
    monkeypatch.setattr("kollect.ui.framework.pdf_file.open_file", opened.append)
    dialogs.answers.append(chosen(PrintedPaper.LIST, "開いて印刷"))
    press(screen, "F11")
    settle(screen, lambda: opened and "実際のサイズ" in screen.window.status_text)
    assert program.workspaces.real.folder.path in opened[0].parents
    assert read_pdf(opened[0].read_bytes())


def test_it_can_be_stopped_and_leaves_nothing(
    screen: MemberListScreen, dialogs: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    real = member_print.make

    def slow(choice: PrintChoice, members: Members, rows: list[int], told: Told, **named: Any):
        while told("確かめています", 0):  # else it may be over before it is stopped
            time.sleep(0.01)
        return real(choice, members, rows, told, **named)

    monkeypatch.setattr(member_print, "make", slow)
    dialogs.answers.append(chosen(PrintedPaper.LIST, "PDFに保存"))
    press(screen, "F11")
    screen.files.stop_button.stop()
    settle(screen, lambda: "印刷を中止しました" in screen.window.status_text)
    assert not screen.files.stop_button.winfo_ismapped()
