"""Plays of scenarios in Redis: one at a time, bounded, and never believed to go on for ever."""

from __future__ import annotations

import pytest
from redis import Redis

from app.adapters.calls.plays import (
    KEEP_S,
    KEPT,
    LEASE_S,
    LOST,
    MOST_CHARACTERS,
    MOST_TEXTS,
    PASSED,
    RUNNING,
    STOPPED,
    Play,
    Plays,
)
from app.adapters.redis import keys


def play(name: str = "p1") -> Play:
    return Play(name, "booking", "mia", 3, 2, 1.0, "an admin", 1000.0, checks=["ends"])


@pytest.fixture
def plays(redis: Redis) -> Plays:
    return Plays(redis)


def test_a_play_is_followed_to_its_end(plays: Plays) -> None:
    mine = play()
    assert plays.begin(mine)
    for line in (
        {"what": "play", "scenario": "booking", "seed": 3},
        {"what": "call", "call_id": "try_1"},
        {"what": "something new"},
    ):
        mine.take(line)
    plays.keep(mine)
    found = plays.find("p1")
    assert found == mine
    assert found is not None
    assert (found.state, found.made[0].calls) == (RUNNING, ["try_1"])
    result = {"state": "passed", "seconds": 1.5, "silence": None, "problems": [], "notes": ["n"]}
    mine.take({"what": "result", **result})
    mine.take({"what": "end", "passed": True, "summary": "1 passed", "trials": []})
    mine.end(mine.state, mine.told, 1010.0)
    plays.keep(mine)
    (found,) = plays.latest()
    assert (found.state, found.told, found.made[0].state) == (PASSED, "1 passed", "passed")
    assert plays.begin(play("p2")), "the lease was given back"


def test_one_goes_on_at_a_time(plays: Plays, redis: Redis) -> None:
    assert plays.begin(play())
    assert not plays.begin(play("p2"))
    assert plays.find("p2") is None
    assert 0 < redis.ttl(keys.PLAY_LEASE) <= LEASE_S


def test_a_play_that_nobody_renews_is_lost_and_another_may_begin(
    plays: Plays, redis: Redis
) -> None:
    mine = play()
    plays.begin(mine)
    mine.take({"what": "play", "scenario": "booking", "seed": None})
    plays.keep(mine)
    redis.delete(keys.PLAY_LEASE)
    found = plays.find("p1")
    assert found is not None
    assert (found.state, found.made[0].state) == (LOST, LOST)
    assert plays.begin(play("p2"))
    # The first was only slow: it does not take the other's lease away.
    mine.end(STOPPED, "stopped", 1010.0)
    plays.keep(mine)
    assert redis.get(keys.PLAY_LEASE) == b"p2"


def test_a_stop_is_for_one_play(plays: Plays) -> None:
    plays.begin(play())
    plays.ask_to_stop("p1")
    assert plays.is_to_stop("p1")
    assert not plays.is_to_stop("p2")


def test_what_is_kept_is_bounded_and_lapses(plays: Plays, redis: Redis) -> None:
    for number in range(KEPT + 5):
        one = play(f"p{number}")
        assert plays.begin(one)
        one.end(PASSED, "x" * 10_000, 1010.0)
        plays.keep(one)
    latest = plays.latest()
    assert [each.id for each in latest] == [f"p{number}" for number in range(KEPT + 4, 4, -1)]
    assert len(latest[0].told) == MOST_CHARACTERS
    assert all(0 < redis.ttl(key) <= KEEP_S for key in redis.keys("plays*"))
    one.made.clear()
    one.take({"what": "play", "scenario": "booking", "seed": 1})
    texts = ["y" * 10_000] * 1000
    told = {"state": "failed", "seconds": 1.0, "silence": 1.0, "problems": texts, "notes": texts}
    one.take({"what": "result", **told})
    assert [len(text) for text in one.made[0].problems] == [MOST_CHARACTERS] * MOST_TEXTS
