"""The shop's address against its servers: whose may send for whom, and what Microsoft ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kollect.diagnosis.arrival_findings import findings
from kollect.diagnosis.dns_answers import KnownAnswers
from kollect.diagnosis.finding import Finding, Verdict, worst
from kollect.settings import microsoft
from kollect.settings.model import Receive, Send, Settings


def told(address: str, send: str, receive: str = "pop.shop.example") -> dict[str, Finding]:
    settings = Settings(mail_address=address, receive=Receive(host=receive), send=Send(host=send))
    return {finding.code: finding for finding in findings(settings, KnownAnswers({}))}


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("shop@gmail.com", "smtp.gmail.com"),
        ("shop@ocn.ne.jp", "smtp.ocn.ne.jp"),
        ("shop@yahoo.co.jp", "smtp.mail.yahoo.co.jp"),
        ("shop@icloud.com", "smtp.mail.me.com"),
        ("a..b@docomo.ne.jp", "smtp.spmode.ne.jp"),
        ("shop@aozora.xsrv.jp", "sv1.xserver.jp"),
    ],
)
def test_a_providers_address_through_its_own_server(address: str, host: str):
    (finding,) = told(address, host).values()
    assert (finding.code, finding.verdict) == ("server.provider_own", Verdict.GOOD)


@pytest.mark.parametrize(
    ("address", "host", "kind"),
    [
        ("shop@gmail.com", "smtp.ocn.ne.jp", "フリーメール"),
        ("shop@yahoo.co.jp", "sv1.xserver.jp", "フリーメール"),
        ("shop@ocn.ne.jp", "smtp.gmail.com", "プロバイダのメール"),
    ],
)
def test_a_providers_address_through_another_server(address: str, host: str, kind: str):
    (finding,) = told(address, host).values()
    assert (finding.code, finding.verdict) == ("server.foreign", Verdict.BAD)
    assert kind in finding.meaning and host in finding.what and "docomo" in finding.receivers


def test_of_an_own_domain_the_dns_is_asked():
    settings = Settings(mail_address="shop@お店.example", send=Send(host="smtp.gmail.com"))
    known = KnownAnswers({})
    found = findings(settings, known)
    names = {name for name, _ in known.wanted}
    assert "xn--t8j8b.example" in names or any(name.startswith("xn--") for name in names)
    assert all(name.isascii() for name in names)
    assert worst(found) is Verdict.UNKNOWN


def test_microsoft_is_told_of_wherever_its_server_stands():
    found = told("shop@shop.example", "smtp.office365.com", "outlook.office365.com")
    assert found["microsoft.receiving"].verdict is Verdict.BAD
    assert "2026年12月31日" in found["microsoft.sending"].what
    assert not [code for code in told("s@s.example", "smtp.s.example") if "microsoft" in code]


@pytest.mark.parametrize(
    ("receive", "send", "words"),
    [
        ("outlook.office365.com", "smtp.office365.com", ["廃止", "2026年12月31日", "転送"]),
        ("pop.shop.example", "SMTP-mail.Outlook.com", ["2026年12月31日"]),
        ("outlook.office365.com.", "smtp.shop.example", ["廃止"]),
        ("pop.shop.example", "notoutlook.com", []),
        ("", "", []),
    ],
)
def test_what_is_said_where_the_servers_are_entered(receive: str, send: str, words: list[str]):
    text = microsoft.warning(receive, send)
    assert all(word in text for word in words) and bool(text) == bool(words)


def test_a_finding_says_all_of_it():
    (finding,) = told("shop@gmail.com", "smtp.ocn.ne.jp").values()
    text = str(replace(finding, detail="x"))
    assert text.startswith("✗ 差出人のアドレスと送信サーバ") and "関係する相手: docomo" in text
