"""「ポスターの一覧」: posters with an address of their own, made, proved, removed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from tkinter import ttk
from typing import TypeVar

from kollect.app.mail_test import MailTestStopped
from kollect.app.poster_trial import PosterTrial, TagProof, TagVerdict
from kollect.app.workspace import Workspace
from kollect.desktop.ime import InputMode
from kollect.errors import Trouble
from kollect.ledger.posters import Poster, PosterExists
from kollect.mail import plus_address
from kollect.mail.foreign_text import visible
from kollect.settings.model import Settings
from kollect.threads.background_thread import local_now
from kollect.ui.framework.dialogs import Dialog, Dialogs, em, paragraph
from kollect.ui.framework.jobs import Job, Jobs
from kollect.ui.framework.theme import GAP, HALF
from kollect.ui.members.member_form_fields import switch_ime
from kollect.ui.widgets.form import Form, button_row, wrapped
from kollect.ui.widgets.table import Table, TableColumn, TableRow, Take

T = TypeVar("T")

LONGEST_NAME = 20
ADD, PROVE, REMOVE = "加える", "確かめる", "消す"
_WIDTH, _HEIGHT = 44, 9
"""Full-width characters: the dialog, and its table of four rows."""
_WHY = (
    "ポスターごとに別のアドレスを付けると、どのポスターから来た方かがわかります。"
    "テストメールが届いたアドレスのポスターだけを印刷できます。"
)
_NOBODY = "まだありません。下に名前を入れて「加える」を押してください。"
_INSTEAD = (
    "このメールサーバでは、「+」の付いたアドレスを使えないようです。"
    "ふつうのアドレスのポスターをお使いください。"
)
_NO_ADDRESS = "先に「緒言設定」の「メールの設定」で、Emailアドレスを入力してください。"
_TESTING = "テストメールを送って、届くかどうかを確かめています（60秒まで）…"


class PostersDialog(Dialog[None]):
    manual = "posters"

    def __init__(self, parent: tk.Misc, workspace: Workspace, jobs: Jobs, dialogs: Dialogs) -> None:
        super().__init__(parent, "ポスターの一覧", otherwise=None)
        self._workspace = workspace
        self._settings: Settings = workspace.readable_settings()
        self._jobs = jobs
        self._dialogs = dialogs
        self._posters: Sequence[Poster] = ()
        self._job: Job | None = None
        self._typed_tag = False
        paragraph(self.body, _WHY, characters=_WIDTH).pack(anchor="w", pady=(0, GAP))
        self._build_form()
        one = em(self)
        table = ttk.Frame(self.body, width=_WIDTH * one, height=_HEIGHT * one)
        table.pack(fill="both", expand=True)
        table.pack_propagate(False)
        self.table = Table(
            table,
            (
                TableColumn("ポスター", 9),
                TableColumn("アドレス", 14, stretch=True),
                TableColumn("受付", 4, right=True),
                TableColumn("テストメール", 7.5),
            ),
            self._fetch,
            opened=lambda key: self.prove(),
            chosen=self._enable,
        )
        self.table.pack(fill="both", expand=True)
        _, self.add_button = self.buttons(("閉じる", self.cancel), (ADD, self.add))
        self.start_at(self.name.widget)
        if not self._settings.mail_address:
            self._say(_NO_ADDRESS, bad=True)
        self._enable()
        self._read()

    def _build_form(self) -> None:
        """Below the table; the words first, where there is little room, the table gives way."""
        self.told = wrapped(self.body, "")
        self.told.pack(side="bottom", fill="x", pady=(HALF, 0))
        rows = Form(self.body, label_characters=6)
        rows.pack(side="bottom", fill="x", pady=(GAP, 0))
        self.name = rows.line("新しい名前", characters=22, after="例: レジ横、入口、チラシ")
        self.tag = rows.line("付ける文字", characters=22)
        row, (self.prove_button, self.remove_button) = button_row(
            self.body, {PROVE: self.prove, REMOVE: self.remove}
        )
        row.pack(side="bottom", anchor="w", pady=(HALF, 0))
        switch_ime(self.name.widget, InputMode.HIRAGANA)
        switch_ime(self.tag.widget, InputMode.PLAIN)
        self.name.on_edit(self._name_edited)
        self.tag.on_edit(self._tag_edited)

    def cancel(self) -> None:
        if self._job is not None:
            self._job.stop()
        super().cancel()

    # ---- what stands there ----

    def _read(self, select: str = "") -> None:
        def work(job: Job) -> Sequence[Poster]:
            with self._workspace.posters() as posters:
                return posters.all()

        def done(found: Sequence[Poster]) -> None:
            before = self._chosen_tag
            self._posters = found
            self.table.say_nothing_there("" if found else _NOBODY)
            self.table.show(range(len(found)))
            tags = [one.tag for one in found]
            if (wanted := select or before) in tags:
                self.table.show_row(tags.index(wanted))
            self._enable()

        self._jobs.run(work, done, owner=self, failed=self._say_trouble)

    def _fetch(self, keys: Sequence[int], take: Take) -> None:
        take({key: self._row(self._posters[key]) for key in keys})

    def _row(self, one: Poster) -> TableRow:
        proven = one.is_proven(self._settings)
        return TableRow(
            (
                visible(one.name),
                plus_address.with_tag(self._settings.mail_address, one.tag),
                f"{one.came:,}件",
                "✓ 届きます" if proven else "✗ 未確認",
            ),
            "" if proven else "wrong",
        )

    @property
    def _chosen(self) -> Poster | None:
        key = self.table.current
        return self._posters[key] if key is not None and key < len(self._posters) else None

    @property
    def _chosen_tag(self) -> str:
        return self._chosen.tag if self._chosen else ""

    def _enable(self) -> None:
        ready = self._job is None and bool(self._settings.mail_address)
        chosen = ready and self._chosen is not None
        self.add_button.configure(state="normal" if ready else "disabled")
        for button in (self.prove_button, self.remove_button):
            button.configure(state="normal" if chosen else "disabled")

    def _say(self, text: str, *, bad: bool = False, good: bool = False) -> None:
        style = "Bad.TLabel" if bad else "Good.TLabel" if good else "TLabel"
        self.told.configure(text=text, style=style)

    # ---- a new one ----

    def _name_edited(self) -> None:
        """The letters follow the name until somebody has typed others."""
        if not self._typed_tag:
            name = self.name.value.strip()
            self.tag.value = self._free_tag(name) if name else ""
            self.tag.clear()

    def _tag_edited(self) -> None:
        self._typed_tag = bool(self.tag.value.strip())

    def _free_tag(self, name: str) -> str:
        taken = {one.tag for one in self._posters}
        offered = plus_address.tag_from(name) or "p1"
        number = 1
        while offered in taken:
            number += 1
            base = (plus_address.tag_from(name) or "p")[: plus_address.LONGEST_TAG - 2]
            offered = f"{base}{number}"
        return offered

    def add(self) -> None:
        """「加える」, and at once a test mail to it."""
        if self._job is not None:
            return
        name, tag = " ".join(self.name.value.split()), self.tag.value.strip().lower()
        if fault := _name_fault(name):
            self.name.show_error(fault)
            self.name.focus()
            return
        if fault := _tag_fault(tag, self._settings.mail_address):
            self.tag.show_error(fault)
            self.tag.focus()
            return

        def work(job: Job) -> str:
            try:
                with self._workspace.posters() as posters:
                    posters.add(tag, name, local_now())
            except PosterExists as exists:
                return str(exists)
            return ""

        def done(fault: str) -> None:
            self._job = None
            self._enable()
            if fault:
                self.tag.show_error(fault)
                self.tag.focus()
                return
            self.name.value = self.tag.value = ""
            self._typed_tag = False
            self._read(select=tag)
            self._prove(tag)

        self._begin(work, done)

    # ---- a test mail ----

    def prove(self) -> None:
        """「確かめる」"""
        if self._chosen is not None and self._job is None:
            self._prove(self._chosen.tag)

    def _prove(self, tag: str) -> None:
        self._say(_TESTING)

        def work(job: Job) -> TagProof | None:
            try:
                trial = PosterTrial(
                    self._workspace.settings(),
                    self._workspace.passwords(),
                    self._workspace.folder.database,
                    local_now,
                )
                return trial.prove_and_write_down(tag, job.stopping)
            except MailTestStopped:
                return None

        def done(proof: TagProof | None) -> None:
            self._job = None
            if proof is not None:
                arrived = proof.verdict is TagVerdict.ARRIVED
                self._say(proof_words(proof), bad=not arrived, good=arrived)
            self._read(select=tag)

        self._begin(work, done)

    def _begin(self, work: Callable[[Job], T], done: Callable[[T], None]) -> None:
        """What changes a poster: one at a time."""
        self._job = self._jobs.run(work, done, owner=self, failed=self._failed)
        self._enable()

    def _failed(self, trouble: Trouble) -> None:
        self._job = None
        self._say_trouble(trouble)
        self._enable()

    def _say_trouble(self, trouble: Trouble) -> None:
        self._say(f"{trouble.title}。{trouble.happened}{trouble.cure_by_hand}", bad=True)

    # ---- no longer wanted ----

    def remove(self) -> None:
        """「消す」: only one by which nobody came."""
        chosen = self._chosen
        if chosen is None or self._job is not None:
            return
        if not self._dialogs.confirm(
            "ポスターを消す",
            f"「{visible(chosen.name)}」を一覧から消しますか？\n"
            "貼ったポスターは、はがしてください。これから届くメールは、ふつうのアドレスの受付になります。",
            yes=REMOVE,
            careful=True,
        ):
            return

        def work(job: Job) -> bool:
            with self._workspace.posters() as posters:
                return posters.remove(chosen.tag)

        def done(removed: bool) -> None:
            self._job = None
            if removed:
                self._say(f"「{visible(chosen.name)}」を消しました。")
            else:
                self._say(
                    f"「{visible(chosen.name)}」から受付をした方がいるので、消せません。", bad=True
                )
            self._read()

        self._begin(work, done)


def proof_words(proof: TagProof) -> str:
    """What the test mail has shown, and what to do now."""
    server = f"（{visible(proof.words)}）" if proof.words else ""
    match proof.verdict:
        case TagVerdict.ARRIVED:
            return "✓ テストメールが届きました。このポスターを印刷できます。"
        case TagVerdict.REFUSED:
            return f"✗ 送信サーバが、このアドレスを受け付けませんでした{server}。{_INSTEAD}"
        case TagVerdict.RETURNED:
            return f"✗ テストメールが戻ってきました{server}。{_INSTEAD}"
        case TagVerdict.MISSING:
            return (
                "✗ 60秒待ちましたが、テストメールが届きません。「メールの設定のテスト」の"
                f"「まとめてテスト」は通りますか？ 通るときは、{_INSTEAD}"
            )


def _name_fault(name: str) -> str:
    if not name:
        return "ポスターの名前を入力してください。例: レジ横"
    if len(name) > LONGEST_NAME:
        return f"{LONGEST_NAME}文字までにしてください。"
    return ""


def _tag_fault(tag: str, own: str) -> str:
    if not plus_address.is_tag(tag):
        return f"半角の英字と数字で、{plus_address.LONGEST_TAG}文字までにしてください。例: reji"
    if not plus_address.takes_tag(own, tag):
        return "お店のアドレスと合わせると長すぎます。短くしてください。"
    return ""
