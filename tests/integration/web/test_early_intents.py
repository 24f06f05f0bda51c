"""Partials of a call, gathered in Redis by any process, read after the debounce time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from redis import Redis

from app.adapters.agents import files
from app.adapters.calls.intake import Intake
from app.adapters.intent import engine
from app.adapters.redis import keys
from app.adapters.redis.client import connect
from app.core.agent.directory import Asked
from app.protocol.retell_webhook import parse
from app.settings import Settings
from app.web import early_intents
from app.web.early_intents import EarlyIntents

NOW = 1_795_300_000_000


class Later:
    """Timers that the test lets go off."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, Callable[..., None], tuple[Any, ...]]] = []
        self.now_ms = NOW

    def __call__(self, seconds: float, function: Callable[..., None], *arguments: Any) -> None:
        due_ms = self.now_ms + round(seconds * 1000)
        self.waiting.append((due_ms, function, arguments))

    def clock(self) -> float:
        return self.now_ms / 1000

    def go_off(self) -> None:
        due_ms, function, arguments = self.waiting.pop(0)
        self.now_ms = max(self.now_ms, due_ms)
        function(*arguments)


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def early(redis: Redis, later: Later) -> EarlyIntents:
    return EarlyIntents(redis, engine.engine(), files.load(), later=later, clock=later.clock)


class Speaker:
    """Sends partials, finals and interruptions of one call."""

    def __init__(self, redis: Redis, early: EarlyIntents, later: Later) -> None:
        self.intake = Intake(redis, Settings())
        self.early, self.later, self.redis = early, later, redis

    def say(self, text: str, *, final: bool = False, after_ms: int = 100) -> None:
        self.later.now_ms += after_ms
        self.send({"event": "transcript", "transcript": text, "isFinal": final})
        if not final:
            self.early.heard("s-1", self.later.now_ms)

    def interrupt(self) -> None:
        self.send({"event": "interruption"})

    def send(self, body: dict[str, Any]) -> None:
        self.intake.take(parse(orjson.dumps({"sessionId": "s-1", **body})), self.later.now_ms)

    @property
    def shown(self) -> Any:
        found = self.redis.hget(keys.summary("s-1"), "early_intent")
        return None if found is None else orjson.loads(found)


@pytest.fixture
def caller(redis: Redis, early: EarlyIntents, later: Later) -> Speaker:
    return Speaker(redis, early, later)


def test_a_burst_is_read_once_it_is_stable(caller: Speaker, later: Later) -> None:
    for text in ("I'd", "I'd like to", "I'd like to book", "I'd like to book an appointment"):
        caller.say(text)
    assert len(later.waiting) == 1
    later.go_off()
    before = caller.shown
    assert before is None  # newer words came meanwhile
    later.go_off()
    assert caller.shown["intent"] == "schedule_meeting"
    assert caller.shown["text"] == "I'd like to book an appointment"
    assert later.waiting == []


def test_a_later_partial_changes_it(caller: Speaker, later: Later) -> None:
    caller.say("I'd like to book an appointment")
    later.go_off()
    assert caller.shown["intent"] == "schedule_meeting"
    caller.say("I'd like to book an appointment no sorry cancel my appointment", after_ms=800)
    later.go_off()
    assert caller.shown["intent"] == "cancel_meeting"


def test_a_final_wins(caller: Speaker, later: Later) -> None:
    caller.say("I'd like to book an appointment")
    caller.say("I'd like to cook an ointment", final=True)
    later.go_off()
    assert caller.shown is None


def test_an_interruption_drops_it(caller: Speaker, later: Later) -> None:
    caller.say("I'd like to book an appointment")
    later.go_off()
    assert caller.shown is not None
    caller.interrupt()
    assert caller.shown is None


def test_timers_are_bounded(
    early: EarlyIntents, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early_intents, "MAX_CALLS", 3)
    for number in range(10):
        early.heard(f"s-{number}", NOW)
    assert len(later.waiting) == 3


def test_redis_away_costs_only_the_early_intent(free_port: int, later: Later) -> None:
    client = connect(Settings(redis_url=f"redis://127.0.0.1:{free_port}/0"))
    early = EarlyIntents(client, engine.engine(), files.load(), later=later, clock=later.clock)
    early.heard("s-1", later.now_ms)
    later.go_off()
    early.heard("s-1", later.now_ms)
    assert len(later.waiting) == 1


def test_a_wall_clock_that_is_set_back_stops_no_early_intent(redis: Redis) -> None:
    """The debounce is a pause: it is measured by the monotonic clock."""
    waits: list[float] = []
    steady, wall = [100.0], [NOW / 1000]
    early = EarlyIntents(
        redis,
        engine.engine(),
        files.load(),
        later=lambda seconds, *_: waits.append(seconds),
        clock=lambda: wall[0],
        steady=lambda: steady[0],
    )
    early.heard("s-1", NOW)
    wall[0] -= 7200
    steady[0] += waits[0] / 2
    early._due("s-1", Asked())
    assert waits[1] == pytest.approx(waits[0] / 2)
