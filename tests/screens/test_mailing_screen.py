"""メール発信 by keys and mouse, before real SMTP servers: written, chosen, sent, resumed."""

from __future__ import annotations

import csv
import email
import email.policy
import io
import time
import tkinter as tk
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from tkinter import ttk
from typing import TypeVar

import pytest

from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.mailing.mailing_states import MailingState, RecipientState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member import Consent, Member
from kollect.members.member_filter import EVERYBODY
from kollect.members.repository import Members
from kollect.settings.model import Auth, Passwords, Send, Settings, Shop, TextSize
from kollect.storage.data_folder import DataFolder
from kollect.ui.framework.window import Screen
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_dialogs import PeopleDialog, SampleDialog
from kollect.ui.mailing.mailing_list import MailingListScreen
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.mailing.mailing_recipients import MailingRecipientsScreen
from kollect.ui.mailing.texts import DEAD, FILTERS, LEFT_OUT, SENT, about, estimate
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.ledger_samples import NOW
from tests.helpers.member_samples import numbers
from tests.helpers.scripted_smtp import At, Kept, Script, ScriptedSmtp
from tests.helpers.shop import settings_for
from tests.helpers.table_driver import rows as rows_in_view
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    shown_text,
    type_in,
)

pytestmark = pytest.mark.real

S = TypeVar("S", bound=Screen)
SHOP = Shop(id="TEST", name="テスト商店", address="東京都千代田区千代田1-1", phone="03-1234-5678")
CONSENT = Consent(True, date(2026, 11, 20), "会員登録用紙")
FREELY = RateLimit(0, 0)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def server(script: Script) -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp(script) as server:
        yield server


def settings(port: int) -> Settings:
    usual = settings_for(1, port)
    return replace(usual, shop=SHOP, send=replace(usual.send, timeout_seconds=2))


@pytest.fixture
def place(program: Program, server: ScriptedSmtp) -> Program:
    """The program with settings that can send, and nobody registered."""
    program.workspaces.real.save(settings(server.port), Passwords("receive", "send"))
    return program


def people(database: Path, count: int, consent: Consent = CONSENT) -> list[int]:
    given = numbers(database, *(f"m{n}@docomo.example" for n in range(count)))
    with closing(Members(database)) as members, members.transaction():
        for number in given:
            groups = ("偶数",) if number % 2 == 0 else ()
            members.register(Member(number, f"会員{number}", groups=groups, consent=consent), NOW)
    return given


@pytest.fixture
def few(place: Program) -> list[int]:
    """1001 to 1006: the last three have withdrawn, stopped, not consented."""
    database = place.workspaces.real.folder.database
    given = people(database, 6)
    with closing(Members(database)) as members:
        members.withdraw(given[3], NOW, "会員一覧")
        members.stop_member(given[4], NOW, "メール")
        last = members.get(given[5])
        assert last is not None
        members.update(replace(last, consent=Consent()), NOW, "会員一覧")
    return given


def front(program: Program, kind: type[S]) -> S:
    """The screen in front, once it is of this kind."""
    settle(program.window.root, lambda: isinstance(program.window.screen, kind))
    screen = program.window.screen
    assert isinstance(screen, kind)
    return screen


def list_of(program: Program) -> MailingListScreen:
    if not isinstance(program.window.screen, MenuScreen):
        program.window.back_to(MenuScreen)
    press(program.window.root, "6")
    return front(program, MailingListScreen)


def compose(program: Program, subject: str = "お知らせ", body: str = "★名前★ 様") -> None:
    """Written by hand, up to the choice of members."""
    press(list_of(program), "F9")
    screen = front(program, MailingComposeScreen)
    type_in(screen.subject.widget, subject)
    type_in(screen.body.widget, body)
    press(screen, "F12")


def recipients(program: Program) -> MailingRecipientsScreen:
    screen = front(program, MailingRecipientsScreen)
    settle(screen, lambda: screen.audience is not None)
    return screen


def begun(program: Program, dialogs: Person, pace: RateLimit = FREELY) -> MailingProgressScreen:
    compose(program)
    screen = recipients(program)
    screen.speed.show(pace)
    dialogs.answers.append("発信する")
    press(screen, "F12")
    return front(program, MailingProgressScreen)


