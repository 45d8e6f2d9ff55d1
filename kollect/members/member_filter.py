"""Which members: what was typed into the search field and chosen beside it, as SQL. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kollect.mail.nfc import composed, parted
from kollect.members import normalize
from kollect.members.member import Member, MemberState
from kollect.storage.database import to_text


class MemberOrder(StrEnum):
    NUMBER = "number"
    KANA = "kana"
    """五十音順"""


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """All conditions hold together; an empty one leaves everybody in."""

    text: str = ""
    """Words of number, name, kana, phone, postcode, both addresses, group: each must be found."""
    group: str = ""
    since: datetime | None = None
    """Registered at this moment or later."""
    until: datetime | None = None
    """Registered before this moment."""
    state: MemberState | None = None

    def __str__(self) -> str:
        parts = []
        if self.group:
            parts.append(f"グループ「{self.group}」")
        if self.text.strip():
            parts.append(f"検索「{self.text.strip()}」")
        if self.since or self.until:
            last = self.until and self.until - timedelta(microseconds=1)
            parts.append(f"登録日 {_day(self.since)}～{_day(last)}")
        return "、".join(parts) or "すべての会員"


EVERYBODY = MemberFilter()


def where(choice: MemberFilter) -> tuple[str, list[object]]:
    """The condition on the table `member`, and its values."""
    conditions: list[str] = []
    values: list[object] = []
    for forms in normalize.search_words(choice.text):
        conditions.append(f"({' OR '.join(['instr(member.search, ?)'] * len(forms))})")
        values += forms
    if choice.state:
        conditions.append("member.state = ?")
        values.append(choice.state)
    if choice.group:
        # files of former versions may hold a name as a Mac writes it, か and ゙ for が
        spellings = sorted({choice.group, composed(choice.group), parted(choice.group)})
        conditions.append(
            "member.number IN (SELECT number FROM member_group"
            f" WHERE label IN ({', '.join('?' * len(spellings))}))"
        )
        values += spellings
    for moment, sign in ((choice.since, ">="), (choice.until, "<")):
        if moment:
            conditions.append(f"member.registered_at {sign} ?")
            values.append(to_text(moment))
    return " AND ".join(conditions) or "1", values


def search_text(member: Member, address: str) -> str:
    """What `where` searches; the fields are kept apart so that no word is found across two."""
    fields = (
        *(str(member.number), member.name, member.kana, member.phone.replace("-", "")),
        *(address, member.postcode.replace("-", ""), member.home, *member.groups),
    )
    return normalize.search_keys(fields)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y/%m/%d}" if moment else ""
