"""収集結果 on paper, and by which poster somebody came: column, condition, chart, files."""

from __future__ import annotations

import csv
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from tkinter import ttk
from typing import Any

import pytest

from kollect.ledger.posters import Posters
from kollect.settings.model import Passwords, Settings, Shop, TextSize
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import sqlite3
from kollect.ui.framework.pdf_file import READABLE_PAPER
from kollect.ui.main import Program
from kollect.ui.results import results_print
from kollect.ui.results.results_print_dialog import ResultsPaper, ResultsPrintDialog
from kollect.ui.results.screen import ResultsScreen
from kollect.ui.widgets.dates import Period
from tests.helpers.pdf_reader import PdfPage, read_pdf
from tests.helpers.receipt_samples import FIRST, fill_receipts
from tests.helpers.table_driver import click_heading, column, headings
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    cut_off,
    focus,
    labelled,
    press,
    settle,
    settle_jobs,
    shown_text,
    type_in,
)

COUNT = 60
LAST = FIRST + COUNT - 1
SHOP = Settings(shop=Shop(name="ベーカリー こむぎ"), mail_address="karamail@ocn.ne.jp")


@pytest.fixture
def folder_of_receipts(program: Program) -> DataFolder:
    program.workspaces.real.save(SHOP, Passwords())
    folder = program.workspaces.real.folder
    fill_receipts(folder, COUNT, datetime.now().astimezone().replace(microsecond=0), days=20)
    return folder


@pytest.fixture
def plain(program: Program, folder_of_receipts: DataFolder) -> ResultsScreen:
    return open_screen(program)


@pytest.fixture
def screen(program: Program, folder_of_receipts: DataFolder) -> ResultsScreen:
    """With two posters; every third came by レジ横, the last one by 入口."""
    now = datetime.now().astimezone()
    with closing(Posters(folder_of_receipts.database)) as posters:
        posters.add("reji", "レジ横", now)
        posters.add("iriguchi", "入口", now)
    with closing(sqlite3.connect(folder_of_receipts.database)) as db, db:
        db.execute("UPDATE receipt SET poster = 'reji' WHERE number % 3 = 0")
        db.execute("UPDATE receipt SET poster = 'iriguchi' WHERE number = ?", (LAST,))
    return open_screen(program)


def open_screen(program: Program) -> ResultsScreen:
    press(program.window.root, "2")
    screen = program.window.screen
    assert isinstance(screen, ResultsScreen)
    settle(screen, lambda: len(screen.list.table.row_keys) == COUNT)
    return screen


def choose_poster(screen: ResultsScreen, name: str) -> None:
    box = screen.list.filter.poster.widget
    focus(box)
    box.current(list(box.cget("values")).index(name))
    box.event_generate("<<ComboboxSelected>>")
    settle_jobs(screen)


def seen(screen: ResultsScreen, text: str) -> bool:
    there = [one for one in all_inside(screen) if shown_text(one) == text]
    return any(one.winfo_viewable() for one in there)


def chosen(button: str, paper: ResultsPaper = ResultsPaper.LIST, month: str = "") -> Any:
    def work(dialog: ResultsPrintDialog) -> None:
        while dialog.paper.value is not paper:
            press(dialog.focus_get(), "Right")
        if month:
            dialog.month.widget.current(list(dialog.month.widget.cget("values")).index(month))
        click(labelled(dialog, button))

    return work


def printed(
    screen: ResultsScreen, dialogs: Person, path: Path, *also: str
) -> tuple[list[str], list[PdfPage]]:
    """The texts of the first page, and all pages."""
    dialogs.answers += [chosen("PDFに保存"), *also, path]
    press(screen, "F11")
    settle(screen, lambda: "保存しました" in screen.window.status_text)
    assert not dialogs.answers
    pages = read_pdf(path.read_bytes())
    return [line.text for line in pages[0].lines], pages


def slowly(title: str, columns: Any, each: Any, **named: Any) -> None:
    for _ in each():
        time.sleep(0.1)


