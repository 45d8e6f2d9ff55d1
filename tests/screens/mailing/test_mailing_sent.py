"""メール発信 while it is sent, before real SMTP servers: followed, paused, resumed, left over."""

from __future__ import annotations

import csv
import io
import time
import tkinter as tk
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tkinter import ttk

import pytest

from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.mailing.mailing_states import MailingState, RecipientState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member_filter import EVERYBODY
from kollect.settings.model import Auth, Passwords, Send
from kollect.storage.data_folder import DataFolder
from kollect.ui.mailing.mailing_list import MailingListScreen
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.mailing.mailing_words import DEAD, FILTERS, LEFT_OUT, SENT
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.ledger_samples import NOW
from tests.helpers.mailing_driver import (
    FREELY,
    SHOP,
    begun,
    choose,
    counts,
    front,
    list_of,
    people,
    rows,
    state,
    texts,
)
from tests.helpers.member_samples import by_hand
from tests.helpers.scripted_smtp import At, Script, ScriptedSmtp
from tests.helpers.ui_driver import Person, all_inside, click, labelled, press, settle, shown_text

pytestmark = pytest.mark.real


# --- sent


def test_what_the_server_put_off_is_counted_down_too(
    place: Program, dialogs: Person, script: Script
):
    script.fault = lambda at: (
        "450 4.2.1 later" if at.verb == "RCPT" and "<m1@" in at.argument else None
    )
    people(place.workspaces.real.folder.database, 3)
    progress = begun(place, dialogs)
    settle(progress, lambda: "送れなかった 1名に もう一度送るまで" in progress.panel.speed.text)
    assert progress.panel.numbers.cget("text") == "2 ／ 3名に送信済"
    assert state(progress) is MailingState.SENDING


def test_refused_for_its_text_it_says_so_and_sends_everybody_the_mail_afterwards(
    place: Program, dialogs: Person, script: Script, server: ScriptedSmtp
):
    script.fault = lambda at: "550 5.7.1 rejected by policy" if at.verb == "RCPT" else None
    people(place.workspaces.real.folder.database, 5)
    progress = begun(place, dialogs)
    settle(progress, lambda: state(progress) is MailingState.PAUSED)
    settle(progress, lambda: progress.trouble.winfo_ismapped())
    assert "送信サーバが、メールを断っています" in texts(progress.trouble)
    settle(progress, lambda: rows(progress) and rows(progress)[0][3] == "あとで送ります")
    assert rows(progress)[0][5] == "断られています"
    script.fault = lambda at: None
    later = time.monotonic() + 1.1  # the outbox keeps whole seconds
    settle(progress, lambda: time.monotonic() > later)
    press(progress, "F9")
    settle(progress, lambda: state(progress) is MailingState.DONE)
    settle(progress, lambda: counts(progress) == {RecipientState.SENT: 5})
    assert not progress.trouble.winfo_ismapped()


def test_the_strip_of_every_screen_says_that_nothing_goes_out(
    place: Program, dialogs: Person, script: Script, server: ScriptedSmtp
):
    script.fault = lambda at: "421 4.3.2 down for maintenance"
    people(place.workspaces.real.folder.database, 3)
    progress = begun(place, dialogs)
    strip = place.window.strip
    settle(progress, lambda: "発信 エラー 0/3" in texts(strip))
    script.fault = lambda at: None
    press(progress, "F9")
    settle(progress, lambda: "発信 一時停止中 0/3" in texts(strip))
    press(progress, "F9")
    settle(progress, lambda: state(progress) is MailingState.DONE)
    settle(progress, lambda: "発信" not in texts(strip))


