"""「設定をさがす」 as it is done: what is offered, what of it answers, what takes the login.

The whole of it is bounded in time. A password goes only to a server that has proved its name by
TLS; pinned certificates and the permission to send passwords in clear do not count here.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from kollect.diagnosis.dns_answers import DnsAnswer, DnsQuestion, KnownAnswers
from kollect.diagnosis.dns_client import DnsClient
from kollect.errors import LineTimeout, LoginTrouble, ServerTrouble, Stage
from kollect.inbox.open_mailbox import open_mailbox
from kollect.net.connection import RECEIVING_ROLE, SENDING_ROLE, Line, Trust
from kollect.settings.model import Receive, Security, Send, Settings, Tls
from kollect.setup import autoconfig, https_document
from kollect.setup.found_servers import FoundServers, LookedUp, SideResult, SideState
from kollect.setup.offer_sources import Question, offers_of, provider_of
from kollect.setup.server_offer import (
    ChosenServer,
    MailSide,
    ServerOffer,
    receive_settings,
    send_settings,
)
from kollect.smtp.smtp_login import open_session
from kollect.threads.bounded_calls import results_within

LOOK_UP_SECONDS = 10.0
TRY_SECONDS = 20.0
"""Both together are the longest that somebody waits for an answer."""
_STEP_SECONDS = 6.0
"""For one server to answer."""
_LOGIN_SECONDS = 10
_MOST_REFUSALS = 2
"""Accounts of one side: some servers lock the account after a few more."""


def look_up(
    settings: Settings,
    client: DnsClient,
    *,
    may_ask: bool,
    stopping: Callable[[], bool] = lambda: False,
) -> LookedUp:
    """What is offered for the shop's address. `may_ask`: the user lets us ask the DNS and the web.

    Raises nothing; what was not answered in time offers nothing.
    """
    ends = time.monotonic() + LOOK_UP_SECONDS
    trust = Trust.of(Tls(ca_file=settings.tls.ca_file))
    answers: dict[DnsQuestion, DnsAnswer] = {}
    documents: dict[str, bytes | None] = {}
    while True:
        known = KnownAnswers(answers)
        question = Question(settings.mail_address, settings.receive.protocol, known, documents)
        offers = offers_of(question, may_ask=may_ask)
        wanted = question.wanted_documents
        if not (known.wanted or wanted) or time.monotonic() >= ends or stopping():
            return LookedUp(offers, provider_of(question))
        answers |= client.ask(
            sorted(known.wanted), within=ends - time.monotonic(), stopping=stopping
        )
        get = partial(https_document.fetch, trust=trust, ends=ends, most=autoconfig.MOST_OCTETS)
        found = results_within(
            {url: partial(get, url) for url in wanted}, ends=ends, stopping=stopping
        )
        documents |= {url: found.get(url) for url in wanted}


def try_out(
    looked_up: LookedUp,
    settings: Settings,
    password: str,
    *,
    on_try: Callable[[str], None] = lambda text: None,
    stopping: Callable[[], bool] = lambda: False,
) -> FoundServers:
    """See which servers answer, then log in to the best of them. Raises nothing.

    Where the receiving side refuses the password, the sending side is not asked too: what is
    refused twice is refused everywhere, and accounts are locked for less.
    """
    trial = _Trial(settings, password, on_try, stopping)
    offers = [offer for offer in looked_up.offers if offer.is_whole]
    on_try("サーバが答えるかどうかを見ています")
    troubles = trial.answering(offers)
    receive = trial.one_side(MailSide.RECEIVE, offers, troubles, with_login=bool(password))
    with_login = receive.state is SideState.LOGGED_IN
    send = trial.one_side(MailSide.SEND, offers, troubles, with_login=with_login)
    return FoundServers(receive, send, looked_up.provider)


class _Trial:
    def __init__(
        self,
        settings: Settings,
        password: str,
        on_try: Callable[[str], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._password = password
        self._on_try = on_try
        self._stopping = stopping
        self._tls = Tls(ca_file=settings.tls.ca_file)
        self._ends = time.monotonic() + TRY_SECONDS

    def answering(self, offers: Sequence[ServerOffer]) -> dict[ServerOffer, ServerTrouble | None]:
        """The offers that were heard of in time, with what is wrong with them."""
        ends = min(self._ends, time.monotonic() + _STEP_SECONDS + 1)
        calls = {offer: partial(self._answer, offer) for offer in offers}
        return results_within(
            calls, ends=ends, stopping=self._stopping, side_by_side=max(1, len(calls))
        )

    def _answer(self, offer: ServerOffer) -> ServerTrouble | None:
        role = RECEIVING_ROLE if offer.side is MailSide.RECEIVE else SENDING_ROLE
        try:
            line = Line.open(
                role,
                offer.host,
                offer.port,
                timeout=_STEP_SECONDS,
                tls=offer.security is Security.SSL,
                trust=Trust.of(self._tls),
            )
        except ServerTrouble as trouble:
            return trouble
        line.close()
        return None

    def one_side(
        self,
        side: MailSide,
        offers: Sequence[ServerOffer],
        troubles: dict[ServerOffer, ServerTrouble | None],
        *,
        with_login: bool,
    ) -> SideResult:
        mine = [offer for offer in offers if offer.side is side]
        there = [offer for offer in mine if offer in troubles and troubles[offer] is None]
        best = SideResult(side, SideState.NOTHING)
        if mine and not there:
            best = SideResult(side, SideState.NOTHING, trouble=troubles.get(mine[0]))
        refusals = 0
        dead: ServerOffer | None = None
        for offer, account in _accounts_of(there):
            if not (with_login and account):
                if best.state is SideState.NOTHING:
                    chosen = ChosenServer(offer, account)
                    best = SideResult(side, SideState.NOT_TRIED, chosen)
                continue
            if offer is dead:
                continue
            if refusals >= _MOST_REFUSALS or time.monotonic() >= self._ends or self._stopping():
                break
            self._on_try(f"{side}: {offer} にログインしています")
            chosen = ChosenServer(offer, account)
            trouble = self._login(chosen)
            if trouble is None:
                return SideResult(side, SideState.LOGGED_IN, chosen)
            if isinstance(trouble, LoginTrouble):
                refusals += 1
                if best.state is not SideState.REFUSED:
                    best = SideResult(side, SideState.REFUSED, chosen, trouble)
                continue
            dead = offer  # with another account it would be no better
            if best.state is SideState.NOTHING:
                best = SideResult(side, SideState.NOTHING, trouble=trouble)
        return best

    def _login(self, chosen: ChosenServer) -> ServerTrouble | None:
        """None where it was taken."""
        if chosen.offer.side is MailSide.RECEIVE:
            act = partial(self._receive, chosen)
        else:
            act = partial(self._send, chosen)
        ends = min(self._ends, time.monotonic() + _LOGIN_SECONDS)
        over = results_within({chosen: act}, ends=ends, stopping=self._stopping)
        return over[chosen] if chosen in over else _too_late(chosen.offer)

    def _receive(self, chosen: ChosenServer) -> ServerTrouble | None:
        receive = receive_settings(Receive(timeout_seconds=_LOGIN_SECONDS), chosen)
        try:
            mailbox = open_mailbox(receive, self._tls, self._password)
        except ServerTrouble as trouble:
            return trouble
        with contextlib.suppress(ServerTrouble):
            mailbox.close()  # with QUIT: a box that is not given back would be locked for minutes
        return None

    def _send(self, chosen: ChosenServer) -> ServerTrouble | None:
        send = send_settings(Send(timeout_seconds=_LOGIN_SECONDS), chosen)
        try:
            session = open_session(send, self._tls, self._password, timeout=_LOGIN_SECONDS)
        except ServerTrouble as trouble:
            return trouble
        session.line.close()
        return None


def _accounts_of(offers: Sequence[ServerOffer]) -> Iterator[tuple[ServerOffer, str]]:
    for offer in offers:
        for account in offer.accounts or ("",):
            yield offer, account


def _too_late(offer: ServerOffer) -> ServerTrouble:
    return LineTimeout(
        "時間内に答えがありません",
        stage=Stage.LOGIN,
        happened=f"「{offer.host}」が、ログインに答えませんでした。",
        cure="しばらくしてから、もう一度お試しください。",
    )
