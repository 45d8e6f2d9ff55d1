"""What others say of the time, and what is told of a clock that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kollect.collector.clock_evidence import Witnesses, ahead_by, taken_in
from kollect.collector.events import CollectorEvent, LogEntry
from kollect.collector.poll_context import PollContext
from kollect.collector.wrong_clock import check_clock
from kollect.ledger.kept_folder import KeptFolder
from kollect.ledger.ledger import Ledger
from kollect.mail.message import Mail
from kollect.mail.server_date import date_in
from kollect.settings.model import Passwords, Settings
from tests.helpers.mail_samples import blank

TEN = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    "text",
    [
        "mx.shop.example ESMTP Sendmail 8.15.2/8.15.2; Fri, 27 Nov 2026 19:00:00 +0900",
        "mail.shop.example ESMTP Exim 4.96 Fri, 27 Nov 2026 10:00:00 +0000",
        "TYO.example Microsoft ESMTP MAIL Service ready at Fri, 27 Nov 2026 10:00:00 +0000",
        "from a by b; Fri, 27 Nov 2026 19:00:00 +0900 (JST)",
        "from a (1 Jan 1999 00:00:00 +0000) by b; 27 November 2026 05:00 -0500",
        "x; Fri, 27 Nov 2026 10:00:00 GMT",
    ],
)
def test_a_date_in_a_line(text: str):
    assert date_in(text) == TEN


@pytest.mark.parametrize(
    "text",
    ["", "ESMTP Postfix (Debian/GNU)", "Fri, 27 Nov 2026 10:00:00", "31 Feb 2026 10:00 +0000",
     "27 Nov 2026 29:00:00 +0000", "27 Nov 0000 10:00:00 +0000", "27 Nov 2026 10:00:00 EST",
     "1 Jan 0001 00:00:00 +1400", "27 Nov 2026 10:00:00 +9999", "31 Dec 9999 23:59:59 -1400"],
)  # fmt: skip
def test_no_date(text: str):
    assert date_in(text) is None


@given(st.text(max_size=200), st.text(max_size=40))
def test_any_line_is_read(before: str, after: str):
    date_in(before)
    found = date_in(f"{before} ; 27 Nov 2026 10:00:00 +0000 {after}")
    assert found is None or found.tzinfo is UTC


def test_the_top_received_field_counts():
    raw = b"Received: from a by b; Fri, 27 Nov 2026 10:00:00 +0000\r\n" + blank("a@b.example")
    assert taken_in(Mail.read(raw)) == TEN
    assert taken_in(Mail.read(b"Date: Fri, 27 Nov 2026 19:00:00 +0900\r\n\r\n")) == TEN
    assert taken_in(Mail.read(b"Received: nonsense\r\nDate: x\r\n\r\n")) is None


@pytest.mark.parametrize(
    ("server", "mail", "just_arrived", "ahead"),
    [
        (timedelta(), None, False, timedelta()),
        (-10 * MINUTE, None, False, timedelta()),
        (-2 * HOUR, None, False, 2 * HOUR),
        (DAY, -DAY, True, -DAY),
        (None, None, True, None),
        (None, -MINUTE, True, timedelta()),
        (None, -3 * HOUR, True, None),
        (None, -2 * DAY, True, 2 * DAY),
        (None, -2 * DAY, False, None),
        (None, -365 * DAY, False, 365 * DAY),
        (None, 20 * MINUTE, False, None),
        (None, HOUR, False, -HOUR),
        (None, 45 * DAY, True, -45 * DAY),
    ],
)
def test_how_far_it_is_ahead(
    server: timedelta | None, mail: timedelta | None, just_arrived: bool, ahead: timedelta | None
):
    heard = Witnesses(
        None if server is None else TEN + server, None if mail is None else TEN + mail
    )
    assert ahead_by(heard, TEN, just_arrived=just_arrived) == ahead


# --- what is told


class Shop:
    def __init__(self, ledger: Ledger, folder: Path) -> None:
        self.now = TEN
        self.ledger = ledger
        self.folder = folder
        self.news: list[CollectorEvent] = []

    def poll(self, mail: datetime | None = None, *, just_arrived: bool = True) -> list[str]:
        """Returns what was told."""
        settings = Settings(mail_address="shop@shop.example")
        kept = KeptFolder(self.folder / "kept")
        context = PollContext(
            settings, Passwords("", ""), self.ledger, kept, lambda: self.now, self.news.append
        )
        context.witnesses.mail = mail
        before = len(self.news)
        check_clock(context, just_arrived=just_arrived)
        return [news.text for news in self.news[before:] if isinstance(news, LogEntry)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with closing(Ledger(tmp_path / "kollect.db")) as ledger:
        yield Shop(ledger, tmp_path)


@pytest.mark.parametrize(
    ("by", "word"),
    [
        (-2 * HOUR, "戻りました"),
        (-DAY, "戻りました"),
        (-400 * DAY, "戻りました"),
        (31 * DAY, "進みました"),
    ],
)
def test_a_clock_that_was_set_is_told_once(shop: Shop, by: timedelta, word: str):
    assert shop.poll() == []
    shop.now += by
    [told] = shop.poll()
    assert word in told
    assert "「日付と時刻」" in told
    assert shop.poll() == []
    shop.now -= by
    back = shop.poll()
    assert all("「日付と時刻」" in told for told in back)
    assert back or abs(by) <= DAY, "so much it goes on over a night, too"


def test_a_clock_that_the_servers_contradict_is_told_once_until_it_is_right(shop: Shop):
    real = TEN - 45 * DAY
    [told] = shop.poll(real)
    assert "約45日進んでいる" in told
    assert "2026-10-13" in told
    assert "「日付と時刻」" in told
    assert shop.poll(real + MINUTE) == []
    assert shop.poll() == []
    assert not shop.ledger.set_metadata("clock wrong", "ahead")
    assert shop.poll(TEN) == []
    [told] = shop.poll(TEN + 2 * DAY)
    assert "約2日遅れている" in told
    assert "「日付と時刻」" in told
