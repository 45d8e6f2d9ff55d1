"""A server as a person knows it, and every way of not reaching it, in that person's words.

Knows the exceptions of `socket` and `ssl` by their type and number only. It opens no line, and
knows nothing of POP3, IMAP or SMTP beyond their usual ports. Pure.
"""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass

from kollect.errors import (
    GOES_ON,
    TRIED_AGAIN,
    EncryptionGone,
    LineDropped,
    LineTimeout,
    ServerTrouble,
    Stage,
)

SENDING_ROLE = "送信サーバ"
RECEIVING_ROLE = "受信サーバ"
POP3, IMAP, SMTP = "pop3", "imap", "smtp"

_TLS_FROM_THE_START = frozenset({465, 993, 995})
_TRY_AGAIN = frozenset({socket.EAI_AGAIN, 11002})  # 11002: WSATRY_AGAIN
_REFUSED = frozenset({errno.ECONNREFUSED, 10061})
_UNREACHABLE = frozenset(
    {
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.EADDRNOTAVAIL,
        errno.ENETDOWN,
        10051,
        10065,
        10050,
    }
)
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, 10013})

# What OpenSSL says when the other side's first bytes are no TLS record.
_NOT_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "UNKNOWN_PROTOCOL",
        "HTTP_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "RECORD_TOO_SMALL",
    }
)
_TOO_OLD = frozenset(
    {
        "UNSUPPORTED_PROTOCOL",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "DH_KEY_TOO_SMALL",
        "WRONG_SIGNATURE_TYPE",
        "NO_SHARED_CIPHER",
        "LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
    }
)

_TLS_RECORD = (b"\x15\x03", b"\x16\x03")
"""How an alert or a handshake begins (RFC 8446 section 5.1), read by someone who expected text."""

_PORT_AND_SECURITY = "ポート番号と暗号化の設定"
_HAS_WORKED = "前は、同じ設定でつながっていました。"
ASK_PROVIDER = "直らないときは、プロバイダに確認してください。"


