"""The copies in the window: what each holds, going back while the program runs, writing out."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from kollect.app import backup_service
from kollect.app.workspace import Workspace
from kollect.desktop import files
from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.mailing.mailing_states import MailingState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.address_change import AddressChanges
from kollect.members.member import MemberState
from kollect.members.member_filter import EVERYBODY
from kollect.members.merge import MemberMerges
from kollect.members.merge_rules import MergeField
from kollect.members.repository import Members
from kollect.settings.model import Shop
from kollect.storage import backup
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import NOW, numbered
from tests.helpers.member_samples import YAMADA, numbers, register

TODAY = date(2026, 11, 27)


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Three numbers and two members; no worker runs."""
    workspace = Workspace(DataFolder(tmp_path / "data"), lambda news: None)
    workspace.open()
    numbers(workspace.folder.database, *(f"{n}@docomo.ne.jp" for n in range(3)))
    register(workspace.folder.database, YAMADA, replace(YAMADA, number=1002, name="佐藤　花子"))
    yield workspace
    workspace.close()


def copied(workspace: Workspace, day: date = TODAY) -> Path:
    path = backup.make_backup(workspace.folder.database, workspace.folder.backup_dir, day)
    assert path is not None
    return path


def given(database: Path) -> list[int]:
    with closing(sqlite3.connect(database)) as db:
        return [number for (number,) in db.execute("SELECT number FROM receipt ORDER BY 1")]


def test_the_list_tells_what_each_copy_holds(workspace: Workspace):
    older = copied(workspace, TODAY - timedelta(days=1))
    numbers(workspace.folder.database, "new@docomo.ne.jp")
    newer = copied(workspace)
    newest, before = backup_service.copies(workspace.folder)
    assert (newest.path, newest.made_on, newest.receipts, newest.members) == (newer, TODAY, 4, 2)
    assert newest.size == newer.stat().st_size
    assert (before.path, before.receipts) == (older, 3)


def test_a_copy_that_cannot_tell_is_listed_and_refused(workspace: Workspace):
    path = copied(workspace)
    path.write_bytes(b"\xe5" * path.stat().st_size)
    (found,) = backup_service.copies(workspace.folder)
    assert (found.receipts, found.members) == (None, None)
    with pytest.raises(StorageTrouble, match="この控えは壊れています"):
        backup_service.cost_of(workspace.folder, path)
    path.unlink()
    with pytest.raises(StorageTrouble, match="見つかりません"):
        backup_service.cost_of(workspace.folder, path)


def test_looking_changes_no_copy(workspace: Workspace):
    path = copied(workspace)
    before = path.read_bytes()
    backup_service.copies(workspace.folder)
    backup_service.cost_of(workspace.folder, path)
    assert path.read_bytes() == before
    assert [*workspace.folder.backup_dir.iterdir()] == [path]


def test_going_back_costs_what_it_says_and_keeps_the_file(workspace: Workspace):
    folder = workspace.folder
    path = copied(workspace)
    numbers(folder.database, "4@docomo.ne.jp", "5@docomo.ne.jp")
    register(folder.database, replace(YAMADA, number=1004))
    with closing(Members(folder.database)) as members:
        members.update(replace(YAMADA, phone="03-1111-2222"), NOW, "会員一覧")
    cost = backup_service.cost_of(folder, path)
    assert (cost.loss.last_number, cost.loss.highest_number, cost.members) == (1003, 1005, 2)
    aside = backup_service.go_back(workspace, cost)
    assert aside is not None
    assert aside.name.startswith("kollect.db.before-")
    assert given(folder.database) == [1001, 1002, 1003]
    assert given(aside) == [1001, 1002, 1003, 1004, 1005], "the present one is kept"
    with closing(Ledger(folder.database)) as ledger, ledger.transaction():
        assert numbered(ledger, "6@docomo.ne.jp")[1] > 1005, "no number is given twice"
    assert backup.damage(folder.database, folder.backup_dir) is None
    assert path.exists()


def test_a_no_said_since_holds(workspace: Workspace):
    folder = workspace.folder
    path = copied(workspace)
    with closing(Members(folder.database)) as members:
        members.stop_member(1001, NOW, "メール")
        members.withdraw(1002, NOW, "会員一覧")
    backup_service.go_back(workspace, backup_service.cost_of(folder, path))
    with closing(Members(folder.database)) as members:
        one, two = members.members([1001, 1002])
        assert one.standing.stopped_at is not None
        assert two.standing.state is MemberState.WITHDRAWN
        assert members.changes(1001)[0].source == backup_service.SOURCE


