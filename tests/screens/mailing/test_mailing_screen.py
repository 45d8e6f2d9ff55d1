"""メール発信 by keys and mouse, before real SMTP servers: written, chosen, and how it looks."""

from __future__ import annotations

import email
import email.policy
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from tkinter import ttk

import pytest

from kollect.mailing.mailing_states import MailingState
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.settings.model import Passwords, Settings, Shop, TextSize
from kollect.ui.framework.window import Screen
from kollect.ui.mailing.mailing_audience import OUTSIDE
from kollect.ui.mailing.mailing_compose import MailingComposeScreen
from kollect.ui.mailing.mailing_dialogs import PeopleDialog, SampleDialog
from kollect.ui.mailing.mailing_list import MailingListScreen
from kollect.ui.mailing.mailing_progress import MailingProgressScreen
from kollect.ui.mailing.mailing_recipients import MailingRecipientsScreen
from kollect.ui.mailing.mailing_words import about, estimate
from kollect.ui.main import Program
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.bar_driver import buttons_of, can_press_key
from tests.helpers.mailing_driver import (
    SHOP,
    choose,
    compose,
    front,
    list_of,
    people,
    read,
    recipients,
    rows,
    state,
    texts,
)
from tests.helpers.scripted_smtp import Script, ScriptedSmtp
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    shown_text,
    type_in,
)

pytestmark = pytest.mark.real


# --- written


def test_from_the_menu_to_the_results_by_keyboard(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    screen = list_of(place)
    settle(screen, lambda: "F9:新しく書く" in texts(screen))
    press(screen, "F9")
    writing = front(place, MailingComposeScreen)
    type_in(writing.subject.widget, "★店名★より")
    type_in(writing.body.widget, "会員番号 ")
    click(labelled(writing, "★受付番号★"))
    press(writing, "x")
    settle(writing, lambda: "1 ／ 3" in writing.preview.who.cget("text"))
    assert "テスト商店より\n会員番号 1001x" in writing.preview.mail.text
    assert "東京都千代田区千代田1-1\n電話 03-1234-5678" in writing.preview.mail.text
    assert "配信停止" in writing.preview.mail.text
    press(writing, "F12")
    choosing = recipients(place)
    assert choosing.panel.reached.cget("text") == "3名"
    dialogs.answers.append("発信する")
    press(choosing, "F12")
    progress = front(place, MailingProgressScreen)
    title, question = dialogs.asked[-1]
    assert title == "3名にメールを送ります"
    assert "テスト商店より" in question
    settle(progress, lambda: state(progress) is MailingState.DONE)
    assert sorted(server.recipients) == [f"m{n}@docomo.example" for n in range(3)]
    letter = read(server.kept[0])
    assert letter["Subject"] == "テスト商店より"
    assert "配信停止" in email.utils.unquote(letter["List-Unsubscribe"]) or letter[
        "List-Unsubscribe"
    ].startswith("<mailto:")
    assert "会員番号 1001x" in letter.get_content()
    assert progress.panel.numbers.cget("text") == "3 ／ 3名に送信済"
    press(progress, "Escape")
    screen = front(place, MailingListScreen)
    settle(screen, lambda: rows(screen) and rows(screen)[0][0] == "発信済")
    assert rows(screen)[0][4] == "3 ／ 3"


def test_the_preview_goes_from_member_to_member(place: Program, few: list[int]):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.body.widget, "★名前★ 様")
    seen = []
    for _ in range(4):
        settle(screen, lambda: not seen or screen.preview.mail.text not in seen[-1:])
        settle(screen, lambda: "見本" not in screen.preview.who.cget("text"))
        seen.append(screen.preview.mail.text)
        click(screen.preview.after_)
    assert [f"会員{number} 様" in text for number, text in zip(few[:3], seen, strict=False)] == [
        *[True] * 3
    ]
    assert seen[3] == seen[0], "behind the last comes the first"
    click(screen.preview.before)
    settle(screen, lambda: "会員1001" in screen.preview.mail.text)


def test_without_members_the_preview_shows_somebody_made_up(place: Program):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.body.widget, "★名前★ 様")
    assert "見本　花子 様" in screen.preview.mail.text
    assert str(screen.preview.after_.cget("state")) == "disabled"


