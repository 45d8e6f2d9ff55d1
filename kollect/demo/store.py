"""The mailboxes of the demo, in memory: who has one, its password, the mails in it.

Knows neither SMTP nor POP3. Delivery and removal happen in the server's thread only; any thread
may look at `DemoMailbox.mails`, which is a snapshot.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from kollect.mail.plus_address import is_own

MOST_OCTETS = 256 * 1024 * 1024
"""All mailboxes together. A flood must fill this and not the memory of the shop's PC."""


class StoreFull(Exception):
    """There is no room for one more mail."""


@dataclass(frozen=True, slots=True)
class StoredMail:
    uid: str
    """Never used twice, also over a restart; 1 to 70 printable characters (RFC 1939 section 7)."""
    raw: bytes
    """The whole mail, lines ended by CRLF."""


class DemoMailbox:
    """The mails of one address, oldest first."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.password = secrets.token_urlsafe(12)
        self._mails: list[StoredMail] = []
        self.octets = 0
        self._run = secrets.token_hex(6)
        self._given = 0

    @property
    def mails(self) -> tuple[StoredMail, ...]:
        return tuple(self._mails)

    def add(self, raw: bytes) -> None:
        self._given += 1
        # A bare LF would end a line for some POP3 clients and not for others.
        raw = re.sub(rb"\r?\n", b"\r\n", raw)
        self._mails.append(StoredMail(uid=f"{self._run}.{self._given}", raw=raw))
        self.octets += len(raw)

    def remove(self, uids: frozenset[str]) -> None:
        self._mails = [mail for mail in self._mails if mail.uid not in uids]
        self.octets = sum(len(mail.raw) for mail in self._mails)


class DemoStore:
    """All mailboxes. The shop logs in by its account, everyone else by the address itself."""

    def __init__(self, *, shop_address: str, account: str) -> None:
        self.shop = DemoMailbox(shop_address)
        self._account = account
        self._mailboxes = {_key(shop_address): self.shop}

    def mailbox(self, address: str) -> DemoMailbox:
        """The mailbox of an address; made when it is asked for the first time."""
        return self._mailboxes.setdefault(self._owner(address), DemoMailbox(address))

    def is_shop(self, address: str) -> bool:
        """Also of the shop's address with a tag, as touroku+reji@…, which posters may have."""
        return is_own(address.strip(), self.shop.address)

    def login(self, account: str, password: bytes) -> DemoMailbox | None:
        """The mailbox that this account and password open."""
        known = self.shop if account == self._account else self._mailboxes.get(_key(account))
        if known is not None and hmac.compare_digest(known.password.encode(), password):
            return known
        return None

    def deliver(self, addresses: Iterable[str], raw: bytes) -> None:
        """Put a mail into each one's mailbox. Raises Full, and then it was put into none."""
        owners = {self._owner(address): address for address in addresses}
        held = sum(mailbox.octets for mailbox in [*self._mailboxes.values()])
        if held + len(raw) * len(owners) > MOST_OCTETS:
            raise StoreFull
        for address in owners.values():
            self.mailbox(address).add(raw)

    def _owner(self, address: str) -> str:
        return _key(self.shop.address if self.is_shop(address) else address)


def _key(address: str) -> str:
    """One person, however the address is written: case and the quotes of RFC 5321 do not count."""
    local, at, domain = address.strip().lower().rpartition("@")
    return f"{local.strip(chr(34))}{at}{domain}"
