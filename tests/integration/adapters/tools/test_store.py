"""The life of an effect, in every order that callers, workers and time can bring about.

A model of what the store promises is kept beside the store; real Redis, real (short) leases.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from redis import Redis

from app.adapters import queue
from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.adapters.tools import store as effects_module
from app.adapters.tools.store import EffectStore
from app.settings import Settings

LEASE_S = 0.05
LAPSE_S = 0.06
#: One effect has most of what happens, so that it gets far.
KEYS = st.sampled_from(["k1", "k1", "k1", "k2"])
RESULTS = {
    "good": {"ok": True, "output": {"n": 1}, "say": None},
    "bad": {"ok": False, "output": {"error": "slot_taken"}, "say": None},
}


@dataclass
class Model:
    """What the store should hold of one effect."""

    state: str = ""
    attempts: int = 0
    holder: str = ""
    held_at: float = 0.0
    lapsed: bool = False
    ok: bool = False
    ended_by: str = ""
    seen: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    rounds: int = 0

    @property
    def settled(self) -> bool:
        return self.state in ("done", "failed", "superseded")


class Life(RuleBasedStateMachine):
    """Two effects of one call, any number of tool calls and workers."""

    redis: Redis
    attempts = Bundle("attempts")

    @initialize()
    def begin_anew(self) -> None:
        self.redis.flushdb()
        config = Settings()
        self.store = EffectStore(self.redis, config, lease_s=LEASE_S, start_s=LEASE_S)
        CallStore(self.redis, config).take("c", "web")
        self.models = {"k1": Model(), "k2": Model()}
        self.workers = 0

    @rule(key=KEYS, tool_call=st.sampled_from(["t1", "t2", "t3", "t4"]))
    def ask(self, key: str, tool_call: str) -> None:
        model = self.models[key]
        effect = self.store.ask("c", key, "book_appointment", {}, tool_call, {})
        anew = not model.state or (
            model.settled
            and tool_call not in model.seen
            and not (model.state == "done" and model.ok)
        )
        if anew:
            self.models[key] = model = Model(
                "asked", seen=model.seen, told=model.told, rounds=model.rounds + 1
            )
        model.seen.add(tool_call)
        if not model.settled:
            model.waiting.add(tool_call)
        assert effect.state == model.state
        assert effect.rounds == model.rounds
        assert effect.settled == (effect.result is not None)

    @rule(target=attempts, key=KEYS)
    def begin(self, key: str) -> object:
        model = self.models[key]
        self.workers += 1
        worker = f"w{self.workers}"
        since = time.monotonic()
        begun, effect = self.store.begin("c", key, worker)
        free = model.state == "asked" or (model.state == "running" and model.lapsed)
        if not model.state:
            assert begun == "gone"
        elif model.settled:
            assert begun == "settled"
        elif not free:
            # On a slow machine its lease may have lapsed by itself.
            lapsed = time.monotonic() - model.held_at >= LEASE_S
            assert begun == "busy" or (lapsed and begun in ("begun", "exhausted"))
        elif model.attempts >= effects_module.MAX_ATTEMPTS:
            assert begun == "exhausted"
        else:
            assert begun == "begun"
        if begun != "begun":
            assert effect is None
            return multiple()
        assert effect is not None
        model.state, model.holder, model.lapsed = "running", worker, False
        model.held_at = since
        model.attempts += 1
        assert effect.attempts == model.attempts
        return (key, worker)

    @rule(attempt=attempts)
    def renew(self, attempt: tuple[str, str]) -> None:
        key, worker = attempt
        model = self.models[key]
        mine = model.state == "running" and model.holder == worker
        since = time.monotonic()
        assert self.store.renew("c", key, worker) == mine
        if mine:
            model.lapsed, model.held_at = False, since

    @rule(attempt=attempts, result=st.sampled_from(["good", "bad"]), failed=st.booleans())
    def finish(self, attempt: tuple[str, str], result: str, failed: bool) -> None:
        key, worker = attempt
        model = self.models[key]
        mine = model.state == "running" and model.holder == worker
        state: Literal["done", "failed"] = "failed" if failed else "done"
        kind = "bad" if failed else result
        assert self.store.finish("c", key, worker, state, RESULTS[kind], dead=failed) == mine
        if mine:
            self.settle(model, state, kind == "good", worker)

    @rule(attempt=attempts)
    def postpone(self, attempt: tuple[str, str]) -> None:
        key, worker = attempt
        model = self.models[key]
        mine = model.state == "running" and model.holder == worker
        assert self.store.postpone("c", key, worker, 0, "down") == mine
        if mine:
            model.state, model.holder = "asked", ""

    @rule(key=KEYS)
    def supersede(self, key: str) -> None:
        model = self.models[key]
        can = model.state == "asked" and model.attempts == 0
        assert self.store.supersede("c", key) == can
        if can:
            self.settle(model, "superseded", False, "nobody")

    @rule(key=KEYS)
    def give_up(self, key: str) -> None:
        model = self.models[key]
        given_up = self.store.give_up("c", key, "lost")
        if model.state == "asked" or (model.state == "running" and model.lapsed):
            assert given_up
        if given_up:
            assert model.state in ("asked", "running")
            self.settle(model, "failed", False, "nobody")

    @rule()
    def time_passes(self) -> None:
        time.sleep(LAPSE_S)
        for model in self.models.values():
            if model.state == "running":
                model.lapsed = True

    @rule(lose_jobs=st.booleans())
    def look_after(self, lose_jobs: bool) -> None:
        if lose_jobs:
            self.redis.delete(queue.queue_key("live"))
        self.store.take_up_expired()
        for key, model in self.models.items():
            effect = self.store.get("c", key)
            if model.state == "running" and effect is not None and effect.state == "asked":
                model.state, model.holder = "asked", ""
            elif effect is not None and effect.state == "failed" and not model.settled:
                assert model.attempts >= effects_module.MAX_ATTEMPTS
                self.settle(model, "failed", False, "nobody")

    @rule(key=KEYS)
    def revive(self, key: str) -> None:
        model = self.models[key]
        assert self.store.revive("c", key) == (model.state == "failed")
        if model.state == "failed":
            self.models[key] = Model(
                "asked", seen=model.seen, told=model.told, rounds=model.rounds + 1
            )

    def settle(self, model: Model, state: str, ok: bool, worker: str) -> None:
        assert not model.settled, "settled twice"
        model.state, model.ok, model.ended_by = state, ok, worker
        model.told += sorted(model.waiting)
        model.waiting = set()

    @invariant()
    def store_holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "models"):
            return
        told: dict[str, list[str]] = {"k1": [], "k2": []}
        entries: Any = self.redis.xrange(keys.replies("web"))
        for _, fields in entries:
            told[fields[b"key"].decode()] += sorted(orjson.loads(fields[b"ids"]))
        members: list[Any] = self.redis.zrange(keys.OPEN_EFFECTS, 0, -1)
        still_open = {keys.parse_effect_member(member)[1] for member in members}
        for key, model in self.models.items():
            effect = self.store.get("c", key)
            if not model.state:
                assert effect is None
                continue
            assert effect is not None
            assert effect.state == model.state
            assert effect.settled == (effect.result is not None)
            assert (key in still_open) == (not effect.settled), "who looks after it?"
            assert effect.attempts == model.attempts <= effects_module.MAX_ATTEMPTS
            assert told[key] == model.told, "each waiter is told exactly once a round"


def test_every_life_ends_once(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects_module, "MAX_ATTEMPTS", 2)

    class OnThisServer(Life):
        pass

    OnThisServer.redis = redis
    run_state_machine_as_test(
        OnThisServer,
        settings=settings(
            max_examples=int(os.environ.get("STATE_EXAMPLES", "40")),
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def store(redis: Redis) -> EffectStore:
    return EffectStore(redis, Settings(), lease_s=LEASE_S, start_s=LEASE_S)


def test_what_was_begun_is_not_superseded_even_between_attempts(store: EffectStore) -> None:
    store.ask("c", "k", "book_appointment", {}, "t1", {})
    assert store.begin("c", "k", "w1")[0] == "begun"
    assert store.postpone("c", "k", "w1", 0, "down")
    assert not store.supersede("c", "k"), "the calendar may have been written"


def test_lost_attempts_count_and_end(store: EffectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects_module, "MAX_ATTEMPTS", 2)
    store.ask("c", "k", "book_appointment", {}, "t1", {})
    for number in (1, 2):
        begun, effect = store.begin("c", "k", f"w{number}")
        assert begun == "begun"
        assert effect is not None
        assert effect.attempts == number
        time.sleep(LAPSE_S)
    assert store.begin("c", "k", "w3") == ("exhausted", None)
    assert store.take_up_expired() == 1
    effect = store.get("c", "k")
    assert effect is not None
    assert (effect.state, effect.ok) == ("failed", False)
    assert [dead.key for dead in store.dead()] == ["k"]
    assert store.take_up_expired() == 0


def test_a_held_effect_is_busy_for_others(redis: Redis) -> None:
    store = EffectStore(redis, Settings())
    store.ask("c", "k", "book_appointment", {}, "t1", {})
    assert store.begin("c", "k", "w1")[0] == "begun"
    assert store.begin("c", "k", "w2") == ("busy", None)
    assert store.take_up_expired() == 0
    assert store.postpone("c", "k", "w1", 60, "down")
    assert store.begin("c", "k", "w2") == ("early", None)
    assert not store.give_up("c", "absent", "lost")
