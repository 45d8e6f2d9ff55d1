"""What is in the pictures: a shop, its settings, its screens in the order of the menu."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kollect.diagnosis.examination import OTHER_SERVER
from kollect.diagnosis.trial_advice import TrialWord
from kollect.errors import Certificate, LoginTrouble, Stage
from kollect.settings.model import (
    Auth,
    Collect,
    Passwords,
    Receive,
    Send,
    Settings,
    Shop,
)
from kollect.settings.providers import Provider, for_domain
from kollect.setup.found_servers import FoundServers, SideResult, SideState
from kollect.setup.server_offer import MailSide
from kollect.storage.backup import make_backup
from kollect.ui.framework.dialogs import TroubleDialog
from kollect.ui.framework.jobs import Job
from kollect.ui.manual.manual_dialog import ManualDialog
from kollect.ui.menu import MenuScreen
from kollect.ui.settings import search_texts
from kollect.ui.settings.control_page import ControlPage
from kollect.ui.settings.duplicate_page import DuplicatePage
from kollect.ui.settings.explanation import ExplanationDialog
from kollect.ui.settings.find_servers_dialog import FindServersDialog
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.mail_test_page import MailTestPage, Test
from kollect.ui.settings.password_dialog import PasswordDialog
from kollect.ui.settings.pin_dialogs import AskPinDialog, NewPinDialog
from kollect.ui.settings.protection_dialogs import (
    BEGINNING,
    RENEWING,
    MeaningDialog,
    SheetDialog,
    TurnOffDialog,
)
from kollect.ui.settings.screen import SettingsScreen
from kollect.ui.settings.templates import TemplateDialog
from kollect.ui.settings.trial_dialog import TrialDialog
from kollect.ui.widgets.scroll_frame import ScrollFrame
from tests.helpers import nsd
from tests.helpers.member_samples import numbers
from tests.helpers.scripted_smtp import ScriptedSmtp
from tests.helpers.zones import ZONES
from tests.pictures import (
    collecting_scenes,
    mailing_scenes,
    member_scenes,
    results_scenes,
    schedule_scenes,
    start_scenes,
)
from tests.pictures.album import Album

SETTINGS = Settings(
    shop=Shop("S0123", "フレッシュ髙田 駅前店", "東京都新宿区西新宿1-2-3", "03-1234-5678"),
    collect=Collect(),
    mail_address="karamail@ocn.ne.jp",
    receive=Receive(host="pop.ocn.ne.jp", account="karamail@ocn.ne.jp"),
    send=Send(host="smtp.ocn.ne.jp", port=465, auth=Auth.SSL, account="karamail@ocn.ne.jp"),
    forward_address="tencho@example.com",
)
TROUBLE = LoginTrouble(
    "受信サーバにログインできません",
    stage=Stage.LOGIN,
    happened="受信サーバ「pop.ocn.ne.jp」が、アカウントかパスワードを受け付けませんでした。",
    cure="「メールの設定」のアカウントとパスワードを入力し直してください。",
    detail="-ERR [AUTH] Authentication failed.",
)
CERTIFICATE = Certificate(
    "3fa9c2" * 10 + "11aa",
    "CN=mail.hoster.example",
    "CN=Example CA, O=Example",
    ("mail.hoster.example",),
    "2027-03-31 23:59 UTC",
)


def menu(album: Album) -> None:
    album.program.workspaces.current.save(SETTINGS, Passwords("pop-himitsu", "smtp-himitsu"))
    album.program.go.identify()
    assert isinstance(album.window.screen, MenuScreen)
    album.window.screen.on_show()
    album.take("menu")


def manual(album: Album) -> None:
    dialogs = album.window.dialogs
    album.dialog("manual", lambda: dialogs.show(ManualDialog, "how"))
    album.dialog(
        "manual-search",
        lambda: dialogs.show(ManualDialog, "mail"),
        lambda dialog: dialog.search.insert(0, "ポート"),
    )


def backups(album: Album) -> None:
    """Three copies, and what has come since the newest."""
    folder = album.program.workspaces.current.folder
    today = date.today()
    for day in (3, 2, 1):
        numbers(folder.database, *(f"kyaku.{day}.{n}@docomo.ne.jp" for n in range(14)))
        make_backup(folder.database, folder.backup_dir, today - timedelta(days=day))
    numbers(folder.database, *(f"kyaku.0.{n}@docomo.ne.jp" for n in range(5)))
    screen = _settings_screen(album)
    screen.select(IdPage)
    _to_the_end(album, screen.shop.scrolled)
    album.take("settings-id-below")
    album.dialog(
        "backups",
        screen.shop.backups.open_list,
        lambda dialog: album.wait(lambda: dialog.back_button.instate(["!disabled"])),
    )


def protection(album: Album) -> None:
    """What it means, the sheet, and the progress."""
    screen, dialogs = _settings_screen(album), album.window.dialogs
    screen.select(IdPage)
    row, workspace = screen.shop.protection, album.program.workspaces.current
    album.wait(lambda: row.begin_button.instate(["!disabled"]))
    screen.shop.scrolled.see(row.begin_button)
    album.wait(lambda: True)
    album.take("protection")
    album.dialog(
        "protection-begin",
        lambda: dialogs.show(
            SheetDialog,
            BEGINNING,
            workspace,
            album.window.jobs,
            dialogs,
            lambda code, progress: True,
            lambda: False,
        ),
    )
    for name, is_kept in (("protection-meaning", True), ("protection-meaning-no-place", False)):
        album.dialog(
            name,
            lambda is_kept=is_kept: dialogs.show(
                MeaningDialog, row.write_csv, is_kept=is_kept, has_members=is_kept
            ),
        )

    def saved(dialog: SheetDialog) -> None:
        dialog._sheet = Path("復元シート.pdf")
        dialog._enable()
        dialog._sheet = None  # nobody is told of it when the picture is taken
        dialog.bar.pack(fill="x", before=dialog.told)
        dialog.saved.configure(
            text="「復元シート.pdf」に保存しました。開いた画面から印刷してください。"
        )
        dialog.bar.configure(value=0.4)
        dialog.told.configure(text="書き直しています… 40%")

    for name, words in (("protection-sheet", BEGINNING), ("protection-renewed", RENEWING)):
        album.dialog(
            name,
            lambda words=words: dialogs.show(
                SheetDialog,
                words,
                workspace,
                album.window.jobs,
                dialogs,
                lambda code, progress: True,
                lambda: False,
            ),
            saved,
        )
    album.dialog(
        "protection-end",
        lambda: dialogs.show(
            TurnOffDialog, album.window.jobs, dialogs, lambda progress: True, lambda: False
        ),
    )


def _settings_screen(album: Album) -> SettingsScreen:
    """The one that is open, or a new one."""
    if not isinstance(album.window.screen, SettingsScreen):
        album.window.back_to(MenuScreen)
        album.program.go.settings()
    screen = album.window.screen
    assert isinstance(screen, SettingsScreen)
    album.wait(lambda: screen._saved_passwords is not None)
    return screen


def settings(album: Album) -> None:
    screen = _settings_screen(album)
    screen.shop.folder.value = "E:\\kollect\\data"
    for page, name in (
        (ControlPage, "settings-control"),
        (DuplicatePage, "settings-duplicate"),
        (MailPage, "settings-mail"),
        (IdPage, "settings-id"),
    ):
        screen.select(page)
        album.take(name)
    screen.select(MailPage)
    album.root.update()
    for _ in range(6):
        screen.mail.scrolled.scroll(1)
    album.take("settings-mail-middle")
    _to_the_end(album, screen.mail.scrolled)
    album.take("settings-mail-below")
    _to_the_end(album, screen.control.scrolled)
    screen.select(ControlPage)
    album.take("settings-control-below")
    screen.control.scrolled.see(screen.control.fields["collect", "reply_subject"].widget)
    screen.control.fields[
        "collect", "reply_body"
    ].value = "番号は★1★です。\nくわしくは https://bit.ly/3xAbCd\nﾖﾛｼｸお願いします。"
    screen.control.refresh()
    screen.control.check.look_now()
    album.take("settings-control-check-folded")
    screen.control.check.fold()
    album.take("settings-control-check")
    screen.control.check.fold()
    screen.control.show(SETTINGS)
    screen.control.refresh()
    screen.control.check.look_now()
    screen.select(MailPage)
    screen.mail.address.value = "tencho@biglobe.ne.jp"
    screen.mail.receive_host.value = ""
    screen.mail._propose()
    screen.mail.scrolled.see(screen.mail.address.widget)
    album.take("settings-mail-proposal")
    screen.mail.show(SETTINGS)
    screen.mail._propose()


def wrong_values(album: Album) -> None:
    screen = _settings_screen(album)
    screen.control.fields["collect", "interval_seconds"].value = 5
    screen.mail.receive_host.value = "https://pop.ocn.ne.jp/"
    screen.mail.fields["forward", "address"].value = "karamail@ocn.ne.jp"
    screen.save()
    album.take("settings-wrong-control")
    screen.select(MailPage)
    screen.mail.receive_host.focus()
    album.take("settings-wrong-mail")
    for page in screen.pages:
        page.show(SETTINGS)
        for field in page.fields.values():
            field.clear()
    screen.control.refresh()
    album.window.set_status("")


def mail_test(album: Album) -> None:
    from kollect.demo.server import DemoServer
    from kollect.demo.shop import demo_settings

    screen = _settings_screen(album)
    with DemoServer() as server:
        screen.mail.show(demo_settings(server))
        screen.mail.show_passwords(Passwords(server.password, server.password))
        screen.select(MailTestPage)
        album.take("settings-test")
        screen.test.run(Test.ALL)
        album.wait(lambda: not screen.test.running)
        album.take("settings-test-good")
        _to_the_end(album, screen.test.scrolled)
        album.take("settings-test-good-below")
        screen.mail.show_passwords(Passwords("wrong", "wrong"))
        screen.test.run(Test.RECEIVE)
        album.wait(lambda: not screen.test.running)
        album.take("settings-test-bad")
    screen.test._told(_certificate_step())
    screen.test._say(
        "うまくいかないところがあります。赤い ✗ のところをご覧ください。", "Bad.TLabel"
    )
    album.take("settings-test-certificate")
    dialogs = album.window.dialogs
    album.dialog("certificate", lambda: screen.test._pin(CERTIFICATE))
    screen.mail.show(SETTINGS)
    screen.mail.show_passwords(Passwords("pop-himitsu", "smtp-himitsu"))
    album.dialog("trouble", lambda: dialogs.show_error(TROUBLE))
    album.dialog(
        "trouble-detail",
        lambda: dialogs.show(TroubleDialog, TROUBLE),
        lambda dialog: dialog.toggle_detail(),
    )


def diagnosis(album: Album) -> None:
    """A good domain, a bad one, and Microsoft's servers entered. nsd is not for Windows."""
    if sys.platform == "win32":
        return
    screen = _settings_screen(album)
    screen.select(MailTestPage)
    with tempfile.TemporaryDirectory() as name, nsd.serving(Path(name), ZONES) as (host, port):
        os.environ[OTHER_SERVER] = f"{host}:{port}"
        for picture, domain in (("good", "good.example"), ("bad", "rejectnospf.example")):
            server = f"smtp.{domain}"
            screen.mail.show(
                replace(
                    SETTINGS,
                    mail_address=f"karamail@{domain}",
                    receive=replace(SETTINGS.receive, host=server),
                    send=replace(SETTINGS.send, host=server),
                )
            )
            screen.test.run(Test.DIAGNOSE)
            album.wait(lambda: not screen.test.running)
            album.take(f"settings-diagnosis-{picture}")
            _to_the_end(album, screen.test.scrolled)
            album.take(f"settings-diagnosis-{picture}-below")
        del os.environ[OTHER_SERVER]
    screen.mail.receive_host.value = "outlook.office365.com"
    screen.mail.send_host.value = "smtp.office365.com"
    screen.mail._note_servers()
    screen.select(MailPage)
    screen.mail.scrolled.see(screen.mail.address.widget)
    album.take("settings-mail-microsoft")
    screen.mail.show(SETTINGS)


