"""ログの表示: a month, a day, a search, a copy for Notepad; 200,000 lines freeze nothing."""

from __future__ import annotations

import logging
import os
import re
import sys
from datetime import date, datetime
from pathlib import Path
from tkinter import ttk

import pytest

from kollect.app.workspace import Workspace
from kollect.collector.events import PollFinished, PollReport
from kollect.settings.model import TextSize
from kollect.storage.data_folder import DataFolder
from kollect.storage.event_log import read_month
from kollect.ui.log.screen import LogScreen
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.receipt_samples import fill_log
from tests.helpers.table_driver import (
    choose_from_menu,
    click_row,
    column,
    empty_text,
    in_view,
    looks,
    rows,
)
from tests.helpers.ui_driver import (
    Person,
    click,
    cut_off,
    focus,
    labelled,
    press,
    settle,
    settle_jobs,
    type_in,
)

LINES = 3000
NEWEST, BEFORE, OLDEST = date(2026, 9, 1), date(2026, 8, 1), date(2026, 5, 1)


@pytest.fixture
def folder(folder: DataFolder) -> DataFolder:
    for seed, month in enumerate((OLDEST, BEFORE, NEWEST)):
        fill_log(folder, month, lines=LINES, seed=seed)
    return folder


@pytest.fixture
def screen(program: Program) -> LogScreen:
    # what the program itself has logged is in the month of today, the newest one
    return open_screen(program)


def open_screen(program: Program) -> LogScreen:
    """From the menu by its digit; 2026年9月 is chosen and shown."""
    press(program.window.root, "3")
    screen = program.window.screen
    assert isinstance(screen, LogScreen)
    settle(screen, lambda: screen.month.cget("values"))
    idle(screen)
    return screen


@pytest.fixture
def september(screen: LogScreen) -> LogScreen:
    show(screen, "2026年9月")
    return screen


def show(screen: LogScreen, month: str) -> None:
    """Choose a month and press 「月指定」."""
    months = [str(word) for word in screen.tk.splitlist(screen.month.cget("values"))]
    screen.month.current(months.index(month))
    click(labelled(screen, "月指定"))
    idle(screen)


def idle(screen: LogScreen) -> None:
    settle_jobs(screen)


def said(screen: LogScreen) -> str:
    return screen.window.status_text


def detail(screen: LogScreen) -> str:
    return screen.text.get("1.0", "end-1c")


class TestMonth:
    def test_all_months_can_be_chosen_the_newest_first(self, screen: LogScreen):
        months = [str(word) for word in screen.tk.splitlist(screen.month.cget("values"))]
        today = date.today()
        here = [f"{today.year}年{today.month}月"] * (today not in (NEWEST, BEFORE, OLDEST))
        assert [m for m in months if m not in here] == ["2026年9月", "2026年8月", "2026年5月"]

    def test_the_month_is_shown_to_its_end(self, september: LogScreen, folder: DataFolder):
        lines = read_month(folder, "2026-09")
        assert september.count.cget("text") == f"全体 {LINES:,}件"
        shown = rows(september.table)[-1]
        assert " ".join(shown) == lines[-1].replace("-", "/", 2)
        assert september.table.current == LINES - 1
        assert detail(september) == shown[2]

    def test_choosing_alone_changes_nothing_until_the_button(self, september: LogScreen):
        before = rows(september.table)
        september.month.current(2)
        september.update()
        assert rows(september.table) == before
        press(september, "Tab")
        focus(labelled(september, "月指定"))
        press(september, "Return")
        settle(september, lambda: rows(september.table) != before)

    def test_errors_stand_out_and_the_whole_line_is_below(self, september: LogScreen):
        table = september.table
        focus(table.tree)
        press(table.tree, "Home")
        for _ in range(40):
            kinds = column(table, 1)
            if "エラー" in kinds and kinds.index("エラー") != (table.at or 0) - table.top:
                break
            press(table.tree, "Next")
        row = kinds.index("エラー")
        assert "wrong" in looks(table, row)
        click_row(table, row)
        assert detail(september).startswith("予期しない誤り")

    def test_what_is_written_meanwhile_appears_at_the_end(self, program: Program):
        logging.getLogger("kollect.test").info("このあと、もう1行")
        screen = open_screen(program)
        count = len(screen.table.row_keys)
        logging.getLogger("kollect.test").info("あたらしい行")
        screen.window.on_collector_event(
            PollFinished(datetime.now().astimezone(), PollReport(), None, None)
        )
        settle(screen, lambda: len(screen.table.row_keys) == count + 1)
        assert column(screen.table, 2)[-1] == "あたらしい行"
        assert screen.table.current == count, "whoever is at the end stays there"

    def test_f5_keeps_the_place(self, september: LogScreen):
        table = september.table
        focus(table.tree)
        press(table.tree, "Home", "Next", "Next", "Next")
        before = (table.top, table.current)
        press(september, "F5")
        idle(september)
        assert (table.top, table.current) == before

    def test_a_month_without_a_log_says_so(self, program: Program, folder: DataFolder):
        for file in folder.log_dir.iterdir():
            file.unlink()
        screen = open_screen(program)
        assert rows(screen.table) == []
        assert empty_text(screen.table) == "まだ記録はありません。"
        press(screen, "F12")
        assert not (folder.log_dir / "取り出し").exists()


