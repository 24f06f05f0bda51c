"""Effects through real worker processes: done once, settled always, answered where the call is."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import TypeVar

import gevent
import pytest
from redis import Redis

from app.adapters import queue
from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.adapters.tools import store as effects_module
from app.adapters.tools.execution import Effect
from app.adapters.tools.replies import Replies, Reply
from app.adapters.tools.store import EffectStore
from app.errors import TooMany
from app.settings import Settings
from tests.integration.workers.conftest import Start
from tests.support.waiting import eventually as unyielding

T = TypeVar("T")


def eventually(probe: Callable[[], T], timeout: float = 20.0) -> T:
    """Wait, and let the test's other greenlets run."""

    def turn() -> T:
        gevent.sleep(0.005)
        return probe()

    return unyielding(turn, timeout=timeout, poll=0)


def settled(effects: EffectStore, key: str, timeout: float = 30.0) -> Effect:
    def probe() -> Effect | None:
        effect = effects.get("c1", key)
        return effect if effect is not None and effect.settled else None

    effect = eventually(probe, timeout=timeout)
    assert effect is not None
    return effect


@pytest.fixture
def replies(settings: Settings, effects: EffectStore) -> Iterator[Replies]:
    reader = Replies(settings, "web-1", effects)
    yield reader
    reader.stop()


