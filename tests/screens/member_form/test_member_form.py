"""会員登録 with the keyboard alone: from the paper form to the member, and on to the next."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from kollect.desktop.ime import InputMode
from kollect.ledger.ledger import Ledger
from kollect.ledger.states import ReceiptState
from kollect.members.member import Consent, Sex
from kollect.members.repository import Members
from kollect.printing.documents import Paper
from kollect.settings.model import Passwords, Settings
from kollect.threads.background_thread import local_now
from kollect.ui.main import Program
from kollect.ui.members import member_form_fields
from kollect.ui.members.candidate_dialog import CandidateDialog
from kollect.ui.members.member_edit import MemberEditScreen
from kollect.ui.members.member_form import MemberFormScreen
from kollect.ui.members.member_list import MemberListScreen
from kollect.ui.menu import MenuScreen
from kollect.ui.papers.screen import PapersScreen
from tests.helpers.ledger_samples import NOW, numbered
from tests.helpers.member_samples import YAMADA, by_hand, numbers, register, stored
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    focus,
    press,
    settle,
    settle_jobs,
    shown_text,
    type_in,
)


def enter(screen: MemberFormScreen, number: str) -> None:
    type_in(screen.number.widget, number)
    press(screen, "Return")


def keys(screen: MemberFormScreen) -> list[str]:
    return [key.text for key in screen.function_keys()]


def here(screen: MemberFormScreen) -> object:
    return screen.focus_get()


def test_one_form_with_the_keyboard_alone(screen: MemberFormScreen, database: Path):
    assert here(screen) is screen.number.widget
    enter(screen, "１００１")
    settle(screen, lambda: here(screen) is screen.fields.name.widget)
    assert str(screen.address.cget("text")) == "taro.yamada@docomo.ne.jp"
    assert screen.condition.text.startswith("送信済　2026/11/23")
    for text, key in (
        ("山田 太郎", "Return"),
        ("やまだ たろう", "Return"),
        ("S60.1.2", "Tab"),
    ):
        type_in(here(screen), text)
        press(screen, key)
    press(screen, "2", "Return")  # 男性
    for text in ("０９０１２３４５６７８", "1600023", "東京都新宿区西新宿1-2-3", "常連、朝市"):
        type_in(here(screen), text)
        press(screen, "Return")
    press(screen, "Return")  # no 備考
    press(screen, "1", "F12")  # 承諾する
    settle(screen, lambda: screen.number.value == "")
    assert here(screen) is screen.number.widget, "the next form can be typed at once"
    assert "1001" in screen.window.status_text
    assert "山田" in screen.window.status_text
    assert not screen.has_unsaved_changes()
    member = stored(database, 1001)
    assert member is not None
    assert (member.name, member.kana) == ("山田　太郎", "ヤマダ　タロウ")
    assert (member.birthday, member.sex) == (date(1985, 1, 2), Sex.MALE)
    assert (member.phone, member.postcode) == ("090-1234-5678", "160-0023")
    assert member.groups == ("常連", "朝市")
    today = local_now().date()
    assert member.consent == Consent(True, today, "会員登録用紙")


def test_who_did_not_consent_is_recorded_as_that(screen: MemberFormScreen, database: Path):
    enter(screen, "1002")
    settle(screen, lambda: here(screen) is screen.fields.name.widget)
    type_in(screen.fields.name.widget, "佐藤花子")
    press(screen, "F12")
    settle(screen, lambda: screen.number.value == "")
    member = stored(database, 1002)
    assert member is not None
    assert member.consent == Consent()


def test_a_name_in_kana_is_its_own_reading_until_one_is_typed(screen: MemberFormScreen):
    fields = screen.fields
    type_in(fields.name.widget, "さとう はなこ")
    assert fields.kana.value == "サトウ　ハナコ"
    type_in(fields.name.widget, "佐藤 花子")
    assert fields.kana.value == ""
    type_in(fields.kana.widget, "サトウ")
    type_in(fields.name.widget, "さとう")
    type_in(fields.name.widget, "さいとう")
    assert fields.kana.value == "サトウ"


def test_the_birthday_is_read_back_in_both_calendars(screen: MemberFormScreen):
    type_in(screen.fields.birthday.widget, "S60.1.2")
    shown = [shown_text(one) for one in all_inside(screen)]
    assert any(text.startswith("1985年1月2日（昭和60年）") for text in shown)


def test_an_unknown_number_is_told_beside_the_field(screen: MemberFormScreen):
    enter(screen, "4711")
    settle(screen, lambda: screen.number.error)
    assert "4711" in screen.number.error
    assert "まだどなたにも発行していません" in screen.number.error
    assert here(screen) is screen.number.widget
    assert screen.number.widget.selection_present(), "typing replaces the wrong number"


def test_a_number_that_was_left_by_mouse_is_looked_up_too(screen: MemberFormScreen):
    type_in(screen.number.widget, "4711")
    click(screen.fields.home.widget)
    settle(screen, lambda: screen.number.error)


def test_who_is_registered_already_can_be_opened(screen: MemberFormScreen, database: Path):
    register(database, YAMADA)
    enter(screen, "1001")
    settle(screen, lambda: screen.number.error)
    assert "山田　太郎 様が登録済みです" in screen.number.error
    press(screen, "Tab")  # looks once more, and stays
    settle(screen, lambda: screen.number.error)
    press(screen, "F9")
    edit = screen.window.screen
    assert isinstance(edit, MemberEditScreen)
    assert edit.fields.name.value == "山田　太郎"
    press(edit, "Escape")
    settle(screen, lambda: screen.window.screen is screen)


def test_who_has_withdrawn_is_told_so(screen: MemberFormScreen, database: Path):
    register(database, YAMADA)
    with closing(Members(database)) as members:
        members.withdraw(1001, NOW, "会員一覧")
    enter(screen, "1001")
    settle(screen, lambda: screen.number.error)
    assert "退会されています" in screen.number.error
    assert "F9:会員を開く" in keys(screen)


def test_a_part_of_the_address_finds_the_customer(screen: MemberFormScreen, dialogs: Person):
    enter(screen, "hanako")
    settle(screen, lambda: here(screen) is screen.fields.name.widget)
    assert screen.number.value == "1002"

    def choose(dialog: CandidateDialog) -> None:
        assert len(dialog.tree.get_children()) == 2
        settle(dialog, lambda: dialog.focus_get() is dialog.tree)
        press(dialog, "Down", "Return")

    screen.number.focus()
    dialogs.answers.append(choose)
    enter(screen, "docomo")
    settle(screen, lambda: screen.number.value == "1001")
    settle(screen, lambda: here(screen) is screen.fields.name.widget)


def test_an_address_nobody_has_is_told(screen: MemberFormScreen):
    enter(screen, "softbank")
    settle(screen, lambda: screen.number.error)
    assert "softbank" in screen.number.error


def test_wrong_fields_are_red_and_nothing_is_registered(screen: MemberFormScreen, database: Path):
    enter(screen, "1001")
    settle(screen, lambda: here(screen) is screen.fields.name.widget)
    type_in(screen.fields.birthday.widget, "昭和70年1月1日")
    type_in(screen.fields.phone.widget, "123")
    press(screen, "F12")
    settle(screen, lambda: screen.fields.name.error)
    assert here(screen) is screen.fields.name.widget
    assert "昭和70年1月1日という日はありません" in screen.fields.birthday.error
    assert "市外局番" in screen.fields.phone.error
    assert stored(database, 1001) is None
    type_in(screen.fields.name.widget, "山")
    assert not screen.fields.name.error


def test_f12_straight_after_the_number_looks_it_up_first(screen: MemberFormScreen):
    type_in(screen.fields.name.widget, "山田")
    type_in(screen.number.widget, "4711")
    press(screen, "F12")
    settle(screen, lambda: screen.number.error)
    assert "まだどなたにも" in screen.number.error


def test_an_impatient_f12_registers_once(screen: MemberFormScreen, database: Path):
    type_in(screen.fields.name.widget, "山田")
    type_in(screen.number.widget, "1001")
    press(screen, "F12", "F12", "F12")
    settle(screen, lambda: screen.number.value == "")
    settle(screen, lambda: not screen.is_busy)
    assert not screen.number.error
    with closing(Members(database)) as members:
        assert members.numbers() == [1001]


def test_half_a_form_is_not_lost_by_escape(screen: MemberFormScreen, dialogs: Person):
    type_in(screen.fields.name.widget, "山田")
    dialogs.answers.append("入力を続ける")
    press(screen, "Escape")
    assert screen.window.screen is screen
    dialogs.answers.append("保存せずに戻る")
    press(screen, "Escape")
    assert isinstance(screen.window.screen, MenuScreen)


def test_the_number_can_be_sent_again(
    screen: MemberFormScreen, database: Path, dialogs: Person, program: Program
):
    program.workspaces.real.save(Settings(mail_address="karamail@shop.example"), Passwords())
    enter(screen, "1001")
    settle(screen, lambda: here(screen) is screen.fields.name.widget)
    with closing(Ledger(database)) as ledger:
        before = ledger.owed_count("")
    dialogs.answers.append("再送する")
    assert "F9:再送" in keys(screen)
    press(screen, "F9")
    settle(screen, lambda: screen.window.status_text == "次の受信のときに送ります。")
    assert "taro.yamada@docomo.ne.jp" in dialogs.asked[-1][1]
    with closing(Ledger(database)) as ledger:
        assert ledger.owed_count("") == before + 1
    screen.window.set_status("")
    dialogs.answers.append("再送する")
    press(screen, "F9")
    settle(screen, lambda: screen.window.status_text == "次の受信のときに送ります。")
    with closing(Ledger(database)) as ledger:
        assert ledger.owed_count("") == before + 1, "it waits already"


def test_a_letter_that_came_back_is_shown_with_its_reason(screen: MemberFormScreen, database: Path):
    by_hand(database, "UPDATE receipt SET state = 'pending' WHERE number = 1003")
    with closing(Ledger(database)) as ledger:
        ledger.receipt_state(1003, ReceiptState.UNDELIVERABLE, NOW, "宛先が見つかりません。")
    enter(screen, "1003")
    settle(screen, lambda: here(screen) is screen.fields.name.widget)
    assert screen.condition.text == "不達　宛先が見つかりません。"
    assert screen.sheet_button.winfo_ismapped()


@pytest.mark.parametrize(
    "state", [ReceiptState.UNDELIVERABLE, ReceiptState.REFUSED, ReceiptState.PENDING]
)
def test_a_refusal_that_may_be_the_customers_own_filter(
    screen: MemberFormScreen, database: Path, state: ReceiptState
):
    """At RCPT, at the final dot, and while it is still tried: the customer stands there now."""
    pending = "UPDATE receipt SET state = 'pending', address = 'a@docomo.ne.jp'"
    by_hand(database, f"{pending} WHERE number = 1003")
    with closing(Ledger(database)) as ledger:
        reason = "550 Unknown user a@docomo.ne.jp"
        ledger.receipt_state(1003, state, NOW, reason)
    enter(screen, "1003")
    settle(screen, lambda: here(screen) is screen.fields.name.widget)
    assert screen.condition.text.startswith("届きません（受信拒否の設定かもしれません）。")
    assert "空メールをもう一度" in screen.condition.text, "what to do at the counter"
    click(screen.sheet_button)
    papers = screen.window.screen
    assert isinstance(papers, PapersScreen)
    assert papers.paper.value is Paper.SHEET


def test_the_list_is_one_key_away(screen: MemberFormScreen):
    press(screen, "F8")
    assert isinstance(screen.window.screen, MemberListScreen)


def test_each_field_switches_the_input_method_to_what_is_typed_there(
    screen: MemberFormScreen, monkeypatch: pytest.MonkeyPatch
):
    switched: list[InputMode] = []
    monkeypatch.setattr(member_form_fields, "set_input_mode", switched.append)
    fields = screen.fields
    for field, letters in (
        (fields.name, InputMode.HIRAGANA),
        (fields.kana, InputMode.KATAKANA),
        (fields.birthday, InputMode.PLAIN),
        (fields.phone, InputMode.PLAIN),
        (fields.postcode, InputMode.PLAIN),
        (fields.home, InputMode.HIRAGANA),
        (fields.note, InputMode.HIRAGANA),
        (screen.number, InputMode.PLAIN),
    ):
        switched.clear()
        focus(field.widget)
        settle(screen, lambda: switched)
        assert switched[-1] is letters


def test_an_address_that_said_no_is_told_and_gets_no_mail(
    screen: MemberFormScreen, database: Path, dialogs: Person
):
    """A second number of somebody who has stopped the mails; the old consent does not count."""
    register(database, YAMADA)
    with closing(Members(database)) as members:
        members.stop_member(1001, NOW, "メール")
    with closing(Ledger(database)) as ledger:
        given = numbered(ledger, "Taro.Yamada@docomo.ne.jp", again=True)[1]
    enter(screen, str(given))
    settle(screen, lambda: here(screen) is screen.fields.name.widget)
    assert "2026/11/23 に配信停止のお申し出" in screen.condition.text
    type_in(screen.fields.name.widget, "山田太郎")
    screen.fields.consent.focus()
    press(screen, "1")
    type_in(screen.fields.consent_on.widget, "2026/11/20")
    press(screen, "F12")
    settle(screen, lambda: screen.number.value == "")
    assert dialogs.asked[-1][0] == "配信停止のままです"
    member = stored(database, given)
    assert member is not None
    assert member.standing.stopped_at == NOW


@pytest.mark.parametrize("typed", ["4", "1001", "１００１", "9999999", "ezweb"])
def test_esc_after_a_number_alone_asks_nothing(
    program: Program, screen: MemberFormScreen, dialogs: Person, typed: str
):
    """Nothing would be lost; and on the way out nothing is looked up, nor chosen from a list."""
    type_in(screen.number.widget, typed)
    press(screen, "Escape")
    settle(program.window.root, lambda: isinstance(program.window.screen, MenuScreen))
    settle(program.window.root)
    assert dialogs.asked == []


@pytest.mark.parametrize("number", ["1001", "1002"])
def test_esc_after_a_look_up_asks_nothing(
    program: Program, screen: MemberFormScreen, dialogs: Person, database: Path, number: str
):
    register(database, YAMADA)
    enter(screen, number)
    settle_jobs(screen)
    press(screen, "Escape")
    assert isinstance(program.window.screen, MenuScreen)
    assert dialogs.asked == []


def test_esc_asks_one_question_where_a_field_was_filled(
    program: Program, screen: MemberFormScreen, dialogs: Person
):
    type_in(screen.fields.name.widget, "山田")
    type_in(screen.number.widget, "docomo")  # fits two
    dialogs.answers.append("入力を続ける")
    press(screen, "Escape")
    settle(screen)
    assert [title for title, _ in dialogs.asked] == ["保存していない変更があります"]
    assert program.window.screen is screen


@pytest.mark.parametrize(
    "typed", ["2", "００２", "No.2", "#2", "00000000000000000000002", "2" * 30]
)
def test_digits_alone_are_a_number_and_no_part_of_an_address(
    screen: MemberFormScreen, database: Path, dialogs: Person, typed: str
):
    numbers(database, "a2222@docomo.ne.jp", "b2222@docomo.ne.jp")
    enter(screen, typed)
    settle(screen, lambda: screen.number.error)
    assert dialogs.asked == []
    assert "受付番号" in screen.number.error
