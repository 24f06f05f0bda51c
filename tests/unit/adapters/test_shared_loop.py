"""One greenlet for many things of the same kind."""

from __future__ import annotations

import gevent

from app.adapters.shared_loop import SharedLoop


def test_members_are_served_until_none_is_left() -> None:
    rounds: list[set[str]] = []

    def serve(members: set[str]) -> None:
        gevent.sleep(0)
        rounds.append(set(members))
        members.discard(min(members))

    loop = SharedLoop(serve)
    loop.add("a")
    loop.add("b")
    loop.add("a")
    assert len(loop) == 2
    gevent.idle()
    while len(loop):
        gevent.sleep(0)

    assert rounds == [{"a", "b"}, {"b"}]
    assert "b" not in loop


def test_it_starts_again_for_a_new_member_and_after_an_error() -> None:
    served: list[str] = []

    def serve(members: set[str]) -> None:
        gevent.sleep(0)
        member = members.pop()
        served.append(member)
        if member == "bad":
            raise ValueError(member)

    loop = SharedLoop(serve)
    for member in ("first", "bad", "last"):
        loop.add(member)
        while len(loop):
            gevent.sleep(0)
        gevent.sleep(0)

    assert served == ["first", "bad", "last"]


def test_what_is_discarded_before_its_round_is_not_served() -> None:
    served: list[set[str]] = []

    def serve(members: set[str]) -> None:
        served.append(set(members))
        members.clear()
        gevent.sleep(0)

    loop = SharedLoop(serve)
    loop.add("a")
    loop.discard("a")
    gevent.sleep(0)

    assert served == []