def test_the_limit_is_counted_down_paused_and_resumed(
    place: Program, dialogs: Person, server: ScriptedSmtp
):
    people(place.workspaces.real.folder.database, 12)
    progress = begun(place, dialogs, RateLimit(5, 0))
    settle(progress, lambda: progress.panel.waiting)
    assert "次の送信まで あと" in progress.panel.speed.text
    assert "1分に5通まで" in progress.panel.speed.text
    assert progress.panel.numbers.cget("text") == "5 ／ 12名に送信済"
    before = progress.panel.speed.text
    settle(progress, lambda: progress.panel.speed.text != before)
    press(progress, "F9")
    settle(progress, lambda: state(progress) is MailingState.PAUSED)
    assert "再開" in progress.panel.speed.text
    by_hand(place.workspaces.real.folder.database, "UPDATE mailing SET per_minute = 0")
    press(progress, "F9")
    settle(progress, lambda: state(progress) is MailingState.DONE)
    assert len(server.recipients) == len(set(server.recipients)) == 12


def test_called_off_for_good_after_a_question(
    place: Program, dialogs: Person, server: ScriptedSmtp
):
    people(place.workspaces.real.folder.database, 12)
    progress = begun(place, dialogs, RateLimit(5, 0))
    settle(progress, lambda: progress.panel.waiting)
    dialogs.answers.append("中止しない")
    click(progress.panel.stop_button)
    assert state(progress) is MailingState.SENDING
    dialogs.answers.append("中止する")
    click(progress.panel.stop_button)
    settle(progress, lambda: state(progress) is MailingState.STOPPED)
    assert "7名には" in dialogs.asked[-1][1]
    settle(
        progress, lambda: counts(progress) == {RecipientState.SENT: 5, RecipientState.LEFT_OUT: 7}
    )
    assert not progress.panel.stop_button.winfo_ismapped()
    assert len(server.kept) == 5


def test_each_members_result_narrowed_down_read_whole_and_as_csv(
    place: Program, dialogs: Person, script: Script, few: list[int], tmp_path: Path
):
    def refuse(at: At) -> str | None:
        return "550 5.1.1 no such user here" if at.recipient.startswith("m1@") else None

    script.fault = lambda at: refuse(at) if at.verb == "RCPT" else None
    progress = begun(place, dialogs)
    settle(progress, lambda: state(progress) is MailingState.DONE)
    settle(progress, lambda: len([row for row in rows(progress) if len(row) > 3]) == 6)
    results = {row[0]: (row[3], row[5]) for row in rows(progress)}
    assert results == {
        "1001": ("送信済", ""),
        "1002": ("不達", "宛先がありません"),
        "1003": ("送信済", ""),
        "1004": (LEFT_OUT, "退会"),
        "1005": (LEFT_OUT, "配信停止"),
        "1006": (LEFT_OUT, "承諾なし"),
    }
    box = progress.results.filter.widget
    assert isinstance(box, ttk.Combobox)
    assert f"{SENT}（2名）" in box.cget("values")
    choose(box, list(FILTERS).index(DEAD))
    assert progress.results.filter.value == DEAD
    settle(progress, lambda: [row[0] for row in rows(progress)] == ["1002"])
    progress.results.table.focus_rows()
    press(progress, "Return")
    settle(progress, lambda: "no such user here" in dialogs.asked[-1][1])
    file = tmp_path / "結果.csv"
    dialogs.answers += ["古いソフト用", file]
    press(progress, "F12")
    settle(progress, lambda: file.exists() and not progress.is_busy)
    table = list(csv.reader(io.StringIO(file.read_text("cp932"))))
    assert len(table) == 7
    assert table[2][:4] == ["1002", "会員1002", "m1@docomo.example", "不達"]


def test_a_folder_that_cannot_be_written_to_is_told(
    place: Program, dialogs: Person, few: list[int], tmp_path: Path
):
    progress = begun(place, dialogs)
    settle(progress, lambda: state(progress) is MailingState.DONE)
    dialogs.answers += ["Excelで開く", tmp_path / "nowhere" / "x.csv"]
    press(progress, "F12")
    settle(progress, lambda: dialogs.troubles)
    assert not progress.is_busy


def test_a_server_that_is_away_is_told_and_tried_again(place: Program, dialogs: Person):
    people(place.workspaces.real.folder.database, 2)
    now = place.workspaces.real.settings()
    place.workspaces.real.save(
        replace(now, send=Send(host="127.0.0.1", port=1, auth=Auth.NO, timeout_seconds=2)),
        Passwords("a", "b"),
    )
    progress = begun(place, dialogs)
    settle(progress, lambda: progress.trouble.winfo_ismapped())
    assert "もう一度試すまで" in progress.panel.speed.text
    assert progress.trouble.cure.text
    dialogs.answers.append("中止する")
    click(progress.panel.stop_button)
    settle(progress, lambda: state(progress) is MailingState.STOPPED)
    assert not progress.trouble.winfo_ismapped()


