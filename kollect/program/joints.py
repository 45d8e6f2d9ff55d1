"""Joins the screens with the workplace in force: what each of them may ask, and who answers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kollect.desktop.open_file import open_file
from kollect.errors import StorageTrouble, Trouble
from kollect.program.places import Places
from kollect.program.signposts import Signposts
from kollect.program.this_pc import ThisPC
from kollect.program.workplace import Workplace
from kollect.screens.demo_mode import DemoMode, Ways
from kollect.screens.ending import AtWork, Ending
from kollect.screens.readiness import Readiness
from kollect.screens.resident import Errands, Resident
from kollect.screens.services import Services
from kollect.screens.window import Window
from kollect.settings.model import Passwords, Settings

if TYPE_CHECKING:  # the window has to be there before what speaks to servers is loaded
    from kollect.demo.session import Session

PATIENCE = 10.0
"""Seconds for the mail in hand, before the passwords go; the program ends when it is done."""
DEMO_FOLDER = "デモのあいだだけのフォルダです。デモを解除すると消えます。"


def services(
    place: Callable[[], Workplace],
    *,
    window: Window,
    go: Signposts,
    resident: Resident,
    demo: DemoMode,
    ending: Ending,
    this_pc: ThisPC,
    start_collecting: Callable[[], None],
    poll_now: Callable[[], None],
    quit: Callable[[], None],
) -> Services:
    """`place` gives the workplace in force, the real one or the demo's."""

    def save(settings: Settings, passwords: Passwords) -> None:
        place().save(settings, passwords)
        if place().in_demo:
            return
        try:
            this_pc.follow(settings.collect.start_at_login)
        except StorageTrouble as trouble:  # the settings are saved nevertheless
            window.pump.call(window.dialogs.trouble, trouble)

    def forget() -> None:
        place().come_to_rest(PATIENCE)  # no further poll that would miss the passwords
        place().forget_passwords()
        this_pc.forget_login()

    def forget_this_pc() -> None:
        from kollect.screens.farewell import say_farewell

        say_farewell(window, forget, ending.finish)

    return Services(
        folder=lambda: place().folder.path,
        where=lambda: DEMO_FOLDER if place().in_demo else this_pc.where(),
        settings=lambda: place().settings(),
        passwords=lambda: place().passwords(),
        save=save,
        forget_this_pc=forget_this_pc,
        test_mail=lambda *given: place().test_mail(*given),
        forget_encryption=lambda server: place().forget_encryption(server),
        fill_number=_fill_number,
        open_file=open_file,
        standing=lambda: resident.standing,
        watch=resident.watch,
        ending=lambda: ending.wanted,
        poll_now=poll_now,
        to_tray=resident.to_tray,
        records=lambda: place().records(),
        in_demo=lambda: place().in_demo,
        begin_demo=demo.begin,
        end_demo=demo.end,
        start_collecting=start_collecting,
        show_results=go.results,
        show_log=go.log,
        change_settings=go.settings,
        register_members=go.members,
        send_mailings=go.mailing_list,
        show_papers=go.papers,
        quit=quit,
    )


def readiness(
    window: Window,
    place: Callable[[], Workplace],
    go: Signposts,
    *,
    mend: Callable[[Trouble], None],
) -> Readiness:
    return Readiness(
        window=window,
        settings=lambda: place().settings(),
        mend=mend,
        enter_mail=go.mail_settings,
        passwords=lambda settings: (place().passwords(), place().missing_passwords(settings)),
        keep_passwords=lambda passwords: place().keep_passwords(passwords),
    )


def errands(
    place: Callable[[], Workplace],
    go: Signposts,
    *,
    poll_now: Callable[[], None],
    quit: Callable[[], None],
) -> Errands:
    return Errands(
        name=lambda: "コレクト（デモ）" if place().in_demo else "コレクト",
        collecting=lambda: place().collecting,
        count=lambda since: place().count(since),
        poll_now=poll_now,
        show_results=go.results,
        show_log=go.log,
        quit=quit,
    )


def at_work(place: Callable[[], Workplace], sending: Callable[[], bool]) -> AtWork:
    """`sending`: a メール発信 is under way."""

    def busy() -> bool:
        worker = place().worker
        return worker is not None and worker.busy

    def stop() -> None:
        place().stop_collecting()
        place().stop_mailing()

    return AtWork(
        collecting=lambda: place().collecting,
        busy=busy,
        sending=sending,
        stop=stop,
        at_rest=lambda: not (place().collecting or place().mailing),
    )


def ways(
    places: Places,
    *,
    changed: Callable[[], None],
    resume: Callable[[], None],
    resume_mailing: Callable[[], None],
    poll_now: Callable[[], None],
) -> Ways:
    """`resume` starts the collecting again that the demo has interrupted, `resume_mailing` the
    sender of メール発信.
    """

    def there() -> Session:
        from kollect.demo.session import Session

        place = places.to_demo()
        assert place.server is not None
        return Session(place.server, place.readable_settings)

    def returned() -> None:
        if places.resume_mailing:
            resume_mailing()
        if places.resume_collecting:
            resume()

    return Ways(
        there=there,
        back=places.to_real,
        changed=changed,
        returned=returned,
        sent=poll_now,
        collecting=lambda: places.now.collecting,
    )


def _fill_number(template: str, number: int, digits: int) -> str:
    from kollect.reply.letter import fill

    return fill(template, number, digits)
