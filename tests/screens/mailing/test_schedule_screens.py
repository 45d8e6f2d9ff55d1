"""予約配信 and 自動で送るメール, as a clerk goes through them, with a real sender behind."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kollect.ledger.lived_clock import LivedClock
from kollect.mailing.mailing_states import ExclusionReason, Mailing, MailingState, RecipientState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import StandingKind, local_moment
from kollect.mailing.standing import StandingMailing, StandingMailings
from kollect.members.member_filter import EVERYBODY
from kollect.storage.queries import Queries
from kollect.ui.mailing.due_fields import ReservationDialog, SendWhen
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_list import MailingListScreen
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.mailing.mailing_recipients import MailingRecipientsScreen
from kollect.ui.mailing.standing_edit import StandingEditScreen
from kollect.ui.mailing.standing_list import StandingListScreen
from kollect.ui.mailing.standing_results import StandingResultsScreen
from kollect.ui.main import Program
from tests.helpers.mailing_driver import (
    SHOP,
    compose,
    front,
    list_of,
    recipients,
    rows,
    texts,
)
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.table_driver import rows as rows_in_view
from tests.helpers.ui_driver import Person, click, labelled, press, settle, type_in
from tests.screens.mailing.test_mailing_sent import started

HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now().astimezone()


def database(program: Program) -> Path:
    return program.workspaces.real.folder.database


def mailing(program: Program, identity: int = 1) -> Mailing:
    with closing(Outbox(database(program))) as outbox:
        return outbox.mailing(identity)


def later(screen: MailingRecipientsScreen, day: str = "", clock: str = "") -> None:
    """「日時を決めて送る」, by its keys."""
    screen.when.when.focus()
    press(screen.when.when.widget, "Right")
    if day:
        type_in(screen.when.moment.day.widget, day)
    if clock:
        type_in(screen.when.moment.clock.widget, clock)


def reserve(program: Program, due: datetime) -> int:
    with closing(Outbox(database(program))) as outbox:
        identity = outbox.save("予約です", "★名前★ 様", RateLimit(0, 0), now())
        outbox.reserve(
            identity, EVERYBODY, now(),
            due=due, night=True, shop=SHOP, letter_domain="shop.example",
        )  # fmt: skip
    return identity


def key_words(program: Program) -> str:
    return " ".join(f"{key.key}:{key.label}" for key in program.window.screen.function_keys())


# --- 予約配信


def test_a_mailing_is_reserved_changed_cancelled_and_is_a_draft_again(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    compose(place)
    screen = recipients(place)
    assert "F12:発信する" in key_words(place)
    later(screen)
    assert "F12:予約する" in key_words(place)
    assert "コレクトが動いている必要があります" in texts(screen)
    dialogs.answers.append("予約する")
    press(screen, "F12")
    listed = front(place, MailingListScreen)
    assert "電源が入っていて" in dialogs.asked[-1][1]
    settle(listed, lambda: rows(listed))
    tomorrow = local_moment(now().date() + timedelta(days=1), datetime.min.time().replace(hour=10))
    assert mailing(place).due_at == tomorrow
    assert rows(listed)[0][0] == "予約"
    assert rows(listed)[0][2] == f"{tomorrow.astimezone():%Y/%m/%d %H:%M}"

    def change(dialog: ReservationDialog) -> None:
        type_in(dialog.moment.clock.widget, "11時")
        dialog.accept()

    dialogs.answers.append(change)
    click(listed.time_button)
    settle(listed, lambda: mailing(place).due_at == tomorrow + HOUR)
    settle(listed, lambda: "11:00" in rows(listed)[0][2])
    strip = place.window.strip
    settle(strip, lambda: f"予約 {tomorrow.astimezone():%m/%d} 11:00" in texts(strip))

    listed.table.focus_rows()
    press(listed, "Return")
    progress = front(place, MailingProgressScreen)
    settle(progress, lambda: "11:00 に送ります" in progress.panel.speed.text)
    press(progress, "Escape")

    dialogs.answers.append("取り消す")
    click(listed.cancel_button)
    settle(listed, lambda: mailing(place).state is MailingState.DRAFT)
    settle(listed, lambda: rows(listed)[0][0] == "下書き")
    assert not server.kept


def test_who_looks_at_the_text_once_more_finds_the_choices_as_they_were(
    place: Program, few: list[int]
):
    compose(place)
    screen = recipients(place)
    later(screen, clock="9:30")
    chosen = screen.when.due()
    type_in(screen.whom.text.widget, "会員1")
    screen.whom.birth_month.value, screen.whom.sex.value = 5, None
    narrowed = screen.whom.choice()
    press(screen, "Escape")
    press(front(place, MailingComposeScreen), "F12")
    again = recipients(place)
    assert again is not screen
    assert "F12:予約する" in key_words(place)
    assert (again.when.due(), again.whom.choice()) == (chosen, narrowed)


def test_the_cursor_goes_to_the_day_that_is_asked_for(place: Program, few: list[int]):
    compose(place)
    screen = recipients(place)
    click(labelled(screen, SendWhen.LATER))
    settle(screen, lambda: screen.focus_get() is screen.when.moment.day.widget)


@pytest.mark.parametrize(
    ("day", "clock", "where", "words"),
    [
        ("2020/1/1", "", "day", "過ぎた日です"),
        ("2099/1/1", "", "day", "1年より先の日です"),
        ("あした", "", "day", "日付として読めません"),
        ("", "25時", "clock", "時刻として読めません"),
        ("", "22:00", "clock", "8:00 に送ります"),
    ],
)
def test_what_is_wrong_is_said_at_once(
    place: Program, few: list[int], day: str, clock: str, where: str, words: str
):
    compose(place)
    screen = recipients(place)
    later(screen, day, clock)
    field: Any = getattr(screen.when.moment, where)
    assert words in field.error
    if where == "day" or clock == "25時":
        press(screen, "F12")
        settle(screen, lambda: "赤い字" in place.window.status_text)
        assert mailing(place).state is MailingState.DRAFT
    else:
        click(screen.when.moment.night.widget)
        assert not field.error


def test_it_goes_by_itself_when_its_time_comes(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    identity = reserve(place, now() + timedelta(seconds=2))
    listed = list_of(place)
    started(place)
    settle(listed, lambda: mailing(place, identity).state is MailingState.DONE)
    assert len(server.kept) == 3
    assert not dialogs.asked
    settle(listed, lambda: rows(listed)[0][0] == "発信済")


@pytest.mark.parametrize("answer", ["あとで決める", "予約をやめる", "いま送る", "日時を直す"])
def test_missed_by_more_than_a_day_it_is_asked_at_the_start(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int], answer: str
):
    with closing(Queries(database(place))) as file:  # the program has run before
        LivedClock(file, now).tick()
    identity = reserve(place, now() - 50 * HOUR)
    tomorrow = now() + 24 * HOUR
    dialogs.answers.append(answer)
    if answer == "日時を直す":
        dialogs.answers.append(lambda dialog: (dialog.moment.propose(tomorrow), dialog.accept()))
    started(place)
    root = place.window.root
    settle(root, lambda: not dialogs.answers)
    assert "予約の時刻を過ぎた" in str(dialogs.asked[0])
    expected = {
        "あとで決める": MailingState.SCHEDULED,
        "予約をやめる": MailingState.DRAFT,
        "いま送る": MailingState.DONE,
        "日時を直す": MailingState.SCHEDULED,
    }[answer]
    if answer == "いま送る":  # at night it waits for the morning, unless it may go then
        settle(root, lambda: len(server.kept) == 3)
    settle(root, lambda: mailing(place, identity).state is expected)
    if answer == "日時を直す":
        due = mailing(place, identity).due_at
        settle(root, lambda: (mailing(place, identity).due_at or now()) > now())
        assert due is not None
    assert len(server.kept) == (3 if answer == "いま送る" else 0)


@pytest.mark.parametrize("hours", [1, 50])
def test_what_the_clock_had_begun_goes_on_by_itself_within_a_day(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int], hours: int
):
    """The program ended in the middle of it."""
    identity = reserve(place, now() - hours * HOUR)
    with closing(Outbox(database(place))) as outbox:
        outbox.begin_reserved(identity, now(), shop=SHOP, mail_address="shop@shop.example")
    asked = hours > 25
    if asked:
        dialogs.answers.append("続きを送る")
    started(place)
    root = place.window.root
    settle(root, lambda: mailing(place, identity).state is MailingState.DONE)
    assert len(server.kept) == 3
    assert bool(dialogs.asked) == asked


def test_one_that_is_asked_about_waits_for_the_answer(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    """Beside it something sends itself, so the sender runs."""
    with closing(Outbox(database(place))) as outbox:
        asked = outbox.save("とちゅう", "本文", RateLimit(0, 0), now())
        outbox.start(
            asked, EVERYBODY, now(),
            shop=SHOP, mail_address="shop@shop.example", letter_domain="shop.example",
        )  # fmt: skip
    identity = reserve(place, now() - HOUR)
    dialogs.answers.append("あとで")
    started(place)
    root = place.window.root
    settle(root, lambda: mailing(place, identity).state is MailingState.DONE)
    settle(root, lambda: mailing(place, asked).state is MailingState.PAUSED)
    assert len(server.kept) == 3


# --- 自動で送るメール


def standing(program: Program) -> list[StandingMailing]:
    with program.workspaces.real.standing_mailings() as found:
        return found.all()


def standing_rows(screen: StandingListScreen) -> list[tuple[str, ...]]:
    return [row for row in rows_in_view(screen.table) if row]


def standing_list(program: Program) -> StandingListScreen:
    press(list_of(program), "F8")
    return front(program, StandingListScreen)


def test_a_birthday_mail_is_written_tried_switched_on_and_off(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    listed = standing_list(place)
    settle(listed, lambda: "まだありません" in texts(listed))
    click(listed.birthday_button)
    edit = front(place, StandingEditScreen)
    type_in(edit.days.widget, "3")
    type_in(edit.subject.widget, "おめでとう")
    type_in(edit.body.widget, "★名前★ 様")
    dialogs.answers.append(lambda dialog: dialog.accept())
    click(edit.try_button)
    settle(edit, lambda: len(server.kept) == 1)
    dialogs.answers.append("自動で送る")
    press(edit, "F12")
    front(place, StandingListScreen)
    settle(listed, lambda: standing_rows(listed))
    assert standing_rows(listed)[0][:4] == ("入", "誕生日メール", "誕生日の3日前", "おめでとう")
    (one,) = standing(place)
    assert one.active
    assert place.workspaces.real.mailing, "the sender runs and waits"
    assert "F9:切にする" in key_words(place)
    press(listed, "F9")
    settle(listed, lambda: standing_rows(listed)[0][0] == "切")
    assert not standing(place)[0].active

    press(listed, "F12")
    edit = front(place, StandingEditScreen)
    type_in(edit.days.widget, "99")
    press(edit, "F12")
    assert "0～60" in edit.days.error
    type_in(edit.days.widget, "0")
    press(edit, "F12")
    front(place, StandingListScreen)
    settle(listed, lambda: standing_rows(listed)[0][2] == "誕生日の当日")

    dialogs.answers.append("削除する")
    click(listed.remove_button)
    settle(listed, lambda: not standing(place))


def test_what_is_unsaved_is_asked_about(place: Program, dialogs: Person, few: list[int]):
    listed = standing_list(place)
    settle(listed, lambda: "まだありません" in texts(listed))
    click(listed.step_button)
    edit = front(place, StandingEditScreen)
    assert isinstance(edit, MailingComposeScreen)
    assert not edit.has_unsaved_changes()
    type_in(edit.days.widget, "7")
    assert edit.has_unsaved_changes()
    type_in(edit.subject.widget, "その後")
    type_in(edit.body.widget, "本文")
    dialogs.answers.append("保存して戻る")
    press(edit, "Escape")
    front(place, StandingListScreen)
    settle(listed, lambda: standing(place))
    assert standing(place)[0].rule.days == 7


def test_what_it_sent_and_did_not_send(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    """A step that was due yesterday morning for three, and long ago for one more."""
    long_ago = datetime.now(UTC) - timedelta(days=40)
    with closing(Outbox(database(place))) as outbox:
        found = StandingMailings(outbox)
        identity = found.add(StandingKind.STEP, 7, "一週間", "★名前★ 様", long_ago)
        found.switch(identity, True, long_ago, SHOP)
        morning = local_moment(now().date(), datetime.min.time().replace(hour=12))
        day = timedelta(days=1)
        for number, joined in ((1001, 8 * day), (1002, 8 * day), (1003, 20 * day)):
            outbox.file.change(
                "UPDATE member SET registered_at = ? WHERE number = ?",
                *(f"{morning - joined:%Y-%m-%dT%H:%M:%SZ}", number),
            )
        made = found.make_due(
            identity,
            morning - day,
            shop=SHOP,
            mail_address="shop@shop.example",
            letter_domain="shop.example",
        )
    assert made is not None
    listed = standing_list(place)
    settle(listed, lambda: standing_rows(listed))
    assert standing_rows(listed)[0][4:] == ("2", "1")
    press(listed, "F8")
    results = front(place, StandingResultsScreen)
    settle(results, lambda: [row for row in rows_in_view(results.sent) if row])
    assert "0 ／ 2" in rows_in_view(results.sent)[0]
    results.notebook.select(1)
    settle(results, lambda: [row for row in rows_in_view(results.not_sent) if row])
    (row,) = rows_in_view(results.not_sent)
    assert row[0] == "1003"
    assert row[3] == ExclusionReason.TOO_LATE
    results.notebook.select(0)
    results.sent.focus_rows()
    settle(results, lambda: results.sent.current is not None)
    press(results, "F12")
    progress = front(place, MailingProgressScreen)
    settle(progress, lambda: dict(progress.counts) == {RecipientState.WAITING: 2})
