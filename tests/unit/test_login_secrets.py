"""Whatever was sent for a login is found again, in whatever coding it is repeated."""

from __future__ import annotations

import base64
import html
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kollect.settings.login_secrets import LoginSecrets

LOGINS = [("shop", "S3cret-pw!"), ("taro@shop.example", 'a "quoted" \\ ひみつ <&>'), ("s", "abcd")]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CODINGS = {
    "plain": lambda account, password: password,
    "login": lambda account, password: f'LOGIN "{account}" "{password}"',
    "quoted": lambda a, p: '"' + p.replace("\\", "\\\\").replace('"', '\\"') + '"',
    "plain blob": lambda account, password: b64(f"\0{account}\0{password}"),
    "with authzid": lambda account, password: b64(f"{account}\0{account}\0{password}"),
    "another authzid": lambda account, password: b64(f"admin\0{account}\0{password}"),
    "login piece": lambda account, password: b64(password),
    "within": lambda account, password: b64(f"xy{password}z"),
    "hex": lambda account, password: password.encode().hex(),
    "hex blob": lambda account, password: f"\0{account}\0{password}".encode().hex(),
    "percent": lambda account, password: quote(password, safe=""),
    "all percent": lambda a, password: "".join(f"%{o:02X}" for o in password.encode()),
    "quoted-printable": lambda a, password: "".join(f"={o:02X}" for o in password.encode()),
    "html": lambda account, password: html.escape(password),
    "bytes": lambda account, password: repr(password.encode()),
    "ascii": lambda account, password: ascii(password),
}
SPELT = {
    "53:33": lambda octets: octets.hex(":"),
    "53-33": lambda octets: octets.hex("-"),
    "0x53, 0x33": lambda octets: ", ".join(map(hex, octets)),
    "&#83;": lambda octets: "".join(f"&#{octet};" for octet in octets),
    "&#x53;": lambda octets: "".join(f"&#x{octet:X};" for octet in octets),
    "u0053": lambda octets: "".join(f"\\u{octet:04x}" for octet in octets),
    "+53": lambda octets: "".join(f"+{octet:02X}" for octet in octets),
    "123 octal": lambda octets: "".join(f"\\{octet:03o}" for octet in octets),
    "83 51": lambda octets: " ".join(map(str, octets)),
    "S.3.c": lambda octets: ".".join(octets.decode()),
    "'S','3'": lambda octets: ",".join(map(repr, octets.decode())),
    "full width": lambda octets: "".join(chr(octet + 0xFEE0) for octet in octets),
    "hex of UTF-16": lambda octets: octets.decode().encode("utf-16-be").hex(),
    "Base64 of UTF-16": lambda o: base64.b64encode(o.decode().encode("utf-16-le")).decode(),
    "Base64 twice": lambda octets: base64.b64encode(base64.b64encode(octets)).decode(),
    "Base32": lambda octets: base64.b32encode(octets).decode(),
}


@pytest.mark.parametrize("change", [str, str.lower, str.upper, str.title], ids=lambda c: c.__name__)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(("account", "password"), LOGINS)
def test_found_in_every_coding(account: str, password: str, coding: str, change) -> None:
    if password == "abcd" and coding in ("another authzid", "within"):
        return  # eight characters of Base64 are needed to be sure of it
    secrets = LoginSecrets()
    secrets.add_login(account, password)
    echo = change(CODINGS[coding](account, password))
    shown = secrets.without(f"no: {echo} is wrong")
    assert "…" in shown
    assert echo not in shown
    assert password.lower() not in shown.lower()
    assert shown.startswith("no: ")
    assert shown.endswith(" is wrong")


@pytest.mark.parametrize("coding", SPELT)
@pytest.mark.parametrize("password", ["S3cret-pw!", "12345678", "hunter22" * 5])
def test_found_where_each_character_is_written_by_itself(password: str, coding: str) -> None:
    secrets = LoginSecrets()
    secrets.add_login("shop", password)
    echo = SPELT[coding](password.encode())
    shown = secrets.without(f"no: {echo} is wrong")
    assert "…" in shown
    assert echo not in shown
    assert len(shown) < len("no:  is wrong") + 12
    words = "530 5.7.0 must issue STARTTLS, see 192.0.2.1:587 id 83515699"
    assert secrets.without(words) == words


def test_blanks_within_and_a_cut_do_not_hide_it():
    secrets = LoginSecrets()
    secrets.add_login("shop", "S3cret-pw!")
    blob = b64("\0shop\0S3cret-pw!")
    assert secrets.without(f"AUTH PLAIN {blob[:7]} {blob[7:]}") == "AUTH PLAIN …"
    assert secrets.without(f"AUTH PLAIN {blob[:14]}...") == "AUTH PLAIN ……".replace("……", "…...")
    assert secrets.without("PASS S3cret-p") == "PASS …"


def test_words_that_are_only_like_it_stay():
    secrets = LoginSecrets()
    secrets.add_login("shop", "in")
    assert secrets.without("login invalid in line") == "login invalid … line"
    assert LoginSecrets().without("anything") == "anything"
    nothing = LoginSecrets()
    nothing.add_login("", "")
    assert nothing.without("anything") == "anything"


def test_the_account_alone_is_no_secret():
    secrets = LoginSecrets()
    secrets.add_login("taro@shop.example", "S3cret-pw!")
    assert "taro@shop.example" in secrets.without("unknown user taro@shop.example")


def test_digests():
    secrets = LoginSecrets()
    digest = "b913a602c7eda7a495b4e6e7334d3890"
    secrets.add_digest(digest)
    for text in (digest, digest.upper(), f"APOP shop {digest}", b64(f"shop {digest}"), b64(digest)):
        assert "…" in secrets.without(text)
        assert digest not in secrets.without(text).lower()


@settings(deadline=None)
@given(st.text(min_size=4, max_size=20), st.text(max_size=20))
def test_any_password_is_found(password: str, account: str):
    secrets = LoginSecrets()
    secrets.add_login(account, password)
    if password.strip() == password and len("".join(password.split())) >= 4:
        assert password not in secrets.without(f"<{password}>") or len(password) < 5
