"""What can stand against a registration or a mailing, said to the person at the screen. Pure."""

from __future__ import annotations

from kollect.errors import Trouble
from kollect.members.member import Member


class MemberRefusal(Trouble):
    """Nothing was written. `number` is the one that was meant, `member` who has it, if anybody."""

    def __init__(
        self, title: str, *, happened: str, cure: str, number: int, member: Member | None = None
    ) -> None:
        super().__init__(title, happened=happened, cure=cure)
        self.number = number
        self.member = member


class NumberUnknown(MemberRefusal):
    def __init__(self, number: int) -> None:
        super().__init__(
            "発行されていない受付番号です",
            happened=f"受付番号 {number} は、まだどなたにも発行していません。",
            cure="番号をもう一度確かめてください。分からないときは、お客様のメールアドレスの"
            "一部を入力すると探せます。",
            number=number,
        )


class AlreadyRegistered(MemberRefusal):
    def __init__(self, member: Member) -> None:
        super().__init__(
            "登録済みの受付番号です",
            happened=f"受付番号 {member.number} は、{member.name} 様が登録済みです。",
            cure="内容を直すときは「会員一覧」から選んで修正してください。"
            "別のお客様のときは、番号をもう一度確かめてください。",
            number=member.number,
            member=member,
        )


class Withdrawn(MemberRefusal):
    def __init__(self, member: Member) -> None:
        super().__init__(
            "退会された会員です",
            happened=f"受付番号 {member.number} の {member.name} 様は、退会されています。",
            cure="もう一度入会されるときは「会員一覧」で「退会の取り消し」をしてから、"
            "内容を修正してください。",
            number=member.number,
            member=member,
        )


class MergedAway(MemberRefusal):
    """`member` is the one that this number stands for now."""

    def __init__(self, number: int, member: Member) -> None:
        super().__init__(
            "統合された会員です",
            happened=f"受付番号 {number} の会員は、会員 {member.number} の {member.name} 様に"
            "統合されています。",
            cure=f"会員 {member.number} を開いてください。",
            number=number,
            member=member,
        )


class NotRegistered(MemberRefusal):
    def __init__(self, number: int) -> None:
        super().__init__(
            "登録されていない会員です",
            happened=f"受付番号 {number} の会員登録は、まだありません。",
            cure="先に「会員登録」で登録してください。",
            number=number,
        )
