"""The power cut at every write: アドレスの変更, 統合, their undoing, customers from before.

Whatever the moment, the next start finds all of it or nothing, and gives no number twice.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.members import csv_table
from kollect.members.address_change import AddressChanges
from kollect.members.member import Consent, Member
from kollect.members.merge import MemberMerges
from kollect.members.merge_rules import MergeField
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import NOW, numbered, text
from tests.helpers.member_csv import take_in
from tests.helpers.power_cut import Fuse, PowerCut, fused

LATER = NOW + timedelta(days=1)
LIST = """受付番号,メールアドレス,お名前
,old1@x.jp,前田
900,old2@x.jp,古田
,taro@docomo.ne.jp,山田
"""


def change(members: AddressChanges) -> None:
    members.change_address(1001, 1003, LATER, "会員一覧")


def undo(members: AddressChanges) -> None:
    members.undo_address_change(1001, LATER, "会員一覧")


def merge(members: AddressChanges) -> None:
    """Number 1002 stays, with the address of the one that goes, and its 配信停止."""
    MemberMerges(members._db).merge(1002, 1001, MergeField, LATER, "会員一覧")


def part(members: AddressChanges) -> None:
    MemberMerges(members._db).undo_merge(1002, LATER, "会員一覧")


def bring(members: AddressChanges) -> None:
    take_in(csv_table.read(LIST.encode()), members, LATER)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """1001 is a member with a 再送 that waits; 1003 is the number of the new address."""
    path = tmp_path / "base" / "kollect.db"
    path.parent.mkdir()
    with closing(Ledger(path)) as ledger:
        for sender in ("taro@docomo.ne.jp", "hanako@docomo.ne.jp", "taro@gmail.com"):
            numbered(ledger, sender)
        ledger.resend(1001, NOW, text(ledger), "shop.example")
    with closing(AddressChanges(path)) as members:
        members.register(Member(1001, "山田", consent=Consent(True, NOW.date(), "用紙")), NOW)
        members.undeliverable(1001, "unknown user", NOW, "メール")
        members.register(Member(1002, "山田", home="東京都", groups=("常連",)), NOW)
        members.stop_member(1001, NOW, "会員一覧")
    return path


def rows(path: Path) -> dict[str, list[tuple]]:
    with closing(sqlite3.connect(path)) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return {name: sorted(db.execute(f"SELECT * FROM {name}")) for (name,) in tables.fetchall()}


@pytest.mark.parametrize("act", [change, undo, merge, part, bring])
def test_it_is_whole_or_not_at_all(
    base: Path, tmp_path: Path, act: Callable[[AddressChanges], None]
):
    if act in (undo, part):
        with closing(AddressChanges(base)) as members:
            change(members) if act is undo else merge(members)
    before, found = rows(base), set()
    with closing(Ledger(base)) as ledger:
        following = ledger.next_number(1001)
    at = blown = 1
    while blown:
        blown = 0
        for after in (False, True):
            folder = tmp_path / f"{act.__name__}-{at}-{after}"
            shutil.copytree(base.parent, folder)
            path, fuse = folder / "kollect.db", Fuse(at, after=after)
            try:
                with fused(fuse), closing(AddressChanges(path)) as members:
                    act(members)
            except PowerCut:
                blown += 1
            now = rows(path)
            changed = any(now[name] != before[name] for name in ("receipt", "member", "mail"))
            found.add((fuse.blown, changed))
            if not changed:
                for name in ("former_address", "member_change", "member_group", "merger"):
                    assert now[name] == before[name]
            with closing(Ledger(path)) as ledger:
                new = numbered(ledger, "next@x.jp")[1]
            assert new == following + (changed and act is bring), "none twice, none skipped"
        at += 1
    assert at > 8, "the cuts fell nowhere"
    assert found == {(True, False), (True, True), (False, True)}
