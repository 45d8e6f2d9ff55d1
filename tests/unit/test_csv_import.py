"""Members' CSV files taken in from real octets into a real kollect.db, and out again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.members import csv_check, csv_export, csv_import, csv_table, normalize
from kollect.members.csv_check import CheckedFile, ImportTrouble, wrong_rows_csv
from kollect.members.csv_columns import CsvColumn, match
from kollect.members.csv_import import ImportCounts
from kollect.members.csv_table import CsvTrouble
from kollect.members.member import Consent, Member, MemberState, Sex
from kollect.members.repository import Members
from tests.helpers.ledger_samples import NOW, numbered
from tests.helpers.member_csv import take_in

LATER = NOW + timedelta(days=1)
ADDRESSES = ("taro@docomo.ne.jp", "Hanako..s@docomo.ne.jp", "jiro@ezweb.ne.jp", "=1+1@x.jp")
PAPER = Consent(True, date(2026, 11, 20), "会員登録用紙")


def database(folder: Path) -> Path:
    """The numbers 1001 to 1004 were given."""
    path = folder / "kollect.db"
    with closing(Ledger(path)) as ledger:
        for address in ADDRESSES:
            numbered(ledger, address)
    return path


@pytest.fixture
def members(tmp_path: Path) -> Iterator[Members]:
    members = Members(database(tmp_path))
    yield members
    members.close()


def everything(members: Members) -> list[tuple]:
    return [
        (m, m.standing.state, m.standing.stopped_at is None, members.changes(m.number))
        for m in members.each()
    ]


# --- what kind of file it is

LINES = "受付番号,お名前,フリガナ\r\n1001,髙橋　一郎,タカハシ　イチロウ\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_encodings_are_told_apart(members: Members, encoding: str):
    found = csv_table.read(LINES.encode(encoding))
    assert (found.encoding, found.header[1]) == (encoding, "お名前")
    assert take_in(found, members, NOW) == ImportCounts(new=1, changed=0, same=0)
    assert members.get(1001).name == "髙橋　一郎"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_delimiters_and_line_ends_are_told_apart(members: Members, delimiter: str, end: str):
    rows = (("受付番号", "お名前", "住所"), ("1001", "山田", "東京都, 千代田区"), ("1002", "佐藤"))
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    found = csv_table.read(text.getvalue().encode())
    assert found.delimiter == delimiter
    assert take_in(found, members, NOW).new == 2
    assert members.get(1001).home == "東京都, 千代田区"


def test_a_preview(members: Members):
    header = "会員番号,年齢,氏名,ふりがな,E-mail,TEL（携帯）,※郵便番号,ご住所,名前"
    text = f"{header}\n1001,40,山田,,,,,,x\n"
    found = csv_table.read(text.encode("cp932"))
    assert found.columns == (
        *(CsvColumn.NUMBER, None, CsvColumn.NAME, CsvColumn.KANA, CsvColumn.MAIL, CsvColumn.PHONE),
        *(CsvColumn.POSTCODE, CsvColumn.HOME, None),
    )
    assert found.first(5) == [["1001", "40", "山田", "", "", "", "", "", "x"]]
    by_hand = found.with_columns((CsvColumn.NUMBER, *[None] * 7, CsvColumn.NAME))
    take_in(by_hand, members, NOW)
    assert members.get(1001).name == "x"


def test_columns_of_other_programs():
    header = [
        "会員ID",
        "お客様名",
        "氏名（カナ）",
        "誕生日",
        "性別",
        "Email Address",
        "メモ",
        "同意",
    ]
    assert match(header) == (
        *(
            CsvColumn.NUMBER,
            CsvColumn.NAME,
            None,
            CsvColumn.BIRTHDAY,
            CsvColumn.SEX,
            CsvColumn.MAIL,
        ),
        *(CsvColumn.NOTE, CsvColumn.CONSENT),
    )
    assert match([column.value for column in CsvColumn]) == tuple(CsvColumn)


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"", "会員を見分ける列がありません"),
        (b"\xef\xbb\xbf", "会員を見分ける列がありません"),
        ("お名前,住所\n山田,東京\n".encode(), "会員を見分ける列がありません"),
        (b"PK\x03\x04\x14\x00rest of a workbook", "CSVファイルではありません"),
        ("受付番号,お名前\n1001,".encode("cp932") + b"\x81\xff\n", "文字を読めないファイルです"),
        ('受付番号,お名前\n1001,"山田\n1002,佐藤\n'.encode(), "表として読めないファイルです"),
    ],
)
def test_what_is_no_table_is_said(members: Members, octets: bytes, said: str):
    with pytest.raises(CsvTrouble) as caught:
        take_in(csv_table.read(octets), members, NOW)
    assert caught.value.title == said
    assert members.numbers() == []


def test_the_line_of_an_unreadable_character_is_named():
    with pytest.raises(CsvTrouble, match="3行目"):
        csv_table.read("受付番号,お名前\n1001,山田\n1002,".encode("cp932") + b"\x81\xff\n")


def test_a_column_cannot_be_two_things():
    found = csv_table.read(b"number,name\n")
    with pytest.raises(CsvTrouble, match="お名前"):
        found.with_columns((CsvColumn.NAME, CsvColumn.NAME))
    with pytest.raises(CsvTrouble, match="見分ける列"):
        found.with_columns((None, CsvColumn.NAME))


@settings(max_examples=100, deadline=None)
@given(st.binary() | st.text().map(lambda t: f"受付番号,お名前\n{t}".encode()))
def test_no_octets_make_the_reading_fail(octets: bytes):
    try:
        list(csv_table.read(octets).rows())
    except CsvTrouble as trouble:
        assert trouble.happened
        assert trouble.cure


# --- what is written


def imported(members: Members, text: str) -> ImportCounts:
    return take_in(csv_table.read(text.encode()), members, NOW)


def test_registered_by_number_or_by_address(members: Members):
    text = (
        "受付番号,メールアドレス,お名前,グループ\n"
        "１００１,,山田,常連\n"
        ",HANAKO..s@docomo.ne.jp,佐藤,常連、週末\n"
        "\n"
        "No.1003,jiro@ezweb.ne.jp,鈴木\n"
    )
    assert imported(members, text) == ImportCounts(new=3, changed=0, same=0)
    assert [m.name for m in members.each()] == ["山田", "佐藤", "鈴木"]
    assert members.groups() == [("常連", 2), ("週末", 1)]
    assert [c.source for c in members.changes(1002)] == [csv_check.CSV_SOURCE]


def test_broken_off_in_the_middle_of_the_writing_nothing_is_written(members: Members):
    text = "受付番号,お名前\n1001,山田\n1002,佐藤\n1003,鈴木\n"
    told = []

    def tell(written: int, of: int) -> None:
        told.append((written, of))
        if written == 2:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        take_in(csv_table.read(text.encode()), members, NOW, tell)
    assert told == [(0, 3), (1, 3), (2, 3)]
    assert members.numbers() == []


def test_only_the_columns_of_the_file_are_corrected(members: Members):
    yamada = Member(1001, "山田", phone="03-1111-2222", groups=("常連",), consent=PAPER)
    members.register(yamada, NOW)
    assert imported(members, "受付番号,電話番号\n1001,0311113333\n") == ImportCounts(0, 1, 0)
    assert members.get(1001) == replace(yamada, phone="03-1111-3333")
    assert imported(members, "受付番号,電話番号,グループ\n1001,0311113333,常連\n") == ImportCounts(
        0, 0, 1
    )
    assert imported(members, "受付番号,グループ\n1001,\n") == ImportCounts(0, 1, 0)
    assert members.get(1001).groups == (), "an empty cell of a column that is there empties"


def test_a_consent_without_a_day_is_that_of_the_import(members: Members):
    imported(members, "受付番号,お名前,メール配信\n1001,山田,はい\n1002,佐藤,いいえ\n")
    assert members.get(1001).consent == Consent(True, NOW.date(), "CSVの取り込み")
    assert members.get(1002).consent == Consent()
    assert [one.number for one in members.consents()] == [1001]
    members.register(Member(1003, "鈴木", consent=PAPER), NOW)
    imported(members, "受付番号,メール配信\n1003,承諾する\n")
    assert members.get(1003).consent == PAPER, "he gave it on paper"


def test_withdrawn_and_stopped_come_along_but_never_end_by_a_file(members: Members):
    text = "受付番号,お名前,状態,配信停止日\n1001,山田,退会,\n1002,佐藤,会員,2026/11/1\n"
    assert imported(members, text) == ImportCounts(2, 0, 0)
    assert members.get(1001).standing.state is MemberState.WITHDRAWN
    assert members.get(1002).standing.stopped_at == NOW
    assert imported(members, text) == ImportCounts(0, 0, 2)
    assert imported(members, "受付番号,配信停止日\n1002,\n") == ImportCounts(0, 0, 1)
    assert members.get(1002).standing.stopped_at == NOW
    with pytest.raises(ImportTrouble, match="退会されています"):
        imported(members, "受付番号,お名前\n1001,山田\n")


@pytest.mark.parametrize(
    ("columns", "cells", "held"),
    [
        ("メール配信", "承諾する", True),
        ("メール配信,承諾日,承諾方法", "承諾する,2024/1/5,用紙", True),
        ("メール配信,承諾日,承諾方法", "はい,,", True),
        ("メール配信,承諾日,承諾方法", "承諾する,{no},用紙", True),
        ("メール配信,承諾日,承諾方法", "承諾する,{later},用紙", False),
    ],
)
@pytest.mark.parametrize("known", [False, True], ids=["new number", "the same number"])
def test_an_old_list_does_not_bring_back_who_said_no(
    members: Members, columns: str, cells: str, held: bool, known: bool
):
    """The no is the address's; the same day may have been before it."""
    no = NOW - timedelta(days=3)
    cells = cells.format(no=f"{no:%Y/%m/%d}", later=f"{no + timedelta(days=1):%Y/%m/%d}")
    if not known:
        with closing(Ledger(members._db._path)) as ledger:
            number = numbered(ledger, "TARO@docomo.ne.jp", again=True)[1]
        members.register(Member(1001, "山田"), no)
    else:
        number = 1001
        members.register(Member(1001, "山田", consent=PAPER), no)
    members.stop("taro@docomo.ne.jp", no, "メール")
    tally = imported(members, f"受付番号,お名前,{columns}\n{number},山田,{cells}\n")
    assert (number in tally.held) == held
    assert (members.get(number).standing.stopped_at == no) == held
    assert bool(csv_import.in_words(tally.held)) == held


