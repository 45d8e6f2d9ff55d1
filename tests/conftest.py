"""What every test stands on: the server fixtures, and no error logged behind a test's back."""

from __future__ import annotations

import logging

import pytest

from kollect.net.server_memory import forget_all

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
