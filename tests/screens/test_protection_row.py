"""「データを保護する」 on the page 「ID」: on, a new sheet, off, with real files and ciphers."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keyring
import pytest
from keyring.backends import null
from keyring.errors import PasswordDeleteError

from kollect.app import data_protection
from kollect.app.first_steps import FirstStep
from kollect.app.preflight import BrokenOff, NeedsCode, come_inside, enter, open_protected
from kollect.demo.server import DemoServer
from kollect.demo.shop import demo_settings
from kollect.desktop import files
from kollect.desktop.lock import FolderLock
from kollect.ledger.ledger import Ledger
from kollect.protection import conversion
from kollect.protection.file_changes import Progress
from kollect.protection.recovery_code import RecoveryCode
from kollect.settings.model import Passwords, Settings
from kollect.storage import protection_mark
from kollect.storage.data_folder import DataFolder
from kollect.storage.export import READABLE
from kollect.storage.protection_mark import Protection
from kollect.ui.code_dialog import CodeDialog
from kollect.ui.framework.csv_file import OLD
from kollect.ui.main import Program
from kollect.ui.menu import LATER, OPEN_PROTECTION, MenuScreen
from kollect.ui.opening_dialog import GOING_ON, OpeningDialog
from kollect.ui.settings import protection_dialogs
from kollect.ui.settings.backup_row import ENCRYPTED
from kollect.ui.settings.forget_pc_dialog import (
    FORGET,
    NO_SHEET,
    NO_WAY_BACK,
    PDF_LEFT,
    QUESTION,
    ForgetCodeDialog,
)
from kollect.ui.settings.id_page import IdPage
from kollect.ui.settings.mail_test_page import MailTestPage
from kollect.ui.settings.protection_dialogs import MeaningDialog, SheetDialog, TurnOffDialog
from kollect.ui.settings.protection_row import GO_ON, NOT_KEPT
from kollect.ui.settings.screen import SettingsScreen
from tests.helpers.bar_driver import can_press_key
from tests.helpers.memory_keyring import MemoryKeyring
from tests.helpers.protected_shop import (
    CODE,
    NAME,
    SECRETS,
    holdings,
    readable,
    restart,
    shop,
)
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    settle_jobs,
    shown_text,
    type_in,
    until,
    window_named,
)
from tests.screens.conftest import StartProcess


@pytest.fixture
def pc() -> Iterator[MemoryKeyring]:
    before, here = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(here)
    yield here
    keyring.set_keyring(before)


@pytest.fixture
def data(program: Program, monkeypatch: pytest.MonkeyPatch) -> Iterator[DataFolder]:
    """Something of every kind in the folder of the program that is open."""
    folder = program.workspaces.real.folder
    shop(folder.path)
    monkeypatch.setattr(protection_dialogs, "open_file", lambda path: None)
    yield folder
    restart(folder)


def id_page(program: Program) -> IdPage:
    screen = program.window.open(SettingsScreen, program.workspaces, program.go, IdPage)
    settle(screen, lambda: can_press_key(screen.window))
    settle(screen, lambda: screen.shop.protection.state.cget("text") != "調べています…")
    return screen.shop


def state(page: IdPage) -> str:
    return str(page.protection.state.cget("text"))


def can_press(button: Any) -> bool:
    return bool(button.instate(["!disabled"]))


def go_on(dialog: MeaningDialog) -> None:
    press(dialog, "Return")


def save(dialogs: Person, dialog: SheetDialog, sheet: Path) -> None:
    dialogs.answers.append(sheet)
    click(dialog.sheet_button)
    settle(dialog, lambda: can_press(dialog.begin_button))


def letters(dialog: SheetDialog) -> str:
    """As they are read from the paper."""
    return "".join(dialog.code.letters[place - 1] for place in dialog.places).lower()


def with_sheet(
    dialogs: Person, sheet: Path, codes: list[RecoveryCode] | None = None
) -> Callable[[SheetDialog], None]:
    def work(dialog: SheetDialog) -> None:
        save(dialogs, dialog, sheet)
        if codes is not None:
            codes.append(dialog.code)
        type_in(dialog.letters.widget, letters(dialog))
        click(dialog.begin_button)
        settle(dialog.master, lambda: not dialog.winfo_exists())

    return work


def end(dialog: TurnOffDialog) -> None:
    click(dialog.begin_button)
    settle(dialog.master, lambda: not dialog.winfo_exists())


def protect(program: Program, dialogs: Person, sheet: Path) -> IdPage:
    page = id_page(program)
    dialogs.answers += [go_on, with_sheet(dialogs, sheet)]
    click(page.protection.begin_button)
    settle(page, lambda: state(page).startswith("保護しています"))
    return page


def test_on_while_mail_is_collected_then_a_new_sheet_then_off(
    program: Program,
    data: DataFolder,
    dialogs: Person,
    server: DemoServer,
    pc: MemoryKeyring,
    tmp_path: Path,
):
    workspace, before = program.workspaces.real, holdings(data)
    workspace.save(demo_settings(server), Passwords())
    assert set().union(*readable(data).values()) == set(SECRETS), "the search finds them"
    workspace.start_collecting()
    first = workspace.worker

    page = id_page(program)
    assert state(page) == "保護していません"
    for button in (page.protection.renew_button, page.protection.end_button):
        assert not can_press(button)
    codes: list[RecoveryCode] = []
    sheet = tmp_path / "sheet.pdf"
    dialogs.answers += [go_on, with_sheet(dialogs, sheet, codes)]
    click(page.protection.begin_button)
    settle(page, lambda: state(page).startswith("保護しています（"))
    assert sheet.read_bytes().startswith(b"%PDF")
    assert dialogs.asked[-1][0] == "データを保護しました"
    assert NOT_KEPT not in dialogs.asked[-1][1]
    assert readable(data) == {}
    assert pc.codes == [codes[0].written]
    settle(page, lambda: workspace.collecting)
    assert workspace.worker is not first, "it collects again"
    assert not can_press(page.protection.begin_button)

    dialogs.answers.append(with_sheet(dialogs, tmp_path / "new.pdf", codes))
    click(page.protection.renew_button)
    settle(page, lambda: dialogs.asked[-1][0] == "復元シートを作り直しました")
    settle(page, lambda: can_press(page.protection.end_button))
    assert pc.codes == [codes[1].written] != [codes[0].written]
    assert readable(data) == {}

    dialogs.answers.append(end)
    click(page.protection.end_button)
    settle(page, lambda: state(page) == "保護していません")
    assert pc.codes == []
    assert not protection_mark.is_marked(data.database)
    now = holdings(data)
    assert now["mail"] == before["mail"]
    assert now["kollect.db"]["member"] == before["kollect.db"]["member"]
    assert now["kollect.db"]["receipt"] == before["kollect.db"]["receipt"]
    assert not dialogs.troubles
    settle(page, lambda: workspace.collecting)


def test_wrong_letters_do_not_begin_and_whoever_leaves_is_told_of_the_sheet(
    program: Program, data: DataFolder, dialogs: Person, pc: MemoryKeyring, tmp_path: Path
):
    octets = data.database.read_bytes()

    def work(dialog: SheetDialog) -> None:
        assert not can_press(dialog.begin_button)
        press(dialog, "F12")
        save(dialogs, dialog, tmp_path / "sheet.pdf")
        right = letters(dialog)
        type_in(dialog.letters.widget, right[:3] + ("A" if right[3] != "a" else "B"))
        click(dialog.begin_button)
        assert "文字が違います" in dialog.letters.error.replace("\n", "")
        press(dialog, "Escape")

    dialogs.answers += [go_on, work]
    page = id_page(program)
    click(page.protection.begin_button)
    assert dialogs.asked[-1][0] == "データは元のままです"
    assert data.database.read_bytes() == octets
    assert pc.codes == []
    assert not protection_mark.is_marked(data.database)


def test_the_sheet_does_not_lie_among_the_data(
    program: Program, data: DataFolder, dialogs: Person, pc: MemoryKeyring
):
    def work(dialog: SheetDialog) -> None:
        dialogs.answers.append(data.path / "backup" / "sheet.pdf")
        click(dialog.sheet_button)
        assert [one.title for one in dialogs.troubles] == ["復元シートをこの場所には保存できません"]
        assert not can_press(dialog.begin_button)
        press(dialog, "Escape")

    dialogs.answers += [go_on, work]
    click(id_page(program).protection.begin_button)
    assert not list(data.path.rglob("*.pdf"))


class Held:
    """A change that waits at its second word of progress until it is let go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at_work, self.let_go = threading.Event(), threading.Event()
        self._run = conversion.run
        monkeypatch.setattr(conversion, "run", self._held)

    def _held(self, folder: DataFolder, mark: Any, code: RecoveryCode, progress: Progress) -> None:
        told = itertools.count(1)

        def watched(done: int, total: int) -> bool:
            if next(told) == 2:
                self.at_work.set()
                self.let_go.wait(30)
            return progress(done, total)

        self._run(folder, mark, code, watched)


