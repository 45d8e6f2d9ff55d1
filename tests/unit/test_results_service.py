"""What staff see and do in 収集結果表示, on a real data folder; nothing is owed unasked."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from kollect.app.results_service import HEADER, ResultsService
from kollect.errors import StorageTrouble, Trouble
from kollect.ledger.kept_query import KeptMail
from kollect.ledger.ledger import Ledger
from kollect.ledger.posters import Posters
from kollect.ledger.receipt_query import ReceiptOrder, ReceiptQuery
from kollect.ledger.records import MailRecord
from kollect.ledger.states import AlreadyNumbered, MailState, ReceiptState
from kollect.settings.model import Collect, Settings
from kollect.storage import schema
from kollect.storage.data_folder import DataFolder
from kollect.storage.event_log import LineFormatter
from kollect.storage.numbers_in_log import numbers_given
from tests.helpers.receipt_samples import FIRST, fill_kept, fill_receipts

NOW = datetime(2026, 11, 23, 19, 0).astimezone()
SETTINGS = Settings(
    mail_address="karamail@ocn.ne.jp",
    forward_address="tencho@example.jp",
    collect=Collect(number_digits=6),
)


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path)


@pytest.fixture
def records(folder: DataFolder) -> ResultsService:
    fill_receipts(folder, 200, NOW)
    return ResultsService(folder, lambda: SETTINGS, lambda: NOW)


def owed(folder: DataFolder) -> list[MailRecord]:
    with closing(Ledger(folder.database)) as ledger:
        return ledger.owed(0, 100)


def kept(records: ResultsService) -> list[KeptMail]:
    found = records.find_kept("", rows=50)
    return [found.rows[identity] for identity in found.keys]


class TestReading:
    def test_the_refused_replies_are_told_by_carrier(self, folder: DataFolder):
        folder.prepare()
        records = ResultsService(folder, lambda: SETTINGS, lambda: NOW)
        long_ago = NOW - timedelta(days=9000)
        assert records.refusals(long_ago) == ()
        fill_receipts(folder, 200, NOW)
        with closing(Ledger(folder.database)) as ledger:
            ledger._db.execute(
                "UPDATE receipt SET state = 'undeliverable', address = 'a@docomo.ne.jp',"
                " reason = '550 Unknown user a@docomo.ne.jp' WHERE number < ?",
                (FIRST + 3,),
            )
            ledger._db.execute(
                "UPDATE receipt SET state = 'replied' WHERE number >= ?", (FIRST + 3,)
            )
            ledger._db.commit()
        [docomo] = records.refusals(long_ago)
        assert str(docomo).startswith("docomo: 宛先がないか、お客様の受信拒否設定です。（3件、")
        assert long_ago < docomo.first <= docomo.last < NOW
        assert docomo.first.utcoffset() == datetime.now().astimezone().utcoffset()
        assert records.refusals(NOW + timedelta(days=1)) == ()

    def test_an_empty_folder_has_nothing_and_stays_as_it_is(self, folder: DataFolder):
        folder.prepare()
        records = ResultsService(folder, lambda: SETTINGS)
        assert records.find(ReceiptQuery(), rows=20).total == 0
        assert records.find_kept("").total == 0
        assert records.hours(None, None) == []
        assert not folder.database.exists()

    def test_all_are_found_and_the_first_rows_come_along(self, records: ResultsService):
        found = records.find(ReceiptQuery(), rows=10)
        assert list(found.keys) == list(range(FIRST + 199, FIRST - 1, -1))
        assert set(found.rows) == set(found.keys[:10])
        assert (found.total, found.top) == (200, 0)

    def test_rows_come_from_where_one_looks(self, records: ResultsService):
        found = records.find(ReceiptQuery(), at=FIRST + 100, rows=10)
        assert found.keys[found.top] == FIRST + 100
        assert set(found.rows) == set(range(FIRST + 81, FIRST + 111))
        gone = records.find(ReceiptQuery(), at=5, rows=10)
        assert gone.top == 0

    def test_a_file_of_the_first_version_is_brought_up_to_date(
        self, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
    ):
        folder.prepare()
        with monkeypatch.context() as old:
            old.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
            Ledger(folder.database).close()
        assert ResultsService(folder, lambda: SETTINGS).find(ReceiptQuery(), rows=5).total == 0

    def test_what_cannot_be_read_is_said(self, records: ResultsService, folder: DataFolder):
        folder.database.write_bytes(b"no database" * 1000)
        with pytest.raises(StorageTrouble):
            records.find(ReceiptQuery())


class TestSendAgain:
    def test_the_letter_is_owed_and_says_the_same_number(
        self, records: ResultsService, folder: DataFolder
    ):
        found = records.find(ReceiptQuery(state=ReceiptState.REPLIED), rows=1)
        number = found.keys[0]
        assert len(records.resend([number])) == 1
        (letter,) = owed(folder)
        assert (letter.number, letter.address) == (number, found.rows[number].address)
        with closing(Ledger(folder.database)) as ledger:
            assert ledger.template(letter.template or 0).kind == "duplicate"

    def test_who_never_got_a_letter_gets_the_first_one(
        self, records: ResultsService, folder: DataFolder
    ):
        number = records.find(ReceiptQuery(state=ReceiptState.UNDELIVERABLE)).keys[0]
        records.resend([number])
        with closing(Ledger(folder.database)) as ledger:
            assert ledger.template(owed(folder)[0].template or 0).kind == "acknowledgement"

    def test_a_letter_that_waits_already_is_not_doubled(
        self, records: ResultsService, folder: DataFolder
    ):
        numbers = list(records.find(ReceiptQuery()).keys[:3])
        rows = records.resend(numbers)
        assert len(set(rows)) == 3
        assert set(records.resend(numbers)) == set(rows)
        assert len(owed(folder)) == 3

    def test_without_mail_settings_nothing_is_owed(self, folder: DataFolder):
        fill_receipts(folder, 3, NOW)
        records = ResultsService(folder, Settings, lambda: NOW)
        with pytest.raises(Trouble, match="メールの設定"):
            records.resend([FIRST])
        assert not owed(folder)


class TestKeptMails:
    def test_the_newest_come_first_and_words_find_them(
        self, records: ResultsService, folder: DataFolder
    ):
        fill_kept(folder, NOW)
        mails = kept(records)
        assert [mail.seen_at for mail in mails] == sorted(
            (mail.seen_at for mail in mails), reverse=True
        )
        assert len(mails) == 6
        assert [m.address for m in kept_by(records, "SUZUKI")] == ["suzuki.ichiro@docomo.ne.jp"]
        assert len(kept_by(records, "配送")) == 1
        assert kept_by(records, "zzz") == []

    def test_old_ones_are_not_listed(self, folder: DataFolder):
        fill_kept(folder, NOW - timedelta(days=32))
        assert not kept(ResultsService(folder, lambda: SETTINGS, lambda: NOW))

    def test_a_copy_can_be_read(self, records: ResultsService, folder: DataFolder):
        fill_kept(folder, NOW)
        shown = records.read_kept(kept_by(records, "suzuki")[0])
        assert "ポイントカード" in shown.text
        assert len(shown.attachments) == 1

    def test_a_copy_that_was_cleared_away_is_said_to_be(
        self, records: ResultsService, folder: DataFolder
    ):
        fill_kept(folder, NOW)
        mail = kept(records)[0]
        (folder.kept_dir / mail.file).unlink()
        with pytest.raises(StorageTrouble, match="30日間"):
            records.read_kept(mail)
        with pytest.raises(StorageTrouble):
            records.forward(mail)
        assert not [e for e in owed(folder) if e.mailbox == "manual"]

    def test_forwarding_is_owed_once_for_each_time_it_is_asked_for(
        self, records: ResultsService, folder: DataFolder
    ):
        fill_kept(folder, NOW)
        mail = kept_by(records, "suzuki")[0]
        records.forward(mail)
        letters = [entry for entry in owed(folder) if entry.mailbox == "manual"]
        assert [(e.kind, e.kept, e.is_complete, e.number) for e in letters] == [
            ("out_of_scope", mail.file, True, None)
        ]
        (shown,) = kept_by(records, "suzuki")
        assert shown.by_hand is not None
        assert shown.by_hand.step is MailState.OWED
        records.forward(mail)

    def test_forwarding_needs_an_address(self, folder: DataFolder):
        fill_kept(folder, NOW)
        records = ResultsService(
            folder, lambda: Settings(mail_address="a@shop.example"), lambda: NOW
        )
        with pytest.raises(Trouble, match="転送先"):
            records.forward(kept(records)[0])

    def test_a_number_and_its_letter_come_in_one_piece(
        self, records: ResultsService, folder: DataFolder
    ):
        fill_kept(folder, NOW)
        mail = kept_by(records, "suzuki")[0]
        number = records.give_number(mail, "suzuki.ichiro@docomo.ne.jp")
        assert number == FIRST + 200
        (letter,) = [entry for entry in owed(folder) if entry.mailbox == "manual"]
        assert (letter.number, letter.kind) == (number, "new")
        assert letter.message_id == mail.message_id
        assert records.receipts([number])[number].state is ReceiptState.PENDING
        (shown,) = kept_by(records, "suzuki")
        assert shown.by_hand is not None
        assert shown.by_hand.number == number

    def test_a_number_by_hand_has_the_poster_that_its_mail_was_sent_to(
        self, records: ResultsService, folder: DataFolder
    ):
        fill_kept(folder, NOW)
        with closing(Posters(folder.database)) as posters:
            posters.add("reji", "レジ横", NOW)
        mail = kept_by(records, "suzuki")[0]
        copy = folder.kept_dir / mail.file
        copy.write_bytes(b"To: karamail+reji@ocn.ne.jp\r\n" + copy.read_bytes())
        number = records.give_number(mail, "suzuki.ichiro@docomo.ne.jp")
        assert records.receipts([number])[number].poster == "reji"
        copy.unlink()
        without = records.give_number(mail, "another@docomo.ne.jp")
        assert records.receipts([without])[without].poster == ""

    def test_an_address_with_a_number_gets_no_second_one(
        self, records: ResultsService, folder: DataFolder
    ):
        fill_kept(folder, NOW)
        mail = kept(records)[0]
        taken = records.receipts([FIRST])[FIRST].address
        before = owed(folder)
        with pytest.raises(AlreadyNumbered) as refused:
            records.give_number(mail, taken.upper())
        assert refused.value.number == FIRST
        assert owed(folder) == before
        assert records.find(ReceiptQuery()).total == 200

    def test_the_shop_itself_gets_no_number(self, records: ResultsService, folder: DataFolder):
        fill_kept(folder, NOW)
        with pytest.raises(Trouble, match="お店"):
            records.give_number(kept(records)[0], "KaraMail@OCN.ne.jp")

    def test_the_log_has_the_words_that_a_way_back_looks_for(
        self, records: ResultsService, folder: DataFolder, caplog: pytest.LogCaptureFixture
    ):
        fill_kept(folder, NOW)
        caplog.set_level("INFO", "kollect")
        number = records.give_number(kept(records)[0], "new@docomo.ne.jp")
        lines = [LineFormatter().format(record) for record in caplog.records]
        assert list(numbers_given(lines)) == [number]


class TestCsv:
    @pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
    def test_the_rows_in_their_order(
        self, records: ResultsService, folder: DataFolder, tmp_path: Path, encoding: str
    ):
        path = tmp_path / "結果.csv"
        keys = records.find(ReceiptQuery(order=ReceiptOrder.ADDRESS)).keys
        told: list[int] = []
        assert records.write_csv(path, keys, encoding, progress=told.append)
        header, *rows = csv.reader(io.StringIO(path.read_bytes().decode(encoding)))
        assert tuple(header) == HEADER
        assert [int(row[0]) for row in rows] == list(keys)
        assert all(len(row[0]) == 6 for row in rows), "with the zeros that customers have"
        assert told
        first = records.receipts(keys[:1])[keys[0]]
        assert rows[0][1:3] == [
            first.address,
            f"{first.received_at.astimezone():%Y/%m/%d %H:%M}",
        ]

    def test_stopped_it_writes_nothing(self, records: ResultsService, tmp_path: Path):
        path = tmp_path / "x.csv"
        keys = records.find(ReceiptQuery()).keys
        assert not records.write_csv(path, keys, "utf-8-sig", stopping=lambda: True)
        assert not path.exists()

    def test_a_folder_that_is_not_there_is_said(self, records: ResultsService, tmp_path: Path):
        with pytest.raises(StorageTrouble, match="書き出せません"):
            records.write_csv(tmp_path / "gone" / "x.csv", [FIRST], "utf-8-sig")


def kept_by(records: ResultsService, text: str) -> list[KeptMail]:
    found = records.find_kept(text, rows=50)
    return [found.rows[identity] for identity in found.keys]
