"""緒言設定: what a person types is what is saved, and what is wrong is told beside its field."""

from __future__ import annotations

import tkinter as tk
from dataclasses import replace
from tkinter import ttk

import pytest

from kollect.settings import ini_file, pin
from kollect.settings.model import (
    Auth,
    Charset,
    DuplicateAction,
    Passwords,
    Protocol,
    ReportSettings,
    Security,
    Settings,
    TextSize,
    Weekday,
)
from kollect.storage.data_folder import DataFolder
from kollect.ui.framework.theme import SIZE_WORDS
from kollect.ui.main import Program
from kollect.ui.menu import MenuScreen
from kollect.ui.settings.control_page import ControlPage
from kollect.ui.settings.duplicate_page import DuplicatePage
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.mail_test_page import MailTestPage
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.bar_driver import can_press_key
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    cut_off,
    focus,
    labelled,
    press,
    settle,
    shown_text,
    type_in,
    type_letters_on,
)


@pytest.fixture
def screen(program: Program) -> SettingsScreen:
    return opened(program)


def opened(program: Program) -> SettingsScreen:
    """緒言設定 as it is once the passwords are there, its first page in front."""
    press(program.window.root, "4")
    screen = program.window.screen
    assert isinstance(screen, SettingsScreen)
    screen.select(ControlPage)
    settle(screen, lambda: screen.locked or can_press_key(screen.window))
    return screen


def saved(folder: DataFolder) -> Settings:
    return ini_file.load(folder.ini)


def press_f12(screen: SettingsScreen) -> None:
    press(screen, "F12")
    settle(screen, lambda: not screen.is_busy)


def tab_texts(page: tk.Misc) -> set[str]:
    return {shown_text(widget) for widget in all_inside(page)}


class TestLabels:
    def test_the_five_tabs_are_in_their_order(self, screen: SettingsScreen):
        tabs = [screen.notebook.tab(tab, "text") for tab in screen.notebook.tabs()]
        assert tabs == ["制御情報", "2重登録時の処理", "メールの設定", "メールの設定のテスト", "ID"]

    @pytest.mark.parametrize(
        ("page", "labels"),
        [
            (
                "control",
                "受信チェック間隔 受付完了メール見出 受付完了メール本文 ★1★を挿入 桁数 文字コード "
                "受付番号の開始番号 無題とみなす件名 Windowsログイン時の起動 くわしい設定",
            ),
            (
                "duplicate",
                "受付済みメールの処理方法 返信メール見出 返信メール本文 ★2★を挿入",
            ),
            (
                "mail",
                "パスワードを見える形で入力する テンプレート デモ用設定/解除 Emailアドレス "
                "受信用設定 受信方式 POP IMAP 暗号化 受信サーバ 受信ポート番号 アカウント "
                "パスワード 送信用設定 送信サーバ 送信ポート番号 説明 SMTP認証 する する(SSL認証) "
                "しない 受信用のアカウントを複写する 対象外メールの送信先 送信先メールアドレス "
                "不明ならば995としてください。 不明ならば587としてください。",
            ),
            ("test", "送信のテスト 受信のテスト テスト後処理"),
            ("shop", "店番(ID) 店名 住所 電話番号 設定を保護する"),
        ],
    )
    def test_every_label_of_the_manual_is_there(
        self, screen: SettingsScreen, page: str, labels: str
    ):
        assert set(labels.split()) <= tab_texts(getattr(screen, page))


