"""The shop that is played: settings and passwords with which the real program works in the demo."""

from __future__ import annotations

from kollect.demo.server import DemoServer
from kollect.settings.model import (
    Auth,
    Collect,
    Passwords,
    Receive,
    Security,
    Send,
    Settings,
    Shop,
)

OWNER_ADDRESS = "tencho@owner.example"
"""The shop's owner: mails that are not blank are forwarded here."""


def demo_settings(server: DemoServer) -> Settings:
    """Settings with which the real program works with the demo's server and with no other."""
    return Settings(
        shop=Shop(id="DEMO", name="デモ商店", address="（デモの住所）", phone="（デモの電話番号）"),
        collect=Collect(interval_seconds=10),
        receive=Receive(
            host=server.host,
            port=server.pop3_port,
            security=Security.NONE,
            account=server.account,
            timeout_seconds=10,
        ),
        send=Send(
            host=server.host,
            port=server.smtp_port,
            auth=Auth.YES,
            account=server.account,
            timeout_seconds=10,
        ),
        mail_address=server.shop_address,
        forward_address=OWNER_ADDRESS,
    )


def demo_passwords(server: DemoServer) -> Passwords:
    """The passwords of the shop's account at this server; they live as long as it does."""
    return Passwords(receive=server.password, send=server.password)
