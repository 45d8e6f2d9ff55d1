"""`collect`: poll once, or stay and poll until told to stop."""

from __future__ import annotations

import getpass
import logging
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress

from kollect.app import folder_warnings
from kollect.app.preflight import held
from kollect.app.recovery import refuse_damage
from kollect.collector.events import CollectorEvent, Held, LogEntry, PollFinished, PollReport
from kollect.collector.worker import CollectorWorker
from kollect.commands.output import DONE, data_folder, exit_code, failed, print_json
from kollect.errors import NotDeleted, Problem, SettingsTrouble, Trouble
from kollect.ledger.commit_retry import PATIENCE_OF_A_COMMAND
from kollect.ledger.ledger import Ledger
from kollect.net.tls import authorities_fault
from kollect.settings import ini_file
from kollect.settings.model import Passwords, Settings, Tls
from kollect.settings.passwords import PasswordStore
from kollect.settings.validation import problems, ready_to_collect
from kollect.storage import event_log
from kollect.storage.data_folder import DataFolder
from kollect.storage.log_sentences import TROUBLE

log = logging.getLogger(__name__)

INTERRUPTED = 130
"""Exit code: ended by Ctrl-C."""

COUNT_WORDS = {
    "accepted": "受付",
    "duplicate": "受付済み",
    "forwarded": "転送",
    "kept": "対象外の保存",
    "ignored": "自動送信",
    "bounced": "不達通知",
    "undeliverable": "不達",
    "deferred": "次回に送信",
    "left": "サーバに残り",
}


def collect(options: Namespace) -> int:
    folder = data_folder(options)
    folder.prepare()
    with held(folder), event_log.install(folder):
        refuse_damage(folder)
        load = checked_settings(folder)
        if (warning := folder_warnings.new_warning(folder)) is not None:
            log.warning("%s", warning)
            print(warning, file=sys.stderr)
        quiet = options.json
        worker = CollectorWorker(
            folder,
            load,
            lambda news: _print_news(news, quiet=quiet),
            patience=PATIENCE_OF_A_COMMAND if options.once else None,
        )
        stop_on_signal(worker.stop)
        if options.once:
            report, trouble = worker.once()
            worker.close()
            if trouble is not None:
                if not isinstance(trouble, NotDeleted):  # the poll has told it, once
                    log.log(TROUBLE, "%s", trouble)
                return failed(trouble, as_json=options.json, report=report)
            _print_report(report, as_json=options.json)
            return exit_code(trouble, report)
        return _reside(worker, as_json=options.json)


def _reside(worker: CollectorWorker, *, as_json: bool) -> int:
    if not as_json:
        print("メールの収集を始めました。終わるには Ctrl+C を押してください。", flush=True)
    worker.start()
    try:
        while worker.alive:
            worker.join(0.5)
    except KeyboardInterrupt:
        # The second Ctrl-C: at once, as a power cut would. The thread may wait ten minutes for a
        # server's answer, and the folder's lock must not be given back before it has ended.
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(INTERRUPTED)
    if as_json:
        print_json({"stopped": True})
    else:
        print("メールの収集を終わりました。")
    return DONE


def stop_on_signal(finish: Callable[[], None]) -> None:
    """The first Ctrl-C or SIGTERM finishes the mails in hand; a second Ctrl-C ends at once."""

    def stop(number: int, frame: object) -> None:
        finish()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def _print_news(news: CollectorEvent, *, quiet: bool) -> None:
    with suppress(OSError, ValueError):  # nobody reads any more: no reason to stop collecting
        match news:
            case Held(at, trouble):
                print(f"{at:%H:%M:%S} {trouble}", file=sys.stderr, flush=True)
            case _ if quiet:
                return
            case LogEntry(at, text):
                print(f"{at:%H:%M:%S} {text}", flush=True)
            case PollFinished(at, _, Trouble() as trouble, _):
                print(f"{at:%H:%M:%S} {trouble}", flush=True)


def _print_report(report: PollReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report.as_json())
        return
    counts = report.as_json()
    told = "、".join(f"{word} {counts[name]}" for name, word in COUNT_WORDS.items() if counts[name])
    print(f"{told or '新しいメールはありません'}（{report.seconds:.1f} 秒）")


def checked_settings(folder: DataFolder) -> Callable[[], tuple[Settings, Passwords]]:
    """The settings in force and the passwords, checked; a missing password is asked for once."""
    settings = ini_file.load(folder.ini)
    wrong = problems(settings) or ready_to_collect(settings) or _unusable_authorities(settings.tls)
    if wrong:
        raise SettingsTrouble(str(folder.ini), tuple(wrong))
    ledger = Ledger(folder.database)
    vault = PasswordStore(ledger.install_id)
    ledger.close()
    found = _ask_missing(vault, settings, folder)
    return lambda: (settings, found)


def _unusable_authorities(tls: Tls) -> tuple[Problem, ...]:
    """What the pure check of the settings cannot see: it reads no files."""
    fault = authorities_fault(tls.ca_file) if tls.ca_file else None
    return (Problem("tls", "ca_file", tls.ca_file, fault),) if fault else ()


def _ask_missing(vault: PasswordStore, settings: Settings, folder: DataFolder) -> Passwords:
    for which in vault.missing(settings):
        words = {"receive": "受信", "send": "送信"}[which]
        if not (password := _typed(f"{words}用のパスワード: ")):
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
        vault.set(which, password)
    return vault.find(settings)


def _typed(prompt: str) -> str:
    """What is typed unseen; "" where nobody can type or nothing was typed."""
    if sys.stdin is None or not sys.stdin.isatty():
        return ""
    try:
        return getpass.getpass(prompt)
    except EOFError:
        return ""
