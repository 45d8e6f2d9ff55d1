"""The ledger on a real file: what each method promises."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from kollect.delivery.retry_policy import Patience
from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.states import AlreadyNumbered, IllegalMailMove, MailState, ReceiptState
from kollect.storage.database import to_text, to_time
from kollect.storage.database_driver import sqlite3
from tests.helpers.ledger_samples import BOX, DOMAIN, NOW, numbered, sighting, text

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def receipts(path: Path) -> dict[int, tuple[str, str]]:
    reader = Receipts(path)
    try:
        return {r.number: (r.address, r.state) for r in reader.all()}
    finally:
        reader.close()


# --- numbers


def test_numbers_follow_each_other_from_the_first_on(ledger: Ledger):
    assert [numbered(ledger, f"{who}@docomo.ne.jp")[1] for who in "abc"] == [1001, 1002, 1003]


def test_a_higher_first_number_is_taken_up_a_lower_one_is_not(ledger: Ledger):
    first = [
        numbered(ledger, f"{who}@docomo.ne.jp", first=first)[1]
        for who, first in (("a", 1001), ("b", 5000), ("c", 1), ("d", 5001))
    ]
    assert first == [1001, 5000, 5001, 5002]


def test_a_number_of_a_broken_off_transaction_is_given_to_the_next(ledger: Ledger, path: Path):
    with pytest.raises(RuntimeError), ledger.transaction():
        ledger.give_number("a@x.jp", "a@x.jp", NOW, first=1001, template=text(ledger))
        raise RuntimeError
    assert receipts(path) == {}
    assert numbered(ledger, "b@x.jp")[1] == 1001


def test_an_address_has_one_number_unless_asked_for(ledger: Ledger, path: Path):
    numbered(ledger, "Taro@docomo.ne.jp")
    with pytest.raises(AlreadyNumbered) as refused:
        numbered(ledger, "TARO@docomo.ne.jp")
    assert refused.value.number == 1001
    assert receipts(path) == {1001: ("Taro@docomo.ne.jp", "pending")}
    assert numbered(ledger, "taro@docomo.ne.jp", again=True)[1] == 1002
    assert ledger.known("taro@docomo.ne.jp", NOW)[0] == 1002


def test_the_table_itself_refuses_a_second_number(ledger: Ledger, path: Path):
    numbered(ledger, "a@x.jp")
    with sqlite3.connect(path) as other, pytest.raises(sqlite3.IntegrityError):
        other.execute(
            "INSERT INTO receipt (number, address, address_key, received_at, state, template)"
            " VALUES (9, 'A@x.jp', 'a@x.jp', '2026', 'pending', 1)"
        )


def test_the_newest_number_is_known_and_what_was_answered_of_late(ledger: Ledger):
    assert ledger.known("a@x.jp", NOW) == (None, 0, 0)
    numbered(ledger, "a@x.jp", now=NOW - 3 * HOUR)
    number = numbered(ledger, "a@x.jp", now=NOW - 2 * DAY, again=True)[1]
    for uid, kind, ago in (
        ("1", "duplicate", timedelta(minutes=30)),
        ("2", "renumber", timedelta(minutes=59)),
        ("3", "ignored", timedelta(minutes=1)),
        ("4", "braked", timedelta(minutes=1)),
        ("5", "duplicate", timedelta(hours=23)),
        ("6", "duplicate", timedelta(hours=25)),
    ):
        ledger.record(BOX, sighting(uid, "a@x.jp", kind=kind), MailState.OWED, NOW - ago)
    assert ledger.known("a@x.jp", NOW) == (number, 2, 4)
    assert ledger.known("b@x.jp", NOW) == (None, 0, 0)


def test_letters_sent_again_by_hand_do_not_count_for_the_brake(ledger: Ledger):
    _, number = numbered(ledger, "a@x.jp")
    before = ledger.known("a@x.jp", NOW)
    ledger.resend(number, NOW, text(ledger), DOMAIN)
    assert ledger.known("a@x.jp", NOW) == before == (number, 1, 1)


def test_numbers_given_of_late_are_counted(ledger: Ledger):
    for minute in range(5):
        numbered(ledger, f"{minute}@x.jp", now=NOW - timedelta(minutes=minute))
    assert ledger.numbered_within(timedelta(minutes=3), NOW) == 3


def test_what_a_wrong_clock_wrote_down_as_later_stops_nobody(ledger: Ledger):
    _, number = numbered(ledger, "a@x.jp", now=NOW + DAY)
    assert ledger.numbered_within(timedelta(hours=1), NOW) == 0
    assert ledger.known("a@x.jp", NOW) == (number, 0, 0)


def test_times_are_counted(ledger: Ledger, path: Path):
    _, number = numbered(ledger, "a@x.jp")
    ledger.count_again(number)
    ledger.count_again(number)
    reader = Receipts(path)
    assert reader.some([number])[number].times == 3
    reader.close()


def test_an_answer_once_delivered_stays_delivered(ledger: Ledger, path: Path):
    _, number = numbered(ledger, "a@x.jp")
    ledger.receipt_state(number, ReceiptState.UNKNOWN, NOW, "no answer")
    ledger.receipt_state(number, ReceiptState.REPLIED, NOW + HOUR)
    for later in (ReceiptState.PENDING, ReceiptState.UNKNOWN, ReceiptState.UNDELIVERABLE):
        ledger.receipt_state(number, later, NOW + 2 * HOUR, "the duplicate reply's fate")
    reader = Receipts(path)
    found = reader.some([number])[number]
    reader.close()
    assert (found.state, found.reason, found.replied_at) == ("replied", "", NOW + HOUR)


# --- delivery reports


def letter_of(ledger: Ledger, row: int) -> str:
    return next(e.reply_message_id for e in ledger.still_there(BOX) if e.id == row)


def test_a_report_that_names_our_letter_marks_its_receipt(ledger: Ledger, path: Path):
    row, number = numbered(ledger, "a@x.jp")
    other = numbered(ledger, "b@x.jp")[1]
    ledger.receipt_state(number, ReceiptState.REPLIED, NOW)
    letter = letter_of(ledger, row)
    assert ledger.bounced(letter, "who@ever.example", "550 no such user", NOW) == number
    assert receipts(path) == {
        number: ("a@x.jp", "undeliverable"),
        other: ("b@x.jp", "pending"),
    }
    assert ledger.bounced("<somebody@else.example>", "a@x.jp", "550", NOW - DAY) is None


def test_a_report_about_a_forwarded_mail_marks_nothing(ledger: Ledger, path: Path):
    _, number = numbered(ledger, "a@x.jp")
    seen = sighting("f", "a@x.jp", kind="out_of_scope")
    row = ledger.record(BOX, seen, MailState.OWED, NOW, letter_domain=DOMAIN)
    assert ledger.bounced(letter_of(ledger, row), "a@x.jp", "550", NOW - DAY) is None
    assert receipts(path) == {number: ("a@x.jp", "pending")}


@pytest.mark.parametrize(
    "steps, meant",
    [
        ([], False),
        ([MailState.SENDING], True),
        ([MailState.SENDING, MailState.DEFERRED], False),
        ([MailState.SENDING, MailState.UNKNOWN], True),
        ([MailState.SENDING, MailState.KEPT], True),
        ([MailState.SENDING, MailState.SENT], True),
        ([MailState.SENDING, MailState.SENT, MailState.GONE], True),
    ],
)
def test_a_report_that_names_only_the_recipient_marks_what_may_have_reached_a_server(
    ledger: Ledger, path: Path, steps: list[MailState], meant: bool
):
    row, number = numbered(ledger, "a@x.jp")
    for step in steps:
        ledger.move([row], step, NOW)
    assert ledger.bounced("", "b@x.jp", "550", NOW - DAY) is None
    assert ledger.bounced("", "a@x.jp", "550", NOW) is None, "the letter is not newer than that"
    assert ledger.bounced("", "a@x.jp", "550", NOW - DAY) == (number if meant else None)


# --- mails


def test_known_mails_are_found_however_many(ledger: Ledger):
    uids = [f"u{n}" for n in range(1300)]
    with ledger.transaction():
        for uid in uids[::2]:
            ledger.record(BOX, sighting(uid), MailState.KEPT, NOW)
        ledger.record("other@shop.example", sighting("u1"), MailState.KEPT, NOW)
    assert set(ledger.known_mails(BOX, uids)) == set(uids[::2])
    assert ledger.known_mails(BOX, []) == {}


def test_an_entry_comes_back_as_it_was_written(ledger: Ledger):
    number = numbered(ledger, "Taro..x@docomo.ne.jp", uid="ü 1")[1]
    entry = ledger.known_mails(BOX, ["ü 1"])["ü 1"]
    assert (entry.mailbox, entry.number, entry.address) == (BOX, number, "Taro..x@docomo.ne.jp")
    assert (entry.step, entry.kind, entry.reason) == (MailState.OWED, "new", "空メールです。")
    assert entry.seen_at == entry.step_at == NOW
    assert (entry.is_complete, entry.kept, entry.unknowns, entry.answer) == (False, "", 0, "")
    assert entry.reply_message_id.endswith("@shop.example>")


def test_a_letter_has_an_id_of_its_own_and_keeps_it(ledger: Ledger, path: Path):
    row, _ = numbered(ledger, "a@x.jp")
    other, _ = numbered(ledger, "b@x.jp")
    ids = {letter_of(ledger, row), letter_of(ledger, other)}
    assert len(ids) == 2
    ledger.move([row], MailState.SENDING, NOW)
    ledger.close()
    again = Ledger(path)
    assert {letter_of(again, row), letter_of(again, other)} == ids
    again.close()


def test_a_mail_under_another_id_is_the_same_mail(ledger: Ledger):
    row, number = numbered(ledger, "a@x.jp", uid="old")
    ledger.change_uid(row, "new")
    assert list(ledger.known_mails(BOX, ["old", "new"])) == ["new"]
    assert [(entry.uid, entry.number) for entry in ledger.owed(0, 9)] == [("new", number)]


def test_only_what_is_not_gone_is_there(ledger: Ledger):
    rows = [ledger.record(BOX, sighting(uid), MailState.KEPT, NOW) for uid in "abc"]
    ledger.record("other@x.jp", sighting("d"), MailState.KEPT, NOW)
    ledger.move(rows[1:2], MailState.GONE, NOW)
    assert [entry.uid for entry in ledger.still_there(BOX)] == ["a", "c"]


def test_owed_letters_come_in_the_order_of_arrival_and_when_they_can_be_written(ledger: Ledger):
    rows = [numbered(ledger, f"{n}@x.jp")[0] for n in range(4)]
    forward = ledger.record(
        BOX, sighting("f", kind="out_of_scope"), MailState.OWED, NOW, letter_domain=DOMAIN
    )
    rows.append(numbered(ledger, "z@x.jp")[0])
    ledger.record(BOX, sighting("k"), MailState.KEPT, NOW)
    assert [entry.id for entry in ledger.owed(0, 100)] == rows
    assert ledger.owed_count(BOX) == len(rows) + 1, "the mail to be forwarded has no copy yet"
    assert ledger.owed_count("new@x.jp") == len(rows), "no copy, and nobody polls its mailbox"
    ledger.mark_kept(forward, "20261123-f.eml", whole=True)
    ledger.move([rows[0]], MailState.SENDING, NOW)
    ledger.move([rows[0]], MailState.SENT, NOW, "250 ok")
    ledger.move([rows[1]], MailState.SENDING, NOW)
    assert [entry.id for entry in ledger.owed(0, 3)] == rows[1:4]
    assert [entry.id for entry in ledger.owed(rows[3], 100)] == [forward, rows[4]]


@pytest.mark.parametrize("caught_within", [False, True])
def test_an_illegal_move_changes_none_of_the_mails(ledger: Ledger, caught_within: bool):
    rows = [numbered(ledger, f"{n}@x.jp")[0] for n in range(3)]
    ledger.move(rows[1:2], MailState.SENDING, NOW)
    if caught_within:
        with ledger.transaction():
            ledger.set_metadata("before", "yes")
            with pytest.raises(IllegalMailMove):
                ledger.move(rows, MailState.DEFERRED, NOW)
            ledger.set_metadata("after", "yes")
    else:
        with pytest.raises(IllegalMailMove):
            ledger.move(rows, MailState.DEFERRED, NOW)
    assert [entry.step for entry in ledger.owed(0, 9)] == [
        MailState.OWED,
        MailState.SENDING,
        MailState.OWED,
    ]
    assert (ledger.get_metadata("before"), ledger.get_metadata("after")) == (
        "yes" * caught_within,
    ) * 2


def test_a_mail_nobody_knows_cannot_move(ledger: Ledger):
    with pytest.raises(IllegalMailMove):
        ledger.move([77], MailState.SENDING, NOW)
    ledger.move([], MailState.GONE, NOW)


def test_answers_and_unknown_endings_are_kept(ledger: Ledger):
    row, _ = numbered(ledger, "a@x.jp")
    for step, answer in (
        (MailState.SENDING, ""),
        (MailState.UNKNOWN, "no answer"),
        (MailState.SENDING, ""),
    ):
        ledger.move([row], step, NOW + HOUR, answer)
    entry = ledger.owed(0, 1)[0]
    assert (entry.unknowns, entry.answer, entry.step_at) == (1, "no answer", NOW + HOUR)
    assert entry.seen_at == NOW


def test_each_mail_keeps_the_answer_to_its_own_letter(ledger: Ledger):
    rows = [numbered(ledger, f"{n}@x.jp", uid=f"u{n}")[0] for n in range(3)]
    ledger.move(rows, MailState.SENDING, NOW)
    never = Patience()
    ledger.answered([(rows[0], "250 a", never), (rows[1], "", never)], MailState.SENT, NOW, 0)
    with pytest.raises(IllegalMailMove):
        ledger.answered(
            [(rows[2], "250 c", never), (rows[1], "250 b", never)], MailState.SENT, NOW, 0
        )
    found = ledger.known_mails(BOX, ["u0", "u1", "u2"])
    assert [(found[uid].step, found[uid].answer) for uid in ("u0", "u1", "u2")] == [
        (MailState.SENT, "250 a"),
        (MailState.SENT, ""),
        (MailState.SENDING, ""),
    ]


def test_replies_are_marked_together(ledger: Ledger, path: Path):
    for n in range(3):
        numbered(ledger, f"{n}@x.jp")
    ledger.replied([1001, 1003], NOW)
    ledger.replied([], NOW)
    assert [state for _, state in receipts(path).values()] == ["replied", "pending", "replied"]


def test_a_part_of_a_transaction_can_fail_alone(ledger: Ledger):
    with ledger.transaction():
        ledger.set_metadata("first", "yes")
        with pytest.raises(RuntimeError), ledger.transaction():
            ledger.set_metadata("second", "yes")
            raise RuntimeError
        ledger.set_metadata("third", "yes")
    assert [ledger.get_metadata(key) for key in ("first", "second", "third")] == ["yes", "", "yes"]


def test_sending_again_owes_the_same_number(ledger: Ledger):
    _, number = numbered(ledger, "Taro@x.jp")
    row = ledger.resend(number, NOW + HOUR, text(ledger), DOMAIN)
    entry = next(e for e in ledger.owed(0, 9) if e.id == row)
    assert (entry.number, entry.address) == (number, "Taro@x.jp")
    assert list(ledger.still_there(BOX)) != [entry], "it is in no mailbox"
    with pytest.raises(KeyError):
        ledger.resend(4711, NOW, text(ledger), DOMAIN)


def test_strikes_are_counted(ledger: Ledger):
    assert [ledger.record_failure(BOX, "u1", NOW + n * HOUR) for n in range(3)] == [1, 2, 3]
    assert ledger.record_failure(BOX, "u2", NOW) == 1
    assert sorted(ledger.failures(BOX)) == [("u1", 3, NOW + 2 * HOUR), ("u2", 1, NOW)]
    assert ledger.failures("other@x.jp") == []


def test_what_is_done_with_is_forgotten_in_time_and_nothing_else(ledger: Ledger, path: Path):
    rows = [numbered(ledger, f"{n}@x.jp", uid=f"u{n}")[0] for n in range(4)]
    again = [ledger.resend(1001, NOW, text(ledger), DOMAIN) for _ in range(2)]
    ledger.move([*rows[:3], again[0]], MailState.SENDING, NOW)
    ledger.move([*rows[:3], again[0]], MailState.SENT, NOW)
    ledger.move(rows[:1], MailState.GONE, NOW)
    ledger.move(rows[1:2], MailState.GONE, NOW + 2 * DAY)
    ledger.record_failure(BOX, "u9", NOW)
    ledger.forget_gone(NOW + DAY)
    assert list(ledger.known_mails(BOX, [f"u{n}" for n in range(4)])) == ["u1", "u2", "u3"]
    assert [entry.id for entry in ledger.owed(0, 9)] == [rows[3], again[1]]
    assert [entry.id for entry in ledger.still_there("manual")] == [again[1]]
    assert ledger.failures(BOX) == []
    assert len(receipts(path)) == 4


# --- notes and texts


def test_notes_outlive_a_restart_and_tell_a_change(ledger: Ledger, path: Path):
    assert ledger.get_metadata("paused") == ""
    assert [ledger.set_metadata("paused", value) for value in ("", "yes", "yes", "")] == [
        False,
        True,
        False,
        True,
    ]
    ledger.set_metadata("paused", "yes")
    again = Ledger(path)
    assert again.get_metadata("paused") == "yes"
    again.close()


def test_every_version_of_a_text_is_kept(ledger: Ledger):
    def in_force(body: str) -> int:
        return ledger.template_in_force("duplicate", "見出", body, NOW)

    first, second = in_force("本文\n"), in_force("本文2\n")
    assert in_force("本文2\n") == second != first
    assert in_force("本文\n") not in (first, second), "in force again, but since another moment"
    assert ledger.template_in_force("acknowledgement", "見出", "本文\n", NOW) not in (first, second)
    kept = ledger.template(first)
    assert (kept.kind, kept.subject, kept.body, kept.since) == ("duplicate", "見出", "本文\n", NOW)


def test_marks_belong_to_one_installation_and_one_purpose(path: Path, tmp_path: Path):
    marks = set()
    for file in (path, path, tmp_path / "other.db"):
        opened = Ledger(file)
        marks |= {(opened.install_id, opened.mark("test")), (opened.install_id, opened.mark("x"))}
        opened.close()
    assert len(marks) == 4
    assert len({mark for _, mark in marks}) == 4
    assert all(len(mark) == 32 for _, mark in marks)


def test_times_come_back_with_their_zone():
    assert to_time(to_text(NOW)) == NOW
    assert to_text(NOW) == "2026-11-23T01:00:00Z"


# --- whose fault it is


def test_a_mistake_of_ours_is_not_told_as_a_broken_disk(ledger: Ledger):
    ledger.record(BOX, sighting("u1"), MailState.KEPT, NOW)
    with pytest.raises(sqlite3.IntegrityError):
        ledger.record(BOX, sighting("u1"), MailState.KEPT, NOW)
    raised: list[BaseException] = []

    def elsewhere() -> None:
        try:
            ledger.get_metadata("x")
        except sqlite3.Error as error:
            raised.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert isinstance(raised[0], sqlite3.ProgrammingError), "one Ledger belongs to one thread"


def test_a_file_that_is_no_database_is_said_in_plain_words(path: Path):
    path.write_bytes(b"this is a letter, not a ledger\n" * 300)
    with pytest.raises(StorageTrouble) as told:
        Ledger(path)
    assert "壊れて" in str(told.value)
    assert path.read_bytes().startswith(b"this is"), "and it is left as it was"


def test_a_folder_that_is_gone_is_said_in_plain_words(tmp_path: Path):
    with pytest.raises(StorageTrouble) as told:
        Ledger(tmp_path / "stick" / "kollect.db")
    assert "見つかりません" in told.value.title
    assert not (tmp_path / "stick").exists()