def state(screen: MailingProgressScreen) -> MailingState | None:
    return screen.mailing.state if screen.mailing else None


def counts(screen: MailingProgressScreen) -> dict[RecipientState, int]:
    return dict(screen.counts)


def rows(screen: MailingProgressScreen | MailingListScreen) -> list[tuple[str, ...]]:
    table = screen.table if isinstance(screen, MailingListScreen) else screen.results.table
    return [row for row in rows_in_view(table) if row]  # a line is there before what it says


def texts(widget: tk.Misc) -> str:
    return "\n".join(text for one in all_inside(widget) if (text := shown_text(one)))


def choose(box: ttk.Combobox, place: int) -> None:
    """As from its list, which is Tk's own."""
    box.current(place)
    box.event_generate("<<ComboboxSelected>>")


def read(kept: Kept) -> email.message.EmailMessage:
    return email.message_from_bytes(kept.data, policy=email.policy.default)


# --- written


def test_from_the_menu_to_the_results_by_keyboard(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    screen = list_of(place)
    settle(screen, lambda: "F9:新しく書く" in texts(screen))
    press(screen, "F9")
    writing = front(place, MailingComposeScreen)
    type_in(writing.subject.widget, "★店名★より")
    type_in(writing.body.widget, "会員番号 ")
    click(labelled(writing, "★受付番号★"))
    press(writing, "x")
    settle(writing, lambda: "1 / 3" in writing.preview.who.cget("text"))
    assert "テスト商店より\n会員番号 1001x" in writing.preview.mail.text
    assert "東京都千代田区千代田1-1\n電話 03-1234-5678" in writing.preview.mail.text
    assert "配信停止" in writing.preview.mail.text
    press(writing, "F12")
    choosing = recipients(place)
    assert choosing.panel.reached.cget("text") == "3 名"
    dialogs.answers.append("発信する")
    press(choosing, "F12")
    progress = front(place, MailingProgressScreen)
    title, question = dialogs.asked[-1]
    assert title == "3名にメールを送ります"
    assert "テスト商店より" in question
    settle(progress, lambda: state(progress) is MailingState.DONE)
    assert sorted(server.recipients) == [f"m{n}@docomo.example" for n in range(3)]
    letter = read(server.kept[0])
    assert letter["Subject"] == "テスト商店より"
    assert "配信停止" in email.utils.unquote(letter["List-Unsubscribe"]) or letter[
        "List-Unsubscribe"
    ].startswith("<mailto:")
    assert "会員番号 1001x" in letter.get_content()
    assert progress.panel.numbers.cget("text") == "3 / 3 名に送信済"
    press(progress, "Escape")
    screen = front(place, MailingListScreen)
    settle(screen, lambda: rows(screen) and rows(screen)[0][0] == "発信済")
    assert rows(screen)[0][4] == "3 / 3"


def test_the_preview_goes_from_member_to_member(place: Program, few: list[int]):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.body.widget, "★名前★ 様")
    seen = []
    for _ in range(4):
        settle(screen, lambda: not seen or screen.preview.mail.text not in seen[-1:])
        settle(screen, lambda: "見本" not in screen.preview.who.cget("text"))
        seen.append(screen.preview.mail.text)
        click(screen.preview.after_)
    assert [f"会員{number} 様" in text for number, text in zip(few[:3], seen, strict=False)] == [
        *[True] * 3
    ]
    assert seen[3] == seen[0], "behind the last comes the first"
    click(screen.preview.before)
    settle(screen, lambda: "会員1001" in screen.preview.mail.text)


def test_without_members_the_preview_shows_somebody_made_up(place: Program):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.body.widget, "★名前★ 様")
    assert "見本　花子 様" in screen.preview.mail.text
    assert str(screen.preview.after_.cget("state")) == "disabled"


