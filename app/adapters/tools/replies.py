"""Replies to this process: results of effects, calls that another process has taken, and what
somebody at the console does in a call.

One greenlet per process reads one Redis stream and hands what comes to the calls that wait. A
reply that got lost (Redis was restarted, the call moved) is found by looking at the effect itself,
a second after it was asked for and then once a second until it has ended.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import gevent
import orjson
import redis
from gevent.event import AsyncResult

from app import logs, metrics
from app.adapters.redis import keys
from app.adapters.redis.client import connect
from app.adapters.tools.execution import Effect
from app.adapters.tools.store import EffectStore
from app.core.call.events import StepIn
from app.errors import Unavailable
from app.settings import Settings

#: One read waits this long; then what is still missing is looked up.
READ_S = 1.0
#: An effect that was asked for is looked up when its reply has not come in this time.
PATIENCE_S = 1.0
#: How long it stays known that this process lived when another one took a call of its own.
HANDED_S = 10

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """The end of an effect, for one of the tool calls that wait for it."""

    call_id: str
    key: str
    tool_call_id: str
    state: str
    ok: bool
    output: dict[str, Any]
    say: str | None = None

    @classmethod
    def of(cls, effect: Effect, tool_call_id: str) -> Reply:
        """The reply that a settled effect is."""
        result = effect.result or {}
        return cls(
            effect.call_id,
            effect.key,
            tool_call_id,
            effect.state,
            bool(result.get("ok")),
            dict(result.get("output") or {}),
            result.get("say"),
        )


@dataclass(slots=True)
class Wait:
    """One tool call that waits for its effect; times are monotonic."""

    key: str
    asked_at: float
    look_at: float
    """When the effect is looked up, if no reply has come."""

    @property
    def tool(self) -> str:
        """The tool's name, with which a key begins."""
        return self.key.rpartition("-")[0] or "?"


@dataclass(eq=False)
class Subscription:
    """One holder's wait for the replies of its call; `close` it when the call leaves."""

    call_id: str
    fence: int
    on_reply: Callable[[Reply], None]
    on_taken: Callable[[int], None] | None
    on_step_in: Callable[[StepIn], None] | None
    _replies: Replies
    waiting: dict[str, Wait] = field(default_factory=dict)
    """By tool call id."""
    answered: set[str] = field(default_factory=set)

    def expect(self, key: str, tool_call_id: str) -> None:
        """Wait for the end of an effect that is being asked for; its reply comes exactly once."""
        if tool_call_id not in self.answered:
            now = time.monotonic()
            self.waiting[tool_call_id] = Wait(key, now, now + PATIENCE_S)

    def close(self) -> None:
        """No callback is called any more."""
        self._replies.drop(self)


