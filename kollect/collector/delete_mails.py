"""Deletes from the mailbox the mails that are done with, and closes the rows of those that
vanished.

A mail is deleted only when the ledger says that nothing is owed any more and nothing would be lost,
and only where it is still the mail that the ledger means by its uid. How the server is told is the
mailbox's: DELE in `inbox/pop3.py`, \\Deleted in `inbox/imap_deletion.py`.
"""

from __future__ import annotations

from collections.abc import Iterable

from kollect.collector.batch import Batch
from kollect.collector.mail_identity import is_same
from kollect.collector.mailbox_session import ConnectionLostAtMail, MailboxSession
from kollect.collector.poll_context import PollContext
from kollect.collector.problem_mails import ProblemMails
from kollect.errors import NotDeleted
from kollect.inbox.mailbox import CommandRefused
from kollect.ledger.records import MailRecord
from kollect.ledger.states import TO_DELETE, MailState
from kollect.mail.foreign_text import exact
from kollect.mail.message import Mail

NOT_DELETED = (
    "サーバからメールを削除できません。処理の終わったメール {count} 通が、サーバに残っています。"
    "受信と返信は続けています。二重に返信することはありません。次回もう一度削除します。"
    "続くときは、サーバの設定（「メールをサーバに残す」、削除の禁止）と、同じメールボックスを使う"
    "ほかのメールソフトを確かめ、プロバイダに確認してください。"
)
DELETED_AFTER_ALL = "サーバに残っていたメールを削除できるようになりました。"
BACK_AGAIN = 2
"""In how many polls in a row mails must come back before the server is doubted: one that was cut
off at QUIT may show them once more."""


class MailDeleter:
    def __init__(
        self, context: PollContext, session: MailboxSession, problems: ProblemMails
    ) -> None:
        self._ledger = context.ledger
        self._mailbox = context.mailbox
        self._metadata = context.metadata
        self._now = context.now
        self._notify = context.notify
        self._session = session
        self._problems = problems
        self._reappeared: set[str] = set()
        """Mails of this poll that the server had promised to delete and that are back."""
        self._not_deleted: set[str] = set()

    def mark_done(self, batch: Batch) -> None:
        """Mark for deletion what is done with."""
        back = batch.reappeared
        self._reappeared |= back
        done = {uid: e for uid, e in batch.rows.items() if _may_leave(e) or uid in back}
        if not done:
            return
        self._keep_rows([entry for uid, entry in done.items() if uid in back])
        same = batch.verified if self._session.open() == batch.session else set()
        same = same | self._look_again([entry for uid, entry in done.items() if uid not in same])
        try:
            refused = self._session.mark_deleted([uid for uid in done if uid in same])
            self._not_deleted.update(refused)
        except ConnectionLostAtMail as lost:
            self._problems.record_failure(lost.uid)  # next time the others are deleted first
            raise

    def reconcile(self, present: Iterable[str], missing: list[int]) -> None:
        """Close these rows, of mails that are no longer in the mailbox, where they owe nothing."""
        present = set(present)
        vanished = [
            entry
            for entry in self._ledger.entries(missing)
            if entry.uid not in present
            and entry.step is not MailState.GONE
            and not _still_owes(entry)
        ]
        if not vanished:
            return
        with self._ledger.transaction():
            self._ledger.move([entry.id for entry in vanished], MailState.GONE, self._now())
        for entry in vanished:
            if not _may_leave(entry) and entry.step is not MailState.TEST:
                self._notify(
                    "処理の前に、ほかのプログラムがサーバからメールを消しました"
                    f"（差出人 {exact(entry.address) or '不明'}、見出 {entry.subject}）"
                )

    def _keep_rows(self, returned: list[MailRecord]) -> None:
        """The row of a mail that the server never deletes must stay: it would be answered again."""
        if returned:
            self._ledger.seen_again([entry.id for entry in returned], self._now())

    def report(self) -> None:
        """Notify how many mails the server does not delete: once, again when they are twice as
        many, and when all are gone.

        It refuses, or it agrees and they are there again (Gmail and others keep them by setting).
        """
        polls = self._metadata.get_metadata_number("came back") + 1 if self._reappeared else 0
        self._metadata.set_metadata("came back", str(polls or ""))
        back = self._reappeared if polls >= BACK_AGAIN else set()
        there = len(self._not_deleted | back)
        before = self._metadata.get_metadata_number("not deleted count")
        if there >= max(1, 2 * before):
            self._metadata.set_metadata("not deleted count", str(there))
            self._notify(NOT_DELETED.format(count=there))
        elif before and not there and not self._reappeared:
            self._metadata.set_metadata("not deleted count", "")
            self._notify(DELETED_AFTER_ALL)

    def on_refused(self, trouble: NotDeleted) -> None:
        """Notify once that the server ended the session well, but deleted nothing."""
        if self._metadata.set_metadata("not deleted because", trouble.happened):
            self._notify(str(trouble))

    def on_deleted(self, uids: list[str]) -> None:
        """The server has confirmed that these mails are deleted."""
        if not uids:
            return
        if self._metadata.set_metadata("not deleted because", ""):
            self._notify(DELETED_AFTER_ALL)
        self._ledger.mark_deleted(self._mailbox, uids, self._now())

    def _look_again(self, entries: list[MailRecord]) -> set[str]:
        """Which of these are still the mails by their uids, in this session?"""
        known = {entry.uid: entry for entry in entries}
        return {
            uid
            for uid, block in (
                self._session.headers(self._problems.without_blocked(known)) if known else ()
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
