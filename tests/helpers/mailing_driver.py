"""メール発信 as a user goes through it, and its members."""

from __future__ import annotations

import email
import email.policy
import tkinter as tk
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from tkinter import ttk
from typing import TypeVar

from kollect.mailing.mailing_states import MailingState, RecipientState
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member import Consent, Member
from kollect.members.repository import Members
from kollect.settings.model import Settings, Shop
from kollect.ui.framework.window import Screen
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_list import MailingListScreen
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.mailing.mailing_recipients import MailingRecipientsScreen
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from tests.helpers.ledger_samples import NOW
from tests.helpers.member_samples import numbers
from tests.helpers.scripted_smtp import Kept
from tests.helpers.shop import settings_for
from tests.helpers.table_driver import rows as rows_in_view
from tests.helpers.ui_driver import Person, all_inside, press, settle, shown_text, type_in

S = TypeVar("S", bound=Screen)
SHOP = Shop(id="TEST", name="テスト商店", address="東京都千代田区千代田1-1", phone="03-1234-5678")
CONSENT = Consent(True, date(2026, 11, 20), "会員登録用紙")
FREELY = RateLimit(0, 0)


def settings(port: int) -> Settings:
    usual = settings_for(1, port)
    return replace(usual, shop=SHOP, send=replace(usual.send, timeout_seconds=2))


def people(database: Path, count: int, consent: Consent = CONSENT) -> list[int]:
    given = numbers(database, *(f"m{n}@docomo.example" for n in range(count)))
    with closing(Members(database)) as members, members.transaction():
        for number in given:
            groups = ("偶数",) if number % 2 == 0 else ()
            members.register(Member(number, f"会員{number}", groups=groups, consent=consent), NOW)
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
