"""The letters of the shop: reply with the number, forwarded mail, mailing, test mail, notice.

Everything a letter says comes in as an argument; the time and the ids too. Knows neither servers
nor the ledger. Pure.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from kollect.letters import header_fields
from kollect.letters.raw_scan import LONGEST_LINE, RawTraits
from kollect.mail import address, iso2022jp
from kollect.mail.own_headers import REPLY_HEADER, TEST_HEADER, TEST_SERIAL_HEADER
from kollect.settings.model import Charset
from kollect.settings.number_format import number_text
from kollect.smtp.outgoing import OutgoingMail, RawFile

_NUMBER = re.compile("★[12１２]★")
"""★1★ of the acknowledgement, ★2★ of the duplicate reply, also as a Japanese keyboard types it."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom our letters come from."""

    address: str
    name: str = ""
    """店名, shown instead of the address."""

    @property
    def domain(self) -> str:
        """The right side of our Message-IDs."""
        return address.wire(self.address)[0].rpartition("@")[2]


def fill(template: str, number: int, digits: int = 0) -> str:
    """Put the reception number in the place of ★1★ and ★2★, with zeros before it up to `digits`."""
    return _NUMBER.sub(number_text(number, digits), template)


def reply(
    sender: Sender,
    *,
    to: str,
    subject: str,
    body: str,
    number: int,
    digits: int,
    charset: Charset,
    message_id: str,
    date: datetime,
    mark: str,
    in_reply_to: str = "",
    references: Sequence[str] = (),
) -> bytes:
    """The answer to a blank mail: 受付完了メール or 返信メール, with the number filled in.

    Raises ValueError where `to` is no address, or the ids and the mark are not of our making.
    """
    kind, text = _text(fill(body, number, digits), charset)
    head = (
        _head(sender, to, fill(subject, number, digits), charset, message_id, date)
        + header_fields.thread(in_reply_to, references)
        + "Auto-Submitted: auto-replied\r\n"
        "X-Auto-Response-Suppress: All\r\n" + header_fields.mark(REPLY_HEADER, mark) + _MIME + kind
    )
    return head.encode("utf-8") + b"\r\n" + text


def mailing(
    sender: Sender,
    *,
    to: str,
    subject: str,
    text: str,
    unsubscribe: str,
    charset: Charset,
    message_id: str,
    date: datetime,
    mark: str,
) -> bytes:
    """A mail of the shop to one of its members; `text` is complete, with its footer.

    It answers nothing, so there is no Auto-Submitted; `Precedence: bulk` and the field for Exchange
    keep the answers of those away who are on holiday (RFC 3834 section 2). `unsubscribe` is the
    value of `List-Unsubscribe` (RFC 2369 section 3.2). Raises ValueError as `reply` does.
    """
    kind, octets = _text(text, charset)
    head = (
        _head(sender, to, subject, charset, message_id, date)
        + header_fields.list_unsubscribe(unsubscribe)
        + "Precedence: bulk\r\n"
        "X-Auto-Response-Suppress: OOF, AutoReply\r\n"
        + header_fields.mark(REPLY_HEADER, mark)
        + _MIME
        + kind
    )
    return head.encode("utf-8") + b"\r\n" + octets


def notice(
    sender: Sender,
    *,
    to: str,
    subject: str,
    body: str,
    message_id: str,
    date: datetime,
    mark: str,
) -> bytes:
    """A letter of the program to the owner of the shop."""
    kind, text = _text(body, Charset.UTF_8)
    head = (
        _head(sender, to, subject, Charset.UTF_8, message_id, date)
        + "Auto-Submitted: auto-generated\r\n"
        "X-Auto-Response-Suppress: All\r\n" + header_fields.mark(REPLY_HEADER, mark) + _MIME + kind
    )
    return head.encode("utf-8") + b"\r\n" + text


