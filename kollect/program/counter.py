"""Joins the screens of the members with the workplace in force: who asks for what gets it there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

from kollect import temporary
from kollect.desktop.open_file import open_file
from kollect.program.workplace import Workplace
from kollect.screens.member_services import MemberServices

if TYPE_CHECKING:
    from kollect.members.parcels import Told
    from kollect.register.entry import Receipt


def member_services(
    place: Callable[[], Workplace],
    *,
    poll_now: Callable[[], None],
    enter_shop: Callable[[], None],
    enter_mail: Callable[[], None],
) -> MemberServices:
    """`place` gives the workplace in force, the real one or the demo's."""

    def members() -> closing:
        from kollect.members.members import Members

        return closing(Members(place().folder.database))

    def mails(number: int) -> list[Told]:
        from kollect.members.outbox import Outbox

        with closing(Outbox(place().folder.database)) as outbox:
            return outbox.told(number)

    def send_again(receipt: Receipt) -> None:
        from kollect.collector import by_hand
        from kollect.register.ledger import Ledger

        with closing(Ledger(place().folder.database)) as ledger:
            by_hand.send_again(ledger, place().settings(), [receipt], _now())
        poll_now()

    return MemberServices(
        members=members,
        mails=mails,
        send_again=send_again,
        collecting=lambda: place().collecting,
        now=_now,
        settings=lambda: place().settings(),
        digits=lambda: place().readable_settings().collect.number_digits,
        fresh_folder=lambda: temporary.fresh_folder(place().folder),
        open_file=open_file,
        enter_shop=enter_shop,
        enter_mail=enter_mail,
    )


def _now() -> datetime:
    return datetime.now().astimezone()
