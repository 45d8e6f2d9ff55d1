"""Certificates that do not hold, each told as what it is; what Windows alone knows; its store.

The servers and their certificates are real; where Windows is played, another authority is asked.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from kollect.desktop import trust_store
from kollect.errors import CertificateTrouble, ServerTrouble, Stage
from kollect.net import tls as trust_module
from kollect.net.certificate_errors import untrusted
from kollect.net.connection import RECEIVING_ROLE, Line, Trust
from kollect.net.server_errors import Peer
from tests.helpers.certificates import ServerCertificate
from tests.servers.authorities import DAY, NOW, Issued, Wanted, issue, tls_server


def greeting(port: int, trust: Trust, host: str = "localhost") -> bytes:
    line = Line.open(RECEIVING_ROLE, host, port, timeout=30, tls=True, trust=trust)
    try:
        return line.readline()
    finally:
        line.close()


def trouble_with(certificate: ServerCertificate, trust: Trust) -> CertificateTrouble:
    with tls_server(lambda: certificate) as port, pytest.raises(CertificateTrouble) as caught:
        greeting(port, trust)
    return caught.value


class Shop:
    """An authority that is believed (`ca_file`), and what it and others issue."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = issue(Wanted("Good Root", authority=True))
        self.middle = issue(Wanted("Good Middle", authority=True), self.root)
        self.ca_file = self.believed(self.root)

    def believed(self, *roots: Issued) -> str:
        file = self.folder / "believed.pem"
        file.write_bytes(b"".join(root.pem for root in roots))
        return str(file)

    def leaf(
        self, wanted: Wanted, issuer: Issued | None = None, *along: Issued
    ) -> ServerCertificate:
        return issue(wanted, issuer).serving(self.folder, *along)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def old_authority(shop: Shop) -> ServerCertificate:
    middle = issue(Wanted("Old Middle", authority=True, ends=NOW - DAY / 2), shop.root)
    return shop.leaf(Wanted("mail"), middle, middle)


def old_root(shop: Shop) -> ServerCertificate:
    root = issue(Wanted("Old Root", authority=True, ends=NOW - DAY / 2))
    shop.believed(root)
    return shop.leaf(Wanted("mail"), root)


def young_authority(shop: Shop) -> ServerCertificate:
    middle = issue(Wanted("Young Middle", authority=True, begins=NOW + 5 * DAY), shop.root)
    return shop.leaf(Wanted("mail"), middle, middle)


def missing_middle_named(shop: Shop) -> ServerCertificate:
    return shop.leaf(Wanted("mail", issuer_at="http://127.0.0.1:9/middle.crt"), shop.middle)


def wrong_middle_sent(shop: Shop) -> ServerCertificate:
    other = issue(Wanted("Other Middle", authority=True), shop.root)
    return shop.leaf(Wanted("mail", issuer_at="http://127.0.0.1:9/m.crt"), shop.middle, other)


def unknown_root_sent(shop: Shop) -> ServerCertificate:
    root = issue(Wanted("Shield Root", authority=True))
    return shop.leaf(Wanted("mail"), root, root)


def unknown_root_behind_a_middle(shop: Shop) -> ServerCertificate:
    middle = issue(Wanted("Their Middle", authority=True), issue(Wanted("Theirs", authority=True)))
    return shop.leaf(Wanted("mail"), middle, middle)


def weak_authority(shop: Shop) -> ServerCertificate:
    middle = issue(Wanted("Weak Middle", authority=True, bits=1024), shop.root)
    return shop.leaf(Wanted("mail"), middle, middle)


def no_authority(shop: Shop) -> ServerCertificate:
    poser = issue(Wanted("poser"), shop.root)
    return shop.leaf(Wanted("mail"), poser, poser)


