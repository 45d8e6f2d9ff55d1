"""Copies made while the program works, damage told at the start, and the way back."""

from __future__ import annotations

import errno
import itertools
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest

from kollect.desktop import files
from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.storage import highest_number, numbers_in_log
from kollect.storage.backup import (
    SPARE,
    DataLoss,
    backups,
    damage,
    first_after,
    go_back,
    holds_data,
    loss,
    make_backup,
    newest_good,
    start_new_database,
)
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import NOW, numbered

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


class Shop:
    """A data folder, its customers, and its log as the collector writes it."""

    def __init__(self, path: Path) -> None:
        self.database = path / "kollect.db"
        self.copies = path / "backup"
        self.log: list[str] = []
        self._customers = itertools.count()

    def serve(self, customers: int, day: date = TODAY) -> list[int]:
        ledger = Ledger(self.database)
        given = []
        with ledger.transaction():
            for customer in itertools.islice(self._customers, customers):
                given.append(numbered(ledger, f"{customer}@docomo.ne.jp")[1])
        ledger.close()
        self.log += [
            f"{day} 10:00:00 情報 受付番号 {number} を発行しました: x@docomo.ne.jp"
            for number in given
        ]
        return given

    def copy(self, day: date = TODAY) -> Path | None:
        return make_backup(self.database, self.copies, day)

    def numbers(self, path: Path | None = None) -> list[int]:
        reader = Receipts(path or self.database)
        found = [receipt.number for receipt in reader.all()]
        reader.close()
        return found

    def break_it(self) -> None:
        """Overwrite the whole file, as a dying stick does: nothing of it can be read."""
        size = self.database.stat().st_size
        self.database.write_bytes(b"\xe5" * size)

    def scratch_it(self, octets: bytes = b"\xe5") -> None:
        """Overwrite a page in the middle; the last numbers can still be read."""
        content = bytearray(self.database.read_bytes())
        with closing(sqlite3.connect(self.database)) as db:
            root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'meta'").fetchone()[
                0
            ]
        content[(root - 1) * 4096 : (root - 1) * 4096 + 4096] = octets * 4096
        self.database.write_bytes(content)

    def loss(self) -> DataLoss:
        return loss(self.database, newest_good(self.copies), self.log)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    Ledger(made.database).close()
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- copies


def test_a_copy_holds_everything_and_is_one_file(shop: Shop):
    given = shop.serve(5)
    made = shop.copy()
    assert made == shop.copies / "kollect-20261123.db"
    assert names(shop.copies) == ["kollect-20261123.db"]
    assert shop.numbers(made) == given
    assert damage(made) is None
    assert names(shop.copies) == ["kollect-20261123.db"], "looking at it leaves nothing beside it"


def test_one_copy_a_day(shop: Shop):
    shop.serve(1)
    made = shop.copy()
    shop.serve(1)
    assert shop.copy() is None
    assert len(shop.numbers(made)) == 1
    assert shop.copy(TODAY + DAY) is not None


def test_the_newest_seven_are_kept(shop: Shop):
    (shop.copies).mkdir()
    (shop.copies / "my own copy.db").touch()
    for day in range(10):
        shop.copy(TODAY + day * DAY)
    assert backups(shop.copies) == [
        shop.copies / f"kollect-{TODAY + day * DAY:%Y%m%d}.db" for day in range(9, 2, -1)
    ]
    assert "my own copy.db" in names(shop.copies)


def test_todays_copy_is_kept_whatever_the_clock_said_before(shop: Shop):
    for day in range(7):
        shop.copy(date(2099, 1, 1) + day * DAY)
    shop.serve(1)
    made = shop.copy()
    assert made.exists()
    assert newest_good(shop.copies) == made, "it knows most, whatever its date"


