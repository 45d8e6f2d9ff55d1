"""Who offers servers for an address, in which order, and which of them are strangers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kollect.diagnosis.dns_answers import DnsAnswer, DnsStatus, DnsType, KnownAnswers
from kollect.settings.model import Auth, Protocol, Security, Settings
from kollect.setup.autoconfig import urls
from kollect.setup.offer_sources import ORDER, Question, offers_of, provider_of
from kollect.setup.server_offer import (
    ChosenServer,
    MailSide,
    OfferSource,
    ServerOffer,
    can_be_settings,
    strangers,
    with_servers,
)
from tests.unit.test_autoconfig import SENDING, document, server

OWN = "info@megane.example"


def question(
    address: str = OWN,
    wanted: Protocol = Protocol.POP3,
    dns: dict[tuple[str, DnsType], tuple[str, ...]] | None = None,
    documents: dict[str, bytes] | None = None,
) -> Question:
    """All is known: what is not given does not exist."""
    answers = {key: DnsAnswer(DnsStatus.FOUND, records) for key, records in (dns or {}).items()}
    known = _AllKnown(answers)
    return Question(address, wanted, known, _Documents(documents or {}))


class _AllKnown(KnownAnswers):
    def get(self, name: str, kind: DnsType) -> DnsAnswer:
        answer = super().get(name, kind)
        return answer if answer.status is DnsStatus.FOUND else DnsAnswer(DnsStatus.NO_NAME)


class _Documents(dict[str, bytes | None]):
    def __contains__(self, url: object) -> bool:
        return True

    def __missing__(self, url: str) -> None:
        return None


def hosts(offers: tuple[ServerOffer, ...]) -> list[str]:
    return [f"{offer.source.name} {offer}" for offer in offers]


def test_a_providers_address_asks_nobody_else():
    known = KnownAnswers({})
    asked = Question("shop@ocn.ne.jp", Protocol.IMAP, known, {})
    assert hosts(offers_of(asked, may_ask=True)) == [
        "PROVIDERS imap.ocn.ne.jp（IMAP 993）",
        "PROVIDERS pop.ocn.ne.jp（POP 995）",
        "PROVIDERS smtp.ocn.ne.jp（SMTP 465）",
    ]
    assert not known.wanted and not asked.wanted_documents


def test_without_the_users_word_nobody_is_asked_who_is_not_a_mail_server():
    known = KnownAnswers({})
    asked = Question(OWN, Protocol.POP3, known, {})
    offers = offers_of(asked, may_ask=False)
    assert {offer.source for offer in offers} == {OfferSource.USUAL_NAMES}
    assert not known.wanted and not asked.wanted_documents
    assert hosts(offers)[0] == "USUAL_NAMES pop.megane.example（POP 995）"
    assert "USUAL_NAMES smtp.megane.example（SMTP 587）" in hosts(offers)


def test_with_it_everything_is_asked_for_side_by_side():
    known = KnownAnswers({})
    asked = Question(OWN, Protocol.POP3, known, {})
    offers_of(asked, may_ask=True)
    assert ("megane.example", DnsType.MX) in known.wanted
    assert ("_imaps._tcp.megane.example", DnsType.SRV) in known.wanted
    assert asked.wanted_documents == set(urls("megane.example"))


def test_the_order_is_that_of_the_design():
    assert [step.source for step in ORDER] == list(OfferSource)
    asked = question(
        dns={
            ("megane.example", DnsType.MX): ("20 backup.example", "10 mx01.lolipop.jp"),
            ("_imaps._tcp.megane.example", DnsType.SRV): ("0 1 993 srv.megane.example",),
        },
        documents={urls("megane.example")[0]: document(server(), SENDING)},
    )
    found = [offer.source for offer in offers_of(asked, may_ask=True)]
    assert found == sorted(found, key=list(OfferSource).index)
    assert set(found) == set(OfferSource) - {OfferSource.PROVIDERS}
    provider = provider_of(asked)
    assert provider is not None and provider.label == "ロリポップ!"


@pytest.mark.parametrize(
    ("mx", "host"),
    [
        ("sv1234.xserver.jp", "sv1234.xserver.jp"),
        ("www55.sakura.ne.jp", "www55.sakura.ne.jp"),
        ("a.b.xserver.jp", "sv***.xserver.jp"),
    ],
)
def test_the_incoming_server_completes_what_the_papers_tell(mx: str, host: str):
    asked = question(dns={("megane.example", DnsType.MX): (f"0 {mx}",)})
    named = [o for o in offers_of(asked, may_ask=True) if o.source is OfferSource.MX]
    assert {offer.host for offer in named} == {host}
    assert all(offer.is_whole == ("*" not in host) for offer in named)


def test_the_initial_domain_of_a_hoster_is_its_server():
    offers = offers_of(question("info@megane.sakura.ne.jp"), may_ask=False)
    assert {offer.host for offer in offers} == {"megane.sakura.ne.jp"}


@pytest.mark.parametrize(
    "records",
    [
        ("0 0 0 ",),  # "." says that there is none
        ("0 0 0 .",),
        ("x y z imap.megane.example",),
        ("0 1 993",),
        ("0 1 993 bad host",),
        ("0 1 993 <b>",),
        ("",),
    ],
)
def test_srv_records_that_name_nobody(records: tuple[str, ...]):
    asked = question(dns={("_imaps._tcp.megane.example", DnsType.SRV): records})
    sources = {offer.source for offer in offers_of(asked, may_ask=True)}
    assert OfferSource.SRV not in sources


def test_srv_records_by_priority_then_weight():
    records = ("10 9 993 c.megane.example", "0 1 993 b.megane.example", "0 5 993 a.megane.example")
    asked = question(dns={("_imaps._tcp.megane.example", DnsType.SRV): records})
    found = [o.host[0] for o in offers_of(asked, may_ask=True) if o.source is OfferSource.SRV]
    assert found == ["a", "b", "c"]


@pytest.mark.parametrize("address", ["", "info", "info@", "info@めがね..jp", "info@" + "a" * 300])
def test_an_address_that_is_none_offers_nothing_wrong(address: str):
    for offer in offers_of(question(address), may_ask=True):
        assert offer.host


def test_no_server_that_would_get_a_password_in_clear():
    for address in ("me@po.wind.ne.jp", "me@mx1.tiki.ne.jp"):
        assert not [
            offer
            for offer in offers_of(question(address), may_ask=True)
            if offer.security is Security.NONE
        ]
    plain = ServerOffer(
        OfferSource.SRV, MailSide.SEND, None, "a.example", 587, Security.NONE, ("a",)
    )
    assert not can_be_settings(plain)
    assert can_be_settings(replace(plain, security=Security.STARTTLS))
    assert not can_be_settings(replace(plain, security=Security.SSL)), "kollect.ini cannot say it"
    assert can_be_settings(replace(plain, security=Security.SSL, port=465))


def test_strangers_are_neither_of_the_domain_nor_a_known_provider():
    asked = question(
        dns={
            ("_imaps._tcp.megane.example", DnsType.SRV): (
                *("0 1 993 imap.evil.example", "1 1 993 mail.megane.example"),
                *("2 1 993 imap.gmail.com", "3 1 993 sv9.xserver.jp"),
            ),
        },
    )
    assert strangers(offers_of(asked, may_ask=True), OWN) == ("imap.evil.example",)


def test_what_is_filled_in():
    receive = ServerOffer(
        *(OfferSource.SRV, MailSide.RECEIVE, Protocol.IMAP, "imap.megane.example"),
        *(993, Security.SSL, (OWN, "info")),
    )
    send = ServerOffer(
        *(OfferSource.SRV, MailSide.SEND, None, "smtp.megane.example"),
        *(587, Security.STARTTLS, (OWN, "info")),
    )
    filled = with_servers(Settings(), (ChosenServer(receive, "info"), ChosenServer(send, "")))
    assert (filled.receive.protocol, filled.receive.host) == (Protocol.IMAP, "imap.megane.example")
    assert (filled.receive.port, filled.receive.account) == (993, "info")
    assert (filled.send.host, filled.send.port) == ("smtp.megane.example", 587)
    assert (filled.send.auth, filled.send.account) == (Auth.SSL, "")
    assert with_servers(Settings(), ()) == Settings()
