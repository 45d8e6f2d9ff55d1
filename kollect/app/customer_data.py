"""What was collected, and the members, opened for one piece of work at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import date
from typing import TYPE_CHECKING

from kollect.settings.model import Settings
from kollect.storage.data_folder import DataFolder
from kollect.storage.protection_mark import is_marked
from kollect.threads.background_thread import local_now

if TYPE_CHECKING:  # the window has to be there before SQL is loaded
    from kollect.app.results_service import ResultsService
    from kollect.ledger.brought_numbers import BroughtNumbers
    from kollect.ledger.posters import Posters
    from kollect.mailing.outbox import Outbox
    from kollect.mailing.recipients import SentMail
    from kollect.mailing.standing import StandingMailings
    from kollect.mailing.text_library import TextLibrary
    from kollect.members.address_change import AddressChanges
    from kollect.members.merge import MemberMerges
    from kollect.members.repository import Members


class CustomerData:
    """The chapter of a workspace that screens read and write customers through."""

    def __init__(self, folder: DataFolder, settings: Callable[[], Settings]) -> None:
        """`settings` gives those in force, or raises why they cannot be read."""
        self.folder = folder
        self._settings_in_force = settings

    @property
    def protected(self) -> bool:
        """Whether the data are encrypted, or on their way to or from it."""
        return is_marked(self.folder.database)

    def results(self) -> ResultsService:
        """What was collected here, for the screens that show it."""
        from kollect.app.results_service import ResultsService

        return ResultsService(self.folder, self._settings_in_force)

    def posters(self) -> AbstractContextManager[Posters]:
        """The posters with an address of their own, for one piece of work in one thread that is not
        Tk's. Raises StorageTrouble."""
        from kollect.ledger.posters import Posters

        return closing(Posters(self.folder.database))

    def members(self) -> AbstractContextManager[Members]:
        """The members, for one piece of work in one thread that is not Tk's.

        Raises StorageTrouble.
        """
        from kollect.members.repository import Members

        return closing(Members(self.folder.database))

    def address_changes(self) -> AbstractContextManager[AddressChanges]:
        """The members for アドレスの変更, in the same way."""
        from kollect.members.address_change import AddressChanges

        return closing(AddressChanges(self.folder.database))

    def merges(self) -> AbstractContextManager[MemberMerges]:
        """The members for 統合, in the same way."""
        from kollect.members.merge import MemberMerges

        return closing(MemberMerges(self.folder.database))

    def member_import(self) -> AbstractContextManager[tuple[Members, BroughtNumbers]]:
        """The members and the numbers for customers from before, in the same way."""
        from kollect.app.import_connection import for_import

        return for_import(self.folder, self._settings_in_force())

    def outbox(self) -> AbstractContextManager[Outbox]:
        """The mailings, in the same way."""
        from kollect.mailing.outbox import Outbox

        return closing(Outbox(self.folder.database))

    def days_returned(self, number: int) -> list[date]:
        """On which days mails to this member came back, of those that count. Raises
        StorageTrouble."""
        with self.outbox() as outbox:
            return outbox.days_returned(number, local_now())

    def texts(self) -> AbstractContextManager[TextLibrary]:
        """The shop's own 文例, in the same way."""
        from kollect.mailing.text_library import TextLibrary

        return closing(TextLibrary(self.folder.database))

    @contextmanager
    def standing_mailings(self) -> Iterator[StandingMailings]:
        """誕生日メール and ステップメール, in the same way."""
        from kollect.mailing.standing import StandingMailings

        with self.outbox() as outbox:
            yield StandingMailings(outbox)

    def sends_by_itself(self) -> bool:
        """Is there a 予約, or something else that the clock begins or goes on with?

        Raises StorageTrouble.
        """
        from kollect.mailing.mailing_states import MailingState
        from kollect.mailing.standing import StandingMailings

        if not self.folder.database.exists():
            return False
        with self.outbox() as outbox:
            by_the_clock = outbox.mailings(MailingState.SCHEDULED, MailingState.SENDING)
            return any(one.due_at is not None for one in by_the_clock) or any(
                one.active for one in StandingMailings(outbox).all()
            )

    def mails(self, number: int) -> list[SentMail]:
        """What this member was sent by メール発信, the newest first. Raises StorageTrouble."""
        with self.outbox() as outbox:
            return outbox.sent_mails(number)
