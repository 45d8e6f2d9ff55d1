"""A folder protected, with another code, and unprotected: whole at every instant, and closed."""

from __future__ import annotations

import itertools
import logging
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import keyring
import pytest

from kollect.app import data_protection, recovery
from kollect.errors import DataCodeTrouble, StorageTrouble
from kollect.ledger.kept_folder import KeptFolder
from kollect.protection import conversion, file_changes
from kollect.protection.code_store import CodeStore
from kollect.protection.derived_keys import keys_of
from kollect.protection.file_changes import ConversionStopped, Progress, go_on
from kollect.protection.protected_files import databases, is_encrypted
from kollect.protection.recovery_code import RecoveryCode
from kollect.storage import backup, database_keys, event_log, protection_mark, reencrypt
from kollect.storage.data_folder import DataFolder
from kollect.storage.database import Database
from kollect.storage.database_driver import connect, sqlite3
from kollect.storage.protection_mark import Protection
from kollect.storage.reencrypt import present_key
from tests.helpers.ledger_samples import NOW
from tests.helpers.memory_keyring import MemoryKeyring
from tests.helpers.power_cut import Fuse, PowerCut, fused
from tests.helpers.protected_shop import (
    ASIDE,
    BEFORE,
    CODE,
    LOG,
    OTHER,
    SECRETS,
    holdings,
    readable,
    restart,
    rows,
    shop,
)
from tests.helpers.small_disk import Disk

ACTS = ("BEGIN", "COMMIT", "INSERT", "UPDATE", "DELETE", "ATTACH", "SELECT sqlcipher", "DETACH",
        "PRAGMA journal_mode", "PRAGMA written")  # fmt: skip
ASIDE_NAME = "kollect.db.damaged-20261120-101112"

UNDER_WAY = (".former", ".converted", ".converting", ".part")

