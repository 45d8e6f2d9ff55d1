"""What was sent for a login, in every coding in which somebody may repeat it.

Servers and the programs between quote the command that they did not like, with the password in it:
plain, in Base64 (alone or within the answer to AUTH PLAIN), escaped, cut off, in other letters.
Nothing is remembered but in memory. Pure.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from urllib.parse import quote

from kollect.mail.foreign_text import visible

_SHORT = 5
"""A form shorter than this is only taken for it where it stands alone: not within words."""
_CODED_HEAD = 8
"""So much of a coded form gives it away, should the rest be cut off."""
_SPELT_HEAD = 5
"""Likewise of its characters, each written by itself."""
_SPELT_MOST = 50
_SPELT_AT_ALL = re.compile(
    r"(?:[0-9a-f]{2,10}[^0-9a-z]{1,4}(?:0x|[xu])?){4}"
    r"|(?:[a-z]\W{1,7}){3}|(?:[0-9a-z]\W{1,3}){5}"
    r"|(?:00[2-7][0-9a-f]){4}|(?:[2-7][0-9a-f]00){4}|[\uff01-\uff5e]{4}",
    re.IGNORECASE,
)
"""Only a text in which this is found can have it in that way: for the others it is quick."""
_SPELLINGS = (
    ("{:02x}", r"[^0-9a-z]{0,4}(?:0x|[xu]\{?)?0{0,6}"),  # 53:33, 0x53, \u0053, &#x53;
    ("0*{:d}", r"[^0-9a-z]{1,4}"),  # 83 51, &#83;&#51;
    ("0*{:o}", r"[^0-9a-z]{1,4}"),  # \123\063
)
"""How a character is written as a number, and what may stand before it, or between two."""


class LoginSecrets:
    """Takes the secrets out of texts. Add what is sent before it is sent."""

    def __init__(self, mark: str = "…") -> None:
        self._mark = mark
        self._forms: dict[str, int] = {}
        """In lower case, each with how much of it gives it away."""
        self._needles: set[str] = set()
        self._passwords: set[str] = set()
        self._heads: list[tuple[re.Pattern[str], str]] | None = None

    def add_login(self, account: str, password: str) -> None:
        """The password, and the account with it as logins have them."""
        forms, needles = _login_forms(account, password)
        if self._forms:
            for form, head in forms.items():
                self._add(form, head)
        else:  # every connection begins like this
            self._forms, self._needles = dict(forms), set(needles)
        self._passwords.add(password)

    def add_digest(self, digest: str) -> None:
        """What was made of the password for this one login (APOP, CRAM-MD5)."""
        for form in (digest, *_within_base64(_octets(digest))):
            self._add(_squeezed(form), _CODED_HEAD)

    def _add(self, form: str, head: int) -> None:
        if form:
            self._forms[form] = min(head, self._forms.get(form, len(form)), len(form))
            self._needles.add(form[: self._forms[form]])
            self._heads = None

    def without(self, text: str) -> str:
        """The text with the mark in place of each secret, also where blanks stand within it."""
        if _SPELT_AT_ALL.search(text):
            longest_first = sorted(self._passwords, key=len, reverse=True)
            for pattern in chain.from_iterable(map(_spelt, longest_first)):
                text = pattern.sub(self._mark, text)
        squeezed = _squeezed(text)
        for needle in self._needles:
            if needle in squeezed:
                break
        else:
            return text  # nearly always, and this is quick
        if self._heads is None:
            self._heads = [(_head(form[:head], form), form) for form, head in self._forms.items()]
        # all of them in the text as it was: one form may be the beginning of another
        spans = sorted(
            (found.start(), _end(text, found.end(), form, sum(not c.isspace() for c in found[0])))
            for head, form in self._heads
            for found in head.finditer(text)
        )
        pieces = []
        at = 0
        for start, end in spans:
            if start >= at:
                pieces += [text[at:start], self._mark]
            at = max(at, end)
        return "".join([*pieces, text[at:]]) if pieces else text


@lru_cache(maxsize=4)
def _login_forms(account: str, password: str) -> tuple[dict[str, int], frozenset[str]]:
    """Each form of a login with how much of it gives it away, and these heads; kept, because every
    poll asks for them."""
    found = [(form, max(6, -(-len(form) * 3 // 4))) for form in _plain(password)]
    secrets = [f"{who}\0{account}\0{password}" for who in ("", account)] if account else []
    for octets in map(_octets, (*secrets, password, account) if password else ()):
        coded = (
            base64.b64encode(octets).decode(),
            octets.hex(),
            base64.b32encode(octets).decode(),
            base64.b64encode(base64.b64encode(octets)).decode(),
        )
        found += ((form, _CODED_HEAD) for form in coded)
    for octets in (_octets(password), *_wide(password)):
        found += ((form, len(form)) for form in _within_base64(octets))
    heads: dict[str, int] = {}
    for form, head in ((_squeezed(form), head) for form, head in found):
        if form:
            heads[form] = min(head, heads.get(form, len(form)))
    return heads, frozenset(form[:head] for form, head in heads.items())


def _squeezed(text: str) -> str:
    return "".join(text.lower().split())


def _plain(password: str) -> Iterable[str]:
    """The password as it is, and as escapes of all sorts write it."""
    octets = _octets(password)
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    return {
        password,
        visible(password),
        quoted,
        html.escape(password),
        quote(octets, safe=""),
        quote(octets),
        "".join(f"%{octet:02x}" for octet in octets),
        "".join(f"={octet:02x}" for octet in octets),
        "".join(f"\\x{octet:02x}" for octet in octets),
        repr(octets)[2:-1],
        ascii(password)[1:-1],
    }


def _spelt(password: str) -> Iterator[re.Pattern[str]]:
    """The password one character after the other, with signs between them, or as numbers."""
    if len(password) < _SPELT_HEAD:
        return
    wide = (f"[{re.escape(c)}{_full_width(c)}]" for c in password)
    yield _one_by_one(list(wide), r"[^\w]{0,3}")
    for each in {tuple(map(ord, password)), tuple(_octets(password))}:
        for spelling, between in _SPELLINGS:
            pattern = _one_by_one([spelling.format(number) for number in each], between)
            yield re.compile(rf"(?<![0-9a-z])(?:0x|[xu])?0*{pattern.pattern};?", re.IGNORECASE)


def _one_by_one(units: list[str], between: str) -> re.Pattern[str]:
    """The first of them, and as many of the rest as are there."""
    head = between.join(units[:_SPELT_HEAD])
    rest = ""
    for unit in reversed(units[_SPELT_HEAD:_SPELT_MOST]):
        rest = f"(?:{between}{unit}{rest})?"
    return re.compile(head + rest, re.IGNORECASE)


def _full_width(character: str) -> str:
    return chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else ""


def _wide(password: str) -> Iterator[bytes]:
    """As Windows keeps texts."""
    for coding in ("utf-16-le", "utf-16-be"):
        yield password.encode(coding, "surrogatepass")


def _within_base64(secret: bytes) -> Iterator[str]:
    """Base64 of anything that has the secret somewhere in it: what is sure of it, in the three
    places where it may begin.
    """
    for before in range(3):
        coded = base64.b64encode(bytes(before) + secret).decode().rstrip("=")
        from_whole, to_whole = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
        if to_whole - from_whole >= _CODED_HEAD:
            yield coded[from_whole:to_whole]


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _head(head: str, form: str) -> re.Pattern[str]:
    pattern = r"\s*".join(map(re.escape, head))
    if len(form) < _SHORT:
        pattern = rf"(?<!\w){pattern}(?!\w)"
    return re.compile(pattern, re.IGNORECASE)


def _end(text: str, at: int, form: str, known: int) -> int:
    """Where the form, of which so many characters were found before `at`, is over in the text."""
    end = at
    while known < len(form) and at < len(text):
        if not text[at].isspace():
            if text[at].lower() != form[known]:
                break
            known, end = known + 1, at + 1
        at += 1
    return end
