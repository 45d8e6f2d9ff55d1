"""メール収集: a real server, a real collector, and a person before the screen."""

from __future__ import annotations

import sys
import time
import tkinter as tk
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from kollect.collector.events import WaitChanged
from kollect.collector.status import MOST_EVENTS, StatusColor
from kollect.demo.customer import Customer
from kollect.demo.server import DemoServer
from kollect.desktop.tray import COLOURS
from kollect.ui.collecting.screen import CollectingScreen, StatusLight
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from kollect.ui.settings.screen import SettingsScreen
from kollect.ui.tray_controller import GOES_ON
from tests.helpers.delay_proxy import delayed
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.live_shop import shop, start
from tests.helpers.mail_samples import blank
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    cut_off,
    focus,
    labelled,
    press,
    settle,
    xdotool,
)

pytestmark = pytest.mark.real

LABELS = ("今すぐ受信", "設定", "収集結果表示", "ログの表示", "トレイへ", "処理の終了")


@pytest.fixture
def customer(server: DemoServer) -> Customer:
    return Customer(server, "hanako..yamada.@docomo.ne.jp", "山田花子")


@pytest.fixture
def screen(program: Program, server: DemoServer) -> CollectingScreen:
    return start(program, shop(server))


def shown(screen: CollectingScreen) -> list[str]:
    """The events as they stand on the screen, the newest first, without their time."""
    lines = screen.events.text.get("1.0", "end-1c").splitlines()
    return [line.partition("\t")[2].replace("\t", " ") for line in lines]


class TestScreen:
    def test_every_label_of_the_manual_is_there(self, screen: CollectingScreen, root: tk.Tk):
        for label in LABELS:
            assert labelled(screen, label)
        assert root.title() == "コレクト (KKRZS301) id = DEMO (保守可)"
        assert screen.focus_get() is screen.buttons["今すぐ受信"]

    def test_it_shows_how_things_stand_from_the_beginning(self, program: Program):
        program.go.collecting()
        screen = program.window.screen
        assert isinstance(screen, CollectingScreen)
        assert screen.panel.word.cget("text") == "停止中", "not after the next full second only"

    def test_that_a_poll_begins_is_said_until_it_is_over(
        self, screen: CollectingScreen, program: Program
    ):
        screen.buttons["今すぐ受信"].invoke()
        assert program.window.status_text == "受信を始めます。"
        settle(screen, lambda: not program.window.status_text)

    def test_a_blank_mail_is_answered_and_told(
        self, screen: CollectingScreen, customer: Customer, program: Program
    ):
        settle(screen, lambda: screen.panel.word.cget("text") == "待機中")
        settle(screen, lambda: screen.panel.today.cget("text") == "0件")
        customer.send_blank()
        click(screen.buttons["今すぐ受信"])
        settle(screen, lambda: screen.panel.total.cget("text") == "1件")
        assert screen.panel.today.cget("text") == "1件"
        settle(screen, lambda: shown(screen)[0].startswith("✓"))
        assert [line for line in shown(screen) if "1001" in line] == [
            f"✓ 1001　{customer.address} へ返信しました"
        ], "one line a mail"
        assert str(screen.panel.last.cget("text")).endswith("受付 1件")
        (letter,) = customer.read()
        assert "1001" in letter.subject

    def test_the_countdown_runs(self, screen: CollectingScreen):
        settle(screen, lambda: "次の受信まで あと 5" in screen.panel.next.cget("text"))
        before = screen.panel.next.cget("text")
        settle(screen, lambda: screen.panel.next.cget("text") != before)

    def test_waiting_by_push_is_said_instead_of_the_countdown(
        self, screen: CollectingScreen, program: Program
    ):
        tray = program.go.tray
        settle(screen, lambda: screen.panel.word.cget("text") == "待機中")
        due = datetime.now().astimezone() + timedelta(minutes=5)
        tray.on_collector_event(WaitChanged(by_push=True, next_at=due))
        settle(screen, lambda: "届きしだい" in screen.panel.word.cget("text"))
        assert screen.panel.word.cget("text") == "待機中（届きしだい返信します）"
        assert f"{due:%H:%M}" in screen.panel.next.cget("text")
        assert "あと" not in screen.panel.next.cget("text")
        tray.on_collector_event(WaitChanged(by_push=False, next_at=due))
        settle(screen, lambda: "次の受信まで あと" in screen.panel.next.cget("text"))
        assert screen.panel.word.cget("text") == "待機中"

    def test_why_it_is_slower_than_set_is_said_in_one_line(
        self, screen: CollectingScreen, program: Program
    ):
        standing = program.go.tray.status
        settle(screen, lambda: screen.panel.word.cget("text") == "待機中")
        assert not screen.panel.slowed.winfo_ismapped()
        assert standing.last is not None
        standing.last = replace(standing.last, slowed="10分に1回までしか受信できません。")
        settle(screen, screen.panel.slowed.winfo_ismapped)
        assert screen.panel.slowed.cget("text") == "10分に1回までしか受信できません。"
        assert screen.panel.slowed.winfo_y() > screen.panel.next.winfo_y()
        assert screen.panel.slowed.winfo_y() < screen.panel.last.winfo_y()

    def test_keyboard_only(self, screen: CollectingScreen, program: Program):
        press(screen, "Right", "Right", "Right", "Right", "Right")
        assert screen.focus_get() is screen.buttons["処理の終了"]
        press(screen, "Right", "Right")
        assert screen.focus_get() is screen.buttons["設定"]
        press(screen, "Return")
        settle(screen, lambda: isinstance(program.window.screen, SettingsScreen))
        press(program.window.root, "Escape")
        assert program.window.screen is screen

    def test_other_screens_leave_it_running(
        self, screen: CollectingScreen, customer: Customer, program: Program
    ):
        press(screen, "Escape")
        assert isinstance(program.window.screen, MenuScreen)
        customer.send_blank()
        program.workspaces.current.poll_now()
        settle(program.window.root, lambda: customer.read())
        press(program.window.root, "1")
        again = program.window.screen
        assert isinstance(again, CollectingScreen)
        settle(again, lambda: again.panel.total.cget("text") == "1件")
        assert shown(again)[0] == f"✓ 1001　{customer.address} へ返信しました"
        assert shown(again)[-1] == "・ メールの収集を始めました。"

    def test_the_menu_leads_back_to_the_same_screen(
        self, screen: CollectingScreen, program: Program
    ):
        for label in ("設定", "収集結果表示", "ログの表示"):
            click(screen.buttons[label])
            assert program.window.screen is not screen
            program.go.start_collecting()
            assert program.window.screen is screen
        assert len(program.window.screens) == 2

    def test_it_fits_at_every_size(self, screen: CollectingScreen, program: Program, root: tk.Tk):
        from kollect.settings.model import TextSize

        root.geometry("1024x524")
        for size in TextSize:
            program.window.set_text_size(size)
            root.update()
            settle(root)
            assert not cut_off(root)


