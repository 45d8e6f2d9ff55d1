"""The members and the record of their consent as tables for a spreadsheet. Which columns they have
is in `csv_columns`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter

from kollect.members.csv_columns import ACTIVE, WITHDRAWN, CsvColumn
from kollect.members.member import Member, MemberState
from kollect.members.member_fields import NO, YES, MemberField, as_form_input
from kollect.members.member_reader import ConsentRecord
from kollect.settings.number_format import number_text
from kollect.storage.csv_format import csv_bytes

_MORE = ("登録日", "退会日", "不達")
"""For the eye; an import does not read them."""
_FORM = attrgetter(*(field.name.lower() for field in MemberField))
"""The fields of a form in the order of their columns, which begin with number and mail address."""
_CONSENT_HEADER = (
    *("受付番号", "メールアドレス", "空メールの受付日時", "承諾", "承諾日", "承諾方法", "記録日時"),
    *("受付完了メールの見出", "受付完了メールの本文"),
)


def members_csv(members: Iterable[Member], encoding: str = "utf-8-sig", digits: int = 0) -> bytes:
    """The members; taken in again, the table changes nothing. `digits` as in `number_text`."""
    rows = (_row(member, digits) for member in members)
    return csv_bytes((*CsvColumn, *_MORE), rows, encoding)


def consents_csv(
    record: Iterable[ConsentRecord], encoding: str = "utf-8-sig", digits: int = 0
) -> bytes:
    """承諾の記録: who gave or took back his consent, when, how, and what he had been told."""
    rows = (
        (
            *(number_text(one.number, digits), one.address, minute_text(one.received_at)),
            YES if one.consent.given else NO,
            *(f"{one.consent.on:%Y/%m/%d}", one.consent.how, minute_text(one.recorded_at)),
            *(one.subject, one.body),
        )
        for one in record
    )
    return csv_bytes(_CONSENT_HEADER, rows, encoding)


def _row(member: Member, digits: int) -> Sequence[str]:
    standing = member.standing
    number, *form = _FORM(as_form_input(member))
    return [
        number_text(int(number), digits),
        standing.address,
        *form,
        WITHDRAWN if standing.state is MemberState.WITHDRAWN else ACTIVE,
        _day(standing.stopped_at),
        _day(standing.registered_at),
        _day(standing.withdrawn_at),
        standing.undeliverable,
    ]


def _day(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y/%m/%d}" if moment else ""


def minute_text(moment: datetime) -> str:
    return f"{moment.astimezone():%Y/%m/%d %H:%M}"
