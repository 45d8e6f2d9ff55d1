"""Part 3 of the diagnosis: the source of a mail of ours, as somebody has pasted it. Pure.

What is pasted comes from a web page: with the page's own table above it, with its lines folded at
other places, their indentation gone, an empty line behind each, or `>` before it. Of what is no
source, or only half of one, is said what it is and what to copy instead. Believed is what
`authentication_results` believes; who writes into a mail that he sends gains nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from kollect.diagnosis.finding import Finding
from kollect.diagnosis.returned_mail import about_returned
from kollect.mail import address, authentication_results
from kollect.mail.authentication_results import (
    AuthenticationReport,
    AuthFinding,
    AuthMethod,
    AuthResult,
)
from kollect.mail.foreign_text import exact
from kollect.mail.message import Mail

MOST_READ = 300_000
"""Characters of it. The fields looked for stand above everything else."""
_MOST_LINES = 3000

_HOW = "届いたメールの「メッセージのソース」を開いて、始めからすべてを選んでコピーしてください。"
_EMPTY = "まだ何も貼り付けられていません。"
_PAGE = "貼り付けられたのは、ホームページの中身のようです。"
_RUBBISH = "メールのソースではないようです（「Received:」や「From:」で始まる行がありません）。"
_HALF = (
    "メールの上のほうが足りません。受け取ったサーバが書いた行（「Received:」や"
    "「Authentication-Results:」）は、いちばん上にあります。"
)
_SILENT = (
    "受け取ったサーバは、差出人を確かめた結果をメールに書いていませんでした。"
    "Gmailのアドレスでも、同じように試してください。"
)
_FORGED = (
    "それらしい記録はありますが、受け取ったサーバが書いたものではないため、信用しません"
    "（メールを送った人も、同じものを書けます）。"
)


@dataclass(frozen=True, slots=True)
class PastedSource:
    findings: tuple[Finding, ...] = ()
    problem: str = ""
    """Why there are none, and what to do; "" where there are some."""


def read_source(text: str, *, shop: str, mailbox: str, own_domain: bool) -> PastedSource:
    """What the text tells of how the mails of `shop`, an address, arrive in `mailbox`. Never
    raises. `own_domain` as in `about_returned`.
    """
    text = text[:MOST_READ].lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return PastedSource(problem=f"{_EMPTY}{_HOW}")
    lines = [line.translate(_BLANKS).rstrip() for line in text.split("\n")[:_MOST_LINES]]
    lines = _closed_up(_without_quotes(lines))
    begins = _begins(_BY_SERVERS, lines)
    if begins is None and (report := _of_a_table(text, shop)):
        return PastedSource(about_returned(report, own_domain=own_domain))
    lower = _begins(_BY_SENDERS, lines)
    if begins is None or (lower is not None and "" in lines[lower:begins]):
        begins = lower  # what looks like a server's stands in the text of the mail
    if begins is None:
        begins = _begins(_BY_ANYBODY, lines)
    if begins is None:
        is_page = _A_PAGE.search(text[:5000])
        return PastedSource(problem=f"{_PAGE if is_page else _RUBBISH}{_HOW}")
    mail = Mail.read(_block(lines[begins:], shop))
    if mail.sender and not _is_of(mail.sender, shop):
        return PastedSource(
            problem=f"貼り付けられたのは、「{exact(mail.sender)}」からのメールです。"
            f"お店（{exact(shop)}）から届いたメールの「メッセージのソース」を貼り付けてください。"
        )
    report = authentication_results.read(mail, mailbox=mailbox)
    if report.findings:
        return PastedSource(about_returned(report, own_domain=own_domain))
    return PastedSource(problem=_nothing_found(mail, report))


def _nothing_found(mail: Mail, report: AuthenticationReport) -> str:
    if "received" not in mail.names:
        return f"{_FORGED if report.not_believed else ''}{_HALF}{_HOW}"
    return _FORGED if report.not_believed else _SILENT


def _is_of(sender: str, shop: str) -> bool:
    """Also another mailbox of the shop's."""
    return address.key(sender).rpartition("@")[2] == address.key(shop).rpartition("@")[2]


