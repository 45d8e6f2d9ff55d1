"""アドレスの変更: a member with a new phone sends a blank mail, and the new number is handed in.

What holds before, at the commit (one transaction, so a crash leaves the left or the right column),
and after 「元に戻す」:

                          before          after              undone
    member                number m        number m           number m
    receipt m             address A       address B          address A
    receipt n             address B       stands for m       address B
    former_address        -               m left A           -
    blank mail from A     ★2★ with m      the next number    ★2★ with m
    blank mail from B     ★2★ with n      ★2★ with m         ★2★ with n
    mailings to m go to   A               B                  A

No number is given, skipped or given twice by it. A no, 配信停止 or 退会, of either address holds
on; a 配信停止 that still comes from A is the member's too. The consent goes along, and 承諾の記録
gets a line for B.

Where it is undone, B was somebody else's: a no that had come only from B (the history says from
where, see `repository.STOPPED`) is not the member's any more, and holds for whoever registers B.
Said at the counter, or by a mail from A, it was the member's, and holds on.
"""

from __future__ import annotations

from datetime import datetime

from kollect.ledger.receipt_query import UNREGISTERED
from kollect.mail import address
from kollect.mail.foreign_text import exact
from kollect.members.member import Consent, Member, MemberState
from kollect.members.member_errors import MemberRefusal, NumberUnknown, Withdrawn
from kollect.members.repository import Members, is_after
from kollect.storage.database import to_text

CHANGED, UNDONE = "アドレスの変更", "アドレスの変更の取り消し"
_HANDED_IN = f"number = ? OR address_key = ? AND {UNREGISTERED}"
"""The number that was handed in, and the others of that address that nobody has registered."""


class CannotMove(MemberRefusal):
    """The number that was handed in is not one that an address can be changed to."""