def test_what_cannot_be_sent_is_said_beside_the_field(place: Program, few: list[int]):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    press(screen, "F12")
    assert "見出を入力" in screen.subject.error
    assert "本文を入力" in screen.body.error
    assert screen.focus_get() is screen.subject.widget
    type_in(screen.subject.widget, "お知らせ")
    type_in(screen.body.widget, "★お名前★ 様、★大安売り★です。")
    press(screen, "F12")
    assert not screen.subject.error
    assert "★名前★ と書いて" in screen.body.error
    assert place.window.screen is screen
    settle(screen, lambda: bool(screen.check.remarks))  # type: ignore[attr-defined]
    odd, *_ = [one for one in screen.check.remarks if "★大安売り★" in one.what]  # type: ignore[attr-defined]
    assert "差し込みの言葉ではない" in odd.what


def test_a_placeholder_goes_where_the_cursor_was(place: Program):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.subject.widget, "To: ")
    click(labelled(screen, "★名前★"))
    type_in(screen.body.widget, "No. ")
    click(labelled(screen, "★受付番号★"))
    assert (screen.subject.value, screen.body.value) == ("To: ★名前★", "No. ★受付番号★")


def test_the_footer_lacks_what_the_law_asks_for(place: Program, few: list[int]):
    now = place.workspaces.real.settings()
    place.workspaces.real.save(replace(now, shop=Shop(id="TEST", name="店")), Passwords("a", "b"))
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    assert screen.missing.winfo_ismapped()
    assert "住所がまだ入力されていません" in screen.missing.text.text
    type_in(screen.subject.widget, "x")
    type_in(screen.body.widget, "y")
    press(screen, "F12")
    assert place.window.screen is screen, "nobody is chosen before it is entered"
    click(screen.missing.button)
    entering = front(place, SettingsScreen)
    assert entering.nametowidget(entering.notebook.select()) is entering.shop
    assert isinstance(entering.shop, IdPage)
    settle(entering, lambda: can_press_key(place.window))
    type_in(entering.shop.fields["shop", "address"].widget, "東京都")
    press(entering, "F12")
    settle(entering, lambda: not entering.is_busy and not entering.has_unsaved_changes())
    press(entering, "Escape")
    assert front(place, MailingComposeScreen) is screen
    assert screen.subject.value == "x", "what was written is still there"
    assert "電話番号" in screen.missing.text.text, "recommended, not demanded"
    press(screen, "F12")
    recipients(place)


def test_a_draft_is_kept_asked_for_copied_and_thrown_away(
    place: Program, dialogs: Person, few: list[int]
):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.subject.widget, "いつか")
    dialogs.answers.append("入力を続ける")
    press(screen, "Escape")
    assert place.window.screen is screen
    press(screen, "F9")
    settle(screen, lambda: not screen.has_unsaved_changes())
    press(screen, "Escape")
    listed = front(place, MailingListScreen)
    settle(listed, lambda: [row[:2] for row in rows(listed)] == [("下書き", "いつか")])
    click(labelled(listed, "写して新しく書く"))
    copy = front(place, MailingComposeScreen)
    assert copy.subject.value == "いつか"
    press(copy, "F9")
    settle(copy, lambda: not copy.is_busy)
    press(copy, "Escape")
    settle(listed, lambda: len(rows(listed)) == 2)
    dialogs.answers.append("削除する")
    click(labelled(listed, "下書きを削除"))
    settle(listed, lambda: len(rows(listed)) == 1)
    press(listed, "F12")
    assert front(place, MailingComposeScreen).subject.value == "いつか"


def test_a_sample_goes_to_oneself_and_a_wrong_address_is_said(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.subject.widget, "★店名★")
    type_in(screen.body.widget, "★名前★ 様")

    def answer(dialog: SampleDialog) -> None:
        assert dialog.address.value == "owner@owner.example", "対象外メールの送信先 is proposed"
        type_in(dialog.address.widget, "me")
        click(labelled(dialog, "送る"))
        assert dialog.address.error
        type_in(dialog.address.widget, "me@keitai.example")
        press(dialog, "Return")

    dialogs.answers.append(answer)
    click(screen.try_button)
    settle(screen, lambda: server.kept and not screen.is_busy)
    assert server.recipients == ["me@keitai.example"]
    letter = read(server.kept[0])
    assert letter["Subject"] == "テスト商店"
    assert "見本" in letter.get_content()
    assert "住所" not in letter.get_content()
    assert SHOP.address in letter.get_content()
    assert not place.workspaces.current.mailing, "nothing else was set going"