class TestSaving:
    def test_what_is_typed_by_keyboard_alone_is_saved(
        self, program: Program, screen: SettingsScreen, folder: DataFolder
    ):
        screen.select(ControlPage)
        fields = screen.control.fields
        type_in(fields["collect", "interval_seconds"].widget, "120")
        press(screen, "Return")
        type_in(screen.focus_get(), "受付 ★1★ 番")
        press(screen, "Tab")
        type_in(screen.focus_get(), "番号は★1★です。\n髙田")
        press(screen, "Tab")
        assert screen.focus_get() is screen.control.insert_button
        press(screen, "Tab")
        assert screen.focus_get() is fields["collect", "start_at_login"].widget
        press(screen, "Return")
        type_in(screen.focus_get(), "5001")
        press(screen, "Return")
        type_in(screen.focus_get(), "6")
        press(screen, "Control-Tab")
        assert screen.notebook.index("current") == 1, "Ctrl+Tab goes to the next tab"
        press_f12(screen)
        collect = saved(folder).collect
        assert (collect.interval_seconds, collect.first_number, collect.number_digits) == (
            120,
            5001,
            6,
        )
        assert (collect.reply_subject, collect.reply_body) == (
            "受付 ★1★ 番",
            "番号は★1★です。\n髙田",
        )
        assert not screen.has_unsaved_changes()

    def test_every_kind_of_field_is_saved(
        self, program: Program, screen: SettingsScreen, folder: DataFolder
    ):
        screen.control.fields["collect", "charset"].value = Charset.ISO_2022_JP
        type_in(screen.control.fields["collect", "blank_subjects"].widget, "無題\n\nkara")
        screen.select(DuplicatePage)
        click(labelled(screen.duplicate, "返信せずに削除する"))
        screen.select(MailPage)
        type_in(screen.mail.address.widget, "karamail@example.jp")
        click(labelled(screen.mail, "IMAP"))
        type_in(screen.mail.receive_host.widget, "imap.example.jp")
        type_in(screen.mail.receive_account.widget, "kara")
        type_in(screen.mail.receive_password.widget, "secret-1")
        type_in(screen.mail.send_host.widget, "smtp.example.jp")
        click(labelled(screen.mail, "する(SSL認証)"))
        type_in(screen.mail.send_account.widget, "kara-send")
        type_in(screen.mail.send_password.widget, "secret-2")
        type_in(screen.mail.fields["forward", "address"].widget, "tencho@example.com")
        screen.select(IdPage)
        type_in(screen.shop.fields["shop", "id"].widget, "S01")
        type_in(screen.shop.fields["shop", "name"].widget, "めがねの髙田")
        address = screen.shop.fields["shop", "address"]
        type_in(address.widget, "東京都")
        press(address.widget, "Shift-Return")
        assert address.widget.get("1.0", "end-1c") == "東京都\n"
        type_letters_on(address.widget, "新宿区")
        assert address.value == "東京都\n新宿区"
        type_in(screen.shop.fields["shop", "phone"].widget, "０３３２３４５６７８")
        press_f12(screen)
        found = saved(folder)
        assert found.collect.charset is Charset.ISO_2022_JP
        assert found.collect.blank_subjects == ("無題", "kara")
        assert found.duplicate.action is DuplicateAction.IGNORE
        assert found.mail_address == "karamail@example.jp"
        assert found.receive.protocol is Protocol.IMAP
        assert (found.receive.host, found.receive.port) == ("imap.example.jp", 993)
        assert (found.send.auth, found.send.port) == (Auth.SSL, 465)
        assert (found.receive.account, found.send.account) == ("kara", "kara-send")
        assert found.forward_address == "tencho@example.com"
        assert found.shop.address == "東京都\n新宿区"
        assert found.shop.phone == "03-3234-5678", "with hyphens, as those of the members"
        assert screen.window.root.title() == "コレクト (KKRZS101) id = S01 (保守可)"
        assert program.workspaces.current.passwords() == Passwords("secret-1", "secret-2")
        for secret in ("secret-1", "secret-2"):
            assert secret not in folder.ini.read_text("utf-8")

    def test_nothing_is_saved_until_all_is_right_and_the_first_wrong_field_is_shown(
        self, screen: SettingsScreen, folder: DataFolder
    ):
        screen.select(IdPage)
        type_in(screen.shop.fields["shop", "id"].widget, "")
        screen.select(DuplicatePage)
        type_in(screen.duplicate.fields["duplicate", "reply_subject"].widget, "受付済み")
        type_in(screen.duplicate.fields["duplicate", "reply_body"].widget, "番号なし")
        screen.select(ControlPage)
        type_in(screen.control.fields["collect", "interval_seconds"].widget, "5")
        screen.select(IdPage)
        press(screen, "F12")
        assert not folder.ini.exists()
        interval = screen.control.fields["collect", "interval_seconds"]
        assert screen.notebook.index("current") == 0
        assert screen.focus_get() is interval.widget
        assert interval.error == "10～3600の数字を入力してください。"
        type_in(interval.widget, "60")
        press(screen, "F12")
        assert screen.notebook.index("current") == 1
        body = screen.duplicate.fields["duplicate", "reply_body"]
        assert "★2★" in body.error
        assert screen.shop.fields["shop", "id"].error == "店番(ID)を入力してください。"
        type_in(body.widget, "★2★")
        press(screen, "F12")
        assert screen.notebook.index("current") == 4
        type_in(screen.shop.fields["shop", "id"].widget, "S02")
        press_f12(screen)
        assert saved(folder).shop.id == "S02"

    def test_going_back_with_changes_asks(self, program: Program, dialogs: Person):
        screen = opened(program)
        type_in(screen.control.fields["collect", "interval_seconds"].widget, "99")
        dialogs.answers.append("入力を続ける")
        press(screen, "Escape")
        assert program.window.screen is screen
        dialogs.answers.append("保存せずに戻る")
        press(screen, "Escape")
        assert isinstance(program.window.screen, MenuScreen)

    def test_going_back_without_changes_does_not_ask(self, program: Program):
        screen = opened(program)
        for page in screen.pages:
            screen.select(type(page))
            screen.update()
        press(screen, "Escape")
        assert isinstance(program.window.screen, MenuScreen)

    def test_a_changed_password_counts_as_a_change(self, program: Program, dialogs: Person):
        screen = opened(program)
        screen.select(MailPage)
        type_in(screen.mail.receive_password.widget, "x")
        assert screen.has_unsaved_changes()

    def test_a_size_of_letters_chosen_meanwhile_is_not_undone_by_saving(
        self, program: Program, folder: DataFolder
    ):
        screen = opened(program)
        press_f12(screen)
        click(labelled(screen.window.root, SIZE_WORDS[TextSize.HUGE]))
        settle(screen, lambda: saved(folder).screen.text_size is TextSize.HUGE)
        type_in(screen.control.fields["collect", "interval_seconds"].widget, "99")
        press_f12(screen)
        assert saved(folder).collect.interval_seconds == 99
        assert saved(folder).screen.text_size is TextSize.HUGE

    def test_a_full_disk_is_told_and_what_was_typed_stays(
        self, program: Program, dialogs: Person, folder: DataFolder
    ):
        screen = opened(program)
        type_in(screen.control.fields["collect", "interval_seconds"].widget, "99")
        folder.ini.mkdir()  # no file can take its place
        press_f12(screen)
        assert dialogs.troubles
        assert screen.control.fields["collect", "interval_seconds"].value == 99
        assert screen.has_unsaved_changes()


