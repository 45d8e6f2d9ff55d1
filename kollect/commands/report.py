"""`report`: 月報, printed, as JSON or as the PDF that the window makes."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict
from datetime import date

from kollect.app.recovery import refuse_damage
from kollect.commands.output import DONE, WRONG, data_folder, print_json
from kollect.errors import Trouble
from kollect.ledger.ledger import Ledger
from kollect.mail.foreign_text import visible
from kollect.printing import month_pages
from kollect.reports.month_facts import MonthFacts, month_before, month_of, read_month_facts
from kollect.settings import ini_file
from kollect.storage import export
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_thread import local_now


def report(options: Namespace) -> int:
    folder, today = data_folder(options), local_now().date()
    month = month_of(options.month) if options.month else month_before(today)
    if month is None:
        print(f"月の指定が正しくありません: {options.month}（例: 2026-11）", file=sys.stderr)
        return WRONG
    folder.prepare()
    refuse_damage(folder)
    Ledger(folder.database).close()  # brings an older file to the present version
    facts = read_month_facts(folder.database, month, today)
    if options.pdf:
        made = month_pages.make(facts, shop=_shop(folder), today=today)
        export.write(options.pdf, made.pdf)
        if made.missing and not options.json:
            print(f"フォントにない文字があります: {visible(made.missing)}", file=sys.stderr)
    if options.json:
        print_json(_as_json(facts) | ({"file": str(options.pdf)} if options.pdf else {}))
    elif options.pdf:
        print(f"{month_pages.month_words(month)}の月報を {options.pdf} に書き出しました。")
    else:
        _print(facts)
    return DONE


def _shop(folder: DataFolder) -> str:
    """The shop's name; where the settings cannot be read, none."""
    try:
        return ini_file.load(folder.ini).shop.name
    except Trouble:
        return ""


def _as_json(facts: MonthFacts) -> dict[str, object]:
    return {
        "month": f"{facts.month:%Y-%m}",
        "until": facts.until.isoformat(),
        "counts": asdict(facts.counts),
        "before": asdict(facts.before),
        "days": list(facts.days),
        "carriers": [
            {
                "carrier": one.carrier.name.lower(),
                "received": one.received,
                "received_before": one.received_before,
                "not_arrived": one.not_arrived,
            }
            for one in facts.carriers
        ],
        "posters": [asdict(one) for one in facts.posters],
        "members_now": facts.members_now,
    }


def _print(facts: MonthFacts) -> None:
    print(f"{month_pages.month_words(facts.month)}の月報（かっこの中は前月）{_until(facts)}")
    for name, now, before, unit in month_pages.counted(facts):
        print(f"{name}: {now:,}{unit}（{before:,}{unit}）")
    for carrier in facts.carriers:
        print(f"{carrier.carrier}: {carrier.received:,}件（{carrier.received_before:,}件）")
    for poster in facts.posters:
        print(f"{visible(poster.name)}: {poster.received:,}件（{poster.received_before:,}件）")
    print(f"いまの会員数: {facts.members_now:,}名")


def _until(facts: MonthFacts) -> str:
    return "" if facts.is_over else f" {_day(facts.until)}まで"


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"