class Heard:
    """What a call's holder gets to hear."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.taken = 0

    def on_taken(self, fence: int) -> None:
        self.taken += 1

    def wait(self, count: int, timeout: float = 20.0) -> list[Reply]:
        eventually(lambda: len(self.replies) >= count, timeout=timeout)
        return self.replies


def test_done_once_and_the_holder_is_told(
    effects: EffectStore, calls: CallStore, replies: Replies, start_worker: Start, redis: Redis
) -> None:
    start_worker()
    lease = calls.take("c1", "web-1")
    heard = Heard()
    replies.subscribe("c1", heard.replies.append, fence=lease.fence)
    effect = effects.ask("c1", "k1", "done", {"what": "it"}, "t1", {"agent_id": "x"})
    assert (effect.state, effect.tool_call_ids) == ("asked", ("t1",))
    [reply] = heard.wait(1)
    assert reply == Reply("c1", "k1", "t1", "done", True, {"did": "it"}, None)
    effect = settled(effects, "k1")
    assert (effect.state, effect.ok, effect.attempts) == ("done", True, 1)
    assert effect.result == {"ok": True, "output": {"did": "it"}, "say": None}
    again = effects.ask("c1", "k1", "done", {"what": "it"}, "t2", {})
    assert again.result == effect.result, "the second ask gets the first one's result"
    assert redis.get("test:runs:k1") == b"1"
    assert redis.zcard(keys.OPEN_EFFECTS) == 0


def test_two_askers_get_the_one_result(
    effects: EffectStore, calls: CallStore, replies: Replies, start_worker: Start, redis: Redis
) -> None:
    lease = calls.take("c1", "web-1")
    heard = Heard()
    replies.subscribe("c1", heard.replies.append, fence=lease.fence)
    for tool_call_id in ("t1", "t2", "t1"):
        effects.ask("c1", "k1", "done", {"what": "it"}, tool_call_id, {})
    assert queue.depth(redis, "live") == 1
    start_worker()
    assert sorted(reply.tool_call_id for reply in heard.wait(2)) == ["t1", "t2"]
    gevent.sleep(0.2)
    assert len(heard.replies) == 2
    assert redis.get("test:runs:k1") == b"1"


def test_the_reply_goes_to_whoever_holds_the_call_at_the_end(
    settings: Settings,
    effects: EffectStore,
    calls: CallStore,
    replies: Replies,
    start_worker: Start,
) -> None:
    first = calls.take("c1", "web-1")
    old, new = Heard(), Heard()
    replies.subscribe("c1", old.replies.append, fence=first.fence, on_taken=old.on_taken)
    effects.ask("c1", "k1", "done", {"what": "it"}, "t1", {})
    second = calls.take("c1", "web-2")
    elsewhere = Replies(settings, "web-2", effects)
    try:
        elsewhere.subscribe("c1", new.replies.append, fence=second.fence)
        start_worker()
        assert new.wait(1)[0].output == {"did": "it"}
        eventually(lambda: old.taken == 1)
        assert old.replies == []
    finally:
        elsewhere.stop()


def test_someone_without_a_call_waits_for_a_reply(
    effects: EffectStore, replies: Replies, start_worker: Start
) -> None:
    start_worker()
    effect = effects.ask("c1", "k1", "done", {"what": "it"}, "http", {}, reply_to="web-1")
    reply = replies.wait(effect, "http", 20.0)
    assert reply is not None
    assert reply.output == {"did": "it"}
    assert replies.wait(settled(effects, "k1"), "http", 0.0) == reply
    slow = effects.ask("c1", "k2", "slow", {"seconds": 5}, "http", {}, reply_to="web-1")
    assert replies.wait(slow, "http", 0.1) is None


def test_a_lost_reply_is_found_by_looking(
    effects: EffectStore, calls: CallStore, replies: Replies, start_worker: Start, redis: Redis
) -> None:
    calls.take("c1", "web-gone")
    heard = Heard()
    subscription = replies.subscribe("c1", heard.replies.append)
    subscription.expect("k1", "t1")
    effects.ask("c1", "k1", "done", {"what": "it"}, "t1", {})
    start_worker()
    assert heard.wait(1)[0].output == {"did": "it"}
    subscription.expect("k1", "t1")
    gevent.sleep(1.5)
    assert len(heard.replies) == 1, "a reply comes once"
    assert redis.ttl(keys.replies("web-gone")) > 0


def test_a_closed_subscription_hears_nothing(
    effects: EffectStore, calls: CallStore, replies: Replies, start_worker: Start
) -> None:
    lease = calls.take("c1", "web-1")
    heard = Heard()
    subscription = replies.subscribe("c1", heard.replies.append, fence=lease.fence)
    subscription.close()
    subscription.close()
    effects.ask("c1", "k1", "done", {"what": "it"}, "t1", {})
    start_worker()
    settled(effects, "k1")
    gevent.sleep(0.2)
    assert heard.replies == []


def test_superseded_before_it_began(
    effects: EffectStore, calls: CallStore, replies: Replies, start_worker: Start, redis: Redis
) -> None:
    lease = calls.take("c1", "web-1")
    heard = Heard()
    replies.subscribe("c1", heard.replies.append, fence=lease.fence)
    effects.ask("c1", "k1", "done", {"what": "it"}, "t1", {})
    assert effects.supersede("c1", "k1")
    assert not effects.supersede("c1", "k1")
    [reply] = heard.wait(1)
    assert (reply.state, reply.ok) == ("superseded", False)
    start_worker()
    effects.ask("c1", "k2", "done", {"what": "other"}, "t2", {})
    settled(effects, "k2")
    assert redis.get("test:runs:k1") is None
    again = effects.ask("c1", "k1", "done", {"what": "it"}, "t3", {})
    assert again.state == "asked", "the caller may change their mind again"
    assert settled(effects, "k1").state == "done"


def test_not_superseded_once_it_began(
    effects: EffectStore, start_worker: Start, redis: Redis
) -> None:
    start_worker()
    effects.ask("c1", "k1", "slow", {"seconds": 0.5}, "t1", {})
    eventually(lambda: redis.exists("test:began:k1"))
    assert not effects.supersede("c1", "k1")
    assert settled(effects, "k1").state == "done"
    assert not effects.supersede("c1", "k1")
    assert not effects.supersede("c1", "never-asked")


def test_tried_again_with_growing_delays(
    effects: EffectStore, start_worker: Start, redis: Redis
) -> None:
    start_worker()
    effects.ask("c1", "k1", "down", {"times": 2}, "t1", {})
    effect = settled(effects, "k1")
    assert (effect.state, effect.attempts) == ("done", 3)
    assert redis.get("test:runs:k1") == b"1"


def test_refused_and_asked_for_again(
    effects: EffectStore, start_worker: Start, redis: Redis
) -> None:
    start_worker()
    effects.ask("c1", "k1", "refused", {}, "t1", {})
    effect = settled(effects, "k1")
    assert (effect.state, effect.ok) == ("done", False)
    assert effects.ask("c1", "k1", "refused", {}, "t1", {}).settled, "the same call asks again"
    assert effects.ask("c1", "k1", "refused", {}, "t2", {}).state == "asked"
    eventually(lambda: redis.get("test:runs:k1") == b"2")


def test_a_reading_is_read_anew_by_a_new_tool_call(
    effects: EffectStore, start_worker: Start, redis: Redis
) -> None:
    start_worker()
    effects.ask("c1", "k1", "check_availability", {"what": "a"}, "t1", {})
    settled(effects, "k1")
    assert effects.ask("c1", "k1", "check_availability", {"what": "a"}, "t1", {}).settled
    assert not effects.ask("c1", "k1", "check_availability", {"what": "a"}, "t2", {}).settled
    eventually(lambda: redis.get("test:runs:k1") == b"2")


@pytest.mark.parametrize(("tool", "attempts"), [("nonsense", 1), ("unheard_of", 1)])
def test_what_cannot_work_is_a_dead_letter_at_once(
    effects: EffectStore, start_worker: Start, redis: Redis, tool: str, attempts: int
) -> None:
    start_worker()
    effects.ask("c1", "k1", tool, {}, "t1", {})
    effect = settled(effects, "k1")
    assert (effect.state, effect.ok, effect.attempts) == ("failed", False, attempts)
    assert [dead.key for dead in effects.dead()] == ["k1"]
    assert effects.forget("c1", "k1")
    assert effects.dead() == []


def test_poison_ends_as_a_dead_letter_and_can_be_revived(
    effects: EffectStore, calls: CallStore, replies: Replies, start_worker: Start, redis: Redis
) -> None:
    lease = calls.take("c1", "web-1")
    heard = Heard()
    replies.subscribe("c1", heard.replies.append, fence=lease.fence)
    start_worker()
    effects.ask("c1", "k1", "broken", {}, "t1", {})
    effect = settled(effects, "k1", timeout=60)
    assert (effect.state, effect.attempts) == ("failed", effects_module.MAX_ATTEMPTS)
    assert "KeyError" in effect.error
    assert redis.get("test:tries:k1") == str(effects_module.MAX_ATTEMPTS).encode()
    assert heard.wait(1)[0].state == "failed"
    [dead] = effects.dead()
    assert dead.key == "k1"
    assert not effects.revive("c1", "no-such")
    assert effects.revive("c1", "k1")
    assert not effects.revive("c1", "k1")
    eventually(lambda: int(redis.get("test:tries:k1") or 0) > effects_module.MAX_ATTEMPTS)


def test_effects_of_one_call_are_bounded(
    effects: EffectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects_module, "MAX_EFFECTS", 2)
    effects.ask("c1", "k1", "done", {}, "t1", {})
    effects.ask("c1", "k2", "done", {}, "t2", {})
    effects.ask("c1", "k1", "done", {}, "t3", {})
    with pytest.raises(TooMany):
        effects.ask("c1", "k3", "done", {}, "t4", {})
    effects.ask("c2", "k1", "done", {}, "t1", {})


def test_the_story_has_the_tool_calls(
    effects: EffectStore, calls: CallStore, start_worker: Start
) -> None:
    calls.take("c1", "web-1")
    start_worker()
    effects.ask("c1", "k1", "done", {"what": "it"}, "t1", {"caller_number": "+15550100"})
    settled(effects, "k1")
    story = calls.snapshot("c1")
    assert story is not None
    assert story["holder"] == "web-1"
    [tool_call] = story["tool_calls"]
    assert (tool_call["tool"], tool_call["state"]) == ("done", "done")
    assert tool_call["arguments"] == {"what": "it"}
    assert tool_call["result"]["output"] == {"did": "it"}
    assert "context" not in tool_call


def test_nothing_is_left_without_an_end(
    effects: EffectStore, calls: CallStore, start_worker: Start, redis: Redis
) -> None:
    part = start_worker()
    lease = calls.take("c1", "web-1")
    calls.save("c1", {}, fence=lease.fence)
    effects.ask("c1", "k1", "done", {}, "t1", {})
    effects.ask("c1", "k2", "nonsense", {}, "t2", {})
    settled(effects, "k1")
    settled(effects, "k2")
    calls.end("c1")
    part.send(signal.SIGTERM)
    eventually(lambda: not part.alive)
    assert part.status == "ended with status 0"
    endless = {
        key for key in redis.scan_iter("*") if redis.ttl(key) < 0 and not key.startswith(b"test:")
    }
    assert endless <= {b"rq:queues", b"rq:workers", b"rq:workers:live"}, endless
