"""A table in a file that a spreadsheet or another program has written: told apart, taken apart.

Knows delimiters, quotes and titles; the characters are read in `csv_encoding`, what the columns
are for is in `csv_columns`. Pure.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from kollect.errors import Trouble
from kollect.members import csv_encoding
from kollect.members.csv_columns import CsvColumn, match
from kollect.members.csv_encoding import Unreadable

_RUNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_DELIMITERS = (",", "\t", ";", "，", "|")
"""Excel writes semicolons where the comma is the decimal sign; the full-width comma is typed."""
_SEPARATOR = re.compile(r'\s*"?sep=(.)"?[\s,;"]*', re.IGNORECASE)
"""The line that Excel wants, to be told the delimiter."""
_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_QUOTED_FORMULA = re.compile(r'(^|[,;\t，|])="', re.MULTILINE)
_BEHIND_QUOTE = re.compile(
    r'(?:(?<=[^",;\t，|\r\n]")|(?<=[ ,;\t，|\r\n]""))[ \u3000]+(?=[,;\t，|\r\n]|$)'
)
_TITLES = 20
"""So many lines may stand above the one with the names of the columns."""


class CsvTrouble(Trouble):
    """The file cannot be taken as a table; nothing was imported."""


@dataclass(frozen=True, slots=True)
class CsvTable:
    """The file as text, with what was found out about it."""

    text: str
    encoding: str
    """A key of ENCODINGS."""
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    """Above it there are titles, and what other programs want to be told."""
    columns: tuple[CsvColumn | None, ...]
    """What each column is taken for; None: it is not read."""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Every row below the header that is not empty, with the number of its first line.

        Raises CsvTrouble where a quote is left open.
        """
        for line, row in _records(self.text, self.delimiter):
            # files that were put together have the header once more
            if line > self.header_line and not self._is_header(row):
                yield line, row

    def _is_header(self, row: list[str]) -> bool:
        return _title(row[0]) == self.header[0] and tuple(map(_title, row)) == self.header

    def first(self, most: int) -> list[list[str]]:
        return [row for _, row in islice(self.rows(), most)]

    def with_columns(self, columns: tuple[CsvColumn | None, ...]) -> CsvTable:
        """The same file with other columns, as chosen by hand.

        Raises CsvTrouble where one is chosen twice, or nothing would tell the members apart.
        """
        table = replace(self, columns=columns)
        _check(table)
        return table


def read(data: bytes) -> CsvTable:
    """The table in these octets, as spreadsheets and other programs write it: UTF-8, UTF-16 or
    CP932, with commas, tabs or semicolons, the names of the columns in one of the first lines.

    Raises CsvTrouble.
    """
    try:
        text, encoding = csv_encoding.decoded(data)
    except Unreadable as unreadable:
        raise _unreadable(unreadable) from unreadable
    if '"' in text:
        text = _BEHIND_QUOTE.sub("", text)
    if '="' in text and '=""' not in text:  # else some of them may stand in a quoted cell
        text = _QUOTED_FORMULA.sub(r'\1"', text)
    delimiter, (line, header) = _told_apart(text)
    table = CsvTable(text, encoding, delimiter, header, line, match(header))
    _check(table)
    return table


def plain(cell: str) -> str:
    """The cell without what keeps a spreadsheet from running or counting it: ="001", '=1+1."""
    if cell[:1] not in ("'", "="):
        return cell
    if cell.startswith("'") and cell[1:].startswith(_RUNS):
        return cell[1:]  # as `csv_format` writes it
    if cell.startswith("=") and (found := _FORMULA.fullmatch(cell.strip())):
        return found[1].replace('""', '"')
    return cell


def _title(cell: str) -> str:
    return plain(cell.strip()).strip()


def _told_apart(text: str) -> tuple[str, tuple[int, tuple[str, ...]]]:
    """The delimiter, and the header with its line: those by which most columns are known."""
    found = []
    for place, delimiter in enumerate(_delimiters(text)):
        line, header = _header(text, delimiter)
        known = sum(column is not None for column in match(header))
        found.append((known, len(header), -place, delimiter, (line, header)))
    *_, delimiter, header_there = max(found)
    return delimiter, header_there


def _delimiters(text: str) -> tuple[str, ...]:
    first = _SEPARATOR.fullmatch(next(filter(str.strip, text[:500].splitlines()), ""))
    return (first[1],) if first else _DELIMITERS


def _header(text: str, delimiter: str) -> tuple[int, tuple[str, ...]]:
    """The first line that tells whom a row is about, and something else if there is such a one;
    else the first of all.
    """
    lines = [
        (line, tuple(map(_title, row)))
        for line, row in _beginning(text, delimiter)
        if not _SEPARATOR.fullmatch(delimiter.join(row))
    ]
    for least in (2, 1):
        for line, row in lines:
            known = [column for column in match(row) if column]
            if len(known) >= least and (CsvColumn.NUMBER in known or CsvColumn.MAIL in known):
                return line, row
    return lines[0] if lines else (0, ())


def _beginning(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """The first rows; the fault of a later one is told when it is read."""
    found: list[tuple[int, list[str]]] = []
    try:
        found.extend(islice(_records(text, delimiter), _TITLES))
    except CsvTrouble:
        if not found:
            return []
    return found


def _unreadable(why: Unreadable) -> CsvTrouble:
    if why.is_workbook:
        return CsvTrouble(
            "CSVファイルではありません",
            happened="これは Excel のブック（.xlsx など）です。",
            cure="Excel で開き、「名前を付けて保存」でファイルの種類を"
            "「CSV UTF-8（コンマ区切り）」にして保存したものを選んでください。",
        )
    lines = "、".join(f"{line}行目" for line in why.lines) + ("ほか" if why.more else "")
    encoding = csv_encoding.ENCODINGS[why.encoding]
    return CsvTrouble(
        "文字を読めないファイルです",
        happened=f"{lines}に、{encoding} として読めない文字があります。",
        cure="メモ帳などで開いてその行を直すか、Excel などで文字コードを UTF-8 にして"
        "保存し直してください。まだ何も取り込んでいません。",
        detail=why.encoding,
    )


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every row with something in it."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    line = 1
    try:
        for row in reader:
            if any(map(str.strip, row)):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise CsvTrouble(
            "表として読めないファイルです",
            happened=f'{line}行目から先を、表として読めません。引用符（"）が閉じていないか、'
            "項目の途中にあるようです。",
            cure="その行を直して、もう一度選んでください。まだ何も取り込んでいません。",
            detail=str(error),
        ) from error


def _check(table: CsvTable) -> None:
    chosen = [column for column in table.columns if column]
    twice = next((column for column in chosen if chosen.count(column) > 1), None)
    if twice:
        raise CsvTrouble(
            "同じ項目が2つの列に割り当てられています",
            happened=f"「{twice}」が2つ以上の列に割り当てられています。",
            cure="どれか1つの列だけにしてください。",
        )
    if CsvColumn.NUMBER not in chosen and CsvColumn.MAIL not in chosen:
        raise CsvTrouble(
            "会員を見分ける列がありません",
            happened="1行目に「受付番号」も「メールアドレス」も見つかりません。",
            cure="1行目に項目の名前（受付番号、お名前など）を書くか、どの列が何かを選んでください。",
            detail="、".join(table.header[:20]),
        )
