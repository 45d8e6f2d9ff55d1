"""Header fields of what we send: encoded words, display names, ids, dates.

Whatever text comes in, one field comes out: nothing in it can end the line and begin another field.
Pure.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache

from kollect.mail import address, iso2022jp
from kollect.settings.model import Charset

_LONGEST_LINE = 76
"""RFC 2047 section 2: a line with an encoded word in it."""
_LONGEST_WORD = 75

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,248}>")
_MAILTO = re.compile(r"<mailto:[!-;=?-~]{1,900}>")
_MARK = re.compile(r"[A-Za-z0-9._-]{1,100}")


def subject(text: str, charset: Charset) -> str:
    """The field `Subject`, folded."""
    return _unstructured("Subject", text, charset)


def mailbox(name: str, display_name: str, mail_address: str, charset: Charset) -> str:
    """A field with one address and the name shown for it, as From."""
    spelled = checked_address(mail_address)
    shown = _printable(display_name)
    if not shown:
        return f"{name}: {spelled}\r\n"
    if _PLAIN.fullmatch(shown) and "=?" not in shown and len(shown) < 60:
        shown = '"' + re.sub(r'(["\\])', r"\\\1", shown) + '"'
    else:
        shown = _folded_words(shown, charset, len(name) + 2)
    last = len(shown) - (shown.rfind("\n") + 1)
    between = " " if last + len(spelled) + len(name) + 5 <= _LONGEST_LINE else "\r\n "
    return f"{name}: {shown}{between}<{spelled}>\r\n"


def to(mail_address: str) -> str:
    """The field `To`, the address exactly as its owner writes it."""
    return f"To: {checked_address(mail_address)}\r\n"


def checked_address(mail_address: str) -> str:
    """The address as it stands in a header, its domain in ASCII; ValueError where it is none."""
    if not address.is_usable(mail_address):
        raise ValueError("not an address")
    return address.wire(mail_address)[0]


def message_id(identity: str) -> str:
    """The field `Message-ID`. Raises ValueError where it is none: it is of our own making."""
    if not _MESSAGE_ID.fullmatch(identity):
        raise ValueError("not a message id")
    return f"Message-ID: {identity}\r\n"


def thread(in_reply_to: str, references: Sequence[str]) -> str:
    """The fields that tie a letter to the mail it answers (RFC 5322 section 3.6.4).

    An id of the other side that is not one is left out.
    """
    found = ""
    if _MESSAGE_ID.fullmatch(in_reply_to):
        found = f"In-Reply-To: {in_reply_to}\r\n"
    sound = [identity for identity in references if _MESSAGE_ID.fullmatch(identity)]
    if found and in_reply_to not in sound:
        sound.append(in_reply_to)
    if sound:
        found += "References: " + "\r\n ".join(sound) + "\r\n"
    return found


def date(moment: datetime) -> str:
    """The field `Date`. Raises ValueError for a moment without its zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without its zone")
    return _date(moment.replace(microsecond=0))


@lru_cache(maxsize=16)
def _date(moment: datetime) -> str:
    return f"Date: {format_datetime(moment)}\r\n"


def list_unsubscribe(link: str) -> str:
    """The field `List-Unsubscribe`. Raises ValueError where the link is none: it is ours."""
    if not _MAILTO.fullmatch(link):
        raise ValueError("not a mailto link")
    return f"List-Unsubscribe: {link}\r\n"


def mark(name: str, value: str) -> str:
    """One of our own fields, by which we know our own mails again."""
    if not _MARK.fullmatch(value):
        raise ValueError("not a mark")
    return f"{name}: {value}\r\n"


@lru_cache(maxsize=16)
def _unstructured(name: str, text: str, charset: Charset) -> str:
    shown = _printable(text)
    start = len(name) + 2
    if not shown:
        return f"{name}:\r\n"
    if not (_PLAIN.fullmatch(shown) and "=?" not in shown and start + len(shown) <= _LONGEST_LINE):
        shown = _folded_words(shown, charset, start)
    return f"{name}: {shown}\r\n"


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text).strip(" ")


def _folded_words(text: str, charset: Charset, start: int) -> str:
    """Encoded words, one a line; the first line has `start` characters before it."""
    if charset is Charset.ISO_2022_JP:
        try:
            folded = iso2022jp.fold(text)
            return "\r\n ".join(
                _word("ISO-2022-JP", iso2022jp.encode(piece))
                for piece in _pieces(folded, "ISO-2022-JP", start, shift=3)
            )
        except UnicodeEncodeError:
            pass  # 髙, an emoji: this field goes as UTF-8
    return "\r\n ".join(
        _word("UTF-8", piece.encode("utf-8")) for piece in _pieces(text, "UTF-8", start, shift=0)
    )


def _word(charset: str, octets: bytes) -> str:
    return f"=?{charset}?B?{b2a_base64(octets, newline=False).decode('ascii')}?="


def _pieces(text: str, charset: str, start: int, *, shift: int) -> Iterator[str]:
    """Cut the text so that each piece fits into one encoded word, never inside a character.

    `shift`: octets it takes to change between ASCII and the others, and back at the end.
    """
    overhead = len(charset) + len("=??B??=")
    room = (min(_LONGEST_WORD, _LONGEST_LINE - start) - overhead) // 4 * 3
    begun = used = 0
    wide = False
    for at, character in enumerate(text):
        code = ord(character)
        if code < 0x80:
            cost, now_wide = 1, False
        else:
            cost = 2 if shift else 2 if code < 0x800 else 3 if code < 0x10000 else 4
            now_wide = True
        change = shift if now_wide != wide else 0
        if used + change + cost + (shift if now_wide else 0) > room and at > begun:
            yield text[begun:at]
            begun, used = at, 0
            change = shift if now_wide else 0
            room = (_LONGEST_WORD - overhead) // 4 * 3
        used += change + cost
        wide = now_wide
    yield text[begun:]
