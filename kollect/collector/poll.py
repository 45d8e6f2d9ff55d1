"""One poll, from the listing to QUIT.

Mails are worked off in batches, in the order of arrival: read, decided and numbered, copied,
answered, deleted. The inbox and the outgoing side fail apart: where one is away, the other's work
goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from kollect.collector.batch import batches
from kollect.collector.delete_mails import MailDeleter
from kollect.collector.events import Phase, PollReport
from kollect.collector.mail_identity import not_among
from kollect.collector.mailbox_session import ConnectionLostAtMail, MailboxSession
from kollect.collector.poll_context import PollContext
from kollect.collector.problem_mails import ProblemMails
from kollect.collector.record_mails import MailRecorder
from kollect.collector.save_copies import CopySaver
from kollect.collector.send_replies import ReplySender
from kollect.errors import NotDeleted, ServerTrouble, StorageTrouble, Trouble
from kollect.inbox.mailbox import Mailbox
from kollect.ledger.encryption_record import recall, write_down
from kollect.smtp.standby import Standby

BATCH = 500
"""Mails: between two batches nothing is on the way, in neither direction."""


def poll(
    context: PollContext,
    open_mailbox: Callable[[], Mailbox],
    *,
    stopping: Callable[[], bool] = lambda: False,
    standby: Standby | None = None,
    expects_mail: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[PollReport, Trouble | None]:
    """Empty the mailbox once. Returns the counts and what kept it from being done in full.

    Raises `errors.StorageTrouble` where the data folder fails; nothing is then deleted.
    `stopping` is asked between mails; when it says yes the mails in hand are finished. `standby`
    holds the connection to the sending server from one poll to the next; it is made ready as soon
    as a letter is likely: at once where the server has announced a mail (`expects_mail`) or a
    letter waits, else when the listing shows a mail that is new.
    """
    started = clock()
    problems = ProblemMails(context)
    session = MailboxSession(open_mailbox, fetch_order=problems.without_blocked, clock=clock)
    copies = CopySaver(context, session, problems, stopping)
    replies = ReplySender(context, stopping, standby)
    deleter = MailDeleter(context, session, problems)
    recall(context.metadata, context.settings)
    if expects_mail or replies.owes:
        replies.get_ready()
    trouble: Trouble | None = None

    def send() -> None:
        context.phase(Phase.REPLYING)
        replies.send(meanwhile=lambda: deleter.on_deleted(session.release_if_idle()))
        context.phase(Phase.RECEIVING)

    try:
        context.phase(Phase.RECEIVING)
        try:
            try:
                session.open()
            except ConnectionLostAtMail as lost:
                problems.record_failure(lost.uid)
                raise
            present = session.uids()
            missing = not_among(present, context.ledger.still_there(context.mailbox))
            recorder = MailRecorder(context, session, problems, missing, on_new=replies.get_ready)
            for batch in batches(present, BATCH):
                if stopping():
                    break
                recorder.record(batch)
                copies.save(batch)
                if replies.take(batch) and not stopping():
                    send()
                    copies.save(batch)
                deleter.mark_done(batch)
            else:
                recorder.report()
                copies.report()
                deleter.report()
            deleter.reconcile(present, missing.ids())
            deleter.on_deleted(session.close())
        except ConnectionLostAtMail as lost:
            trouble = lost.cause
        except ServerTrouble as failed:
            trouble = failed
        for refusal in (trouble, session.trouble):
            if isinstance(refusal, NotDeleted):
                deleter.on_refused(refusal)
        owed = context.ledger.owed_count(context.mailbox)
        # letters that hang on no mail of this listing: 再送, or the inbox is away
        if owed and replies.take_late() and not stopping():
            send()
        replies.conclude()
        if owed:
            owed = context.ledger.owed_count(context.mailbox)
    finally:
        session.abandon()
        replies.close()
        with suppress(StorageTrouble):  # it would hide the trouble that ended the poll
            write_down(context.metadata, context.settings)
    context.tally.add("deferred", owed)
    report = context.tally.report(left=session.remaining(), seconds=clock() - started)
    return report, trouble or session.trouble or replies.trouble
