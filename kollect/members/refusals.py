"""What can stand against a registration or a mailing, said to the person at the screen. Pure."""

from __future__ import annotations

from kollect.errors import Trouble
from kollect.members.mailing import Audience
from kollect.members.member import Member


class Refusal(Trouble):
    """Nothing was written. `number` is the one that was meant, `member` who has it, if anybody."""

    def __init__(
        self, title: str, *, happened: str, cure: str, number: int, member: Member | None = None
    ) -> None:
        super().__init__(title, happened=happened, cure=cure)
        self.number = number
        self.member = member


class NumberUnknown(Refusal):
    def __init__(self, number: int) -> None:
        super().__init__(
            "発行されていない受付番号です",
            happened=f"受付番号 {number} は、まだどなたにも発行していません。",
            cure="番号をもう一度確かめてください。分からないときは、お客様のメールアドレスの"
            "一部を入力すると探せます。",
            number=number,
        )


class AlreadyRegistered(Refusal):
    def __init__(self, member: Member) -> None:
        super().__init__(
            "登録済みの受付番号です",
            happened=f"受付番号 {member.number} は、{member.name} 様が登録済みです。",
            cure="内容を直すときは「会員一覧」から選んで修正してください。"
            "別のお客様のときは、番号をもう一度確かめてください。",
            number=member.number,
            member=member,
        )


class Withdrawn(Refusal):
    def __init__(self, member: Member) -> None:
        super().__init__(
            "退会された会員です",
            happened=f"受付番号 {member.number} の {member.name} 様は、退会されています。",
            cure="もう一度入会されるときは「会員一覧」で「退会の取り消し」をしてから、"
            "内容を修正してください。",
            number=member.number,
            member=member,
        )


class NotRegistered(Refusal):
    def __init__(self, number: int) -> None:
        super().__init__(
            "登録されていない会員です",
            happened=f"受付番号 {number} の会員登録は、まだありません。",
            cure="先に「会員登録」で登録してください。",
            number=number,
        )


class TextNotReady(Trouble):
    """The mailing's text cannot be sent to anybody; `problems` has every reason."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(
            "このままでは送れません",
            happened="\n".join(problems),
            cure="直してから、もう一度お試しください。まだ1通も送っていません。",
        )
        self.problems = problems


class NobodyToSendTo(Trouble):
    """Nobody of those chosen may be written to."""

    def __init__(self, audience: Audience) -> None:
        reasons = "、".join(f"{why} {count}名" for why, count in audience.left_out.items())
        super().__init__(
            "送る相手がいません",
            happened=f"選ばれた会員は {audience.chosen}名ですが、送れる方がいません（{reasons}）。"
            if audience.chosen
            else "条件に合う会員がいません。",
            cure="グループや検索の条件を変えて、もう一度お試しください。",
        )
        self.audience = audience
