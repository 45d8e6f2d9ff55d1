"""Members' files as spreadsheets, address books and databases really write them."""

from __future__ import annotations

import codecs
from datetime import date

import pytest

from kollect.members import csv_table, normalize, wareki
from kollect.members.csv_check import ImportTrouble
from kollect.members.csv_table import CsvTrouble
from kollect.members.repository import Members
from tests.helpers.ledger_samples import NOW
from tests.helpers.member_csv import take_in

HEADER = "受付番号,お名前,電話番号,郵便番号,生年月日"
ROW = "1001,山田,090-1234-5678,060-0001,1985/1/2"
PLAIN = f"{HEADER}\r\n{ROW}\r\n1002,佐藤,,,\r\n"


def imported(members: Members, octets: bytes) -> None:
    """The file gives the two members of PLAIN."""
    take_in(csv_table.read(octets), members, NOW)
    one, two = members.each()
    assert (one.number, one.name, one.phone) == (1001, "山田", "090-1234-5678")
    assert (one.postcode, one.birthday) == ("060-0001", date(1985, 1, 2))
    assert (two.number, two.name) == (1002, "佐藤")


def in_quotes(text: str) -> str:
    return "\r\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()
    )


def as_formulas(text: str) -> str:
    header, *rest = text.splitlines()
    lines = [",".join(f'="{cell}"' for cell in line.split(",")) for line in rest]
    return "\r\n".join([header, *lines])


@pytest.mark.parametrize(
    "octets",
    [
        PLAIN.encode("cp932") + b"\x1a",
        PLAIN.encode() + b"\x1a\r\n",
        PLAIN.encode() + b"\x1a\0\0\0",
        codecs.BOM_UTF8 * 2 + PLAIN.encode(),
        codecs.BOM_UTF8 + f'"{HEADER[:4]}"{HEADER[4:]}\n{ROW}\n1002,佐藤'.encode(),
        (PLAIN + "\ufeff" + PLAIN.splitlines()[0] + "\r\n").encode(),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        codecs.BOM_UTF16_LE + PLAIN.encode("utf-16-le") + b"\x1a",
        PLAIN.replace(",", "\t").encode("utf-16-le"),
        PLAIN.encode("utf-32"),
        f",,,,\r\n{PLAIN}".encode("cp932"),
        f'"","","","",""\r\n\r\n　,,,,\r\n{PLAIN}'.encode(),
        PLAIN.replace("\r\n1002", "\r\n,,,,\r\n\r\n , ,,,\r\n1002").encode(),
        f"{PLAIN},,,,\r\n,,,,\r\n".encode(),
        f"sep=,\r\n{PLAIN}".encode(),
        f"SEP=;\r\n{PLAIN.replace(',', ';')}".encode("cp932"),
        f'"sep=\t"\r\n{PLAIN.replace(",", chr(9))}'.encode("utf-16"),
        f"\ufeff\ufeffsep=,\r\n,,,,\r\n{PLAIN}".encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "，").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace("\r\n", "\r").encode("cp932"),
        PLAIN.replace("\r\n", ",,,\r\n").encode(),
        PLAIN.replace("\r\n", ";;;\r\n").replace(",", ";").encode(),
        f"会員名簿,,,,\r\n2026年11月23日現在,,,,\r\n\r\n{PLAIN}".encode(),
        f"会員名簿\r\n{PLAIN}".encode("cp932"),
        f"会員名簿（電話番号、住所）;作成: 山田\r\n{PLAIN}".encode(),
        in_quotes(PLAIN).encode(),
        in_quotes(PLAIN).replace('","', '" , "').encode(),
        as_formulas(PLAIN).encode("cp932"),
        in_quotes(as_formulas(PLAIN).replace('"', '""')).encode(),
        PLAIN.replace("山田", "\0山\0田\0").encode(),
        PLAIN.replace("1001", "1001.0").replace("1002", "1002.00").encode(),
        PLAIN.replace("1001", "1.001E+3").replace("1002", "1.002e+03").encode(),
        PLAIN.replace("1001", '"1,001"').encode(),
        PLAIN.replace("1001", "'1001").replace("090-", "'090-").replace("060-", "'060-").encode(),
        PLAIN.replace("1001", "１００１")
        .replace("090-1234-5678", "０９０－１２３４－５６７８")
        .encode(),
        PLAIN.replace("090-1234-5678", "9012345678").replace("060-0001", "600001").encode(),
        PLAIN.replace("090-1234-5678", "9012345678.0").replace("060-0001", "600001.0").encode(),
        PLAIN.replace("090-1234-5678", "9.012345678E+9").replace("060-0001", "60-0001").encode(),
        PLAIN.replace("090-1234-5678", "819012345678").replace("060-0001", "〒060-0001").encode(),
        PLAIN.replace("090-1234-5678", "090.1234.5678").encode(),
        PLAIN.replace("1985/1/2", "1985-01-02T00:00:00+09:00").encode(),
        PLAIN.replace("1985/1/2", "31049").encode(),
        PLAIN.replace("1985/1/2", "31049.0").encode(),
        PLAIN.replace("1985/1/2", "昭60.1.2").encode("cp932"),
    ],
)
def test_is_read_as_it_was_meant(members: Members, octets: bytes):
    imported(members, octets)