def trial(album: Album) -> None:
    """「自分の携帯・Gmailで試す」: before, while it is waited for, and after each word."""
    from kollect.demo.server import DemoServer
    from kollect.demo.shop import demo_settings
    from tests.unit.test_authentication_results import GMAIL_FAILED, SENT

    workspace, dialogs = album.program.workspaces.current, album.window.dialogs

    with DemoServer() as server, ScriptedSmtp() as refusing:
        refusing.script.chunking = False
        refusing.script.fault = lambda at: (
            "550 Unknown user tencho@docomo.ne.jp" if at.verb == "RCPT" else None
        )
        settings = demo_settings(server)
        passwords = Passwords(server.password, server.password)

        def open_it(settings: Settings = settings) -> None:
            dialogs.show(TrialDialog, album.window, workspace, settings, passwords)

        def sent(dialog: TrialDialog, to: str = "tencho@docomo.ne.jp") -> None:
            dialog.to.value = to
            dialog.send_trial()
            album.wait(lambda: dialog.is_sent)

        def word(dialog: TrialDialog, word: TrialWord, to: str = "tencho@docomo.ne.jp") -> None:
            sent(dialog, to)
            album.settle(0.5)
            dialog.word_buttons[word].invoke()

        def pasted(dialog: TrialDialog, text: str) -> None:
            word(dialog, TrialWord.IN_JUNK, "tencho@gmail.com")
            album.settle(0.5)
            album.root.clipboard_clear()
            album.root.clipboard_append(text)
            dialog.source_text.event_generate("<<Paste>>")
            _to_the_end(album, _scrolled_in(dialog))

        album.dialog("trial", open_it)
        album.dialog("trial-sent", open_it, sent)
        for name, one in zip(("arrived", "junk", "missing"), TrialWord, strict=True):
            album.dialog(f"trial-{name}", open_it, lambda dialog, one=one: word(dialog, one))
        source = (GMAIL_FAILED + SENT).replace("touroku@shop.example", settings.mail_address)
        album.dialog("trial-source", open_it, lambda dialog: pasted(dialog, source))
        album.dialog("trial-rubbish", open_it, lambda dialog: pasted(dialog, "<html>Gmail</html>"))
        port = replace(settings.send, port=refusing.port, auth=Auth.NO)
        album.dialog(
            "trial-refused", lambda: open_it(replace(settings, send=port)), lambda d: sent(d)
        )


