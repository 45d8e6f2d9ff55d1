"""Whichever way an older file comes back: what was under way waits for somebody's word."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect import __main__
from kollect.app import recovery
from kollect.ledger.ledger import Ledger
from kollect.mailing.due_mailings import to_be_asked
from kollect.mailing.mailing_states import MailingState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member_filter import EVERYBODY
from kollect.storage import backup
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_thread import local_now
from tests.helpers.ledger_samples import numbered
from tests.helpers.member_shop import SHOP, guest, join
from tests.helpers.shop import ADDRESS

HOUR = timedelta(hours=1)


def reserve(database: Path, due: datetime, *, night: bool = True) -> int:
    with closing(Outbox(database)) as outbox:
        mailing = outbox.save("入荷", "★名前★様", RateLimit(0, 0), due - HOUR)
        outbox.reserve(
            mailing, EVERYBODY, due - HOUR,
            due=due, night=night, shop=SHOP, letter_domain="shop.example",
        )  # fmt: skip
    return mailing


def begun(database: Path, due: datetime, *, night: bool = True) -> int:
    """Begun by the clock; no letter has gone yet."""
    mailing = reserve(database, due, night=night)
    with closing(Outbox(database)) as outbox:
        outbox.begin_reserved(mailing, due, shop=SHOP, mail_address=ADDRESS)
    return mailing


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "data")
    folder.prepare()
    join(folder.database, [guest(1), guest(2)], local_now() - timedelta(days=9))
    return folder


def state(database: Path, mailing: int) -> MailingState:
    with closing(Outbox(database)) as outbox:
        return outbox.mailing(mailing).state


@pytest.mark.parametrize("way", ["window", "command"])
def test_a_damaged_file_left_for_a_copy_made_in_the_middle(folder: DataFolder, way: str) -> None:
    mailing = begun(folder.database, local_now() - HOUR)
    assert backup.make_backup(folder.database, folder.backup_dir, local_now().date())
    folder.database.write_bytes(b"x" * 5000)
    if way == "window":
        cost = recovery.cost_of_going_back(folder)
        assert cost is not None
        recovery.go_back(folder, cost, "damaged")
    else:
        assert __main__.main(["restore", "--yes", "--data", str(folder.path)]) == 0
    assert state(folder.database, mailing) is MailingState.PAUSED


def test_a_file_copied_back_by_hand_is_asked_about(folder: DataFolder, tmp_path: Path) -> None:
    mailing = begun(folder.database, local_now() - HOUR)
    copy = shutil.copy(folder.database, tmp_path / "copy.db")
    with closing(Ledger(folder.database)) as ledger:
        numbered(ledger, "new@docomo.ne.jp")
    shutil.copy(copy, folder.database)
    with closing(Outbox(folder.database)) as outbox:
        assert to_be_asked(outbox, local_now()) == []
    assert recovery.catch_up(folder) is not None
    with closing(Outbox(folder.database)) as outbox:
        assert [one.id for one in to_be_asked(outbox, local_now())] == [mailing]
        outbox.stop(mailing, local_now())
    later = begun(folder.database, local_now())
    with closing(Outbox(folder.database)) as outbox:
        assert to_be_asked(outbox, local_now()) == [], later


def test_who_is_asked_about_what_was_broken_off(folder: DataFolder) -> None:
    """A 予約 for the night is late by its own time, another one by the end of the night."""
    now = local_now().replace(hour=4, minute=0)
    evening = (now - timedelta(days=2)).replace(hour=22)
    late = begun(folder.database, evening, night=True)
    begun(folder.database, evening, night=False)
    with closing(Outbox(folder.database)) as outbox:
        hand = outbox.save("手で", "★名前★様", RateLimit(0, 0), now)
        outbox.start(
            hand, EVERYBODY, now,
            shop=SHOP, mail_address=ADDRESS, letter_domain="shop.example",
        )  # fmt: skip
        assert [one.id for one in to_be_asked(outbox, now)] == [late, hand]
