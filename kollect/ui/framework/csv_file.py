"""「CSVへ取り出し」, the same on every screen: which program it is for, where to, and the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kollect.desktop.open_file import open_file
from kollect.errors import StorageTrouble
from kollect.storage.export import READABLE
from kollect.ui.framework.dialogs import Dialogs

CSV_KINDS = (("CSVファイル（Excelなど）", "*.csv"),)
TITLE = "CSVへ取り出し"
EXCEL, OLD = "Excelで開く", "古いソフト用"
_CANCEL = "キャンセル"


@dataclass(frozen=True, slots=True)
class CsvTarget:
    path: Path
    encoding: str
    opens: bool
    """It is opened as soon as it is written."""

    def finish(self, what: str) -> str:
        """After the file was written: open it where that is wanted. Returns what is said; a PC
        without a program for it has its file all the same. Takes a while.
        """
        if not self.opens:
            return f"{what}を「{self.path.name}」へ保存しました。"
        try:
            open_file(self.path)
        except StorageTrouble:
            return f"{what}を「{self.path.name}」へ保存しました。開くプログラムがありません。"
        return f"{what}を「{self.path.name}」へ取り出しました。"


def ask_csv_file(dialogs: Dialogs, what: str, name: str, *, protected: bool) -> CsvTarget | None:
    """Ask for the program that the table is for, and the place; None: the user thinks better of it.

    `what` is written there, as 「表示している 30件」; `name` is proposed for the file.
    `protected`: the data are, so the file has to be told apart from them.
    """
    kind = dialogs.choose(
        TITLE,
        f"{what}を、表計算のファイル（CSV）に取り出します。\n"
        f"「{EXCEL}」は、保存してすぐに開きます。ふつうはこちらです。\n"
        f"「{OLD}」は、保存だけします。年賀状ソフトなどで文字が読めないときに使います。"
        "古いソフトにない文字は「?」になります。" + (f"\n\n{READABLE}" if protected else ""),
        (_CANCEL, OLD, EXCEL),
    )
    if kind == _CANCEL:
        return None
    path = dialogs.save_as(TITLE, name, CSV_KINDS)
    if path is None:
        return None
    return CsvTarget(path, "cp932" if kind == OLD else "utf-8-sig", opens=kind == EXCEL)
