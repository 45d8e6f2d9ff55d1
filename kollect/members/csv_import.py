"""A members' CSV file taken in: what `csv_check` has found good, written whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kollect.ledger.brought_numbers import BroughtNumbers
from kollect.ledger.states import AlreadyNumbered
from kollect.members.csv_check import (
    AT_ONCE,
    CSV_SOURCE,
    NEXT_NUMBER,
    CheckedFile,
    CsvLine,
    ImportTrouble,
    LineProblem,
    check,
)
from kollect.members.csv_table import CsvTable
from kollect.members.repository import Members

MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class ImportCounts:
    new: int
    changed: int
    same: int
    brought: int = 0
    """How many of the new ones are customers from before."""
    held: tuple[int, ...] = ()
    """Consented as the file says, and not since they said no: they stay stopped."""


def take_in(
    table: CsvTable,
    members: Members,
    numbers: BroughtNumbers,
    now: datetime,
    told: Callable[[int, int], None] = lambda written, of: None,
    *,
    leave_out: Callable[[CheckedFile], None] | None = None,
) -> ImportCounts:
    """Import the file in one transaction. Where a row is wrong nothing is written; with `leave_out`
    the good rows are, after it was told the others. Raises ImportTrouble and CsvTrouble, and then
    nothing is written.

    `told` is called before each member is written; when it raises, nothing is written either.
    `numbers` are on the same connection as `members`.
    """
    # before the transaction, for the collector waits while we write
    checked = check(table, members, numbers, now)
    if leave_out is None:
        checked.demand_all_good()
    else:
        leave_out(checked)
    lines = checked.good
    changed, held = 0, []
    with numbers.transaction():
        for start in range(0, len(lines), AT_ONCE):
            part = []
            for place, line in enumerate(lines[start : start + AT_ONCE], start):
                told(place, len(lines))
                part.append(_with_number(line, numbers, now) if line.brought else line)
            changed += _write(part, members, now)
            held += members.stopped_among(
                line.member.number
                for line in part
                if line.consents and not line.stopped and not line.withdrawn
            )
    new = sum(not line.known for line in lines)
    brought = sum(bool(line.brought) for line in lines)
    return ImportCounts(new, changed, len(lines) - new - changed, brought, tuple(held))


def _write(lines: Sequence[CsvLine], members: Members, now: datetime) -> int:
    """Returns how many members were changed, of those that were registered before. Raises
    ImportTrouble where somebody has registered others since the file was looked through."""
    changed = 0
    new = {line.member.number: line for line in lines if not line.known}
    if taken := members.taken_among(new):
        raise ImportTrouble(
            [
                LineProblem(
                    new[number].line, f"受付番号 {number} は、たったいま会員のものになりました。"
                )
                for number in taken
            ]
        )
    members.register_all([(line.member, line.dated) for line in new.values()], now, CSV_SOURCE)
    former = members.members([line.member.number for line in lines if line.known])
    as_it_was = {member.number: member for member in former}
    for line in lines:
        number = line.member.number
        differs = line.known and as_it_was.get(number) != line.member
        if differs:
            differs = members.update(line.member, now, CSV_SOURCE, line.dated)
        if line.stopped:
            differs |= members.stop_member(number, now, CSV_SOURCE)
        if line.withdrawn:
            differs |= members.withdraw(number, now, CSV_SOURCE)
        changed += line.known and differs
    return changed


def _with_number(line: CsvLine, numbers: BroughtNumbers, now: datetime) -> CsvLine:
    """A customer from before, with a number. Raises ImportTrouble where the collector has given it,
    or the address one, since the file was looked through.
    """
    own = line.member.number
    try:
        given = numbers.give(line.brought, None if own == NEXT_NUMBER else own, now)
    except AlreadyNumbered:
        raise ImportTrouble(
            [LineProblem(line.line, "このお客様の空メールが、たったいま届きました。")]
        ) from None
    return replace(line, member=replace(line.member, number=given))


def in_words(held: Sequence[int]) -> str:
    """Whose no still holds, for the person who imports."""
    if not held:
        return ""
    shown = "、".join(map(str, held[:MOST_NAMED])) + (" など" if len(held) > MOST_NAMED else "")
    return (
        f"{len(held):,}名（受付番号 {shown}）は、配信停止か退会のお申し出があったアドレスのため、"
        "配信停止のままです。お申し出の翌日以降の承諾日があるときだけ、配信を再開します。"
    )
