"""The fixed scene of `kollect demo --headless`: customers, the shop and its owner, told as a story.

Everything in it is real but the people: real mails over real sockets, collected by the function
that is handed in. Every sentence with a ✓ was checked; a ✗ says what was expected.
"""

from __future__ import annotations

import poplib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from kollect.collector.events import PollReport
from kollect.demo.customer import Customer, Received, read_mailbox
from kollect.demo.phone import Phone
from kollect.demo.server import DemoServer
from kollect.demo.shop import OWNER_ADDRESS, demo_settings
from kollect.errors import Trouble
from kollect.ledger.states import RECEIPT_STATE_TEXTS, ReceiptState

COUNTED = (
    "accepted",
    "duplicate",
    "forwarded",
    "ignored",
    "bounced",
    "undeliverable",
    "deferred",
    "left",
)


class Row(Protocol):
    """One line of 収集結果."""

    @property
    def number(self) -> int: ...
    @property
    def address(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def times(self) -> int: ...


def play(
    collect: Callable[[], PollReport],
    server: DemoServer,
    results: Callable[[], Sequence[Row]],
    say: Callable[[str], None],
    *,
    shop_log: Callable[[], Sequence[str]] = tuple,
) -> bool:
    """Play the scene and tell it line by line. True only if everything came out right.

    `collect` polls once with `demo_settings(server)` and a register that is still empty; `results`
    are the rows of 収集結果 by number; `shop_log` all lines the shop's log has so far.
    """
    scene = _Scene(collect, server, results, say, shop_log)
    try:
        scene.play()
    except (Trouble, OSError, poplib.error_proto) as trouble:
        scene.fail("途中で止まりました。", expected="最後まで進む", got=str(trouble))
    say("")
    if scene.failures:
        say(f"デモは正しく終わりませんでした（✗ が {scene.failures} か所）。")
    else:
        say("デモはすべて正しく終わりました。")
    return not scene.failures


class _Scene:
    def __init__(
        self,
        collect: Callable[[], PollReport],
        server: DemoServer,
        results: Callable[[], Sequence[Row]],
        say: Callable[[str], None],
        shop_log: Callable[[], Sequence[str]],
    ) -> None:
        self._collect = collect
        self._server = server
        self._results = results
        self._say = say
        self._shop_log = shop_log
        self._log_told = 0
        self.failures = 0
        self._texts = demo_settings(server)
        self._hanako = Customer(
            server, "hanako..yamada.@docomo.ne.jp", "山田花子", phone=Phone.DOCOMO
        )
        self._ichiro = Customer(server, "ichiro@phone.example", "佐藤一郎", phone=Phone.IPHONE)
        self._misaki = Customer(server, "misaki@mail.example", "鈴木美咲", phone=Phone.GMAIL)
        self._customers = (self._hanako, self._ichiro, self._misaki)

    def play(self) -> None:
        self._say(f"お店の空メール用アドレス: {self._server.shop_address}")
        self._say("このパソコンの中だけで動く小さなメールサーバを使います。外へは1通も出ません。")
        first = self._texts.collect.first_number
        numbers = {
            customer.address: number for number, customer in enumerate(self._customers, first)
        }
        self._new_customers(numbers)
        self._same_again(numbers)
        self._a_question()
        self._nothing_new()
        self._table(numbers)

    def _new_customers(self, numbers: dict[str, int]) -> None:
        self._head("1. お客様が3人、ポスターを見て空メールを送ります")
        sent = [
            self._blank(self._hanako, None, "件名も本文も空のまま"),
            self._blank(self._ichiro, None, "件名も本文も空のまま"),
            self._blank(self._misaki, "(件名なし)", "件名は電話機が「(件名なし)」にします"),
        ]
        self._poll(accepted=3)
        texts = self._texts.collect
        for customer, question in zip(self._customers, sent, strict=True):
            number = str(numbers[customer.address])
            self._reply(
                customer,
                question,
                subject=texts.reply_subject.replace("★1★", number),
                body=texts.reply_body.replace("★1★", number),
            )

    def _same_again(self, numbers: dict[str, int]) -> None:
        customer = self._ichiro
        self._head(f"2. {customer.name}さんが、もう一度空メールを送ります")
        question = self._blank(customer, None, "番号をひかえ忘れました")
        self._poll(duplicate=1)
        number = str(numbers[customer.address])
        texts = self._texts.duplicate
        self._reply(
            customer,
            question,
            subject=texts.reply_subject.replace("★2★", number),
            body=texts.reply_body.replace("★2★", number),
        )

    def _a_question(self) -> None:
        customer, subject = self._misaki, "営業時間について"
        self._head(f"3. {customer.name}さんが、件名のあるメールを送ります")
        question = customer.send(subject, "日曜日は何時まで開いていますか。")
        self._say(f"  {customer.name}さん → お店: 「{subject}」")
        self._poll(forwarded=1)
        owner = read_mailbox(self._server, OWNER_ADDRESS)
        self._say(f"  店長のメール（{OWNER_ADDRESS}）に届いたもの:")
        self._show(owner)
        self.check("店長に1通だけ転送されました", 1, len(owner))
        inside = [mail for letter in owner for mail in letter.attached]
        self.check(
            "お客様のメールが、そのまま添付されています",
            [(question, subject)],
            [(mail.message_id, mail.subject) for mail in inside],
        )
        self.check(
            "店長が返信すると、お客様に届きます（Reply-To）",
            [True],
            [customer.address in letter.reply_to for letter in owner],
        )
        self.check(f"{customer.name}さんには自動返信しません", [], customer.read())

    def _nothing_new(self) -> None:
        self._head("4. 新しいメールがないときに、もう一度受信します")
        self._poll()
        for customer in self._customers:
            self.check(f"{customer.name}さんに余分なメールは届きません", [], customer.read())
        self.check("店長に余分なメールは届きません", [], read_mailbox(self._server, OWNER_ADDRESS))

    def _table(self, numbers: dict[str, int]) -> None:
        self._head("5. お店の「収集結果」")
        rows = list(self._results())
        width = max([len("メールアドレス") * 2, *(len(row.address) for row in rows)])
        self._say(f"  受付番号  {_padded('メールアドレス', width)}  状態    回数")
        for row in rows:
            address = _padded(row.address, width)
            state = _padded(RECEIPT_STATE_TEXTS[ReceiptState(row.state)], 6)
            self._say(f"  {row.number:<8}  {address}  {state}  {row.times}")
        again = self._ichiro.address
        self.check(
            "番号は順番どおりで、お客様ひとりに1つです",
            [
                (number, address, "replied", 2 if address == again else 1)
                for address, number in numbers.items()
            ],
            [(row.number, row.address, str(row.state), row.times) for row in rows],
        )

    def _blank(self, customer: Customer, subject: str | None, how: str) -> str:
        message_id = customer.send_blank(subject)
        self._say(f"  {customer.name}さん（{customer.address}）→ お店: 空メール。{how}")
        return message_id

    def _poll(self, **expected: int) -> None:
        """Collect once; every count that is not expected must be 0."""
        report = self._collect()
        lines = list(self._shop_log())
        self._say("  お店のパソコン: 受信しました")
        for line in lines[self._log_told :]:
            self._say(f"    | {line}")
        self._log_told = len(lines)
        counts = {name: getattr(report, name) for name in COUNTED}
        self.check(
            f"件数は合っています（{_counts_told(counts)}）",
            dict.fromkeys(COUNTED, 0) | expected,
            counts,
        )
        left = len(self._server.mailbox(self._server.shop_address).mails)
        self.check("処理したメールはサーバから消えました", 0, left)

    def _reply(self, customer: Customer, question: str, *, subject: str, body: str) -> None:
        fresh = customer.read()
        self._say(f"  {customer.name}さんの携帯（{customer.phone}）に届いたもの:")
        self._show(fresh)
        self.check(
            "返信は1通だけで、番号と文面は設定どおりです",
            [(subject, body.strip("\n"))],
            [(letter.subject, letter.body) for letter in fresh],
        )
        self.check(
            "送ったメールへの自動返信になっています",
            [(question, "auto-replied")],
            [(letter.in_reply_to, letter.automatic) for letter in fresh],
        )

    def _show(self, letters: Iterable[Received]) -> None:
        for letter in letters:
            self._say(f"    ┌ 差出人: {letter.sender}")
            self._say(f"    │ 件名: {letter.subject}")
            for line in letter.body.split("\n"):
                self._say(f"    │ {line}".rstrip())
            for inside in letter.attached:
                self._say(f"    │ 添付: 「{inside.subject}」（{inside.sender} から）")

    def _head(self, title: str) -> None:
        self._say("")
        self._say(title)

    def check(self, claim: str, expected: object, got: object) -> None:
        if expected == got:
            self._say(f"  ✓ {claim}")
        else:
            self.fail(claim, expected=expected, got=got)

    def fail(self, claim: str, *, expected: object, got: object) -> None:
        self.failures += 1
        self._say(f"  ✗ {claim}")
        self._say(f"      こうなるはずでした: {expected}")
        self._say(f"      実際はこうでした  : {got}")


def _counts_told(counts: dict[str, int]) -> str:
    names = {"accepted": "新規", "duplicate": "2重登録", "forwarded": "対象外"}
    return "、".join(f"{name}{counts[key]}件" for key, name in names.items())


def _padded(text: str, width: int) -> str:
    """`text` filled up to `width` columns; a full-width character takes two."""
    taken = sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
    return text + " " * max(0, width - taken)
