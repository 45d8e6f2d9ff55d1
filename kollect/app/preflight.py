"""The way into the data folder at the start: one program at a time, and a sound kollect.db.

Finds out only: what stands in the way is told or asked by `startup.come_in`, which also shows that
it takes a while where the data are many.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kollect.desktop.lock import FolderLock, notify_running_instance
from kollect.errors import AlreadyRunning, DataCodeTrouble, StorageTrouble, Trouble
from kollect.storage import backup, event_log, protection_mark
from kollect.storage.data_folder import DataFolder
from kollect.storage.protection_mark import Protection, is_marked
from kollect.storage.reencrypt import looks_encrypted
from kollect.storage_errors import storage_trouble

OK, WRONG, NO_STORAGE, NO_CODE = 0, 2, 5, 6


@dataclass(frozen=True, slots=True)
class Refused:
    """The program cannot begin here."""

    code: int
    """The exit code."""
    trouble: Trouble | None = None
    """None: there is nothing to tell, the program that runs already shows its window."""


@dataclass(frozen=True, slots=True)
class Lost:
    """There was a kollect.db, which is gone without a copy."""

    first: int
    """The number that a new one would begin with."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """kollect.db is damaged or gone. A new one would give the old numbers once more."""

    found: str
    cost: backup.DataLoss
    """What going on with the newest good copy loses."""


@dataclass(frozen=True, slots=True)
class NeedsCode:
    """The data are protected, and this PC does not know the code."""


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """A change of the protection has not come to its end; to go on with it may take a while."""


Obstacle = Refused | NeedsCode | BrokenOff | Lost | Damaged

log = logging.getLogger(__name__)

SKIPPED = (
    "起動したときのデータの確認は、終わる前に「確かめずに始める」が押されました。"
    "壊れていないかは、1日1回の控えを作るときに確かめます。"
)

Watch = Callable[[float | None], bool]
"""Told which part of a change of the protection is done, and None while the data are looked
through; answers whether to go on with the looking. A change goes to its end.
"""


def wait(part: float | None) -> bool:
    """The one where nobody watches."""
    return True


def enter(folder: DataFolder, lock: FolderLock) -> Refused | BrokenOff | None:
    """Take the lock. None: the folder is this process's, and `come_inside` may follow."""
    try:
        folder.prepare()
        _acquire(lock)
    except AlreadyRunning as running:
        trouble: Trouble = running
        try:
            if notify_running_instance(folder.path):
                return Refused(OK)
        except AlreadyRunning as elsewhere:
            trouble = elsewhere
        return Refused(WRONG, trouble)
    except StorageTrouble as trouble:
        return Refused(NO_STORAGE, trouble)
    mark = protection_mark.read(folder.path)
    if mark is not None and mark.state is not Protection.ON:
        return BrokenOff()
    return None


def come_inside(folder: DataFolder, watch: Watch = wait) -> Obstacle | None:
    """Open what is protected, with the code that this PC knows, and look. None: come in.

    A change that was broken off is gone on with first. Takes a while where the data are many.
    """
    try:
        open_protected(folder, watch=watch)
    except DataCodeTrouble:
        return NeedsCode()
    except StorageTrouble as trouble:
        return Refused(NO_STORAGE, trouble)
    return look_inside(folder, watch)


def look_inside(folder: DataFolder, watch: Watch = wait) -> Obstacle | None:
    """Whether the data can be worked with, once they can be read. None: come in. That `watch` has
    ended the looking is written into the log."""
    skipped = not watch(None)

    def go_on() -> bool:
        nonlocal skipped
        skipped = skipped or not watch(None)
        return not skipped

    try:
        found = backup.damage_at_a_glance(folder.database, folder.backup_dir, go_on=go_on)
        if skipped:
            with event_log.install(folder):  # the program's own begins when it is inside
                log.info(SKIPPED)
        if found is not None:
            return _damaged(folder, found)
        return None if backup.holds_data(folder.database) else _lost(folder)
    except StorageTrouble as trouble:
        return Refused(NO_STORAGE, trouble)


@contextmanager
def held(folder: DataFolder) -> Iterator[None]:
    """The folder is this process's. Raises AlreadyRunning and StorageTrouble."""
    lock = FolderLock(folder.path)
    _acquire(lock)
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: FolderLock) -> None:
    try:
        lock.acquire()
    except OSError as error:
        raise storage_trouble(error, lock.path) from error


def put_back(folder: DataFolder) -> StorageTrouble | None:
    """What has to be told where an older kollect.db was put in the place of the present one."""
    from kollect.app import recovery

    try:
        behind = recovery.catch_up(folder)
    except StorageTrouble as trouble:
        return trouble
    if behind is None:
        return None
    return StorageTrouble(
        "受付の記録が以前のものになっています", happened=behind.happened, cure=behind.cure
    )


def open_protected(folder: DataFolder, code: str = "", watch: Watch = wait) -> None:
    """Let this process read protected data, with the code that was typed or that this PC knows.

    `watch` is told how far a change that was broken off has come. The folder is this process's.
    Raises DataCodeTrouble, StorageTrouble.
    """
    if not (is_marked(folder.database) or looks_encrypted(folder.database)):
        return
    from kollect.app import data_protection  # drags much along, and most folders are plain

    data_protection.open_folder(
        folder,
        ask=lambda: code,
        locked=True,
        progress=lambda done, total: watch(done / total),
    )


def _lost(folder: DataFolder) -> Lost | None:
    """There is no kollect.db: is this a first start, or not?"""
    from kollect.app import recovery  # drags much along, and is rare

    first = recovery.first_after_loss(folder)
    return None if first is None else Lost(first)


def _damaged(folder: DataFolder, found: str) -> Refused | Damaged:
    from kollect.app import recovery

    cost = recovery.cost_of_going_back(folder)
    if cost is None:
        return Refused(NO_STORAGE, _nothing_to_go_back_to(folder, found))
    return Damaged(found, cost)


def _nothing_to_go_back_to(folder: DataFolder, found: str) -> StorageTrouble:
    return StorageTrouble(
        "受付の記録が壊れています",
        happened=f"「{folder.database}」が壊れていて、戻せる控えも backup フォルダにありません。"
        "まだ処理していないメールは、サーバに残っています。",
        cure="コレクトのフォルダの写しがほかにあれば、その kollect.db を戻してください。"
        "ないときは、壊れた kollect.db を別の場所へ移してから起動すると、"
        "前に発行した番号と重ならない番号で、新しい記録を始められます。",
        detail=found,
    )
