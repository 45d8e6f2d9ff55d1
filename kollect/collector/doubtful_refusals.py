"""The refusals of one poll that may be about the shop, and which of them end their letter. Pure.

`retry_policy` knows what they mean. Where a change could not be written down, the caller has to
ask a second time: so it works on a `copy`.
"""

from __future__ import annotations

from dataclasses import replace

from kollect.collector.poll_context import ANSWERED
from kollect.delivery.refusal import same
from kollect.delivery.retry_policy import MOST_REFUSED, Doubts, Patience
from kollect.ledger.records import MailRecord
from kollect.smtp.outgoing import DeliveryStatus, Outcome


class DoubtfulRefusals:
    def __init__(self) -> None:
        self._doubts: Doubts[int] = Doubts()
        self._entries: dict[int, MailRecord] = {}
        """As they are written down by now."""
        self._of_the_shop: set[int] = set()
        """Those whose words speak of the shop."""

    def __bool__(self) -> bool:
        """Is there one whose meaning is still open?"""
        return bool(self._entries)

    def copy(self) -> DoubtfulRefusals:
        other = DoubtfulRefusals()
        other._doubts = self._doubts.copy()
        other._entries, other._of_the_shop = dict(self._entries), set(self._of_the_shop)
        return other

    def heard(
        self, entry: MailRecord, outcome: Outcome, patience: Patience, lived: int
    ) -> list[MailRecord]:
        """Returns the letters that are over by what the server said to this one: others are taken,
        only they are not. Words about the shop are believed for five days all the same.
        """
        if outcome.status is DeliveryStatus.ACCEPTED:
            alone = [self._entries[key] for key in self._doubts.taken(outcome.place)]
            return [
                one
                for one in alone
                if one.id not in self._of_the_shop or one.patience.is_refused_as_the_shop(lived)
            ]
        if outcome.status is DeliveryStatus.DOUBTED or outcome.ours:
            self._entries[entry.id] = replace(entry, patience=patience, answer=patience.answer)
            self._doubts.refused(entry.id, outcome.begun)
            if outcome.ours:
                self._of_the_shop.add(entry.id)
        return []

    def over(self, lived: int) -> list[MailRecord]:
        """At the end of the poll: those refused again and again, after which nothing was taken."""
        left = [self._entries[key] for key in self._doubts.left()]
        return [
            entry
            for entry in left
            if entry.patience.is_refused(lived)
            and entry.id not in self._of_the_shop
            # many that are refused alike: that is about the shop, however long it lasts
            and sum(same(entry.answer, other.answer) for other in left) < MOST_REFUSED
        ]

    def forget(self, entries: list[MailRecord]) -> None:
        self._doubts.forget(entry.id for entry in entries)

    @property
    def about_us(self) -> bool:
        """No other letter would be taken either."""
        return self._doubts.about_us

    @property
    def keep_a_reply(self) -> bool:
        """Was a reply refused, and nothing taken after it?"""
        return any(self._entries[key].kind in ANSWERED for key in self._doubts.undisproved())