class TestMonth:
    @pytest.mark.parametrize("tab", [0, 2])
    def test_a_month_on_one_page(
        self, screen: ResultsScreen, dialogs: Person, tmp_path: Path, tab: int
    ):
        screen.notebook.select(tab)
        settle_jobs(screen)
        today = datetime.now()
        words, path = f"{today.year}年{today.month}月", tmp_path / "m.pdf"
        dialogs.answers += [chosen("PDFに保存", ResultsPaper.MONTH, words), path]
        press(screen, "F11")
        settle(screen, lambda: "保存しました" in screen.window.status_text)
        assert screen.window.status_text == f"{words}の月報を「m.pdf」に保存しました。"
        assert dialogs.asked[-1][1].startswith(f"月報-{today:%Y-%m}-")
        (page,) = read_pdf(path.read_bytes())
        texts = [line.text for line in page.lines]
        assert {
            f"{words}の月報",
            "ベーカリー こむぎ",
            "レジ横",
            "入口",
            "ポスターごとの受付",
        } <= set(texts)

    def test_the_month_before_is_proposed_and_the_list_keeps_its_own(
        self, screen: ResultsScreen, dialogs: Person, folder_of_receipts: DataFolder
    ):
        with closing(sqlite3.connect(folder_of_receipts.database)) as db, db:
            db.execute("UPDATE receipt SET received_at = '2026-01-05T00:00:00Z' WHERE number = ?",
                       (FIRST,))  # fmt: skip
        seen: list[tuple[bool, str]] = []

        def look(dialog: ResultsPrintDialog) -> None:
            last = (datetime.now().replace(day=1) - timedelta(days=1)).date().replace(day=1)
            assert dialog.month.value == last
            assert not dialog.month.widget.instate(["disabled"])
            settle(dialog, lambda: isinstance(dialog.focus_get(), ttk.Radiobutton))
            press(dialog, "Left")
            seen.append((dialog.month.widget.instate(["disabled"]), dialog.paper.value))
            press(dialog, "Escape")

        screen.notebook.select(2)
        settle_jobs(screen)
        dialogs.answers.append(look)
        press(screen, "F11")
        settle(screen, lambda: seen)
        assert seen == [(True, ResultsPaper.LIST)]