def test_a_sample_that_is_refused_is_told(
    place: Program, dialogs: Person, script: Script, few: list[int]
):
    script.fault = lambda at: "550 5.7.1 no" if at.verb == "RCPT" else None
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    type_in(screen.subject.widget, "x")
    type_in(screen.body.widget, "y")
    dialogs.answers.append(lambda dialog: click(labelled(dialog, "送る")))
    click(screen.try_button)
    settle(screen, lambda: dialogs.troubles)
    assert dialogs.troubles[0].cure
    assert str(screen.try_button.cget("state")) == "normal"


# --- chosen


def test_who_gets_it_and_who_does_not(place: Program, dialogs: Person, few: list[int]):
    compose(place)
    screen = recipients(place)
    shown = texts(screen.panel)
    for word in ("退会", "配信停止", "承諾なし"):
        assert word in shown
    assert "送らない会員　3名" in shown

    def look(dialog: PeopleDialog) -> None:
        settle(dialog, lambda: dialog.table.tree.get_children())
        settle(dialog, lambda: "会員1004" in str(dialog.table.tree.item("I001", "values")))
        assert list(dialog.table.row_keys) == [few[3]]
        click(labelled(dialog, "閉じる"))

    dialogs.answers.append(look)
    click([w for w in all_inside(screen.panel) if shown_text(w) == "見る"][1])
    settle(screen, lambda: not dialogs.answers)
    dialogs.answers.append(lambda dialog: (settle(dialog), dialog.cancel()))
    click(screen.panel.look_button)
    settle(screen, lambda: dialogs.asked[-1][0] == "送る会員　3名")


def test_chosen_by_group_search_and_period(place: Program, few: list[int]):
    compose(place)
    screen = recipients(place)

    def reached(count: int) -> None:
        wanted = f"{count}名" if count is not None else "－"
        settle(screen, lambda: screen.panel.reached.cget("text") == wanted)

    box = screen.whom.group.widget
    assert isinstance(box, ttk.Combobox)
    assert any(value.startswith("偶数（") for value in box.cget("values"))
    choose(box, 1)
    reached(1)
    choose(box, 0)
    reached(3)
    assert OUTSIDE not in texts(screen.panel)
    type_in(screen.whom.text.widget, "1003")
    reached(1)
    assert "送らない会員　4名" in texts(screen.panel), "whoever is left out is told of"
    assert OUTSIDE in texts(screen.panel)
    type_in(screen.whom.text.widget, "zzz")
    reached(0)
    assert "条件に合う会員はいません" in screen.panel.length.text
    type_in(screen.whom.text.widget, "")
    type_in(screen.whom.since.widget, "R8.11.24")
    reached(0)
    type_in(screen.whom.since.widget, "2026/11/23")
    type_in(screen.whom.until.widget, "2026/11/23")
    reached(3)
    type_in(screen.whom.until.widget, "2026/11/22")
    settle(screen, lambda: "前の日" in screen.whom.until.error)
    assert screen.panel.reached.cget("text") == "－"
    for day in (screen.whom.since, screen.whom.until):
        type_in(day.widget, "")
    reached(3)
    type_in(screen.whom.youngest.widget, "20")
    reached(0)  # nobody has told a birthday
    type_in(screen.whom.oldest.widget, "１９歳")
    settle(screen, lambda: "小さい年齢" in screen.whom.oldest.error)
    assert screen.panel.reached.cget("text") == "－"
    for age in (screen.whom.youngest, screen.whom.oldest):
        type_in(age.widget, "")
    reached(3)
    choose(screen.whom.birth_month.widget, 1)
    reached(0)
    choose(screen.whom.birth_month.widget, 0)
    choose(screen.whom.last_mail.widget, 1)
    reached(3)