def test_a_copy_made_while_the_collector_writes_is_whole(shop: Shop):
    shop.serve(300)
    busy, stop = threading.Event(), threading.Event()
    problems: list[BaseException] = []

    def collector() -> None:
        ledger = Ledger(shop.database)
        n = 0
        try:
            while not stop.is_set():
                with ledger.transaction():
                    for _ in range(10):
                        numbered(ledger, f"busy{n}@docomo.ne.jp")
                        n += 1
                busy.set()
        except BaseException as error:
            problems.append(error)
        finally:
            busy.set()
            ledger.close()

    thread = threading.Thread(target=collector)
    thread.start()
    busy.wait()
    made = [shop.copy(TODAY + day * DAY) for day in range(7)]
    stop.set()
    thread.join()
    assert problems == []
    last = 0
    for copy in made:
        assert damage(copy) is None
        found = shop.numbers(copy)
        assert found == list(range(1001, 1001 + len(found)))
        assert len(found) % 10 == 0, "half a transaction was copied"
        assert len(found) >= last
        last = len(found)
    assert last > 300, "the collector had stood still"


def test_a_disk_that_says_no_leaves_no_copy_under_a_good_name(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    def refuse(new: Path, path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    shop.serve(3)
    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", refuse)
        with pytest.raises(StorageTrouble) as told:
            shop.copy()
    assert told.value.title == "ディスクの空きがありません"
    assert names(shop.copies) == []
    assert shop.copy() is not None


def test_a_damaged_ledger_is_not_copied_over_the_good_ones(shop: Shop):
    shop.serve(2000)
    good = shop.copy()
    ledger = Ledger(shop.database)
    content = bytearray(shop.database.read_bytes())
    content[100_000:110_000] = b"\xe5" * 10_000
    shop.database.write_bytes(content)
    with pytest.raises(StorageTrouble) as told:
        make_backup(shop.database, shop.copies, TODAY + DAY)
    ledger.close()
    assert told.value.title == "受付の記録が壊れています"
    assert backups(shop.copies) == [good]


def test_another_ledger_is_not_copied_over_the_good_ones(shop: Shop):
    """kollect.db has vanished while the program ran, and was made anew."""
    shop.serve(3)
    good = shop.copy()
    shop.database.unlink()
    Ledger(shop.database).close()
    for day in (TODAY, TODAY + DAY):
        with pytest.raises(StorageTrouble) as told:
            shop.copy(day)
        assert "入れ替わって" in told.value.title
        assert "backup フォルダ" in told.value.cure
    assert backups(shop.copies) == [good]


# --- damage


def test_a_sound_file_is_sound_and_none_is_no_damage_yet(shop: Shop, tmp_path: Path):
    shop.serve(3)
    assert damage(shop.database) is None
    assert damage(shop.database, shop.copies) is None
    shop.copy()
    assert damage(shop.database, shop.copies) is None
    assert damage(tmp_path / "none.db", tmp_path / "none") is None
    assert not (tmp_path / "none.db").exists()


def cut_short(shop: Shop) -> None:
    shop.database.write_bytes(shop.database.read_bytes()[:-5000])


def all_zero(shop: Shop) -> None:
    shop.database.write_bytes(bytes(shop.database.stat().st_size))


@pytest.mark.parametrize(
    "harm", [Shop.break_it, Shop.scratch_it, cut_short, all_zero], ids=lambda harm: harm.__name__
)
def test_a_damaged_file_is_told(shop: Shop, harm: Callable[[Shop], None]):
    shop.serve(50)
    harm(shop)
    assert damage(shop.database)


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_file_that_is_gone_or_empty_is_told_where_there_are_copies(
    shop: Shop, harm: Callable[[Path], object]
):
    """Opened, it would begin with the first number once more."""
    shop.serve(3)
    shop.copy()
    harm(shop.database)
    assert damage(shop.database) is None
    assert damage(shop.database, shop.copies)
    Ledger(shop.database).close()
    assert damage(shop.database, shop.copies), "made anew by whoever did not look"


def test_a_file_that_cannot_be_read_now_is_trouble_not_damage(shop: Shop):
    shop.database.unlink()
    shop.database.mkdir()
    with pytest.raises(StorageTrouble):
        damage(shop.database)


# --- the way back


def test_going_back_loses_what_is_said_and_gives_no_number_twice(shop: Shop):
    shop.serve(5)
    shop.copy()
    lost = shop.serve(4)
    shop.scratch_it()
    costs = shop.loss()
    assert (costs.last_number, costs.highest_number) == (1005, lost[-1])
    assert "受付番号 1006 から 1009 までの記録が失われます" in str(costs)
    assert "2026" not in str(costs)
    aside = go_back(shop.database, costs, NOW)
    assert aside.name == "kollect.db.damaged-20261123-100000"
    assert damage(aside), "set aside as it was"
    assert damage(shop.database, shop.copies) is None
    assert shop.numbers() == list(range(1001, 1006))
    following = shop.serve(2)
    assert following[0] == costs.next_number > lost[-1]
    assert str(costs.next_number) in str(costs)


def test_a_readable_file_tells_its_last_number_even_without_a_log(shop: Shop):
    shop.serve(5)
    shop.copy()
    shop.serve(4)
    shop.log.clear()
    cut_in_index(shop)
    costs = shop.loss()
    assert (costs.highest_number, costs.next_number) == (1009, 1010)


def cut_in_index(shop: Shop) -> None:
    """Damage a page that the numbers do not lie on."""
    with closing(sqlite3.connect(shop.database)) as db:
        root = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'mail_by_address'"
        ).fetchone()[0]
    content = bytearray(shop.database.read_bytes())
    content[(root - 1) * 4096 : root * 4096] = b"\xe5" * 4096
    shop.database.write_bytes(content)
    assert damage(shop.database)


def test_where_only_the_log_tells_some_numbers_are_passed_over(shop: Shop):
    """The power cut that broke the file has cost the log its last lines, too."""
    shop.serve(5)
    shop.copy()
    lost = shop.serve(4)
    del shop.log[-2:]
    highest_number.file_for(shop.database).unlink()
    shop.break_it()
    costs = shop.loss()
    assert costs.highest_number == lost[-3]
    go_back(shop.database, costs, NOW)
    following = shop.serve(1)[0]
    assert following == lost[-3] + 1 + SPARE > lost[-1]


def test_nothing_lost_is_said_too(shop: Shop):
    shop.serve(5)
    shop.copy()
    cut_in_index(shop)
    costs = shop.loss()
    assert "見つかっていません" in str(costs)
    assert costs.next_number == 1006
    go_back(shop.database, costs, NOW)
    assert shop.serve(1) == [1006]


def test_a_copy_without_a_number_is_good_too(shop: Shop):
    shop.copy()
    shop.serve(3)
    shop.break_it()
    costs = shop.loss()
    assert (costs.last_number, costs.highest_number) == (None, 1003)
    assert "受付番号 1003 まで" in str(costs)
    go_back(shop.database, costs, NOW)
    assert shop.serve(1)[0] > 1003


def test_a_ledger_that_never_gave_a_number_starts_at_the_first(shop: Shop):
    shop.copy()
    shop.break_it()
    costs = shop.loss()
    assert (costs.highest_number, costs.next_number) == (None, None)
    go_back(shop.database, costs, NOW)
    assert shop.serve(1) == [1001]


@pytest.mark.parametrize("left", ["nothing", "an empty file", "its write-ahead log"])
def test_without_a_file_and_without_a_copy_the_numbers_go_on_after_the_log(shop: Shop, left: str):
    last = shop.serve(5)[-1]
    ledger = Ledger(shop.database)
    numbered(ledger, "wal@docomo.ne.jp")
    wal = shop.database.with_name("kollect.db-wal")
    written = wal.read_bytes()
    ledger.close()
    shop.database.unlink()
    if left == "an empty file":
        shop.database.touch()
    elif left == "its write-ahead log":
        wal.write_bytes(written)
    assert not holds_data(shop.database)
    first = first_after(shop.log)
    assert first == last + 1 + SPARE
    start_new_database(shop.database, first, NOW)
    assert holds_data(shop.database)
    assert damage(shop.database, shop.copies) is None
    assert shop.serve(2) == [first, first + 1]
    assert not list(shop.database.parent.glob("*.part"))


def test_a_log_without_numbers_is_a_first_start():
    assert first_after(["2026-11-23 10:00:00 情報 設定を保存しました。"]) is None


def test_a_new_file_that_cannot_be_made_is_trouble(shop: Shop):
    for file in shop.database.parent.glob("kollect.db*"):
        file.unlink()
    shop.database.with_name("kollect.db.part").mkdir()
    with pytest.raises(StorageTrouble):
        start_new_database(shop.database, 2000, NOW)
    assert not shop.database.exists()


def test_going_back_twice_keeps_the_first_loss_in_mind(shop: Shop):
    """Even with every log gone, and before a single new number was given."""
    shop.serve(5)
    shop.copy()
    lost = shop.serve(40)
    cut_in_index(shop)
    go_back(shop.database, shop.loss(), NOW)
    shop.log.clear()
    shop.copy(TODAY + DAY)
    shop.break_it()
    costs = shop.loss()
    assert "見つかっていません" in str(costs), "no number was given in between"
    go_back(shop.database, costs, NOW + DAY)
    assert shop.serve(1)[0] > lost[-1]


def test_the_log_is_read_from_the_day_of_the_copy_on(shop: Shop):
    """A shop that tried the program for a month and began anew has old numbers in its logs."""
    shop.serve(2)
    shop.copy()
    shop.log.append("2026-11-21 10:00:00 情報 受付番号 9000 を発行しました: old@x.jp")
    shop.break_it()
    assert shop.loss().highest_number == 1002


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-23 10:00:00 情報 対象外です。（見出 受付番号 99999 を発行しました: a）",
        "2026-11-23 10:00:00 情報 受付番号 99999 を返信しました: a@x.jp",
        "受付番号 99999 を発行しました: a",
        "2026-11-23 10:00:00 情報 受付番号 99999999999999999999 を発行しました: a@x.jp",
    ],
)
def test_strangers_words_in_the_log_give_no_numbers(shop: Shop, line: str):
    shop.serve(2)
    shop.copy()
    shop.log.append(line)
    shop.break_it()
    assert shop.loss().highest_number == 1002


