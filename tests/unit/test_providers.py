"""The list of providers, and what 「テンプレート」 makes of it."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from importlib import resources

import pytest

from kollect.settings import providers as module
from kollect.settings.field_rules import host_fault
from kollect.settings.model import Auth, Protocol, Receive, Security, Send, Settings
from kollect.settings.provider_search import matching
from kollect.settings.providers import (
    Provider,
    Server,
    account_for,
    filled_in,
    for_domain,
    for_mx,
    is_free_mail,
    is_provider_host,
    least_interval,
    note_under_password,
    providers,
    receiving_hosts,
    with_server_named,
)
from kollect.settings.validation import problems


def named(name: str) -> Provider:
    (found,) = [p for p in providers() if p.name == name]
    return found


def needs_edit(provider: Provider) -> bool:
    """Whether a name must be completed by hand before it can be used."""
    return any("*" in host or "<" in host for host in hosts(provider))


def hosts(provider: Provider) -> list[str]:
    return [one.host for one in (provider.pop, provider.imap, provider.smtp) if one]


def test_every_row_is_read_and_sorted():
    text = resources.files("kollect.settings").joinpath("providers.csv").read_text("utf-8")
    rows = [row["provider"] for row in csv.DictReader(text.splitlines())]
    names = [p.name for p in providers()]
    assert sorted(names) == sorted(rows)
    assert names == sorted(names, key=str.casefold)
    assert len({p.label for p in providers()}) == len(names)


USUAL_PORTS = {
    ("pop", Security.SSL): {995},
    ("pop", Security.STARTTLS): {110},
    ("pop", Security.NONE): {110},
    ("imap", Security.SSL): {993},
    ("imap", Security.STARTTLS): {143},
    ("imap", Security.NONE): {143},
    ("smtp", Security.SSL): {465},
    ("smtp", Security.STARTTLS): {587},
    ("smtp", Security.NONE): {587},
}


@pytest.mark.parametrize("provider", providers(), ids=lambda p: p.name)
def test_each_row_is_well_formed(provider: Provider):
    assert provider.pop or provider.imap
    for kind in ("pop", "imap", "smtp"):
        server = getattr(provider, kind)
        if server is not None:
            assert server.port in USUAL_PORTS[kind, server.security], kind
            completed = re.sub(r"<[^<>]+>|\*{3}", "x", server.host)
            assert host_fault(completed) is None and completed == completed.lower()
    assert provider.confidence in ("high", "medium", "low")
    assert provider.source
    for name in (*provider.domains, *provider.mx_suffixes):
        assert re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", name), name
        assert name not in NOT_ONE_SHOP_ALONE
    if provider.imap_idle is not None:
        assert provider.imap is not None
    if provider.min_interval_seconds:
        assert provider.pop is not None and 60 < provider.min_interval_seconds <= 3600
    assert provider.search_words
    if provider.smtp is None or not provider.password_login or needs_edit(provider):
        assert provider.note


NOT_ONE_SHOP_ALONE = {"ne.jp", "or.jp", "co.jp", "ad.jp", "gr.jp", "jp", "com", "net"}


@pytest.mark.parametrize("column", ["domains", "mx_suffixes"])
def test_each_domain_leads_to_one_provider(column: str):
    known = [(name, p.name) for p in providers() for name in getattr(p, column)]
    assert len(dict(known)) == len(known), "twice"
    for name, provider in known:
        above = [n for n, other in known if name.endswith(f".{n}") and other != provider]
        assert not above, f"{name} would lead to another one by {above}"


def test_every_name_in_the_tables_is_a_provider():
    names = [p.name for p in providers()]
    for table in (module._NOTES, module._LABELS):
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
    ("address", "name"),
    [
        ("shop@ocn.ne.jp", "OCN"),
        ("shop@cup.ocn.ne.jp", "OCN"),
        ("Shop@ASAHI-NET.or.jp", "ASAHIネット (TLS)"),
        ("shop@so-net.ne.jp", "So-net"),
        ("shop@biglobe.ne.jp", "BIGLOBE"),
        ("shop@nifty.com", "@nifty"),
        ("shop@yahoo.co.jp", "Yahoo!メール"),
        ("shop@ybb.ne.jp", "Yahoo!BB"),
        ("shop@gmail.com", "Gmail"),
        ("shop@googlemail.com", "Gmail"),
        ("shop@outlook.jp", "Outlook.com / Hotmail"),
        ("shop@hotmail.co.jp", "Outlook.com / Hotmail"),
        ("shop@live.jp", "Outlook.com / Hotmail"),
        ("shop@me.com", "iCloud"),
        ("a..b@docomo.ne.jp", "ドコモメール"),
        ("shop@i.softbank.jp", "SoftBank (i.softbank.jp)"),
        ("shop@jcom.zaq.ne.jp", "J:COM (ZAQ)"),
        ("shop@amber.plala.or.jp", "ぷらら"),
        ("shop@kk.iij4u.or.jp", "IIJ4U"),
        ("shop@m3.cty-net.ne.jp", "CTY"),
        ("shop@po.wind.ne.jp", "群馬インターネット (wind)"),
        ("shop@mx1.tiki.ne.jp", "TikiTikiインターネット"),
        ("shop@ezweb.ne.jp", "au (au.com / ezweb.ne.jp)"),
        ("shop@megane.sakura.ne.jp", "さくらのレンタルサーバ"),
        ("ocn.ne.jp", "OCN"),
        ("shop@notocn.ne.jp", None),
        ("shop@megane.jp", None),
        ("shop@iij4u.or.jp", None),
        ("shop@", None),
        ("", None),
    ],
)
def test_the_domain_proposes_its_provider(address: str, name: str | None):
    found = for_domain(address)
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("ASPMX.L.GOOGLE.COM.", "Gmail"),
        ("megane-jp.mail.protection.outlook.com", "Microsoft 365"),
        ("sv1234.xserver.jp", "エックスサーバー (implicit TLS)"),
        ("www1234.sakura.ne.jp", "さくらのレンタルサーバ"),
        ("mx01.lolipop.jp.", "ロリポップ!"),
        ("mail.megane.jp", None),
        ("notgoogle.com", None),
        ("", None),
    ],
)
def test_the_incoming_server_tells_the_provider(host: str, name: str | None):
    found = for_mx(host)
    assert (found and found.name) == name


@pytest.mark.parametrize(
    ("receive", "seconds"),
    [
        (Receive(Protocol.POP3, "pop.gmail.com"), 600),
        (Receive(Protocol.POP3, "POP.gmail.com."), 600),
        (Receive(Protocol.IMAP, "imap.gmail.com"), 0),
        (Receive(Protocol.POP3, "pop.ocn.ne.jp"), 0),
        (Receive(Protocol.POP3, ""), 0),
    ],
)
def test_how_often_a_server_may_be_asked(receive: Receive, seconds: int):
    assert least_interval(receive) == seconds


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("ＯＣＮ", "OCN"),
        ("ｵｰｼｰｴﾇ", "OCN"),
        ("おーしーえぬ", "OCN"),
        ("smtp.ocn", "OCN"),
        ("YAHOO メール", "Yahoo!メール"),
        ("やふー", "Yahoo!BB"),
        ("エックスサーバ", "エックスサーバー (STARTTLS)"),
        ("xserver", "エックスサーバー (implicit TLS)"),
        ("so net", "So-net"),
        ("そねっと", "So-net"),
        ("jcom.zaq.ne.jp", "J:COM (ZAQ) no TLS"),
        ("ジェイコム", "J:COM (ZAQ)"),
        ("どこも", "ドコモメール"),
        ("お名前.com", "お名前メール"),
        ("muumuu-mail", "ムームーメール"),
        ("mail.protection.outlook.com", "Microsoft 365"),
        ("shop@m3.cty-net.ne.jp", "CTY"),
        ("@nifty", "@nifty"),
    ],
)
def test_searching(wanted: str, name: str):
    found = [p.name for p in matching(providers(), wanted)]
    assert name in found
    assert len(found) <= 4, "a search that finds all finds nothing"


def test_searching_for_nothing_finds_all_and_for_nonsense_none():
    assert matching(providers(), " 　") == list(providers())
    assert matching(providers(), "ocn yahoo") == []
    assert matching(providers(), "めがね") == []


@pytest.mark.parametrize("provider", providers(), ids=lambda p: p.name)
def test_each_provider_is_found_by_what_stands_in_its_row(provider: Provider):
    for word in (
        provider.label,
        *hosts(provider),
        *provider.domains,
        *provider.search_words,
        *(f"shop@{domain}" for domain in provider.domains),
    ):
        assert provider in matching(providers(), word), word


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
        p
        for p in providers()
        if any(one and one.security is Security.NONE for one in (p.pop, p.imap, p.smtp))
    ]
    assert {p.name for p in in_clear} == {
        "ASAHIネット (no TLS)",
        "J:COM (ZAQ) no TLS",
        "群馬インターネット (wind)",
        "TikiTikiインターネット",
    }
    assert all("盗み見" in p.note for p in in_clear)


def test_names_to_be_completed_are_marked_and_refused_as_they_are():
    to_edit = [p for p in providers() if needs_edit(p)]
    assert {p.label for p in to_edit} == {
        "エックスサーバー（SSL）",
        "エックスサーバー（STARTTLS）",
        "お名前メール",
        "さくらのレンタルサーバ",
        "mixhost (cPanel)",
        "群馬インターネット (wind)",
        "TikiTikiインターネット",
    }
    for provider in to_edit:
        found = problems(filled_in(Settings(), provider, Protocol.POP3))
        places = {f"{p.section}.{p.key}" for p in found} - {"receive.security"}
        assert "receive.host" in places and places <= {"receive.host", "send.host"}
        assert "書き換えて" in found[0].allowed and provider.note


def test_the_domain_of_the_address_completes_a_name():
    settings = Settings(mail_address="shop@megane.jp")
    filled = filled_in(settings, named("お名前メール"), Protocol.POP3)
    assert (filled.receive.host, filled.send.host) == ("pop.megane.jp", "smtp.megane.jp")
    filled = filled_in(settings, named("さくらのレンタルサーバ"), Protocol.POP3)
    assert filled.receive.host == "<初期ドメイン>.sakura.ne.jp", "the contract's papers tell it"
    assert receiving_hosts(named("群馬インターネット (wind)"), "me@po.wind.ne.jp") == {
        "po.wind.ne.jp"
    }


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
    gmail = filled_in(settings, named("Gmail"), Protocol.POP3).receive
    assert (gmail.protocol, gmail.host) == (Protocol.IMAP, "imap.gmail.com"), "POP is too seldom"
    au = filled_in(settings, named("au (au.com / ezweb.ne.jp)"), Protocol.IMAP)
    assert (au.receive.host, au.send) == ("imap.ezweb.ne.jp", settings.send)


@pytest.mark.parametrize(
    ("name", "host", "found"),
    [
        ("エックスサーバー (implicit TLS)", "SV1234.xserver.jp.", "sv1234.xserver.jp"),
        ("エックスサーバー (implicit TLS)", "mx.xserver.jp", "sv***.xserver.jp"),
        ("さくらのレンタルサーバ", "www5.sakura.ne.jp", "www5.sakura.ne.jp"),
        ("さくらのレンタルサーバ", "a.b.sakura.ne.jp", "<初期ドメイン>.sakura.ne.jp"),
        ("お名前メール", "mx1.gmoserver.jp", "pop.<独自ドメイン>"),
        ("OCN", "evil.example", "pop.ocn.ne.jp"),
    ],
)
def test_a_known_server_completes_what_the_papers_tell(name: str, host: str, found: str):
    pop = with_server_named(named(name), host).pop
    assert pop is not None and pop.host == found


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("imap.gmail.com", True),
        ("POP.ocn.ne.jp.", True),
        ("sv1.xserver.jp", True),
        ("gmail.com", False),
        ("imap.gmail.com.evil.example", False),
        ("evil-imap.gmail.com", False),
        ("pop.megane.jp", False),
        ("", False),
    ],
)
def test_the_servers_of_providers_are_known(host: str, known: bool):
    assert is_provider_host(host) is known


def test_what_stays_under_the_password():
    assert "アプリ パスワード" in note_under_password("imap.gmail.com", "me@megane.jp")
    assert "「@」より前" in note_under_password("imap.nifty.com", "me@nifty.com")
    assert "サーバ番号" in note_under_password("sv1.xserver.jp", "me@megane.jp")
    assert note_under_password("outlook.office365.com", "me@outlook.jp") == "", "said elsewhere"
    assert "お店のドメインに" in note_under_password("pop.<独自ドメイン>", "")
    assert note_under_password("pop.megane.jp", "me@megane.jp") == "", "whosever server it is"
    for host in ("", "mail.megane.jp", "pop.ocn.ne.jp"):
        assert note_under_password(host, "me@ocn.ne.jp") == ""


@pytest.mark.parametrize(
    ("address", "free"),
    [
        ("me@gmail.com", True),
        ("me@yahoo.co.jp", True),
        ("me@icloud.com", True),
        ("me@ocn.ne.jp", False),
        ("me@megane.jp", False),
        ("", False),
    ],
)
def test_free_mail(address: str, free: bool):
    assert is_free_mail(address) is free
