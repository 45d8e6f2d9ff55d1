"""The members as kollect.db has them, for screens, lists and files: reading only.

Knows of the receipts only the numbers and the addresses behind them. One MemberReader belongs to
one thread; several may be open on one file, beside the collector.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from kollect.ledger.receipt_query import UNREGISTERED
from kollect.ledger.receipt_rows import receipt_of
from kollect.ledger.records import Receipt
from kollect.mail.nfc import composed
from kollect.members import member_rows, normalize, phone_numbers, wareki
from kollect.members.member import Consent, Member, MemberState
from kollect.members.member_fields import MemberFormInput
from kollect.members.member_filter import EVERYBODY, MemberFilter, MemberOrder, where
from kollect.storage.database import to_day, to_text, to_time
from kollect.storage.queries import LISTED, Queries

AT_ONCE = 500
"""So many members are read together."""
_HOLDERS = (
    "SELECT coalesce(stands_for, number) FROM receipt JOIN member USING (number) WHERE address_key"
)
"""Whose an address is: the member with it, or the one into whom that one was merged (統合)."""
_FAMILY = (
    "(SELECT ?1 UNION SELECT number FROM receipt JOIN member USING (number) WHERE stands_for = ?1)"
)
"""A member's number, and those of the members who were merged into it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who may stand at the counter: a receipt, and the member behind it if there is one already."""

    receipt: Receipt
    member: Member | None
    said_no: datetime | None = None
    """When somebody at this address said no, under another number."""


@dataclass(frozen=True, slots=True)
class MemberChange:
    """One line of a member's history: a field of the form with its former value, or an event."""

    at: datetime
    source: str
    """What was used: 会員登録, 会員一覧, CSV, メール."""
    what: str
    former: str
    present: str


@dataclass(frozen=True, slots=True)
class FormerAddress:
    """An address that a member has left (アドレスの変更)."""

    address: str
    left_at: datetime
    new_number: int
    """The number that the new address had been given by its blank mail."""


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One line of 承諾の記録: a consent given or taken back, and what the customer was told."""

    number: int
    address: str
    received_at: datetime
    """When the blank mail came."""
    consent: Consent
    recorded_at: datetime
    subject: str
    """The letter with the number, as it read when this number was given."""
    body: str


class Likeness(StrEnum):
    """What two members have in common who may be one."""

    PHONE = "同じ電話番号"
    NAME_AND_BIRTHDAY = "同じお名前と生年月日"


_MOST_ALIKE = 20
"""A company's telephone may be that of all its staff."""