class TestPaper:
    def test_what_is_shown_is_printed_in_its_order(
        self, plain: ResultsScreen, dialogs: Person, tmp_path: Path
    ):
        click_heading(plain.list.table, "メールアドレス")
        settle_jobs(plain)
        type_in(plain.list.filter.text.widget, "docomo")
        settle_jobs(plain)
        shown = [str(number) for number in plain.list.table.row_keys]
        texts, pages = printed(plain, dialogs, tmp_path / "a.pdf")
        numbers = [
            line.text
            for page in pages
            for line in page.lines
            if line.left < 15 and line.text.isdecimal()
        ]
        assert numbers == shown
        assert texts[0] == "収集結果"
        assert texts[1].startswith("ベーカリー こむぎ　")
        assert texts[1].endswith(f"全{len(shown)}件")
        assert "ポスター" not in texts
        assert dialogs.asked[-1] == (
            "収集結果の印刷",
            f"収集結果-{datetime.now():%Y%m%d}.pdf",
        )
        assert all(line.right <= 285.1 for page in pages for line in page.lines)

    def test_posters_have_a_column_on_paper(
        self, screen: ResultsScreen, dialogs: Person, tmp_path: Path
    ):
        texts, _ = printed(screen, dialogs, tmp_path / "a.pdf")
        assert texts.count("ポスター") == 1
        assert texts.count("入口") == 1
        assert "レジ横" in texts

    def test_it_is_opened_from_the_data_folder(
        self,
        plain: ResultsScreen,
        dialogs: Person,
        folder_of_receipts: DataFolder,
        monkeypatch: pytest.MonkeyPatch,
    ):
        opened: list[Path] = []
        monkeypatch.setattr("kollect.ui.framework.pdf_file.open_file", opened.append)
        dialogs.answers.append(chosen("開いて印刷"))
        press(plain, "F11")
        settle(plain, lambda: opened and "実際のサイズ" in plain.window.status_text)
        assert folder_of_receipts.path in opened[0].parents
        assert len(read_pdf(opened[0].read_bytes())) == 3

    def test_nothing_is_made_where_it_is_called_off_or_nothing_is_shown(
        self, plain: ResultsScreen, dialogs: Person
    ):
        dialogs.answers.append(chosen("キャンセル"))
        press(plain, "F11")
        settle_jobs(plain)
        type_in(plain.list.filter.text.widget, "nobody at all")
        settle_jobs(plain)
        dialogs.answers.append(chosen("PDFに保存"))
        press(plain, "F11")
        settle(plain, lambda: dialogs.asked[-1][1] == "印刷するものがありません。")
        assert not dialogs.answers

    def test_a_character_that_is_not_in_the_font_is_named_before(
        self, program: Program, plain: ResultsScreen, dialogs: Person
    ):
        program.workspaces.real.save(Settings(shop=Shop(name="こむぎก🍞")), Passwords())
        dialogs.answers += [chosen("PDFに保存"), "キャンセル"]
        press(plain, "F11")
        settle(plain, lambda: not dialogs.answers)
        told = dialogs.asked[-1][1]
        assert "「ก」は、文字の形が印刷用のフォントにないため、「〓」になります。" in told
        assert "「🍞」は" in told

    @pytest.mark.parametrize("protected", [True, False])
    def test_a_list_out_of_protected_data_is_told_to_be_readable(
        self,
        plain: ResultsScreen,
        dialogs: Person,
        monkeypatch: pytest.MonkeyPatch,
        protected: bool,
    ):
        monkeypatch.setattr("kollect.app.results_service.is_marked", lambda path: protected)
        seen: list[bool] = []

        def look(dialog: ResultsPrintDialog) -> None:
            seen.append(READABLE_PAPER in shown_text(dialog.hint))
            focus(dialog.paper.widget)
            press(dialog, "Right")
            seen.append(READABLE_PAPER in shown_text(dialog.hint))
            press(dialog, "Escape")

        dialogs.answers.append(look)
        press(plain, "F11")
        settle(plain, lambda: len(seen) == 2)
        assert seen == [protected, False], "the numbers of 月報 name nobody"

    def test_whoever_goes_away_ends_it(
        self, plain: ResultsScreen, dialogs: Person, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(results_print, "TOLD_EVERY", 1)
        monkeypatch.setattr(results_print.list_pages, "make", slowly)
        dialogs.answers.append(chosen("PDFに保存"))
        press(plain, "F11")
        settle(plain, lambda: not dialogs.answers)
        plain.list.on_close()
        settle(plain, lambda: "印刷を中止しました" in plain.window.status_text)


class TestPosters:
    def test_without_posters_nobody_hears_of_them(self, plain: ResultsScreen):
        settle_jobs(plain)
        assert "ポスター" not in headings(plain.list.table)
        assert not seen(plain, "ポスター")
        plain.notebook.select(2)
        settle_jobs(plain)
        assert not seen(plain, "ポスターごと")
        assert seen(plain, "時間帯ごと")

    def test_the_column_says_by_which_somebody_came(self, screen: ResultsScreen):
        table = screen.list.table
        assert headings(table)[-1] == "ポスター"
        assert column(table, 7)[0] == "入口"
        assert {"レジ横", ""} <= set(column(table, 7))
        click_heading(table, "ポスター")
        settle_jobs(screen)
        names = column(table, 7)
        assert names == sorted(names) or names == sorted(names, reverse=True)

    def test_one_can_ask_for_those_of_one_poster(self, screen: ResultsScreen):
        table = screen.list.table
        choose_poster(screen, "入口")
        assert list(table.row_keys) == [LAST]
        choose_poster(screen, "レジ横")
        assert all(number % 3 == 0 for number in table.row_keys)
        choose_poster(screen, "ふつうのアドレス")
        assert LAST not in table.row_keys
        assert all(number % 3 for number in table.row_keys)
        click(screen.list.filter.clear_button)
        settle_jobs(screen)
        assert len(table.row_keys) == COUNT
        assert screen.list.filter.poster.value is None

    def test_the_table_for_a_spreadsheet_has_it_as_its_last_column(
        self, screen: ResultsScreen, dialogs: Person, tmp_path: Path
    ):
        path = tmp_path / "a.csv"
        dialogs.answers += ["古いソフト用", path]
        press(screen, "F12")
        settle(screen, path.exists)
        rows = list(csv.reader(path.read_text("cp932").splitlines()))
        assert rows[0] == [
            *("受付番号", "メールアドレス", "受付日時", "返信日時", "状態", "回数", "会員"),
            "ポスター",
        ]
        assert rows[1][7] == "入口"

    def test_the_chart_tells_which_brought_whom(self, screen: ResultsScreen):
        screen.notebook.select(2)
        settle_jobs(screen)
        chart = screen.chart
        click(labelled(chart, "ポスターごと"))
        settle_jobs(screen)
        counts = {bar.label: bar.count for bar in chart.chart.bars}
        assert list(counts) == ["ふつうのアドレス", "レジ横", "入口"]
        assert counts["入口"] == 1
        assert sum(counts.values()) == COUNT
        assert f"合計 {COUNT}件" in chart.summary.text

    @pytest.mark.parametrize("size", TextSize)
    def test_nothing_is_cut_off(self, screen: ResultsScreen, size: TextSize):
        screen.window.root.geometry("1024x524")
        screen.window.set_text_size(size)
        screen.list.filter.period.value = Period.GIVEN
        screen.list.filter.period.widget.event_generate("<<ComboboxSelected>>")
        settle_jobs(screen)
        screen.update()
        assert not cut_off(screen)
