"""The raw mails in kept/ that may not leave the server without a copy there.

A delivery report is read as soon as its copy is there: only the body says what it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from kollect import address
from kollect.collector.desk import Desk
from kollect.collector.strikes import bearable, strike
from kollect.collector.visit import FetchDied, Visit
from kollect.decision.bounce import MOST_READ, read_report
from kollect.decision.verdict import Kind
from kollect.foreign_text import exact
from kollect.inbox.mailbox import Refused
from kollect.register.entry import Entry
from kollect.register.receipt import Step

REPORT_WINDOW = timedelta(days=7)
"""So long after a reply a delivery report that names only the recipient is believed."""

WHOLE_AFTER_ALL = (
    "見出しだけを転送したメールの本文を、サーバから取り出せました（差出人 {}、見出 {}）。"
    "「対象外・保留」で読めます。"
)


class Copies:
    def __init__(self, desk: Desk, visit: Visit, stopping: Callable[[], bool]) -> None:
        self._desk = desk
        self._visit = visit
        self._stopping = stopping

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
                        f"サーバに残します（差出人 {exact(entry.address) or '不明'}、{refusal}）"
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
                if entry.kind in (Kind.BOUNCE, Kind.AUTOMATIC):
                    said += self._read_delivery_report(entry, name)
        for line in said:
            self._desk.say(line)

    def _read_delivery_report(self, entry: Entry, name: str) -> list[str]:
        """Mark the receipt or the member that a report is about. One about a forwarded mail stays
        here."""
        report = read_report(self._desk.kept.head(name, MOST_READ))
        if report is None:
            return []
        ledger, now = self._desk.ledger, self._desk.now()
        recipient = address.key(report.recipient)
        about_forward = recipient == address.key(
            self._desk.settings.forward_address
        ) or ledger.is_forward(report.original_message_id)
        if about_forward and entry.step is Step.OWED:
            # forwarding it to the address that just failed would go on for ever
            ledger.move([entry.id], Step.KEPT, now)
            return [f"「対象外メールの送信先」に届きませんでした: {report.reason}"]
        if not report.permanent:
            return []
        about = report.original_message_id, recipient, report.reason, now - REPORT_WINDOW
        told = []
        if (number := ledger.bounced(*about)) is not None:
            told.append(f"受付番号 {number} の返信は届きませんでした（不達）: {report.reason}")
        if (number := self._desk.customers.bounced(*about, now)) is not None:
            told.append(f"会員 {number} へのメールは届きませんでした（不達）: {report.reason}")
        if told:
            self._desk.tally.add("bounced")
        return told


def _needs_copy(entry: Entry) -> bool:
    if entry.whole or entry.step in (Step.TEST, Step.GONE):
        return False
    if entry.number is not None:
        return entry.step in (Step.UNDELIVERABLE, Step.KEPT)
    return True