class TestLetters:
    def test_the_preview_shows_the_number_as_it_will_arrive(self, screen: SettingsScreen):
        fields, preview = screen.control.fields, screen.control.preview
        type_in(fields["collect", "first_number"].widget, "42")
        type_in(fields["collect", "number_digits"].widget, "5")
        type_in(fields["collect", "reply_subject"].widget, "番号★1★")
        assert "番号00042" in preview.text
        type_in(fields["collect", "reply_body"].widget, "本文 ")
        click(screen.control.insert_button)
        assert fields["collect", "reply_body"].value == "本文 ★1★"
        assert "本文 00042" in preview.text

    def test_the_text_is_looked_at_while_it_is_typed(self, screen: SettingsScreen):
        page = screen.control
        body = page.fields["collect", "reply_body"]
        screen.shop.fields["shop", "name"].value = "みどり"
        type_in(body.widget, "みどりの番号は★1★です")
        settle(page, lambda: page.check.text.startswith("✓"))
        assert not page.check.button.winfo_ismapped()
        type_in(body.widget, "みどりの番号は★1★です http://shop.example/ ﾅﾆ")
        settle(page, lambda: page.check.text.startswith("✗"))
        assert "1件、ほか 1件" in page.check.text
        preview = (page.preview.winfo_rooty(), page.preview.winfo_height())
        click(page.check.button)
        page.update()
        shown = [shown_text(w) for w in all_inside(page.check)]
        assert any(text.startswith("✗ 本文の1行目: リンク") for text in map(_unfolded, shown))
        assert any("全角カタカナに直して" in text for text in map(_unfolded, shown))
        assert page.preview.winfo_height() == preview[1], "it is neither covered nor squeezed"
        type_in(body.widget, "みどりの番号は★1★です")
        settle(page, lambda: page.check.text.startswith("✓"))
        assert not any("→" in shown_text(w) for w in all_inside(page.check))

    def test_the_duplicate_reply_only_where_one_is_sent(self, screen: SettingsScreen):
        screen.select(DuplicatePage)
        page = screen.duplicate
        body = page.fields["duplicate", "reply_body"]
        type_in(body.widget, "")
        click(page.insert_button)
        assert body.value == "★2★"
        assert "1001" in page.preview.text
        click(labelled(page, "新しい受付番号を発行する"))
        assert str(body.widget.cget("state")) == "disabled"
        settle(page, lambda: not page.preview.winfo_ismapped())
        click(labelled(page, "返信メールを送る"))
        assert str(body.widget.cget("state")) == "normal"


