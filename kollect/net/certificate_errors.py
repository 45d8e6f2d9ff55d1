"""Why a server's certificate does not hold, in the words of the person who must decide about it.

OpenSSL says what it met first (X509_V_ERR_… of its x509_vfy.h); who in the chain it was about, and
what is missing there, is read from the certificates that the server showed. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from kollect.errors import Certificate, CertificateTrouble
from kollect.net.certificate import Link, read_certificate, read_link
from kollect.net.server_errors import Peer, technical

_NO_ISSUER = (2, 19, 20, 21)
"""The codes with which OpenSSL says that it knows nobody who vouches for this chain."""
_EXPIRED = 10
ASK_THE_SYSTEM = frozenset({*_NO_ISSUER, _EXPIRED})
"""Where the system may know another way: past an authority that is missing here, or is old."""

_PIN = "サーバが本物だとわかっているときだけ、「この証明書を信頼する」を押してください。"
_CLOCK = "まず、このパソコンの日付と時刻が正しいか確かめてください。"
_TELL = "サーバ側の手落ちですので、プロバイダに知らせてください。"


@dataclass(frozen=True, slots=True)
class _Case:
    """A certificate that failed, and all that is known about it."""

    peer: Peer
    certificate: Certificate | None
    chain: tuple[Link, ...]
    """From the server's own on, as far as one was issued by the next."""
    now: datetime

    @property
    def whose(self) -> str:
        return f"{self.peer.label}の証明書"


@dataclass(frozen=True, slots=True)
class _Words:
    title: str
    happened: str
    cure: str
    may_be_pinned: bool = True


def untrusted(
    peer: Peer, failure: Exception, code: int, shown: tuple[bytes, ...], now: datetime
) -> CertificateTrouble:
    """`code` is OpenSSL's; `shown` are the certificates (DER) of the server, its own first; none
    where it did not show them a second time.
    """
    certificate = read_certificate(shown[0]) if shown else None
    case = _Case(peer, certificate, _chain(shown), now)
    words = _BY_CODE.get(code, _odd)(case)
    return CertificateTrouble(
        words.title,
        happened=words.happened,
        cure=f"{words.cure}{_PIN}" if words.may_be_pinned else words.cure,
        detail=technical(failure),
        certificate=certificate if words.may_be_pinned else None,
    )


def _chain(shown: tuple[bytes, ...]) -> tuple[Link, ...]:
    links = [link for der in shown if (link := read_link(der)) is not None]
    chain = links[:1]
    while chain and not chain[-1].self_signed and len(chain) <= len(links):
        above = next((link for link in links if link.subject == chain[-1].issuer), None)
        if above is None:
            break
        chain.append(above)
    return tuple(chain)


def _wrong_name(case: _Case) -> _Words:
    names = "、".join(case.certificate.names[:5]) if case.certificate else ""
    happened = f"「{case.peer.host}」につなぎましたが、証明書は別の名前"
    happened += f" ({names}) のものでした。" if names else "のものでした。"
    return _Words(
        f"{case.peer.role}の証明書の名前が違います",
        happened,
        f"{case.peer.role}の名前を、証明書の名前に直せないか確かめてください。",
    )


def _expired(case: _Case) -> _Words:
    own = case.chain[0] if case.chain else None
    if own is None or own.not_after < case.now:
        until = f"（{case.certificate.not_after}まで）" if case.certificate else ""
        return _Words(
            f"{case.peer.role}の証明書の期限が切れています",
            f"{case.whose}は、期限{until}が過ぎています。",
            f"{_CLOCK}正しければ{_TELL}",
        )
    # the one above it: shown by the server, or known to this PC and old
    past = (below.issuer_words for below, it in _pairs(case) if it.not_after < case.now)
    issuer = next(past, case.chain[-1].issuer_words)
    return _Words(
        f"{case.peer.role}の証明書の発行元の期限が切れています",
        f"{case.whose}の期限は残っていますが、それを保証する発行元「{issuer}」の証明書は、"
        "期限が過ぎています。",
        f"{_CLOCK}正しければ、Windowsの更新を行ってください。それでも直らなければ、{_TELL}",
    )


def _pairs(case: _Case) -> list[tuple[Link, Link]]:
    return list(zip(case.chain, case.chain[1:], strict=False))


def _not_yet_valid(case: _Case) -> _Words:
    begins = max((link.not_before for link in case.chain), default=None)
    since = f"（{begins:%Y-%m-%d %H:%M} UTC から有効）" if begins else ""
    return _Words(
        "このパソコンの時計が遅れているようです",
        f"{case.whose}は、まだ有効な期間になっていません{since}。",
        f"このパソコンの日付と時刻を合わせてください。正しければ{_TELL}",
    )


