"""Posters with an address of their own on real servers: Postfix, into the mailboxes of Dovecot."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kollect.app import poster_trial
from kollect.app.mail_test import MailTestStopped
from kollect.app.poster_trial import PosterTrial, TagVerdict
from kollect.errors import ServerTrouble
from kollect.inbox.open_mailbox import open_mailbox
from kollect.ledger.ledger import Ledger
from kollect.ledger.posters import Posters, proof_place
from kollect.mail.plus_address import with_tag
from kollect.settings import providers
from kollect.settings.model import Passwords, Protocol, Receive, Settings
from tests.helpers.certificates import Certificates
from tests.helpers.dovecot import Dovecot
from tests.helpers.mail_samples import blank
from tests.helpers.postfix import (
    INTO_DOVECOT,
    UNKNOWN_COME_BACK,
    WITH_PLUS,
    Postfix,
    _needed,
    running_postfix,
)
from tests.helpers.shop import ShopProgram
from tests.integration.test_mail_test import real

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def with_plus(certificates: Certificates, dovecot: Dovecot) -> Iterator[Postfix]:
    _needed()
    with running_postfix(certificates, dovecot, WITH_PLUS) as server:
        yield server


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poster_trial, "LOOK_EVERY", 0.2)


def shop_of(dovecot: Dovecot, postfix: Postfix) -> Settings:
    settings = real(dovecot, postfix)
    dovecot.empty(settings.receive.account)
    return settings


def trial_of(settings: Settings, dovecot: Dovecot, folder: Path) -> PosterTrial:
    passwords = Passwords(dovecot.password, dovecot.password)
    return PosterTrial(settings, passwords, folder / "kollect.db", now)


def now() -> datetime:
    return datetime.now().astimezone()


def with_imap(settings: Settings, dovecot: Dovecot) -> Settings:
    receive = replace(settings.receive, protocol=Protocol.IMAP, port=dovecot.imap)
    return replace(settings, receive=receive)


@pytest.mark.parametrize("protocol", Protocol)
def test_an_address_with_a_tag_is_proved_by_a_mail_that_is_then_gone(
    with_plus: Postfix, dovecot: Dovecot, tmp_path: Path, protocol: Protocol
):
    settings = shop_of(dovecot, with_plus)
    if protocol is Protocol.IMAP:
        settings = with_imap(settings, dovecot)
    box = settings.receive.account
    dovecot.deliver(box, blank("taro@docomo.ne.jp"))
    trial = trial_of(settings, dovecot, tmp_path)
    with closing(Posters(trial.database)) as posters:
        posters.add("reji", "レジ横", now())
        proof = trial.prove_and_write_down("reji", lambda: False)
        assert posters.all()[0].is_proven(settings)
    assert (proof.verdict, proof.words) == (TagVerdict.ARRIVED, "")
    [left] = dovecot.mails(box)
    assert b"taro@docomo.ne.jp" in left, "nothing but ours is removed"


def test_a_server_that_does_not_know_them_refuses_the_mail(
    certificates: Certificates, dovecot: Dovecot, tmp_path: Path
):
    _needed()
    with running_postfix(certificates, dovecot, INTO_DOVECOT) as postfix:
        settings = shop_of(dovecot, postfix)
        trial = trial_of(settings, dovecot, tmp_path)
        with closing(Posters(trial.database)) as posters:
            posters.add("reji", "レジ横", now())
            posters.prove("reji", proof_place(settings), now())
            proof = trial.prove_and_write_down("reji", lambda: False)
            assert not posters.all()[0].is_proven(settings), "it was, and is no more"
    assert proof.verdict is TagVerdict.REFUSED
    assert "550" in proof.words and "unknown" in proof.words.lower()


@pytest.mark.parametrize("collects", [False, True])
def test_a_mail_that_comes_back_proves_the_contrary(
    certificates: Certificates,
    dovecot: Dovecot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    collects: bool,
):
    """Also where the collector meets the report first; it forwards it to nobody."""
    _needed()
    with running_postfix(certificates, dovecot, UNKNOWN_COME_BACK) as postfix:
        settings = shop_of(dovecot, postfix)
        shop = ShopProgram(tmp_path, settings, dovecot.password)
        box = settings.receive.account
        real_send, forwarded = PosterTrial._send, []

        def send_and_poll(*given: Any) -> str:
            words = real_send(*given)
            arrived(dovecot, box, 1)
            forwarded.append(shop.report().forwarded)
            return words

        if collects:
            monkeypatch.setattr(PosterTrial, "_send", send_and_poll)
        proof = trial_of(settings, dovecot, tmp_path).prove("reji")
        assert forwarded == ([0] if collects else [])
        assert proof.verdict is TagVerdict.RETURNED
        assert "unknown" in proof.words.lower()
        assert dovecot.mails(box) == [], "the report is gone too"


def test_what_does_not_arrive_is_said_in_time_and_it_can_be_stopped(
    postfix: Postfix, dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """This Postfix takes it, and puts it where the shop never looks."""
    settings = shop_of(dovecot, postfix)
    trial = trial_of(settings, dovecot, tmp_path)
    with closing(Posters(trial.database)) as posters:
        posters.add("reji", "レジ横", now())
        posters.add("iriguchi", "入口", now())
        posters.prove("reji", proof_place(settings), now())
        monkeypatch.setattr(poster_trial, "WAIT_FOR", 0.5)
        for tag in ("reji", "iriguchi"):
            proof = trial.prove_and_write_down(tag, lambda: False)
            assert proof.verdict is TagVerdict.MISSING
        # it may only be slow: what was proved stays so
        assert [one.is_proven(settings) for one in posters.all()] == [True, False]
    with pytest.raises(MailTestStopped):
        trial.prove("reji", lambda: True)


@pytest.mark.parametrize(("least", "logins"), [(600, 1), (2, 2)])
@pytest.mark.parametrize("arrives", [True, False])
def test_the_mailbox_is_not_looked_into_more_often_than_its_provider_allows(
    with_plus: Postfix,
    postfix: Postfix,
    dovecot: Dovecot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    least: int,
    logins: int,
    arrives: bool,
):
    settings = shop_of(dovecot, with_plus if arrives else postfix)
    monkeypatch.setattr(providers, "least_interval", lambda receive: least)
    opened = []

    def counted(*given: Any) -> Any:
        opened.append(time.monotonic())
        return open_mailbox(*given)

    monkeypatch.setattr(poster_trial, "open_mailbox", counted)
    proof = trial_of(settings, dovecot, tmp_path).prove("reji", seconds=3)
    assert proof.verdict is (TagVerdict.ARRIVED if arrives else TagVerdict.MISSING)
    assert 1 <= len(opened) <= logins
    assert all(later - one >= least for one, later in pairwise(opened))


def test_a_server_that_is_away_is_trouble_and_no_verdict(dovecot: Dovecot, tmp_path: Path):
    settings = Settings(
        mail_address="shop@shop.example",
        receive=Receive(host="localhost", port=dovecot.pop3, account="shop"),
    )
    away = replace(settings, send=replace(settings.send, host="127.0.0.1", port=1))
    with pytest.raises(ServerTrouble):
        trial_of(away, dovecot, tmp_path).prove("reji")


def test_a_collector_that_is_at_work_leaves_the_test_mail_alone(
    with_plus: Postfix, dovecot: Dovecot, tmp_path: Path
):
    settings = shop_of(dovecot, with_plus)
    trial = trial_of(settings, dovecot, tmp_path)
    shop = ShopProgram(tmp_path, settings, dovecot.password)
    reports = []

    def stopping() -> bool:
        if dovecot.mails(settings.receive.account) and not reports:
            reports.append(shop.report())
        return False

    assert trial.prove("reji", stopping).verdict is TagVerdict.ARRIVED
    assert shop.report().accepted == 0
    assert shop.receipts() == []
    assert shop.kept() == []


@pytest.mark.parametrize("protocol", Protocol)
def test_who_came_by_which_poster(
    with_plus: Postfix, dovecot: Dovecot, tmp_path: Path, protocol: Protocol
):
    """From the customer's mail through Postfix and Dovecot to the number and its answer."""
    settings = shop_of(dovecot, with_plus)
    if protocol is Protocol.IMAP:
        settings = with_imap(settings, dovecot)
    shop = ShopProgram(tmp_path, settings, dovecot.password)
    with closing(Posters(tmp_path / "kollect.db")) as posters:
        posters.add("reji", "レジ横", now())
        posters.add("iriguchi", "入口", now())
    came = [("taro", "reji"), ("hanako", "iriguchi"), ("jiro", ""), ("shiro", "unknown")]
    box = settings.receive.account
    for place, (who, tag) in enumerate(came):
        send(with_plus, f"{who}.{box}@docomo.ne.jp", with_tag(settings.mail_address, tag), place)
        arrived(dovecot, box, place + 1)  # their order is that of the numbers
    assert shop.report().accepted == 4
    assert [one.poster for one in shop.receipts()] == ["reji", "iriguchi", "", ""]

    # a second mail by another poster changes nothing
    send(with_plus, f"taro.{box}@docomo.ne.jp", with_tag(settings.mail_address, "iriguchi"), 10)
    arrived(dovecot, box, 1)
    assert shop.report().duplicate == 1
    assert [one.poster for one in shop.receipts()] == ["reji", "iriguchi", "", ""]
    with closing(Posters(tmp_path / "kollect.db")) as posters:
        assert [(one.name, one.came) for one in posters.all()] == [("レジ横", 1), ("入口", 1)]


