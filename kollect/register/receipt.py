"""The life of one mail, and the state of a receipt, as tables. Pure.

A mail moves through these steps. `+` is what surely holds when a mail is found in the step after a crash,
`-` what may or may not have happened outside.

    step           + surely                                    - perhaps
    -------------  ------------------------------------------  -----------------------------------------
    OWED           number and letter's Message-ID are written   nothing was sent
    SENDING        the letter was about to be sent              the server has it (the crash fell before
                                                                its 250 was written down): sent again
    UNKNOWN        the final dot was sent, no answer came       the server has it: sent once more, alone
    DEFERRED       the server said "later"                      nothing: sent again at the next poll
    SENT           the server's 250 is written down             the mail is gone from the mailbox
    UNDELIVERABLE  refused for good; a copy is in kept/         the mail is gone from the mailbox
    KEPT           nothing to send (any more); copy in kept/    the mail is gone from the mailbox
    STUCK          the server would not hand the mail over;     -
                   what there is of it is in kept/; it stays
    TEST           our own test mail: it stays                  -
    GONE           the mail is no longer on the server          -
"""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    OWED = "owed"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DEFERRED = "deferred"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    KEPT = "kept"
    STUCK = "stuck"
    TEST = "test"
    GONE = "gone"


MOVES: dict[Step, frozenset[Step]] = {
    Step.OWED: frozenset({Step.SENDING}),
    Step.SENDING: frozenset(
        {Step.SENDING, Step.SENT, Step.UNKNOWN, Step.DEFERRED, Step.UNDELIVERABLE, Step.KEPT}
    ),
    Step.UNKNOWN: frozenset({Step.SENDING}),
    Step.DEFERRED: frozenset({Step.SENDING, Step.KEPT, Step.UNDELIVERABLE}),
    Step.SENT: frozenset({Step.GONE}),
    Step.UNDELIVERABLE: frozenset({Step.GONE}),
    Step.KEPT: frozenset({Step.GONE}),
    Step.STUCK: frozenset({Step.OWED, Step.KEPT, Step.GONE}),
    Step.TEST: frozenset({Step.GONE}),
    Step.GONE: frozenset(),
}

TO_SEND = (Step.OWED, Step.SENDING, Step.UNKNOWN, Step.DEFERRED)
"""A letter is still owed."""
TO_DELETE = (Step.SENT, Step.UNDELIVERABLE, Step.KEPT)
"""Nothing is owed any more: the mail may leave the server."""


class IllegalMove(ValueError):
    """A step that does not follow from the present one; nothing was changed."""


def check_move(now: Step, then: Step) -> None:
    """Raise IllegalMove unless a mail may go from `now` to `then`."""
    if then not in MOVES[now]:
        raise IllegalMove(f"{now} → {then}")


class ReceiptState(StrEnum):
    """What 収集結果 shows of a receipt."""

    PENDING = "pending"
    REPLIED = "replied"
    UNKNOWN = "unknown"
    UNDELIVERABLE = "undeliverable"