def test_the_sending_goes_on_while_other_screens_are_open(
    place: Program, dialogs: Person, server: ScriptedSmtp, script: Script
):
    script.fault = lambda at: time.sleep(0.01) if at.verb == "RCPT" else None
    people(place.workspaces.real.folder.database, 150)
    progress = begun(place, dialogs)
    settle(progress, lambda: server.kept)
    press(progress, "Escape")
    listed = front(place, MailingListScreen)
    settle(listed, lambda: rows(listed) and rows(listed)[0][0] == "発信中")
    seen = rows(listed)[0][4]
    settle(listed, lambda: rows(listed) and rows(listed)[0][4] != seen)
    press(listed, "Escape")
    front(place, MenuScreen)
    settle(place.window.root, lambda: len(server.kept) == 150)
    listed = list_of(place)
    settle(listed, lambda: rows(listed) and rows(listed)[0][0] == "発信済")
    press(listed, "Return")
    again = front(place, MailingProgressScreen)
    settle(again, lambda: counts(again) == {RecipientState.SENT: 150})


def test_what_was_written_can_be_read_again(place: Program, dialogs: Person):
    people(place.workspaces.real.folder.database, 1)
    progress = begun(place, dialogs)
    settle(progress, lambda: state(progress) is MailingState.DONE)
    read: list[str] = []

    def look(dialog: tk.Misc) -> None:
        written = [w for w in all_inside(dialog) if isinstance(w, tk.Text)]
        read.extend(text.get("1.0", "end-1c") for text in written)
        read.extend(map(shown_text, all_inside(dialog)))
        click(labelled(dialog, "閉じる"))

    dialogs.answers.append(look)
    click(progress.results.letter_button)
    assert progress.mailing is not None
    assert progress.mailing.subject in "".join(read)
    assert progress.mailing.body.splitlines()[0] in "".join(read)


@pytest.mark.slow
def test_the_window_stays_alive_while_2000_mails_go_out(place: Program, dialogs: Person):
    people(place.workspaces.real.folder.database, 2000)
    heart = Heartbeat(place.window.root)
    progress = begun(place, dialogs)
    heart.start()
    settled = time.monotonic() + 200
    while state(progress) is not MailingState.DONE:
        assert time.monotonic() < settled
        place.window.root.update()
        time.sleep(0.005)
    assert counts(progress) == {RecipientState.SENT: 2000}
    assert heart.stop() < LONGEST_SILENCE
    assert heart.beats > 3


def test_blank_mails_are_answered_beside_it(program: Program, dialogs: Person):
    with DemoServer() as server:
        shop = replace(demo_settings(server), shop=SHOP)
        program.workspaces.real.save(shop, Passwords(server.password, server.password))
        people(program.workspaces.real.folder.database, 200)
        progress = begun(program, dialogs)
        settle(progress, lambda: counts(progress).get(RecipientState.SENT, 0) > 0)
        program.go.start_collecting()
        customer = Customer(server, "new@keitai.example", "新")
        customer.send_blank()
        program.workspaces.current.poll_now()
        settle(program.window.root, lambda: _answered(server))
        program.window.back()
        settle(program.window.root, lambda: _sent(program) == 200)
        program.workspaces.current.stop_collecting()


def _answered(server: DemoServer) -> bool:
    return bool(server.mailbox("new@keitai.example").mails)


def _sent(program: Program) -> int:
    with closing(Outbox(program.workspaces.real.folder.database)) as outbox:
        return outbox.counts(outbox.mailings()[0].id).get(RecipientState.SENT, 0)


# --- left over


