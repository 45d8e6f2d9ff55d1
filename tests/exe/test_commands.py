"""kollect.exe as it is typed in, put into a pipe, or started by the task scheduler."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kollect import __version__
from tests.exe.wine import Done, Stick, windows_path


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """As with the switch of a stick; root is stopped by that too."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


IN_A_CONSOLE = Path(__file__).with_name("in_a_console.py")


def test_the_demo_plays_to_its_end(stick: Stick):
    done = stick.run("demo", "--headless")
    assert done.code == 0, done
    assert "✓ 番号は順番どおりで" in done.out
    assert "デモはすべて正しく終わりました。" in done.out
    assert done.err == ""
    assert stick.nobody_left()
    assert "デモはすべて正しく終わりました。" in stick.log()


def test_words_and_exit_codes(stick: Stick):
    for arguments, expected in {
        ("--version",): Done(0, f"コレクト {__version__}\n", ""),
        ("results",): Done(0, "0 件\n", ""),
        ("results", "--json"): Done(0, "[]\n", ""),
    }.items():
        assert stick.run(*arguments) == expected
    for arguments, complaint in {
        ("これは", "何"): "使い方が正しくありません: これは 何",
        ("collect", "--once"): "メールアドレス",
    }.items():
        done = stick.run(*arguments)
        assert done.code == 2
        assert done.out == ""
        assert complaint in done.err
        assert "Traceback" not in done.err


def test_what_is_asked_for_as_json_is_nothing_else(stick: Stick):
    done = stick.run("collect", "--once", "--json")
    assert done.code == 2
    assert "error" in json.loads(done.out)
    assert done.err == ""


def test_data_and_log_lie_beside_it(stick: Stick):
    stick.run("collect", "--once")
    names = {path.name for path in stick.folder.iterdir()}
    assert {"kollect.exe", "log", "kept", "backup"} <= names
    assert "collect: " in stick.log()


def test_data_elsewhere(stick: Stick, tmp_path: Path):
    elsewhere = tmp_path / "別の 場所"
    stick.run("collect", "--once", "--data", windows_path(elsewhere))
    assert (elsewhere / "log").is_dir()
    assert [path.name for path in stick.folder.iterdir()] == ["kollect.exe"]


def test_on_a_stick_that_is_read_only_the_users_own_folder_is_used(stick: Stick, tmp_path: Path):
    local = tmp_path / "locked"
    local.mkdir()
    with read_only(stick.folder):
        done = stick.run("collect", "--once")
    assert done.code == 2
    assert [path.name for path in stick.folder.iterdir()] == ["kollect.exe"]
    assert (stick.pc.local_data / "Kollect" / "log").is_dir()


def test_in_a_console_the_words_stand_there(stick: Stick):
    """Typed into a console: no pipe, no file, and not one stream of its own."""
    shown = stick.pc.python(IN_A_CONSOLE, windows_path(stick.exe), "demo", "--headless")
    assert shown.startswith("exit code 0\n")
    assert "山田花子さんの携帯" in shown
    assert "✓ 番号は順番どおりで、お客様ひとりに1つです\n" in shown
    assert "デモはすべて正しく終わりました。\n" in shown
