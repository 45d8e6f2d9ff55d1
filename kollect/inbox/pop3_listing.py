"""The lines in which a POP3 server lists its mails (UIDL, LIST, STAT), odd as they may be. Pure."""

from __future__ import annotations

_LONGEST_UID = 512


def numbered(line: bytes) -> tuple[int | None, bytes]:
    """A session number and what follows it; None where the line does not begin with one."""
    number, _, rest = line.strip().partition(b" ")
    if not number.isdigit() or not 0 < len(number) < 10 or int(number) == 0:
        return None, b""
    return int(number), rest.strip()


def uid_of(text: bytes) -> str | None:
    """RFC 1939 section 7 allows 70 printable characters; others are taken, but not endless."""
    return text.decode("latin-1") if 0 < len(text) <= _LONGEST_UID else None


def size_of(text: bytes) -> int:
    number = text.split(b" ", 1)[0]
    return int(number) if number.isdigit() and len(number) < 16 else 0
