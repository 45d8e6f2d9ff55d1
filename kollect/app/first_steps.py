"""はじめに: what a shop does before its first customer, and how far it has come. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kollect.settings.model import Settings
from kollect.settings.validation import ready_to_collect


class FirstStep(StrEnum):
    """In the order in which they are done."""

    MAIL = "メールの設定"
    SHOP = "店名・住所"
    DATA = "データの保護"
    PAPERS = "ポスターの印刷"
    COLLECT = "メール収集の起動"
    TRY = "自分の携帯で試す"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the ledger knows of it."""

    tested: str = ""
    """`servers_of` the settings with which 「受信のテスト」 went well last; empty: never."""
    papers: bool = False
    """A poster or a form was printed or saved."""
    protected: bool = False
    """The data are encrypted."""
    protection_later: bool = False
    """「あとで」 was the answer to that."""
    numbers: int = 0
    """How many 受付番号 were given: with the first one the shop runs."""


def servers_of(settings: Settings) -> str:
    """What a test of the mail is about: with other servers or accounts it is to be done again."""
    receive, send = settings.receive, settings.send
    return (
        f"{settings.mail_address} {receive.protocol} {receive.host}:{receive.port} "
        f"{receive.account} {send.host}:{send.port} {send.account}"
    )


def is_mail_entered(settings: Settings) -> bool:
    """The first half of 「メールの設定」; the other is its test."""
    return not ready_to_collect(settings)


def done_steps(settings: Settings, progress: Progress, *, collecting: bool) -> set[FirstStep]:
    """The steps that are behind the shop."""
    shop = settings.shop
    is_done = {
        FirstStep.MAIL: is_mail_entered(settings) and progress.tested == servers_of(settings),
        FirstStep.SHOP: bool(shop.name.strip() and shop.address.strip()),
        FirstStep.DATA: progress.protected,
        FirstStep.PAPERS: progress.papers,
        FirstStep.COLLECT: collecting,
        FirstStep.TRY: progress.numbers > 0,
    }
    return {step for step, done in is_done.items() if done}


def put_off(progress: Progress) -> set[FirstStep]:
    """What the shop will do later: it is not what comes next."""
    later = progress.protection_later and not progress.protected
    return {FirstStep.DATA} if later else set()
