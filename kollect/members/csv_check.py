"""A members' CSV file checked line by line: who each is about, and what is wrong. Writes nothing.

Who is meant is told by the 受付番号 or the mail address; members registered already are corrected
in the columns that the file has, the others are registered. A customer from before, who has sent no
blank mail, comes in by the mail address (`ledger.brought_numbers` says with which number).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from kollect.ledger.brought_numbers import BroughtNumbers
from kollect.mail import address
from kollect.mail.foreign_text import exact, visible
from kollect.members import normalize, wareki
from kollect.members.csv_columns import ACTIVE, WITHDRAWN, CsvColumn
from kollect.members.csv_table import CsvTable, CsvTrouble, plain
from kollect.members.known_customers import KnownCustomers
from kollect.members.member import Member, MemberState
from kollect.members.member_fields import (
    FormProblems,
    MemberField,
    MemberFormInput,
    as_form_input,
    read_form,
)
from kollect.members.repository import Members
from kollect.storage.csv_format import csv_bytes

CSV_SOURCE = "CSVの取り込み"
WHAT_IS_WRONG = "まちがい"
"""The column that `wrong_rows_csv` adds; an import does not read it."""
NEXT_NUMBER = 0
"""Stands for the number that a customer from before will be given."""
AT_ONCE = 500
"""So many rows are looked up together."""
MOST_PROBLEMS = 100
"""Nobody reads more of them on a screen."""
_DAY = re.compile("[0-9]{4}/[0-9]{2}/[0-9]{2}")
_CODES = {
    CsvColumn.NUMBER: re.compile("[0-9]+"),
    CsvColumn.PHONE: re.compile("0[0-9]+-[0-9]+-[0-9]+"),
    CsvColumn.POSTCODE: re.compile("[0-9]{3}-[0-9]{4}"),
    CsvColumn.BIRTHDAY: _DAY,
    CsvColumn.CONSENT_ON: _DAY,
    CsvColumn.STOPPED_ON: _DAY,
}
"""What a spreadsheet may take for a number, and how it looks when none has."""
_NOT_COUNTED = re.compile(r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NULL!|NUM!|SPILL!|CALC!|#+)")
_SHEET = {CsvColumn(one.value): one.name.lower() for one in MemberField}


@dataclass(frozen=True, slots=True)
class LineProblem:
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.line}行目: {self.message}"


class ImportTrouble(CsvTrouble):
    """Lines are wrong; nothing was imported."""

    def __init__(self, problems: Sequence[LineProblem]) -> None:
        shown = "\n".join(map(str, problems))
        super().__init__(
            "取り込めない行があります",
            happened=f"{shown}\n1件も取り込んでいません。",
            cure="これらの行を直して、もう一度取り込んでください。",
        )
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class CsvLine:
    """One row, understood: who it is about and what will be written."""

    line: int
    member: Member
    known: bool
    withdrawn: bool
    """The file says that this member has withdrawn."""
    stopped: bool
    """The file says that nothing may be sent to this member."""
    consents: bool
    """The file says that this member has consented."""
    dated: bool
    """The file says when; else the day of the import stands for it."""
    brought: str = ""
    """The address of a customer from before, who has sent no blank mail; empty: a mail came. Such a
    member's number is NEXT_NUMBER where the file has none."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """What a file would do, and why some of its rows cannot."""

    good: Sequence[CsvLine]
    problems: Sequence[LineProblem]
    """The first MOST_PROBLEMS."""
    wrong_rows: Sequence[tuple[Sequence[str], str]]
    """Each row that cannot be taken in, as the file has it, with what is wrong."""

    def demand_all_good(self) -> None:
        """Raises ImportTrouble where a row is wrong."""
        if self.problems:
            raise ImportTrouble(self.problems)


def check(table: CsvTable, members: Members, numbers: BroughtNumbers, now: datetime) -> CheckedFile:
    """Every row of the file, read and checked. Raises CsvTrouble where it is no table."""
    checker = _Checker(KnownCustomers(members), numbers, now)
    for line, row, cells in _ahead(_cells_of(table), checker.known):
        checker.add(line, row, cells)
    return CheckedFile(checker.good, checker.problems[:MOST_PROBLEMS], checker.wrong_rows)


def wrong_rows_csv(table: CsvTable, checked: CheckedFile) -> bytes:
    """The rows that cannot be taken in, with what is wrong beside each: to be mended, and then
    taken in as it is."""
    rows = ((*_padded(row, table), why) for row, why in checked.wrong_rows)
    return csv_bytes((*table.header, WHAT_IS_WRONG), rows)


def _padded(row: Sequence[str], table: CsvTable) -> list[str]:
    """What a row has too much stands in its last cell."""
    width = len(table.header)
    filled = [*row[:width], *[""] * (width - len(row))]
    if len(row) > width:
        filled[-1] = ",".join(row[width - 1 :])
    return filled


