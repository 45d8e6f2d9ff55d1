"""統合: what two members who are one become. Pure.

Of each field in which they differ one value stays; グループ and 備考 of both are joined. What the
customer said is nothing to choose: a no (配信停止, 退会) of either holds for the one that stays,
unless a consent of a later day was given to either. Of two consents the later one counts; who took
a consent back does not consent by an older one of the other number.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from kollect.mail import address
from kollect.members.csv_check import CSV_SOURCE
from kollect.members.member import Consent, Member, MemberState
from kollect.members.member_errors import MemberRefusal
from kollect.members.member_fields import LONGEST, MemberField, as_form_input


class CannotMerge(MemberRefusal):
    """These two cannot be merged, or not be taken apart any more; nothing was written."""


class MergeField(StrEnum):
    """What can be chosen, by its name on screen; the name here is that of `Member`'s field."""

    ADDRESS = "メールアドレス"
    NAME = "お名前"
    KANA = "フリガナ"
    BIRTHDAY = "生年月日"
    SEX = "性別"
    PHONE = "電話番号"
    POSTCODE = "郵便番号"
    HOME = "住所"


@dataclass(frozen=True, slots=True)
class MergeSide:
    """One of the two."""

    member: Member
    taken_back: date | None = None
    """The day on which a consent was taken back, where that is the last word."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What becomes of the one that stays."""

    member: Member
    """Its form, with the consent that counts."""
    withdrawn_at: datetime | None
    stopped_at: datetime | None


@dataclass(frozen=True, slots=True)
class MergePlan:
    """Two members, and what may be chosen."""

    stays: MergeSide
    goes: MergeSide

    def outcome(self, taken: Collection[MergeField], now: datetime) -> Merged:
        """What becomes of them; `taken`: the fields of which the value of the one that goes is
        kept."""
        return merged(self.stays, self.goes, taken, now)


@dataclass(frozen=True, slots=True)
class Merger:
    """That a member was merged into another."""

    stays: int
    goes: int
    at: datetime


def value(member: Member, field: MergeField) -> object:
    if field is MergeField.ADDRESS:
        return member.standing.address
    return getattr(member, field.name.lower())


def differing(stays: Member, goes: Member) -> list[MergeField]:
    """The fields in which there is something to choose."""
    same_address = address.key(stays.standing.address) == address.key(goes.standing.address)
    return [
        field
        for field in MergeField
        if (
            not same_address
            if field is MergeField.ADDRESS
            else value(stays, field) != value(goes, field)
        )
    ]


def proposal(stays: Member, goes: Member) -> set[MergeField]:
    """The fields that are empty at the one that stays: their value is that of the other."""
    taken = {field for field in differing(stays, goes) if not value(stays, field)}
    # mails that come back from one address may arrive at the other
    if stays.standing.undeliverable and not goes.standing.undeliverable:
        taken.add(MergeField.ADDRESS)
    return taken & set(differing(stays, goes))


def merged(
    stays: MergeSide, goes: MergeSide, taken: Collection[MergeField], now: datetime
) -> Merged:
    """`taken`: the fields of which the value of the one that goes is kept."""
    kept, left = stays.member, goes.member
    values: dict[str, Any] = {
        field.name.lower(): value(left, field) for field in taken if field is not MergeField.ADDRESS
    }
    form = replace(
        kept,
        **values,
        groups=tuple(dict.fromkeys((*kept.groups, *left.groups))),
        note=_joined(kept.note, left.note),
        consent=_consent(stays, goes),
    )
    withdrawn = _withdrawn_at(kept, left, form.consent, now)
    stops = [one.standing.stopped_at for one in (kept, left)]
    if withdrawn is None:
        stops += [one.standing.withdrawn_at for one in (kept, left)]
    stopped = max(filter(None, stops), default=None)
    if stopped is not None and is_later(form.consent, stopped, now):
        stopped = None
    return Merged(form, withdrawn, stopped)


def _joined(one: str, other: str) -> str:
    lines = [*one.split("\n"), *(line for line in other.split("\n") if line not in one.split("\n"))]
    return "\n".join(lines).strip("\n")


def _consent(stays: MergeSide, goes: MergeSide) -> Consent:
    there = [
        one.member.consent
        for one, other in ((stays, goes), (goes, stays))
        if one.member.consent.given
        and not (other.taken_back and (one.member.consent.on or date.min) <= other.taken_back)
    ]
    if not there:
        given = stays.member.consent.given
        return Consent() if given else stays.member.consent
    return max(there, key=lambda consent: consent.on or date.min)  # of the same day the first


def _withdrawn_at(kept: Member, left: Member, consent: Consent, now: datetime) -> datetime | None:
    """Since when the one that stays has withdrawn: not where either came again after that."""
    gone = [one.standing.withdrawn_at for one in (kept, left) if one.standing.withdrawn_at]
    if not gone:
        return None
    last = max(gone)
    came = [
        one.standing.registered_at
        for one in (kept, left)
        if one.standing.state is MemberState.ACTIVE
    ]
    again = any(moment is not None and moment > last for moment in came)
    return None if came and (again or is_later(consent, last, now)) else last


def is_later(consent: Consent, no: datetime, now: datetime) -> bool:
    """Whether the consent was given on a later day than the no."""
    # that of a list without days bears the day of the import
    on = consent.on if consent.given and consent.how != CSV_SOURCE else None
    return on is not None and on > no.astimezone(now.tzinfo).date()


def refuse_too_long(member: Member, left: Member) -> None:
    form = as_form_input(member)
    for field, text in ((MemberField.GROUPS, form.groups), (MemberField.NOTE, form.note)):
        if len(text) > LONGEST[field]:
            raise CannotMerge(
                "統合できません",
                happened=f"お二人の{field}を合わせると、{LONGEST[field]}文字をこえます。",
                cure=f"どちらかの会員を開いて{field}を短くしてから、もう一度お試しください。",
                number=left.number,
                member=left,
            )