@pytest.mark.parametrize(
    "text",
    [
        *("1985-01-02T00:00:00+09:00", "1985-01-01T15:00:00Z", "1985-01-01T15:00:00.000Z"),
        *("1985-01-02T00:00:00Z", "1985-01-02 00:00:00+09", "1985-01-02+09:00"),
        *("1985/1/2 0:00", "1985/01/02 午前 0:00:00", "1985/1/2 12:00:00 AM"),
        *("1985/1/2(水)", "1985/1/2（水曜日）", "1985/1/2 水", "1985年1月2日 水曜日"),
        *("1985年1月2日水曜日", "1985/1/2 (Wed)", "1985/1/2(水) 0:00", "1985年1月2日生"),
        *("昭60.1.2", "S60.1.2", "昭和60年1月2日", "㍼60.1.2", "㍼60年1月2日", "S600102"),
        *("昭和60年1月2日(水)", "昭60/1/2 0:00:00", "S60-1-2"),
        *("1985年1月2日（昭和60年）", "昭和60年(1985年)1月2日", "1985/1/2 (S60)", "水 1985/1/2"),
        *("Wed Jan 02 1985", "Jan 2, 1985", "2-Jan-1985", "Wednesday, 2 January 1985"),
        *("Wed Jan 02 1985 00:00:00 GMT+0900 (日本標準時)", "1985-01-02 00:00:00 +0900 JST"),
    ],
)
def test_dates(text: str):
    assert wareki.read(text) == date(1985, 1, 2)


@pytest.mark.parametrize(
    "text",
    [
        *("1/2/1985", "85/1/2", "1985-01-02T00:00:00+99:99", "1985/2/30 0:00", "9.9E+9", "水"),
        *("02-Jan-85", "Jan 1985"),
    ],
)
def test_what_may_be_another_date_is_refused(text: str):
    with pytest.raises(wareki.NotADate):
        wareki.read(text)


def test_eras_of_one_letter():
    assert wareki.read("令元.5.1") == date(2019, 5, 1)
    assert wareki.read("平1.2.3") == date(1989, 2, 3)
    assert wareki.read("大15.1.2") == date(1926, 1, 2)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("600001", "0600001"),
        ("10010", "0010010"),
        ("60-0001", "0600001"),
        ("1-0010", "0010010"),
        ("1000001", "1000001"),
        ("600-001", "600-001"),
        ("1001", "1001"),
    ],
)
def test_postcodes_of_numbers(typed: str, code: str):
    assert normalize.postcode_of_number(typed) == code


def test_the_screen_does_not_guess_a_postcode():
    assert not normalize.is_postcode(normalize.postcode("600001"))


@pytest.mark.parametrize(
    ("row", "line", "said"),
    [
        ("1.00E+03,山田,,,", 2, "桁を省いて"),
        ("1001,山田,9.01E+09,,", 2, "電話番号"),
        ("1001,#N/A,,,", 2, "お名前"),
        ("1001,山田,,,########", 2, "列の幅"),
        ("1001,山田,,,1/2/1985", 2, "生年月日"),
        ("1001,山田,,6000,", 2, "郵便番号"),
    ],
)
def test_what_is_lost_is_said_with_its_line(members: Members, row: str, line: int, said: str):
    with pytest.raises(ImportTrouble) as trouble:
        take_in(csv_table.read(f"{HEADER}\r\n{row}\r\n1002,佐藤,,,\r\n".encode()), members, NOW)
    (problem,) = trouble.value.problems
    assert problem.line == line
    assert said in str(problem)
    assert not list(members.each())


def test_lines_are_those_of_the_file(members: Members):
    text = f"sep=,\r\n会員名簿\r\n,,,,\r\n{HEADER}\r\n{ROW}\r\n,,,,\r\n1009,佐藤,,,\r\n"
    with pytest.raises(ImportTrouble) as trouble:
        take_in(csv_table.read(text.encode()), members, NOW)
    assert [problem.line for problem in trouble.value.problems] == [7]


def cut(text: str, what: str) -> bytes:
    """The text with the last octet of this character gone."""
    return text.encode().replace(what.encode(), what.encode()[:-1])


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_character_cut_in_two_is_named_by_its_line(end: str, mark: bytes):
    with pytest.raises(CsvTrouble) as trouble:
        csv_table.read(mark + cut(PLAIN.replace("\r\n", end), "佐"))
    assert "3行目に、UTF-8 として" in trouble.value.happened


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (cut("no,name\r\n1001,山田\r\n", "田"), "2行目に、UTF-8"),
        (PLAIN.encode() + "1003,鈴木\r\n".encode("cp932"), "4行目に、UTF-8"),
        (PLAIN.encode("cp932") + "1003,鈴木\r\n".encode(), "4行目に、シフトJIS"),
        (cut(PLAIN * 3, "佐"), "3行目、6行目、9行目に、UTF-8"),
        (codecs.BOM_UTF16_LE + PLAIN.encode("utf-16-le")[:-1], "3行目に、Unicode"),
    ],
)
def test_lines_that_cannot_be_read(octets: bytes, said: str):
    with pytest.raises(CsvTrouble) as trouble:
        csv_table.read(octets)
    assert said in trouble.value.happened


@pytest.mark.parametrize(
    "text",
    [
        f'{HEADER}\r\n1001,"山田,,,\r\n1002,佐藤,,,\r\n',
        f'{HEADER}\r\n1001,"山田"太郎,,,\r\n1002,佐藤,,,\r\n',
        f'{HEADER}\r\n1001,"山田,,,\r\n1002,"佐藤",,,\r\n',
    ],
)
def test_quotes_in_odd_places_are_said_with_their_line(members: Members, text: str):
    with pytest.raises(CsvTrouble) as trouble:
        take_in(csv_table.read(text.encode()), members, NOW)
    assert "2行目" in trouble.value.happened
    assert not list(members.each())


def test_quotes_within_a_name_are_a_part_of_it(members: Members):
    take_in(csv_table.read('受付番号,お名前\r\n1001,山田"太郎"\r\n'.encode()), members, NOW)
    assert members.get(1001).name == '山田"太郎"'
