"""Lists on paper, read back from the PDF: all rows, in their columns, on numbered pages."""

from __future__ import annotations

import pytest

from kollect.printing import list_pages
from kollect.printing.list_pages import ROWS_A_PAGE, WIDTH, ListColumn, ListMade
from tests.helpers.pdf_reader import read_pdf

COLUMNS = (ListColumn("受付番号", 30), ListColumn("お名前", 100), ListColumn("住所", 143))


def made(*rows: tuple[str, str, str], shop: str = "ベーカリー こむぎ") -> ListMade:
    return list_pages.make("会員一覧", COLUMNS, lambda: rows, shop=shop, day="2026/11/28")


def many(count: int) -> ListMade:
    return made(*((str(n), f"山田 {n}郎", "横浜市") for n in range(1, count + 1)))


@pytest.mark.parametrize(
    ("count", "pages"), [(1, 1), (ROWS_A_PAGE, 1), (ROWS_A_PAGE + 1, 2), (5 * ROWS_A_PAGE, 5)]
)
def test_every_row_is_there_once_in_its_order(count: int, pages: int):
    result = many(count)
    assert (result.rows, result.pages) == (count, pages)
    read = read_pdf(result.pdf)
    assert len(read) == pages
    names = [line.text for page in read for line in page.lines if line.text.startswith("山田")]
    assert names == [f"山田 {n}郎" for n in range(1, count + 1)]


def test_every_page_says_what_it_is():
    for number, page in enumerate(read_pdf(many(2 * ROWS_A_PAGE + 1).pdf), 1):
        assert (round(page.width), round(page.height)) == (297, 210)
        texts = [line.text for line in page.lines]
        assert {"会員一覧", "受付番号", "お名前", "住所", f"{number} / 3"} <= set(texts)
        assert f"ベーカリー こむぎ　2026/11/28　全{2 * ROWS_A_PAGE + 1}件" in texts


def test_an_empty_list_says_so_on_one_page():
    (page,) = read_pdf(many(0).pdf)
    assert "全0件" in page.text
    assert "1 / 1" in page.text


def test_a_long_text_keeps_to_its_column_and_its_row():
    address = "京都府京都市中京区蛸薬師通烏丸西入橋弁慶町227番地「第12長谷ビル」3-A、" * 2
    (page,) = read_pdf(made(("1", "長い" * 100, address), ("2", "短い", "横浜市")).pdf)
    edges = [12.0, 42.0, 142.0, 12 + WIDTH]
    cells: dict[int, str] = {0: "", 1: "", 2: ""}
    second = next(line for line in page.lines if line.text == "2")
    for line in page.lines[5:-1]:
        column = max(n for n in range(3) if edges[n] <= line.left)
        assert line.right <= edges[column + 1] or line.baseline < 25, line
        if 33 < line.baseline < second.baseline - 3:
            cells[column] += line.text
    assert cells[2] == address
    assert cells[1].startswith("長い長い")
    assert cells[1].endswith("…") or cells[1] == "長い" * 100


def test_characters_that_the_font_has_not_are_named():
    result = made(("1", "山田🍞ก", "横浜"))
    assert result.missing == "🍞ก"
    assert "山田〓" in read_pdf(result.pdf)[0].text