class AddressChanges(Members):
    """The members, and the move of one to another address."""

    def new_address(self, number: int, new_number: int) -> str:
        """The address that the member would get by `new_number`, which its blank mail was given.

        Raises NotRegistered, MergedAway, Withdrawn, NumberUnknown or CannotMove.
        """
        member = self._to_move(number)
        row = self._db.row(
            "SELECT address, address_key, stands_for FROM receipt WHERE number = ?", new_number
        )
        if row is None:
            raise NumberUnknown(new_number)
        found, key, stands_for = row
        if key == address.key(member.standing.address):
            raise CannotMove(
                "いまと同じアドレスです",
                happened=f"受付番号 {new_number} のメールアドレスは、{member.name} 様の"
                f"いまのアドレス（{exact(found)}）と同じです。",
                cure="新しいアドレスから空メールを送っていただき、返信に書かれた受付番号を"
                "入力してください。",
                number=new_number,
                member=member,
            )
        if stands_for == number and new_number not in self.merged_among([new_number]):
            raise CannotMove(
                "前のアドレスの受付番号です",
                happened=f"受付番号 {new_number}（{exact(found)}）は、{member.name} 様が前に"
                "お使いだったアドレスのものです。",
                cure="そのアドレスをまたお使いのときは、もう一度空メールを送っていただき、"
                "返信に書かれた新しい受付番号を入力してください。",
                number=new_number,
                member=member,
            )
        there = self.get(stands_for or new_number)
        if there is not None and there.number != number:
            raise CannotMove(
                "ほかの会員の受付番号です",
                happened=f"受付番号 {new_number}（{exact(found)}）は、会員 {there.number} の"
                f" {there.name} 様のものです。",
                cure="番号をもう一度確かめてください。同じお客様が2回登録されているときは、"
                "「ほかの会員と統合」で1つにできます。",
                number=new_number,
                member=there,
            )
        return str(found)

    def change_address(
        self, number: int, new_number: int, now: datetime, source: str
    ) -> datetime | None:
        """Move the member to the address of `new_number`, all or nothing. Returns since when a no
        of that address holds for the member; None: there is none.

        Raises as `new_address` does.
        """
        with self.transaction():
            present = self.new_address(number, new_number)
            member = self._to_move(number)
            no = self.said_no(new_number)
            self._db.change(
                "INSERT INTO former_address (number, address, address_key, state, reason,"
                " replied_at, left_at, new_number) SELECT number, address, address_key, state,"
                " reason, replied_at, ?, ? FROM receipt WHERE number = ?",
                *(to_text(now), new_number, number),
            )
            ((key, renumbered, state, reason, replied_at),) = self._db.rows(
                "SELECT address_key, renumbered, state, reason, replied_at FROM receipt"
                " WHERE number = ?",
                new_number,
            )
            self._db.change(
                f"UPDATE receipt SET stands_for = ?, renumbered = 1 WHERE {_HANDED_IN}",
                *(number, new_number, key),
            )
            # whoever hands the number in has read it in the reply, whatever is known of the reply
            self._db.change(
                "UPDATE receipt SET address = ?, address_key = ?, renumbered = ?,"
                " state = iif(? = 'undeliverable', ?, 'replied'), reason = ?,"
                " replied_at = coalesce(?, replied_at) WHERE number = ?",
                *(present, key, renumbered, state, state, reason, replied_at, number),
            )
            self._settle(member, present, now, source, CHANGED)
            if member.consent.given:
                how = f"{member.consent.how}（{CHANGED}）"
                self._consent(number, Consent(True, member.consent.on, how), now)
            if no is not None and not is_after(member.consent, no, now):
                self._inherit(number, no, now, source, key)
                return no
        return None

    def undo_address_change(self, number: int, now: datetime, source: str) -> str:
        """Take the last change back: a wrong number had been typed. Returns the address that the
        member has again.

        Raises NotRegistered, MergedAway, Withdrawn, or CannotMove where there is nothing to take
        back, the former address has been given a number of its own since, or 統合 has given the
        member the address of another since.
        """
        with self.transaction():
            member = self._to_move(number)
            row = self._db.row(
                "SELECT id, address, address_key, state, reason, replied_at, new_number, left_at"
                " FROM former_address WHERE number = ? ORDER BY id DESC LIMIT 1",
                number,
            )
            if row is None:
                raise CannotMove(
                    "取り消す変更がありません",
                    happened=f"{member.name} 様のアドレスは、変更されていません。",
                    cure="会員を確かめてください。",
                    number=number,
                    member=member,
                )
            identity, former, key, state, reason, replied_at, new_number, left_at = row
            if self._swapped_since(number, former, left_at):
                raise CannotMove(
                    "前のアドレスには戻せません",
                    happened=f"{member.name} 様は、アドレスを変更したあとで、ほかの会員と統合され、"
                    "その会員のアドレスを引き継いでいます。",
                    cure="先に「修正の履歴」の「統合を取り消す」で2名に戻してから、もう一度"
                    "お試しください。",
                    number=number,
                    member=member,
                )
            if (taken := self.number_of(key)) not in (None, number):
                raise CannotMove(
                    "前のアドレスには戻せません",
                    happened=f"前のアドレス（{exact(former)}）には、そのあとの空メールで"
                    f"受付番号 {taken} が発行されています。",
                    cure=f"前のアドレスに戻すときは、「{CHANGED}」で受付番号 {taken} を"
                    "入力してください。",
                    number=taken,
                    member=member,
                )
            ((left, renumbered),) = self._db.rows(
                "SELECT address_key, renumbered FROM receipt WHERE number = ?", number
            )
            self._db.change(
                "UPDATE receipt SET address = ?1, address_key = ?2, state = ?3, reason = ?4,"
                " replied_at = ?5, renumbered = EXISTS (SELECT 1 FROM receipt AS other"
                " WHERE other.address_key = ?2 AND other.renumbered = 0 AND other.number <> ?6)"
                " WHERE number = ?6",
                *(former, key, state, reason, replied_at, number),
            )
            self._db.change(
                # of a member who was merged into this one the number stands for it as before
                "UPDATE receipt SET"
                " stands_for = iif(number IN (SELECT number FROM member), stands_for, NULL),"
                " renumbered = iif(number = ?, ?, renumbered)"
                " WHERE stands_for = ? AND address_key ="
                " (SELECT address_key FROM receipt WHERE number = ?)"
                # those of an earlier stay at that address stand for the member still
                " AND number NOT IN"
                " (SELECT new_number FROM former_address WHERE number = ? AND id < ?)",
                *(new_number, renumbered, number, new_number, number, identity),
            )
            self._db.change("DELETE FROM former_address WHERE id = ?", identity)
            self._settle(member, former, now, source, UNDONE)
            self._give_back_no(number, left, now, source)
            return str(former)

    def _swapped_since(self, number: int, left: str, left_at: str) -> bool:
        """Whether 統合 gave the member the address of another after this one was left: what the
        member has now is not what the change had brought."""
        return bool(
            self._db.row(
                "SELECT 1 FROM merger WHERE number = ?1"
                " AND json_extract(former, '$.before.swapped')"
                " AND json_extract(former, '$.after.line') > coalesce((SELECT max(id)"
                " FROM member_change WHERE number = ?1 AND field = ?2 AND former = ?3"
                " AND at = ?4), 0)",
                *(number, CHANGED, left, left_at),
            )
        )

    def _give_back_no(self, number: int, left: str, now: datetime, source: str) -> None:
        """A no from the address that was never the member's holds there, and not for the member."""
        if left in self._keys_of(number):
            return
        self._lift(number, {left}, now, source)
        self._revive_no(left, number)
        self._hold_no(number, now, source)

    def _to_move(self, number: int) -> Member:
        member = self._present(number)
        if member.standing.state is MemberState.WITHDRAWN:
            raise Withdrawn(member)
        return member

    def _settle(self, member: Member, present: str, now: datetime, source: str, event: str) -> None:
        """What hangs on the address: search, 不達, the history, a 再送 that has not gone out."""
        if member.standing.undeliverable:
            self.reachable(member.number, now, source)
        self._write(member, present)
        self._note(member.number, now, source, event, member.standing.address, present)
        self._readdress(member.number, present)
