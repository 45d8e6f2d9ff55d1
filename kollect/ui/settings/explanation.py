"""The dialog of 「説明」: what 「SMTP認証」 means for the port, with examples to take over."""

from __future__ import annotations

import tkinter as tk
from tkinter import ttk

from kollect.settings.model import Security
from kollect.settings.providers import AccountForm, Provider, providers
from kollect.ui.framework.dialogs import Dialog
from kollect.ui.framework.theme import BOLD_FONT, GAP, HALF, WIDE
from kollect.ui.settings.provider_table import ProviderTable
from kollect.ui.widgets.form import wrapped
from kollect.ui.widgets.scroll_frame import ScrollFrame

INTRODUCTION = (
    "メールを送るときに、送信サーバへアカウントとパスワードを示すことを「SMTP認証」といいます。"
    "どのやり方にするかで、送信ポート番号が変わります。"
)
WAYS = (
    (
        "する",
        "587",
        "いまのふつうのやり方です。サーバができるときは、自動で暗号化（STARTTLS）します。",
    ),
    (
        "する(SSL認証)",
        "465 または 587",
        "465番では、はじめから暗号化（SSL）して送ります。"
        "465番でつながらないときは、587番をお試しください（587番では、必ずSTARTTLSで暗号化します）。",
    ),
    (
        "しない",
        "587 または 25",
        "パスワードなしで送る、古いやり方です。25番は、多くのプロバイダで使えなくなっています。"
        "分からないときは「する」を選んでください。",
    ),
)
EXAMPLES = ("ASAHIネット (TLS)", "OCN")
SECURITY = {Security.SSL: "SSL", Security.STARTTLS: "STARTTLS", Security.NONE: "なし"}
ACCOUNTS = {
    AccountForm.ADDRESS: "メールアドレスの全体",
    AccountForm.LOCALPART: "メールアドレスの「@」より前",
    AccountForm.OTHER: "プロバイダから知らされたID",
}
TAKE = "この内容を入力する"


class ExplanationDialog(Dialog[Provider | None]):
    """Answers with the provider whose settings are to be filled in, or None."""

    manual = "templates"

    def __init__(self, parent: tk.Misc, *, may_fill_in: bool = True) -> None:
        super().__init__(parent, "送信ポート番号とSMTP認証の説明 (KKRE0101)", otherwise=None)
        self._may_fill_in = may_fill_in
        scrolled = ScrollFrame(self.body)
        scrolled.pack(fill="both", expand=True)
        scrolled.ask_for(width="620p", height="400p")
        inside = ttk.Frame(scrolled.inside, padding=(0, 0, GAP, 0))
        inside.pack(fill="both", expand=True)
        wrapped(inside, INTRODUCTION).pack(fill="x")
        self._ways(inside)
        self._examples(inside)
        ttk.Label(inside, text="プロバイダの一覧", font=BOLD_FONT).pack(
            anchor="w", pady=(WIDE, HALF)
        )
        self.table = ProviderTable(inside, take=self.accept, rows=7)
        self.table.pack(fill="both", expand=True)
        take = ttk.Button(inside, text=TAKE, command=self.accept, width=2 * len(TAKE))
        take.pack(anchor="e", pady=(HALF, 0))
        self.table.on_change(lambda: take.configure(state=self._state(self.table.chosen)))
        self.buttons(("閉じる", self.cancel))

    def accept(self) -> None:
        if self._state(self.table.chosen) == "normal":
            self.finish(self.table.chosen)

    def _state(self, provider: Provider | None) -> str:
        usable = self._may_fill_in and provider is not None and provider.password_login
        return "normal" if usable else "disabled"

    def _ways(self, parent: tk.Misc) -> None:
        table = ttk.Labelframe(parent, text="SMTP認証と送信ポート番号", padding=(GAP, HALF))
        table.pack(fill="x", pady=(GAP, 0))
        table.columnconfigure(2, weight=1)
        for row, (name, port, text) in enumerate(WAYS):
            ttk.Label(table, text=name, font=BOLD_FONT).grid(
                row=row, column=0, sticky="nw", pady=HALF
            )
            ttk.Label(table, text=port).grid(row=row, column=1, sticky="nw", padx=WIDE, pady=HALF)
            wrapped(table, text).grid(row=row, column=2, sticky="ew", pady=HALF)

    def _examples(self, parent: tk.Misc) -> None:
        row = ttk.Frame(parent)
        row.pack(fill="x", pady=(GAP, 0))
        by_name = {provider.name: provider for provider in providers()}
        for column, name in enumerate(EXAMPLES):
            row.columnconfigure(column, weight=1, uniform="example")
            box = self._example(row, by_name[name])
            box.grid(row=0, column=column, sticky="nsew", padx=(0 if column == 0 else GAP, 0))

    def _example(self, parent: tk.Misc, provider: Provider) -> ttk.Labelframe:
        box = ttk.Labelframe(parent, text=f"設定例: {provider.label}", padding=(GAP, HALF))
        box.columnconfigure(1, weight=1)
        lines = [("アカウント", ACCOUNTS[provider.account_form])]
        if provider.smtp is not None:
            lines[:0] = [
                ("送信サーバ", provider.smtp.host),
                ("送信ポート番号", str(provider.smtp.port)),
                ("SMTP認証", "する(SSL認証)"),
            ]
        if provider.pop is not None:
            lines[:0] = [
                ("受信サーバ", provider.pop.host),
                ("受信ポート番号", f"{provider.pop.port}（{SECURITY[provider.pop.security]}）"),
            ]
        for row, (label, value) in enumerate(lines):
            ttk.Label(box, text=label, style="Faint.TLabel").grid(row=row, column=0, sticky="nw")
            wrapped(box, value).grid(row=row, column=1, sticky="ew", padx=(GAP, 0))
        ttk.Button(
            box,
            text=TAKE,
            width=2 * len(TAKE),
            state=self._state(provider),
            command=lambda: self.finish(provider),
        ).grid(row=len(lines), column=0, columnspan=2, sticky="se", pady=(GAP, HALF))
        box.rowconfigure(len(lines), weight=1)  # the buttons of both examples in one line
        return box
