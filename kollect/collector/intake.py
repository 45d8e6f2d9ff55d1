"""From the mailbox into the ledger: read what is new, decide, write it down, keep copies, delete.

Nothing here sends. A mail is written down before anything is owed for it, and deleted only when
the ledger says that nothing is owed any more and nothing would be lost.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

from kollect import address
from kollect.collector.desk import ANSWERED, FORWARDED, STOPPED, Desk
from kollect.collector.strikes import bearable, strike
from kollect.collector.visit import FetchDied, Visit
from kollect.decision.decide import decide
from kollect.decision.verdict import Decision, Kind, Known
from kollect.inbox.mailbox import Refused
from kollect.mail import Mail
from kollect.members import wording
from kollect.register.entry import Entry, Sighting
from kollect.register.receipt import TO_DELETE, Step

log = logging.getLogger(__name__)

HEADERS_AT_ONCE = 2 * 1024 * 1024
"""So many octets of headers are held before they are written down."""
HEAD_OF_MAIL = 256 * 1024
PAUSED = (
    "新しいアドレスからの空メールが1時間の上限を超えたため、受付番号の発行を止めています。"
    "メールはサーバに残しています。いたずらでなければ、上限の設定（new_per_hour）を増やしてください。"
)
GOES_ON = "受付番号の発行を再開しました。"
NOT_GIVEN = (
    "サーバが、メール {} 通の取り出しを断りました。サーバに残し、次回もう一度試します。"
    "続くときは、プロバイダに知らせてください。"
)
NOT_DELETED = (
    "サーバが、処理の終わったメール {} 通の削除を断りました。二重に返信することはありません。"
    "次回もう一度削除します。"
)


class _HeadOnly:
    """A sink that keeps the beginning of a mail."""

    def __init__(self) -> None:
        self.kept = bytearray()

    def write(self, data: bytes) -> int:
        self.kept += data[: HEAD_OF_MAIL - len(self.kept)]
        return len(data)


class Intake:
    def __init__(self, desk: Desk, visit: Visit) -> None:
        self._desk = desk
        self._visit = visit
        self._rules = desk.rules()
        self._returned: set[str] = set()
        """Mails that the server had promised to delete and that are back."""
        self._not_given: set[str] = set()
        """Mails of which the server gives nothing."""
        self._not_deleted: set[str] = set()
        self._missing: dict[str, Entry] | None = None
        self._acknowledgement = self._duplicate = 0

    def take(self, uids: list[str]) -> None:
        """Write down those of these mails that are new, numbered in the order of arrival.

        Raises FetchDied where the session is lost; what was read until then is written down.
        """
        ledger, mailbox = self._desk.ledger, self._desk.mailbox
        known = ledger.known_mails(mailbox, uids)
        fresh = [uid for uid in uids if uid not in known or known[uid].step is Step.GONE]
        read: list[tuple[str, Mail]] = []
        held = 0
        died: FetchDied | None = None
        try:
            refused = []
            for uid, block in self._visit.headers(bearable(self._desk, fresh)):
                if isinstance(block, Refused):
                    refused.append(uid)
                    continue
                read.append((uid, Mail.read(block)))
                held += len(block)
                if held > HEADERS_AT_ONCE:
                    self._write_down(read, known)
                    read, held = [], 0
            for uid in refused:
                if mail := self._read_whole(uid):
                    read.append((uid, mail))
        except FetchDied as lost:
            died = lost
        self._write_down(read, known)
        if died is not None:
            strike(self._desk, died.uid)
            raise died

    def delete(self, uids: list[str]) -> None:
        """Mark for deletion what is done with."""
        entries = self._desk.ledger.known_mails(self._desk.mailbox, uids).values()
        done = [entry.uid for entry in entries if _may_leave(entry)]
        done += self._returned.intersection(uids)
        self._not_deleted.update(self._visit.delete(done))

    def reconcile(self, present: Iterable[str]) -> None:
        """Close the rows of mails that are no longer in the mailbox and owe nothing."""
        present = set(present)
        ledger, now = self._desk.ledger, self._desk.now()
        vanished = [
            entry
            for entry in ledger.still_there(self._desk.mailbox)
            if entry.uid not in present and not _still_owes(entry)
        ]
        if not vanished:
            return
        with ledger.transaction():
            ledger.move([entry.id for entry in vanished], Step.GONE, now)
        for entry in vanished:
            if not _may_leave(entry) and entry.step is not Step.TEST:
                self._desk.say(
                    "処理の前に、ほかのプログラムがサーバからメールを消しました"
                    f"（差出人 {entry.address or '不明'}、見出 {entry.subject}）"
                )

    def complain(self) -> None:
        """Tell of the mails with which the server does not do what it should, when they change."""
        for note, mails, text in (
            ("not given", self._not_given, NOT_GIVEN),
            ("not deleted", self._not_deleted, NOT_DELETED),
        ):
            which = hashlib.sha256("\n".join(sorted(mails)).encode()).hexdigest() if mails else ""
            if self._desk.ledger.note(note, which) and mails:
                self._desk.say(text.format(len(mails)))

    def gone(self, uids: list[str]) -> None:
        """The server has confirmed that these mails are deleted."""
        entries = self._desk.ledger.known_mails(self._desk.mailbox, uids).values()
        there = [entry.id for entry in entries if entry.step is not Step.GONE]
        with self._desk.ledger.transaction():
            self._desk.ledger.move(there, Step.GONE, self._desk.now())

    # --- reading and deciding

    def _read_whole(self, uid: str) -> Mail | None:
        """A mail whose headers alone the server would not give; None where it gives nothing."""
        head = _HeadOnly()
        try:
            self._visit.fetch(uid, head)
        except Refused as refusal:
            log.debug("refused whole: %s %s", uid, refusal)
            self._not_given.add(uid)
            return None
        return Mail.read(bytes(head.kept))

    def _write_down(self, read: list[tuple[str, Mail]], known: dict[str, Entry]) -> None:
        if not read:
            return
        said: list[str] = []
        paused = False
        ledger, now = self._desk.ledger, self._desk.now()
        with ledger.transaction():
            self._put_texts_in_force(now)
            room = self._desk.settings.collect.new_per_hour - ledger.numbered_since(
                now - timedelta(hours=1)
            )
            for uid, mail in read:
                if self._is_seen_before(uid, mail, known.get(uid)):
                    continue
                key = address.key(mail.sender) if mail.sender else ""
                number, hour, day = ledger.known(key, now) if key else (None, 0, 0)
                member = self._desk.customers.member(key) if number is not None else None
                known_now = Known(number, hour, day, room <= 0, member)
                decision = decide(mail, self._rules, known_now)
                if decision.kind is Kind.PAUSED:
                    paused = True
                    continue
                given = self._record(uid, mail, decision, key, now)
                room -= decision.kind is Kind.NEW
                self._count(decision.kind)
                said.append(_told(decision, given, mail))
            if paused and ledger.note("paused", "yes"):
                said.append(PAUSED)
            elif not paused and room > 0 and ledger.note("paused", ""):
                said.append(GOES_ON)
        for line in said:  # only what is on disk is told
            self._desk.say(line)

    def _put_texts_in_force(self, now: datetime) -> None:
        """Note the present texts, so that each number is answered in the words of its own time."""
        collect, duplicate = self._desk.settings.collect, self._desk.settings.duplicate
        self._acknowledgement = self._desk.ledger.template_in_force(
            "acknowledgement", collect.reply_subject, collect.reply_body, now
        )
        self._duplicate = self._desk.ledger.template_in_force(
            "duplicate", duplicate.reply_subject, duplicate.reply_body, now
        )

    def _is_seen_before(self, uid: str, mail: Mail, entry: Entry | None) -> bool:
        ledger = self._desk.ledger
        if entry is not None:
            if entry.fingerprint == mail.fingerprint and _was_done_with(entry):
                self._returned.add(uid)
                return True
            # the server used an old id again for another mail (RFC 1939 section 7 forbids it), or
            # shows a mail again that it did not show before it was done with
            ledger.moved_to(entry.id, f"{uid}#{entry.id}")
            return False
        if (same := self._strayed().pop(mail.fingerprint, None)) is not None:
            # the server gave all its mails new ids: after a move to another host, POP3 to IMAP
            ledger.moved_to(same.id, uid)
            return True
        return False

    def _strayed(self) -> dict[str, Entry]:
        """Mails that should be there and are not, under any id that the ledger knows."""
        if self._missing is None:
            self._missing = {
                entry.fingerprint: entry
                for entry in self._desk.ledger.still_there(self._desk.mailbox)
                if not self._visit.holds(entry.uid)
            }
        return self._missing

    def _record(
        self, uid: str, mail: Mail, decision: Decision, key: str, now: datetime
    ) -> int | None:
        ledger, kind = self._desk.ledger, decision.kind
        number, template, step = decision.number, None, Step.KEPT
        if kind in (Kind.NEW, Kind.RENUMBER):
            template = self._acknowledgement
            number = ledger.give_number(
                decision.address, key, now,
                first=self._desk.settings.collect.first_number,
                template=template,
                again=kind is Kind.RENUMBER,
            )  # fmt: skip
        elif number is not None and kind in (Kind.DUPLICATE, Kind.IGNORED, Kind.BRAKED):
            ledger.count_again(number)
            template = self._duplicate
        elif kind in STOPPED:
            self._desk.customers.stop(key, now)
            template = self._confirmation(now)
        if kind in ANSWERED or (kind in FORWARDED and self._is_forwarded(kind, key)):
            step = Step.OWED
        elif kind is Kind.TEST:
            step = Step.TEST
        ledger.record(
            self._desk.mailbox,
            Sighting(
                uid=uid,
                fingerprint=mail.fingerprint,
                kind=kind,
                reason=decision.reason,
                address=decision.address or mail.sender,
                address_key=key,
                subject=mail.subject_for_people,
                message_id=mail.message_id,
                thread=" ".join(mail.references),
            ),
            step,
            now,
            template=template if kind in ANSWERED else None,
            number=number if kind in ANSWERED else None,
            letter_domain=self._desk.letter_domain if step is Step.OWED else "",
        )
        return number

    def _confirmation(self, now: datetime) -> int:
        """The text that confirms a 配信停止."""
        settings = self._desk.settings
        text = wording.stopped(settings.shop, settings.mail_address)
        return self._desk.ledger.template_in_force("stop", *text, now)

    def _is_forwarded(self, kind: Kind, key: str) -> bool:
        owner = self._desk.settings.forward_address
        # the owner's own automatic answer would bring about the next one
        return bool(owner) and (kind is Kind.OUT_OF_SCOPE or key != address.key(owner))

    def _count(self, kind: Kind) -> None:
        if kind in (Kind.NEW, Kind.RENUMBER):
            self._desk.tally.add("accepted")
        elif kind in (Kind.DUPLICATE, Kind.IGNORED, Kind.BRAKED):
            self._desk.tally.add("duplicate")
        elif kind in (Kind.AUTOMATIC, Kind.BOUNCE, Kind.LOOP):
            self._desk.tally.add("ignored")


def _may_leave(entry: Entry) -> bool:
    """Nothing is owed, and the answer was delivered or the whole mail is in kept/."""
    if entry.step not in TO_DELETE:
        return False
    return entry.whole or (entry.step is Step.SENT and entry.number is not None)


def _was_done_with(entry: Entry) -> bool:
    """It is gone because we had it deleted: answered, or copied. Others only vanished."""
    return entry.whole or entry.number is not None


def _still_owes(entry: Entry) -> bool:
    """Its letter can be sent without the mail itself."""
    return entry.step not in (*TO_DELETE, Step.TEST) and bool(entry.number or entry.kept)


def _told(decision: Decision, number: int | None, mail: Mail) -> str:
    who = decision.address or mail.sender or "不明"
    match decision.kind:
        case Kind.NEW | Kind.RENUMBER:
            return f"受付番号 {number} を発行しました: {who}"
        case Kind.DUPLICATE | Kind.IGNORED:
            return f"受付済み（受付番号 {number}）の空メールです: {who}"
        case Kind.STOP | Kind.STOP_UNANSWERED:
            return f"会員 {number} へのメールの配信を止めました: {who}"
        case _:
            return f"{decision.reason}（差出人 {who}、見出 {mail.subject_for_people}）"


def batches(uids: list[str], size: int) -> Iterable[list[str]]:
    rest = iter(uids)
    while part := list(islice(rest, size)):
        yield part
