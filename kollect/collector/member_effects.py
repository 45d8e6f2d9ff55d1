"""What a mail in the mailbox means for the members: a 配信停止, a mailing that came back.

On the ledger's own connection, so that it stands in the same transaction as the mail itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from kollect.decision.stop_request import bare_subject
from kollect.ledger.ledger import Ledger
from kollect.ledger.lived_time import Lived
from kollect.mailing import mailing_text
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.mailing.returned_letters import ReturnedLetter
from kollect.members.member import MemberState
from kollect.members.repository import Members
from kollect.storage.queries import Queries

MAIL_SOURCE = "メール"


class MemberEffects:
    """Every method raises `errors.StorageTrouble` where the file cannot be read or written."""

    def __init__(self, ledger: Ledger) -> None:
        shared = Queries.beside(ledger)
        self._members = Members(shared)
        self._outbox = Outbox(shared)

    def member(self, address_key: str) -> int | None:
        """The number of the member with this address, also of one who has withdrawn; where there is
        none, of one who has left this address.
        """
        found = self._members.behind(address_key)
        return found[0].number if found else None

    def stop(self, address_key: str, now: datetime) -> list[int]:
        """As `Members.stop`, from the next commit on."""
        return self._members.stop(address_key, now, MAIL_SOURCE)

    def may_be_stopped(self, address_key: str) -> bool:
        """Is there a member at this address who has neither stopped the mails nor withdrawn?"""
        return any(
            member.standing.state is MemberState.ACTIVE and member.standing.stopped_at is None
            for member in self._members.behind(address_key)
        )

    def answers_a_mailing(self, address_key: str, ids: Iterable[str], subject: str) -> bool:
        """Whether a mail from this address is the answer to a mail of a mailing: by the ids that it
        refers to, else by the subject, as relays may have given the mail another id.
        """
        return self._outbox.is_of_a_mailing(ids) or any(
            mailing_text.may_be_of(subject, template, bare_subject)
            for template in self._outbox.subjects_to(address_key)
        )

    def bounced(
        self, letter_id: str, recipient_key: str, reason: str, since: datetime, now: datetime
    ) -> ReturnedLetter | None:
        """As `Outbox.bounced`: the mail of a mailing came back."""
        return self._outbox.bounced(letter_id, recipient_key, reason, since, now)

    def handed_over(
        self, letter_id: str, recipient_key: str, since: datetime
    ) -> tuple[int, str] | None:
        """As `Outbox.handed_over`: to which member such a mail went, and to which address."""
        return self._outbox.handed_over(letter_id, recipient_key, since)

    def tries(self, pace: RateLimit, time: Lived) -> list[datetime]:
        """As `Outbox.tries`: when letters of mailings were handed over."""
        return self._outbox.tries(pace, time)
