"""A ledger, and members with numbers, for all who ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.members.repository import Members
from tests.helpers.ledger_samples import numbered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kollect.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(path)) as ledger:
        yield ledger


@pytest.fixture
def members(path: Path, ledger: Ledger) -> Iterator[Members]:
    """The numbers 1001 to 1003 are given; nobody is registered."""
    for n in range(3):
        numbered(ledger, f"m{n}@x.jp")
    with closing(Members(path)) as members:
        yield members
