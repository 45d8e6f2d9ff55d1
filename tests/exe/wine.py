"""Windows PCs on this machine, by Wine: programs started, listened to, killed, and what they leave.

The environment that Wine wants is made by windows.sh beside it; `./build.sh exe test` starts them.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

TOP = Path(__file__).resolve().parents[2]
EXE = TOP / "dist" / "kollect.exe"
PYTHON = TOP / ".cache" / "windows" / "python" / "python.exe"
INSIDE = Path(__file__).with_name("inside.py")
PATIENCE = 60.0
"""Seconds for what takes two of them, as other tests may be running."""


def windows_path(path: Path) -> str:
    """As Windows programs see it."""
    return "Z:" + str(path).replace("/", "\\")


@dataclass(frozen=True, slots=True)
class Done:
    """What a program that has ended had to say."""

    code: int
    out: str
    err: str


class Started:
    """A Windows program that is running. For Wine's sake its streams are pipes."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        self._said: dict[IO[bytes], bytes] = {}
        self._readers = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in (self._process.stdout, self._process.stderr)
        ]
        for reader in self._readers:
            reader.start()

    def wait(self, seconds: float = PATIENCE) -> Done:
        """Raises subprocess.TimeoutExpired."""
        code = self._process.wait(seconds)
        for reader in self._readers:
            # what it has started itself may still hold its streams
            reader.join(2)
        out, err = (self._said.get(s, b"") for s in (self._process.stdout, self._process.stderr))
        return Done(code, _text(out), _text(err))

    def _read(self, stream: IO[bytes]) -> None:
        while more := stream.read1():
            self._said[stream] = self._said.get(stream, b"") + more

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for reader in self._readers:
            reader.join(5)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            stream.close()


def _text(octets: bytes) -> str:
    return octets.decode("utf-8").replace("\r\n", "\n")


class PC:
    """A Windows PC of one's own: registry, passwords and user's folders, on the programs of the
    common one. Its user has a Japanese name.
    """

    def __init__(self, folder: Path) -> None:
        if not os.environ.get("KOLLECT_WINE") or not EXE.exists():
            pytest.fail("kollect.exe is tried by: ./build.sh exe")
        self._wine = os.environ["KOLLECT_WINE"]
        self._folder = folder
        self._started: list[Started] = []
        self._lay_out(Path(os.environ["WINEPREFIX"]))
        self.switch_on()

    @property
    def local_data(self) -> Path:
        """%LOCALAPPDATA%"""
        [local] = self._folder.glob("drive_c/users/*/AppData/Local")
        return local

    @property
    def temp(self) -> Path:
        """%TEMP%"""
        return self._folder / "drive_c/users/店員/Temp"

    @property
    def unpacked(self) -> list[Path]:
        """The folders into which the .exe has unpacked itself, at %LOCALAPPDATA%."""
        return list((self.local_data / "Kollect" / "program").glob("_MEI*"))

    def start(self, program: str | Path, *arguments: str | Path, **environment: str) -> Started:
        command = [self._wine, str(program), *map(str, arguments)]
        started = Started(command, self._environment() | environment)
        self._started.append(started)
        return started

    def python(self, *arguments: str | Path, seconds: float = PATIENCE) -> str:
        """What the Python of Windows prints."""
        done = self.start(PYTHON, *arguments).wait(seconds)
        assert done.code == 0, (done.code, done.out, done.err)
        return done.out

    def inside(self, *question: str | Path) -> Any:
        """What inside.py finds out on this PC."""
        return json.loads(self.python(INSIDE, *question))

    def crash(self) -> bool:
        """Have a thread of the program run into nowhere; whether that has come about."""
        return self.start(PYTHON, INSIDE, "crash").wait().code == 0

    def holds(self, secret: str) -> list[str]:
        """The files of its own that have this text in them, as it is. After `switch_off`."""
        codes = [secret.encode(code) for code in ("utf-8", "utf-16-le")]
        files = (
            Path(folder) / name
            for folder, _, names in os.walk(self._folder)  # not into what is shared
            for name in names
        )
        return [
            str(file)
            for file in files
            if file.is_file() and any(code in file.read_bytes() for code in codes)
        ]

    def switch_on(self) -> None:
        self._server("-p")  # else it starts anew for each program
        self.log_in()

    def log_in(self, **environment: str) -> None:
        """What is entered to start at login is started."""
        assert self.start("wineboot", **environment).wait().code == 0

    def log_off(self) -> None:
        """Every program is asked, told, and waited for. Returns when the session is over."""
        assert self.start("wineboot", "--end-session").wait().code == 0

    def switch_off(self) -> None:
        """Without a word to any program."""
        self._server("-k", "-w")
        for started in self._started:
            started.close()
        self._started.clear()

    def _environment(self) -> dict[str, str]:
        return os.environ | {"WINEPREFIX": str(self._folder)}

    def _server(self, *arguments: str) -> None:
        beside = Path(self._wine).with_name("wineserver")
        server = beside if beside.exists() else "wineserver"
        subprocess.run([server, *arguments], env=self._environment(), check=False, timeout=30)

    def _lay_out(self, common: Path) -> None:
        drive = self._folder / "drive_c"
        (self._folder / "dosdevices").mkdir(parents=True)
        (self._folder / "dosdevices" / "c:").symlink_to("../drive_c")
        (self._folder / "dosdevices" / "z:").symlink_to("/")
        for name in (".update-timestamp", "system.reg", "userdef.reg"):
            shutil.copy(common / name, self._folder)
        for name in ("windows", "Program Files", "ProgramData"):
            drive.mkdir(exist_ok=True)
            (drive / name).symlink_to(common / "drive_c" / name)
        shutil.copytree(common / "drive_c" / "users", drive / "users", symlinks=True)
        self.temp.mkdir(parents=True)
        registry = (common / "user.reg").read_text("ascii")
        for name in ("TEMP", "TMP"):
            line = next(ln for ln in registry.splitlines() if ln.startswith(f'"{name}"='))
            here = f'"{name}"="C:\\\\users\\\\\\x5e97\\x54e1\\\\Temp"'
            registry = registry.replace(line, here, 1)
        (self._folder / "user.reg").write_text(registry, "ascii")


