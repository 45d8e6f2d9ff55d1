"""How a command ends: its exit code, and what it prints."""

from __future__ import annotations

import json
import sys
import unicodedata
from argparse import Namespace

from kollect.collector.events import PollReport
from kollect.errors import (
    AlreadyRunning,
    DataCodeTrouble,
    ServerTrouble,
    SettingsTrouble,
    Stage,
    StorageTrouble,
    Trouble,
)
from kollect.settings import ini_file
from kollect.storage.data_folder import DataFolder, resolve
from kollect.storage.export import READABLE
from kollect.storage.protection_mark import is_marked

DONE, WRONG, DEFERRED, NO_SERVER, NO_STORAGE, NO_CODE = 0, 2, 3, 4, 5, 6


def exit_code(trouble: Trouble | None, report: PollReport) -> int:
    match trouble:
        case None:
            return DEFERRED if report.deferred else DONE
        case SettingsTrouble() | AlreadyRunning():
            return WRONG
        case ServerTrouble(stage=Stage.SEND) if report.deferred:
            return DEFERRED  # reached and logged in to, but it takes no letters at the moment
        case ServerTrouble():
            return NO_SERVER
        case DataCodeTrouble():
            return NO_CODE
        case StorageTrouble():
            return NO_STORAGE
        case _:
            return 1


def failed(trouble: Trouble, *, as_json: bool, report: PollReport | None = None) -> int:
    if as_json:
        counts = report.as_json() if report else {}
        told = {"title": trouble.title, "happened": trouble.happened, "cure": trouble.cure}
        print_json(counts | {"error": told})
    else:
        print(f"{trouble.title}\n{trouble.happened}\n{trouble.cure}", file=sys.stderr)
    return exit_code(trouble, report or PollReport())


def print_json(value: object) -> None:
    """Letters as they are; what does more than stand there goes as `\\u202e`, the same value."""
    text = json.dumps(value, ensure_ascii=False)
    print("".join(_escaped(c) if _does_something(c) else c for c in text))


def _escaped(character: str) -> str:
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]


def _does_something(character: str) -> bool:
    """It commands the terminal, is not seen, or lies over the text beside it."""
    category = unicodedata.category(character)
    return category[0] in "CM" or category in ("Zl", "Zp")


def number_digits(folder: DataFolder) -> int:
    """How many digits a 受付番号 is written with; where the settings cannot be read, as it is."""
    try:
        return ini_file.load(folder.ini).collect.number_digits
    except Trouble:
        return 0


def tell_who_can_read(folder: DataFolder) -> None:
    """On stderr, after a file with customers in it was written: it is no longer encrypted."""
    if is_marked(folder.database):
        print(READABLE, file=sys.stderr)


def data_folder(options: Namespace) -> DataFolder:
    return resolve(str(getattr(options, "data", "")))
