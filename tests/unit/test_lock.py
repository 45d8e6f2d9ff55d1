"""One program for each data folder, and the second start that calls the first."""

from __future__ import annotations

import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kollect.desktop import lock
from kollect.desktop.desktop_session import Desktop, desktop
from kollect.desktop.lock import FolderLock, notify_running_instance
from kollect.errors import AlreadyRunning

HOLDER = """
import sys, time
from pathlib import Path
from kollect.desktop.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
lock.acquire()
lock.listen(lambda: print("called", flush=True))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that holds the folder and listens."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        cwd=Path(lock.__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_one_holder_at_a_time(tmp_path: Path):
    with FolderLock(tmp_path), pytest.raises(AlreadyRunning) as caught:
        FolderLock(tmp_path).acquire()
    assert str(tmp_path) in caught.value.happened
    assert "もう動いています" in caught.value.title and caught.value.cure
    with FolderLock(tmp_path):
        pass


def test_folders_do_not_disturb_each_other(tmp_path: Path):
    (tmp_path / "店").mkdir()
    with FolderLock(tmp_path), FolderLock(tmp_path / "店"):
        pass


def test_no_folder(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        FolderLock(tmp_path / "gone").acquire()


def test_release_without_acquire(tmp_path: Path):
    with FolderLock(tmp_path):
        FolderLock(tmp_path).release()
        with pytest.raises(AlreadyRunning):
            FolderLock(tmp_path).acquire()


@pytest.mark.real
def test_the_lock_dies_with_its_process(tmp_path: Path, holder: subprocess.Popen):
    with pytest.raises(AlreadyRunning):
        FolderLock(tmp_path).acquire()
    holder.kill()
    holder.wait()
    assert (tmp_path / "kollect.running").exists()
    assert not notify_running_instance(tmp_path, patience=0.1)
    with FolderLock(tmp_path):
        assert not (tmp_path / "kollect.running").exists()


@pytest.mark.real
def test_the_second_start_calls_the_first(tmp_path: Path, holder: subprocess.Popen):
    assert notify_running_instance(tmp_path)
    assert notify_running_instance(tmp_path)
    assert holder.stdout.readline() == "called\n"
    assert holder.stdout.readline() == "called\n"


@pytest.fixture
def calls(tmp_path: Path):
    """Calls that reach a listener in this process."""
    reached: queue.Queue[int] = queue.Queue()
    with FolderLock(tmp_path) as held:
        held.listen(lambda: reached.put(1))
        yield reached


def beacon(folder: Path) -> dict:
    return json.loads((folder / "kollect.running").read_text())


def test_only_who_knows_the_token_is_heard(tmp_path: Path, calls: queue.Queue):
    told = beacon(tmp_path)
    for line in (b"show\n", b"x" * 64 + b" show\n", b"\xff" * 300, b"\n", b""):
        with socket.create_connection(("127.0.0.1", told["port"]), timeout=5) as stranger:
            try:
                stranger.sendall(line)
                stranger.shutdown(socket.SHUT_WR)
                assert stranger.recv(10) == b""
            except OSError as error:  # hung up on without being read to the end
                assert not isinstance(error, TimeoutError)
    assert calls.empty()
    assert notify_running_instance(tmp_path)
    assert calls.get(timeout=30) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no such rights on Windows")
def test_the_token_is_for_this_user_only(tmp_path: Path, calls: queue.Queue):
    assert os.stat(tmp_path / "kollect.running").st_mode & 0o077 == 0


def test_a_silent_caller_holds_nobody_up_for_long(
    tmp_path: Path, calls: queue.Queue, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lock, "_PATIENCE", 0.2)
    with socket.create_connection(("127.0.0.1", beacon(tmp_path)["port"])):
        time.sleep(0.05)
        assert notify_running_instance(tmp_path, patience=5)
    assert calls.get(timeout=30) == 1


@pytest.mark.expects_errors
def test_a_failing_callback_does_not_end_the_listening(tmp_path: Path):
    reached = threading.Semaphore(0)

    def fail() -> None:
        reached.release()
        raise RuntimeError("no window")

    with FolderLock(tmp_path) as held:
        held.listen(fail)
        for _ in range(2):
            assert notify_running_instance(tmp_path)
            assert reached.acquire(timeout=5)


def test_after_release_nobody_answers_and_no_thread_is_left(tmp_path: Path):
    threads = threading.active_count()
    with FolderLock(tmp_path) as held:
        held.listen(lambda: None)
        port = beacon(tmp_path)["port"]
        assert threading.active_count() == threads + 1
    assert threading.active_count() == threads
    assert not (tmp_path / "kollect.running").exists()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"port": 1}',
        '{"port": 0, "token": "", "pid": 1}',
        "\xff",
        "1" * 5000,
    ],
)
def test_nonsense_beside_the_lock(tmp_path: Path, text: str):
    (tmp_path / "kollect.running").write_text(text, "latin-1")
    assert not notify_running_instance(tmp_path, patience=0)
    with FolderLock(tmp_path) as held:
        held.listen(lambda: None)
        assert notify_running_instance(tmp_path)


def test_another_program_behind_the_old_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lock, "_PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as other:
        told = {"port": other.getsockname()[1], "token": "0" * 64, "pid": 1}
        (tmp_path / "kollect.running").write_text(json.dumps(told))
        assert not notify_running_instance(tmp_path, patience=0)  # it says nothing
        answering = threading.Thread(target=lambda: other.accept()[0].sendall(b"220 hello\n" * 99))
        other.accept()[0].close()
        answering.start()
        assert not notify_running_instance(tmp_path, patience=0)
        answering.join()


def test_the_second_start_waits_for_a_first_that_is_not_listening_yet(tmp_path: Path):
    with FolderLock(tmp_path) as held:
        later = threading.Timer(0.2, held.listen, [lambda: None])
        later.start()
        assert notify_running_instance(tmp_path, patience=10)
        later.join()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> list[Desktop]:
    """The desktops of this process, the last one counts."""
    now = [Desktop("店長", "1")]
    monkeypatch.setattr(lock, "desktop", lambda: now[-1])
    return now


@pytest.mark.parametrize(
    ("second", "title"),
    [
        (Desktop("店員", "2"), "別の利用者の画面"),
        (Desktop("店長", "2"), "別の画面"),
        (Desktop("店員", "1"), "別の利用者の画面"),
    ],
)
def test_a_first_on_another_desktop_is_told(
    tmp_path: Path, elsewhere: list[Desktop], second: Desktop, title: str
):
    reached: queue.Queue[int] = queue.Queue()
    with FolderLock(tmp_path) as held:
        held.listen(lambda: reached.put(1))
        elsewhere.append(second)
        with pytest.raises(AlreadyRunning) as caught:
            notify_running_instance(tmp_path)
        assert title in caught.value.title
        assert str(tmp_path) in caught.value.happened
        assert ("「店長」" in caught.value.happened) == (second.user != "店長")
        assert reached.empty(), "nobody there has asked for a window"
        elsewhere.append(Desktop("店長", "1"))
        assert notify_running_instance(tmp_path)
        assert reached.get(timeout=30) == 1


def test_one_that_was_killed_elsewhere_is_nowhere(tmp_path: Path, elsewhere: list[Desktop]):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    told = {"port": port, "token": "0", "pid": 1, "user": "店長", "session": "1"}
    (tmp_path / "kollect.running").write_text(json.dumps(told))
    elsewhere.append(Desktop("店員", "2"))
    assert not notify_running_instance(tmp_path, patience=0)
    with FolderLock(tmp_path):
        pass


def test_a_lock_of_another_user_is_no_trouble_with_the_disk(
    tmp_path: Path, elsewhere: list[Desktop], monkeypatch: pytest.MonkeyPatch
):
    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "another user's")

    with FolderLock(tmp_path) as held:
        held.listen(lambda: None)
        monkeypatch.setattr("builtins.open", closed)
        with pytest.raises(PermissionError):
            FolderLock(tmp_path).acquire()
        elsewhere.append(Desktop("店員", "2"))
        with pytest.raises(AlreadyRunning, match="別の利用者"):
            FolderLock(tmp_path).acquire()


def test_what_a_version_before_has_told_is_understood(tmp_path: Path, calls: queue.Queue):
    told = beacon(tmp_path)
    del told["user"], told["session"]
    (tmp_path / "kollect.running").write_text(json.dumps(told))
    assert notify_running_instance(tmp_path)
    assert calls.get(timeout=30) == 1


@pytest.mark.parametrize(
    ("display", "wayland", "session"),
    [
        (":0", "", ":0"),
        (":0.0", "", ":0"),
        ("pc:10.1", "", "pc:10"),
        (":0", "wayland-1", "wayland-1"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="has numbers")
def test_the_session_of_a_display(
    display: str, wayland: str, session: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.setenv("WAYLAND_DISPLAY", wayland)
    assert desktop().session == session