class Replies:
    """All waits of one process. Callbacks run in the reading greenlet: they must not block.

    `process` is the name under which this process takes calls; nobody else may have it.
    """

    def __init__(self, settings: Settings, process: str, effects: EffectStore) -> None:
        self.process = process
        self._effects = effects
        self._redis = connect(settings, connections=1, command_s=READ_S + 2.0)
        self._last = b"0-0"
        self._subscriptions: dict[str, list[Subscription]] = {}
        self._reader: gevent.Greenlet[..., None] | None = None
        self._sweeper: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Begin to read; also called by the first subscription."""
        if self._reader is None or self._reader.dead:
            self._reader = gevent.spawn(self._read_for_ever)
        if self._sweeper is None or self._sweeper.dead:
            self._sweeper = gevent.spawn(self._sweep_for_ever)

    def stop(self) -> None:
        """End the greenlets and the connection."""
        for greenlet in (self._reader, self._sweeper):
            if greenlet is not None:
                greenlet.kill()
        self._redis.close()

    def subscribe(
        self,
        call_id: str,
        on_reply: Callable[[Reply], None],
        *,
        fence: int = 0,
        on_taken: Callable[[int], None] | None = None,
        on_step_in: Callable[[StepIn], None] | None = None,
    ) -> Subscription:
        """Have `on_reply` called with each reply to this call, `on_taken` with the fence of each
        holder that takes it, where that is greater than `fence`, `on_step_in` with what somebody at
        the console does. Subscribe before asking for the first effect."""
        self.start()
        subscription = Subscription(call_id, fence, on_reply, on_taken, on_step_in, self)
        self._subscriptions.setdefault(call_id, []).append(subscription)
        return subscription

    def drop(self, subscription: Subscription) -> None:
        """End a subscription; ending it twice does nothing."""
        held = self._subscriptions.get(subscription.call_id, [])
        if subscription in held:
            held.remove(subscription)
        if not held:
            self._subscriptions.pop(subscription.call_id, None)

    def wait(self, effect: Effect, tool_call_id: str, timeout_s: float) -> Reply | None:
        """Wait in this greenlet for the end of an effect that was asked for with
        ``reply_to=replies.process``; None when it has not ended in time."""
        if effect.settled:
            return Reply.of(effect, tool_call_id)
        answer: AsyncResult[Reply] = AsyncResult()

        def take(reply: Reply) -> None:
            if reply.tool_call_id == tool_call_id:
                answer.set(reply)

        subscription = self.subscribe(effect.call_id, take, fence=-1)
        now = time.monotonic()
        subscription.waiting[tool_call_id] = Wait(effect.key, now, now)
        try:
            return answer.get(timeout=timeout_s)
        except gevent.Timeout:
            return None
        finally:
            subscription.close()

    def _read_for_ever(self) -> None:
        away = False
        while True:
            try:
                found: Any = self._redis.xread(
                    {keys.replies(self.process): self._last}, count=500, block=int(READ_S * 1000)
                )
            except (redis.RedisError, OSError) as error:
                if not away:
                    log.warning("replies cannot be read", extra={"error": type(error).__name__})
                away = True
                gevent.sleep(0.2)
                continue
            if away:
                log.info("reading replies again")
                away = False
            for _, entries in found or ():
                for entry_id, fields in entries:
                    self._last = entry_id
                    self._guarded(self._take, fields)
            gevent.sleep(0)

    def _take(self, fields: dict[bytes, bytes]) -> None:
        if b"taken" in fields:
            self._taken(fields[b"taken"].decode(), int(fields[b"fence"]))
            return
        if b"step_in" in fields:
            self._step_in(fields[b"call"].decode(), orjson.loads(fields[b"step_in"]))
            return
        call_id, key = fields[b"call"].decode(), fields[b"key"].decode()
        result = orjson.loads(fields[b"result"])
        for tool_call_id in orjson.loads(fields[b"ids"]):
            self._deliver(
                Reply(
                    call_id,
                    key,
                    tool_call_id,
                    fields[b"state"].decode(),
                    bool(result.get("ok")),
                    dict(result.get("output") or {}),
                    result.get("say"),
                )
            )

    def _taken(self, call_id: str, fence: int) -> None:
        for subscription in tuple(self._subscriptions.get(call_id, ())):
            if subscription.on_taken is not None and 0 <= subscription.fence < fence:
                self._guarded(subscription.on_taken, fence)
        with suppress(redis.RedisError, OSError):
            self._redis.set(keys.handed(call_id, fence), 1, ex=HANDED_S)

    def _step_in(self, call_id: str, told: dict[str, str]) -> None:
        for subscription in tuple(self._subscriptions.get(call_id, ())):
            if subscription.on_step_in is not None:
                with logs.bind(call_id=call_id):
                    self._guarded(subscription.on_step_in, StepIn(**told))  # type: ignore[arg-type]

    def _deliver(self, reply: Reply) -> None:
        for subscription in tuple(self._subscriptions.get(reply.call_id, ())):
            if reply.tool_call_id in subscription.answered:
                continue
            if subscription.fence < 0 and reply.tool_call_id not in subscription.waiting:
                continue
            subscription.answered.add(reply.tool_call_id)
            wait = subscription.waiting.pop(reply.tool_call_id, None)
            if wait is not None:
                seconds = time.monotonic() - wait.asked_at
                metrics.EFFECT_WAIT.labels(wait.tool).observe(seconds)
            with logs.bind(call_id=reply.call_id):
                self._guarded(subscription.on_reply, reply)

    def _sweep_for_ever(self) -> None:
        while True:
            gevent.sleep(PATIENCE_S / 2)
            self._guarded(self._sweep)

    def _sweep(self) -> None:
        """Look up what has been waited for too long."""
        now = time.monotonic()
        late: dict[tuple[str, str], list[str]] = {}
        for call_id, subscriptions in self._subscriptions.items():
            for subscription in subscriptions:
                for tool_call_id, wait in subscription.waiting.items():
                    if wait.look_at <= now:
                        late.setdefault((call_id, wait.key), []).append(tool_call_id)
                        wait.look_at = now + PATIENCE_S
        if not late:
            return
        try:
            found = self._effects.get_many(late)
        except Unavailable:
            return
        for effect in found:
            if effect.settled:
                for tool_call_id in late[effect.call_id, effect.key]:
                    self._deliver(Reply.of(effect, tool_call_id))

    def _guarded(self, function: Callable[..., None], *args: Any) -> None:
        try:
            function(*args)
        except Exception:
            log.exception("reply could not be delivered")
            metrics.ERRORS_TOTAL.labels("replies").inc()
