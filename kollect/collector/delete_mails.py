"""From the mailbox for ever: deletes the mails that are done with, and closes the rows of others.

A mail is deleted only when the ledger says that nothing is owed any more and nothing would be lost,
and only where it is still the mail that the ledger means by its uid.
"""

from __future__ import annotations

from collections.abc import Iterable

from kollect.collector.batch import Batch
from kollect.collector.context import PollContext
from kollect.collector.mail_identity import is_same
from kollect.collector.mailbox_session import ConnectionLostAtMail, MailboxSession
from kollect.collector.problem_mails import record_failure, without_blocked
from kollect.errors import NotDeleted
from kollect.inbox.mailbox import CommandRefused
from kollect.ledger.records import MailRecord
from kollect.ledger.states import TO_DELETE, MailState
from kollect.mail.foreign_text import exact
from kollect.mail.message import Mail

NOT_DELETED = (
    "サーバからメールを削除できません。処理の終わったメール {} 通が、サーバに残っています。"
    "受信と返信は続けています。二重に返信することはありません。次回もう一度削除します。"
    "続くときは、サーバの設定（「メールをサーバに残す」、削除の禁止）と、同じメールボックスを使う"
    "ほかのメールソフトを確かめ、プロバイダに確認してください。"
)
DELETED_AFTER_ALL = "サーバに残っていたメールを削除できるようになりました。"
BACK_AGAIN = 2
"""In so many polls one after the other mails must come back before the server is doubted: one that
was cut off at QUIT may show them once more."""


class MailDeleter:
    def __init__(self, context: PollContext, session: MailboxSession) -> None:
        self._context = context
        self._session = session
        self._reappeared: set[str] = set()
        """Mails of this poll that the server had promised to delete and that are back."""
        self._not_deleted: set[str] = set()

    def delete(self, batch: Batch) -> None:
        """Mark for deletion what is done with."""
        back = batch.reappeared
        self._reappeared |= back
        done = {uid: e for uid, e in batch.rows.items() if _may_leave(e) or uid in back}
        if not done:
            return
        self._keep_in_mind([entry for uid, entry in done.items() if uid in back])
        same = batch.verified if self._session.open() == batch.session else set()
        same = same | self._look_again([entry for uid, entry in done.items() if uid not in same])
        try:
            self._not_deleted.update(self._session.delete([uid for uid in done if uid in same]))
        except ConnectionLostAtMail as died:
            record_failure(self._context, died.uid)  # the others shall go in spite of it
            raise

    def reconcile(self, present: Iterable[str], missing: list[int]) -> None:
        """Close these rows, of mails that are no longer in the mailbox, where they owe nothing."""
        present = set(present)
        ledger, now = self._context.ledger, self._context.now()
        vanished = [
            entry
            for entry in ledger.entries(missing)
            if entry.uid not in present
            and entry.step is not MailState.GONE
            and not _still_owes(entry)
        ]
        if not vanished:
            return
        with ledger.transaction():
            ledger.move([entry.id for entry in vanished], MailState.GONE, now)
        for entry in vanished:
            if not _may_leave(entry) and entry.step is not MailState.TEST:
                self._context.notify(
                    "処理の前に、ほかのプログラムがサーバからメールを消しました"
                    f"（差出人 {exact(entry.address) or '不明'}、見出 {entry.subject}）"
                )

    def _keep_in_mind(self, returned: list[MailRecord]) -> None:
        """The row of a mail that never leaves must not be forgotten: it would be answered again."""
        if returned:
            self._context.ledger.seen_again([entry.id for entry in returned], self._context.now())

    def report(self) -> None:
        """Tell of the mails that the server does not delete: once, again when they are twice as
        many, and when all are gone.

        It refuses, or it agrees and they are there again (Gmail and others keep them by setting).
        """
        notes = self._context.metadata
        polls = notes.get_metadata_number("came back") + 1 if self._reappeared else 0
        notes.set_metadata("came back", str(polls or ""))
        back = self._reappeared if polls >= BACK_AGAIN else set()
        there = len(self._not_deleted | back)
        told = notes.get_metadata_number("not deleted count")
        if there >= max(1, 2 * told):
            notes.set_metadata("not deleted count", str(there))
            self._context.notify(NOT_DELETED.format(there))
        elif told and not there and not self._reappeared:
            notes.set_metadata("not deleted count", "")
            self._context.notify(DELETED_AFTER_ALL)

    def on_refused(self, trouble: NotDeleted) -> None:
        """Tell that the server ended the session well, but deleted nothing: once."""
        if self._context.metadata.set_metadata("not deleted because", trouble.happened):
            self._context.notify(str(trouble))

    def on_deleted(self, uids: list[str]) -> None:
        """The server has confirmed that these mails are deleted."""
        if not uids:
            return
        if self._context.metadata.set_metadata("not deleted because", ""):
            self._context.notify(DELETED_AFTER_ALL)
        self._context.ledger.mark_deleted(self._context.mailbox, uids, self._context.now())

    def _look_again(self, entries: list[MailRecord]) -> set[str]:
        """Which of these are still the mails by their uids, in this session?"""
        known = {entry.uid: entry for entry in entries}
        return {
            uid
            for uid, block in (
                self._session.headers(without_blocked(self._context, known)) if known else ()
            )
            if not isinstance(block, CommandRefused) and is_same(known[uid], Mail.read(block))
        }


def _may_leave(entry: MailRecord) -> bool:
    """Nothing is owed, and the answer was delivered or the whole mail is in kept/."""
    if entry.step not in TO_DELETE:
        return False
    return entry.is_complete or (entry.step is MailState.SENT and entry.number is not None)


def _still_owes(entry: MailRecord) -> bool:
    """Its letter can be sent without the mail itself."""
    return entry.step not in (*TO_DELETE, MailState.TEST) and bool(entry.number or entry.kept)
