"""Every label of the paper manual is on its screen; and on the smallest display, in the largest
letters, all of it can be read and reached by Tab.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from tkinter import ttk
from typing import Any

import pytest

from kollect.errors import Certificate, LoginTrouble, Stage
from kollect.settings.model import Passwords, Receive, Send, Settings, Shop, TextSize
from kollect.ui.demo.demo_dialog import DemoDialog
from kollect.ui.framework.dialogs import Dialog, QuestionDialog, TroubleDialog
from kollect.ui.log.screen import LogScreen
from kollect.ui.main import Program
from kollect.ui.menu import FirstStartDialog, MenuScreen
from kollect.ui.results.screen import ResultsScreen
from kollect.ui.settings.control_page import ControlPage
from kollect.ui.settings.duplicate_page import DuplicatePage
from kollect.ui.settings.explanation import ExplanationDialog
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.mail_test_page import MailTestPage, certificate_text
from kollect.ui.settings.password_dialog import PasswordDialog
from kollect.ui.settings.pin_dialogs import AskPinDialog, NewPinDialog
from kollect.ui.settings.screen import SettingsScreen
from kollect.ui.settings.settings_page import SettingsPage
from kollect.ui.settings.templates import TemplateDialog
from kollect.ui.widgets.dates import Period
from tests.helpers.bar_driver import bar_of, can_press_key
from tests.helpers.display import start
from tests.helpers.receipt_samples import fill_kept, fill_log, fill_receipts
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    cut_off,
    press,
    settle,
    settle_jobs,
    shown_text,
)

SHOP = Settings(
    shop=Shop("S0123", "フレッシュ髙田 駅前店", "東京都新宿区西新宿1-2-3", "03-1234-5678"),
    mail_address="karamail@ocn.ne.jp",
    receive=Receive(host="pop.ocn.ne.jp", account="karamail@ocn.ne.jp"),
    send=Send(host="smtp.ocn.ne.jp", port=587, account="karamail@ocn.ne.jp"),
    forward_address="tencho@example.com",
)
SETTINGS_TABS = ("制御情報", "2重登録時の処理", "メールの設定", "メールの設定のテスト", "ID")
MOST_STOPS = 80


@pytest.fixture(scope="module")
def display(display: str) -> Iterator[str]:
    """The smallest that the program is made for."""
    yield from start("1024x600x24")


@pytest.fixture
def shop(program: Program) -> Program:
    """One that has collected for some time."""
    program.workspaces.real.save(SHOP, Passwords("one", "two"))
    folder, now = program.workspaces.real.folder, datetime.now().astimezone().replace(microsecond=0)
    fill_receipts(folder, 300, now, days=60)
    fill_kept(folder, now)
    fill_log(folder, now.date(), lines=100)
    program.window.back_to(MenuScreen)
    return program


# ---- the screens ----


def menu(program: Program) -> None:
    program.window.back_to(MenuScreen)


def settings(tab: type[SettingsPage]) -> Callable[[Program], None]:
    def go(program: Program) -> None:
        program.go.settings()
        screen = program.window.screen
        assert isinstance(screen, SettingsScreen)
        settle(screen, lambda: can_press_key(screen.window))
        screen.select(tab)

    return go


def collecting(program: Program) -> None:
    """Not started: nothing is asked of a server."""
    program.go.collecting()


def in_trouble(program: Program) -> None:
    from kollect.collector.events import Phase, PhaseChanged, PollFinished, PollReport

    program.go.collecting()
    standing, now = program.go.tray.status, datetime.now().astimezone()
    standing.begin(now)
    standing.apply(PhaseChanged(Phase.ERROR))
    standing.apply(PollFinished(now, PollReport(), TROUBLE, now))
    program.window.screen.on_show()


def results(tab: int) -> Callable[[Program], None]:
    def go(program: Program) -> None:
        program.go.results()
        screen = program.window.screen
        assert isinstance(screen, ResultsScreen)
        settle(screen, lambda: screen.list.table.row_keys)
        screen.list.filter.period.value = Period.GIVEN
        screen.list.filter.period.widget.event_generate("<<ComboboxSelected>>")
        screen.notebook.select(tab)
        settle_jobs(screen)

    return go


def log(program: Program) -> None:
    program.go.log()
    screen = program.window.screen
    assert isinstance(screen, LogScreen)
    settle(screen, lambda: screen.table.row_keys)


SCREENS: dict[str, tuple[Callable[[Program], None], tuple[str, ...]]] = {
    "8.1 menu": (
        menu,
        (
            *("メール収集の起動", "収集結果表示", "ログの表示", "緒言設定", "会員登録"),
            *("メール発信", "店頭ポスター・登録用紙", "終了", "ESC:終了"),
        ),
    ),
    "8.2 制御情報": (
        settings(ControlPage),
        (
            *SETTINGS_TABS,
            *("受信チェック間隔", "受付番号の開始番号", "桁数", "受付完了メール見出"),
            *("受付完了メール本文", "★1★を挿入", "文字コード", "無題とみなす件名"),
            *("Windowsログイン時の起動", "ESC:前画面", "F12:設定実行"),
        ),
    ),
    "8.2 2重登録時の処理": (
        settings(DuplicatePage),
        (
            *("受付済みメールの処理方法", "返信メール見出", "返信メール本文", "★2★を挿入"),
            *("返信メールを送る", "返信せずに削除する", "新しい受付番号を発行する"),
        ),
    ),
    "8.3 メールの設定": (
        settings(MailPage),
        (
            *("パスワードを見える形で入力する", "テンプレート", "デモ用設定/解除"),
            *("Emailアドレス", "受信用設定", "受信方式", "POP", "IMAP", "暗号化", "SSL"),
            *("受信サーバ", "受信ポート番号", "不明ならば995としてください。", "アカウント"),
            *("パスワード", "送信用設定", "送信サーバ", "送信ポート番号", "説明"),
            *("不明ならば587としてください。", "SMTP認証", "する", "する(SSL認証)", "しない"),
            *("受信用のアカウントを複写する", "対象外メールの送信先", "送信先メールアドレス"),
        ),
    ),
    "8.4 メールの設定のテスト": (
        settings(MailTestPage),
        (
            *("送信のテスト", "受信のテスト", "テスト後処理"),
            *("届くかどうかの診断", "自分の携帯・Gmailで試す"),
        ),
    ),
    "8.5 ID": (
        settings(IdPage),
        ("店番(ID)", "店名", "住所", "電話番号", "設定を保護する"),
    ),
    "8.6 メール収集": (
        collecting,
        (
            *("今すぐ受信", "設定", "収集結果表示", "ログの表示", "トレイへ", "処理の終了"),
            *("今日の受付", "これまでの受付"),
        ),
    ),
    "8.6 メール収集 in trouble": (in_trouble, ("エラー", "詳細")),
    "8.7 収集結果": (
        results(0),
        (
            *("受付番号 ▼", "メールアドレス", "受付日時", "返信日時", "状態", "回数", "会員"),
            *("さがす", "期間", "再送", "アドレスをコピー", "対象外・保留", "F12:CSVへ取り出し"),
        ),
    ),
    "8.7 対象外・保留": (results(1), ("内容を見る", "転送する", "受付番号を発行")),
    "8.7 グラフ": (results(2), ("日ごと", "時間帯ごと")),
    "8.8 ログの表示": (
        log,
        ("月指定", "指定日の場所に位置づけ", "F12:外部へ取り出し", "さがす", "前へ", "次へ"),
    ),
}


@pytest.mark.parametrize("name", SCREENS)
def test_every_label_is_on_its_screen(shop: Program, name: str):
    go, labels = SCREENS[name]
    go(shop)
    settle(shop.window.root)
    there = words(shop.window.root)
    assert [label for label in labels if label not in there] == []


@pytest.mark.parametrize("size", TextSize)
@pytest.mark.parametrize("name", SCREENS)
def test_nothing_is_cut_off_on_the_smallest_display(shop: Program, name: str, size: TextSize):
    root = shop.window.root
    shop.window.set_text_size(size)
    SCREENS[name][0](shop)
    settle(root, lambda: root.winfo_width() >= 1020)
    settle(root, lambda: not cut_off(root))
    bar = bar_of(shop.window)
    assert bar.winfo_rooty() + bar.winfo_height() <= root.winfo_rooty() + root.winfo_height()
    assert root.winfo_rooty() + root.winfo_height() <= root.winfo_screenheight()


@pytest.mark.parametrize("name", SCREENS)
def test_tab_reaches_every_button_in_the_order_of_reading(shop: Program, name: str):
    root = shop.window.root
    SCREENS[name][0](shop)
    settle(root, lambda: root.focus_get() is not None)
    settle_jobs(shop.window.screen)  # some buttons can be pressed only then
    stops = tabbed_through(root)
    buttons = [w for w in all_inside(root) if isinstance(w, ttk.Button) and can_press(w)]
    assert [shown_text(button) for button in buttons if button not in stops] == []
    assert backwards(stops) == []


# ---- the dialogs ----

TROUBLE = LoginTrouble(
    "受信サーバにログインできません",
    stage=Stage.LOGIN,
    happened="受信サーバ「pop.ocn.ne.jp」が、アカウントかパスワードを受け付けませんでした。",
    cure="「メールの設定」のアカウントとパスワードを入力し直してください（大文字と小文字は"
    "別の文字です）。アカウントは、メールアドレス全体のこともあります。",
    detail="-ERR [AUTH] Authentication failed. " * 12,
)
CERTIFICATE = Certificate(
    "3fa9c2" * 10 + "11aa",
    "CN=mail.hoster.example",
    "CN=Example CA, O=Example",
    ("mail.hoster.example",),
    "2027-03-31 23:59 UTC",
)


def with_detail(dialog: TroubleDialog) -> None:
    dialog.toggle_detail()


def wrong_pin(dialog: AskPinDialog) -> None:
    dialog.accept()
    dialog.tell_way_in()


DIALOGS: dict[str, tuple[tuple[Any, ...], Callable[[Any], None] | None, tuple[str, ...]]] = {
    "first start": (
        (FirstStartDialog,),
        None,
        ("1　デモで試す", "2　メールの設定をする", "あとで決める"),
    ),
    "テンプレート": ((TemplateDialog,), None, ("プロバイダ", "この内容を入力する", "キャンセル")),
    "説明": (
        (ExplanationDialog,),
        None,
        (
            *("SMTP認証と送信ポート番号", "設定例: OCN", "プロバイダの一覧"),
            "この内容を入力する",
        ),
    ),
    "デモ用設定/解除": (
        (DemoDialog,),
        None,
        ("デモ設定を行う", "デモ設定の解除", "キャンセル"),
    ),
    "new PIN": ((NewPinDialog,), lambda dialog: dialog.accept(), ("保護する", "キャンセル")),
    "ask PIN": (
        (AskPinDialog, lambda typed: False, Path("C:/Users/aozora/Documents/kollect/kollect.ini")),
        wrong_pin,
        ("解除する", "キャンセル", "忘れたとき"),
    ),
    "passwords": (
        (PasswordDialog, SHOP, Passwords(), ("receive", "send"), False),
        lambda dialog: dialog.accept(),
        ("受信用のパスワード", "送信用のパスワード", "OK", "キャンセル"),
    ),
    "trouble": ((TroubleDialog, TROUBLE), with_detail, ("詳細", "コピー", "閉じる")),
    "certificate": (
        (
            *(QuestionDialog, "この証明書を信頼しますか？"),
            *(certificate_text(CERTIFICATE), ("キャンセル", "この証明書を信頼する"), True),
        ),
        None,
        ("キャンセル", "この証明書を信頼する"),
    ),
}


@pytest.mark.parametrize("size", [TextSize.NORMAL, TextSize.HUGE])
@pytest.mark.parametrize("name", DIALOGS)
def test_dialogs_fit_the_smallest_display(
    program: Program, dialogs: Person, name: str, size: TextSize
):
    (kind, *given), act, labels = DIALOGS[name]
    program.window.set_text_size(size)

    def look(dialog: Dialog[Any]) -> None:
        if kind is DemoDialog:
            assert "KKRE0103" in dialog.title()
        if act is not None:
            act(dialog)
        settle(dialog, lambda: not cut_off(dialog))
        assert dialog.winfo_rooty() + dialog.winfo_height() <= dialog.winfo_screenheight()
        assert dialog.winfo_rootx() + dialog.winfo_width() <= dialog.winfo_screenwidth()
        there = words(dialog)
        assert [label for label in labels if label not in there] == []
        settle(dialog, lambda: dialog.focus_get() is not None)
        stops = tabbed_through(dialog)
        buttons = [w for w in all_inside(dialog) if isinstance(w, ttk.Button) and can_press(w)]
        assert [shown_text(button) for button in buttons if button not in stops] == []
        assert backwards(stops) == []
        dialog.cancel()

    dialogs.answers.append(look)
    named = {"in_demo": False} if kind is DemoDialog else {}
    dialogs.show(kind, *given, **named)


# ---- what is read ----


def words(window: tk.Misc) -> set[str]:
    """All that can be read: on labels, buttons, tabs, headings, in lists that drop down.

    The number before a menu's entry does not count.
    """
    found = set()
    for widget in all_inside(window):
        found.add(shown_text(widget))
        if isinstance(widget, ttk.Button):
            found.add(shown_text(widget).partition("　")[2])
        if isinstance(widget, ttk.Notebook):
            found |= {str(widget.tab(tab, "text")) for tab in widget.tabs()}
        if isinstance(widget, ttk.Treeview):
            found |= {str(widget.heading(name, "text")) for name in widget.cget("columns")}
        if isinstance(widget, ttk.Combobox):
            found |= {str(value) for value in widget.cget("values")}
    return found


def can_press(button: ttk.Button) -> bool:
    return bool(button.winfo_viewable()) and "disabled" not in button.state()


def tabbed_through(window: tk.Misc) -> list[tk.Misc]:
    """What has the focus, from the first stop on, until Tab comes round."""
    stops: list[tk.Misc] = []
    for _ in range(MOST_STOPS):
        at = window.focus_get()
        if at in stops:
            break
        if at is not None:
            stops.append(at)
        press(window, "Tab")
    top = min(stops, key=lambda stop: (_box(_canvas(stop) or stop)[1], *_box(stop)[1::-1]))
    return stops[stops.index(top) :] + stops[: stops.index(top)]


def backwards(stops: list[tk.Misc]) -> list[str]:
    """The steps that go up and not into the next column, or to the left in the same row."""
    return [f"{one} → {other}" for one, other in pairwise(stops) if _is_back(one, other)]


def _is_back(one: tk.Misc, other: tk.Misc) -> bool:
    if _canvas(one) is not _canvas(other):  # scrolled past each other: what counts is the frame
        one, other = _canvas(one) or one, _canvas(other) or other
    left, top, right, bottom = _box(one)
    other_left, other_top, _, other_bottom = _box(other)
    if other_bottom <= top:
        return other_left < right
    # a text is many rows, and the button that belongs to it stands under its label
    same_row = abs(top + bottom - other_top - other_bottom) < 20 and not isinstance(one, tk.Text)
    return same_row and other_left < left


def _box(widget: tk.Misc) -> tuple[int, int, int, int]:
    left, top = widget.winfo_rootx(), widget.winfo_rooty()
    return left, top, left + widget.winfo_width(), top + widget.winfo_height()


def _canvas(widget: tk.Misc) -> tk.Canvas | None:
    """The scrolled area in which it lies."""
    outer = widget
    while outer is not outer.winfo_toplevel():
        outer = outer.master
        if isinstance(outer, tk.Canvas):
            return outer
    return None


@pytest.mark.parametrize("size", [TextSize.NORMAL, TextSize.HUGE])
def test_the_note_of_each_provider_fits(program: Program, dialogs: Person, size: TextSize):
    program.window.set_text_size(size)

    def look(dialog: Dialog[Any]) -> None:
        tree = dialog.table.tree
        for row in tree.get_children():
            tree.selection_set(row)
            settle(dialog, lambda: not cut_off(dialog))
            assert dialog.winfo_rooty() + dialog.winfo_height() <= dialog.winfo_screenheight()
        dialog.cancel()

    dialogs.answers.append(look)
    dialogs.show(TemplateDialog)
