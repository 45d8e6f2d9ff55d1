"""One bit of kollect.db fallen over: told as damage with the way back, never as our own fault."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from kollect import __main__
from kollect.collector.worker import CollectorWorker
from kollect.decision.types import Kind
from kollect.errors import StorageTrouble
from kollect.ledger import lived_time
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import MailState
from kollect.mailing import mailing_states, schedule
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members import member
from kollect.members.address_change import AddressChanges
from kollect.members.member_filter import EVERYBODY
from kollect.members.merge import MemberMerges
from kollect.members.repository import Members
from kollect.settings.model import Auth, Passwords, Receive, Security, Send, Settings, Shop
from kollect.storage import integrity
from kollect.storage.backup import damage, damage_at_a_glance, make_backup
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import BOX, NOW, numbered, sighting

SHOP = Shop(name="こむぎ", address="東京都千代田区千代田1-1")
SETTINGS = Settings(
    mail_address="shop@shop.example",
    receive=Receive(host="127.0.0.1", port=9, security=Security.NONE, account="shop"),
    send=Send(host="127.0.0.1", port=9, auth=Auth.NO),
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kollect.db with something in every column of every table."""
    path = tmp_path_factory.mktemp("sound") / "kollect.db"
    with closing(Ledger(path)) as ledger:
        for n in range(4):
            row, number = numbered(ledger, f"m{n}@x.jp")
            ledger.move([row], MailState.SENDING, NOW)
            ledger.move([row], MailState.SENT, NOW, "250 2.0.0 Ok")
            ledger.replied([number], NOW)
        row, moved_to = numbered(ledger, "new@x.jp")
        ledger.move([row], MailState.SENDING, NOW)
        ledger.move([row], MailState.SENT, NOW, "250 2.0.0 Ok")
        ledger.replied([moved_to], NOW)
        row, _ = numbered(ledger, "waits@x.jp")
        ledger.mark_kept(row, "20261123-0123456789abcdef.eml", whole=True)
        ledger.record(BOX, sighting("other", "m0@x.jp", kind="out_of_scope"), MailState.KEPT, NOW)
        ledger.record_failure(BOX, "u7", NOW)
        ledger.set_metadata("upkeep", "2026-11-23")
        ledger.set_metadata("remove nothing before", "2026-11-23")
        ledger.set_metadata("put off up to", "12")
        ledger.catch_up(1006)
    consent = member.Consent(True, date(2026, 11, 22), "会員登録用紙")
    with closing(AddressChanges(path)) as members:
        for number in range(1001, 1005):
            one = member.Member(
                number, "山田　太郎", "ヤマダ　タロウ", date(1985, 1, 2), member.Sex.MALE,
                "090-1234-5678", "060-0001", "札幌市", ("常連", "会員"), "備考", consent,
            )  # fmt: skip
            members.register(one, NOW)
        members.change_address(1001, moved_to, NOW, "会員一覧")
        members.withdraw(1004, NOW, "会員一覧")
        members.stop_member(1003, NOW, "メール")
        members.undeliverable(1002, "550 5.1.1", NOW, "メール")
    with closing(Outbox(path)) as outbox:
        saved = outbox.save("お知らせ", "★名前★ 様\n", RateLimit(0, 0), NOW)
        outbox.start(
            saved, EVERYBODY, NOW, shop=SHOP, mail_address="shop@shop.example", letter_domain="x.jp"
        )
    with closing(sqlite3.connect(path)) as db:
        moment = "2026-11-23T01:00:00Z"
        db.execute("UPDATE parcel SET first_at = ?, tried_at = ?", (moment, moment))
        for table in ("mail", "parcel"):
            db.execute(f"UPDATE {table} SET later_since = 86400, refused_since = 86400")
        db.execute("UPDATE mail SET tried = 86400")
        db.execute("UPDATE mailing SET ended_at = ?, due_at = ?, night = 1", (moment, moment))
        db.execute("INSERT INTO mailing_text VALUES (1, 'セール', '件名', '本文', ?)", (moment,))
        db.execute(
            "INSERT INTO standing_mailing VALUES"
            " (1, 'birthday', 7, '件名', '本文', 1, ?, '2026-11-23', ?)",
            (moment, moment),
        )
        db.execute("UPDATE mailing SET standing = 1")
        db.execute("INSERT INTO occasion VALUES (1, 1001, '2026-11-23', ?, 1, '')", (moment,))
        db.execute(
            "INSERT INTO poster VALUES (1, 'reji', 'レジ横', ?, ?, 'shop@x mail')", (moment, moment)
        )
        db.execute("UPDATE receipt SET poster = 'reji'")
        db.execute("INSERT INTO returned_letter VALUES ('m1@x.jp', '2026-11-23', '550 5.1.1')")
        db.execute("INSERT INTO no_by_mail VALUES ('m2@x.jp', ?, 1001)", (moment,))
        db.commit()
    with closing(MemberMerges(path)) as members:
        members.merge(1002, 1004, (), NOW, "会員一覧")
    with closing(sqlite3.connect(path)) as db:
        for table, columns in integrity._shape(db).items():
            for column in columns:
                filled = f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL"
                assert db.execute(filled).fetchone()[0], (table, column)
    assert damage(path) is None
    return path