def crashed(folder: DataFolder, port: int) -> int:
    """A folder whose program was killed: 2 of 4 letters sent, one on its way."""
    from kollect.mailing.mailing_states import RecipientResult, SendResult

    people(folder.database, 4)
    with closing(Outbox(folder.database)) as outbox:
        mailing = outbox.save("とちゅう", "★名前★", FREELY, NOW)
        outbox.start(
            mailing,
            EVERYBODY,
            NOW,
            shop=SHOP,
            mail_address="shop@shop.example",
            letter_domain="shop.example",
        )
        taken = outbox.take(mailing, 0, 3, NOW)
        outbox.settle([RecipientResult(one.id, SendResult.ACCEPTED) for one in taken[:2]], NOW)
    return mailing


@pytest.fixture
def left_over(place: Program, server: ScriptedSmtp) -> int:
    return crashed(place.workspaces.real.folder, server.port)


class Lock:
    """In the place of the folder's lock, which this process does not need."""

    def listen(self, wanted: Callable[[], None]) -> None:
        """Nobody else is started here."""


def started(program: Program) -> None:
    program.after_start(Lock(), False)  # type: ignore[arg-type]


def test_what_a_crash_left_is_offered_and_sent_once(
    place: Program, dialogs: Person, server: ScriptedSmtp, left_over: int
):
    dialogs.answers.append("続きを送る")
    started(place)
    progress = front(place, MailingProgressScreen)
    assert "「とちゅう」　あと 2名" in dialogs.asked[-1][1]
    settle(progress, lambda: state(progress) is MailingState.DONE)
    assert server.recipients == ["m2@docomo.example", "m3@docomo.example"]
    press(progress, "Escape")
    front(place, MailingListScreen)


@pytest.mark.expects_errors
def test_what_a_crash_left_is_asked_about_also_where_the_start_asked_something_else(
    place: Program, dialogs: Person, server: ScriptedSmtp, left_over: int
):
    """As after settings that could not be read: the collecting begins by hand, later."""
    dialogs.answers.append("あとで")
    place.go.begin_collecting()
    settle(place.window.root, lambda: not dialogs.answers)
    assert "「とちゅう」　あと 2名" in dialogs.asked[-1][1]
    assert not server.kept


def test_what_a_crash_left_can_wait(
    place: Program, dialogs: Person, server: ScriptedSmtp, left_over: int
):
    dialogs.answers.append("あとで")
    started(place)
    root = place.window.root

    def is_paused() -> bool:
        with closing(Outbox(place.workspaces.real.folder.database)) as outbox:
            return outbox.mailing(left_over).state is MailingState.PAUSED

    settle(root, lambda: not dialogs.answers and is_paused())
    assert not server.kept
    listed = list_of(place)
    settle(listed, lambda: listed.chosen)
    press(listed, "Return")
    progress = front(place, MailingProgressScreen)
    settle(progress, lambda: state(progress) is MailingState.PAUSED)
    press(progress, "F9")
    settle(progress, lambda: state(progress) is MailingState.DONE)
    assert len(server.kept) == 2


def test_nothing_is_asked_where_nothing_is_left(place: Program, dialogs: Person, few: list[int]):
    started(place)
    ends = time.monotonic() + 0.5
    settle(place.window.root, lambda: time.monotonic() > ends)
    assert not dialogs.asked


def test_the_end_of_the_program_says_that_a_mailing_is_under_way_and_waits_for_it(
    place: Program, dialogs: Person, server: ScriptedSmtp
):
    people(place.workspaces.real.folder.database, 12)
    progress = begun(place, dialogs, RateLimit(5, 0))
    settle(progress, lambda: progress.panel.waiting)
    dialogs.answers.append("キャンセル")
    place.go.shutdown.quit()
    assert "メール発信の途中です" in dialogs.asked[-1][1]
    dialogs.answers.append("OK")
    place.go.shutdown.quit()
    with pytest.raises(tk.TclError):  # the window is gone
        settle(place.window.root, lambda: not place.window.root.winfo_exists())
    assert not place.workspaces.real.mailing
    with closing(Outbox(place.workspaces.real.folder.database)) as outbox:
        (left,) = outbox.left_from_before(NOW)
        assert outbox.counts(left.id) == {RecipientState.SENT: 5, RecipientState.WAITING: 7}
