"""Mails at which the session died: tried last, and after a few times left alone for a while.

So one mail that cuts the line does not block the others for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from kollect.collector.context import PollContext

LEFT_ALONE = (
    (3, timedelta(minutes=15)),
    (4, timedelta(hours=1)),
    (5, timedelta(hours=6)),
    (6, timedelta(days=1)),
)
"""A mail at which the session died so often is left alone so long. Short at first: where the line
itself is bad it hits whichever mail is next, and its sender waits for an answer."""
CUTS_THE_LINE = (
    "サーバから取り出そうとすると接続が切れるメールがあります。サーバに残し、"
    "しばらく後回しにして、ほかのメールを先に処理します。"
)


def without_blocked(context: PollContext, uids: Iterable[str]) -> list[str]:
    """These mails but those to be left alone; whoever cut the line lately comes last."""
    suspect: set[str] = set()
    hopeless: set[str] = set()
    if context.failures is None:
        context.failures = context.ledger.failures(context.mailbox)
    if struck := context.failures:
        clock = context.clock.tick()
        for uid, strikes, at in struck:
            age = clock.age(at)
            if age < LEFT_ALONE[-1][1]:
                suspect.add(uid)
            if at > clock.look.wall:
                continue  # of a clock that was ahead: it is tried, and the next date is right
            if any(strikes >= least and age < pause for least, pause in LEFT_ALONE):
                hopeless.add(uid)
    return sorted((uid for uid in uids if uid not in hopeless), key=suspect.__contains__)


def record_failure(context: PollContext, uid: str) -> None:
    """The session died at this mail."""
    if _count(context, uid) == LEFT_ALONE[0][0]:
        context.notify(CUTS_THE_LINE)


def leave_alone(context: PollContext, uid: str) -> None:
    """This mail is not to be asked for every minute."""
    _count(context, uid)


def _count(context: PollContext, uid: str) -> int:
    context.failures = None
    return context.ledger.record_failure(context.mailbox, uid, context.now())