def test_what_cannot_be_sent_is_said_beside_the_field(place: Program, few: list[int]):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    press(screen, "F12")
    assert "見出を入力" in screen.subject.error
    assert "本文を入力" in screen.body.error
    assert screen.focus_get() is screen.subject.widget
    type_in(screen.subject.widget, "お知らせ")
    type_in(screen.body.widget, "★お名前★ 様、★大安売り★です。")
    press(screen, "F12")
    assert not screen.subject.error
    assert "★名前★ と書いて" in screen.body.error
    assert place.window.screen is screen
    settle(screen, lambda: bool(screen.check.remarks))  # type: ignore[attr-defined]
    odd, *_ = [one for one in screen.check.remarks if "★大安売り★" in one.what]  # type: ignore[attr-defined]
    assert "差し込みの言葉ではない" in odd.what


def test_a_placeholder_goes_where_the_cursor_was(place: Program):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.subject.widget, "To: ")
    click(labelled(screen, "★名前★"))
    type_in(screen.body.widget, "No. ")
    click(labelled(screen, "★受付番号★"))
    assert (screen.subject.value, screen.body.value) == ("To: ★名前★", "No. ★受付番号★")


def test_the_footer_lacks_what_the_law_asks_for(place: Program, few: list[int]):
    now = place.workspaces.real.settings()
    place.workspaces.real.save(replace(now, shop=Shop(id="TEST", name="店")), Passwords("a", "b"))
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    assert screen.missing.winfo_ismapped()
    assert "住所がまだ入力されていません" in screen.missing.text.text
    type_in(screen.subject.widget, "x")
    type_in(screen.body.widget, "y")
    press(screen, "F12")
    assert place.window.screen is screen, "nobody is chosen before it is entered"
    click(screen.missing.button)
    entering = front(place, SettingsScreen)
    assert entering.nametowidget(entering.notebook.select()) is entering.shop
    assert isinstance(entering.shop, IdPage)
    settle(entering, lambda: entering._saved_passwords is not None)
    type_in(entering.shop.fields["shop", "address"].widget, "東京都")
    press(entering, "F12")
    settle(entering, lambda: not entering.is_busy and not entering.has_unsaved_changes())
    press(entering, "Escape")
    assert front(place, MailingComposeScreen) is screen
    assert screen.subject.value == "x", "what was written is still there"
    assert "電話番号" in screen.missing.text.text, "recommended, not demanded"
    press(screen, "F12")
    recipients(place)


def test_a_draft_is_kept_asked_for_copied_and_thrown_away(
    place: Program, dialogs: Person, few: list[int]
):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.subject.widget, "いつか")
    dialogs.answers.append("入力を続ける")
    press(screen, "Escape")
    assert place.window.screen is screen
    press(screen, "F9")
    settle(screen, lambda: not screen.has_unsaved_changes())
    press(screen, "Escape")
    listed = front(place, MailingListScreen)
    settle(listed, lambda: [row[:2] for row in rows(listed)] == [("下書き", "いつか")])
    click(labelled(listed, "写して新しく書く"))
    copy = front(place, MailingComposeScreen)
    assert copy.subject.value == "いつか"
    press(copy, "F9")
    settle(copy, lambda: not copy.is_busy)
    press(copy, "Escape")
    settle(listed, lambda: len(rows(listed)) == 2)
    dialogs.answers.append("削除する")
    click(labelled(listed, "下書きを削除"))
    settle(listed, lambda: len(rows(listed)) == 1)
    press(listed, "F12")
    assert front(place, MailingComposeScreen).subject.value == "いつか"


def test_a_sample_goes_to_oneself_and_a_wrong_address_is_said(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.subject.widget, "★店名★")
    type_in(screen.body.widget, "★名前★ 様")

    def answer(dialog: SampleDialog) -> None:
        assert dialog.address.value == "owner@owner.example", "対象外メールの送信先 is proposed"
        type_in(dialog.address.widget, "me")
        click(labelled(dialog, "送る"))
        assert dialog.address.error
        type_in(dialog.address.widget, "me@keitai.example")
        press(dialog, "Return")

    dialogs.answers.append(answer)
    click(screen.try_button)
    settle(screen, lambda: server.kept and not screen.is_busy)
    assert server.recipients == ["me@keitai.example"]
    letter = read(server.kept[0])
    assert letter["Subject"] == "テスト商店"
    assert "見本" in letter.get_content()
    assert "住所" not in letter.get_content()
    assert SHOP.address in letter.get_content()
    assert not place.workspaces.current.mailing, "nothing else was set going"


