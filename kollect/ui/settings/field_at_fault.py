"""Which field of 「メールの設定」 a trouble with a server is about. Pure."""

from __future__ import annotations

from kollect.errors import (
    CertificateTrouble,
    EncryptionGone,
    LoginTrouble,
    MailboxBusy,
    ServerTrouble,
    Stage,
    Trouble,
)
from kollect.ui.settings.settings_page import Place

PASSWORD = "password"
"""The key of a password, which is no setting: kollect.ini has none."""
_KEYS = {
    Stage.LOOKUP: "host",
    Stage.CONNECT: "host",
    Stage.ENCRYPT: "port",
    Stage.LOGIN: "account",
}


_CURES = {
    "send": (("「送信ポート番号」を", "port"), ("「SMTP認証」を「する(SSL認証)」", "auth")),
    "receive": (("暗号化を「SSL」", "security"),),
}
"""What the cure of a login names, and the field that this is."""
_SENDER = ("mail", "address")


def mended_in_the_test(trouble: Trouble) -> bool:
    """A certificate, or encryption that is gone: looked at and agreed to in the test."""
    return isinstance(trouble, CertificateTrouble | EncryptionGone)


def place_at_fault(trouble: Trouble) -> Place | None:
    """Section and key to look at first; None where no setting mends it."""
    if not isinstance(trouble, ServerTrouble) or isinstance(trouble, MailboxBusy):
        return None
    if mended_in_the_test(trouble):
        return None
    if trouble.stage is Stage.SEND:
        # what it has against the shop, it has against its address
        return _SENDER if "Emailアドレス" in trouble.cure else None
    # the server's side stands in its words alone: one adapter speaks for both
    section = "send" if "送信サーバ" in f"{trouble.title}{trouble.happened}" else "receive"
    if isinstance(trouble, LoginTrouble):
        # where something else is the cure, the password was not even looked at
        named = (key for words, key in _CURES[section] if words in trouble.cure)
        return section, next(named, PASSWORD)
    key = _KEYS.get(trouble.stage)
    return (section, key) if key is not None else None
