"""What an SMTP server answers, and what that means for a letter.

Knows the answers and nothing of what was asked before or will be asked next. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from kollect.foreign_text import one_line
from kollect.reply.outcome import Ending

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
class Answer:
    code: int
    text: str
    """The server's words in one line, without the code."""

    @property
    def enhanced(self) -> str:
        """The enhanced status code (RFC 2034), "" where there is none."""
        found = _ENHANCED.match(self.text)
        return found[1] if found else ""

    @property
    def good(self) -> bool:
        return 200 <= self.code < 300

    @property
    def for_now(self) -> bool:
        return 400 <= self.code < 500


class Garbled(Exception):
    """What came is no answer of an SMTP server (RFC 5321 section 4.2)."""


class AnswerReader:
    """Cuts what comes from a server into answers, wherever the pieces were cut."""

    def __init__(self, shown: Callable[[str, int], str] = one_line) -> None:
        """`shown` makes the words of a refusal fit to be read by people."""
        self._shown = shown
        self._rest = b""
        self._code = 0
        self._lines: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[Answer]:
        """The answers that become complete with this piece. Raises Garbled behind the good ones."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if answer := self._line(line):
                yield answer
        if len(self._rest) > _LONGEST_LINE:
            raise Garbled("a line without an end")

    def _line(self, line: bytes) -> Answer | None:
        number, more, text = line[:3], line[3:4], line[4:]
        if not (number.isdigit() and b"200" <= number < b"600" and more.strip() in (b"", b"-")):
            raise Garbled(line.decode("utf-8", "replace"))
        code = int(number)
        if self._lines and code != self._code:
            raise Garbled("two codes in one answer")
        if more == b"-":
            self._code = code
            self._lines.append(text)
            if len(self._lines) > _MOST_LINES:
                raise Garbled("an answer without an end")
            return None
        lines, self._lines = [*self._lines, text], []
        words = _in_one(lines)
        # an answer that asks for more is read by the program alone, and to its last character
        return Answer(code, words if code == 334 else self._shown(words, _LONGEST_TEXT))


def _in_one(lines: list[bytes]) -> str:
    """All lines as one, an enhanced code once."""
    texts = [line.decode("utf-8", "replace").strip() for line in lines]
    if len(texts) > 1 and (found := _ENHANCED.match(texts[0])):
        texts[1:] = [text.removeprefix(found[1]).strip() for text in texts[1:]]
    return " ".join(texts)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a refusal does to the letter."""

    ending: Ending
    text: str
    ours: bool = False
    """The shop's account or settings are to blame, not this customer."""

    def fatal(self, verb: Verb) -> bool:
        """No other letter will fare better."""
        return self.ours and verb is Verb.MAIL


def judge(verb: Verb, answer: Answer) -> Judgement:
    """Say what an answer other than yes does to the letter.

    A customer is only marked undeliverable for what is said about the customer: trouble with our
    login, our address or our sending limit is for later, whatever the code.
    """
    if answer.for_now:
        return Judgement(Ending.LATER, answer.text)
    if _too_large(verb, answer):
        return Judgement(Ending.REFUSED, answer.text)
    if verb is Verb.MAIL:
        text = f"送信サーバが、お店のアドレスからの送信を断りました: {answer.text}"
        return Judgement(Ending.LATER, text, ours=True)
    if _about_us(answer):
        text = f"送信サーバが、お店からの送信を認めませんでした: {answer.text}"
        return Judgement(Ending.LATER, text, ours=True)
    if verb is Verb.DATA and answer.code in PROTOCOL:
        return Judgement(Ending.LATER, f"送信サーバと手順が合いませんでした: {answer.text}")
    return Judgement(Ending.REFUSED, answer.text)


PROTOCOL = frozenset({500, 501, 502, 503, 504})
"""Not about the letter, but about the command: not known, not now, not like this."""


def refuses_syntax(answer: Answer) -> bool:
    """RCPT was refused for the form of the address; in quotes it may do.

    555 5.5.2 and 553 5.1.3 are Gmail's.
    """
    if _about_us(answer):
        return False
    in_form = answer.enhanced in ("5.1.3", "5.5.2", "5.5.4")
    return answer.code in (500, 501, 553, 555) or (500 <= answer.code < 600 and in_form)


def refuses_parameters(answer: Answer) -> bool:
    """MAIL was refused for what stands behind the address (RFC 5321 section 4.1.1.11)."""
    return answer.code in (500, 501, 504, 555)


def _too_large(verb: Verb, answer: Answer) -> bool:
    if answer.enhanced in ("5.3.4", "5.2.3"):
        return True
    # said to MAIL it may also be the shop's own mailbox that is full
    return answer.code == 552 and (verb is not Verb.MAIL or "size" in answer.text.lower())


_LOGIN = frozenset({530, 534, 535, 538})
_ABOUT_US = frozenset({"5.1.7", "5.1.8", "5.1.90", "5.4.5", "5.7.8", "5.7.9", "5.7.54", "5.7.60"})
_WORDS_ABOUT_US = re.compile(
    r"""
      unauthenticated | not\ authenticated | authentication\ (?:is\ )?(?:required|needed|failed)
    | auth(?:entication)?\ first | must\ authenticate | (?:must|please)\ log\ ?in | pop\ before
    | relay(?:ing)?\ (?:access\ )?(?:is\ )?(?:denied|not|prohibited|disabled|refused)
    | (?:unable|cannot|can't|allowed|permitted|authori[sz]ed|do\ not|don't)\ (?:to\ )?relay
    | rcpthosts
    | sender\ (?:address\ )?(?:rejected|denied|not|verify\ failed) | not\ owned\ by\ user
    | send\ ?as\ ?denied | to\ send\ as | from\ address
    | block(?:ed)?\ ?(?:using|list) | blacklist | spamhaus | dnsbl | reputation
    | client\ host\ (?:rejected|blocked) | your\ (?:ip|host|server|mail\ server)\b
    | (?:daily|hourly|sending|outgoing|outbound|rate|messages)\b.{0,30}(?:limit|quota)
    | too\ many\ (?:messages|mails|e-?mails|recipients)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def _about_us(answer: Answer) -> bool:
    if answer.code in _LOGIN or answer.enhanced in _ABOUT_US:
        return True
    # 5.1.1 "User unknown in relay recipient table", 5.2.2 "over quota": said of the customer
    if answer.enhanced.startswith(("5.1.", "5.2.")):
        return False
    return answer.code >= 500 and bool(_WORDS_ABOUT_US.search(answer.text))
