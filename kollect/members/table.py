"""A table in a file that a spreadsheet or another program has written: told apart, taken apart.

Knows encodings, delimiters and quotes; what the columns are for is in `columns`. Pure.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from kollect.errors import Trouble
from kollect.members.columns import Column, match

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),  # what Excel calls "Unicode テキスト"
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "Unicode（UTF-16）",
    "cp932": "シフトJIS（CP932）",
}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_RUNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


class CsvTrouble(Trouble):
    """The file cannot be taken as a table; nothing was imported."""


@dataclass(frozen=True, slots=True)
class Table:
    """The file as text, with what was found out about it."""

    text: str
    encoding: str
    """A key of ENCODINGS."""
    delimiter: str
    header: tuple[str, ...]
    columns: tuple[Column | None, ...]
    """What each column is taken for; None: it is not read."""

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Every row below the header that is not empty, with the number of its first line.

        Raises CsvTrouble where a quote is left open.
        """
        lines = _records(self.text, self.delimiter)
        next(lines, None)
        return ((line, row) for line, row in lines if any(cell.strip() for cell in row))

    def first(self, most: int) -> list[list[str]]:
        return [row for _, row in islice(self.rows(), most)]

    def with_columns(self, columns: tuple[Column | None, ...]) -> Table:
        """The same file with other columns, as chosen by hand.

        Raises CsvTrouble where one is chosen twice, or nothing would tell the members apart.
        """
        table = replace(self, columns=columns)
        _check(table)
        return table


def read(data: bytes) -> Table:
    """The table in these octets: UTF-8, UTF-16 or CP932, with commas or tabs. Raises CsvTrouble."""
    text, encoding = _decoded(data)
    top = text.lstrip("\r\n").partition("\n")[0]
    delimiter = "\t" if top.count("\t") > top.count(",") else ","
    _, header = next(_records(text, delimiter), (0, []))
    table = Table(text, encoding, delimiter, tuple(map(str.strip, header)), match(header))
    _check(table)
    return table


def plain(cell: str) -> str:
    """The cell without the apostrophe that keeps a spreadsheet from running it (`csvfile`)."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RUNS) else cell


def _decoded(data: bytes) -> tuple[str, str]:
    if data.startswith(_WORKBOOKS):
        raise CsvTrouble(
            "CSVファイルではありません",
            happened="これは Excel のブック（.xlsx など）です。",
            cure="Excel で開き、「名前を付けて保存」でファイルの種類を"
            "「CSV UTF-8（コンマ区切り）」にして保存したものを選んでください。",
        )
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _strictly(data, encoding), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _strictly(data, "cp932"), "cp932"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CsvTrouble(
            "文字を読めないファイルです",
            happened=f"{line}行目に、{ENCODINGS[encoding]} として読めない文字があります。",
            cure="Excel などで開き、文字コードを UTF-8 にして保存し直してください。",
            detail=str(error.reason),
        ) from error


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise CsvTrouble(
            "表として読めないファイルです",
            happened=f'{line}行目から先を、表として読めません。引用符（"）が閉じていないようです。',
            cure="その行を直して、もう一度選んでください。まだ何も取り込んでいません。",
            detail=str(error),
        ) from error


def _check(table: Table) -> None:
    chosen = [column for column in table.columns if column]
    twice = next((column for column in chosen if chosen.count(column) > 1), None)
    if twice:
        raise CsvTrouble(
            "同じ項目が2つの列に割り当てられています",
            happened=f"「{twice}」が2つ以上の列に割り当てられています。",
            cure="どれか1つの列だけにしてください。",
        )
    if Column.NUMBER not in chosen and Column.MAIL not in chosen:
        raise CsvTrouble(
            "会員を見分ける列がありません",
            happened="1行目に「受付番号」も「メールアドレス」も見つかりません。",
            cure="1行目に項目の名前（受付番号、お名前など）を書くか、どの列が何かを選んでください。",
            detail="、".join(table.header[:20]),
        )
