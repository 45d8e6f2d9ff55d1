"""What can stand against a mailing, said to the person at the screen. Pure."""

from __future__ import annotations

from kollect.errors import Trouble
from kollect.mailing.mailing_states import Audience


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


class TooManySteps(Trouble):
    def __init__(self, most: int) -> None:
        super().__init__(
            "ステップメールは、これ以上増やせません",
            happened=f"ステップメールは{most}つまでです。",
            cure="使わないものを削除するか、いまあるものを直してください。",
        )