def test_a_sample_that_is_refused_is_told(
    place: Program, dialogs: Person, script: Script, few: list[int]
):
    script.fault = lambda at: "550 5.7.1 no" if at.verb == "RCPT" else None
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.subject.widget, "x")
    type_in(screen.body.widget, "y")
    dialogs.answers.append(lambda dialog: click(labelled(dialog, "送る")))
    click(screen.try_button)
    settle(screen, lambda: dialogs.troubles)
    assert dialogs.troubles[0].cure
    assert str(screen.try_button.cget("state")) == "normal"


# --- chosen


def test_who_gets_it_and_who_does_not(place: Program, dialogs: Person, few: list[int]):
    compose(place)
    screen = recipients(place)
    shown = texts(screen.panel)
    for word in ("退会", "配信停止", "承諾なし"):
        assert word in shown
    assert "送らない会員　3 名" in shown

    def look(dialog: PeopleDialog) -> None:
        settle(dialog, lambda: dialog.table.tree.get_children())
        settle(dialog, lambda: "会員1004" in str(dialog.table.tree.item("I001", "values")))
        assert list(dialog.table.row_keys) == [few[3]]
        click(labelled(dialog, "閉じる"))

    dialogs.answers.append(look)
    click([w for w in all_inside(screen.panel) if shown_text(w) == "見る"][1])
    settle(screen, lambda: not dialogs.answers)
    dialogs.answers.append(lambda dialog: (settle(dialog), dialog.cancel()))
    click(screen.panel.look_button)
    settle(screen, lambda: dialogs.asked[-1][0] == "送る会員　3名")


def test_chosen_by_group_search_and_period(place: Program, few: list[int]):
    compose(place)
    screen = recipients(place)

    def reached(count: int) -> None:
        wanted = f"{count} 名" if count is not None else "－"
        settle(screen, lambda: screen.panel.reached.cget("text") == wanted)

    box = screen.whom.group.widget
    assert isinstance(box, ttk.Combobox)
    assert any(value.startswith("偶数（") for value in box.cget("values"))
    choose(box, 1)
    reached(1)
    choose(box, 0)
    reached(3)
    type_in(screen.whom.text.widget, "1003")
    reached(1)
    type_in(screen.whom.text.widget, "zzz")
    reached(0)
    assert "条件に合う会員はいません" in screen.panel.length.text
    type_in(screen.whom.text.widget, "")
    type_in(screen.whom.since.widget, "R8.11.24")
    reached(0)
    type_in(screen.whom.since.widget, "2026/11/23")
    type_in(screen.whom.until.widget, "2026/11/23")
    reached(3)
    type_in(screen.whom.until.widget, "2026/11/22")
    settle(screen, lambda: "前の日" in screen.whom.until.error)
    assert screen.panel.reached.cget("text") == "－"