def test_a_file_that_tells_an_absurd_number_is_not_believed(shop: Shop):
    shop.serve(2)
    shop.copy()
    with closing(sqlite3.connect(shop.database)) as db:
        db.execute("UPDATE receipt SET number = 4611686018427387905 WHERE number = 1002")
        db.commit()
    highest_number.file_for(shop.database).unlink()
    cut_in_index(shop)
    assert shop.loss().next_number == 1002 + 1 + SPARE


def test_the_newest_copy_that_is_good_is_taken(shop: Shop):
    for day in range(3):
        shop.serve(1)
        shop.copy(TODAY + day * DAY)
    newest, middle, _ = backups(shop.copies)
    assert newest_good(shop.copies) == newest
    newest.write_bytes(b"\xe5" * 9000)
    assert newest_good(shop.copies) == middle
    for copy in backups(shop.copies):
        copy.write_bytes(newest.read_bytes())
    assert newest_good(shop.copies) is None
    assert newest_good(shop.copies / "none") is None


def test_what_lies_in_the_write_ahead_log_does_not_come_back(shop: Shop):
    """A -wal of the damaged file beside the copy would be played into it."""
    shop.serve(5)
    shop.copy()
    ledger = Ledger(shop.database)
    for n in range(20):
        numbered(ledger, f"wal{n}@docomo.ne.jp")
    wal = shop.database.with_name("kollect.db-wal")
    content, left = shop.database.read_bytes(), wal.read_bytes()
    ledger.close()
    shop.database.write_bytes(content)
    wal.write_bytes(left)
    assert len(left) > 4096
    costs = shop.loss()
    assert costs.highest_number == 1025, "the numbers in it are known"
    wal.write_bytes(left)
    aside = go_back(shop.database, costs, NOW)
    assert aside.with_name(f"{aside.name}-wal").exists()
    assert shop.numbers() == [1001, 1002, 1003, 1004, 1005]
    assert damage(shop.database) is None
    assert shop.serve(1) == [1026]


