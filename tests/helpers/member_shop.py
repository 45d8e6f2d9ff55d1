"""A shop whose customers have become members, and a mailing to them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from kollect.errors import Trouble
from kollect.ledger.ledger import Ledger
from kollect.ledger.states import ReceiptState
from kollect.mail import address
from kollect.mailing.mailing_events import MailingEvent
from kollect.mailing.mailing_states import Mailing, MailingRecipient
from kollect.mailing.mailing_worker import MailingWorker
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member import Consent, Member
from kollect.members.member_filter import EVERYBODY, MemberFilter
from kollect.members.repository import Members
from kollect.settings.model import Passwords, Settings, Shop
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_thread import local_now
from tests.helpers.shop import ADDRESS

SHOP = Shop(id="TEST", name="テスト商店", address="東京都千代田区千代田1-1", phone="03-1234-5678")
CONSENT = Consent(True, date(2026, 11, 22), "会員登録用紙")
AT_ONCE = RateLimit(0, 0)
FIRST = 1001


def guest(n: int) -> str:
    """Some of them cannot do without quotes or break RFC 5322, as real ones do."""
    return f"guest..{n}@docomo.ne.jp" if n % 10 == 0 else f"guest{n}@customer.example"


def join(database: Path, addresses: list[str], now: datetime | None = None) -> None:
    """Give numbers to these addresses, from 1001 on, and register them with their consent."""
    now = now or local_now()
    with closing(Ledger(database)) as ledger, ledger.transaction():
        template = ledger.template_in_force("acknowledgement", "★1★", "★1★", now)
        numbers = [
            ledger.give_number(one, address.key(one), now, first=FIRST, template=template)
            for one in addresses
        ]
        for number in numbers:
            ledger.receipt_state(number, ReceiptState.REPLIED, now)
    register(database, numbers, now)


def register(
    database: Path,
    numbers: list[int],
    now: datetime | None = None,
    birthday: date | None = None,
) -> None:
    with closing(Members(database)) as members, members.transaction():
        for number in numbers:
            one = Member(number, f"会員{number}", birthday=birthday, consent=CONSENT)
            members.register(one, now or local_now())


def begin(
    database: Path,
    *,
    pace: RateLimit = AT_ONCE,
    choice: MemberFilter = EVERYBODY,
    subject: str = "★店名★の新商品",
    body: str = "★名前★様（受付番号 ★受付番号★）\n新商品が入りました。\n",
    shop: Shop = SHOP,
) -> int:
    now = local_now()
    with closing(Outbox(database)) as outbox:
        mailing = outbox.save(subject, body, pace, now)
        outbox.start(
            mailing, choice, now, shop=shop, mail_address=ADDRESS, letter_domain="shop.example"
        )
    return mailing


def stop(database: Path, one: str) -> None:
    with closing(Members(database)) as members:
        members.stop(address.key(one), local_now(), "メール")


@dataclass(slots=True)
class Mailer:
    """The sender of a shop, and what it told."""

    folder: Path
    settings: Settings
    news: list[MailingEvent] = field(default_factory=list)
    now: Callable[[], datetime] = local_now
    _worker: MailingWorker | None = None

    @property
    def database(self) -> Path:
        return self.folder / "kollect.db"

    @property
    def worker(self) -> MailingWorker:
        if self._worker is None:
            self._worker = MailingWorker(
                DataFolder(self.folder),
                lambda: (self.settings, Passwords("", "")),
                self.news.append,
                now=self.now,
            )
        return self._worker

    def once(self) -> Trouble | None:
        return self.worker.once()

    def due(self) -> Trouble | None:
        """What is due by the clock, too."""
        return self.worker.once(begin_due=True)

    def restarted(self) -> None:
        """The next one finds what it left, as a new program does."""
        self._worker = None

    def mailing(self, identity: int) -> Mailing:
        with closing(Outbox(self.database)) as outbox:
            return outbox.mailing(identity)

    def parcels(self, identity: int) -> list[MailingRecipient]:
        with closing(Outbox(self.database)) as outbox:
            return list(outbox.each(identity))
