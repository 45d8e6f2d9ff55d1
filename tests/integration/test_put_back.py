"""A copy put back by hand over kollect.db: no number that was given is given to somebody else."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from kollect import __main__
from kollect.collector.events import LogEntry
from kollect.collector.worker import CollectorWorker
from kollect.ledger.ledger import Ledger
from kollect.ledger.put_back_file import catch_up
from kollect.settings.model import Passwords, Receive, Security, Settings
from kollect.storage import highest_number
from kollect.storage.backup import make_backup, start_new_database
from kollect.storage.data_folder import DataFolder
from kollect.storage.highest_number import Highest
from tests.helpers.ledger_samples import NOW, numbered


class Shop:
    """A data folder with its log, as collector and screens write them."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.folder = DataFolder(path)
        self.folder.prepare()
        self.database = self.folder.database
        self.name = name
        self._customers = itertools.count()

    def serve(self, customers: int, month: str = "2026-11") -> list[int]:
        given = []
        with closing(Ledger(self.database)) as ledger:
            for _ in range(customers):
                address = f"{self.name}{next(self._customers)}@docomo.ne.jp"
                number = numbered(ledger, address)[1]
                given.append(number)
                with (self.folder.log_dir / f"{month}.txt").open("a", encoding="utf-8") as log:
                    log.write(
                        f"{month}-23 10:00:00 情報 受付番号 {number} を発行しました: {address}\n"
                    )
        return given

    def logs(self) -> list[list[str]]:
        files = sorted(self.folder.log_dir.glob("*.txt"), reverse=True)
        return [file.read_text("utf-8").splitlines() for file in files]

    def start(self):
        return catch_up(self.database, self.folder.backup_dir, self.logs())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


@pytest.fixture
def put_back(shop: Shop, tmp_path: Path) -> Shop:
    """Five numbers, a copy by hand, three more, the copy put back."""
    shop.serve(5)
    copy = shutil.copy(shop.database, tmp_path / "copy.db")
    assert shop.serve(3) == [1006, 1007, 1008]
    shutil.copy(copy, shop.database)
    return shop


def without_file(shop: Shop) -> None:
    highest_number.file_for(shop.database).unlink()


def file_cut_short(shop: Shop) -> None:
    file = highest_number.file_for(shop.database)
    file.write_bytes(file.read_bytes()[:-9])


def file_with_a_bit_over(shop: Shop) -> None:
    file = highest_number.file_for(shop.database)
    file.write_bytes(file.read_bytes().replace(b"number = 1008", b"number = 9008"))


def file_is_a_folder(shop: Shop) -> None:
    without_file(shop)
    highest_number.file_for(shop.database).mkdir()


def file_empty(shop: Shop) -> None:
    highest_number.file_for(shop.database).write_bytes(b"")


def without_log(shop: Shop) -> None:
    shutil.rmtree(shop.folder.log_dir)


def nothing(shop: Shop) -> None:
    pass


@pytest.mark.parametrize(
    "harm",
    [
        nothing, without_log, without_file, file_cut_short, file_with_a_bit_over, file_empty,
        file_is_a_folder,
    ],
)  # fmt: skip
def test_no_number_is_given_twice(put_back: Shop, harm: Callable[[Shop], None]):
    harm(put_back)
    told = put_back.start()
    assert "1005 までです" in str(told)
    assert "1006 から 1008 まで" in str(told)
    assert "次は 1009 から" in str(told)
    put_back.folder.prepare()
    assert put_back.serve(1) == [1009]
    assert put_back.start() is None


def test_it_is_told_until_a_number_above_was_given(put_back: Shop):
    assert put_back.start() == put_back.start() is not None


def test_the_ledger_alone_is_safe(put_back: Shop):
    """Opened anew while the program runs, and by the screens: nobody looks at the log then."""
    with closing(Ledger(put_back.database)) as ledger:
        assert numbered(ledger, "new@docomo.ne.jp")[1] == 1009


def test_a_copy_in_backup_tells_as_well(put_back: Shop, tmp_path: Path):
    newest = tmp_path / "newest.db"
    put_back.serve(0)
    shutil.copy(put_back.database, tmp_path / "old.db")
    assert put_back.serve(2) == [1009, 1010]
    make_backup(put_back.database, put_back.folder.backup_dir, date(2026, 11, 24))
    shutil.copy(tmp_path / "old.db", put_back.database)
    without_file(put_back)
    without_log(put_back)
    assert not newest.exists()
    assert "1010" in str(put_back.start())
    put_back.folder.prepare()
    assert put_back.serve(1) == [1011]


def test_the_right_file_put_back_is_no_matter(shop: Shop, tmp_path: Path):
    shop.serve(5)
    shutil.copy(shop.database, tmp_path / "copy.db")
    shutil.copy(tmp_path / "copy.db", shop.database)
    assert shop.start() is None
    assert shop.serve(1) == [1006]


def test_logs_of_another_shop_are_not_believed(shop: Shop, tmp_path: Path):
    shop.serve(5)
    other = Shop(tmp_path / "other", "other")
    other.serve(9, "2026-12")
    shutil.copy(other.folder.log_dir / "2026-12.txt", shop.folder.log_dir)
    assert shop.start() is None
    assert shop.serve(1) == [1006]


def test_the_file_of_another_shop_is_not_believed(shop: Shop, tmp_path: Path):
    shop.serve(5)
    make_backup(shop.database, shop.folder.backup_dir, date(2026, 11, 23))
    other = Shop(tmp_path / "other", "other")
    other.serve(9)
    shutil.copy(highest_number.file_for(other.database), highest_number.file_for(shop.database))
    assert shop.start() is None
    assert shop.serve(1) == [1006]


