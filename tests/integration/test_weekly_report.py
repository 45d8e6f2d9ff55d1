"""「1週間のまとめ」 as the owner gets it: once a week, whatever happens to program and PC."""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from kollect.ledger.ledger import Ledger
from kollect.members.repository import Members
from kollect.settings import ini_file
from kollect.settings.model import Auth, ReportSettings, Send, Settings, Tls
from tests.helpers.ledger_samples import numbered
from tests.helpers.member_shop import SHOP, register
from tests.helpers.played_hours import Hours
from tests.helpers.postfix import Postfix
from tests.helpers.power_cut import Fuse, PowerCut, fused
from tests.helpers.scripted_pop3 import ScriptedPop3
from tests.helpers.scripted_smtp import Act, ScriptedSmtp
from tests.helpers.shop import settings_for
from tests.servers.bad_pc import BadPC, library

OWNER = "owner@example.jp"
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


def weekly(settings: Settings) -> Settings:
    return replace(settings, report=ReportSettings(weekly=True), alert_address=OWNER)


@pytest.fixture
def hours(pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path) -> Hours:
    """From a Monday at nine on, by the clock of the PC."""
    return Hours(tmp_path, weekly(settings_for(pop3.port, smtp.port)))


def goes_on(hours: Hours, span: timedelta) -> None:
    """A poll every eight hours: no jump of the clock."""
    end = hours.now + span
    while hours.now < end:
        hours.now = min(end, hours.now + 8 * HOUR)
        before = hours.now
        hours.polls(1)
        hours.now = before


def reports(smtp: ScriptedSmtp) -> list[EmailMessage]:
    letters = [email.message_from_bytes(one.data, policy=email.policy.default) for one in smtp.kept]
    return [letter for letter in letters if "1週間のまとめ" in letter["Subject"]]


def test_it_goes_out_on_its_day_from_its_hour_on_and_once(hours: Hours, smtp: ScriptedSmtp):
    hours.polls(1)
    assert not reports(smtp), "switched on today: the first one comes in a week"
    goes_on(hours, WEEK - HOUR)
    assert not reports(smtp)
    goes_on(hours, HOUR)
    (letter,) = reports(smtp)
    assert letter["To"] == OWNER
    assert letter["Auto-Submitted"] == "auto-generated"
    goes_on(hours, WEEK - HOUR)
    assert len(reports(smtp)) == 1
    goes_on(hours, 2 * HOUR)
    assert len(reports(smtp)) == 2


def test_switched_off_it_is_never_sent(hours: Hours, smtp: ScriptedSmtp):
    hours.settings = replace(hours.settings, report=ReportSettings())
    goes_on(hours, 2 * WEEK)
    assert not smtp.kept


@pytest.mark.parametrize("answer", ["450 4.2.1 later", "554 5.7.1 daily quota, by our policy"])
def test_a_server_that_does_not_take_it_is_asked_less_and_less_and_that_is_told_once(
    hours: Hours, smtp: ScriptedSmtp, caplog: pytest.LogCaptureFixture, answer: str
):
    caplog.set_level("INFO")

    def told() -> list[str]:
        lines = [one.getMessage() for one in caplog.records]
        return [line for line in lines if "「1週間のまとめ」を" in line]

    def tries() -> int:
        return len([line for lines in smtp.commands for line in lines if line.startswith("RCPT")])

    hours.polls(1)
    goes_on(hours, WEEK - HOUR)
    smtp.script.fault = lambda at: answer if at.verb == "RCPT" else None
    hours.now += HOUR
    hours.polls(50)
    assert tries() == 1, "fifty polls, a minute apart"
    assert len(told()) == 1 and "いまは受け取りません" in told()[0]
    hours.polls(300)
    assert tries() == 2, "an hour later, and then after six"
    hours.polls(150)
    assert tries() == 3
    hours.worker.close()
    again = _at(Hours(hours.worker._folder.path, hours.settings), hours.now)
    again.polls(2)
    assert tries() == 4, "a start tries at once"
    assert len(told()) == 1, "and says it no second time"
    smtp.script.fault = None
    again.polls(400)
    assert len(reports(smtp)) == 1
    assert "に送りました。" in told()[-1]


