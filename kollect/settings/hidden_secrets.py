"""The passwords that this process knows, so that no line that it writes shows them."""

from __future__ import annotations

from functools import lru_cache

from kollect.settings.login_secrets import LoginSecrets

SHORTEST_SECRET = 4
"""Shorter ones are not replaced: every "a" as ***** would spoil the log and show the password."""

_secrets: tuple[str, ...] = ()


def hide(secret: str) -> None:
    """From now on this text, in whatever coding logins have it, is ***** in every line."""
    global _secrets
    if len(secret) >= SHORTEST_SECRET and secret not in _secrets:
        _secrets = (*_secrets, secret)  # a new tuple, as other threads are reading


def redacted(text: str) -> str:
    """The text without the secrets."""
    return _remover(_secrets).without(text)


@lru_cache(maxsize=1)
def _remover(secrets: tuple[str, ...]) -> LoginSecrets:
    remover = LoginSecrets("*****")
    for secret in secrets:
        remover.add_login("", secret)
    return remover
