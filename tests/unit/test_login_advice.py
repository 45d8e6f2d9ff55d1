"""What a shop is told when a server takes no login: by the provider, for sending and receiving."""

from __future__ import annotations

import pytest

from kollect.net import login_advice
from kollect.net.server_errors import RECEIVING_ROLE, SENDING_ROLE, Peer


def receiving(host: str) -> Peer:
    return Peer(RECEIVING_ROLE, host, 995)


def sending(host: str) -> Peer:
    return Peer(SENDING_ROLE, host, 465)


@pytest.mark.parametrize(
    ("receives", "sends", "words"),
    [
        ("imap.gmail.com", "smtp.gmail.com", "アプリ パスワード"),
        ("outlook.office365.com", "smtp.office365.com", "ほかのプロバイダのメールアドレス"),
        ("pop.mail.yahoo.co.jp", "smtp.mail.yahoo.co.jp", "「@」より前の部分"),
        ("imap.mail.me.com", "smtp.mail.me.com", "App用パスワード"),
    ],
)
def test_a_provider_has_its_own_advice(receives: str, sends: str, words: str):
    for peer, protocol in ((receiving(receives), "POP"), (sending(sends), "SMTP")):
        trouble = login_advice.login_refused(peer, protocol, "no")
        assert words in trouble.cure and "{" not in trouble.cure
        assert login_advice.of_provider(peer, protocol) == trouble.cure


@pytest.mark.parametrize("host", ["mail.shop.example", "notgmail.com", "gmail.com.example"])
def test_of_others_account_and_password_are_asked_for_again(host: str):
    assert login_advice.of_provider(sending(host), "SMTP") is None
    assert "送信用の" in login_advice.login_refused(sending(host), "SMTP", "535 no").cure
    assert "受信（IMAP）を" in login_advice.login_refused(receiving(host), "IMAP", "no").cure


def test_a_provider_is_known_by_its_answer_too():
    trouble = login_advice.login_refused(sending("relay.shop.example"), "SMTP", "535 5.7.8 x gsmtp")
    assert "アプリ パスワード" in trouble.cure


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        (receiving("a.example"), "暗号化を「SSL」に、ポート番号を995"),
        (sending("a.example"), "「SMTP認証」を「する(SSL認証)」に、ポート番号を465"),
    ],
)
def test_the_safe_setting_is_named_as_the_screen_names_it(peer: Peer, words: str):
    assert words in login_advice.unencryptable(peer, peer.port, "no").cure
    assert words in login_advice.encryption_gone(peer, "pop3", peer.port, "no").cure
    assert "暗号化せずにパスワードを送る" in login_advice.unsafe(peer).cure
