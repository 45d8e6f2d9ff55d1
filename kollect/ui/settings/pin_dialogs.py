"""The PIN of 「設定を保護する」: choosing one, and being asked for it."""

from __future__ import annotations

import tkinter as tk
import unicodedata
from collections.abc import Callable
from pathlib import Path

from kollect.ui.framework.dialogs import Dialog, paragraph
from kollect.ui.framework.key_bindings import on_key
from kollect.ui.framework.theme import GAP
from kollect.ui.widgets.form import Form

LEAST, MOST = 4, 8
FORGOTTEN = (
    "設定ファイルを開ける人なら、だれでも保護を外せます。\n"
    "1. コレクトを終了します。\n"
    "2. フォルダ「{folder}」の {name} を、メモ帳で開きます。\n"
    "3. [shop] の下の「pin = 」で始まる行を、その1行だけ消して、上書き保存します。\n"
    "4. コレクトを起動します。保護がなくなり、「ID」で付け直せます。"
)
"""The safe way in: it asks for no secret that could be lost too, and leaves all else as it is."""


class NewPinDialog(Dialog[str | None]):
    """Answers with the new PIN, typed twice alike, or None."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, "設定を保護する", otherwise=None)
        paragraph(
            self.body,
            "暗証番号を決めると、それを知っている人だけが「緒言設定」を変更できるようになります。"
            "忘れないように、紙に書いて大切にしまってください。",
        ).pack(anchor="w", pady=(0, GAP))
        form = Form(self.body, label_characters=8)
        form.pack(fill="x")
        self.pin = form.line(
            "暗証番号", characters=12, after=f"数字{LEAST}～{MOST}けた", secret=True
        )
        self.again = form.line("もう一度", characters=12, secret=True)
        self.buttons(("キャンセル", self.cancel), ("保護する", self.accept))
        self.start_at(self.pin.widget)
        on_key(self, "<F12>", self.accept)

    def accept(self) -> None:
        pin, again = digits(self.pin.value), digits(self.again.value)
        if not (pin.isascii() and pin.isdigit() and LEAST <= len(pin) <= MOST):
            self.pin.show_error(f"{LEAST}～{MOST}けたの数字を入力してください。")
            self.pin.focus()
        elif pin != again:
            self.again.show_error("2つの暗証番号が違います。もう一度入力してください。")
            self.again.focus()
        else:
            self.finish(pin)


class AskPinDialog(Dialog[bool]):
    """Answers True when the right PIN was typed."""

    def __init__(self, parent: tk.Misc, fits: Callable[[str], bool], ini: Path) -> None:
        """`ini`: the file in which the PIN is, for the owner who has forgotten it."""
        super().__init__(parent, "保護を解除する", otherwise=False)
        self._fits = fits
        paragraph(self.body, "暗証番号を入力すると、設定を変更できます。").pack(
            anchor="w", pady=(0, GAP)
        )
        form = Form(self.body, label_characters=8)
        form.pack(fill="x")
        self.pin = form.line("暗証番号", characters=12, secret=True)
        self._way_in = paragraph(self.body, FORGOTTEN.format(folder=ini.parent, name=ini.name))
        self.buttons(
            ("忘れたとき", self.tell_way_in),
            ("キャンセル", self.cancel),
            ("解除する", self.accept),
            left=1,
        )
        self.start_at(self.pin.widget)

    def tell_way_in(self) -> None:
        """「忘れたとき」: unfold how the owner gets in, or fold it up."""
        if self._way_in.winfo_manager():
            self._way_in.pack_forget()
        else:
            self._way_in.pack(anchor="w", pady=(GAP, 0))

    def accept(self) -> None:
        if self._fits(digits(self.pin.value)):
            self.finish(True)
        else:
            self.pin.value = ""
            self.pin.show_error(
                "暗証番号が違います。分からないときは「忘れたとき」を押してください。"
            )
            self.pin.focus()


def digits(text: str) -> str:
    """What was meant: full-width digits count as digits."""
    return unicodedata.normalize("NFKC", text).strip()
