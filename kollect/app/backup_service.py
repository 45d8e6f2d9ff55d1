"""The copies in backup/ as the window shows them: what each holds, going back to one, writing one
out to where the owner wants it.

Knows nothing of windows. Everything here takes a while and raises StorageTrouble.
"""

from __future__ import annotations

import logging
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kollect.app import recovery
from kollect.errors import StorageTrouble
from kollect.mail import address
from kollect.members.member import Member, MemberState
from kollect.members.repository import Members
from kollect.storage import backup
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_glance import changed_members, receipts_and_members
from kollect.storage_errors import storage_trouble
from kollect.threads.background_thread import local_now

if TYPE_CHECKING:
    from kollect.app.workspace import Workspace

log = logging.getLogger(__name__)

KEPT_AS = "before"
"""So kollect.db is called after a return: kollect.db.before-20261128-101500."""
_AT_ONCE = 500
SOURCE = "控えに戻したとき"
"""How the history of a member names it."""


@dataclass(frozen=True, slots=True)
class BackupCopy:
    """One file in backup/."""

    path: Path
    made_on: date
    size: int
    """Octets."""
    receipts: int | None
    members: int | None
    """None: it does not tell, being damaged or very old."""


@dataclass(frozen=True, slots=True)
class ReturnCost:
    """What going back to a copy that is sound would cost."""

    loss: backup.DataLoss
    members: int
    """How many members were registered or corrected since."""


def copies(folder: DataFolder) -> list[BackupCopy]:
    """Those that are there, the newest first."""
    return [found for path in backup.backups(folder.backup_dir) if (found := _look_at(path))]


def cost_of(folder: DataFolder, copy: Path) -> ReturnCost:
    """What would be lost. Raises StorageTrouble also where the copy is damaged or gone."""
    if not copy.exists():
        raise StorageTrouble(
            "控えが見つかりません",
            happened=f"「{copy}」がありません。消されたか、USBメモリが抜かれたようです。",
            cure="USBメモリを差し直すか、ほかの控えを選んでください。",
        )
    if found := backup.damage(copy):
        raise StorageTrouble(
            "この控えは壊れています",
            happened=f"「{copy.name}」の中身が壊れていて、戻せません。いまの記録はそのままです。",
            cure="ほかの日の控えを選んでください。",
            detail=found,
        )
    changed = changed_members(folder.database, copy)
    return ReturnCost(recovery.cost(folder, copy), changed)


def go_back(workspace: Workspace, cost: ReturnCost) -> Path | None:
    """End collector and sender after the mail in hand, and go on with the copy.

    Whoever has said no since stays left alone, and a mailing that the copy was made in the middle
    of is paused. Returns what the file that was there is called now. The caller begins again what
    was interrupted, also where this raises; then nothing has changed.
    """
    workspace.come_to_rest()
    database = workspace.folder.database
    nos = _nos(database)

    def prepare(copy: Path) -> None:
        _keep_nos(copy, nos)
        recovery.pause_mailings(copy)

    log.warning("kollect.db を控え %s に戻します。%s", cost.loss.backup.name, cost.loss)
    aside = backup.go_back(database, cost.loss, local_now(), named=KEPT_AS, prepare=prepare)
    log.warning("控えに戻しました。元のファイル: %s", aside.name if aside else "なし")
    return aside


def write_out(folder: DataFolder, target: Path) -> None:
    """A whole copy of kollect.db, checked, at this place, which is not in the data folder."""
    if _is_within(target, folder.path):
        raise StorageTrouble(
            "ここには書き出せません",
            happened=f"「{target.parent}」は、いま使っているデータのフォルダです。"
            "同じ場所にあっては、なくしたときの控えになりません。",
            cure="別のUSBメモリなど、ほかの場所を選んでください。",
        )
    backup.write_out(folder.database, target)
    log.info("控えを書き出しました: %s", target)


def _look_at(path: Path) -> BackupCopy | None:
    """None where it has gone meanwhile."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_trouble(error, path) from error
    receipts, members = receipts_and_members(path) or (None, None)
    return BackupCopy(path, backup.day_of(path), size, receipts, members)


def _is_within(target: Path, folder: Path) -> bool:
    with suppress(OSError):
        return target.parent.resolve().is_relative_to(folder.resolve())
    return False


@dataclass(frozen=True, slots=True)
class _No:
    """Who has said no, in the present database."""

    member: Member
    numbers: list[int]
    """The member's own, and those of who was merged into it."""
    addresses: set[str]

    @property
    def at(self) -> datetime:
        standing = self.member.standing
        return max(at for at in (standing.stopped_at, standing.withdrawn_at) if at is not None)


def _nos(database: Path) -> tuple[list[_No], list[tuple[str, datetime]]]:
    """Who has said no, and the nos by mail that no member may be known by any more."""
    with closing(Members(database)) as members:
        every = members.numbers()
        parts = (every[start : start + _AT_ONCE] for start in range(0, len(every), _AT_ONCE))
        found = [
            _No(one, [one.number, *_merged(members, one)], _addresses(members, one))
            for part in parts
            for one in members.members(part)
            if _said_no(one)
        ]
        return found, members.nos_by_mail()


def _merged(members: Members, one: Member) -> list[int]:
    return [number for number, _ in members.merged_into(one.number)]


def _addresses(members: Members, one: Member) -> set[str]:
    """The present one and those before アドレスの変更 and 統合."""
    former = (left.address for left in members.former_addresses(one.number))
    merged = (at for _, at in members.merged_into(one.number))
    return {one.standing.address, *former, *merged}


def _said_no(member: Member) -> bool:
    standing = member.standing
    return standing.stopped_at is not None or standing.state is MemberState.WITHDRAWN


def _there(members: Members, number: int) -> Member | None:
    """Whose this number is; of a member who is merged there, into whom."""
    if (own := members.get(number)) is not None:
        return own
    into = members.stands_for(number)
    return None if into is None else members.get(into)


def _keep_nos(copy: Path, nos: tuple[list[_No], list[tuple[str, datetime]]]) -> None:
    """A no is no, whatever the copy knows: 配信停止 and 退会 are written down there too."""
    now = local_now()
    said, by_mail = nos
    with closing(Members(copy)) as members, members.transaction():
        members.keep_nos_by_mail(by_mail)
        for no in said:
            theirs = [_keep_no(members, no, number, now) for number in no.numbers]
            if not any(theirs):
                members.keep_nos_by_mail([(address.key(no.member.standing.address), no.at)])
        members.hold(now)


def _keep_no(members: Members, no: _No, number: int, now: datetime) -> bool:
    """Returns whether this number is theirs in the copy."""
    there = _there(members, number)
    if there is None or no.addresses.isdisjoint(_addresses(members, there)):
        return False
    if no.member.standing.state is MemberState.WITHDRAWN and there.number == number:
        members.withdraw(number, now, SOURCE)
    if no.member.standing.stopped_at is not None or there.number != number:
        members.stop_member(there.number, now, SOURCE)
    return True