def test_wrong_lines_are_all_named_and_nothing_is_imported(members: Members):
    members.register(Member(1004, "前から"), NOW)
    before = everything(members)
    text = (
        "受付番号,メールアドレス,お名前,生年月日,備考,状態\n"
        '1001,,山田,1985/1/2,"二行の\n備考",\n'
        "1009,,知らない人,,,\n"
        "1002,taro@docomo.ne.jp,佐藤,,,\n"
        ",nobody,誰か,,,\n"
        ",,名無し,,,\n"
        "1003,,,1985/2/30,,\n"
        "1001,,また山田,,,\n"
        "abc,,文字,,,\n"
        "1002,,佐藤,,,引退\n"
        "1002,,佐藤,,,,東京,千代田区\n"
        "1004,,直した,,,\n"
    )
    with pytest.raises(ImportTrouble) as caught:
        imported(members, text)
    assert [(p.line, p.message.partition("。")[0]) for p in caught.value.problems] == [
        (4, "受付番号 1009 は、まだどなたにも発行していません"),
        (5, "受付番号 1002 のメールアドレスは taro@docomo.ne.jp ではなく"
            " Hanako..s@docomo.ne.jp です"),
        (6, "メールアドレス「nobody」は、使えない形です"),
        (7, "受付番号もメールアドレスも空です"),
        (8, "お名前: お名前を入力してください"),
        (8, "生年月日: 1985年2月30日という日はありません"),
        (9, "受付番号 1001 は、2行目にもあります"),
        (10, "受付番号「abc」は数字ではありません"),
        (11, "状態「引退」は「会員」か「退会」にしてください"),
        (12, "列が8あります（見出しは6列）"),
    ]  # fmt: skip
    assert "4行目: 受付番号 1009" in str(caught.value)
    assert everything(members) == before


