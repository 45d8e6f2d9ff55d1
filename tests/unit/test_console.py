"""Where a command's words go, and that the .exe also writes them to its log."""

from __future__ import annotations

import io
import sys
from datetime import datetime
from pathlib import Path

import pytest

from kollect.__main__ import main
from kollect.desktop import console


def piped(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)


def written(stream: io.TextIOWrapper) -> bytes:
    return stream.buffer.getvalue()  # type: ignore[attr-defined]


class TestStreams:
    def test_no_letter_is_too_much_for_a_pipe(self, monkeypatch: pytest.MonkeyPatch):
        out, err = piped("cp932"), piped("ascii")
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        console.connect()
        print("✓ 番号 👓")
        print("誤り", file=sys.stderr)
        if sys.platform == "win32":
            assert written(out).decode().split() == ["✓", "番号", "👓"]
            assert written(err).decode().split() == ["誤り"]
        else:
            assert written(out).decode("cp932").split() == ["?", "番号", "?"]
            assert written(err) == b"??\n"

    def test_a_caller_without_a_console_stops_nothing(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(console, "_attach", lambda: False)
        nobody = console._CallersConsole()
        print("nobody hears it", file=nobody, flush=True)
        print("nor this", file=nobody)


class TestRecord:
    @pytest.fixture
    def log(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(sys, "frozen", True, raising=False)
        return tmp_path / "log" / f"{datetime.now():%Y-%m}.txt"

    def test_a_complaint_is_printed_and_logged(
        self, tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
    ):
        assert main(["--data", str(tmp_path), "collect", "--once"]) == 2
        complaint = capsys.readouterr().err.splitlines()[0]
        assert f"collect: {complaint}" in log.read_text("utf-8")

    def test_what_is_only_shown_is_not_logged(
        self, tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
    ):
        assert main(["--data", str(tmp_path), "results"]) == 0
        assert capsys.readouterr().out == "0 件\n"
        assert not log.exists()

    def test_what_is_done_is_logged(
        self, tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
    ):
        main(["--data", str(tmp_path), "restore", "--yes"])
        said = [line for text in capsys.readouterr() for line in text.splitlines()]
        assert said
        assert all(f"restore: {line}" in log.read_text("utf-8") for line in said)

    def test_from_source_nothing_is(
        self, tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.delattr(sys, "frozen")
        main(["--data", str(tmp_path), "restore", "--yes"])
        assert not log.exists()
