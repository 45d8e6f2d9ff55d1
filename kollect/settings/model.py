"""The settings as one frozen value. What may stand in each field is for `validation`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Charset(StrEnum):
    UTF_8 = "utf-8"
    ISO_2022_JP = "iso-2022-jp"


class DuplicateAction(StrEnum):
    """「受付済みメールの処理方法」"""

    REPLY = "reply"
    IGNORE = "ignore"
    RENUMBER = "renumber"


class Protocol(StrEnum):
    POP3 = "pop3"
    IMAP = "imap"


class Push(StrEnum):
    """Whether an IMAP server may say by itself that a mail has come (IDLE, RFC 2177)."""

    AUTO = "auto"
    """Where the server offers it and does it."""
    NO = "no"


class Security(StrEnum):
    SSL = "ssl"
    STARTTLS = "starttls"
    NONE = "none"


class Auth(StrEnum):
    """「SMTP認証」: する / する(SSL認証) / しない"""

    YES = "yes"
    SSL = "ssl"
    NO = "no"


class TextSize(StrEnum):
    """「文字の大きさ」: 標準 / 大 / 特大"""

    NORMAL = "normal"
    LARGE = "large"
    HUGE = "huge"


class Weekday(StrEnum):
    """In the order of `datetime.weekday`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


DEFAULT_BLANK_SUBJECTS = ("(件名なし)", "件名なし", "無題", "(no subject)", "no subject")


@dataclass(frozen=True, slots=True)
class Shop:
    id: str = "TEST"
    name: str = ""
    address: str = ""
    phone: str = ""
    pin: str = ""
    """「設定を保護する」: what `settings.pin.hashed` made of the PIN; empty: not protected."""


@dataclass(frozen=True, slots=True)
class Collect:
    interval_seconds: int = 60
    first_number: int = 1001
    number_digits: int = 0
    reply_subject: str = "受付番号は★1★です"
    reply_body: str = (
        "メールをお送りいただき、ありがとうございます。\n"
        "\n"
        "お客様の受付番号は　★1★　です。\n"
        "この番号を、会員登録用紙の「受付番号」の欄にご記入ください。\n"
    )
    charset: Charset = Charset.UTF_8
    blank_subjects: tuple[str, ...] = DEFAULT_BLANK_SUBJECTS
    replies_per_hour: int = 5
    replies_per_day: int = 20
    new_per_hour: int = 1000
    start_at_login: bool = False
    busy_interval_seconds: int = 15
    """From poll to poll for a while after a blank mail, where no server tells of the next one;
    0: always `interval_seconds`."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    action: DuplicateAction = DuplicateAction.REPLY
    reply_subject: str = "受付済みです（受付番号 ★2★）"
    reply_body: str = (
        "このメールアドレスは、すでに受け付けております。\n"
        "\n"
        "お客様の受付番号は　★2★　です。\n"
        "この番号を、会員登録用紙の「受付番号」の欄にご記入ください。\n"
    )


@dataclass(frozen=True, slots=True)
class Receive:
    protocol: Protocol = Protocol.POP3
    host: str = ""
    port: int = 995
    security: Security = Security.SSL
    account: str = ""
    timeout_seconds: int = 60
    push: Push = Push.AUTO


@dataclass(frozen=True, slots=True)
class Send:
    host: str = ""
    port: int = 587
    auth: Auth = Auth.YES
    account: str = ""
    timeout_seconds: int = 60
    final_timeout_seconds: int = 600


@dataclass(frozen=True, slots=True)
class Tls:
    ca_file: str = ""
    """Path of a PEM file with the only authorities to trust; empty: the system's store."""
    allow_plaintext_password: bool = False
    trusted_fingerprints: tuple[str, ...] = ()
    """SHA-256 of certificates pinned by 「この証明書を信頼する」, lower-case hexadecimal."""


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    text_size: TextSize = TextSize.NORMAL


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """「1週間のまとめ」, to `alert_address`."""

    weekly: bool = False
    weekday: Weekday = Weekday.MON
    hour: int = 9
    """Not before this hour of that day."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything kollect.ini holds. Passwords are never in it."""

    shop: Shop = field(default_factory=Shop)
    collect: Collect = field(default_factory=Collect)
    duplicate: Duplicate = field(default_factory=Duplicate)
    receive: Receive = field(default_factory=Receive)
    send: Send = field(default_factory=Send)
    tls: Tls = field(default_factory=Tls)
    screen: ScreenSettings = field(default_factory=ScreenSettings)
    report: ReportSettings = field(default_factory=ReportSettings)
    mail_address: str = ""
    """[mail] address: the shop's own address, to which customers send."""
    forward_address: str = ""
    """[forward] address: 対象外メールの送信先; empty: copies stay in kept/ only."""
    alert_address: str = ""
    """[alert] address: told when polling has failed for 30 minutes, and when it is well again;
    gets the weekly report too."""


@dataclass(frozen=True, slots=True)
class Passwords:
    """The two passwords, in memory only. Never printed: see __repr__."""

    receive: str = ""
    send: str = ""

    def __repr__(self) -> str:
        return "Passwords(…)"
