"""「印刷」 of what is listed, the same on every screen: what is to be known before it is printed,
and whether the PDF is saved or opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from kollect.desktop.open_file import open_file
from kollect.printing.printable import is_picture
from kollect.storage import export, temporary_files
from kollect.storage.data_folder import DataFolder
from kollect.threads.background_thread import local_now
from kollect.ui.framework.dialogs import Dialog, Dialogs
from kollect.ui.framework.key_bindings import on_key

T = TypeVar("T")
PDF_KINDS = (("PDFファイル", "*.pdf"),)
SAVE, OPEN = "PDFに保存", "開いて印刷"
READABLE_PAPER = (
    "保存したPDFと印刷した紙は、保護（暗号化）されません。だれでも読めますので、"
    "なくさないように、しまってください。"
)
"""Where the data are protected."""
HOW_TO_PRINT = "開いた画面の「印刷」から、A4・実際のサイズで印刷してください。"


@dataclass(frozen=True, slots=True)
class PaperMade:
    pdf: bytes
    count: int
    pages: int
    notes: Sequence[str]
    """What the user should know before it is printed."""

    what: str = ""
    """How it is told of; "": its count."""

    @property
    def words(self) -> str:
        return self.what or f"{self.count:,}件（{self.pages:,}ページ）"


@dataclass(frozen=True, slots=True)
class PdfTarget:
    made: PaperMade
    name: str
    path: Path | None
    """None: it is opened."""

    def finish(self, folder: DataFolder) -> str:
        """Write it, and open it where that is wanted. Returns what is said. Takes a while; raises
        StorageTrouble."""
        path = self.path or temporary_files.fresh_folder(folder) / self.name
        export.write(path, self.made.pdf)
        if self.path is not None:
            return f"{self.made.words}を「{path.name}」に保存しました。"
        open_file(path)
        return HOW_TO_PRINT


def ask_pdf_place(
    dialogs: Dialogs, paper: str, made: PaperMade, *, opens: bool
) -> PdfTarget | None:
    """Say what is not as it is thought to be, and ask where to put it; None: the user thinks better
    of it."""
    title = f"{paper}の印刷"
    if not made.count:
        dialogs.show_info(title, "\n".join(["印刷するものがありません。", *made.notes]))
        return None
    if made.notes and not dialogs.confirm(
        title, "\n".join([f"{made.words}を作りました。", *made.notes]), yes="続ける"
    ):
        return None
    name = f"{paper}-{local_now():%Y%m%d}.pdf"
    chosen = None if opens else dialogs.save_as(title, name, PDF_KINDS)
    if chosen is None and not opens:
        return None
    return PdfTarget(made, name, chosen)


def pdf_buttons(dialog: Dialog[T], accept: Callable[[bool], None]) -> None:
    """Save or open, in a dialog that asks what to print. `accept` is told whether it is opened."""
    dialog.buttons(
        ("キャンセル", dialog.cancel), (SAVE, lambda: accept(False)), (OPEN, lambda: accept(True))
    )
    on_key(dialog, "<F12>", lambda: accept(True))


def not_in_the_font(missing: str, cure: str) -> list[str]:
    """What stands in the place of characters that the font has not; `cure`: what to do for a letter
    that becomes 〓."""
    told = []
    if letters := "".join(one for one in missing if not is_picture(one)):
        told.append(
            f"「{letters}」は、文字の形が印刷用のフォントにないため、「〓」になります。{cure}"
        )
    if pictures := "".join(filter(is_picture, missing)):
        told.append(f"「{pictures}」は、文字の形が印刷用のフォントにないため、印刷しません。")
    return told
