"""Between a Member and its row of the table `member`: which field is in which column. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from kollect.mail.nfc import composed
from kollect.members import phone_numbers
from kollect.members.member import Consent, Member, MemberState, MemberStatus, Sex
from kollect.members.member_filter import search_text
from kollect.storage.database import Row, one_of, to_day, to_time

SELECT = (
    "SELECT member.number, name, kana, birthday, sex, phone, postcode, home, note,"
    " consent, consent_on, consent_how,"
    " (SELECT group_concat(label, char(10)) FROM"
    " (SELECT label FROM member_group WHERE number = member.number ORDER BY place)),"
    " receipt.address, member.state, registered_at, withdrawn_at, stopped_at,"
    " CASE WHEN member.undeliverable <> '' THEN member.undeliverable"
    " WHEN receipt.state <> 'undeliverable' THEN ''"
    " WHEN receipt.reason <> '' THEN receipt.reason ELSE '受付番号のメールが届きませんでした。' END"
    " FROM member JOIN receipt"
    " ON receipt.number = member.number AND member.state <> 'merged'"
)
WRITTEN = (
    *("name", "kana", "birthday", "sex", "phone", "postcode", "home", "note"),
    *("consent", "consent_on", "consent_how", "search"),
)
"""The columns that the form fills."""


def written(member: Member, address: str, merged: Iterable[str] = ()) -> tuple[object, ...]:
    """The values for WRITTEN; `merged` as in `search_text`."""
    consent = member.consent
    return (
        *(member.name, member.kana, _day(member.birthday), member.sex, member.phone),
        *(member.postcode, member.home, member.note),
        *(consent.given, _day(consent.on), consent.how, search_text(member, address, merged)),
    )


def member_of(row: Row) -> Member:
    """The member of a row of SELECT."""
    (
        number, name, kana, birthday, sex, phone, postcode, home, note, given, given_on, how,
        groups, address, state, registered, withdrawn, stopped, undeliverable,
    ) = row  # fmt: skip
    # former versions kept か and ゙ as they came; the same name must be the same value
    texts = "\n".join((name, kana, home, note, how, groups or ""))
    if composed(texts) != texts:
        name, kana, home, note, how = map(composed, (name, kana, home, note, how))
        groups = "\n".join(dict.fromkeys(composed(groups or "").split("\n")))
    return Member(
        number=number,
        name=name,
        kana=kana,
        birthday=to_day(birthday) if birthday else None,
        sex=one_of(Sex, sex),
        phone=phone_numbers.phone(phone),  # former versions kept landlines as they were typed
        postcode=postcode,
        home=home,
        groups=tuple(groups.split("\n")) if groups else (),
        note=note,
        consent=Consent(bool(given), to_day(given_on) if given_on else None, how),
        standing=MemberStatus(
            address=address,
            state=one_of(MemberState, state),
            registered_at=to_time(registered),
            withdrawn_at=to_time(withdrawn) if withdrawn else None,
            stopped_at=to_time(stopped) if stopped else None,
            undeliverable=undeliverable,
        ),
    )


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
