"""収集結果表示 and ログの表示 of a shop that has collected for some time."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timedelta

from kollect.ledger.states import ReceiptState
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import sqlite3
from kollect.ui.log.screen import LogScreen
from kollect.ui.menu import MenuScreen
from kollect.ui.results.kept_tab import KeptMailsTab
from kollect.ui.results.results_print_dialog import ResultsPaper
from kollect.ui.results.screen import ResultsScreen
from kollect.ui.widgets.dates import Period
from tests.helpers.receipt_samples import fill_kept, fill_log, fill_receipts
from tests.pictures.album import Album

COUNT = 1189


def results(album: Album) -> None:
    album.window.back_to(MenuScreen)
    folder = album.program.workspaces.current.folder
    # customers come by day: early in the morning, all of today's would have come just now
    now = datetime.now().astimezone().replace(hour=20, minute=15, second=0, microsecond=0)
    now -= timedelta(days=1)
    fill_receipts(folder, COUNT, now, days=60)
    fill_kept(folder, now)
    album.program.go.results()
    screen = album.window.screen
    assert isinstance(screen, ResultsScreen)
    album.wait(lambda: len(screen.list.table.row_keys) == COUNT)
    album.take("results")
    screen.list.filter.text.value = "docomo"
    screen.list.filter.receipt_state.value = ReceiptState.UNDELIVERABLE
    screen.list.filter.period.value = Period.GIVEN
    screen.list.filter._period_chosen()
    screen.list.filter.first.value = "2026/1/5"
    screen.list.find()
    album.wait(lambda: not screen.list._searches.busy)
    album.take("results-filter")
    screen.list.table.focus_rows()
    album.take("results-not-arrived")
    screen.list.filter.last.value = "2026/2/31"
    screen.list.filter._check_days()
    album.take("results-wrong-day")
    screen.list.filter.clear()
    album.wait(lambda: len(screen.list.table.row_keys) == COUNT)
    album.dialog("results-again", screen.list.resend)
    album.dialog("results-csv", screen.list.export)
    album.dialog("results-print", lambda: _printed(album, screen, ResultsPaper.LIST))
    _by_poster(album, screen)
    screen.notebook.select(screen.chart)
    album.wait(lambda: screen.chart.chart.bars)
    album.take("results-chart")
    screen.chart.kind.value = "hour"
    screen.chart.refresh()
    album.settle(0.5)
    album.take("results-chart-hours")
    screen.notebook.select(screen.kept)
    _kept(album, screen.kept)
    album.window.back_to(MenuScreen)


def _by_poster(album: Album, screen: ResultsScreen) -> None:
    """By which of two posters somebody came."""
    current, now = album.program.workspaces.current, datetime.now().astimezone()
    with current.posters() as posters:
        known = posters.tags()
        for tag, name in (("reji", "レジ横"), ("iriguchi", "入口の看板")):
            if tag not in known:
                posters.add(tag, name, now)
    with closing(sqlite3.connect(current.folder.database)) as db, db:
        db.execute("UPDATE receipt SET poster = 'reji' WHERE number % 3 = 0")
        db.execute("UPDATE receipt SET poster = 'iriguchi' WHERE number % 5 = 0")
    screen.list.find()
    album.wait(lambda: screen.list.filter.poster.widget.winfo_ismapped())
    album.settle()
    album.take("results-posters")
    album.dialog("results-print-month", lambda: _printed(album, screen, ResultsPaper.MONTH))
    screen.notebook.select(screen.chart)
    album.settle(0.5)
    screen.chart.kind.value = "poster"
    screen.chart.refresh()
    album.settle(0.5)
    album.take("results-chart-posters")
    screen.chart.kind.value = "day"
    screen.chart.refresh()
    album.settle(0.5)


def _printed(album: Album, screen: ResultsScreen, paper: ResultsPaper) -> None:
    """The months are looked up in a thread, and the dialog opens after that."""
    screen.list.print(paper)
    album.wait(lambda: not screen.list._files.busy)


def _kept(album: Album, tab: KeptMailsTab) -> None:
    album.wait(lambda: tab.mail)
    album.take("results-kept")
    album.dialog("kept-mail", lambda: _until_closed(album, tab))
    album.dialog("kept-forward", tab.forward)
    album.dialog("kept-number", tab.give_number)


def _until_closed(album: Album, tab: KeptMailsTab) -> None:
    """The mail is read in a thread, and its dialog opens after that."""
    tab.look()
    album.wait(lambda: not tab._busy)


def log(album: Album) -> None:
    today = date.today()
    _fill_until_now(album.program.workspaces.current.folder, today)
    last_month = date(today.year - (today.month == 1), (today.month - 2) % 12 + 1, 1)
    fill_log(album.program.workspaces.current.folder, last_month, lines=900)
    album.program.go.log()
    screen = album.window.screen
    assert isinstance(screen, LogScreen)
    album.wait(lambda: screen._lines)
    album.take("log")
    screen.day.value = f"{today.month}/6"
    screen.go_to_day()
    album.settle()
    album.take("log-day")
    screen.search.wanted.value = "docomo"
    screen.search.search(go=True)
    album.wait(lambda: screen.search.hits)
    album.take("log-search")
    album.window.back_to(MenuScreen)


def _fill_until_now(folder: DataFolder, today: date) -> None:
    fill_log(folder, today, lines=900)
    path = folder.log_dir / f"{today:%Y-%m}.txt"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    past = [line for line in lines if line[:10] < f"{today:%Y-%m-%d}"]
    path.write_text("".join(past or lines[:30]), encoding="utf-8")


SCENES = (results, log)
