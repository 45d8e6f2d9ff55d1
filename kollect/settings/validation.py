"""What may stand in each field of the settings, and what is missing before mail can be collected.

Every fault comes back as a `Problem` that names its field as kollect.ini does, so that a screen can
show it beside that field and a command can print it. Knows no file and no server: that a host
answers, or a certificate file exists, is found out elsewhere. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from kollect.errors import Problem
from kollect.mail.address import key
from kollect.settings.field_rules import (
    account_fault,
    address_fault,
    fingerprint_fault,
    host_fault,
    id_fault,
    is_loopback,
    line_fault,
    number_fault,
    number_or_zero_fault,
    path_fault,
    shown,
    text_fault,
)
from kollect.settings.model import Auth, DuplicateAction, Security, Settings
from kollect.settings.pin import pin_fault

RECEIPT_MARK = "★1★"
DUPLICATE_MARK = "★2★"

RANGES = {
    ("collect", "interval_seconds"): (10, 3600),
    ("collect", "first_number"): (1, 9_999_999_999),
    ("collect", "number_digits"): (0, 12),
    ("collect", "replies_per_hour"): (1, 1_000_000),
    ("collect", "replies_per_day"): (1, 1_000_000),
    ("collect", "new_per_hour"): (1, 1_000_000),
    ("collect", "busy_interval_seconds"): (5, 600),
    ("receive", "port"): (1, 65535),
    ("receive", "timeout_seconds"): (1, 3600),
    ("send", "port"): (1, 65535),
    ("send", "timeout_seconds"): (1, 3600),
    ("send", "final_timeout_seconds"): (1, 3600),
    ("report", "hour"): (8, 20),
}
"""The lowest and the highest of every number."""
OFF_BY_ZERO = {("collect", "busy_interval_seconds")}
"""Numbers that may also be 0: what they are for is then switched off."""

PASSWORD_IN_CLEAR = (
    "パスワードが、途中で盗み見できる形で流れてしまいます。"
    "暗号化に「SSL」か「STARTTLS」を選んでください。サーバがどちらもできないときだけ、"
    "「暗号化せずにパスワードを送ることを許す」に印を付けてください"
    "（[tls] allow_plaintext_password = yes）。"
)


def problems(settings: Settings) -> tuple[Problem, ...]:
    """Every value that may not stand as it does, in the order of the file; none where all is well.

    A field that is only not filled in yet is no problem here: that is for `ready_to_collect`.
    """
    parts = (_shop, _collect, _duplicate, _mail, _receive, _send, _forward, _tls, _alert, _report)
    return tuple(problem for part in parts for problem in part(settings))


def ready_to_collect(settings: Settings) -> tuple[Problem, ...]:
    """The fields that are still empty and must be filled in before mail can be collected."""
    needed = [
        ("mail", "address", settings.mail_address, "お客様が空メールを送る、店のメールアドレスを"),
        ("receive", "host", settings.receive.host, "受信サーバの名前を"),
        ("receive", "account", settings.receive.account, "受信用のアカウントを"),
        ("send", "host", settings.send.host, "送信サーバの名前を"),
    ]
    if settings.send.auth is not Auth.NO:
        needed.append(("send", "account", settings.send.account, "送信用のアカウントを"))
    return tuple(
        Problem(section, key, value, f"{what}入力してください。")
        for section, key, value, what in needed
        if not value
    )


def range_fault(section: str, key: str, number: int | None) -> str | None:
    """What is wrong with one of the numbers; `number` is None for what is no number at all."""
    place = (section, key)
    fault = number_or_zero_fault if place in OFF_BY_ZERO else number_fault
    return fault(number, *RANGES[place])


def _problem(section: str, key: str, value: object, fault: str | None) -> Iterator[Problem]:
    if fault:
        yield Problem(section, key, shown(value), fault)


def _number(section: str, key: str, number: int) -> Iterator[Problem]:
    yield from _problem(section, key, number, range_fault(section, key, number))


def _shop(settings: Settings) -> Iterator[Problem]:
    shop = settings.shop
    yield from _problem("shop", "id", shop.id, id_fault(shop.id))
    yield from _problem("shop", "name", shop.name, line_fault(shop.name, 100))
    yield from _problem("shop", "address", shop.address, text_fault(shop.address, 300))
    yield from _problem("shop", "phone", shop.phone, line_fault(shop.phone, 50))
    yield from _problem("shop", "pin", shop.pin, pin_fault(shop.pin))


def _collect(settings: Settings) -> Iterator[Problem]:
    collect = settings.collect
    yield from _number("collect", "interval_seconds", collect.interval_seconds)
    yield from _number("collect", "first_number", collect.first_number)
    yield from _number("collect", "number_digits", collect.number_digits)
    yield from _letter(
        "collect", collect.reply_subject, collect.reply_body, mark=RECEIPT_MARK, number="受付番号"
    )
    yield from _problem(
        "collect",
        "blank_subjects",
        " ".join(collect.blank_subjects),
        _blank_subjects_fault(collect.blank_subjects),
    )
    yield from _number("collect", "replies_per_hour", collect.replies_per_hour)
    yield from _number("collect", "replies_per_day", collect.replies_per_day)
    yield from _number("collect", "new_per_hour", collect.new_per_hour)
    yield from _number("collect", "busy_interval_seconds", collect.busy_interval_seconds)


def _duplicate(settings: Settings) -> Iterator[Problem]:
    duplicate = settings.duplicate
    answered = duplicate.action is DuplicateAction.REPLY
    yield from _letter(
        "duplicate",
        duplicate.reply_subject,
        duplicate.reply_body,
        mark=DUPLICATE_MARK if answered else "",
        number="前にお知らせした受付番号",
    )


def _mail(settings: Settings) -> Iterator[Problem]:
    address = settings.mail_address
    yield from _problem("mail", "address", address, address_fault(address))


def _receive(settings: Settings) -> Iterator[Problem]:
    receive = settings.receive
    yield from _problem("receive", "host", receive.host, host_fault(receive.host))
    yield from _number("receive", "port", receive.port)
    # [send] has no such rule: its line is encrypted whenever the server can, which only shows then
    in_clear = (
        receive.security is Security.NONE
        and receive.host != ""
        and not is_loopback(receive.host)
        and not settings.tls.allow_plaintext_password
    )
    fault = PASSWORD_IN_CLEAR if in_clear else None
    yield from _problem("receive", "security", receive.security, fault)
    yield from _problem("receive", "account", receive.account, account_fault(receive.account))
    yield from _number("receive", "timeout_seconds", receive.timeout_seconds)


def _send(settings: Settings) -> Iterator[Problem]:
    send = settings.send
    yield from _problem("send", "host", send.host, host_fault(send.host))
    yield from _number("send", "port", send.port)
    yield from _problem("send", "account", send.account, account_fault(send.account))
    yield from _number("send", "timeout_seconds", send.timeout_seconds)
    yield from _number("send", "final_timeout_seconds", send.final_timeout_seconds)


def _forward(settings: Settings) -> Iterator[Problem]:
    address = settings.forward_address
    fault = address_fault(address)
    if address and not fault and _reaches_us(address, settings):
        fault = (
            "店のメールアドレスとは別のアドレスを入力してください"
            "（同じだと、転送したメールがまた届き、いつまでもくり返されます）。"
        )
    yield from _problem("forward", "address", address, fault)


def _tls(settings: Settings) -> Iterator[Problem]:
    tls = settings.tls
    yield from _problem("tls", "ca_file", tls.ca_file, path_fault(tls.ca_file))
    for fingerprint in tls.trusted_fingerprints:
        yield from _problem(
            "tls", "trusted_fingerprints", fingerprint, fingerprint_fault(fingerprint)
        )


def _alert(settings: Settings) -> Iterator[Problem]:
    address = settings.alert_address
    fault = address_fault(address)
    if address and not fault and _reaches_us(address, settings):
        fault = "店のメールアドレスとは別の、ふだん見ているアドレスを入力してください。"
    if not address and settings.report.weekly:
        fault = "「1週間のまとめ」を送る先のメールアドレスを入力してください。"
    yield from _problem("alert", "address", address, fault)


def _report(settings: Settings) -> Iterator[Problem]:
    yield from _number("report", "hour", settings.report.hour)


def _letter(section: str, subject: str, body: str, *, mark: str, number: str) -> Iterator[Problem]:
    """`mark`: what must stand in subject or body; empty: the letter is not sent at present."""
    fault = line_fault(subject, 200)
    if not fault and mark and not subject.strip():
        fault = "メールの見出を入力してください。"
    yield from _problem(section, "reply_subject", subject, fault)
    fault = text_fault(body, 20_000)
    if not fault and mark and mark not in subject and mark not in body:
        fault = (
            f"{number}を入れる場所に「{mark}」（数字は半角）と書いてください。"
            "見出にも本文にもありません。"
        )
    yield from _problem(section, "reply_body", body, fault)


def _blank_subjects_fault(subjects: tuple[str, ...]) -> str | None:
    if len(subjects) > 100:
        return "100個までにしてください。"
    for subject in subjects:
        if not subject.strip():
            return "空の行は要りません（件名が空のメールは、いつも空メールです）。"
        if fault := line_fault(subject, 100):
            return f"「{shown(subject)}」: {fault}"
    return None


def _reaches_us(one: str, settings: Settings) -> bool:
    """Whether mail to `one` would come back into the mailbox that we collect.

    One with a tag, as shop+x@, is let pass: 1.0.0 took it, and what comes back is known for a loop.
    The account counts too where it is an address: the box may be known by another name than the one
    customers write to.
    """
    ours = (settings.mail_address, settings.receive.account)
    return any(key(one) == key(own) for own in ours if "@" in own)
