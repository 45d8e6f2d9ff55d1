"""A shop with settings that can send, its SMTP server, and a few members."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from kollect.members.member import Consent
from kollect.members.repository import Members
from kollect.settings.model import Passwords
from kollect.ui.main import Program
from tests.helpers.ledger_samples import NOW
from tests.helpers.mailing_driver import people, settings
from tests.helpers.scripted_smtp import Script, ScriptedSmtp


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def server(script: Script) -> Iterator[ScriptedSmtp]:
    with ScriptedSmtp(script) as server:
        yield server


@pytest.fixture
def place(program: Program, server: ScriptedSmtp) -> Program:
    """The program with settings that can send, and nobody registered."""
    program.workspaces.real.save(settings(server.port), Passwords("receive", "send"))
    return program


@pytest.fixture
def few(place: Program) -> list[int]:
    """1001 to 1006: the last three have withdrawn, stopped, not consented."""
    database = place.workspaces.real.folder.database
    given = people(database, 6)
    with closing(Members(database)) as members:
        members.withdraw(given[3], NOW, "会員一覧")
        members.stop_member(given[4], NOW, "メール")
        last = members.get(given[5])
        assert last is not None
        members.update(replace(last, consent=Consent()), NOW, "会員一覧")
    return given
