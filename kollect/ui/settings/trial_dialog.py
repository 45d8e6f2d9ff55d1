"""「自分の携帯・Gmailで試す」: send, hear what became of it, say what to do now.

Answers whether 「届くかどうかの診断」 is to follow.
"""

from __future__ import annotations

import tkinter as tk
import unicodedata
from collections.abc import Iterable
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.app.workspace import Workspace
from kollect.delivery.carrier_steps import to_see_source
from kollect.delivery.carriers import carrier_of
from kollect.diagnosis.finding import Finding
from kollect.diagnosis.trial_advice import TrialWord, advise, who_it_is
from kollect.errors import Trouble
from kollect.mail import address
from kollect.mail.foreign_text import exact
from kollect.mail.plus_address import is_own
from kollect.settings.model import Passwords, Settings
from kollect.ui.framework.dialogs import Dialog
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import FIXED_FONT, GAP, HALF, WIDE
from kollect.ui.framework.window import Window
from kollect.ui.settings.finding_row import FindingRow
from kollect.ui.widgets.form import Form, text_of, wrapped
from kollect.ui.widgets.scroll_frame import ScrollFrame

if TYPE_CHECKING:  # the window has to be there before what speaks to servers is loaded
    from kollect.app.arrival_trial import ArrivalTrial, SentTrial, TrialEcho

TITLE = "自分の携帯・Gmailで試す"
DIAGNOSE = "届くかどうかの診断"
_INTRODUCTION = (
    "ご自分の携帯やGmailへ、お店からテストメールを1通送ります。"
    "届いたかどうかを選ぶと、次にすることを、その会社に合わせて表示します。"
)
_WAY = (
    "① 送り先を入れて「送る」を押します。",
    "② 携帯やGmailで、届いたかどうかを見ます。「迷惑メール」のフォルダーも見てください。",
    "③「届いた」「迷惑メールに入った」「届かない」のどれかを選びます。",
    "お客様に多い会社の携帯と、Gmailの、両方で試すと、原因がよく分かります。",
)
_WAITING = (
    "届いたメールに、そのまま返信してみてください。返信が戻ると、ここに表示します。"
    "返信には、受付番号を発行せず、転送もしません。サーバに残しておき、"
    "「テスト後処理」で取り除きます。"
)
_CAME_BACK = "返信が戻ってきました。お店からのメールは届いています。"
_RETURNED = "届けられなかったという通知が、メールサーバから来ました。"
_REFUSED = "送信サーバに渡したとき、その場で断られました。"
MOST_PASTED = 100_000
"""Characters. What is looked for stands above; Tk takes long to show more."""
_TOO_LONG = "長いので、始めのほうだけを使います。"
_NO_TEXT = "コピーされた文字がありません。ソースをコピーしてから、もう一度貼り付けてください。"


