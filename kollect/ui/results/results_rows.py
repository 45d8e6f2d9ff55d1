"""A receipt as a row of 収集結果表示: its columns, and what there is to say about its state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from kollect.delivery.answer_words import cause_of
from kollect.delivery.carriers import MAY_BE_FILTER, may_be_filter, sheet_may_help
from kollect.ledger.receipt_query import ReceiptOrder
from kollect.ledger.records import Receipt
from kollect.ledger.states import SEEMS_LOST, ReceiptState, in_words
from kollect.mail.foreign_text import exact
from kollect.settings.number_format import number_text
from kollect.ui.widgets.dates import moment_text, short_moment_text
from kollect.ui.widgets.table import TableColumn, TableRow

COLUMNS = {
    ReceiptOrder.NUMBER: TableColumn("受付番号", 6, narrow=5.5),
    ReceiptOrder.ADDRESS: TableColumn("メールアドレス", 15.7, stretch=True),
    ReceiptOrder.RECEIVED: TableColumn("受付日時", 8.8, narrow=6.2),
    ReceiptOrder.REPLIED: TableColumn("返信日時", 8.8, spare=True),
    ReceiptOrder.STATE: TableColumn("状態", 10.2, narrow=5.5),
    ReceiptOrder.TIMES: TableColumn("回数", 3.5, narrow=2.7, right=True),
    ReceiptOrder.MEMBER: TableColumn("会員", 3.5, narrow=2.7),
    ReceiptOrder.POSTER: TableColumn("ポスター", 6.5, narrow=4.5),
}
FALLING = (
    ReceiptOrder.NUMBER,
    ReceiptOrder.RECEIVED,
    ReceiptOrder.REPLIED,
    ReceiptOrder.STATE,
    ReceiptOrder.TIMES,
    ReceiptOrder.MEMBER,
)
"""At the first click on their heading the newest, the most, the worst come first."""

_LOST = (ReceiptState.UNDELIVERABLE, ReceiptState.REFUSED)
_OPENS = "Enterキーで会員登録か会員の修正を開きます。"
_TRIED_AGAIN = "次の受信のときに、もう一度送ってみます。"
_ABOUT = {
    ReceiptState.PENDING: "返信はまだです。次の受信のときに送ります。",
    ReceiptState.UNKNOWN: "返信が届いたかどうか、分かりません。",
    ReceiptState.UNDELIVERABLE: "返信が届きませんでした。",
    ReceiptState.REFUSED: "送信サーバが返信を断りました。再送すると、もう一度試します。",
    ReceiptState.REPLIED: "",
    ReceiptState.BROUGHT: "名簿（CSV）から取り込んだ方です。受付番号のメールは送っていません。",
}


def row_of(
    receipt: Receipt, digits: int, posters: Mapping[str, str], short_for: date | None
) -> TableRow:
    """`posters`: their names by their tags; `short_for`: there is little room, and it is this
    day."""
    failed = receipt.state in (ReceiptState.UNDELIVERABLE, ReceiptState.REFUSED)
    look = "wrong" if failed or _seems_lost(receipt) else ""
    return TableRow(cells(receipt, digits, posters, short_for), look)


def cells(
    receipt: Receipt, digits: int, posters: Mapping[str, str], short_for: date | None = None
) -> tuple[str, ...]:
    """Under `COLUMNS`; the last one only where there are posters."""
    times = (receipt.received_at, receipt.replied_at)
    return (
        number_text(receipt.number, digits),
        exact(receipt.address),
        *(short_moment_text(t, short_for) if short_for else moment_text(t) for t in times),
        "不達？" if short_for and _seems_lost(receipt) else in_words(receipt.state, receipt.reason),
        str(receipt.times),
        "会員" if receipt.member else "",
        *((posters.get(receipt.poster, receipt.poster),) if posters else ()),
    )


def about(receipt: Receipt, *, short_for: date | None = None) -> str:
    """What the words of its state leave open; where they say all, what Enter does, and where there
    is little room, when it was sent."""
    if receipt.stands_for is not None:
        return f"会員 {receipt.stands_for} の新しいアドレスです（アドレスの変更）。"
    text = f"{SEEMS_LOST}。" if _seems_lost(receipt) else _ABOUT[receipt.state]
    if may_be_filtered(receipt):
        text = f"{MAY_BE_FILTER}。"
        text += _TRIED_AGAIN if receipt.state is ReceiptState.PENDING else ""
    if text and receipt.reason:
        cause = "" if may_be_filtered(receipt) else cause_of(receipt.reason, receipt.address)
        told = f"{text}{cause}。" if cause else text
        is_told = receipt.reason.rstrip("。") == cause
        return told if is_told else f"{told}（サーバの答え: {receipt.reason}）"
    if text:
        return text
    if short_for and receipt.replied_at:
        return f"返信日時 {short_moment_text(receipt.replied_at, short_for)}　{_OPENS}"
    return _OPENS


def may_be_filtered(receipt: Receipt) -> bool:
    """Whether the customer's own phone may have refused the reply: cured at the counter. Also of
    one that is still tried: it stays refused, until the customer has set the phone.
    """
    return receipt.state in (*_LOST, ReceiptState.PENDING) and may_be_filter(
        receipt.address, receipt.reason
    )


def has_not_arrived(receipt: Receipt) -> bool:
    """Whether the sheet 「返信が届かないとき」 may help."""
    if receipt.state is ReceiptState.REFUSED:
        return sheet_may_help(receipt.address, receipt.reason)
    return (
        receipt.state is ReceiptState.UNDELIVERABLE
        or _seems_lost(receipt)
        or may_be_filtered(receipt)
    )


def _seems_lost(receipt: Receipt) -> bool:
    return receipt.state is ReceiptState.REPLIED and bool(receipt.reason)
