"""店頭ポスター with an address of their own: kept, counted, proved, forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.ledger.posters import MOST_POSTERS, PosterExists, Posters
from kollect.ledger.receipt_query import ReceiptOrder, ReceiptQuery
from kollect.ledger.receipt_rows import Receipts
from kollect.storage.database_driver import sqlite3

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kollect.db"


@pytest.fixture
def posters(path: Path) -> Iterator[Posters]:
    with closing(Posters(path)) as posters:
        posters.add("reji", "レジ横", NOW)
        posters.add("chirashi", "チラシ", NOW)
        yield posters


def give(path: Path, *came: str, now: datetime = NOW) -> list[int]:
    with closing(Ledger(path)) as ledger, ledger.transaction():
        template = ledger.template_in_force("acknowledgement", "★1★", "★1★", now)
        first = (ledger.last_number() or 1000) + 1
        return [
            ledger.give_number(
                f"{first + place}@docomo.ne.jp", f"{first + place}@docomo.ne.jp", now,
                first=1001, template=template, poster=poster,
            )
            for place, poster in enumerate(came)
        ]  # fmt: skip


def test_they_stand_in_the_order_in_which_they_were_made(posters: Posters):
    assert [(one.tag, one.name, one.came) for one in posters.all()] == [
        ("reji", "レジ横", 0),
        ("chirashi", "チラシ", 0),
    ]
    assert posters.tags() == {"reji", "chirashi"}
    assert all(one.made_at == NOW and one.proven_at is None for one in posters.all())


@pytest.mark.parametrize(("tag", "name"), [("reji", "別の名前"), ("betsu", "レジ横")])
def test_two_are_never_alike(posters: Posters, tag: str, name: str):
    with pytest.raises(PosterExists):
        posters.add(tag, name, NOW)
    assert len(posters.all()) == 2


def test_there_is_an_end_to_it(posters: Posters):
    for number in range(MOST_POSTERS - 2):
        posters.add(f"t{number}", f"名前{number}", NOW)
    with pytest.raises(PosterExists, match=str(MOST_POSTERS)):
        posters.add("one", "もう1つ", NOW)


def test_how_many_came_by_each(path: Path, posters: Posters):
    give(path, "reji", "", "reji", "chirashi")
    assert [one.came for one in posters.all()] == [2, 1]
    with Receipts(path) as receipts:
        assert [one.poster for one in receipts.all()] == ["reji", "", "reji", "chirashi"]
        assert receipts.by_poster(None, None) == {"": 1, "chirashi": 1, "reji": 2}
        assert receipts.by_poster(NOW + timedelta(seconds=1), None) == {}
        assert receipts.poster_names() == {"reji": "レジ横", "chirashi": "チラシ"}


def test_the_count_of_a_million_receipts_needs_an_index(path: Path, posters: Posters):
    with closing(sqlite3.connect(path)) as db:
        plan = db.execute(
            "EXPLAIN QUERY PLAN SELECT (SELECT count(*) FROM receipt WHERE poster = tag"
            " AND poster <> '') FROM poster"
        ).fetchall()
    assert any("receipt_by_poster" in str(row) for row in plan), plan


def test_one_by_whom_somebody_came_stays(path: Path, posters: Posters):
    give(path, "reji")
    assert not posters.remove("reji")
    assert posters.remove("chirashi")
    assert posters.tags() == {"reji"}


def test_a_proof_is_of_one_poster(posters: Posters):
    posters.prove("reji", "shop@shop.example mail.shop.example", NOW)
    proven, other = posters.all()
    assert (proven.proven_at, proven.proven_for) == (NOW, "shop@shop.example mail.shop.example")
    assert (other.proven_at, other.proven_for) == (None, "")


@pytest.mark.parametrize(
    ("poster", "found"), [(None, [1004, 1003, 1002, 1001]), ("reji", [1003, 1001]), ("", [1002])]
)
def test_receipts_are_found_by_their_poster(
    path: Path, posters: Posters, poster: str | None, found: list[int]
):
    give(path, "reji", "", "reji", "chirashi")
    with Receipts(path) as receipts:
        assert list(receipts.numbers(ReceiptQuery(poster=poster))) == found


def test_receipts_are_sorted_by_the_names_of_posters(path: Path, posters: Posters):
    give(path, "reji", "", "reji", "chirashi")
    with Receipts(path) as receipts:
        order = ReceiptQuery(order=ReceiptOrder.POSTER, descending=False)
        assert list(receipts.numbers(order)) == [1002, 1004, 1001, 1003]
