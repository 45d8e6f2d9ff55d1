"""What is done once a day: a backup is made, old copies leave kept/, old rows leave the ledger."""

from __future__ import annotations

from datetime import timedelta

from kollect.ledger.kept_folder import KeptFolder
from kollect.ledger.ledger import Ledger
from kollect.ledger.lived_clock import LivedClock
from kollect.storage.backup import make_backup
from kollect.storage.data_folder import DataFolder

FORGET_AFTER = timedelta(days=90)
"""How long a mail is remembered that is gone from the server."""


def upkeep(folder: DataFolder, ledger: Ledger, clock: LivedClock) -> bool:
    """Do the day's work unless it is done. Raises `errors.StorageTrouble`.

    Nothing is removed for being old by a date that has jumped and not yet stood for a day: a PC
    whose battery is empty, or a mistyped year, would otherwise take all copies at once.
    """
    time = clock.tick()  # at each poll: a jump between two must not stay unseen
    now = clock.now()
    today = f"{now:%Y-%m-%d}"
    if ledger.get_metadata("upkeep") == today:
        return False
    if time.is_trusted:  # first: on a full disk it makes room for the rest
        KeptFolder(folder.kept_dir).clear_old(now, time.age)
    make_backup(folder.database, folder.backup_dir, now.date(), removing=time.is_trusted)
    if time.is_trusted:
        ledger.forget_gone(now - FORGET_AFTER - time.jumped_over)
    ledger.set_metadata("upkeep", today)
    return True
