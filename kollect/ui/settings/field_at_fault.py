"""Which field of 「メールの設定」 a trouble with a server is about. Pure."""

from __future__ import annotations

from kollect.errors import CertificateTrouble, LoginTrouble, ServerTrouble, Stage, Trouble
from kollect.ui.settings.settings_page import Place

PASSWORD = "password"
"""The key of a password, which is no setting: kollect.ini has none."""
_KEYS = {
    Stage.LOOKUP: "host",
    Stage.CONNECT: "host",
    Stage.ENCRYPT: "port",
    Stage.LOGIN: "account",
}


def place_at_fault(trouble: Trouble) -> Place | None:
    """Section and key to look at first; None where no setting mends it.

    A certificate is none: that is looked at, and trusted, in the test.
    """
    if not isinstance(trouble, ServerTrouble) or isinstance(trouble, CertificateTrouble):
        return None
    # the server's side stands in its words alone: one adapter speaks for both
    section = "send" if "送信サーバ" in f"{trouble.title}{trouble.happened}" else "receive"
    if isinstance(trouble, LoginTrouble):
        return section, PASSWORD
    key = _KEYS.get(trouble.stage)
    return (section, key) if key is not None else None
