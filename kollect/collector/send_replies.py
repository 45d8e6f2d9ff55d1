"""From the ledger to the SMTP server: the letters that are owed, and what became of each.

A letter is written down as SENDING before it is handed over and its ending after; a crash in
between repeats it with the same number and Message-ID. Not more than 20 are ever in that gap
(`smtp.client`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import chain

from kollect.collector.backlog import Backlog, begin_outage
from kollect.collector.batch import Batch
from kollect.collector.build_reply import letter_for
from kollect.collector.doubtful_refusals import DoubtfulRefusals
from kollect.collector.letter_results import (
    End,
    answer_of,
    is_no_news,
    of_forward,
    of_refused_forward,
    of_refused_reply,
    of_reply,
)
from kollect.collector.poll_context import ANSWERED, NUMBERED, PollContext
from kollect.decision.types import Kind
from kollect.delivery.retry_policy import MOST_REFUSED, Patience, is_put_off
from kollect.errors import ServerTrouble, StorageTrouble
from kollect.ledger.commit_retry import UntilWritten
from kollect.ledger.lived_time import Lived
from kollect.ledger.mail_rows import MANUAL
from kollect.ledger.records import MailRecord, Place, Template
from kollect.ledger.states import MailState, ReceiptState
from kollect.mail import address
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail
from kollect.smtp.smtp_connection import SmtpAccount
from kollect.smtp.smtp_errors import LettersPutOff
from kollect.smtp.standby import Standby
from kollect.storage.log_sentences import LETTER

log = logging.getLogger(__name__)

LETTERS_AT_ONCE = 250
"""So many letters are marked SENDING with one commit."""
WHOLE_WITHIN = timedelta(days=1)
"""So long a mail to be forwarded waits for its body where the server does not hand it over."""
ASKED_FIRST = MOST_REFUSED - 1
"""So many of the refused letters are tried before the new ones: where those are taken, the refusal
was about the letter. Not so many that new ones would never have their turn."""


class ReplySender:
    """The letters of one poll, each tried once: one or two that were refused before, those whose
    mails have just arrived, the backlog (how fast, is `backlog`'s), what was put off before.
    """

    def __init__(
        self,
        context: PollContext,
        stopping: Callable[[], bool],
        standby: Standby | None = None,
    ) -> None:
        """`standby` outlives the poll."""
        self._context = context
        self._stopping = stopping
        self._account = SmtpAccount(
            context.settings.send,
            context.settings.tls,
            context.settings.mail_address,
            context.passwords.send,
        )
        self._standby = standby
        if standby is not None:
            standby.stay_for(self._account)
        self._client = SmtpClient(
            self._account.send,
            self._account.tls,
            self._account.sender,
            self._account.password,
            standby=standby,
        )
        self._backlog = Backlog(context)
        self._known: set[int] = set()
        """Rows that have had, or will have, their turn in this poll."""
        self._arrived: list[int] = []
        self._waited: list[int] = []
        refused, put_off = self._look_into_the_ledger()
        refused.sort(key=lambda place: (place.tried, place.row))
        self._first = [place.row for place in refused[:ASKED_FIRST]]
        self._put_off = [place.row for place in put_off if place.row not in self._first]
        """Rows whose letter the server has put off in an earlier poll: theirs is the second turn.
        Ten customers with a domain that nobody finds must not stand before all the others."""
        self._last_tried = 0
        self._batch = Batch([])
        self._until_written = UntilWritten(
            stopping=stopping, tell=context.cannot_write, patience=context.patience
        )
        self._storage: StorageTrouble | None = None
        """Why no letter is begun any more: that it was cannot be written down."""
        self._under_way: dict[int, MailRecord] = {}
        self._refusals = DoubtfulRefusals()
        self._trouble: ServerTrouble | None = None

    @property
    def trouble(self) -> ServerTrouble | None:
        """Why letters cannot go out in this poll at all, or may never."""
        if self._trouble is None and self._refusals.keep_a_reply:
            return self._client.doubt
        return self._trouble

    def get_ready(self) -> None:
        """A letter will probably be owed soon: see to the connection beside what is done now."""
        if self._standby is not None and self._trouble is None:
            self._standby.get_ready(self._account)

    @property
    def owes(self) -> bool:
        """There are letters that wait since before the poll."""
        return bool(self._first or self._arrived or self._waited or self._put_off)

    def take(self, batch: Batch) -> bool:
        """These mails have just been written down. Is there a letter that was not tried in this
        poll?"""
        self._batch = batch
        return self.owes or bool(self._unknown_in_batch())

    def take_late(self) -> bool:
        """As `take`, of what came into the ledger by other ways since the poll began."""
        self._batch = Batch([])
        self._look_into_the_ledger()
        return self.take(self._batch)

    def send(self, meanwhile: Callable[[], None]) -> None:
        """Send what is owed. `meanwhile` is called about once a second, between commits.

        What became of the letters stands in the rows of the batch. Trouble with the server is kept
        in `trouble`; the letters stay owed.
        """
        if self._trouble is None:
            first, self._first = self._first, []
            letters = chain(
                self._rows(first),
                self._rows(self._arrived),
                self._of_the_batch(),
                self._rows(self._waited),
            )
            self._trouble = self._send(letters, meanwhile)
            if self._trouble is not None:
                begin_outage(self._context.ledger)
        if self._trouble is None and self._put_off:
            self._last_tried = 0
            trouble = self._send(self._put_off_letters(), meanwhile)
            self._context.metadata.set_metadata(
                "put off up to", str(self._last_tried) if trouble else ""
            )
            # that they are put off once more says nothing of the server, and is no reason to poll
            # more seldom
            self._trouble = None if isinstance(trouble, LettersPutOff) else trouble
            self._put_off = []

    def _send(
        self, letters: Iterator[OutgoingMail], meanwhile: Callable[[], None]
    ) -> ServerTrouble | None:
        trouble: ServerTrouble | None = None
        try:
            for outcomes in self._client.deliver(self._while_written(letters)):
                self._settle(outcomes)
                if self._stopping():
                    self._client.stop_soon()
                self._rest(meanwhile)
            trouble = self._client.trouble
        except ServerTrouble as failed:
            trouble = failed
        self._not_sent(trouble)
        if self._storage is not None:
            raise self._storage
        return trouble

    def _while_written(self, letters: Iterator[OutgoingMail]) -> Iterator[OutgoingMail]:
        """These letters, up to one that cannot be written down before it is sent: raised within
        `deliver`, that trouble would take with it what became of those on the way."""
        try:
            yield from letters
        except StorageTrouble as trouble:
            self._storage = trouble

    def _rest(self, meanwhile: Callable[[], None]) -> None:
        try:
            meanwhile()
        except StorageTrouble as trouble:  # likewise
            self._storage = trouble
            self._client.stop_soon()

    def close(self) -> None:
        self._context.witnesses.server = self._client.server_time
        self._client.close()

    def _look_into_the_ledger(self) -> tuple[list[Place], list[Place]]:
        """Put the letters that are not known yet into the line. Returns those that were refused,
        and all that were put off: theirs is another turn."""
        refused, put_off = [], []
        for place in self._context.ledger.line(self._backlog.line):
            if place.row in self._known:
                continue
            self._known.add(place.row)
            if not place.is_put_off:
                (self._arrived if place.is_new else self._waited).append(place.row)
                continue
            put_off.append(place)
            if place.is_refused:
                refused.append(place)
        return refused, put_off

    def _unknown_in_batch(self) -> list[MailRecord]:
        return [
            entry
            for entry in self._batch.rows.values()
            if entry.id not in self._known and entry.can_be_sent
        ]

    def _of_the_batch(self) -> Iterator[OutgoingMail]:
        """Those whose mails have just arrived, in the order of arrival, pulled by the client as it
        has room for them."""
        entries = sorted(self._unknown_in_batch(), key=lambda entry: entry.id)
        self._known.update(entry.id for entry in entries)
        arrived = [entry for entry in entries if entry.seen_at >= self._backlog.line]
        self._waited += [entry.id for entry in entries if entry.seen_at < self._backlog.line]
        for start in range(0, len(arrived), LETTERS_AT_ONCE):
            yield from self._begun(
                self._backlog.let_through(arrived[start : start + LETTERS_AT_ONCE])
            )

    def _rows(self, rows: list[int]) -> Iterator[OutgoingMail]:
        """These, in their order; `rows` is what is left of them."""
        while rows:
            part = self._context.ledger.entries(rows[:LETTERS_AT_ONCE])
            del rows[:LETTERS_AT_ONCE]
            part = [entry for entry in part if entry.can_be_sent]
            yield from self._begun(self._backlog.let_through(part))

    def _put_off_letters(self) -> Iterator[OutgoingMail]:
        """Those that were put off, from where the last poll left off with them."""
        left_off = self._context.metadata.get_metadata_number("put off up to")
        return self._rows(sorted(self._put_off, key=lambda row: (row <= left_off, row)))

    def _begun(self, entries: list[MailRecord]) -> Iterator[OutgoingMail]:
        ledger, settings = self._context.ledger, self._context.settings
        now = self._context.now()
        entries = self._without_those_that_wait(entries)
        if not settings.forward_address:
            self._keep_only([entry for entry in entries if entry.kind not in ANSWERED])
            entries = [entry for entry in entries if entry.kind in ANSWERED]
        if not entries:
            return
        ledger.move([entry.id for entry in entries], MailState.SENDING, now)
        self._under_way |= {entry.id: entry for entry in entries}
        for entry in entries:
            letter = self._written(entry)
            if letter is not None:
                yield letter

    def _without_those_that_wait(self, entries: list[MailRecord]) -> list[MailRecord]:
        """Without mails to be forwarded whose body may still come."""
        if not any(_has_no_body(entry) for entry in entries):
            return entries
        time = self._context.clock.tick()
        return [e for e in entries if not (_has_no_body(e) and _is_young(e, time))]

    def _keep_only(self, entries: list[MailRecord]) -> None:
        """No 対象外メールの送信先 any more: the copy in kept/ is all there is to do."""
        if not entries:
            return
        ledger, now, ids = (
            self._context.ledger,
            self._context.now(),
            [entry.id for entry in entries],
        )
        with ledger.transaction():
            ledger.move(ids, MailState.SENDING, now)
            ledger.move(ids, MailState.KEPT, now)
        for entry in entries:
            self._batch.change(replace(entry, step=MailState.KEPT))

    def _written(self, entry: MailRecord) -> OutgoingMail | None:
        try:
            return letter_for(self._context, entry, self._template)
        except OSError as error:
            # the copy in kept/ was removed by hand or cannot be read. It does not count any more:
            # the mail stays on the server until there is another one
            self._context.ledger.mark_kept(entry.id, entry.kept, whole=False)
            self._under_way[entry.id] = replace(entry, is_complete=False)
            ending = DeliveryStatus.LATER if entry.is_complete else DeliveryStatus.REFUSED
            if ending is DeliveryStatus.LATER:
                log.warning("保存したメール %s を読めません（%s）", entry.kept, error)
            self._settle([Outcome(entry.id, ending, 0, f"{entry.kept}: {error}")])
            return None

    def _template(self, identity: int) -> Template:
        templates = self._context.templates
        if identity not in templates:
            templates[identity] = self._context.ledger.template(identity)
        return templates[identity]

    def _settle(self, outcomes: list[Outcome], *, quietly: bool = False) -> None:
        """Write down what became of these letters, all in one commit, then tell."""
        if not outcomes:
            return
        ledger, tally, said = self._context.ledger, self._context.tally, list[str]()
        counts, refusals = tally.counts, self._refusals
        changed: list[MailRecord] = []

        def commit() -> None:  # more than once where the disk fails: each time from the beginning
            tally.counts, self._refusals = dict(counts), refusals.copy()
            changed.clear()
            said[:] = self._write_down(outcomes, changed)

        def is_written() -> bool:
            now_there = ledger.entries([outcome.key for outcome in outcomes])
            return all(entry.step is not MailState.SENDING for entry in now_there)

        if any(outcome.tried for outcome in outcomes):
            self._until_written(ledger, commit, is_written, letters=len(outcomes))
        else:
            commit()
        for entry in changed:
            self._batch.change(entry)
        for outcome in outcomes:
            del self._under_way[outcome.key]
            if outcome.tried:
                self._last_tried = outcome.key
        for line in () if quietly else said:
            self._context.notify(line)
        if self._refusals.about_us and self._client.doubt is not None:
            self._client.back_off(self._client.doubt)

    def _write_down(self, outcomes: list[Outcome], changed: list[MailRecord]) -> list[str]:
        """All in one commit. Returns what there is to tell; into `changed` go the rows."""
        ledger, now = self._context.ledger, self._context.now()
        answered: dict[MailState, list[tuple[int, str, Patience]]] = {}
        untried: dict[MailState, list[int]] = {}
        replied: list[int] = []
        said: list[str] = []
        with ledger.transaction():
            lived = self._context.clock.lived()
            over: list[MailRecord] = []
            for outcome in outcomes:
                entry, answer = self._under_way[outcome.key], answer_of(outcome)
                patience = entry.patience
                if outcome.tried:
                    patience = patience.after(answer, lived)
                over += self._refusals.heard(entry, outcome, patience, lived)
                over_age = is_put_off(answer) and patience.is_over(lived)
                too_old = over_age and self._context.clock.is_trusted()
                end = self._end(entry, outcome, too_old=too_old)
                changed.append(replace(entry, step=end.step))
                if outcome.tried:
                    answered.setdefault(end.step, []).append((entry.id, answer, patience))
                else:  # without an answer of its own the letter keeps its place in the queue
                    untried.setdefault(end.step, []).append(entry.id)
                # the confirmation of a 配信停止 says nothing of the letter with the number
                state = end.state if self._tells_of_number(entry) else None
                if state is ReceiptState.REPLIED:
                    replied.append(entry.number or 0)
                elif state is not None:
                    ledger.receipt_state(entry.number or 0, state, now, answer)
                if not is_no_news(entry, end.step, outcome):
                    said.append(end.told)
            for step, answers in answered.items():
                ledger.answered(answers, step, now, lived)
            for step, ids in untried.items():
                ledger.move(ids, step, now)
            ledger.replied(replied, now)
            said += self._end_refused(over, changed)
        return said

    def _end(self, entry: MailRecord, outcome: Outcome, *, too_old: bool) -> End:
        if entry.kind in ANSWERED:
            end = of_reply(entry, _name_of(entry), outcome, too_old=too_old)
        else:
            end = of_forward(entry, outcome, too_old=too_old)
        if end.counted:
            self._context.tally.add(end.counted)
        return end

    def _end_refused(self, entries: list[MailRecord], changed: list[MailRecord]) -> list[str]:
        """Letters that waited for what their refusal means: it was theirs. As `_write_down`."""
        ledger, now = self._context.ledger, self._context.now()
        told = []
        for entry in entries:
            if entry.kind in ANSWERED:
                end = of_refused_reply(entry, _name_of(entry))
            else:
                end = of_refused_forward(entry)
            ledger.move([entry.id], end.step, now)
            changed.append(replace(entry, step=end.step))
            if end.state is not None and self._tells_of_number(entry):
                ledger.receipt_state(entry.number or 0, end.state, now, entry.answer)
            if end.counted:
                self._context.tally.add(end.counted)
            told.append(end.told)
        return told

    def _tells_of_number(self, entry: MailRecord) -> bool:
        """Whether the letter with a number went to the address that has it: since 統合 a member may
        ask for it from a second one, and what became of that letter says nothing of the first."""
        if entry.kind != Kind.DUPLICATE:
            return entry.kind in NUMBERED
        ledger = self._context.ledger
        return ledger.is_address_of(entry.number or 0, address.key(entry.address))

    def conclude(self) -> None:
        """No other letter is begun in this poll: what was refused again and again is over."""
        ledger, clock = self._context.ledger, self._context.clock
        over = self._refusals.over(clock.lived()) if self._refusals else []
        if over and clock.is_trusted():
            with ledger.transaction():
                said = self._end_refused(over, [])
            self._refusals.forget(over)
            for line in said:
                self._context.notify(line)
        self._backlog.report()

    def _not_sent(self, trouble: ServerTrouble | None) -> None:
        """Letters that were marked but not handed over: no server, or the program is to stop."""
        text = trouble.title if trouble else "送る前に終了しました"
        waiting = [
            Outcome(key, DeliveryStatus.LATER, 0, text, tried=False) for key in self._under_way
        ]
        self._settle(waiting, quietly=True)


def _has_no_body(entry: MailRecord) -> bool:
    """Is it a mail to be forwarded that has not come whole, and was not tried so?"""
    if entry.kind in ANSWERED or entry.is_complete:
        return False
    return entry.step is MailState.OWED and entry.mailbox != MANUAL


def _is_young(entry: MailRecord, time: Lived) -> bool:
    return time.age(entry.seen_at) < WHOLE_WITHIN or not time.is_trusted


def _name_of(entry: MailRecord) -> str:
    return LETTER.format(number=entry.number) if entry.kind in NUMBERED else "配信停止の確認"