class TestDay:
    def go(self, screen: LogScreen, day: str) -> None:
        type_in(screen.day.widget, day)
        click(labelled(screen, "指定日の場所に位置づけ"))
        idle(screen)

    def test_the_cursor_goes_to_the_first_line_of_the_day(self, september: LogScreen):
        self.go(september, "2026/9/12")
        assert column(september.table, 0)[0].startswith("2026/09/12 09:0")
        assert september.table.at == september.table.top
        assert rows(september.table)[0][2] == detail(september)
        assert said(september) == "9月12日（土）の記録です。"
        assert september.focus_get() is september.table.tree
        before = september.table.at
        press(september, "Up")
        assert (september.table.at or 0) == (before or 0) - 1
        settle(september, lambda: column(september.table, 0)[0].startswith("2026/09/11"))

    def test_a_day_without_entries_leads_to_the_next_one_and_says_so(self, september: LogScreen):
        self.go(september, "20260906")
        assert column(september.table, 0)[0].startswith("2026/09/09")
        assert said(september) == "9月6日（日）の記録はありません。次の9月9日（水）を表示しました。"

    def test_a_day_of_another_month_opens_that_month(self, september: LogScreen):
        self.go(september, "2026-05-20")
        assert september.month.get() == "2026年5月"
        assert column(september.table, 0)[0].startswith("2026/05/20")
        self.go(september, "2026/6/10")
        assert (
            said(september) == "6月10日（水）の記録はありません。次の8月1日（土）を表示しました。"
        )
        assert september.month.get() == "2026年8月"

    def test_after_the_last_day_it_stays_where_it_is(self, september: LogScreen):
        before = rows(september.table)
        self.go(september, "2099/1/1")
        assert said(september) == "1月1日（木）からあとの記録はありません。"
        assert rows(september.table) == before

    def test_what_is_no_day_is_said_beside_the_field(self, september: LogScreen):
        self.go(september, "あした")
        assert "2026/11/5 のように" in september.day.error
        assert september.focus_get() is september.day.widget
        self.go(september, "9/1")
        assert not september.day.error


