"""What is done once a day: the backup, kept/ cleared of old copies, the ledger of old rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from kollect.folder import DataFolder
from kollect.register.backup import make_backup
from kollect.register.kept import KeptFolder
from kollect.register.ledger import Ledger

FORGET_AFTER = timedelta(days=90)
"""A mail that is gone from the server is remembered so long."""


def upkeep(folder: DataFolder, ledger: Ledger, now: datetime) -> bool:
    """Do the day's work unless it is done. Raises `errors.StorageTrouble`."""
    today = f"{now:%Y-%m-%d}"
    if ledger.noted("upkeep") == today:
        return False
    KeptFolder(folder.kept_dir).clear_old(now)  # first: on a full disk it makes room for the rest
    make_backup(folder.database, folder.backup_dir, now.date())
    ledger.forget_gone(now - FORGET_AFTER)
    ledger.note("upkeep", today)
    return True
