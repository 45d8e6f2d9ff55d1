"""From the mailbox into the ledger: read what is there, decide about what is new, write it down.

Nothing here sends or deletes. A mail is written down before anything is owed for it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from kollect.collector.batch import Batch
from kollect.collector.mail_identity import Strayed, former_key_of, is_same
from kollect.collector.mailbox_session import ConnectionLostAtMail, MailboxSession
from kollect.collector.poll_context import ANSWERED, FORWARDED, STOPPED, PollContext
from kollect.collector.problem_mails import ProblemMails
from kollect.decision.decide import decide
from kollect.decision.stop_request import asks_to_stop
from kollect.decision.types import Decision, Kind, SenderHistory
from kollect.inbox.mailbox import CommandRefused, Deadly
from kollect.ledger.posters import Posters
from kollect.ledger.records import MailRecord, NewMail
from kollect.ledger.states import MailState
from kollect.mail import address
from kollect.mail.foreign_text import exact
from kollect.mail.message import Mail
from kollect.mail.plus_address import is_same_mailbox, poster_of
from kollect.settings.model import Collect, Duplicate
from kollect.storage import log_sentences
from kollect.storage.log_sentences import BLANK_AGAIN, NUMBER_GIVEN

log = logging.getLogger(__name__)

HEADERS_AT_ONCE = 2 * 1024 * 1024
"""How many octets of headers are held before they are written down."""
GOES_ON = "受付番号の発行を再開しました。"


class MailRecorder:
    def __init__(
        self,
        context: PollContext,
        session: MailboxSession,
        problems: ProblemMails,
        missing: Strayed,
        *,
        on_new: Callable[[], None] = lambda: None,
    ) -> None:
        """`missing`: mails that should be there and are not, under any id that the ledger knows.
        `on_new` is called before the headers of mails are fetched that the ledger does not know."""
        self._context = context
        self._session = session
        self._problems = problems
        self._missing = missing
        self._on_new = on_new
        self._rules = context.rules()
        self._not_given: set[str] = set()
        """Mails of which the server gives nothing."""
        self._texts: dict[str, int] = {}
        self._posters: frozenset[str] | None = None

    def record(self, batch: Batch) -> None:
        """Write down those of these mails that are new, numbered in the order of arrival.

        Raises ConnectionLostAtMail where the session is lost; what was read until then is written
        down.
        """
        batch.rows = self._context.ledger.known_mails(self._context.mailbox, batch.uids)
        if len(batch.rows) < len(batch.uids):
            self._on_new()
        read: list[tuple[str, Mail]] = []
        held = 0
        lost: ConnectionLostAtMail | None = None
        try:
            # known ones too: a server may give the id of a mail that is gone to another one, and
            # some call them by their place in the box; that one must not be deleted unread
            for uid, block in self._session.headers(self._problems.without_blocked(batch.uids)):
                if isinstance(block, CommandRefused):
                    self._not_read(uid, block)
                    continue
                read.append((uid, Mail.read(block)))
                held += len(block)
                if held > HEADERS_AT_ONCE:
                    self._write_down(read, batch)
                    read, held = [], 0
        except ConnectionLostAtMail as error:
            lost = error
        self._write_down(read, batch)
        batch.session = self._session.session
        if lost is not None:
            self._problems.record_failure(lost.uid)
            raise lost

    def report(self) -> None:
        """Notify how many mails the server gives nothing of, when they change."""
        self._context.tell_of_mails(
            "not given", self._not_given | self._session.not_given, log_sentences.MAILS_NOT_GIVEN
        )

    # --- reading and deciding

    def _not_read(self, uid: str, refusal: CommandRefused) -> None:
        log.debug("not given: %s %s", uid, refusal)
        if isinstance(refusal, Deadly):
            self._problems.record_failure(uid)
        else:
            self._not_given.add(uid)

    def _write_down(self, read: list[tuple[str, Mail]], batch: Batch) -> None:
        if not read:
            return
        events: list[str] = []
        paused = False
        ledger, now = self._context.ledger, self._context.now()
        with ledger.transaction():
            self._under_former_keys(read, batch.rows)
            self._set_apart(read, batch.rows)
            room = self._context.settings.collect.new_per_hour - ledger.numbered_within(
                timedelta(hours=1), now
            )
            for uid, mail in read:
                batch.verified.add(uid)
                if self._is_seen_before(uid, mail, batch):
                    continue
                key = address.key(mail.sender) if mail.sender else ""
                known_now = self._history(mail, key, now, room)
                decision = decide(mail, self._rules, known_now)
                if decision.kind is Kind.PAUSED:
                    paused = True
                    self._context.tally.add("deferred")
                    continue
                if known_now.number is not None:
                    ledger.heard_from(key)
                row = batch.rows[uid] = self._record(uid, mail, decision, key, now)
                self._context.witnesses.add(mail)
                room -= decision.kind is Kind.NEW
                self._count(decision.kind)
                number = decision.number if row.number is None else row.number
                events.append(_event_text(decision, number, mail))
            if paused and self._context.metadata.set_metadata("paused", "yes"):
                events.append(log_sentences.NUMBERING_PAUSED)
            elif not paused and room > 0 and self._context.metadata.set_metadata("paused", ""):
                events.append(GOES_ON)
        for text in events:  # only of what is on disk
            self._context.notify(text)

    def _history(self, mail: Mail, key: str, now: datetime, room: int) -> SenderHistory:
        """What is known of whoever has written. A no may also come from an address that a member
        has left, which has no number any more."""
        ledger, members = self._context.ledger, self._context.members
        number, hour, day = ledger.known(key, now) if key else (None, 0, 0)
        member = None
        if number is not None:
            member = members.member(key)
        elif key and asks_to_stop(mail.subject):
            member = members.member(key)
            hour, day = ledger.answered_lately(key, now)
        return SenderHistory(number, hour, day, room <= 0, member)

    def _text(self, kind: str, text: Collect | Duplicate, now: datetime) -> int:
        """Write down the present text: each number is answered in the words of its own time."""
        if kind not in self._texts:
            template = self._context.ledger.text_in_force(
                kind, text.reply_subject, text.reply_body, now
            )
            self._texts[kind] = template.id
            self._context.templates[template.id] = template
        return self._texts[kind]

    def _set_apart(self, read: list[tuple[str, Mail]], known: dict[str, MailRecord]) -> None:
        """Take out of `known` the rows whose id is now another mail's, and free that id.

        RFC 1939 section 7 allows it once the mail is gone. What is not known to be gone may lie in
        the box under another id: such servers name a mail by its place.
        """
        for uid, mail in read:
            entry = known.get(uid)
            if entry is None or is_same(entry, mail):
                continue
            del known[uid]
            self._context.ledger.change_uid(entry.id, f"{uid}#{entry.id}")
            if entry.step is not MailState.GONE:
                self._missing.add(entry)

    def _is_seen_before(self, uid: str, mail: Mail, batch: Batch) -> bool:
        ledger = self._context.ledger
        if (entry := batch.rows.get(uid)) is not None:
            if entry.step is not MailState.GONE:
                return True
            if _was_done_with(entry):
                batch.reappeared.add(uid)
                return True
            # the server did not show this mail until it was done with, and now shows it again
            ledger.change_uid(entry.id, f"{uid}#{entry.id}")
            del batch.rows[uid]
            return False
        if (same := self._missing.pop(mail)) is not None:
            # the server gave all its mails new ids: after a move to another host, POP3 to IMAP
            ledger.change_uid(same.id, uid)
            batch.rows[uid] = replace(same, uid=uid)
            return True
        return False

    def _under_former_keys(
        self, read: list[tuple[str, Mail]], known: dict[str, MailRecord]
    ) -> None:
        """Where the server has no ids: find the rows that an older version wrote under keys of its
        own."""
        former = {
            key: uid for uid, mail in read if uid not in known and (key := former_key_of(uid, mail))
        }
        if not former:
            return
        ledger = self._context.ledger
        for entry in ledger.known_mails(self._context.mailbox, list(former)).values():
            uid = former[entry.uid]
            ledger.change_uid(entry.id, uid)
            known[uid] = replace(entry, uid=uid)
            self._missing.found(entry)

    def _record(
        self, uid: str, mail: Mail, decision: Decision, key: str, now: datetime
    ) -> MailRecord:
        ledger, kind = self._context.ledger, decision.kind
        number, template, step = decision.number, None, MailState.KEPT
        if kind in (Kind.NEW, Kind.RENUMBER):
            template = self._text("acknowledgement", self._context.settings.collect, now)
            number = ledger.give_number(
                decision.address, key, now,
                first=self._context.settings.collect.first_number,
                template=template,
                again=kind is Kind.RENUMBER,
                poster=self._poster(mail),
            )  # fmt: skip
        elif number is not None and kind in (Kind.DUPLICATE, Kind.IGNORED, Kind.BRAKED):
            ledger.count_again(number)
            template = self._text("duplicate", self._context.settings.duplicate, now)
        elif kind in STOPPED:
            self._context.members.stop(key, now)
            template = self._context.confirmation(now)
        if kind in ANSWERED or (kind in FORWARDED and self._is_forwarded(kind, key)):
            step = MailState.OWED
        elif kind is Kind.TEST:
            step = MailState.TEST
        return ledger.record_row(
            self._context.mailbox,
            NewMail(
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
            letter_domain=self._context.letter_domain if step is MailState.OWED else "",
        )

    def _poster(self, mail: Mail) -> str:
        """By which poster somebody came; looked up with the first number that a poll gives."""
        if self._posters is None:
            self._posters = Posters.beside(self._context.ledger).tags()
        return poster_of(mail, self._rules.own_address, self._posters)

    def _is_forwarded(self, kind: Kind, key: str) -> bool:
        owner = self._context.settings.forward_address
        # the owner's own automatic answer would bring about the next one
        return bool(owner) and (kind is Kind.OUT_OF_SCOPE or not is_same_mailbox(key, owner))

    def _count(self, kind: Kind) -> None:
        if kind in (Kind.NEW, Kind.RENUMBER):
            self._context.tally.add("accepted")
        elif kind in (Kind.DUPLICATE, Kind.IGNORED, Kind.BRAKED):
            self._context.tally.add("duplicate")
        elif kind in (Kind.AUTOMATIC, Kind.BOUNCE, Kind.LOOP):
            self._context.tally.add("ignored")


def _was_done_with(entry: MailRecord) -> bool:
    """It is gone because we deleted it, answered or copied. Others only vanished."""
    return entry.is_complete or entry.number is not None


def _event_text(decision: Decision, number: int | None, mail: Mail) -> str:
    who = exact(decision.address or mail.sender) or "不明"
    match decision.kind:
        case Kind.NEW | Kind.RENUMBER:
            return NUMBER_GIVEN.format(number=number, who=who)
        case Kind.DUPLICATE | Kind.IGNORED:
            return BLANK_AGAIN.format(number=number, who=who)
        case Kind.STOP | Kind.STOP_UNANSWERED:
            return f"会員 {number} へのメールの配信を止めました: {who}"
        case _:
            return f"{decision.reason}（差出人 {who}、見出 {mail.subject_for_people}）"
