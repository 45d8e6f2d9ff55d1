"""A shop's ledger as it is after some time: receipts, kept mails, logs. In a real kollect.db."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

from kollect.ledger.ledger import Ledger
from kollect.mail import address
from kollect.storage.data_folder import DataFolder
from kollect.storage.database_driver import sqlite3

FIRST = 1001
_NAMES = "taro hanako yuki sakura ken mika haruto aoi sora rin yuna minato hina koharu".split()  # noqa: SIM905
_WORDS = "love smile happy-mama ramen neko inu baseball piano 0401 1123 z33 kurumi".split()  # noqa: SIM905
_DOMAINS = {
    "docomo.ne.jp": 25,
    "ezweb.ne.jp": 14,
    "au.com": 6,
    "softbank.ne.jp": 10,
    "i.softbank.jp": 8,
    "gmail.com": 20,
    "yahoo.co.jp": 9,
    "icloud.com": 8,
}
_STATES = {"replied": 960, "undeliverable": 25, "pending": 8, "unknown": 7}
_REASON = "550 5.1.1 User unknown"
_BUSY = [0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 9, 12, 14, 11, 8, 7, 8, 12, 15, 13, 9, 5, 2, 1]
"""How many customers stand at the counter in each hour of the day."""


def fill_receipts(
    folder: DataFolder, count: int, now: datetime, *, days: int = 400, seed: int = 1
) -> None:
    """So many receipts over so many days, in the order of arrival; the same ones for each seed."""
    folder.prepare()
    with closing(Ledger(folder.database)) as ledger:
        template = ledger.template_in_force("acknowledgement", "★1★", "★1★", now)
    rows = _receipts(random.Random(seed), count, now, days, template)
    with closing(sqlite3.connect(folder.database)) as db, db:
        db.executemany(
            "INSERT INTO receipt (number, address, address_key, received_at, replied_at, state,"
            " reason, times, template) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def _receipts(
    chance: random.Random, count: int, now: datetime, days: int, template: int
) -> Iterator[tuple[object, ...]]:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    hours = chance.choices(range(24), _BUSY, k=count)
    states = chance.choices(list(_STATES), list(_STATES.values()), k=count)
    domains = chance.choices(list(_DOMAINS), list(_DOMAINS.values()), k=count)
    moments = (
        midnight - timedelta(days=chance.randrange(days), seconds=-3600 * hour - number % 3600)
        for number, hour in enumerate(hours)
    )
    for number, moment in enumerate(sorted(min(moment, now) for moment in moments), FIRST):
        state, mail = states[number - FIRST], _address(chance, number, domains[number - FIRST])
        received = _text(moment)
        yield (
            number,
            mail,
            mail,
            received,
            _text(moment + timedelta(seconds=chance.randrange(2, 60)))
            if state == "replied"
            else None,
            state,
            _REASON if state == "undeliverable" else "",
            1 + (chance.random() < 0.06),
            template,
        )


def _address(chance: random.Random, number: int, domain: str) -> str:
    name, word = chance.choice(_NAMES), chance.choice(_WORDS)
    between = ".." if domain == "docomo.ne.jp" and chance.random() < 0.05 else "."
    return f"{name}{between}{word}-{number:x}@{domain}"


KEPT = (
    # minutes ago, kind, reason, address, subject, step, answer
    (35, "out_of_scope", "見出があるため、空メールではありません。", "suzuki.ichiro@docomo.ne.jp",
     "ポイントカードをなくしました", "gone", "250 2.0.0 Ok: queued"),
    (190, "out_of_scope", "空メールですが、差出人のメールアドレスを読み取れません。", "",
     "", "gone", "250 2.0.0 Ok: queued"),
    (260, "automatic", "自動送信のメールです（Precedence: bulk）。", "news@wholesale.example",
     "【重要】年末年始の配送について", "deferred", "451 4.7.1 Try again later"),
    (1500, "bounce", "メールが届かなかったことなどを知らせる配信の通知です。",
     "MAILER-DAEMON@docomo.ne.jp", "Undelivered Mail Returned to Sender", "gone", ""),
    (2900, "braked", "同じアドレスへの返信が上限（1時間に5通）に達したため、返信しません。",
     "hanako..love-4e2@docomo.ne.jp", "", "gone", ""),
    (4100, "out_of_scope", "見出があるため、空メールではありません。", "tanaka@softbank.ne.jp",
     "Re: 受付番号は1034です", "gone", "550 5.7.1 Rejected"),
)  # fmt: skip

_RAW = (
    "From: {sender}\r\nTo: karamail@ocn.ne.jp\r\nSubject: {subject}\r\n"
    "Date: Mon, 23 Nov 2026 10:00:00 +0900\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="b1"\r\n\r\n'
    "--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    '--b1\r\nContent-Type: image/jpeg; name="card.jpg"\r\n'
    "Content-Transfer-Encoding: base64\r\n\r\n/9j/4AAQSkZJRgABAQ==\r\n--b1--\r\n"
)
TEXT = (
    "駅前店のみなさま\r\n\r\nいつもお世話になっております。鈴木です。\r\n"
    "ポイントカードをなくしてしまったのですが、作り直しはできますか？\r\n"
)


def fill_kept(folder: DataFolder, now: datetime, *, times: int = 1) -> None:
    """Mails that were not answered, each with its copy in kept/."""
    folder.prepare()
    with closing(Ledger(folder.database)):
        pass
    with closing(sqlite3.connect(folder.database)) as db, db:
        for number in range(times * len(KEPT)):
            ago, kind, reason, sender, subject, step, answer = KEPT[number % len(KEPT)]
            moment = _text(now - timedelta(minutes=ago, seconds=number))
            name = f"{now:%Y%m%d}-{number:016x}.eml"
            db.execute(
                "INSERT INTO mail (mailbox, uid, fingerprint, kind, reason, address, address_key,"
                " subject, message_id, thread, letter_id, kept, whole, step, step_at, seen_at,"
                " answer) VALUES ('karamail@ocn.ne.jp', ?, '', ?, ?, ?, ?, ?, ?, '', '', ?, 1, ?,"
                " ?, ?, ?)",
                (
                    *(f"uid-{number}", kind, reason, sender, address.key(sender) if sender else ""),
                    *(subject, f"<{number}@mail.example>", name, step, moment, moment, answer),
                ),
            )
            raw = _RAW.format(sender=sender, subject=subject, text=TEXT)
            (folder.kept_dir / name).write_bytes(raw.encode())


def fill_log(folder: DataFolder, month: date, *, lines: int, seed: int = 1) -> None:
    """A month's log with so many lines, none on the 5th to the 8th of the month."""
    folder.prepare()
    chance = random.Random(seed)
    days = [day for day in range(1, 29) if not 5 <= day <= 8]
    written = []
    for number in range(lines):
        at = number * len(days) * 43200 // lines
        moment = datetime(month.year, month.month, days[at // 43200], 9) + timedelta(
            seconds=at % 43200
        )
        mail = _address(chance, FIRST + number, chance.choice(list(_DOMAINS)))
        told = chance.choices(
            (
                f"情報 受付番号 {FIRST + number} を発行しました: {mail}",
                f"情報 受付番号 {FIRST + number} を返信しました: {mail}",
                f"情報 見出があるため、空メールではありません。（差出人 {mail}、見出 こんにちは）",
                "注意 受信サーバに接続できません: 「pop.ocn.ne.jp」からの応答がありません。"
                " しばらくすると、もう一度試します。",
                "エラー 予期しない誤りが起きました（ValueError: 見本の誤り ← round.py:41 poll）",
            ),
            (45, 45, 7, 2, 1),
        )[0]
        written.append(f"{moment:%Y-%m-%d %H:%M:%S} {told}\n")
    (folder.log_dir / f"{month:%Y-%m}.txt").write_text("".join(written), encoding="utf-8")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