CASES: list[tuple[Callable[[Shop], ServerCertificate], str, str, str]] = [
    (lambda s: s.leaf(Wanted("mail", bits=1024), s.root), "鍵が弱", "鍵が短く", "2048"),
    (weak_authority, "発行元の鍵が弱", "鍵が短く", "プロバイダ"),
    (
        lambda s: s.leaf(Wanted("mail", purpose=ExtendedKeyUsageOID.CLIENT_AUTH), s.root),
        "用途が違います",
        "サーバ用ではありません",
        "プロバイダ",
    ),
    (
        lambda s: s.leaf(Wanted("mail", purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION), s.root),
        "用途が違います",
        "サーバ用ではありません",
        "プロバイダ",
    ),
    (lambda s: s.leaf(Wanted("mail"), s.middle), "確認できません", "中間証明書", "入れ忘れ"),
    (missing_middle_named, "そろっていません", "CN=Good Middle", "中間証明書が送られていない"),
    (wrong_middle_sent, "そろっていません", "CN=Good Middle", "中間証明書が送られていない"),
    (unknown_root_sent, "確認できません", "知らない発行元「CN=Shield Root」", "ソフト"),
    (unknown_root_behind_a_middle, "確認できません", "知らない発行元「CN=Theirs」", "ソフト"),
    (lambda s: s.leaf(Wanted("mail")), "確認できません", "自分で作った", "この証明書を信頼"),
    (
        lambda s: s.leaf(Wanted("mail", ends=NOW - DAY / 2), s.root),
        "証明書の期限が切れています",
        f"{NOW - DAY / 2:%Y-%m-%d}",
        "日付と時刻",
    ),
    (old_authority, "発行元の期限が切れています", "CN=Old Middle", "Windowsの更新"),
    (old_root, "発行元の期限が切れています", "CN=Old Root", "Windowsの更新"),
    (
        lambda s: s.leaf(Wanted("mail", begins=NOW + 3 * DAY), s.root),
        "時計が遅れている",
        f"{NOW + 3 * DAY:%Y-%m-%d}",
        "日付と時刻を合わせて",
    ),
    (young_authority, "時計が遅れている", f"{NOW + 5 * DAY:%Y-%m-%d}", "日付と時刻を合わせて"),
    (
        lambda s: s.leaf(Wanted("mail", hosts=("mail.example.jp",)), s.root),
        "名前が違います",
        "mail.example.jp",
        "証明書の名前に直せないか",
    ),
    (no_authority, "資格がありません", "資格のない証明書", "プロバイダ"),
]


@pytest.mark.parametrize(("make", "title", "happened", "cure"), CASES, ids=[c[1] for c in CASES])
def test_each_is_told_as_what_it_is_and_can_be_pinned(
    shop: Shop,
    make: Callable[[Shop], ServerCertificate],
    title: str,
    happened: str,
    cure: str,
) -> None:
    certificate = make(shop)
    trouble = trouble_with(certificate, Trust(shop.ca_file))
    assert title in trouble.title, (trouble, trouble.detail)
    assert happened in trouble.happened
    assert cure in trouble.cure
    assert trouble.certificate is not None
    with tls_server(lambda: certificate) as port:
        pinned = Trust(shop.ca_file, (certificate.fingerprint,))
        assert greeting(port, pinned) == greeting(port, pinned) == b"+OK ready"


def test_only_an_unknown_issuer_is_called_one(shop: Shop) -> None:
    for make, *_ in CASES:
        trouble = trouble_with(make(shop), Trust(shop.ca_file))
        unknown = "知らない発行元" in trouble.happened
        assert unknown == ("確認できません" in trouble.title and "自分で" not in trouble.happened)


@pytest.mark.parametrize(("code", "title"), [(23, "取り消され"), (7, "壊れています")])
def test_what_is_revoked_or_forged_cannot_be_pinned(shop: Shop, code: int, title: str) -> None:
    """OpenSSL is not asked for revoked ones here, and a forged one takes an authority to make."""
    der = issue(Wanted("mail"), shop.root).der
    peer = Peer(RECEIVING_ROLE, "h", 995)
    trouble = untrusted(peer, ssl.SSLCertVerificationError("x"), code, (der,), datetime.now(UTC))
    assert title in trouble.title
    assert trouble.certificate is None
    assert "この証明書を信頼する" not in trouble.cure


def test_an_old_signature_is_told_as_what_it_is() -> None:
    """X509_V_ERR_CA_MD_TOO_WEAK; the tests' own tools do not sign with SHA-1 any more."""
    failure = ssl.SSLCertVerificationError("x")
    trouble = untrusted(Peer(RECEIVING_ROLE, "h", 1), failure, 68, (), datetime.now(UTC))
    assert "署名が古すぎます" in trouble.title


