"""A received mail as a value, read from the bytes of its header block; never raises on a bad mail.

Python's `email.policy.default` raises on some headers and reads a broken encoded subject as empty,
so the fields are split here, on bytes. Not known here: what the mail means and what becomes of it.
Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import KeysView
from dataclasses import dataclass, field

from kollect.mail import encoded_words, from_header

_EMPTY_LINE = re.compile(rb"\n\r*+\n")
_EMPTY_FIRST_LINE = re.compile(rb"\r*\n")
_FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE)
_LINE_ENDS = re.compile(rb"\n\n+")
_MESSAGE_ID = re.compile(rb"<[!-;=?-~]{1,248}>")
_BOM = b"\xef\xbb\xbf"

HEADER_LIMIT = 256 * 1024
"""Octets of the longest header that is read; the only place that says so."""
_CUT_OFF = HEADER_LIMIT // 2
"""A block this long without the empty line is what was kept of a longer one: `header_block` keeps
at least this much of it. A whole one of any length comes with its empty line."""

_VOLATILE = frozenset(
    {"content-length", "lines", "status", "x-status", "x-uid", "x-uidl", "x-imap", "x-imapbase"}
    | {"x-keywords", "x-mozilla-keys", "x-mozilla-status", "x-mozilla-status2"}
)
"""Fields that servers and programs change in a mail that lies in the box."""
_IDENTITY = "2:"
"""How a fingerprint begins, to tell it from those of the versions before, which had the whole block
in it."""

_WRITTEN_BY_THE_SENDER = frozenset(
    {"return-path", "to", "cc", "reply-to", "sender", "in-reply-to", "references", "content-type"}
    | {"content-transfer-encoding", "mime-version", "delivered-to", "user-agent", "x-mailer"}
)
"""Fields that no filter adds or changes. Not the subject: `[SPAM]` is written into it."""

_BY_A_FILTER = re.compile(rb"\bwith\s+(?:POP|IMAP)", re.IGNORECASE)
"""A Received of a program on the way from the mailbox to us, made at each retrieval."""

_MOST_REFERENCES = 10


def split(raw: bytes) -> tuple[bytes, bytes]:
    """The header block and the body behind the first empty line."""
    end = _EMPTY_FIRST_LINE.match(raw) or _EMPTY_LINE.search(raw)
    return (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail's header. Two mails are equal when their header blocks are."""

    block: bytes = field(repr=False)
    fields: tuple[tuple[str, bytes], ...] = field(compare=False, repr=False)
    """Every field in order: its name in lower case, its value raw but unfolded."""
    subject: str | None = field(compare=False)
    """Decoded; "" where there is none, None where it cannot be read. May hold any character."""
    sender: str = field(compare=False)
    """The first usable address of From as its owner writes it, "" where there is none."""
    cut_off: bool = field(compare=False)
    """The header is longer than a mailbox's limit, and not all of it is here: no subject."""
    _values: dict[str, list[bytes]] = field(compare=False, repr=False)

    @staticmethod
    def read(raw: bytes) -> Mail:
        """Read a header block, with or without a body behind it. Any bytes make a mail."""
        end = _EMPTY_FIRST_LINE.match(raw) or _EMPTY_LINE.search(raw)
        block = raw[: end.start()] if end else raw
        fields: list[tuple[str, bytes]] = []
        values: dict[str, list[bytes]] = {}
        for octets, folded in _FIELD.findall(block.removeprefix(_BOM)):
            name = octets.decode("ascii").lower()
            value = _unfolded(folded)
            fields.append((name, value))
            if name in values:
                values[name].append(value)
            else:
                values[name] = [value]
        cut_off = end is None and len(raw) >= _CUT_OFF
        subject = None if cut_off else _subject(values)
        return Mail(block, tuple(fields), subject, _sender(values), cut_off, values)

    def first(self, name: str) -> bytes | None:
        """The value of the first field of that name (lower case)."""
        values = self._values.get(name)
        return values[0] if values else None

    def every(self, name: str) -> tuple[bytes, ...]:
        return tuple(self._values.get(name, ()))

    @property
    def names(self) -> KeysView[str]:
        return self._values.keys()

    @property
    def subject_for_people(self) -> str:
        """One printable line for the log and the screens; "" where there is no subject."""
        return encoded_words.readable(self.first("subject") or b"", most=100)

    @property
    def message_id(self) -> str:
        """Only where it may stand in a header of ours: `<…>`, printable ASCII, bounded; else ""."""
        return _first_id(self.first("message-id"))

    @property
    def references(self) -> tuple[str, ...]:
        """The ids of References, else In-Reply-To, safe like `message_id`; the first, the last."""
        ids = _ids(self.first("references")) or _ids(self.first("in-reply-to"))
        return ids if len(ids) <= _MOST_REFERENCES else (ids[0], *ids[1 - _MOST_REFERENCES :])

    @property
    def message_id_answered(self) -> str:
        """The id in In-Reply-To, safe like `message_id`."""
        return _first_id(self.first("in-reply-to"))

    @property
    def content_type(self) -> str:
        """As `multipart/report`, lower case; "" where there is none."""
        value = self.first("content-type") or b""
        return value.partition(b";")[0].strip().decode("ascii", "replace").lower()

    def parameter(self, name: str) -> str:
        """A parameter of Content-Type, as `boundary`; "" where there is none."""
        value = self.first("content-type") or b""
        pattern = rb';\s*%s\s*=\s*(?:"([^"]*)"|([^\s;"]+))' % re.escape(name.encode())
        found = re.search(pattern, value, re.IGNORECASE)
        return (found[1] or found[2] or b"").decode("ascii", "replace") if found else ""

    @property
    def fingerprint(self) -> str:
        """What tells this mail from every other one, and is the same at each retrieval.

        Message-ID, Date, From and the oldest Received, nothing else: virus scanners and POP filters
        add fields with a number a session, write into the subject, put a Received on top. Where
        there is none of the first two and no Received, what else the sender wrote must do.
        """
        received = [by for by in self.every("received") if not _BY_A_FILTER.search(by)][-1:]
        named = [self.first("message-id"), self.first("date"), self.first("from"), *received]
        if not (named[0] or named[1] or received):
            named += [value for name, value in self.fields if name in _WRITTEN_BY_THE_SENDER]
        told = b"\n".join(b" ".join((value or b"").split()) for value in named)
        return _IDENTITY + hashlib.sha256(told).hexdigest()

    @property
    def former_fingerprint(self) -> str:
        """The fingerprint as versions before wrote it into the ledger: over the whole block."""
        block = self.block
        if not _VOLATILE.isdisjoint(self._values):
            block = _FIELD.sub(_without_volatile, block)
        block = _LINE_ENDS.sub(b"\n", block.replace(b"\r", b"")).strip(b"\n")
        return hashlib.sha256((self.first("message-id") or b"") + b"\n" + block).hexdigest()


def is_former(fingerprint: str) -> bool:
    """Whether a fingerprint of the ledger was written by a version before."""
    return bool(fingerprint) and not fingerprint.startswith(_IDENTITY)


def _unfolded(value: bytes) -> bytes:
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value.strip()


def _without_volatile(found: re.Match[bytes]) -> bytes:
    return b"" if found[1].decode("ascii").lower() in _VOLATILE else found[0]


def _subject(values: dict[str, list[bytes]]) -> str | None:
    """All of them, where there are several: one with words must not pass for a blank one."""
    texts = [encoded_words.decode(value) for value in values.get("subject", ())]
    return None if None in texts else " ".join(text for text in texts if text is not None)


def _sender(values: dict[str, list[bytes]]) -> str:
    for value in values.get("from", ()):
        if usable := from_header.first_usable(value):
            return usable
    return ""


def _ids(value: bytes | None) -> tuple[str, ...]:
    return tuple(found.decode("ascii") for found in _MESSAGE_ID.findall(value or b""))


def _first_id(value: bytes | None) -> str:
    found = _MESSAGE_ID.search(value or b"")
    return found[0].decode("ascii") if found else ""
