"""`results` and `log`: what was collected, and what happened."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import datetime
from pathlib import Path

from kollect.collector.worker import local_now
from kollect.commands.output import DONE, WRONG, data_folder, print_json
from kollect.csvfile import csv_bytes
from kollect.folder import DataFolder, storage_trouble
from kollect.logfile import read_month
from kollect.register.entry import Receipt
from kollect.register.ledger import Ledger
from kollect.register.receipt import ReceiptState
from kollect.register.receipts import Receipts

STATE_WORDS = {
    ReceiptState.PENDING: "未送信",
    ReceiptState.REPLIED: "送信済",
    ReceiptState.UNKNOWN: "未確認",
    ReceiptState.UNDELIVERABLE: "不達",
}


def results(options: Namespace) -> int:
    folder = data_folder(options)
    rows = all_receipts(folder)
    if options.json:
        print_json([_row(receipt) for receipt in rows])
    elif options.csv:
        _write_csv(options.csv, rows)
        print(f"{len(rows)} 件を {options.csv} に書き出しました。")
    else:
        for receipt in rows:
            print(
                receipt.number,
                receipt.address,
                _minute(receipt.received_at),
                _minute(receipt.replied_at),
                STATE_WORDS[receipt.state],
                f"{receipt.times}回",
                sep="\t",
            )
        print(f"{len(rows)} 件")
    return DONE


def all_receipts(folder: DataFolder) -> list[Receipt]:
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


def _minute(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else "-"


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


def log(options: Namespace) -> int:
    month = options.month or f"{local_now():%Y-%m}"
    try:
        month = f"{datetime.strptime(month, '%Y-%m'):%Y-%m}"
    except ValueError:
        print(f"月の指定が正しくありません: {month}（例: 2026-11）", file=sys.stderr)
        return WRONG
    for line in read_month(data_folder(options), month):
        print(line)
    return DONE