def test_a_no_said_after_a_change_of_address_holds_at_the_former_one(workspace: Workspace):
    """The copy knows the customer by the address of before."""
    folder = workspace.folder
    path = copied(workspace)
    numbers(folder.database, "new@docomo.ne.jp")
    with closing(AddressChanges(folder.database)) as members:
        members.change_address(1001, 1004, NOW, "会員一覧")
        members.stop_member(1001, NOW, "メール")
    backup_service.go_back(workspace, backup_service.cost_of(folder, path))
    with closing(Members(folder.database)) as members:
        one = members.get(1001)
        assert one.standing.address == "0@docomo.ne.jp"
        assert one.standing.stopped_at is not None


def test_a_no_said_after_two_were_merged_holds_for_both(workspace: Workspace):
    """The copy knows the customer as two."""
    folder = workspace.folder
    path = copied(workspace)
    with closing(MemberMerges(folder.database)) as members:
        members.merge(1001, 1002, [MergeField.ADDRESS], NOW, "会員一覧")
        members.stop_member(1001, NOW, "会員一覧")
    backup_service.go_back(workspace, backup_service.cost_of(folder, path))
    with closing(Members(folder.database)) as members:
        assert members.stopped_among([1001, 1002]) == [1001, 1002]


def test_a_strangers_no_holds_that_no_member_is_known_by(workspace: Workspace):
    folder = workspace.folder
    numbers(folder.database, "new@docomo.ne.jp")
    path = copied(workspace)
    with closing(AddressChanges(folder.database)) as members:
        members.change_address(1001, 1004, NOW, "会員一覧")
        members.stop("new@docomo.ne.jp", NOW, "メール")
        members.undo_address_change(1001, NOW, "会員一覧")
    backup_service.go_back(workspace, backup_service.cost_of(folder, path))
    with closing(Members(folder.database)) as members:
        assert not members.is_stopped(1001)
        assert members.said_no(1004) == NOW


def test_a_no_said_after_a_change_was_taken_back_holds_at_the_address_of_between(
    workspace: Workspace,
):
    folder = workspace.folder
    numbers(folder.database, "new@docomo.ne.jp")
    with closing(AddressChanges(folder.database)) as members:
        members.change_address(1001, 1004, NOW, "会員一覧")
    path = copied(workspace)
    with closing(AddressChanges(folder.database)) as members:
        members.undo_address_change(1001, NOW, "会員一覧")
        members.withdraw(1001, NOW, "会員一覧")
    backup_service.go_back(workspace, backup_service.cost_of(folder, path))
    with closing(Members(folder.database)) as members:
        one = members.get(1001)
        assert one.standing.address == "new@docomo.ne.jp"
        assert one.standing.state is MemberState.WITHDRAWN


def test_a_no_by_mail_holds_for_who_has_that_address_in_the_copy(workspace: Workspace):
    """Said after the copy, from an address that the member has left since."""
    folder = workspace.folder
    numbers(folder.database, "new@docomo.ne.jp")
    with closing(AddressChanges(folder.database)) as members:
        members.change_address(1001, 1004, NOW, "会員一覧")
    path = copied(workspace)
    with closing(AddressChanges(folder.database)) as members:
        members.stop("new@docomo.ne.jp", NOW, "メール")
        members.undo_address_change(1001, NOW, "会員一覧")
    backup_service.go_back(workspace, backup_service.cost_of(folder, path))
    with closing(Members(folder.database)) as members:
        assert members.address_of(1001) == "new@docomo.ne.jp"
        assert members.is_stopped(1001)


@pytest.mark.parametrize("taken", [[], [MergeField.ADDRESS]])
@pytest.mark.parametrize("left", [False, True])
def test_a_no_of_somebody_who_is_merged_in_the_copy_holds(
    workspace: Workspace, taken: list[MergeField], left: bool
):
    folder = workspace.folder
    with closing(MemberMerges(folder.database)) as members:
        members.merge(1001, 1002, taken, NOW, "会員一覧")
    path = copied(workspace)
    with closing(MemberMerges(folder.database)) as members:
        members.undo_merge(1001, NOW, "会員一覧")
        (members.withdraw if left else members.stop_member)(1002, NOW, "会員一覧")
    backup_service.go_back(workspace, backup_service.cost_of(folder, path))
    with closing(Members(folder.database)) as members:
        assert members.is_stopped(1001), "the two are one there"


