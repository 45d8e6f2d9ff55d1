"""The way into the data folder at the start: one program at a time, and a sound kollect.db.

What stands in the way is told in a window of its own. Knows nothing of the screens behind it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from kollect import logfile
from kollect.desktop.lock import FolderLock, signal_first
from kollect.errors import AlreadyRunning, StorageTrouble, Trouble
from kollect.folder import DataFolder
from kollect.register import backup
from kollect.screens.window import Window

log = logging.getLogger(__name__)

OK, WRONG, NO_STORAGE = 0, 2, 5

MakeWindow = Callable[[], Window]


def enter(folder: DataFolder, lock: FolderLock, make_window: MakeWindow) -> int | None:
    """Take the lock, and make sure that the data can be worked with.

    None: come in. Else the exit code; the user has been told, in a window made for it.
    """
    try:
        folder.prepare()
        lock.acquire()
        found = backup.damage(folder.database, folder.backup_dir)
        if found is None or _mended(folder, found, make_window):
            return None
        return NO_STORAGE
    except AlreadyRunning as trouble:
        if signal_first(folder.path):
            return OK
        _tell(trouble, make_window)
        return WRONG
    except StorageTrouble as trouble:
        _tell(trouble, make_window)
        return NO_STORAGE


def _mended(folder: DataFolder, found: str, make_window: MakeWindow) -> bool:
    """Offer to go on with the newest good copy: a kollect.db made anew would give the old numbers
    once more.
    """
    from kollect.commands.mending import cost_of_going_back  # drags much along, and is rare
    from kollect.screens.damage_dialog import DamageDialog

    cost = cost_of_going_back(folder)
    if cost is None:
        _tell(_nothing_to_go_back_to(folder, found), make_window)
        return False

    def go_back() -> None:
        with logfile.install(folder):
            log.warning("kollect.db を控え %s に戻します。%s（%s）", cost.backup.name, cost, found)
            aside = backup.go_back(folder.database, cost, datetime.now().astimezone())
            log.warning("控えに戻しました。元のファイル: %s", aside.name if aside else "なし")

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
        "ないときは、壊れた kollect.db を別の場所へ移してから起動すると、新しい記録で始めます。"
        "その前に発行した番号と重ならないように、「受付番号の開始番号」を大きくしてください。",
        detail=found,
    )
