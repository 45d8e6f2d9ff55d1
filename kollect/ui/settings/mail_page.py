"""緒言設定 「メールの設定」: the servers, as on the page of the paper manual."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from kollect.settings import microsoft
from kollect.settings.field_rules import address_fault
from kollect.settings.model import Auth, Passwords, Protocol, Security, Settings, Weekday
from kollect.settings.providers import (
    FREE_MAIL_NOTE,
    Provider,
    filled_in,
    for_domain,
    is_free_mail,
    note_under_password,
    receiving_hosts,
)
from kollect.settings.validation import RANGES
from kollect.ui.framework.dialogs import Dialogs, em
from kollect.ui.framework.theme import GAP, HALF, WIDE
from kollect.ui.framework.tk_lifetime import tick_variable
from kollect.ui.settings.explanation import ExplanationDialog
from kollect.ui.settings.find_servers_dialog import FoundSettings
from kollect.ui.settings.ports import auth_for, receiving_port, security_for, sending_port
from kollect.ui.settings.settings_page import Place, SettingsPage, value_at
from kollect.ui.settings.templates import TemplateDialog
from kollect.ui.widgets.fields import Field
from kollect.ui.widgets.form import Form, button_row

PROTOCOL_WORDS = {Protocol.POP3: "POP", Protocol.IMAP: "IMAP"}
SECURITY_WORDS = {Security.SSL: "SSL", Security.STARTTLS: "STARTTLS", Security.NONE: "なし"}
AUTH_WORDS = {Auth.YES: "する", Auth.SSL: "する(SSL認証)", Auth.NO: "しない"}

FORWARD_NOTE = "件名のあるメールなどを、ここへ転送します。空なら、写しを30日間残します。"
FORWARD_CAUTION = "注意　必ず、Emailアドレスとは違うアドレスを入力してください。"
PLAIN_LABEL = "暗号化せずにパスワードを送ることを許す"
PLAIN_HINT = "（ふつうは付けません）"
PLAIN_NOTE = (
    "通信の途中でパスワードを盗み見され、メールを読まれたり、なりすまされたりする危険があります。"
)
LOGGED_IN = "ログインもできました。F12 で保存します。"
OWN_DOMAIN = "どの会社のメールかは、「設定をさがす」で調べられます。"
ALERT_NOTE = "受信できない状態が30分続いたときと、直ったときに、ここへメールでお知らせします。"
WEEKDAY_WORDS = dict(zip(Weekday, (f"{day}曜日" for day in "月火水木金土日"), strict=True))


BESIDE = 86
"""So many full-width characters wide a page must be for receiving and sending side by side."""
_ONE_BELOW_THE_OTHER = ((0, 0, 1), (1, 0, 1), (2, 0, 1), (3, 0, 1))
_SIDE_BY_SIDE = ((0, 0, 1), (0, 1, 2), (1, 0, 3), (2, 1, 1))
"""Row, column and rows of receiving, sending, out-of-scope mail and the rest. Each column is filled
by itself, whichever is higher."""


class MailPage(SettingsPage):
    title = "メールの設定"
    widest = 128
    manual = "mail"

    def __init__(
        self,
        parent: tk.Misc,
        dialogs: Dialogs,
        gather: Callable[[], Settings],
        demo: Callable[[], None],
        find: Callable[[], FoundSettings | None],
        say_done: Callable[[str], None],
    ) -> None:
        """`find` shows 「設定をさがす」."""
        super().__init__(parent)
        self.inside.configure(padding=(WIDE, HALF, WIDE, 0))  # at 1366x768 every line counts
        self._dialogs = dialogs
        self._gather = gather
        self._find = find
        self._say_done = say_done
        self._enabled = True
        self._port_typed = {"receive": False, "send": False}
        self._send_follows = {"account": True, "password": True}
        self._buttons: list[ttk.Button] = []
        self._top_row(demo)
        self.form = Form(self.inside, with_groups=True)
        self.form.pack(fill="x")
        self._address_rows()
        self._columns = ttk.Frame(self.inside)
        self._columns.pack(fill="x")
        self._halves: list[Form] = []
        self._beside: bool | None = None
        self._receive_rows()
        self._send_rows()
        self._forward_rows()
        self._more_rows()
        self._follow()
        self._arrange()
        self.bind("<Configure>", lambda event: self._arrange())

    def _half(self, title: str) -> Form:
        """A group that may stand beside another one."""
        half = Form(self._columns)
        self._halves.append(half)
        return half.group(title)

    def _arrange(self) -> None:
        """Two groups beside each other where there is room; Tab goes through them in one order."""
        beside = self.winfo_width() > em(self) * BESIDE
        if beside is self._beside:
            return
        self._beside = beside
        # widths of the window alone: those of texts that fold would never come to rest
        shared = "half" if beside else ""
        for column, weight in enumerate((1, int(beside))):
            self._columns.columnconfigure(column, weight=weight, uniform=shared)
        # what one column is higher goes between the groups of the other, or below them
        self._columns.rowconfigure(1, weight=int(beside))
        self._columns.rowconfigure(3, weight=1000 * beside)
        places = _SIDE_BY_SIDE if beside else _ONE_BELOW_THE_OTHER
        for half, (row, column, rows) in zip(self._halves, places, strict=True):
            padx = (GAP if column else 0, 0)
            half.grid(row=row, column=column, rowspan=rows, sticky="new", padx=padx)

    # ---- the rows, from the top ----

    def _top_row(self, demo: Callable[[], None]) -> None:
        row = ttk.Frame(self.inside)
        row.pack(fill="x", pady=(0, HALF))
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
        self._buttons.append(
            self.form.button_beside(self.address, "設定をさがす", self.find, width=16)
        )
        self._proposal_row = self.form.row(under_fields=True)
        self._proposal = ttk.Label(self._proposal_row, style="Faint.TLabel")
        self._proposal.pack(side="left")
        self._take_proposal = ttk.Button(self._proposal_row, width=18, text="自動で入力する")
        self._take_proposal.pack(side="left", padx=(GAP, 0))
        self._proposal_row.grid_remove()
        self._free_mail = self.form.note("", under_fields=True)
        self._microsoft = self.form.note("")
        self._microsoft.configure(style="Bad.TLabel")

    def _receive_rows(self) -> None:
        form = self._half("受信用設定")
        self.protocol = form.radios("受信方式", PROTOCOL_WORDS)
        self.security = form.choice("暗号化", SECURITY_WORDS, beside=self.protocol)
        self.receive_host = form.line("受信サーバ", characters=44)
        self.receive_port = form.number("受信ポート番号", RANGES["receive", "port"])
        self._receive_hint = ttk.Label(form.beside(self.receive_port), style="Faint.TLabel")
        self._receive_hint.pack(side="left", padx=(GAP, 0))
        self.receive_account = form.line("アカウント", characters=44)
        self.receive_password = form.line("パスワード", characters=44, secret=True)
        self._password_note = form.note("")
        plain = form.wide_checkbox(PLAIN_LABEL, after=PLAIN_HINT)
        danger = form.note("")
        danger.configure(style="Bad.TLabel")
        _say(danger, "")
        plain.on_edit(lambda: _say(danger, PLAIN_NOTE if plain.value else ""))
        self.fields |= {
            ("receive", "protocol"): self.protocol,
            ("receive", "security"): self.security,
            ("receive", "host"): self.receive_host,
            ("receive", "port"): self.receive_port,
            ("receive", "account"): self.receive_account,
            ("tls", "allow_plaintext_password"): plain,
        }

    def _send_rows(self) -> None:
        form = self._half("送信用設定")
        self.send_host = form.line("送信サーバ", characters=44)
        self.send_port = form.number("送信ポート番号", RANGES["send", "port"])
        cell = form.beside(self.send_port)
        self._send_hint = ttk.Label(cell, style="Faint.TLabel")
        self._send_hint.pack(side="left", padx=(GAP, 0))
        explain = ttk.Button(cell, text="説明", width=12, command=self.explain)
        explain.pack(side="left", padx=(GAP, 0))
        self.auth = form.radios("SMTP認証", AUTH_WORDS)
        copy = form.button_beside(self.auth, "受信用のアカウントを複写する", self.copy_account)
        self.send_account = form.line("アカウント", characters=44)
        self.send_password = form.line("パスワード", characters=44, secret=True)
        self._buttons.append(copy)
        self.fields |= {
            ("send", "host"): self.send_host,
            ("send", "port"): self.send_port,
            ("send", "auth"): self.auth,
            ("send", "account"): self.send_account,
        }

    def _forward_rows(self) -> None:
        form = self._half("対象外メールの送信先")
        form.note(FORWARD_NOTE)
        form.note(FORWARD_CAUTION).configure(style="Bold.TLabel")
        self.fields["forward", "address"] = form.line("送信先メールアドレス", characters=44)

    def _more_rows(self) -> None:
        form = self._half("そのほか")
        self.fields["alert", "address"] = form.line("異常の連絡先", characters=44)
        form.note(ALERT_NOTE)
        self.weekly = form.checkbox("この連絡先へ送る", label="1週間のまとめ")
        self._report_day = form.choice("", WEEKDAY_WORDS, beside=self.weekly)
        self._report_hour = form.number(
            "", RANGES["report", "hour"], characters=4, after="時から", beside=self.weekly
        )
        self.fields |= {
            ("report", "weekly"): self.weekly,
            ("report", "weekday"): self._report_day,
            ("report", "hour"): self._report_hour,
        }
        self.weekly.on_edit(self._enable_report)

    # ---- what the fields do for each other ----

    def _follow(self) -> None:
        self.address.on_edit(self._address_typed)
        self.receive_host.on_edit(self._note_servers)
        self.send_host.on_edit(self._note_servers)
        self.receive_account.on_edit(self._send_after_receive)
        self.receive_password.on_edit(self._send_after_receive)
        self.send_account.on_edit(lambda: self._send_typed("account"))
        self.send_password.on_edit(lambda: self._send_typed("password"))
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

    def _send_after_receive(self) -> None:
        """Sending wants the same login, until something else is typed there."""
        if self._send_follows["account"]:
            self.send_account.value = self.receive_account.value
            self.send_account.clear()
        if self._send_follows["password"]:
            self.send_password.value = self.receive_password.value
            self.send_password.clear()

    def _send_typed(self, what: str) -> None:
        self._send_follows[what] = False

    def _learn_following(self) -> None:
        pairs = {
            "account": (self.receive_account.value, self.send_account.value),
            "password": (self.receive_password.value, self.send_password.value),
        }
        self._send_follows = {what: send in ("", own) for what, (own, send) in pairs.items()}

    def _address_typed(self) -> None:
        self._propose()
        self._note_servers()

    def _note_servers(self) -> None:
        """What must be known of these servers and this address, before anything is tried."""
        address, host = self.address.value, self.receive_host.value
        _say(self._free_mail, FREE_MAIL_NOTE if is_free_mail(address) else "")
        _say(self._microsoft, microsoft.warning(host, self.send_host.value))
        _say(self._password_note, note_under_password(host, address))

    def _enable_login(self) -> None:
        needed = self._enabled and self.auth.value is not Auth.NO
        self.send_account.enable(needed)
        self.send_password.enable(needed)

    def _enable_report(self) -> None:
        for field in (self._report_day, self._report_hour):
            field.enable(self._enabled and self.weekly.value)

    def _reveal(self) -> None:
        for field in (self.receive_password, self.send_password):
            field.reveal(self._visible.get())

    def _propose(self) -> None:
        """Offer what is known of the provider whose address this is; change nothing unasked."""
        address, host = self.address.value.strip(), self.receive_host.value
        provider = for_domain(address)
        if provider is not None and host not in receiving_hosts(provider, address):
            doubt = "（要確認）" if provider.needs_checking else " "
            self._proposal.configure(
                text=f"{provider.label}{doubt}のアドレスです。サーバなどの欄を"
            )
            self._take_proposal.configure(command=lambda: self.fill_in(provider))
            self._take_proposal.pack(side="left", padx=(GAP, 0))
            self._proposal_row.grid()
        elif provider is None and not host and address and not address_fault(address):
            self._proposal.configure(text=OWN_DOMAIN)
            self._take_proposal.pack_forget()
            self._proposal_row.grid()
        else:
            self._proposal_row.grid_remove()

    # ---- buttons ----

    def choose_template(self) -> None:
        provider = self._dialogs.show(TemplateDialog)
        if provider is not None:
            self.fill_in(provider)

    def explain(self) -> None:
        provider = self._dialogs.show(ExplanationDialog, may_fill_in=self._enabled)
        if provider is not None:
            self.fill_in(provider)

    def find(self) -> None:
        """「設定をさがす」"""
        found = self._find()
        if found is None:
            return
        if found.settings is None:
            self.choose_template()
            return
        self.address.value = found.settings.mail_address
        self.address.clear()
        if found.passwords.receive:
            self.show_passwords(found.passwords)
        self._fill(found.settings, found.label, LOGGED_IN if found.logged_in else "")

    def fill_in(self, provider: Provider) -> None:
        """Put the provider's servers, ports, security and account form into the fields."""
        label = provider.label.partition("（")[0]
        self._fill(filled_in(self._gather(), provider, self.protocol.value), label)

    def _fill(self, settings: Settings, label: str, more: str = "") -> None:
        """Show these servers, say what was filled in, and go to what is still missing."""
        before = [field.value for place, field in self._server_fields()]
        self._show_mail(settings)
        after = [field.value for place, field in self._server_fields()]
        filled = sum(one != other for one, other in zip(before, after, strict=True))
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
        if filled:
            self._say_done(f"{label} の設定を入れました（{filled}か所）。{more}")

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
        self._enable_report()

    def _show_mail(self, settings: Settings) -> None:
        """Show the servers of these settings; the user has not typed them."""
        for place, field in self._server_fields():
            field.value = value_at(settings, place)
            field.clear()
        self._learn_ports(settings)

    def _server_fields(self) -> list[tuple[Place, Field[Any]]]:
        return [one for one in self.fields.items() if one[0][0] in ("receive", "send")]

    def _learn_ports(self, settings: Settings) -> None:
        receive, send = settings.receive, settings.send
        usual = receiving_port(receive.protocol, receive.security)
        self._port_typed = {
            "receive": receive.port != usual,
            "send": send.port != sending_port(send.auth),
        }
        self._learn_following()
        self._note_servers()
        self._hints()
        self._enable_login()

    def show_passwords(self, passwords: Passwords) -> None:
        self.receive_password.value = passwords.receive
        self.send_password.value = passwords.send
        self._learn_following()

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
        self._enable_report()


def _say(label: ttk.Label, text: str) -> None:
    """A line that takes no room while there is nothing to say."""
    label.configure(text=text)
    if text:
        label.grid()
    else:
        label.grid_remove()
