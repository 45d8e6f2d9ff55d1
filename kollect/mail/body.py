"""What a person may see of a kept mail: who, when, what is written there, the names of attachments.

Never raises, whatever the octets; runs, opens and fetches nothing. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser

from kollect.mail import encoded_words
from kollect.mail.foreign_text import one_line, several_lines
from kollect.mail.mail_parts import MailParts, Part
from kollect.mail.message import Mail, split

LONGEST_TEXT = 100_000
LONGEST_HTML = 300_000
"""Characters. Python's parser of HTML needs more than its fair time for what is made to hurt it."""
MOST_ATTACHMENTS = 50

_BLOCKS = {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote"}
_SILENT = {"script", "style", "head", "title"}


@dataclass(frozen=True, slots=True)
class MailBody:
    sender: str
    """As it stands in From, name and address."""
    subject: str
    date: str
    """As the sender's program wrote it."""
    text: str
    attachments: tuple[str, ...]
    """Name, kind and size of each."""
    whole: bool
    """Nothing is left out."""


def read_contents(raw: bytes, *, whole: bool) -> MailBody:
    """`whole`: `raw` is all of the mail."""
    mail = Mail.read(raw)
    texts, attachments, complete = _body(raw)
    written = "\n\n".join(texts)
    text = several_lines(written[: LONGEST_TEXT + 1])
    return MailBody(
        sender=encoded_words.readable(mail.first("from") or b""),
        subject=mail.subject_for_people,
        date=encoded_words.readable(mail.first("date") or b"", most=60),
        text=text[:LONGEST_TEXT],
        attachments=tuple(attachments[:MOST_ATTACHMENTS]),
        whole=whole and complete and len(written) <= LONGEST_TEXT,
    )


def _body(raw: bytes) -> tuple[list[str], list[str], bool]:
    """The texts and the attachments, and whether that is all of the mail."""
    parts = MailParts(raw)
    try:
        plain, html, attachments = _sorted(parts)
    except Exception:  # Python's reader of fields meets its limits in mails made for that: too odd
        return [_as_it_is(raw)], [], False
    complete = parts.complete and len(attachments) <= MOST_ATTACHMENTS
    if not (plain or html or attachments):
        return [_as_it_is(raw)], [], complete
    return (plain or [_from_html("".join(html))]), attachments, complete


def _as_it_is(raw: bytes) -> str:
    return encoded_words.body_text(b"", split(raw)[1])


def _sorted(parts: MailParts) -> tuple[list[str], list[str], list[str]]:
    """Texts, pages and attachments, of each no more than is shown."""
    plain: list[str] = []
    html: list[str] = []
    attachments: list[str] = []
    read = {"text/plain": 0, "text/html": 0}
    for part in parts:
        kind = part.kind
        if kind in read and not _is_attached(part.head):
            if read[kind] <= LONGEST_HTML:
                text = _text(part)
                read[kind] += len(text)
                (plain if kind == "text/plain" else html).append(text)
        elif len(attachments) <= MOST_ATTACHMENTS:
            attachments.append(
                "ほかのメール（転送されたもの）" if kind == "message/rfc822" else _named(part, kind)
            )
    return plain, html, attachments


def _is_attached(head: Message) -> bool:
    disposition = str(head.get("content-disposition", "")).strip().lower()
    return disposition.startswith("attachment") or head.get_filename() is not None


def _text(part: Part) -> str:
    charset = part.head.get_param("charset", "")
    name = charset[2] if isinstance(charset, tuple) else charset
    return encoded_words.body_text(str(name).encode("ascii", "replace"), part.octets())


def _named(part: Part, kind: str) -> str:
    name = part.head.get_filename() or "名前のないファイル"
    shown = encoded_words.readable(name.encode("utf-8", "surrogateescape"), most=80)
    size = len(part.octets())
    amount = (
        f"約{max(1, round(size / 1024)):,}KB" if size < 1024**2 else f"約{size / 1024**2:.1f}MB"
    )
    return f"{shown}（{one_line(kind, 60)}、{amount}）"


def _from_html(html: str) -> str:
    reader = _Html()
    reader.feed(html[:LONGEST_HTML])
    return "".join(reader.pieces)


class _Html(HTMLParser):
    """The words of a page, without everything else."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))
        if tag == "p":
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(re.sub(r"\s+", " ", data))
