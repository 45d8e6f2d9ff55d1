"""Puts raw mails into kept/: those that may not leave the server without a copy there.

What only the body can tell is read as soon as the copy is there (`read_bodies`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from kollect.collector.batch import Batch
from kollect.collector.mailbox_session import ConnectionLostAtMail, MailboxSession
from kollect.collector.poll_context import PollContext
from kollect.collector.problem_mails import ProblemMails
from kollect.collector.read_bodies import Bodies
from kollect.inbox.mailbox import CommandRefused
from kollect.ledger.records import MailRecord
from kollect.ledger.states import MailState
from kollect.mail.foreign_text import exact
from kollect.storage import log_sentences

WHOLE_AFTER_ALL = (
    "見出しだけを転送したメールの本文を、サーバから取り出せました（差出人 {}、見出 {}）。"
    "「対象外・保留」で読めます。"
)
LARGE = 1024 * 1024
"""A mail of more octets is not fetched every minute where it does not come whole."""


class NothingGiven(Exception):
    """The server has given nothing of a mail that was not there before."""


class CopySaver:
    def __init__(
        self,
        context: PollContext,
        session: MailboxSession,
        problems: ProblemMails,
        stopping: Callable[[], bool],
    ) -> None:
        self._context = context
        self._session = session
        self._problems = problems
        self._stopping = stopping
        self._not_given: set[str] = set()
        self._bodies = Bodies(context)
        self._short: set[str] = set()
        """Mails that did not come whole: one try in a poll is enough."""

    def save(self, batch: Batch) -> None:
        """Put the raw mails into kept/ that may not leave the server without a copy there."""
        known = batch.rows
        wanted = [u for u, entry in known.items() if _needs_copy(entry) and u not in self._short]
        copies = []
        lost: ConnectionLostAtMail | None = None
        try:
            for uid in self._problems.without_blocked(wanted) if wanted else ():
                if self._stopping():
                    break
                if self._session.contains(uid) and (copy := self._copy(known[uid])) is not None:
                    copies.append((known[uid], *copy))
        except ConnectionLostAtMail as error:
            lost = error
        finally:
            self._copied(copies, batch)
        if lost is not None:
            self._problems.record_failure(lost.uid)
            raise lost

    def _copy(self, entry: MailRecord) -> tuple[str, bool] | None:
        """Write the raw mail into kept/. Returns the file's name and whether it is all of it; None
        where there is nothing to be kept."""
        name = entry.kept or self._context.kept.name_for(
            self._context.mailbox, entry.uid, entry.seen_at
        )
        try:
            with self._context.kept.writing(name) as sink:
                try:
                    self._session.fetch(entry.uid, sink)
                except CommandRefused as refusal:
                    self._short.add(entry.uid)
                    self._save_what_there_is(entry, sink, refusal)
                    return name, False
        except NothingGiven:
            self._not_given.add(entry.uid)
            return None
        return name, True

    def _save_what_there_is(
        self, entry: MailRecord, sink: BinaryIO, refusal: CommandRefused
    ) -> None:
        """The header, where no more than a part of it has come with the mail.

        Raises NothingGiven where there is no better copy than before.
        """
        came = sink.tell()
        header = b""
        for _, block in self._session.headers([entry.uid]):
            header = b"" if isinstance(block, CommandRefused) else block
        if came < len(header):
            sink.seek(0)
            sink.truncate()
            sink.write(header)
        if entry.kept or not (came or header):
            self._leave_alone(entry)
            raise NothingGiven
        self._context.notify(
            "サーバから、このメールをすべては取り出せません。取り出せた分だけを保存し、メールは"
            f"サーバに残します（差出人 {exact(entry.address) or '不明'}、{refusal}）"
        )

    def _leave_alone(self, entry: MailRecord) -> None:
        """A large mail that does not come whole must not be fetched again at every poll."""
        if self._session.size(entry.uid) > LARGE:
            self._problems.leave_alone(entry.uid)

    def report(self) -> None:
        """Notify how many mails do not come whole, when they change."""
        self._context.tell_of_mails("not whole", self._not_given, log_sentences.MAILS_NOT_WHOLE)

    def _copied(self, copies: list[tuple[MailRecord, str, bool]], batch: Batch) -> None:
        if not copies:
            return
        events: list[str] = []
        with self._context.ledger.transaction():
            for entry, name, whole in copies:
                self._context.ledger.mark_kept(entry.id, name, whole=whole)
                if not entry.kept:
                    self._context.tally.add("kept")
                elif whole and entry.step is MailState.SENT:
                    events.append(WHOLE_AFTER_ALL.format(entry.address or "不明", entry.subject))
                events += self._bodies.read(entry, name)
            for row in self._context.ledger.entries([entry.id for entry, *_ in copies]):
                batch.change(row)  # what was found in the body stands in it too
        for text in events:
            self._context.notify(text)


def _needs_copy(entry: MailRecord) -> bool:
    if entry.is_complete or entry.step in (MailState.TEST, MailState.GONE):
        return False
    if entry.number is not None:
        return entry.step in (MailState.UNDELIVERABLE, MailState.KEPT)
    return True
