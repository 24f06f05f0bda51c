"""What the caller seems to want while they are still speaking, from partial transcripts.

The partials of a call may reach any process, so they are gathered in Redis; the process that took
one looks at them once no newer one has come for the debounce time. An early intent is shown, never
acted upon: a final replaces it, an interruption drops it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

import gevent
import orjson
import redis
from redis import Redis

from app import logs, metrics
from app.adapters.calls.intake import FILE_EARLY_INTENT
from app.adapters.redis import keys
from app.adapters.redis.scripts import RedisScript
from app.core.agent.directory import Agents, Asked
from app.core.agent.intents import IntentSettings
from app.core.language.intent.engine import IntentEngine
from app.core.language.intent.partial import Early, EarlyIntent
from app.errors import NotFound

log = logs.get(__name__)

MAX_CALLS = 5000


class EarlyIntents:
    """Looks at partials after the debounce time; one timer a call and process, bounded."""

    def __init__(
        self,
        client: Redis,
        engine: IntentEngine,
        agents: Agents,
        *,
        later: Callable[..., Any] = gevent.spawn_later,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] | None = None,
    ) -> None:
        self._redis = client
        self._engine = engine
        self._agents = agents
        self._later = later
        self._clock = clock
        #: What pauses are measured by: a wall clock that is set back must not stop early intents.
        self._steady = steady or (time.monotonic if clock is time.time else clock)
        self._file = RedisScript(client, FILE_EARLY_INTENT)
        self._last: dict[str, float] = {}

    def heard(self, call_id: str, at_ms: int, asked: Asked = Asked()) -> None:  # noqa: B008
        """A partial of this call was stored just now: `at_ms` by the wall clock; `asked` is what
        it tells of the agent."""
        waiting = call_id in self._last
        if not waiting and len(self._last) >= MAX_CALLS:
            return  # only the early intent is lost; the final comes
        self._last[call_id] = self._steady()
        if not waiting:
            wait_s = self._settings(asked).partial_debounce_ms / 1000
            self._later(wait_s, self._due, call_id, asked)

    def _due(self, call_id: str, asked: Asked) -> None:
        wait_s = self._settings(asked).partial_debounce_ms / 1000
        left_s = self._last[call_id] + wait_s - self._steady()
        if left_s > 0:
            self._later(left_s, self._due, call_id, asked)
            return
        del self._last[call_id]
        try:
            self.look(call_id, int(self._clock() * 1000), asked)
        except (redis.RedisError, OSError) as error:
            log.info("no early intent", extra={"call_id": call_id, "why": type(error).__name__})
        except Exception:
            log.exception("early intent failed", extra={"call_id": call_id})
            metrics.ERRORS_TOTAL.labels("early_intent").inc()

    def _settings(self, asked: Asked) -> IntentSettings:
        try:
            return self._agents.route(asked).agent.intents
        except NotFound:  # nobody answers the call: nothing is done about it, whatever is shown
            return IntentSettings()

    def look(self, call_id: str, now_ms: int, asked: Asked = Asked()) -> Early | None:  # noqa: B008
        """Read the call's partials and file the early intent; None where nothing is stable."""
        lines = cast(list[bytes], self._redis.lrange(keys.call(call_id, "partials"), 0, -1))
        settings = self._settings(asked)
        machine = EarlyIntent(self._engine, settings, debounce_ms=settings.partial_debounce_ms)
        early = None
        for line in lines:
            partial = orjson.loads(line)
            early = machine.tick(partial["at_ms"]) or early
            early = machine.partial(partial["text"], partial["at_ms"]) or early
        early = machine.tick(now_ms) or early
        if early is None:
            return None
        shown = {
            "intent": early.result.intent,
            "confidence": round(early.result.confidence, 3),
            "text": early.text,
            "at_ms": now_ms,
        }
        names = {"partials": keys.call(call_id, "partials"), "summary": keys.summary(call_id)}
        filed = self._file(
            names,
            {"count": len(lines), "newest": lines[-1], "early_intent": orjson.dumps(shown)},
        )
        return early if filed else None
