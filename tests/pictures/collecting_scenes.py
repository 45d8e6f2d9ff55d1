"""メール収集 on a good day and on a bad one, and the demo with the customer's phone."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from types import SimpleNamespace

from kollect.collector.events import (
    Held,
    LogEntry,
    Phase,
    PhaseChanged,
    PollFinished,
    PollReport,
    WaitChanged,
)
from kollect.errors import ServerTrouble, Stage, StorageTrouble, Trouble
from kollect.ledger.commit_retry import in_words
from kollect.storage_errors import Cause
from kollect.ui.demo.phone_window import PhoneWindow
from kollect.ui.menu import MenuScreen
from tests.helpers.ui_driver import xdotool
from tests.pictures.album import Album

EDGE, TITLE = 12, 22
"""Pixels around the windows in a picture of two, and those of a title bar."""
TROUBLE = ServerTrouble(
    "受信サーバにつながりません",
    stage=Stage.CONNECT,
    happened="受信サーバ「pop.ocn.ne.jp」（ポート番号 995）から、60秒待っても返事がありません。",
    cure="インターネットにつながっているか確かめてください。つながっているときは、"
    "サーバの都合かもしれません。しばらくすると自動的にもう一度試します。",
    detail="TimeoutError: timed out",
)
HELD = StorageTrouble(
    Cause.IN_USE.value[0],
    happened=f"「C:\\コレクト\\kollect.db」{Cause.IN_USE.value[1]}",
    cure=Cause.IN_USE.value[2],
)


def collecting(album: Album) -> None:
    album.window.back_to(MenuScreen)
    resident, now = album.program.go.tray, datetime.now().astimezone()
    standing = resident.status
    standing.begin(now - timedelta(hours=3))
    for ago, number, address in (
        (170, 1187, "hanako..yamada.@docomo.ne.jp"),
        (96, 1188, "sato.ichiro@icloud.com"),
        (41, 1189, "misaki.suzuki@gmail.com"),
    ):
        at = now - timedelta(minutes=ago)
        standing.apply(LogEntry(at, f"受付番号 {number} を発行しました: {address}"))
        standing.apply(LogEntry(at, f"受付番号 {number} を返信しました: {address}"))
    at = now - timedelta(minutes=12)
    told = "対象外メールを転送しました（差出人 tanaka@example.com、見出 営業時間について）"
    standing.apply(LogEntry(at, told))
    _round(album, None, now - timedelta(seconds=18))
    album.program.go.collecting()
    album.settle()  # the empty ledger has been counted
    standing.counted(14, 1189, now.date())
    album.window.screen.refresh()
    album.take("collecting")
    standing.apply(WaitChanged(by_push=True, next_at=now + timedelta(minutes=5)))
    album.window.screen.refresh()
    album.take("collecting-push")
    standing.apply(PhaseChanged(Phase.REPLYING))
    album.window.screen.refresh()
    album.take("collecting-working")
    for minutes in (9, 5, 1):
        _round(album, TROUBLE, now - timedelta(minutes=minutes), pause=3)
    album.window.screen.refresh()
    album.take("collecting-trouble")
    pause = timedelta(seconds=15)
    standing.apply(Held(now, in_words(HELD, 20, ending=False), now + pause))
    album.window.screen.refresh()
    album.take("collecting-unwritten")
    resident.forget()
    album.window.back_to(MenuScreen)


def quitting(album: Album) -> None:
    """The questions at the end: when idle, while collecting, in the middle of a poll."""
    shutdown = album.program.go.shutdown
    before = shutdown._workspaces
    for name, collecting, polling in (
        ("quit", False, False),
        ("quit-collecting", True, False),
        ("quit-busy", True, True),
    ):
        workspace = SimpleNamespace(collecting=collecting, polling=polling, mailing=False)
        shutdown._workspaces = SimpleNamespace(current=workspace)
        album.dialog(name, shutdown.quit)
    shutdown._workspaces = before


def _round(album: Album, trouble: Trouble | None, at: datetime, pause: int = 1) -> None:
    heard = album.program.go.tray.status.apply
    heard(PhaseChanged(Phase.ERROR if trouble else Phase.WAITING))
    heard(PollFinished(at, PollReport(), trouble, at + timedelta(minutes=pause)))


def demo(album: Album) -> None:
    program = album.program
    program.go.demo.begin(program.go.start_collecting)
    album.wait(lambda: program.go.tray.status.last is not None)
    phone = program.go.demo.phone
    assert phone is not None
    album.take("phone-empty", phone)
    phone.send_blank()
    album.wait(lambda: len(phone.handset.notes) == 2)
    album.take("phone", phone)
    phone.send_question()
    album.wait(lambda: not phone._sending)
    phone.send_blank()
    album.wait(lambda: len(phone.handset.notes) >= 4)
    album.wait(lambda: phone._session.owner.notes)
    album.take("phone-again", phone)
    album.settle(1)
    album.take("demo-collecting")
    _both(album, phone)
    if sys.platform != "win32":
        _tray_menu(album)
    phone._look_at(phone._session.owner)
    album.take("phone-owner", phone)
    album.window.back_to(MenuScreen)
    album.take("demo-menu")
    program.go.demo.end()
    album.wait(lambda: not program.go.demo.changing)


def _both(album: Album, phone: PhoneWindow) -> None:
    """The window and the phone beside it, with their frames."""
    windows = (album.root, phone)
    right = max(window.winfo_rootx() + window.winfo_width() for window in windows)
    low = max(window.winfo_rooty() + window.winfo_height() for window in windows)
    left = max(0, min(window.winfo_rootx() for window in windows) - EDGE)
    top = max(0, min(window.winfo_rooty() for window in windows) - TITLE - EDGE)
    album.display("demo-both", left, top, right - left + EDGE, low - top + EDGE)


def _tray_menu(album: Album) -> None:
    """At the icon, in the middle of the lower edge."""
    resident = album.program.go.tray
    across, down = album.root.winfo_screenwidth(), album.root.winfo_screenheight()
    album.wait(lambda: resident._tray and resident._tray.is_there())
    xdotool("mousemove", str(across // 2 - 60), str(down - 20))
    resident._pop_up_menu()
    album.display("tray-menu", across // 2 - 160, down - 300, 400, 300)
    album.root.tk.call("tk::MenuUnpost", "")
    assert resident._menu is not None
    resident._menu.grab_release()
    xdotool("mousemove", "5", "5")


SCENES = (collecting, quitting, demo)
