"""`check` tries the mail settings; `demo --headless` plays the demo in the terminal."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from pathlib import Path

from kollect.app.mail_test import MailTest, MailTestStep
from kollect.app.recovery import refuse_damage
from kollect.collector.events import LogEntry, PollReport
from kollect.collector.worker import CollectorWorker
from kollect.commands.collect import checked_settings
from kollect.commands.output import DONE, NO_SERVER, data_folder, print_json
from kollect.commands.results import all_receipts
from kollect.ledger.encryption_record import encryption_kept
from kollect.ledger.ledger import Ledger
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_thread import local_now


def check(options: Namespace) -> int:
    folder = data_folder(options)
    folder.prepare()
    refuse_damage(folder)  # else a new kollect.db would be made, and its numbers begin again
    settings, passwords = checked_settings(folder)()
    ledger = Ledger(folder.database)
    mark = ledger.mark("test")
    ledger.close()
    steps: list[MailTestStep] = []

    def said(step: MailTestStep) -> None:
        if step.ok is not None:
            steps.append(step)
            if not options.json:
                print(step, flush=True)

    test = MailTest(settings, passwords, mark, said, local_now)
    with encryption_kept(folder.database, settings):
        well = test.send() and test.receive()
        well = test.clean() and well
    if options.json:
        print_json({"ok": well, "steps": [step.as_json() for step in steps]})
    return DONE if well else NO_SERVER


def demo(options: Namespace) -> int:
    from kollect.demo.server import DemoServer
    from kollect.demo.shop import demo_passwords, demo_settings
    from kollect.demo.story import play

    with tempfile.TemporaryDirectory(prefix="kollect-demo-") as name, DemoServer() as server:
        folder = DataFolder(Path(name))
        folder.prepare()
        told: list[str] = []
        worker = CollectorWorker(
            folder,
            lambda: (demo_settings(server), demo_passwords(server)),
            lambda news: told.append(news.text) if isinstance(news, LogEntry) else None,
        )

        def collect() -> PollReport:
            report, trouble = worker.once()
            if trouble is not None:
                raise trouble
            return report

        well = play(collect, server, lambda: all_receipts(folder), print, shop_log=lambda: told)
        worker.close()
    return DONE if well else 1
