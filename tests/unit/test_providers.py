"""The list of providers, and what 「テンプレート」 makes of it."""

from __future__ import annotations

import csv
from dataclasses import replace
from importlib import resources

import pytest

from kollect.settings import providers as module
from kollect.settings.model import Auth, Protocol, Receive, Security, Send, Settings
from kollect.settings.providers import (
    Provider,
    Server,
    account_for,
    filled_in,
    for_domain,
    providers,
)
from kollect.settings.validation import problems


def named(name: str) -> Provider:
    (found,) = [p for p in providers() if p.name == name]
    return found


def needs_edit(provider: Provider) -> bool:
    """Whether a name must be completed by hand before it can be used."""
    hosts = [one.host for one in (provider.pop, provider.imap, provider.smtp) if one]
    return any("*" in host or "<" in host for host in hosts)


def test_every_row_is_read_and_sorted():
    text = resources.files("kollect.settings").joinpath("providers.csv").read_text("utf-8")
    rows = [row["provider"] for row in csv.DictReader(text.splitlines())]
    names = [p.name for p in providers()]
    assert sorted(names) == sorted(rows)
    assert names == sorted(names, key=str.casefold)
    assert len({p.label for p in providers()}) == len(names)


def test_every_name_in_the_tables_is_a_provider():
    names = [p.name for p in providers()]
    for table in (module._DOMAINS, module._NOTES, module._LABELS, module._WITHOUT_PASSWORDS):
        for beginning in table:
            assert any(name.startswith(beginning) for name in names), beginning


def test_one_provider_in_full():
    ocn = named("OCN")
    assert ocn.pop == Server("pop.ocn.ne.jp", 995, Security.SSL)
    assert ocn.imap == Server("imap.ocn.ne.jp", 993, Security.SSL)
    assert ocn.smtp == Server("smtp.ocn.ne.jp", 465, Security.SSL)
    assert ocn.smtp_auth and ocn.password_login
    assert not ocn.needs_checking and not needs_edit(ocn)
    assert ocn.source.startswith("https://")


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("shop@ocn.ne.jp", ["OCN"]),
        ("shop@cup.ocn.ne.jp", ["OCN"]),
        ("Shop@ASAHI-NET.or.jp", ["ASAHIネット (no TLS)", "ASAHIネット (TLS)"]),
        ("shop@so-net.ne.jp", ["So-net"]),
        ("shop@biglobe.ne.jp", ["BIGLOBE"]),
        ("shop@nifty.com", ["@nifty"]),
        ("shop@yahoo.co.jp", ["Yahoo!メール"]),
        ("shop@ybb.ne.jp", ["Yahoo!BB"]),
        ("shop@gmail.com", ["Gmail"]),
        ("shop@googlemail.com", ["Gmail"]),
        ("shop@outlook.jp", ["Outlook.com / Hotmail"]),
        ("shop@hotmail.co.jp", ["Outlook.com / Hotmail"]),
        ("shop@live.jp", ["Outlook.com / Hotmail"]),
        ("shop@me.com", ["iCloud"]),
        ("a..b@docomo.ne.jp", ["ドコモメール"]),
        ("shop@i.softbank.jp", ["SoftBank (i.softbank.jp)"]),
        ("shop@jcom.zaq.ne.jp", ["J:COM (ZAQ)", "J:COM (ZAQ) no TLS"]),
        ("ocn.ne.jp", ["OCN"]),
        ("shop@notocn.ne.jp", []),
        ("shop@megane.jp", []),
        ("shop@", []),
        ("", []),
    ],
)
def test_the_domain_proposes_its_provider(address: str, names: list[str]):
    assert [p.name for p in for_domain(address)] == names


@pytest.mark.parametrize(
    ("name", "account"),
    [("OCN", "me@shop.jp"), ("@nifty", "me"), ("ASAHIネット (TLS)", "")],
)
def test_account(name: str, account: str):
    assert account_for(named(name), " me@shop.jp ") == account
    for unfinished in ("", "me", "me@", "@shop.jp"):
        assert account_for(named(name), unfinished) == ""


def test_what_the_shop_must_know():
    for name in ("Outlook.com / Hotmail", "Microsoft 365"):
        assert not named(name).password_login
        assert "コレクトでは使えません" in named(name).note
    assert [p.name for p in providers() if not p.password_login] == [
        "Microsoft 365",
        "Outlook.com / Hotmail",
    ]
    assert "アプリ パスワード" in named("Gmail").note
    assert named("So-net").needs_checking
    in_clear = [
        p for p in providers() if Security.NONE in (p.smtp.security, p.pop and p.pop.security)
    ]
    assert {p.name for p in in_clear} == {"ASAHIネット (no TLS)", "J:COM (ZAQ) no TLS", "@nifty"}
    assert all(p.note for p in in_clear)


def test_names_to_be_completed_are_marked_and_refused_as_they_are():
    to_edit = [p for p in providers() if needs_edit(p)]
    assert {p.label for p in to_edit} == {
        "エックスサーバー（SSL）",
        "エックスサーバー（STARTTLS）",
        "お名前メール",
    }
    for provider in to_edit:
        found = problems(filled_in(Settings(), provider, Protocol.POP3))
        assert [f"{p.section}.{p.key}" for p in found] == ["receive.host", "send.host"]
        assert "書き換えて" in found[0].allowed and provider.note


@pytest.mark.parametrize("provider", providers(), ids=lambda p: p.name)
def test_what_is_filled_in_may_be_saved(provider: Provider):
    """All but names to be completed and passwords in clear, which the user must agree to."""
    settings = Settings(mail_address="me@shop.jp")
    for protocol in Protocol:
        filled = filled_in(settings, provider, protocol)
        wrong = {f"{p.section}.{p.key}" for p in problems(filled)}
        if needs_edit(provider):
            wrong -= {"receive.host", "send.host"}
        if filled.receive.security is Security.NONE:
            wrong -= {"receive.security"}
        assert wrong == set()


def test_filling_in():
    settings = Settings(
        mail_address="me@shop.jp",
        receive=Receive(account="papers", timeout_seconds=7),
        send=Send(account="papers", timeout_seconds=7),
    )
    filled = filled_in(settings, named("BIGLOBE"), Protocol.IMAP)
    assert filled == replace(
        settings,
        receive=Receive(Protocol.IMAP, "mail.biglobe.ne.jp", 993, Security.SSL, "me@shop.jp", 7),
        send=Send("mail.biglobe.ne.jp", 465, Auth.SSL, "me@shop.jp", 7),
    )
    filled = filled_in(settings, named("ASAHIネット (no TLS)"), Protocol.POP3)
    assert (filled.send.port, filled.send.auth) == (587, Auth.YES)
    assert (filled.receive.account, filled.send.account) == ("papers", "papers")
    assert filled_in(settings, named("So-net"), Protocol.POP3).send.auth is Auth.SSL
    assert filled_in(settings, named("iCloud"), Protocol.POP3).receive.protocol is Protocol.IMAP
    assert filled_in(settings, named("heteml"), Protocol.IMAP).receive.protocol is Protocol.POP3