def test_only_the_good_rows_and_the_others_in_a_file_to_be_mended(members: Members):
    text = (
        "会員番号,氏名,誕生日\n1001,山田,1985/1/2\n1002,佐藤,1985/2/30\n1003,=HYPERLINK(1),9,東京\n"
    )
    table, told = csv_table.read(text.encode()), []
    tally = take_in(table, members, NOW, leave_out=told.append)
    assert tally == ImportCounts(new=1, changed=0, same=0)
    assert members.numbers() == [1001]
    (checked,) = told
    lines = wrong_rows_csv(table, checked).decode("utf-8-sig").splitlines()
    assert lines[0] == "会員番号,氏名,誕生日,まちがい"
    assert lines[1].startswith("1002,佐藤,1985/2/30,生年月日: 1985年2月30日という日はありません")
    assert lines[2].startswith('1003,\'=HYPERLINK(1),"9,東京","列が4あります')
    mended = "\n".join(lines[:2]).replace("2/30", "2/28")
    assert take_in(csv_table.read(mended.encode()), members, NOW).new == 1
    assert members.numbers() == [1001, 1002]


def test_where_the_others_cannot_be_saved_nothing_is_imported(members: Members):
    def full(checked: CheckedFile) -> None:
        raise StorageTrouble("空きがありません", happened="", cure="")

    table = csv_table.read("受付番号,お名前\n1001,山田\n9999,だれか\n".encode())
    with pytest.raises(StorageTrouble):
        take_in(table, members, NOW, leave_out=full)
    assert members.numbers() == []


