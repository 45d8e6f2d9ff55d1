"""会員一覧: searched while typing, corrected, withdrawn and back, and out as CSV."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.members.member import Consent, Member, MemberState
from kollect.members.repository import Members
from kollect.threads.background_thread import local_now
from kollect.ui.main import Program
from kollect.ui.members.address_change_flow import AddressDialog
from kollect.ui.members.consent_dialog import ConsentDialog
from kollect.ui.members.member_edit import MemberEditScreen
from kollect.ui.members.member_list import MemberListScreen
from tests.helpers.ledger_samples import NOW, numbered
from tests.helpers.member_samples import YAMADA, numbers, register, stored
from tests.helpers.member_shop import begin
from tests.helpers.table_driver import empty_text
from tests.helpers.ui_driver import Person, click, labelled, press, settle, type_in

SATO = Member(1002, "佐藤　花子", kana="サトウ　ハナコ", phone="03-1234-9876", groups=("朝市",))
KATO = Member(1003, "加藤　次郎", kana="カトウ　ジロウ", home="横浜市西区5-6")


@pytest.fixture
def database(program: Program) -> Path:
    path = program.workspaces.real.folder.database
    numbers(path, "taro@docomo.ne.jp", "hanako@ezweb.ne.jp", "jiro@docomo.ne.jp")
    register(path, YAMADA, SATO, KATO)
    return path


@pytest.fixture
def screen(program: Program, database: Path) -> MemberListScreen:
    screen = program.window.open(MemberListScreen, program.workspaces, program.go)
    settle(screen, lambda: listed(screen) == [1001, 1002, 1003])
    return screen


def listed(screen: MemberListScreen) -> list[int]:
    return list(screen.table.row_keys)


def rows(screen: MemberListScreen) -> list[tuple[str, ...]]:
    tree = screen.table.tree
    return [tuple(map(str, tree.item(line, "values"))) for line in tree.get_children()]


def opened(screen: MemberListScreen, number: int) -> MemberEditScreen:
    """The member opened by its number, as a user does."""
    type_in(screen.search, str(number))
    settle(screen, lambda: listed(screen) == [number])
    press(screen, "F12")
    settle(screen, lambda: isinstance(screen.window.screen, MemberEditScreen))
    edit = screen.window.screen
    assert isinstance(edit, MemberEditScreen)
    settle(edit, lambda: edit.history.table.row_keys)
    assert edit.focus_get() is edit.fields.name.widget
    return edit


def history(edit: MemberEditScreen) -> list[tuple[str, ...]]:
    return past(edit, 1)


def past(edit: MemberEditScreen, tab: int) -> list[tuple[str, ...]]:
    """The rows of 修正の履歴 or 送ったメール, without the times."""
    edit.notebook.select(tab)
    panel = (edit.history, edit.mails)[tab - 1]
    settle(edit, panel.winfo_ismapped)
    edit.update()
    tree = panel.table.tree
    return [tuple(map(str, tree.item(line, "values")))[1:] for line in tree.get_children()]


class TestSearch:
    def test_the_rows_say_who_they_are(self, screen: MemberListScreen):
        settle(screen, lambda: len(rows(screen)[0]) > 2)
        assert rows(screen)[0][:7] == (
            *("1001", "山田　太郎", "ヤマダ　タロウ", "登録済", "090-1234-5678"),
            *("taro@docomo.ne.jp", "常連"),
        )
        more = rows(screen)[0][7:]  # seen where they are chosen
        assert more[:3] == ("1985/01/02", "160-0023", "東京都新宿区西新宿1-2-3")
        assert rows(screen)[1][3] == "承諾なし"
        assert screen.files.count.cget("text") == "全体 3件"

    @pytest.mark.parametrize(
        ("typed", "found"),
        [
            ("1003", [1003]),
            ("佐藤", [1002]),
            ("さとう", [1002]),
            ("ｻﾄｳ", [1002]),
            ("0312349876", [1002]),
            ("docomo", [1001, 1003]),
            ("西区", [1003]),
            ("朝市", [1002]),
            ("docomo かとう", [1003]),
            ("いない人", []),
        ],
    )
    def test_it_finds_while_typing(self, screen: MemberListScreen, typed: str, found: list[int]):
        type_in(screen.search, typed)
        settle(screen, lambda: listed(screen) == found)

    def test_group_state_and_order(self, screen: MemberListScreen, database: Path):
        labels = [str(one) for one in screen.group.cget("values")]
        screen.group.current(next(n for n, one in enumerate(labels) if "朝市" in one))
        screen.group.event_generate("<<ComboboxSelected>>")
        settle(screen, lambda: listed(screen) == [1002])
        screen.group.current(0)
        screen.group.event_generate("<<ComboboxSelected>>")
        settle(screen, lambda: len(listed(screen)) == 3)
        tree = screen.table.tree
        x = sum(int(tree.column(name, "width")) for name in ("受付番号", "お名前")) + 20
        for event in ("<Motion>", "<Button-1>", "<ButtonRelease-1>"):
            tree.event_generate(event, x=x, y=10)
        settle(screen, lambda: listed(screen) == [1003, 1002, 1001])

    def test_down_and_enter_open_the_row(self, screen: MemberListScreen):
        press(screen, "Down", "Down", "Return")
        settle(screen, lambda: isinstance(screen.window.screen, MemberEditScreen))
        assert screen.window.screen.fields.name.value == "佐藤　花子"

    def test_an_empty_list_says_what_to_do(self, program: Program):
        screen = program.window.open(MemberListScreen, program.workspaces, program.go)
        settle(screen, lambda: "会員はまだいません" in empty_text(screen.table))


class TestCorrection:
    def test_a_correction_keeps_what_stood_there(self, screen: MemberListScreen, database: Path):
        edit = opened(screen, 1001)
        type_in(edit.fields.phone.widget, "03-9999-0000")
        press(edit, "F12")
        settle(edit, lambda: len(history(edit)) == 2)
        assert history(edit)[0] == ("会員一覧", "電話番号", "090-1234-5678", "03-9999-0000")
        assert stored(database, 1001) == replace(YAMADA, phone="03-9999-0000")
        assert not edit.has_unsaved_changes()
        press(edit, "Escape")
        settle(screen, lambda: rows(screen) and "03-9999-0000" in rows(screen)[0])

    def test_what_a_member_was_sent_stands_there(self, screen: MemberListScreen, database: Path):
        begin(database, subject="朝市のお知らせ")
        edit = opened(screen, 1001)
        assert past(edit, 2) == [("朝市のお知らせ", "未送信")]
        press(edit, "Escape")
        edit = opened(screen, 1002)
        assert past(edit, 2) == [("朝市のお知らせ", "送らなかった")]
        settle(edit, lambda: edit.mails.whole.text == "承諾なし")

    def test_wrong_values_are_red_and_nothing_is_saved(
        self, screen: MemberListScreen, database: Path
    ):
        edit = opened(screen, 1001)
        type_in(edit.fields.name.widget, "")
        type_in(edit.fields.postcode.widget, "12")
        press(edit, "F12")
        assert edit.fields.name.error
        assert edit.fields.postcode.error
        assert edit.focus_get() is edit.fields.name.widget
        assert stored(database, 1001) == YAMADA

    def test_withdrawn_and_back(self, screen: MemberListScreen, database: Path, dialogs: Person):
        edit = opened(screen, 1001)
        dialogs.answers.append("退会にする")
        click(edit.buttons["退会"])
        settle(edit, lambda: edit.condition.text.startswith("退会"))
        assert not edit.buttons["退会"].winfo_ismapped()
        dialogs.answers.append("取り消す")
        click(edit.buttons["退会の取り消し"])
        settle(edit, lambda: edit.condition.text == "登録済")
        member = stored(database, 1001)
        assert member is not None
        assert member.standing.state is MemberState.ACTIVE
        assert [line[1] for line in history(edit)] == ["退会の取り消し", "退会", "会員登録"]

    def test_what_is_unsaved_is_saved_first(
        self, screen: MemberListScreen, database: Path, dialogs: Person
    ):
        edit = opened(screen, 1001)
        type_in(edit.fields.name.widget, "山田")
        click(edit.buttons["退会"])
        assert dialogs.asked[-1][0] == "先に修正を保存してください"
        member = stored(database, 1001)
        assert member is not None
        assert member.standing.state is MemberState.ACTIVE

    def test_mails_stop_and_go_on_only_by_a_new_consent(
        self, screen: MemberListScreen, database: Path, dialogs: Person
    ):
        edit = opened(screen, 1001)
        dialogs.answers.append("配信を止める")
        click(edit.buttons["配信停止"])
        settle(edit, lambda: edit.condition.text.startswith("配信停止"))

        def agree(dialog: ConsentDialog) -> None:
            type_in(dialog.how.widget, "")
            press(dialog, "F12")
            assert "方法" in dialog.how.error
            type_in(dialog.how.widget, "電話")
            type_in(dialog.on.widget, "2026/11/1")
            press(dialog, "F12")
            assert "お申し出より前" in dialog.on.error
            type_in(dialog.on.widget, f"{local_now():%Y/%m/%d}")
            press(dialog, "F12")

        dialogs.answers.append(agree)
        click(edit.buttons["配信の再開"])
        settle(edit, lambda: edit.condition.text == "登録済")
        member = stored(database, 1001)
        assert member is not None
        assert member.consent == Consent(True, local_now().date(), "電話")
        assert edit.fields.consent_how.value == "電話"

    def test_the_address_is_changed_by_the_new_number_and_back(
        self, program: Program, screen: MemberListScreen, database: Path, dialogs: Person
    ):
        with closing(Ledger(database)) as ledger:
            _, new = numbered(ledger, "new@gmail.com")
        edit = opened(screen, 1001)
        settle(edit, lambda: program.go.unregistered.value == 1)
        former = str(edit.who.cget("text"))

        def hand_in(dialog: AddressDialog) -> None:
            type_in(dialog.number.widget, "あ")
            press(dialog, "Return")
            assert "数字" in dialog.number.error
            type_in(dialog.number.widget, str(new))
            press(dialog, "Return")

        dialogs.answers += [hand_in, "変更する"]
        click(edit.buttons["アドレスの変更"])
        settle(edit, lambda: "new@gmail.com" in edit.who.cget("text"))
        assert "new@gmail.com" in dialogs.asked[-1][1]
        settle(edit, lambda: program.go.unregistered.value == 0)
        settle(edit, lambda: edit.history.table.row_keys)
        dialogs.answers += [lambda dialog: dialog.go_back(), "前に戻す"]
        click(edit.buttons["アドレスの変更"])
        settle(edit, lambda: edit.who.cget("text") == former)

    def test_who_has_stopped_does_not_come_back_by_the_form(
        self, screen: MemberListScreen, database: Path
    ):
        with closing(Members(database)) as members:
            members.update(replace(YAMADA, consent=Consent()), NOW, "会員一覧")
            members.stop_member(1001, NOW, "メール")
        edit = opened(screen, 1001)
        edit.fields.consent.focus()
        press(edit, "1", "F12")
        assert "配信の再開" in edit.fields.consent.error
        member = stored(database, 1001)
        assert member is not None
        assert not member.consent.given

    def test_why_mails_come_back_is_shown_and_can_be_mended(
        self, screen: MemberListScreen, database: Path, dialogs: Person
    ):
        with closing(Members(database)) as members:
            members.undeliverable(1001, "宛先が見つかりません。", NOW, "メール")
        edit = opened(screen, 1001)
        settle(edit, lambda: edit.condition.text == "不達: 宛先が見つかりません。")
        dialogs.answers.append("解除する")
        click(edit.buttons["不達の解除"])
        settle(edit, lambda: edit.condition.text == "登録済")


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PC on which nothing is registered for CSV."""
    monkeypatch.setattr("shutil.which", lambda name: None)