def setting_dialogs(album: Album) -> None:
    screen = _settings_screen(album)
    dialogs = album.window.dialogs
    album.dialog("template", lambda: dialogs.show(TemplateDialog))
    album.dialog("explanation", lambda: dialogs.show(ExplanationDialog))
    album.dialog(
        "explanation-below",
        lambda: dialogs.show(ExplanationDialog),
        lambda dialog: _to_the_end(album, _scrolled_in(dialog)),
    )
    album.dialog("demo", screen.ask_demo)
    ini = Path("E:\\kollect") / "kollect.ini"
    album.dialog("new-pin", lambda: dialogs.show(NewPinDialog))
    album.dialog(
        "ask-pin",
        lambda: dialogs.show(AskPinDialog, lambda typed: False, ini),
        lambda dialog: dialog.accept(),
    )
    album.dialog(
        "ask-pin-forgotten",
        lambda: dialogs.show(AskPinDialog, lambda typed: False, ini),
        lambda dialog: dialog.tell_way_in(),
    )
    album.dialog(
        "passwords",
        lambda: dialogs.show(PasswordDialog, SETTINGS, Passwords(), ("receive", "send"), True),
    )
    screen.control.fields["collect", "interval_seconds"].value = 30
    album.dialog("unsaved", lambda: screen.window.leave(lambda: None))


