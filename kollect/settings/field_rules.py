"""What is wrong with one value of the settings, as a sentence for the person who typed it.

Every `…_fault` returns None where nothing is wrong. Knows no field and no section:
`validation` does. Pure.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from enum import StrEnum

from kollect.mail import address

MOST_SHOWN = 60
"""A longer value is cut where it is shown."""

_NOT_A_LINE = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_HOST_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?")
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def number_fault(number: int | None, low: int, high: int) -> str | None:
    """`number` is None for what is no number at all."""
    if number is not None and low <= number <= high:
        return None
    return f"{low}～{high}の数字を入力してください。"


def number_or_zero_fault(number: int | None, low: int, high: int) -> str | None:
    """As `number_fault`, where 0 switches off what the number is for."""
    if number is not None and (number == 0 or low <= number <= high):
        return None
    return f"0（使わない）か、{low}～{high}の数字を入力してください。"


def line_fault(text: str, most: int) -> str | None:
    """One line of text for people."""
    if len(text) > most:
        return f"{most}文字までにしてください。"
    if any(c in _NOT_A_LINE for c in text):
        return "途中で行を変えずに、1行で入力してください。"
    return _character_fault(text)


def text_fault(text: str, most: int) -> str | None:
    """Text of several lines."""
    if len(text) > most:
        return f"{most}文字までにしてください。"
    return _character_fault(text.replace("\n", "").replace("\t", ""))


def id_fault(text: str) -> str | None:
    if not text:
        return "店番(ID)を入力してください。"
    if len(text) > 20 or not all(c.isprintable() and not c.isspace() for c in text):
        return "空白を入れずに、20文字までの文字と数字で入力してください。"
    return None


def account_fault(text: str) -> str | None:
    if text != text.strip():
        return "前後の空白を取ってください。"
    return line_fault(text, 320)


def path_fault(text: str) -> str | None:
    if text != text.strip():
        return "前後の空白を取ってください。"
    return line_fault(text, 1000)


def fingerprint_fault(text: str) -> str | None:
    if _FINGERPRINT.fullmatch(text):
        return None
    return "証明書の指紋（SHA-256、0～9とa～fの64文字）を、コンマで区切って書いてください。"


def host_fault(host: str) -> str | None:
    """What keeps a text from being the name or the number of a server."""
    if not host:
        return None
    if any(c in host for c in "*<>＜＞"):
        return (
            "「***」や「<独自ドメイン>」の部分を、契約の書類にある実際の名前に書き換えてください。"
        )
    if "/" in host:
        return "「pop://」や「https://」などを付けずに、サーバの名前だけを入力してください。"
    if "@" in host:
        return "メールアドレスではなく、サーバの名前（例: pop.ocn.ne.jp）を入力してください。"
    if any(c.isspace() or _is_control(c) for c in host):
        return "空白を入れずに、サーバの名前（例: pop.ocn.ne.jp）を入力してください。"
    if _is_ip_number(host):
        return None
    if ":" in host:
        return "「:995」のような番号は付けずに、ポート番号の欄に入力してください。"
    return None if _is_domain(host) else "サーバの名前（例: pop.ocn.ne.jp）を入力してください。"


def address_fault(text: str) -> str | None:
    """What keeps a text from being a mail address of the shop or its owner.

    Dots where RFC 5322 has none (`abc..def@docomo.ne.jp`, `.abc@`, `abc.@`) are let through, as
    Japanese carriers gave out such addresses; international domains too. Local parts beyond ASCII
    are not, as few servers take them (RFC 6531).
    """
    if not text:
        return None
    local, _, domain = text.rpartition("@")
    if not local or not domain:
        return "「名前@ドメイン」の形のメールアドレス（例: shop@example.jp）を入力してください。"
    if any(c in " ,;<>" or c.isspace() or _is_control(c) for c in text):
        return "空白やコンマを入れずに、メールアドレスを1つだけ入力してください。"
    if not text.isascii() and unicodedata.normalize("NFKC", text).isascii():
        return "半角の英数字で入力してください（全角の文字が入っています）。"
    if not local.isascii() or len(local) > 64 or not address.is_usable(f"{local}@example.jp"):
        return "「@」の前は、64文字までの半角の英数字と記号で入力してください。"
    if not address.is_usable(text) or not ("." in domain or domain == "localhost"):
        return "「@」の後ろに、正しいドメイン（例: example.jp）を入力してください。"
    return None


def shown(value: object) -> str:
    """A value as a message shows it: on one line, not too long, yes and no as the file has them."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, StrEnum):
        return value.value
    text = str(value).replace("\n", "\\n")
    text = "".join(" " if _is_control(c) else c for c in text)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"


def is_loopback(host: str) -> bool:
    """Whether a host name means this very PC, so that nothing sent to it passes over a network."""
    name = host.rstrip(".").casefold()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs")


def _character_fault(text: str) -> str | None:
    if any(_is_control(c) for c in text):
        return "メールでは使えない文字（制御文字）が入っています。入力し直してください。"
    return None


def _is_ip_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_domain(name: str) -> bool:
    """A host or domain name, international ones included (RFC 1123 section 2.1, RFC 3490)."""
    try:
        plain = name.removesuffix(".").encode("idna").decode("ascii")
    except UnicodeError:  # an empty or over-long label, or characters no name may have
        return False
    if len(plain) > 253 or plain.replace(".", "").isdigit():
        return False
    return all(_HOST_LABEL.fullmatch(label) for label in plain.split("."))
