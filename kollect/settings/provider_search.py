"""「さがす」 among the providers: by name, server, domain, kana and Latin spelling. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from kollect.settings.providers import Provider, for_domain

_HIRAGANA = {kana: kana - 0x60 for kana in range(ord("ァ"), ord("ヶ") + 1)}
"""From each Katakana letter to the Hiragana one."""


def matching(providers: Iterable[Provider], wanted: str) -> list[Provider]:
    """Those in which every word of `wanted` is found, in the order given; a mail address finds the
    provider of its domain too. Full or half width, capitals, the kind of kana, the sign for long
    vowels, and dots and hyphens do not matter."""
    words = [plain for word in _folded(wanted).split() if (plain := _bare(word))]
    own = for_domain(_folded(wanted))
    return [p for p in providers if p == own or all(_holds(p, word) for word in words)]


def _holds(provider: Provider, word: str) -> bool:
    servers = (provider.pop, provider.imap, provider.smtp)
    names = (
        provider.name,
        provider.label,
        *provider.domains,
        *provider.mx_suffixes,
        *provider.search_words,
        *(server.host for server in servers if server is not None),
    )
    return any(word in _bare(_folded(name)) for name in names)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().translate(_HIRAGANA)


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum() and c != "ー")
