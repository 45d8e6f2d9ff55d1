"""`send`: a mail to the members; waits as the pace asks, goes on after whatever stopped it."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import closing
from datetime import date, timedelta

from kollect.app.preflight import held
from kollect.app.recovery import refuse_damage
from kollect.collector.events import PollReport
from kollect.commands.collect import checked_settings, stop_on_signal
from kollect.commands.members import UnreadableFile, read_input
from kollect.commands.output import (
    DEFERRED,
    DONE,
    WRONG,
    data_folder,
    exit_code,
    failed,
    print_json,
)
from kollect.errors import ServerTrouble, StorageTrouble, Trouble
from kollect.ledger.commit_retry import PATIENCE_OF_A_COMMAND
from kollect.ledger.ledger import Ledger
from kollect.letters.letter_check import gaps
from kollect.mail import address
from kollect.mail.nfc import composed
from kollect.mailing import mailing_text
from kollect.mailing.due_mailings import to_be_asked
from kollect.mailing.mailing_errors import NobodyToSendTo, TextNotReady
from kollect.mailing.mailing_events import (
    MailingEnded,
    MailingEvent,
    MailingFailed,
    MailingProgress,
    ReservationMissed,
)
from kollect.mailing.mailing_states import (
    UNFINISHED,
    Audience,
    Mailing,
    MailingState,
    RecipientState,
)
from kollect.mailing.mailing_worker import MailingWorker, sample_address, send_sample
from kollect.mailing.outbox import Outbox
from kollect.mailing.rate_limit import RateLimit
from kollect.members.member import Sex
from kollect.members.member_filter import AgeRange, MemberFilter
from kollect.settings.model import Passwords, Settings
from kollect.storage import event_log
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_thread import local_now

TELL_SECONDS = 5.0


def send(options: Namespace) -> int:
    if (options.resume or options.due) == bool(options.subject and options.body_file):
        print(
            "--subject と --body-file の両方か、--resume か --due を指定してください。",
            file=sys.stderr,
        )
        return WRONG
    folder = data_folder(options)
    folder.prepare()
    with held(folder), event_log.install(folder):
        refuse_damage(folder)
        settings, passwords = checked_settings(folder)()
        try:
            if options.resume:
                return _go_on(folder, settings, passwords, options)
            if options.due:
                return _send_due(folder, settings, passwords, options)
            return _new(folder, settings, passwords, options)
        except (UnreadableFile, TextNotReady, NobodyToSendTo) as mistake:
            failed(mistake, as_json=options.json)
            return WRONG


def _new(folder: DataFolder, settings: Settings, passwords: Passwords, options: Namespace) -> int:
    subject, body = composed(options.subject), composed(_text(read_input(options.body_file)))
    if options.to_self:
        to = sample_address(settings)
        with closing(Ledger(folder.database)) as ledger:
            mark = ledger.mark("reply")
        send_sample(
            settings, passwords, to=to, subject=subject, body=body, mark=mark, now=local_now()
        )
        _say(options, {"sample": to}, f"確認用のメールを {to} に送りました。")
        return DONE
    if left := gaps(subject, body):
        named = "、".join(f"「{gap}」" for gap in left)
        print(f"注意: {named}が、うめられていません。", file=sys.stderr)
    choice = _choice(options)
    with closing(Outbox(folder.database)) as outbox:
        left_alone = [one.id for one in to_be_asked(outbox, local_now())]
        if options.dry_run:
            mailing_text.check(subject, body, settings.shop)
            audience = outbox.audience(choice)
            _say(options, _reach(audience), f"{_in_words(audience)}。まだ1通も送っていません。")
            return DONE
        mailing = outbox.save(
            subject, body, RateLimit(options.per_minute, options.per_hour), local_now()
        )
        domain = address.wire(settings.mail_address)[0].rpartition("@")[2]
        try:
            audience = outbox.start(
                mailing, choice, local_now(),
                shop=settings.shop, mail_address=settings.mail_address, letter_domain=domain,
            )  # fmt: skip
        except Trouble:
            outbox.discard(mailing)
            raise
    if not options.json:
        print(f"{_in_words(audience)}。送信を始めます。", flush=True)
    return _send(
        folder, settings, passwords, lambda one: one.id == mailing, options, _reach(audience),
        left_alone=left_alone,
    )  # fmt: skip


def _choice(options: Namespace) -> MemberFilter:
    now = local_now()
    days = options.not_written_days
    return MemberFilter(
        group=composed(options.group),
        birth_month=options.birth_month,
        sex=Sex(options.sex) if options.sex else None,
        ages=_ages(options.age, now.date()),
        not_written_since=now - timedelta(days=days) if days else None,
    )


def _ages(ages: tuple[int, int] | None, today: date) -> AgeRange | None:
    return AgeRange(*ages, on=today) if ages else None


def _go_on(folder: DataFolder, settings: Settings, passwords: Passwords, options: Namespace) -> int:
    """What was paused, and what was broken off."""
    waiting = []
    with closing(Outbox(folder.database)) as outbox:
        for mailing in reversed(outbox.mailings()):
            if mailing.state is MailingState.PAUSED:
                outbox.resume(mailing.id)
            if mailing.state in (MailingState.PAUSED, MailingState.SENDING):
                waiting.append(mailing.id)
    if not waiting and not options.json:
        print("送りかけのメールはありません。")
        return DONE
    return _send(folder, settings, passwords, lambda one: one.id in waiting, options, {})


def _send_due(
    folder: DataFolder, settings: Settings, passwords: Passwords, options: Namespace
) -> int:
    """What is due by now of what sends itself, once; and what was left of it within a day. Other
    left-overs are left alone: nobody may want them any more.
    """
    with closing(Outbox(folder.database)) as outbox:
        left_alone = [one.id for one in to_be_asked(outbox, local_now())]
        going = {mailing.id for mailing in outbox.mailings(MailingState.SENDING)} - {*left_alone}
        newest = max((mailing.id for mailing in outbox.mailings()), default=0)
        reserved = {mailing.id for mailing in outbox.mailings(MailingState.SCHEDULED)}

    def is_of_this_run(mailing: Mailing) -> bool:
        begun = mailing.id in reserved and mailing.state is not MailingState.SCHEDULED
        return begun or mailing.id in going or mailing.id > newest

    return _send(
        folder, settings, passwords, is_of_this_run, options, {},
        begin_due=True, left_alone=left_alone,
    )  # fmt: skip


def _send(
    folder: DataFolder,
    settings: Settings,
    passwords: Passwords,
    is_of_this_run: Callable[[Mailing], bool],
    options: Namespace,
    reach: dict[str, object],
    *,
    begin_due: bool = False,
    left_alone: Collection[int] = (),
) -> int:
    started = time.monotonic()
    told = _Told(quiet=options.json)
    worker = MailingWorker(
        folder, lambda: (settings, passwords), told,
        patience=PATIENCE_OF_A_COMMAND, undecided=lambda: left_alone,
    )  # fmt: skip
    stop_on_signal(worker.stop)
    trouble = worker.once(begin_due=begin_due)
    counts: Counter[RecipientState] = Counter()
    mailings: list[int] = []
    with closing(Outbox(folder.database)) as outbox:
        for mailing in reversed(outbox.mailings()):
            if is_of_this_run(mailing):
                mailings.append(mailing.id)
                counts.update(outbox.counts(mailing.id))
    left = sum(counts[step] for step in UNFINISHED)
    if begin_due:
        reach = reach | {"missed": sorted(told.missed), "left_alone": sorted(left_alone)}
    result = reach | {
        "mailings": mailings,
        "sent": counts[RecipientState.SENT],
        "undeliverable": counts[RecipientState.UNDELIVERABLE],
        "uncertain": counts[RecipientState.UNCERTAIN],
        "not_sent": counts[RecipientState.LEFT_OUT],
        "left": left,
        "seconds": round(time.monotonic() - started, 3),
    }
    if trouble is not None and options.json:
        result["error"] = {"title": trouble.title, "happened": trouble.happened}
    words = (
        f"送信済 {counts[RecipientState.SENT]}通、不達 {counts[RecipientState.UNDELIVERABLE]}通、"
        f"未確認 {counts[RecipientState.UNCERTAIN]}通、残り {left}通"
    )
    if told.missed:
        words += (
            f"。予約の時刻を1日以上過ぎたメールが{len(told.missed)}件あります。"
            "画面の「メール発信」で、送るか、予約をやめるかを決めてください"
        )
    if begin_due and left_alone:
        words += f"。ほかに、送りかけのままのメールが{len(left_alone)}件あります"
    if left or (begin_due and left_alone):
        words += "。続きは「kollect send --resume」で送ります"
    _say(options, result, f"{words}。")
    if isinstance(trouble, ServerTrouble | StorageTrouble):
        return exit_code(trouble, PollReport(deferred=left))
    if isinstance(trouble, TextNotReady):
        return WRONG
    return DEFERRED if left or told.missed or (begin_due and left_alone) else DONE


class _Told:
    """Prints how it goes, once every few seconds."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._last = time.monotonic()
        self.missed: set[int] = set()
        """予約 that nobody has decided about."""

    def __call__(self, news: MailingEvent) -> None:
        match news:
            case ReservationMissed(mailing=mailing):
                self.missed.add(mailing)
                return
            case MailingFailed(trouble=StorageTrouble() as trouble):
                print(trouble, file=sys.stderr, flush=True)
            case _ if self._quiet:
                return
            case MailingProgress(waiting_until=None):
                if time.monotonic() - self._last < TELL_SECONDS:
                    return
                print(f"送信済 {news.sent} / {news.total}（毎分 {news.per_minute}通）", flush=True)
            case MailingProgress(waiting_until=until):
                print(
                    f"送信済 {news.sent} / {news.total}。速さの制限のため、"
                    f"{until:%H:%M:%S} まで待ちます。",
                    flush=True,
                )
            case MailingFailed(trouble=trouble):
                print(trouble, flush=True)
            case MailingEnded():
                return
        self._last = time.monotonic()


def _text(raw: bytes) -> str:
    """What Notepad may have written. Raises UnreadableFile."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return raw.decode(encoding).replace("\r\n", "\n")
        except UnicodeDecodeError:
            continue
    raise UnreadableFile(
        "本文のファイルを読めません",
        happened="文字コードが UTF-8 でもシフトJISでもありません。",
        cure="メモ帳で開き、文字コードを UTF-8 にして保存し直してください。",
    )


def _reach(audience: Audience) -> dict[str, object]:
    left_out = {str(why): count for why, count in audience.left_out.items()}
    return {"chosen": audience.chosen, "reached": audience.reached, "left_out": left_out}


def _in_words(audience: Audience) -> str:
    left_out = "、".join(f"{why} {count}名" for why, count in audience.left_out.items())
    without = f"（送らない方: {left_out}）" if left_out else ""
    return f"選んだ会員 {audience.chosen}名のうち、{audience.reached}名に送ります{without}"


def _say(options: Namespace, result: dict[str, object], words: str) -> None:
    if options.json:
        print_json(result)
    else:
        print(words, flush=True)
