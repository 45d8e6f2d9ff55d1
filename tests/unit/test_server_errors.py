"""What is said of a server that cannot be reached: what worked before is not blamed first."""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import replace

import pytest

from kollect.errors import ServerTrouble, Stage
from kollect.inbox import mailbox_errors
from kollect.net.server_errors import RECEIVING_ROLE, SENDING_ROLE, Peer
from kollect.smtp import smtp_errors
from kollect.smtp.replies import SmtpReply

RECEIVING = Peer(RECEIVING_ROLE, "pop.example.jp", 995)
SENDING = Peer(SENDING_ROLE, "smtp.example.jp", 587)
BOTH = pytest.mark.parametrize("peer", [RECEIVING, SENDING], ids=["receiving", "sending"])


def to_suspect_settings(peer: Peer) -> list[ServerTrouble]:
    """All that may come of settings that never were right, and of a server that is away."""
    refused = OSError(errno.ECONNREFUSED, "refused")
    return [
        peer.unknown_name(socket.gaierror(socket.EAI_NONAME, "?"), offline=False),
        peer.unconnected(refused),
        peer.unconnected(TimeoutError()),
        peer.unconnected(OSError("?")),
        peer.unencrypted(ssl.SSLError("?")),
        peer.timeout_error(Stage.CONNECT, None, heard=False),
        peer.dropped_error(Stage.CONNECT, None, heard=False),
        peer.malformed_error(Stage.CONNECT, b"?"),
    ]


def all_troubles(peer: Peer) -> list[ServerTrouble]:
    soon = SmtpReply(421, "4.3.2 later")
    return [
        *to_suspect_settings(peer),
        peer.unknown_name(OSError("?"), offline=True),
        peer.unconnected(OSError(errno.ENETUNREACH, "?")),
        peer.timeout_error(Stage.SEND, None, heard=True),
        peer.dropped_error(Stage.SEND, None, heard=True),
        mailbox_errors.of_login(peer, "POP", "IN-USE", "busy"),
        mailbox_errors.of_login(peer, "POP", "LOGIN-DELAY", "wait"),
        mailbox_errors.of_request(peer, Stage.MAILBOX, "no"),
        smtp_errors.closed_for_now(peer, Stage.CONNECT, soon),
        smtp_errors.sending_refused(peer, "no"),
        smtp_errors.refusing(peer, "no"),
        smtp_errors.refused_for_now(peer, "no"),
        smtp_errors.keeps_hanging_up(peer, "no"),
    ]


@BOTH
def test_settings_that_have_worked_are_the_last_to_suspect(peer: Peer):
    for before, now in zip(
        to_suspect_settings(peer), to_suspect_settings(replace(peer, has_worked=True)), strict=True
    ):
        assert "前は、同じ設定で" not in before.cure
        assert now.cure.startswith("前は、同じ設定で"), now.title
        assert "設定は変えずに" in now.cure
        assert now.cure.endswith("見直してください。")
        assert before.title == now.title, "it is the same trouble"


@BOTH
def test_what_is_tried_by_hand_does_not_promise_to_try_again_by_itself(peer: Peer):
    for one in (peer, replace(peer, has_worked=True)):
        for trouble in all_troubles(one):
            assert "自動" not in trouble.cure_by_hand, trouble.title
            if "自動" in trouble.cure:
                assert "もう一度試してください。" in trouble.cure_by_hand, trouble.title
