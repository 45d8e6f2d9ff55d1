"""会員一覧 with a hundred thousand members: the window answers while it searches and scrolls."""

from __future__ import annotations

import pytest

from kollect.ui.main import Program
from kollect.ui.members.member_list import MemberListScreen
from tests.helpers.heartbeat import LONGEST_SILENCE, Heartbeat
from tests.helpers.ui_driver import Person, click, labelled, press, settle, settle_jobs, type_in
from tests.servers.crowd import fill_members


@pytest.mark.slow
def test_the_window_answers_all_the_time(program: Program, dialogs: Person, tmp_path):
    fill_members(program.workspaces.real.folder.database, 100_000)
    heart = Heartbeat(program.window.root)
    heart.start()
    screen = program.window.open(MemberListScreen, program.workspaces, program.go)
    settle(screen, lambda: len(screen.table.row_keys) == 100_000)
    for typed in ("山", "山田", "09012", "docomo", ""):
        type_in(screen.search, typed)
        choice = screen.choice()
        settle(screen, lambda: not screen._soon.waits)
        settle_jobs(screen)
        assert choice.text == typed
    settle(screen, lambda: len(screen.table.row_keys) == 100_000)
    screen.table.focus_rows()
    press(screen, *["Next"] * 20, "End")
    last = screen.table.row_keys[-1]
    settle(screen, lambda: screen.table.current == last)
    tree = screen.table.tree
    settle(screen, lambda: str(tree.item(tree.get_children()[-1], "values")[0]) == str(last))
    dialogs.answers += ["古いソフト用", tmp_path / "会員.csv"]
    click(labelled(screen, "CSVへ取り出し"))
    click(screen.files.stop_button)
    settle(screen, lambda: "中止しました" in screen.window.status_text)
    assert not (tmp_path / "会員.csv").exists()
    assert heart.stop() < LONGEST_SILENCE
