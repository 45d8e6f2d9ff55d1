"""「データを保護する」 for the window and the commands: the code is found or asked for, the sheet
written before anything is encrypted, the code kept on this PC.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from kollect.app.preflight import held
from kollect.errors import DataCodeTrouble, Trouble
from kollect.protection import conversion, recovery_code
from kollect.protection.code_store import CodeStore, hidden
from kollect.protection.derived_keys import keys_of
from kollect.protection.file_changes import Progress, go_on
from kollect.protection.recovery_code import RecoveryCode
from kollect.settings.model import Settings
from kollect.storage import protection_mark
from kollect.storage.data_folder import DataFolder
from kollect.storage.protection_mark import Mark, Protection

log = logging.getLogger(__name__)

Ask = Callable[[], str]
"""Asks a person for the code; "" where nobody answers."""


@dataclass(frozen=True, slots=True)
class ProtectionStatus:
    protected: bool
    state: str
    """`off`, or a state of the mark; `unknown` where that is damaged or lost."""
    code_known: bool
    """Whether this PC can open the data without asking."""


def status(folder: DataFolder, store: CodeStore | None = None) -> ProtectionStatus:
    """Raises StorageTrouble."""
    if not conversion.needs_code(folder):
        return ProtectionStatus(protected=False, state="off", code_known=False)
    mark = protection_mark.read(folder.path)
    return ProtectionStatus(
        protected=True,
        state=str(mark.state) if mark else "unknown",
        code_known=_found(folder, store or CodeStore()) is not None,
    )


@dataclass(frozen=True, slots=True)
class ProtectionStanding:
    """How it stands with a folder that is open, for the window."""

    protected: bool
    broken_off: bool
    """A change has not come to its end."""
    since: date | None
    """Since when with the present code; None where it is not protected, or nobody knows."""


def standing(folder: DataFolder) -> ProtectionStanding:
    if not protection_mark.is_marked(folder.database):
        return ProtectionStanding(protected=False, broken_off=False, since=None)
    mark = protection_mark.mark_for(folder.database)
    try:
        since = datetime.fromtimestamp(mark.stat().st_mtime).date()
    except (OSError, OverflowError, ValueError):
        since = None
    return ProtectionStanding(protected=True, broken_off=is_broken_off(folder), since=since)


def is_broken_off(folder: DataFolder) -> bool:
    """Whether a change of the protection waits to be gone on with."""
    mark = protection_mark.read(folder.path)
    return mark is not None and mark.state is not Protection.ON


def known_code(folder: DataFolder) -> RecoveryCode | None:
    """The one that this PC knows. The keyring may be slow. Raises DataCodeTrouble."""
    return _found(folder, CodeStore())


def kept_code(folder: DataFolder, store: CodeStore | None = None) -> RecoveryCode | None:
    """The one that this PC keeps for its next start. The keyring may be slow."""
    mark = protection_mark.read(folder.path)
    return None if mark is None else (store or CodeStore()).kept(mark)


def forget_code(folder: DataFolder, store: CodeStore | None = None) -> None:
    """This PC keeps it no longer: the next start asks for it. Raises DataCodeTrouble where the
    keyring does not let go of it.
    """
    store, mark = store or CodeStore(), protection_mark.read(folder.path)
    if mark is None:
        return
    store.forget(mark)
    if store.kept(mark) is not None:
        raise DataCodeTrouble(
            "復元コードを消せませんでした",
            happened="このパソコンの保管場所（資格情報マネージャー）が、復元コードを消させません。"
            "パスワードと「Windowsログイン時の起動」の登録は、消しました。",
            cure="Windows の「資格情報マネージャー」の「Windows 資格情報」を開き、"
            f"「{store.name_for(mark)}」を削除してください。",
        )


def proven(folder: DataFolder, text: str) -> RecoveryCode:
    """The code that was typed, where it is this folder's. Raises DataCodeTrouble."""
    code = hidden(recovery_code.read(text))
    mark = protection_mark.read(folder.path)
    if mark is not None and keys_of(code).fingerprint != mark.fingerprint:
        raise DataCodeTrouble(
            "このデータの復元コードではありません",
            happened="復元コードは正しく書かれていますが、このデータのものではありません。",
            cure=f"いちばん新しい復元シートを確かめてください。{conversion.other_sheet(mark)}",
        )
    return code


def finish_change(
    folder: DataFolder,
    code: RecoveryCode,
    progress: Progress = go_on,
    store: CodeStore | None = None,
) -> None:
    """Lead a change that was broken off to its end, whatever `progress` answers. Raises Trouble."""
    _unlock(folder, code, progress, store or CodeStore())


