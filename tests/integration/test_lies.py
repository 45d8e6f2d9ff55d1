"""Servers that announce what they do not keep: found out in the poll that meets it, and remembered.

A mail shield of a virus scanner sits between and loses what comes before its time; an old firewall
cuts the line over it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kollect.ledger.states import ReceiptState
from kollect.net.server_errors import SMTP
from kollect.net.server_memory import ServerMemory, memory_of
from kollect.settings.model import Auth, Send, Tls
from kollect.smtp.client import SmtpClient
from kollect.smtp.outgoing import DeliveryStatus, Outcome, OutgoingMail
from tests.helpers.mail_samples import blank
from tests.helpers.scripted_pop3 import Faults, ScriptedPop3
from tests.helpers.scripted_smtp import Act, ScriptedSmtp
from tests.helpers.shop import ADDRESS, ShopProgram, settings_for

PASSWORD = "S3cret-pw!"


def memory(server: ScriptedSmtp) -> ServerMemory:
    return memory_of(SMTP, server.host, server.port)


def sent(server: ScriptedSmtp, *keys: int, seconds: float = 2) -> list[Outcome]:
    """In a post of its own, as each poll has one."""
    send = Send(server.host, server.port, Auth.NO, timeout_seconds=seconds)
    post = SmtpClient(replace(send, final_timeout_seconds=seconds), Tls(), ADDRESS, "")
    batch = [
        OutgoingMail(key, f"k{key}@customer.example", b"Subject: x\r\n\r\nx\r\n") for key in keys
    ]
    ended = [one for outcomes in post.deliver(batch) for one in outcomes]
    post.close()
    return sorted(ended, key=lambda one: one.key)


@pytest.mark.parametrize("how", ["swallows", "cuts"])
def test_a_letter_that_met_the_lie_goes_plainly_at_once(scripted_smtp: ScriptedSmtp, how: str):
    scripted_smtp.script.chunking = False
    if how == "swallows":
        scripted_smtp.script.swallows = True
    else:
        scripted_smtp.script.fault = lambda at: (
            Act.CUT if at.verb == "MAIL" and at.connection == 1 else None
        )
    assert [one.status for one in sent(scripted_smtp, 1)] == [DeliveryStatus.ACCEPTED]
    assert not memory(scripted_smtp).believed
    scripted_smtp.hurried.clear()
    assert [one.status for one in sent(scripted_smtp, 2, 3)] == [DeliveryStatus.ACCEPTED] * 2
    assert scripted_smtp.hurried == []
    assert len(scripted_smtp.commands) == 3
    assert scripted_smtp.recipients == [f"k{key}@customer.example" for key in (1, 2, 3)]


def test_chunks_that_are_lost_are_sent_plainly_from_then_on(scripted_smtp: ScriptedSmtp):
    """Whether the first one has arrived cannot be known: it is sent once more in the next poll."""
    scripted_smtp.script.swallows = True
    assert [one.status for one in sent(scripted_smtp, 1)] == [DeliveryStatus.UNKNOWN]
    assert [one.status for one in sent(scripted_smtp, 1, 2)] == [DeliveryStatus.ACCEPTED] * 2
    assert not memory(scripted_smtp).believed


def test_a_line_lost_once_is_no_lie(scripted_smtp: ScriptedSmtp):
    assert [one.status for one in sent(scripted_smtp, 1)] == [DeliveryStatus.ACCEPTED]
    scripted_smtp.script.chunking = False
    scripted_smtp.script.fault = lambda at: (
        Act.CUT if at.verb == "MAIL" and at.connection == 2 else None
    )
    assert [one.status for one in sent(scripted_smtp, 2)] == [DeliveryStatus.ACCEPTED]
    assert memory(scripted_smtp).believed
    assert [one.status for one in sent(scripted_smtp, 3, 4)] == [DeliveryStatus.ACCEPTED] * 2
    assert scripted_smtp.hurried


def test_a_shield_that_is_switched_on_later_is_found_out(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.chunking = False
    assert [one.status for one in sent(scripted_smtp, 1)] == [DeliveryStatus.ACCEPTED]
    scripted_smtp.script.swallows = True
    for key in (2, 3):
        assert [one.status for one in sent(scripted_smtp, key)] == [DeliveryStatus.ACCEPTED]
    assert not memory(scripted_smtp).believed


def test_a_server_that_is_away_is_no_liar(scripted_smtp: ScriptedSmtp):
    """In the plain dialogue it cuts the line as well."""
    scripted_smtp.script.chunking = False
    scripted_smtp.script.fault = lambda at: Act.CUT if at.verb == "RCPT" else None
    assert [one.status for one in sent(scripted_smtp, 1)] == [DeliveryStatus.LATER]
    assert memory(scripted_smtp).believed
    scripted_smtp.script.fault = None
    scripted_smtp.hurried.clear()
    assert [one.status for one in sent(scripted_smtp, 1)] == [DeliveryStatus.ACCEPTED]
    assert scripted_smtp.hurried


def test_a_cut_at_the_last_answer_counts_for_little(scripted_smtp: ScriptedSmtp):
    scripted_smtp.script.fault = lambda at: (
        Act.CUT if at.verb == "BDAT" and at.connection == 1 else None
    )
    assert [one.status for one in sent(scripted_smtp, 1, 2)] == [
        DeliveryStatus.UNKNOWN,
        DeliveryStatus.ACCEPTED,
    ]
    assert memory(scripted_smtp).believed


def one_customer_after_the_other(shop: ShopProgram, pop3: ScriptedPop3, polls: int = 3) -> None:
    """Each poll finds one blank mail, and answers it."""
    for number in range(1, polls + 1):
        pop3.put(blank(f"k{number}@customer.example", number))
        assert shop.report().accepted == 1
        states = [receipt.state for receipt in shop.receipts()]
        assert states == [ReceiptState.REPLIED] * number
        assert not pop3.mails


def test_a_lonely_customer_behind_a_mail_shield_is_answered(
    scripted_smtp: ScriptedSmtp, tmp_path: Path
):
    scripted_smtp.script.chunking, scripted_smtp.script.swallows = False, True
    with ScriptedPop3() as pop3:
        settings = settings_for(pop3.port, scripted_smtp.port)
        settings = replace(settings, send=replace(settings.send, timeout_seconds=2))
        shop = ShopProgram(tmp_path, settings, PASSWORD)
        one_customer_after_the_other(shop, pop3)
    assert len(scripted_smtp.kept) == 3


@pytest.mark.parametrize("what", ["UIDL", "TOP", "DELE"])
@pytest.mark.parametrize("how", ["cut", "swallowed"])
def test_a_crowd_behind_a_mail_shield_is_answered_in_one_poll(
    scripted_smtp: ScriptedSmtp, tmp_path: Path, what: str, how: str
):
    faults = Faults(**{f"{how}_behind": frozenset({what})})
    customers = [blank(f"k{number}@customer.example", number) for number in range(1, 8)]
    with ScriptedPop3(customers, faults) as pop3:
        settings = settings_for(pop3.port, scripted_smtp.port)
        settings = replace(settings, receive=replace(settings.receive, timeout_seconds=2))
        shop = ShopProgram(tmp_path, settings, PASSWORD)
        assert shop.report().accepted == 7
        assert not pop3.mails
        assert len(pop3.sessions) == 2
        for number in range(8, 11):
            pop3.put(blank(f"k{number}@customer.example", number))
        assert shop.report().accepted == 3
        assert len(pop3.sessions) == 3
    assert len(scripted_smtp.kept) == 10
    assert not any("接続が切れる" in text for text in shop.told())
