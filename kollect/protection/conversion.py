"""A data folder changed from plain to protected, from one code to another, and back.

Each file is changed by itself, so that at every instant all of them open: some as before, some as
after, each with its key. The mark (`storage.protection_mark`) says which way the folder goes, and
is written first; what was broken off is gone on with at the next start (`unlock`).

    mark          the folder holds                    after a crash
    (none)        plain files                         nothing has happened
    turning-on    plain and encrypted files           the next start encrypts the rest
    on            encrypted files                     –
    renewing      files of the old and the new code   the next start encrypts the rest anew
    turning-off   plain and encrypted files           the next start makes the rest plain

A change that is stopped turns round: its mark is written for the way back, from turning-on to
turning-off and from turning-off to turning-on; renewing stays renewing, with the two codes in each
other's place. When that has come to its end all is as it was. There is nothing to stop any more
once the mark says so, or is gone.

How each file changes is in `file_changes`. Only while nothing else in this process has a database
of the folder open.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from kollect.errors import DataCodeTrouble, StorageTrouble
from kollect.protection.derived_keys import DerivedKeys, keys_of, wrapped
from kollect.protection.file_changes import (
    SALT,
    WRAPPED,
    ConversionStopped,
    Progress,
    explained,
    go_on,
    run,
    unstoppable,
)
from kollect.protection.protected_files import (
    databases,
    is_encrypted,
    is_plain,
    size_of,
    to_seal,
)
from kollect.protection.recovery_code import RecoveryCode
from kollect.storage import (
    backup,
    database_glance,
    database_keys,
    protection_mark,
)
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import sqlite3
from kollect.storage.protection_mark import Mark, Protection
from kollect.storage.reencrypt import (
    looks_encrypted,
    present_key,
)

_SPARE = 4 << 20
"""Octets that must stay free beside the largest file."""


def turn_on(folder: DataFolder, code: RecoveryCode, progress: Progress = go_on) -> None:
    """Encrypt everything. The code must be in safe hands before: this is the way without return.

    Raises StorageTrouble, ConversionStopped.
    """
    mark = Mark(Protection.TURNING_ON, ledger_of(folder), keys_of(code).fingerprint)
    back = replace(mark, state=Protection.TURNING_OFF)
    _there_or_back(folder, (mark, code), (back, code), progress)


def ledger_of(folder: DataFolder) -> str:
    """By what the folder is known to this PC's keyring. Raises StorageTrouble where there is no
    kollect.db that could be protected.
    """
    ledger = database_glance.identity(folder.database)
    if ledger is None:
        raise StorageTrouble(
            "受付の記録がありません",
            happened=f"「{folder.database}」がないか、読めません。",
            cure="コレクトを起動し直して、もう一度お試しください。",
        )
    return ledger


def renew(
    folder: DataFolder, former: RecoveryCode, code: RecoveryCode, progress: Progress = go_on
) -> None:
    """Encrypt everything anew with another code; after that the former one opens nothing.

    Raises StorageTrouble, ConversionStopped, and DataCodeTrouble where the former code is not this
    folder's.
    """
    ledger = unlock(folder, former).ledger
    mark, back = _renewing(ledger, former, code), _renewing(ledger, code, former)
    _there_or_back(folder, (mark, code), (back, former), progress)


def turn_off(folder: DataFolder, code: RecoveryCode, progress: Progress = go_on) -> None:
    """Make everything plain again; the log stays masked.

    Raises StorageTrouble, ConversionStopped, and DataCodeTrouble where the code is not this
    folder's.
    """
    mark = replace(unlock(folder, code), state=Protection.TURNING_OFF, former="")
    back = replace(mark, state=Protection.TURNING_ON)
    _there_or_back(folder, (mark, code), (back, code), progress)


Way = tuple[Mark, RecoveryCode]
"""Where a mark leads, and the code that it is about."""


def _there_or_back(folder: DataFolder, there: Way, back: Way, progress: Progress) -> None:
    """Change the folder; where `progress` stops that, make it again what it was and raise
    ConversionStopped. `progress` is told of the way back as well, from its beginning.
    """
    since = protection_mark.written_at(folder.path)
    with explained(folder):
        _make_sure_of_space(folder)
        protection_mark.write(folder.path, there[0])  # from here on the next start goes on with it
    try:
        run(folder, *there, progress)
    except ConversionStopped:
        with explained(folder):
            protection_mark.write(folder.path, back[0])
        run(folder, *back, unstoppable(progress))
        protection_mark.set_time(folder.path, since)
        raise


def _renewing(ledger: str, former: RecoveryCode, code: RecoveryCode) -> Mark:
    salt = secrets.token_bytes(SALT)
    old = keys_of(former)
    hidden = salt + wrapped(old.database, code, salt)
    return Mark(
        Protection.RENEWING, ledger, keys_of(code).fingerprint, hidden.hex() + old.fingerprint
    )


def former_fingerprint(mark: Mark) -> str:
    """Of the code that is no longer wanted when this change has come to its end; "" where the mark
    does not say."""
    return mark.former[2 * WRAPPED :]


def needs_code(folder: DataFolder) -> bool:
    """Whether the folder is protected, or a change of that was broken off.

    Before anything of the folder is open in this process. Raises StorageTrouble.
    """
    if not protection_mark.is_marked(folder.database):
        # the mark is lost; plain copies tell that there never was one, and the file is damaged
        return looks_encrypted(folder.database) and not any(
            map(is_plain, backup.backups(folder.backup_dir))
        )
    if protection_mark.read(folder.path) is None and not any(map(is_encrypted, databases(folder))):
        with explained(folder):  # a damaged mark, and nothing that it would be about
            protection_mark.remove(folder.path)
        return False
    return True


def unlock(folder: DataFolder, code: RecoveryCode, progress: Progress = go_on) -> Mark:
    """Let this process open the databases of the folder; a change that was broken off is gone on
    with first, whatever `progress` answers. Returns the mark as it is then; for one that was
    damaged or lost, a new one.

    Raises DataCodeTrouble where the code is another one's, StorageTrouble.
    """
    keys = keys_of(code)
    mark = protection_mark.read(folder.path)
    if mark is None or mark.fingerprint != keys.fingerprint:
        # the code itself is the proof, whatever the mark says: that may be lost, or another shop's
        _make_sure_that_it_opens(folder, keys, mark)
        with explained(folder):
            mark = _made_again(folder, keys)
    if mark.state is Protection.ON and is_plain(folder.database):
        # a copy from before was put in its place by hand: it is the only way it can come about
        mark = replace(mark, state=Protection.TURNING_ON)
    if mark.state is not Protection.ON:
        run(folder, mark, code, unstoppable(progress))
    else:
        database_keys.unlock(folder.path, keys.database)
    return protection_mark.read(folder.path) or mark


# ---- codes and keys ----


def _make_sure_that_it_opens(folder: DataFolder, keys: DerivedKeys, mark: Mark | None) -> None:
    """In the middle of RENEWING either code opens a part; who goes on with the one that the mark
    is not about makes the rest unreadable."""
    encrypted = [database for database in databases(folder) if is_encrypted(database)]
    opened = (_opens(database, keys) for database in reversed(encrypted))
    is_mixed = mark is not None and mark.state is Protection.RENEWING
    if encrypted and (all(opened) if is_mixed else any(opened)):
        return
    if encrypted or mark is not None:
        raise DataCodeTrouble(
            "このデータの復元コードではありません",
            happened="入力された復元コードは正しく書かれていますが、別のお店のものか、"
            "作り直す前のものです。データは壊れていません。",
            cure="このフォルダのために印刷した、いちばん新しい復元シートを確かめてください。"
            f"{other_sheet(mark)}",
        )


def _opens(database: Path, keys: DerivedKeys) -> bool:
    with suppress(sqlite3.Error):
        present_key(database, (keys.database,))
        return True
    return False


def other_sheet(mark: Mark | None) -> str:
    """What to say besides of a code that is not the one of this mark: while a new sheet is made it
    may be the way back that was broken off, which the former sheet leads to its end."""
    if mark is None or mark.state is not Protection.RENEWING:
        return ""
    return "シートを作り直す作業が途中で止まっているので、前の復元シートも試してください。"


def _made_again(folder: DataFolder, keys: DerivedKeys) -> Mark:
    """A mark in the place of one that is damaged or lost. What is plain still gets encrypted."""
    database_keys.unlock(folder.path, keys.database)
    ledger = database_glance.identity(folder.database) or "0" * 16
    mark = Mark(Protection.TURNING_ON, ledger, keys.fingerprint)
    protection_mark.write(folder.path, mark)
    return mark


# ---- what goes wrong ----


def _make_sure_of_space(folder: DataFolder) -> None:
    needed = max(map(size_of, (*databases(folder), *to_seal(folder))), default=0) + _SPARE
    free = shutil.disk_usage(folder.path).free
    if free < needed:
        raise StorageTrouble(
            "ディスクの空きが足りません",
            happened=f"この作業には、あと {_megabytes(needed - free)} MB の空きが必要です。"
            "まだ何も変えていません。",
            cure="要らないファイルを消して、空きを増やしてください。",
            detail=f"{free} < {needed}",
        )


def _megabytes(octets: int) -> str:
    return f"{-(-octets // 1_000_000):,}"