def test_mail(
    sender: Sender, *, message_id: str, date: datetime, mark: str, serial: str, to: str = ""
) -> bytes:
    """What 「送信のテスト」 sends to the own address, and 「テスト後処理」 knows by its mark; `to`:
    the address of a poster, which is to be proved. Raises ValueError as `reply` does.
    """
    kind, text = _text(_TEST_BODY, Charset.UTF_8)
    head = (
        _head(sender, to or sender.address, "コレクトの送信テスト", Charset.UTF_8, message_id, date)
        + "Auto-Submitted: auto-generated\r\n"
        "X-Auto-Response-Suppress: All\r\n"
        + header_fields.mark(TEST_HEADER, mark)
        + header_fields.mark(TEST_SERIAL_HEADER, serial)
        + _MIME
        + kind
    )
    return head.encode("utf-8") + b"\r\n" + text


def trial_mail(
    sender: Sender, *, to: str, code: str, message_id: str, date: datetime, charset: Charset
) -> bytes:
    """What 「自分の携帯・Gmailで試す」 sends to the owner, in the way the replies go out.

    The `code` (`mail.trial_code`) stands in the subject and in a field of ours; it is to stand in
    `message_id` too. Raises ValueError as `reply` does.
    """
    kind, text = _text(_TRIAL_BODY, charset)
    head = (
        _head(sender, to, f"コレクトのテストメール（{code}）", charset, message_id, date)
        + "Auto-Submitted: auto-generated\r\n"
        "X-Auto-Response-Suppress: All\r\n" + header_fields.mark(TEST_HEADER, code) + _MIME + kind
    )
    return head.encode("utf-8") + b"\r\n" + text


test_mail.__test__ = False  # type: ignore[attr-defined]  # pytest takes the name for a test's

_TEST_BODY = (
    "このメールは、コレクトが、お店のアドレスを試すために送りました。\n"
    "「テスト後処理」で取り除くことができます。\n"
)

_TRIAL_BODY = (
    "このメールは、お店からの返信が届くかどうかを確かめるために、コレクトから送りました。\n"
    "\n"
    "このメールに、そのまま返信してください（本文は書かなくてかまいません。"
    "件名は消さないでください）。\n"
    "返信は、受付番号のお知らせにも、対象外のメールにもなりません。\n"
)


def forward(
    sender: Sender,
    *,
    key: int,
    to: str,
    raw: RawFile,
    traits: RawTraits,
    subject: str,
    reply_to: str,
    reason: str,
    message_id: str,
    date: datetime,
    mark: str,
    whole: bool = True,
    send_alone: bool = False,
) -> OutgoingMail:
    """An out-of-scope mail for 「対象外メールの送信先」: the original whole, with a note before it.

    The original is attached as message/rfc822; where it is too broken to travel like that, as the
    file original.eml. `subject` and `reply_to` are the original's, decoded; `reason` says why it
    was forwarded. Without `whole` the file is only the header. It is read only when the letter is
    sent.
    """
    bare = OutgoingMail(key, to, b"", raw, traits.size, send_alone=send_alone)
    answerable = address.is_usable(reply_to) and address.wire(reply_to)[0].isascii()
    head = (
        _head(sender, to, f"Fwd: {_shortened(subject)}", Charset.UTF_8, message_id, date)
        + (f"Reply-To: {header_fields.checked_address(reply_to)}\r\n" if answerable else "")
        + "Auto-Submitted: auto-forwarded\r\n"
        "X-Auto-Response-Suppress: All\r\n" + header_fields.mark(REPLY_HEADER, mark) + _MIME
    )
    # Nobody who writes to us can guess the boundary: message ids of ours are random.
    boundary = "=_" + hashlib.sha256(f"{message_id} {mark}".encode()).hexdigest()[:40]

    def around(kind: str, *, as_file: bool) -> tuple[bytes, bytes]:
        note = _note(subject, reply_to, reason, answerable=answerable, as_file=as_file, whole=whole)
        note_kind, note_text = _text(note, Charset.UTF_8)
        start = (
            f'{head}Content-Type: multipart/mixed;\r\n boundary="{boundary}"\r\n\r\n'
            f"--{boundary}\r\n{note_kind}\r\n"
        )
        before = start.encode("utf-8") + note_text + f"--{boundary}\r\n{kind}\r\n".encode("ascii")
        return before, f"\r\n--{boundary}--\r\n".encode("ascii")

    before, after = around(_AS_FILE, as_file=True)
    in_base64 = replace(bare, head=before, tail=after, file_base64=True)
    if traits.binary:
        return in_base64
    encoding = "8bit" if traits.eight_bit else "7bit"
    before, after = around(_AS_MAIL.format(encoding=encoding), as_file=False)
    as_it_is = replace(bare, head=before, tail=after)
    if not traits.eight_bit:
        return as_it_is
    return replace(as_it_is, eight_bit=True, seven_bit=in_base64)


