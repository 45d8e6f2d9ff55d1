"""統合: two members who are one person become one. Number k stays, number a lives on in it.

What holds before, at the commit (one transaction, so a crash leaves the left or the middle column),
and after 「統合を取り消す」:

                          before          after                     undone
    member k              as it was       k's and a's values, one   k's values, but for what was
                                          by one as chosen          corrected since
    member a              active          merged into k: in no      as it was
                                          list, count or mailing
    receipt k             address K       K; where a's address      address K
                                          was chosen A
    receipt a             address A       stands for k; A, or K     address A
    receipts for a        stand for a     stand for k               stand for a
    blank mail from K     ★2★ with k      ★2★ with k                ★2★ with k
    blank mail from A     ★2★ with a      ★2★ with k                ★2★ with a
    a in 会員登録, さがす a               k                         a
    mailings go to        K and A         the address of k, once    K and A
    history of k          k's             k's and a's               k's

No number is given, skipped or given twice by it. Nothing of a is removed: its row, its history, its
consents and its mails stay under its number. A mailing under way that has letters for both writes
one: see `drafts.AGAINST_LETTER`. A 誕生日メール or ステップメール that either has had is not sent
again.

A no of either, 配信停止 or 退会, holds for k unless a consent of a later day was given to either
(`merge_rules`), and so for the other numbers of both addresses. Undone, a no is whose it was: one
that had come only from A is a's alone; one that was said at the counter since then is both's, for
nobody can tell any more whose it was. So is a consent that was taken back since.

It is not undone where k was itself merged into another since (that one first), where the address of
k or a has been changed since in a way that would leave both with one address, or where it was not
the last one of k.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from kollect.mail import address
from kollect.mail.foreign_text import exact
from kollect.members import merge_rules
from kollect.members.member import Consent, Member, MemberState
from kollect.members.member_fields import NO, MemberField, as_form_input
from kollect.members.merge_rules import (
    CannotMerge,
    Merged,
    MergeField,
    MergePlan,
    Merger,
    MergeSide,
)
from kollect.members.repository import (
    REACHABLE,
    RESUMED,
    STOPPED,
    UNDELIVERABLE,
    WITHDREW,
    Members,
    differences,
    is_after,
)
from kollect.storage.database import broken_value, to_day, to_text, to_time
from kollect.storage.queries import LISTED

MERGED, UNMERGED = "統合", "統合の取り消し"
_FORM = (
    *("name", "kana", "birthday", "sex", "phone", "postcode", "home", "note"),
    *("consent", "consent_on", "consent_how", "undeliverable"),
)
"""The columns of a member that a merging may change, but for those of what was said."""
_CONSENT = ("consent", "consent_on", "consent_how")
_OF_ADDRESS = ("address", "address_key", "state", "reason", "replied_at", "renumbered")
"""The columns of a receipt that belong to its address."""


class MemberMerges(Members):
    """The members, and the merging of two."""

    def plan(self, stays: int, goes: int) -> MergePlan:
        """Raises CannotMerge, NotRegistered, MergedAway."""
        kept, left = self._present(stays), self._present(goes)
        if stays == goes:
            raise CannotMerge(
                "同じ会員です",
                happened=f"会員 {stays} を、自分自身と統合することはできません。",
                cure="もう一方の会員の受付番号を確かめてください。",
                number=goes,
                member=kept,
            )
        return MergePlan(
            MergeSide(kept, self._taken_back(kept)), MergeSide(left, self._taken_back(left))
        )

    def _taken_back(self, member: Member) -> date | None:
        """Also that of who was merged into this one: a consent of a third must be later than it."""
        if member.consent.given:
            return None
        numbers = [member.number, *(number for number, _ in self.merged_into(member.number))]
        ((day,),) = self._db.rows(
            "SELECT max(given_on) FROM consent AS said JOIN member USING (number)"
            f" WHERE number IN {LISTED} AND member.consent = 0 AND given = 0"
            " AND NOT EXISTS (SELECT 1 FROM consent AS later"
            " WHERE later.number = said.number AND later.id > said.id)",
            json.dumps(numbers),
        )
        return to_day(day) if day else None

    def merge(
        self, stays: int, goes: int, taken: Collection[MergeField], now: datetime, source: str
    ) -> Member:
        """Merge the second member into the first, all or nothing. Returns what has become of it.

        Raises as `plan` does, and CannotMerge where グループ or 備考 of both would be too long.
        """
        with self.transaction():
            plan = self.plan(stays, goes)
            kept, left = plan.stays.member, plan.goes.member
            becomes = plan.outcome(taken, now)
            merge_rules.refuse_too_long(becomes.member, left)
            there = merge_rules.differing(kept, left)
            swaps = MergeField.ADDRESS in taken and MergeField.ADDRESS in there
            beside = [set(self._of_addresses_of([n])) - {stays, goes} for n in (stays, goes)]
            former = {
                "member": self._columns("member", _FORM, stays),
                "groups": list(kept.groups),
                "stopped_at": _text(kept.standing.stopped_at),
                "withdrawn_at": _text(kept.standing.withdrawn_at),
                "stood for it": self._standing_for(goes),
                "swapped": swaps,
                "one address": MergeField.ADDRESS not in there,
                "occasions": self._share_occasions(stays, goes),
            }
            self._db.change(
                "UPDATE receipt SET stands_for = ?1 WHERE number = ?2 OR stands_for = ?2",
                *(stays, goes),
            )
            self._db.change(
                f"UPDATE member SET state = '{MemberState.MERGED}', merged_into = ?"
                " WHERE number = ?",
                *(stays, goes),
            )
            if swaps:
                self._swap(stays, goes)
                self._db.change(
                    "UPDATE member SET undeliverable ="
                    " (SELECT undeliverable FROM member WHERE number = ?) WHERE number = ?",
                    *(goes, stays),
                )
            elif MergeField.ADDRESS not in there:  # of one address, whichever number found it out
                self._db.change(
                    "UPDATE member SET undeliverable ="
                    " (SELECT max(undeliverable) FROM member WHERE number IN (?1, ?2))"
                    " WHERE number = ?1 AND undeliverable = ''",
                    *(stays, goes),
                )
            self._rewrite(kept, becomes.member, now, source)
            self._note(stays, now, source, MERGED, _name(left), _name(kept))
            if becomes.member.consent.given and (swaps or becomes.member.consent != kept.consent):
                consent = becomes.member.consent
                self._consent(stays, replace(consent, how=f"{consent.how}（{MERGED}）"), now)
            elif kept.consent.given and not becomes.member.consent.given:
                no = Consent(False, plan.goes.taken_back, f"{source}（{MERGED}）")
                self._consent(stays, no, now)
            self._hold_what_was_said(kept, left, becomes, now)
            if becomes.stopped_at or becomes.withdrawn_at:
                at_its, at_the_others = beside
                self._hold_beside(at_its - at_the_others, left, now)
                self._hold_beside(at_the_others - at_its, kept, now)
            after = {
                "member": self._columns("member", _FORM, stays),
                "groups": list(becomes.member.groups),
                "stopped_at": _text(becomes.stopped_at),
                "withdrawn_at": _text(becomes.withdrawn_at),
                "keys": self._keys_now(stays, goes),
                "line": self._last_line(),
            }
            self._db.insert(
                "INSERT INTO merger (number, merged, at, former) VALUES (?, ?, ?, ?)",
                *(stays, goes, to_text(now), json.dumps({"before": former, "after": after})),
            )
            return self._present(stays)

    def last_merger(self, number: int) -> Merger | None:
        """The last member that was merged into this one; None: nobody was."""
        row = self._db.row(
            "SELECT merged, at FROM merger WHERE number = ? ORDER BY id DESC LIMIT 1", number
        )
        return Merger(number, row[0], to_time(row[1])) if row else None

    def undo_merge(self, number: int, now: datetime, source: str) -> int:
        """Take the last merging of this member back: they are two after all. Returns the number of
        the other one.

        Raises NotRegistered, MergedAway, and CannotMerge where there is nothing to take back or
        something since then stands against it.
        """
        with self.transaction():
            member = self._present(number)
            row = self._db.row(
                "SELECT id, merged, former FROM merger WHERE number = ? ORDER BY id DESC LIMIT 1",
                number,
            )
            if row is None:
                raise CannotMerge(
                    "取り消す統合がありません",
                    happened=f"{member.name} 様には、統合された会員がいません。",
                    cure="会員を確かめてください。",
                    number=number,
                    member=member,
                )
            identity, goes, remembered = row
            try:
                both = json.loads(remembered)
                self._take_apart(member, goes, both["before"], both["after"], now, source)
            except (KeyError, TypeError, ValueError) as error:
                raise broken_value(remembered) from error
            self._db.change("DELETE FROM merger WHERE id = ?", identity)
            return int(goes)

    def _take_apart(
        self,
        member: Member,
        goes: int,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        now: datetime,
        source: str,
    ) -> None:
        stays = member.number
        keys = self._keys_now(stays, goes)
        moved = keys != after["keys"] if before["swapped"] else keys[0] == keys[1]
        if moved and not before["one address"]:
            raise CannotMerge(
                "統合を取り消せません",
                happened=f"統合のあとで、{member.name} 様のアドレスが変更されています。",
                cure="先に「アドレスの変更」の「前のアドレスに戻す」で前のアドレスに戻してから、"
                "もう一度お試しください。",
                number=stays,
                member=member,
            )
        self._db.change(
            f"UPDATE receipt SET stands_for = ? WHERE stands_for = ? AND number IN {LISTED}",
            *(goes, stays, json.dumps(before["stood for it"])),
        )
        self._db.change("UPDATE receipt SET stands_for = NULL WHERE number = ?", goes)
        self._db.change(
            "UPDATE member SET merged_into = NULL, state = iif(withdrawn_at IS NULL,"
            f" '{MemberState.ACTIVE}', '{MemberState.WITHDRAWN}') WHERE number = ?",
            goes,
        )
        if before["swapped"]:
            self._swap(stays, goes)
        if before["swapped"] or keys[0] == keys[1]:
            self._return_undeliverable(member, goes, before, after, now, source)
        self._part_occasions(stays, before.get("occasions", ()))  # not in a merger of before
        self._put_back(member, before, after, now, source)
        other = self._present(goes)
        self._write(other, other.standing.address)
        for one in (stays, goes):
            self._note(one, now, source, UNMERGED, str(goes), str(stays))
        self._take_back_consent(stays, other, after, now, source)
        self._part_what_was_said(stays, goes, before, after, now)

    def _return_undeliverable(
        self,
        member: Member,
        goes: int,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        now: datetime,
        source: str,
    ) -> None:
        """不達, found or ended since the merging, is about the other's address."""
        since, answer = after["member"]["undeliverable"], member.standing.undeliverable
        if answer == since:
            return
        write = "UPDATE member SET undeliverable = ? WHERE number = ?"
        self._db.change(write, answer, goes)
        self._note(goes, now, source, UNDELIVERABLE if answer else REACHABLE, "", answer)
        if before["swapped"]:
            self._db.change(write, since, member.number)  # for `_put_back`: nothing of its own

    def _take_back_consent(
        self, stays: int, other: Member, after: Mapping[str, Any], now: datetime, source: str
    ) -> None:
        """A consent that was taken back since the merging was so for both."""
        there = self._present(stays)
        row = self._db.row(
            "SELECT 1 FROM member_change WHERE number = ? AND id > ? AND field = ? AND present = ?",
            *(stays, after["line"], MemberField.CONSENT, NO),
        )
        if row is None or there.consent.given or not other.consent.given:
            return
        self._rewrite(other, replace(other, consent=Consent()), now, source)
        no = Consent(False, self._taken_back(there), f"{source}（{UNMERGED}）")
        self._consent(other.number, no, now)

    def _put_back(
        self,
        member: Member,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        now: datetime,
        source: str,
    ) -> None:
        """What still stands as the merging left it is as before; what was corrected since stays."""
        present = self._columns("member", _FORM, member.number)
        values = {
            column: before["member"][column] if value == after["member"][column] else value
            for column, value in present.items()
        }
        if [values[c] for c in _CONSENT] != [before["member"][c] for c in _CONSENT]:
            values |= {c: present[c] for c in _CONSENT}  # its three columns are one value
        assigned = ", ".join(f"{column} = ?" for column in _FORM)
        self._db.change(
            f"UPDATE member SET {assigned} WHERE number = ?",
            *(values[column] for column in _FORM),
            member.number,
        )
        restored = self._present(member.number).consent
        if restored != member.consent:
            given = restored.given
            record = restored if given else Consent(False, now.date(), f"{source}（{UNMERGED}）")
            self._consent(member.number, record, now)
        groups = tuple(before["groups"] if [*member.groups] == after["groups"] else member.groups)
        self._rewrite(member, replace(self._present(member.number), groups=groups), now, source)

    # --- what is the same for both

    def _rewrite(self, former: Member, present: Member, now: datetime, source: str) -> None:
        """Write the form, its groups, what is searched, and a line for every field that differs."""
        number = present.number
        self._write(present, self._present(number).standing.address)
        if former.groups != present.groups or self._present(number).groups != present.groups:
            self._db.change("DELETE FROM member_group WHERE number = ?", number)
            self._regroup(present)
        for what, value, after in differences(as_form_input(former), as_form_input(present)):
            self._note(number, now, source, what, value, after)
        here = self._present(number).standing.address
        if here != former.standing.address:
            self._note(number, now, source, MergeField.ADDRESS, former.standing.address, here)
            self._readdress(number, here)

    def _hold_what_was_said(
        self, kept: Member, left: Member, becomes: Merged, now: datetime, source: str = MERGED
    ) -> None:
        """配信停止 and 退会 of the one that stays, as `merge_rules` has them."""
        number, standing = kept.number, kept.standing
        if becomes.withdrawn_at and not standing.withdrawn_at:
            self._withdraw_since(number, to_text(becomes.withdrawn_at), now, source)
        elif standing.withdrawn_at and not becomes.withdrawn_at:
            self.come_back(number, now, source)
        if becomes.stopped_at and becomes.stopped_at != standing.stopped_at:
            said_at = address.key(left.standing.address)
            self._stop([number], becomes.stopped_at, now, source, said_at)
            self._stopped_since(number, becomes.stopped_at)
        elif standing.stopped_at and not becomes.stopped_at:
            self._end_nos(number)
            self._turn(number, now, source, RESUMED, "stopped_at IS NOT NULL", "stopped_at = NULL")

    def _hold_beside(self, numbers: Collection[int], said: Member, now: datetime) -> None:
        """A no of one of the two is that of the other's address too, and so holds for these, its
        other numbers."""
        standing = said.standing
        no = max(filter(None, (standing.stopped_at, standing.withdrawn_at)), default=None)
        if no is None:
            return
        for member in self.members(sorted(numbers)):
            if not merge_rules.is_later(member.consent, no, now):
                self._inherit(member.number, no, now, MERGED, address.key(standing.address))

    def _part_what_was_said(
        self,
        stays: int,
        goes: int,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        now: datetime,
        source: str = UNMERGED,
    ) -> None:
        own, others = self._keys_of(stays), self._keys_of(goes)
        since = self._db.rows(
            "SELECT field, present FROM member_change WHERE number = ? AND id > ?"
            " AND field IN (?, ?)",
            *(stays, after["line"], STOPPED, WITHDREW),
        )
        present = self._present(stays)
        if _text(present.standing.withdrawn_at) == after["withdrawn_at"] != before["withdrawn_at"]:
            if before["withdrawn_at"] is None:
                self.come_back(stays, now, source)
            else:
                self._withdraw_since(stays, before["withdrawn_at"], now, source)
        stopped = present.standing.stopped_at
        for key in others - own:
            self._revive_no(key, stays)
        if before["stopped_at"] is None:
            self._lift(stays, others - own, now, source)
        elif stopped is None and not is_after(
            present.consent, no := to_time(before["stopped_at"]), now
        ):
            for key in own:
                self._revive_no(key, stays)
            self._stop([stays], no, now, source)
        elif stopped is not None and _text(stopped) == after["stopped_at"]:
            self._stopped_since(stays, to_time(before["stopped_at"]))
        if any(what == WITHDREW or said_at not in own for what, said_at in since):
            self._stop([goes], now, now, source)
        for here, there in ((own, others - own), (others, own - others)):
            beside = {one.number for key in here for one in self.of_address(key)}
            for one in beside - {stays, goes}:
                self._lift(one, there - self._keys_of(one), now, source)
        for one in (stays, goes):
            self._hold_no(one, now, source)

    def _withdraw_since(self, number: int, moment: str, now: datetime, source: str) -> None:
        self._turn(
            *(number, now, source, WITHDREW, "withdrawn_at IS NULL"),
            *("state = 'withdrawn', withdrawn_at = ?", moment),
        )

    def _stopped_since(self, number: int, no: datetime) -> None:
        """The last no is the one that a new consent must be later than."""
        self._db.change("UPDATE member SET stopped_at = ? WHERE number = ?", to_text(no), number)

    def _swap(self, one: int, other: int) -> None:
        """The address of one becomes that of the other, with all that is known of it."""
        found = {n: self._columns("receipt", _OF_ADDRESS, n) for n in (one, other)}
        # an address may not stand twice as one that was given once
        self._db.change("UPDATE receipt SET renumbered = 1 WHERE number = ?", other)
        assigned = ", ".join(f"{column} = ?" for column in _OF_ADDRESS)
        for number, source in ((one, other), (other, one)):
            self._db.change(
                f"UPDATE receipt SET {assigned} WHERE number = ?",
                *found[source].values(),
                number,
            )

    def _share_occasions(self, stays: int, goes: int) -> list[list[object]]:
        """What was sent by itself to one is not sent again to the other: `mailing.standing` asks
        for a 誕生日メール of the same year, and for any ステップメール. Returns what it has
        written, for `_part_occasions`: which day of which, and when and why none was written to
        the one that stays on that day, where that was noted.
        """
        shared = self._db.rows(
            "SELECT sent.standing, sent.day, own.at, own.reason FROM occasion AS sent"
            " LEFT JOIN occasion AS own"
            " ON own.standing = sent.standing AND own.day = sent.day AND own.number = ?"
            " WHERE sent.number = ? AND sent.mailing IS NOT NULL AND own.mailing IS NULL",
            *(stays, goes),
        )
        self._db.change_many(
            "INSERT OR REPLACE INTO occasion (standing, number, day, at, mailing, reason)"
            " SELECT standing, ?, day, at, mailing, reason FROM occasion"
            " WHERE number = ? AND standing = ? AND day = ?",
            [(stays, goes, standing, day) for standing, day, _, _ in shared],
        )
        return [list(row) for row in shared]

    def _part_occasions(self, stays: int, shared: Iterable[Sequence[object]]) -> None:
        for standing, day, at, reason in shared:
            self._db.change(
                "DELETE FROM occasion WHERE standing = ? AND number = ? AND day = ?",
                *(standing, stays, day),
            )
            if at is not None:
                self._db.change(
                    "INSERT INTO occasion (standing, number, day, at, reason)"
                    " VALUES (?, ?, ?, ?, ?)",
                    *(standing, stays, day, at, reason),
                )

    def _columns(self, table: str, columns: tuple[str, ...], number: int) -> dict[str, object]:
        (row,) = self._db.rows(f"SELECT {', '.join(columns)} FROM {table} WHERE number = ?", number)
        return dict(zip(columns, row, strict=True))

    def _standing_for(self, number: int) -> list[int]:
        found = self._db.rows("SELECT number FROM receipt WHERE stands_for = ?", number)
        return [one for (one,) in found]

    def _keys_now(self, stays: int, goes: int) -> list[str]:
        return [
            str(self._columns("receipt", ("address_key",), n)["address_key"]) for n in (stays, goes)
        ]

    def _last_line(self) -> int:
        ((last,),) = self._db.rows("SELECT coalesce(max(id), 0) FROM member_change")
        return int(last)


def _name(member: Member) -> str:
    return f"{member.number} {member.name}（{exact(member.standing.address)}）"


def _text(moment: datetime | None) -> str | None:
    return to_text(moment) if moment else None
