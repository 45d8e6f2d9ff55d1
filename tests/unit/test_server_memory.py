"""What is remembered of a server: its extensions, the way to log in, its encryption."""

from __future__ import annotations

from kollect.net.login import LoginMemory
from kollect.net.server_memory import ServerMemory, ServerName, memory_of

WAYS = ["PLAIN", "LOGIN", "CRAM-MD5"]


def new() -> ServerMemory:
    return ServerMemory(ServerName.of("pop3", "mail.example", 995))


def test_one_memory_a_server_however_it_is_written():
    here = memory_of("smtp", "Mail.Example. ", 587)
    assert memory_of("smtp", "mail.example", 587) is here
    assert memory_of("smtp", "mail.example", 465) is not here
    assert memory_of("pop3", "mail.example", 587) is not here


def test_a_doubt_is_settled_by_what_comes_of_it_plainly():
    memory = new()
    assert memory.believed
    memory.doubt("TOP")
    assert not memory.believed
    memory.plainly("DELE", well=True)
    assert not memory.believed, "nothing is known of TOP"
    memory.plainly("TOP", well=False)
    assert memory.believed, "it was not the pipelining"
    memory.doubt("TOP")
    memory.plainly("TOP", well=True)
    assert not memory.believed
    memory.plainly("TOP", well=False)
    memory.keeps("TOP")
    assert not memory.believed, "a liar stays one"


def test_who_has_kept_its_word_is_given_a_second_chance():
    memory = new()
    memory.keeps("TOP")
    for believed in (True, False):
        memory.doubt("TOP")
        memory.plainly("TOP", well=True)
        assert memory.believed is believed


def test_incidents_far_apart_are_no_lie():
    memory = new()
    for _ in range(5):
        memory.keeps("TOP")
        memory.doubt("TOP")
        memory.plainly("TOP", well=True)
        assert memory.believed


def test_a_weak_doubt_needs_a_second_one():
    memory = new()
    for believed in (True, False):
        memory.doubt("letters", weakly=True)
        memory.plainly("letters", well=True)
        assert memory.believed is believed


def test_encryption():
    memory = new()
    assert not memory.encrypts
    memory.has_offered_encryption()
    assert memory.encrypts
    memory.forget_encryption()
    assert not memory.encrypts


def tried(memory: LoginMemory, takes: str = "", who: object = 1) -> list[str]:
    """One session: what it tries until one is taken or enough are refused."""
    ways, enough = memory.plan(WAYS, who)
    found = []
    for way in ways[:enough]:
        found.append(way)
        if way == takes:
            memory.worked(way)
            return found
        memory.refused(way)
    return found


def test_every_way_once_then_one_a_session_in_turn():
    memory = LoginMemory()
    assert tried(memory) == WAYS
    assert [tried(memory) for _ in range(4)] == [["PLAIN"], ["LOGIN"], ["CRAM-MD5"], ["PLAIN"]]
    assert tried(memory, who=2) == WAYS, "another password"


def test_the_way_that_worked_goes_first_and_alone():
    memory = LoginMemory()
    assert tried(memory, "LOGIN") == ["PLAIN", "LOGIN"]
    assert tried(memory, "LOGIN") == ["LOGIN"]
    assert tried(memory) == ["LOGIN"]
    assert tried(memory) == ["PLAIN"], "should the server have changed its mind"
    assert tried(memory) == ["CRAM-MD5"]
    assert tried(memory, "LOGIN") == ["LOGIN"]
    assert tried(memory, who=2) == ["LOGIN"], "a wrong password costs one try"


def test_a_way_that_is_no_longer_announced_leaves_the_others():
    memory = LoginMemory()
    memory.worked("APOP")
    assert tried(memory) == WAYS