@pytest.fixture
def folder(tmp_path: Path, sound: Path) -> DataFolder:
    folder = DataFolder(tmp_path / "shop")
    folder.prepare()
    shutil.copy(sound, folder.database)
    return folder


def test_the_words_are_those_of_the_other_rooms():
    """A state that is added there must be added to the rules, or files are called damaged."""
    assert set(integrity.KINDS) == set(Kind)
    assert set(integrity.SEXES) == set(member.Sex)
    assert set(integrity.MEMBER_STATES) == set(member.MemberState)
    assert set(integrity.MAILING_STATES) == set(mailing_states.MailingState)
    assert set(integrity.PARCEL_STEPS) == set(mailing_states.RecipientState)
    assert set(integrity.STANDING_KINDS) == set(schedule.StandingKind)


def test_every_column_has_a_rule(sound: Path):
    with closing(sqlite3.connect(sound)) as db:
        shape = integrity._shape(db)
    assert {table: [*rules] for table, rules in integrity.RULES.items()} == shape


def fallen(value: object, dice: random.Random) -> object:
    """The value with one bit over."""
    if isinstance(value, int):
        return value ^ (1 << dice.choice((0, 1, 7, 31, 62)))
    octets = bytearray(str(value).encode() or b" ")
    octets[dice.randrange(len(octets))] ^= 1 << dice.randrange(8)
    return bytes(octets)


def harmed(sound: Path, folder: DataFolder, times: int) -> Iterator[tuple[str, str]]:
    """One bit of one value after the other fallen over in `folder`."""
    dice = random.Random(1)
    with closing(sqlite3.connect(sound)) as db:
        shape = integrity._shape(db)
    for table, column in [(t, c) for t, columns in shape.items() for c in columns] * times:
        for leftover in folder.path.glob("kollect.db-*"):
            leftover.unlink()
        shutil.copy(sound, folder.database)
        with closing(sqlite3.connect(folder.database)) as db:
            values = db.execute(
                f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"
            ).fetchall()
            (value,) = dice.choice(values)
            new = fallen(value, dice)
            cast = "?" if isinstance(new, int) else "CAST(? AS TEXT)"
            try:
                db.execute(f"UPDATE {table} SET {column} = {cast} WHERE {column} = ?", (new, value))
            except sqlite3.IntegrityError:  # another one's key
                continue
            db.commit()
        yield table, f"{column}: {value!r} -> {new!r}"


def read_everything(folder: DataFolder) -> None:
    """What commands and screens read."""
    with closing(Ledger(folder.database)) as ledger:
        ledger.mark("reply")
        ledger.entries(range(1, 100))
        ledger.template(1)
        ledger.behind()
    with closing(Receipts(folder.database)) as receipts:
        list(receipts.all())
    with closing(Members(folder.database)) as members:
        list(members.each())
        list(members.consents())
        members.changes(1002)
        members.groups()
    with closing(Outbox(folder.database)) as outbox:
        for one in outbox.mailings():
            outbox.counts(one.id)
            list(outbox.each(one.id))


def test_a_bit_in_any_column_is_damage_or_another_value(sound: Path, folder: DataFolder):
    found = set()
    for table, what in harmed(sound, folder, 2):
        told = damage_at_a_glance(folder.database)
        if told is not None:
            found.add(table)
            assert damage(folder.database), what
        try:
            read_everything(folder)
        except StorageTrouble as trouble:
            assert told is not None, what
            assert "起動し直して" in trouble.cure
        except ValueError as error:
            pytest.fail(f"{table}.{what}: {error!r}")
    assert found == set(integrity.RULES)


