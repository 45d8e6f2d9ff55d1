"""What 「設定をさがす」 has found: the offers, and how far it came with each side. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kollect.errors import ServerTrouble
from kollect.settings.providers import Provider
from kollect.setup.server_offer import ChosenServer, MailSide, ServerOffer


class SideState(StrEnum):
    """How far it has come with receiving, or with sending."""

    NOTHING = "nothing"
    """Nobody answers with a certificate of its name."""
    REFUSED = "refused"
    """A server answers, and takes neither of the accounts with this password."""
    NOT_TRIED = "not tried"
    """A server answers; the account is not known, or there is no password yet."""
    LOGGED_IN = "logged in"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What is offered for an address."""

    offers: tuple[ServerOffer, ...]
    provider: Provider | None


@dataclass(frozen=True, slots=True)
class SideResult:
    side: MailSide
    state: SideState
    chosen: ChosenServer | None = None
    """The server that took the login, or is the likeliest so far."""
    trouble: ServerTrouble | None = None
    """What kept the likeliest one from taking it."""


@dataclass(frozen=True, slots=True)
class FoundServers:
    receive: SideResult
    send: SideResult
    provider: Provider | None

    @property
    def found(self) -> bool:
        """Both servers have taken the login."""
        return {self.receive.state, self.send.state} == {SideState.LOGGED_IN}

    @property
    def chosen(self) -> tuple[ChosenServer, ...]:
        return tuple(one.chosen for one in (self.receive, self.send) if one.chosen is not None)

    @property
    def has_own_account(self) -> bool:
        """The provider's servers answer; the account is one that only the papers tell."""
        untried = {self.receive.state, self.send.state} == {SideState.NOT_TRIED}
        return untried and self.provider is not None