def server_search(album: Album) -> None:
    """「設定をさがす」: before, while it searches, and what it says at the end."""
    screen = _settings_screen(album)
    window, own = album.window, replace(SETTINGS, mail_address="info@aozora-books.jp")

    def open_it(settings: Settings, password: str = "himitsu-1") -> None:
        window.dialogs.show(
            FindServersDialog,
            *(window.jobs, window.dialogs, album.program.workspaces.current, settings, password),
        )

    def end_with(receive: SideState, provider: Provider | None) -> Callable[[Any], None]:
        def work(dialog: Any) -> None:
            dialog._set_running(True)
            dialog._job = Job(lambda *told: None)
            sides = (SideResult(MailSide.RECEIVE, receive), SideResult(MailSide.SEND, receive))
            dialog._tried(FoundServers(*sides, provider))

        return work

    def search(dialog: Any) -> None:
        dialog._set_running(True)
        dialog._tell("受信: imap.aozora-books.jp（IMAP 993） にログインしています…", "TLabel")

    album.dialog("find-servers", lambda: open_it(own))
    album.dialog("find-servers-running", lambda: open_it(own), search)
    album.dialog("find-servers-nothing", lambda: open_it(own), end_with(SideState.NOTHING, None))
    gmail = replace(SETTINGS, mail_address="aozora@gmail.com")
    refused = end_with(SideState.REFUSED, for_domain("aozora@gmail.com"))
    album.dialog("find-servers-refused", lambda: open_it(gmail), refused)
    album.dialog(
        "find-servers-incomplete",
        lambda: open_it(own, ""),
        lambda dialog: dialog.accept(),
    )
    dialogs = window.dialogs
    album.dialog(
        "find-servers-word",
        lambda: dialogs.choose(
            search_texts.WORD_TITLE,
            search_texts.of_word("aozora-books.jp"),
            search_texts.WORD_ANSWERS,
        ),
    )
    album.dialog(
        "find-servers-strangers",
        lambda: dialogs.choose(
            search_texts.STRANGERS_TITLE,
            search_texts.of_strangers(("imap.hoster.example",), "info@aozora-books.jp"),
            search_texts.STRANGERS_ANSWERS,
            careful=True,
        ),
    )
    screen.select(MailPage)
    screen.mail.show(gmail)
    provider = for_domain("aozora@gmail.com")
    assert provider is not None
    screen.mail.fill_in(provider)
    album.take("settings-mail-filled")
    screen.mail.show(SETTINGS)
    window.set_status("")


