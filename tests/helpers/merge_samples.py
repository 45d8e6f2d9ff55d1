"""One person under two numbers, in a real kollect.db, and 統合 of them."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from kollect.ledger.ledger import Ledger
from kollect.members.member import Consent, Member, Sex
from kollect.members.merge import MemberMerges
from kollect.members.merge_rules import MergeField
from tests.helpers.ledger_samples import NOW, numbered

KEPT_AT, LEFT_AT, THIRD = "taro@docomo.ne.jp", "taro@gmail.com", "hanako@docomo.ne.jp"
LATER = NOW + timedelta(days=1)
EVENING = NOW + timedelta(hours=8)
CONSENT = Consent(True, date(2026, 11, 22), "会員登録用紙")
KEPT = Member(
    1001, "山田　太郎", kana="ヤマダ　タロウ", phone="090-1234-5678", groups=("常連",),
    note="犬を飼っている", consent=CONSENT,
)  # fmt: skip
LEFT = Member(
    1002, "山田　太朗", birthday=date(1985, 1, 2), sex=Sex.MALE, phone="090-1234-5678",
    home="東京都新宿区", groups=("パン教室", "常連"), note="卵アレルギー",
    consent=Consent(True, date(2026, 11, 21), "店頭"),
)  # fmt: skip
LIST = "会員一覧"


def one_person_twice(path: Path) -> Path:
    """1001 and 1002 are one person with two addresses; 1003 is another member."""
    with closing(Ledger(path)) as ledger:
        for sender in (KEPT_AT, LEFT_AT, THIRD):
            numbered(ledger, sender)
        ledger.replied([1001, 1002, 1003], NOW)
    with closing(MemberMerges(path)) as members:
        for member in (KEPT, LEFT, Member(1003, "佐藤　花子", consent=CONSENT)):
            members.register(member, NOW)
    return path


def merge(members: MemberMerges, *taken: MergeField, stays: int = 1001, goes: int = 1002) -> Member:
    return members.merge(stays, goes, taken, LATER, LIST)