@dataclass(frozen=True, slots=True)
class Peer:
    """One server: what it is for, its name and port as they stand in the settings."""

    role: str
    host: str
    port: int
    has_worked: bool = False
    """A session was opened before, with the same settings: they are not the first to suspect."""

    @property
    def label(self) -> str:
        return f"{self.role}「{self.host}」（ポート番号 {self.port}）"

    @property
    def ascii_host(self) -> str:
        """The name as the network knows it (RFC 5890). Raises ValueError where it cannot be one."""
        name = self.host.rstrip(".").encode("idna").decode("ascii")
        if not name or name.startswith("."):
            raise ValueError("empty host name")
        return name

    def unknown_name(self, failure: Exception, *, offline: bool) -> ServerTrouble:
        """The name could not be looked up; `offline`: this PC has no way out to the internet."""
        temporary = isinstance(failure, socket.gaierror) and failure.errno in _TRY_AGAIN
        if offline or temporary:
            return ServerTrouble(
                "インターネットにつながっていないようです",
                stage=Stage.LOOKUP,
                happened=f"{self.role}「{self.host}」の場所を調べられませんでした。",
                cure=f"LANケーブルやWi-Fiの接続を確かめてください。{GOES_ON}",
                detail=technical(failure),
            )
        return ServerTrouble(
            f"{self.role}が見つかりません",
            stage=Stage.LOOKUP,
            happened=f"「{self.host}」という名前のサーバはありませんでした。",
            cure=self._cure_of_settings(
                f"「メールの設定」の{self.role}の名前",
                f"「メールの設定」の{self.role}の名前に打ち間違いがないか確かめてください。",
            ),
            detail=technical(failure),
        )

    def unconnected(self, failure: Exception) -> ServerTrouble:
        """The name was found, but no line could be opened."""
        number = failure.errno if isinstance(failure, OSError) else None
        if isinstance(failure, TimeoutError) or number == errno.ETIMEDOUT:
            return LineTimeout(
                f"{self.role}につながりません",
                stage=Stage.CONNECT,
                happened=f"{self.label}を呼びましたが、返事がありませんでした。",
                cure=self._cure_of_silence(),
                detail=technical(failure),
            )
        if number in _REFUSED:
            happened = f"{self.label}は、接続を受け付けませんでした。"
            cure = self._cure_of_settings(
                _PORT_AND_SECURITY,
                f"{_PORT_AND_SECURITY}を確かめてください。正しければ、サーバが止まっています。"
                + TRIED_AGAIN,
            )
        elif number in _FORBIDDEN:
            happened = f"このパソコンが、{self.label}への接続を止めました。"
            cure = "セキュリティソフトやファイアウォールで、コレクトの通信を許可してください。"
        elif number in _UNREACHABLE:
            happened = f"{self.label}までの道がありません。"
            cure = f"LANケーブルやWi-Fiの接続を確かめてください。{GOES_ON}"
        else:
            happened = f"{self.label}への接続に失敗しました。"
            cure = self._cure_of_settings(
                "ポート番号の設定", "ネットワークの接続と、ポート番号の設定を確かめてください。"
            )
        return ServerTrouble(
            f"{self.role}につながりません",
            stage=Stage.CONNECT,
            happened=happened,
            cure=cure,
            detail=technical(failure),
        )

    def _cure_of_silence(self) -> str:
        if self.role == SENDING_ROLE and self.port == 25:
            return (
                "ポート番号25は、多くの回線で止められています（迷惑メール対策）。"
                "「送信ポート番号」を587にして、もう一度お試しください。"
            )
        return self._cure_of_settings(
            "サーバの名前とポート番号",
            "サーバの名前とポート番号を確かめてください。正しければ、回線が混んでいるか、"
            f"サーバが止まっています。{TRIED_AGAIN}",
        )

    def _cure_of_settings(self, which: str, cure: str) -> str:
        """`cure` begins with the settings, of which `which` are in question; where they have
        worked, they come last.
        """
        if not self.has_worked:
            return cure
        return (
            f"{_HAS_WORKED}サーバが止まっているか、回線が混んでいるようです。"
            f"設定は変えずに、お待ちください。{TRIED_AGAIN}"
            f"長く続くときは、プロバイダに確認し、それから{which}を見直してください。"
        )

    def unencrypted(self, failure: Exception) -> ServerTrouble:
        """The encryption could not be started; certificates are told by `certificate_errors`."""
        if isinstance(failure, TimeoutError):
            return self.timeout_error(Stage.ENCRYPT, failure, heard=True)
        reason = getattr(failure, "reason", None) or ""
        if reason in _NOT_TLS:
            happened = f"{self.label}は、このポートでは、つないだ直後の暗号化をしていません。"
            cure = (
                "ポート番号か暗号化の設定が合っていません。プロバイダの案内を見て、"
                "ポート番号を直すか、暗号化を「STARTTLS」に変えてください。"
            )
            if self.role == SENDING_ROLE:
                cure = (
                    "ポート番号と「SMTP認証」の組み合わせが合っていません。"
                    "「する(SSL認証)」ならポート番号465、「する」なら587をお試しください。"
                )
        elif reason in _TOO_OLD:
            happened = f"{self.label}の暗号化が古く、安全に通信できません。"
            cure = "プロバイダに、新しい暗号化（TLS 1.2以上）で使えるサーバ名を確認してください。"
        else:
            happened = f"{self.label}と、暗号化を始められませんでした。"
            cure = self._cure_of_settings(
                _PORT_AND_SECURITY, f"{_PORT_AND_SECURITY}を確かめてください。{ASK_PROVIDER}"
            )
        return ServerTrouble(
            f"{self.role}と暗号化して通信できません",
            stage=Stage.ENCRYPT,
            happened=happened,
            cure=cure,
            detail=technical(failure),
        )

    def encryption_gone(self, protocol: str, detail: str, *, safe: str) -> EncryptionGone:
        """The server has offered encryption before and does not now.

        `safe`: the settings with which a line is encrypted from its start.
        """
        test = "送信のテスト" if self.role == SENDING_ROLE else "受信のテスト"
        return EncryptionGone(
            f"{self.role}との通信が、暗号化されなくなりました",
            happened=f"{self.label}は、これまで通信を暗号化していましたが、今回は応じませんでした。"
            "だれかが通信に割り込み、内容を盗み見ようとしているおそれがあります。"
            "安全のため、パスワードもメールも送っていません。",
            cure="いつもと違うWi-Fiや回線、セキュリティソフトを使っていれば、元に戻してお試しください。"
            f"続くときは、{safe}に変えるか、プロバイダに確認してください。"
            "プロバイダが暗号化をやめたとわかったときだけ、「メールの設定のテスト」の"
            f"「{test}」で「今後は暗号化しない」を選べます。",
            detail=detail,
            server=(protocol, self.host, self.port),
        )

    def injection_error(self) -> ServerTrouble:
        """Bytes came in clear after the server's consent to encrypt (CVE-2011-0411 and its kin)."""
        return ServerTrouble(
            f"{self.role}と安全に通信できません",
            stage=Stage.ENCRYPT,
            happened=f"{self.label}との間で、暗号化の直前に余分なデータが届きました。",
            cure="だれかが通信に割り込んでいるおそれがあります。別の回線でお試しください。"
            + ASK_PROVIDER,
            detail="data in clear before the TLS handshake",
        )

    def no_authorities(self, ca_file: str, failure: Exception) -> ServerTrouble:
        """The file of trusted authorities cannot be used."""
        return ServerTrouble(
            "認証局のファイルを読めません",
            stage=Stage.CERTIFICATE,
            happened=f"設定 [tls] ca_file の「{ca_file}」を読めませんでした。"
            if ca_file
            else "このパソコンの認証局の一覧を読めませんでした。",
            cure="ファイルの場所と中身を確かめるか、[tls] ca_file を空にしてください。"
            if ca_file
            else "パソコンを再起動して、もう一度お試しください。直らないときは、"
            "Windowsの更新を行ってください。",
            detail=technical(failure),
        )

    def timeout_error(self, stage: Stage, failure: Exception | None, *, heard: bool) -> LineTimeout:
        """No answer in time; `heard`: it had said something on this line before."""
        cure = f"回線かサーバが混んでいます。{TRIED_AGAIN}"
        if not heard:
            cure = self._cure_of_a_mute_line(cure)
        return LineTimeout(
            f"{self.role}から返事がありません",
            stage=stage,
            happened=f"{self.label}からの返事を待ちましたが、時間内に届きませんでした。",
            cure=cure,
            detail=technical(failure) if failure else "timed out",
        )

    def dropped_error(
        self, stage: Stage, failure: Exception | None, *, heard: bool, last_words: bytes = b""
    ) -> LineDropped:
        """The line was lost; `last_words`: what had come and was no whole line."""
        tls_alert = last_words.startswith(_TLS_RECORD)
        cure = TRIED_AGAIN
        if tls_alert or not heard:
            cure = self._cure_of_a_mute_line(cure, sure=tls_alert)
        return LineDropped(
            f"{self.role}との接続が切れました",
            stage=stage,
            happened=f"{self.label}との通信の途中で、接続が切れました。",
            cure=cure,
            detail=technical(failure) if failure else "closed by the other side",
        )

    def malformed_error(self, stage: Stage, answer: bytes) -> ServerTrouble:
        """Something answers, but not in the language that was expected."""
        if answer.startswith(_TLS_RECORD):
            return self.dropped_error(stage, None, heard=True, last_words=answer)
        which = "サーバの名前とポート番号"
        if self.role == RECEIVING_ROLE:
            which = "サーバの名前、受信方式、ポート番号"
        return ServerTrouble(
            f"{self.role}の返事がわかりません",
            stage=stage,
            happened=f"{self.label}から、決まりにない返事が届きました。",
            cure=self._cure_of_settings(which, f"{which}を確かめてください。{ASK_PROVIDER}"),
            detail=repr(answer[:200]),
        )

    def _cure_of_a_mute_line(self, waiting: str, *, sure: bool = False) -> str:
        """A server that waits for TLS never greets (its first move is ours). `waiting`: what else
        may be the cure.
        """
        if not sure and (self.has_worked or self.port not in _TLS_FROM_THE_START):
            return self._cure_of_settings(
                _PORT_AND_SECURITY, f"{_PORT_AND_SECURITY}が合っているか確かめてください。{waiting}"
            )
        how = (
            "「SMTP認証」を「する(SSL認証)」"
            if self.role == SENDING_ROLE
            else "暗号化の設定を「SSL」"
        )
        return f"このポートは暗号化した通信専用のようです。{how}に変えてください。{waiting}"


def technical(failure: Exception) -> str:
    """The technical text, for 「詳細」: one line."""
    return " ".join(f"{type(failure).__name__}: {failure}".split())