class PowerCut(BaseException):
    pass


@pytest.mark.parametrize("after", [False, True])
def test_a_power_cut_while_it_is_made_anew_leaves_it_whole_or_not_at_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, after: bool
):
    last = shop.serve(5)[-1]
    for file in shop.database.parent.glob("kollect.db*"):
        file.unlink()
    really = files.replace

    def cut(source: Path, target: Path) -> None:
        if after:
            really(source, target)
        raise PowerCut

    monkeypatch.setattr(files, "replace", cut)
    with pytest.raises(PowerCut):
        start_new_database(shop.database, last + 1, NOW)
    monkeypatch.undo()
    assert shop.database.exists() == after
    if not after:
        start_new_database(shop.database, last + 1, NOW)
    assert shop.serve(1) == [last + 1]


@pytest.mark.parametrize("after", [False, True])
def test_a_power_cut_on_the_way_back_is_no_new_beginning(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, after: bool
):
    """Cut before or after every file that takes a new name, then started again."""
    shop.serve(5)
    shop.copy()
    lost = shop.serve(4)
    ledger = Ledger(shop.database)  # leaves a -wal and a -shm beside, as a crash does
    beside = {
        ending: shop.database.with_name(f"kollect.db{ending}").read_bytes()
        for ending in ("-wal", "-shm")
    }
    ledger.close()
    cut_in_index(shop)
    for ending, content in beside.items():
        shop.database.with_name(f"kollect.db{ending}").write_bytes(content)
    before = {path: path.read_bytes() for path in shop.database.parent.glob("kollect.db*")}
    replace = files.replace
    cuts = 0
    for at in range(1, 20):
        for path in shop.database.parent.glob("kollect.db*"):
            path.unlink()
        for path, content in before.items():
            path.write_bytes(content)
        acts = 0

        def cut(new: Path, path: Path, at: int = at) -> None:
            nonlocal acts
            acts += 1
            if acts == at and not after:
                raise PowerCut
            replace(new, path)
            if acts == at and after:
                raise PowerCut

        costs = shop.loss()
        with monkeypatch.context() as patch:
            patch.setattr(files, "replace", cut)
            try:
                go_back(shop.database, costs, NOW)
            except PowerCut:
                cuts += 1
            else:
                break
        if acts < 5 or not after:  # the last act is the one that ends it
            assert damage(shop.database, shop.copies), f"act {at}"
            if not shop.database.exists():
                with pytest.raises(StorageTrouble):
                    Ledger(shop.database)
            shop.log.clear()
            again = shop.loss()
            assert again.highest_number >= lost[-1]
            go_back(shop.database, again, NOW + timedelta(minutes=1))
        assert damage(shop.database, shop.copies) is None
        assert shop.numbers() == [1001, 1002, 1003, 1004, 1005]
        assert shop.serve(1)[0] > lost[-1]
        assert not list(shop.database.parent.glob("*.restoring*"))
    assert cuts == 5


