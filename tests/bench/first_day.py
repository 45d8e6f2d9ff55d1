"""A clerk's first day, counted: `python -m tests.bench first_day [--before FOLDER]`.

From the double click to 「自分の携帯で試す」: the mail set up and tested, the shop's name and
address, the poster, the collecting, and a blank mail that comes by SMTP from outside and is
answered. The program is a process of its own on a display of 1366x768, before a real Dovecot and
Postfix; it is worked by keys and clicks of xdotool alone, each counted in `Clerk`, and what the
clerk does next is what stands on the screen. `--before`: a folder with the code of version 1.0.0
(`git worktree add FOLDER b3621e8`), in which the same day is done on its own screens.

Letters are keys: a Japanese text counts as its romaji, the space and Enter of the input method.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTP

from kollect.diagnosis.examination import OTHER_SERVER
from tests.bench import seen_program
from tests.bench.seen_program import Seen
from tests.helpers import display, nsd
from tests.helpers.certificates import make_certificates
from tests.helpers.clerk import KEYS_A_SECOND, Spelled
from tests.helpers.dovecot import Dovecot, running_dovecot
from tests.helpers.postfix import MAILBOX_DOMAIN, Postfix, running_postfix
from tests.helpers.ui_driver import xdotool

TOP = Path(__file__).parents[2]
SCREEN = "1366x768x24"
SECONDS_A_CLICK = 2.0
"""From the keyboard to the mouse, to the place, and back."""
PATIENCE = 90.0
SHOP = f"info@{MAILBOX_DOMAIN}"
SERVER = f"mail.{MAILBOX_DOMAIN}"
PHONE = "tencho@docomo.ne.jp"
NAME = Spelled("青空書店", "", "aozorashoten")
ADDRESS = Spelled("東京都新宿区西新宿2-8-1", "", "toukyoutoshinjukukunishishinjuku2-8-1")
FIELDS = ("TEntry", "TSpinbox", "TCombobox", "Text")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench first_day", description=__doc__)
    parser.add_argument("--before", type=Path, help="a folder with the code of 1.0.0")
    parser.add_argument("--steps", action="store_true", help="tell each step")
    options = parser.parse_args(arguments)
    days = [("now", TOP, today)]
    if options.before is not None:
        days.insert(0, ("1.0.0", options.before.resolve(), day_of_version_1))
    print(
        f"a clerk's first day, until the phone has its number ({KEYS_A_SECOND} keys a second,"
        f" {SECONDS_A_CLICK:g} s a click)\n"
    )
    print(f"{'':8}{'keys':>6}{'clicks':>8}{'seconds':>9}{'of it the program':>19}")
    for name, code, day in days:
        with ExitStack() as stack:
            clerk = Clerk(stack.enter_context(started(code)), tells=options.steps)
            day(clerk)
        typing = clerk.keys / KEYS_A_SECOND + clerk.clicks * SECONDS_A_CLICK
        print(
            f"{name:8}{clerk.keys:>6}{clerk.clicks:>8}{typing + clerk.waited:>9.0f}"
            f"{clerk.waited:>19.1f}",
            flush=True,
        )


# ---- the two days ----


def today(clerk: Clerk) -> None:
    """The menu's はじめに says what is next, and Enter does it."""
    clerk.step("the servers, from address and password")
    clerk.see("2　メールの設定をする")
    clerk.press("2")
    clerk.field("Emailアドレス", is_focused=True)
    clerk.type(SHOP)
    clerk.see_part("「設定をさがす」で調べられます")
    clerk.click("設定をさがす")
    clerk.see_part("サーバの名前やポート番号などをさがして入力します")
    clerk.field("パスワード", is_focused=True)
    clerk.type(clerk.shop.password)
    clerk.press("Return")
    clerk.see("インターネットで調べます")
    clerk.press_focused("調べる", "Return")
    clerk.see_part("の設定を入れました（")
    clerk.press_key("F12:設定実行")
    clerk.see_part("設定を保存しました。")
    clerk.press_key("ESC:前画面")

    clerk.step("the test")
    clerk.see_part("次は「メールの設定のテスト」です。「まとめてテスト」を押して")
    clerk.next_step("メールの設定")
    clerk.press_focused("まとめてテスト", "Return")
    clerk.see_part("テストは成功しました。")
    clerk.press_key("ESC:前画面")

    clerk.step("the shop")
    clerk.see_part("次は「店名・住所」です。")
    clerk.next_step("店名・住所")
    clerk.field("店番(ID)")
    clerk.see_key("F12:設定実行")
    clerk.go_to("店名")
    clerk.convert(NAME)
    clerk.go_to("住所")
    clerk.convert(ADDRESS)
    clerk.press_key("F12:設定実行")
    clerk.see_part("設定を保存しました。")
    clerk.press_key("ESC:前画面")

    clerk.step("protection, later")
    clerk.see_part("次は「データの保護」です。")
    clerk.next_step("データの保護")
    clerk.click("あとで")

    clerk.step("the poster")
    clerk.see_part("次は「ポスターの印刷」です。")
    clerk.next_step("ポスターの印刷")
    clerk.press_key("F12:開いて印刷")
    clerk.see_part("開いた画面の「印刷」から")
    clerk.press_key("ESC:前画面")

    clerk.step("collecting")
    clerk.see_part("次は「メール収集の起動」です。")
    clerk.next_step("メール収集の起動")
    clerk.see_part("待機中")
    clerk.press_key("ESC:前画面")

    clerk.step("the phone")
    clerk.see_part("次は「自分の携帯で試す」です。")
    clerk.next_step("自分の携帯で試す")
    clerk.see_part(f"{SHOP} あてに、件名を書かずにメールを送ってください。")
    clerk.blank_mail()
    clerk.see_part("準備は終わりです。")
    clerk.press_focused("閉じる", "Return")
    clerk.see_part("今日 1件")


