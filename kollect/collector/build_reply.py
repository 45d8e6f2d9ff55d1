"""From an entry of the ledger to the letter that is owed for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kollect.collector.poll_context import ANSWERED, PollContext
from kollect.ledger.records import MailRecord, Template
from kollect.letters.letter import Sender, forward, reply
from kollect.letters.raw_scan import RawTraits
from kollect.smtp.outgoing import OutgoingMail, RawFile


def sender_of(context: PollContext) -> Sender:
    return Sender(context.settings.mail_address, context.settings.shop.name)


def letter_for(
    context: PollContext, entry: MailRecord, template: Callable[[int], Template]
) -> OutgoingMail:
    """The reply in the words in force when the mail came, or the forwarded mail.

    Raises OSError where the copy of a mail to be forwarded cannot be read.
    """
    send_alone = entry.unknowns > 0
    if entry.kind not in ANSWERED:
        return _forwarded(context, entry, send_alone=send_alone)
    assert entry.number is not None
    assert entry.template is not None
    text = template(entry.template)
    octets = reply(
        sender_of(context),
        to=entry.address,
        subject=text.subject,
        body=text.body,
        number=entry.number,
        digits=context.settings.collect.number_digits,
        charset=context.settings.collect.charset,
        message_id=entry.reply_message_id,
        date=context.now(),
        mark=context.reply_mark,
        in_reply_to=entry.message_id,
        references=entry.references.split(),
    )
    return OutgoingMail(entry.id, entry.address, octets, send_alone=send_alone)


def _forwarded(context: PollContext, entry: MailRecord, *, send_alone: bool) -> OutgoingMail:
    raw = context.kept.copy(entry.kept)
    return forward(
        sender_of(context),
        key=entry.id,
        to=context.settings.forward_address,
        raw=raw,
        traits=RawTraits.of(_pieces(raw)),
        subject=entry.subject,
        reply_to=entry.address,
        reason=entry.reason,
        message_id=entry.reply_message_id,
        date=context.now(),
        mark=context.reply_mark,
        whole=entry.is_complete,
        send_alone=send_alone,
    )


def _pieces(file: RawFile) -> Iterator[bytes]:
    with file.open("rb") as raw:
        while piece := raw.read(65536):
            yield piece