class TrialDialog(Dialog[bool]):
    manual = "trial"

    def __init__(
        self,
        parent: tk.Misc,
        window: Window,
        workspace: Workspace,
        settings: Settings,
        passwords: Passwords | None,
    ) -> None:
        """`passwords`: None for those that this PC knows."""
        super().__init__(parent, TITLE, otherwise=False)
        self._window = window
        self._workspace = workspace
        self._settings = settings
        self._passwords = passwords
        self._job: Job | None = None
        self._trial: ArrivalTrial | None = None
        self._sent: SentTrial | None = None
        scrolled = ScrollFrame(self.body)
        scrolled.pack(fill="both", expand=True)
        scrolled.ask_for(width="620p", height="430p")
        self._scrolled = scrolled
        inside = ttk.Frame(scrolled.inside, padding=(0, 0, GAP, 0))
        inside.pack(fill="both", expand=True)
        wrapped(inside, _INTRODUCTION).pack(fill="x")
        form = Form(inside, label_characters=6)
        form.pack(fill="x", pady=(GAP, 0))
        self.to = form.line("送り先", characters=36)
        self.to.on_edit(self._say_who)
        self.state_label = wrapped(inside, "")
        self.state_label.pack(fill="x", pady=(HALF, 0))
        self._way = ttk.Frame(inside)
        self._way.pack(fill="x", pady=(GAP, 0))
        for text in _WAY:
            wrapped(self._way, text).pack(fill="x", pady="3p")
        self._asking = self._ask_frame(inside)
        self._advice = ttk.Frame(inside)
        self._advice.columnconfigure(0, weight=1)
        self._source = self._source_frame(inside)
        _, self.send_button = self.buttons(("閉じる", self.cancel), ("送る", self.send_trial))
        self.start_at(self.to.widget)

    def cancel(self) -> None:
        self._stop()
        super().cancel()

    def finish(self, answer: bool) -> None:
        self._stop()
        super().finish(answer)

    # ---- sending ----

    def send_trial(self) -> None:
        """「送る」, 「もう一度送る」"""
        to = unicodedata.normalize("NFKC", self.to.value).strip()
        self.to.clear()
        if fault := self._fault_of(to):
            self.to.show_error(fault)
            self.to.focus()
            return
        self._stop()
        self.to.value = to
        self._forget()
        self._say("テストメールを送っています…")
        self.send_button.configure(state="disabled")
        workspace, settings, given = self._workspace, self._settings, self._passwords

        def work(job: Job) -> tuple[ArrivalTrial, SentTrial]:
            trial = workspace.arrival_trial(settings, given or workspace.passwords())
            return trial, trial.send(to, job.stopping)

        self._job = self._window.jobs.run(work, self._was_sent, owner=self, failed=self._failed)

    def _fault_of(self, to: str) -> str:
        if not address.is_usable(to):
            return "ご自分の携帯やGmailのメールアドレスを入力してください。"
        if is_own(to, self._settings.mail_address):
            return (
                "お店のアドレスです。ご自分の携帯やGmailのアドレスを入力してください"
                "（お店のアドレスは「送信のテスト」で試せます）。"
            )
        return ""

    def _was_sent(self, result: tuple[ArrivalTrial, SentTrial]) -> None:
        self._trial, self._sent = result
        self._job = None
        self.send_button.configure(state="normal", text="もう一度送る")
        to = self._sent.to
        if self._sent.refusal:
            self._say(_REFUSED, "Bad.TLabel")
            self._show_word(TrialWord.NOT_THERE, refused=self._sent.refusal)
            return
        self._say(f"{exact(to)} へ送りました。届いたかどうかを見て、選んでください。")
        self._echo.configure(text=_WAITING, style="Faint.TLabel")
        self._asking.pack(fill="x", pady=(GAP, 0))
        self.word_buttons[TrialWord.ARRIVED].focus_set()
        trial, sent = result
        self._job = self._window.jobs.run(
            lambda job: trial.wait(sent, job.stopping),
            self._heard,
            owner=self,
            failed=self._not_heard,
        )

    def _failed(self, trouble: Trouble) -> None:
        self._job = None
        self.send_button.configure(state="normal")
        self._say(f"{trouble.title}。{trouble.happened}{trouble.cure_by_hand}", "Bad.TLabel")

    @property
    def is_sent(self) -> bool:
        """The mail on its way was taken, or refused."""
        return self._sent is not None and str(self.send_button["state"]) == "normal"

    # ---- what became of it ----

    def _heard(self, echo: TrialEcho | None) -> None:
        from kollect.app.arrival_trial import EchoKind

        self._job = None
        if echo is None or self._sent is None:
            self._echo.configure(text="返信は、まだ戻っていません。")
        elif echo.kind is EchoKind.ANSWER:
            self._echo.configure(text=_CAME_BACK, style="Good.TLabel")
            self._show_word(TrialWord.ARRIVED, echo.findings)
        else:
            self._echo.configure(text=_RETURNED, style="Bad.TLabel")
            self._show_word(TrialWord.NOT_THERE, refused=echo.words)

    def _not_heard(self, trouble: Trouble) -> None:
        self._job = None
        self._echo.configure(
            text=f"受信サーバを見られないので、返信は確かめられません（{trouble.title}）。"
            "届いたかどうかは、上のボタンで選んでください。"
        )

    def _show_word(
        self, word: TrialWord, findings: Iterable[Finding] = (), refused: str = ""
    ) -> None:
        """What is to be done after this word of the owner's, or of a server's."""
        if self._sent is None:
            return
        _empty(self._advice)
        for each, button in self.word_buttons.items():
            button.configure(text=f"✓ {each}" if each is word else each)
        advice = advise(word, self._sent.to, self._settings.mail_address, refused=refused)
        style = "Good.TLabel" if word is TrialWord.ARRIVED else "Bold.TLabel"
        texts = [(advice.what, style)]
        texts += [(f"{number}. {step}", "TLabel") for number, step in enumerate(advice.steps, 1)]
        for row, (text, look) in enumerate(texts):
            wrapped(self._advice, text, style=look).grid(row=row, column=0, sticky="ew", pady="1p")
        row = len(texts)
        for finding in findings:
            FindingRow(self._advice, finding, self._copied).grid(
                row=row, column=0, sticky="ew", pady=(HALF, 0)
            )
            row += 1
        ttk.Button(self._advice, text=DIAGNOSE, width=24, command=partial(self.finish, True)).grid(
            row=row, column=0, sticky="w", pady=(GAP, 0)
        )
        self._source.pack_forget()  # else what is packed later would stand below it
        self._advice.pack(fill="x", pady=(GAP, 0))
        if word is not TrialWord.NOT_THERE:  # of which there is no source
            self._how.configure(text=to_see_source(carrier_of(self._sent.to)))
            self._source.pack(fill="x", pady=(GAP, 0))
        self._scrolled.see(self._advice)

    # ---- the source of the mail ----

    def read_source(self) -> None:
        """「調べる」: tell what the pasted source says, or what it is instead."""
        if self._trial is None or self._sent is None:
            return
        _empty(self._read)
        found = self._trial.read_pasted(self._sent, self.source_text.get("1.0", "end-1c"))
        if found.problem:
            wrapped(self._read, found.problem, style="Wrong.TLabel").pack(fill="x")
        for finding in found.findings:
            FindingRow(self._read, finding, self._copied).pack(fill="x", pady=(0, HALF))
        self._scrolled.see(self._read)

    def _paste(self, event: tk.Event) -> str:
        """Replace what stands there, and read it at once."""
        try:
            text = self.clipboard_get()
        except tk.TclError:
            text = ""
        self.source_text.delete("1.0", "end")
        self.source_text.insert("1.0", text[:MOST_PASTED].replace("\x00", ""))
        self.source_text.see("1.0")
        self._too_long.configure(text=_TOO_LONG if len(text) > MOST_PASTED else "")
        if text:
            self.read_source()
        else:
            _empty(self._read)
            wrapped(self._read, _NO_TEXT, style="Wrong.TLabel").pack(fill="x")
        return "break"

    def _copied(self, text: str) -> None:
        self._window.set_status("コピーしました。")

    # ---- widgets ----

    def _ask_frame(self, parent: tk.Misc) -> ttk.Labelframe:
        frame = ttk.Labelframe(parent, text="届きましたか？", padding=(GAP, HALF))
        row = ttk.Frame(frame)
        row.pack(fill="x", pady=(HALF, 0))
        self.word_buttons: dict[TrialWord, ttk.Button] = {}
        for column, word in enumerate(TrialWord):
            row.columnconfigure(column, weight=1, uniform="word")
            button = ttk.Button(row, text=word, command=partial(self._show_word, word))
            button.grid(row=0, column=column, sticky="ew", padx=(GAP if column else 0, 0))
            self.word_buttons[word] = button
        self._echo = wrapped(frame, "", style="Faint.TLabel")
        self._echo.pack(fill="x", pady=(HALF, 0))
        return frame

    def _source_frame(self, parent: tk.Misc) -> ttk.Labelframe:
        frame = ttk.Labelframe(
            parent,
            text="届いたメールのソースを貼り付ける（なくてもかまいません）",
            padding=(GAP, HALF),
        )
        self._how = wrapped(frame, "")
        self._how.pack(fill="x")
        self.source_text = text_of(frame, lines=4)
        self.source_text.configure(font=FIXED_FONT, wrap="none", undo=False)
        self.source_text.pack(fill="x", pady=HALF)
        self.source_text.bind("<<Paste>>", self._paste)
        row = ttk.Frame(frame)
        row.pack(fill="x")
        self.read_button = ttk.Button(row, text="調べる", width=12, command=self.read_source)
        self.read_button.pack(side="left")
        self._too_long = ttk.Label(row, style="Faint.TLabel")
        self._too_long.pack(side="left", padx=(WIDE, 0))
        self._read = ttk.Frame(frame)
        self._read.pack(fill="x", pady=(HALF, 0))
        return frame

    def _say_who(self) -> None:
        to = unicodedata.normalize("NFKC", self.to.value).strip()
        self._say(f"{who_it_is(to)}のアドレスです。" if address.is_usable(to) else "")

    def _say(self, text: str, style: str = "TLabel") -> None:
        self.state_label.configure(text=text, style=style)

    def _forget(self) -> None:
        """What was said of the mail before."""
        for button_word, button in self.word_buttons.items():
            button.configure(text=button_word)
        for frame in (self._way, self._asking, self._advice, self._source):
            frame.pack_forget()
        _empty(self._advice)
        _empty(self._read)
        self._sent = None

    def _stop(self) -> None:
        if self._job is not None:
            self._job.stop()
            self._job = None


def _empty(frame: ttk.Frame) -> None:
    for child in frame.winfo_children():
        child.destroy()
