"""What any mailbox promises, seen on a real server, whatever the protocol and the encryption."""

from __future__ import annotations

import io
import itertools
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from kollect.errors import CertificateTrouble, LoginTrouble, ServerTrouble, Stage
from kollect.inbox.mailbox import CommandRefused, Mailbox, MailboxEntry
from kollect.inbox.open_mailbox import open_mailbox
from kollect.settings.model import Protocol, Receive, Security, Tls
from tests.helpers.dovecot import Dovecot

pytestmark = pytest.mark.real

_names = itertools.count(1)

WAYS = [
    pytest.param((Protocol.POP3, Security.NONE, "pop3"), id="pop3"),
    pytest.param((Protocol.POP3, Security.STARTTLS, "pop3"), id="pop3-stls"),
    pytest.param((Protocol.POP3, Security.SSL, "pop3s"), id="pop3s"),
    pytest.param((Protocol.IMAP, Security.NONE, "imap"), id="imap"),
    pytest.param((Protocol.IMAP, Security.STARTTLS, "imap"), id="imap-starttls"),
    pytest.param((Protocol.IMAP, Security.SSL, "imaps"), id="imaps"),
]
ENCRYPTED_WAYS = [way for way in WAYS if Security.NONE not in way.values[0]]


class Box:
    """One user's mailbox: put mails in, open it, look what is left."""

    def __init__(self, dovecot: Dovecot, protocol: Protocol, security: Security, port: str) -> None:
        self.server = dovecot
        self.user = f"contract{next(_names)}"
        self.tls = Tls(ca_file=dovecot.ca_file)
        self.receive = Receive(
            protocol=protocol,
            host=dovecot.host,
            port=getattr(dovecot, port),
            security=security,
            account=self.user,
            timeout_seconds=20,
        )

    def open(self) -> Mailbox:
        return open_mailbox(self.receive, self.tls, self.server.password)

    def put(self, *mails: bytes) -> None:
        self.server.deliver(self.user, *mails)

    def left(self) -> list[bytes]:
        return self.server.mails(self.user)


@pytest.fixture
def box(request: pytest.FixtureRequest, dovecot: Dovecot) -> Box:
    return Box(dovecot, *request.param)


@pytest.fixture
def opened(box: Box) -> Iterator[Callable[[], Mailbox]]:
    """Opens sessions and drops those that the test leaves open."""
    sessions: list[Mailbox] = []

    def opener() -> Mailbox:
        sessions.append(box.open())
        return sessions[-1]

    yield opener
    for session in sessions:
        session.abandon()


def mail(number: int, body: bytes = b"text\n") -> bytes:
    return b"From: c%d@example.jp\nMessage-ID: <%d@example.jp>\nSubject: \n\n%s" % (
        number,
        number,
        body,
    )


def crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def fetched(mailbox: Mailbox, listed: MailboxEntry) -> bytes:
    sink = io.BytesIO()
    mailbox.fetch(listed.handle, sink)
    return sink.getvalue()