def test_a_poll_tells_it_as_damage(sound: Path, folder: DataFolder):
    for table, what in itertools.islice(harmed(sound, folder, 1), 0, None, 3):
        worker = CollectorWorker(folder, lambda: (SETTINGS, Passwords()), lambda news: None)
        trouble = worker.once()[1]
        worker.close()
        assert trouble is not None, "nothing listens at this port"
        assert "プログラムの誤り" not in trouble.title, (table, what, trouble.detail)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("received_at", "2026-13-01T00:00:00Z"),
        ("received_at", "2026-02-30T00:00:00Z"),
        ("received_at", "2026-02-01T24:00:00Z"),
        ("received_at", "2026-02-01T00:00:00"),
        ("received_at", "0000-02-01T00:00:00Z"),
        ("replied_at", "2026-11-23T01:00:0pZ"),
        ("state", "replyed"),
        ("times", -1),
        ("times", "x"),
        ("renumbered", 2),
        ("template", 7),
        ("address", b"x@x.jp"),
    ],
)
def test_commands_end_with_5_and_the_cure(
    folder: DataFolder, capsys: pytest.CaptureFixture[str], column: str, value: object
):
    make_backup(folder.database, folder.backup_dir, date(2026, 11, 23))
    with closing(sqlite3.connect(folder.database)) as db:
        db.execute(f"UPDATE receipt SET {column} = ? WHERE number = 1002", (value,))
        db.commit()
    data = ("--data", str(folder.path))
    out = str(folder.path / "out.csv")
    for command in (
        ("results",), ("results", "--json"), ("collect", "--once"), ("check",),
        ("members", "export", out), ("send", "--resume"),
    ):  # fmt: skip
        assert __main__.main([*command, *data]) == 5, command
        said = capsys.readouterr()
        assert "kollect restore" in said.err + said.out
    assert __main__.main(["restore", "--yes", *data]) == 0
    assert "戻しました" in capsys.readouterr().out
    assert __main__.main(["results", *data]) == 0


def test_a_bit_anywhere_in_the_file_is_no_fault_of_ours(sound: Path, folder: DataFolder):
    dice = random.Random(2)
    whole = sound.read_bytes()
    for _ in range(60):
        harmed_file = bytearray(whole)
        place, bit = dice.randrange(len(whole)), dice.randrange(8)
        harmed_file[place] ^= 1 << bit
        for leftover in folder.path.glob("kollect.db-*"):
            leftover.unlink()
        folder.database.write_bytes(harmed_file)
        try:
            damage(folder.database)
            read_everything(folder)
        except StorageTrouble:
            pass
        except (ValueError, TypeError) as error:
            pytest.fail(f"octet {place} bit {bit}: {error!r}")


def test_a_copy_with_a_bit_over_takes_no_good_ones_place(folder: DataFolder):
    with closing(sqlite3.connect(folder.database)) as db:
        db.execute("UPDATE member SET registered_at = '2026-1q-23T01:00:00Z'")
        db.commit()
    with pytest.raises(StorageTrouble, match="壊れて"):
        make_backup(folder.database, folder.backup_dir, date(2026, 11, 23))
    assert not list(folder.backup_dir.iterdir())


def test_the_start_does_not_read_for_ever(sound: Path):
    with closing(sqlite3.connect(sound)) as db:
        db.execute("UPDATE parcel SET answer = CAST(x'ff' AS TEXT)")
        assert integrity.wrong(db) is not None
        assert glance(db, go_on=True) is not None
        # it is asked every 20,000 steps: this file has not so many
        assert glance(db, go_on=False) is not None
        template = db.execute("SELECT max(id) FROM template").fetchone()[0]
        db.executemany(
            "INSERT INTO receipt (number, address, address_key, received_at, state, template)"
            " VALUES (?, 'a', ?, '2026-11-23T01:00:00Z', 'pending', ?)",
            ((5000 + n, f"a{n}", template) for n in range(20_000)),
        )
        assert glance(db, go_on=True) is not None
        assert glance(db, go_on=False) is None


def glance(db: sqlite3.Connection, *, go_on: bool) -> str | None:
    return integrity.wrong_at_a_glance(db, lambda: go_on, perhaps_mixed=False)


