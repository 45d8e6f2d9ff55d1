"""The members in kollect.db: registered, corrected, withdrawn, stopped; nothing former is lost.

Knows of the receipts only the numbers and the addresses behind them; nothing of screens, letters or
servers. One Members belongs to one thread; several may be open on one file, beside the collector.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import date, datetime

from kollect.ledger.mail_rows import MANUAL
from kollect.ledger.states import TO_SEND
from kollect.mail import address
from kollect.members import member_rows
from kollect.members.member import Consent, Member, MemberState
from kollect.members.member_errors import (
    AlreadyRegistered,
    MergedAway,
    NotRegistered,
    NumberUnknown,
    Withdrawn,
)
from kollect.members.member_fields import MemberField, MemberFormInput, as_form_input
from kollect.members.member_reader import MemberReader
from kollect.storage.database import Row, to_text
from kollect.storage.queries import LISTED

REGISTERED, WITHDREW, CAME_BACK = "会員登録", "退会", "退会の取り消し"
STOPPED, RESUMED, LIFTED = "配信停止", "配信停止の解除", "配信停止の取り消し"
"""LIFTED: it had been somebody else's no. A line STOPPED names in `present` the address that the no
came from, by a mail or with アドレスの変更 or 統合; nothing where it was said for the member."""
UNDELIVERABLE, REACHABLE = "不達", "不達の解除"
MAILING = "メール発信"
_GROUP = "INSERT INTO member_group (label, number, place) VALUES (?, ?, ?)"
_NOTE = (
    "INSERT INTO member_change (number, at, source, field, former, present)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_CONSENT = (
    "INSERT INTO consent (number, address, given, given_on, how, recorded_at, template)"
    " SELECT number, address, ?, ?, ?, ?, template FROM receipt WHERE number = ?"
)
_NO_BY_MAIL = (
    "INSERT INTO no_by_mail (address_key, at) VALUES (?, ?)"
    " ON CONFLICT DO UPDATE SET at = excluded.at, ended_by = NULL"
)


class Members(MemberReader):
    """What `MemberReader` reads, and the writing. Promises: only a number that was given can be
    registered, and once; what stood there before an update is found in `changes`, every consent in
    `consents`.

    A no, 配信停止 or 退会, is the address's: it holds for every number that the address has or
    gets, until a consent is written down that was given on a later day. One of the same day may be
    older than the no, and ends it only by `resume`, where somebody says so.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; on disk when the block has ended."""
        return self._db.transaction()

    def free(self, number: int) -> str:
        """The address of a number that can be registered; raises the Refusal of `register` else."""
        address = self.address_of(number)
        if address is None:
            raise NumberUnknown(number)
        if there := self.get(self.stands_for(number) or number):
            withdrawn = there.standing.state is MemberState.WITHDRAWN
            raise Withdrawn(there) if withdrawn else AlreadyRegistered(there)
        return address

    def register(
        self, member: Member, now: datetime, source: str = REGISTERED, dated: bool = True
    ) -> datetime | None:
        """Returns since when a no of this address holds for the new member too; None: there is
        none. Without `dated` the day of the consent is not the customer's, and ends no 配信停止.

        Raises NumberUnknown, AlreadyRegistered or Withdrawn, and then writes nothing.
        """
        with self.transaction():
            self.free(member.number)
            return self.register_all([(member, dated)], now, source).get(member.number)

    def register_all(
        self, new: Sequence[tuple[Member, bool]], now: datetime, source: str
    ) -> dict[int, datetime]:
        """As `register` for each, with whether its consent is `dated`. Returns whose no holds.

        The numbers must be free; StorageTrouble where one is not, and then nothing is written.
        """
        held, moment = {}, to_text(now)
        with self.transaction():
            numbers = [member.number for member, _ in new]
            collected = self.addresses_of(numbers)
            said_no = self.who_said_no(numbers)
            columns = ("number", "registered_at", *member_rows.WRITTEN)
            self._db.change_many(
                f"INSERT INTO member ({', '.join(columns)})"
                f" VALUES ({', '.join('?' * len(columns))})",
                (
                    (one.number, moment, *member_rows.written(one, collected[one.number][0]))
                    for one, _ in new
                ),
            )
            self._db.change_many(_GROUP, (row for one, _ in new for row in _groups_of(one)))
            self._db.change_many(_NOTE, ((n, moment, source, REGISTERED, "", "") for n in numbers))
            self._db.change_many(
                _CONSENT,
                (
                    _consent_of(one.number, one.consent, moment)
                    for one, _ in new
                    if one.consent.given
                ),
            )
            for member, dated in new:
                no = said_no.get(member.number)
                if no is not None and not (dated and is_after(member.consent, no, now)):
                    self._inherit(member.number, no, now, source)
                    held[member.number] = no
                elif no is not None:
                    self._end_nos(member.number)
        return held

    # --- corrections

    def update(self, member: Member, now: datetime, source: str, dated: bool = True) -> bool:
        """Write the form again; the former values go to `changes`. Returns whether they differed.

        A consent that is new, and of a later day than a 配信停止, ends it; `dated` as in
        `register`. Raises NotRegistered.
        """
        with self.transaction():
            former = self._present(member.number)
            if former == member:
                return False
            self._write(member, former.standing.address)
            if former.groups != member.groups:
                self._db.change("DELETE FROM member_group WHERE number = ?", member.number)
                self._regroup(member)
            for what, before, after in differences(as_form_input(former), as_form_input(member)):
                self._note(member.number, now, source, what, before, after)
            if former.consent != member.consent:
                given = member.consent.given
                self._consent(
                    member.number,
                    member.consent if given else Consent(False, now.date(), source),
                    now,
                )
                no = former.standing.stopped_at
                if no is not None and dated and is_after(member.consent, no, now):
                    self._resume(member.number, member.consent, now, source)
        return True

    def withdraw(self, number: int, now: datetime, source: str) -> bool:
        """退会, and so 配信停止 for the other numbers of the address. Returns whether it is new."""
        with self.transaction():
            new = self._turn(number, now, source, WITHDREW, "withdrawn_at IS NULL",
                             "state = 'withdrawn', withdrawn_at = ?", to_text(now))  # fmt: skip
            if new:
                key = address.key(self._present(number).standing.address)
                others = [one for one in self._of_addresses_of([number], key) if one != number]
                self._stop(others, now, now, f"{source}（会員 {number} の退会）")
        return new

    def come_back(self, number: int, now: datetime, source: str) -> bool:
        """退会の取り消し; a 配信停止 stays."""
        return self._turn(number, now, source, CAME_BACK, "withdrawn_at IS NOT NULL",
                          "state = 'active', withdrawn_at = NULL")  # fmt: skip

    def stop(self, address_key: str, now: datetime, source: str) -> list[int]:
        """配信停止 by a mail from this address: nothing is sent to it any more; where nobody has it
        now, to who has left it. Returns the members it is new for.
        """
        with self.transaction():
            behind = [one.number for one in self.behind(address_key)]
            if behind:
                self._db.change(_NO_BY_MAIL, address_key, to_text(now))
            members = self._of_addresses_of(behind, address_key)
            return self._stop(members, now, now, source, address_key)

    def keep_nos_by_mail(self, nos: Iterable[tuple[str, datetime]]) -> None:
        """As `nos_by_mail` has read them, of a file of a later day."""
        self._db.change_many(_NO_BY_MAIL, ((key, to_text(at)) for key, at in nos))

    def stop_member(self, number: int, now: datetime, source: str) -> bool:
        """配信停止 for this member, and so for the address behind. Returns whether it is new."""
        with self.transaction():
            key = address.key(self._present(number).standing.address)
            return number in self._stop(self._of_addresses_of([number], key), now, now, source)

    def resume(self, number: int, consent: Consent, now: datetime, source: str) -> bool:
        """The customer asked for the mails again: a new consent is what ends a 配信停止.

        Raises ValueError for a consent of a day before it.
        """
        with self.transaction():
            no = self._present(number).standing.stopped_at
            if not consent.given or (no is not None and consent.on and consent.on < _day(no, now)):
                raise ValueError("a new consent is needed")
            new = self._resume(number, consent, now, source)
            if new:
                self._consent(number, consent, now)
        return new

    def hold(self, now: datetime) -> list[int]:
        """Stop whoever a no of the same address holds for, as older versions of this program did
        not. Returns the members it is new for.
        """
        held = []
        with self.transaction():
            for number, no in self.overlooked():
                member = self._present(number)
                resumed = any(c.what == RESUMED and c.at >= no for c in self.changes(number))
                if not (resumed or is_after(member.consent, no, now)):
                    self._inherit(number, no, now, MAILING)
                    held.append(number)
        return held

    def undeliverable(self, number: int, reason: str, now: datetime, source: str) -> bool:
        """不達: mails to this member come back, for this reason."""
        return self._turn(number, now, source, UNDELIVERABLE, "undeliverable = ''",
                          "undeliverable = ?", reason, present=reason)  # fmt: skip

    def reachable(self, number: int, now: datetime, source: str) -> bool:
        """不達の解除; what has come back does not count any more. (A receipt that could not be
        delivered is healed by its 再送 alone.)"""
        with self.transaction():
            self._db.change(
                "DELETE FROM returned_letter WHERE address_key ="
                " (SELECT address_key FROM receipt WHERE number = ?)",
                number,
            )
            return self._turn(number, now, source, REACHABLE, "undeliverable <> ''",
                              "undeliverable = ''")  # fmt: skip

    def _of_addresses_of(self, numbers: Iterable[int], *also: str) -> list[int]:
        """The members with an address that one of these has, or that was merged into one, and with
        these addresses."""
        keys = {address.key(found) for n in numbers for _, found in self.merged_into(n)}
        keys |= {address.key(self._present(n).standing.address) for n in numbers}
        whose = {one.number for key in keys | set(also) for one in self.of_address(key)}
        return sorted(whose)

    def _stop(
        self, numbers: Iterable[int], no: datetime, now: datetime, source: str, said_at: str = ""
    ) -> list[int]:
        """`said_at`: the address that the no came from. Returns for whom it is new. Who is stopped
        already may have been by somebody else's no, so a no that is not in the history yet goes
        there, and into the record.
        """
        new = []
        for number in numbers:
            first = self._turn(number, now, source, STOPPED, "stopped_at IS NULL",
                               "stopped_at = ?", to_text(no), present=said_at)  # fmt: skip
            if first:
                new.append(number)
            elif said_at not in self._said_at(number):
                self._note(number, now, source, STOPPED, "", said_at)
            else:
                continue
            self._consent(number, Consent(False, _day(no, now), source), now)
        return new

    def _said_at(self, number: int) -> set[str]:
        """Where the nos came from that hold for a member who is stopped; "": said for the member.
        Those of former versions, which did not write it down, are the member's.
        """
        found = self._db.rows(
            "SELECT DISTINCT present FROM member_change AS line WHERE number = ? AND field = ?"
            " AND NOT EXISTS (SELECT 1 FROM member_change AS over WHERE over.number = line.number"
            " AND over.id > line.id AND over.field IN (?, ?))",
            *(number, STOPPED, RESUMED, LIFTED),
        )
        return {said_at for (said_at,) in found}

    def _lift(self, number: int, others: set[str], now: datetime, source: str) -> None:
        """End a 配信停止 where every no came from one of these addresses, which are not the
        member's after all. There it holds on.
        """
        member = self._present(number)
        said_at = self._said_at(number)
        if member.standing.stopped_at is None or not said_at or not said_at <= others:
            return
        self._turn(number, now, source, LIFTED, "stopped_at IS NOT NULL", "stopped_at = NULL")
        if member.consent.given:
            how = f"{member.consent.how}（{LIFTED}）"
            self._consent(number, Consent(True, member.consent.on, how), now)

    def _inherit(
        self, number: int, no: datetime, now: datetime, source: str, said_at: str = ""
    ) -> None:
        self._stop([number], no, now, f"{source}（同じメールアドレスのお申し出）", said_at)

    def _hold_no(self, number: int, now: datetime, source: str) -> None:
        """Stop a member for whom a no of the address holds, and who has not said it."""
        member, no = self._present(number), self.said_no(number)
        said = member.standing.stopped_at or member.standing.withdrawn_at
        if said or no is None or is_after(member.consent, no, now):
            return
        self._inherit(number, no, now, source)

    def _resume(self, number: int, consent: Consent, now: datetime, source: str) -> bool:
        self._end_nos(number)
        return self._turn(number, now, source, RESUMED, "stopped_at IS NOT NULL",
                          "stopped_at = NULL, consent = 1, consent_on = ?, consent_how = ?",
                          consent.on and consent.on.isoformat(), consent.how)  # fmt: skip

    def _revive_no(self, address_key: str, number: int) -> None:
        """A no from this address was not this member's to end."""
        self._db.change(
            "UPDATE no_by_mail SET ended_by = NULL WHERE address_key = ? AND ended_by = ?",
            *(address_key, number),
        )

    def _keys_of(self, number: int) -> set[str]:
        """Every address that is, or was, this member's."""
        found = self._db.rows(
            "SELECT receipt.address_key FROM receipt JOIN member USING (number)"
            " WHERE number = ?1 OR stands_for = ?1 UNION"
            " SELECT former.address_key FROM former_address AS former"
            " JOIN receipt AS own USING (number) WHERE coalesce(own.stands_for, own.number) = ?1",
            number,
        )
        return {key for (key,) in found}

    def _end_nos(self, number: int) -> None:
        """A new consent of this member: the nos by mail from its addresses, also former ones, are
        over."""
        self._db.change(
            "UPDATE no_by_mail SET ended_by = ?"
            f" WHERE ended_by IS NULL AND address_key IN {LISTED}",
            *(number, json.dumps(sorted(self._keys_of(number)))),
        )

    def _present(self, number: int) -> Member:
        if member := self.get(number):
            return member
        if (into := self.stands_for(number)) is not None and (there := self.get(into)):
            raise MergedAway(number, there)
        raise NotRegistered(number)

    def _turn(
        self, number: int, now: datetime, source: str, event: str,
        unless: str, assignment: str, *values: object, present: str = "",
    ) -> bool:  # fmt: skip
        """One event in a member's life, unless it has happened already."""
        with self.transaction():
            self._present(number)
            changed = self._db.change(
                f"UPDATE member SET {assignment} WHERE number = ? AND {unless}", *values, number
            )
            if changed:
                self._note(number, now, source, event, "", present)
        return bool(changed)

    def _write(self, member: Member, collected: str) -> None:
        """The form, and what is searched, which is also `collected`, the mail address."""
        self._db.change(
            f"UPDATE member SET {' = ?, '.join(member_rows.WRITTEN)} = ? WHERE number = ?",
            *(*member_rows.written(member, collected, self._leads_here(member)), member.number),
        )

    def _readdress(self, number: int, present: str) -> None:
        """A 再送 that has not gone out goes to the member's present address."""
        owed = ", ".join(f"'{step}'" for step in TO_SEND)
        self._db.change(
            "UPDATE mail SET address = ?, address_key = ?"
            f" WHERE number = ? AND mailbox = ? AND step IN ({owed})",
            *(present, address.key(present), number, MANUAL),
        )

    def _leads_here(self, member: Member) -> list[str]:
        return [
            text for number, at in self.merged_into(member.number) for text in (str(number), at)
        ]

    def _regroup(self, member: Member) -> None:
        self._db.change_many(_GROUP, _groups_of(member))

    def _note(
        self,
        number: int,
        now: datetime,
        source: str,
        what: str,
        former: str = "",
        present: str = "",
    ) -> None:
        self._db.change(_NOTE, number, to_text(now), source, what, former, present)

    def _consent(self, number: int, consent: Consent, now: datetime) -> None:
        self._db.change(_CONSENT, *_consent_of(number, consent, to_text(now)))


def _groups_of(member: Member) -> Iterator[tuple[str, int, int]]:
    """The values for _GROUP."""
    return ((label, member.number, place) for place, label in enumerate(member.groups))


def _consent_of(number: int, consent: Consent, moment: str) -> Row:
    """The values for _CONSENT."""
    day = consent.on and consent.on.isoformat()
    return consent.given, day, consent.how, moment, number


def is_after(consent: Consent, no: datetime, now: datetime) -> bool:
    """Whether the consent is a new one, given on a later day than the no."""
    return consent.given and consent.on is not None and consent.on > _day(no, now)


def _day(moment: datetime, now: datetime) -> date:
    """The day that it was in the shop."""
    return moment.astimezone(now.tzinfo).date()


def differences(
    former: MemberFormInput, present: MemberFormInput
) -> Iterator[tuple[MemberField, str, str]]:
    """Each field in which the forms differ, with both values."""
    for one in fields(MemberFormInput):
        before, after = getattr(former, one.name), getattr(present, one.name)
        if before != after:
            yield MemberField[one.name.upper()], before, after
