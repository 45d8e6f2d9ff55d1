"""緒言設定 「制御情報」「2重登録時の処理」: how often to look, and what to write to customers."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk

from kollect.letters.letter_check import LetterKind, TextRemark, remarks
from kollect.settings.model import Charset, DuplicateAction, Settings
from kollect.settings.validation import DUPLICATE_MARK, RANGES, RECEIPT_MARK
from kollect.ui.framework.dialogs import em
from kollect.ui.framework.theme import HALF, WIDE
from kollect.ui.settings.settings_page import SettingsPage
from kollect.ui.widgets.check_strip import CheckStrip
from kollect.ui.widgets.form import Form
from kollect.ui.widgets.mail_preview import MailPreview

CHARSET_WORDS = {
    Charset.UTF_8: "UTF-8（ふつうはこちら）",
    Charset.ISO_2022_JP: "ISO-2022-JP（古い携帯電話向け）",
}
ACTION_WORDS = {
    DuplicateAction.REPLY: "返信メールを送る",
    DuplicateAction.IGNORE: "返信せずに削除する",
    DuplicateAction.RENUMBER: "新しい受付番号を発行する",
}

BESIDE = 65
"""So many full-width characters wide a page must be for a letter beside the form."""

Fill = Callable[[str, int, int], str]


class LetterPage(SettingsPage):
    """A form on the left, the letter as it will arrive on the right."""

    def __init__(self, parent: tk.Misc, fill: Fill, gather: Callable[[], Settings]) -> None:
        super().__init__(parent)
        self._fill = fill
        self._gather = gather
        self.form = Form(self.inside, label_characters=12)
        self.form.grid(row=0, column=0, sticky="new")
        self._side = ttk.Frame(self.inside)
        self.preview = MailPreview(self._side)
        self.preview.pack(fill="both", expand=True)
        self.check = CheckStrip(self._side, self._remarks, self.scrolled.see)
        self.check.pack(fill="x", pady=(HALF, 0))
        self._previewed = True
        self._arrange()
        self.bind("<Configure>", lambda event: self._arrange())

    def watch(self) -> None:
        """Renew the preview whenever something is edited."""
        for field in self.fields.values():
            field.on_edit(self.refresh)

    def _arrange(self) -> None:
        """The preview beside the form where there is room for both, else below it."""
        if not self._previewed:
            self._side.grid_remove()
        beside = self.winfo_width() <= 1 or self.winfo_width() > em(self) * BESIDE
        # widths of the window alone: those of texts that fold to them would never come to rest
        shared = "half" if beside else ""
        self.inside.columnconfigure(0, weight=3, uniform=shared)
        self.inside.columnconfigure(1, weight=2 if beside else 0, uniform=shared)
        if self._previewed and beside:
            self._side.grid(row=0, column=1, sticky="new", padx=(WIDE, 0), pady=0)
        elif self._previewed:
            self._side.grid(row=1, column=0, sticky="new", padx=0, pady=(WIDE, 0))

    def show_preview(self, previewed: bool) -> None:
        self._previewed = previewed
        self._arrange()

    def refresh(self) -> None:
        """Let the preview follow the fields, of all tabs."""
        raise NotImplementedError

    def _letter_of(self, settings: Settings) -> tuple[str, str]:
        """Subject and body as they are written, with ★1★."""
        raise NotImplementedError

    def _remarks(self) -> tuple[TextRemark, ...]:
        settings = self._gather()
        return remarks(
            *self._letter_of(settings),
            shop_name=settings.shop.name,
            charset=settings.collect.charset,
            kind=LetterKind.REPLY,
        )

    def _sender(self, settings: Settings) -> str:
        name, address = settings.shop.name, settings.mail_address
        return f"{name} <{address}>" if name and address else name or address


class ControlPage(LetterPage):
    title = "制御情報"

    def __init__(self, parent: tk.Misc, fill: Fill, gather: Callable[[], Settings]) -> None:
        super().__init__(parent, fill, gather)
        form = self.form
        interval = form.number(
            "受信チェック間隔", RANGES["collect", "interval_seconds"], after="秒（10～3600）"
        )
        subject = form.line("受付完了メール見出", characters=40)
        body = form.text("受付完了メール本文", lines=7)
        self.insert_button = form.under_label(
            f"{RECEIPT_MARK}を挿入", lambda: body.insert(RECEIPT_MARK)
        )
        login = form.checkbox("Windowsログイン時の起動")
        form.note(
            "印を付けると、パソコンの電源を入れたときに、自動でメールの収集を始めます。",
            under_fields=True,
        )
        form.divider("くわしい設定")
        first = form.number("受付番号の開始番号", RANGES["collect", "first_number"], characters=12)
        digits = form.number(
            "桁数",
            RANGES["collect", "number_digits"],
            characters=4,
            after="0: そろえない",
            beside=first,
        )
        charset = form.choice("文字コード", CHARSET_WORDS)
        blanks = form.lines("無題とみなす件名", lines=3)
        form.note(
            "件名が空のメールのほか、ここに書いた件名（1行に1つ）のメールにも受付番号を返信します。",
            under_fields=True,
        )
        self.fields = {
            ("collect", "interval_seconds"): interval,
            ("collect", "reply_subject"): subject,
            ("collect", "reply_body"): body,
            ("collect", "start_at_login"): login,
            ("collect", "first_number"): first,
            ("collect", "number_digits"): digits,
            ("collect", "charset"): charset,
            ("collect", "blank_subjects"): blanks,
        }
        self.watch()

    def enable(self, enabled: bool) -> None:
        super().enable(enabled)
        self.insert_button.configure(state="normal" if enabled else "disabled")

    def refresh(self) -> None:
        settings = self._gather()
        collect = settings.collect
        number, digits = collect.first_number, collect.number_digits
        self.preview.show(
            sender=self._sender(settings),
            subject=self._fill(collect.reply_subject, number, digits),
            body=self._fill(collect.reply_body, number, digits),
            note=f"{RECEIPT_MARK}のところに受付番号が入ります（見本は{number}番）。",
        )
        self.check.edited()

    def _letter_of(self, settings: Settings) -> tuple[str, str]:
        return settings.collect.reply_subject, settings.collect.reply_body


class DuplicatePage(LetterPage):
    title = "2重登録時の処理"

    def __init__(self, parent: tk.Misc, fill: Fill, gather: Callable[[], Settings]) -> None:
        super().__init__(parent, fill, gather)
        form = self.form
        form.note(
            "受付番号をお知らせしたお客様から、もう一度空メールが届いたときの処理を決めます。"
        )
        action = form.radios("受付済みメールの処理方法", ACTION_WORDS, below=True)
        form.note(
            "「返信メールを送る」では、前と同じ受付番号を下の文章でお知らせします。"
            "「新しい受付番号を発行する」では、「制御情報」の受付完了メールを送ります。",
            under_fields=True,
        )
        subject = form.line("返信メール見出", characters=40)
        body = form.text("返信メール本文", lines=8)
        self.insert_button = form.under_label(
            f"{DUPLICATE_MARK}を挿入", lambda: body.insert(DUPLICATE_MARK)
        )
        self.fields = {
            ("duplicate", "action"): action,
            ("duplicate", "reply_subject"): subject,
            ("duplicate", "reply_body"): body,
        }
        self._letter = (subject, body)
        self._action = action
        self._enabled = True
        self.watch()

    def enable(self, enabled: bool) -> None:
        super().enable(enabled)
        self._enabled = enabled
        self.refresh()

    def refresh(self) -> None:
        settings = self._gather()
        duplicate = settings.duplicate
        answered = self._action.value is DuplicateAction.REPLY
        for field in self._letter:
            field.enable(answered and self._enabled)
        self.insert_button.configure(state="normal" if answered and self._enabled else "disabled")
        number, digits = settings.collect.first_number, settings.collect.number_digits
        self.show_preview(answered)
        if answered:
            self.preview.show(
                sender=self._sender(settings),
                subject=self._fill(duplicate.reply_subject, number, digits),
                body=self._fill(duplicate.reply_body, number, digits),
                note=f"{DUPLICATE_MARK}のところに、前にお知らせした受付番号が入ります"
                f"（見本は{number}番）。",
            )
            self.check.edited()

    def _letter_of(self, settings: Settings) -> tuple[str, str]:
        return settings.duplicate.reply_subject, settings.duplicate.reply_body
