"""「届くかどうかの診断」 on its page: in the background, stopped, copied, told in order of need."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import pytest

from kollect.diagnosis.examination import OTHER_SERVER
from kollect.settings.model import Passwords, Receive, Send, Settings
from kollect.storage.database_driver import sqlite3
from kollect.ui.main import Program
from kollect.ui.settings.mail_page import MailPage
from kollect.ui.settings.mail_test_page import MailTestPage
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers import lying_dns, nsd
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.receipt_samples import FIRST, fill_receipts
from tests.helpers.ui_driver import all_inside, click, labelled, press, settle, shown_text, type_in
from tests.helpers.zones import ZONES

pytestmark = pytest.mark.real

BUTTON = "届くかどうかの診断"

SHOP = Settings(
    mail_address="shop@nodmarc.example",
    receive=Receive(host="smtp.nodmarc.example", account="shop"),
    send=Send(host="smtp.nodmarc.example", account="shop"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    with nsd.serving(tmp_path_factory.mktemp("nsd"), ZONES) as at:
        yield at


@pytest.fixture
def screen(
    program: Program, server: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> SettingsScreen:
    monkeypatch.setenv(OTHER_SERVER, f"{server[0]}:{server[1]}")
    program.workspaces.real.save(SHOP, Passwords(receive="x", send="x"))
    press(program.window.root, "4")
    screen = program.window.screen
    assert isinstance(screen, SettingsScreen)
    settle(screen, lambda: screen.function_keys()[0].enabled)
    screen.select(MailTestPage)
    screen.update()
    return screen


def texts(widget: tk.Misc) -> list[str]:
    return [shown_text(w) for w in all_inside(widget) if shown_text(w)]


def diagnose(screen: SettingsScreen) -> list[str]:
    click(labelled(screen.test, BUTTON))
    settle(screen, lambda: not screen.test.running)
    screen.update()
    return texts(screen.test)


def test_what_is_to_be_mended_stands_first_with_the_text_to_copy(screen: SettingsScreen):
    shown = diagnose(screen)
    assert any("△ が1か所" in text for text in shown)
    signs = [text for text in shown if text in ("✓", "△", "✗", "？")]
    assert signs == ["△", "✓", "✓", "✓"]
    assert "DMARCが書かれていません。" in shown
    copies = [w for w in all_inside(screen.test) if shown_text(w) == "コピー"]
    assert len(copies) == 2
    click(copies[0])
    assert screen.clipboard_get() == "_dmarc"
    click(copies[1])
    assert screen.clipboard_get() == "v=DMARC1; p=none"


def test_refused_replies_are_told_by_carrier_below_the_domain(
    program: Program, screen: SettingsScreen
):
    folder = program.workspaces.real.folder
    now = datetime.now().astimezone()
    fill_receipts(folder, 20, now, days=5)
    with closing(sqlite3.connect(folder.database)) as db, db:
        db.execute(
            "UPDATE receipt SET state = 'undeliverable', address = 'a@docomo.ne.jp',"
            " reason = '550 Unknown user a@docomo.ne.jp' WHERE number < ?",
            (FIRST + 3,),
        )
        db.execute("UPDATE receipt SET state = 'replied' WHERE number >= ?", (FIRST + 3,))
    shown = diagnose(screen)
    assert any("△ が1か所" in text for text in shown), "the shop has one thing to mend, as before"
    (docomo,) = [text for text in shown if text.startswith("docomo: ")]
    assert docomo.startswith("docomo: 宛先がないか、お客様の受信拒否設定です。（3件、")
    assert any("550 Unknown user" in text for text in shown)


def test_the_keyboard_reaches_what_is_to_be_copied(screen: SettingsScreen):
    diagnose(screen)
    copies = [w for w in all_inside(screen.test) if shown_text(w) == "コピー"]
    here: tk.Misc = labelled(screen.test, BUTTON)
    reached = []
    for _ in range(12):
        here = here.tk_focusNext()
        reached.append(here)
    assert set(copies) <= set(reached)


def test_what_is_not_saved_is_looked_at(screen: SettingsScreen):
    screen.select(MailPage)
    screen.update()
    type_in(screen.mail.address.widget, "shop@nospf.example")
    screen.select(MailTestPage)
    screen.update()
    assert any("届け出（SPF）がありません。" in text for text in diagnose(screen))


def test_a_slow_server_freezes_nothing_and_can_be_stopped(
    screen: SettingsScreen, monkeypatch: pytest.MonkeyPatch
):
    heart = Heartbeat(screen)
    with lying_dns.lying({}) as (host, port):
        monkeypatch.setenv(OTHER_SERVER, f"{host}:{port}")
        screen.mail.show(replace(SHOP, mail_address="shop@shop.silent"))

        def work() -> None:
            click(labelled(screen.test, BUTTON))
            settle(screen, lambda: heart.beats > 5)
            click(screen.test.stop_button)
            settle(screen, lambda: not screen.test.running)

        assert heart.during(work) < LONGEST_SILENCE
    assert "診断を中止しました。" in texts(screen.test)


def test_microsoft_is_said_where_its_server_is_typed(screen: SettingsScreen):
    def warned() -> bool:
        return any("2026年12月31日" in text for text in texts(screen.mail))

    screen.select(MailPage)
    screen.update()
    assert not warned()
    type_in(screen.mail.send_host.widget, "smtp.office365.com")
    screen.update()
    assert warned()
    type_in(screen.mail.send_host.widget, "smtp.nodmarc.example")
    screen.update()
    assert not any("2026年12月31日" in shown_text(w) for w in all_inside(screen.mail))
