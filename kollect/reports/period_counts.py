"""What happened in a span of time, as numbers: for the weekly report and for 月報.

    with Periods(database) as periods:
        week = periods.counts(monday, next_monday)

Each number counts what the file says *today* of that span:

    field            counts                                                    its moment
    ---------------  --------------------------------------------------------  --------------------
    received         受付: numbers given to blank mails, a second number of    when it was given
                     an address too; not 名簿から
    not_arrived      of these, whose letter did not arrive, as far as known    likewise
                     by today: 不達, 断られました, 届かなかったようです
    registered       登録: members, by 会員登録 and from a CSV file            会員登録
    withdrawn        退会 of members, also where it was taken back later       in their history
    stopped          配信停止 of members, likewise                             in their history
    undeliverable    members who became 不達, likewise                         in their history
    mailings         メール発信 whose sending began                            when it began
    letters_sent     their letters that a server took                          its last try
    letters_failed   their letters refused, or come back                       its last try
    letters_unsure   their letters that may have arrived (未確認)              its last try

A member who left twice in the span counts once; one who was merged into another (統合) does not,
nor does 自動で送るメール among `mailings`: it begins one a day. No number names a customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kollect.ledger.receipt_query import UNREGISTERED
from kollect.ledger.receipt_rows import CAME
from kollect.ledger.states import TO_SEND, ReceiptState
from kollect.mailing.mailing_states import RecipientState
from kollect.members.member import MemberState
from kollect.members.repository import STOPPED, UNDELIVERABLE, WITHDREW
from kollect.storage.database import to_text, to_time
from kollect.storage.reader import Reader

_NOT_ARRIVED = (
    f"state IN ('{ReceiptState.UNDELIVERABLE}', '{ReceiptState.REFUSED}')"
    f" OR state = '{ReceiptState.REPLIED}' AND reason <> ''"
)
"""As `states.in_words` tells it."""
_TO_SEND = "', '".join(TO_SEND)


@dataclass(frozen=True, slots=True)
class PeriodCounts:
    """The module's table says what each counts."""

    received: int = 0
    not_arrived: int = 0
    registered: int = 0
    withdrawn: int = 0
    stopped: int = 0
    undeliverable: int = 0
    mailings: int = 0
    letters_sent: int = 0
    letters_failed: int = 0
    letters_unsure: int = 0


class Periods(Reader):
    """Reads kollect.db beside everybody else. Belongs to one thread.

    Every method raises `errors.StorageTrouble` where the file cannot be read.
    """

    def counts(self, since: datetime, until: datetime) -> PeriodCounts:
        """What happened from `since` on and before `until`; both with their zone.

        The members' history is read from end to end: a tenth of a second for 100,000 members.
        """
        span = (to_text(since), to_text(until))
        ((received, not_arrived),) = self._select(
            f"SELECT count(*), coalesce(sum({_NOT_ARRIVED}), 0) FROM receipt"
            f" WHERE received_at >= ? AND received_at < ? AND {CAME}",
            span,
        )
        ((registered,),) = self._select(
            "SELECT count(*) FROM member WHERE registered_at >= ? AND registered_at < ?"
            " AND merged_into IS NULL",
            span,
        )
        events: dict[str, int] = dict(
            self._select(
                "SELECT field, count(DISTINCT number) FROM member_change"
                " JOIN member USING (number) WHERE at >= ? AND at < ? AND field IN (?, ?, ?)"
                " AND merged_into IS NULL GROUP BY field",
                (*span, WITHDREW, STOPPED, UNDELIVERABLE),
            )
        )
        ((mailings,),) = self._select(
            "SELECT count(*) FROM mailing WHERE started_at >= ? AND started_at < ?"
            " AND standing IS NULL",
            span,
        )
        letters: dict[str, int] = dict(
            self._select(
                "SELECT step, count(*) FROM parcel"
                " WHERE tried_at >= ? AND tried_at < ? GROUP BY step",
                span,
            )
        )
        return PeriodCounts(
            received=received,
            not_arrived=not_arrived,
            registered=registered,
            withdrawn=events.get(WITHDREW, 0),
            stopped=events.get(STOPPED, 0),
            undeliverable=events.get(UNDELIVERABLE, 0),
            mailings=mailings,
            letters_sent=letters.get(RecipientState.SENT, 0),
            letters_failed=letters.get(RecipientState.UNDELIVERABLE, 0),
            letters_unsure=letters.get(RecipientState.UNCERTAIN, 0),
        )

    def domains(self, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
        """`received` and `not_arrived` of that span by the domains of the customers' addresses."""
        rows = self._select(
            "SELECT substr(address_key, instr(address_key, '@') + 1), count(*),"
            f" coalesce(sum({_NOT_ARRIVED}), 0) FROM receipt"
            f" WHERE received_at >= ? AND received_at < ? AND {CAME} GROUP BY 1",
            (to_text(since), to_text(until)),
        )
        return {str(domain): (received, not_arrived) for domain, received, not_arrived in rows}

    def first_moment(self) -> datetime | None:
        """When the first number was given; None where there is none."""
        ((first,),) = self._select(f"SELECT min(received_at) FROM receipt WHERE {CAME}")
        return to_time(first) if first else None

    def members_now(self) -> int:
        """How many members there are who have not withdrawn."""
        ((count,),) = self._select(
            "SELECT count(*) FROM member WHERE state = ?", (MemberState.ACTIVE,)
        )
        return int(count)

    def unregistered_now(self) -> int:
        """How many numbers wait for their membership form, as 収集結果表示 lists them."""
        ((count,),) = self._select(f"SELECT count(*) FROM receipt WHERE {UNREGISTERED}")
        return int(count)

    def owed_now(self) -> int:
        """How many replies with a number wait to be sent."""
        ((count,),) = self._select(
            f"SELECT count(*) FROM mail WHERE step IN ('{_TO_SEND}') AND number IS NOT NULL"
        )
        return int(count)
