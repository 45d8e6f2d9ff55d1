"""From the ledger to the SMTP server: the letters that are owed, and what became of each.

A letter is written down as SENDING before it is handed over and its ending after; a crash in
between repeats it with the same number and Message-ID. Not more than 20 are ever in that gap
(`reply.post`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from kollect.collector.compose import letter_for
from kollect.collector.desk import ANSWERED, NUMBERED, Desk
from kollect.errors import ServerTrouble
from kollect.foreign_text import exact
from kollect.register.entry import Entry, Template
from kollect.register.mails import MANUAL
from kollect.register.receipt import ReceiptState, Step
from kollect.reply.outcome import Ending, Letter, Outcome
from kollect.reply.post import Post
from kollect.reply.troubles import LettersPutOff

log = logging.getLogger(__name__)

AT_ONCE = 100
"""So many letters are marked SENDING with one commit."""
GIVE_UP_AFTER = timedelta(days=5)
"""So long the server may say "later" (RFC 5321 section 4.5.4.1)."""
WHOLE_WITHIN = timedelta(days=1)
"""So long a mail to be forwarded waits for its body where the server does not hand it over."""
MOST_UNKNOWN = 2
"""A letter whose fate is unknown is sent once more, not a third time."""


class Dispatch:
    """The letters of one poll. Each letter is tried once in it."""

    def __init__(self, desk: Desk, stopping: Callable[[], bool]) -> None:
        self._desk = desk
        self._stopping = stopping
        self._post = Post(
            desk.settings.send, desk.settings.tls, desk.settings.mail_address, desk.passwords.send
        )
        self._tried_up_to = 0
        self._put_off = desk.ledger.put_off()
        """Rows whose letter the server has put off in an earlier poll: theirs is the second turn.
        Ten customers with a domain that nobody finds must not stand before all the others."""
        self._last_tried = 0
        self._under_way: dict[int, Entry] = {}
        self._templates: dict[int, Template] = {}
        self.trouble: ServerTrouble | None = None
        """Why letters cannot go out in this poll at all."""

    def waiting(self) -> bool:
        """Is there a letter that was not tried in this poll?"""
        return bool(self._put_off or self._desk.ledger.owed(self._tried_up_to, 1, put_off=False))

    def send(self, meanwhile: Callable[[], None]) -> None:
        """Send what is owed. `meanwhile` is called about once a second, between commits.

        Trouble with the server is kept in `trouble`; the letters stay owed.
        """
        if self.trouble is None:
            self.trouble = self._send(self._letters(), meanwhile)
        if self.trouble is None and self._put_off:
            self._last_tried = 0
            trouble = self._send(self._put_off_letters(), meanwhile)
            self._desk.ledger.note("put off up to", str(self._last_tried) if trouble else "")
            # that they are put off once more says nothing of the server, and is no reason to poll
            # more seldom
            self.trouble = None if isinstance(trouble, LettersPutOff) else trouble
            self._put_off = []

    def _send(
        self, letters: Iterator[Letter], meanwhile: Callable[[], None]
    ) -> ServerTrouble | None:
        trouble: ServerTrouble | None = None
        try:
            for outcomes in self._post.deliver(letters):
                self._settle(outcomes)
                if self._stopping():
                    self._post.stop_soon()
                meanwhile()
            trouble = self._post.trouble
        except ServerTrouble as failed:
            trouble = failed
        self._not_sent(trouble)
        return trouble

    def close(self) -> None:
        self._post.close()

    def _letters(self) -> Iterator[Letter]:
        """The owed letters in the order of arrival, pulled by the post as it has room for them."""
        while entries := self._desk.ledger.owed(self._tried_up_to, AT_ONCE, put_off=False):
            self._tried_up_to = entries[-1].id
            yield from self._begun(entries)

    def _put_off_letters(self) -> Iterator[Letter]:
        """Those that were put off, from where the last poll left off with them."""
        ledger = self._desk.ledger
        left_off = int(ledger.noted("put off up to") or 0)
        rows = sorted(self._put_off, key=lambda row: (row <= left_off, row))
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            yield from self._begun(ledger.entries(part))

    def _begun(self, entries: list[Entry]) -> Iterator[Letter]:
        ledger, settings = self._desk.ledger, self._desk.settings
        now = self._desk.now()
        entries = [entry for entry in entries if not _waits_for_its_body(entry, now)]
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
        ledger, now = self._desk.ledger, self._desk.now()
        moves: dict[Step, list[tuple[int, str]]] = {}
        replied: list[int] = []
        said: list[str] = []
        with ledger.transaction():
            for outcome in outcomes:
                entry = self._under_way[outcome.key]
                step, state, told = self._ending(entry, outcome, now)
                answer = _answer(outcome)
                # without an answer of its own the letter keeps its place in the queue
                moves.setdefault(step, []).append((entry.id, answer if outcome.tried else ""))
                if state is ReceiptState.REPLIED:
                    replied.append(entry.number or 0)
                elif state is not None:
                    ledger.receipt_state(entry.number or 0, state, now, answer)
                if not _nothing_new(entry, step, outcome):
                    said.append(told)
            for step, answers in moves.items():
                ledger.move_each(answers, step, now)
            ledger.replied(replied, now)
        for outcome in outcomes:
            del self._under_way[outcome.key]
            if outcome.tried:
                self._last_tried = outcome.key
        for line in () if quietly else said:
            self._desk.say(line)

    def _ending(
        self, entry: Entry, outcome: Outcome, now: datetime
    ) -> tuple[Step, ReceiptState | None, str]:
        """The mail's next step, its receipt's state (None: it has no receipt), and what to tell."""
        # a letter that was never tried is not too old, however long the server was away
        too_old = outcome.tried and now - entry.seen_at > GIVE_UP_AFTER
        too_unknown = entry.unknowns + 1 >= MOST_UNKNOWN
        if entry.kind not in ANSWERED:
            return self._forward_ending(entry, outcome, too_old=too_old, too_unknown=too_unknown)
        step, state, told = self._reply_ending(
            entry, outcome, too_old=too_old, too_unknown=too_unknown
        )
        # the confirmation of a 配信停止 says nothing of the letter with the number
        return step, state if entry.kind in NUMBERED else None, told

    def _reply_ending(
        self, entry: Entry, outcome: Outcome, *, too_old: bool, too_unknown: bool
    ) -> tuple[Step, ReceiptState, str]:
        letter = f"受付番号 {entry.number}" if entry.kind in NUMBERED else "配信停止の確認"
        who, answer = exact(entry.address), _answer(outcome)
        match outcome.ending:
            case Ending.ACCEPTED:
                return Step.SENT, ReceiptState.REPLIED, f"{letter} を返信しました: {who}"
            case Ending.REFUSED:
                self._desk.tally.add("undeliverable")
                told = f"{letter} の返信は届けられません（{answer}）: {who}"
                return Step.UNDELIVERABLE, ReceiptState.UNDELIVERABLE, told
            case Ending.UNKNOWN if too_unknown:
                told = (
                    f"{letter} の返信が届いたかどうか、2回ともサーバの答えがありません。"
                    f"これ以上は自動で送りません: {who}"
                )
                return Step.KEPT, ReceiptState.UNKNOWN, told
            case Ending.UNKNOWN:
                told = (
                    f"{letter} の返信が届いたかどうか、サーバの答えがありません。"
                    f"次回もう一度だけ送ります: {who}"
                )
                return Step.UNKNOWN, ReceiptState.UNKNOWN, told
            case Ending.LATER if too_old:
                self._desk.tally.add("undeliverable")
                told = f"{letter} の返信を5日間送れませんでした（{answer}）: {who}"
                return Step.KEPT, ReceiptState.UNDELIVERABLE, told
            case Ending.LATER:
                told = f"{letter} の返信は次回に送ります（{answer}）: {who}"
                return Step.DEFERRED, ReceiptState.PENDING, told

    def _forward_ending(
        self, entry: Entry, outcome: Outcome, *, too_old: bool, too_unknown: bool
    ) -> tuple[Step, None, str]:
        answer, kept = _answer(outcome), f"保存先 {entry.kept}"
        match outcome.ending:
            case Ending.ACCEPTED:
                self._desk.tally.add("forwarded")
                who = exact(entry.address) or "不明"
                told = f"対象外メールを転送しました（差出人 {who}、見出 {entry.subject}）"
                return Step.SENT, None, told
            case Ending.REFUSED:
                return Step.KEPT, None, f"対象外メールを転送できません（{answer}）。{kept}"
            case Ending.UNKNOWN:
                told = f"転送が届いたかどうか、サーバの答えがありません。{kept}"
                return Step.KEPT if too_unknown else Step.UNKNOWN, None, told
            case Ending.LATER:
                told = f"対象外メールは次回に転送します（{answer}）。{kept}"
                return Step.KEPT if too_old else Step.DEFERRED, None, told

    def _not_sent(self, trouble: ServerTrouble | None) -> None:
        """Letters that were marked but not handed over: no server, or the program is to stop."""
        text = trouble.title if trouble else "送る前に終了しました"
        waiting = [Outcome(key, Ending.LATER, 0, text, tried=False) for key in self._under_way]
        self._settle(waiting, quietly=True)


def _waits_for_its_body(entry: Entry, now: datetime) -> bool:
    if entry.kind in ANSWERED or entry.whole:
        return False
    untried = entry.step is Step.OWED and entry.mailbox != MANUAL
    return untried and now - entry.seen_at < WHOLE_WITHIN


def _answer(outcome: Outcome) -> str:
    return f"{outcome.code or ''} {outcome.text}".strip()


def _nothing_new(entry: Entry, step: Step, outcome: Outcome) -> bool:
    """Is there nothing to tell of this letter? The log has a change, not every repetition.

    Where the server said nothing of this very letter, the trouble itself is told, once for all.
    """
    if step is not Step.DEFERRED:
        return False
    # only the code: the words often count down the seconds
    return not outcome.code or (
        entry.step is step and entry.answer.partition(" ")[0] == str(outcome.code)
    )
