"""「1週間のまとめ」 goes out, once for each week: see the table in `report_schedule`.

Knows what is due and what was written down, not how a letter is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from kollect.errors import Trouble
from kollect.reports import weekly_report
from kollect.reports.report_schedule import from_json, planned, to_json, week_before
from kollect.reports.week_facts import read_week
from kollect.settings.model import Settings
from kollect.smtp.outgoing import DeliveryStatus
from kollect.storage.data_folder import DataFolder

_MEMORY = "weekly report"
"""Its key in the ledger's metadata."""
SENT = "「1週間のまとめ」を、{address} に送りました。"
REFUSED = (
    "「1週間のまとめ」を送れませんでした。{address} が、受け取りを断られています。"
    "「メールの設定」の「異常の連絡先」を確かめてください。"
)
PERHAPS_SENT = "「1週間のまとめ」を、{address} に送りました（届いたかどうかは分かりません）。"
NOT_TAKEN = (
    "「1週間のまとめ」を送れませんでした。送信サーバが、いまは受け取りません"
    "（1日に送れる数や、サーバの決まりによることがあります）。自動的にもう一度送ります。"
    "続くときは、「メールの設定」の「異常の連絡先」を確かめ、プロバイダに知らせてください。"
)
PAUSE = timedelta(minutes=15)
"""Until it is tried again, where the server could not be reached."""
_LONGER = (timedelta(hours=1), timedelta(hours=6))
"""Where it would not take it, for the first time and from then on: a limit lasts for hours."""


class Notes(Protocol):
    """The ledger's small values. Raises `errors.StorageTrouble`."""

    def get_metadata(self, key: str) -> str: ...

    def set_metadata(self, key: str, value: str) -> bool: ...


class SendToOwner(Protocol):
    def __call__(self, subject: str, body: str, message_id: str) -> DeliveryStatus | None:
        """None: broken off, and nobody knows how it ended. Raises `errors.Trouble` where the letter
        was not handed over."""


def send_if_due(
    folder: DataFolder,
    notes: Notes,
    settings: Settings,
    now: datetime,
    send: SendToOwner,
    new_message_id: Callable[[], str],
    notify: Callable[[str], None],
) -> timedelta | None:
    """Send the report that is due, if one is. Returns after what time it shall be tried again;
    None: with the next poll it is seen whether another one is due.

    Raises `errors.Trouble`; then it shall be tried again after `PAUSE`.
    """
    memory, day = planned(from_json(notes.get_metadata(_MEMORY)), settings.report, now)
    notes.set_metadata(_MEMORY, to_json(memory))
    if day is None or not settings.alert_address:
        return None
    if not memory.may_try(day):
        notes.set_metadata(_MEMORY, to_json(memory.with_done(day)))
        notify(PERHAPS_SENT.format(address=settings.alert_address))
        return None
    facts = read_week(folder, *week_before(day, now))
    text = weekly_report.body(facts, settings.shop.name, now)
    memory = memory.trying(day, new_message_id())
    notes.set_metadata(_MEMORY, to_json(memory))
    try:
        status = send(weekly_report.subject(facts), text, memory.letter_id)
    except Trouble:
        notes.set_metadata(_MEMORY, to_json(memory.surely_not_sent()))
        raise
    match status:
        case None:
            return PAUSE
        case DeliveryStatus.LATER | DeliveryStatus.DOUBTED:
            memory = memory.not_taken()
            notes.set_metadata(_MEMORY, to_json(memory))
            if memory.put_off == 1:
                notify(NOT_TAKEN)
            return _LONGER[min(memory.put_off, len(_LONGER)) - 1]
    notes.set_metadata(_MEMORY, to_json(memory.with_done(day)))
    words = {DeliveryStatus.ACCEPTED: SENT, DeliveryStatus.REFUSED: REFUSED}
    notify(words.get(status, PERHAPS_SENT).format(address=settings.alert_address))
    return None
