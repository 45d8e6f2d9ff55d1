"""The fixtures of the receiving side, for every test that asks for them. Nothing starts unasked."""

from __future__ import annotations
