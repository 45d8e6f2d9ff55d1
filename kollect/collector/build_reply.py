"""From an entry of the ledger to the letter that is owed for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from kollect.collector.context import ANSWERED, PollContext
from kollect.ledger.records import MailRecord, Template
from kollect.letters.letter import Sender, forward, reply
from kollect.letters.raw_scan import RawTraits
from kollect.smtp.outgoing import OutgoingMail


def sender_of(desk: PollContext) -> Sender:
    return Sender(desk.settings.mail_address, desk.settings.shop.name)


def letter_for(
    desk: PollContext, entry: MailRecord, template: Callable[[int], Template]
) -> OutgoingMail:
    """The reply in the words in force when the mail came, or the forwarded mail.

    Raises OSError where the copy of a mail to be forwarded cannot be read.
    """
    careful = entry.unknowns > 0
    if entry.kind not in ANSWERED:
        return _forwarded(desk, entry, careful=careful)
    assert entry.number is not None
    assert entry.template is not None
    text = template(entry.template)
    octets = reply(
        sender_of(desk),
        to=entry.address,
        subject=text.subject,
        body=text.body,
        number=entry.number,
        digits=desk.settings.collect.number_digits,
        charset=desk.settings.collect.charset,
        message_id=entry.letter_id,
        date=desk.now(),
        mark=desk.reply_mark,
        in_reply_to=entry.message_id,
        references=entry.thread.split(),
    )
    return OutgoingMail(entry.id, entry.address, octets, careful=careful)


def _forwarded(desk: PollContext, entry: MailRecord, *, careful: bool) -> OutgoingMail:
    raw = desk.kept.path(entry.kept)
    return forward(
        sender_of(desk),
        key=entry.id,
        to=desk.settings.forward_address,
        raw=raw,
        traits=RawTraits.of(_pieces(raw)),
        subject=entry.subject,
        reply_to=entry.address,
        reason=entry.reason,
        message_id=entry.letter_id,
        date=desk.now(),
        mark=desk.reply_mark,
        whole=entry.whole,
        careful=careful,
    )


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as raw:
        while piece := raw.read(65536):
            yield piece
