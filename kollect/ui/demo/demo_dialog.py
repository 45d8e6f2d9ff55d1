"""The dialog of 「デモ用設定/解除」."""

from __future__ import annotations

import tkinter as tk
from enum import StrEnum

from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.theme import GAP

TEXTS = (
    "デモでは、このパソコンの中だけで動く練習用のメールサーバを使って、"
    "空メールの受付から返信までを試せます。インターネットにはつながりません。",
    "「お客様の携帯」の画面から空メールを送ると、コレクトが受付番号を返信し、"
    "それが携帯に届くようすを見ることができます。",
    "いまの設定と、集めたデータは、別にしてそのまま取っておきます。"
    "「デモ設定の解除」をすると、元どおりに戻ります。",
)


class DemoChoice(StrEnum):
    BEGIN = "デモ設定を行う"
    END = "デモ設定の解除"


class DemoDialog(Dialog[DemoChoice | None]):
    manual = "demo"

    def __init__(self, parent: tk.Misc, *, in_demo: bool) -> None:
        super().__init__(parent, "デモ用設定/解除 (KKRE0103)", otherwise=None)
        state = "いまは、デモの設定で動いています。" if in_demo else "いまは、デモではありません。"
        paragraph(self.body, state, bold=True).pack(anchor="w")
        for text in TEXTS:
            paragraph(self.body, text).pack(anchor="w", pady=(GAP, 0))
        begin, end, _ = self.buttons(
            (DemoChoice.BEGIN, lambda: self.finish(DemoChoice.BEGIN)),
            (DemoChoice.END, lambda: self.finish(DemoChoice.END)),
            ("キャンセル", self.cancel),
            main=1 if in_demo else 0,
        )
        (begin if in_demo else end).configure(state="disabled")
        self.start_at(end if in_demo else begin)
