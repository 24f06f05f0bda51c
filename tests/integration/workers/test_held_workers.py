"""A job that holds its worker process: it is ended from outside, and everything else goes on."""

from __future__ import annotations

import pytest
from redis import Redis

from app.adapters import queue
from app.adapters.tools.dead_letters import DeadLetters
from app.adapters.tools.execution import Effect
from app.adapters.tools.store import EffectStore
from tests.integration.workers.conftest import Supervise
from tests.support.waiting import eventually


def settled(effects: EffectStore, key: str) -> Effect:
    def probe() -> Effect | None:
        effect = effects.get("c1", key)
        return effect if effect is not None and effect.settled else None

    effect = eventually(probe, timeout=60)
    assert effect is not None
    return effect


@pytest.mark.parametrize("tool", ["spin", "regex", "swallow"])
def test_a_tool_that_holds_its_worker_fails_and_the_others_go_on(
    effects: EffectStore, supervise: Supervise, redis: Redis, tool: str
) -> None:
    part = supervise("live")
    effects.ask("c1", "beside", "slow", {"seconds": 2, "what": "it"}, "t0", {})
    eventually(lambda: redis.exists("test:began:beside"), poll=0.001)
    effects.ask("c1", "bad", tool, {}, "t1", {})
    eventually(lambda: redis.exists("test:tries:bad"), poll=0.001)
    effects.ask("c1", "after", "done", {"what": "it"}, "t2", {})

    after, beside, bad = (settled(effects, key) for key in ("after", "beside", "bad"))

    assert (after.state, after.ok) == ("done", True)
    assert (beside.state, beside.ok, beside.attempts) == ("done", True, 2)
    assert (bad.state, bad.attempts) == ("failed", 1)
    assert bad.error == "it held its worker process and was ended"
    assert [letter.what for letter in DeadLetters(redis, effects).all()] == [tool]
    assert redis.get("test:tries:bad") == b"1", "it is not tried again"
    assert part.alive


def test_a_background_job_that_holds_its_worker_is_buried(
    effects: EffectStore, supervise: Supervise, redis: Redis
) -> None:
    supervise("background")
    with redis.pipeline(transaction=True) as pipeline:
        queue.enqueue(pipeline, "tests.support.worker_process.spin", ("bad",))
        pipeline.execute()
    eventually(lambda: redis.exists("test:job:began:bad"))
    with redis.pipeline(transaction=True) as pipeline:
        queue.enqueue(pipeline, "tests.support.worker_process.job", ("after",))
        pipeline.execute()

    eventually(lambda: redis.exists("test:job:done:after"), timeout=60)
    letters = DeadLetters(redis, effects)
    eventually(lambda: [letter.what for letter in letters.all()], timeout=90)
    assert [letter.what for letter in letters.all()] == ["tests.support.worker_process.spin"]
    assert redis.llen("test:job:began:bad") == 1
