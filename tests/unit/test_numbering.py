"""The 受付番号 with its zeros, as it was told to the customer: in commands and files."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kollect import __main__
from kollect.ledger.ledger import Ledger
from kollect.settings import ini_file
from kollect.settings.model import Settings
from kollect.settings.number_format import number_text
from tests.helpers.ledger_samples import numbered


@pytest.mark.parametrize(
    ("number", "digits", "text"), [(7, 0, "7"), (7, 3, "007"), (1001, 3, "1001")]
)
def test_zeros(number: int, digits: int, text: str):
    assert number_text(number, digits) == text


def test_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    collect = replace(Settings().collect, number_digits=6)
    ini_file.save(tmp_path / "kollect.ini", Settings(collect=collect))
    with closing(Ledger(tmp_path / "kollect.db")) as ledger:
        numbered(ledger, "a@x.jp")
    (tmp_path / "members.csv").write_text("受付番号,お名前\n001001,山田\n", "utf-8")
    out = tmp_path / "out.csv"
    data = ("--data", str(tmp_path))

    def run(*arguments: str) -> str:
        assert __main__.main([*arguments, *data]) == 0
        return capsys.readouterr().out

    assert run("results").startswith("001001\ta@x.jp")
    assert json.loads(run("results", "--json"))[0]["number"] == 1001
    run("results", "--csv", str(out))
    assert b"\r\n001001," in out.read_bytes()
    run("members", "import", str(tmp_path / "members.csv"))
    for action in ("export", "consents"):
        run("members", action, str(out))
    run("members", "export", str(out))
    assert b"\r\n001001," in out.read_bytes()