@pytest.mark.parametrize("left", [False, True])
def test_a_no_of_a_member_of_later_holds_for_who_has_that_address_in_the_copy(
    workspace: Workspace, left: bool
):
    folder = workspace.folder
    path = copied(workspace)
    numbers(folder.database, "new@docomo.ne.jp")
    with closing(AddressChanges(folder.database)) as members:
        members.change_address(1001, 1004, NOW, "会員一覧")
    numbers(folder.database, "0@docomo.ne.jp")
    register(folder.database, replace(YAMADA, number=1005))
    with closing(Members(folder.database)) as members:
        (members.withdraw if left else members.stop_member)(1005, NOW, "会員一覧")
        assert not members.is_stopped(1001), "somebody else, at another address"
    backup_service.go_back(workspace, backup_service.cost_of(folder, path))
    with closing(Members(folder.database)) as members:
        assert members.address_of(1001) == "0@docomo.ne.jp"
        assert members.is_stopped(1001) and not members.is_stopped(1002)


def test_a_mailing_copied_in_the_middle_waits(workspace: Workspace):
    folder = workspace.folder
    with closing(Outbox(folder.database)) as outbox:
        mailing = outbox.save("入荷", "お待ちしています。", RateLimit(), NOW)
        outbox.start(
            mailing,
            EVERYBODY,
            NOW,
            shop=Shop("S0123", "フレッシュ髙田", "東京都新宿区西新宿1-2-3", "03-1234-5678"),
            mail_address="karamail@ocn.ne.jp",
            letter_domain="ocn.ne.jp",
        )
    path = copied(workspace)
    backup_service.go_back(workspace, backup_service.cost_of(folder, path))
    with closing(Outbox(folder.database)) as outbox:
        assert outbox.mailing(mailing).state is MailingState.PAUSED


def test_a_full_disk_on_the_way_back_changes_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    folder = workspace.folder
    cost = backup_service.cost_of(folder, copied(workspace))
    before = given(folder.database)

    def full(path: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", full)
        with pytest.raises(StorageTrouble, match="空きがありません"):
            backup_service.go_back(workspace, cost)
    assert given(folder.database) == before
    assert not [*folder.path.glob("kollect.db.*part*")]
    assert backup.damage(folder.database, folder.backup_dir) is None


# ---- writing out


def test_what_is_written_out_is_whole_and_one_file(workspace: Workspace, tmp_path: Path):
    stick = tmp_path / "stick"
    stick.mkdir()
    target = stick / "控え.db"
    target.write_bytes(b"an older one")
    with closing(Ledger(workspace.folder.database)):  # the collector has it open
        backup_service.write_out(workspace.folder, target)
    assert [*stick.iterdir()] == [target]
    assert given(target) == [1001, 1002, 1003]
    assert backup.damage(target) is None


def test_not_into_the_data_folder_itself(workspace: Workspace):
    for place in (workspace.folder.database, workspace.folder.backup_dir / "x.db"):
        with pytest.raises(StorageTrouble, match="ここには書き出せません"):
            backup_service.write_out(workspace.folder, place)
    assert given(workspace.folder.database) == [1001, 1002, 1003]


def test_a_stick_that_is_gone(workspace: Workspace, tmp_path: Path):
    with pytest.raises(StorageTrouble, match="USBメモリが抜けていませんか") as caught:
        backup_service.write_out(workspace.folder, tmp_path / "gone" / "a.db")
    assert "受付や会員の記録には影響ありません" in caught.value.cure


def test_a_full_stick_leaves_what_was_there(workspace: Workspace, tmp_path: Path):
    """A real one of so many octets, where this system lets one be made."""
    target = tmp_path / "a.db"
    target.write_bytes(b"older")
    with pytest.MonkeyPatch.context() as patch:
        real = backup.open_with

        def tiny(key: bytes | None, path: Path, mode: str) -> sqlite3.Connection:
            db = real(key, path, mode)
            if mode == "rwc":  # SQLite itself says "full" at so many pages
                db.execute("PRAGMA max_page_count = 2")
            return db

        patch.setattr(backup, "open_with", tiny)
        with pytest.raises(StorageTrouble, match="いっぱい"):
            backup_service.write_out(workspace.folder, target)
    assert target.read_bytes() == b"older"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("a.db")] == ["a.db"]


def test_a_damaged_database_is_not_written_out_as_if_it_were_whole(
    workspace: Workspace, tmp_path: Path
):
    database = workspace.folder.database
    with closing(sqlite3.connect(database)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'meta'").fetchone()[0]
    content = bytearray(database.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xe5" * 4096
    database.write_bytes(bytes(content))
    target = tmp_path / "a.db"
    with pytest.raises(StorageTrouble, match="壊れています"):
        backup_service.write_out(workspace.folder, target)
    assert not target.exists()