class Stick:
    """A folder with kollect.exe in it, as a shop has it on its USB stick, in a PC."""

    def __init__(self, folder: Path, pc: PC) -> None:
        self.folder = folder
        self.pc = pc
        self._called = {windows_path(self.exe).lower()}
        if not self.exe.exists():
            folder.mkdir(parents=True)
            try:
                os.link(EXE, self.exe)  # fifteen megabytes for each test are not needed
            except OSError:
                shutil.copy(EXE, self.exe)

    @property
    def exe(self) -> Path:
        return self.folder / "kollect.exe"

    def put_into(self, pc: PC) -> None:
        """From now on it is in that PC."""
        self.pc = pc

    def move(self, folder: Path) -> None:
        """Everything on it to another folder, which is not there yet; programs know nothing."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder.rename(folder)
        self.folder = folder
        self._called.add(windows_path(self.exe).lower())

    def start(self, *arguments: str, **environment: str) -> Started:
        """A double click, or a command typed in this folder."""
        return self.pc.start(self.exe, *arguments, **environment)

    def run(self, *arguments: str, **environment: str) -> Done:
        return self.start(*arguments, **environment).wait()

    def processes(self) -> list[psutil.Process]:
        """Those of this stick's kollect.exe: the one that unpacks it, and the program."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                [name, *_] = process.cmdline() or [""]
                if name.lower() in self._called and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def kill(self) -> None:
        """As a power cut does: no process of ours gets another word in."""
        processes = self.processes()
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.suspend()
        for process in processes:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(processes, timeout=10)

    def nobody_left(self) -> bool:
        """Whether all processes are gone, or go within moments."""
        end = time.monotonic() + 10
        while self.processes():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def log(self) -> str:
        """All that stands in log/."""
        return "".join(file.read_text("utf-8") for file in sorted(self.folder.glob("log/*.txt")))

    def everything(self) -> bytes:
        """What lies on the stick beside the program."""
        files = (file for file in sorted(self.folder.rglob("*")) if file.is_file())
        return b"".join(file.read_bytes() for file in files if file != self.exe)
