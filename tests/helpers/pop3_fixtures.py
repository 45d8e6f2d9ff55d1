"""The fixtures of the receiving side, for every test that asks for them. Nothing starts unasked."""

from __future__ import annotations

from tests.helpers.certificates import certificates
from tests.helpers.dovecot import dovecot

__all__ = ["certificates", "dovecot"]
