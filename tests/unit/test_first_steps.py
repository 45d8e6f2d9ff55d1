"""はじめに: which steps are behind the shop."""

from __future__ import annotations

from dataclasses import replace

from kollect.app.first_steps import FirstStep, Progress, done_steps, put_off, servers_of
from kollect.settings.model import Receive, Send, Settings, Shop

READY = Settings(
    shop=Shop("001", "青空書店", "東京都新宿区1-2-3"),
    mail_address="touroku@aozora.example",
    receive=Receive(host="pop.aozora.example", account="touroku"),
    send=Send(host="smtp.aozora.example", account="touroku"),
)


def test_nothing_is_done_at_first():
    assert done_steps(Settings(), Progress(), collecting=False) == set()


def test_each_step_by_itself():
    assert done_steps(READY, Progress(), collecting=False) == {FirstStep.SHOP}
    assert FirstStep.PAPERS in done_steps(READY, Progress(papers=True), collecting=False)
    assert FirstStep.COLLECT in done_steps(READY, Progress(), collecting=True)
    assert FirstStep.TRY in done_steps(READY, Progress(numbers=1), collecting=False)


def test_a_name_without_an_address_is_not_enough_for_the_poster():
    nameless = replace(READY, shop=replace(READY.shop, address=" "))
    assert FirstStep.SHOP not in done_steps(nameless, Progress(), collecting=False)


def test_a_test_counts_for_the_servers_that_were_tried():
    tested = Progress(tested=servers_of(READY))
    assert FirstStep.MAIL in done_steps(READY, tested, collecting=False)
    other = replace(READY, send=replace(READY.send, host="smtp.other.example"))
    assert FirstStep.MAIL not in done_steps(other, tested, collecting=False)


def test_the_protection_may_wait_until_it_is_there():
    assert put_off(Progress()) == set()
    assert put_off(Progress(protection_later=True)) == {FirstStep.DATA}
    assert put_off(Progress(protected=True, protection_later=True)) == set()
    assert FirstStep.DATA in done_steps(READY, Progress(protected=True), collecting=False)
    later = done_steps(READY, Progress(protection_later=True), collecting=False)
    assert FirstStep.DATA not in later
