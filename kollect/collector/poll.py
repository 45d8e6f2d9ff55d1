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
from kollect.collector.context import PollContext
from kollect.collector.delete_mails import MailDeleter
from kollect.collector.events import Phase, PollReport
from kollect.collector.mail_identity import not_among
from kollect.collector.mailbox_session import ConnectionLostAtMail, MailboxSession
from kollect.collector.problem_mails import bearable, strike
from kollect.collector.record_mails import MailRecorder
from kollect.collector.save_copies import CopySaver
from kollect.collector.send_replies import ReplySender
from kollect.errors import NotDeleted, ServerTrouble, StorageTrouble, Trouble
from kollect.inbox.mailbox import Mailbox
from kollect.ledger.encryption_record import recall, write_down

BATCH = 250


def poll(
    desk: PollContext,
    open_mailbox: Callable[[], Mailbox],
    *,
    stopping: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[PollReport, Trouble | None]:
    """Empty the mailbox once. Returns the counts and what kept it from being done in full.

    Raises `errors.StorageTrouble` where the data folder fails; nothing is then deleted.
    `stopping` is asked between mails; when it says yes the mails in hand are finished.
    """
    started = clock()
    visit = MailboxSession(open_mailbox, bearable=lambda uids: bearable(desk, uids), clock=clock)
    leaving = MailDeleter(desk, visit)
    dispatch = ReplySender(desk, stopping)
    recall(desk.notes, desk.settings)
    trouble: Trouble | None = None

    def send() -> None:
        desk.phase(Phase.REPLYING)
        dispatch.send(meanwhile=lambda: leaving.gone(visit.rest()))
        desk.phase(Phase.RECEIVING)

    try:
        copies = CopySaver(desk, visit, stopping)
        desk.phase(Phase.RECEIVING)
        try:
            try:
                visit.open()
            except ConnectionLostAtMail as died:
                strike(desk, died.uid)
                raise
            present = visit.uids()
            missing = not_among(present, desk.ledger.still_there(desk.mailbox))
            intake = MailRecorder(desk, visit, missing)
            for batch in batches(present, BATCH):
                if stopping():
                    break
                intake.take(batch)
                copies.keep(batch)
                if dispatch.take(batch) and not stopping():
                    send()
                    copies.keep(batch)
                leaving.delete(batch)
            else:
                intake.complain()
                copies.complain()
                leaving.complain()
            leaving.reconcile(present, missing.ids())
            leaving.gone(visit.close())
        except ConnectionLostAtMail as died:
            trouble = died.cause
        except ServerTrouble as failed:
            trouble = failed
        for refusal in (trouble, visit.trouble):
            if isinstance(refusal, NotDeleted):
                leaving.refused(refusal)
        owed = desk.ledger.owed_count(desk.mailbox)
        # letters that hang on no mail of this listing: 再送, or the inbox is away
        if owed and dispatch.take_late() and not stopping():
            send()
        dispatch.conclude()
        if owed:
            owed = desk.ledger.owed_count(desk.mailbox)
    finally:
        visit.abandon()
        dispatch.close()
        with suppress(StorageTrouble):  # it would hide the trouble that ended the poll
            write_down(desk.notes, desk.settings)
    desk.tally.add("deferred", owed)
    report = desk.tally.report(left=visit.left(), seconds=clock() - started)
    return report, trouble or visit.trouble or dispatch.trouble
