"""The SMTP conversation on one connection, without the connection.

It says what to send and what an answer means. Every answer is matched to its command, every
command to its letter. Three ways of talking, by what the server offers:

* STREAM (PIPELINING and CHUNKING, RFC 2920 and 3030): `RSET MAIL RCPT BDAT-LAST` of letter after
  letter, without waiting. After a failed BDAT the state of the transaction is not defined (RFC 3030
  section 2), and a server that kept the recipient of a failed letter would add the next one to it.
  The RSET in front rules that out: a letter never reaches anyone but its recipient. Its answer also
  shows that both sides are in step.
* OVERLAP (PIPELINING): the same with DATA; the next letter's `RSET MAIL RCPT DATA` rides behind the
  body before it, where RFC 2920 section 3.1 allows it.
* PLAIN: every command waits for the answer before it.

Knows no sockets and no time. Pure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from kollect.mail import address
from kollect.smtp.capabilities import Capabilities
from kollect.smtp.dot_stuffing import stuffed, stuffed_whole
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail
from kollect.smtp.replies import (
    FINAL,
    PROTOCOL,
    SmtpReply,
    Verb,
    classify_reply,
    refuses_parameters,
    refuses_syntax,
)
from kollect.smtp.transaction import Delivery, DeliveryEnded, Style, Transaction


class OutOfStep(Exception):
    """An answer that does not fit the command: from here on no answer can be trusted."""


class SmtpProtocol:
    """One connection's conversation after the login. What ended is left in `ended`."""

    def __init__(self, offers: Capabilities, sender: str) -> None:
        self.offers = offers
        self.ended: list[DeliveryEnded] = []
        self.accepted = 0
        self.answered = 0
        """Letters about which the server said its last word, be it yes or no."""
        self.extensions_unreliable = False
        """The server does not do what it offered: only the plain dialogue, without parameters."""
        self.unreliable_at_the_end = False
        """Nothing tells of it but the lack of the last answer, which honest servers may owe too."""
        self.extensions_worked = False
        """It has accepted a letter whose commands were sent ahead."""
        self.sequential_worked: bool | None = None
        """How the plain dialogue went, last: a letter was decided on, or the line was lost."""
        self.unproven = False
        """It lay idle, and this server has not shown yet that it takes letters after that: nothing
        is sent whole before it has said yes to the envelope."""
        self.rest_worked: bool | None = None
        """How the first letter after it lay idle went: decided on, or the line was lost over it."""
        self.closing = False
        """The server said 421: it is about to close the line."""
        self.body: Iterator[tuple[bytes, bool]] | None = None
        """What is to be sent next, piece by piece; True with the last, and then `body_sent`."""
        self._sender, self._sender_utf8 = address.wire(sender)
        self._under_way: deque[Transaction] = deque()
        self._pending: deque[tuple[Transaction, Verb]] = deque()
        self._clean = True
        """No transaction is left open on the server."""

    def style_for(self, letter: OutgoingMail) -> Style:
        """The fastest way in which this letter may go."""
        offers = self.offers
        if self.extensions_unreliable or letter.send_alone or not offers.pipelining:
            return Style.SEQUENTIAL
        # A mail from a stranger never goes by BDAT: a server that did not take the octets of a
        # refused chunk as data would read commands in them. DATA waits for its 354.
        if offers.chunking and letter.file is None and not self.unproven:
            return Style.CHUNKED
        return Style.PIPELINED

    def impossible(self, letter: OutgoingMail) -> str:
        """Why this server can never take the letter, "" where it may."""
        if not address.is_usable(letter.recipient):
            return "あて先のメールアドレスの形が正しくありません。"
        if address.wire(letter.recipient)[1] and (
            self.extensions_unreliable or not self.offers.utf8
        ):
            return "送信サーバが、英数字以外の文字を含むメールアドレスに対応していません。"
        if 0 < self.offers.largest < self._form_of(letter).size:
            return "メールが、送信サーバの受け付ける大きさを超えています。"
        return ""

    def takes(self, style: Style, window: int) -> bool:
        """Whether a letter may begin now; `window`: how many may be on the way."""
        if self.closing or self.body:
            return False
        if not self._under_way:
            return True
        last = self._under_way[-1]
        if style is Style.SEQUENTIAL or last.style is not style or len(self._under_way) >= window:
            return False
        return style is Style.CHUNKED or (len(self._under_way) == 1 and last.complete)

    def begin(self, delivery: Delivery) -> bytes:
        """Begin a letter; returns what is to be sent. Only when `takes` says so.

        A letter that may not go any more ends here instead.
        """
        if not delivery.letter.still_allowed():
            self.ended.append(DeliveryEnded(delivery, None, called_off=True))
            return b""
        style = self.style_for(delivery.letter)
        letter = self._form_of(delivery.letter)
        delivery.tries += 1
        transaction = Transaction(delivery, style, letter, self._parameters(letter))
        self._under_way.append(transaction)
        if style is Style.SEQUENTIAL:
            return self._ask(transaction, Verb.MAIL if self._clean else Verb.RSET)
        commands = [
            self._ask(transaction, verb)
            for verb in (Verb.RSET, Verb.MAIL, Verb.RCPT, self._carrier(style))
        ]
        if style is Style.CHUNKED:
            transaction.complete = True
            commands.append(letter.head)
        return b"".join(commands)

    @staticmethod
    def _carrier(style: Style) -> Verb:
        return Verb.BDAT if style is Style.CHUNKED else Verb.DATA

    def _ask(self, transaction: Transaction, verb: Verb) -> bytes:
        """The command, its answer now awaited."""
        self._pending.append((transaction, verb))
        match verb:
            case Verb.RSET:
                return b"RSET\r\n"
            case Verb.MAIL:
                self._clean = False
                sender = self._sender.encode("utf-8")
                return b"MAIL FROM:<%b>%b\r\n" % (sender, transaction.parameters)
            case Verb.RCPT:
                recipient = transaction.letter.recipient
                if transaction.delivery.quoted:
                    recipient = address.quoted(recipient)
                return b"RCPT TO:<%b>\r\n" % address.wire(recipient)[0].encode("utf-8")
            case Verb.DATA:
                return b"DATA\r\n"
            case Verb.BDAT:
                return b"BDAT %d LAST\r\n" % len(transaction.letter.head)
            case Verb.DOT:
                return b""  # it stands behind the body
        raise AssertionError(verb)

    def _parameters(self, letter: OutgoingMail) -> bytes:
        """What stands behind MAIL FROM (RFC 1870, 6152, 6531)."""
        if self.extensions_unreliable:
            return b""
        found = b" SIZE=%d" % letter.size if self.offers.size else b""
        if self.offers.eight_bit and _has_eight_bit(letter):
            found += b" BODY=8BITMIME"
        if self.offers.utf8 and (self._sender_utf8 or address.wire(letter.recipient)[1]):
            found += b" SMTPUTF8"
        return found

    def _form_of(self, letter: OutgoingMail) -> OutgoingMail:
        takes_eight = self.offers.eight_bit and not self.extensions_unreliable
        if letter.seven_bit is None or takes_eight or not _has_eight_bit(letter):
            return letter
        return letter.seven_bit

    @property
    def on_way(self) -> int:
        """Letters that were begun and have not ended."""
        return len(self._under_way)

    @property
    def waits_for_final(self) -> bool:
        """The next answer is the one after a whole letter (RFC 5321 section 4.5.3.2.6)."""
        return bool(self._pending) and self._pending[0][1] in FINAL

    def receive(self, answer: SmtpReply) -> bytes:
        """Take in one answer; returns what is to be sent now. Raises OutOfStep.

        Where a body is to be sent, it stands in `body`.
        """
        if answer.code == 421:
            self._closed(answer)
            return b""
        if not self._pending:
            raise OutOfStep(f"{answer.code} without a question")
        transaction, verb = self._pending.popleft()
        yes = answer.code == 354 if verb is Verb.DATA else answer.good
        too_soon = verb is Verb.DOT and self.body is not None
        if (not yes and (answer.code < 400 or verb is Verb.RSET)) or (yes and too_soon):
            raise OutOfStep(f"{answer.code} to {verb}")
        if too_soon:
            # refused before it was all sent: what is left of it must not be taken for commands
            self.closing, self.body = True, None
        if answer.code >= 400 and transaction.failed is None:
            transaction.failed = self._failure(transaction, verb, answer)
        if answer.code == 354:
            return self._go_on(transaction)
        plain = transaction.style is Style.SEQUENTIAL
        if verb in FINAL or verb is Verb.DATA or (plain and transaction.failed):
            self._end(transaction, answer)
        elif plain:
            self._clean = self._clean or verb is Verb.RSET
            if verb is Verb.RSET and not transaction.delivery.letter.still_allowed():
                # the server took its time for the answer to RSET, and MAIL was not said yet
                self._under_way.remove(transaction)
                self.ended.append(DeliveryEnded(transaction.delivery, None, called_off=True))
                return b""
            return self._ask(transaction, _AFTER[verb])
        return b""

    def _go_on(self, transaction: Transaction) -> bytes:
        """The server wants the body."""
        self._pending.appendleft((transaction, Verb.DOT))
        if transaction.failed:
            return b".\r\n"  # the recipient was refused: RFC 2920 section 3.1 asks for nothing more
        if transaction.letter.file is None:
            transaction.complete = True
            return stuffed_whole(transaction.letter.head)
        self.body = stuffed(transaction.letter.chunks())
        return b""

    def body_sent(self) -> None:
        """The last piece of `body` was sent."""
        self.body = None
        self._under_way[-1].complete = True

    def _failure(self, transaction: Transaction, verb: Verb, answer: SmtpReply) -> DeliveryEnded:
        delivery = transaction.delivery
        again = DeliveryEnded(delivery, None)
        # MAIL and RCPT were taken, so the letter's turn had come
        hurried = verb is Verb.BDAT or (verb is Verb.DATA and transaction.style is Style.PIPELINED)
        if hurried and answer.code in PROTOCOL:
            self.extensions_unreliable = True
            return again
        if verb is Verb.MAIL and transaction.parameters and refuses_parameters(answer):
            self.extensions_unreliable = True
            return again
        dotted = not delivery.quoted and _is_dotted(delivery.letter.recipient)
        if verb is Verb.RCPT and dotted and refuses_syntax(answer):
            delivery.quoted = True
            return again
        found = classify_reply(verb, answer)
        ending = found.status
        if verb is Verb.RCPT and delivery.quoted and refuses_syntax(answer):
            ending = (
                DeliveryStatus.REFUSED
            )  # either way: the form of this address is what is refused
        outcome = Outcome(delivery.letter.key, ending, answer.code, found.text, ours=found.ours)
        return DeliveryEnded(delivery, outcome, ours=found.ours, fatal=found.fatal(verb))

    def _end(self, transaction: Transaction, answer: SmtpReply) -> None:
        self._under_way.remove(transaction)
        self._clean = transaction.failed is None
        self.answered += 1
        if self.unproven:
            self.unproven, self.rest_worked = False, True
        hurried = _is_hurried(transaction)
        if transaction.failed:
            outcome = transaction.failed.outcome
            decided = outcome is not None and outcome.status in (
                DeliveryStatus.REFUSED,
                DeliveryStatus.DOUBTED,
            )
            if decided and not hurried:
                self.sequential_worked = True
            self.ended.append(transaction.failed)
            return
        self.accepted += 1
        if hurried:
            self.extensions_worked = True
        else:
            self.sequential_worked = True
        key = transaction.letter.key
        self.ended.append(
            DeliveryEnded(
                transaction.delivery,
                Outcome(key, DeliveryStatus.ACCEPTED, answer.code, answer.text),
            )
        )

    def _closed(self, answer: SmtpReply) -> None:
        """421: the letter it was said to is for later, those behind it were not looked at."""
        self.closing = True
        self.body = None
        first, verb = self._pending[0] if self._pending else (None, Verb.RSET)
        self._pending.clear()
        # "that was enough for this connection", said before the letter was looked at
        untouched = verb is Verb.RSET or (
            verb is Verb.MAIL and (self.answered > 0 or self.unproven)
        )
        while self._under_way:
            transaction = self._under_way.popleft()
            if transaction.failed:
                self.ended.append(transaction.failed)
            elif transaction is first and not untouched:
                self.ended.append(_ending(transaction, DeliveryStatus.LATER, answer.text, 421))
            else:
                transaction.delivery.tries -= 1
                self.ended.append(DeliveryEnded(transaction.delivery, None))

    def lost(self, why: str, *, in_sending: bool = False) -> None:
        """The line is gone: a letter that was complete may have arrived, any other has not.

        `in_sending`: it was lost before the last octets went out.
        """
        over_rest = self.unproven and bool(self._under_way)
        if over_rest:
            self.rest_worked = False
        elif any(map(_is_hurried, self._under_way)):
            if not self.extensions_unreliable and not self.accepted:
                # old firewalls drop a line on which commands come before their time
                self.extensions_unreliable = True
                self.unreliable_at_the_end = self.waits_for_final
        elif self._under_way and not self.answered:
            self.sequential_worked = False
        self.closing = True
        self.body = None
        self._pending.clear()
        if in_sending and self._under_way:
            self._under_way[-1].complete = False
        while self._under_way:
            transaction = self._under_way.popleft()
            if transaction.complete:
                ended = _ending(transaction, DeliveryStatus.UNKNOWN, why)
            elif over_rest or (self.extensions_unreliable and _is_hurried(transaction)):
                # at once again: on a fresh connection, or plainly
                ended = DeliveryEnded(transaction.delivery, None)
            else:
                ended = _ending(transaction, DeliveryStatus.LATER, why)
            self.ended.append(transaction.failed or ended)


_AFTER = {Verb.RSET: Verb.MAIL, Verb.MAIL: Verb.RCPT, Verb.RCPT: Verb.DATA}


def _is_hurried(transaction: Transaction) -> bool:
    """Its commands did not wait for each other's answers."""
    return transaction.style is not Style.SEQUENTIAL


def _ending(
    transaction: Transaction, ending: DeliveryStatus, text: str, code: int = 0
) -> DeliveryEnded:
    return DeliveryEnded(transaction.delivery, Outcome(transaction.letter.key, ending, code, text))


def _has_eight_bit(letter: OutgoingMail) -> bool:
    return letter.eight_bit or not letter.head.isascii()


def _is_dotted(recipient: str) -> bool:
    """A local part with dots where RFC 5321 section 4.1.2 has none."""
    local = recipient.rpartition("@")[0]
    return not local.startswith('"') and (
        local.startswith(".") or local.endswith(".") or ".." in local
    )
