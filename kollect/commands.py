"""The commands for headless use, tests and support: plain Japanese text, or one JSON object.

Exit codes: 0 all done, 2 settings or command line wrong, 3 some letters deferred, 4 a server cannot be
reached or logged in to, 5 the data folder cannot be used.
"""

from __future__ import annotations

import getpass
import json
import logging
import signal
import sys
import tempfile
from argparse import Namespace
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from kollect.collector.reports import Happened, News, Report, RoundEnded
from kollect.collector.worker import Worker, local_now
from kollect.csvfile import csv_bytes
from kollect.desktop.lock import FolderLock
from kollect.errors import (
    AlreadyRunning,
    Problem,
    ServerTrouble,
    SettingsTrouble,
    StorageTrouble,
    Trouble,
)
from kollect.folder import DataFolder, storage_trouble
from kollect.register import backup
from kollect.register.entry import Receipt
from kollect.register.ledger import Ledger
from kollect.register.receipt import ReceiptState
from kollect.register.receipts import Receipts
from kollect.settings import inifile
from kollect.settings.check import problems, ready_to_collect
from kollect.settings.model import Passwords, Settings
from kollect.settings.passwords import Vault

DONE, WRONG, DEFERRED, NO_SERVER, NO_STORAGE = 0, 2, 3, 4, 5

STATE_WORDS = {
    ReceiptState.PENDING: "未送信",
    ReceiptState.REPLIED: "送信済",
    ReceiptState.UNKNOWN: "未確認",
    ReceiptState.UNDELIVERABLE: "不達",
}
COUNT_WORDS = {
    "accepted": "受付",
    "duplicate": "受付済み",
    "forwarded": "転送",
    "kept": "保存",
    "ignored": "自動送信",
    "bounced": "不達通知",
    "undeliverable": "送信不能",
    "deferred": "次回に送信",
    "left": "サーバに残り",
}


def run(options: Namespace) -> int:
    """Run the command of a parsed command line; returns its exit code."""
    as_json = bool(getattr(options, "json", False))
    try:
        return _COMMANDS[options.command](options)
    except Trouble as trouble:
        return _failed(trouble, as_json=as_json)


def exit_code(trouble: Trouble | None, report: Report) -> int:
    match trouble:
        case None:
            return DEFERRED if report.deferred else DONE
        case SettingsTrouble() | AlreadyRunning():
            return WRONG
        case ServerTrouble():
            return NO_SERVER
        case StorageTrouble():
            return NO_STORAGE
        case _:
            return 1


def _failed(trouble: Trouble, *, as_json: bool, report: Report | None = None) -> int:
    if as_json:
        counts = report.as_json() if report else {}
        told = {"title": trouble.title, "happened": trouble.happened, "cure": trouble.cure}
        _print_json(counts | {"error": told})
    else:
        print(f"{trouble.title}\n{trouble.happened}\n{trouble.cure}", file=sys.stderr)
    return exit_code(trouble, report or Report())


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False))


def _folder(options: Namespace) -> DataFolder:
    return DataFolder.find(getattr(options, "data", None))


# --- collect


def _open_program(options: Namespace) -> int:
    from kollect import app

    return app.run(_folder(options), demo=options.command == "demo")


def _collect(options: Namespace) -> int:
    folder = _folder(options)
    folder.prepare()
    with FolderLock(folder.path), logging_to(folder):
        _refuse_damage(folder)
        load = _checked_settings(folder)
        quiet = options.json
        worker = Worker(folder, load, lambda news: None if quiet else _print_news(news))
        _stop_on_signal(worker)
        if options.once:
            report, trouble = worker.once()
            if trouble is not None:
                logging.getLogger(__name__).warning("%s", trouble)
                return _failed(trouble, as_json=options.json, report=report)
            _print_report(report, as_json=options.json)
            return exit_code(trouble, report)
        return _reside(worker, as_json=options.json)


