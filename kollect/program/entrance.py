"""The way into the data folder at the start: one program at a time, and a sound kollect.db.

What stands in the way is told in a window of its own. Knows nothing of the screens behind it.
"""

from __future__ import annotations

from collections.abc import Callable

from kollect.desktop.lock import FolderLock, signal_first
from kollect.errors import AlreadyRunning, StorageTrouble, Trouble
from kollect.folder import DataFolder, storage_trouble
from kollect.register import backup
from kollect.screens.window import Window

OK, WRONG, NO_STORAGE = 0, 2, 5

MakeWindow = Callable[[], Window]


def enter(folder: DataFolder, lock: FolderLock, make_window: MakeWindow) -> int | None:
    """Take the lock, and make sure that the data can be worked with.

    None: come in. Else the exit code; the user has been told, in a window made for it.
    """
    try:
        folder.prepare()
        _acquire(lock)
        found = backup.damage(folder.database, folder.backup_dir, thorough=False)
        if found is None:
            come_in = backup.holds_data(folder.database) or _begun(folder, make_window)
        else:
            come_in = _mended(folder, found, make_window)
        return None if come_in else NO_STORAGE
    except AlreadyRunning:
        try:
            if signal_first(folder.path):
                return OK
        except AlreadyRunning as elsewhere:
            trouble = elsewhere
        _tell(trouble, make_window)
        return WRONG
    except StorageTrouble as trouble:
        _tell(trouble, make_window)
        return NO_STORAGE


def _acquire(lock: FolderLock) -> None:
    try:
        lock.acquire()
    except OSError as error:
        raise storage_trouble(error, lock.path) from error


def put_back(folder: DataFolder) -> StorageTrouble | None:
    """What has to be told where an older kollect.db was put in the place of the present one."""
    from kollect.program import recovery

    try:
        behind = recovery.catch_up(folder)
    except StorageTrouble as trouble:
        return trouble
    if behind is None:
        return None
    return StorageTrouble(
        "受付の記録が以前のものになっています", happened=behind.happened, cure=behind.cure
    )


def _begun(folder: DataFolder, make_window: MakeWindow) -> bool:
    """There is no kollect.db: is this a first start, or else, may a new one be made?"""
    from kollect.program import recovery  # drags much along, and is rare

    first = recovery.first_after_loss(folder)
    if first is None:
        return True
    window = make_window()
    try:
        if not window.dialogs.ask(
            "受付の記録が見つかりません",
            f"受付の記録「{folder.database}」がなくなっています。控えもありません。\n\n"
            "ほかの場所に移した覚えがあるときは、「終了する」を押して、元の場所に戻してください。"
            "\n\n見つからないときは、新しい記録で始められます。これまでの受付番号は分からなくなり、"
            "登録済みのお客様にも新しい番号を発行します。番号が前のものと重ならないように、"
            f"ログなどを調べて {first} から発行します。",
            yes="新しい記録で始める",
            no="終了する",
            careful=True,
        ):
            return False
    finally:
        window.close()
    recovery.begin_anew(folder, first)
    return True


def _mended(folder: DataFolder, found: str, make_window: MakeWindow) -> bool:
    """Offer to go on with the newest good copy: a kollect.db made anew would give the old numbers
    once more.
    """
    from kollect.program import recovery  # drags much along, and is rare
    from kollect.screens.damage_dialog import DamageDialog

    cost = recovery.cost_of_going_back(folder)
    if cost is None:
        _tell(_nothing_to_go_back_to(folder, found), make_window)
        return False

    def go_back() -> None:
        recovery.go_back(folder, cost, found)

    window = make_window()
    try:
        return window.dialogs.show(
            DamageDialog, window.jobs, cost, there=folder.database.exists(), go_back=go_back
        )
    finally:
        window.close()


def _tell(trouble: Trouble, make_window: MakeWindow) -> None:
    window = make_window()
    try:
        window.dialogs.trouble(trouble)
    finally:
        window.close()


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
