"""月報: what is counted, and what stands on the page, read back from the PDF."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest

from kollect.delivery.carriers import Carrier
from kollect.ledger.ledger import Ledger
from kollect.ledger.posters import Posters
from kollect.ledger.states import ReceiptState
from kollect.printing import month_pages
from kollect.reports.month_facts import (
    CarrierCount,
    MonthFacts,
    PosterCount,
    month_after,
    month_before,
    month_of,
    months_with_numbers,
    read_month_facts,
)
from kollect.reports.period_counts import PeriodCounts
from tests.helpers.member_samples import YAMADA, register
from tests.helpers.pdf_reader import PdfPage, read_pdf

NOVEMBER = date(2026, 11, 1)
TODAY = date(2026, 12, 3)


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour).astimezone()


def give(path: Path, address: str, moment: datetime, poster: str = "") -> int:
    with closing(Ledger(path)) as ledger, ledger.transaction():
        template = ledger.template_in_force("acknowledgement", "★1★", "★1★", moment)
        number = ledger.give_number(
            address, address, moment, first=1001, template=template, poster=poster
        )
        ledger.receipt_state(number, ReceiptState.REPLIED, moment)
        return number


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "kollect.db"
    give(path, "before@docomo.ne.jp", at(date(2026, 10, 31), 23))
    give(path, "first@docomo.ne.jp", at(NOVEMBER, 0))
    give(path, "a@ezweb.ne.jp", at(date(2026, 11, 28)))
    lost = give(path, "b@docomo.ne.jp", at(date(2026, 11, 30), 23))
    give(path, "after@gmail.com", at(date(2026, 12, 1), 0))
    with closing(Ledger(path)) as ledger:
        ledger._db.execute("UPDATE receipt SET state = 'undeliverable' WHERE number = ?", (lost,))
    return path


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-11", NOVEMBER),
        ("2026/11", NOVEMBER),
        ("2026年11月", NOVEMBER),
        (" 2026-1 ", date(2026, 1, 1)),
        ("2026-13", None),
        ("2026", None),
        ("11-2026", None),
        ("0000-01", None),
        ("2026-11-01", None),
    ],
)
def test_a_month_as_people_write_it(text: str, month: date | None):
    assert month_of(text) == month


def test_the_months_beside_one():
    assert month_before(date(2026, 1, 31)) == date(2025, 12, 1)
    assert month_after(date(2026, 12, 1)) == date(2027, 1, 1)
    assert month_after(date(2027, 1, 31)) == date(2027, 2, 1)


def test_what_there_is_to_choose_from(path: Path, tmp_path: Path):
    assert months_with_numbers(path, TODAY) == [
        date(2026, 12, 1),
        NOVEMBER,
        date(2026, 10, 1),
    ]
    assert months_with_numbers(tmp_path / "none.db", TODAY) == [date(2026, 12, 1)]
    long_ago = months_with_numbers(path, date(2126, 1, 1))
    assert len(long_ago) == 120


def test_each_day_and_each_carrier_of_the_month_and_nothing_beside_it(path: Path):
    facts = read_month_facts(path, NOVEMBER, TODAY)
    assert (facts.counts.received, facts.before.received) == (3, 1)
    assert len(facts.days) == 30
    assert {n + 1: count for n, count in enumerate(facts.days) if count} == {1: 1, 28: 1, 30: 1}
    assert facts.carriers == (
        CarrierCount(Carrier.DOCOMO, 2, 1, 1),
        CarrierCount(Carrier.AU, 1, 0, 0),
    )
    assert facts.posters == ()
    assert facts.is_over


def test_the_month_that_runs_is_told_up_to_today(path: Path):
    facts = read_month_facts(path, date(2026, 12, 1), TODAY)
    assert not facts.is_over
    assert facts.until == TODAY
    assert len(facts.days) == 31
    assert (facts.counts.received, facts.before.received) == (1, 3)


def test_posters_are_told_where_there_are_any(path: Path):
    with closing(Posters(path)) as posters:
        posters.add("reji", "レジ横", at(NOVEMBER))
        posters.add("chirashi", "チラシ", at(NOVEMBER))
    give(path, "c@docomo.ne.jp", at(date(2026, 11, 30)), poster="reji")
    assert read_month_facts(path, NOVEMBER, TODAY).posters == (
        PosterCount("", "ふつうのアドレス", 3, 1),
        PosterCount("reji", "レジ横", 1, 0),
        PosterCount("chirashi", "チラシ", 0, 0),
    )


def test_the_members_of_today_are_counted(path: Path):
    register(path, replace(YAMADA, number=1001))
    assert read_month_facts(path, NOVEMBER, TODAY).members_now == 1


# ---- the page ----

FULL = MonthFacts(
    month=NOVEMBER,
    until=date(2026, 11, 30),
    counts=PeriodCounts(1234, 12, 345, 6, 7, 8, 3, 2345, 9, 1),
    before=PeriodCounts(1300, 10, 345, 0, 9, 8, 1, 800, 0, 0),
    days=tuple(n * 7 % 83 for n in range(30)),
    carriers=tuple(
        CarrierCount(one, 900 - 100 * place, 800, place) for place, one in enumerate(Carrier)
    ),
    posters=(
        PosterCount("", "ふつうのアドレス", 1000, 1300),
        PosterCount("reji", "レジ横", 234, 0),
    ),
    members_now=12_345,
)


def page_of(facts: MonthFacts, shop: str = "ベーカリー こむぎ") -> PdfPage:
    (page,) = read_pdf(month_pages.make(facts, shop=shop, today=date(2026, 12, 1)).pdf)
    return page


def row(page: PdfPage, name: str) -> list[str]:
    """What stands in the line of this name, from the left, within its table."""
    start = next(line for line in page.lines if line.text == name)
    right = 105 if start.left < 100 else 200
    found = [
        line
        for line in page.lines
        if abs(line.baseline - start.baseline) < 0.6 and start.left <= line.left < right
    ]
    return [line.text for line in sorted(found, key=lambda line: line.left)]


def test_every_number_stands_beside_that_of_the_month_before():
    page = page_of(FULL)
    assert (round(page.width), round(page.height)) == (210, 297)
    assert row(page, "受付") == ["受付", "1,234件", "1,300件", "−66"]
    assert row(page, "会員登録") == ["会員登録", "345人", "345人", "±0"]
    assert row(page, "退会") == ["退会", "6人", "0人", "+6"]
    assert row(page, "配信停止") == ["配信停止", "7人", "9人", "−2"]
    assert row(page, "不達になった会員") == ["不達になった会員", "8人", "8人", "±0"]
    assert row(page, "送信済") == ["送信済", "2,345通", "800通", "+1,545"]
    assert row(page, "届かなかったもの") == ["届かなかったもの", "9通", "0通", "+9"]
    assert row(page, "docomo") == ["docomo", "900件", "800件", "－"]
    assert row(page, "Gmail") == ["Gmail", "400件", "800件", "5件"]
    assert row(page, "レジ横") == ["レジ横", "234件", "0件", "+234"]
    texts = [line.text for line in page.lines]
    assert {"2026年11月の月報", "ベーカリー こむぎ", "2026年12月1日 作成"} <= set(texts)
    assert "いまの会員数　12,345名" in texts
    assert not any("までの数です" in text for text in texts)


def test_the_bars_stand_over_their_days():
    page = page_of(FULL)
    below = [line for line in page.lines if 110 < line.baseline < 114]
    days = [line for line in below if line.text.isdecimal()]
    assert [line.text for line in days] == [str(n) for n in range(1, 31)]
    lefts = [line.left for line in days]
    assert lefts == sorted(lefts)
    counts = [line for line in page.lines if line.points == 6.5 and line.text.isdecimal()]
    assert [int(line.text) for line in counts] == [count for count in FULL.days if count]


def test_an_empty_month_is_a_page_too():
    nothing = MonthFacts(
        NOVEMBER, date(2026, 11, 30), PeriodCounts(), PeriodCounts(), (0,) * 30, (), (), 0
    )
    page = page_of(nothing, shop="")
    assert row(page, "受付") == ["受付", "0件", "0件", "±0"]


def test_the_month_that_runs_says_so():
    page = page_of(replace(FULL, until=date(2026, 11, 28)))
    assert any("11月28日までの数です" in line.text for line in page.lines)


def test_nothing_leaves_the_page_whatever_the_shop_is_called_and_however_many_posters():
    many = tuple(
        PosterCount(f"t{n}", f"とても長い名前のポスター{n:08}", 100_000, 1) for n in range(50)
    )
    large = replace(
        FULL,
        posters=many,
        counts=PeriodCounts(*(1_234_567,) * 10),
        days=(123_456,) * 30,
    )
    page = page_of(
        large, shop="株式会社こもれび商店街振興組合連合会 とてもながい名前のパン工房" * 2
    )
    for line in page.lines:
        assert line.left >= 13.5 and line.right <= 196.6, line
        assert 15 < line.baseline < 285, line
    assert row(page, "ほか40種類") == ["ほか40種類", "4,000,000件", "40件", "+3,999,960"]


def test_texts_do_not_lie_on_each_other():
    page = page_of(FULL)
    for place, one in enumerate(page.lines):
        for other in page.lines[place + 1 :]:
            apart = (
                abs(one.baseline - other.baseline) > 1.6
                or one.right <= other.left + 0.05
                or other.right <= one.left + 0.05
            )
            assert apart, (one, other)


def test_characters_that_the_font_has_not_are_named():
    with_picture = replace(FULL, posters=(PosterCount("a", "レジก", 1, 0),))
    made = month_pages.make(with_picture, shop="こむぎ🍞", today=TODAY)
    assert set(made.missing) == {"ก", "🍞"}
    (page,) = read_pdf(made.pdf)
    assert row(page, "レジ〓")[0] == "レジ〓"
