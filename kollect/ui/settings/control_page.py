"""緒言設定 「制御情報」: the polling interval, the reply with the number, the start at login."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from kollect.settings.model import Charset, Settings
from kollect.settings.validation import RANGES, RECEIPT_MARK
from kollect.ui.settings.letter_page import Fill, LetterPage

CHARSET_WORDS = {
    Charset.UTF_8: "UTF-8（ふつうはこちら）",
    Charset.ISO_2022_JP: "ISO-2022-JP（古い携帯電話向け）",
}


class ControlPage(LetterPage):
    title = "制御情報"
    manual = "control"

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
