"""The post against a real Postfix: what each customer finds in the mailbox."""

from __future__ import annotations

import email
import email.policy
import socket
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kollect.errors import CertificateTrouble, LoginTrouble, Stage
from kollect.letters.letter import Sender, forward, reply
from kollect.letters.raw_scan import RawTraits
from kollect.settings.model import Auth, Charset, Collect, Send, Tls
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail
from tests.helpers.certificates import Certificates
from tests.helpers.delay_proxy import delayed
from tests.helpers.postfix import Postfix, as_sent
from tests.helpers.scripted_smtp import sink_process

pytestmark = pytest.mark.real

SHOP = Sender("shop@shop.example", "喫茶こよみ")
PORTS = ["plain", "pipelining", "simple", "old"]


@pytest.fixture(autouse=True)
def emptied(postfix: Postfix):
    postfix.empty()


def octets(to: str, number: int = 1001, charset: Charset = Charset.UTF_8) -> bytes:
    template = Collect()
    return reply(
        SHOP,
        to=to,
        subject=template.reply_subject,
        body=template.reply_body + ".\n..\n.dot\n",
        number=number,
        digits=0,
        charset=charset,
        message_id=f"<{number}.test@shop.example>",
        date=datetime.now(UTC),
        mark="test-mark",
    )


def letter(key: int, to: str = "", **more) -> OutgoingMail:
    to = to or f"kokyaku{key}@docomo.ne.jp"
    return OutgoingMail(key, to, octets(to, 1000 + key), **more)


def post_to(postfix: Postfix, port: str, auth: Auth = Auth.NO, **changes) -> SmtpClient:
    sender = changes.pop("sender", SHOP.address)
    password = changes.pop("password", postfix.password)
    tls = Tls(ca_file=changes.pop("ca_file", postfix.ca_file))
    send = Send(
        "localhost",
        getattr(postfix, port),
        auth,
        account=changes.pop("account", postfix.account),
        timeout_seconds=20,
        final_timeout_seconds=20,
    )
    return SmtpClient(send, tls, sender, password)


def sent(post: SmtpClient, batch: list[OutgoingMail]) -> dict[int, Outcome]:
    ended = [one for outcomes in post.deliver(batch) for one in outcomes]
    post.close()
    assert sorted(one.key for one in ended) == sorted(one.key for one in batch)
    return {one.key: one for one in ended}


@pytest.mark.parametrize(
    ("port", "auth"),
    [
        *[(port, Auth.NO) for port in PORTS],
        ("plain", Auth.YES),
        ("plain", Auth.SSL),
        ("pipelining", Auth.YES),
        ("simple", Auth.SSL),
    ],
)
def test_everybody_gets_one_letter(postfix: Postfix, port: str, auth: Auth):
    batch = [letter(key) for key in range(120)]
    ended = sent(post_to(postfix, port, auth), batch)
    assert {one.status for one in ended.values()} == {DeliveryStatus.ACCEPTED}
    assert Counter(postfix.delivered()) == Counter(one.recipient for one in batch)
    for one in (batch[0], batch[60], batch[119]):
        (raw,) = postfix.received(one.recipient)
        assert as_sent(raw) == one.head


def test_tls_from_the_start(postfix: Postfix, monkeypatch: pytest.MonkeyPatch):
    # 465 cannot be had on a free port
    monkeypatch.setattr("kollect.smtp.smtp_login._TLS_PORT", postfix.wrapped)
    ended = sent(post_to(postfix, "wrapped", Auth.SSL), [letter(1), letter(2)])
    assert {one.status for one in ended.values()} == {DeliveryStatus.ACCEPTED}
    assert len(postfix.delivered()) == 2


def test_customer_reads_the_number(postfix: Postfix):
    to = "kokyaku@ezweb.ne.jp"
    for charset in Charset:
        batch = [OutgoingMail(1, to, octets(to, 2345, charset))]
        assert sent(post_to(postfix, "plain"), batch)[1].status is DeliveryStatus.ACCEPTED
    for raw in postfix.wait_for(to, 2):
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        assert mail["Subject"] == "受付番号は2345です"
        assert "受付番号は　2345　です" in mail.get_content()
        assert mail["From"] == "喫茶こよみ <shop@shop.example>"
        assert mail["Return-Path"] == "<shop@shop.example>"


@pytest.mark.parametrize("port", PORTS)
def test_odd_addresses_get_theirs(postfix: Postfix, port: str):
    odd = ["abc..def@docomo.ne.jp", ".abc@ezweb.ne.jp", "abc.@ezweb.ne.jp", '"x..y"@docomo.ne.jp']
    batch = [letter(key, to) for key, to in enumerate(odd)]
    ended = sent(post_to(postfix, port), batch)
    assert {one.status for one in ended.values()} == {DeliveryStatus.ACCEPTED}
    postfix.delivered()
    for one in batch:
        (raw,) = postfix.received(one.recipient)
        assert as_sent(raw) == one.head