def _unfolded(text: str) -> str:
    return text.replace("\n", "")


class TestMailPage:
    @pytest.fixture
    def page(self, screen: SettingsScreen) -> MailPage:
        screen.select(MailPage)
        screen.update()
        return screen.mail

    def choose(self, page: MailPage, security: Security) -> None:
        combobox = page.security.widget
        focus(combobox)
        combobox.current(list(Security).index(security))
        combobox.event_generate("<<ComboboxSelected>>")
        page.update()

    def test_port_and_encryption_follow_each_other(self, page: MailPage):
        click(labelled(page, "IMAP"))
        assert page.receive_port.value == 993
        self.choose(page, Security.STARTTLS)
        assert page.receive_port.value == 143
        click(labelled(page, "POP"))
        assert page.receive_port.value == 110
        assert "不明ならば110としてください。" in tab_texts(page)
        click(labelled(page, "する(SSL認証)"))
        assert page.send_port.value == 465
        click(labelled(page, "しない"))
        assert page.send_port.value == 25
        assert str(page.send_account.widget.cget("state")) == "disabled"
        click(labelled(page, "する"))
        assert page.send_port.value == 587
        assert str(page.send_account.widget.cget("state")) == "normal"

    def test_a_port_that_was_typed_stays(self, page: MailPage):
        type_in(page.receive_port.widget, "1995")
        click(labelled(page, "IMAP"))
        assert page.receive_port.value == 1995
        type_in(page.send_port.widget, "2525")
        click(labelled(page, "しない"))
        assert page.send_port.value == 2525

    def test_a_usual_port_that_is_typed_chooses_its_encryption_never_a_weaker_one(
        self, page: MailPage
    ):
        type_in(page.receive_port.widget, "110")
        assert page.security.value is Security.STARTTLS
        type_in(page.receive_port.widget, "995")
        assert page.security.value is Security.SSL
        type_in(page.send_port.widget, "465")
        assert page.auth.value is Auth.SSL
        type_in(page.send_port.widget, "587")
        assert page.auth.value is Auth.SSL

    def test_passwords_are_dots_until_they_are_to_be_seen(self, page: MailPage):
        assert page.receive_password.widget.cget("show") == "●"
        click(page.reveal_tick)
        assert page.receive_password.widget.cget("show") == ""
        assert page.send_password.widget.cget("show") == ""
        click(page.reveal_tick)
        assert page.send_password.widget.cget("show") == "●"

    def test_the_account_is_copied(self, page: MailPage):
        type_in(page.receive_account.widget, "kara")
        type_in(page.receive_password.widget, "geheim")
        click(labelled(page, "受信用のアカウントを複写する"))
        assert (page.send_account.value, page.send_password.value) == ("kara", "geheim")

    def test_a_typed_address_proposes_its_provider_and_changes_nothing_unasked(
        self, page: MailPage
    ):
        type_in(page.address.widget, "karamail@ocn.ne.jp")
        assert page.receive_host.value == ""
        button = labelled(page, "自動で入力する")
        click(button)
        assert page.receive_host.value == "pop.ocn.ne.jp"
        assert page.send_host.value == "smtp.ocn.ne.jp"
        assert page.send_port.value == 465
        assert page.receive_account.value == "karamail@ocn.ne.jp"
        settle(page, lambda: not button.winfo_ismapped())
        assert page.focus_get() is page.receive_password.widget, "what is still missing"

    def test_a_proposal_from_weak_sources_says_so(self, page: MailPage):
        type_in(page.address.widget, "karamail@amber.plala.or.jp")
        assert "ぷらら（要確認）のアドレスです。サーバなどの欄を" in tab_texts(page)
        click(labelled(page, "自動で入力する"))
        assert page.receive_host.value == "imap.plala.or.jp"
        assert page.protocol.value is Protocol.IMAP

    def test_an_unknown_domain_is_told_how_its_servers_are_found(self, page: MailPage):
        type_in(page.address.widget, "karamail@example.jp")
        assert not labelled(page, "自動で入力する").winfo_ismapped()
        hint = labelled(page, "どの会社のメールかは、「設定をさがす」で調べられます。")
        settle(page, hint.winfo_ismapped)
        type_in(page.address.widget, "karamail@ocn.ne.jp")
        settle(page, labelled(page, "自動で入力する").winfo_ismapped)
        type_in(page.receive_host.widget, "mail.example.jp")
        type_in(page.address.widget, "karamail@example.jp")
        settle(page, lambda: not hint.winfo_ismapped())

    def test_the_template_is_searched_and_fills_in(self, page: MailPage, dialogs: Person):
        def work(dialog: tk.Misc) -> None:
            type_in(dialog.table.search, "ｂｉｇ")
            names = [dialog.table.tree.set(row, 0) for row in dialog.table.tree.get_children()]
            assert names == ["BIGLOBE"]
            click(labelled(dialog, "この内容を入力する"))

        dialogs.answers.append(work)
        click(labelled(page, "テンプレート"))
        assert page.receive_host.value == "mail.biglobe.ne.jp"
        assert (page.send_port.value, page.auth.value) == (465, Auth.SSL)

    def test_the_template_list_is_sorted_and_marks_what_is_unsure(
        self, page: MailPage, dialogs: Person
    ):
        def work(dialog: tk.Misc) -> None:
            tree = dialog.table.tree
            rows = [tree.item(row, "values") for row in tree.get_children()]
            assert len(rows) >= 20
            names = [row[0] for row in rows]
            assert names == sorted(names, key=str.casefold)
            marks = {row[0]: row[3] for row in rows}
            assert marks["So-net"] == marks["ぷらら"] == "要確認"
            assert marks["OCN"] == ""
            press(dialog, "Escape")

        dialogs.answers.append(work)
        click(labelled(page, "テンプレート"))
        assert page.receive_host.value == ""

    def test_a_provider_that_takes_no_passwords_cannot_be_chosen(
        self, page: MailPage, dialogs: Person
    ):
        def work(dialog: tk.Misc) -> None:
            type_in(dialog.table.search, "Microsoft")
            button = labelled(dialog, "この内容を入力する")
            assert str(button.cget("state")) == "disabled"
            assert any("廃止" in text for text in tab_texts(dialog))
            press(dialog, "F12", "Escape")

        dialogs.answers.append(work)
        click(labelled(page, "テンプレート"))
        assert page.receive_host.value == ""

    def test_the_explanation_shows_the_examples_and_fills_one_in(
        self, page: MailPage, dialogs: Person
    ):
        def work(dialog: tk.Misc) -> None:
            assert "KKRE0101" in dialog.title()
            texts = tab_texts(dialog)
            assert {"する", "587", "する(SSL認証)", "465 または 587", "しない"} <= texts
            assert {"pop.asahi-net.or.jp", "pop.ocn.ne.jp"} <= texts
            box = labelled(dialog, "設定例: OCN")
            click(labelled(box, "この内容を入力する"))

        dialogs.answers.append(work)
        click(labelled(page, "説明"))
        assert page.receive_host.value == "pop.ocn.ne.jp"

    def test_out_of_scope_mail_must_not_come_back_to_us(
        self, screen: SettingsScreen, page: MailPage, folder: DataFolder
    ):
        type_in(page.address.widget, "karamail@example.jp")
        forward = page.fields["forward", "address"]
        type_in(forward.widget, "KARAMAIL@example.jp")
        press(screen, "F12")
        assert "別のアドレス" in forward.error
        assert screen.focus_get() is forward.widget
        assert not folder.ini.exists()

    def test_a_password_in_clear_is_refused_until_the_risk_is_accepted(
        self, screen: SettingsScreen, page: MailPage, folder: DataFolder
    ):
        type_in(page.receive_host.widget, "pop.example.jp")
        self.choose(page, Security.NONE)
        press(screen, "F12")
        assert "盗み見" in page.security.error
        click(labelled(page, "暗号化せずにパスワードを送ることを許す"))
        press_f12(screen)
        assert saved(folder).receive.security is Security.NONE