class TestSearch:
    def test_every_letter_marks_what_it_finds_and_goes_to_the_nearest(self, september: LogScreen):
        type_in(september.search.wanted.widget, "YAHOO")
        idle(september)
        hits = september.search.hits
        assert 0 < len(hits) < LINES / 5
        table = september.table
        assert table.current == hits[-1], "from the end of the log upwards"
        assert "yahoo" in detail(september)
        ranges = september.text.tag_ranges("mark")
        assert september.text.get(ranges[0], ranges[1]) == "yahoo"
        for row, place in enumerate(in_view(table)):
            if place != table.current:
                assert ("mark" in looks(table, row)) == (place in hits)
        assert september.search.told.cget("text") == f"{len(hits)} ／ {len(hits)}件"

    def test_next_and_before_walk_over_the_hits_and_round(self, september: LogScreen):
        type_in(september.search.wanted.widget, "yahoo")
        idle(september)
        hits = september.search.hits
        click(labelled(september, "前へ"))
        assert september.table.current == hits[-2]
        assert september.search.told.cget("text") == f"{len(hits) - 1} ／ {len(hits)}件"
        click(labelled(september, "次へ"))
        click(labelled(september, "次へ"))
        assert september.table.current == hits[0]
        assert "初めに戻ります" in said(september)
        focus(september.search.wanted.widget)
        press(september, "Return")
        assert september.table.current == hits[1]
        press(september, "Shift-Return", "Shift-F3")
        assert september.table.current == hits[-1]
        assert "終わりに戻ります" in said(september)
        press(september, "F3")
        assert september.table.current == hits[0]

    def test_what_is_not_there_is_said(self, september: LogScreen):
        type_in(september.search.wanted.widget, "zzzz")
        idle(september)
        assert september.search.told.cget("text") == "見つかりません"
        assert "disabled" in september.search.next_button.state()
        type_in(september.search.wanted.widget, "")
        idle(september)
        assert september.search.told.cget("text") == ""
        assert not september.text.tag_ranges("mark")

    def test_hidden_addresses_are_told_of_and_found_as_the_log_has_them(
        self, september: LogScreen, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(Workspace, "protected", True)
        type_in(september.search.wanted.widget, "hanako.nobody")
        settle(september, lambda: "受付番号でさがせます" in september.window.status_text)
        type_in(september.search.wanted.widget, "yahoo")
        settle(september, lambda: not september.window.status_text)
        assert september.search.hits

    def test_another_month_is_searched_too(self, september: LogScreen):
        type_in(september.search.wanted.widget, "yahoo")
        idle(september)
        before = len(september.search.hits)
        show(september, "2026年8月")
        settle(september, lambda: len(september.search.hits) not in (0, before))


class TestNarrowed:
    TRACE = "（ValueError: x ← poll.py:61 poll ← worker.py:203 run）"

    @pytest.fixture
    def folder(self, folder: DataFolder) -> DataFolder:
        with (folder.log_dir / "2026-09.txt").open("a", encoding="utf-8") as file:
            file.write(f"2026-09-30 20:00:00 エラー 予期しない誤りが起きました{self.TRACE}\n")
        return folder

    def test_technical_words_are_shown_only_where_they_are_wanted(self, september: LogScreen):
        assert detail(september) == "予期しない誤りが起きました"
        assert "←" not in "".join(column(september.table, 2))
        click(labelled(september, "詳細も"))
        assert detail(september) == f"予期しない誤りが起きました{self.TRACE}"
        click(labelled(september, "詳細も"))
        type_in(september.search.wanted.widget, "worker.py")
        idle(september)
        assert self.TRACE in detail(september), "what was found there can be seen"

    def test_errors_alone(self, september: LogScreen, folder: DataFolder):
        lines = read_month(folder, "2026-09")
        faults = [line for line in lines if re.match(r"\S+ \S+ (エラー|注意) ", line)]
        click(labelled(september, "エラーだけ"))
        idle(september)
        assert len(september.table.row_keys) == len(faults)
        assert set(column(september.table, 1)) <= {"エラー", "注意"}
        assert september.count.cget("text") == f"表示 {len(faults)}件 ／ 全体 {LINES + 1:,}件"
        assert detail(september) == "予期しない誤りが起きました", "where one was, one is"
        press(september, "F5")
        idle(september)
        assert len(september.table.row_keys) == len(faults)
        type_in(september.day.widget, "2026/9/12")
        press(september, "Return")
        idle(september)
        assert column(september.table, 0)[0] >= "2026/09/12"
        at = september.table.at
        click(labelled(september, "エラーだけ"))
        idle(september)
        assert len(september.table.row_keys) == LINES + 1
        kind = column(september.table, 1)[(september.table.at or 0) - september.table.top]
        assert kind in ("エラー", "注意")
        assert at is not None

    def test_a_day_is_chosen_among_those_with_entries(
        self, september: LogScreen, folder: DataFolder
    ):
        box = september.day.widget
        assert isinstance(box, ttk.Combobox)
        september.tk.eval(str(box.cget("postcommand")))
        offered = [str(day) for day in box.cget("values")]
        there = {line[:10].replace("-", "/") for line in read_month(folder, "2026-09")}
        assert offered == sorted(there, reverse=True)
        box.set(offered[-1])
        box.event_generate("<<ComboboxSelected>>")
        idle(september)
        settle(september, lambda: column(september.table, 0)[0].startswith(offered[-1]))


class TestTakingOut:
    @pytest.fixture
    def opened(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        listing, opener = tmp_path / "opened.txt", tmp_path / "bin" / "xdg-open"
        opener.parent.mkdir()
        opener.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >>"{listing}"\n')
        opener.chmod(0o755)
        monkeypatch.setenv("PATH", f"{opener.parent}{os.pathsep}{os.environ['PATH']}")
        return listing

    @pytest.mark.skipif(sys.platform == "win32", reason="os.startfile asks no PATH")
    def test_f12_opens_a_copy_with_the_program_for_txt(
        self, september: LogScreen, folder: DataFolder, opened: Path
    ):
        press(september, "F12")
        settle(september, opened.exists)
        path = folder.log_dir / "取り出し" / "ログ_2026-09.TXT"
        settle(september, lambda: opened.read_text("utf-8") == f"{path}\n")
        copy = path.read_bytes()
        assert copy.startswith(b"\xef\xbb\xbf")
        assert copy.decode("utf-8-sig").split("\r\n")[:-1] == read_month(folder, "2026-09")
        settle(september, lambda: said(september) == "「ログ_2026-09.TXT」として取り出しました。")

    def test_without_a_program_the_copy_is_there_and_it_says_where(
        self,
        september: LogScreen,
        folder: DataFolder,
        dialogs: Person,
        monkeypatch: pytest.MonkeyPatch,
    ):
        monkeypatch.setenv("PATH", "")
        press(september, "F12")
        settle(september, lambda: dialogs.troubles)
        assert "取り出し" in dialogs.troubles[0].cure
        assert (folder.log_dir / "取り出し" / "ログ_2026-09.TXT").exists()

    def test_lines_are_copied(self, september: LogScreen, folder: DataFolder):
        click_row(september.table, 0)
        press(september, "Shift-Down", "Control-c")
        lines = read_month(folder, "2026-09")
        at = september.table.at or 0
        assert september.clipboard_get().splitlines() == lines[at - 1 : at + 1]
        click_row(september.table, 0, button=3)
        choose_from_menu(september.table, "すべて選択")
        assert september.table.selected_count == LINES


def test_by_keyboard_alone(program: Program, screen: LogScreen):
    """Choose a month, go to a day, search, read, and go back."""
    root = program.window.root
    assert root.focus_get() is screen.month
    press(
        root,
        *["Down"] * (list(screen.tk.splitlist(screen.month.cget("values"))).index("2026年9月")),
    )
    press(root, "Return")
    idle(screen)
    assert column(screen.table, 0)[-1].startswith("2026/09/28")
    assert root.focus_get() is screen.day.widget
    type_in(root.focus_get(), "9/15")
    press(root, "Return")
    idle(screen)
    assert column(screen.table, 0)[0].startswith("2026/09/15")
    press(root, "Control-f")
    assert root.focus_get() is screen.search.wanted.widget
    press(root, "Escape")
    assert isinstance(program.window.screen, MenuScreen)


@pytest.mark.slow
def test_200_000_lines_freeze_nothing(program: Program, folder: DataFolder):
    fill_log(folder, NEWEST, lines=200_000)
    root = program.window.root
    screen = open_screen(program)

    def work() -> None:
        show(screen, "2026年9月")
        assert len(screen.table.row_keys) == 200_000
        type_in(screen.search.wanted.widget, "docomo")
        idle(screen)
        assert len(screen.search.hits) > 20_000
        for _ in range(5):
            click(labelled(screen, "前へ"))
        type_in(screen.day.widget, "9/20")
        click(labelled(screen, "指定日の場所に位置づけ"))
        idle(screen)
        assert column(screen.table, 0)[0].startswith("2026/09/20")
        press(root, "F5")
        idle(screen)

    longest = Heartbeat(root).during(work)
    print(f"longest pause {round(1000 * longest)} ms")
    assert longest < LONGEST_SILENCE


@pytest.mark.parametrize("size", list(TextSize))
def test_nothing_is_cut_off_in_any_size(program: Program, screen: LogScreen, size: TextSize):
    program.window.root.geometry("1024x524")
    program.window.set_text_size(size)
    type_in(screen.day.widget, "x")
    click(labelled(screen, "指定日の場所に位置づけ"))
    idle(screen)
    assert screen.day.error
    assert cut_off(program.window.root) == []
    assert screen.table.room >= 2
