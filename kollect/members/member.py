"""A member as a value: what the shop knows of a customer, and what became of the membership. Pure.

What a form may say, and how it is read, is in `member_fields`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Sex(StrEnum):
    UNSAID = ""
    MALE = "男性"
    FEMALE = "女性"
    OTHER = "その他"


class MemberState(StrEnum):
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    """退会: kept, but never written to."""
    MERGED = "merged"
    """統合: the row is kept, but lives on in another member; nobody ever reads it as one."""


@dataclass(frozen=True, slots=True)
class Consent:
    """メール配信の承諾, as the law on commercial mail wants it recorded."""

    given: bool = False
    on: date | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class MemberStatus:
    """What became of a member; no part of the form, and never changed by writing one."""

    address: str = ""
    """The collected mail address."""
    state: MemberState = MemberState.ACTIVE
    registered_at: datetime | None = None
    withdrawn_at: datetime | None = None
    stopped_at: datetime | None = None
    """配信停止: nothing is sent any more."""
    undeliverable: str = ""
    """不達: why mails to the address come back; empty: they do not."""


@dataclass(frozen=True, slots=True)
class Member:
    number: int
    name: str
    kana: str = ""
    birthday: date | None = None
    sex: Sex = Sex.UNSAID
    phone: str = ""
    postcode: str = ""
    home: str = ""
    """住所. (`address` is a mail address everywhere in this program.)"""
    groups: tuple[str, ...] = ()
    note: str = ""
    consent: Consent = Consent()
    standing: MemberStatus = field(default=MemberStatus(), compare=False)
    """Members are equal when their forms are."""
