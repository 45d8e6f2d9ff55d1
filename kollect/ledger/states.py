"""The life of one mail, and the state of a receipt, as tables. Pure.

A mail moves through these steps. `+` is what surely holds when a mail is found in the step after a
crash, `-` what may or may not have happened outside.

    step           + surely                              - perhaps
    -------------  ------------------------------------  ------------------------------------------
    OWED           the letter owed is written down, its  nothing was sent
                   number and its Message-ID
    SENDING        the letter was about to be sent       the server has it (the crash fell before
                                                         its 250 was written down): sent again
    UNKNOWN        the letter was complete, no answer    the server has it: sent once more, alone
                   came
    DEFERRED       the server said "later", or refused   nothing: sent again at the next poll
                   it as it may refuse every letter now
    SENT           the server's 250 is written down      the mail is gone from the mailbox
    UNDELIVERABLE  refused for good                      the mail is gone from the mailbox
    KEPT           nothing to send, or no more           the mail is gone from the mailbox
    TEST           our own test mail                     it stays there
    GONE           the mail is no longer on the server

A reply's mail leaves the server in SENT; every other one only with its whole copy in kept/, in SENT
(forwarded), UNDELIVERABLE or KEPT; never otherwise.
"""

from __future__ import annotations

from enum import StrEnum


class MailState(StrEnum):
    OWED = "owed"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DEFERRED = "deferred"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    KEPT = "kept"
    TEST = "test"
    GONE = "gone"


MOVES: dict[MailState, frozenset[MailState]] = {
    MailState.OWED: frozenset({MailState.SENDING, MailState.KEPT, MailState.GONE}),
    MailState.SENDING: frozenset(
        {
            MailState.SENDING,
            MailState.SENT,
            MailState.UNKNOWN,
            MailState.DEFERRED,
            MailState.UNDELIVERABLE,
            MailState.KEPT,
        }
    ),
    MailState.UNKNOWN: frozenset({MailState.SENDING}),
    MailState.DEFERRED: frozenset({MailState.SENDING, MailState.UNDELIVERABLE, MailState.KEPT}),
    MailState.SENT: frozenset({MailState.GONE}),
    MailState.UNDELIVERABLE: frozenset({MailState.GONE}),
    MailState.KEPT: frozenset({MailState.GONE}),
    MailState.TEST: frozenset({MailState.GONE}),
    MailState.GONE: frozenset(),
}

TO_SEND = (MailState.OWED, MailState.SENDING, MailState.UNKNOWN, MailState.DEFERRED)
"""A letter is still owed."""
TO_DELETE = (MailState.SENT, MailState.UNDELIVERABLE, MailState.KEPT)
"""Nothing is owed any more: the mail may leave the server."""


class IllegalMailMove(ValueError):
    """A step that does not follow from the present one; nothing was changed."""


class AlreadyNumbered(ValueError):
    """The address has a number, and no further one was asked for; nothing was changed."""

    def __init__(self, number: int) -> None:
        super().__init__(f"has number {number}")
        self.number = number


def allowed_from(then: MailState) -> tuple[MailState, ...]:
    """The steps from which a mail may go to `then`."""
    return tuple(now for now, targets in MOVES.items() if then in targets)


class ReceiptState(StrEnum):
    """What 収集結果 shows of a receipt."""

    PENDING = "pending"
    REPLIED = "replied"
    UNKNOWN = "unknown"
    UNDELIVERABLE = "undeliverable"
    REFUSED = "refused"
    """This letter was refused for good, and nothing said of the mailbox: others may be sent to it.
    Programs that read `--json` are told that it is undeliverable."""
    BROUGHT = "brought"
    """A customer from before, out of a list: no blank mail came, and no letter was sent. Programs
    that read `--json` are told that it is pending."""

    @property
    def told(self) -> str:
        """As `results --json` has it, whose words are agreed upon."""
        match self:
            case ReceiptState.REFUSED:
                return ReceiptState.UNDELIVERABLE
            case ReceiptState.BROUGHT:
                return ReceiptState.PENDING
        return self


RECEIPT_STATE_TEXTS = {
    ReceiptState.PENDING: "未送信",
    ReceiptState.REPLIED: "送信済",
    ReceiptState.UNKNOWN: "未確認",
    ReceiptState.UNDELIVERABLE: "不達",
    ReceiptState.REFUSED: "断られました",
    ReceiptState.BROUGHT: "名簿から",
}
"""As the staff read it."""
SEEMS_LOST = "届かなかったようです"


def in_words(state: ReceiptState, reason: str) -> str:
    """The state as the staff read it. A letter that was sent has a reason only where a report says
    that it did not arrive, and nothing but the recipient in it speaks for that.
    """
    return SEEMS_LOST if state is ReceiptState.REPLIED and reason else RECEIPT_STATE_TEXTS[state]