def _reside(worker: Worker, *, as_json: bool) -> int:
    if not as_json:
        print("メールの収集を始めました。終わるには Ctrl+C を押してください。", flush=True)
    worker.start()
    while worker.alive:
        worker.join(0.5)
    if as_json:
        _print_json({"stopped": True})
    else:
        print("メールの収集を終わりました。")
    return DONE


def _stop_on_signal(worker: Worker) -> None:
    """The first Ctrl-C or SIGTERM finishes the mails in hand; a second Ctrl-C ends at once."""

    def stop(number: int, frame: object) -> None:
        worker.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _print_news(news: News) -> None:
    match news:
        case Happened(at, text):
            print(f"{at:%H:%M:%S} {text}", flush=True)
        case RoundEnded(at, _, Trouble() as trouble, _):
            print(f"{at:%H:%M:%S} {trouble}", flush=True)


def _print_report(report: Report, *, as_json: bool) -> None:
    if as_json:
        _print_json(report.as_json())
        return
    counts = report.as_json()
    told = "、".join(f"{word} {counts[name]}" for name, word in COUNT_WORDS.items() if counts[name])
    print(f"{told or '新しいメールはありません'}（{report.seconds:.1f} 秒）")


def _checked_settings(folder: DataFolder) -> Callable[[], tuple[Settings, Passwords]]:
    """The settings in force and the passwords, checked; a missing password is asked for once."""
    settings = inifile.load(folder.ini)
    wrong = problems(settings) or ready_to_collect(settings)
    if wrong:
        raise SettingsTrouble(str(folder.ini), tuple(wrong))
    ledger = Ledger(folder.database)
    vault = Vault(ledger.install_id)
    ledger.close()
    found = _ask_missing(vault, settings, folder)
    return lambda: (settings, found)


def _ask_missing(vault: Vault, settings: Settings, folder: DataFolder) -> Passwords:
    for which in vault.missing(settings):
        words = {"receive": "受信", "send": "送信"}[which]
        if sys.stdin is None or not sys.stdin.isatty():
            raise SettingsTrouble(
                str(folder.ini),
                (
                    Problem(
                        which, "password", "",
                        f"{words}用のパスワードがこのパソコンに登録されていません。画面で入力するか、"
                        f"環境変数 KOLLECT_{which.upper()}_PASSWORD で渡してください。",
                    ),
                ),
            )  # fmt: skip
        vault.set(which, getpass.getpass(f"{words}用のパスワード: "))
    return vault.find(settings)


# --- looking


def _results(options: Namespace) -> int:
    folder = _folder(options)
    rows = _all_receipts(folder)
    if options.json:
        _print_json([_row(receipt) for receipt in rows])
    elif options.csv:
        _write_csv(options.csv, rows)
        print(f"{len(rows)} 件を {options.csv} に書き出しました。")
    else:
        for receipt in rows:
            replied = f"{receipt.replied_at.astimezone():%Y-%m-%d %H:%M}" if receipt.replied_at else "-"
            print(
                f"{receipt.number}\t{receipt.address}\t{receipt.received_at.astimezone():%Y-%m-%d %H:%M}"
                f"\t{replied}\t{STATE_WORDS[receipt.state]}\t{receipt.times}回"
            )
        print(f"{len(rows)} 件")
    return DONE


def _all_receipts(folder: DataFolder) -> list[Receipt]:
    if not folder.database.exists():
        return []
    Ledger(folder.database).close()  # brings an older file to the present version
    reader = Receipts(folder.database)
    try:
        return list(reader.all())
    finally:
        reader.close()


