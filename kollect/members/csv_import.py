"""A members' CSV file taken in: checked line by line, then written whole or not at all.

Who is meant is told by the 受付番号 or the mail address; members registered already are corrected
in the columns that the file has, the others are registered. No number is given here: an address
comes by its blank mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kollect.mail import address
from kollect.mail.foreign_text import exact, visible
from kollect.members import normalize, wareki
from kollect.members.csv_columns import ACTIVE, WITHDRAWN, CsvColumn
from kollect.members.csv_table import CsvTable, CsvTrouble, plain
from kollect.members.member import Member, MemberState
from kollect.members.member_fields import (
    FormProblems,
    MemberField,
    MemberFormInput,
    as_form_input,
    read_form,
)
from kollect.members.repository import Members

CSV_SOURCE = "CSVの取り込み"
MOST_PROBLEMS = 100
"""Nobody reads more of them; the rest is in the next attempt."""
MOST_NAMED = 10
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

    def __init__(self, problems: list[LineProblem]) -> None:
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


@dataclass(frozen=True, slots=True)
class ImportCounts:
    new: int
    changed: int
    same: int
    held: tuple[int, ...] = ()
    """Consented as the file says, and not since they said no: they stay stopped."""


def understood(table: CsvTable, members: Members, now: datetime) -> list[CsvLine]:
    """Every row of the file, read and checked; writes nothing.

    Raises ImportTrouble, with everything that is wrong, and CsvTrouble.
    """
    found: dict[int, CsvLine] = {}
    problems: list[LineProblem] = []
    for line, row in table.rows():
        try:
            one = _line(line, _cells(table, row), members, now)
            if first := found.get(one.member.number):
                raise _Wrong(f"受付番号 {one.member.number} は、{first.line}行目にもあります。")
            found[one.member.number] = one
        except FormProblems as wrong:
            problems += [LineProblem(line, visible(str(problem))) for problem in wrong.problems]
        except _Wrong as wrong:
            problems.append(LineProblem(line, visible(str(wrong))))
        if len(problems) >= MOST_PROBLEMS:
            break
    if problems:
        raise ImportTrouble(problems)
    return list(found.values())


def take_in(
    table: CsvTable,
    members: Members,
    now: datetime,
    told: Callable[[int, int], None] = lambda written, of: None,
) -> ImportCounts:
    """Import the file in one transaction. Raises as `understood` does; then nothing is written.

    `told` is called before each member is written; when it raises, nothing is written either.
    """
    lines = understood(table, members, now)  # before it, for the collector waits while we write
    new = changed = 0
    held = []
    with members.transaction():
        for written, line in enumerate(lines):
            told(written, len(lines))
            number = line.member.number
            if line.known:
                differs = members.update(line.member, now, CSV_SOURCE, line.dated)
            else:
                members.register(line.member, now, CSV_SOURCE, line.dated)
                differs = False
                new += 1
            if line.stopped:
                differs |= members.stop_member(number, now, CSV_SOURCE)
            if line.withdrawn:
                differs |= members.withdraw(number, now, CSV_SOURCE)
            elif line.consents and not line.stopped and members.is_stopped(number):
                held.append(number)
            changed += line.known and differs
    return ImportCounts(new, changed, len(lines) - new - changed, tuple(held))


def in_words(held: Sequence[int]) -> str:
    """Whose no still holds, for the person who imports."""
    if not held:
        return ""
    shown = "、".join(map(str, held[:MOST_NAMED])) + (" など" if len(held) > MOST_NAMED else "")
    return (
        f"{len(held):,}名（受付番号 {shown}）は、配信停止か退会のお申し出があったアドレスのため、"
        "配信停止のままです。お申し出の翌日以降の承諾日があるときだけ、配信を再開します。"
    )


class _Wrong(ValueError):
    """What is wrong with a row as a whole."""


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


def _line(line: int, cells: dict[CsvColumn, str], members: Members, now: datetime) -> CsvLine:
    number = _number(cells, members)
    known = members.get(number)
    typed = {_SHEET[column]: cell for column, cell in cells.items() if column in _SHEET}
    form = replace(
        as_form_input(known) if known else MemberFormInput(), **typed | {"number": str(number)}
    )
    dated = bool(form.consent_on.strip())
    if not dated and not form.consent_how.strip():
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
    )


def _number(cells: dict[CsvColumn, str], members: Members) -> int:
    """Whom the row is about. Raises _Wrong."""
    typed, mail = cells.get(CsvColumn.NUMBER, ""), normalize.narrow(cells.get(CsvColumn.MAIL, ""))
    if not typed.strip():
        if not mail:
            raise _Wrong("受付番号もメールアドレスも空です。")
        found = members.number_of(address.key(mail))
        if found is None:
            raise _Wrong(f"{exact(mail)} からは、まだ空メールが届いていません。")
        return found
    number = normalize.number(typed)
    if number is None:
        raise _Wrong(f"受付番号「{typed}」は数字ではありません。")
    collected = members.address_of(number)
    if collected is None:
        raise _Wrong(f"受付番号 {number} は、まだどなたにも発行していません。")
    if mail and address.key(mail) != address.key(collected):
        raise _Wrong(
            f"受付番号 {number} のメールアドレスは {exact(mail)} ではなく {exact(collected)} です。"
        )
    return number


def _withdrawn(cells: dict[CsvColumn, str], known: Member | None) -> bool:
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
