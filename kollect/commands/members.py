"""`members`: the customers from a file, and into one; the record of their consent."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from kollect.app.import_connection import for_import
from kollect.app.recovery import refuse_damage
from kollect.commands.output import (
    DONE,
    WRONG,
    data_folder,
    failed,
    number_digits,
    print_json,
    tell_who_can_read,
)
from kollect.mail.foreign_text import visible
from kollect.members import (
    csv_check,
    csv_export,
    csv_import,
    csv_table,
    merge_rules,
    normalize,
)
from kollect.members.address_change import AddressChanges
from kollect.members.csv_check import CheckedFile
from kollect.members.csv_table import CsvTable, CsvTrouble
from kollect.members.member import MemberState
from kollect.members.member_errors import MemberRefusal
from kollect.members.merge import MemberMerges
from kollect.members.merge_rules import MergeField
from kollect.members.repository import Members
from kollect.settings import ini_file
from kollect.storage import export
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_thread import local_now

COMMAND_SOURCE = "コマンド"
ENCODINGS = {"utf-8": "utf-8-sig", "cp932": "cp932"}


def members(options: Namespace) -> int:
    if wrong := _misuse(options):
        print(wrong, file=sys.stderr)
        return WRONG
    folder = data_folder(options)
    folder.prepare()
    refuse_damage(folder)
    form = ENCODINGS[options.encoding], number_digits(folder)
    match options.action:
        case "import":
            return _take_in(folder, options)
        case "change-address":
            return _change_address(folder, options)
        case "merge":
            return _merge(folder, options)
        case "unmerge":
            return _unmerge(folder, options)
        case "export":
            with closing(Members(folder.database)) as found:
                data = csv_export.members_csv(found.each(), *form)
        case _:
            with closing(Members(folder.database)) as found:
                data = csv_export.consents_csv(found.consents(), *form)
    export.write(options.file, data)
    if options.json:
        print_json({"file": str(options.file)})
    else:
        print(f"{options.file} に書き出しました。")
    tell_who_can_read(folder)
    return DONE


def _misuse(options: Namespace) -> str:
    """What is missing or wrong, in words; reads the numbers and the file."""
    given = options.given
    wanted = {"change-address": 0, "merge": 2, "unmerge": 1}.get(options.action)
    if options.action == "change-address" and None in (options.number, options.new_number):
        return "--number に会員の、--new-number に新しいアドレスの受付番号を指定してください。"
    if wanted is None:
        if len(given) != 1:
            return "CSV ファイルを1つ指定してください。"
        options.file = Path(given[0])
        return ""
    numbers = [normalize.number(one) for one in given]
    if len(numbers) != wanted or None in numbers:
        return {
            "merge": "なくなる番号と残す番号を、この順に指定してください。"
            "例: members merge 1002 1001",
            "unmerge": "残した会員の番号を指定してください。例: members unmerge 1001",
        }.get(options.action, "番号は --number と --new-number で指定してください。")
    options.numbers = numbers
    if unknown := set(options.take) - {str(field) for field in MergeField}:
        known = "、".join(MergeField)
        return f"--take に「{min(unknown)}」は指定できません（{known}）。"
    return ""


def _merge(folder: DataFolder, options: Namespace) -> int:
    (goes, stays), now = options.numbers, local_now()
    try:
        with closing(MemberMerges(folder.database)) as known:
            plan = known.plan(stays, goes)
            proposed = merge_rules.proposal(plan.stays.member, plan.goes.member)
            taken = proposed | {MergeField(name) for name in options.take}
            member = known.merge(stays, goes, taken, now, COMMAND_SOURCE)
    except MemberRefusal as refusal:
        failed(refusal, as_json=options.json)
        return WRONG
    stopped = member.standing.stopped_at is not None
    withdrawn = member.standing.state is MemberState.WITHDRAWN
    present = member.standing.address
    if options.json:
        print_json(
            {
                "number": stays,
                "merged": goes,
                "address": present,
                "stopped": stopped,
                "withdrawn": withdrawn,
            }
        )
    else:
        print(f"会員 {goes} を {stays}（{visible(present)}）に統合しました。")
        if stopped or withdrawn:
            print("退会か配信停止のお申し出があるため、メールは送りません。")
    return DONE


def _unmerge(folder: DataFolder, options: Namespace) -> int:
    (stays,) = options.numbers
    try:
        with closing(MemberMerges(folder.database)) as known:
            goes = known.undo_merge(stays, local_now(), COMMAND_SOURCE)
    except MemberRefusal as refusal:
        failed(refusal, as_json=options.json)
        return WRONG
    if options.json:
        print_json({"number": stays, "parted": goes})
    else:
        print(f"統合を取り消しました。会員 {goes} は、{stays} とは別の会員です。")
    return DONE


def _change_address(folder: DataFolder, options: Namespace) -> int:
    number, now = options.number, local_now()
    try:
        with closing(AddressChanges(folder.database)) as known:
            no = known.change_address(number, options.new_number, now, COMMAND_SOURCE)
            present = known.address_of(number) or ""
    except MemberRefusal as refusal:
        failed(refusal, as_json=options.json)
        return WRONG
    if options.json:
        print_json({"number": number, "address": present, "stopped": no is not None})
    else:
        print(f"会員 {number} のアドレスを {visible(present)} に変更しました。")
        if no is not None:
            print("新しいアドレスには配信停止か退会のお申し出があるため、メールは送りません。")
    return DONE


def _writer(
    folder: DataFolder, table: CsvTable, source: Path, path: Path
) -> Callable[[CheckedFile], None]:
    """Writes the rows of the source that cannot be taken in to the file."""

    def write(checked: CheckedFile) -> None:
        export.write(path, csv_check.wrong_rows_csv(table, checked), source=source)
        tell_who_can_read(folder)

    return write


def _take_in(folder: DataFolder, options: Namespace) -> int:
    held: Sequence[int] = ()
    try:
        found = csv_table.read(read_input(options.file))
        with for_import(folder, ini_file.load(folder.ini)) as (known, numbers):
            if options.dry_run:
                checked = csv_check.check(found, known, numbers, local_now())
                if options.wrong_to is None:
                    checked.demand_all_good()
                lines = checked.good
                new = sum(not line.known for line in lines)
                counts = {"new": new, "known": len(lines) - new}
                brought = sum(bool(line.brought) for line in lines)
            else:
                wrong_to = options.wrong_to
                leave_out = _writer(folder, found, options.file, wrong_to) if wrong_to else None
                tally = csv_import.take_in(found, known, numbers, local_now(), leave_out=leave_out)
                counts = {"new": tally.new, "changed": tally.changed, "same": tally.same}
                held, brought = tally.held, tally.brought
    except CsvTrouble as trouble:
        failed(trouble, as_json=options.json)
        return WRONG
    also = f"（うち、空メールの届いていない以前からの方 {brought}名）" if brought else ""
    if options.json:
        more = ({"held": [*held]} if held else {}) | ({"brought": brought} if brought else {})
        print_json(counts | more)
    elif options.dry_run:
        print(
            f"取り込めます（新しい会員 {counts['new']}名{also}、登録済み {counts['known']}名）。"
            "まだ何も取り込んでいません。"
        )
    else:
        print(
            f"取り込みました（新しい会員 {counts['new']}名{also}、"
            f"変更 {counts['changed']}名、同じ内容 {counts['same']}名）。"
            f"{csv_import.in_words(held)}"
        )
    return DONE


class UnreadableFile(CsvTrouble):
    """A file that was named on the command line."""


def read_input(file: Path) -> bytes:
    """Raises UnreadableFile."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnreadableFile(
            "ファイルを読めません",
            happened=f"{file} を開けません。",
            cure="ファイルの場所と名前を確かめて、もう一度お試しください。",
            detail=str(error),
        ) from error