def day_of_version_1(clerk: Clerk) -> None:
    """Its menu says what there is; what is next, the clerk has to know."""
    clerk.step("the servers, from the hoster's letter")
    clerk.see("2　メールの設定をする")
    clerk.press("2")
    clerk.see_part("受信用設定")
    clerk.go_to("Emailアドレス")
    clerk.type(SHOP)
    clerk.go_to("受信サーバ")
    clerk.type(SERVER)
    clerk.go_to("アカウント")
    clerk.type(SHOP)
    clerk.go_to("パスワード")
    clerk.type(clerk.shop.password)
    clerk.go_to("送信サーバ")
    clerk.type(SERVER)
    clerk.click("する(SSL認証)")
    clerk.click("受信用のアカウントを複写する")
    clerk.press_key("F12:設定実行")
    clerk.see_part("設定を保存しました。")

    clerk.step("the tests")
    clerk.click("メールの設定のテスト")
    for test in ("送信のテスト", "受信のテスト", "テスト後処理"):
        clerk.click(test)
        clerk.see_part("テストは成功しました。")

    clerk.step("the shop")
    clerk.click("ID")
    clerk.field("店番(ID)")
    clerk.see_key("F12:設定実行")
    clerk.go_to("店名")
    clerk.convert(NAME)
    clerk.go_to("住所")
    clerk.convert(ADDRESS)
    clerk.press_key("F12:設定実行")
    clerk.see_part("設定を保存しました。")
    clerk.press_key("ESC:前画面")

    clerk.step("the poster")
    clerk.see("7　店頭ポスター・登録用紙")
    clerk.press("7")
    clerk.press_key("F12:開いて印刷")
    clerk.see_part("開いた画面の「印刷」から")
    clerk.press_key("ESC:前画面")

    clerk.step("collecting, and the phone")
    clerk.see("1　メール収集の起動")
    clerk.press("1")
    clerk.see_part("待機中")
    clerk.blank_mail()


# ---- the clerk ----


