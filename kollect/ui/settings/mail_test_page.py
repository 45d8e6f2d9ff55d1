"""緒言設定 「メールの設定のテスト」: each step with ✓ or ✗, and for a ✗ its cause and its cure.

The values tried are those in the fields, saved or not.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from tkinter import ttk
from typing import TYPE_CHECKING

from kollect.app.active_workspace import ActiveWorkspace
from kollect.diagnosis.finding import Finding
from kollect.diagnosis.refusal_findings import for_verdict
from kollect.errors import Certificate, Trouble
from kollect.settings.model import Passwords, Settings
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.jobs import Job
from kollect.ui.framework.theme import FIXED_FONT, GAP, HALF, WIDE
from kollect.ui.framework.window import Window
from kollect.ui.settings.finding_row import FindingRow, summary, worst_first
from kollect.ui.settings.settings_page import SettingsPage
from kollect.ui.widgets.form import text_of, wrapped
from kollect.ui.widgets.scroll_frame import keep_readable

if TYPE_CHECKING:  # the window has to be there before what speaks to servers is loaded
    from kollect.app.mail_test import MailTestStep


class Test(StrEnum):
    """The buttons."""

    ALL = "all"
    SEND = "send"
    RECEIVE = "receive"
    CLEAN = "clean"
    DIAGNOSE = "diagnose"
    TRIAL = "trial"


SUCCEEDED = "テストは成功しました。"
TRUST = "この証明書を信頼する"
DO_WITHOUT = "今後は暗号化しない"
BUTTONS = (
    (
        Test.ALL,
        "まとめてテスト",
        "テストメールを自分のアドレスへ送り、届くのを60秒まで待って、取り除きます。"
        "下のボタンで、1つずつ行うこともできます。",
    ),
    (Test.SEND, "送信のテスト", ""),
    (Test.RECEIVE, "受信のテスト", ""),
    (Test.CLEAN, "テスト後処理", ""),
    (
        Test.DIAGNOSE,
        "届くかどうかの診断",
        "お店の返信が携帯やGmailに届くかどうかを、ドメインの設定から調べます（10秒ほど）。",
    ),
    (
        Test.TRIAL,
        "自分の携帯・Gmailで試す",
        "ご自分のアドレスへテストメールを送り、届かないときに直すところを調べます。",
    ),
)
NOT_IN_DEMO = (
    "デモのメールは、デモの中だけを行き来します。デモを終えてから、お店の設定で試してください。"
)
ONE_BY_ONE = (Test.SEND, Test.RECEIVE, Test.CLEAN)
"""Their buttons stand beside each other; what they do is said at 「まとめてテスト」."""
LOW = 25
"""Below so many full-width characters in height, the buttons leave their texts to the results."""
GIVEN = Callable[[], tuple[Settings, Passwords] | None]
"""What is to be tried; None where a field is wrong, which the user has been told."""


class MailTestPage(SettingsPage):
    title = "メールの設定のテスト"
    manual = "mail-test"

    def __init__(
        self,
        parent: tk.Misc,
        window: Window,
        workspaces: ActiveWorkspace,
        given: GIVEN,
        trust: Callable[[Certificate], None],
    ) -> None:
        super().__init__(parent)
        self._workspaces = workspaces
        self._window = window
        self._given = given
        self._trust = trust
        self._job: Job | None = None
        self._success = SUCCEEDED
        """What is said where nothing goes wrong."""
        self._open_step: _StepRow | None = None
        self._last: Test | None = None
        self._part = ""
        """Of 「まとめてテスト」, which is said above its steps."""
        self.buttons: dict[Test, ttk.Button] = {}
        self._texts: dict[Test, ttk.Label] = {}
        self._low: bool | None = None
        self._build()
        self.bind("<Configure>", lambda event: self._arrange())

    @property
    def running(self) -> bool:
        return self._job is not None

    def run(self, test: Test) -> None:
        """Try it; the steps appear as they are taken."""
        given = self._given()
        if given is None or self.running:
            return
        settings, passwords = given
        if test is Test.TRIAL:
            self._try_out(settings, passwords)
            return
        self._last, self._part = test, ""
        for old in self._steps.winfo_children():
            old.destroy()
        self._open_step = None
        if test is Test.DIAGNOSE:
            self._diagnose(settings)
            return
        self._say("テストしています…", "TLabel")
        self._set_running(True)
        self._success = "" if test is Test.CLEAN else SUCCEEDED

        def work(job: Job) -> None:
            self._workspaces.current.test_mail(
                test, settings, passwords, lambda step: job.report(self._told, step), job.stopping
            )

        self._job = self._window.jobs.run(work, self._ended, owner=self, failed=self._failed)

    def _try_out(self, settings: Settings, passwords: Passwords) -> None:
        if self._workspaces.current.in_demo:
            self._say(NOT_IN_DEMO, "TLabel")
            return
        from kollect.ui.settings.trial_dialog import TrialDialog

        workspace = self._workspaces.current
        if self._window.dialogs.show(TrialDialog, self._window, workspace, settings, passwords):
            self.run(Test.DIAGNOSE)

    def _diagnose(self, settings: Settings) -> None:
        if self._workspaces.current.in_demo:
            self._say(
                "デモの宛先は、本物のドメインではないので、診断できません。"
                "デモを終えてから、お店の設定で診断してください。",
                "TLabel",
            )
            return
        self._say("ドメインの設定をたずねています…", "TLabel")
        self._set_running(True)
        self._job = self._window.jobs.run(
            lambda job: self._workspaces.current.diagnose(settings, job.stopping),
            self._diagnosed,
            owner=self,
            failed=self._failed,
        )

    def stop(self) -> None:
        if self._job is not None:
            self._job.stop()
            self._say("中止しています…", "TLabel")

    def enable(self, enabled: bool) -> None:
        """Trying changes nothing: allowed while the settings are locked, too."""

    # ---- what comes from the test ----

    def _told(self, step: MailTestStep) -> None:
        if self._last is Test.ALL and step.part != self._part:
            self._part = step.part
            number = [part.value for part in type(step.part)].index(step.part) + 1
            heading = ttk.Label(self._steps, text=f"{number} {step.part}", style="Bold.TLabel")
            heading.pack(anchor="w", pady=(HALF, 0))
        if self._open_step is None:
            self._open_step = _StepRow(self._steps)
            self._open_step.pack(fill="x", pady=(0, HALF))
        self._open_step.show(step, self._pin, self._do_without)
        self.scrolled.see(self._open_step)
        if step.ok is not None:
            self._open_step = None
        if self._success != SUCCEEDED:
            self._success = step.happened  # how many were removed, in its last step

    def _ended(self, result: None) -> None:
        stopped = self._job is not None and self._job.stopping()
        self._job = None
        self._set_running(False)
        rows = self._rows()
        if self._open_step is not None:
            self._open_step.destroy()
        if stopped:
            self._say("テストを中止しました。", "TLabel")
        elif rows and all(row.ok for row in rows):
            self._say(f"{self._success}{_to_mend(rows)}", "Good.TLabel")
        else:
            self._say(
                "うまくいかないところがあります。赤い ✗ のところをご覧ください。", "Bad.TLabel"
            )
        wrong = next((row for row in rows if row.ok is False), None)
        if wrong is not None:
            self.scrolled.see(wrong)

    def _diagnosed(self, findings: tuple[Finding, ...]) -> None:
        stopped = self._job is not None and self._job.stopping()
        self._job = None
        self._set_running(False)
        if stopped:
            self._say("診断を中止しました。", "TLabel")
            return
        for finding in worst_first(findings):
            row = FindingRow(self._steps, finding, self._copied)
            row.pack(fill="x", pady=(0, GAP))
        self._say(*summary(for_verdict(findings)))
        self.scrolled.see(self._steps)

    def _copied(self, text: str) -> None:
        self._window.set_status("コピーしました。管理画面の欄に貼り付けてください。")

    def _failed(self, trouble: Trouble) -> None:
        self._ended(None)
        self._window.dialogs.show_error(trouble)

    def _rows(self) -> list[_StepRow]:
        children = self._steps.winfo_children()
        return [child for child in children if isinstance(child, _StepRow)]

    def _pin(self, certificate: Certificate) -> None:
        sure = self._window.agrees(
            "この証明書を信頼しますか？",
            "プロバイダの案内にある内容と同じかどうか、必ず確かめてください。"
            "違う証明書を信頼すると、パスワードやメールを盗み見されるおそれがあります。\n\n"
            + certificate_text(certificate),
            yes=TRUST,
            otherwise="この証明書を信頼していません。",
        )
        if sure:
            self._trust(certificate)
            self._window.say_done("この証明書を信頼します。F12で保存してください。")
            self._again()

    def _do_without(self, server: tuple[str, str, int]) -> None:
        """It is remembered at once, not by F12: no setting tells of it."""
        _, host, port = server
        sure = self._window.agrees(
            "今後は暗号化せずに通信しますか？",
            f"「{host}」（ポート番号 {port}）は、これまで通信を暗号化していました。"
            "暗号化しないと、お客様のメールアドレスやメールの内容を、"
            "途中でだれかに盗み見られるおそれがあります。\n\n"
            "プロバイダが暗号化をやめたと、案内などで確かめたときだけにしてください。",
            yes=DO_WITHOUT,
            otherwise="これまでどおり、暗号化を求めます。",
        )
        if not sure:
            return

        def done(result: None) -> None:
            self._window.say_done("このサーバには、今後は暗号化を求めません。")
            self._again()

        self._window.jobs.run(
            lambda job: self._workspaces.current.forget_encryption(server),
            done,
            owner=self,
            failed=self._window.dialogs.show_error,
        )

    def _again(self) -> None:
        """What has just been mended is tried at once."""
        if self._last is not None:
            self.run(self._last)

    # ---- widgets ----

    def _build(self) -> None:
        """Only the results scroll."""
        head = ttk.Frame(self)
        head.pack(fill="x", before=self.scrolled)
        head.lower()  # Tab comes to it first
        inside = ttk.Frame(head, padding=(WIDE, GAP, WIDE, 0))
        inside.pack(fill="x")
        keep_readable(inside, self.widest)
        self._table = ttk.Frame(inside)
        self._table.pack(fill="x")
        for test, label, text in BUTTONS:
            self.buttons[test] = ttk.Button(
                self._table,
                text=label,
                width=22,
                command=partial(self.run, test),
                style="Primary.TButton" if test is Test.ALL else "TButton",
            )
            if text:
                self._texts[test] = wrapped(self._table, text)
        line = ttk.Frame(inside)
        line.pack(fill="x", pady=(GAP, 0))
        line.columnconfigure(0, weight=1)
        self._result = wrapped(line, "入力した内容で試します（まだ保存していない内容も使います）。")
        self._result.grid(row=0, column=0, sticky="ew")
        self.stop_button = ttk.Button(
            line, text="中止", width=16, command=self.stop, state="disabled"
        )
        self.stop_button.grid(row=0, column=1, sticky="e", padx=(GAP, 0))
        self._steps = ttk.Labelframe(self.inside, text="テストの結果", padding=(GAP, HALF))
        self._steps.pack(fill="both", expand=True)

    def _arrange(self) -> None:
        """A row for each button with its text; where the page is low, the buttons alone."""
        low = self.winfo_height() < em(self) * LOW
        if low is self._low:
            return
        self._low = low
        for column in range(4):
            self._table.columnconfigure(column, weight=int(not low and column == 3))
        row = -1
        for place, (test, button) in enumerate(self.buttons.items()):
            if low:
                row, column = divmod(place, 3)
            else:
                column = ONE_BY_ONE.index(test) if test in ONE_BY_ONE else 0
                row += column == 0
            button.grid(row=row, column=column, sticky="ew", padx=(0, GAP), pady=HALF)
            if text := self._texts.get(test):
                if low:
                    text.grid_remove()
                else:
                    text.grid(row=row, column=1, columnspan=3, sticky="ew", padx=(GAP, 0))

    def _set_running(self, running: bool) -> None:
        for button in self.buttons.values():
            button.configure(state="disabled" if running else "normal")
        self.stop_button.configure(state="normal" if running else "disabled")

    def _say(self, text: str, style: str) -> None:
        self._result.configure(text=text, style=style)


class _StepRow(ttk.Frame):
    """One step: its mark, its name, its time; below a ✗ what happened and what to do."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent)
        self.ok: bool | None = None
        self.detail: tk.Text | None = None
        self.to_mend = 0
        """Of what the mail tells about how ours arrive, that which keeps some from arriving."""
        self.columnconfigure(1, weight=1)

    def show(
        self,
        step: MailTestStep,
        trust: Callable[[Certificate], None],
        do_without: Callable[[tuple[str, str, int]], None],
    ) -> None:
        self.ok = step.ok
        for old in self.winfo_children():
            old.destroy()
        self.detail = None
        mark, style = {
            None: ("…", "TLabel"),
            True: ("✓", "Good.TLabel"),
            False: ("✗", "Bad.TLabel"),
        }[step.ok]
        ttk.Label(self, text=mark, style=style, width=3, anchor="center").grid(row=0, column=0)
        ttk.Label(self, text=step.name, style=style).grid(row=0, column=1, sticky="w")
        if step.ok is not None:
            ttk.Label(self, text=seconds_text(step.seconds), style="Faint.TLabel").grid(
                row=0, column=2, sticky="e", padx=GAP
            )
        row = 1
        for text in (step.happened, step.cure):
            if text:
                wrapped(self, text).grid(row=row, column=1, sticky="ew", pady="1p")
                row += 1
        self.to_mend = sum(bool(note.receivers) for note in step.notes)
        for note in step.notes:
            FindingRow(self, note, lambda text: None).grid(
                row=row, column=1, columnspan=2, sticky="ew", pady="1p"
            )
            row += 1
        if step.certificate is not None and step.ok is False:
            wrapped(self, certificate_text(step.certificate), style="Faint.TLabel").grid(
                row=row, column=1, sticky="ew", pady=HALF
            )
            row += 1
        buttons = ttk.Frame(self)
        buttons.grid(row=row, column=1, sticky="w")
        if step.detail and step.ok is False:
            below = row + 1
            ttk.Button(
                buttons, text="詳細", width=22, command=lambda: self._unfold(step.detail, below)
            ).pack(side="left", padx=(0, GAP), pady=HALF)
        if step.certificate is not None and step.ok is False:
            certificate = step.certificate
            ttk.Button(buttons, text=TRUST, width=22, command=lambda: trust(certificate)).pack(
                side="left", pady=HALF
            )
        if step.encryption_gone is not None and step.ok is False:
            server = step.encryption_gone
            ttk.Button(buttons, text=DO_WITHOUT, width=22, command=lambda: do_without(server)).pack(
                side="left", pady=HALF
            )

    def _unfold(self, detail: str, row: int) -> None:
        """「詳細」: the technical text in place, to be copied; once more, and it is gone."""
        if self.detail is not None:
            self.detail.destroy()
            self.detail = None
            return
        lines = min(8, 1 + sum(1 + len(line) // 60 for line in detail.splitlines()))
        self.detail = text_of(self, lines=lines)
        self.detail.insert("1.0", detail)
        self.detail.configure(state="disabled", font=FIXED_FONT, wrap="char")
        self.detail.grid(row=row, column=1, sticky="ew", pady=(0, HALF))


def _to_mend(rows: Sequence[_StepRow]) -> str:
    count = sum(row.to_mend for row in rows)
    return f"届きやすくするために、直せるところが {count}か所あります（△ と ✗）。" if count else ""


def seconds_text(seconds: float) -> str:
    return f"{seconds:.2f} 秒" if seconds < 10 else f"{seconds:.0f} 秒"


def certificate_text(certificate: Certificate) -> str:
    """What a person can compare with the provider's papers."""
    print_ = certificate.fingerprint.upper()
    pairs = " ".join(print_[at : at + 4] for at in range(0, len(print_), 4))
    lines = [
        f"持ち主: {certificate.subject or '（書かれていません）'}",
        f"発行元: {certificate.issuer or '（書かれていません）'}",
        f"サーバの名前: {'、'.join(certificate.names) or '（書かれていません）'}",
        f"有効期限: {certificate.not_after or '（書かれていません）'}",
        f"指紋（SHA-256）: {pairs}",
    ]
    return "\n".join(lines)
