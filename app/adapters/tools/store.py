"""Side effects: each is asked for under a key, run by a worker, and settled exactly once.

The life of an effect is in Redis (`lua/`), not in any process: a web process asks, a
worker begins, renews its lease, and finishes; if that worker dies another one takes the effect up
within seconds. A handler may therefore run more than once for one key and must bear it.

Every method raises `Unavailable` where Redis is away or full, in bounded time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, cast

import orjson
from redis import Redis

from app.adapters import queue
from app.adapters.job_names import RUN_EFFECT
from app.adapters.redis import keys
from app.adapters.redis.client import guarded
from app.adapters.redis.scripts import RedisScript, load_script
from app.adapters.tools.execution import GIVEN_UP, REPLACED, Effect
from app.core.tools.declarations import TOOLS, Kind
from app.errors import TooMany
from app.settings import Settings

_HERE = Path(__file__).parent
#: A worker that did not renew for this long is taken to be dead.
LEASE_S = 5.0
#: A queued effect that nobody began in this time is looked after.
START_S = 2.0
DEADLINE_S = 8.0
#: Seconds before each further attempt, when one failed for a reason that may pass.
RETRY_DELAYS_S = (0.25, 0.5, 1.0, 2.0, 4.0)
#: Seconds before the job itself is tried again, when Redis failed it.
JOB_RETRY_DELAYS_S = (1, 2, 4)
MAX_ATTEMPTS = len(RETRY_DELAYS_S) + 1
#: Effects of one call, and how often one of them may be asked for again.
MAX_EFFECTS = 200
MAX_ROUNDS = 20
MAX_RESULT_BYTES = 64_000

Begun = Literal["begun", "gone", "settled", "busy", "early", "exhausted"]


class EffectStore:
    """All effects, as every process sees them. `lease_s` is how long a silent worker is believed
    in; all processes must use the same."""

    def __init__(
        self,
        redis: Redis,
        settings: Settings,
        *,
        lease_s: float = LEASE_S,
        start_s: float = START_S,
    ) -> None:
        self._redis = redis
        self.lease_s = lease_s
        self._start_s = start_s
        self._keep_s = max(settings.record_retention_s, settings.live_call_ttl_s)
        self._ask = RedisScript(redis, load_script(_HERE, "ask"))
        self._begin = RedisScript(redis, load_script(_HERE, "begin"))
        self._renew = RedisScript(redis, load_script(_HERE, "renew"))
        self._finish = RedisScript(redis, load_script(_HERE, "finish"))
        self._postpone = RedisScript(redis, load_script(_HERE, "postpone"))
        self._supersede = RedisScript(redis, load_script(_HERE, "supersede"))
        self._take_up = RedisScript(redis, load_script(_HERE, "take_up"))
        self._revive = RedisScript(redis, load_script(_HERE, "revive"))

    # For whoever wants something done

    @guarded
    def ask(
        self,
        call_id: str,
        key: str,
        tool: str,
        arguments: Mapping[str, Any],
        tool_call_id: str,
        context: Mapping[str, Any],
        *,
        deadline_s: float = DEADLINE_S,
        reply_to: str = "",
        kind: Kind | None = None,
    ) -> Effect:
        """Have `tool` run under `key`, unless it was already; give the effect as it is now.

        Where it is settled the result is there, and no reply follows. Where not, every
        `tool_call_id` that asked gets the one result through `Replies`: in the process that holds
        the call when the effect ends, or in process `reply_to`. A tool call that asks again gets
        what it got before; a new one has a failed, superseded or refused effect, or a mere
        reading, run again. `context` (JSON values) goes to the handler. `kind` is the tool's, if it
        is not a built-in one.

        Raises `TooMany` beyond `MAX_EFFECTS` effects in one call.
        """
        job = queue.prepare(
            RUN_EFFECT,
            (call_id, key),
            queue="live",
            retry_delays_s=(1, 2, 4),
            about=f"effect {tool}",
        )
        if kind is None and tool in TOOLS:
            kind = TOOLS[tool].kind
        created, flat = self._ask(
            keys={
                "effect": keys.effect(call_id, key),
                "index": keys.effects(call_id),
                "open": keys.OPEN_EFFECTS,
                "dead": keys.DEAD_EFFECTS,
                **job.keys,
            },
            args={
                "key": key,
                "member": keys.effect_member(call_id, key),
                "tool": tool,
                "arguments": orjson.dumps(dict(arguments)),
                "context": orjson.dumps(dict(context)),
                "tool_call_id": tool_call_id,
                "reply_to": reply_to,
                "deadline_s": deadline_s,
                "start_s": self._start_s,
                "keep_s": self._keep_s,
                "again": int(kind == "read"),
                "most": MAX_EFFECTS,
                "most_rounds": MAX_ROUNDS,
                **job.args,
            },
        )
        if created < 0:
            raise TooMany("too many different requests in one call", code="too_many_effects")
        return Effect.of_flat(call_id, flat)

    @guarded
    def get(self, call_id: str, key: str) -> Effect | None:
        """The effect as it is now; None where it is not known."""
        fields = cast(dict[bytes, bytes], self._redis.hgetall(keys.effect(call_id, key)))
        return Effect.of(call_id, fields) if fields else None

    @guarded
    def get_many(self, wanted: Iterable[tuple[str, str]]) -> list[Effect]:
        """Those effects `(call_id, key)` that are known, in one round trip."""
        pairs = list(wanted)
        pipeline = self._redis.pipeline(transaction=False)
        for call_id, key in pairs:
            pipeline.hgetall(keys.effect(call_id, key))
        found = zip(pairs, pipeline.execute(), strict=True)
        return [Effect.of(call_id, fields) for (call_id, _), fields in found if fields]

    @guarded
    def of_call(self, call_id: str) -> list[Effect]:
        """All effects of a call, oldest first."""
        members = cast(list[bytes], self._redis.zrange(keys.effects(call_id), 0, -1))
        return self.get_many((call_id, member.decode()) for member in members)

    @guarded
    def supersede(self, call_id: str, key: str) -> bool:
        """Take an effect back. True only if no worker ever began it; then none ever will."""
        return bool(
            self._supersede(
                keys={
                    "effect": keys.effect(call_id, key),
                    "open": keys.OPEN_EFFECTS,
                    "lease": keys.lease(call_id),
                },
                args={
                    "member": keys.effect_member(call_id, key),
                    "call_id": call_id,
                    "key": key,
                    "prefix": keys.replies(""),
                    "result": orjson.dumps(REPLACED),
                },
            )
        )

    # For workers

    @guarded
    def begin(self, call_id: str, key: str, worker: str) -> tuple[Begun, Effect | None]:
        """Take the effect on. Only `"begun"` means that this worker may run it, and must `finish`
        or `postpone` it. `worker` must be a name of this one attempt."""
        answer, flat = self._begin(
            keys={"effect": keys.effect(call_id, key), "open": keys.OPEN_EFFECTS},
            args={
                "member": keys.effect_member(call_id, key),
                "worker": worker,
                "lease_s": self.lease_s,
                "most_attempts": MAX_ATTEMPTS,
            },
        )
        begun = cast(Begun, answer.decode())
        return begun, Effect.of_flat(call_id, flat) if begun == "begun" else None

    @guarded
    def renew(self, call_id: str, key: str, worker: str) -> bool:
        """Keep the lease. False where another worker has it: this one's result will not count."""
        return bool(
            self._renew(
                keys={"effect": keys.effect(call_id, key), "open": keys.OPEN_EFFECTS},
                args={
                    "member": keys.effect_member(call_id, key),
                    "worker": worker,
                    "lease_s": self.lease_s,
                },
            )
        )

    def finish(
        self,
        call_id: str,
        key: str,
        worker: str,
        state: Literal["done", "failed"],
        result: Mapping[str, Any],
        *,
        error: str = "",
        dead: bool = False,
    ) -> bool:
        """Settle the effect and tell everyone who waits, in one step.

        False where the effect is not this worker's any more. `dead` makes it a dead letter.
        """
        return self._settle(call_id, key, worker, state, result, error, dead)

    @guarded
    def postpone(self, call_id: str, key: str, worker: str, delay_s: float, error: str) -> bool:
        """Give the effect back for another attempt in `delay_s`. False where it is not this
        worker's any more."""
        return bool(
            self._postpone(
                keys={"effect": keys.effect(call_id, key), "open": keys.OPEN_EFFECTS},
                args={
                    "member": keys.effect_member(call_id, key),
                    "worker": worker,
                    "delay_s": delay_s,
                    "error": error[:500],
                },
            )
        )

    def give_up(self, call_id: str, key: str, error: str) -> bool:
        """Settle an effect as failed that nobody is at, as a dead letter."""
        return self._settle(call_id, key, "", "failed", GIVEN_UP, error, True)

    @guarded
    def take_up_expired(self, limit: int = 100) -> int:
        """Look after the effects whose time has come; give how many were queued or given up.

        To be called a few times a second by some worker; any number of them may do so at once.
        """
        seconds, micros = self._redis.time()
        due = cast(
            list[bytes],
            self._redis.zrangebyscore(
                keys.OPEN_EFFECTS, "-inf", seconds + micros / 1e6, start=0, num=limit
            ),
        )
        return sum(self._look_after(*keys.parse_effect_member(member)) for member in due)

    # For people

    @guarded
    def dead(self, limit: int = 100) -> list[Effect]:
        """Effects that were given up, newest first."""
        members = cast(list[bytes], self._redis.zrevrange(keys.DEAD_EFFECTS, 0, limit - 1))
        found = self.get_many(keys.parse_effect_member(member) for member in members)
        return [effect for effect in found if effect.state == "failed"]

    @guarded
    def revive(self, call_id: str, key: str) -> bool:
        """Have an effect that was given up tried again. False where it is not one."""
        job = _job(call_id, key, "effect again")
        return bool(
            self._revive(
                keys={
                    "effect": keys.effect(call_id, key),
                    "open": keys.OPEN_EFFECTS,
                    "dead": keys.DEAD_EFFECTS,
                    **job.keys,
                },
                args={
                    "member": keys.effect_member(call_id, key),
                    "start_s": self._start_s,
                    "deadline_s": DEADLINE_S,
                    "keep_s": self._keep_s,
                    **job.args,
                },
            )
        )

    @guarded
    def forget(self, call_id: str, key: str) -> bool:
        """Take an effect off the dead letters; the call's story keeps it."""
        member = keys.effect_member(call_id, key)
        return bool(self._redis.zrem(keys.DEAD_EFFECTS, member))

    def _look_after(self, call_id: str, key: str) -> bool:
        job = _job(call_id, key, "effect taken up")
        answer = self._take_up(
            keys={
                "effect": keys.effect(call_id, key),
                "open": keys.OPEN_EFFECTS,
                **job.keys,
            },
            args={
                "member": keys.effect_member(call_id, key),
                "start_s": self._start_s,
                "most_attempts": MAX_ATTEMPTS,
                **job.args,
            },
        )
        if answer == b"exhausted":
            return self.give_up(call_id, key, "every attempt was lost")
        return bool(answer == b"taken")

    @guarded
    def _settle(
        self,
        call_id: str,
        key: str,
        worker: str,
        state: str,
        result: Mapping[str, Any],
        error: str,
        dead: bool,
    ) -> bool:
        blob = orjson.dumps(dict(result))
        if len(blob) > MAX_RESULT_BYTES:
            raise ValueError(f"a tool's result has {len(blob)} bytes")
        return bool(
            self._finish(
                keys={
                    "effect": keys.effect(call_id, key),
                    "open": keys.OPEN_EFFECTS,
                    "lease": keys.lease(call_id),
                    "dead": keys.DEAD_EFFECTS,
                    "summary": keys.summary(call_id),
                    "report_work": keys.report_work(call_id),
                    "reports_due": keys.REPORTS_DUE,
                },
                args={
                    "member": keys.effect_member(call_id, key),
                    "worker": worker,
                    "state": state,
                    "ok": int(bool(result.get("ok"))),
                    "result": blob,
                    "call_id": call_id,
                    "key": key,
                    "prefix": keys.replies(""),
                    "keep_s": self._keep_s,
                    "is_dead": int(dead),
                    "error": error[:500],
                },
            )
        )


def _job(call_id: str, key: str, about: str) -> queue.Prepared:
    """The job that runs an effect."""
    return queue.prepare(
        RUN_EFFECT, (call_id, key), queue="live", retry_delays_s=JOB_RETRY_DELAYS_S, about=about
    )
