"""The table of what each mail is: the rows, their order, the brakes, nobody answered by mistake."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.decision.decide import decide
from kollect.decision.types import Decision, Kind, Rules, SenderHistory
from kollect.mail import address
from kollect.mail.message import Mail
from kollect.settings.model import DEFAULT_BLANK_SUBJECTS, DuplicateAction
from tests.helpers.hostile_mails import ANSWERED, HOSTILE
from tests.unit.test_message import HEADERS

RULES = Rules(
    own_address="shop@example.jp",
    blank_subjects=DEFAULT_BLANK_SUBJECTS,
    duplicate_action=DuplicateAction.REPLY,
    replies_per_hour=5,
    replies_per_day=20,
    test_mark="test-secret",
    reply_mark="reply-secret",
)
NEW = SenderHistory()
KNOWN = SenderHistory(number=1001)
ANSWERS = (Kind.NEW, Kind.DUPLICATE, Kind.RENUMBER)


def _decide(header: str, known: SenderHistory = NEW, rules: Rules = RULES) -> Decision:
    return decide(Mail.read(header.replace("\n", "\r\n").encode() + b"\r\n\r\n"), rules, known)


BLANK = "From: Taro <taro..@docomo.ne.jp>\nSubject:"
REPORT = "Content-Type: multipart/report; report-type=delivery-status; boundary=x"

TABLE = {
    # 1 our own test mail, before everything else
    "test mail": ("From: shop@example.jp\nX-Kollect-Test: test-secret", Kind.TEST),
    "test mail with words": ("From: a@b.jp\nSubject: a\nX-Kollect-Test: test-secret", Kind.TEST),
    "test mail that looks automatic": (
        "Return-Path: <>\nX-Kollect-Test: test-secret\nAuto-Submitted: auto-generated",
        Kind.TEST,
    ),
    "test mail of another installation": (BLANK + "\nX-Kollect-Test: other", Kind.NEW),
    "test mail with nothing in the mark": (BLANK + "\nX-Kollect-Test:", Kind.NEW),
    # 2 loops
    "from ourselves": ("From: shop@example.jp\nSubject:", Kind.LOOP),
    "from ourselves, other spelling": ('From: X <"Shop"@EXAMPLE.jp>\nSubject:', Kind.LOOP),
    "from ourselves with words": ("From: shop@example.jp\nSubject: hello", Kind.LOOP),
    "our reply come back": (BLANK + "\nX-Kollect-Reply: reply-secret", Kind.LOOP),
    "our reply as a report": (REPORT + "\nX-Kollect-Reply: reply-secret", Kind.LOOP),
    "reply of another installation": (
        BLANK + "\nX-Kollect-Reply: other\nAuto-Submitted: auto-replied",
        Kind.AUTOMATIC,
    ),
    "to ourselves only": (BLANK + "\nTo: shop@example.jp", Kind.NEW),
    # 3 delivery reports
    "report": ("From: MAILER-DAEMON@b.jp\n" + REPORT, Kind.BOUNCE),
    "report in quotes": (
        'From: <>\nContent-Type: multipart/report;\n boundary="x"; Report-Type="delivery-status"',
        Kind.BOUNCE,
    ),
    "report, automatic": (REPORT + "\nAuto-Submitted: auto-replied\nSubject:", Kind.BOUNCE),
    "text of qmail": ("Return-Path: <>\nFrom: MAILER-DAEMON@b.jp\nSubject: failure", Kind.BOUNCE),
    "postmaster, no return path": ("Return-Path: <>\nFrom: Postmaster@ezweb.ne.jp", Kind.BOUNCE),
    # 4 automatic
    "read receipt": (
        BLANK + "\nContent-Type: multipart/report; report-type=disposition-notification",
        Kind.AUTOMATIC,
    ),
    "vacation": (BLANK + "\nReturn-Path: <>", Kind.AUTOMATIC),
    "mailing list": (BLANK + "\nList-Id: x", Kind.AUTOMATIC),
    "no-reply": ("From: no-reply@b.jp\nSubject:", Kind.AUTOMATIC),
    "automatic with words": ("From: a@b.jp\nSubject: hi\nPrecedence: bulk", Kind.AUTOMATIC),
    "postmaster with a return path": (
        "Return-Path: <postmaster@b.jp>\nFrom: postmaster@b.jp",
        Kind.AUTOMATIC,
    ),
    # 5 to 8
    "blank": (BLANK, Kind.NEW),
    "no subject at all": ("From: a@b.jp", Kind.NEW),
    "phrase": ("From: a@b.jp\nSubject: 無題", Kind.NEW),
    "blank, to others": (BLANK + "\nTo: other@example.jp\nCc: x@y.jp", Kind.NEW),
    "blank, no sender": ("Subject:", Kind.OUT_OF_SCOPE),
    "blank, null sender": ("From: <>\nSubject:", Kind.OUT_OF_SCOPE),
    "words": ("From: a@b.jp\nSubject: hello", Kind.OUT_OF_SCOPE),
    "unreadable": ("From: a@b.jp\nSubject: =?x?B?ICA=?=", Kind.OUT_OF_SCOPE),
    "nothing": ("", Kind.OUT_OF_SCOPE),
}


@pytest.mark.parametrize(("header", "kind"), TABLE.values(), ids=TABLE)
def test_table(header: str, kind: Kind):
    decision = _decide(header)
    assert decision.kind is kind
    assert decision.reason.endswith("。")
    assert decision.number is None


def test_the_address_is_the_one_its_owner_writes():
    assert _decide('From: "Abc..Def"@docomo.ne.jp').address == '"Abc..Def"@docomo.ne.jp'


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        (DuplicateAction.REPLY, Kind.DUPLICATE),
        (DuplicateAction.RENUMBER, Kind.RENUMBER),
        (DuplicateAction.IGNORE, Kind.IGNORED),
    ],
)
def test_known_address(action: DuplicateAction, kind: Kind):
    rules = replace(RULES, duplicate_action=action)
    decision = _decide(BLANK, KNOWN, rules)
    assert (decision.kind, decision.number) == (kind, 1001)
    assert "1001" in decision.reason
    assert decision.address == "taro..@docomo.ne.jp"
    assert _decide(BLANK, NEW, rules).kind is Kind.NEW


@pytest.mark.parametrize("header", ["test mail", "from ourselves", "report", "vacation", "words"])
def test_a_known_address_changes_nothing_before_row_five(header: str):
    text, kind = TABLE[header]
    assert _decide(text, KNOWN).kind is kind
    assert _decide(text, SenderHistory(1001, 100, 100, flooded=True)).kind is kind


@pytest.mark.parametrize("number", [None, 1001])
@pytest.mark.parametrize(
    ("hour", "day", "braked"),
    [(0, 0, False), (4, 19, False), (5, 5, True), (0, 20, True), (6, 100, True)],
)
def test_brake(number: int | None, hour: int, day: int, braked: bool):
    decision = _decide(BLANK, SenderHistory(number, hour, day))
    assert (decision.kind is Kind.BRAKED) == braked
    assert decision.number == number


def test_the_brake_says_which_limit_was_reached():
    assert "1時間に5通" in _decide(BLANK, SenderHistory(1001, 5, 20)).reason
    assert "1日に20通" in _decide(BLANK, SenderHistory(1001, 4, 20)).reason


def test_no_brake_where_no_answer_is_due():
    rules = replace(RULES, duplicate_action=DuplicateAction.IGNORE)
    assert _decide(BLANK, SenderHistory(1001, 100, 100), rules).kind is Kind.IGNORED


def test_flood_stops_new_addresses_only():
    assert _decide(BLANK, SenderHistory(flooded=True)).kind is Kind.PAUSED
    assert _decide(BLANK, SenderHistory(1001, flooded=True)).kind is Kind.DUPLICATE
    assert _decide(BLANK, SenderHistory(None, 5, 5, flooded=True)).kind is Kind.BRAKED
    assert (
        _decide("From: a@b.jp\nSubject: hi", SenderHistory(flooded=True)).kind is Kind.OUT_OF_SCOPE
    )


def test_empty_marks_and_own_address_match_nothing():
    rules = replace(RULES, own_address="", test_mark="", reply_mark="")
    assert _decide(BLANK + "\nX-Kollect-Test:\nX-Kollect-Reply:", NEW, rules).kind is Kind.NEW
    assert _decide("Subject:", NEW, rules).kind is Kind.OUT_OF_SCOPE


def test_the_reason_tells_unreadable_from_written():
    assert "読み取れない" in _decide("From: a@b.jp\nSubject: =?x?B?ICA=?=").reason
    assert "見出がある" in _decide("From: a@b.jp\nSubject: hello").reason
    endless = Mail.read(b"Subject: \r\nFrom: a@b.jp\r\n" + b"X-Long: aaaa\r\n" * 20_000)
    assert "ヘッダー" in decide(endless, RULES, NEW).reason


@pytest.mark.parametrize("name", HOSTILE)
def test_of_the_hostile_ones_only_the_harmless_are_answered(name: str):
    decision = decide(Mail.read(HOSTILE[name]), RULES, NEW)
    if name in ANSWERED:
        assert (decision.kind, decision.address) == (Kind.NEW, ANSWERED[name])
    else:
        assert decision.kind not in ANSWERS


@settings(max_examples=100, deadline=None)
@given(HEADERS, st.booleans(), st.sampled_from([None, 1001]))
def test_whatever_comes_only_usable_addresses_are_answered(
    raw: bytes, plain: bool, number: int | None
):
    mail = Mail.read(raw if plain else b"Subject:\r\nFrom: " + raw)
    decision = decide(mail, RULES, SenderHistory(number))
    assert decision.reason
    if decision.kind in ANSWERS:
        assert address.is_usable(decision.address)
        assert decision.address in raw.decode("utf-8", "replace")
        assert not any(c.isspace() or ord(c) < 33 for c in decision.address)
