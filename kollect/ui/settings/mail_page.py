"""緒言設定 「メールの設定」: the servers, as on the page of the paper manual."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from kollect.settings import microsoft
from kollect.settings.model import Auth, Passwords, Protocol, Security, Settings
from kollect.settings.providers import Provider, filled_in, for_domain, receiving_hosts
from kollect.settings.validation import RANGES
from kollect.ui.framework.dialogs import Dialogs
from kollect.ui.framework.theme import GAP
from kollect.ui.framework.tk_lifetime import tick_variable
from kollect.ui.settings.explanation import ExplanationDialog
from kollect.ui.settings.ports import auth_for, receiving_port, security_for, sending_port
from kollect.ui.settings.settings_page import SettingsPage, value_at
from kollect.ui.settings.templates import TemplateDialog
from kollect.ui.widgets.form import Form, button_row

PROTOCOL_WORDS = {Protocol.POP3: "POP", Protocol.IMAP: "IMAP"}
SECURITY_WORDS = {Security.SSL: "SSL", Security.STARTTLS: "STARTTLS", Security.NONE: "なし"}
AUTH_WORDS = {Auth.YES: "する", Auth.SSL: "する(SSL認証)", Auth.NO: "しない"}

FORWARD_NOTE = (
    "件名のあるメールや広告など、空メールではないメールは、ここに書いたアドレスへ転送します。"
    "ふだん店で見ているアドレスを入力してください（上のEmailアドレスと同じものは使えません）。"
    "何も入力しないときは転送せず、写しを30日間このパソコンに残します。"
)
PLAIN_NOTE = (
    "ふつうは印を付けないでください。印を付けると、通信の途中でパスワードを盗み見され、"
    "メールを読まれたり、なりすまされたりする危険があります。"
)
ALERT_NOTE = "受信できない状態が30分続いたときと、元に戻ったときに、ここへメールでお知らせします。"


class MailPage(SettingsPage):
    title = "メールの設定"
    manual = "mail"

    def __init__(
        self,
        parent: tk.Misc,
        dialogs: Dialogs,
        gather: Callable[[], Settings],
        demo: Callable[[], None],
    ) -> None:
        super().__init__(parent)
        self._dialogs = dialogs
        self._gather = gather
        self._enabled = True
        self._port_typed = {"receive": False, "send": False}
        self._buttons: list[ttk.Button] = []
        self._top_row(demo)
        self.form = Form(self.inside, with_groups=True)
        self.form.pack(fill="x")
        self._address_rows()
        self._microsoft = self.form.note("")
        self._microsoft.configure(style="Bad.TLabel")
        self._receive_rows()
        self._send_rows()
        self._forward_rows()
        self._more_rows()
        self._follow()

    # ---- the rows, from the top ----

    def _top_row(self, demo: Callable[[], None]) -> None:
        row = ttk.Frame(self.inside)
        row.pack(fill="x", pady=(0, GAP))
        self._visible = tick_variable(self)
        self.reveal_tick = ttk.Checkbutton(
            row,
            text="パスワードを見える形で入力する",
            variable=self._visible,
            command=self._reveal,
        )
        self.reveal_tick.pack(side="left")
        buttons, made = button_row(
            row, {"テンプレート": self.choose_template, "デモ用設定/解除": demo}
        )
        buttons.pack(side="right")
        self._buttons.append(made[0])

    def _address_rows(self) -> None:
        self.address = self.form.line("Emailアドレス", characters=44)
        self.fields["mail", "address"] = self.address
        self._proposal_row = self.form.row(under_fields=True)
        self._proposal = ttk.Label(self._proposal_row, style="Faint.TLabel")
        self._proposal.pack(side="left")
        self._take_proposal = ttk.Button(self._proposal_row, width=18, text="自動で入力する")
        self._take_proposal.pack(side="left", padx=(GAP, 0))
        self._proposal_row.grid_remove()

    def _receive_rows(self) -> None:
        form = self.form.group("受信用設定")
        self.protocol = form.radios("受信方式", PROTOCOL_WORDS)
        self.security = form.choice("暗号化", SECURITY_WORDS, beside=self.protocol)
        self.receive_host = form.line("受信サーバ", characters=44)
        self.receive_port = form.number("受信ポート番号", RANGES["receive", "port"])
        self._receive_hint = ttk.Label(form.beside(self.receive_port), style="Faint.TLabel")
        self._receive_hint.pack(side="left", padx=(GAP, 0))
        self.receive_account = form.line("アカウント", characters=44)
        self.receive_password = form.line("パスワード", characters=44, secret=True)
        self.fields |= {
            ("receive", "protocol"): self.protocol,
            ("receive", "security"): self.security,
            ("receive", "host"): self.receive_host,
            ("receive", "port"): self.receive_port,
            ("receive", "account"): self.receive_account,
        }

    def _send_rows(self) -> None:
        form = self.form.group("送信用設定")
        self.send_host = form.line("送信サーバ", characters=44)
        self.send_port = form.number("送信ポート番号", RANGES["send", "port"])
        cell = form.beside(self.send_port)
        self._send_hint = ttk.Label(cell, style="Faint.TLabel")
        self._send_hint.pack(side="left", padx=(GAP, 0))
        explain = ttk.Button(cell, text="説明", width=12, command=self.explain)
        explain.pack(side="left", padx=(GAP, 0))
        self.auth = form.radios("SMTP認証", AUTH_WORDS)
        copy = ttk.Button(form, text="受信用のアカウントを複写する", command=self.copy_account)
        cells = (form.beside(self.auth), form.row(under_fields=True))
        copy.lift()  # above the row, which was made after it and would hide it
        for one in (form, cells[0]):  # the cell too: on Windows it gets its width after the form
            one.bind("<Configure>", lambda event: self._place_copy(copy, *cells))
        self.send_account = form.line("アカウント", characters=44)
        self.send_password = form.line("パスワード", characters=44, secret=True)
        self._buttons.append(copy)
        self.fields |= {
            ("send", "host"): self.send_host,
            ("send", "port"): self.send_port,
            ("send", "auth"): self.auth,
            ("send", "account"): self.send_account,
        }

    def _place_copy(self, button: ttk.Button, beside: tk.Misc, below: ttk.Frame) -> None:
        """Beside the choice as in the manual; with large letters below it."""
        needed = sum(
            child.winfo_reqwidth() for child in (*beside.winfo_children(), button)
        ) + 5 * self.winfo_pixels(GAP)
        if needed <= beside.winfo_width():
            button.pack(in_=beside, side="left", padx=(GAP, 0))
            below.grid_remove()
        else:
            below.grid()
            button.pack(in_=below, side="left", padx=0)

    def _forward_rows(self) -> None:
        form = self.form.group("対象外メールの送信先")
        form.note(FORWARD_NOTE)
        self.fields["forward", "address"] = form.line("送信先メールアドレス", characters=44)

    def _more_rows(self) -> None:
        form = self.form.group("そのほか")
        self.fields["alert", "address"] = form.line("異常の連絡先", characters=44)
        form.note(ALERT_NOTE, under_fields=True)
        plain = form.checkbox("暗号化せずにパスワードを送ることを許す")
        form.note(PLAIN_NOTE, under_fields=True)
        self.fields["tls", "allow_plaintext_password"] = plain

    # ---- what the fields do for each other ----

    def _follow(self) -> None:
        self.address.on_edit(self._propose)
        self.receive_host.on_edit(self._warn_of_microsoft)
        self.send_host.on_edit(self._warn_of_microsoft)
        self.protocol.on_edit(self._receiving_changed)
        self.security.on_edit(self._receiving_changed)
        self.receive_port.on_edit(self._receive_port_typed)
        self.auth.on_edit(self._sending_changed)
        self.send_port.on_edit(self._send_port_typed)

    def _receiving_changed(self) -> None:
        if not self._port_typed["receive"]:
            self.receive_port.value = receiving_port(self.protocol.value, self.security.value)
            self.receive_port.clear()
        self._hints()

    def _receive_port_typed(self) -> None:
        self._port_typed["receive"] = True
        port = self.receive_port.value
        if port is not None:
            self.security.value = security_for(port, self.protocol.value, self.security.value)
        self._hints()

    def _sending_changed(self) -> None:
        if not self._port_typed["send"]:
            self.send_port.value = sending_port(self.auth.value)
            self.send_port.clear()
        self._hints()
        self._enable_login()

    def _send_port_typed(self) -> None:
        self._port_typed["send"] = True
        port = self.send_port.value
        if port is not None:
            self.auth.value = auth_for(port, self.auth.value)
        self._hints()

    def _hints(self) -> None:
        usual = receiving_port(self.protocol.value, self.security.value)
        self._receive_hint.configure(text=f"不明ならば{usual}としてください。")
        usual = sending_port(self.auth.value)
        self._send_hint.configure(text=f"不明ならば{usual}としてください。")

    def _warn_of_microsoft(self) -> None:
        """Said where its servers are entered, before anything is tried."""
        text = microsoft.warning(self.receive_host.value, self.send_host.value)
        self._microsoft.configure(text=text)
        if text:
            self._microsoft.grid()
        else:
            self._microsoft.grid_remove()

    def _enable_login(self) -> None:
        needed = self._enabled and self.auth.value is not Auth.NO
        self.send_account.enable(needed)
        self.send_password.enable(needed)

    def _reveal(self) -> None:
        for field in (self.receive_password, self.send_password):
            field.reveal(self._visible.get())

    def _propose(self) -> None:
        """Offer what is known of the provider whose address this is; change nothing unasked."""
        provider = for_domain(self.address.value)
        if provider is None or self.receive_host.value in receiving_hosts(
            provider, self.address.value
        ):
            self._proposal_row.grid_remove()
            return
        doubt = "（要確認）" if provider.needs_checking else " "
        self._proposal.configure(text=f"{provider.label}{doubt}のアドレスです。サーバなどの欄を")
        self._take_proposal.configure(command=lambda: self.fill_in(provider))
        self._proposal_row.grid()

    # ---- buttons ----

    def choose_template(self) -> None:
        provider = self._dialogs.show(TemplateDialog)
        if provider is not None:
            self.fill_in(provider)

    def explain(self) -> None:
        provider = self._dialogs.show(ExplanationDialog, may_fill_in=self._enabled)
        if provider is not None:
            self.fill_in(provider)

    def fill_in(self, provider: Provider) -> None:
        """Put the provider's servers, ports, security and account form into the fields."""
        self._show_mail(filled_in(self._gather(), provider, self.protocol.value))
        self._proposal_row.grid_remove()
        empty = next(
            (
                field
                for field in (self.address, self.receive_account, self.receive_password)
                if not field.value
            ),
            self.receive_host,
        )
        empty.focus()

    def copy_account(self) -> None:
        """「受信用のアカウントを複写する」: the password too."""
        self.send_account.value = self.receive_account.value
        self.send_password.value = self.receive_password.value
        self.send_account.clear()
        self.send_password.clear()

    # ---- as a page ----

    def show(self, settings: Settings) -> None:
        super().show(settings)
        self._learn_ports(settings)

    def _show_mail(self, settings: Settings) -> None:
        """Show the servers of these settings; the user has not typed them."""
        for place, field in self.fields.items():
            if place[0] in ("receive", "send"):
                field.value = value_at(settings, place)
                field.clear()
        self._learn_ports(settings)

    def _learn_ports(self, settings: Settings) -> None:
        receive, send = settings.receive, settings.send
        usual = receiving_port(receive.protocol, receive.security)
        self._port_typed = {
            "receive": receive.port != usual,
            "send": send.port != sending_port(send.auth),
        }
        self._warn_of_microsoft()
        self._hints()
        self._enable_login()

    def show_passwords(self, passwords: Passwords) -> None:
        self.receive_password.value = passwords.receive
        self.send_password.value = passwords.send

    def passwords(self) -> Passwords:
        """Those that stand in the fields."""
        if self.auth.value is Auth.NO:
            return Passwords(receive=self.receive_password.value)
        return Passwords(receive=self.receive_password.value, send=self.send_password.value)

    def enable(self, enabled: bool) -> None:
        self._enabled = enabled
        super().enable(enabled)
        self.receive_password.enable(enabled)
        self.reveal_tick.configure(state="normal" if enabled else "disabled")
        for button in self._buttons:
            button.configure(state="normal" if enabled else "disabled")
        self._enable_login()