@pytest.mark.parametrize("button", ["begin", "renew", "end"])
def test_stopped_half_way_everything_is_as_before(
    button: str,
    program: Program,
    data: DataFolder,
    dialogs: Person,
    pc: MemoryKeyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    page = id_page(program) if button == "begin" else protect(program, dialogs, tmp_path / "x.pdf")
    before, secrets, codes, shown = holdings(data), readable(data), pc.codes, state(page)
    held = Held(monkeypatch)
    way_back: list[str] = []

    def stop(dialog: SheetDialog | TurnOffDialog) -> None:
        click(dialog.begin_button)
        settle(dialog, held.at_work.is_set)
        assert dialog.leave_button.cget("text") == "中止"
        click(dialog.leave_button)
        assert not can_press(dialog.leave_button), "once is enough"
        way_back.append(dialog.told.text)
        held.let_go.set()
        settle(dialog, lambda: "中止しました" in dialog.told.text)
        assert can_press(dialog.begin_button) and dialog.leave_button.cget("text") == "キャンセル"
        press(dialog, "Escape")

    def with_letters(dialog: SheetDialog) -> None:
        save(dialogs, dialog, tmp_path / "sheet.pdf")
        type_in(dialog.letters.widget, letters(dialog))
        stop(dialog)

    acts = {"begin": [go_on, with_letters], "renew": [with_letters], "end": [stop]}
    dialogs.answers += acts[button]
    pressed = getattr(page.protection, f"{button}_button")
    click(pressed)
    settle(page, lambda: way_back and can_press(pressed))
    assert way_back == ["元に戻しています…"]
    assert state(page) == shown
    assert holdings(data) == before
    assert {name: found for name, found in readable(data).items() if "log" not in name} == {
        name: found for name, found in secrets.items() if "log" not in name
    }
    assert pc.codes == codes
    if button != "end":
        assert dialogs.asked[-1][0] == "データは元のままです"
        assert ("前の復元シートが、これまでどおり" in dialogs.asked[-1][1]) == (button == "renew")
    assert not dialogs.troubles


def test_what_is_gone_on_with_shows_how_far_it_has_come(
    program: Program,
    data: DataFolder,
    dialogs: Person,
    pc: MemoryKeyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    page = protect(program, dialogs, tmp_path / "sheet.pdf")
    mark = protection_mark.read(data.path)
    assert mark is not None
    protection_mark.write(data.path, replace(mark, state=Protection.TURNING_OFF))
    page.protection.look()
    settle(page, lambda: page.protection.begin_button.cget("text") == GO_ON)
    held, seen = Held(monkeypatch), []

    def wait(dialog: OpeningDialog[bool]) -> None:
        settle(dialog, lambda: held.at_work.is_set() and "%" in dialog.told.cget("text"))
        seen.append((dialog.told.cget("text"), float(dialog.bar.cget("value"))))
        press(dialog, "Escape")
        held.let_go.set()
        settle(dialog.master, lambda: not dialog.winfo_exists())

    dialogs.answers.append(wait)
    click(page.protection.begin_button)
    settle(page, lambda: state(page) == "保護していません")
    ((text, part),) = seen
    assert 0 < part < 1 and text == f"書き直しています… {part:.0%}"
    assert pc.codes == [], "the code opens nothing any more"


def test_a_full_disk_half_way_is_told_and_gone_on_with(
    program: Program,
    data: DataFolder,
    dialogs: Person,
    pc: MemoryKeyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    before = holdings(data)
    real, calls = files.replace, []

    def full(new: Path, path: Path) -> None:
        if path.suffix == ".converted":
            calls.append(path)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
        real(new, path)

    monkeypatch.setattr(files, "replace", full)
    dialogs.answers += [go_on, with_sheet(dialogs, tmp_path / "sheet.pdf")]
    page = id_page(program)
    click(page.protection.begin_button)
    settle(page, lambda: "途中で止まっています" in state(page))
    assert len(dialogs.troubles) == 1
    assert dialogs.asked[-1][0] == "作業が途中で止まりました"
    assert holdings(data) == before, "all can be read"

    def wait(dialog: Any) -> None:
        settle(dialog.master, lambda: not dialog.winfo_exists())

    assert page.protection.begin_button.cget("text") == GO_ON
    dialogs.answers.append(wait)
    click(page.protection.begin_button)
    settle(page, lambda: state(page).startswith("保護しています（"))
    assert readable(data) == {}
    assert len(pc.codes) == 1


def test_too_little_room_is_told_before_anything_is_changed(
    program: Program,
    data: DataFolder,
    dialogs: Person,
    pc: MemoryKeyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))

    def work(dialog: SheetDialog) -> None:
        save(dialogs, dialog, tmp_path / "sheet.pdf")
        type_in(dialog.letters.widget, letters(dialog))
        click(dialog.begin_button)
        settle(dialog, lambda: dialogs.troubles)
        assert "元のまま" in dialog.told.text
        assert can_press(dialog.begin_button), "with the same sheet once more"
        press(dialog, "Escape")

    dialogs.answers += [go_on, work]
    page = id_page(program)
    click(page.protection.begin_button)
    assert [one.title for one in dialogs.troubles] == ["ディスクの空きが足りません"]
    settle(page, lambda: state(page) == "保護していません")


def test_without_a_place_for_the_code_that_is_said_before(
    program: Program, data: DataFolder, dialogs: Person, pc: MemoryKeyring
):
    page = id_page(program)
    read: list[str] = []

    def work(dialog: MeaningDialog) -> None:
        text = "".join(shown_text(one) for one in all_inside(dialog))
        read.append(text.replace("\n", ""))  # where lines are folded
        dialog.cancel()

    dialogs.answers.append(work)
    click(page.protection.begin_button)
    assert "このパソコンと、紙に印刷した" in read[0]
    keyring.set_keyring(null.Keyring())
    page.protection.look()
    settle_jobs(program.window.screen)
    dialogs.answers.append(work)
    click(page.protection.begin_button)
    assert "起動するたびに" in read[1]
    assert "このパソコンと、紙に印刷した" not in read[1]


def test_where_this_pc_keeps_no_code_the_sheet_is_asked_for(
    program: Program, data: DataFolder, dialogs: Person, tmp_path: Path
):
    codes: list[RecoveryCode] = []
    page = id_page(program)
    dialogs.answers += [go_on, with_sheet(dialogs, tmp_path / "sheet.pdf", codes)]
    click(page.protection.begin_button)
    settle(page, lambda: can_press(page.protection.end_button))
    assert NOT_KEPT in dialogs.asked[-1][1]

    def type_code(dialog: CodeDialog) -> None:
        type_in(dialog.code.widget, CODE.written)
        press(dialog, "F12")
        settle(dialog, lambda: dialog.code.error)
        assert "このデータのものではありません" in dialog.code.error.replace("\n", "")
        type_in(dialog.code.widget, codes[0].written)
        press(dialog, "F12")
        settle(dialog.master, lambda: not dialog.winfo_exists())

    dialogs.answers += [type_code, end]
    click(page.protection.end_button)
    settle(page, lambda: state(page) == "保護していません")


def test_one_clear_file_for_the_safe(
    program: Program, data: DataFolder, dialogs: Person, tmp_path: Path
):
    target = tmp_path / "safe.csv"

    def work(dialog: MeaningDialog) -> None:
        dialogs.answers += [OLD, target]
        click(dialog.csv_button)
        settle(dialog, target.exists)
        press(dialog, "Escape")

    dialogs.answers.append(work)
    click(id_page(program).protection.begin_button)
    assert NAME in target.read_text("cp932")
    assert READABLE in dialogs.asked[-2][1]


def test_what_is_written_out_says_who_can_read_it(
    program: Program, data: DataFolder, dialogs: Person, pc: MemoryKeyring, tmp_path: Path
):
    page = protect(program, dialogs, tmp_path / "sheet.pdf")
    dialogs.answers.append("やめる")
    click(page.backups.out_button)
    assert dialogs.asked[-1][1] == ENCRYPTED


def test_not_in_the_middle_of_a_test_of_the_mail(
    program: Program, data: DataFolder, dialogs: Person, monkeypatch: pytest.MonkeyPatch
):
    page = id_page(program)
    monkeypatch.setattr(MailTestPage, "running", property(lambda self: True))
    click(page.protection.begin_button)
    assert dialogs.asked[-1][0] == "メールの設定のテストの途中です"


# ---- the PC is given away ----


def test_who_has_the_sheet_may_take_the_code_from_this_pc(
    program: Program,
    data: DataFolder,
    dialogs: Person,
    pc: MemoryKeyring,
    tmp_path: Path,
):
    program.workspaces.real.save(Settings(), Passwords("geheim", "geheim"))
    page = protect(program, dialogs, tmp_path / "sheet.pdf")
    kept = dict(pc.kept)
    assert len(kept) == 3 and len(pc.codes) == 1
    (written,) = pc.codes

    def has_none(dialog: ForgetCodeDialog) -> None:
        shown = "".join(shown_text(widget) for widget in all_inside(dialog)).replace("\n", "")
        assert all(told in shown for told in (NO_WAY_BACK, NO_SHEET, "メールのパスワード"))
        type_in(dialog.letters.widget, "????")
        click(labelled(dialog, FORGET))
        assert "文字が違います" in dialog.letters.error.replace("\n", "")
        press(dialog, "F12")
        assert dialog.winfo_exists()
        press(dialog, "Escape")

    dialogs.answers.append(has_none)
    click(page.forget_button)
    settle(page, lambda: not dialogs.answers)
    assert pc.kept == kept

    def has_it(dialog: ForgetCodeDialog) -> None:
        sheet = written.replace("-", "")
        type_in(dialog.letters.widget, "".join(sheet[place - 1] for place in dialog.places).lower())
        press(dialog, "F12")

    dialogs.answers.append(has_it)
    click(page.forget_button)
    program.window.root.mainloop()
    assert pc.kept == {}
    assert PDF_LEFT in dialogs.asked[-1][1]
    assert readable(data) == {}
    restart(data)
    assert come_inside(data) == NeedsCode()
    open_protected(data, written)
    assert come_inside(data) is None
    assert pc.codes == [written], "it is known here again"


def test_a_pc_that_keeps_no_code_has_none_to_forget(
    program: Program, data: DataFolder, dialogs: Person, tmp_path: Path
):
    page = protect(program, dialogs, tmp_path / "sheet.pdf")
    dialogs.answers.append("キャンセル")
    click(page.forget_button)
    settle(page, lambda: not dialogs.answers)
    assert dialogs.asked[-1][1] == QUESTION


@pytest.mark.parametrize("button", ["forget", "renew", "end"])
def test_a_double_click_asks_once(
    program: Program, data: DataFolder, dialogs: Person, pc: MemoryKeyring, tmp_path: Path,
    button: str,
):  # fmt: skip
    page = protect(program, dialogs, tmp_path / "sheet.pdf")
    row, asked = page.protection, len(dialogs.asked)
    pressed = {"forget": page.forget_button, "renew": row.renew_button, "end": row.end_button}
    for _ in range(2):  # and again, after it was left
        dialogs.answers.append(lambda dialog: press(dialog, "Escape"))
        pressed[button].invoke()
        pressed[button].invoke()
        settle(page, lambda: not dialogs.answers)
        settle_jobs(program.window.screen)
        asked += 1
        assert len(dialogs.asked) == asked


def test_a_code_that_the_pc_does_not_let_go_of_is_told(
    program: Program,
    data: DataFolder,
    dialogs: Person,
    pc: MemoryKeyring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    page = protect(program, dialogs, tmp_path / "sheet.pdf")
    ((service, _),) = pc.kept

    def held(service: str, username: str) -> None:
        raise PasswordDeleteError(service)

    monkeypatch.setattr(pc, "delete_password", held)

    def has_it(dialog: ForgetCodeDialog) -> None:
        sheet = pc.codes[0].replace("-", "")
        type_in(dialog.letters.widget, "".join(sheet[place - 1] for place in dialog.places))
        press(dialog, "F12")

    dialogs.answers.append(has_it)
    click(page.forget_button)
    program.window.root.mainloop()
    (trouble,) = dialogs.troubles
    assert trouble.title == "復元コードを消せませんでした"
    assert f"「{service}」を削除" in trouble.cure


# ---- the checklist ----


def step_text(program: Program, step: FirstStep) -> str:
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    settle(menu, menu.steps.winfo_ismapped)
    return str(menu.steps.buttons[step].cget("text"))


def test_the_checklist_leads_there_and_may_wait(program: Program, dialogs: Person):
    menu = program.window.screen
    assert isinstance(menu, MenuScreen)
    assert step_text(program, FirstStep.DATA) == "③ データの保護"
    dialogs.answers.append(LATER)
    click(menu.steps.buttons[FirstStep.DATA])
    settle(menu, lambda: step_text(program, FirstStep.DATA).endswith("－"))
    with closing(Ledger(program.workspaces.real.folder.database)) as ledger:
        assert ledger.get_metadata("protection") == "later"
    dialogs.answers.append(OPEN_PROTECTION)
    click(menu.steps.buttons[FirstStep.DATA])
    screen = program.window.screen
    assert isinstance(screen, SettingsScreen)
    button = screen.shop.protection.begin_button
    settle(screen, lambda: screen.focus_get() is button)


# ---- broken off, and the next start ----


def broken_off(folder: DataFolder) -> None:
    shop(folder.path)
    conversion.turn_on(folder, CODE)
    mark = protection_mark.read(folder.path)
    assert mark is not None
    protection_mark.write(
        folder.path,
        protection_mark.Mark(Protection.TURNING_OFF, mark.ledger, mark.fingerprint),
    )
    restart(folder)


@pytest.mark.real
def test_a_change_that_was_broken_off_is_seen_at_the_start(
    start_process: StartProcess, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
):
    broken_off(folder)
    monkeypatch.setenv("KOLLECT_DATA_CODE", CODE.written)
    lock = FolderLock(folder.path)
    try:
        assert enter(folder, lock) == BrokenOff()
        assert data_protection.is_broken_off(folder), "nothing is done before it can be seen"
    finally:
        lock.release()
    start_process()
    window_named(GOING_ON.title)
    window_named("KKRMN101")
    until(lambda: not protection_mark.is_marked(folder.database))