def test_wrong_fields_are_said_and_nothing_begins(
    place: Program, dialogs: Person, server: ScriptedSmtp, few: list[int]
):
    compose(place)
    screen = recipients(place)
    type_in(screen.whom.since.widget, "R8.13.1")
    type_in(screen.speed.per_minute.widget, "x")
    press(screen, "F12")
    assert "という日はありません" in screen.whom.since.error
    assert screen.speed.per_minute.error
    assert screen.focus_get() is screen.whom.since.widget
    type_in(screen.whom.since.widget, "")
    type_in(screen.speed.per_minute.widget, "60")
    type_in(screen.whom.text.widget, "だれもいない")
    press(screen, "F12")
    settle(screen, lambda: not screen.is_busy)
    assert place.window.screen is screen
    type_in(screen.whom.text.widget, "")
    dialogs.answers.append("戻る")
    press(screen, "F12")
    settle(screen, lambda: "まだ送っていません" in place.window.status_text)
    assert not server.kept
    assert place.window.screen is screen


def test_the_speed_that_was_chosen_stays_with_the_draft(place: Program, few: list[int]):
    compose(place)
    screen = recipients(place)
    type_in(screen.speed.per_minute.widget, "7")
    press(screen, "Escape")
    writing = front(place, MailingComposeScreen)

    def kept() -> bool:
        with closing(Outbox(place.workspaces.real.folder.database)) as outbox:
            return outbox.mailings()[0].pace == RateLimit(7, 1000)

    settle(writing, kept)
    type_in(writing.subject.widget, "別の見出")
    press(writing, "F12")
    again = recipients(place)
    assert again.speed.per_minute.value == 7
    assert kept(), "saving the words again has not changed it"


def test_without_mail_settings_the_way_there_is_shown(
    program: Program, dialogs: Person, few: None = None
):
    people(program.workspaces.real.folder.database, 2)
    program.workspaces.real.save(Settings(shop=SHOP), Passwords())
    compose(program)
    screen = recipients(program)
    dialogs.answers.append("設定する")
    press(screen, "F12")
    settings_screen = front(program, SettingsScreen)
    address = settings_screen.mail.address
    settle(settings_screen, lambda: str(address.widget.tk.call("focus")) == str(address.widget))
    assert not address.error, "red only when it is due: at the first visit nothing is wrong yet"


# --- looks


@pytest.mark.parametrize("size", [TextSize.NORMAL, TextSize.HUGE])
def test_nothing_of_it_is_out_of_reach_in_a_small_window(
    place: Program, few: list[int], size: TextSize
):
    """The keys of the bar are whole, and laying out comes to an end, at every width."""
    place.window.set_text_size(size)
    compose(place)
    screen: Screen = recipients(place)
    root = place.window.root
    for _ in range(2):
        for width in (1024, 1023, 1100, 1280, 1001):
            root.geometry(f"{width}x524")
            settle(root, lambda width=width: root.winfo_width() == width)
            for button in buttons_of(place.window):
                assert button.winfo_rootx() + button.winfo_width() <= root.winfo_rootx() + width
        if isinstance(screen, MailingRecipientsScreen):
            press(screen, "Escape")
            screen = front(place, MailingComposeScreen)


@pytest.mark.parametrize("lines", [1, 60])
def test_the_buttons_below_a_text_stay_in_sight_however_long_it_is(
    place: Program, few: list[int], lines: int
):
    root = place.window.root
    root.geometry("1366x692")
    press(list_of(place), "F9")
    screen = front(place, MailingComposeScreen)
    screen.body.retype("来てください\n" * lines)
    screen.refresh()
    for widget in (screen.try_button, screen.check):
        settle(
            root,
            lambda widget=widget: (
                root.winfo_height() == 692
                and widget.winfo_viewable()
                and widget.winfo_rooty() + widget.winfo_height() <= place.window.strip.winfo_rooty()
            ),
        )


def test_how_long_it_will_take():
    minute = timedelta(minutes=1)
    assert estimate(0, RateLimit()) == timedelta()
    assert estimate(600, RateLimit(60, 1000)) == 10 * minute
    assert estimate(600, RateLimit(60, 1000), measured=30) == 20 * minute
    assert estimate(1060, RateLimit(60, 1000)) == timedelta(hours=1) + minute
    assert estimate(60, RateLimit(60, 1000), this_hour=1000) == timedelta(hours=1) + minute
    assert [about(timedelta(minutes=m)) for m in (0.2, 12, 83, 120, 3000)] == [
        *("1分以内", "約12分", "約1時間20分", "約2時間", "約2日"),
    ]
