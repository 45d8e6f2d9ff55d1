"""A data folder with something of every kind in it, and what it holds as one value to compare."""

from __future__ import annotations

import base64
import os
import quopri
import shutil
from collections.abc import Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kollect.ledger.kept_folder import KeptFolder
from kollect.ledger.ledger import Ledger
from kollect.protection import recovery_code
from kollect.storage import backup, database_keys
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import connect
from tests.helpers.ledger_samples import NOW

CODE = recovery_code.from_random(bytes(range(1, 18)))
OTHER = recovery_code.from_random(bytes(range(2, 19)))
ADDRESS = "keiko.yamamoto@docomo.ne.jp"
NAME = "山本恵子"
PHONE = "06-6555-1234"
SUBJECT = "予約の変更をお願いします"
SECRETS = (ADDRESS, NAME, PHONE, SUBJECT)
LOG = "2026-11-23 10:00:00 情報 受付番号 1001 を発行しました: " + ADDRESS + "\n"
RAW = f"From: {ADDRESS}\r\nSubject: {SUBJECT}\r\n\r\n{NAME}\r\n".encode()
BEFORE = "kollect.db.before-20261119-101112"
ASIDE = b"\0torn " + ADDRESS.encode() * 50
CODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp932", "euc-jp", "iso2022_jp")


def shop(path: Path, *, receipts: int = 50) -> DataFolder:
    folder = DataFolder(path)
    folder.prepare()
    Ledger(folder.database).close()
    with closing(connect(folder.database, "rw")) as db:
        db.execute("BEGIN")
        db.execute("INSERT INTO template VALUES (1, 'acknowledgement', '★1★', '★1★', ?)", (_at(0),))
        db.executemany(
            "INSERT INTO receipt (number, address, address_key, received_at, state, template)"
            " VALUES (?, ?, ?, ?, 'pending', 1)",
            ((1001 + n, _address(n), _address(n), _at(n)) for n in range(receipts)),
        )
        db.execute(
            "INSERT INTO member (number, name, kana, sex, phone, postcode, home, note, consent,"
            " consent_how, registered_at, search) VALUES (1001, ?, '', '', ?, '', '', '', 0, '',"
            " ?, ?)",
            (NAME, PHONE, _at(1), NAME),
        )
        db.execute("COMMIT")
    for day in (date(2026, 11, 21), date(2026, 11, 22)):
        backup.make_backup(folder.database, folder.backup_dir, day)
    with closing(connect(folder.database, "rw")) as db:  # the copies know less
        db.execute("UPDATE receipt SET times = 3 WHERE number = 1002")
    kept = KeptFolder(folder.kept_dir)
    with kept.writing("20261123-0123456789abcdef.eml") as sink:
        sink.write(RAW)
    (folder.path / "kollect.db.damaged-20261120-101112").write_bytes(ASIDE)
    shutil.copy(folder.database, folder.path / BEFORE)  # 「この控えに戻す」
    (folder.log_dir / "2026-11.txt").write_text(LOG, encoding="utf-8")
    (folder.log_dir / "2026-10.txt").write_text(LOG.replace("1001", "1000"), encoding="utf-8")
    os.utime(folder.kept_dir / "20261123-0123456789abcdef.eml", (1.8e9, 1.8e9))
    return folder


def _address(n: int) -> str:
    return ADDRESS if n == 0 else f"customer{n}.of.ours@docomo.ne.jp"


def _at(n: int) -> str:
    return f"{NOW + timedelta(seconds=n):%Y-%m-%dT%H:%M:%SZ}"


def holdings(folder: DataFolder) -> dict[str, Any]:
    """All that must be there whichever way it is written: with the keys that are known here."""
    kept = KeptFolder(folder.kept_dir)
    name = "20261123-0123456789abcdef.eml"
    with kept.copy(name).open("rb") as raw:
        mail = raw.read()
    databases = [folder.database, folder.path / BEFORE, *backup.backups(folder.backup_dir)]
    return {"mail": mail} | {path.name: rows(path) for path in databases}


def rows(database: Path) -> dict[str, list[Any]]:
    with closing(connect(database, "ro")) as db:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        names = [name for (name,) in tables.fetchall()]
        found = {name: sorted(map(repr, db.execute(f"SELECT * FROM {name}"))) for name in names}
        return found | {"version": db.execute("PRAGMA user_version").fetchall()}


def readable(folder: DataFolder, secrets: Sequence[str] = SECRETS) -> dict[str, set[str]]:
    """Which secrets stand in which files of the folder, in whatever coding."""
    return readable_below(folder.path, secrets)


def readable_below(place: Path, secrets: Sequence[str]) -> dict[str, set[str]]:
    """The same for every file in a place."""
    found: dict[str, set[str]] = {}
    forms = {secret: forms_of(secret) for secret in secrets}
    for file in place.rglob("*"):
        if file.is_file():
            octets = file.read_bytes()
            for secret in secrets:
                if any(form in octets for form in forms[secret]):
                    found.setdefault(file.relative_to(place).as_posix(), set()).add(secret)
    return found


def forms_of(secret: str) -> set[bytes]:
    """The text as octets: in each coding, and each of those as mails carry it."""
    forms: set[bytes] = set()
    for coding in CODINGS:
        octets = secret.encode(coding)
        forms |= {octets, quopri.encodestring(octets).rstrip(b"=\n")}
        for shift in range(3):  # base64 in whichever place of the three it falls
            coded = base64.b64encode(b"\0" * shift + octets)
            forms.add(coded[4 if shift else 0 : len(coded) // 4 * 4 - 4])
    return {form for form in forms if len(form) >= 6}


def restart(folder: DataFolder) -> None:
    """As a process that knows nothing yet."""
    database_keys.lock(folder.path)
