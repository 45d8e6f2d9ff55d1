"""会員ごとの結果: what became of each mail of a mailing, narrowed to one result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from tkinter import ttk

from kollect.app.active_workspace import ActiveWorkspace
from kollect.mail.foreign_text import exact
from kollect.mailing.mailing_states import MailingRecipient, RecipientState
from kollect.settings.number_format import number_text
from kollect.threads.background_thread import local_now
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.framework.window import Screen, Window
from kollect.ui.mailing.mailing_words import ALL, FILTERS, count, result, why
from kollect.ui.widgets.fields import ChoiceField
from kollect.ui.widgets.form import combobox_of
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take


class MailingResults(ttk.Frame):
    """Of this mailing; `show_letter` shows what was written."""

    def __init__(
        self,
        parent: Screen,
        window: Window,
        workspaces: ActiveWorkspace,
        mailing: int,
        show_letter: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._workspaces = workspaces
        self._id = mailing
        self._counts: Mapping[RecipientState, int] = {}
        self._filled = ""
        """The result that the table was narrowed to last."""
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self._build_filter(show_letter).grid(row=0, column=0, sticky="ew", pady=GAP)
        self.table = Table(
            self,
            (
                TableColumn("受付番号", 4.5),
                TableColumn("お名前", 7),
                TableColumn("メールアドレス", 11, stretch=True),
                TableColumn("結果", 7.5, narrow=6.5),
                TableColumn("日時", 6.5, spare=True),
                TableColumn("理由", 10, narrow=8.5),
            ),
            self._fetch,
            opened=lambda place: self.look(),
            memory=window.memory.columns("recipients"),
        )
        self.table.grid(row=1, column=0, sticky="nsew")

    def _build_filter(self, show_letter: Callable[[], None]) -> ttk.Frame:
        bar = ttk.Frame(self)
        ttk.Label(bar, text="会員ごとの結果").pack(side="left", padx=(0, HALF))
        words = {word: f"{word}　{'　' * 5}" for word in FILTERS}
        box = combobox_of(bar, words)
        box.pack(side="left")
        self.filter = ChoiceField(box, ttk.Label(bar), words)
        self.filter.value = ALL
        self.filter.on_edit(self.refill)
        ttk.Label(bar, text="Enterキーで、くわしい内容", style="Faint.TLabel").pack(
            side="left", padx=GAP
        )
        self.letter_button = ttk.Button(bar, text="送った内容を見る", command=show_letter)
        self.letter_button.pack(side="right")
        return bar

    def show(self, counts: Mapping[RecipientState, int]) -> None:
        """Fetch the rows again; so many are at each step by now."""
        self._counts = counts
        self.refill()

    def refill(self) -> None:
        word = self.filter.value
        wanted = count(self._counts, word)
        same = self._filled == word
        if len(self.table.row_keys) == wanted and same:
            self.table.refresh()
        else:
            self.table.show(range(wanted), top=self.table.top if same else None, keep=same)
        self._filled = word
        self.table.say_nothing_there("" if wanted else "この結果の会員はいません。")
        box = self.filter.widget
        assert isinstance(box, ttk.Combobox)
        words = [f"{one}（{count(self._counts, one):,}名）" for one in FILTERS]
        if list(box.cget("values")) != words:
            place = box.current()
            box.configure(values=words)
            box.current(place)

    def resized(self) -> None:
        self.table.on_text_size()

    def _fetch(self, places: Sequence[int], take: Take) -> None:
        steps = FILTERS[self.filter.value]

        def work() -> tuple[list[MailingRecipient], int]:
            with self._workspaces.current.outbox() as outbox:
                recipients = outbox.page(self._id, places[0], len(places), *steps)
            digits = self._workspaces.current.digits
            return recipients, digits

        take.by_job(
            self._window.jobs,
            work,
            lambda found: {
                place: _row(one, found[1]) for place, one in zip(places, found[0], strict=False)
            },
            owner=self,
        )

    def look(self) -> None:
        """Enter on a row: all that is known of this mail, however long the server's words are."""
        place = self.table.current
        if place is None:
            return
        steps = FILTERS[self.filter.value]

        now = local_now()

        def work(job: Job) -> list[tuple[MailingRecipient, list[date]]]:
            with self._workspaces.current.outbox() as outbox:
                found = outbox.page(self._id, place, 1, *steps)
                return [(one, outbox.days_returned(one.number, now)) for one in found]

        def done(found: list[tuple[MailingRecipient, list[date]]]) -> None:
            for one, returned in found:
                self._window.dialogs.show_info(
                    f"{self._workspaces.current.number_text(one.number)}　{one.name} 様",
                    _all_of(one, returned),
                )

        self._window.jobs.run(work, done, owner=self)


def _all_of(recipient: MailingRecipient, returned: Sequence[date]) -> str:
    """All that is known of one mail, with the server's own words. `returned`: the days on which
    mails to this member came back."""
    lines = [
        exact(recipient.address),
        "",
        f"{result(recipient.step, recipient.answer)}　"
        f"{recipient.step_at.astimezone():%Y/%m/%d %H:%M:%S}",
        why(recipient.step, recipient.answer),
    ]
    if recipient.step is RecipientState.UNDELIVERABLE and len(returned) == 1:
        lines += [f"1回戻ってきました（{returned[0]:%Y/%m/%d}）。別の日にもう一度戻ると、"
                  "この会員は不達になります。"]  # fmt: skip
    if recipient.answer and recipient.step is not RecipientState.LEFT_OUT:
        lines += ["", f"サーバの返事: {recipient.answer}"]
    return "\n".join(lines)


def _row(recipient: MailingRecipient, digits: int) -> TableRow:
    looks = {RecipientState.UNDELIVERABLE: "wrong", RecipientState.LEFT_OUT: "faint"}
    waiting = recipient.step is RecipientState.WAITING
    return TableRow(
        (
            *(number_text(recipient.number, digits), recipient.name, exact(recipient.address)),
            result(recipient.step, recipient.answer),
            "" if waiting else f"{recipient.step_at.astimezone():%m/%d %H:%M}",
            why(recipient.step, recipient.answer),
        ),
        looks.get(recipient.step, ""),
    )