class _Checker:
    """Collects the rows of one file."""

    def __init__(self, known: KnownCustomers, numbers: BroughtNumbers, now: datetime) -> None:
        self.known = known
        self.good: list[CsvLine] = []
        self.problems: list[LineProblem] = []
        self.wrong_rows: list[tuple[Sequence[str], str]] = []
        self._numbers, self._now = numbers, now
        self._lines_of_numbers: dict[int, int] = {}
        self._lines_of_addresses: dict[str, int] = {}

    def add(self, line: int, row: Sequence[str], cells: Cells | _Wrong) -> None:
        try:
            if isinstance(cells, _Wrong):
                raise cells
            one = _line(line, cells, self.known, self._numbers, self._now)
            self._refuse_second(one)
            self.good.append(one)
        except FormProblems as wrong:
            self._wrong(line, row, [visible(str(problem)) for problem in wrong.problems])
        except _Wrong as wrong:
            self._wrong(line, row, [visible(str(wrong))])

    def _refuse_second(self, one: CsvLine) -> None:
        """Raises _Wrong where a row before was about the same customer."""
        number, key = one.member.number, address.key(one.brought)
        if number and (first := self._lines_of_numbers.setdefault(number, one.line)) != one.line:
            raise _Wrong(f"受付番号 {number} は、{first}行目にもあります。")
        if key and (first := self._lines_of_addresses.setdefault(key, one.line)) != one.line:
            raise _Wrong(f"{exact(one.brought)} は、{first}行目にもあります。")

    def _wrong(self, line: int, row: Sequence[str], messages: Sequence[str]) -> None:
        self.problems += [LineProblem(line, message) for message in messages]
        self.wrong_rows.append((row, "".join(messages)))


class _Wrong(ValueError):
    """What is wrong with a row as a whole."""


Cells = dict[CsvColumn, str]


Row = tuple[int, list[str], Cells | _Wrong]
"""Its line, its cells as the file has them, and as they are read; or why they cannot be."""


def _cells_of(table: CsvTable) -> Iterator[Row]:
    for line, row in table.rows():
        try:
            yield line, row, _cells(table, row)
        except _Wrong as wrong:
            yield line, row, wrong


def _ahead(rows: Iterator[Row], known: KnownCustomers) -> Iterator[Row]:
    """The rows as they come; who each is about has been read ahead."""
    while part := list(islice(rows, AT_ONCE)):
        found = [cells for *_, cells in part if not isinstance(cells, _Wrong)]
        typed = (normalize.number(cells.get(CsvColumn.NUMBER, "")) for cells in found)
        mails = (normalize.narrow(cells.get(CsvColumn.MAIL, "")) for cells in found)
        known.read_ahead(
            [number for number in typed if number is not None],
            [address.key(mail) for mail in mails if mail],
        )
        yield from part


def _cells(table: CsvTable, row: list[str]) -> dict[CsvColumn, str]:
    """The cells of the columns that are read; spreadsheets leave empty ones out at the end."""
    if any(cell.strip() for cell in row[len(table.columns) :]):
        raise _Wrong(
            f"列が{len(row)}あります（見出しは{len(table.columns)}列）。"
            'コンマを含む項目は引用符（"）で囲んでください。'
        )
    filled = row + [""] * (len(table.columns) - len(row))
    return {
        column: _restored(column, plain(cell))
        for column, cell in zip(table.columns, filled, strict=False)
        if column is not None
    }


def _restored(column: CsvColumn, cell: str) -> str:
    """The cell as it was before a spreadsheet took it for a number. Raises _Wrong."""
    as_it_was = _CODES.get(column)
    if as_it_was is None and not cell.startswith("#"):
        return cell
    if as_it_was is not None and as_it_was.fullmatch(cell):
        return cell
    if cell.startswith("#") and _NOT_COUNTED.fullmatch(cell.strip()):
        raise _Wrong(
            f"{column}: 「{cell.strip()}」は、表計算ソフトが計算できないか、列の幅が足りないときの"
            "表示です。表計算ソフトで直して、保存し直してください。"
        )
    try:
        match column:
            case CsvColumn.NUMBER | CsvColumn.PHONE:
                return normalize.counted(cell)
            case CsvColumn.POSTCODE:
                return normalize.postcode_of_number(cell)
            case CsvColumn.BIRTHDAY | CsvColumn.CONSENT_ON | CsvColumn.STOPPED_ON:
                return wareki.of_spreadsheet(normalize.counted(cell))
    except normalize.Rounded as rounded:
        raise _Wrong(f"{column}: {rounded}") from None
    return cell