def protected(album: Album) -> None:
    from dataclasses import replace

    from kollect.settings.pin import hashed

    album.window.back_to(MenuScreen)
    place = album.program.workspaces.current
    place.save(
        replace(SETTINGS, shop=replace(SETTINGS.shop, pin=hashed("4649"))), place.passwords()
    )
    _settings_screen(album)
    album.take("settings-protected")
    album.window.back_to(MenuScreen)
    place.save(SETTINGS, place.passwords())
    album.program.go.identify()


def _certificate_step() -> object:
    from kollect.app.mail_test import MailTestPart, MailTestStep

    return MailTestStep(
        MailTestPart.SEND,
        Stage.CERTIFICATE,
        False,
        0.21,
        "送信サーバの証明書の名前が違います。証明書は「mail.hoster.example」のものでした。",
        "プロバイダの案内に「証明書の警告」の説明があれば、それに従ってください。",
        "Hostname mismatch, certificate is not valid for 'smtp.myshop.example'.",
        CERTIFICATE,
    )


def _to_the_end(album: Album, scrolled: ScrollFrame) -> None:
    album.settle()
    for _ in range(30):
        scrolled.scroll(1)


def _scrolled_in(dialog: object) -> ScrollFrame:
    from tests.helpers.ui_driver import all_inside

    return next(w for w in all_inside(dialog) if isinstance(w, ScrollFrame))


SCENES = (
    *start_scenes.SCENES,
    menu,
    *start_scenes.LATER_SCENES,
    manual,
    settings,
    wrong_values,
    mail_test,
    diagnosis,
    trial,
    setting_dialogs,
    server_search,
    protected,
    *collecting_scenes.SCENES,
    *results_scenes.SCENES,
    *member_scenes.SCENES,
    *mailing_scenes.SCENES,
    *schedule_scenes.SCENES,
    backups,
    protection,
)
"""In this order. A new screen's author adds a scene."""
NEEDED = menu
"""Saves the settings that the other scenes show."""