class TestProtection:
    def protect(self, screen: SettingsScreen, dialogs: Person, code: str = "4649") -> None:
        def work(dialog: tk.Misc) -> None:
            type_in(dialog.pin.widget, "12")
            press(dialog, "F12")
            assert "4～8けた" in dialog.pin.error
            type_in(dialog.pin.widget, code)
            type_in(dialog.again.widget, "0000")
            press(dialog, "F12")
            assert "違います" in dialog.again.error
            type_in(dialog.again.widget, code)
            click(labelled(dialog, "保護する"))

        screen.select(IdPage)
        dialogs.answers.append(work)
        click(labelled(screen.shop, "設定を保護する"))

    def test_a_pin_makes_the_settings_read_only_for_others(
        self, program: Program, dialogs: Person, folder: DataFolder
    ):
        screen = opened(program)
        self.protect(screen, dialogs)
        press_f12(screen)
        assert pin.fits("4649", saved(folder).shop.pin)
        assert "4649" not in folder.ini.read_text("utf-8").replace(saved(folder).shop.pin, "")
        assert "保守不可" not in screen.window.root.title(), "who has set it may go on"
        press(screen, "Escape")
        assert "保守不可" in program.window.root.title()

        screen = opened(program)
        assert "保守不可" in program.window.root.title()
        interval = screen.control.fields["collect", "interval_seconds"]
        assert str(interval.widget.cget("state")) == "disabled"
        type_in(interval.widget, "99")
        press(screen, "F12")
        assert saved(folder).collect.interval_seconds == 60
        for page in screen.pages:
            for widget in all_inside(page):
                if isinstance(widget, ttk.Entry | tk.Text) and widget.winfo_class() != "TEntry":
                    assert str(widget.cget("state")) == "disabled"

        def wrong(dialog: tk.Misc) -> None:
            type_in(dialog.pin.widget, "0000")
            press(dialog, "Return")
            assert "違います" in dialog.pin.error
            press(dialog, "Escape")

        def right(dialog: tk.Misc) -> None:
            type_in(dialog.pin.widget, "４６４９")
            press(dialog, "Return")

        dialogs.answers.extend([wrong, right])
        click(labelled(screen, "保護を解除する"))
        assert screen.locked
        click(labelled(screen, "保護を解除する"))
        assert not screen.locked
        assert "(保守可)" in program.window.root.title()
        type_in(interval.widget, "99")
        press_f12(screen)
        assert saved(folder).collect.interval_seconds == 99
        assert saved(folder).shop.pin

    def test_an_owner_who_forgot_the_pin_gets_in(
        self, program: Program, dialogs: Person, folder: DataFolder
    ):
        """The dialog names the file and the line; without it all is as before but for the PIN."""
        screen = opened(program)
        self.protect(screen, dialogs)
        press_f12(screen)
        before = saved(folder)
        press(screen, "Escape")
        screen = opened(program)

        def ask(dialog: tk.Misc) -> None:
            type_in(dialog.pin.widget, "0000")
            press(dialog, "Return")
            assert "忘れたとき" in dialog.pin.error
            click(labelled(dialog, "忘れたとき"))
            text = "".join(shown_text(w) for w in all_inside(dialog) if w.winfo_ismapped())
            for part in ("コレクトを終了", str(folder.path), "kollect.ini", "「pin = 」"):
                assert part in text
            press(dialog, "Escape")

        dialogs.answers.append(ask)
        click(labelled(screen, "保護を解除する"))
        lines = folder.ini.read_text("utf-8").splitlines()
        left = [line for line in lines if not line.startswith("pin = ")]
        assert len(left) == len(lines) - 1
        folder.ini.write_text("\n".join(left) + "\n", "utf-8")
        press(screen, "Escape")
        program.workspaces.real.reload()
        assert not opened(program).locked
        assert saved(folder) == replace(before, shop=replace(before.shop, pin=""))

    def test_giving_up_leaves_the_settings_unprotected(self, program: Program, dialogs: Person):
        screen = opened(program)
        screen.select(IdPage)
        dialogs.answers.append(lambda dialog: press(dialog, "Escape"))
        click(labelled(screen.shop, "設定を保護する"))
        assert not screen.shop.protect.value
        assert not screen.has_unsaved_changes()

    def test_protection_is_taken_away(self, program: Program, dialogs: Person, folder: DataFolder):
        screen = opened(program)
        self.protect(screen, dialogs)
        press_f12(screen)
        click(labelled(screen.shop, "設定を保護する"))
        press_f12(screen)
        assert saved(folder).shop.pin == ""


