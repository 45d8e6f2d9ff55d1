"""Which field of the mail settings a trouble is about."""

from __future__ import annotations

import pytest

from kollect.errors import CertificateTrouble, LoginTrouble, ServerTrouble, Stage, Trouble
from kollect.inbox import mailbox_errors
from kollect.net import login_advice
from kollect.net.server_errors import RECEIVING_ROLE, SENDING_ROLE, Peer
from kollect.smtp import smtp_errors
from kollect.ui.settings.field_at_fault import PASSWORD, place_at_fault


@pytest.mark.parametrize(
    ("stage", "key"),
    [(Stage.LOOKUP, "host"), (Stage.CONNECT, "host"), (Stage.ENCRYPT, "port")],
)
@pytest.mark.parametrize(("word", "section"), [("受信サーバ", "receive"), ("送信サーバ", "send")])
def test_the_server_that_is_named(stage: Stage, key: str, word: str, section: str):
    trouble = ServerTrouble("つながりません", stage=stage, happened=f"{word}「a.example」", cure="")
    assert place_at_fault(trouble) == (section, key)


def test_a_refused_login_is_about_the_password():
    refused = LoginTrouble("断られました", stage=Stage.LOGIN, happened="送信サーバ「a」", cure="")
    assert place_at_fault(refused) == ("send", PASSWORD)


def test_the_troubles_as_the_adapters_make_them():
    sending, receiving = Peer(SENDING_ROLE, "a.example", 587), Peer(RECEIVING_ROLE, "a", 995)
    expected = {
        smtp_errors.sending_refused(sending, ""): ("mail", "address"),
        smtp_errors.refusing(sending, ""): ("mail", "address"),
        smtp_errors.refused_for_now(sending, ""): None,
        smtp_errors.keeps_hanging_up(sending, ""): None,
        smtp_errors.no_password(sending): ("send", PASSWORD),
        smtp_errors.no_password_login(sending, frozenset()): ("send", "port"),
        smtp_errors.no_password_login(sending, frozenset({"XOAUTH2"})): ("send", PASSWORD),
        smtp_errors.no_such_way(sending, ["PLAIN"], ""): ("send", "auth"),
        mailbox_errors.of_login(receiving, "POP", "IN-USE", "busy"): None,
        mailbox_errors.of_login(receiving, "POP", "AUTH", "no"): ("receive", PASSWORD),
        login_advice.unsafe(receiving): ("receive", "security"),
        login_advice.unsafe(sending): ("send", "auth"),
        login_advice.encryption_gone(sending, "smtp", 465, ""): None,
    }
    for trouble, place in expected.items():
        assert place_at_fault(trouble) == place, trouble


def test_no_setting_mends_a_disk_or_a_certificate():
    assert place_at_fault(Trouble("いっぱい", happened="", cure="")) is None
    bad = CertificateTrouble("証明書", happened="", cure="", detail="", certificate=None)
    assert place_at_fault(bad) is None
