"""Which field of the mail settings a trouble is about."""

from __future__ import annotations

import pytest

from kollect.errors import CertificateTrouble, LoginTrouble, ServerTrouble, Stage, Trouble
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


def test_no_setting_mends_a_disk_or_a_certificate():
    assert place_at_fault(Trouble("いっぱい", happened="", cure="")) is None
    bad = CertificateTrouble("証明書", happened="", cure="", detail="", certificate=None)
    assert place_at_fault(bad) is None