def open_folder(
    folder: DataFolder,
    store: CodeStore | None = None,
    ask: Ask | None = None,
    *,
    locked: bool = False,
    progress: Progress = go_on,
) -> RecoveryCode | None:
    """Let this process read what is protected; a change that was broken off is gone on with.

    Before anything of the folder is open. `locked`: the folder is this process's already.
    `progress` is told how far that has come, whatever it answers. Returns the code; None: the
    folder is not protected. Raises DataCodeTrouble where the code is missing or another one's,
    StorageTrouble, AlreadyRunning.
    """
    if not conversion.needs_code(folder):
        return None
    store = store or CodeStore()
    code = _found(folder, store)
    if code is None and ask is not None and (text := ask()).strip():
        code = hidden(recovery_code.read(text))
    if code is None:
        raise DataCodeTrouble(
            "復元コードが必要です",
            happened=f"「{folder.path}」のデータは保護（暗号化）されていて、このパソコンは復元コードを"
            "まだ覚えていません。データは壊れていません。",
            cure="復元シートを用意して、印刷されている復元コードを入力してください。",
        )
    mark = protection_mark.read(folder.path)
    if (mark is not None and mark.state is Protection.ON) or locked:
        mark = _unlock(folder, code, progress, store)
    else:
        with held(folder):
            mark = _unlock(folder, code, progress, store)
    if protection_mark.is_marked(folder.database) and store.kept(mark) != code:
        store.keep(mark, code)
    return code


def _unlock(folder: DataFolder, code: RecoveryCode, progress: Progress, store: CodeStore) -> Mark:
    """As `conversion.unlock`; a code that opens nothing after it is not kept here."""
    before = protection_mark.read(folder.path)
    mark = conversion.unlock(folder, code, progress)
    former = conversion.former_fingerprint(before) if before is not None else ""
    if before is not None and former not in ("", mark.fingerprint):
        store.forget(replace(before, fingerprint=former))
    if not protection_mark.is_marked(folder.database):
        store.forget(mark)
    return mark


def new_code() -> RecoveryCode:
    return hidden(recovery_code.from_random(secrets.token_bytes(17)))


def wrong_place(folder: DataFolder, sheet: Path) -> Trouble | None:
    """What to say where the sheet would lie among the data that it opens."""
    inside = os.path.realpath(folder.path)
    if not Path(os.path.realpath(sheet)).is_relative_to(inside):
        return None
    return Trouble(
        "復元シートをこの場所には保存できません",
        happened=f"「{sheet}」は、データと同じフォルダの中です。"
        "USBメモリをなくすと、復元コードもいっしょになくなり、拾った人がデータを開けます。",
        cure="データとは別の場所（ドキュメントなど）を選んでください。",
    )


def save_sheet(settings: Settings, code: RecoveryCode, sheet: Path) -> list[str]:
    """Write the 復元シート as a PDF. Returns what the font has not, to be told before printing.
    Raises Trouble."""
    from kollect.printing import documents, recovery_sheet  # drag Pillow along

    recovery_sheet.save(settings, code, date.today(), sheet)
    return documents.missing_in_name(settings)


def turn_on(
    folder: DataFolder,
    code: RecoveryCode,
    progress: Progress = go_on,
    store: CodeStore | None = None,
) -> bool:
    """Encrypt everything; returns whether this PC has kept the code for its next start.

    Raises Trouble, ConversionStopped; then the folder is as before, or goes on at the next start.
    """
    from kollect.app import recovery
    from kollect.ledger.ledger import Ledger

    recovery.refuse_damage(folder)
    Ledger(folder.database).close()  # made, or brought to this version
    store = store or CodeStore()
    ledger = conversion.ledger_of(folder)
    mark = Mark(Protection.ON, ledger, keys_of(code).fingerprint)
    kept = store.keep(mark, code)  # first: after a crash the next start goes on by itself
    try:
        conversion.turn_on(folder, code, progress)
    except BaseException:
        if not protection_mark.is_marked(folder.database):
            store.forget(mark)
        raise
    log.info("データを保護しました。")
    return kept


def renew(
    folder: DataFolder,
    former: RecoveryCode,
    code: RecoveryCode,
    progress: Progress = go_on,
    store: CodeStore | None = None,
) -> bool:
    """Encrypt everything with a new code; as `turn_on`."""
    store = store or CodeStore()
    from kollect.app import recovery

    before = conversion.unlock(folder, former)
    recovery.refuse_damage(folder)
    after = replace(before, fingerprint=keys_of(code).fingerprint)
    kept = store.keep(after, code)
    try:
        conversion.renew(folder, former, code, progress)
    except BaseException:
        mark = protection_mark.read(folder.path)
        if mark is not None and mark.fingerprint == before.fingerprint:
            store.forget(after)  # the former one opens all, or will when the way back is gone
        raise
    store.forget(before)
    log.info("復元シートを作り直しました。前の復元コードは使えなくなりました。")
    return kept


def turn_off(
    folder: DataFolder,
    code: RecoveryCode,
    progress: Progress = go_on,
    store: CodeStore | None = None,
) -> None:
    """Make everything plain again, and forget the code. Raises Trouble, ConversionStopped; as
    `turn_on`.
    """
    from kollect.app import recovery

    mark = conversion.unlock(folder, code)
    recovery.refuse_damage(folder)
    conversion.turn_off(folder, code, progress)
    (store or CodeStore()).forget(mark)
    log.info("データの保護をやめました。")


def _found(folder: DataFolder, store: CodeStore) -> RecoveryCode | None:
    if (code := store.given()) is not None:
        return code
    mark = protection_mark.read(folder.path)
    return None if mark is None else store.kept(mark)