def test_the_answer_is_from_the_plain_address(
    with_plus: Postfix, postfix: Postfix, dovecot: Dovecot, tmp_path: Path
):
    settings = shop_of(dovecot, with_plus)
    settings = replace(settings, send=replace(settings.send, port=postfix.plain))
    shop = ShopProgram(tmp_path, settings, dovecot.password)
    with closing(Posters(tmp_path / "kollect.db")) as posters:
        posters.add("reji", "レジ横", now())
    box = settings.receive.account
    customer = f"goro.{box}@docomo.ne.jp"
    send(with_plus, customer, with_tag(settings.mail_address, "reji"), 1)
    arrived(dovecot, box, 1)
    assert shop.report().accepted == 1
    [letter] = postfix.wait_for(customer)
    head = letter.partition(b"\n\n")[0]
    assert f"<{settings.mail_address}>".encode() in head or settings.mail_address.encode() in head
    assert b"+reji" not in head


def test_a_mail_from_the_address_of_a_poster_is_a_loop(
    with_plus: Postfix, dovecot: Dovecot, tmp_path: Path
):
    settings = shop_of(dovecot, with_plus)
    shop = ShopProgram(tmp_path, settings, dovecot.password)
    ours = with_tag(settings.mail_address, "reji")
    send(with_plus, ours, ours, 1)
    arrived(dovecot, settings.receive.account, 1)
    report = shop.report()
    assert (report.accepted, report.ignored) == (0, 1)
    assert shop.receipts() == []


