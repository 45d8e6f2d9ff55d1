"""The pictures of what sends itself: 予約配信, 誕生日メール and ステップメール."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TypeVar

from kollect.mailing.mailing_states import MailingState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.schedule import StandingKind
from kollect.mailing.standing import StandingMailings
from kollect.members.member_filter import EVERYBODY
from kollect.settings.model import Shop
from kollect.ui.framework.window import Screen
from kollect.ui.mailing.due_fields import ReservationDialog, SendWhen
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_list import MailingListScreen
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.mailing.mailing_recipients import MailingRecipientsScreen
from kollect.ui.mailing.standing_edit import StandingEditScreen
from kollect.ui.mailing.standing_list import StandingListScreen
from kollect.ui.mailing.standing_results import StandingResultsScreen
from kollect.ui.menu import MenuScreen
from tests.pictures.album import Album
from tests.pictures.mailing_scenes import BODY, SUBJECT, people

S = TypeVar("S", bound=Screen)
_GREETING = (
    "★名前★ 様\n\nもうすぐお誕生日ですね。おめでとうございます。\n"
    "このメールをレジでお見せいただくと、ケーキを10%引きにいたします。\n"
)


def _screen(album: Album, kind: type[S]) -> S:
    album.wait(lambda: isinstance(album.window.screen, kind))
    screen = album.window.screen
    assert isinstance(screen, kind)
    return screen


def schedule(album: Album) -> None:
    place = album.program.workspaces.current
    shop = place.readable_settings().shop
    database = place.folder.database
    with place.members() as members:
        if not any(True for _ in members.each()):
            people(database, 60)
    _reserve(album)
    _stand(album, shop)
    album.window.back_to(MenuScreen)


def _reserve(album: Album) -> None:
    window, workspaces, go = album.window, album.program.workspaces, album.program.go
    now = datetime.now().astimezone()
    with workspaces.current.outbox() as outbox:
        mailing = outbox.save(SUBJECT, BODY, RateLimit(), now)
    window.open(MailingListScreen, workspaces, go)
    with workspaces.current.outbox() as outbox:
        draft = outbox.mailing(mailing)
    window.open(MailingComposeScreen, workspaces, go, draft)
    window.open(MailingRecipientsScreen, workspaces, go, mailing)
    recipients = _screen(album, MailingRecipientsScreen)
    album.wait(lambda: recipients.audience is not None)
    album.take("reserve-now")
    when = recipients.when
    when.when.value = SendWhen.LATER
    when._chosen()
    album.take("reserve")
    when.moment.clock.value = "22時"
    when.moment.check()
    album.take("reserve-night")
    when.moment.day.value = "2020/1/1"
    when.moment.check()
    recipients.begin()
    album.take("reserve-past")
    when.moment.propose()
    choice, due = recipients.whom.choice(), when.due()
    assert choice is not None
    assert due is not None
    assert recipients.audience is not None
    reached = recipients.audience.reached
    album.dialog("reserve-ask", lambda: recipients._agreed_later(reached, choice, draft, due))
    recipients._reserve(choice, due)
    screen = _screen(album, MailingListScreen)
    album.wait(lambda: screen.table.row_keys)
    album.settle()
    album.take("reserve-list")
    with workspaces.current.outbox() as outbox:
        reserved = outbox.mailing(mailing)
    assert reserved.state is MailingState.SCHEDULED
    album.dialog("reserve-change", lambda: window.dialogs.show(ReservationDialog, reserved))
    album.dialog("reserve-missed", lambda: go.missed._ask(reserved))
    window.open(MailingProgressScreen, workspaces, go, mailing)
    progress = _screen(album, MailingProgressScreen)
    album.wait(lambda: progress.mailing is not None)
    album.settle()
    album.take("reserve-progress")
    window.back()


def _stand(album: Album, shop: Shop) -> None:
    window, workspaces, go = album.window, album.program.workspaces, album.program.go
    database = workspaces.current.folder.database
    go.standing_mailings()
    album.settle()
    album.take("standing-empty")
    now = datetime.now().astimezone()
    with closing(Outbox(database)) as outbox:
        found = StandingMailings(outbox)
        birthday = found.add(
            StandingKind.BIRTHDAY, 7, "【★店名★】お誕生日おめでとうございます", _GREETING, now
        )
        found.add(StandingKind.STEP, 0, "【★店名★】ご登録ありがとうございます", _GREETING, now)
        found.add(StandingKind.STEP, 30, "【★店名★】その後いかがですか", _GREETING, now)
        found.switch(birthday, True, now, shop)
        outbox.file.change(
            "INSERT INTO occasion SELECT ?, number, '2026-11-20', registered_at, NULL,"
            " iif(number % 2, '1日以上遅れ', '不達') FROM member LIMIT 7",
            birthday,
        )
        sent = outbox.save("【フレッシュ髙田 駅前店】お誕生日", _GREETING, RateLimit(), now)
        outbox.start(
            sent, EVERYBODY, now,
            shop=shop, mail_address="a@b.example", letter_domain="b.example",
        )  # fmt: skip
        outbox.stop(sent, now + timedelta(minutes=1))
        outbox.file.change("UPDATE mailing SET standing = ? WHERE id = ?", birthday, sent)
    screen = _screen(album, StandingListScreen)
    screen.on_show()
    album.wait(lambda: len(screen.table.row_keys) == 3)
    album.settle()
    album.take("standing-list")
    one = screen.chosen
    assert one is not None
    window.open(StandingEditScreen, workspaces, go, StandingKind.BIRTHDAY, one)
    album.settle()
    album.take("standing-edit")
    window.back()
    window.open(StandingEditScreen, workspaces, go, StandingKind.STEP)
    edit = _screen(album, StandingEditScreen)
    edit.days.value = 400
    edit.save()
    album.take("standing-wrong")
    edit.days.value = edit._saved_days
    window.back()
    window.open(StandingResultsScreen, workspaces, go, one)
    results = _screen(album, StandingResultsScreen)
    album.settle()
    album.take("standing-sent")
    results.notebook.select(1)
    album.settle()
    album.take("standing-not-sent")


SCENES = (schedule,)
