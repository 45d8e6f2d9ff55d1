"""The letters as a mail program reads them: Python's own strict policy, and the raw octets."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.letters.letter import (
    Sender,
    fill,
    forward,
    mailing,
    notice,
    reply,
    test_mail,
    trial_mail,
)
from kollect.letters.raw_scan import RawTraits, Scan
from kollect.mail import encoded_words, iso2022jp
from kollect.mailing import mailing_text
from kollect.settings.model import Charset, Collect, Duplicate
from kollect.smtp.outgoing import OutgoingMail

SHOP = Sender("shop@shop.example", "喫茶こよみ　本店")
WHEN = datetime(2026, 11, 23, 19, 54, 31, tzinfo=timezone(timedelta(hours=9)))
ID = "<20261123.1.abc@shop.example>"
BOTH = (Charset.UTF_8, Charset.ISO_2022_JP)


def written(**changes) -> bytes:
    values = {
        "to": "kokyaku@docomo.ne.jp",
        "subject": Collect().reply_subject,
        "body": Collect().reply_body,
        "number": 1001,
        "digits": 0,
        "charset": Charset.UTF_8,
        "message_id": ID,
        "date": WHEN,
        "mark": "secret-1",
    }
    return reply(changes.pop("sender", SHOP), **(values | changes))


def read(raw: bytes) -> EmailMessage:
    """Parse, and check what holds for every letter."""
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\0" not in raw
    assert raw.endswith(b"\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 320
    assert max(map(len, body.split(b"\r\n"))) <= 998
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert not mail.defects
    for name in mail:
        assert not mail[name].defects, (name, mail[name].defects)
    return mail


def said(mail: EmailMessage) -> str:
    return mail.get_content().replace("\r\n", "\n")


def test_reply_has_every_header_and_the_number():
    mail = read(written(in_reply_to="<a@b>", references=("<0@b>", "<a@b>")))
    assert mail["Subject"] == "受付番号は1001です"
    assert "受付番号は　1001　です。" in mail.get_content()
    assert mail["From"] == "喫茶こよみ　本店 <shop@shop.example>"
    assert mail["To"] == "kokyaku@docomo.ne.jp"
    assert mail["Message-ID"] == ID
    assert mail["Date"].datetime == WHEN
    assert mail["In-Reply-To"] == "<a@b>"
    assert mail["References"].split() == ["<0@b>", "<a@b>"]
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["X-Kollect-Reply"] == "secret-1"
    assert mail["MIME-Version"] == "1.0"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content_charset() == "utf-8"


def test_reply_without_a_mail_to_answer_has_no_thread():
    mail = read(written())
    assert mail["In-Reply-To"] is None
    assert mail["References"] is None


@pytest.mark.parametrize("charset", BOTH)
def test_every_octet_is_seven_bit(charset: Charset):
    assert written(charset=charset, subject="①髙", body="🍵髙①").isascii()


@pytest.mark.parametrize(
    ("template", "number", "digits", "expected"),
    [
        ("★1★", 7, 0, "7"),
        ("★1★", 7, 4, "0007"),
        ("★1★", 12345, 4, "12345"),
        ("番号 ★2★ (★1★)", 7, 2, "番号 07 (07)"),
        ("★１★★２★", 7, 0, "77"),
        ("★3★ ★1", 7, 0, "★3★ ★1"),
        (r"\1 ★1★ \g<0>", 7, 0, r"\1 7 \g<0>"),
    ],
)
def test_fill(template: str, number: int, digits: int, expected: str):
    assert fill(template, number, digits) == expected


def test_duplicate_template_is_filled_in_subject_and_body():
    default = Duplicate()
    mail = read(
        written(subject=default.reply_subject, body=default.reply_body, number=42, digits=5)
    )
    assert mail["Subject"] == "受付済みです（受付番号 00042）"
    assert "お客様の受付番号は　00042　です。" in mail.get_content()


def test_iso_2022_jp_is_what_old_phones_want():
    raw = written(charset=Charset.ISO_2022_JP, subject="①㈱ｶﾞｽ 番号★1★", body="①㈱ｶﾞｽ\n★1★番")
    mail = read(raw)
    assert mail.get_content_charset() == "iso-2022-jp"
    assert mail["Content-Transfer-Encoding"] == "7bit"
    body = raw.partition(b"\r\n\r\n")[2]
    assert iso2022jp.decode(body) == "①㈱ガス\r\n1001番\r\n"
    assert all(line.rfind(b"\x1b(B") >= line.rfind(b"\x1b$B") for line in body.split(b"\r\n"))
    subject = raw.partition(b"\r\nSubject: ")[2].partition(b"\r\nDate")[0]
    assert encoded_words.decode(subject.replace(b"\r\n", b"")) == "①㈱ガス 番号1001"


def test_iso_2022_jp_falls_back_field_by_field():
    raw = written(charset=Charset.ISO_2022_JP, subject="髙橋様", body="普通の文")
    mail = read(raw)
    assert mail["Subject"] == "髙橋様"
    assert b"Subject: =?UTF-8?B?" in raw
    assert mail.get_content_charset() == "iso-2022-jp"
    assert said(read(written(charset=Charset.ISO_2022_JP, body="🍵"))) == "🍵\n"


@pytest.mark.parametrize("charset", BOTH)
def test_very_long_lines_are_kept_and_travel(charset: Charset):
    text = "長い行" * 700 + "\n" + "x" * 3000 + "\n"
    assert said(read(written(charset=charset, body=text))) == text


@pytest.mark.parametrize("charset", BOTH)
def test_plain_ascii_is_left_readable(charset: Charset):
    raw = written(charset=charset, subject="No. ★1★", body="Your number: ★1★\n.\n..dots\n")
    assert b"Subject: No. 1001\r\n" in raw
    assert raw.endswith(b"\r\n\r\nYour number: 1001\r\n.\r\n..dots\r\n")


@pytest.mark.parametrize(
    "name", ["", "Cafe", 'The "Old" \\ Cafe, Ltd.', "喫茶" * 40, "a" * 90, "=?"]
)
@pytest.mark.parametrize("charset", BOTH)
def test_shop_names(name: str, charset: Charset):
    raw = written(sender=Sender("shop@shop.example", name), charset=charset)
    assert read(raw)["From"].addresses[0].addr_spec == "shop@shop.example"
    # Python's new parser puts blanks between the encoded words of a name, the old one does not.
    field = email.message_from_bytes(raw, policy=email.policy.compat32)["From"]
    shown, _ = parseaddr(str(make_header(decode_header(field.replace("\r\n", "")))))
    assert shown == name


@pytest.mark.parametrize(
    "address", ["abc..def@docomo.ne.jp", ".abc@ezweb.ne.jp", "abc.@ezweb.ne.jp", '"a b"@x.example']
)
def test_odd_addresses_stand_in_to_as_they_are(address: str):
    if address.startswith('"'):  # a blank in quotes is no address of ours
        with pytest.raises(ValueError, match="not an address"):
            written(to=address)
        return
    assert f"\r\nTo: {address}\r\n".encode() in written(to=address)


def test_idn_and_international_addresses():
    assert b"\r\nTo: a@xn--wgv71a119e.jp\r\n" in written(to="a@日本語.jp")
    assert "\r\nTo: 太郎@xn--wgv71a119e.jp\r\n".encode() in written(to="太郎@日本語.jp")
    assert Sender("shop@日本語.jp").domain == "xn--wgv71a119e.jp"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0", "\x0b", "\x85", "\u2028"])
def test_nothing_injects_a_header(end: str):
    evil = f"x{end}Bcc: victim@example.jp{end}{end}Body"
    raw = written(
        subject=evil,
        body=evil,
        sender=Sender("shop@shop.example", evil),
        in_reply_to=f"<a@b>{end}Bcc: <victim@example.jp>",
        references=(f"<a@b>{end}Bcc: <victim@example.jp>", "<ok@b>"),
    )
    mail = read(raw)
    assert mail["Bcc"] is None
    assert mail["References"] == "<ok@b>"
    for changes in (
        {"to": f"a@b.jp{end}Bcc: v@example.jp"},
        {"message_id": f"<a@b>{end}"},
        {"mark": f"m{end}"},
        {"sender": Sender(f"shop@shop.example{end}Bcc: v@example.jp")},
        {"date": WHEN.replace(tzinfo=None)},
    ):
        with pytest.raises(ValueError):
            written(**changes)


@settings(max_examples=100, deadline=None)
@given(
    st.text(st.characters(codec=None), max_size=80),
    st.text(st.characters(codec=None), max_size=300),
    st.text(max_size=60),
    st.sampled_from(BOTH),
)
def test_any_text_makes_a_sound_letter(subject: str, body: str, name: str, charset: Charset):
    mail = read(
        written(subject=subject, body=body, sender=Sender("s@shop.example", name), charset=charset)
    )
    assert mail["Bcc"] is None
    assert len(mail.keys()) == 11
    assert mail.get_content() is not None


_JAPANESE = st.text(
    st.sampled_from("あ漢字ｶﾞﾊﾟ①㈱～－ abcXYZ019.,?=髙🍵é「」ー゛"), min_size=1, max_size=120
)


@settings(max_examples=100, deadline=None)
@given(_JAPANESE.map(str.strip).filter(bool), st.sampled_from(BOTH))
def test_subjects_come_back(subject: str, charset: Charset):
    raw = written(subject=subject, charset=charset)
    field = raw.partition(b"\r\nSubject: ")[2].partition(b"\r\nDate: ")[0]
    assert all(len(line) <= 76 for line in (b"Subject: " + field).split(b"\r\n"))
    shown = encoded_words.decode(field.replace(b"\r\n", b""))
    assert shown in (subject, iso2022jp.fold(subject))


def test_test_mail_and_notice():
    mail = read(test_mail(SHOP, message_id=ID, date=WHEN, mark="t-1", serial="5e"))
    assert mail["X-Kollect-Test"] == "t-1"
    assert mail["X-Kollect-Test-Serial"] == "5e"
    assert mail["To"] == "shop@shop.example"
    assert mail["X-Kollect-Reply"] is None
    told = read(
        notice(
            SHOP,
            to="owner@example.jp",
            subject="受信できません",
            body="30分\n",
            message_id=ID,
            date=WHEN,
            mark="m",
        )
    )
    assert told["Auto-Submitted"] == "auto-generated"
    assert told["X-Kollect-Reply"] == "m"
    assert said(told) == "30分\n"


@pytest.mark.parametrize("charset", Charset)
def test_trial_mail(charset: Charset):
    mail = read(
        trial_mail(SHOP, to="me@au.com", code="4F7K-2M9Q-1D3X", message_id=ID, date=WHEN,
                   charset=charset)
    )  # fmt: skip
    assert (mail["To"], mail["X-Kollect-Test"]) == ("me@au.com", "4F7K-2M9Q-1D3X")
    assert "4F7K-2M9Q-1D3X" in mail["Subject"]
    assert mail["Auto-Submitted"] == "auto-generated" and mail["X-Kollect-Reply"] is None
    assert "そのまま返信" in said(mail)


# --- forwarding


def forwarded(tmp_path: Path, raw: bytes, **changes) -> OutgoingMail:
    path = tmp_path / "0001.eml"
    path.write_bytes(raw)
    values = {
        "key": 7,
        "to": "owner@example.jp",
        "raw": path,
        "traits": RawTraits.of([raw]),
        "subject": "予約のお願い",
        "reply_to": "kokyaku@docomo.ne.jp",
        "reason": "件名が空ではありません。",
        "message_id": ID,
        "date": WHEN,
        "mark": "secret-1",
    }
    return forward(SHOP, **(values | changes))


def whole(letter: OutgoingMail) -> bytes:
    raw = b"".join(letter.chunks())
    assert len(raw) == letter.size
    return raw


ORIGINAL = (
    b"From: kokyaku@docomo.ne.jp\r\nTo: shop@shop.example\r\n"
    b"Subject: yoyaku\r\n\r\nasu 3 ji\r\n.\r\nowari\r\n"
)


def test_forward_attaches_the_original(tmp_path: Path):
    letter = forwarded(tmp_path, ORIGINAL)
    mail = read(whole(letter))
    assert (letter.key, letter.recipient, letter.eight_bit) == (7, "owner@example.jp", False)
    assert mail["From"] == "喫茶こよみ　本店 <shop@shop.example>"
    assert mail["To"] == "owner@example.jp"
    assert mail["Subject"] == "Fwd: 予約のお願い"
    assert mail["Reply-To"] == "kokyaku@docomo.ne.jp"
    assert mail["Auto-Submitted"] == "auto-forwarded"
    assert mail["X-Kollect-Reply"] == "secret-1"
    note, original = mail.iter_parts()
    assert "理由: 件名が空ではありません。" in note.get_content()
    assert original.get_content_type() == "message/rfc822"
    assert original.get_content()["Subject"] == "yoyaku"
    assert ORIGINAL in whole(letter)


def test_forward_in_eight_bits_knows_a_way_in_seven(tmp_path: Path):
    original = b"Subject: \x8e\xf3\x95t\r\n\r\n\x82\xa0\r\n"
    letter = forwarded(tmp_path, original)
    assert letter.eight_bit
    assert original in whole(letter)
    assert letter.seven_bit is not None
    raw = whole(letter.seven_bit)
    assert raw.isascii()
    _, attached = read(raw).iter_parts()
    assert attached.get_content_type() == "application/octet-stream"
    assert attached.get_filename() == "original.eml"
    assert attached.get_content() == original


@pytest.mark.parametrize(
    "broken", [b"a\nb\r\n", b"a\rb\r\n", b"a\0b\r\n", b"x" * 999 + b"\r\n", b"x" * 999, b"a\r"]
)
def test_broken_originals_travel_as_a_file(tmp_path: Path, broken: bytes):
    letter = forwarded(tmp_path, broken)
    _, attached = read(whole(letter)).iter_parts()
    assert attached.get_content() == broken
    assert letter.file_base64 and letter.seven_bit is None


@pytest.mark.parametrize(
    ("reply_to", "field"),
    [
        ("", None),
        ("a@b.jp\r\nBcc: v@example.jp", None),
        ("太郎@example.jp", None),
        ("abc..def@docomo.ne.jp", "abc..def@docomo.ne.jp"),
    ],
)
def test_reply_to_only_for_usable_senders(tmp_path: Path, reply_to: str, field: str | None):
    letter = forwarded(tmp_path, ORIGINAL, reply_to=reply_to, subject="x\r\nBcc: v@example.jp")
    head = whole(letter).partition(b"\r\n\r\n")[0]
    mail = email.message_from_bytes(head + b"\r\n\r\n", policy=email.policy.compat32)
    assert mail["Reply-To"] == field
    assert mail["Bcc"] is None


@pytest.mark.parametrize("size", [0, 1, 56, 57, 58, 57 * 840, 57 * 840 + 1, 200_000])
@pytest.mark.parametrize("in_base64", [False, True])
def test_size_is_what_is_sent(tmp_path: Path, size: int, in_base64: bool):
    path = tmp_path / "raw"
    path.write_bytes(b"\xff" * size)
    letter = OutgoingMail(1, "a@b.jp", b"head", path, size, file_base64=in_base64, tail=b"\r\ntail")
    assert len(b"".join(letter.chunks())) == letter.size
    assert max(map(len, letter.chunks(5000))) <= 5000


def test_file_that_changed_is_not_sent_as_if_whole(tmp_path: Path):
    path = tmp_path / "raw"
    letter = OutgoingMail(1, "a@b.jp", b"head", path, 10)
    for content in (b"x" * 9, b"x" * 11):
        path.write_bytes(content)
        with pytest.raises(OSError, match="changed"):
            list(letter.chunks())
    path.unlink()
    with pytest.raises(FileNotFoundError):
        list(letter.chunks())


# --- traits


def plainly(raw: bytes) -> RawTraits:
    """The same, said without cleverness."""
    lines = raw.split(b"\r\n")
    binary = b"\0" in raw or any(
        len(line) > 998 or b"\r" in line or b"\n" in line for line in lines
    )
    return RawTraits(len(raw), any(octet > 127 for octet in raw), binary)


_RAW = st.lists(
    st.sampled_from([b"\r\n", b"\r", b"\n", b"a", b"\0", b"\xe3", b"x" * 997, b"y" * 998]),
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(_RAW, st.integers(1, 7))
def test_traits_do_not_depend_on_the_pieces(parts: list[bytes], step: int):
    raw = b"".join(parts)
    expected = plainly(raw)
    assert RawTraits.of([raw]) == expected
    assert RawTraits.of(parts) == expected
    scan = Scan()
    for at in range(0, len(raw), step):
        scan.feed(raw[at : at + step])
    assert scan.traits == expected


def test_a_letter_is_made_quickly():
    started = datetime.now(UTC)
    for number in range(200):
        written(number=number, charset=Charset.UTF_8)
    each = (datetime.now(UTC) - started).total_seconds() / 200
    assert each < 0.001  # measured 0.00004; a regression of the order of magnitude shows


# --- mails to the members


def sent_to_all(**changes) -> bytes:
    values = {
        "to": "kokyaku@docomo.ne.jp",
        "subject": "新商品のご案内",
        "text": "山田様\n新商品が入りました。\n",
        "unsubscribe": mailing_text.unsubscribe(SHOP.address),
        "charset": Charset.UTF_8,
        "message_id": ID,
        "date": WHEN,
        "mark": "secret-1",
    }
    return mailing(SHOP, **(values | changes))


@pytest.mark.parametrize("charset", BOTH)
def test_a_mailing_says_how_to_stop_it_and_wants_no_automatic_answers(charset: Charset):
    mail = read(sent_to_all(charset=charset))
    assert said(mail) == "山田様\n新商品が入りました。\n"
    assert mail["Subject"] == "新商品のご案内"
    assert parseaddr(str(make_header(decode_header(mail["From"])))) == (SHOP.name, SHOP.address)
    assert (mail["To"], mail["Message-ID"]) == ("kokyaku@docomo.ne.jp", ID)
    assert mail["List-Unsubscribe"].startswith(f"<mailto:{SHOP.address}?subject=%E9%85%8D")
    assert mail["Precedence"] == "bulk"
    assert mail["X-Kollect-Reply"] == "secret-1"
    for answer_only in ("Auto-Submitted", "In-Reply-To", "References"):
        assert mail[answer_only] is None


def test_nothing_in_a_mailing_begins_a_header_of_its_own():
    mail = read(sent_to_all(subject="a\r\nBcc: x@y.jp", text="b\r\n.\r\n\x00"))
    assert mail["Bcc"] is None
    assert mail["Subject"] == "a Bcc: x@y.jp"
    for wrong in ("", "mailto:a@b.jp", "<mailto:a@b.jp>\r\nBcc: c@d.jp", "<https://x>"):
        with pytest.raises(ValueError, match="link"):
            sent_to_all(unsubscribe=wrong)
