"""「Windowsログイン時の起動」: a value in the registry (HKCU, Run), elsewhere an autostart file.

Both belong to the user and need no rights. There is one entry for each user of a PC: the program
that was switched on last has it. Knows nothing of the settings.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kollect.desktop import files
from kollect.errors import StorageTrouble

IN_TRAY = "--tray"
"""With this argument the program starts collecting, and only its icon is seen."""

_NAME = "Kollect"


def own_command(*arguments: str) -> list[str]:
    """The command that starts this very program, wherever it lies now, with these arguments."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    # from source: `-m kollect` would depend on the folder that it is started in
    top = str(Path(__file__).parents[2])
    start = f"import sys; sys.path.insert(0, {top!r}); from kollect.__main__ import main; main()"
    return [_without_console(sys.executable), "-c", start, *arguments]


def set_autostart(on: bool, command: Sequence[str]) -> None:
    """From now on start this command at each login, or (`on` false) nothing of ours.

    Raises StorageTrouble.
    """
    try:
        if on:
            _write(as_entered(command))
        else:
            _remove()
    except OSError as error:
        raise StorageTrouble(
            "ログイン時の起動を変えられません",
            happened="「Windowsログイン時の起動」の登録が、パソコンに断られました。",
            cure="ウイルス対策ソフトや、パソコンの管理者による制限が原因のことがあります。"
            "ほかの機能は、このままお使いになれます。",
            detail=str(error),
        ) from error


def autostart_command() -> str | None:
    """The command line that is entered, as the system has it; None where there is none."""
    try:
        return _read()
    except OSError:  # what we may not read was not entered by us
        return None


def sync_autostart(on: bool, command: Sequence[str]) -> bool:
    """Mend the entry where the program has moved; says whether there was anything to mend.

    Called at each start with the setting. Where it is off, only an entry of this same program is
    removed: another copy on this PC may have its own. Raises StorageTrouble.
    """
    entered = autostart_command()
    ours = as_entered(command)
    if on and entered != ours:
        set_autostart(True, command)
        return True
    if not on and entered is not None and entered == ours:
        set_autostart(False, command)
        return True
    return False


if sys.platform == "win32":
    import winreg

    _RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"

    def as_entered(command: Sequence[str]) -> str:
        """The command as one line, in the way of this system."""
        # always in quotes: "C:\\Program Files\\…" without them may start C:\\Program.exe
        return f'"{command[0]}" {subprocess.list2cmdline(command[1:])}'.rstrip()

    def _without_console(python: str) -> str:
        windowed = Path(python).with_name("pythonw.exe")
        return str(windowed) if windowed.exists() else python

    def _read() -> str | None:
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN) as run:
                return str(winreg.QueryValueEx(run, _NAME)[0])
        except FileNotFoundError:
            return None

    def _write(line: str) -> None:
        with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as run:
            winreg.SetValueEx(run, _NAME, 0, winreg.REG_SZ, line)

    def _remove() -> None:
        with (
            contextlib.suppress(FileNotFoundError),
            winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN, access=winreg.KEY_SET_VALUE) as run,
        ):
            winreg.DeleteValue(run, _NAME)

else:
    _EXEC = "Exec="

    def as_entered(command: Sequence[str]) -> str:
        """The command as one line, in the way of this system."""
        return " ".join(map(_quoted, command))

    def _quoted(argument: str) -> str:
        # Desktop Entry Specification: within quotes " ` $ \\ want a \\, which is doubled again as
        # the value of a key, and % is %%
        for letter in '\\"`$':
            argument = argument.replace(letter, "\\" + letter)
        return f'"{argument.replace("%", "%%")}"'.replace("\\", "\\\\")

    def _place() -> Path:
        config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return Path(config) / "autostart" / "kollect.desktop"

    def _without_console(python: str) -> str:
        return python

    def _read() -> str | None:
        try:
            lines = _place().read_text("utf-8").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return next((ln.removeprefix(_EXEC) for ln in lines if ln.startswith(_EXEC)), None)

    def _write(line: str) -> None:
        place = _place()
        place.parent.mkdir(parents=True, exist_ok=True)
        entry = f"[Desktop Entry]\nType=Application\nName=コレクト\n{_EXEC}{line}\nTerminal=false\n"
        files.replace_whole(place, entry.encode("utf-8", "surrogateescape"))

    def _remove() -> None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            _place().unlink()