def test_a_file_that_another_program_holds_changes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    shop.serve(2)
    shop.copy()
    cut_in_index(shop)
    replace = files.replace

    def held(new: Path, path: Path) -> None:
        if new == shop.database:
            raise PermissionError(errno.EBUSY, "used by another process")
        replace(new, path)

    with monkeypatch.context() as patch:
        patch.setattr(files, "replace", held)
        with pytest.raises(StorageTrouble) as told:
            go_back(shop.database, shop.loss(), NOW)
    assert told.value.title == "ほかのプログラムが使っています"
    assert not list(shop.database.parent.glob("*.restoring*"))
    assert not list(shop.database.parent.glob("*.damaged*"))
    go_back(shop.database, shop.loss(), NOW)
    assert damage(shop.database) is None


def test_a_copy_that_breaks_on_the_way_changes_nothing(shop: Shop):
    shop.serve(2000)
    copy = shop.copy()
    cut_in_index(shop)
    costs = shop.loss()
    copy.write_bytes(copy.read_bytes()[:3000])
    before = shop.database.read_bytes()
    with pytest.raises(StorageTrouble):
        go_back(shop.database, costs, NOW)
    assert shop.database.read_bytes() == before
    assert not list(shop.database.parent.glob("*.restoring*"))


def test_the_log_line_is_the_collectors():
    """The pattern reads what the collector says when it gives a number, in every version."""
    said = numbers_in_log.NUMBER_GIVEN.format(number=1001, who="a@x.jp")
    assert said == "受付番号 1001 を発行しました: a@x.jp"
    for ending in ("", numbers_in_log.BY_HAND):
        line = f"2026-11-23 10:00:00 情報 {said}{ending}\n"
        assert numbers_in_log.given_to([line]) == {1001: "a@x.jp"}
