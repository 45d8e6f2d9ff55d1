"""収集結果表示: found while typing, sorted, copied, sent again, taken out, and drawn as bars."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from tkinter import ttk

import pytest

from kollect.collector.events import PollFinished, PollReport
from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.ledger.ledger import Ledger
from kollect.ledger.records import MailRecord
from kollect.ledger.states import ReceiptState
from kollect.members.member import Member
from kollect.printing.documents import Paper
from kollect.settings.model import Collect, Passwords, Settings, TextSize
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import sqlite3
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from kollect.ui.papers.screen import PapersScreen
from kollect.ui.results.kept_dialogs import MailDialog, NumberDialog
from kollect.ui.results.screen import ResultsScreen
from kollect.ui.widgets.dates import Period, day_text
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.member_samples import YAMADA, numbers, register, stored
from tests.helpers.receipt_samples import FIRST, TEXT, fill_kept, fill_receipts
from tests.helpers.table_driver import (
    choose_from_menu,
    click_heading,
    click_row,
    column,
    empty_text,
    headings,
    in_front,
    looks,
    rows,
    scroll_bar,
)
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    focus,
    labelled,
    press,
    settle,
    settle_jobs,
    type_in,
)

COUNT = 300
LAST = FIRST + COUNT - 1
SHIFT, CONTROL = 1, 4
SHOP = Settings(mail_address="karamail@ocn.ne.jp", forward_address="tencho@example.jp")


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system whose program for every file writes down what it was to open."""
    listing = tmp_path / "opened.txt"
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    opener = bin_dir / "xdg-open"
    opener.write_text(f'#!/bin/sh\nprintf "%s\\n" "$1" >>"{listing}"\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_dir}{os.pathsep}{os.environ['PATH']}")
    return listing


@pytest.fixture
def now() -> datetime:
    return datetime.now().astimezone().replace(microsecond=0)


@pytest.fixture
def screen(program: Program, now: datetime) -> ResultsScreen:
    program.workspaces.real.save(SHOP, Passwords())
    fill_receipts(program.workspaces.real.folder, COUNT, now, days=60)
    return open_screen(program, COUNT)


def open_screen(program: Program, count: int) -> ResultsScreen:
    """From the menu by its digit, as a user does."""
    press(program.window.root, "2")
    screen = program.window.screen
    assert isinstance(screen, ResultsScreen)
    settle(screen, lambda: len(screen.list.table.row_keys) == count)
    return screen


def found(screen: ResultsScreen, count: int) -> None:
    settle(screen, lambda: len(screen.list.table.row_keys) == count)


def search(screen: ResultsScreen, text: str) -> None:
    type_in(screen.list.filter.text.widget, text)
    idle(screen)


def idle(screen: ResultsScreen) -> None:
    """What was asked for is shown."""
    settle_jobs(screen)


def owed(folder: DataFolder) -> list[MailRecord]:
    with closing(Ledger(folder.database)) as ledger:
        return ledger.owed(0, 100)


def said(program: Program) -> str:
    """What stands in the bottom bar."""
    return program.window.status_text


class TestList:
    def test_every_receipt_is_listed_the_newest_first(
        self, screen: ResultsScreen, program: Program
    ):
        table = screen.list.table
        assert headings(table) == [
            "受付番号 ▼",
            "メールアドレス",
            "受付日時",
            "返信日時",
            "状態",
            "回数",
            "会員",
        ]
        assert column(table, 0)[:3] == [str(LAST), str(LAST - 1), str(LAST - 2)]
        first = program.workspaces.current.results().receipts([LAST])[LAST]
        shown = rows(table)[0]
        assert shown[1] == first.address
        assert shown[2] == f"{first.received_at.astimezone():%Y/%m/%d %H:%M}"
        assert {cells[4] for cells in rows(table)} <= {"送信済", "未送信", "未確認", "不達"}
        assert screen.list.count.cget("text") == f"全体 {COUNT}件"

    def test_letters_narrow_it_down_as_they_are_typed(self, screen: ResultsScreen):
        search(screen, "taro docomo")
        assert 0 < len(screen.list.table.row_keys) < COUNT / 4
        assert all("taro" in mail and "docomo" in mail for mail in column(screen.list.table, 1))
        assert screen.list.count.cget("text").startswith(
            f"表示 {len(screen.list.table.row_keys)}件"
        )
        search(screen, str(LAST - 7))
        assert column(screen.list.table, 0) == [str(LAST - 7)]
        search(screen, "nobody-has-this")
        assert rows(screen.list.table) == []
        assert "条件に合う受付はありません" in empty_text(screen.list.table)
        click(labelled(screen, "条件を消す"))
        found(screen, COUNT)
        assert screen.list.filter.text.value == ""

    def test_the_period_of_today_and_days_of_ones_own(self, screen: ResultsScreen, now: datetime):
        bar = screen.list.filter
        focus(bar.period.widget)
        bar.period.widget.current(list(Period).index(Period.TODAY))
        bar.period.widget.event_generate("<<ComboboxSelected>>")
        idle(screen)
        table = screen.list.table
        assert all(when.startswith(f"{now:%Y/%m/%d}") for when in column(table, 2))
        today = len(table.row_keys)
        bar.period.widget.current(list(Period).index(Period.GIVEN))
        bar.period.widget.event_generate("<<ComboboxSelected>>")
        idle(screen)
        assert bar.last.value == day_text(now.date())
        day = now.date() - timedelta(days=10)
        type_in(bar.first.widget, f"{day.month}/{day.day}")
        type_in(bar.last.widget, day_text(day))
        idle(screen)
        assert {when[:10] for when in column(table, 2)} == {day_text(day)}
        shown = list(table.row_keys)
        type_in(bar.last.widget, "13/45")
        assert not bar.last.error, "nobody is interrupted while typing"
        press(screen, "Return")
        assert "2026/11/5 のように" in bar.last.error
        type_in(bar.last.widget, day_text(day - timedelta(days=1)))
        press(screen, "Return")
        assert "前になっています" in bar.last.error
        type_in(bar.last.widget, "")
        idle(screen)
        assert len(table.row_keys) >= today + len(shown)

    def test_the_undeliverable_ones_stand_out_and_tell_why(self, screen: ResultsScreen):
        state = screen.list.filter.receipt_state.widget
        focus(state)
        state.current(list(ReceiptState).index(ReceiptState.UNDELIVERABLE) + 1)
        state.event_generate("<<ComboboxSelected>>")
        idle(screen)
        table = screen.list.table
        assert set(column(table, 4)) == {"不達"}
        assert "wrong" in looks(table, 1)
        assert "宛先がありません。（サーバの答え: 550 5.1.1 User unknown" in screen.list.about.text
        click(screen.list.sheet_button)
        papers = screen.window.screen
        assert isinstance(papers, PapersScreen)
        assert papers.paper.value is Paper.SHEET

    def test_a_click_on_a_heading_sorts_and_another_turns_it_round(self, screen: ResultsScreen):
        table = screen.list.table
        click_heading(table, "メールアドレス")
        idle(screen)
        assert headings(table)[:2] == ["受付番号", "メールアドレス ▲"]
        mails = column(table, 1)
        assert mails == sorted(mails)
        click_heading(table, "メールアドレス")
        idle(screen)
        assert headings(table)[1] == "メールアドレス ▼"
        assert column(table, 1)[0] > mails[0]
        for title, number in (("受付日時", 2), ("回数", 5)):
            click_heading(table, title)
            idle(screen)
            assert column(table, number) == sorted(column(table, number), reverse=True)

    def test_keys_wheel_and_scroll_bar_reach_every_row(self, screen: ResultsScreen):
        table = screen.list.table
        focus(table.tree)
        press(table.tree, "End")
        settle(screen, lambda: column(table, 0)[-1] == str(FIRST))
        assert scroll_bar(table).get()[1] == 1.0
        press(table.tree, "Home", "Next")
        assert table.current == LAST - table.room
        press(table.tree, "Prior", "Down", "Down")
        assert table.current == LAST - 2
        table.tree.event_generate("<Button-5>")
        screen.update()
        assert table.top > 0
        table.tk.call(str(scroll_bar(table).cget("command")), "moveto", "0.5")
        settle(screen, lambda: column(table, 0)[0] == str(LAST - COUNT // 2))
        size = scroll_bar(table).get()[1] - scroll_bar(table).get()[0]
        assert size == pytest.approx(table.room / COUNT)

    def test_f5_shows_what_is_new_and_keeps_the_place(
        self, screen: ResultsScreen, program: Program, now: datetime
    ):
        table = screen.list.table
        focus(table.tree)
        press(table.tree, *["Next"] * 4)
        settle(screen, lambda: column(table, 0)[0] == str(LAST - table.top))
        top, current = column(table, 0)[0], table.current
        give_another(program.workspaces.real.folder, LAST + 1, now)
        press(screen, "F5")
        found(screen, COUNT + 1)
        assert (column(table, 0)[0], table.current) == (top, current)
        assert table.row_keys[0] == LAST + 1

    def test_after_a_poll_that_brought_something_it_is_read_again(
        self, screen: ResultsScreen, program: Program, now: datetime
    ):
        give_another(program.workspaces.real.folder, LAST + 1, now)
        screen.window.on_collector_event(PollFinished(now, PollReport(left=3), None, None))
        idle(screen)
        assert len(screen.list.table.row_keys) == COUNT, "nothing new was told"
        screen.window.on_collector_event(PollFinished(now, PollReport(accepted=1), None, None))
        found(screen, COUNT + 1)
        assert column(screen.list.table, 0)[0] == str(LAST + 1)

    def test_the_number_is_shown_with_its_zeros(self, screen: ResultsScreen, program: Program):
        press(screen, "Escape")
        program.workspaces.real.save(
            Settings(mail_address=SHOP.mail_address, collect=Collect(number_digits=7)),
            Passwords(),
        )
        screen = open_screen(program, COUNT)
        assert column(screen.list.table, 0)[0] == f"{LAST:07d}"
        search(screen, f"{LAST:07d}")
        assert len(screen.list.table.row_keys) == 1

    def test_an_empty_register_says_what_will_come(self, program: Program):
        screen = open_screen(program, 0)
        idle(screen)
        assert "まだ受付はありません" in empty_text(screen.list.table)
        assert screen.list.count.cget("text") == "全体 0件"
        press(screen, "F12")  # there is nothing to take out, and nobody is asked

    def test_a_file_that_cannot_be_read_is_told(self, program: Program, dialogs: Person):
        program.workspaces.real.folder.database.write_bytes(b"no database" * 500)
        press(program.window.root, "2")
        settle(program.window.root, lambda: dialogs.troubles)
        assert dialogs.troubles[0].title == "受付の記録が壊れています"


def give_another(folder: DataFolder, number: int, now: datetime) -> None:
    with closing(sqlite3.connect(folder.database)) as db, db:
        moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        db.execute(
            "INSERT INTO receipt (number, address, address_key, received_at, state, template)"
            " SELECT ?, ?, ?, ?, 'pending', min(id) FROM template",
            (number, f"new{number}@docomo.ne.jp", f"new{number}@docomo.ne.jp", moment),
        )

    def test_what_only_seems_lost_is_told_with_its_reason(
        self, screen: ResultsScreen, program: Program
    ):
        path = program.workspaces.real.folder.database
        with closing(sqlite3.connect(path)) as db, db:
            sent = "UPDATE receipt SET state = 'replied', reason = '550 5.1.1 no' WHERE number = ?"
            db.execute(sent, (LAST,))
        press(screen, "F5")
        table = screen.list.table
        settle(screen, lambda: column(table, 4)[0] == "届かなかったようです")
        assert (
            screen.list.about.text
            == "届かなかったようです。宛先がありません。（サーバの答え: 550 5.1.1 no）"
        )
        click_row(table, 1)
        assert "wrong" in looks(table, 0)


class TestSelectionAndCopy:
    def test_a_row_is_selected_by_click_more_with_shift_and_control(self, screen: ResultsScreen):
        table = screen.list.table
        click_row(table, 2)
        assert table.selection == [LAST - 2]
        click_row(table, 5, state=SHIFT)
        assert table.selection == [LAST - n for n in range(2, 6)]
        click_row(table, 3, state=CONTROL)
        assert table.selection == [LAST - 2, LAST - 4, LAST - 5]
        press(table.tree, "Shift-Down", "Shift-Down")
        assert table.current == LAST - 5
        assert screen.list.about.text == "3件を選んでいます。"
        press(table.tree, "Control-a")
        assert table.selected_count == COUNT
        press(table.tree, "Up")
        assert table.selected_count == 1

    def test_dragging_selects(self, screen: ResultsScreen):
        table = screen.list.table
        boxes = [table.tree.bbox(line) for line in table.tree.get_children()]
        x = boxes[0][0] + 40
        table.tree.event_generate("<Button-1>", x=x, y=boxes[1][1] + 5)
        table.tree.event_generate("<B1-Motion>", x=x, y=boxes[4][1] + 5)
        table.tree.event_generate("<ButtonRelease-1>", x=x, y=boxes[4][1] + 5)
        assert table.selection == [LAST - n for n in range(1, 5)]

    def test_control_c_copies_the_address(self, screen: ResultsScreen, program: Program):
        table = screen.list.table
        click_row(table, 0)
        address = rows(table)[0][1]
        press(table.tree, "Control-c")
        settle(screen, lambda: "コピーしました" in said(program))
        assert screen.clipboard_get() == address
        assert address in said(program)
        press(table.tree, "Shift-Down")
        click(labelled(screen, "アドレスをコピー"))
        settle(screen, lambda: said(program).startswith("2件"))
        assert screen.clipboard_get().splitlines() == column(table, 1)[:2]

    def test_the_menu_of_the_right_button_copies_whole_rows(
        self, screen: ResultsScreen, program: Program
    ):
        table = screen.list.table
        click_row(table, 1, button=3)
        assert table.selection == [LAST - 1], "the row under the pointer is meant"
        choose_from_menu(table, "行をコピー")
        settle(screen, lambda: "コピーしました" in said(program))
        assert screen.clipboard_get() == "\t".join(rows(table)[1])
        click_row(table, 1, button=3)
        choose_from_menu(table, "すべて選択")
        assert table.selected_count == COUNT


class TestSendAgain:
    def test_it_asks_first_and_says_when(
        self, screen: ResultsScreen, program: Program, dialogs: Person
    ):
        search(screen, str(LAST - 3))
        address = column(screen.list.table, 1)[0]
        dialogs.answers.append("キャンセル")
        click(labelled(screen, "再送"))
        assert f"受付番号 {LAST - 3} を、{address} へもう一度" in dialogs.asked[-1][1]
        assert not owed(program.workspaces.real.folder)
        dialogs.answers.append("再送する")
        click(labelled(screen, "再送"))
        settle(screen, lambda: said(program) == "次の受信のときに送ります。")
        assert [(e.number, e.address) for e in owed(program.workspaces.real.folder)] == [
            (LAST - 3, address)
        ]

    def test_a_slip_of_the_hand_does_not_write_to_everybody(
        self, screen: ResultsScreen, program: Program, dialogs: Person
    ):
        click_row(screen.list.table, 0)
        press(screen.list.table.tree, "Control-a")
        click(labelled(screen, "再送"))
        assert "50件まで" in dialogs.asked[-1][1]
        assert not owed(program.workspaces.real.folder)

    def test_without_mail_settings_it_says_what_is_missing(
        self, screen: ResultsScreen, program: Program, dialogs: Person
    ):
        program.workspaces.real.save(Settings(), Passwords())
        dialogs.answers.append("再送する")
        click(labelled(screen, "再送"))
        settle(screen, lambda: dialogs.troubles)
        assert "緒言設定" in dialogs.troubles[0].cure


@pytest.mark.real
class TestWhileCollecting:
    @pytest.fixture
    def server(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoServer]:
        with DemoServer() as server:
            for which in ("RECEIVE", "SEND"):
                monkeypatch.setenv(f"KOLLECT_{which}_PASSWORD", server.password)
            yield server

    def test_a_customer_is_seen_to_come_and_gets_her_number_again(
        self, program: Program, server: DemoServer, dialogs: Person
    ):
        hanako = Customer(server, "hanako..yamada.@docomo.ne.jp", "山田花子")
        program.workspaces.real.save(demo_settings(server), Passwords())
        screen = open_screen(program, 0)
        program.workspaces.current.start_collecting()
        program.go.tray.begin()
        hanako.send_blank()
        program.workspaces.current.poll_now()
        found(screen, 1)
        letters: list[str] = []

        def arrived(count: int) -> bool:
            letters.extend(letter.body for letter in hanako.read())
            return len(letters) >= count

        settle(screen, lambda: arrived(1))
        settle(screen, lambda: column(screen.list.table, 4) == ["送信済"])
        dialogs.answers.append("再送する")
        click(labelled(screen, "再送"))
        settle(screen, lambda: said(program) == "いまから送ります。")
        settle(screen, lambda: arrived(2))
        number = column(screen.list.table, 0)[0]
        assert all(number in letter for letter in letters)

    def test_a_mail_with_a_subject_gets_its_number_by_hand(
        self, program: Program, server: DemoServer, dialogs: Person
    ):
        ichiro = Customer(server, "ichiro@phone.example", "佐藤一郎")
        program.workspaces.real.save(demo_settings(server), Passwords())
        screen = open_screen(program, 0)
        screen.notebook.select(1)
        program.workspaces.current.start_collecting()
        program.go.tray.begin()
        ichiro.send("受付おねがいします", "会員になりたいです")
        program.workspaces.current.poll_now()
        settle(screen, lambda: len(screen.kept.table.row_keys) == 1)
        settle(screen, lambda: column(screen.kept.table, 3) == ["転送済み"])

        def read(dialog: MailDialog) -> None:
            assert "会員になりたいです" in dialog.text.get("1.0", "end")
            click(labelled(dialog, "受付番号を発行"))

        def take_his_address(dialog: NumberDialog) -> None:
            in_front(dialog)
            press(dialog, "Return")

        dialogs.answers += [read, take_his_address]
        click(labelled(screen.kept, "内容を見る"))
        settle(screen, lambda: column(screen.kept.table, 3)[0].startswith("番号 1001"))
        letters: list[str] = []

        def arrived() -> bool:
            letters.extend(letter.body for letter in ichiro.read())
            return bool(letters)

        settle(screen, arrived)
        assert "1001" in letters[0]


class TestKeptMails:
    @pytest.fixture
    def screen(self, program: Program, now: datetime) -> ResultsScreen:
        program.workspaces.real.save(SHOP, Passwords())
        fill_receipts(program.workspaces.real.folder, 20, now)
        fill_kept(program.workspaces.real.folder, now)
        screen = open_screen(program, 20)
        press(screen, "Control-Tab")
        settle(screen, lambda: len(screen.kept.table.row_keys) == 6)
        return screen

    def test_they_are_listed_with_what_became_of_them(self, screen: ResultsScreen):
        table = screen.kept.table
        assert screen.tab is screen.kept
        assert column(table, 1)[:2] == ["suzuki.ichiro@docomo.ne.jp", "（読み取れません）"]
        assert column(table, 2)[:2] == ["ポイントカードをなくしました", "（見出なし）"]
        assert column(table, 3) == [
            "転送済み", "転送済み", "転送待ち", "保存のみ", "保存のみ", "転送できず",
        ]  # fmt: skip
        assert screen.kept.about.text == "理由: 見出があるため、空メールではありません。"
        click_row(table, 2)
        assert "Precedence" in screen.kept.about.text

    def test_words_of_sender_and_subject_find_them(self, screen: ResultsScreen):
        type_in(screen.kept.text.widget, "wholesale 配送")
        settle(screen, lambda: len(screen.kept.table.row_keys) == 1)
        assert screen.kept.count.cget("text") == "表示 1件 ／ 全体 6件"

    def test_enter_reads_one_and_nothing_in_it_runs(self, screen: ResultsScreen, dialogs: Person):
        seen: list[str] = []

        def read(dialog: MailDialog) -> None:
            in_front(dialog)
            seen.append(dialog.text.get("1.0", "end-1c"))
            seen.extend(str(w.cget("text")) for w in all_inside(dialog) if isinstance(w, ttk.Label))
            dialog.text.event_generate("<Key-x>")
            seen.append(dialog.text.get("1.0", "end-1c"))
            press(dialog, "Escape")

        dialogs.answers.append(read)
        press(screen.kept.text.widget, "Return")
        assert screen.focus_get() is screen.kept.table.tree
        press(screen, "Return")
        settle(screen, lambda: not dialogs.answers)
        assert seen[0] == seen[-1] == TEXT.replace("\r\n", "\n").strip()
        assert "card.jpg（image/jpeg、約1KB）" in seen

    def test_forwarding_asks_and_is_owed(
        self, screen: ResultsScreen, program: Program, dialogs: Person
    ):
        dialogs.answers.append("転送する")
        click(labelled(screen.kept, "転送する"))
        settle(screen, lambda: said(program) == "次の受信のときに送ります。")
        assert "tencho@example.jp" in dialogs.asked[-1][1]
        settle(screen, lambda: column(screen.kept.table, 3)[0] == "転送待ち")
        assert len([e for e in owed(program.workspaces.real.folder) if e.mailbox == "manual"]) == 1

    def test_without_an_address_forwarding_says_where_to_set_it(
        self, screen: ResultsScreen, program: Program, dialogs: Person
    ):
        program.workspaces.real.save(Settings(mail_address=SHOP.mail_address), Passwords())
        click(labelled(screen.kept, "転送する"))
        settle(screen, lambda: dialogs.troubles)
        assert "対象外メールの送信先" in dialogs.troubles[0].cure

    def test_a_number_by_hand(self, screen: ResultsScreen, program: Program, dialogs: Person):
        click_row(screen.kept.table, 1)  # its sender cannot be read

        def type_address(dialog: NumberDialog) -> None:
            in_front(dialog)
            click(labelled(dialog, "発行する"))
            assert dialog.address.error == "メールアドレスを入力してください。"
            type_in(dialog.address.widget, "suzuki at docomo")
            press(dialog, "Return")
            assert "正しく入力" in dialog.address.error
            type_in(dialog.address.widget, "ｓｕｚｕｋｉ＠docomo.ne.jp")
            press(dialog, "Return")

        dialogs.answers.append(type_address)
        click(labelled(screen.kept, "受付番号を発行"))
        settle(screen, lambda: said(program).startswith("受付番号 1021 を発行しました。"))
        settle(screen, lambda: column(screen.kept.table, 3)[1] == "番号 1021 を発行")
        (letter,) = [e for e in owed(program.workspaces.real.folder) if e.mailbox == "manual"]
        assert (letter.number, letter.address) == (1021, "suzuki@docomo.ne.jp")
        screen.notebook.select(0)
        found(screen, 21)
        assert column(screen.list.table, 4)[0] == "未送信"

    def test_who_has_a_number_is_offered_it_again(
        self, screen: ResultsScreen, program: Program, dialogs: Person
    ):
        taken = program.workspaces.current.results().receipts([FIRST])[FIRST].address

        def type_address(dialog: NumberDialog) -> None:
            in_front(dialog)
            type_in(dialog.address.widget, taken)
            press(dialog, "Return")

        dialogs.answers += [type_address, "再送する"]
        click(labelled(screen.kept, "受付番号を発行"))
        settle(screen, lambda: said(program) == "次の受信のときに送ります。")
        assert f"受付番号 {FIRST} を発行してあります" in dialogs.asked[-1][1]
        (letter,) = [e for e in owed(program.workspaces.real.folder) if e.mailbox == "manual"]
        assert letter.number == FIRST

    @pytest.mark.parametrize("way", ["button", "dialog"])
    def test_a_member_who_may_have_said_no_stands_out_and_can_be_stopped(
        self, screen: ResultsScreen, program: Program, dialogs: Person, way: str
    ):
        table, database = screen.kept.table, program.workspaces.real.folder.database
        stop_button = labelled(screen.kept, "配信停止にする")
        assert str(stop_button.cget("state")) == "disabled", "he is no member"
        numbers(database, "suzuki.ichiro@docomo.ne.jp")
        with closing(sqlite3.connect(database)) as db, db:
            [(number,)] = db.execute("SELECT max(number) FROM receipt")
            db.execute(
                "UPDATE mail SET kind = 'stop_perhaps', reason = '言葉があります。' WHERE id = 1"
            )
        register(database, Member(number, "鈴木一郎", consent=YAMADA.consent))
        press(screen, "F5")
        settle(screen, lambda: column(table, 3)[0] == "配信停止の希望？")
        click_row(table, 1)
        assert "wrong" in looks(table, 0)
        assert str(stop_button.cget("state")) == "disabled", "nobody can be read from this one"
        click_row(table, 0)
        assert str(screen.kept.about.cget("style")) == "Wrong.TLabel"
        dialogs.answers += (
            [] if way == "button" else [lambda dialog: click(labelled(dialog, "配信停止にする"))]
        )
        dialogs.answers.append("配信を止める")
        click(stop_button if way == "button" else labelled(screen.kept, "内容を見る"))
        settle(screen, lambda: "配信を止めました" in said(program))
        assert f"会員 {number}" in dialogs.asked[-1][1]
        settle(screen, lambda: column(table, 3)[0] == "転送済み")
        assert str(stop_button.cget("state")) == "disabled"
        member = stored(database, number)
        assert member is not None
        assert member.standing.stopped_at is not None

    def test_a_copy_that_is_gone_is_told(
        self, screen: ResultsScreen, program: Program, dialogs: Person
    ):
        for file in program.workspaces.real.folder.kept_dir.iterdir():
            file.unlink()
        click(labelled(screen.kept, "内容を見る"))
        settle(screen, lambda: dialogs.troubles)
        assert "30日間" in dialogs.troubles[0].happened


class TestCsv:
    @pytest.mark.parametrize(
        ("answer", "encoding", "end"),
        [("Excelで開く", "utf-8-sig", "取り出しました"), ("古いソフト用", "cp932", "保存しました")],
    )
    def test_f12_writes_what_is_shown_and_opens_it_for_excel(
        self,
        screen: ResultsScreen,
        program: Program,
        dialogs: Person,
        tmp_path: Path,
        opened: Path,
        answer: str,
        encoding: str,
        end: str,
    ):
        search(screen, "softbank")
        path = tmp_path / "結果.csv"
        dialogs.answers += [answer, path]
        press(screen, "F12")
        count = len(screen.list.table.row_keys)
        settle(screen, lambda: said(program) == f"{count}件を「結果.csv」へ{end}。")
        if end == "取り出しました":
            settle(screen, opened.exists)
            settle(screen, lambda: opened.read_text("utf-8") == f"{path}\n")
        else:
            assert not opened.exists()
        table = list(csv.reader(io.StringIO(path.read_bytes().decode(encoding))))
        assert [int(row[0]) for row in table[1:]] == list(screen.list.table.row_keys)
        assert dialogs.asked[-1][1] == f"収集結果-{date.today():%Y%m%d}.csv"

    def test_it_can_be_called_off(self, screen: ResultsScreen, dialogs: Person):
        dialogs.answers.append("キャンセル")
        press(screen, "F12")
        dialogs.answers += ["Excelで開く", None]
        press(screen, "F12")
        assert not dialogs.troubles

    def test_a_place_that_cannot_be_written_is_told(
        self, screen: ResultsScreen, dialogs: Person, tmp_path: Path
    ):
        dialogs.answers += ["Excelで開く", tmp_path / "gone" / "x.csv"]
        press(screen, "F12")
        settle(screen, lambda: dialogs.troubles)
        assert "gone" in dialogs.troubles[0].happened


class TestChart:
    def test_bars_of_days_and_of_hours(self, screen: ResultsScreen, now: datetime):
        screen.notebook.select(2)
        idle(screen)
        chart = screen.chart
        assert chart.chart.title.startswith("1日ごと")
        assert len(chart.chart.bars) == 30
        assert chart.chart.bars[-1].label == f"{now.month}/{now.day}"
        drawn = [item for item in chart.bars.find_all() if chart.bars.type(item) == "rectangle"]
        assert len(drawn) == sum(1 for bar in chart.chart.bars if bar.count)
        days = sum(bar.count for bar in chart.chart.bars)
        click(labelled(chart, "時間帯ごと"))
        settle(screen, lambda: len(chart.chart.bars) == 24)
        assert sum(bar.count for bar in chart.chart.bars) == days
        assert f"合計 {days:,}件" in chart.summary.text

    def test_a_bar_tells_what_it_is(self, screen: ResultsScreen):
        screen.notebook.select(2)
        idle(screen)
        bars = screen.chart.bars
        bars.event_generate("<Motion>", x=bars.winfo_width() - 30, y=bars.winfo_height() // 2)
        last = screen.chart.chart.bars[-1]
        texts = [
            bars.itemcget(item, "text") for item in bars.find_all() if bars.type(item) == "text"
        ]
        assert f"{last.words}　{last.count:,}件" in texts

    def test_all_time_is_shown_in_months_where_it_is_long(self, program: Program, now: datetime):
        fill_receipts(program.workspaces.real.folder, COUNT, now, days=500)
        screen = open_screen(program, COUNT)
        screen.notebook.select(2)
        period = screen.chart.period.widget
        period.current(list(Period).index(Period.ALL))
        period.event_generate("<<ComboboxSelected>>")
        settle(screen, lambda: "か月ごと" in screen.chart.chart.title)
        assert sum(bar.count for bar in screen.chart.chart.bars) == COUNT


def test_by_keyboard_alone(program: Program, screen: ResultsScreen, dialogs: Person):
    """Find a customer by her address, copy it, send the number again, and go back."""
    root = program.window.root
    assert root.focus_get() is screen.list.filter.text.widget
    type_in(root.focus_get(), str(LAST - 5))
    idle(screen)
    press(root, "Return")
    assert root.focus_get() is screen.list.table.tree
    press(root, "Control-c")
    settle(root, lambda: "コピーしました" in said(program))
    press(root, "Tab")
    assert root.focus_get() is screen.list.copy_button
    press(root, "Tab")
    dialogs.answers.append("再送する")
    press(root, "Return")
    settle(root, lambda: said(program) == "次の受信のときに送ります。")
    press(root, "Escape")
    assert isinstance(program.window.screen, MenuScreen)


@pytest.mark.slow
def test_100_000_receipts_freeze_nothing(
    program: Program, dialogs: Person, now: datetime, tmp_path: Path, opened: Path
):
    """Typing, sorting, scrolling, selecting all, taking out: the window never stalls."""
    fill_receipts(program.workspaces.real.folder, 100_000, now)
    program.workspaces.real.save(SHOP, Passwords())
    root = program.window.root
    heart = Heartbeat(root)
    assert heart.during(lambda: open_screen(program, 100_000)) < LONGEST_SILENCE
    screen = program.window.screen
    assert isinstance(screen, ResultsScreen)
    entry, table = screen.list.filter.text.widget, screen.list.table

    def type_letter(letter: str) -> None:
        entry.event_generate(f"<Key-{letter}>")
        idle(screen)

    def work() -> None:
        focus(entry)
        type_in(entry, "")
        idle(screen)
        for letter in "taro":
            type_letter(letter)
        click(labelled(screen, "条件を消す"))
        found(screen, 100_000)
        for title in ("メールアドレス", "返信日時", "状態"):
            click_heading(table, title)
            idle(screen)
        for place in range(0, 100, 3):
            table.tk.call(str(scroll_bar(table).cget("command")), "moveto", str(place / 100))
            root.update()
        settle(screen, lambda: rows(table)[0])
        focus(table.tree)
        press(table.tree, "End", "Control-a")
        assert table.selected_count == 100_000
        press(table.tree, "Control-c")
        settle(screen, lambda: "コピーしました" in said(program))
        screen.notebook.select(2)
        idle(screen)
        screen.notebook.select(0)
        found(screen, 100_000)
        dialogs.answers += ["Excelで開く", tmp_path / "all.csv"]
        press(screen, "F12")
        settle(screen, lambda: "へ取り出しました" in said(program))

    longest = heart.during(work)
    print(f"longest pause {round(1000 * longest)} ms")
    assert longest < LONGEST_SILENCE


@pytest.mark.parametrize("size", list(TextSize))
def test_nothing_is_cut_off_in_any_size(program: Program, screen: ResultsScreen, size: TextSize):
    from tests.helpers.ui_driver import cut_off

    root = program.window.root
    root.geometry("1024x524")
    program.window.set_text_size(size)
    for place in range(3):
        screen.notebook.select(place)
        idle(screen)
        root.update()
        assert cut_off(root) == []
    assert screen.list.table.room >= 2
