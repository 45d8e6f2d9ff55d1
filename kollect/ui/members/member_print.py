"""What 「印刷」 of 会員一覧 makes: the members as rows or labels, and what must be said before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from typing import TypeVar

from kollect.mail.foreign_text import exact
from kollect.members.csv_export import minute_text
from kollect.members.member import Member, MemberState
from kollect.members.member_fields import NO, YES
from kollect.members.member_reader import ConsentRecord
from kollect.members.repository import Members
from kollect.printing import address_labels, list_pages
from kollect.printing.address_labels import Addressee
from kollect.printing.list_pages import ListColumn
from kollect.settings.number_format import number_text
from kollect.ui.framework.pdf_file import PaperMade, not_in_the_font
from kollect.ui.members.member_form_fields import state_words
from kollect.ui.members.print_dialog import PrintChoice, PrintedPaper

T = TypeVar("T")

Told = Callable[[str, int], bool]
"""What is being done, and with how many it is done; False: it is to end."""

TOLD_EVERY = 500
_CURE = "ほかの書き方があれば、会員の内容を直してください。"
_LIST = (
    *(ListColumn("受付番号", 18), ListColumn("お名前", 28), ListColumn("フリガナ", 33)),
    *(ListColumn("状態", 17), ListColumn("電話番号", 28), ListColumn("メールアドレス", 53)),
    *(ListColumn("郵便番号", 18), ListColumn("住所", 57), ListColumn("登録日", 21)),
)
_CONSENTS = (
    *(ListColumn("受付番号", 18), ListColumn("メールアドレス", 60)),
    *(ListColumn("空メールの受付日時", 33), ListColumn("承諾", 15), ListColumn("承諾日", 21)),
    *(
        ListColumn("承諾方法", 44),
        ListColumn("記録日時", 33),
        ListColumn("受付完了メールの見出", 49),
    ),
)


class _Ended(Exception):
    """The user has pressed 中止."""


def make(
    choice: PrintChoice,
    members: Members,
    numbers: Sequence[int],
    told: Told,
    *,
    shop: str,
    digits: int,
    today: date,
) -> PaperMade | None:
    """The paper of these members, in this order; None where `told` wants it to end.

    Takes a while. Raises Trouble where there is no Japanese font.
    """
    passes = iter(("確かめています", "作成しています"))

    def watched(rows: Iterable[T]) -> Iterator[T]:
        doing = next(passes)
        for count, row in enumerate(rows):
            if count % TOLD_EVERY == 0 and not told(doing, count):
                raise _Ended
            yield row

    try:
        if choice.paper is PrintedPaper.LABELS:
            return _labels(choice, lambda: watched(members.one_by_one(numbers)))
        listing = partial(list_pages.make, choice.paper, shop=shop, day=f"{today:%Y/%m/%d}")
        if choice.paper is PrintedPaper.LIST:
            made = listing(
                _LIST,
                lambda: (_member_row(m, digits) for m in watched(members.one_by_one(numbers))),
            )
        else:
            record = members.consents
            made = listing(_CONSENTS, lambda: (_consent_row(r, digits) for r in watched(record())))
    except _Ended:
        return None
    return PaperMade(made.pdf, made.rows, made.pages, not_in_the_font(made.missing, _CURE))


def _labels(choice: PrintChoice, everybody: Callable[[], Iterable[Member]]) -> PaperMade:
    left_out: Counter[str] = Counter()

    def each() -> Iterator[Addressee]:
        left_out.clear()
        for member in everybody():
            if member.standing.state is MemberState.WITHDRAWN:
                left_out["退会した方"] += 1
            elif not member.home.strip():
                left_out["住所のない方"] += 1
            else:
                yield Addressee(member.name, member.postcode, member.home)

    made = address_labels.make(each, choice.sheet, choice.first)
    notes = [f"{who} {count:,}名は除きます。" for who, count in sorted(left_out.items())]
    return PaperMade(
        made.pdf, made.labels, made.pages, [*notes, *not_in_the_font(made.missing, _CURE)]
    )


def _member_row(member: Member, digits: int) -> Sequence[str]:
    registered = member.standing.registered_at
    return (
        *(number_text(member.number, digits), member.name, member.kana, state_words(member)),
        *(member.phone, exact(member.standing.address), member.postcode, member.home),
        f"{registered.astimezone():%Y/%m/%d}" if registered else "",
    )


def _consent_row(one: ConsentRecord, digits: int) -> Sequence[str]:
    return (
        *(number_text(one.number, digits), exact(one.address), minute_text(one.received_at)),
        *(YES if one.consent.given else NO, f"{one.consent.on:%Y/%m/%d}" if one.consent.on else ""),
        *(one.consent.how, minute_text(one.recorded_at), one.subject),
    )