def test_a_log_of_another_file_beside_it_is_found(sound: Path, folder: DataFolder):
    """The write-ahead log that a killed program left, and an older file put in its place."""
    with closing(sqlite3.connect(folder.database)) as db:
        # an index that is not its table's: only the long check compares them
        db.execute("PRAGMA writable_schema = ON")
        db.execute("DELETE FROM sqlite_master WHERE name = 'receipt_by_time'")
        db.commit()
    with closing(sqlite3.connect(folder.database)) as db:
        db.execute("UPDATE receipt SET received_at = '2026-11-24T01:00:00Z'")
        db.execute("PRAGMA writable_schema = ON")
        with closing(sqlite3.connect(sound)) as old:
            row = old.execute(
                "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master"
                " WHERE name = 'receipt_by_time'"
            ).fetchone()
        db.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)
        db.commit()
    assert damage(folder.database) is not None
    assert damage_at_a_glance(folder.database) is None
    folder.database.with_name("kollect.db-wal").write_bytes(b"")
    assert damage_at_a_glance(folder.database) is not None


NOTES = {
    "backlog": "yes",
    "behind": "1005",
    "came back": "2",
    "clock moved": "2026-11-20T10:00 2026-11-23T10:00",
    "clock wrong": "ahead",
    "encrypts pop3 127.0.0.1:9": "yes",
    "lived": (
        '{"lived": 86400.5, "wall": "2026-11-23T01:00:00+00:00", "running": 12.25, "run": "5a",'
        ' "stood": 3600.0, "move": ["2026-11-20T01:00:00+00:00", "2026-11-23T01:00:00+00:00",'
        " true, 7200.0]}"
    ),
    "not deleted because": "サーバが断りました。",
    "not deleted count": "3",
    "not whole": f"{'0a' * 32} 740310",
    "paused": "yes",
    "put off up to": "12",
    "waited up to": "12",
    "went back": "2026-11-23T01:00:00Z",
}
"""What a program that has run for long may have noted."""


@pytest.mark.parametrize("key", NOTES)
def test_a_bit_in_any_note_is_damage_or_does_no_harm(sound: Path, folder: DataFolder, key: str):
    with closing(Ledger(folder.database)) as ledger:
        for name, value in NOTES.items():
            ledger.set_metadata(name, value)
    assert damage(folder.database) is None
    whole = folder.database.read_bytes()
    bits = list(range(8 * len(NOTES[key].encode())))
    for bit in random.Random(key).sample(bits, min(len(bits), 12)):
        for leftover in folder.path.glob("kollect.db-*"):
            leftover.unlink()
        folder.database.write_bytes(whole)
        octets = bytearray(NOTES[key].encode())
        octets[bit // 8] ^= 1 << bit % 8
        with closing(sqlite3.connect(folder.database)) as db:
            new = bytes(octets)
            db.execute("UPDATE meta SET value = CAST(? AS TEXT) WHERE key = ?", (new, key))
            db.commit()
        worker = CollectorWorker(folder, lambda: (SETTINGS, Passwords()), lambda news: None)
        trouble = worker.once()[1]
        worker.close()
        assert trouble is not None, "nothing listens at this port"
        assert "プログラムの誤り" not in trouble.title, (new, trouble.detail)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE mail SET tried = -1",
        "UPDATE mail SET later_since = 1 << 62",
        "UPDATE mail SET refused_since = 'x'",
        "UPDATE mail SET refusals = -1",
        "UPDATE mail SET kind = 'stop_perhapt'",
        "UPDATE parcel SET later_since = -1",
        "UPDATE parcel SET refusals = 'x'",
        "INSERT INTO meta VALUES ('waited up to', '1:')",
        "INSERT INTO meta VALUES ('not deleted count', 'x')",
        "INSERT OR REPLACE INTO meta VALUES ('lived', '{')",
    ],
)
def test_commands_tell_of_a_broken_span_as_damage(
    folder: DataFolder, capsys: pytest.CaptureFixture[str], change: str
):
    make_backup(folder.database, folder.backup_dir, date(2026, 11, 23))
    with closing(sqlite3.connect(folder.database)) as db:
        db.execute(change)
        db.commit()
    for command in (("results",), ("collect", "--once"), ("send", "--resume")):
        assert __main__.main([*command, "--data", str(folder.path)]) == 5, command
        said = capsys.readouterr()
        assert "kollect restore" in said.err + said.out


def test_a_bit_in_what_was_lived_is_damage_or_another_time():
    sound = lived_time.from_json(NOTES["lived"])
    for bit in range(8 * len(NOTES["lived"])):
        octets = bytearray(NOTES["lived"].encode())
        octets[bit // 8] ^= 1 << bit % 8
        try:
            state = lived_time.from_json(octets.decode())
        except ValueError:
            continue
        now = replace(sound.look, wall=NOW + timedelta(days=1))
        after = lived_time.later(state, now)
        assert 0 <= after.seconds - state.seconds <= 86401
        after.age(NOW)
