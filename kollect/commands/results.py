"""`results` and `log`: what was collected, and what happened."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping
from datetime import datetime

from kollect.app.recovery import refuse_damage
from kollect.app.results_service import HEADER, csv_row
from kollect.commands.output import (
    DONE,
    WRONG,
    data_folder,
    number_digits,
    print_json,
    tell_who_can_read,
)
from kollect.ledger.ledger import Ledger
from kollect.ledger.receipt_rows import Receipts
from kollect.ledger.records import Receipt
from kollect.ledger.states import in_words
from kollect.mail.foreign_text import exact, visible
from kollect.settings.number_format import number_text
from kollect.storage import export
from kollect.storage.csv_format import csv_bytes
from kollect.storage.data_folder import DataFolder
from kollect.storage.event_log import read_month
from kollect.threads.background_thread import local_now


def results(options: Namespace) -> int:
    folder = data_folder(options)
    refuse_damage(folder)
    rows, digits = all_receipts(folder), number_digits(folder)
    posters = poster_names(folder)
    if options.json:
        print_json([_row(receipt) for receipt in rows])
    elif options.csv:
        export.write(
            options.csv, csv_bytes(HEADER, (csv_row(receipt, digits, posters) for receipt in rows))
        )
        print(f"{len(rows)} 件を {options.csv} に書き出しました。")
        tell_who_can_read(folder)
    else:
        for receipt in rows:
            print(
                number_text(receipt.number, digits),
                exact(receipt.address),
                _minute(receipt.received_at),
                _minute(receipt.replied_at),
                in_words(receipt.state, receipt.reason),
                f"{receipt.times}回",
                *((_poster(receipt, posters),) if posters else ()),
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


def poster_names(folder: DataFolder) -> dict[str, str]:
    """The names of the posters by their tags."""
    if not folder.database.exists():
        return {}
    with Receipts(folder.database) as reader:
        return reader.poster_names()


def _poster(receipt: Receipt, names: Mapping[str, str]) -> str:
    return visible(names.get(receipt.poster, receipt.poster)) or "-"


def _row(receipt: Receipt) -> dict[str, object]:
    return {
        "number": receipt.number,
        "address": exact(receipt.address),
        "received_at": _iso(receipt.received_at),
        "replied_at": _iso(receipt.replied_at),
        "state": receipt.state.told,
        "times": receipt.times,
        "member": receipt.member,
        "poster": receipt.poster,
    }


def _minute(moment: datetime | None) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else "-"


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone().isoformat(timespec="seconds") if moment else None


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