class TestTrouble:
    def test_it_says_what_happened_and_what_to_do_and_when_it_is_over(
        self,
        screen: CollectingScreen,
        program: Program,
        dialogs: Person,
        server: DemoServer,
        monkeypatch: pytest.MonkeyPatch,
    ):
        assert not screen.trouble.winfo_ismapped()
        monkeypatch.setenv("KOLLECT_RECEIVE_PASSWORD", "wrong")
        click(screen.buttons["今すぐ受信"])
        settle(screen, lambda: screen.panel.word.cget("text") == "エラー")
        settle(screen, screen.trouble.winfo_ismapped)
        trouble = program.go.tray.status.trouble
        assert trouble is not None
        assert screen.trouble.title.cget("text") == trouble.title
        assert screen.trouble.happened.text == trouble.happened
        assert screen.trouble.cure.text == f"どうすればよいか: {trouble.cure}"
        assert screen.trouble.title.winfo_viewable()
        click(screen.trouble.detail)
        assert dialogs.troubles == [trouble]
        assert shown(screen)[0] == f"✗ {trouble.title}"
        assert "もう一度試すまで" in screen.panel.next.cget("text")
        monkeypatch.setenv("KOLLECT_RECEIVE_PASSWORD", server.password)
        click(screen.buttons["今すぐ受信"])
        settle(screen, lambda: screen.panel.word.cget("text") == "待機中")
        settle(screen, lambda: not screen.trouble.winfo_ismapped())
        assert shown(screen)[0] == "✓ 元どおり受信できるようになりました。"

    def test_the_lamp_has_the_colour_of_the_icon(
        self, screen: CollectingScreen, monkeypatch: pytest.MonkeyPatch
    ):
        lamp = next(one for one in all_inside(screen.panel) if isinstance(one, StatusLight))
        settle(screen, lambda: lamp.itemcget("all", "fill") == COLOURS[StatusColor.WAITING])
        monkeypatch.setenv("KOLLECT_RECEIVE_PASSWORD", "wrong")
        click(screen.buttons["今すぐ受信"])
        settle(screen, lambda: lamp.itemcget("all", "fill") == COLOURS[StatusColor.ERROR])