def test_a_proof_is_for_this_address_on_this_server(
    with_plus: Postfix, dovecot: Dovecot, tmp_path: Path
):
    settings = shop_of(dovecot, with_plus)
    here = proof_place(settings)
    assert proof_place(replace(settings, mail_address="other@shop.example")) != here
    moved = replace(settings, receive=replace(settings.receive, host="mail.new.example"))
    assert proof_place(moved) != here
    same = replace(settings, mail_address=settings.mail_address.upper())
    assert proof_place(same) == here
    with closing(Ledger(tmp_path / "kollect.db")), closing(Posters(tmp_path / "kollect.db")) as it:
        it.add("reji", "レジ横", now())
        assert it.all()[0].proven_for == ""
        it.prove("reji", here, now())
        assert it.all()[0].proven_for == here


def send(postfix: Postfix, sender: str, to: str, number: int) -> None:
    raw = blank(sender, number).replace(b"To: shop@shop.example", f"To: {to}".encode())
    with smtplib.SMTP("127.0.0.1", postfix.plain, local_hostname="phone.example") as line:
        line.sendmail(sender, [to], raw)


def arrived(dovecot: Dovecot, box: str, count: int) -> None:
    ends = time.monotonic() + 30
    while len(dovecot.mails(box)) < count and time.monotonic() < ends:
        time.sleep(0.05)
    assert len(dovecot.mails(box)) == count