def test_a_number_that_somebody_registers_while_the_file_is_looked_through(members: Members):
    """Or hands in for アドレスの変更: then it is no member's of its own any more."""

    def meanwhile(checked: CheckedFile) -> None:
        members.register(Member(1001, "山田"), NOW)

    table = csv_table.read("受付番号,お名前\n1002,佐藤\n1001,山田\n".encode())
    with pytest.raises(ImportTrouble) as told:
        take_in(table, members, NOW, leave_out=meanwhile)
    assert [(one.line, "1001" in one.message) for one in told.value.problems] == [(3, True)]
    assert members.numbers() == [1001]


def test_a_file_that_is_wrong_from_top_to_bottom_names_its_first_lines(members: Members):
    with pytest.raises(ImportTrouble) as caught:
        imported(members, "受付番号\n" + "9999\n" * 5000)
    assert len(caught.value.problems) == csv_check.MOST_PROBLEMS


def test_a_cut_while_importing_leaves_nothing(members: Members, monkeypatch: pytest.MonkeyPatch):
    class Cut(BaseException):
        pass

    def cut_at_1002(*_: object) -> None:
        raise Cut

    monkeypatch.setattr(Members, "stop_member", cut_at_1002)
    with pytest.raises(Cut):
        imported(members, "受付番号,お名前,配信停止日\n1001,山田,\n1002,佐藤,2026/1/1\n")
    assert members.numbers() == []


# --- out and in again


def test_what_goes_out_opens_in_a_spreadsheet_and_comes_back(members: Members, tmp_path: Path):
    members.register(
        Member(
            1001, "髙橋　一郎", kana="タカハシ　イチロウ", birthday=date(1985, 1, 2),
            sex=Sex.FEMALE, phone="090-1234-5678", postcode="100-0001", home="=HYPERLINK(1)",
            groups=("-10%", "b"), note='+二行\n"引用", コンマ', consent=PAPER,
        ),
        NOW,
    )  # fmt: skip
    members.register(Member(1002, "@佐藤"), NOW)
    members.stop_member(1002, LATER, "メール")
    members.register(Member(1003, "鈴木"), NOW)
    members.withdraw(1003, LATER, "会員一覧")
    members.register(Member(1004, "計算"), NOW)
    before = everything(members)
    for encoding in ("utf-8-sig", "cp932"):
        octets = csv_export.members_csv(members.each(), encoding)
        found = csv_table.read(octets)
        assert found.encoding == encoding
        assert not [cell for row in found.first(9) for cell in row if cell.startswith("=")]
        assert take_in(found, members, LATER) == ImportCounts(new=0, changed=0, same=4)
        assert everything(members) == before

    other = tmp_path / "other"
    other.mkdir()
    with closing(Members(database(other))) as anew:
        assert take_in(found, anew, LATER).new == 4
        assert [one[:3] for one in everything(anew)] == [one[:3] for one in before]


names = st.text(min_size=1, max_size=20).map(normalize.person).filter(lambda t: t and t[0] != "'")


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=names, home=names.map(normalize.line), note=st.text(max_size=40).map(normalize.lines))
def test_any_text_survives_the_way_out_and_in(members: Members, name: str, home: str, note: str):
    note = note.lstrip("'")
    if members.get(1001) is None:
        members.register(Member(1001, "だれか"), NOW)
    members.update(Member(1001, name, home=home, note=note), NOW, "会員一覧")
    octets = csv_export.members_csv(members.each())
    assert take_in(csv_table.read(octets), members, NOW) == ImportCounts(0, 0, 1)


def test_the_record_of_consent_as_a_table(members: Members):
    members.register(Member(1001, "山田", consent=PAPER), NOW)
    members.stop("taro@docomo.ne.jp", LATER, "配信停止のメール")
    text = csv_export.consents_csv(members.consents()).decode("utf-8-sig")
    header, given, taken_back = csv.reader(io.StringIO(text, newline=""))
    assert header[:6] == [
        *("受付番号", "メールアドレス", "空メールの受付日時", "承諾", "承諾日", "承諾方法"),
    ]
    assert given[:2] == ["1001", "taro@docomo.ne.jp"]
    assert given[3:6] == ["承諾する", "2026/11/20", "会員登録用紙"]
    assert taken_back[3:6] == ["承諾しない", "2026/11/24", "配信停止のメール"]
    assert given[-2:] == ["番号は★1★です", "★1★\n"]


def test_numbers_go_out_with_their_zeros_and_come_back(members: Members):
    imported(members, "受付番号,お名前\n1001,山田\n")
    octets = csv_export.members_csv(members.each(), digits=6)
    assert "\r\n001001," in octets.decode("utf-8-sig")
    assert take_in(csv_table.read(octets), members, LATER) == ImportCounts(new=0, changed=0, same=1)
