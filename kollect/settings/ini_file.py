"""kollect.ini on the disk: loaded whole or not at all, replaced in one stroke, the last one kept.

At every instant of a save the file holds the old settings or the new ones; kollect.ini.bak holds
the ones before. The form of the text is for `ini_format`, what may stand in it for
`validation`.
"""

from __future__ import annotations

import codecs
import errno
import logging
import os
from pathlib import Path

from kollect.desktop.files import replace_whole
from kollect.errors import SettingsFileDamaged, SettingsTrouble, StorageTrouble
from kollect.settings import ini_format, validation
from kollect.settings.model import Settings
from kollect.storage_errors import storage_trouble

log = logging.getLogger(__name__)


class _Damaged(Exception):
    """Bytes that are no settings file; the text is the end of a Japanese sentence about it."""


def load(path: Path) -> Settings:
    """The settings in the file; the defaults where there is none yet.

    Raises SettingsTrouble with every wrong value at once, SettingsFileDamaged where the file cannot
    be read as a text or was lost, and StorageTrouble where the disk or the folder is the trouble.
    """
    raw = _read(path)
    if raw is None:
        if not path.parent.is_dir():
            # a pulled-out stick must not look like a first start: numbers would begin again
            raise storage_trouble(FileNotFoundError(errno.ENOENT, "no such folder"), path.parent)
        if _is_good(_backup(path)):
            raise _damaged(path, "がなくなっています。")
        return Settings()
    try:
        text = _text(raw)
    except _Damaged as damage:
        if not raw.strip() and not _is_good(_backup(path)):
            return Settings()  # made by hand, as there never was another one
        raise _damaged(path, str(damage)) from None
    return _checked(text, path)


def save(path: Path, settings: Settings) -> None:
    """Put the settings into the file; its comments and unknown lines stay, the old one is the .bak.

    A damaged one is kept as .damaged instead.

    Raises SettingsTrouble where a value is wrong and StorageTrouble; then the file is as it was.
    """
    if wrong := validation.problems(settings):
        raise SettingsTrouble(str(path), wrong)
    old = _read(path)
    aside = _backup(path)
    try:
        text = _text(old) if old is not None else ""
    except _Damaged:  # it must not take the place of a good copy
        text, aside = "", _damaged_copy(path)
    # Notepad before Windows 10 1809 shows a file with bare line feeds as a single line
    line_end = ("\r\n" if "\r\n" in text else "\n") if text else os.linesep
    new = ini_format.write(settings, text).replace("\n", line_end).encode()
    if new == old:
        return
    try:
        if old is not None:
            replace_whole(aside, old)
        replace_whole(path, new)
    except OSError as error:
        raise storage_trouble(error, path) from error


def restore_backup(path: Path) -> Settings:
    """Go back to the settings in kollect.ini.bak; what stood in the file is kept as .damaged.

    Raises as `load` does.
    """
    raw = _read(_backup(path))
    if raw is None:
        raise storage_trouble(FileNotFoundError(errno.ENOENT, "no backup"), _backup(path))
    try:
        settings = _checked(_text(raw), _backup(path))
    except _Damaged as damage:
        raise _damaged(_backup(path), str(damage)) from None
    try:
        if path.exists():
            replace_whole(_damaged_copy(path), path.read_bytes())
        replace_whole(path, raw)
    except OSError as error:
        raise storage_trouble(error, path) from error
    log.warning("設定を、ひとつ前のもの（%s）に戻しました。", _backup(path).name)
    return settings


def _backup(path: Path) -> Path:
    return path.with_name(path.name + ".bak")


def _damaged_copy(path: Path) -> Path:
    return path.with_name(path.name + ".damaged")


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise storage_trouble(error, path) from error


def _text(raw: bytes) -> str:
    """The text in the bytes, whatever Notepad made of it: UTF-8 (BOM or not), UTF-16, CP932."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif not raw.strip():
        raise _Damaged("の中身が空になっています。停電のときなどに起こることがあります。")
    elif b"\0" in raw:
        raise _Damaged("の中身が壊れています。停電のときなどに起こることがあります。")
    else:
        encoding = "cp932" if _looks_like_cp932(raw) else "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise _Damaged("の中に、文字として読めないところがあります。") from None


def _looks_like_cp932(raw: bytes) -> bool:
    """Whether bytes that are not UTF-8 are the "ANSI" of a Japanese Windows, not UTF-8 gone bad.

    A damaged UTF-8 file can be valid CP932 as well, and would send gibberish to customers. In real
    CP932 hardly any character happens to be valid UTF-8; in damaged UTF-8 nearly all are.
    """
    lenient = raw.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= c <= "\udcff" for c in lenient)
    good = sum(c > "\x7f" for c in lenient) - bad
    return bad > good


def _checked(text: str, path: Path) -> Settings:
    contents = ini_format.read(text)
    unreadable = {(problem.section, problem.key) for problem in contents.problems}
    wrong = contents.problems + tuple(
        problem
        for problem in validation.problems(contents.settings)
        if (problem.section, problem.key) not in unreadable
    )
    if wrong:
        raise SettingsTrouble(str(path), wrong)
    for place in contents.unknown:
        log.warning("%s: %s という項目はありません。使わずに残しておきます。", path.name, place)
    return contents.settings


def _is_good(path: Path) -> bool:
    try:
        raw = _read(path)
        if raw is not None:
            contents = ini_format.read(_text(raw))
            return not contents.problems and not validation.problems(contents.settings)
    except (_Damaged, StorageTrouble):
        pass
    return False


def _damaged(path: Path, happened: str) -> SettingsFileDamaged:
    backup = _backup(path)
    is_good = _is_good(backup)
    if is_good:
        cure = (
            f"ひとつ前の設定が残っています。「{backup.name}」の名前を「{path.name}」に変えると、"
            "それに戻ります。最初から設定し直すときは、両方のファイルを別の場所へ移してください。"
        )
    else:
        cure = (
            "メモ帳で開いて直し、文字コードに「UTF-8」を選んで保存してください。読めないときは、"
            "ファイルを別の場所へ移してから、「緒言設定」で入力し直してください。"
        )
    return SettingsFileDamaged(
        str(path), happened=f"「{path}」{happened}", cure=cure, backup=is_good
    )
