"""What is done once a day: the backup, kept/ cleared of old copies, the ledger of old rows."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from kollect.folder import DataFolder
from kollect.register.backup import make_backup
from kollect.register.database import to_day
from kollect.register.kept import KeptFolder
from kollect.register.ledger import Ledger

log = logging.getLogger(__name__)

FORGET_AFTER = timedelta(days=90)
"""A mail that is gone from the server is remembered so long."""
JUMP = timedelta(days=60)
"""From one day's work to the next; longer than most shops are closed."""
SURE_AFTER = timedelta(days=30)
"""So long a clock that has jumped must have gone on well before anything is removed by it."""
DATE_JUMPED = (
    "パソコンの日付が、前回の {} から {} に変わりました。日付が正しいか確かめてください。"
    "念のため、古くなった保存メールの削除を {} まで見合わせます。"
)


def upkeep(folder: DataFolder, ledger: Ledger, now: datetime) -> bool:
    """Do the day's work unless it is done. Raises `errors.StorageTrouble`."""
    today = f"{now:%Y-%m-%d}"
    last = ledger.noted("upkeep")
    if last == today:
        return False
    removing = _is_believed(now.date(), last, ledger)
    if removing:  # first: on a full disk it makes room for the rest
        KeptFolder(folder.kept_dir).clear_old(now)
    make_backup(folder.database, folder.backup_dir, now.date())
    if removing:
        ledger.forget_gone(now - FORGET_AFTER)
    ledger.note("upkeep", today)
    return True


def _is_believed(today: date, last: str, ledger: Ledger) -> bool:
    """May things be removed for being old, by this clock? Not soon after it has jumped.

    A PC whose battery is empty, or a mistyped year, would else take all copies at once.
    """
    if last and abs(today - to_day(last)) > JUMP:
        until = f"{today + SURE_AFTER}"
        if ledger.note("remove nothing before", until):
            log.warning(DATE_JUMPED.format(last, today, until))
        return False
    return f"{today}" >= ledger.noted("remove nothing before")
