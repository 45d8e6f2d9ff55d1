"""Which members: what was typed into the search field and chosen beside it, as SQL. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from kollect.mail.nfc import composed, parted
from kollect.members import normalize
from kollect.members.member import Member, MemberState, Sex
from kollect.storage.database import to_text


class MemberOrder(StrEnum):
    NUMBER = "number"
    KANA = "kana"
    """五十音順"""


@dataclass(frozen=True, slots=True)
class AgeRange:
    """From so many years to so many, on one day; who has told no birthday is not in it."""

    youngest: int
    oldest: int
    on: date

    def __str__(self) -> str:
        return f"{self.youngest}～{self.oldest}歳"

    def birthdays(self) -> tuple[str, str]:
        """After the first and up to the second, as the tables hold a date; they need not be days.

        Who was born on 29 February grows older on 1 March of a year without it, as on the screens.
        """
        first, last = self.on.year - self.oldest - 1, self.on.year - self.youngest
        return f"{first:04}{self.on:-%m-%d}", f"{last:04}{self.on:-%m-%d}"


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
    birth_month: int = 0
    """1 to 12; 0: any."""
    sex: Sex | None = None
    ages: AgeRange | None = None
    not_written_since: datetime | None = None
    """Nothing of メール発信 was sent at this moment or later."""

    def __str__(self) -> str:
        parts = []
        if self.group:
            parts.append(f"グループ「{self.group}」")
        if self.text.strip():
            parts.append(f"検索「{self.text.strip()}」")
        if self.since or self.until:
            last = self.until and self.until - timedelta(microseconds=1)
            parts.append(f"登録日 {_day(self.since)}～{_day(last)}")
        if self.birth_month:
            parts.append(f"誕生月 {self.birth_month}月")
        if self.ages:
            parts.append(str(self.ages))
        if self.sex is not None:
            parts.append(self.sex or "性別の記入なし")
        if self.not_written_since:
            parts.append(f"{_day(self.not_written_since)} からメールを送っていない")
        return "、".join(parts) or "すべての会員"


EVERYBODY = MemberFilter()


def where(choice: MemberFilter) -> tuple[str, list[object]]:
    """The condition on the table `member`, and its values."""
    conditions: list[str] = ["member.state <> 'merged'"]
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
    if choice.birth_month:
        conditions.append("substr(member.birthday, 6, 2) = ?")
        values.append(f"{choice.birth_month:02}")
    if choice.sex is not None:
        conditions.append("member.sex = ?")
        values.append(choice.sex)
    if choice.ages:
        conditions.append("member.birthday > ? AND member.birthday <= ?")
        values += choice.ages.birthdays()
    if choice.not_written_since:
        conditions.append(
            "NOT EXISTS (SELECT 1 FROM parcel WHERE parcel.number IN (SELECT member.number"
            # what was written to a number that was merged into this one (統合)
            " UNION ALL SELECT number FROM receipt WHERE stands_for = member.number)"
            " AND parcel.step IN ('sent', 'uncertain') AND parcel.step_at >= ?)"
        )
        values.append(to_text(choice.not_written_since))
    return " AND ".join(conditions), values


def search_text(member: Member, address: str, merged: Iterable[str] = ()) -> str:
    """What `where` searches; the fields are kept apart so that no word is found across two.
    `merged`: numbers and addresses that lead to this member since 統合.
    """
    fields = (
        *(str(member.number), member.name, member.kana, member.phone.replace("-", "")),
        *(address, member.postcode.replace("-", ""), member.home, *member.groups, *merged),
    )
    return normalize.search_keys(fields)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y/%m/%d}" if moment else ""