def test_one_that_the_owner_refuses_is_told_and_not_repeated(
    hours: Hours, smtp: ScriptedSmtp, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO")
    hours.polls(1)
    goes_on(hours, WEEK - HOUR)
    smtp.script.fault = lambda at: "550 5.1.1 User unknown" if at.verb == "RCPT" else None
    hours.now += HOUR
    hours.polls(40)
    told = [one.getMessage() for one in caplog.records if "1週間のまとめ" in one.getMessage()]
    assert len(told) == 1 and "「異常の連絡先」を確かめてください" in told[0]


def test_a_date_that_jumps_sends_nothing_until_it_has_stood_for_a_day(
    hours: Hours, smtp: ScriptedSmtp
):
    hours.polls(1)
    goes_on(hours, 2 * DAY)
    right = hours.now
    hours.now += 400 * DAY
    hours.polls(3)
    assert not reports(smtp)
    hours.now = right
    hours.polls(3)
    assert not reports(smtp)
    hours.now = right
    goes_on(hours, WEEK + 3 * DAY)
    assert len(reports(smtp)) == 1, "this week's, as if nothing had been"


def test_a_power_cut_at_any_moment_loses_none_and_repeats_one_at_most(
    hours: Hours, smtp: ScriptedSmtp, tmp_path: Path
):
    hours.polls(1)
    goes_on(hours, WEEK - HOUR)
    hours.worker.close()
    due = hours.now + HOUR
    prepared = shutil.copytree(tmp_path, tmp_path / "prepared")

    def report_after(fuse: Fuse, name: str) -> list[EmailMessage]:
        """Those that were sent by a poll with this fuse, and by the start after it."""
        before = len(smtp.kept)
        folder = shutil.copytree(prepared, tmp_path / name)
        with suppress(PowerCut), fused(fuse):
            _at(Hours(folder, hours.settings), due).polls(1)
        _at(Hours(folder, hours.settings), due + HOUR).polls(2)
        sent = reports(smtp)[-(len(smtp.kept) - before) :] if len(smtp.kept) > before else []
        shutil.rmtree(folder)
        return sent

    whole = Fuse(0, after=False)
    assert len(report_after(whole, "whole")) == 1
    repeated = 0
    for act in range(max(1, whole.acts - 30), whole.acts + 1):
        for after in (False, True):
            letters = report_after(Fuse(act, after=after), f"cut {act} {after}")
            assert 1 <= len(letters) <= 2, (act, after, whole.names[act - 1])
            assert len({letter["Message-ID"] for letter in letters}) == 1
            repeated += len(letters) == 2
    assert repeated, "the cut between the server's 250 and the writing"


def _at(hours: Hours, moment: datetime) -> Hours:
    hours.now = moment
    return hours


# --- real servers, real processes


@pytest.mark.real
def test_what_the_owner_reads_names_no_customer(
    postfix: Postfix, pop3: ScriptedPop3, tmp_path: Path
):
    postfix.empty()
    settings = weekly(replace(settings_for(pop3.port, 1), shop=SHOP))
    send = Send("localhost", postfix.plain, Auth.YES, postfix.account, 20, 20)
    hours = Hours(
        tmp_path, replace(settings, send=send, tls=Tls(ca_file=postfix.ca_file)),
        send_password=postfix.password,
    )  # fmt: skip
    hours.polls(1)
    database = tmp_path / "kollect.db"
    customers = [f"kokyaku{n}@docomo.ne.jp" for n in range(5)]
    with closing(Ledger(database)) as ledger:
        for one in customers:
            numbered(ledger, one, now=hours.now)
        hours.polls(1)
        assert ledger.bounced("", customers[3], "550 Unknown user", hours.now - HOUR) == 1004
    with closing(Members(database)) as members:
        register(database, [1001, 1002, 1003], hours.now)
        members.stop_member(1002, hours.now, "メール")
    goes_on(hours, WEEK)
    again = Hours(tmp_path, hours.settings, send_password=postfix.password)
    again.now = hours.now + HOUR
    again.polls(2)
    (raw,) = wait_for(lambda: postfix.received(OWNER))
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    text = letter.get_content()
    for expected in (
        "テスト商店 の1週間のまとめです。",
        "受付: 5件（0件）",
        "会員登録: 3人（0人）",
        "配信停止: 1人（0人）",
        "いまの会員数: 3名",
        "・受付のうち1件は、返信が届いていません。",
        "　docomo: 宛先がないか、お客様の受信拒否設定です。（1件、",
        "最後の控え: ",
    ):
        assert expected in text
    assert not re.search(r"kokyaku|会員100|\w@\w", text)
    assert OWNER in letter["To"]


@pytest.fixture
def lib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return library(tmp_path_factory.mktemp("bad_pc"))


@pytest.fixture
def pc(pop3: ScriptedPop3, smtp: ScriptedSmtp, tmp_path: Path, lib: Path) -> Iterator[BadPC]:
    """A PC on which the report has been switched on, on some Saturday."""
    data = tmp_path / "data"
    data.mkdir()
    ini_file.save(data / "kollect.ini", weekly(settings_for(pop3.port, smtp.port)))
    made = BadPC(lib, tmp_path, data)
    made.set_clock(saturday() - datetime.now().astimezone())
    runs_for_a_poll(made, pop3)
    assert not smtp.kept
    yield made
    made.close()


def saturday() -> datetime:
    """Ten in the morning of the next one."""
    now = datetime.now().astimezone()
    day = now + timedelta(days=(5 - now.weekday()) % 7)
    return day.replace(hour=10, minute=0, second=0)


def starts_on(pc: BadPC, moment: datetime) -> None:
    pc.set_clock(moment - datetime.now().astimezone())


def runs_for_a_poll(pc: BadPC, pop3: ScriptedPop3) -> None:
    """The resident program, until its first poll is over and what follows it."""
    before = len(pop3.commands)
    process = pc.start("collect")
    try:
        wait_for(lambda: len(pop3.commands) > before)
        time.sleep(1.5)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def wait_for(there: Callable[[], list | bool], seconds: float = 30):
    ends = time.monotonic() + seconds
    while not (found := there()):
        assert time.monotonic() < ends
        time.sleep(0.05)
    return found


@pytest.mark.real
def test_a_pc_that_was_off_on_monday_sends_it_when_it_is_on_again(
    pc: BadPC, pop3: ScriptedPop3, smtp: ScriptedSmtp
):
    starts_on(pc, saturday() + 4 * DAY)
    runs_for_a_poll(pc, pop3)
    (letter,) = reports(smtp)
    monday = saturday() + 2 * DAY
    assert f"〜{(monday - DAY).month}月{(monday - DAY).day}日" in letter["Subject"]
    for later in (4 * DAY + HOUR, 5 * DAY):
        starts_on(pc, saturday() + later)
        runs_for_a_poll(pc, pop3)
    assert len(reports(smtp)) == 1


@pytest.mark.real
def test_killed_between_the_letter_and_the_writing_it_is_repeated_once(
    pc: BadPC, pop3: ScriptedPop3, smtp: ScriptedSmtp
):
    """The server has the letter, the program never learns it."""
    starts_on(pc, saturday() + 3 * DAY)
    smtp.script.fault = lambda at: Act.KEEP_AND_HANG if at.verb in ("DOT", "BDAT") else None
    for count in (1, 2):
        process = pc.start("collect")
        wait_for(lambda count=count: len(reports(smtp)) == count)
        process.kill()
        process.communicate(timeout=60)
    smtp.script.fault = None
    runs_for_a_poll(pc, pop3)
    runs_for_a_poll(pc, pop3)
    letters = reports(smtp)
    assert len(letters) == 2
    assert len({letter["Message-ID"] for letter in letters}) == 1, "a mail program shows one"
    starts_on(pc, saturday() + 3 * DAY + WEEK)
    runs_for_a_poll(pc, pop3)
    assert len(reports(smtp)) == 3, "the next week's is another one"


@pytest.mark.real
def test_a_pc_whose_year_is_wrong_sends_nothing_for_it(
    pc: BadPC, pop3: ScriptedPop3, smtp: ScriptedSmtp
):
    starts_on(pc, saturday() + 400 * DAY)
    runs_for_a_poll(pc, pop3)
    assert not reports(smtp)