def _line(
    line: int,
    cells: Cells,
    members: KnownCustomers,
    numbers: BroughtNumbers,
    now: datetime,
) -> CsvLine:
    number, brought = _number(cells, members, numbers)
    known = None if brought else members.get(number)
    typed = {_SHEET[column]: cell for column, cell in cells.items() if column in _SHEET}
    form = replace(
        as_form_input(known) if known else MemberFormInput(), **typed | {"number": str(number)}
    )
    dated = bool(form.consent_on.strip())
    if not dated and not form.consent_how.strip() and not brought:
        # a shop that brings its list along has no day for each; then this day is the record
        form = replace(form, consent_on=f"{now:%Y/%m/%d}", consent_how=CSV_SOURCE)
    member = read_form(form, now.date())
    return CsvLine(
        line,
        member,
        known is not None,
        _withdrawn(cells, known),
        _stopped(cells.get(CsvColumn.STOPPED_ON, "")),
        consents=CsvColumn.CONSENT in cells and member.consent.given,
        dated=dated,
        brought=brought,
    )


def _number(cells: Cells, members: KnownCustomers, numbers: BroughtNumbers) -> tuple[int, str]:
    """Whom the row is about: the number, and the address of one who has sent no blank mail. Raises
    _Wrong.
    """
    typed, mail = cells.get(CsvColumn.NUMBER, ""), normalize.narrow(cells.get(CsvColumn.MAIL, ""))
    if not typed.strip():
        if not mail:
            raise _Wrong("受付番号もメールアドレスも空です。")
        found = members.number_of(address.key(mail))
        if found is not None:
            return found, ""
        return NEXT_NUMBER, _from_before(mail, members, numbers)
    number = normalize.number(typed)
    if number is None:
        raise _Wrong(f"受付番号「{typed}」は数字ではありません。")
    if members.is_merged(number):
        into = members.stands_for(number)
        raise _Wrong(
            f"受付番号 {number} の会員は、会員 {into} に統合されています。{into} の行に書いて、"
            "この行を消してください。"
        )
    number = members.stands_for(number) or number
    collected = members.address_of(number)
    if collected is None:
        return number, _with_own_number(number, mail, members, numbers)
    if mail and address.key(mail) != address.key(collected):
        raise _Wrong(
            f"受付番号 {number} のメールアドレスは {exact(mail)} ではなく {exact(collected)} です。"
        )
    return number, ""


def _with_own_number(
    number: int, mail: str, members: KnownCustomers, numbers: BroughtNumbers
) -> str:
    """The address of a customer from before who has a number of the shop's. Raises _Wrong."""
    if not mail:
        raise _Wrong(f"受付番号 {number} は、まだどなたにも発行していません。")
    if (other := members.number_of(address.key(mail))) is not None:
        raise _Wrong(f"{exact(mail)} の受付番号は {number} ではなく {other} です。")
    following = numbers.next_number()
    if not 0 < number < following:
        raise _Wrong(
            f"受付番号 {number} は、これから空メールのお客様に発行する番号です"
            f"（次は {following}）。以前からの番号を使うときは、先に「緒言設定」の"
            "「受付番号の開始番号」を、名簿のいちばん大きい番号より大きくしてください。"
        )
    return _from_before(mail, members, numbers)


def _from_before(mail: str, members: KnownCustomers, numbers: BroughtNumbers) -> str:
    """The address of a customer from before, as it can be written to. Raises _Wrong."""
    if not address.is_usable(mail):
        raise _Wrong(f"メールアドレス「{exact(mail)}」は、使えない形です。")
    if numbers.is_own(mail):
        raise _Wrong(f"{exact(mail)} は、お店が空メールを受け取るアドレスです。")
    for member in members.former_holders(address.key(mail)):
        raise _Wrong(
            f"{exact(mail)} は、会員 {member.number} の {member.name} 様の前のアドレスです。"
            f"いまのアドレス（{exact(member.standing.address)}）にしてください。"
        )
    return mail


def _withdrawn(cells: Cells, known: Member | None) -> bool:
    state = normalize.narrow(cells.get(CsvColumn.STATE, ""))
    if state not in ("", ACTIVE, WITHDRAWN):
        raise _Wrong(f"状態「{state}」は「{ACTIVE}」か「{WITHDRAWN}」にしてください。")
    if known and known.standing.state is MemberState.WITHDRAWN and state != WITHDRAWN:
        raise _Wrong(
            f"受付番号 {known.number} の {known.name} 様は、退会されています。"
            "もう一度入会されるときは、先に「会員一覧」で退会を取り消してください。"
        )
    return state == WITHDRAWN


def _stopped(typed: str) -> bool:
    if not typed.strip():
        return False
    try:
        wareki.read(typed)
    except wareki.NotADate as why:
        raise _Wrong(f"{CsvColumn.STOPPED_ON}: {why}") from None
    return True
