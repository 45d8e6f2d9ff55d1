"""What a members' CSV file is taken in with: the members and the numbers, on one connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from kollect.ledger.brought_numbers import BroughtNumbers
from kollect.ledger.ledger import Ledger
from kollect.members.repository import Members
from kollect.settings.model import Settings
from kollect.storage.data_folder import DataFolder
from kollect.storage.queries import Queries


@contextmanager
def for_import(folder: DataFolder, settings: Settings) -> Iterator[tuple[Members, BroughtNumbers]]:
    """For one piece of work in one thread. Raises StorageTrouble."""
    with closing(Ledger(folder.database)) as ledger:
        numbers = BroughtNumbers(
            ledger, first=settings.collect.first_number, own_address=settings.mail_address
        )
        yield Members(Queries.beside(ledger)), numbers