class MemberReader:
    """Every method raises `errors.StorageTrouble` where the file cannot be read or written."""

    def __init__(self, file: Path | Queries) -> None:
        """On a connection of its own, or one that is shared."""
        self._db = file if isinstance(file, Queries) else Queries(file)

    def close(self) -> None:
        self._db.close()

    # --- the counter

    def lookup(self, text: str, most: int = 50) -> list[Candidate]:
        """Who is meant by a 受付番号, or else by a part of a mail address, the newest first.

        Digits alone are a number, whether there is one or not.
        """
        number = normalize.number(text)
        if number is not None:
            return self._candidates("receipt.number = ?", number)
        part = normalize.narrow(text).casefold()
        if not part or part.isdecimal():
            return []
        return self._candidates(
            "instr(address_key, ?) ORDER BY receipt.number DESC LIMIT ?", part, most
        )

    def get(self, number: int) -> Member | None:
        row = self._db.row(f"{member_rows.SELECT} WHERE member.number = ?", number)
        return member_rows.member_of(row) if row else None

    def alike(self, form: MemberFormInput, number: int | None) -> list[tuple[Member, Likeness]]:
        """Members who may be the customer of this form, in the order of their numbers: they have
        its telephone number, or its name and birthday. The member `number` itself is left out.
        """
        found: dict[int, tuple[Member, Likeness]] = {}
        telephone = phone_numbers.phone(form.phone)
        if phone_numbers.is_phone(telephone):
            for one in self._with_line(telephone.replace("-", "")):
                if one.phone == telephone:
                    found[one.number] = (one, Likeness.PHONE)
        name, birthday = normalize.search_key(form.name), _birthday(form.birthday)
        if name and birthday is not None:
            for one in self._with_line(name):
                if one.birthday == birthday and normalize.search_key(one.name) == name:
                    found.setdefault(one.number, (one, Likeness.NAME_AND_BIRTHDAY))
        found.pop(number or 0, None)
        return [found[key] for key in sorted(found)]

    def _with_line(self, line: str) -> list[Member]:
        """The members among whose searched fields one is exactly this."""
        found = self._db.rows(
            "SELECT number FROM member INDEXED BY member_in_order"
            " WHERE instr(search, ?) AND state <> 'merged'",
            f"\n{line}\n",
        )
        return self.members([number for (number,) in found[:_MOST_ALIKE]])

    def neighbour(self, number: int, step: int) -> Member | None:
        """Who was registered just before this member (-1) or just after (1); None: nobody."""
        order, sign = ("DESC", "<") if step < 0 else ("ASC", ">")
        row = self._db.row(
            "SELECT number FROM member"
            f" WHERE (registered_at, number) {sign}"
            " (SELECT registered_at, number FROM member WHERE number = ?) AND state <> 'merged'"
            f" ORDER BY registered_at {order}, number {order} LIMIT 1",
            number,
        )
        return self.get(row[0]) if row else None

    def last_registered(self) -> Member | None:
        row = self._db.row(
            "SELECT number FROM member WHERE state <> 'merged'"
            " ORDER BY registered_at DESC, number DESC LIMIT 1"
        )
        return self.get(row[0]) if row else None

    def registered_since(self, moment: datetime) -> int:
        """How many members were registered at this moment or later."""
        row = self._db.row(
            "SELECT count(*) FROM member WHERE registered_at >= ? AND state <> 'merged'",
            to_text(moment),
        )
        return row[0] if row else 0

    def is_stopped(self, number: int) -> bool:
        """Nothing is sent to this member, by his own word."""
        return bool(
            self._db.row("SELECT 1 FROM member WHERE number = ? AND stopped_at IS NOT NULL", number)
        )

    def of_address(self, address_key: str) -> list[Member]:
        """The members with this address, or whose it was before they were merged into another;
        more than one where a second number was given to it.
        """
        found = self._db.rows(
            f"{member_rows.SELECT} WHERE member.number IN ({_HOLDERS} = ?) ORDER BY member.number",
            address_key,
        )
        return [member_rows.member_of(row) for row in found]

    def address_of(self, number: int) -> str | None:
        """The address that has this number, registered or not."""
        row = self._db.row("SELECT address FROM receipt WHERE number = ?", number)
        return row[0] if row else None

    def stands_for(self, number: int) -> int | None:
        """The member whose new address was given this number (アドレスの変更), or into whom its
        own was merged (統合); None: nobody's.
        """
        row = self._db.row("SELECT stands_for FROM receipt WHERE number = ?", number)
        return row[0] if row else None

    def former_holders(self, address_key: str) -> list[Member]:
        """The members who had this address before アドレスの変更, and do not have it now."""
        found = self._db.rows(
            f"{member_rows.SELECT} WHERE receipt.address_key <> ? AND member.number IN"
            " (SELECT coalesce(own.stands_for, own.number) FROM former_address AS former"
            " JOIN receipt AS own USING (number) WHERE former.address_key = ?)"
            " ORDER BY member.number",
            *(address_key, address_key),
        )
        return [member_rows.member_of(row) for row in found]

    def behind(self, address_key: str) -> list[Member]:
        """The members whom a mail from this address is from: those with this address; where there
        is none, those who have left it."""
        return self.of_address(address_key) or self.former_holders(address_key)

    def former_addresses(self, number: int) -> list[FormerAddress]:
        """The addresses that a member has left, the newest first."""
        found = self._db.rows(
            "SELECT address, left_at, new_number FROM former_address WHERE number = ?"
            " ORDER BY id DESC",
            number,
        )
        return [FormerAddress(address, to_time(at), new) for address, at, new in found]

    def number_of(self, address_key: str) -> int | None:
        """The number of this address: where it has several a registered one, then the newest."""
        row = self._db.row(
            "SELECT coalesce(stands_for, number) FROM receipt LEFT JOIN member USING (number)"
            " WHERE address_key = ? AND (stands_for IS NULL OR name IS NOT NULL)"
            " ORDER BY name IS NULL, number DESC LIMIT 1",
            address_key,
        )
        return row[0] if row else None

    def unregistered(self) -> int:
        """How many numbers wait for their membership form, as 収集結果表示 lists them."""
        ((count,),) = self._db.rows(f"SELECT count(*) FROM receipt WHERE {UNREGISTERED}")
        return int(count)

    def left_among(self, address_keys: Iterable[str]) -> set[str]:
        """Those of these addresses that a member has left (アドレスの変更)."""
        found = self._db.each(
            f"SELECT DISTINCT address_key FROM former_address WHERE address_key IN {LISTED}",
            json.dumps(list(address_keys)),
        )
        return {key for (key,) in found}

    def addresses_of(self, numbers: Iterable[int]) -> dict[int, tuple[str, int | None]]:
        """As `address_of` and `stands_for`, of those numbers that were given."""
        found = self._db.each(
            f"SELECT number, address, stands_for FROM receipt WHERE number IN {LISTED}",
            json.dumps(list(numbers)),
        )
        return {number: (address, stands_for) for number, address, stands_for in found}

    def numbers_of(self, address_keys: Iterable[str]) -> dict[str, int]:
        """As `number_of`, of those addresses that have one."""
        found = self._db.each(
            "SELECT address_key, coalesce(stands_for, number)"
            " FROM receipt LEFT JOIN member USING (number)"
            f" WHERE address_key IN {LISTED} AND (stands_for IS NULL OR name IS NOT NULL)"
            " ORDER BY name IS NOT NULL, number",
            json.dumps(list(address_keys)),
        )
        return dict(found)  # the last of an address counts

    def merged_among(self, numbers: Iterable[int]) -> set[int]:
        """Those of these numbers whose members were merged into another (統合)."""
        found = self._db.each(
            f"SELECT number FROM member WHERE state = 'merged' AND number IN {LISTED}",
            json.dumps(list(numbers)),
        )
        return {number for (number,) in found}

    def merged_into(self, number: int) -> list[tuple[int, str]]:
        """The numbers of the members who were merged into this one, each with its address."""
        return self._db.rows(
            "SELECT number, address FROM receipt JOIN member USING (number)"
            " WHERE stands_for = ? ORDER BY number",
            number,
        )

    def taken_among(self, numbers: Iterable[int]) -> list[int]:
        """Those of these numbers that are registered already, or stand for a member."""
        found = self._db.rows(
            f"SELECT number FROM receipt WHERE number IN {LISTED} AND NOT ({UNREGISTERED})"
            " ORDER BY number",
            json.dumps(list(numbers)),
        )
        return [number for (number,) in found]

    def stopped_among(self, numbers: Iterable[int]) -> list[int]:
        """As `is_stopped`: those of these members to whom nothing is sent."""
        found = self._db.rows(
            f"SELECT number FROM member WHERE stopped_at IS NOT NULL AND number IN {LISTED}"
            " ORDER BY number",
            json.dumps(list(numbers)),
        )
        return [number for (number,) in found]

    def said_no(self, number: int) -> datetime | None:
        """When the address of this number last said no, 配信停止 or 退会, under whatever number,
        also of a member who has left it since; None: it did not, or has consented again for every
        number since.
        """
        return self.who_said_no([number]).get(number)

    def who_said_no(self, numbers: Iterable[int]) -> dict[int, datetime]:
        """As `said_no`, of those numbers whose address did."""
        no = "max(coalesce(stopped_at, ''), coalesce(withdrawn_at, '')) AS no"
        wanted = "receipt.number IN (SELECT value FROM json_each(?1))"
        found = self._db.rows(
            f"SELECT number, max(no) FROM (SELECT receipt.number, {no} FROM receipt"
            " CROSS JOIN receipt AS same ON same.address_key = receipt.address_key"
            " CROSS JOIN member ON member.number = coalesce(same.stands_for, same.number)"
            f" WHERE {wanted}"
            f" UNION ALL SELECT receipt.number, {no} FROM receipt"
            " CROSS JOIN former_address AS former ON former.address_key = receipt.address_key"
            " CROSS JOIN receipt AS own ON own.number = former.number"
            " CROSS JOIN member ON member.number = coalesce(own.stands_for, own.number)"
            f" WHERE {wanted}"
            " UNION ALL SELECT receipt.number, said.at FROM receipt"
            " CROSS JOIN no_by_mail AS said ON said.address_key = receipt.address_key"
            f" WHERE ended_by IS NULL AND {wanted})"
            " WHERE no <> '' GROUP BY number",
            json.dumps(list(numbers)),
        )
        return {number: to_time(no) for number, no in found}

    def nos_by_mail(self) -> list[tuple[str, datetime]]:
        """The addresses from which a 配信停止 came that no consent has ended, with when."""
        found = self._db.rows("SELECT address_key, at FROM no_by_mail WHERE ended_by IS NULL")
        return [(key, to_time(at)) for key, at in found]

    def overlooked(self) -> list[tuple[int, datetime]]:
        """Members who may be written to although another number of their address said no, or a mail
        from it, with when it did.
        """
        found = self._db.rows(
            "SELECT number, max(no) FROM ("
            "SELECT other.number, max(max(coalesce(member.stopped_at, ''),"
            " coalesce(member.withdrawn_at, ''))) AS no FROM member"
            " CROSS JOIN receipt ON receipt.number = member.number"
            " CROSS JOIN receipt AS same ON same.address_key = receipt.address_key"
            " CROSS JOIN member AS other"
            " ON other.number = coalesce(same.stands_for, same.number)"
            " WHERE (member.stopped_at IS NOT NULL OR member.withdrawn_at IS NOT NULL)"
            " AND other.number <> member.number AND other.stopped_at IS NULL"
            " AND other.withdrawn_at IS NULL AND member.state <> 'merged' GROUP BY other.number"
            " UNION ALL SELECT member.number, said.at FROM no_by_mail AS said"
            " CROSS JOIN receipt ON receipt.address_key = said.address_key"
            " CROSS JOIN member ON member.number = receipt.number"
            " WHERE said.ended_by IS NULL AND member.state = 'active'"
            " AND member.stopped_at IS NULL AND member.withdrawn_at IS NULL)"
            " GROUP BY number"
        )
        return [(number, to_time(at)) for number, at in found]

    def changes(self, number: int) -> list[MemberChange]:
        """The member's history, and that of who was merged into it, the newest first."""
        found = self._db.rows(
            "SELECT at, source, field, former, present FROM member_change"
            f" WHERE number IN {_FAMILY} ORDER BY id DESC",
            number,
        )
        return [MemberChange(to_time(at), *rest) for at, *rest in found]

    # --- the list

    def numbers(
        self, choice: MemberFilter = EVERYBODY, order: MemberOrder = MemberOrder.NUMBER
    ) -> list[int]:
        """All members that fit, as numbers: a table on screen then fetches the rows it shows.

        A member whose number was typed comes first.
        """
        condition, values = where(choice)
        index, by = {
            MemberOrder.NUMBER: ("member_in_order", "number"),
            MemberOrder.KANA: ("member_in_kana_order", "kana, number"),
        }[order]
        # without INDEXED BY SQLite reads the table itself, which is three times as long
        rows_found = self._db.rows(
            f"SELECT number FROM member INDEXED BY {index} WHERE {condition} ORDER BY {by}",
            *values,
        )
        found = [number for (number,) in rows_found]
        typed = normalize.number(choice.text)
        if typed in found:
            found.remove(typed)
            found.insert(0, typed)
        return found

    def members(self, numbers: Sequence[int]) -> list[Member]:
        """These members, in this order."""
        return list(self.one_by_one(numbers))

    def one_by_one(self, numbers: Sequence[int]) -> Iterator[Member]:
        """As `members`; memory does not grow with their number. Each is as it stands when it comes,
        or up to AT_ONCE before it did.
        """
        for start in range(0, len(numbers), AT_ONCE):
            part = numbers[start : start + AT_ONCE]
            rows = self._db.rows(
                f"{member_rows.SELECT} WHERE member.number IN {LISTED}", json.dumps(list(part))
            )
            found = {row[0]: member_rows.member_of(row) for row in rows}
            yield from (found[number] for number in part if number in found)

    def groups(self) -> list[tuple[str, int]]:
        """Every グループ with how many members it has who have not withdrawn."""
        found = self._db.rows(
            "SELECT label, sum(state = 'active') FROM member_group JOIN member USING (number)"
            " WHERE state <> 'merged' GROUP BY label ORDER BY label"
        )
        if all(label == composed(label) for label, _ in found):
            return found
        return self._groups_composed()

    def _groups_composed(self) -> list[tuple[str, int]]:
        """As `groups`, where former versions have written names in two ways."""
        active: dict[str, set[int]] = {}
        for label, number, state in self._db.each(
            "SELECT label, number, state FROM member_group JOIN member USING (number)"
            " WHERE state <> 'merged'"
        ):
            there = active.setdefault(composed(label), set())
            if state == MemberState.ACTIVE:
                there.add(number)
        return [(label, len(active[label])) for label in sorted(active)]

    def groups_among(self, numbers: Iterable[int]) -> list[str]:
        """Every グループ that any of these members is in."""
        found = self._db.rows(
            f"SELECT DISTINCT label FROM member_group WHERE number IN {LISTED}",
            json.dumps(list(numbers)),
        )
        return sorted({composed(label) for (label,) in found})

    def each(self, choice: MemberFilter = EVERYBODY) -> Iterator[Member]:
        """The members that fit, one by one, in the order of the numbers."""
        condition, values = where(choice)
        sql = f"{member_rows.SELECT} WHERE {condition} ORDER BY member.number"
        yield from map(member_rows.member_of, self._db.each(sql, *values))

    def consents(self) -> Iterator[ConsentRecord]:
        """承諾の記録, in the order in which it grew."""
        sql = (
            "SELECT consent.number, consent.address, received_at, given, given_on, how,"
            " recorded_at, subject, body FROM consent JOIN receipt USING (number)"
            " JOIN template ON template.id = consent.template ORDER BY consent.id"
        )
        for number, collected, received, given, day, how, recorded, *text in self._db.each(sql):
            consent = Consent(bool(given), to_day(day), how)
            yield ConsentRecord(
                number, collected, to_time(received), consent, to_time(recorded), *text
            )

    # --- the same for all

    def _candidates(self, condition: str, *values: object) -> list[Candidate]:
        found = self._db.rows(
            "SELECT number, address, received_at, replied_at, state, reason, times, stands_for,"
            f" poster FROM receipt WHERE {condition}",
            *values,
        )
        whose = [stands_for or number for number, *_, stands_for, _ in found]
        members = {member.number: member for member in self.members(whose)}
        return [
            Candidate(
                receipt_of((*row[:-2], number in members, *row[-2:])),
                members.get(number),
                self.said_no(row[0]),
            )
            for row, number in zip(found, whose, strict=True)
        ]


def _birthday(typed: str) -> date | None:
    """The day that is typed there; None where it is none yet."""
    try:
        return wareki.read(typed)
    except wareki.NotADate:
        return None