def _self_signed(case: _Case) -> _Words:
    return _Words(
        f"{case.peer.role}の証明書を確認できません",
        f"{case.whose}は、サーバが自分で作ったもので、保証する会社がありません。",
        "",
    )


def _no_issuer(case: _Case) -> _Words:
    """Unknown, or not sent along: which of them, shows in the certificate."""
    if not case.chain:
        return _unknown_issuer(case, "")
    [*_, last] = case.chain
    issuer = f"「{last.issuer_words}」" if last.issuer_words else ""
    if last.self_signed or len(case.chain) > 1:
        return _unknown_issuer(case, issuer)
    missing = "発行元の証明書（中間証明書）"
    if last.tells_where_issuer_is:
        return _Words(
            f"{case.peer.role}の証明書がそろっていません",
            f"{case.peer.label}は、自分の証明書だけを送り、{issuer}という{missing}を"
            "送ってきませんでした。",
            f"「中間証明書が送られていない」という{_TELL}",
        )
    words = _unknown_issuer(case, issuer)
    return _Words(
        words.title,
        f"{words.happened}サーバは、{missing}を送ってきていません。",
        f"{words.cure}中間証明書の入れ忘れなら、{_TELL}",
    )


def _unknown_issuer(case: _Case, issuer: str) -> _Words:
    return _Words(
        f"{case.peer.role}の証明書を確認できません",
        f"{case.whose}は、このパソコンが知らない発行元{issuer}のものでした。",
        "セキュリティソフトがメールを検査している場合にも起こります。",
    )


def _weak_key(case: _Case) -> _Words:
    return _Words(
        f"{case.peer.role}の証明書の鍵が弱すぎます",
        f"{case.whose}は、鍵が短く（古い作り方で）、他人にまねされるおそれがあります。",
        f"鍵の長さは、RSAなら2048ビット以上が要ります。{_TELL}",
    )


def _weak_issuer(case: _Case) -> _Words:
    return _Words(
        f"{case.peer.role}の証明書の発行元の鍵が弱すぎます",
        f"{case.whose}を保証する発行元の証明書は、鍵が短く、他人にまねされるおそれがあります。",
        _TELL,
    )


def _weak_signature(case: _Case) -> _Words:
    return _Words(
        f"{case.peer.role}の証明書の署名が古すぎます",
        f"{case.whose}は、今は信用されない古い方式（SHA-1など）で署名されています。",
        _TELL,
    )


def _wrong_purpose(case: _Case) -> _Words:
    return _Words(
        f"{case.peer.role}の証明書の用途が違います",
        f"{case.whose}は、サーバ用ではありません（利用者の証明やメールの署名など、別の用途のもの"
        "です）。",
        _TELL,
    )


def _no_authority(case: _Case) -> _Words:
    return _Words(
        f"{case.peer.role}の証明書の発行元に資格がありません",
        f"{case.whose}は、証明書を発行する資格のない証明書で作られています。",
        "だれかがサーバのふりをしているおそれがあります。別の回線でも同じなら、プロバイダに"
        "確認してください。",
    )


def _revoked(case: _Case) -> _Words:
    return _Words(
        f"{case.peer.role}の証明書は取り消されています",
        f"{case.whose}は、発行元が取り消したもの（失効）です。",
        f"このサーバにはつなげません。{_TELL}",
        may_be_pinned=False,
    )


def _forged(case: _Case) -> _Words:
    return _Words(
        f"{case.peer.role}の証明書が壊れています",
        f"{case.whose}の署名が、発行元のものと合いません。壊れているか、作り変えられています。",
        "だれかが通信に割り込んでいるおそれがあります。別の回線でも同じなら、プロバイダに"
        "確認してください。",
        may_be_pinned=False,
    )


def _odd(case: _Case) -> _Words:
    """Whatever else OpenSSL finds: the technical text behind 「詳細」 says it."""
    return _Words(
        f"{case.peer.role}の証明書を確認できません",
        f"{case.whose}に、決まりに合わないところがありました。",
        f"「詳細」の内容を添えて、プロバイダに知らせてください。{_CLOCK}",
    )


_BY_CODE: dict[int, Callable[[_Case], _Words]] = {
    **dict.fromkeys(_NO_ISSUER, _no_issuer),
    **dict.fromkeys((4, 6, 7), _forged),
    9: _not_yet_valid,
    _EXPIRED: _expired,
    18: _self_signed,
    23: _revoked,
    **dict.fromkeys((24, 25, 32, 79), _no_authority),  # no CA, too long a path, may not sign
    26: _wrong_purpose,
    **dict.fromkeys((62, 64), _wrong_name),  # of a name, of an IP address
    66: _weak_key,
    67: _weak_issuer,
    68: _weak_signature,
}
