"""What every test stands on: the server fixtures, and no error logged behind a test's back."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from kollect.desktop import files
from kollect.net.server_memory import forget_all
from kollect.settings import hidden_secrets

pytest_plugins = [
    "tests.helpers.display",
    "tests.helpers.pop3_fixtures",
    "tests.helpers.smtp_fixtures",
]


@pytest.fixture(autouse=True)
def no_unexpected_errors(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture):
    """A test fails when the program logged an error that the test did not ask for.

    A test that means to cause one says so: `@pytest.mark.expects_errors`.
    """
    yield
    if request.node.get_closest_marker("expects_errors"):
        return
    errors = [r.getMessage() for r in caplog.get_records("call") if r.levelno >= logging.ERROR]
    assert not errors, f"logged as errors: {errors}"


@pytest.fixture(autouse=True)
def unknown_servers() -> None:
    """What one test's server has taught is not held against the next one on the same port."""
    forget_all()


@pytest.fixture(autouse=True)
def own_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand passwords of tests before would be looked for in every line of the log."""
    monkeypatch.setattr(hidden_secrets, "_secrets", ())


@pytest.fixture(autouse=True)
def same_rights(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that begins the program in this process takes nobody's rights for the tests after it.

    The program makes everything for its user alone; a mail server started later under that umask
    could not enter its own folders.
    """
    monkeypatch.setattr(files, "_umask", None)
    umask = os.umask(0o022)
    os.umask(umask)
    yield
    os.umask(umask)