def test_wrong_fields_are_said_and_nothing_begins(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    compose(place)
    screen = recipients(place)
    type_in(screen.whom.since.widget, "R8.13.1")
    type_in(screen.speed.per_minute.widget, "x")
    press(screen, "F12")
    assert "という日はありません" in screen.whom.since.error
    assert screen.speed.per_minute.error
    assert screen.focus_get() is screen.whom.since.widget
    type_in(screen.whom.since.widget, "")
    type_in(screen.speed.per_minute.widget, "60")
    type_in(screen.whom.text.widget, "だれもいない")
    press(screen, "F12")
    settle(screen, lambda: not screen.is_busy)
    assert place.window.screen is screen
    type_in(screen.whom.text.widget, "")
    dialogs.answers.append("戻る")
    press(screen, "F12")
    settle(screen, lambda: not dialogs.answers)
    assert not server.kept
    assert place.window.screen is screen


def test_the_speed_that_was_chosen_stays_with_the_draft(place: Program, few: list[int]):
    compose(place)
    screen = recipients(place)
    type_in(screen.speed.per_minute.widget, "7")
    press(screen, "Escape")
    writing = front(place, MailingComposeScreen)

    def kept() -> bool:
        with closing(Outbox(place.workspaces.real.folder.database)) as outbox:
            return outbox.mailings()[0].pace == RateLimit(7, 1000)

    settle(writing, kept)
    type_in(writing.subject.widget, "別の見出")
    press(writing, "F12")
    again = recipients(place)
    assert again.speed.per_minute.value == 7
    assert kept(), "saving the words again has not changed it"


def test_without_mail_settings_the_way_there_is_shown(
    program: Program, dialogs: Person, few: None = None
):
    people(program.workspaces.real.folder.database, 2)
    program.workspaces.real.save(Settings(shop=SHOP), Passwords())
    compose(program)
    screen = recipients(program)
    dialogs.answers.append("設定する")
    press(screen, "F12")
    settings_screen = front(program, SettingsScreen)
    assert settings_screen.mail.address.error


# --- sent


def test_what_the_server_put_off_is_counted_down_too(
    place: Program, dialogs: Person, script: Script
):
    script.fault = lambda at: (
        "450 4.2.1 later" if at.verb == "RCPT" and "<m1@" in at.argument else None
    )
    people(place.workspaces.real.folder.database, 3)
    progress = begun(place, dialogs)
    settle(progress, lambda: "送れなかった 1名に もう一度送るまで" in progress.panel.speed.text)
    assert progress.panel.numbers.cget("text") == "2 / 3 名に送信済"
    assert state(progress) is MailingState.SENDING


def test_refused_for_its_text_it_says_so_and_sends_everybody_the_mail_afterwards(
    place: Program, dialogs: Person, script: Script, server: ScriptedSmtp
):
    script.fault = lambda at: "550 5.7.1 rejected by policy" if at.verb == "RCPT" else None
    people(place.workspaces.real.folder.database, 5)
    progress = begun(place, dialogs)
    settle(progress, lambda: state(progress) is MailingState.PAUSED)
    settle(progress, lambda: progress.trouble.winfo_ismapped())
    assert "送信サーバが、メールを断っています" in texts(progress.trouble)
    settle(progress, lambda: rows(progress) and rows(progress)[0][3] == "あとで送ります")
    assert rows(progress)[0][5] == "断られています"
    script.fault = lambda at: None
    later = time.monotonic() + 1.1  # the outbox keeps whole seconds
    settle(progress, lambda: time.monotonic() > later)
    press(progress, "F9")
    settle(progress, lambda: state(progress) is MailingState.DONE)
    settle(progress, lambda: counts(progress) == {RecipientState.SENT: 5})
    assert not progress.trouble.winfo_ismapped()


def test_the_limit_is_counted_down_paused_and_resumed(
    place: Program, dialogs: Person, server: ScriptedSmtp
):
    people(place.workspaces.real.folder.database, 12)
    progress = begun(place, dialogs, RateLimit(5, 0))
    settle(progress, lambda: progress.panel.waiting)
    assert "次の送信まで あと" in progress.panel.speed.text
    assert "1分に5通まで" in progress.panel.speed.text
    assert progress.panel.numbers.cget("text") == "5 / 12 名に送信済"
    before = progress.panel.speed.text
    settle(progress, lambda: progress.panel.speed.text != before)
    press(progress, "F9")
    settle(progress, lambda: state(progress) is MailingState.PAUSED)
    assert "再開" in progress.panel.speed.text
    with closing(Outbox(place.workspaces.real.folder.database)) as outbox:
        outbox._db.change("UPDATE mailing SET per_minute = 0")
    press(progress, "F9")
    settle(progress, lambda: state(progress) is MailingState.DONE)
    assert len(server.recipients) == len(set(server.recipients)) == 12


def test_called_off_for_good_after_a_question(
    place: Program, dialogs: Person, server: ScriptedSmtp
):
    people(place.workspaces.real.folder.database, 12)
    progress = begun(place, dialogs, RateLimit(5, 0))
    settle(progress, lambda: progress.panel.waiting)
    dialogs.answers.append("中止しない")
    click(progress.panel.stop_button)
    assert state(progress) is MailingState.SENDING
    dialogs.answers.append("中止する")
    click(progress.panel.stop_button)
    settle(progress, lambda: state(progress) is MailingState.STOPPED)
    assert "7名には" in dialogs.asked[-1][1]
    settle(
        progress, lambda: counts(progress) == {RecipientState.SENT: 5, RecipientState.LEFT_OUT: 7}
    )
    assert not progress.panel.stop_button.winfo_ismapped()
    assert len(server.kept) == 5


def test_each_members_result_narrowed_down_read_whole_and_as_csv(
    place: Program, dialogs: Person, script: Script, few: list[int], tmp_path: Path
):
    def refuse(at: At) -> str | None:
        return "550 5.1.1 no such user here" if at.recipient.startswith("m1@") else None

    script.fault = lambda at: refuse(at) if at.verb == "RCPT" else None
    progress = begun(place, dialogs)
    settle(progress, lambda: state(progress) is MailingState.DONE)
    settle(progress, lambda: len([row for row in rows(progress) if len(row) > 3]) == 6)
    results = {row[0]: (row[3], row[5]) for row in rows(progress)}
    assert results == {
        "1001": ("送信済", ""),
        "1002": ("不達", "宛先がありません"),
        "1003": ("送信済", ""),
        "1004": (LEFT_OUT, "退会"),
        "1005": (LEFT_OUT, "配信停止"),
        "1006": (LEFT_OUT, "承諾なし"),
    }
    box = progress.results.filter.widget
    assert isinstance(box, ttk.Combobox)
    assert f"{SENT}（2名）" in box.cget("values")
    choose(box, list(FILTERS).index(DEAD))
    assert progress.results.filter.value == DEAD
    settle(progress, lambda: [row[0] for row in rows(progress)] == ["1002"])
    progress.results.table.focus_rows()
    press(progress, "Return")
    settle(progress, lambda: "no such user here" in dialogs.asked[-1][1])
    file = tmp_path / "結果.csv"
    dialogs.answers.append(file)
    press(progress, "F12")
    settle(progress, lambda: file.exists() and not progress.is_busy)
    table = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"))))
    assert len(table) == 7
    assert table[2][:4] == ["1002", "会員1002", "m1@docomo.example", "不達"]


def test_a_folder_that_cannot_be_written_to_is_told(
    place: Program, dialogs: Person, few: list[int], tmp_path: Path
):
    progress = begun(place, dialogs)
    settle(progress, lambda: state(progress) is MailingState.DONE)
    dialogs.answers.append(tmp_path / "nowhere" / "x.csv")
    press(progress, "F12")
    settle(progress, lambda: dialogs.troubles)
    assert not progress.is_busy


def test_a_server_that_is_away_is_told_and_tried_again(place: Program, dialogs: Person):
    people(place.workspaces.real.folder.database, 2)
    now = place.workspaces.real.settings()
    place.workspaces.real.save(
        replace(now, send=Send(host="127.0.0.1", port=1, auth=Auth.NO, timeout_seconds=2)),
        Passwords("a", "b"),
    )
    progress = begun(place, dialogs)
    settle(progress, lambda: progress.trouble.winfo_ismapped())
    assert "もう一度試すまで" in progress.panel.speed.text
    assert progress.trouble.cure.text
    dialogs.answers.append("中止する")
    click(progress.panel.stop_button)
    settle(progress, lambda: state(progress) is MailingState.STOPPED)
    assert not progress.trouble.winfo_ismapped()


def test_the_sending_goes_on_while_other_screens_are_open(
    place: Program, dialogs: Person, server: ScriptedSmtp, script: Script
):
    script.fault = lambda at: time.sleep(0.01) if at.verb == "RCPT" else None
    people(place.workspaces.real.folder.database, 150)
    progress = begun(place, dialogs)
    settle(progress, lambda: server.kept)
    press(progress, "Escape")
    listed = front(place, MailingListScreen)
    settle(listed, lambda: rows(listed) and rows(listed)[0][0] == "発信中")
    seen = rows(listed)[0][4]
    settle(listed, lambda: rows(listed) and rows(listed)[0][4] != seen)
    press(listed, "Escape")
    front(place, MenuScreen)
    settle(place.window.root, lambda: len(server.kept) == 150)
    listed = list_of(place)
    settle(listed, lambda: rows(listed) and rows(listed)[0][0] == "発信済")
    press(listed, "Return")
    again = front(place, MailingProgressScreen)
    settle(again, lambda: counts(again) == {RecipientState.SENT: 150})


def test_what_was_written_can_be_read_again(place: Program, dialogs: Person):
    people(place.workspaces.real.folder.database, 1)
    progress = begun(place, dialogs)
    settle(progress, lambda: state(progress) is MailingState.DONE)
    read: list[str] = []

    def look(dialog: tk.Misc) -> None:
        written = [w for w in all_inside(dialog) if isinstance(w, tk.Text)]
        read.extend(text.get("1.0", "end-1c") for text in written)
        read.extend(map(shown_text, all_inside(dialog)))
        click(labelled(dialog, "閉じる"))

    dialogs.answers.append(look)
    click(progress.results.letter_button)
    assert progress.mailing is not None
    assert progress.mailing.subject in "".join(read)
    assert progress.mailing.body.splitlines()[0] in "".join(read)


@pytest.mark.slow
def test_the_window_stays_alive_while_2000_mails_go_out(place: Program, dialogs: Person):
    people(place.workspaces.real.folder.database, 2000)
    heart = Heartbeat(place.window.root)
    progress = begun(place, dialogs)
    heart.start()
    settled = time.monotonic() + 200
    while state(progress) is not MailingState.DONE:
        assert time.monotonic() < settled
        place.window.root.update()
        time.sleep(0.005)
    assert counts(progress) == {RecipientState.SENT: 2000}
    assert heart.stop() < LONGEST_SILENCE
    assert heart.beats > 3


def test_blank_mails_are_answered_beside_it(program: Program, dialogs: Person):
    with DemoServer() as server:
        shop = replace(demo_settings(server), shop=SHOP)
        program.workspaces.real.save(shop, Passwords(server.password, server.password))
        people(program.workspaces.real.folder.database, 200)
        progress = begun(program, dialogs)
        settle(progress, lambda: counts(progress).get(RecipientState.SENT, 0) > 0)
        program.go.start_collecting()
        customer = Customer(server, "new@keitai.example", "新")
        customer.send_blank()
        program.workspaces.current.poll_now()
        settle(program.window.root, lambda: customer.box.mails if False else _answered(server))
        program.window.back()
        settle(program.window.root, lambda: _sent(program) == 200)
        program.workspaces.current.stop_collecting()


def _answered(server: DemoServer) -> bool:
    return bool(server.mailbox("new@keitai.example").mails)


def _sent(program: Program) -> int:
    with closing(Outbox(program.workspaces.real.folder.database)) as outbox:
        return outbox.counts(outbox.mailings()[0].id).get(RecipientState.SENT, 0)


# --- left over


def crashed(folder: DataFolder, port: int) -> int:
    """A folder whose program was killed: 2 of 4 letters sent, one on its way."""
    from kollect.mailing.mailing_states import RecipientResult, SendResult

    people(folder.database, 4)
    with closing(Outbox(folder.database)) as outbox:
        mailing = outbox.save("とちゅう", "★名前★", FREELY, NOW)
        outbox.start(
            mailing,
            EVERYBODY,
            NOW,
            shop=SHOP,
            mail_address="shop@shop.example",
            letter_domain="shop.example",
        )
        taken = outbox.take(mailing, 0, 3, NOW)
        outbox.settle([RecipientResult(one.id, SendResult.ACCEPTED) for one in taken[:2]], NOW)
    return mailing


@pytest.fixture
def left_over(place: Program, server: ScriptedSmtp) -> int:
    return crashed(place.workspaces.real.folder, server.port)


class Lock:
    """In the place of the folder's lock, which this process does not need."""

    def listen(self, wanted: Callable[[], None]) -> None:
        """Nobody else is started here."""


def started(program: Program) -> None:
    program._after_start(Lock(), False)  # type: ignore[arg-type]


def test_what_a_crash_left_is_offered_and_sent_once(
    place: Program, dialogs: Person, server: ScriptedSmtp, left_over: int
):
    dialogs.answers.append("続きを送る")
    started(place)
    progress = front(place, MailingProgressScreen)
    assert "「とちゅう」　あと 2名" in dialogs.asked[-1][1]
    settle(progress, lambda: state(progress) is MailingState.DONE)
    assert server.recipients == ["m2@docomo.example", "m3@docomo.example"]
    press(progress, "Escape")
    front(place, MailingListScreen)


def test_what_a_crash_left_can_wait(
    place: Program, dialogs: Person, server: ScriptedSmtp, left_over: int
):
    dialogs.answers.append("あとで")
    started(place)
    root = place.window.root

    def is_paused() -> bool:
        with closing(Outbox(place.workspaces.real.folder.database)) as outbox:
            return outbox.mailing(left_over).state is MailingState.PAUSED

    settle(root, lambda: not dialogs.answers and is_paused())
    assert not server.kept
    listed = list_of(place)
    settle(listed, lambda: listed.chosen)
    press(listed, "Return")
    progress = front(place, MailingProgressScreen)
    settle(progress, lambda: state(progress) is MailingState.PAUSED)
    press(progress, "F9")
    settle(progress, lambda: state(progress) is MailingState.DONE)
    assert len(server.kept) == 2


def test_nothing_is_asked_where_nothing_is_left(place: Program, dialogs: Person, few: list[int]):
    started(place)
    ends = time.monotonic() + 0.5
    settle(place.window.root, lambda: time.monotonic() > ends)
    assert not dialogs.asked


def test_the_end_of_the_program_says_that_a_mailing_is_under_way_and_waits_for_it(
    place: Program, dialogs: Person, server: ScriptedSmtp
):
    people(place.workspaces.real.folder.database, 12)
    progress = begun(place, dialogs, RateLimit(5, 0))
    settle(progress, lambda: progress.panel.waiting)
    dialogs.answers.append("キャンセル")
    place.go.shutdown.quit()
    assert "メール発信の途中です" in dialogs.asked[-1][1]
    dialogs.answers.append("OK")
    place.go.shutdown.quit()
    with pytest.raises(tk.TclError):  # the window is gone
        settle(place.window.root, lambda: not place.window.root.winfo_exists())
    assert not place.workspaces.real.mailing
    with closing(Outbox(place.workspaces.real.folder.database)) as outbox:
        (left,) = outbox.left_from_before(NOW)
        assert outbox.counts(left.id) == {RecipientState.SENT: 5, RecipientState.WAITING: 7}


# --- looks


@pytest.mark.parametrize("size", [TextSize.NORMAL, TextSize.HUGE])
def test_nothing_of_it_is_out_of_reach_in_a_small_window(
    place: Program, few: list[int], size: TextSize
):
    """The keys of the bar are whole, and laying out comes to an end, at every width."""
    place.window.set_text_size(size)
    compose(place)
    screen: Screen = recipients(place)
    root = place.window.root
    for _ in range(2):
        for width in (1024, 1023, 1100, 1280, 1001):
            root.geometry(f"{width}x524")
            settle(root, lambda width=width: root.winfo_width() == width)
            for button in (w for w in all_inside(place.window._bar) if isinstance(w, ttk.Button)):
                assert button.winfo_rootx() + button.winfo_width() <= root.winfo_rootx() + width
        if isinstance(screen, MailingRecipientsScreen):
            press(screen, "Escape")
            screen = front(place, MailingComposeScreen)


def test_how_long_it_will_take():
    minute = timedelta(minutes=1)
    assert estimate(0, RateLimit()) == timedelta()
    assert estimate(600, RateLimit(60, 1000)) == 10 * minute
    assert estimate(600, RateLimit(60, 1000), measured=30) == 20 * minute
    assert estimate(1060, RateLimit(60, 1000)) == timedelta(hours=1) + minute
    assert estimate(60, RateLimit(60, 1000), this_hour=1000) == timedelta(hours=1) + minute
    assert [about(timedelta(minutes=m)) for m in (0.2, 12, 83, 120, 3000)] == [
        *("1分以内", "約12分", "約1時間20分", "約2時間", "約2日"),
    ]
