"""Tk's own file dialog in Japanese: Tk 8.6 speaks eighteen languages, and not this one.

Windows has a file dialog of its own, which needs no words of ours.
"""

from __future__ import annotations

import contextlib
import tkinter as tk

_WORDS = {
    "Open": "開く",
    "Save As": "名前を付けて保存",
    "&Open": "開く(&O)",
    "&Save": "保存(&S)",
    "&OK": "OK",
    "&Cancel": "キャンセル(&C)",
    "&Yes": "はい(&Y)",
    "&No": "いいえ(&N)",
    "&Directory:": "場所(&D):",
    "File &name:": "ファイル名(&N):",
    "File &names:": "ファイル名(&N):",
    "Files of &type:": "種類(&T):",
    "Show &Hidden Files and Directories": "隠しファイルも表示(&H)",
    'File "%1$s" already exists.\nDo you want to overwrite it?': "「%1$s」はもうあります。\n"
    "上書きしますか？",
    'File "%1$s"  does not exist.': "「%1$s」は見つかりません。",
    'Directory "%1$s" does not exist.': "フォルダ「%1$s」は見つかりません。",
    'Invalid file name "%1$s".': "「%1$s」はファイルの名前に使えません。",
    'Cannot change to the directory "%1$s".\nPermission denied.': "フォルダ「%1$s」を開けません。\n"
    "このフォルダを見ることは許されていません。",
}


def speak_japanese(root: tk.Misc) -> None:
    """From now on, in every window of this root; where Tcl came without msgcat it stays English."""
    with contextlib.suppress(tk.TclError):
        root.tk.call("msgcat::mclocale", "ja")
        for english, japanese in _WORDS.items():
            root.tk.call("namespace", "eval", "::tk", ("msgcat::mcset", "ja", english, japanese))
