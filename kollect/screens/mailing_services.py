"""What the screens of メール発信 may ask of the program, as plain functions. app fills it in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from kollect.numbering import number_text

if TYPE_CHECKING:  # the window has to be there before SQL is loaded
    from kollect.collector.mailing_reports import MailingNews
    from kollect.members.choice import Choice
    from kollect.members.mailing import Mailing
    from kollect.members.members import Members
    from kollect.members.outbox import Outbox
    from kollect.settings.model import Settings

NO_MAILING = 0
"""In news that are about no single mailing."""


@dataclass(slots=True, kw_only=True)
class MailingServices:
    members: Callable[[], AbstractContextManager[Members]]
    """The members, for one piece of work in one thread that is not Tk's. Raises StorageTrouble."""
    outbox: Callable[[], AbstractContextManager[Outbox]]
    """The mailings, in the same way."""
    now: Callable[[], datetime]
    settings: Callable[[], Settings]
    """As saved. Raises SettingsTrouble."""
    digits: Callable[[], int]
    """How many digits a 受付番号 is written with."""
    ready: Callable[[Callable[[], None]], None]
    """Do something as soon as mail can be sent; asks for what is missing in the settings before."""
    sample_address: Callable[[], str]
    """Where 「自分に試し送信」 goes unless somebody chooses."""
    send_sample: Callable[[str, str, str], None]
    """To this address, a mail with this subject and body. Raises Trouble. Not in Tk's thread."""

    # the sending. What changes it is not for Tk's thread; each raises StorageTrouble
    start: Callable[[int, Choice], None]
    """Begin a draft, to these members. Raises TextNotReady, NobodyToSendTo."""
    pause: Callable[[int], None]
    resume: Callable[[int], None]
    stop: Callable[[int], None]
    left_over: Callable[[], list[Mailing]]
    """Once, at the start of the program: what a crash or the end has left unfinished."""
    latest: Callable[[int], MailingNews | None]
    """What the sender told last of this mailing, or of its trouble with all of them."""
    watch: Callable[[Callable[[MailingNews], None]], Callable[[], None]]
    """Have a function called with all that the sender tells. Returns the function that ends it."""

    enter_shop: Callable[[], None]
    """Go to 「ID」 in 緒言設定."""

    def shown(self, number: int) -> str:
        """A 受付番号 as it is written here."""
        return number_text(number, self.digits())