def _row(receipt: Receipt) -> dict[str, object]:
    return {
        "number": receipt.number,
        "address": receipt.address,
        "received_at": _iso(receipt.received_at),
        "replied_at": _iso(receipt.replied_at),
        "state": receipt.state,
        "times": receipt.times,
        "member": receipt.member,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone().isoformat(timespec="seconds") if moment else None


def _write_csv(path: Path, rows: list[Receipt]) -> None:
    table = (
        (r.number, r.address, _iso(r.received_at), _iso(r.replied_at) or "", STATE_WORDS[r.state],
         r.times, "会員" if r.member else "")
        for r in rows
    )  # fmt: skip
    header = ("受付番号", "メールアドレス", "受付日時", "返信日時", "状態", "回数", "会員")
    try:
        path.write_bytes(csv_bytes(header, table))
    except OSError as error:
        raise storage_trouble(error, path) from error


def _log(options: Namespace) -> int:
    from kollect.logfile import read_month

    month = options.month or f"{local_now():%Y-%m}"
    try:
        datetime.strptime(month, "%Y-%m")  # noqa: DTZ007
    except ValueError:
        print(f"月の指定が正しくありません: {month}（例: 2026-11）", file=sys.stderr)
        return WRONG
    for line in read_month(_folder(options), month):
        print(line)
    return DONE


# --- trying


def _check(options: Namespace) -> int:
    from kollect.collector.check import check_all

    folder = _folder(options)
    folder.prepare()
    settings, passwords = _checked_settings(folder)()
    ledger = Ledger(folder.database)
    mark = ledger.mark("test")
    ledger.close()
    steps = []
    for step in check_all(settings, passwords, mark):
        steps.append(step)
        if not options.json:
            print(step, flush=True)
    if options.json:
        _print_json({"ok": all(step.ok for step in steps), "steps": [s.as_json() for s in steps]})
    return DONE if all(step.ok for step in steps) else NO_SERVER


def _demo(options: Namespace) -> int:
    if not options.headless:
        return _open_program(options)
    from kollect.demo.server import DemoServer
    from kollect.demo.shop import demo_passwords, demo_settings
    from kollect.demo.story import play

    with tempfile.TemporaryDirectory(prefix="kollect-demo-") as name, DemoServer() as server:
        folder = DataFolder(Path(name))
        folder.prepare()
        told: list[str] = []
        worker = Worker(
            folder,
            lambda: (demo_settings(server), demo_passwords(server)),
            lambda news: told.append(news.text) if isinstance(news, Happened) else None,
        )

        def collect() -> Report:
            report, trouble = worker.once()
            if trouble is not None:
                raise trouble
            return report

        well = play(collect, server, lambda: _all_receipts(folder), print, shop_log=lambda: told)
    return DONE if well else 1


# --- mending


def _refuse_damage(folder: DataFolder) -> None:
    found = backup.damage(folder.database)
    if found is None:
        return
    raise StorageTrouble(
        "データが壊れています",
        happened="kollect.db が壊れているため、開けません。メールはサーバに残っています。",
        cure="「kollect restore」で、いちばん新しい控えに戻せます。",
        detail=found,
    )


def _restore(options: Namespace) -> int:
    from kollect.logfile import months, read_month

    folder = _folder(options)
    with FolderLock(folder.path):
        if backup.damage(folder.database) is None and folder.database.exists():
            print("kollect.db は壊れていません。何もしませんでした。")
            return DONE
        copy = backup.newest_good(folder.backup_dir)
        if copy is None:
            print("使える控えが backup フォルダにありません。", file=sys.stderr)
            return NO_STORAGE
        lines = (line for month in months(folder) for line in read_month(folder, month))
        loss = backup.loss(folder.database, copy, lines)
        print(f"控え {copy.name} に戻します。{loss}")
        if not options.yes and input("よろしければ「はい」と入力してください: ") != "はい":
            print("何もしませんでした。")
            return DONE
        aside = backup.go_back(folder.database, loss, local_now())
        print(f"戻しました。壊れたファイルは {aside.name if aside else 'ありません'}。")
    return DONE


def logging_to(folder: DataFolder):  # noqa: ANN201
    from kollect.logfile import install

    return install(folder)


_COMMANDS: dict[str | None, Callable[[Namespace], int]] = {
    None: _open_program,
    "collect": _collect,
    "check": _check,
    "results": _results,
    "log": _log,
    "demo": _demo,
    "restore": _restore,
}
