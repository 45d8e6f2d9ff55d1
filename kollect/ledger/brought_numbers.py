"""Numbers for customers from before: out of the shop's own list, without a blank mail.

    the line of the list                   what its customer gets
    -------------------------------------  -----------------------------------------------------
    no 受付番号, the address unknown       the next number
    a 受付番号, free and below the next    that number: it is the shop's own, from before
    a 受付番号 that is the next or beyond  nothing: the collector may give it to somebody else
    an address that has a number           no further one

None of them was sent a letter (`ReceiptState.BROUGHT`). A blank mail that comes later is a second
one: it is answered with ★2★ and the same number. So no number is given twice or skipped, and an
address never has two.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime

from kollect.ledger.ledger import Ledger
from kollect.ledger.states import ReceiptState
from kollect.mail import address
from kollect.mail.plus_address import is_own

_TEXT = (
    "（名簿からの取り込み）",
    "お店の名簿（CSV）から取り込みました。受付番号のメールは送っていません。",
)


class BroughtNumbers:
    """Every method raises `errors.StorageTrouble` where the file cannot be read or written."""

    def __init__(self, ledger: Ledger, *, first: int, own_address: str = "") -> None:
        """`first` is the shop's 受付番号の開始番号; `own_address` nobody is a customer by."""
        self._ledger = ledger
        self._first = first
        self._own = own_address

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, with what else is written on the ledger's connection; the numbers given
        are then known outside the database too."""
        return self._ledger.transaction()

    def is_own(self, mail: str) -> bool:
        """Whether this is the address that the shop collects by, with a poster's tag or without."""
        return is_own(mail, self._own)

    def next_number(self) -> int:
        return self._ledger.next_number(self._first)

    def give(self, mail: str, number: int | None, now: datetime) -> int:
        """Write the customer down by this number, else by the next one. Returns it.

        Raises AlreadyNumbered where the address has one.
        """
        key = address.key(mail)
        with self.transaction():
            template = self._ledger.template_in_force("brought", *_TEXT, now)
            if number is None:
                return self._ledger.give_number(
                    mail, key, now,
                    first=self._first, template=template, state=ReceiptState.BROUGHT,
                )  # fmt: skip
            self._ledger.keep_number(number, mail, key, now, template)
            return number
