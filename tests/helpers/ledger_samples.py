"""What the tests of the ledger have in common: a mail seen, a number given, a moment."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from kollect.ledger.ledger import Ledger
from kollect.ledger.lived_time import Lived, Look
from kollect.ledger.records import NewMail
from kollect.ledger.states import MailState

JST = timezone(timedelta(hours=9))
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=JST)
BOX = "shop@shop.example"
DOMAIN = "shop.example"


def lived_by(moment: datetime) -> Lived:
    """What the clock says of a ledger whose PC was never wrong."""
    return Lived(86400.0, Look(moment, 0.0, ""), stood=86400.0)


def sighting(uid: str, address: str = "", *, kind: str = "new", fingerprint: str = "") -> NewMail:
    return NewMail(
        uid=uid,
        fingerprint=fingerprint or f"print of {uid}",
        kind=kind,
        reason="空メールです。",
        address=address,
        address_key=address.lower(),
        subject="",
        message_id=f"<{uid}@mail.example>",
        thread="",
    )


def text(ledger: Ledger, now: datetime = NOW) -> int:
    """The template in force."""
    return ledger.template_in_force("acknowledgement", "番号は★1★です", "★1★\n", now)


def numbered(
    ledger: Ledger,
    address: str,
    *,
    uid: str = "",
    now: datetime = NOW,
    first: int = 1001,
    again: bool = False,
) -> tuple[int, int]:
    """A blank mail of this address taken in, as the collector does it: its row and its number."""
    with ledger.transaction():
        template = text(ledger, now)
        number = ledger.give_number(
            address, address.lower(), now, first=first, template=template, again=again
        )
        row = ledger.record(
            BOX,
            sighting(uid or f"{address} {number}", address),
            MailState.OWED,
            now,
            template=template,
            number=number,
            letter_domain=DOMAIN,
        )
    return row, number
