"""`restore`: go on with the newest good backup when kollect.db is damaged."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator

from kollect.collector.background import local_now
from kollect.commands.output import DONE, NO_STORAGE, data_folder
from kollect.desktop.lock import FolderLock
from kollect.errors import StorageTrouble
from kollect.folder import DataFolder
from kollect.logfile import months, read_month
from kollect.register import backup


def refuse_damage(folder: DataFolder) -> None:
    """Raises StorageTrouble where kollect.db is damaged, or gone while there are copies of it."""
    found = backup.damage(folder.database, folder.backup_dir)
    if found is None:
        return
    raise StorageTrouble(
        "データが壊れています",
        happened="kollect.db が壊れているか、なくなっています。メールはサーバに残っています。",
        cure="「kollect restore」で、いちばん新しい控えに戻せます。",
        detail=found,
    )


def refuse_loss(folder: DataFolder) -> None:
    """As `refuse_damage`, and where kollect.db is gone while the log tells of numbers.

    For what would show an empty list in its place.
    """
    refuse_damage(folder)
    if not folder.database.exists() and any(backup.numbers_given(_log_lines(folder))):
        raise StorageTrouble(
            "受付の記録が見つかりません",
            happened=f"ログには受付番号を発行した記録がありますが、"
            f"「{folder.database}」がありません。",
            cure="kollect.db を元の場所に戻してください。",
        )


def _log_lines(folder: DataFolder) -> Iterator[str]:
    return (line for month in months(folder) for line in read_month(folder, month))


def cost_of_going_back(folder: DataFolder) -> backup.Loss | None:
    """What going on with the newest good copy would lose; None where there is no good one.

    Raises StorageTrouble.
    """
    copy = backup.newest_good(folder.backup_dir)
    if copy is None:
        return None
    return backup.loss(folder.database, copy, _log_lines(folder))


def _agreed() -> bool:
    try:
        return input("よろしければ「はい」と入力してください: ").strip() == "はい"
    except EOFError:  # nobody is there to answer
        print()
        return False


def restore(options: Namespace) -> int:
    folder = data_folder(options)
    with FolderLock(folder.path):
        if backup.damage(folder.database, folder.backup_dir) is None and folder.database.exists():
            print("kollect.db は壊れていません。何もしませんでした。")
            return DONE
        loss = cost_of_going_back(folder)
        if loss is None:
            print("使える控えが backup フォルダにありません。", file=sys.stderr)
            return NO_STORAGE
        print(f"控え {loss.backup.name} に戻します。{loss}")
        if not options.yes and not _agreed():
            print("何もしませんでした。")
            return DONE
        aside = backup.go_back(folder.database, loss, local_now())
        print(f"戻しました。壊れたファイルは {aside.name if aside else 'ありません'}。")
    return DONE
