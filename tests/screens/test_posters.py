"""「ポスターの一覧」: made, proved on a mail server, printed with its code, removed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from kollect.app import poster_trial
from kollect.app.poster_trial import PosterTrial
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.errors import GOES_ON, StorageTrouble, Trouble
from kollect.ledger.ledger import Ledger
from kollect.ledger.posters import Poster, Posters, proof_place
from kollect.mailing import mailto
from kollect.settings.model import Passwords, Settings, Shop, TextSize
from kollect.ui.main import Program
from kollect.ui.papers.posters_dialog import PostersDialog
from kollect.ui.papers.screen import PapersScreen
from tests.helpers.table_driver import column, rows
from tests.helpers.ui_driver import (
    Person,
    click,
    cut_off,
    focus,
    labelled,
    press,
    settle,
    settle_jobs,
    type_in,
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poster_trial, "LOOK_EVERY", 0.1)


@pytest.fixture
def shop(program: Program, server: DemoServer) -> Settings:
    """A shop whose mail server takes addresses with a plus."""
    settings = replace(demo_settings(server), shop=Shop(name="ベーカリー こむぎ"))
    program.workspaces.real.save(settings, Passwords(server.password, server.password))
    return settings


def open_papers(program: Program) -> PapersScreen:
    press(program.window.root, "7")
    screen = program.window.screen
    assert isinstance(screen, PapersScreen)
    settle_jobs(screen)
    return screen


def make(program: Program, *names: tuple[str, str], proven: bool = True) -> None:
    current = program.workspaces.current
    now = datetime.now().astimezone()
    with closing(Posters(current.folder.database)) as posters:
        for tag, name in names:
            posters.add(tag, name, now)
            if proven:
                posters.prove(tag, proof_place(current.settings()), now)


def in_dialog(screen: PapersScreen, dialogs: Person, work: Callable[[PostersDialog], None]) -> None:
    def then(dialog: PostersDialog) -> None:
        settle_jobs(screen)
        work(dialog)
        press(dialog, "Escape")

    dialogs.answers.append(then)
    click(screen.posters_button)
    settle_jobs(screen)
    assert not dialogs.answers


def offered(screen: PapersScreen) -> list[str]:
    return list(screen.poster.widget.cget("values"))


def choose(screen: PapersScreen, name: str) -> None:
    focus(screen.poster.widget)
    screen.poster.widget.current(offered(screen).index(name))
    screen.poster.widget.event_generate("<<ComboboxSelected>>")
    settle_jobs(screen)


def test_a_new_poster_is_proved_and_printed_with_its_own_address(
    program: Program, server: DemoServer, shop: Settings, dialogs: Person, tmp_path: Path
):
    screen = open_papers(program)
    assert offered(screen) == ["ふつうのアドレス"]

    def work(dialog: PostersDialog) -> None:
        type_in(dialog.name.widget, "レジ横")
        assert dialog.tag.value == "reji", "made of the name"
        click(dialog.add_button)
        settle(dialog, lambda: "届きました" in dialog.told.text)
        settle_jobs(screen)
        assert rows(dialog.table) == [("レジ横", "karamail+reji@shop.example", "0件", "✓ 届きます")]

    in_dialog(screen, dialogs, work)
    assert server.mailbox(server.shop_address).mails == (), "the test mail is gone again"
    assert offered(screen) == ["ふつうのアドレス", "レジ横"]
    choose(screen, "レジ横")
    path = tmp_path / "p.png"
    dialogs.answers.append(path)
    click(labelled(screen, "PNG"))
    settle(screen, lambda: "保存しました" in screen.window.status_text)
    assert dialogs.asked[-1] == ("店頭ポスターをPNGに保存", "店頭ポスター-レジ横.png")
    with Image.open(path) as image:
        (code,) = zxingcpp.read_barcodes(image)
    assert code.text == mailto.link("karamail+reji@shop.example")
    press(screen, "Escape")


def test_a_server_without_plus_addresses_prints_none(
    program: Program,
    server: DemoServer,
    shop: Settings,
    dialogs: Person,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("kollect.demo.store.is_own", lambda one, own: one.lower() == own.lower())
    monkeypatch.setattr(poster_trial, "WAIT_FOR", 0.5)
    screen = open_papers(program)

    def work(dialog: PostersDialog) -> None:
        type_in(dialog.name.widget, "入口")
        assert dialog.tag.value == "p1", "nothing can be made of kanji"
        click(dialog.add_button)
        settle(dialog, lambda: dialog.told.text.startswith("✗"))
        settle_jobs(screen)
        assert "届きません" in dialog.told.text
        assert "ふつうのアドレスのポスターをお使いください" in dialog.told.text
        assert column(dialog.table, 3) == ["✗ 未確認"]

    in_dialog(screen, dialogs, work)
    choose(screen, "入口")
    assert "まだ確かめていません" in screen.trouble.text
    assert not screen.function_keys()[-1].enabled
    assert all(str(button.cget("state")) == "disabled" for button in screen.save_buttons)
    choose(screen, "ふつうのアドレス")
    assert not screen.trouble.text or "住所" in screen.trouble.text
    assert screen.function_keys()[-1].enabled


def test_another_address_or_server_must_be_proved_again(
    program: Program, shop: Settings, dialogs: Person
):
    make(program, ("reji", "レジ横"))
    program.workspaces.real.save(
        replace(shop, mail_address="other@shop.example"), Passwords("a", "b")
    )
    screen = open_papers(program)
    choose(screen, "レジ横")
    assert "まだ確かめていません" in screen.trouble.text


@pytest.mark.parametrize(
    ("name", "tag", "wrong"),
    [
        ("", "", "ポスターの名前を入力してください"),
        ("あ" * 21, "a", "20文字まで"),
        ("レジ横", "レジ", "半角の英字と数字"),
        ("レジ横", "a b", "半角の英字と数字"),
        ("別の", "reji", "ほかのポスターが使っています"),
        ("前の", "betsu", "もうあります"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    program: Program, shop: Settings, dialogs: Person, name: str, tag: str, wrong: str
):
    make(program, ("reji", "前の"))
    screen = open_papers(program)

    def work(dialog: PostersDialog) -> None:
        type_in(dialog.name.widget, name)
        type_in(dialog.tag.widget, tag)
        click(dialog.add_button)
        settle(dialog, lambda: wrong in dialog.name.error + dialog.tag.error)
        assert len(rows(dialog.table)) == 1

    in_dialog(screen, dialogs, work)


def test_a_double_click_adds_one_poster_and_a_list_that_fails_ends_no_test(
    program: Program, shop: Settings, dialogs: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(poster_trial, "WAIT_FOR", 1.5)
    monkeypatch.setattr(PosterTrial, "_look_if_free", lambda *given: None)
    away = StorageTrouble("読めません", happened="USBメモリがありません。", cure=GOES_ON)
    screen = open_papers(program)

    def work(dialog: PostersDialog) -> None:
        type_in(dialog.name.widget, "レジ横")
        with monkeypatch.context() as broken:
            broken.setattr(Posters, "all", read_once_before(away))
            dialog.add()
            dialog.add()
            assert str(dialog.add_button.cget("state")) == "disabled"
            settle(dialog, lambda: "USBメモリがありません" in dialog.told.text)
        assert "もう一度試して" in dialog.told.text, "nothing goes on by itself"
        assert str(dialog.add_button.cget("state")) == "disabled", "the test is still under way"
        settle(dialog, lambda: dialog.told.text.startswith("✗"))
        settle_jobs(screen)
        assert not dialog.tag.error
        assert column(dialog.table, 0) == ["レジ横"]
        assert str(dialog.add_button.cget("state")) == "normal"

    in_dialog(screen, dialogs, work)


def read_once_before(trouble: Trouble) -> Callable[[Posters], list[Poster]]:
    """By 「加える」 itself; the list after it fails."""
    calls, read = [], Posters.all

    def fail(posters: Posters) -> list[Poster]:
        calls.append(posters)
        if len(calls) > 1:
            raise trouble
        return read(posters)

    return fail


def test_one_without_receptions_can_be_removed_and_no_other(
    program: Program, shop: Settings, dialogs: Person
):
    make(program, ("reji", "レジ横"), ("iriguchi", "入口"))
    database = program.workspaces.real.folder.database
    with closing(Ledger(database)) as ledger, ledger.transaction():
        now = datetime.now().astimezone()
        template = ledger.template_in_force("acknowledgement", "★1★", "★1★", now)
        ledger.give_number("a@b.jp", "a@b.jp", now, first=1, template=template, poster="reji")
    screen = open_papers(program)

    def work(dialog: PostersDialog) -> None:
        assert column(dialog.table, 2) == ["1件", "0件"]
        dialogs.answers.append("消す")
        click(dialog.remove_button)
        settle_jobs(screen)
        assert "消せません" in dialog.told.text
        dialog.table.show_row(1)
        settle_jobs(screen)
        dialogs.answers.append("消す")
        click(dialog.remove_button)
        settle(dialog, lambda: column(dialog.table, 0) == ["レジ横"])

    in_dialog(screen, dialogs, work)
    assert offered(screen) == ["ふつうのアドレス", "レジ横"]


def test_trouble_with_the_server_is_no_verdict(
    program: Program, server: DemoServer, shop: Settings, dialogs: Person
):
    make(program, ("reji", "レジ横"))
    away = replace(shop, send=replace(shop.send, port=1))
    program.workspaces.real.save(away, Passwords("a", "b"))
    screen = open_papers(program)

    def work(dialog: PostersDialog) -> None:
        click(dialog.prove_button)
        settle(dialog, lambda: "接続" in dialog.told.text)
        settle_jobs(screen)
        assert column(dialog.table, 3) == ["✓ 届きます"]

    in_dialog(screen, dialogs, work)


def test_a_name_that_is_not_in_the_font_is_named_before_printing(program: Program, shop: Settings):
    make(program, ("pan", "パン🍞ก"))
    screen = open_papers(program)
    choose(screen, "パン🍞ก")
    assert "ポスターの名前の「🍞」" in screen.trouble.text
    assert "ポスターの名前の「ก」" in screen.trouble.text
    assert screen.function_keys()[-1].enabled


@pytest.mark.parametrize("size", TextSize)
def test_nothing_is_cut_off(program: Program, shop: Settings, dialogs: Person, size: TextSize):
    make(program, ("reji", "レジ横"), ("iriguchi", "入口の看板"))
    screen = open_papers(program)
    screen.window.root.geometry("1024x524")
    screen.window.set_text_size(size)
    settle_jobs(screen)
    assert not cut_off(screen)

    def work(dialog: PostersDialog) -> None:
        dialog.update()
        assert not cut_off(dialog)
        assert dialog.winfo_height() <= 600
        assert dialog.table.room >= 2

    in_dialog(screen, dialogs, work)
