"""CSVから取り込み: shown before it is written, wrong lines named, all of it or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from kollect.members import csv_import
from kollect.members.csv_columns import CsvColumn
from kollect.members.member import Member
from kollect.members.repository import Members
from kollect.settings.model import TextSize
from kollect.ui.main import Program
from kollect.ui.members import member_import
from kollect.ui.members.member_import import MemberImportScreen
from kollect.ui.members.member_list import MemberListScreen
from tests.helpers.ledger_samples import NOW
from tests.helpers.member_samples import YAMADA, numbers, register, stored
from tests.helpers.ui_driver import (
    Person,
    all_inside,
    click,
    labelled,
    press,
    settle,
    settle_jobs,
    shown_text,
)

GOOD = "会員番号,氏名,ﾌﾘｶﾞﾅ,携帯,ひとこと\r\n1001,山田 太郎,やまだ,09012345678,常連さん\r\n"
WRONG = "受付番号,お名前,電話番号\r\n1001,,123\r\n1002,佐藤花子,\r\n4711,幽霊,\r\n"


@pytest.fixture
def database(program: Program) -> Path:
    path = program.workspaces.real.folder.database
    numbers(path, "taro@docomo.ne.jp", "hanako@ezweb.ne.jp")
    return path


@pytest.fixture
def screen(program: Program, database: Path) -> MemberImportScreen:
    members = program.window.open(MemberListScreen, program.workspaces, program.go)
    click(labelled(members, "CSVから取り込み"))
    screen = program.window.screen
    assert isinstance(screen, MemberImportScreen)
    return screen


def choose(screen: MemberImportScreen, dialogs: Person, path: Path) -> None:
    dialogs.answers.append(path)
    press(screen, "Return")  # the button has the focus
    settle_jobs(screen)
    assert screen.result.verdict.text


def written(tmp_path: Path, text: str, encoding: str = "cp932") -> Path:
    path = tmp_path / "会員.csv"
    path.write_bytes(text.encode(encoding))
    return path


def can_be_taken(screen: MemberImportScreen) -> bool:
    return screen.function_keys()[-1].enabled


def listed(screen: MemberImportScreen) -> list[tuple[str, ...]]:
    lines = screen.result.lines.plain.splitlines()
    return [(line.split("行目\t")[0], line.split("\t")[1]) for line in lines]


def test_a_good_file_is_shown_and_then_taken_in(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path, database: Path
):
    choose(screen, dialogs, written(tmp_path, GOOD))
    assert "（5列）" in screen.about.text
    assert [choice.value for choice in screen.matched.choices] == [
        *(CsvColumn.NUMBER, CsvColumn.NAME, CsvColumn.KANA, CsvColumn.PHONE, None),
    ]
    assert "例: 山田 太郎" in [shown_text(w) for w in all_inside(screen)]
    assert "新しい会員 1名" in screen.result.verdict.text
    assert listed(screen) == [("2", "1001　山田　太郎 様（新しい会員）")]
    assert stored(database, 1001) is None, "nothing is written before F12"
    dialogs.answers.append("取り込む")
    press(screen, "F12")
    settle(screen, lambda: screen.result.verdict.text.startswith("取り込みました"))
    member = stored(database, 1001)
    assert member is not None
    assert (member.name, member.phone, member.note) == ("山田　太郎", "090-1234-5678", "")
    assert not can_be_taken(screen), "once is enough"


def test_a_column_can_be_matched_by_hand(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path, database: Path
):
    choose(screen, dialogs, written(tmp_path, GOOD, "utf-8"))
    last = screen.matched.choices[-1].widget
    last.focus_force()
    last.current(list(CsvColumn).index(CsvColumn.NOTE) + 1)
    last.event_generate("<<ComboboxSelected>>")
    settle_jobs(screen)
    assert can_be_taken(screen)
    dialogs.answers.append("取り込む")
    press(screen, "F12")
    settle(screen, lambda: screen.result.verdict.text.startswith("取り込みました"))
    member = stored(database, 1001)
    assert member is not None
    assert member.note == "常連さん"


def test_who_said_no_stays_stopped_and_that_is_said(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path, database: Path
):
    register(database, YAMADA)
    with closing(Members(database)) as members:
        members.stop_member(1001, NOW, "メール")
    text = "受付番号,お名前,メール配信\r\n1001,山田 太郎,承諾する\r\n"
    choose(screen, dialogs, written(tmp_path, text))
    dialogs.answers.append("取り込む")
    press(screen, "F12")
    settle(screen, lambda: screen.result.verdict.text.startswith("取り込みました"))
    assert "1名（受付番号 1001）は、配信停止" in screen.result.verdict.text
    member = stored(database, 1001)
    assert member is not None
    assert member.standing.stopped_at == NOW


def test_every_wrong_line_is_named_and_nothing_is_taken_in(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path, database: Path
):
    choose(screen, dialogs, written(tmp_path, WRONG))
    lines = listed(screen)
    assert [line for line, _ in lines] == ["2", "2", "4"]
    assert "お名前" in lines[0][1]
    assert "4711" in lines[2][1]
    assert lines[1][1].startswith("電話番号") and lines[1][1].endswith("090-1234-5678"), "whole"
    assert not can_be_taken(screen)
    press(screen, "F12")
    with closing(Members(database)) as members:
        assert members.numbers() == []


def test_the_good_lines_alone_are_taken_in_and_the_others_saved(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path, database: Path
):
    choose(screen, dialogs, written(tmp_path, f"{GOOD}4711,幽霊,,,\r\n"))
    assert "取り込めない行が 1行" in screen.result.verdict.text
    assert not can_be_taken(screen)
    saved = tmp_path / "まちがい.csv"
    dialogs.answers += ["保存して取り込む", saved]
    click(screen.result.good_button)
    settle(screen, lambda: screen.result.verdict.text.startswith("取り込みました"))
    assert stored(database, 1001) is not None
    assert "4711,幽霊" in saved.read_text(encoding="utf-8-sig")
    assert not screen.result.good_button.winfo_ismapped()


def test_the_others_are_not_saved_over_the_list_itself(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path, database: Path
):
    """Its good lines would be nowhere, where the power fails before they are taken in."""
    path = written(tmp_path, f"{GOOD}4711,幽霊,,,\r\n")
    before = path.read_bytes()
    choose(screen, dialogs, path)
    dialogs.answers += ["保存して取り込む", path]
    click(screen.result.good_button)
    settle(screen, lambda: "もとのファイル" in screen.result.verdict.text)
    assert path.read_bytes() == before
    assert stored(database, 1001) is None
    assert can_be_mended(screen)


def can_be_mended(screen: MemberImportScreen) -> bool:
    return bool(screen.result.good_button.winfo_ismapped())


def test_a_workbook_is_no_csv_and_is_told_so(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path
):
    path = tmp_path / "会員.xlsx"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    choose(screen, dialogs, path)
    assert "Excel" in screen.result.verdict.text
    assert not can_be_taken(screen)


def test_who_is_registered_already_is_corrected(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path, database: Path
):
    register(database, YAMADA)
    choose(screen, dialogs, written(tmp_path, "受付番号,備考\r\n1001,引っ越し\r\n"))
    assert "登録済みの会員 1名" in screen.result.verdict.text
    dialogs.answers.append("取り込む")
    press(screen, "F12")
    settle(screen, lambda: "修正 1名" in screen.result.verdict.text)
    member = stored(database, 1001)
    assert member is not None
    assert (member.name, member.note) == ("山田　太郎", "引っ越し")


def test_a_column_chosen_twice_is_refused(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path
):
    choose(screen, dialogs, written(tmp_path, GOOD))
    last = screen.matched.choices[-1].widget
    last.current(list(CsvColumn).index(CsvColumn.NAME) + 1)
    last.event_generate("<<ComboboxSelected>>")
    settle(screen, lambda: "2つ以上の列" in screen.result.verdict.text)
    assert not can_be_taken(screen)


MANY = 60


def until(there: Callable[[], object]) -> None:
    """As `settle`, in a thread that is not Tk's."""
    while not there():
        time.sleep(0.001)


