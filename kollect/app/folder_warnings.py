"""The warning about the place that somebody has chosen for the data folder: shown once."""

from __future__ import annotations

from contextlib import closing

from kollect.desktop import volume
from kollect.errors import StorageTrouble
from kollect.ledger.ledger import Ledger
from kollect.storage.data_folder import DataFolder

NOTED = "synchronised_by"
"""The key under which it is noted that this was shown, and for which place."""


def new_warning(folder: DataFolder) -> StorageTrouble | None:
    """A warning that nobody has been given yet; the next call has none. Raises StorageTrouble."""
    name = volume.synchronised_by(folder.path)
    if name is None:
        return None
    with closing(Ledger(folder.database)) as ledger:
        if not ledger.set_metadata(NOTED, f"{name} {folder.path}"):
            return None
    return StorageTrouble(
        f"データが {name} のフォルダにあります",
        happened=f"「{folder.path}」は、{name} がインターネットへ写しているフォルダです。"
        "コレクトが書いている途中のファイルを写したり、古いものに戻したりして、受付の記録が"
        "壊れることがあります。お客様のアドレスも、外部に置かれます。",
        cure="コレクトを終了して、コレクトのフォルダを丸ごと、写されない場所"
        "（USBメモリか、C:\\コレクト など）へ移してから起動してください。控え（backup"
        " フォルダ）も一緒に移ります。この案内は一度だけ表示します。",
        detail=f"{name}: {folder.path}",
    )
