"""The raw mails in kept/ that may not leave the server without a copy there.

What only the body tells is read as soon as the copy is there (`bodies`).
"""

from __future__ import annotations

from collections.abc import Callable

from kollect.collector.bodies import Bodies
from kollect.collector.desk import Desk
from kollect.collector.strikes import bearable, strike
from kollect.collector.visit import FetchDied, Visit
from kollect.inbox.mailbox import Refused
from kollect.register.entry import Entry
from kollect.register.receipt import Step

WHOLE_AFTER_ALL = (
    "見出しだけを転送したメールの本文を、サーバから取り出せました（差出人 {}、見出 {}）。"
    "「対象外・保留」で読めます。"
)


class Copies:
    def __init__(self, desk: Desk, visit: Visit, stopping: Callable[[], bool]) -> None:
        self._desk = desk
        self._visit = visit
        self._stopping = stopping
        self._bodies = Bodies(desk)

    def keep(self, uids: list[str]) -> None:
        """Put the raw mails into kept/ that may not leave the server without a copy there."""
        known = self._desk.ledger.known_mails(self._desk.mailbox, uids)
        wanted = [uid for uid, entry in known.items() if _needs_copy(entry)]
        copies = []
        died: FetchDied | None = None
        try:
            for uid in bearable(self._desk, wanted) if wanted else ():
                if self._stopping():
                    break
                if self._visit.holds(uid):
                    copies.append((known[uid], *self._copy(known[uid])))
        except FetchDied as lost:
            died = lost
        finally:
            self._copied(copies)
        if died is not None:
            strike(self._desk, died.uid)
            raise died

    def _copy(self, entry: Entry) -> tuple[str, bool]:
        """Write the raw mail into kept/. Returns the file's name and whether it is all of it."""
        name = entry.kept or self._desk.kept.name_for(self._desk.mailbox, entry.uid, entry.seen_at)
        whole = True
        with self._desk.kept.writing(name) as sink:
            try:
                self._visit.fetch(entry.uid, sink)
            except Refused as refusal:
                whole = False
                sink.seek(0)
                sink.truncate()
                for _, block in self._visit.headers([entry.uid]):
                    sink.write(b"" if isinstance(block, Refused) else block)
                if not entry.kept:
                    self._desk.say(
                        "サーバがメールの取り出しを断りました。見出しだけを保存し、メールは"
                        f"サーバに残します（差出人 {entry.address or '不明'}、{refusal}）"
                    )
        return name, whole

    def _copied(self, copies: list[tuple[Entry, str, bool]]) -> None:
        if not copies:
            return
        said = []
        with self._desk.ledger.transaction():
            for entry, name, whole in copies:
                self._desk.ledger.kept(entry.id, name, whole=whole)
                if not entry.kept:
                    self._desk.tally.add("kept")
                elif whole and entry.step is Step.SENT:
                    said.append(WHOLE_AFTER_ALL.format(entry.address or "不明", entry.subject))
                said += self._bodies.read(entry, name)
        for line in said:
            self._desk.say(line)


def _needs_copy(entry: Entry) -> bool:
    if entry.whole or entry.step in (Step.TEST, Step.GONE):
        return False
    if entry.number is not None:
        return entry.step in (Step.UNDELIVERABLE, Step.KEPT)
    return True
