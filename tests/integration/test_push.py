"""Waiting by push on a real Dovecot: a mail is answered as soon as it has come."""

from __future__ import annotations

import itertools
import os
from dataclasses import replace
from pathlib import Path

import pytest

from kollect.inbox.imap_idle import WaitTimes
from kollect.settings.model import Security, Tls
from tests.helpers.dovecot import Dovecot
from tests.helpers.half_open import half_open
from tests.helpers.mail_samples import blank
from tests.helpers.resident import Resident, until
from tests.helpers.scripted_smtp import ScriptedSmtp

pytestmark = pytest.mark.real
_boxes = itertools.count(1)


@pytest.fixture
def user() -> str:
    return f"push{os.getpid()}x{next(_boxes)}"


def test_a_mail_is_answered_as_soon_as_it_has_come(
    dovecot: Dovecot, tmp_path: Path, user: str
) -> None:
    """No poll is due for an hour."""
    with (
        ScriptedSmtp() as smtp,
        Resident(tmp_path, dovecot.imap, smtp.port, user=user, password=dovecot.password) as shop,
    ):
        for number in range(1, 6):
            shop.until_in_push()
            dovecot.deliver(user, blank(f"guest{number}@phone.example", number))
            until(lambda count=number: len(smtp.kept) == count)
            shop.until_polled(number + 1)
            assert shop.polls[-1].trouble is None
            assert shop.polls[-1].report.accepted == 1
        shop.until_in_push()
        assert dovecot.mails(user) == [], "deleted before the wait"
        assert len([line for line in shop.told if "すぐ知らせて" in line]) == 1
    assert dovecot.log_file.read_text().count(f"user=<{user}>") == 1, "one login for all of it"


def test_over_tls_too(dovecot: Dovecot, tmp_path: Path, user: str) -> None:
    with ScriptedSmtp() as smtp:
        shop = Resident(tmp_path, dovecot.imaps, smtp.port, user=user, password=dovecot.password)
        receive = replace(shop.settings.receive, host="localhost", security=Security.SSL)
        shop.settings = replace(shop.settings, receive=receive, tls=Tls(ca_file=dovecot.ca_file))
        with shop:
            for number in (1, 2):
                shop.until_in_push()
                dovecot.deliver(user, blank(f"guest{number}@phone.example", number))
                until(lambda count=number: len(smtp.kept) == count)
            shop.until_in_push()


def test_a_line_that_passes_nothing_on_any_more(
    dovecot: Dovecot, tmp_path: Path, user: str
) -> None:
    """Nothing tells of it but DONE that is not answered, at the poll that is due in any case."""
    with (
        ScriptedSmtp() as smtp,
        half_open(dovecot.imap) as proxy,
        Resident(
            tmp_path, proxy.port, smtp.port, user=user, password=dovecot.password,
            safety=2.0, times=WaitTimes(answer=1.0),
        ) as shop,
    ):  # fmt: skip
        shop.until_in_push()
        proxy.forget()
        dovecot.deliver(user, blank("guest@phone.example"))
        until(lambda: len(smtp.kept) == 1)
        shop.until_in_push()
        assert all(poll.trouble is None for poll in shop.polls)