@pytest.mark.parametrize("code", range(100))
@pytest.mark.parametrize("shown", [(), (b"",), (b"\x30\x03abc", b"x")])
def test_every_code_is_told_in_words(code: int, shown: tuple[bytes, ...]) -> None:
    failure = ssl.SSLCertVerificationError("x")
    trouble = untrusted(Peer(RECEIVING_ROLE, "h", 1), failure, code, shown, datetime.now(UTC))
    assert trouble.title and trouble.happened and trouble.cure


# The word of Windows


class PlayedWindows:
    """Knows authorities that this PC has not fetched yet, and whatever a server forgot to send."""

    def __init__(self, *known: Issued) -> None:
        self._known = {issued.certificate.subject: issued for issued in known}
        self.asked = 0

    def __call__(self, shown: tuple[bytes, ...]) -> tuple[bytes, ...] | None:
        self.asked += 1
        chain = [x509.load_der_x509_certificate(shown[0])]
        while chain[-1].issuer != chain[-1].subject:
            above = self._known.get(chain[-1].issuer)
            if above is None:
                return None
            chain.append(above.certificate)
        if chain[-1].subject not in self._known:
            return None
        return tuple(one.public_bytes(serialization.Encoding.DER) for one in chain)


@pytest.fixture
def windows(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedWindows]:
    played = PlayedWindows(shop.root, shop.middle)
    monkeypatch.setattr(trust_store, "chain", played)
    # nothing that this PC believes is believed: it has fetched nothing yet
    monkeypatch.setattr(trust_store, "believe_system", lambda context: None)
    trust_module._context.cache_clear()
    yield played
    trust_module._context.cache_clear()


@pytest.mark.parametrize("middle", [False, True], ids=["by the root", "middle not sent"])
def test_windows_is_asked_before_an_issuer_is_called_unknown(
    shop: Shop, windows: PlayedWindows, middle: bool
) -> None:
    now = [shop.leaf(Wanted("mail"), shop.middle if middle else shop.root)]
    with tls_server(lambda: now[0]) as port:
        assert greeting(port, Trust()) == b"+OK ready"
        assert greeting(port, Trust()) == greeting(port, Trust()) == b"+OK ready"
        assert windows.asked == 1, "what it vouched for is remembered"
        now[0] = shop.leaf(Wanted("renewed"), shop.root)  # no pin that hides the next one
        assert greeting(port, Trust()) == b"+OK ready"
        now[0] = shop.leaf(Wanted("mail"))
        with pytest.raises(CertificateTrouble, match="自分で作った"):
            greeting(port, Trust())


@pytest.mark.parametrize(
    ("wanted", "title"),
    [
        (Wanted("mail", hosts=("mail.example.jp",)), "名前が違います"),
        (Wanted("mail", bits=1024), "鍵が弱"),
        (Wanted("mail", purpose=ExtendedKeyUsageOID.CLIENT_AUTH), "用途が違います"),
    ],
)
def test_what_windows_vouches_for_is_checked_all_the_same(
    shop: Shop, windows: PlayedWindows, wanted: Wanted, title: str
) -> None:
    trouble = trouble_with(shop.leaf(wanted, shop.root), Trust())
    assert title in trouble.title
    assert windows.asked or wanted.bits, "a weak key is seen before the issuer is looked for"