class Clerk:
    """Looks, presses and clicks, and counts. `waited`: seconds in which there was nothing to do."""

    def __init__(self, shop: ShopOnItsFirstDay, *, tells: bool) -> None:
        self.shop = shop
        self.keys = 0
        self.clicks = 0
        self.waited = 0.0
        self._tells = tells

    def step(self, name: str) -> None:
        if self._tells:
            print(f"  {self.keys:>6}{self.clicks:>8}{self.waited:>9.1f} s  {name}", flush=True)

    # looking

    def see(self, text: str) -> Seen:
        """Wait until exactly this stands there."""
        return self._wait(text, lambda one: one["text"] == text)

    def see_part(self, text: str) -> Seen:
        return self._wait(text, lambda one: text in one["text"])

    def field(self, label: str, *, is_focused: bool = False) -> Seen:
        """The field to the right of these words."""
        return self._until(
            f"the field {label}", lambda: _beside(self.shop.look(), label, is_focused=is_focused)
        )

    def _wait(self, what: str, fits: Callable[[Seen], bool]) -> Seen:
        return self._until(what, lambda: next(filter(fits, self.shop.look()), None))

    def _until(self, what: str, find: Callable[[], Seen | None]) -> Seen:
        begun = time.monotonic()
        while (found := find()) is None:
            if time.monotonic() - begun > PATIENCE:
                there = [one["text"] for one in self.shop.look() if one["text"]]
                raise AssertionError(f"「{what}」 is not on the screen, but {there}")
            time.sleep(0.02)
        self.waited += time.monotonic() - begun
        return found

    # keys

    def press(self, key: str) -> None:
        self.keys += 1
        xdotool("key", "--clearmodifiers", key)

    def type(self, text: str) -> None:
        self.keys += len(text)
        xdotool("type", "--clearmodifiers", "--delay", "20", text)
        self._wait(text, lambda one: one["focused"] and one["text"] in (text, "●" * len(text)))

    def convert(self, spelled: Spelled) -> None:
        """The input method's work: what it puts in, for the keys that it takes."""
        self.keys += len(spelled.romaji) + 2
        xdotool("type", "--clearmodifiers", "--delay", "40", spelled.text)
        self._wait(spelled.text, lambda one: one["text"] == spelled.text)

    def see_key(self, label: str) -> Seen:
        """A function key that stands at the bottom, 「F12:設定実行」, once it can be pressed."""
        return self._wait(label, lambda one: one["text"] == label and one["enabled"])

    def press_key(self, label: str) -> None:
        self.see_key(label)
        name = label.partition(":")[0]
        self.press("Escape" if name == "ESC" else name)

    def press_focused(self, label: str, key: str) -> None:
        """A button that already has the focus."""
        self._wait(label, lambda one: one["text"] == label and one["focused"])
        self.press(key)

    def next_step(self, name: str) -> None:
        """The blue button of はじめに, with its ▶."""
        self._wait(
            name, lambda one: one["focused"] and one["text"].endswith("▶") and name in one["text"]
        )
        self.press("Return")

    def go_to(self, label: str) -> None:
        """By Tab, until the cursor stands in this field."""
        self._until("a focus", lambda: _focused(self.shop.look()))
        for _ in range(20):
            if _beside(self.shop.look(), label, is_focused=True) is not None:
                return
            before = _focused(self.shop.look())
            self.press("Tab")
            self._until("another focus", lambda: _other(self.shop.look(), before))  # noqa: B023
        raise AssertionError(f"Tab does not lead to 「{label}」")

    # clicks

    def click(self, label: str) -> None:
        one = self._wait(label, lambda one: one["text"] == label and one["enabled"])
        self._click_at(one["left"] + one["width"] // 2, one["top"] + one["height"] // 2)

    def _click_at(self, x: int, y: int) -> None:
        self.clicks += 1
        xdotool("mousemove", str(x), str(y), "click", "1")

    # the phone

    def blank_mail(self) -> None:
        """From outside, and wait for the number."""
        begun = time.monotonic()
        self.shop.number_by_mail()
        self.waited += time.monotonic() - begun


def _beside(seen: list[Seen], label: str, *, is_focused: bool) -> Seen | None:
    for words in (one for one in seen if one["text"] == label):
        middle = words["top"] + words["height"] // 2
        fields = [
            one
            for one in seen
            if one["kind"] in FIELDS
            and one["left"] > words["left"]
            and one["top"] <= middle <= one["top"] + one["height"]
        ]
        if fields:
            found = min(fields, key=lambda one: one["left"])
            if found["focused"] or not is_focused:
                return found
    return None


def _focused(seen: list[Seen]) -> Seen | None:
    return next((one for one in seen if one["focused"]), None)


def _other(seen: list[Seen], before: Seen | None) -> Seen | None:
    found = _focused(seen)
    return None if found is None or (before and _place(found) == _place(before)) else found


def _place(one: Seen) -> tuple[int, int]:
    return one["left"], one["top"]


# ---- the shop ----


@dataclass(frozen=True, slots=True)
class ShopOnItsFirstDay:
    """The program that has just been started, the shop's mailbox, and the owner's phone."""

    eyes: Path
    postfix: Postfix
    password: str

    def look(self) -> list[Seen]:
        told = b""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(PATIENCE)
            line.connect(str(self.eyes))
            while more := line.recv(65536):
                told += more
        found: list[Seen] = json.loads(told)
        return found

    def number_by_mail(self) -> None:
        """A blank mail from the phone; returns when the number is there."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = PHONE, SHOP, ""
        with SMTP(self.postfix.host, self.postfix.plain, timeout=PATIENCE) as line:
            line.send_message(mail)
        (answer,) = self.postfix.wait_for(PHONE, seconds=PATIENCE)
        read = email.message_from_bytes(answer, policy=email.policy.default)
        assert read["Subject"] == "受付番号は1001です", answer


@contextmanager
def started(code: Path) -> Iterator[ShopOnItsFirstDay]:
    """The program of this code, with nothing but its empty folder, on a display of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kollect-")))
        folder.chmod(0o755)
        stack.enter_context(contextmanager(display.start)(SCREEN))
        certificates = make_certificates(folder, MAILBOX_DOMAIN, f"*.{MAILBOX_DOMAIN}")
        dovecot = stack.enter_context(running_dovecot(certificates))
        postfix = stack.enter_context(running_postfix(certificates, dovecot))
        zones = folder / "zones"
        zones.mkdir()
        dns = stack.enter_context(nsd.serving(zones, {MAILBOX_DOMAIN: "@ IN A 127.0.0.1"}))
        viewer = folder / "programs" / "xdg-open"  # what opens a PDF on this PC
        viewer.parent.mkdir()
        viewer.symlink_to("/bin/true")
        eyes = folder / "eyes"
        environment = os.environ | {
            "PATH": f"{viewer.parent}:{os.environ['PATH']}",
            "SSL_CERT_FILE": dovecot.ca_file,  # whom this PC believes
            OTHER_SERVER: f"{dns[0]}:{dns[1]}",
            seen_program.SOCKET: str(eyes),
            seen_program.HOSTS: json.dumps(_hosts(dovecot, postfix)),
        }
        command = [sys.executable, seen_program.__file__, str(code), "--"]
        program = subprocess.Popen(
            [*command, "--data", str(folder / "data")],
            cwd=folder,
            env=environment,
        )
        stack.callback(_end, program)
        _wait_for(eyes, program)
        yield ShopOnItsFirstDay(eyes, postfix, dovecot.password)


def _hosts(dovecot: Dovecot, postfix: Postfix) -> list[tuple[str, int, int]]:
    ports = {
        993: dovecot.imaps,
        995: dovecot.pop3s,
        465: postfix.wrapped,
        587: postfix.plain,
    }
    return [(SERVER, port, there) for port, there in ports.items()]


def _wait_for(eyes: Path, program: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + PATIENCE
    while not eyes.exists():
        assert program.poll() is None, "the program has ended"
        assert time.monotonic() < ends, "no window"
        time.sleep(0.02)


def _end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    try:
        program.wait(20)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()