@pytest.fixture
def said(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path, database: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> list[str]:  # fmt: skip
    """A file of sixty, chosen and good; then all that the screen says."""
    monkeypatch.setattr(member_import, "TOLD_EVERY", 10)
    numbers(database, *(f"guest{n}@docomo.ne.jp" for n in range(MANY)))
    rows = "".join(f"{1003 + n},会員{n}\r\n" for n in range(MANY))
    choose(screen, dialogs, written(tmp_path, f"受付番号,お名前\r\n{rows}"))
    texts: list[str] = []
    say = screen.result.set_text

    def listen(text: str, style: str = "TLabel") -> None:
        texts.append(text)
        say(text, style)

    monkeypatch.setattr(screen.result, "set_text", listen)
    dialogs.answers.append("取り込む")
    return texts


def test_how_far_the_writing_is(screen: MemberImportScreen, said: list[str], database: Path):
    press(screen, "F12")
    settle(screen, lambda: said and said[-1].startswith("取り込みました"))
    assert [text for text in said if "／" in text] == [
        f"取り込んでいます… {n} ／ {MANY}名" for n in range(0, MANY, 10)
    ]
    with closing(Members(database)) as members:
        assert len(members.numbers()) == MANY


def test_stopped_in_the_middle_of_the_writing_nothing_is_written(
    screen: MemberImportScreen, said: list[str], database: Path, monkeypatch: pytest.MonkeyPatch
):
    register_some = Members.register_all

    def stop_at_the_third(members: Members, new: list[tuple[Member, bool]], *rest: object) -> None:
        register_some(members, new, *rest)
        if new[0][0].number == 1023:
            until(lambda: screen._job)  # this thread may be faster than the one that began it
            screen._job.stop()

    monkeypatch.setattr(csv_import, "AT_ONCE", 10)
    monkeypatch.setattr(Members, "register_all", stop_at_the_third)
    press(screen, "F12")
    settle(screen, lambda: said and "1件も取り込んでいません" in said[-1])
    with closing(Members(database)) as members:
        assert members.numbers() == []
    assert can_be_taken(screen)


def test_on_the_smallest_display_with_the_largest_letters_several_lines_can_be_read(
    screen: MemberImportScreen, dialogs: Person, tmp_path: Path
):
    root = screen.window.root
    root.geometry("1024x524+0+0")
    screen.window.set_text_size(TextSize.HUGE)
    choose(screen, dialogs, written(tmp_path, WRONG))
    lines = screen.result.lines.text
    settle(screen, lambda: root.winfo_height() == 524 and lines.dlineinfo("1.0"))
    line = lines.dlineinfo("1.0")
    assert line is not None
    assert lines.winfo_height() >= 2 * line[3]
