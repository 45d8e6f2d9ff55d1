"""From the ledger to the SMTP server: the letters that are owed, and what became of each.

A letter is written down as SENDING before it is handed over and its ending after; a crash in
between repeats it with the same number and Message-ID. Not more than 20 are ever in that gap
(`reply.post`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain

from kollect.collector.backlog import Backlog, begin_outage
from kollect.collector.compose import letter_for
from kollect.collector.desk import ANSWERED, NUMBERED, Desk
from kollect.collector.endings import (
    End,
    answer_of,
    is_no_news,
    of_forward,
    of_refused_forward,
    of_refused_reply,
    of_reply,
)
from kollect.collector.refused import Refusals
from kollect.collector.until_written import UntilWritten
from kollect.errors import ServerTrouble, StorageTrouble
from kollect.register.entry import Entry, Template
from kollect.register.lived import Lived
from kollect.register.mails import MANUAL
from kollect.register.receipt import ReceiptState, Step
from kollect.reply.outcome import Ending, Letter, Outcome
from kollect.reply.post import Post
from kollect.reply.troubles import LettersPutOff
from kollect.retry_policy import MOST_REFUSED, Patience, is_put_off

log = logging.getLogger(__name__)

AT_ONCE = 100
"""So many letters are marked SENDING with one commit."""
WHOLE_WITHIN = timedelta(days=1)
"""So long a mail to be forwarded waits for its body where the server does not hand it over."""
ASKED_FIRST = MOST_REFUSED - 1
"""So many of the refused letters are tried before the new ones: where those are taken, the refusal
was about the letter. Not so many that new ones would never have their turn."""


class Dispatch:
    """The letters of one poll, each tried once: one or two that were refused before, those whose
    mails have just arrived, the backlog (how fast, is `backlog`'s), what was put off before.
    """

    def __init__(self, desk: Desk, stopping: Callable[[], bool]) -> None:
        ledger = desk.ledger
        self._desk = desk
        self._stopping = stopping
        self._post = Post(
            desk.settings.send, desk.settings.tls, desk.settings.mail_address, desk.passwords.send
        )
        self._backlog = Backlog(desk)
        self._arrived_up_to = self._waited_up_to = 0
        self._first = self._asked = ledger.refused(ASKED_FIRST)
        self._put_off = [row for row in ledger.put_off() if row not in self._asked]
        """Rows whose letter the server has put off in an earlier poll: theirs is the second turn.
        Ten customers with a domain that nobody finds must not stand before all the others."""
        self._last_tried = 0
        self._until_written = UntilWritten(
            stopping=stopping, tell=desk.cannot_write, patience=desk.patience
        )
        self._storage: StorageTrouble | None = None
        """Why no letter is begun any more: that it was cannot be written down."""
        self._under_way: dict[int, Entry] = {}
        self._templates: dict[int, Template] = {}
        self._refusals = Refusals()
        self._trouble: ServerTrouble | None = None

    @property
    def trouble(self) -> ServerTrouble | None:
        """Why letters cannot go out in this poll at all, or may never."""
        if self._trouble is None and self._refusals.keep_a_reply:
            return self._post.doubt
        return self._trouble

    def waiting(self) -> bool:
        """Is there a letter that was not tried in this poll?"""
        owed, line = self._desk.ledger.owed, self._backlog.line
        return bool(
            (self._first or self._put_off)
            or owed(self._arrived_up_to, 1, put_off=False, since=line)
            or owed(self._waited_up_to, 1, put_off=False, before=line)
        )

    def send(self, meanwhile: Callable[[], None]) -> None:
        """Send what is owed. `meanwhile` is called about once a second, between commits.

        Trouble with the server is kept in `trouble`; the letters stay owed.
        """
        if self._trouble is None:
            first, self._first = self._first, []
            letters = chain(self._rows(first), self._arrived(), self._waited())
            self._trouble = self._send(letters, meanwhile)
            if self._trouble is not None:
                begin_outage(self._desk.ledger)
        if self._trouble is None and self._put_off:
            self._last_tried = 0
            trouble = self._send(self._put_off_letters(), meanwhile)
            self._desk.ledger.note("put off up to", str(self._last_tried) if trouble else "")
            # that they are put off once more says nothing of the server, and is no reason to poll
            # more seldom
            self._trouble = None if isinstance(trouble, LettersPutOff) else trouble
            self._put_off = []

    def _send(
        self, letters: Iterator[Letter], meanwhile: Callable[[], None]
    ) -> ServerTrouble | None:
        trouble: ServerTrouble | None = None
        try:
            for outcomes in self._post.deliver(self._while_written(letters)):
                self._settle(outcomes)
                if self._stopping():
                    self._post.stop_soon()
                self._rest(meanwhile)
            trouble = self._post.trouble
        except ServerTrouble as failed:
            trouble = failed
        self._not_sent(trouble)
        if self._storage is not None:
            raise self._storage
        return trouble

    def _while_written(self, letters: Iterator[Letter]) -> Iterator[Letter]:
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
            self._post.stop_soon()

    def close(self) -> None:
        self._desk.witnesses.server = self._post.server_time
        self._post.close()

    def _arrived(self) -> Iterator[Letter]:
        """Those whose mails have just arrived, in the order of arrival, pulled by the post as it
        has room for them."""
        while entries := self._desk.ledger.owed(
            self._arrived_up_to, AT_ONCE, put_off=False, since=self._backlog.line
        ):
            self._arrived_up_to = entries[-1].id
            yield from self._next(entries)

    def _waited(self) -> Iterator[Letter]:
        """The backlog, as far as there is room for it now."""
        while entries := self._desk.ledger.owed(
            self._waited_up_to, AT_ONCE, put_off=False, before=self._backlog.line
        ):
            self._waited_up_to = entries[-1].id
            yield from self._next(entries)

    def _next(self, entries: list[Entry]) -> Iterator[Letter]:
        new = [entry for entry in entries if entry.id not in self._asked]
        yield from self._begun(self._backlog.let_through(new))

    def _rows(self, rows: list[int]) -> Iterator[Letter]:
        entries = self._desk.ledger.entries(rows) if rows else []
        yield from self._begun(self._backlog.let_through(entries))

    def _put_off_letters(self) -> Iterator[Letter]:
        """Those that were put off, from where the last poll left off with them."""
        ledger = self._desk.ledger
        left_off = ledger.noted_number("put off up to")
        rows = sorted(self._put_off, key=lambda row: (row <= left_off, row))
        for start in range(0, len(rows), AT_ONCE):
            part = ledger.entries(rows[start : start + AT_ONCE])
            yield from self._begun(self._backlog.let_through(part))

    def _begun(self, entries: list[Entry]) -> Iterator[Letter]:
        ledger, settings = self._desk.ledger, self._desk.settings
        now = self._desk.now()
        time = self._desk.clock.tick()
        entries = [entry for entry in entries if not _waits_for_its_body(entry, time)]
        if not entries:
            return
        with ledger.transaction():
            if not settings.forward_address:
                nowhere = [e.id for e in entries if e.kind not in ANSWERED]
                entries = [e for e in entries if e.kind in ANSWERED]
                self._keep_only(nowhere)
            ledger.move([entry.id for entry in entries], Step.SENDING, now)
        self._under_way |= {entry.id: entry for entry in entries}
        for entry in entries:
            letter = self._written(entry)
            if letter is not None:
                yield letter

    def _keep_only(self, ids: list[int]) -> None:
        """No 対象外メールの送信先 any more: the copy in kept/ is all there is to do."""
        now = self._desk.now()
        self._desk.ledger.move(ids, Step.SENDING, now)
        self._desk.ledger.move(ids, Step.KEPT, now)

    def _written(self, entry: Entry) -> Letter | None:
        try:
            return letter_for(self._desk, entry, self._template)
        except OSError as error:
            # the copy in kept/ was removed by hand or cannot be read. It does not count any more:
            # the mail stays on the server until there is another one
            self._desk.ledger.kept(entry.id, entry.kept, whole=False)
            ending = Ending.LATER if entry.whole else Ending.REFUSED
            if ending is Ending.LATER:
                log.warning("保存したメール %s を読めません（%s）", entry.kept, error)
            self._settle([Outcome(entry.id, ending, 0, f"{entry.kept}: {error}")])
            return None

    def _template(self, identity: int) -> Template:
        if identity not in self._templates:
            self._templates[identity] = self._desk.ledger.template(identity)
        return self._templates[identity]

    def _settle(self, outcomes: list[Outcome], *, quietly: bool = False) -> None:
        """Write down what became of these letters, all in one commit, then tell."""
        if not outcomes:
            return
        ledger, tally, said = self._desk.ledger, self._desk.tally, list[str]()
        counts, refusals = tally.counts, self._refusals

        def commit() -> None:  # more than once where the disk fails: each time from the beginning
            tally.counts, self._refusals = dict(counts), refusals.copy()
            said[:] = self._write_down(outcomes)

        def is_written() -> bool:
            now_there = ledger.entries([outcome.key for outcome in outcomes])
            return all(entry.step is not Step.SENDING for entry in now_there)

        if any(outcome.tried for outcome in outcomes):
            self._until_written(ledger, commit, is_written, letters=len(outcomes))
        else:
            commit()
        for outcome in outcomes:
            del self._under_way[outcome.key]
            if outcome.tried:
                self._last_tried = outcome.key
        for line in () if quietly else said:
            self._desk.say(line)
        if self._refusals.about_us and self._post.doubt is not None:
            self._post.leave_in_peace(self._post.doubt)

    def _write_down(self, outcomes: list[Outcome]) -> list[str]:
        """All in one commit. Returns what there is to tell."""
        ledger, now = self._desk.ledger, self._desk.now()
        moves: dict[Step, list[tuple[int, str]]] = {}
        replied: list[int] = []
        said: list[str] = []
        with ledger.transaction():
            lived = self._desk.clock.lived()
            tried: list[tuple[int, Patience]] = []
            over: list[Entry] = []
            for outcome in outcomes:
                entry, answer = self._under_way[outcome.key], answer_of(outcome)
                patience = entry.patience
                if outcome.tried:
                    patience = patience.after(answer, lived)
                    tried.append((entry.id, patience))
                over += self._refusals.heard(entry, outcome, patience, lived)
                over_age = is_put_off(answer) and patience.is_over(lived)
                too_old = over_age and self._desk.clock.is_trusted()
                end = self._end(entry, outcome, too_old=too_old)
                # without an answer of its own the letter keeps its place in the queue
                moves.setdefault(end.step, []).append((entry.id, answer if outcome.tried else ""))
                # the confirmation of a 配信停止 says nothing of the letter with the number
                state = end.state if entry.kind in NUMBERED else None
                if state is ReceiptState.REPLIED:
                    replied.append(entry.number or 0)
                elif state is not None:
                    ledger.receipt_state(entry.number or 0, state, now, answer)
                if not is_no_news(entry, end.step, outcome):
                    said.append(end.told)
            for step, answers in moves.items():
                ledger.move_each(answers, step, now)
            ledger.tried(tried, lived)
            ledger.replied(replied, now)
            said += self._end_refused(over)
        return said

    def _end(self, entry: Entry, outcome: Outcome, *, too_old: bool) -> End:
        if entry.kind in ANSWERED:
            end = of_reply(entry, _name_of(entry), outcome, too_old=too_old)
        else:
            end = of_forward(entry, outcome, too_old=too_old)
        if end.counted:
            self._desk.tally.add(end.counted)
        return end

    def _end_refused(self, entries: list[Entry]) -> list[str]:
        """Letters that waited for what their refusal means: it was theirs. Returns what to tell."""
        ledger, now = self._desk.ledger, self._desk.now()
        told = []
        for entry in entries:
            if entry.kind in ANSWERED:
                end = of_refused_reply(entry, _name_of(entry))
            else:
                end = of_refused_forward(entry)
            ledger.move([entry.id], end.step, now)
            if end.state is not None and entry.kind in NUMBERED:
                ledger.receipt_state(entry.number or 0, end.state, now, entry.answer)
            if end.counted:
                self._desk.tally.add(end.counted)
            told.append(end.told)
        return told

    def conclude(self) -> None:
        """No other letter is begun in this poll: what was refused again and again is over."""
        ledger, lived = self._desk.ledger, self._desk.clock.lived()
        over = self._refusals.over(lived)
        if over and self._desk.clock.is_trusted():
            with ledger.transaction():
                said = self._end_refused(over)
            self._refusals.forget(over)
            for line in said:
                self._desk.say(line)
        self._backlog.tell()

    def _not_sent(self, trouble: ServerTrouble | None) -> None:
        """Letters that were marked but not handed over: no server, or the program is to stop."""
        text = trouble.title if trouble else "送る前に終了しました"
        waiting = [Outcome(key, Ending.LATER, 0, text, tried=False) for key in self._under_way]
        self._settle(waiting, quietly=True)


def _waits_for_its_body(entry: Entry, time: Lived) -> bool:
    if entry.kind in ANSWERED or entry.whole:
        return False
    untried = entry.step is Step.OWED and entry.mailbox != MANUAL
    return untried and (time.age(entry.seen_at) < WHOLE_WITHIN or not time.is_trusted)


def _name_of(entry: Entry) -> str:
    return f"受付番号 {entry.number}" if entry.kind in NUMBERED else "配信停止の確認"