@pytest.mark.parametrize(("width", "height"), [(1024, 524), (1280, 644), (1366, 692)])
def test_it_all_fits_every_size(program: Program, width: int, height: int):
    """No word is cut off, and the bottom bar stays in view, with what title bar and taskbar leave
    of the usual screens."""
    screen = opened(program)
    root = program.window.root
    root.geometry(f"{width}x{height}+0+0")
    settle(root, lambda: root.winfo_width() == width)
    for size in TextSize:
        program.window.set_text_size(size)
        for page in screen.pages if width == 1024 else (screen.mail, screen.test):
            screen.select(type(page))
            settle(root, page.winfo_ismapped)
            settle(root, lambda: cut_off(root) == [])  # once the words are folded
            bar = labelled(root, "F12:設定実行")
            assert bar.winfo_rooty() + bar.winfo_height() <= root.winfo_rooty() + height


def test_settings_that_cannot_be_used_are_shown_for_mending(
    root: tk.Tk, dialogs: Person, folder: DataFolder
):
    folder.prepare()
    good = replace(Settings(), mail_address="karamail@example.jp")
    ini_file.save(folder.ini, good)
    text = folder.ini.read_text("utf-8").replace("interval_seconds = 60", "interval_seconds = x")
    folder.ini.write_text(text, "utf-8")
    program = Program(root, folder, lambda root: dialogs)
    program.show_menu()
    press(root, "4")
    screen = program.window.screen
    assert isinstance(screen, SettingsScreen)
    assert dialogs.troubles[0].title == "設定に誤りがあります"
    interval = screen.control.fields["collect", "interval_seconds"]
    assert "10～3600" in interval.error
    assert screen.mail.address.value == "karamail@example.jp"
    settle(screen, lambda: can_press_key(screen.window))
    type_in(interval.widget, "30")
    press_f12(screen)
    assert saved(folder).collect.interval_seconds == 30
    assert saved(folder).mail_address == "karamail@example.jp"
    program.workspaces.real.close()


