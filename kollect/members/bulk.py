"""一括操作: one thing done to many members, to all of them or to nobody.

Each member is written as the correction of one is: the same history lines, the same record of
consents, a no for the address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from kollect.errors import Trouble
from kollect.members.member import Member, MemberState
from kollect.members.member_fields import LONGEST, MemberField, as_form_input
from kollect.members.repository import Members


class BulkStep(Enum):
    """What is done to each."""

    INTO_GROUPS = auto()
    OUT_OF_GROUPS = auto()
    STOP = auto()
    """配信停止. Who has withdrawn gets no mails anyway, and stays as he is."""
    WITHDRAW = auto()
    """退会"""


@dataclass(frozen=True, slots=True)
class BulkAct:
    step: BulkStep
    groups: tuple[str, ...] = ()
    """Of the steps about groups, as `normalize.groups` has them."""


class GroupsTooLong(Trouble):
    """The グループ of a member would not fit into the form any more; nobody was changed."""

    def __init__(self, member: Member, groups: Sequence[str]) -> None:
        super().__init__(
            "グループに入れられません",
            happened=f"受付番号 {member.number} の {member.name} 様のグループが、「"
            f"{'、'.join(groups)}」を加えると{LONGEST[MemberField.GROUPS]}文字をこえます。"
            "1名も変えていません。",
            cure="この方を開いて、使っていないグループを消してから、もう一度お試しください。",
        )


def do_to_all(
    members: Members,
    numbers: Sequence[int],
    act: BulkAct,
    now: datetime,
    source: str,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> int:
    """In one transaction; returns for how many of these members it was new.

    `told` is called before each with how many are done, of how many; when it raises, nothing is
    written. Raises GroupsTooLong and StorageTrouble, and then nothing is either.
    """
    changed = 0
    with members.transaction():
        stopped_before = len(members.stopped_among(numbers))
        for place, member in enumerate(members.one_by_one(numbers)):
            told(place, len(numbers))
            changed += _do(members, member, act, now, source)
        if act.step is BulkStep.STOP:  # one no stops every number of its address
            changed = len(members.stopped_among(numbers)) - stopped_before
    return changed


def _do(members: Members, member: Member, act: BulkAct, now: datetime, source: str) -> bool:
    match act.step:
        case BulkStep.STOP:
            active = member.standing.state is MemberState.ACTIVE
            return active and members.stop_member(member.number, now, source)
        case BulkStep.WITHDRAW:
            return members.withdraw(member.number, now, source)
        case BulkStep.INTO_GROUPS:
            groups = tuple(dict.fromkeys((*member.groups, *act.groups)))
        case BulkStep.OUT_OF_GROUPS:
            groups = tuple(group for group in member.groups if group not in act.groups)
    if groups == member.groups:
        return False
    changed = replace(member, groups=groups)
    if len(as_form_input(changed).groups) > LONGEST[MemberField.GROUPS] and (
        act.step is BulkStep.INTO_GROUPS
    ):
        raise GroupsTooLong(member, act.groups)
    return members.update(changed, now, source)
