"""Is it the same mail? By what stays the same at each retrieval. Pure.

Older versions had a hash over the whole header in the ledger, which virus scanners and POP filters
change at each retrieval. Their rows are known by that hash, else by Message-ID and sender.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kollect.ledger.records import MailRecord
from kollect.mail import address
from kollect.mail.message import Mail, is_former

_MADE = "hash:"


def key_of(mail: Mail) -> str:
    """What stands for a uid where the server has none."""
    return _MADE + mail.fingerprint


def former_key_of(uid: str, mail: Mail) -> str:
    """The one that an older version has made of it; "" where the server has given the uid."""
    return _MADE + mail.former_fingerprint if uid.startswith(_MADE) else ""


def is_same(entry: MailRecord, mail: Mail) -> bool:
    """Is the mail that now has the uid of this row the one that it was written for?"""
    marks = set(marks_of(entry))
    return any(mark in marks for mark in marks_of_mail(mail, former=is_former(entry.fingerprint)))


def marks_of(entry: MailRecord) -> Iterator[str]:
    """By each of these its mail can be recognised."""
    yield entry.fingerprint
    if is_former(entry.fingerprint) and entry.message_id:
        yield f"{entry.message_id} {address.key(entry.address)}"


def marks_of_mail(mail: Mail, *, former: bool) -> Iterator[str]:
    """The marks of a mail; with `former` those too that only rows of an older version have."""
    yield mail.fingerprint
    if former:
        yield mail.former_fingerprint
        if mail.message_id:
            yield f"{mail.message_id} {address.key(mail.sender)}"


class Strayed:
    """Rows whose mails are not where the ledger has them, to be found by their marks."""

    def __init__(self) -> None:
        self._by_id: dict[int, MailRecord] = {}
        self._by_mark: dict[str, MailRecord] = {}
        self._former = False

    def add(self, entry: MailRecord) -> None:
        self._former = self._former or is_former(entry.fingerprint)
        self._by_id[entry.id] = entry
        for mark in marks_of(entry):
            self._by_mark[mark] = entry

    def ids(self) -> list[int]:
        """The rows whose mails have not been found."""
        return list(self._by_id)

    def found(self, entry: MailRecord) -> None:
        """This row's mail is there after all."""
        if self._by_id.pop(entry.id, None) is not None:
            for mark in marks_of(entry):
                self._by_mark.pop(mark, None)

    def pop(self, mail: Mail) -> MailRecord | None:
        """The row of this mail, once."""
        if not self._by_mark:
            return None
        for mark in marks_of_mail(mail, former=self._former):
            if (found := self._by_mark.get(mark)) is not None:
                self.found(found)
                return found
        return None


def not_among(present: Iterable[str], entries: Iterable[MailRecord]) -> Strayed:
    """Those of these rows whose mails are not in the listing."""
    uids, missing = set(present), Strayed()
    for entry in entries:
        if entry.uid not in uids:
            missing.add(entry)
    return missing