def test_trying_with_missing_values_shows_what_is_missing(screen: SettingsScreen):
    screen.select(MailTestPage)
    click(labelled(screen.test, "送信のテスト"))
    assert screen.notebook.index("current") == 2
    assert screen.focus_get() is screen.mail.address.widget
    assert screen.mail.receive_host.error


def stops_from_the_tabs(screen: SettingsScreen, count: int) -> list[tk.Misc]:
    """Where Tab leads from the tabs themselves, as the tests of the .exe count it."""
    here: tk.Misc = screen.notebook
    reached = []
    for _ in range(count):
        here = here.tk_focusNext()
        reached.append(here)
    return reached


def test_tab_on_the_first_page(screen: SettingsScreen):
    fields = screen.control.fields
    stops = stops_from_the_tabs(screen, 9)
    assert stops[3] is screen.control.insert_button
    assert stops[4] is fields["collect", "start_at_login"].widget
    assert stops[5] is fields["collect", "first_number"].widget


def test_tab_on_the_page_of_the_mail(screen: SettingsScreen):
    page = screen.mail
    screen.select(MailPage)
    screen.update()
    stops = stops_from_the_tabs(screen, 20)
    assert stops[0] is page.reveal_tick
    assert stops[3] is page.address.widget
    assert shown_text(stops[4]) == "設定をさがす"
    expected = (page.receive_host, page.receive_port, page.receive_account, page.receive_password)
    assert stops[7:11] == [field.widget for field in expected]
    assert stops[11] is page.fields["tls", "allow_plaintext_password"].widget
    assert stops[12:14] == [page.send_host.widget, page.send_port.widget]
    assert [shown_text(stops[at]) for at in (14, 16)] == ["説明", "受信用のアカウントを複写する"]
    assert stops[17:19] == [page.send_account.widget, page.send_password.widget]
    assert stops[19] is page.fields["forward", "address"].widget


def test_the_weekly_report_is_switched_on_with_its_day_and_hour(
    program: Program, screen: SettingsScreen, folder: DataFolder
):
    fields = screen.mail.fields
    screen.select(MailPage)
    day, hour = fields["report", "weekday"], fields["report", "hour"]
    assert str(day.widget.cget("state")) == str(hour.widget.cget("state")) == "disabled"
    click(fields["report", "weekly"].widget)
    press_f12(screen)
    assert "1週間のまとめ" in fields["alert", "address"].error
    assert not folder.ini.exists()
    type_in(fields["alert", "address"].widget, "owner@example.jp")
    day.value = Weekday.THU
    type_in(hour.widget, "21")
    press_f12(screen)
    assert "8～20" in hour.error
    type_in(hour.widget, "18")
    press_f12(screen)
    assert saved(folder).report == ReportSettings(True, Weekday.THU, 18)
