"""The demo with a window: customers with phones, what they send, and what arrives there.

Real mails over real sockets, in the caller's threads; nothing here is shown or remembered.
Knows the demo's server, nothing of the shop but its letters' wording.
"""

from __future__ import annotations

import logging
import poplib
import re
import smtplib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kollect.demo.customer import Customer, Received
from kollect.demo.phone import Phone
from kollect.demo.server import DemoServer
from kollect.demo.shop import OWNER_ADDRESS
from kollect.errors import Trouble
from kollect.settings.model import Settings

log = logging.getLogger(__name__)

LOOK_EVERY = 0.3
"""Seconds. A phone tells of a new mail at once."""
PEOPLE = (
    ("山田 花子", "hanako..yamada.@docomo.ne.jp", Phone.DOCOMO),
    ("佐藤 一郎", "ichiro@phone.example", Phone.IPHONE),
    ("鈴木 美咲", "misaki@mail.example", Phone.GMAIL),
)
MORE_NAMES = ("高橋 健太", "田中 さくら", "伊藤 陽子", "渡辺 誠", "中村 由美", "小林 進")
DOMAINS = {
    Phone.DOCOMO: "docomo.ne.jp",
    Phone.IPHONE: "phone.example",
    Phone.GMAIL: "mail.example",
}
QUESTION = ("営業時間について", "日曜日は何時まで開いていますか。")
MARKS = ("★1★", "★2★")


@dataclass(frozen=True, slots=True)
class Note:
    """One mail as it stands on the phone."""

    at: datetime
    sent: bool
    """By this phone; else it arrived."""
    subject: str
    body: str
    sender: str = ""
    number: str = ""
    """The reception number in it, where there is one."""


@dataclass(eq=False, slots=True)
class Handset:
    """One person's phone. `notes` belongs to the window that shows them."""

    name: str
    customer: Customer
    can_send: bool = True
    notes: list[Note] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.customer.address

    @property
    def called(self) -> str:
        """As one speaks of this person: the owner is no さん."""
        name = self.name.partition("（")[0]
        return f"{name}さん" if self.can_send else name

    @property
    def has_sent(self) -> bool:
        return any(note.sent for note in self.notes)


class DemoSession:
    """The people of one demo: three customers, more as they are wanted, and the shop's owner."""

    def __init__(self, server: DemoServer, settings: Callable[[], Settings]) -> None:
        """`settings` gives the shop's, with the wording of its letters."""
        self._server = server
        self._settings = settings
        self.owner = Handset(
            "店長（対象外メール）",
            Customer(server, OWNER_ADDRESS, "店長", phone=Phone.GMAIL),
            can_send=False,
        )
        self.handsets = [self._handset(*person) for person in PEOPLE]

    def everybody(self) -> list[Handset]:
        return [*self.handsets, self.owner]

    def new_customer(self) -> Handset:
        """One more, whose address the shop does not know yet."""
        more = len(self.handsets) - len(PEOPLE)
        name = MORE_NAMES[more] if more < len(MORE_NAMES) else f"お客様 {more + 1}"
        phone = list(Phone)[more % len(Phone)]
        self.handsets.append(self._handset(name, f"guest{more + 1}@{DOMAINS[phone]}", phone))
        return self.handsets[-1]

    def send_blank(self, handset: Handset) -> Note:
        """空メール, empty in this phone's way. Raises Trouble."""
        self._try(lambda: handset.customer.send_blank())
        return Note(_now(), sent=True, subject="", body="")

    def send_question(self, handset: Handset) -> Note:
        """A mail with a subject, which gets no number. Raises Trouble."""
        subject, body = QUESTION
        self._try(lambda: handset.customer.send(subject, body))
        return Note(_now(), sent=True, subject=subject, body=body)

    def watch(self, arrived: Callable[[Handset, Note], None], stopping: Callable[[], bool]) -> None:
        """Fetch what arrives, on every phone, until `stopping`. Takes this thread."""
        while not stopping():
            for handset in self.everybody():
                for letter in self._fetch(handset):
                    arrived(handset, self._note(letter))
            time.sleep(LOOK_EVERY)

    def _fetch(self, handset: Handset) -> list[Received]:
        if not self._server.mailbox(handset.address).mails:
            return []
        try:
            return handset.customer.read()
        except (OSError, poplib.error_proto) as error:  # the server is ending, or busy with it
            log.debug("%s", error)
            return []

    def _note(self, letter: Received) -> Note:
        body = letter.body
        for inside in letter.attached:
            body += f"\n\n【添付されたメール】\n差出人: {inside.sender}\n件名: {inside.subject}\n"
            body += inside.body
        number = number_in((letter.subject, letter.body), _wordings(self._settings()))
        return Note(
            _now(),
            sent=False,
            subject=letter.subject,
            body=body.strip(),
            sender=letter.sender,
            number=number,
        )

    def _handset(self, name: str, address: str, phone: Phone) -> Handset:
        customer = Customer(self._server, address, name.replace(" ", ""), phone=phone)
        return Handset(f"{name}（{phone}）", customer)

    def _try(self, send: Callable[[], object]) -> None:
        try:
            send()
        except (OSError, smtplib.SMTPException) as error:
            raise Trouble(
                "携帯からメールを送れません",
                happened="デモ用のメールサーバが答えませんでした。",
                cure="デモ設定を解除して、もう一度デモ設定を行ってください。",
                detail=repr(error),
            ) from error


def number_in(texts: Iterable[str], wordings: Sequence[str]) -> str:
    """The number in a letter: what stands where the wording of the shop has its ★1★ or ★2★."""
    lines = [
        line.strip()
        for wording in wordings
        for line in wording.splitlines()
        if any(mark in line for mark in MARKS)
    ]
    for text in texts:
        for line in lines:
            pattern = re.escape(line)
            for mark in MARKS:
                pattern = pattern.replace(re.escape(mark), "([0-9]+)")
            if found := re.search(pattern, text):
                return found[1]
    return ""


def _wordings(settings: Settings) -> tuple[str, ...]:
    parts: tuple[Any, ...] = (settings.collect, settings.duplicate)
    return tuple(text for part in parts for text in (part.reply_subject, part.reply_body))


def _now() -> datetime:
    return datetime.now().astimezone()