def test_a_chain_that_is_none_helps_nobody(
    shop: Shop, windows: PlayedWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the system may answer, OpenSSL has to find its way to a root through it."""
    certificate = unknown_root_behind_a_middle(shop)
    for answer in ((), (certificate.der,), (certificate.der, shop.middle.der, shop.root.der)):
        monkeypatch.setattr(trust_store, "chain", lambda shown, answer=answer: answer)
        assert "知らない発行元" in trouble_with(certificate, Trust()).happened


def test_windows_knows_a_way_round_an_old_authority(
    shop: Shop, windows: PlayedWindows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after 2021-09-30, when a root ended whose place another one had taken."""
    old = issue(Wanted("Good Middle", authority=True, ends=NOW - DAY / 2), shop.root, shop.middle)
    monkeypatch.setattr(
        trust_store,
        "believe_system",
        lambda context: context.load_verify_locations(cadata=shop.root.der),
    )
    trust_module._context.cache_clear()
    certificate = shop.leaf(Wanted("mail"), shop.middle, old)
    with tls_server(lambda: certificate) as port:
        assert greeting(port, Trust()) == b"+OK ready"
    assert windows.asked == 1


def test_windows_is_not_asked_where_the_shop_names_its_own_authorities(
    shop: Shop, windows: PlayedWindows
) -> None:
    other = issue(Wanted("Another", authority=True))
    trouble_with(shop.leaf(Wanted("mail"), shop.root), Trust(shop.believed(other)))
    assert not windows.asked


def test_what_windows_does_not_know_stays_unknown(shop: Shop, windows: PlayedWindows) -> None:
    assert "知らない発行元" in trouble_with(unknown_root_sent(shop), Trust()).happened
    assert windows.asked == 1


def test_a_pinned_certificate_is_asked_about_nowhere(shop: Shop, windows: PlayedWindows) -> None:
    certificate = shop.leaf(Wanted("mail"), shop.root)
    with tls_server(lambda: certificate) as port:
        assert greeting(port, Trust("", (certificate.fingerprint,))) == b"+OK ready"
    assert not windows.asked


# The store of Windows

Entry = tuple[bytes, str, set[str] | bool]


@pytest.fixture
def store(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, list[Entry]]]:
    """What stands in Windows' store; a name that is missing cannot be opened."""
    entries: dict[str, list[Entry]] = {
        "CA": [(shop.middle.der, "x509_asn", True)],
        "ROOT": [(shop.root.der, "x509_asn", True)],
    }

    def read(name: str) -> list[Entry]:
        if name not in entries:
            raise PermissionError(5, "closed")
        return entries[name]

    def believe(context: ssl.SSLContext) -> None:
        trust_store.believe_stores(context, read)

    monkeypatch.setattr(trust_store, "believe_system", believe)
    trust_module._context.cache_clear()
    yield entries
    trust_module._context.cache_clear()


def wrong_version(der: bytes) -> bytes:
    """The version of the certificate as an OCTET STRING: OpenSSL cannot read it."""
    version = bytes.fromhex("a003020102")
    assert version in der
    return der.replace(version, bytes.fromhex("a003040102"), 1)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    "broken", [b"", b"x", b"\x30\x82\x01", None], ids=["empty", "octet", "cut", "wrong version"]
)
def test_one_unreadable_certificate_does_not_switch_tls_off(
    shop: Shop, store: dict[str, list[Entry]], broken: bytes | None, place: int
) -> None:
    bad = wrong_version(shop.root.der) if broken is None else broken
    for name in store:
        store[name].insert(place, (bad, "x509_asn", True))
    with tls_server(lambda: shop.leaf(Wanted("mail"), shop.root)) as port:
        assert greeting(port, Trust()) == b"+OK ready"


def test_only_what_is_meant_for_servers_is_believed(
    shop: Shop, store: dict[str, list[Entry]]
) -> None:
    server, other = ssl.Purpose.SERVER_AUTH.oid, ssl.Purpose.CLIENT_AUTH.oid
    certificate = shop.leaf(Wanted("mail"), shop.root)
    for purposes, good in (({other}, False), (set(), False), ({server, other}, True)):
        store["ROOT"] = [(shop.root.der, "x509_asn", purposes)]
        trust_module._context.cache_clear()
        with tls_server(lambda: certificate) as port:
            if good:
                assert greeting(port, Trust()) == b"+OK ready"
            else:
                with pytest.raises(CertificateTrouble):
                    greeting(port, Trust())


def test_a_store_that_cannot_be_opened_leaves_the_other(
    shop: Shop, store: dict[str, list[Entry]]
) -> None:
    del store["CA"]
    with tls_server(lambda: shop.leaf(Wanted("mail"), shop.root)) as port:
        assert greeting(port, Trust()) == b"+OK ready"
        del store["ROOT"]
        trust_module._context.cache_clear()
        with pytest.raises(ServerTrouble, match="認証局の一覧") as caught:
            greeting(port, Trust())
        assert caught.value.stage is Stage.CERTIFICATE
