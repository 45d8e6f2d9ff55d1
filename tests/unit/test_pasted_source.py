# ruff: noqa: E501 (fields are as long as servers write them)
"""The source of a mail, pasted as people paste: it is read, or said kindly what it is."""

from __future__ import annotations

import re
import time

import pytest

from kollect.diagnosis.pasted_source import PastedSource, read_source
from tests.unit.test_authentication_results import FORGED, GMAIL, GMAIL_FAILED, REAL, SENT

SHOP = "touroku@shop.example"
ALL_GOOD = ["returned.spf_pass", "returned.dkim_pass", "returned.dmarc_pass"]
FAILED = ["returned.spf_fail", "returned.dkim_none", "returned.dmarc_fail"]
BODY = "\nこのメールは…\n\nReceived: from nobody by mx.evil.example; x\n"


def pasted(text: str, mailbox: str = "owner@gmail.com") -> PastedSource:
    found = read_source(text, shop=SHOP, mailbox=mailbox, own_domain=True)
    assert bool(found.findings) != bool(found.problem), "one of the two is told"
    return found


def codes(text: str, mailbox: str = "owner@gmail.com") -> list[str]:
    return [one.code for one in pasted(text, mailbox).findings]


@pytest.mark.parametrize("name", [name for name in REAL if name != "WebARENA"])
def test_the_source_of_every_provider_is_read(name: str):
    received, _, expected = REAL[name]
    found = pasted(received + SENT + BODY, "me@box.example").findings
    assert len(found) >= len(expected)


GMAIL_PAGE = (
    "元のメッセージ\nメッセージ ID\t<1@shop.example>\n作成日:\t2026年11月28日 10:00（3 秒後に配信）\n"
    "From:\t店 <touroku@shop.example>\nTo:\towner@gmail.com\n件名:\ttest\n"
    "SPF:\tPASS（IP: 192.0.2.20）。詳細\nDKIM:\t'PASS'（ドメイン: shop.example）。詳細\n"
    "DMARC:\t'PASS' 詳細\n\n元のメッセージをダウンロード\tクリップボードにコピー\n\n"
)
GMAIL_PAGE_IN_ENGLISH = (
    "Original Message\nMessage ID\t<1@shop.example>\nCreated at:\tSat, Nov 28, 2026 at 10:00 AM\n"
    "From:\tx <touroku@shop.example>\nTo:\towner@gmail.com\nSubject:\ttest\n"
    "SPF:\tPASS with IP 192.0.2.20 Learn more\nDKIM:\t'PASS' with domain shop.example Learn more\n"
    "DMARC:\t'PASS' Learn more\n\nDownload Original\tCopy to clipboard\n\n"
)


@pytest.mark.parametrize(
    "text",
    [
        GMAIL_PAGE_IN_ENGLISH + GMAIL + SENT + BODY,
        GMAIL_PAGE_IN_ENGLISH,
        GMAIL + SENT + BODY,
        (GMAIL + SENT).replace("\n", "\r\n") + BODY,
        "\ufeff\n\n" + GMAIL + SENT,
        GMAIL_PAGE + GMAIL + SENT + BODY,
        re.sub(r"\n[ \t]+", "\n", GMAIL + SENT) + BODY,
        "\n\n".join((GMAIL + SENT).rstrip("\n").split("\n")) + "\n\n\n" + BODY,
        "".join(f"> {line}\n" for line in (GMAIL + SENT).rstrip("\n").split("\n")),
        (GMAIL + SENT).replace("        ", "\u00a0\u3000"),
        "   " + GMAIL + SENT,
        GMAIL,
    ],
)
def test_however_it_was_pasted(text: str):
    assert codes(text) == ALL_GOOD


def test_one_field_alone_is_enough_where_the_mailbox_is_known():
    field = GMAIL[GMAIL.rindex("Authentication-Results:") :]
    assert codes(field) == ALL_GOOD
    assert codes(field, "me@other.example") == [], "anybody might have written it"


def test_the_table_of_gmails_page_is_enough():
    assert codes(GMAIL_PAGE) == ALL_GOOD
    english = "SPF: FAIL with IP 192.0.2.20 Learn more\nDMARC: 'FAIL' Learn more\n"
    assert codes(english) == FAILED
    other = "SPF: PASS\nDKIM: 'PASS' with domain hoster.example\n"
    assert "returned.dkim_of_another" in codes(other)


@pytest.mark.parametrize(
    "sent",
    [FORGED + SENT, SENT + FORGED, SENT + "\n" + FORGED + SENT, SENT + "\nbody\n\n" + FORGED],
    ids=["on top of his own", "below", "in the body", "further down"],
)
def test_what_the_sender_wrote_is_not_believed(sent: str):
    assert codes(GMAIL_FAILED + sent) == FAILED


def test_only_a_forged_one_is_told_as_such():
    silent = "Received: from a (a [192.0.2.20])\n by mx.box.example with ESMTP id 5; x\n"
    found = pasted(silent + FORGED + SENT, "me@box.example")
    assert "信用しません" in found.problem
    assert "Gmail" in pasted(silent + SENT, "me@box.example").problem


def test_the_mail_of_somebody_else():
    other = SENT.replace("touroku@shop.example", "news@shop.example.evil.example")
    found = pasted(GMAIL + other)
    assert "news@shop.example.evil.example" in found.problem and SHOP in found.problem
    assert codes(GMAIL + SENT.replace("touroku@", "info@")) == ALL_GOOD, "the shop's, too"


HTML = "<!DOCTYPE html>\n<html><head><title>Gmail</title></head><body><div>元のメッセージ</div></body></html>\n"
LOWER_HALF = SENT[SENT.index("From:") :] + BODY


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "まだ何も"),
        (" \n\t\u3000\n", "まだ何も"),
        ("こんにちは。届きました!", "ソースではない"),
        ("https://mail.google.com/mail/u/0/#inbox", "ソースではない"),
        ("\x00\x01\ud800 rubbish", "ソースではない"),
        (HTML * 50, "ホームページ"),
        (LOWER_HALF, "上のほうが足りません"),
        ("Subject: test\nDate: x\nFrom: touroku@shop.example\n", "上のほうが足りません"),
        (LOWER_HALF + "\n\n" + GMAIL, "上のほうが足りません"),
        (":" * 5000, "ソースではない"),
        ("(" * 20000, "ソースではない"),
        ("Authentication-Results: " + "(" * 20000, "上のほうが足りません"),
    ],
)
def test_what_is_no_source_is_told_kindly(text: str, words: str):
    told = pasted(text).problem
    assert words in told
    assert told.endswith("。")


def test_ten_megabytes_are_looked_at_as_quickly_as_their_beginning():
    for text in (GMAIL + SENT + "\n" + "x" * 76 + "\n", HTML, "あ", "x:\n", " \n", "> > >\n"):
        whole = text * (10_000_000 // len(text))
        pasted(whole[:300_000])
        before = time.process_time()
        pasted(whole[:300_000])
        beginning = time.process_time() - before
        before = time.process_time()
        pasted(whole)
        assert time.process_time() - before < 10 * beginning + 0.5


def test_nobody_can_change_the_dns_of_his_provider():
    found = read_source(GMAIL_FAILED + SENT, shop=SHOP, mailbox="", own_domain=False)
    assert not any("管理画面" in one.cure for one in found.findings)
