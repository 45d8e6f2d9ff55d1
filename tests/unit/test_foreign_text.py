"""What others wrote is shown as it can be read, and can do nothing."""

from __future__ import annotations

import base64
import json
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kollect.commands.output import print_json
from kollect.decision.bounce import read_report
from kollect.mail import address
from kollect.mail.body import read_contents
from kollect.mail.foreign_text import exact, one_line, several_lines, visible
from kollect.mail.message import Mail

HARMFUL = [
    *("\x00", "\x07", "\x08", "\x1b", "\x7f", "\x85", "\x9b", "\x9d"),
    *("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u061c", "\u00ad", "\u180e"),
    *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"),
    *("\u2028", "\u2029", "\u2060", "\u2064", "\u206f", "\ufeff", "\ufff9", "\ufffb", "\ufffc"),
    *("\U000e0001", "\U000e0020", "\U000e0041", "\U000e007f", "\U0001d173"),
    *("\ud800", "\udfff", "\ufdd0", "\ufffe", "\uffff", "\U0010ffff"),
    *("\ue000", "\uf8ff", "\U000f0000", "\U00100000"),
    *("\ufe0f", "\ufe00", "\U000e0100", "\u034f", "\u115f", "\u3164", "\uffa0", "\u2800"),
    *("\u0301", "\u0336", "\u20dd", "\u20e3", "\u0489"),
]


@pytest.mark.parametrize("harmful", HARMFUL, ids=ascii)
def test_what_harms_is_not_shown(harmful: str):
    for text in (harmful, f"a{harmful}x", f"{harmful}a", f"a {harmful}", f"{harmful * 50}a"):
        for shown in (one_line(text), visible(text), several_lines(text), exact(text)):
            assert unicodedata.normalize("NFC", harmful) not in shown
            assert all(c.isprintable() or c == "\n" for c in shown)
    assert f"{ord(harmful):x}" in exact(f"x{harmful}")


@pytest.mark.parametrize(
    "text",
    [
        "注文の件 髙橋様 ①㈱ ｶﾅ",
        "👨‍👩‍👧‍👦 家族",
        "❤️ と ☎️ と ♨",
        "1️⃣2️⃣ #️⃣",
        "👍🏽 👩🏻‍💻",
        "🇯🇵 🫨",
        "葛󠄀飾区 辻󠄀",
        "สวัสดีน้ำ",
        "हिन्दी क्षेत्र",
        "Tiếng Việt",
        "שָׁלוֹם",
        "éàü",
        "한글 中文",
    ],
)
def test_what_people_write_stays(text: str):
    assert one_line(text) == text
    assert several_lines(text) == text
    assert exact(text) == text


def test_a_decomposed_letter_is_the_letter():
    assert one_line("か\u3099ーテ\u3099ン e\u0301") == "がーデン é"


def test_marks_do_not_cover_the_lines_around():
    zalgo = "あ" + "\u0302" * 200
    assert len(one_line(zalgo, 1000)) <= 4
    assert one_line("t\u0336a\u0336r\u0336o") == "taro"


def test_lines_and_lengths():
    assert one_line("a\r\n b\t\u3000c\v\u2028d\u0085e") == "a b c d e"
    assert one_line("x" * 300, 10) == "x" * 9 + "…"
    assert several_lines("a\r\nb\rc\u2028d\n\n\n\n\te  f ") == "a\nb\nc\nd\n\n e  f"
    assert len(visible("\u202e" * 10**6 + "x" * 10**6)) < 30_000


@given(st.text())
@example("\u244b")  # among signs, and none itself
def test_any_text_is_harmless(text: str):
    for shown in (one_line(text), exact(text)):
        for character in shown:
            is_new_emoji = "\U0001f000" <= character <= "\U0001faff"
            assert character.isprintable() or character == "\u200d" or is_new_emoji
    assert one_line(one_line(text)) == one_line(text)


def test_an_address_is_shown_for_what_it_is():
    same = "taro@phone.example"
    for other in (
        "ta\u200bro@phone.example",
        "taro@pho\u00adne.example",
        "tar\u0336o@phone.example",
    ):
        shown = exact(other)
        assert shown != exact(same)
        assert shown.isascii()
    assert exact("abc..def@docomo.ne.jp") == "abc..def@docomo.ne.jp"
    assert exact("太郎@例え.jp") == "太郎@例え.jp"


def test_the_address_itself_is_not_changed():
    mail = Mail.read("From: tar\u0336o@phone.example\r\n\r\n".encode())
    assert mail.sender == "tar\u0336o@phone.example"
    assert address.wire(mail.sender)[0] == mail.sender


def test_subjects_reports_and_contents_go_through_it():
    bad = "\x1b]0;owned\x07\u202e\u2066\u200b\x9b31m\U000e0041"
    coded = base64.b64encode(f"hello{bad}世界 👩‍💻".encode()).decode()
    subject = Mail.read(f"Subject: =?UTF-8?B?{coded}?=\r\n\r\n".encode()).subject_for_people
    assert subject == "hello ]0;owned 31m世界 👩‍💻"
    report = read_report(
        "From: MAILER-DAEMON@x.example\r\n"
        'Content-Type: multipart/report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
        f"Final-Recipient: rfc822; a{bad}@customer.example\r\nAction: failed\r\n"
        f"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 no{bad}\r\n--b--\r\n".encode()
    )
    assert report is not None
    contents = read_contents(
        f"From: x{bad} <a@b.example>\r\nSubject: {bad}\r\nDate: {bad}\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello{bad}\r\n"
        f"--b\r\nContent-Type: text/x{bad}\r\n"
        f'Content-Disposition: attachment; filename="in{bad}voice.pdf"\r\n\r\nx\r\n'
        "--b--\r\n".encode(),
        whole=True,
    )
    texts = (report.reason, report.recipient, contents.sender, contents.subject, contents.date)
    for text in (*texts, contents.text, *contents.attachments):
        assert all(c.isprintable() for c in text.replace("\n", "")), ascii(text)


def test_json_has_the_exact_value_and_nothing_for_the_terminal(capsys: pytest.CaptureFixture[str]):
    harmful = "\x7f\u2028\u0336\u202e\u200b\U000e0041\x9b\x1b\ud83d"
    value = {"address": f"a{harmful}世界@x.example", "ok": "👩\u200d💻"}
    print_json(value)
    printed = capsys.readouterr().out.removesuffix("\n")
    assert json.loads(printed) == value
    assert "世界" in printed
    assert not set(printed) & set(harmful)
