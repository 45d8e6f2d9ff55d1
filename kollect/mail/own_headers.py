"""The header fields by which the program knows its own mails again. Pure.

What becomes of such a mail, rows 1 and 2 of its table, is `decision.decide`.
"""

from __future__ import annotations

REPLY_HEADER = "X-Kollect-Reply"
"""In everything that an installation sends to others."""
TEST_HEADER = "X-Kollect-Test"
"""In the mails of the tests; what goes to an address outside has its code there, not the mark."""
TEST_SERIAL_HEADER = "X-Kollect-Test-Serial"
"""Which test mail it is. Not the Message-ID: some providers write one of their own in its place."""