def test_a_month_of_a_wrong_clock_hides_nothing(put_back: Shop):
    without_file(put_back)
    (put_back.folder.log_dir / "2036-01.txt").write_text(
        "2036-01-01 10:00:00 情報 受付番号 1002 を発行しました: 1@docomo.ne.jp\n", "utf-8"
    )
    assert "次は 1009 から" in str(put_back.start())


def test_a_database_made_anew_goes_on_above_the_file(shop: Shop):
    shop.serve(5)
    shop.database.unlink()
    start_new_database(shop.database, 1200, NOW)
    assert shop.start() is None
    assert shop.serve(1) == [1200]
    found = highest_number.read(shop.database)
    with closing(Ledger(shop.database)) as ledger:
        assert found == Highest(1200, ledger.install_id)


def test_the_file_is_there_before_a_letter_goes(shop: Shop):
    with closing(Ledger(shop.database)) as ledger:
        with ledger.transaction():
            for customer in range(3):
                numbered(ledger, f"{customer}@docomo.ne.jp")
        assert highest_number.read(shop.database) == Highest(1003, ledger.install_id)


def test_numbers_that_were_taken_back_are_not_skipped(shop: Shop):
    with closing(Ledger(shop.database)) as ledger:
        numbered(ledger, "a@docomo.ne.jp")
        with pytest.raises(RuntimeError), ledger.transaction():
            numbered(ledger, "b@docomo.ne.jp")
            raise RuntimeError
        assert highest_number.read(shop.database) == Highest(1001, ledger.install_id)
        assert numbered(ledger, "c@docomo.ne.jp")[1] == 1002


def test_a_lower_number_never_takes_the_place_of_a_higher_one(tmp_path: Path):
    database = tmp_path / "kollect.db"
    highest_number.keep(database, Highest(1008, "ours"))
    highest_number.keep(database, Highest(1005, "ours"))
    assert highest_number.read(database) == Highest(1008, "ours")
    highest_number.keep(database, Highest(1001, "theirs"))
    assert highest_number.read(database) == Highest(1001, "theirs")


def run(*arguments: str) -> int:
    return __main__.main(list(arguments))


def test_commands_say_it(put_back: Shop, capsys: pytest.CaptureFixture[str]):
    data = ("--data", str(put_back.folder.path))
    assert run("results", *data) == 0
    assert "1006 から 1008 まで" in capsys.readouterr().err
    run("collect", "--once", *data)  # there are no settings; this comes first
    assert "次は 1009 から" in capsys.readouterr().err
    assert run("restore", "--yes", *data) == 0
    assert "次は 1009 から" in capsys.readouterr().out


def test_restore_goes_back_to_a_newer_copy(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    shop.serve(5)
    shutil.copy(shop.database, tmp_path / "old.db")
    shop.serve(2)
    make_backup(shop.database, shop.folder.backup_dir, date(2026, 11, 23))
    shop.serve(1)
    shutil.copy(tmp_path / "old.db", shop.database)
    assert run("restore", "--yes", "--data", str(shop.folder.path)) == 0
    said = capsys.readouterr().out
    assert "控えより前の写し" in said
    assert "受付番号 1008 から 1008 まで" in said
    assert shop.start() is None
    assert shop.serve(1) == [1009]


def test_a_running_collector_says_it_too(put_back: Shop, tmp_path: Path):
    closed = Receive(host="127.0.0.1", port=9, security=Security.NONE, account="shop")
    settings = Settings(mail_address="shop@shop.example", receive=closed)
    said: list[str] = []
    worker = CollectorWorker(
        put_back.folder,
        lambda: (settings, Passwords("x", "x")),
        lambda news: said.append(news.text) if isinstance(news, LogEntry) else None,
    )
    old = shutil.copy(put_back.database, tmp_path / "old.db")
    assert put_back.serve(1) == [1009]
    worker.once()
    shutil.copy(old, tmp_path / "again.db")
    (tmp_path / "again.db").replace(put_back.database)
    put_back.database.with_name("kollect.db-wal").unlink()
    worker.once()
    worker.close()
    assert [text for text in said if "次は 1010 から" in text]
    assert put_back.serve(1) == [1010]


def test_the_copy_that_knows_most_is_not_cleared_away(shop: Shop, tmp_path: Path):
    shop.serve(5)
    shutil.copy(shop.database, tmp_path / "old.db")
    shop.serve(3)
    fullest = make_backup(shop.database, shop.folder.backup_dir, date(2026, 11, 1))
    assert fullest is not None
    shutil.copy(tmp_path / "old.db", shop.database)
    for day in range(2, 20):
        make_backup(shop.database, shop.folder.backup_dir, date(2026, 11, day))
    assert fullest.exists()
    assert len(list(shop.folder.backup_dir.iterdir())) == 8
    shop.serve(9)
    make_backup(shop.database, shop.folder.backup_dir, date(2026, 11, 20))
    assert len(list(shop.folder.backup_dir.iterdir())) == 7


def test_only_the_file_is_left(shop: Shop, capsys: pytest.CaptureFixture[str]):
    shop.serve(5)
    shop.database.unlink()
    without_log(shop)
    data = ("--data", str(shop.folder.path))
    assert run("collect", "--once", *data) == 5
    assert "restore" in capsys.readouterr().err
    assert run("restore", "--yes", *data) == 0
    assert shop.serve(1) == [1006]
