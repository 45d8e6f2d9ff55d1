"""A members' CSV file taken in, as the program does it: by a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from kollect.ledger.brought_numbers import BroughtNumbers
from kollect.ledger.ledger import Ledger
from kollect.members import csv_import
from kollect.members.csv_check import CheckedFile
from kollect.members.csv_import import ImportCounts
from kollect.members.csv_table import CsvTable
from kollect.members.repository import Members
from kollect.storage.queries import Queries

FIRST = 1001
SHOP = "shop@shop.example"


def take_in(
    table: CsvTable,
    members: Members,
    now: datetime,
    told: Callable[[int, int], None] = lambda written, of: None,
    *,
    first: int = FIRST,
    leave_out: Callable[[CheckedFile], None] | None = None,
) -> ImportCounts:
    """Into the file that `members` is open on."""
    (file,) = members._db.rows("PRAGMA database_list")
    with closing(Ledger(Path(file[2]))) as ledger:
        numbers = BroughtNumbers(ledger, first=first, own_address=SHOP)
        members = Members(Queries.beside(ledger))
        return csv_import.take_in(table, members, numbers, now, told, leave_out=leave_out)
