"""`protect`: encrypt the data folder, make it plain again, make a new 復元シート, or show it."""

from __future__ import annotations

import secrets
import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from kollect.app import data_protection
from kollect.app.data_protection import ProtectionStatus
from kollect.app.preflight import held
from kollect.commands.output import DONE, WRONG, data_folder, failed, print_json
from kollect.errors import DataCodeTrouble
from kollect.protection import recovery_code
from kollect.protection.recovery_code import RecoveryCode
from kollect.settings import ini_file
from kollect.settings.model import Settings
from kollect.storage import event_log
from kollect.storage.data_folder import DataFolder

TRIES = 3

_STATES = {
    "off": "データは保護されていません。",
    "on": "データは保護（暗号化）されています。",
    "turning-on": "データを保護する作業が、途中で止まっています。",
    "renewing": "復元シートを作り直す作業が、途中で止まっています。",
    "turning-off": "データの保護をやめる作業が、途中で止まっています。",
    "unknown": "データは保護（暗号化）されています（目印のファイルが壊れているか、ありません）。",
}


def protect(options: Namespace) -> int:
    folder = data_folder(options)
    sheet: Path | None = options.sheet
    if (sheet is None) == (options.action in ("on", "renew")):
        told = "を指定してください" if sheet is None else "は使いません"
        print(f"protect {options.action} では、--sheet ファイル.pdf {told}。", file=sys.stderr)
        return WRONG
    if options.action == "status":
        return _status(data_protection.status(folder), as_json=options.json)
    if sheet is not None and (trouble := data_protection.wrong_place(folder, sheet)) is not None:
        failed(trouble, as_json=options.json)
        return WRONG
    folder.prepare()
    with held(folder), event_log.install(folder):
        present = data_protection.open_folder(folder, ask=_ask, locked=True)
        match options.action:
            case "on" if present is not None:
                print("データはすでに保護されています。", file=sys.stderr)
                return WRONG
            case "on":
                assert sheet is not None
                return _on(folder, None, sheet, as_json=options.json)
            case "renew" if present is not None:
                assert sheet is not None
                return _on(folder, present, sheet, as_json=options.json)
            case "off" if present is not None:
                data_protection.turn_off(folder, present)
                return _status(data_protection.status(folder), as_json=options.json)
    print(_STATES["off"], file=sys.stderr)
    return WRONG


def _on(folder: DataFolder, former: RecoveryCode | None, sheet: Path, *, as_json: bool) -> int:
    code = data_protection.new_code()
    for missing in data_protection.save_sheet(_settings(folder), code, sheet):
        print(missing, file=sys.stderr)
    if not as_json and _is_somebody_there() and not _has_the_sheet(code, sheet):
        print("文字が違います。まだ何も変えていません。", file=sys.stderr)
        return WRONG
    if former is None:
        kept = data_protection.turn_on(folder, code)
    else:
        kept = data_protection.renew(folder, former, code)
    if as_json:
        print_json({"code": code.written, "sheet": str(sheet), "kept": kept})
        return DONE
    print(
        f"データを保護しました。復元シート: {sheet}\n復元コード: {code.written}\n"
        "シートを印刷して、USBメモリとは別の場所にしまい、PDFのファイルは消してください。"
    )
    if not kept:
        print(
            "このパソコンには復元コードを保管できません。"
            "起動するたびに KOLLECT_DATA_CODE で渡してください。"
        )
    return DONE


def _settings(folder: DataFolder) -> Settings:
    """For 店番 and 店名 on the sheet. Raises SettingsTrouble."""
    return ini_file.load(folder.ini) if folder.ini.exists() else Settings()


def _status(status: ProtectionStatus, *, as_json: bool) -> int:
    if as_json:
        print_json(asdict(status))
        return DONE
    print(_STATES[status.state])
    if status.protected and not status.code_known:
        print("このパソコンは、復元コードを覚えていません。")
    return DONE


def _has_the_sheet(code: RecoveryCode, sheet: Path) -> bool:
    """Asks for four of its letters, three times at the most."""
    places = recovery_code.places_to_ask(secrets.randbelow)
    print(f"復元シートを保存しました: {sheet}\n印刷して、USBメモリとは別の場所にしまってください。")
    asked = "、".join(map(str, places))
    for _ in range(TRIES):
        try:
            text = input(f"復元シートの {asked} 文字目を、続けて入力してください: ")
        except EOFError:
            return False
        if recovery_code.confirms(code, places, text):
            return True
    return False


def _is_somebody_there() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _ask() -> str:
    try:
        return input("復元シートの復元コードを入力してください: ") if _is_somebody_there() else ""
    except EOFError:
        raise DataCodeTrouble(
            "復元コードが必要です",
            happened="復元コードが入力されませんでした。",
            cure="復元シートを用意して、もう一度お試しください。",
        ) from None
