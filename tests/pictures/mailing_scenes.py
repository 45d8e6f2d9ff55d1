"""The pictures of メール発信: from the empty list to the results of a mailing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from kollect.mailing.builtin_texts import BUILTIN_TEXTS
from kollect.mailing.mailing_states import MailingState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.text_library import name_fault
from kollect.members.member import Consent, Member
from kollect.members.repository import Members
from kollect.settings.model import Auth, Passwords, Send, Settings
from kollect.ui import resume_prompt
from kollect.ui.framework.window import Screen
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_dialogs import LetterDialog, PeopleDialog, SampleDialog
from kollect.ui.mailing.mailing_list import MailingListScreen
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.mailing.mailing_recipients import MailingRecipientsScreen
from kollect.ui.mailing.mailing_words import DEAD, WHY_LEFT_OUT
from kollect.ui.mailing.text_dialog import TextNameDialog, TextsDialog
from kollect.ui.menu import MenuScreen
from tests.helpers.ledger_samples import NOW
from tests.helpers.member_samples import numbers
from tests.helpers.scripted_smtp import At, Script, ScriptedSmtp
from tests.pictures.album import Album

S = TypeVar("S", bound=Screen)

SUBJECT = "【★店名★】年末大感謝セールのご案内"
BODY = (
    "★名前★ 様（会員番号 ★受付番号★）\n\n"
    "いつも★店名★をご利用いただき、ありがとうございます。\n"
    "12月26日から31日まで、年末大感謝セールを開きます。\n"
    "このメールをレジでお見せいただくと、お買い上げ全品を5%引きにいたします。\n\n"
    "皆様のご来店を、心よりお待ちしております。\n"
)
_FAMILIES = ("山田", "佐藤", "鈴木", "髙橋", "田中", "伊藤", "渡邉", "中村", "小林", "加藤")
_GIVEN = ("太郎", "花子", "一郎", "久美子", "健", "由美", "修", "幸子")
_CONSENT = Consent(True, date(2026, 11, 20), "会員登録用紙")
_FULL = "552 5.2.2 <{}>: mailbox full"
_UNKNOWN = "550 5.1.1 <{}>: Recipient address rejected: User unknown in local recipient table"


def people(database: Path, count: int) -> list[int]:
    """So many members; some of them gone, some who do not want mails."""
    given = numbers(database, *(f"kaiin.{n}@docomo.ne.jp" for n in range(count)))
    with closing(Members(database)) as members, members.transaction():
        for n, number in enumerate(given):
            members.register(
                Member(
                    number,
                    f"{_FAMILIES[n % len(_FAMILIES)]}　{_GIVEN[n % len(_GIVEN)]}",
                    groups=("常連",) if n % 3 == 0 else ("青果",) if n % 3 == 1 else (),
                    consent=_CONSENT if n % 11 else Consent(),
                ),
                NOW,
            )
        for number in given[5::40]:
            members.withdraw(number, NOW, "会員一覧")
        for number in given[7::50]:
            members.stop_member(number, NOW, "メール")
        members.undeliverable(given[9], "550 5.1.1 User unknown", NOW, "メール")
    return given


def _settings(album: Album, port: int) -> Settings:
    settings = album.program.workspaces.current.settings()
    return replace(settings, send=Send(host="127.0.0.1", port=port, auth=Auth.NO))


def _screen(album: Album, kind: type[S]) -> S:
    album.wait(lambda: isinstance(album.window.screen, kind))
    screen = album.window.screen
    assert isinstance(screen, kind)
    return screen


def _refuse(at: At) -> str | None:
    if at.verb == "RCPT" and "2@" in at.recipient:
        return (_FULL if "12@" in at.recipient else _UNKNOWN).format(at.recipient)
    return None


def mailing(album: Album) -> None:
    place = album.program.workspaces.current
    real = place.settings()
    people(place.folder.database, 200)
    with ScriptedSmtp(Script(fault=_refuse)) as server:
        place.save(_settings(album, server.port), Passwords("pop-himitsu", "smtp-himitsu"))
        _write(album)
        _choose(album)
        _send(album)
        _afterwards(album)
    album.window.back_to(MenuScreen)
    place.save(real, Passwords("pop-himitsu", "smtp-himitsu"))


def _write(album: Album) -> None:
    program, window = album.program, album.window
    program.go.mailing_list()
    screen = _screen(album, MailingListScreen)
    album.take("mailing-empty")
    screen.write()
    compose = _screen(album, MailingComposeScreen)
    album.wait(lambda: compose.preview._numbers)
    compose.subject.value = "お名前入りの見出 ★お名前★"
    compose.body.value = "★大安売り★ のお知らせです。"
    compose.refresh()
    compose.go_on()
    album.take("mailing-wrong")
    compose.check.look_now()
    compose.check.fold()
    album.take("mailing-check")
    compose.check.fold()
    compose.subject.value, compose.body.value = SUBJECT, BODY
    for field in (compose.subject, compose.body):
        field.clear()
    compose.refresh()
    compose.preview.go(3)
    window.set_status("")
    album.take("mailing-compose")
    album.dialog(
        "mailing-sample",
        lambda: window.dialogs.show(SampleDialog, program.go.mailings.sample_address()),
    )
    _texts(album, compose)
    settings = program.workspaces.current.settings()
    program.workspaces.current._settings = replace(
        settings, shop=replace(settings.shop, address="", phone="")
    )
    compose.on_show()
    album.take("mailing-no-address")
    program.workspaces.current._settings = settings
    compose.on_show()


def _texts(album: Album, compose: MailingComposeScreen) -> None:
    window, workspace = album.window, album.program.workspaces.current
    with workspace.texts() as texts:
        texts.save("朝市のお知らせ", SUBJECT, BODY, NOW)
        texts.save("パンの日（毎月）", "★店名★の「パンの日」", BODY, NOW + timedelta(days=1))
    given = (window.jobs, window.dialogs, workspace.texts, (SUBJECT, BODY))
    shop = workspace.settings().shop.name

    def look_at_a_builtin(dialog: TextsDialog) -> None:
        album.wait(lambda: not dialog.is_working)
        dialog.tree.selection_set(dialog.tree.get_children()[2])

    album.dialog(
        "mailing-texts",
        lambda: window.dialogs.show(TextsDialog, *given, sender=shop),
        look_at_a_builtin,
    )
    album.dialog(
        "mailing-text-name",
        lambda: window.dialogs.show(TextNameDialog, "この文を文例に保存", SUBJECT, name_fault),
    )
    compose._retype((BUILTIN_TEXTS[0].subject, BUILTIN_TEXTS[0].body))
    compose.check.look_now()
    album.take("mailing-gaps")
    compose.bring_back()
    compose.check.look_now()


def _choose(album: Album) -> None:
    compose = _screen(album, MailingComposeScreen)
    compose.go_on()
    recipients = _screen(album, MailingRecipientsScreen)
    album.wait(lambda: recipients.audience is not None)
    album.take("mailing-recipients")
    audience = recipients.audience
    assert audience is not None
    why = next(iter(audience.left_out))
    window = album.window
    choice = recipients.whom.choice()
    assert choice is not None
    workspace = album.program.workspaces.current
    with workspace.outbox() as outbox:
        left_out = outbox.who(choice, why)
    album.dialog(
        "mailing-left-out",
        lambda: window.dialogs.show(
            PeopleDialog,
            f"{why}のため送らない会員　{len(left_out)}名",
            WHY_LEFT_OUT[why],
            left_out,
            workspace.members,
            window.jobs,
            workspace.number_text,
        ),
    )
    recipients.whom.since.value = "R8.13.1"
    recipients.speed.per_minute.value = None
    recipients.begin()
    album.take("mailing-recipients-wrong")
    recipients.whom.since.value = ""
    recipients.speed.show(RateLimit(60, 1000))
    for field in (recipients.whom.since, recipients.speed.per_minute):
        field.clear()
    recipients._count()
    with workspace.outbox() as outbox:
        letter = outbox.mailing(recipients._id)
    album.dialog(
        "mailing-ask",
        lambda: recipients._agreed(audience.reached, choice, letter, RateLimit(60, 1000)),
    )


def _send(album: Album) -> None:
    recipients = _screen(album, MailingRecipientsScreen)
    album.window.set_status("")
    choice = recipients.whom.choice()
    assert choice is not None
    workspace = album.program.workspaces.current
    with workspace.outbox() as outbox:
        outbox.rewrite(recipients._id, SUBJECT, BODY, RateLimit(60, 1000))
    recipients._start(choice)
    progress = _screen(album, MailingProgressScreen)
    album.wait(lambda: progress.panel.waiting)
    album.settle(1.2)
    album.take("mailing-waiting")
    progress.pause()
    album.wait(lambda: progress.mailing and progress.mailing.state is MailingState.PAUSED)
    album.take("mailing-paused")
    progress.results.filter.value = DEAD
    progress.results.refill()
    album.settle()
    album.take("mailing-refused")
    album.dialog("mailing-stop", progress.stop)
    letter = progress.mailing
    assert letter is not None
    left = [(letter, 131)]
    album.dialog("resume", lambda: resume_prompt._ask(album.window, album.program.go, left))
    album.dialog(
        "mailing-letter",
        lambda: album.window.dialogs.show(
            LetterDialog, letter, "フレッシュ髙田 駅前店 <karamail@ocn.ne.jp>"
        ),
    )


def _afterwards(album: Album) -> None:
    place = album.program.workspaces.current
    with closing(Outbox(place.folder.database)) as outbox:
        outbox.save("新年のごあいさつ", "★名前★ 様", RateLimit(), NOW)
    album.window.back_to(MailingListScreen)
    screen = _screen(album, MailingListScreen)
    album.wait(lambda: len(screen.table.row_keys) == 2)
    album.take("mailing-list")
    album.window.back_to(MenuScreen)
    album.settle()
    album.take("menu-days")


SCENES = (mailing,)