# ---- from lines to a header block ----

_BLANKS = {ord("\u00a0"): " ", ord("\u3000"): " ", ord("\u200b"): None, ord("\u200e"): None}
_A_PAGE = re.compile(r"<!doctype html|<html|<head|<body|<div|<script", re.IGNORECASE)
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*[ \t]*:")
_BY_SERVERS = re.compile(
    r"\s{0,8}(?:Received|Return-Path|Delivered-To|Authentication-Results|Received-SPF|X-Received"
    r"|ARC-[A-Za-z-]+|X-Apparently-To|X-Originating-Ip|Original-recipient|X-Apple-[A-Za-z-]+"
    r"|Envelope-To|Delivery-date|X-Original-To)[ \t]*:",
    re.IGNORECASE,
)
_BY_SENDERS = re.compile(
    r"(?:Message-ID|MIME-Version|DKIM-Signature|Content-Type)[ \t]*:", re.IGNORECASE
)
_BY_ANYBODY = re.compile(r"(?:From|Subject|Date)[ \t]*:", re.IGNORECASE)
"""Also in the tables of pages."""


def _begins(kind: re.Pattern[str], lines: list[str]) -> int | None:
    """Where the header begins, or the lower part of it: pages have a table of their own above."""
    return next((place for place, line in enumerate(lines) if kind.match(line)), None)


def _block(lines: list[str], shop: str) -> bytes:
    """The header as it was before it was pasted, up to its end."""
    block: list[str] = []
    for line in lines:
        if not line:
            break
        if not block:
            line = line.lstrip()
        elif not line[0].isspace() and not _FIELD.match(line):
            line = f" {line}"  # the page has swallowed what it began with
        block.append(line)
    if not any(line.lower().startswith("from:") for line in block):
        block.append(f"From: {shop}")  # a part of it: it is taken for what it was asked for
    return ("\r\n".join(block) + "\r\n\r\n").encode("utf-8", "replace")


def _closed_up(lines: list[str]) -> list[str]:
    """Without the empty line behind each, where there is one."""
    first = next((place for place, line in enumerate(lines) if line), 0)
    some = lines[first : first + 8]
    if len(some) < 8 or any(bool(line) == (place % 2 == 1) for place, line in enumerate(some)):
        return lines
    return lines[first::2]


def _without_quotes(lines: list[str]) -> list[str]:
    """As an answer quotes them."""
    there = [line for line in lines if line]
    if sum(line.startswith(">") for line in there) * 2 < len(there):
        return lines
    return [re.sub(r"^>[ ]?", "", line) for line in lines if line.startswith(">")]


# ---- the table that Gmail's page shows above the source ----

_TABLE_ROW = re.compile(r"^[ \t]*(SPF|DKIM|DMARC)[ \t]*[:：][ \t]*['‘’]?([A-Za-z]+)", re.MULTILINE)
_WORDS = frozenset(map(str, AuthResult))
_DOMAIN_IN_ROW = re.compile(
    r"^[ \t]*DKIM[ \t]*[:：].{0,60}?(?:ドメイン|domain)[ \t]*[:：]?[ \t]*([\w-]+(?:\.[\w-]+)+)",
    re.MULTILINE,
)


def _of_a_table(text: str, shop: str) -> AuthenticationReport | None:
    """`SPF: PASS（IP: …）`, a row for each proof; None where there is no such table."""
    domain = address.key(shop).rpartition("@")[2]
    signed = _DOMAIN_IN_ROW.search(text)
    found: dict[AuthMethod, AuthFinding] = {}
    for name, word in _TABLE_ROW.findall(text):
        method = AuthMethod(name.lower())
        if word.lower() in _WORDS:
            whose = signed[1] if signed and method is AuthMethod.DKIM else domain
            found.setdefault(method, AuthFinding(method, AuthResult(word.lower()), whose))
    if not found:
        return None
    return AuthenticationReport("", tuple(found.values()), domain)
