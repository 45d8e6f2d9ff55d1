"""`restore`: go on with the newest good backup when kollect.db is damaged, or begin with a new
one."""

from __future__ import annotations

import logging
import sys
from argparse import Namespace

from kollect.app import recovery
from kollect.app.preflight import held
from kollect.commands.output import DONE, NO_STORAGE, data_folder
from kollect.storage import backup, event_log

log = logging.getLogger(__name__)


def _agreed() -> bool:
    try:
        return input("よろしければ「はい」と入力してください: ").strip() == "はい"
    except EOFError:  # nobody is there to answer
        print()
        return False


def restore(options: Namespace) -> int:
    folder = data_folder(options)
    with held(folder):
        found = backup.damage(folder.database, folder.backup_dir)
        if found is None and backup.older_than(folder.database, folder.backup_dir):
            found = "older than the newest copy"
            print("kollect.db は、控えより前の写しと入れ替わっています。")
        elif found is None and backup.holds_data(folder.database):
            with event_log.install(folder):
                behind = recovery.catch_up(folder)
                if behind is not None:
                    log.warning("%s", behind)
            print(behind or "kollect.db は壊れていません。何もしませんでした。")
            return DONE
        loss = recovery.cost_of_going_back(folder)
        if loss is None and (first := recovery.first_after_loss(folder)) is not None:
            print(f"控えがないため、新しい記録で始めます。受付番号は {first} から発行します。")
            if options.yes or _agreed():
                recovery.start_new_database(folder, first)
                print("新しい kollect.db を作りました。")
            else:
                print("何もしませんでした。")
            return DONE
        if loss is None:
            print("使える控えが backup フォルダにありません。", file=sys.stderr)
            return NO_STORAGE
        print(f"控え {loss.backup.name} に戻します。{loss}")
        if not options.yes and not _agreed():
            print("何もしませんでした。")
            return DONE
        aside = recovery.go_back(folder, loss, found or "missing")
        print(f"戻しました。壊れたファイルは {aside.name if aside else 'ありません'}。")
    return DONE