@pytest.mark.parametrize("port", [*PORTS, "wrapped"])
def test_each_refusal_is_its_own(postfix: Postfix, port: str, monkeypatch: pytest.MonkeyPatch):
    auth = Auth.NO
    if port == "wrapped":  # refuses at DATA, not at RCPT
        monkeypatch.setattr("kollect.smtp.smtp_login._TLS_PORT", postfix.wrapped)
        auth = Auth.SSL
    special = {
        5: ("unknown@customer.example", DeliveryStatus.REFUSED, 550),
        6: ("full@customer.example", DeliveryStatus.REFUSED, 552),
        7: ("later@customer.example", DeliveryStatus.LATER, 450),
    }
    batch = [letter(key, special[key][0] if key in special else "") for key in range(60)]
    ended = sent(post_to(postfix, port, auth), batch)
    for key, (_, ending, code) in special.items():
        assert (ended[key].status, ended[key].code) == (ending, code)
    others = {one.status for key, one in ended.items() if key not in special}
    assert others == {DeliveryStatus.ACCEPTED}
    assert Counter(postfix.delivered()) == Counter(
        one.recipient for one in batch if one.key not in special
    )


def test_many_unknown_customers(postfix: Postfix):
    """Postfix hangs up after 20 errors on a connection: nobody's verdict is lost with it."""
    batch = [letter(key, "unknown@customer.example") for key in range(60)] + [letter(99)]
    for port in PORTS:
        post = post_to(postfix, port)
        ended = sent(post, batch)
        assert post.trouble is None
        assert {one.status for key, one in ended.items() if key < 99} == {DeliveryStatus.REFUSED}
        assert ended[99].status is DeliveryStatus.ACCEPTED


@pytest.mark.parametrize("port", PORTS)
def test_relaying_needs_a_login_and_is_not_the_customers_fault(postfix: Postfix, port: str):
    ended = sent(post_to(postfix, port), [letter(1, "a@elsewhere.example"), letter(2)])
    assert ended[1].status is DeliveryStatus.LATER
    assert "Relay access denied" in ended[1].text
    assert ended[2].status is DeliveryStatus.ACCEPTED


def test_with_a_login_mail_goes_everywhere(postfix: Postfix):
    ended = sent(post_to(postfix, "plain", Auth.YES), [letter(1, "a@elsewhere.example")])
    assert ended[1].status is DeliveryStatus.ACCEPTED
    postfix.wait_for("a@elsewhere.example")


@pytest.mark.parametrize("port", PORTS)
def test_shop_address_refused_stops_the_queue(postfix: Postfix, port: str):
    post = post_to(postfix, port, sender="stranger@shop.example")
    ended = sent(post, [letter(key) for key in range(50)])
    assert {one.status for one in ended.values()} == {DeliveryStatus.LATER}
    assert post.trouble is not None
    assert "not owned by user" in post.trouble.detail
    assert postfix.delivered() == []


def test_wrong_password(postfix: Postfix):
    post = post_to(postfix, "plain", Auth.YES, password="wrong")
    with pytest.raises(LoginTrouble) as caught:
        list(post.deliver([letter(1)]))
    assert caught.value.stage is Stage.LOGIN
    assert "535" in caught.value.detail
    assert "wrong" not in str(caught.value)


def test_unknown_certificate_is_never_accepted(postfix: Postfix, certificates: Certificates):
    for auth in Auth:
        other = str(certificates.unknown_issuer.cert_file)
        post = post_to(postfix, "plain", auth, ca_file=other)
        with pytest.raises(CertificateTrouble) as caught:
            list(post.deliver([letter(1)]))
        assert caught.value.certificate is not None
        assert caught.value.certificate.fingerprint == certificates.good.fingerprint
    assert postfix.delivered() == []


def test_pinned_certificate_is_accepted(postfix: Postfix, certificates: Certificates):
    send = Send("localhost", postfix.plain, Auth.SSL, account=postfix.account)
    tls = Tls(
        ca_file=str(certificates.unknown_issuer.cert_file),
        trusted_fingerprints=(certificates.good.fingerprint,),
    )
    ended = sent(SmtpClient(send, tls, SHOP.address, postfix.password), [letter(1)])
    assert ended[1].status is DeliveryStatus.ACCEPTED


def test_international_address(postfix: Postfix):
    ended = sent(post_to(postfix, "plain"), [letter(1, "太郎@docomo.ne.jp")])
    assert ended[1].status is DeliveryStatus.ACCEPTED
    postfix.wait_for("太郎@docomo.ne.jp")
    ended = sent(post_to(postfix, "old"), [letter(1, "花子@docomo.ne.jp")])
    assert ended[1].status is DeliveryStatus.REFUSED