@pytest.mark.usefixtures("no_programs")
class TestFiles:
    def test_the_listed_members_go_out_as_csv(
        self, screen: MemberListScreen, dialogs: Person, tmp_path: Path
    ):
        type_in(screen.search, "docomo")
        settle(screen, lambda: listed(screen) == [1001, 1003])
        dialogs.answers += ["Excelで開く", tmp_path / "会員.csv"]
        click(labelled(screen, "CSVへ取り出し"))
        settle(screen, lambda: "保存しました" in screen.window.status_text)
        assert "開くプログラムがありません" in screen.window.status_text
        assert not dialogs.troubles, "the file is there: nothing went wrong"
        table = list(csv.reader(io.StringIO((tmp_path / "会員.csv").read_text("utf-8-sig"))))
        assert [row[0] for row in table] == ["受付番号", "1001", "1003"]

    def test_the_record_of_consents(
        self, screen: MemberListScreen, dialogs: Person, tmp_path: Path
    ):
        dialogs.answers += ["Excelで開く", tmp_path / "承諾.csv"]
        click(labelled(screen, "承諾の記録"))
        settle(screen, lambda: "保存しました" in screen.window.status_text)
        text = (tmp_path / "承諾.csv").read_text("utf-8-sig")
        assert "taro@docomo.ne.jp" in text
        assert "番号は★1★です" in text, "what the customer had been told"

    def test_a_file_that_cannot_be_written_is_told(
        self, screen: MemberListScreen, dialogs: Person, tmp_path: Path
    ):
        dialogs.answers += ["Excelで開く", tmp_path / "ない" / "会員.csv"]
        click(labelled(screen, "CSVへ取り出し"))
        settle(screen, lambda: dialogs.troubles)