Act = Callable[..., None]
"""Changes a folder, and may be given a progress."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    made = shop(tmp_path / "shop")
    yield made
    restart(made)


def on(folder: DataFolder, progress: Progress = go_on) -> None:
    conversion.turn_on(folder, CODE, progress)


def renew(folder: DataFolder, progress: Progress = go_on) -> None:
    conversion.renew(folder, CODE, OTHER, progress)


def off(folder: DataFolder, progress: Progress = go_on) -> None:
    conversion.turn_off(folder, CODE, progress)


def stopped(act: Act) -> Act:
    """In the middle, so that it turns round."""

    def stop(folder: DataFolder) -> None:
        with pytest.raises(ConversionStopped):
            act(folder, lambda done, total: 2 * done < total)

    return stop


def names(folder: DataFolder) -> list[str]:
    return sorted(
        file.relative_to(folder.path).as_posix()
        for file in folder.path.rglob("*")
        if file.is_file() and not file.name.endswith(("-wal", "-shm"))
    )


def test_the_search_finds_everything_where_nothing_is_protected(folder: DataFolder):
    found = readable(folder)
    assert set().union(*found.values()) == set(SECRETS)
    assert {"kollect.db", ASIDE_NAME, "backup/kollect-20261121.db", "log/2026-10.txt"} <= {*found}


def test_on_then_off_everything_is_there(folder: DataFolder):
    before, files_before = holdings(folder), names(folder)
    on(folder)
    assert readable(folder) == {}
    assert holdings(folder) == before
    assert names(folder) == [
        "backup/kollect-20261121.db",
        "backup/kollect-20261122.db",
        "kept/sealed.db",
        "kollect.db",
        BEFORE,
        "kollect.db.protected",
        "log/2026-10.txt",
        "log/2026-11.txt",
    ]
    with closing(Database(folder.database)):
        assert readable(folder) == {}, "the write-ahead log neither"
    restart(folder)
    off(folder)
    assert names(folder) == files_before
    assert holdings(folder) == before
    assert (folder.path / ASIDE_NAME).read_bytes() == ASIDE
    kept = folder.kept_dir / "20261123-0123456789abcdef.eml"
    assert kept.stat().st_mtime == 1.8e9, "its thirty days go on"
    assert database_keys.keys_for(folder.database) == ()


def test_the_log_is_masked_and_still_tells_the_numbers(folder: DataFolder):
    on(folder)
    line = (folder.log_dir / "2026-11.txt").read_text("utf-8")
    assert line == LOG.replace("keiko.yamamoto@", "ke***@")


def test_after_a_restart_the_code_opens_it_and_nothing_else_does(folder: DataFolder):
    before = holdings(folder)
    on(folder)
    restart(folder)
    files = {name: (folder.path / name).read_bytes() for name in names(folder)}
    assert conversion.needs_code(folder)
    with pytest.raises(DataCodeTrouble):
        Database(folder.database)
    with pytest.raises(DataCodeTrouble, match="復元コードではありません"):
        conversion.unlock(folder, OTHER)
    with pytest.raises(DataCodeTrouble):
        Database(folder.database)
    assert {name: (folder.path / name).read_bytes() for name in names(folder)} == files
    conversion.unlock(folder, CODE)
    assert holdings(folder) == before


def test_with_a_new_code_the_old_one_opens_nothing(folder: DataFolder):
    before = holdings(folder)
    on(folder)
    old = {name: (folder.path / name).read_bytes() for name in names(folder)}
    restart(folder)
    renew(folder)
    assert holdings(folder) == before
    restart(folder)
    with pytest.raises(DataCodeTrouble):
        conversion.unlock(folder, CODE)
    for database in (folder.database, *folder.backup_dir.iterdir()):
        assert database.read_bytes() != old[database.relative_to(folder.path).as_posix()]
    mark = protection_mark.read(folder.path)
    assert mark is not None and mark.former == ""
    conversion.unlock(folder, OTHER)
    assert holdings(folder) == before
    assert readable(folder) == {}


# --- a cut at every act

CASES: dict[str, tuple[tuple[Act, ...], Act]] = {
    "on": ((), on),
    "renew": ((on,), renew),
    "off": ((on,), off),
    "on, stopped": ((), stopped(on)),
    "renew, stopped": ((on,), stopped(renew)),
    "off, stopped": ((on,), stopped(off)),
}


@pytest.fixture
def pc() -> Iterator[MemoryKeyring]:
    before, here = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(here)
    yield here
    keyring.set_keyring(before)


def cut(done: int, total: int) -> bool:
    raise PowerCut


def test_a_new_sheet_that_a_power_cut_interrupts_leaves_no_former_code_on_this_pc(
    folder: DataFolder, pc: MemoryKeyring
):
    store = CodeStore({})
    data_protection.turn_on(folder, CODE, store=store)
    with pytest.raises(PowerCut):
        data_protection.renew(folder, CODE, OTHER, cut, store)
    assert sorted(pc.codes) == sorted([CODE.written, OTHER.written])
    restart(folder)
    assert data_protection.open_folder(folder, store) == OTHER
    assert pc.codes == [OTHER.written]
    data_protection.forget_code(folder, store)
    assert pc.codes == []


def test_where_the_way_back_from_a_new_sheet_was_broken_off_the_former_one_is_named(
    folder: DataFolder,
):
    before = holdings(folder)
    on(folder)
    turned = False

    def stop_then_cut(done: int, total: int) -> bool:
        nonlocal turned
        if turned and done == total:
            raise PowerCut
        turned = turned or 2 * done >= total
        return not turned

    with pytest.raises(PowerCut):
        renew(folder, stop_then_cut)
    restart(folder)
    for refuse in (conversion.unlock, lambda f, code: data_protection.proven(f, code.written)):
        with pytest.raises(DataCodeTrouble) as refused:
            refuse(folder, OTHER)
        assert "前の復元シートも試して" in refused.value.cure
    data_protection.proven(folder, CODE.written)
    conversion.unlock(folder, CODE)
    assert holdings(folder) == before
    restart(folder)
    with pytest.raises(DataCodeTrouble) as refused:
        conversion.unlock(folder, OTHER)
    assert "前の復元シート" not in refused.value.cure


@pytest.mark.parametrize("part", [0.0, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_in_the_middle_of_a_new_sheet_only_the_sheet_that_it_leads_to_goes_on(
    folder: DataFolder, back: bool, part: float
):
    """The other one opens some of the files: gone on with, the rest would be lost."""
    before = holdings(folder)
    on(folder)
    is_on_the_way = not back

    def cut_at(done: int, total: int) -> bool:
        nonlocal is_on_the_way
        if not is_on_the_way:
            is_on_the_way = 10 * done >= 9 * total
            return not is_on_the_way
        if done >= part * total:
            raise PowerCut
        return True

    with pytest.raises(PowerCut):
        renew(folder, cut_at)
    wanted, other = (CODE, OTHER) if back else (OTHER, CODE)
    restart(folder)
    encrypted = [one for one in databases(folder) if is_encrypted(one)]
    if any(not opens(one, other) for one in encrypted):
        with pytest.raises(DataCodeTrouble):
            conversion.unlock(folder, other)
    restart(folder)
    conversion.unlock(folder, wanted)
    assert holdings(folder) == before


def opens(database: Path, code: RecoveryCode) -> bool:
    with suppress(sqlite3.Error):
        present_key(database, (keys_of(code).database,))
        return True
    return False


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder on no disk, where there is a place: a thousand folders are written and synced."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="kollect-", dir=memory) as name:
        yield Path(name)


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("case", CASES)
def test_a_power_cut_at_any_act(case: str, after: bool, in_memory: Path):
    preparation, act = CASES[case]
    sound = shop(in_memory / "sound", receipts=3)
    expected = holdings(sound)
    for one in preparation:
        one(sound)
    restart(sound)
    at = 0
    while True:
        at += 1
        folder = DataFolder(in_memory / f"cut-{at}")
        shutil.copytree(sound.path, folder.path)
        fuse = Fuse(at, after=after)
        with fused(fuse, ACTS), suppress(PowerCut):
            act(folder)
        finished = not fuse.blown
        restart(folder)
        where = f"{case}, act {at} {fuse.names[-1:]}"
        _whole_again(folder, expected, where)
        shutil.rmtree(folder.path)
        if finished:
            break
    assert at > 40, "the cut has met the acts"


def _whole_again(folder: DataFolder, expected: object, where: str) -> None:
    """The next start, with the code that the mark is about: that one the PC has kept."""
    if conversion.needs_code(folder):
        mark = protection_mark.read(folder.path)
        assert mark is not None, where
        conversion.unlock(folder, BY_FINGERPRINT[mark.fingerprint])
        mark = protection_mark.read(folder.path)
        assert mark is None or mark.state is Protection.ON, where
    assert holdings(folder) == expected, where
    left = [
        name for name in names(folder) if name.endswith((".former", ".converted", ".converting"))
    ]
    assert not left, where
    if protection_mark.is_marked(folder.database):
        assert readable(folder) == {}, where
    else:
        assert "kollect.db" in readable(folder), where
    with closing(Database(folder.database)):
        pass
    restart(folder)


BY_FINGERPRINT = {keys_of(code).fingerprint: code for code in (CODE, OTHER)}


# --- bad luck


@pytest.mark.parametrize("case", ["on", "renew", "off"])
def test_stopped_at_any_moment_it_is_as_before(
    case: str, in_memory: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reencrypt, "_STEPS_OF_PROGRESS", 400)  # within each file too
    preparation, act = CASES[case]
    sound = shop(in_memory / "sound")
    expected = holdings(sound)
    for one in preparation:
        one(sound)
    restart(sound)
    mark_before = protection_mark.read(sound.path)
    if mark_before is not None:
        protection_mark.set_time(sound.path, 1.7e9)
    for last in itertools.count(1):
        folder = DataFolder(in_memory / f"stopped-{last}")
        shutil.copytree(sound.path, folder.path)
        stop = Stop(last)
        try:
            act(folder, stop)
        except ConversionStopped:
            restart(folder)
            assert names(folder) == names(sound), last
            assert protection_mark.read(folder.path) == mark_before
            assert readable(folder) == readable(sound), last
            if mark_before is not None:
                assert protection_mark.written_at(folder.path) == 1.7e9, "it shows since when"
                conversion.unlock(folder, CODE)
            assert holdings(folder) == expected, last
            assert stop.told > last, "the way back is told of too"
            shutil.rmtree(folder.path)
        else:
            break
    assert last > 15, "at many moments"
    assert stop.steps == sorted(stop.steps)
    assert all(0 <= done <= total for done, total in stop.steps)
    restart(folder)


class Stop:
    """Somebody who looks at the progress, and presses 「中止」 at the time of the `last` step."""

    def __init__(self, last: int) -> None:
        self._last = last
        self.told = 0
        self.steps: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> bool:
        self.told += 1
        self.steps.append((done, total))
        return self.told < self._last


def test_a_damaged_mark_is_written_again(folder: DataFolder):
    before = holdings(folder)
    on(folder)
    restart(folder)
    mark = folder.path / protection_mark.NAME
    for harmed in (b"", b"\0" * 300, mark.read_bytes()[:-30], b"nonsense"):
        mark.write_bytes(harmed)
        assert conversion.needs_code(folder)
        with pytest.raises(DataCodeTrouble):
            conversion.unlock(folder, OTHER)
        conversion.unlock(folder, CODE)
        assert holdings(folder) == before
        assert protection_mark.read(folder.path) is not None
        restart(folder)
    mark.unlink()
    assert conversion.needs_code(folder)
    conversion.unlock(folder, CODE)
    assert holdings(folder) == before
    assert protection_mark.read(folder.path) is not None


def test_a_damaged_mark_of_a_plain_folder_is_nothing(folder: DataFolder):
    before = holdings(folder)
    (folder.path / protection_mark.NAME).write_bytes(b"x")
    assert not conversion.needs_code(folder)
    assert holdings(folder) == before


def test_a_plain_copy_put_back_by_hand_is_encrypted(folder: DataFolder, tmp_path: Path):
    plain = tmp_path / "plain.db"
    shutil.copy(folder.database, plain)
    before = holdings(folder)
    on(folder)
    restart(folder)
    shutil.copy(plain, folder.database)
    conversion.unlock(folder, CODE)
    assert readable(folder) == {}
    assert holdings(folder) == before


def test_a_copy_that_cannot_be_read_is_kept_out_of_sight(folder: DataFolder):
    harmed = folder.backup_dir / "kollect-20261121.db"
    octets = bytearray(harmed.read_bytes())
    octets[:200] = bytes(200)
    harmed.write_bytes(octets)
    on(folder)
    assert readable(folder) == {}
    assert not harmed.exists()
    restart(folder)
    off(folder)
    assert harmed.read_bytes() == octets


def test_a_damaged_kollect_db_does_not_end_the_change(folder: DataFolder):
    octets = bytearray(folder.database.read_bytes())
    whole = bytes(octets)
    fuse = Fuse(12, after=False)
    with fused(fuse, ACTS), pytest.raises(PowerCut):
        on(folder)
    restart(folder)
    octets[5000:9000] = bytes(4000)
    folder.database.write_bytes(octets)
    mark = conversion.unlock(folder, CODE)
    assert mark.state is Protection.TURNING_ON
    left = folder.database.read_bytes()
    assert left[4096:] == octets[4096:], "that is for the way back to a copy"
    folder.database.write_bytes(whole)
    restart(folder)
    assert conversion.unlock(folder, CODE).state is Protection.ON
    assert readable(folder) == {}


@pytest.mark.parametrize("act", [on, off], ids=["on", "off"])
def test_the_way_back_to_a_copy_in_the_middle_of_a_change(folder: DataFolder, act: Act):
    """The copies are changed already, kollect.db is damaged before it was its turn."""
    if act is off:
        on(folder)
        restart(folder)
    fuse = Fuse(1, after=False)
    with cut_before_the_last(folder, fuse), pytest.raises(PowerCut):
        act(folder)
    restart(folder)
    folder.database.write_bytes(bytes(9000))
    conversion.unlock(folder, CODE)
    assert backup.damage(folder.database, folder.backup_dir) is not None
    cost = recovery.cost_of_going_back(folder)
    assert cost is not None
    recovery.go_back(folder, cost, "torn")
    restart(folder)
    conversion.unlock(folder, CODE)
    mark = protection_mark.read(folder.path)
    assert (mark is None) == (act is off)
    assert len(rows(folder.database)["receipt"]) == 50
    assert (readable(folder) == {}) == (act is on)


@contextmanager
def cut_before_the_last(folder: DataFolder, fuse: Fuse) -> Iterator[None]:
    """The power fails when kollect.db itself is to be written under another key."""
    write = file_changes.write_with_key

    def cut(source: Path, *more: object) -> None:
        if source == folder.database:
            fuse.act("write", lambda: None)
        write(source, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_changes, "write_with_key", cut)
        yield


def test_a_full_disk_is_said_before_anything_is_changed(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
):
    files = {name: (folder.path / name).read_bytes() for name in names(folder)}
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(StorageTrouble, match="空きが足りません"):
        on(folder)
    assert {name: (folder.path / name).read_bytes() for name in names(folder)} == files


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    (tmp_path / "stick").mkdir()
    made = Disk(tmp_path / "stick", megabytes=30)
    yield made
    made.unmount()


@pytest.mark.real
@pytest.mark.parametrize("spare", [0, 30_000, 120_000, 300_000, 700_000])
def test_a_disk_that_fills_up_half_way(disk: Disk, monkeypatch: pytest.MonkeyPatch, spare: int):
    if not disk.mounted:
        pytest.skip("needs a disk of its own")
    folder = shop(disk.path / "shop")
    before = holdings(folder)
    plenty = shutil._ntuple_diskusage(1 << 40, 0, 1 << 40)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: plenty)
        with disk.full(spare), suppress(StorageTrouble):
            on(folder)
        restart(folder)
    conversion.unlock(folder, CODE)
    assert holdings(folder) == before
    assert readable(folder) == {}


@pytest.mark.real
def test_a_full_disk_is_called_so(disk: Disk, monkeypatch: pytest.MonkeyPatch):
    if not disk.mounted:
        pytest.skip("needs a disk of its own")
    folder = shop(disk.path / "shop")
    plenty = shutil._ntuple_diskusage(1 << 40, 0, 1 << 40)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: plenty)
    with disk.full(60_000), pytest.raises(StorageTrouble) as caught:
        on(folder)
    assert caught.value.title == "ディスクの空きがありません"


def test_what_is_damaged_in_a_protected_folder_is_damage_and_no_wrong_code(folder: DataFolder):
    on(folder)
    restart(folder)
    octets = bytearray(folder.database.read_bytes())
    octets[100] ^= 1
    folder.database.write_bytes(octets)
    conversion.unlock(folder, CODE)
    assert backup.damage(folder.database, folder.backup_dir) is not None
    cost = recovery.cost_of_going_back(folder)
    assert cost is not None
    recovery.go_back(folder, cost, "torn")
    assert backup.damage(folder.database, folder.backup_dir) is None
    assert readable(folder) == {}
    with closing(connect(folder.database, "ro")) as db:
        assert db.execute("SELECT count(*) FROM receipt").fetchone() == (50,)
    restart(folder)
    off(folder)
    assert len(rows(folder.database)["receipt"]) == 50


@pytest.mark.parametrize("place", [100, 9000])
def test_kept_mails_that_are_damaged_do_not_keep_the_rest(folder: DataFolder, place: int):
    before = holdings(folder)
    on(folder)
    restart(folder)
    sealed = folder.kept_dir / "sealed.db"
    octets = bytearray(sealed.read_bytes())
    octets[place] ^= 1
    sealed.write_bytes(octets)
    off(folder)
    assert rows(folder.database) == before["kollect.db"]
    assert not protection_mark.is_marked(folder.database)
    assert "kept/sealed.db.damaged" in names(folder)
    with closing(Database(folder.database)):
        assert KeptFolder(folder.kept_dir).clear_old(NOW) >= 0


def test_a_copy_for_another_stick_is_encrypted_too(folder: DataFolder, tmp_path: Path):
    on(folder)
    target = tmp_path / "kollect-copy.db"
    backup.write_out(folder.database, target)
    assert not target.read_bytes().startswith(b"SQLite")
    put_back = folder.backup_dir / "kollect-20261120.db"
    shutil.copy(target, put_back)
    assert rows(put_back) == rows(folder.database)


def test_a_lost_kollect_db_is_begun_anew_encrypted(folder: DataFolder):
    on(folder)
    recovery.start_new_database(folder, 2001)
    assert readable(folder) == {}
    with closing(Database(folder.database)):
        assert not folder.database.read_bytes().startswith(b"SQLite")


@pytest.mark.parametrize("name", ["backup", "kept"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str):
    made = shop(tmp_path / name)
    try:
        before = holdings(made)
        with event_log.install(made):
            on(made)
            logging.getLogger("kollect.test").info("keiko.yamamoto@docomo.ne.jp")
        assert readable(made) == {}
        assert holdings(made) == before
        assert sorted(file.name for file in tmp_path.iterdir()) == [name]
        restart(made)
        assert conversion.needs_code(made)
        off(made)
        assert holdings(made) == before
    finally:
        restart(made)


def test_what_is_sorted_goes_into_no_file(folder: DataFolder):
    """SQLite's own temporary files would lie in clear in the system's folder for them."""
    with closing(connect(folder.database, "ro")) as db:
        options = {option for (option,) in db.execute("PRAGMA compile_options")}
    assert options & {"TEMP_STORE=2", "TEMP_STORE=3"}


def test_a_plain_kollect_db_that_became_rubbish_needs_no_code(folder: DataFolder):
    folder.database.write_bytes(random.Random(1).randbytes(40 * 4096))
    assert not conversion.needs_code(folder), "its copies are plain"
