"""What 「印刷」 of 収集結果 makes: the receipts that are shown, as a list on paper, or 月報."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from kollect.ledger.records import Receipt
from kollect.printing import list_pages, month_pages
from kollect.printing.list_pages import WIDTH, ListColumn
from kollect.reports.month_facts import MonthFacts
from kollect.ui.framework.pdf_file import PaperMade, not_in_the_font
from kollect.ui.results.results_rows import cells

if TYPE_CHECKING:
    from kollect.app.results_service import ResultsService

TITLE = "収集結果"
TOLD_EVERY = 500
_CURE = "ほかの書き方があれば、店名かポスターの名前を直してください。"
_FIXED = (
    *(ListColumn("受付日時", 32), ListColumn("返信日時", 32), ListColumn("状態", 40)),
    *(ListColumn("回数", 12), ListColumn("会員", 14)),
)
_NUMBER, _POSTER = ListColumn("受付番号", 22), ListColumn("ポスター", 36)


def make_month(facts: MonthFacts, *, shop: str, today: date) -> PaperMade:
    """月報. Raises Trouble where there is no Japanese font."""
    made = month_pages.make(facts, shop=shop, today=today)
    what = f"{month_pages.month_words(facts.month)}の{month_pages.TITLE}"
    return PaperMade(made.pdf, 1, 1, not_in_the_font(made.missing, _CURE), what)


class _Ended(Exception):
    """It is to end half-way."""


def make(
    records: ResultsService,
    numbers: Sequence[int],
    told: Callable[[str, int], bool],
    *,
    shop: str,
    today: date,
) -> PaperMade | None:
    """The list of these receipts, in this order; None where `told` wants it to end.

    Takes a while. Raises Trouble where there is no Japanese font, or the records cannot be read.
    """
    digits, posters = records.digits(), records.poster_names()
    passes = iter(("確かめています", "作成しています"))

    def each() -> Iterator[Sequence[str]]:
        doing = next(passes)
        for count, receipt in enumerate(records.each(numbers)):
            if count % TOLD_EVERY == 0 and not told(doing, count):
                raise _Ended
            yield _row(receipt, digits, posters)

    try:
        made = list_pages.make(
            TITLE, _columns(bool(posters)), each, shop=shop, day=f"{today:%Y/%m/%d}"
        )
    except _Ended:
        return None
    return PaperMade(made.pdf, made.rows, made.pages, not_in_the_font(made.missing, _CURE))


def _columns(with_posters: bool) -> Sequence[ListColumn]:
    last = (_POSTER,) if with_posters else ()
    address = WIDTH - sum(one.width for one in (_NUMBER, *_FIXED, *last))
    return (_NUMBER, ListColumn("メールアドレス", address), *_FIXED, *last)


def _row(receipt: Receipt, digits: int, posters: dict[str, str]) -> Sequence[str]:
    return cells(receipt, digits, posters)