class TestEnd:
    """「処理の終了」, also in the middle of a poll."""

    @pytest.fixture
    def slow(
        self, program: Program, server: DemoServer, customer: Customer
    ) -> Iterator[CollectingScreen]:
        """A poll that takes some seconds is under way."""
        with delayed(server.pop3_port, 0.4) as port:
            settings = shop(server)
            screen = start(program, replace(settings, receive=replace(settings.receive, port=port)))
            settle(screen, lambda: not program.workspaces.current.worker.busy)
            for _ in range(3):
                customer.send_blank()
            click(screen.buttons["今すぐ受信"])
            settle(screen, lambda: program.workspaces.current.worker.busy)
            yield screen

    def test_it_asks_and_ends(self, screen: CollectingScreen, program: Program, dialogs: Person):
        settle(screen, lambda: not program.workspaces.current.worker.busy)
        dialogs.answers.append("キャンセル")
        click(screen.buttons["処理の終了"])
        assert dialogs.asked[-1][1].startswith("終了してよければ、OKを押してください")
        assert program.workspaces.current.collecting
        dialogs.answers.append("OK")
        click(screen.buttons["処理の終了"])
        settle(program.window.root, lambda: isinstance(program.window.screen, MenuScreen))
        assert not program.workspaces.current.collecting
        assert program.window.status_text == "メールの収集を終わりました。"
        assert not program.go.shutdown.wanted, "the program goes on"
        press(program.window.root, "1")
        settle(program.window.root, lambda: program.workspaces.current.collecting)

    def test_while_mail_is_processed_it_says_so_and_goes_on(
        self, slow: CollectingScreen, program: Program, dialogs: Person, customer: Customer
    ):
        dialogs.answers.append("終了しない")
        click(slow.buttons["処理の終了"])
        title, text = dialogs.asked[-1]
        assert title == "メールを処理しています"
        assert "少し待ってから、もう一度お試しください" in text
        letters = []
        settle(slow, lambda: letters.extend(customer.read()) or len(letters) == 3)
        assert program.workspaces.current.collecting
        assert not program.go.shutdown.wanted

    def test_told_so_it_ends_by_itself_after_the_mails_in_hand(
        self,
        slow: CollectingScreen,
        program: Program,
        dialogs: Person,
        customer: Customer,
        server: DemoServer,
    ):
        dialogs.answers.append("処理のあとで終了")
        click(slow.buttons["処理の終了"])
        assert program.go.shutdown.stopping
        settle(slow, lambda: "終了します" in slow.panel.next.cget("text"))
        assert "disabled" in slow.buttons["処理の終了"].state()
        settle(program.window.root, lambda: isinstance(program.window.screen, MenuScreen))
        assert not program.workspaces.current.collecting
        assert not dialogs.answers
        answered = {letter.subject for letter in customer.read()}
        left = len(server.mailbox(server.shop_address).mails)
        assert answered or left == 3, "what was begun was finished, the rest is on the server"

    def test_the_cross_hides_and_does_not_end(
        self, slow: CollectingScreen, program: Program, dialogs: Person, root: tk.Tk
    ):
        root.tk.call(*root.protocol("WM_DELETE_WINDOW").split())
        settle(root, lambda: root.state() == "withdrawn")
        # a desktop without balloons is told in a dialog, before the window goes; once
        told = [] if sys.platform == "win32" else [GOES_ON]
        assert [title for title, _ in dialogs.asked] == told
        assert program.workspaces.current.collecting
        program.go.tray.come_back()
        settle(root, lambda: root.state() == "normal")
        program.go.tray.to_tray()
        settle(root, lambda: root.state() == "withdrawn")
        assert len(dialogs.asked) == len(told)


class TestCost:
    def test_out_of_sight_nothing_is_drawn(
        self, screen: CollectingScreen, program: Program, root: tk.Tk
    ):
        drawn: list[float] = []
        end = program.go.tray.watch(lambda: drawn.append(time.monotonic()))
        settle(root, lambda: len(drawn) >= 2)
        program.go.tray.to_tray()
        settle(root, lambda: root.state() == "withdrawn")
        many = len(drawn)
        ends = time.monotonic() + 2.5
        settle(root, lambda: time.monotonic() > ends)
        assert len(drawn) == many
        assert not program.go.tray._tick
        program.go.tray.come_back()
        settle(root, lambda: len(drawn) >= many + 3)
        end()

    def test_the_window_answers_while_1000_mails_are_processed(
        self, program: Program, server: DemoServer, root: tk.Tk
    ):
        screen = start(program, shop(server))
        box = server.mailbox(server.shop_address)
        for number in range(1000):
            box.add(blank(f"guest{number}@docomo.ne.jp", number))

        def work() -> None:
            click(screen.buttons["今すぐ受信"])
            last = screen.panel.last
            settle(screen, lambda: str(last.cget("text")).endswith("受付 1,000件"), seconds=120)

        heart = Heartbeat(root)
        assert heart.during(work) < LONGEST_SILENCE
        assert not box.mails
        assert "へ返信しました" in shown(screen)[0]
        assert len(shown(screen)) <= MOST_EVENTS


def test_real_keys_from_outside(screen: CollectingScreen, customer: Customer, root: tk.Tk):
    settle(root, lambda: screen.panel.total.cget("text") == "0件")
    customer.send_blank()
    focus(screen.buttons["今すぐ受信"])
    xdotool("key", "Return")
    settle(root, lambda: screen.panel.total.cget("text") == "1件")