class Contract:
    """The promises of `inbox.mailbox.Mailbox`."""

    def test_an_empty_mailbox_lists_nothing_and_closes(self, box: Box, opened) -> None:
        mailbox = opened()
        assert mailbox.listing() == []
        assert list(mailbox.headers([])) == []
        assert mailbox.mark_deleted([]) == []
        mailbox.close()

    def test_the_listing_is_in_order_of_arrival(self, box: Box, opened) -> None:
        box.put(*(mail(n) for n in range(25)))
        mailbox = opened()
        listed = mailbox.listing()
        blocks = [block for _, block in mailbox.headers([one.handle for one in listed])]
        assert [b"<%d@" % n in block for n, block in enumerate(blocks)] == [True] * 25

    def test_ids_are_unique_and_outlive_the_session(self, box: Box, opened) -> None:
        box.put(*(mail(n) for n in range(5)))
        mailbox = opened()
        before = [one.uid for one in mailbox.listing()]
        mailbox.close()
        assert None not in before
        assert len(set(before)) == 5
        mailbox = opened()
        listed = mailbox.listing()
        mailbox.mark_deleted([listed[1].handle])
        mailbox.close()
        after = [one.uid for one in opened().listing()]
        assert after == [before[0], *before[2:]]

    def test_sizes_are_the_octets_of_the_mail(self, box: Box, opened) -> None:
        box.put(mail(1), mail(2, b"long " * 1000 + b"\n"))
        mailbox = opened()
        for listed, raw in zip(mailbox.listing(), box.left(), strict=True):
            assert listed.size == len(crlf(raw))

    def test_headers_end_with_the_empty_line(self, box: Box, opened) -> None:
        box.put(mail(7))
        mailbox = opened()
        ((handle, block),) = mailbox.headers([mailbox.listing()[0].handle])
        assert handle == mailbox.listing()[0].handle
        assert block == b"From: c7@example.jp\r\nMessage-ID: <7@example.jp>\r\nSubject: \r\n\r\n"

    def test_headers_come_in_the_order_asked_for(self, box: Box, opened) -> None:
        box.put(*(mail(n) for n in range(4)))
        mailbox = opened()
        handles = [one.handle for one in mailbox.listing()][::-1]
        found = dict(mailbox.headers(handles))
        assert list(found) == handles
        assert b"<3@" in found[handles[0]]

    def test_many_headers_with_large_bodies(self, box: Box, opened) -> None:
        """More answers on the way than any buffer holds: neither side may wait for the other."""
        folded = b"X-Long: " + b"\n ".join([b"y" * 70] * 200) + b"\n"
        box.put(*(folded + mail(n) for n in range(700)))
        mailbox = opened()
        blocks = [block for _, block in mailbox.headers([m.handle for m in mailbox.listing()])]
        assert len(blocks) == 700
        assert all(b"<%d@" % n in block for n, block in enumerate(blocks))

    def test_a_header_block_is_bounded(self, box: Box, opened) -> None:
        fields = b"".join(b"X-%d: %s\n" % (n, b"z" * 60) for n in range(8000))
        box.put(b"Subject: first\n" + fields + b"\nbody\n", mail(2))
        mailbox = opened()
        (_, long), (_, short) = mailbox.headers([m.handle for m in mailbox.listing()])
        assert long.startswith(b"Subject: first\r\nX-0: zzz")
        assert 250_000 < len(long) <= 256 * 1024
        assert long.endswith(b"z\r\n")
        assert b"<2@" in short

    @pytest.mark.parametrize("octets", [70_000, 200_000, 262_144])
    def test_a_long_header_that_is_all_there_has_its_empty_line(
        self, box: Box, opened, octets: int
    ) -> None:
        field = b"X-Long: " + b"z" * 990 + b"\n"
        header = field * (octets // len(field) - 1) + b"X-Last: "
        header += b"y" * (octets - len(crlf(header)) - 2) + b"\n"
        assert len(crlf(header)) == octets
        box.put(header + b"\ntext\n")
        mailbox = opened()
        ((_, block),) = mailbox.headers([mailbox.listing()[0].handle])
        assert block == crlf(header) + b"\r\n"

    def test_a_mail_of_which_nothing_is_there_is_no_mail(self, box: Box, opened) -> None:
        """A message file that a full disk has left empty; Dovecot says OK to every command."""
        box.put(mail(1), b"", mail(3))
        mailbox = opened()
        listed = mailbox.listing()
        first, second, third = (block for _, block in mailbox.headers([m.handle for m in listed]))
        assert isinstance(second, CommandRefused)
        assert b"<1@" in first
        assert b"<3@" in third
        sink = io.BytesIO()
        mailbox.fetch(listed[1].handle, sink)
        assert sink.getvalue().strip() == b""
        assert listed[1].size == 0

    def test_a_line_of_any_length(self, box: Box, opened) -> None:
        raw = b"Subject: " + b"a" * 100_000 + b"\nTo: x\n\n" + b"b" * 300_000 + b"\n.\n..\nend\n"
        box.put(raw, mail(2))
        mailbox = opened()
        listed = mailbox.listing()
        (_, block), _ = mailbox.headers([m.handle for m in listed])
        assert block == b"Subject: " + b"a" * 100_000 + b"\r\nTo: x\r\n\r\n"
        assert fetched(mailbox, listed[0]) == crlf(raw)

    @pytest.mark.parametrize(
        "raw",
        [
            b"Subject: dots\n\n.\n..\n.a\n...\n\n.\n",
            b"Subject: no body\n\n",
            b"\nno header\n",
            b'Subject: 8 bit \x82\xa0\xff\n\n\x1b$B$"\x1b(B\n',
            b"Subject: crlf\r\n\r\n.line\r\nbare\rcr\r\n",
            b"no colon at all\nnor here\n",
        ],
        ids=["dots", "no-body", "no-header", "8-bit", "crlf", "no-colon"],
    )
    def test_odd_mails_come_unchanged(self, box: Box, opened, raw: bytes) -> None:
        box.put(raw)
        mailbox = opened()
        (listed,) = mailbox.listing()
        ((_, block),) = mailbox.headers([listed.handle])
        assert fetched(mailbox, listed) == crlf(raw)
        header, end, _ = crlf(raw).partition(b"\r\n\r\n")
        if raw.startswith(b"\n") or not end:
            # nothing, or fields without an end: only the whole mail can show that this is all
            assert isinstance(block, CommandRefused) or block == header + b"\r\n"
        else:
            assert block == header + end

    def test_a_nul_does_no_harm(self, box: Box, opened) -> None:
        """IMAP cannot carry one (RFC 3501 section 4.3): Dovecot sends 0x80 in its place."""
        raw = b"Subject: a\x00b\n\nc\x00d\n"
        box.put(raw, mail(2))
        mailbox = opened()
        listed = mailbox.listing()
        (_, block), (_, other) = mailbox.headers([m.handle for m in listed])
        assert block.replace(b"\x80", b"\0") == b"Subject: a\x00b\r\n\r\n"
        assert b"<2@" in other
        assert fetched(mailbox, listed[0]).replace(b"\x80", b"\0") == crlf(raw)

    def test_a_large_mail_takes_little_memory(self, box: Box, opened) -> None:
        raw = mail(1) + (b"x" * 75 + b"\n") * 300_000
        box.put(raw)
        mailbox = opened()
        (listed,) = mailbox.listing()

        class Counting(io.RawIOBase):
            octets = 0

            def write(self, data) -> int:
                self.octets += len(data)
                return len(data)

        sink = Counting()
        tracemalloc.start()
        try:
            mailbox.fetch(listed.handle, sink)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert sink.octets == len(crlf(raw)) == listed.size
        assert peak < 4_000_000

    def test_a_mail_that_is_not_there_is_refused_alone(self, box: Box, opened) -> None:
        box.put(mail(1), mail(2))
        mailbox = opened()
        first, second = [m.handle for m in mailbox.listing()]
        missing = second + 50
        found = dict(mailbox.headers([first, missing, second]))
        assert list(found) == [first, missing, second]
        assert isinstance(found[missing], CommandRefused)
        assert b"<2@" in found[second]
        with pytest.raises(CommandRefused):
            mailbox.fetch(missing, io.BytesIO())
        assert mailbox.mark_deleted([first, missing]) == [first]
        mailbox.close()
        assert box.left() == [mail(2)]

    def test_deleted_mails_are_gone_after_close(self, box: Box, opened) -> None:
        box.put(*(mail(n) for n in range(400)))
        mailbox = opened()
        handles = [m.handle for m in mailbox.listing()]
        assert mailbox.mark_deleted(handles[:399]) == handles[:399]
        assert len(box.left()) == 400
        mailbox.close()
        assert box.left() == [mail(399)]

    def test_an_abandoned_session_brings_its_mails_back(self, box: Box, opened) -> None:
        box.put(*(mail(n) for n in range(3)))
        mailbox = opened()
        before = mailbox.listing()
        mailbox.mark_deleted([before[0].handle])
        mailbox.abandon()
        mailbox.abandon()
        again = opened()
        assert [m.uid for m in again.listing()] == [m.uid for m in before]
        again.close()
        assert len(box.left()) == 3

    def test_headers_left_half_read_do_not_disturb_what_follows(self, box: Box, opened) -> None:
        box.put(*(mail(n) for n in range(50)))
        mailbox = opened()
        handles = [m.handle for m in mailbox.listing()]
        next(mailbox.headers(handles))
        (_, block), *_ = mailbox.headers([handles[10]])
        assert b"<10@" in block
        assert mailbox.mark_deleted([handles[49]]) == [handles[49]]
        mailbox.close()
        assert len(box.left()) == 49

    def test_looking_changes_nothing(self, box: Box, opened) -> None:
        box.put(mail(1))
        mailbox = opened()
        (listed,) = mailbox.listing()
        list(mailbox.headers([listed.handle]))
        fetched(mailbox, listed)
        mailbox.close()
        mailbox = opened()
        assert mailbox.listing() == [listed]
        mailbox.close()

    def test_a_wrong_password_is_told_apart(self, box: Box) -> None:
        with pytest.raises(LoginTrouble) as caught:
            open_mailbox(box.receive, box.tls, "wr0ng-Secret")
        assert caught.value.stage is Stage.LOGIN
        assert "パスワード" in caught.value.happened
        trouble = caught.value
        assert "wr0ng-Secret" not in f"{trouble} {trouble.detail} {trouble!r}"

    def test_the_steps_are_traced_in_order(self, box: Box) -> None:
        steps: list[Stage] = []
        open_mailbox(box.receive, box.tls, box.server.password, trace=steps.append).abandon()
        secure = [Stage.ENCRYPT, Stage.CERTIFICATE]
        expected = [Stage.LOOKUP, Stage.CONNECT, *secure, Stage.LOGIN]
        if box.receive.security is Security.NONE:
            expected = [step for step in expected if step not in secure]
        assert [step for step in steps if step is not Stage.MAILBOX] == expected

    def test_a_lost_line_is_server_trouble(self, box: Box) -> None:
        nobody = replace(box.receive, port=1)
        with pytest.raises(ServerTrouble) as caught:
            open_mailbox(nobody, box.tls, box.server.password)
        assert caught.value.stage is Stage.CONNECT


@pytest.mark.parametrize("box", WAYS, indirect=True)
class TestMailbox(Contract):
    """Every way to a mailbox keeps every promise."""


@pytest.mark.parametrize("box", ENCRYPTED_WAYS, indirect=True)
class TestCertificates:
    """The ways that are encrypted check whom they speak to."""

    def test_an_unknown_authority_is_refused_and_may_be_pinned(self, box: Box) -> None:
        with pytest.raises(CertificateTrouble) as caught:
            open_mailbox(box.receive, Tls(), box.server.password)
        shown = caught.value.certificate
        assert shown is not None
        assert "localhost" in shown.names
        pinned = Tls(trusted_fingerprints=(shown.fingerprint,))
        mailbox = open_mailbox(box.receive, pinned, box.server.password)
        assert mailbox.listing() == []
        mailbox.close()
