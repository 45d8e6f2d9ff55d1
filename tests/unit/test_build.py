"""The scripts and the README that a newcomer begins with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kollect.__main__ import parser
from kollect.ledger.states import MailState
from kollect.settings import ini_format, validation

TOP = Path(__file__).parents[2]
BUILD_SH = TOP / "build.sh"
BUILD_BAT = TOP / "build.bat"
VERBS = {"demo", "test", "run", "exe"}

needs_bash = pytest.mark.skipif(
    sys.platform == "win32", reason="build.sh is for Linux, build.bat for Windows"
)


def bash(*arguments: str, cwd: Path = TOP) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", *arguments],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=30,
    )


def readme() -> str:
    return (TOP / "README.md").read_text(encoding="utf-8")


@needs_bash
@pytest.mark.parametrize("script", ["build.sh", ".ci/run"])
def test_scripts_parse_and_may_be_executed(script: str):
    assert bash("-n", script).returncode == 0
    assert os.access(TOP / script, os.X_OK)


@needs_bash
def test_the_part_for_windows_parses():
    assert bash("-n", "tests/exe/windows.sh").returncode == 0


@needs_bash
@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["--help"], [""]])
def test_an_unknown_verb_is_answered_in_one_line(arguments: list[str], tmp_path: Path):
    done = bash(str(BUILD_SH), *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert all(verb in line for verb in VERBS)


@needs_bash
def test_setting_up_again_does_nothing(tmp_path: Path):
    """A copy with a .venv that is marked as made goes straight to the program."""
    for name in ("build.sh", "requirements.txt"):
        shutil.copy(TOP / name, tmp_path)
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").write_text('#!/bin/sh\n[ "$1" = -c ] || echo "$@"\n')
    (venv / "bin" / "python").chmod(0o755)
    (venv / "made").touch()
    shutil.copy(TOP / "requirements.txt", venv / "requirements.txt.installed")
    assert bash(str(tmp_path / "build.sh"), "run", "check", "--json", cwd=Path("/")).stdout == (
        "-m kollect check --json\n"
    )
    (tmp_path / "requirements.txt").write_text("another==1\n")
    told = bash(str(tmp_path / "build.sh"), "run", cwd=Path("/")).stdout
    assert "-m pip install" in told, "a changed list is installed"
    assert told.endswith("-m kollect\n")
    assert not (venv / "installing").exists()


def test_both_scripts_know_the_same_verbs():
    sh = set(re.findall(r"^(\w+)\) ", BUILD_SH.read_text(encoding="utf-8"), re.MULTILINE))
    bat = set(re.findall(r'"%VERB%"=="(\w+)"', BUILD_BAT.read_text(encoding="ascii")))
    assert sh == bat == VERBS


def test_build_bat_is_what_cmd_reads_everywhere():
    octets = BUILD_BAT.read_bytes()
    assert octets.isascii()
    assert octets.count(b"\n") == octets.count(b"\r\n") > 50
    labels = set(re.findall(rb"^:(\w+)", octets, re.MULTILINE))
    used = set(re.findall(rb"(?:goto |call :)(\w+)", octets))
    assert used <= labels


def test_the_readme_begins_with_the_two_commands_and_ci_runs_them():
    block = re.search(r"```\n(.*?)```", readme(), re.DOTALL)
    assert block
    commands = [line.partition("#")[0].strip() for line in block[1].splitlines()]
    assert commands == ["./build.sh demo", "./build.sh test"]
    assert readme()[: block.start()].count("\n") < 15
    assert commands[1] in (TOP / ".ci" / "run").read_text(encoding="utf-8")


def test_the_readme_is_true():
    text = readme()
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (TOP / link).exists(), link
    tree = re.search(r"```\nkollect/\n(.*?)```", text, re.DOTALL)
    assert tree
    named = {
        name for line in tree[1].splitlines() for name in re.findall(r"[\w/]+\.py\b|\w+/", line)
    }
    rooms = {
        path.name + "/" for path in (TOP / "kollect").iterdir() if (path / "__init__.py").exists()
    }
    assert rooms <= named, "every room is in the picture"
    for name in named:
        there = name.endswith("/") and (TOP / "kollect" / name).is_dir()
        assert there or list((TOP / "kollect").rglob(name)), f"{name} is in the picture only"
    for step in MailState:
        assert f"`{step.name}`" in text


def test_every_picture_of_a_screen_is_in_the_readme():
    folder = TOP / "assets" / "screens"
    kept = {path.relative_to(TOP).as_posix() for path in folder.rglob("*.png")}
    assert kept == {*re.findall(r"\((assets/screens/[^)]+)\)", readme())}


def test_the_settings_in_the_readme_are_complete():
    [text] = re.findall(r"```ini\n(.*?)```", readme(), re.DOTALL)
    contents = ini_format.read(text)
    assert not contents.problems
    assert not contents.unknown
    assert not validation.problems(contents.settings)
    assert not validation.ready_to_collect(contents.settings)


def test_the_commands_in_the_readme_are_understood():
    commands = set(re.findall(r"`build\.bat (?:run )?(\w[^`]*)`", readme()))
    assert {"results --csv 一覧.csv", "collect --once", "demo --headless"} <= commands
    for command in commands - VERBS:
        assert parser().parse_args(command.split()).command == command.split()[0]


def test_every_requirement_is_exact():
    for name in ("requirements.txt", "tests/exe/requirements.txt", "tests/requirements.txt"):
        lines = [
            ln.partition("#")[0].strip() for ln in (TOP / name).read_text("utf-8").splitlines()
        ]
        for line in filter(None, lines):
            assert re.fullmatch(r"[\w.-]+==[\w.]+( ; .*)?", line), line
