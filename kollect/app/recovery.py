"""The way back where kollect.db is damaged, lost or older than it was: to the newest good copy, or
on with the next number.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from kollect.errors import StorageTrouble
from kollect.ledger import put_back_file
from kollect.ledger.number_rows import Behind
from kollect.storage import backup, event_log
from kollect.storage.data_folder import DataFolder
from kollect.storage.event_log import months, read_month
from kollect.threads.background_thread import local_now

log = logging.getLogger(__name__)


def refuse_damage(folder: DataFolder) -> None:
    """Raises StorageTrouble where kollect.db is damaged, or gone while copies or the log tell that
    there was one: a new kollect.db would be taken for the old one.
    """
    found = backup.damage_at_a_glance(folder.database, folder.backup_dir)
    if found is not None:
        raise _damaged(found)
    if first_after_loss(folder) is not None:
        raise StorageTrouble(
            "受付の記録が見つかりません",
            happened=f"ログなどに受付番号を発行した記録がありますが、"
            f"「{folder.database}」がありません。メールはサーバに残っています。",
            cure="kollect.db を元の場所に戻してください。見つからないときは、"
            "「kollect restore」で、続きの番号から新しい記録を始められます。",
        )
    if (behind := catch_up(folder)) is not None:
        log.warning("%s", behind)
        print(behind, file=sys.stderr)


def behind_the_fault(folder: DataFolder) -> StorageTrouble | None:
    """Whether a fault that nobody expected comes from a damaged kollect.db; None: it is ours."""
    try:
        found = backup.damage(folder.database, folder.backup_dir)
    except StorageTrouble as trouble:
        return trouble
    return _damaged(found) if found is not None else None


def _damaged(found: str) -> StorageTrouble:
    return StorageTrouble(
        "データが壊れています",
        happened="kollect.db が壊れているか、なくなっています。メールはサーバに残っています。",
        cure="「kollect restore」で、いちばん新しい控えに戻せます。",
        detail=found,
    )


def first_after_loss(folder: DataFolder) -> int | None:
    """Where kollect.db is gone without a copy while the log tells of numbers: the first number that
    a new one may give. None: nothing is lost, or `backup.damage` tells of it.
    """
    if backup.holds_data(folder.database):
        return None
    return backup.first_after(_log_lines(folder), folder.database)


def catch_up(folder: DataFolder) -> Behind | None:
    """Where an older kollect.db was put in the place of the present one: go on above the numbers
    that were given since, and return what the user must be told.
    """
    if not backup.holds_data(folder.database):
        return None
    return put_back_file.catch_up(folder.database, folder.backup_dir, _readable_months(folder))


def go_back(folder: DataFolder, loss: backup.DataLoss, found: str) -> Path | None:
    """As `backup.go_back`, and say in the log what was `found` and what it has cost. A mailing that
    the copy was made in the middle of is paused.
    """
    with event_log.install(folder):
        log.warning("kollect.db を控え %s に戻します。%s（%s）", loss.backup.name, loss, found)
        aside = backup.go_back(folder.database, loss, local_now(), prepare=pause_mailings)
        log.warning("控えに戻しました。元のファイル: %s", aside.name if aside else "なし")
    return aside


def pause_mailings(copy: Path) -> None:
    """What was under way when the copy was made may have been sent since: it goes on when somebody
    says so.
    """
    from kollect.mailing.mailing_states import MailingState  # rare, and drags much along
    from kollect.mailing.outbox import Outbox

    with closing(Outbox(copy)) as outbox:
        for mailing in outbox.mailings(MailingState.SENDING):
            outbox.pause(mailing.id)


def start_new_database(folder: DataFolder, first: int) -> None:
    """Make a new kollect.db whose first number is `first`, and say so in the log."""
    with event_log.install(folder):
        backup.start_new_database(folder.database, first, local_now())
        log.warning("kollect.db を新しく作りました。受付番号は %d から発行します。", first)


def _log_lines(folder: DataFolder) -> Iterator[str]:
    return (line for month in months(folder) for line in read_month(folder, month))


def _readable_months(folder: DataFolder) -> Iterator[list[str]]:
    """The lines of the log by months, the newest first."""
    with suppress(StorageTrouble):  # a log that cannot be read keeps no mail waiting
        for month in reversed(months(folder)):
            yield read_month(folder, month)


def cost_of_going_back(folder: DataFolder) -> backup.DataLoss | None:
    """What going on with the newest good copy would lose; None where there is no good one.

    Raises StorageTrouble.
    """
    copy = backup.newest_good(folder.backup_dir)
    return None if copy is None else cost(folder, copy)


def cost(folder: DataFolder, copy: Path) -> backup.DataLoss:
    """What going on with this copy, one of those in backup/, would lose. Raises StorageTrouble."""
    return backup.loss(folder.database, copy, _log_lines(folder))
