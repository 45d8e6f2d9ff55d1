"""CSV as a spreadsheet opens it: right, and without running it."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.storage.csv_format import csv_bytes

HEADER = ("受付番号", "メールアドレス")


def cells(raw: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(raw.decode(encoding), newline="")))


def test_a_spreadsheet_knows_it_for_utf_8():
    raw = csv_bytes(HEADER, [(1001, "taro@docomo.ne.jp"), (1002, None)])
    assert raw == (
        b"\xef\xbb\xbf" + "受付番号,メールアドレス\r\n1001,taro@docomo.ne.jp\r\n1002,\r\n".encode()
    )


def test_code_page_932_is_written_without_a_mark():
    assert csv_bytes(HEADER, [("①㈱髙﨑ｱ", "~")], "cp932").decode("cp932") == (
        "受付番号,メールアドレス\r\n①㈱髙﨑ｱ,~\r\n"
    )


def test_characters_of_other_names_are_kept_in_code_page_932_the_rest_is_marked():
    raw = csv_bytes(("x",), [("1〜2−3‖4—5¥6 か\u3099",), ("𠮷野 😀",)], "cp932")
    assert cells(raw, "cp932")[1:] == [["1～2－3∥4―5￥6 が"], ["?野 ?"]]


def test_utf_8_keeps_them_as_they_are():
    text = "1〜2−3 か\u3099 𠮷 😀"
    assert cells(csv_bytes(("x",), [(text,)]))[1:] == [[text]]


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+81-3-1234",
        "-1",
        "@SUM(A1)",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "\t=1",
        "\r=1",
        "\n=1",
        "\tx",
        " =1",
        "\u3000=1",
        "=cmd|'/c calc'!A0",
        '=HYPERLINK("http://x.example";"a")',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_a_formula_cannot_run(cell: str, encoding: str):
    assert cells(csv_bytes(("x",), [(cell,)], encoding), encoding)[1] == [f"'{cell}"]


def test_a_character_folded_to_a_sign_cannot_run_either():
    assert cells(csv_bytes(("x",), [("−1",)], "cp932"), "cp932")[1] == ["'－1"]


@pytest.mark.parametrize("cell", ["taro@x.jp", "a=b", "1-2", "'quoted", '"=1"', "山田　太郎", ""])
def test_other_cells_stay_as_they_are(cell: str):
    assert cells(csv_bytes(("x",), [(cell, 1)]))[1] == [cell, "1"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_any_text_comes_back_and_no_cell_begins_with_a_formula(rows: list[list[str]]):
    back = cells(csv_bytes(HEADER, rows))[1:]
    assert [[cell.removeprefix("'") for cell in row] for row in back] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]
    assert not [c for row in back for c in row if c.lstrip()[:1] in tuple("=+-@＝＋－＠")]


def test_a_half_of_a_pair_is_no_crash():
    assert cells(csv_bytes(("x",), [("a\ud800b",)]))[1] == ["a?b"]
