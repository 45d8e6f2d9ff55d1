"""Customers who have sent no blank mail, out of the shop's list: their numbers, their consent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_query import ReceiptQuery
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import AlreadyNumbered, ReceiptState, in_words
from kollect.members import csv_table
from kollect.members.address_change import AddressChanges
from kollect.members.csv_check import ImportTrouble
from kollect.members.csv_import import ImportCounts
from kollect.members.member import Consent
from kollect.storage import highest_number
from tests.helpers.ledger_samples import NOW, numbered
from tests.helpers.member_csv import SHOP, take_in

HEADER = "受付番号,メールアドレス,お名前,メール配信,承諾日,承諾方法"
HOUR = timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """1001 and 1002 came by blank mails."""
    path = tmp_path / "kollect.db"
    with closing(Ledger(path)) as ledger:
        for sender in ("taro@docomo.ne.jp", "hanako@docomo.ne.jp"):
            numbered(ledger, sender)
    return path


@pytest.fixture
def members(path: Path) -> Iterator[AddressChanges]:
    with closing(AddressChanges(path)) as members:
        yield members


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger(path)) as ledger:
        yield ledger


def brought(members: AddressChanges, *rows: str, first: int = 1001) -> ImportCounts:
    text = "\n".join((HEADER, *rows))
    return take_in(csv_table.read(text.encode()), members, NOW, first=first)


def refused(members: AddressChanges, *rows: str) -> list[str]:
    before = members.numbers()
    with pytest.raises(ImportTrouble) as caught:
        brought(members, *rows)
    assert members.numbers() == before
    return [f"{one.line} {one.message}" for one in caught.value.problems]


# --- the table of brought_numbers


def test_without_a_number_it_is_the_next_in_the_order_of_the_file(
    members: AddressChanges, ledger: Ledger, path: Path
):
    tally = brought(members, ",old1@x.jp,前田", ",taro@docomo.ne.jp,山田", ",Old2@X.jp,古田")
    assert tally == ImportCounts(new=3, changed=0, same=0, brought=2)
    assert [(m.number, m.name, m.standing.address) for m in members.each()] == [
        (1001, "山田", "taro@docomo.ne.jp"),
        (1003, "前田", "old1@x.jp"),
        (1004, "古田", "Old2@X.jp"),
    ]
    told = highest_number.read(path)
    assert told is not None
    assert told.number == 1004, "known outside the database, as every number that was given"
    assert numbered(ledger, "next@x.jp")[1] == 1005


def test_a_number_of_the_shops_own_is_kept_where_it_is_free_and_below_the_next(
    members: AddressChanges, ledger: Ledger
):
    assert brought(members, "7,old1@x.jp,前田", "0950,old2@x.jp,古田").brought == 2
    assert members.numbers() == [7, 950]
    assert numbered(ledger, "next@x.jp")[1] == 1003


def test_of_a_shop_that_begins_with_its_list_the_first_number_decides(tmp_path: Path):
    path = tmp_path / "kollect.db"
    with closing(Ledger(path)) as ledger, closing(AddressChanges(path)) as members:
        rows = [f"{number},m{number}@x.jp,会員{number}" for number in (1, 2, 3500)]
        with pytest.raises(ImportTrouble, match="開始番号"):
            brought(members, *rows)
        assert brought(members, *rows, ",new@x.jp,新田", first=3501).brought == 4
        assert members.numbers() == [1, 2, 3500, 3501]
        assert numbered(ledger, "next@x.jp", first=3501)[1] == 3502


def test_what_cannot_be_kept_is_said_by_line_and_nothing_is_imported(
    members: AddressChanges, ledger: Ledger
):
    rows = (
        ("1003,old1@x.jp,次の番号", "次は 1003"),
        ("5000,old2@x.jp,ずっと先", "次は 1003"),
        ("0,old3@x.jp,ゼロ", "次は 1003"),
        ("900,taro@docomo.ne.jp,ほかの番号がある", "ではなく 1001"),
        ("900,,アドレスがない", "まだどなたにも"),
        (",not an address,形がちがう", "使えない形"),
        (f",{SHOP},お店", "お店が"),
        (",a@x.jp,一回目", ""),
        (",A@x.jp,二回目", "9行目にもあります"),
        ("901,b@x.jp,一回目", ""),
        ("901,c@x.jp,二回目", "11行目にもあります"),
    )
    wanted = [(line, why) for line, (_, why) in enumerate(rows, 2) if why]
    told = refused(members, *(row for row, _ in rows))
    for (line, why), one in zip(wanted, told, strict=True):
        assert one.startswith(f"{line} ")
        assert why in one
    assert numbered(ledger, "next@x.jp")[1] == 1003


# --- what is not theirs: a letter, a flood, today's numbers


def test_nobody_is_written_to_and_the_counts_of_the_day_stay(
    members: AddressChanges, ledger: Ledger, path: Path
):
    brought(members, *(f",m{n}@x.jp,会員{n}" for n in range(1500)))
    assert ledger.owed(0, 10_000) == ledger.owed(0, 2), "only those of the blank mails"
    assert ledger.numbered_within(HOUR, NOW) == 2, "no flood of forged senders"
    with closing(Receipts(path)) as receipts:
        assert receipts.counts(NOW - HOUR) == (2, 1502)
        one = receipts.some([1003])[1003]
        assert (in_words(one.state, one.reason), one.state.told) == ("名簿から", "pending")
        assert len(receipts.numbers(ReceiptQuery(state=ReceiptState.BROUGHT))) == 1500


def test_a_later_blank_mail_gets_the_same_number(members: AddressChanges, ledger: Ledger):
    brought(members, "900,old@x.jp,前田")
    assert ledger.known("old@x.jp", NOW)[0] == 900
    with pytest.raises(AlreadyNumbered, match="900"):
        numbered(ledger, "old@x.jp")


def test_the_same_file_once_more_changes_nothing(members: AddressChanges):
    rows = (",old1@x.jp,前田", "900,old2@x.jp,古田")
    brought(members, *rows)
    assert brought(members, *rows) == ImportCounts(new=0, changed=0, same=2)


def test_an_address_that_a_member_has_left_is_not_a_new_customer(
    members: AddressChanges, ledger: Ledger
):
    brought(members, ",taro@docomo.ne.jp,山田")
    new = numbered(ledger, "taro@gmail.com")[1]
    members.change_address(1001, new, NOW, "会員一覧")
    (told,) = refused(members, ",taro@docomo.ne.jp,山田")
    assert "前のアドレス" in told
    assert "taro@gmail.com" in told


# --- the law


@pytest.mark.parametrize("row", ["承諾,,", "承諾,2020/4/1,", "承諾,,会員登録用紙"])
def test_a_consent_without_date_and_manner_is_none(members: AddressChanges, row: str):
    (*_, told) = refused(members, f",old@x.jp,前田,{row}")
    assert "承諾をいただいた" in told


def test_a_consent_with_date_and_manner_is_in_the_record(members: AddressChanges):
    brought(members, ",old@x.jp,前田,承諾,2020/4/1,会員登録用紙", ",no@x.jp,野田")
    (record,) = members.consents()
    assert record.number == 1003
    assert record.consent == Consent(True, date(2020, 4, 1), "会員登録用紙")
    assert "名簿" in record.subject