_MIME = "MIME-Version: 1.0\r\n"
_AS_MAIL = (
    "Content-Type: message/rfc822\r\n"
    "Content-Transfer-Encoding: {encoding}\r\n"
    'Content-Disposition: attachment; filename="original.eml"\r\n'
)
_AS_FILE = (
    'Content-Type: application/octet-stream; name="original.eml"\r\n'
    "Content-Transfer-Encoding: base64\r\n"
    'Content-Disposition: attachment; filename="original.eml"\r\n'
)


def _note(
    subject: str, sender: str, reason: str, *, answerable: bool, as_file: bool, whole: bool
) -> str:
    lines = [
        "コレクトが、受付の対象にならないメールを転送します。",
        "",
        f"理由: {_line(reason)}",
        f"差出人: {_line(sender) or '（読み取れません）'}",
        f"件名: {_shortened(subject)}",
        "",
    ]
    if not whole:
        lines.append("元のメールはサーバから取り出せないため、見出しだけを添付しています。")
        lines.append("本文は、プロバイダのWebメールなどで確かめてください。")
    elif as_file:
        lines.append("元のメールは形がくずれているため、ファイル（original.eml）で添付しました。")
        lines.append("心当たりのないメールの添付ファイルは、開かないでください。")
    else:
        lines.append("元のメールは、そのままの形で添付しています。")
    if answerable:
        lines.append("このメールに返信すると、上の差出人に届きます。")
    return "\n".join(lines) + "\n"


def _shortened(subject: str) -> str:
    shown = _line(subject) or "(件名なし)"
    return shown if len(shown) <= _LONGEST_SUBJECT else shown[: _LONGEST_SUBJECT - 1] + "…"


def _line(text: str) -> str:
    return " ".join(_CONTROLS.sub(" ", text).split())


def _head(
    sender: Sender, to: str, subject: str, charset: Charset, message_id: str, date: datetime
) -> str:
    return (
        _from(sender, charset)
        + header_fields.to(to)
        + header_fields.subject(subject, charset)
        + header_fields.date(date)
        + header_fields.message_id(message_id)
    )


@lru_cache(maxsize=16)
def _from(sender: Sender, charset: Charset) -> str:
    return header_fields.mailbox("From", sender.name, sender.address, charset)


def _text(text: str, charset: Charset) -> tuple[str, bytes]:
    """The header fields of a text part and its octets, in seven bits whatever the charset."""
    clean = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not clean.endswith("\n"):
        clean += "\n"
    lines = clean.replace("\n", "\r\n")
    octets, name = _encoded(lines, charset)
    if octets.isascii() and max(map(len, octets.split(b"\r\n"))) <= LONGEST_LINE:
        encoding = "7bit"
    else:
        # quoted-printable makes nine characters of each kanji; every phone reads base64
        encoding = "base64"
        octets = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    kind = f"Content-Type: text/plain; charset={name}\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return kind, octets


def _encoded(text: str, charset: Charset) -> tuple[bytes, str]:
    if charset is Charset.ISO_2022_JP:
        try:
            return iso2022jp.encode(text), iso2022jp.NAME
        except UnicodeEncodeError:
            pass  # 髙 and emoji have no place there; a number that arrives counts more
    return text.encode("utf-8", "replace"), "utf-8"
