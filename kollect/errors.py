"""What can go wrong, in words for the person who reads them.

Every trouble carries a title, what happened, what to do now, and the technical text that a screen
keeps behind 「詳細」. It is translated once, in the adapter that met it. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

IN_MAIL_SETTINGS = "「メールの設定」の"
"""How the cure of a refused login begins."""
TRIED_AGAIN = "しばらくすると自動的にもう一度試します。"
GOES_ON = "つながると自動的に続きを行います。"
FETCHED_SOON = "少し待って自動的に受信します。"
FETCHED_LESS_OFTEN = "間隔を自動で延ばし、少し待って受信します。"
REST_SENT_LATER = "残りのメールは、次回に自動的に送ります。"
SENT_LATER = "次回も自動的に送ります。"
SENT_WHEN_ALLOWED = "しばらくすると自動的に続きを送ります。"
_TRY_BY_HAND = "しばらくしてから、もう一度試してください。"
_BY_HAND = {
    TRIED_AGAIN: _TRY_BY_HAND,
    GOES_ON: "つながったら、もう一度試してください。",
    FETCHED_SOON: _TRY_BY_HAND,
    FETCHED_LESS_OFTEN: _TRY_BY_HAND,
    REST_SENT_LATER: _TRY_BY_HAND,
    SENT_LATER: _TRY_BY_HAND,
    SENT_WHEN_ALLOWED: _TRY_BY_HAND,
}
"""What the collector and メール発信 do by themselves; and what it is where a user tries something
once, and nothing is tried again by itself."""


class Stage(StrEnum):
    """The steps of talking to a server, in order, as 「メールの設定のテスト」 names them."""

    LOOKUP = "サーバ名の確認"
    CONNECT = "サーバへの接続"
    ENCRYPT = "暗号化"
    CERTIFICATE = "証明書の確認"
    LOGIN = "ログイン"
    MAILBOX = "メールボックスの確認"
    SEND = "送信"
    RECEIVE = "受信"


class Trouble(Exception):
    """Something a person must be told. `title` is one line, `happened` and `cure` are sentences."""

    def __init__(self, title: str, *, happened: str, cure: str, detail: str = "") -> None:
        super().__init__(title)
        self.title = title
        self.happened = happened
        self.cure = cure
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.title}: {self.happened} {self.cure}"

    @property
    def cure_by_hand(self) -> str:
        """The cure where a user has tried it once: nothing is tried again by itself."""
        cure = self.cure
        for by_itself, by_hand in _BY_HAND.items():
            cure = cure.replace(by_itself, by_hand)
        return cure


class ServerTrouble(Trouble):
    """A server could not be reached, trusted, logged in to, or stopped answering."""

    def __init__(
        self, title: str, *, stage: Stage, happened: str, cure: str, detail: str = ""
    ) -> None:
        super().__init__(title, happened=happened, cure=cure, detail=detail)
        self.stage = stage


class LineDropped(ServerTrouble):
    """The line was lost: the other side or something in between closed it."""


class LineTimeout(ServerTrouble):
    """No answer within the time allowed."""


class LoginTrouble(ServerTrouble):
    """The server refused the account or the password: waiting does not help."""


class MailboxBusy(ServerTrouble):
    """Another program holds the mailbox, or the server asks for a pause (RFC 2449 section 8)."""


class TooManyLogins(MailboxBusy):
    """The server says that it is logged in to too often."""


class NotDeleted(ServerTrouble):
    """What is done with stays on the server. Receiving and answering go on as ever."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a person needs to see of a certificate before trusting it."""

    fingerprint: str
    """SHA-256 of the DER form, 64 lower-case hexadecimal digits."""
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_after: str


class CertificateTrouble(ServerTrouble):
    """The server's certificate cannot be trusted as it is; it may be pinned by the user."""

    def __init__(
        self, title: str, *, happened: str, cure: str, detail: str, certificate: Certificate | None
    ) -> None:
        super().__init__(
            title, stage=Stage.CERTIFICATE, happened=happened, cure=cure, detail=detail
        )
        self.certificate = certificate


class EncryptionGone(ServerTrouble):
    """A server that has always encrypted does not any more: nothing was sent to it."""

    def __init__(
        self,
        title: str,
        *,
        happened: str,
        cure: str,
        detail: str,
        server: tuple[str, str, int],
    ) -> None:
        super().__init__(title, stage=Stage.ENCRYPT, happened=happened, cure=cure, detail=detail)
        self.server = server
        """Protocol, host and port: the user may say that it need not (「今後は暗号化しない」)."""


class StorageTrouble(Trouble):
    """The data folder cannot be read or written: disk full, read-only, pulled out, broken file."""


class DataCodeTrouble(StorageTrouble):
    """The data are protected, and the code is missing or another one's. They are not damaged."""


class AlreadyRunning(Trouble):
    """Another program holds this data folder."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong value: where it stands, what it is, and what would be right."""

    section: str
    key: str
    value: str
    allowed: str

    def __str__(self) -> str:
        if not self.value:
            return f"[{self.section}] {self.key} が空です。{self.allowed}"
        return f"[{self.section}] {self.key} の値「{self.value}」は使えません。{self.allowed}"


class SettingsTrouble(Trouble):
    """The settings are wrong or not complete; nothing was started."""

    def __init__(self, file: str, problems: tuple[Problem, ...]) -> None:
        self.file = file
        self.problems = problems
        lines = "\n".join(f"{file}: {problem}" for problem in problems)
        super().__init__(
            "設定に誤りがあります",
            happened=lines,
            cure="「緒言設定」で正しい値を入力するか、設定ファイルを直してください。",
        )


class SettingsFileDamaged(SettingsTrouble):
    """The settings file cannot be read at all; no single value is to blame, nothing was started."""

    def __init__(
        self, file: str, *, happened: str, cure: str, backup: bool, detail: str = ""
    ) -> None:
        self.file = file
        self.problems = ()
        self.backup = backup
        """A good copy of the settings before stands ready: see `ini_file.restore_backup`."""
        Trouble.__init__(
            self, "設定ファイルを読めません", happened=happened, cure=cure, detail=detail
        )