# --- forwarding

MAILS = {
    "ascii": b"From: a@docomo.ne.jp\r\nSubject: yoyaku\r\n\r\n.\r\n..\r\nasu 3 ji\r\n",
    "shift_jis": "Subject: 予約\r\n\r\n明日３時\r\n".encode("shift_jis"),
    "broken": b"Subject: x\r\n\r\nbare\nline\rends \0 and " + b"long" * 600 + b"\r\n",
    "no line end": b"Subject: x\r\n\r\nlast line",
}


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("kind", MAILS)
def test_forwarded_mail_comes_out_as_it_was(postfix: Postfix, tmp_path: Path, port: str, kind: str):
    path = tmp_path / "0001.eml"
    path.write_bytes(MAILS[kind])
    one = forwarded(path)
    assert sent(post_to(postfix, port), [one])[7].status is DeliveryStatus.ACCEPTED
    (raw,) = postfix.wait_for("owner@example.jp")
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    note, attached = mail.iter_parts()
    assert "件名が空ではありません" in note.get_content()
    assert mail["Reply-To"] == "kokyaku@docomo.ne.jp"
    if attached.get_content_type() == "message/rfc822":
        assert MAILS[kind].replace(b"\r\n", b"\n") in raw
    else:
        assert attached.get_content() == MAILS[kind]


def forwarded(path: Path) -> OutgoingMail:
    with path.open("rb") as raw:
        traits = RawTraits.of(iter(lambda: raw.read(65536), b""))
    return forward(
        SHOP,
        key=7,
        to="owner@example.jp",
        raw=path,
        traits=traits,
        subject="予約",
        reply_to="kokyaku@docomo.ne.jp",
        reason="件名が空ではありません。",
        message_id="<7.test@shop.example>",
        date=datetime.now(UTC),
        mark="test-mark",
    )


@pytest.mark.slow
@pytest.mark.parametrize("port", ["plain", "old"])
def test_fifty_megabytes(postfix: Postfix, tmp_path: Path, port: str):
    path = tmp_path / "big.eml"
    with path.open("wb") as file:
        file.write(b"Subject: big\r\n\r\n")
        for _ in range(50):
            file.write((b"\xe3" * 74 + b"\r\n") * 13000)
    ended = sent(post_to(postfix, port), [letter(1), forwarded(path), letter(2)])
    assert {one.status for one in ended.values()} == {DeliveryStatus.ACCEPTED}
    (raw,) = postfix.wait_for("owner@example.jp", seconds=30)
    assert len(raw) > 48_000_000


# --- why a RSET stands before every letter


def _say(line: socket.socket, commands: bytes, answers: int) -> list[bytes]:
    line.sendall(commands)
    heard = b""
    while heard.count(b"\n") < answers:
        heard += line.recv(65536)
    return [one[:3] for one in heard.splitlines()]


def test_without_rset_a_refused_letter_hangs_over(postfix: Postfix):
    """Postfix keeps the transaction of a letter refused before its body: the next MAIL is refused,
    its RCPT is taken. That letter would be delivered, count as not sent, and be sent again.
    """
    two = (
        b"MAIL FROM:<shop@shop.example>\r\nRCPT TO:<unknown@customer.example>\r\nDATA\r\n"
        b"%bMAIL FROM:<shop@shop.example>\r\nRCPT TO:<next@customer.example>\r\nDATA\r\n"
    )
    with socket.create_connection(("localhost", postfix.pipelining)) as line:
        line.recv(1000)
        line.sendall(b"EHLO [127.0.0.1]\r\n")
        time.sleep(0.1)
        line.recv(1000)
        assert _say(line, two % b"", 6) == [b"250", b"550", b"554", b"503", b"250", b"354"]
        assert _say(line, b"A: b\r\n.\r\nRSET\r\n", 2) == [b"250", b"250"]
        answers = _say(line, two % b"RSET\r\n", 7)
        assert answers == [b"250", b"550", b"554", b"250", b"250", b"250", b"354"]
        assert _say(line, b"A: b\r\n.\r\n", 1) == [b"250"]


# --- a long way


@pytest.mark.slow
def test_round_trips_are_not_waited_for():
    batch = [letter(key) for key in range(100)]
    for chunking in (True, False):
        with sink_process(chunking=chunking) as port, delayed(port, 0.03) as far:
            post = SmtpClient(Send("127.0.0.1", far, Auth.NO), Tls(), SHOP.address, "")
            started = time.monotonic()
            ended = sent(post, batch)
            seconds = time.monotonic() - started
        assert {one.status for one in ended.values()} == {DeliveryStatus.ACCEPTED}
        # the plain dialogue waits 400 times; the figures are those of tests/bench
        assert seconds < 300 * 0.03
