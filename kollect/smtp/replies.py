"""What an SMTP server answers, and what that means for a letter.

Knows the answers and nothing of what was asked before or will be asked next. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from kollect.delivery.refusal import About, about, enhanced_code
from kollect.mail.foreign_text import one_line
from kollect.smtp.outgoing import DeliveryStatus

_ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")

_LONGEST_TEXT = 500
_LONGEST_LINE = 16384
_MOST_LINES = 200


class Verb(StrEnum):
    """What an answer is the answer to."""

    RSET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "."
    """The final dot of DATA."""
    BDAT = "BDAT"
    """The whole letter in one last chunk."""


FINAL = (Verb.DOT, Verb.BDAT)
"""The server has the letter when it answers 250 to one of these."""


@dataclass(frozen=True, slots=True)
class SmtpReply:
    code: int
    text: str
    """The server's words in one line, without the code."""

    @property
    def enhanced(self) -> str:
        """The enhanced status code (RFC 2034), "" where there is none."""
        return enhanced_code(self.text)

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300

    @property
    def for_now(self) -> bool:
        return 400 <= self.code < 500


class MalformedReply(Exception):
    """What came is no answer of an SMTP server (RFC 5321 section 4.2)."""


class ReplyReader:
    """Cuts what comes from a server into answers, wherever the pieces were cut."""

    def __init__(self, shown: Callable[[str, int], str] = one_line) -> None:
        """`shown` makes the words of a refusal fit to be read by people."""
        self._shown = shown
        self._rest = b""
        self._code = 0
        self._lines: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[SmtpReply]:
        """The answers that become complete with this piece. Raises MalformedReply after the good
        ones."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if answer := self._line(line):
                yield answer
        if len(self._rest) > _LONGEST_LINE:
            raise MalformedReply("a line without an end")

    def _line(self, line: bytes) -> SmtpReply | None:
        number, more, text = line[:3], line[3:4], line[4:]
        if not (number.isdigit() and b"200" <= number < b"600" and more.strip() in (b"", b"-")):
            raise MalformedReply(line.decode("utf-8", "replace"))
        code = int(number)
        if self._lines and code != self._code:
            raise MalformedReply("two codes in one answer")
        if more == b"-":
            self._code = code
            self._lines.append(text)
            if len(self._lines) > _MOST_LINES:
                raise MalformedReply("an answer without an end")
            return None
        if self._lines:
            lines, self._lines = [*self._lines, text], []
            words = _in_one(lines)
        else:
            words = text.decode("utf-8", "replace").strip()
        # an answer that asks for more is read by the program alone, and to its last character
        return SmtpReply(code, words if code == 334 else self._shown(words, _LONGEST_TEXT))


def _in_one(lines: list[bytes]) -> str:
    """All lines as one, an enhanced code once."""
    texts = [line.decode("utf-8", "replace").strip() for line in lines]
    if len(texts) > 1 and (found := _ENHANCED.match(texts[0])):
        texts[1:] = [text.removeprefix(found[1]).strip() for text in texts[1:]]
    return " ".join(texts)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a refusal does to the letter."""

    status: DeliveryStatus
    text: str
    ours: bool = False
    """The shop's account or settings are to blame, not this customer."""

    def fatal(self, verb: Verb) -> bool:
        """No other letter will fare better."""
        return self.ours and verb is Verb.MAIL


def classify_reply(verb: Verb, answer: SmtpReply) -> Judgement:
    """Say what an answer other than yes does to the letter (`refusal` tells what it is about).

    A customer is only marked undeliverable for what is said about the customer: trouble with our
    login, our address or our sending limit is for later, whatever the code; what may be either is
    DOUBTED.
    """
    match about(verb, answer.code, answer.text):
        case About.HOUR:
            return Judgement(DeliveryStatus.LATER, answer.text)
        case About.RECIPIENT | About.FULL | About.LETTER:
            return Judgement(DeliveryStatus.REFUSED, answer.text)
        case About.SHOP:
            against = "お店のアドレスからの送信を断りました" if verb is Verb.MAIL else _NOT_ALLOWED
            return Judgement(
                DeliveryStatus.LATER, f"送信サーバが、{against}: {answer.text}", ours=True
            )
        case About.DOUBTFUL if verb is Verb.DATA and answer.code in PROTOCOL:
            return Judgement(
                DeliveryStatus.LATER, f"送信サーバと手順が合いませんでした: {answer.text}"
            )
        case About.DOUBTFUL:
            return Judgement(DeliveryStatus.DOUBTED, answer.text)


_NOT_ALLOWED = "お店からの送信を認めませんでした"
PROTOCOL = frozenset({500, 501, 502, 503, 504})
"""Not about the letter, but about the command: not known, not now, not like this."""


def refuses_syntax(answer: SmtpReply) -> bool:
    """RCPT was refused for the form of the address; in quotes it may do.

    555 5.5.2 and 553 5.1.3 are Gmail's.
    """
    if about(Verb.RCPT, answer.code, answer.text) is About.SHOP:
        return False
    in_form = answer.enhanced in ("5.1.3", "5.5.2", "5.5.4")
    return answer.code in (500, 501, 553, 555) or (500 <= answer.code < 600 and in_form)


def refuses_parameters(answer: SmtpReply) -> bool:
    """MAIL was refused for what stands after the address (RFC 5321 section 4.1.1.11)."""
    return answer.code in (500, 501, 504, 555)
