"""Before the first customer: the empty screens; and what is asked at the start and at the end."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from kollect.app.preflight import Watch
from kollect.collector.status import CollectorStatus
from kollect.protection import recovery_code
from kollect.storage.backup import DataLoss
from kollect.storage.database_driver import sqlite3
from kollect.threads.background_thread import local_now
from kollect.ui.damage_dialog import DamageDialog
from kollect.ui.log.screen import LogScreen
from kollect.ui.menu import FirstStartDialog, MenuScreen
from kollect.ui.opening_dialog import GOING_ON, LOOKING, OpeningDialog
from kollect.ui.own_phone_dialog import OwnPhoneDialog
from kollect.ui.results.screen import ResultsScreen
from kollect.ui.settings.forget_pc_dialog import Farewell, ForgetCodeDialog
from tests.helpers.member_samples import numbers
from tests.pictures.album import Album

LOSS = DataLoss(Path("kollect-20261127.db"), date(2026, 11, 27), 1176, 1189, 1190)


def first_start(album: Album) -> None:
    dialogs = album.window.dialogs
    album.dialog("first-start", lambda: dialogs.show(FirstStartDialog))
    album.take("menu-first")
    album.dialog("not-ready", album.program.go.start_collecting)


def empty(album: Album) -> None:
    """収集結果表示 and ログの表示, before there is anything to show."""
    album.window.back_to(MenuScreen)
    album.program.go.results()
    screen = album.window.screen
    assert isinstance(screen, ResultsScreen)
    album.take("results-empty")
    for name, tab in (("kept-empty", screen.kept), ("results-chart-empty", screen.chart)):
        screen.notebook.select(tab)
        album.take(name)
    album.window.back_to(MenuScreen)
    album.program.go.log()
    assert isinstance(album.window.screen, LogScreen)
    album.take("log-empty")
    album.window.back_to(MenuScreen)


def questions(album: Album) -> None:
    window, program = album.window, album.program
    database = program.workspaces.real.folder.database
    numbers(database, *(f"{n}@docomo.ne.jp" for n in range(3)))
    window.back_to(MenuScreen)
    window.screen.on_show()
    album.take("menu-not-collecting")
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("DELETE FROM receipt")  # the scenes after this one bring their own
    for name, there in (("damaged", True), ("lost", False)):
        album.dialog(
            name,
            lambda there=there: window.dialogs.show(
                DamageDialog, window.jobs, LOSS, there=there, go_back=lambda: None
            ),
        )
    for name, words, part in (("opening", LOOKING, None), ("broken-off", GOING_ON, 0.4)):

        def work(watch: Watch, part: float | None = part) -> None:
            ends = time.monotonic() + 3  # a change cannot be left, and the picture is taken by then
            while watch(part) and time.monotonic() < ends:
                time.sleep(0.05)

        album.dialog(
            name,
            lambda words=words, work=work: window.dialogs.show(
                OpeningDialog, window.jobs, words, work, otherwise=None
            ),
        )
    album.dialog(
        "own-phone",
        lambda: window.dialogs.show(
            OwnPhoneDialog,
            "karamail@ocn.ne.jp",
            lambda: CollectorStatus(running=True, next_at=local_now() + timedelta(seconds=12)),
            program.go.tray.watch,
        ),
    )
    album.dialog("forget-pc", Farewell(window, program.workspaces, program.go).begin)
    code = recovery_code.from_random(bytes(17))
    album.dialog(
        "forget-code",
        lambda: window.dialogs.show(ForgetCodeDialog, code),
        lambda dialog: dialog.accept(),
    )


SCENES = (first_start,)
"""Before anything is set up."""
LATER_SCENES = (empty, questions)
