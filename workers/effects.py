"""The job behind every side effect: run a tool's handler under its key, settle the effect.

The runtime's `tools` name the handler of each tool. A handler may be run again for the same key
(its worker died, its calendar was down) and must then do nothing twice.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import gevent

from app import logs, metrics
from app.adapters.notify.channels import can_tell_office, can_text
from app.adapters.tools.context import Handler, ToolContext
from app.adapters.tools.execution import GIVEN_UP, Effect
from app.adapters.tools.store import (
    MAX_ATTEMPTS,
    MAX_RESULT_BYTES,
    RETRY_DELAYS_S,
    EffectStore,
)
from app.core.agent.directory import VersionGone
from app.core.agent.reference import AgentRef
from app.core.language.phone_numbers import identify
from app.core.tools.declarations import Policy
from app.errors import CalendarDown, CalendarRefused, Unavailable
from workers.own_tools import find_handler
from workers.runtime import Runtime, runtime

#: One attempt may take this long; a handler that waits for its calendar has its own shorter limits.
ATTEMPT_S = 10.0

log = logs.get(__name__)


class AttemptTimeout(Exception):
    """A handler did not come back in time."""


def run(call_id: str, key: str) -> None:
    """The job. Returns when there is nothing (more) to do; raises only where Redis is away."""
    at_work = runtime()
    worker = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:12]}"
    begun, effect = at_work.effects.begin(call_id, key, worker)
    if begun == "exhausted":
        at_work.effects.give_up(call_id, key, "every attempt was lost")
        lost = at_work.effects.get(call_id, key)
        if lost is not None:
            _after_giving_up(at_work, lost)
    if effect is None:
        return
    with logs.bind(call_id=call_id), _held(at_work.effects, effect, worker):
        _attempt(at_work, effect, worker)


def give_up_held(at_work: Runtime, call_id: str, key: str, process: str, error: str) -> None:
    """Settle as failed an effect that held its process, which is gone: its worker's name begins
    with `process`. Does nothing where another worker has it by now."""
    effect = at_work.effects.get(call_id, key)
    if effect is None or effect.state != "running" or not effect.worker.startswith(process):
        return
    _settle(at_work, effect, effect.worker, None, error)


def _attempt(at_work: Runtime, effect: Effect, worker: str) -> None:
    policy = Policy()
    try:
        ctx = context_of(at_work, effect)
        handler = _handler(at_work, ctx, effect.tool)
        if handler is None:
            _settle(at_work, effect, worker, None, f"no handler for {effect.tool}")
            return
        if effect.tool in ctx.agent.toolset:
            policy = ctx.agent.toolset[effect.tool].policy
        with gevent.Timeout(_limit_s(policy), AttemptTimeout("no result in time")):
            result: Any = handler(ctx, effect.arguments)
    except (CalendarDown, Unavailable) as error:
        attempts = policy.attempts or MAX_ATTEMPTS
        wait_s = error.retry_after if isinstance(error, CalendarDown) else 0.0
        why = f"{error.code}: {error.message}"
        _again(at_work, effect, worker, why, attempts, wait_s)
        return
    except VersionGone as error:
        _settle(at_work, effect, worker, None, f"{error.code}: {error.message}")
        return
    except CalendarRefused as error:
        log.error("the calendar refuses for good", extra={"tool": effect.tool})
        _settle(at_work, effect, worker, None, f"{error.code}: {error.message}")
        return
    except Exception as error:
        log.exception("tool failed", extra={"tool": effect.tool, "attempt": effect.attempts})
        metrics.ERRORS_TOTAL.labels("effect").inc()
        _again(at_work, effect, worker, f"{type(error).__name__}: {error}")
        return
    problem = _problem(result)
    if problem:
        log.error("tool returned no usable result", extra={"tool": effect.tool, "problem": problem})
    _settle(at_work, effect, worker, None if problem else result, problem)


def _handler(at_work: Runtime, ctx: ToolContext, name: str) -> Handler | None:
    """The built-in tool of that name, or one of the agent's own."""
    if name in at_work.tools:
        return at_work.tools[name].handler
    return find_handler(
        at_work.settings_of(ctx.agent), at_work.effects.of_call, ctx, name, at_work.servers
    )


def _limit_s(policy: Policy) -> float:
    """How long an attempt may take; a limit of the tool's own ends first and says more."""
    return ATTEMPT_S if policy.timeout_s is None else max(ATTEMPT_S, policy.timeout_s + 1.0)


def _again(
    at_work: Runtime,
    effect: Effect,
    worker: str,
    error: str,
    attempts: int = MAX_ATTEMPTS,
    wait_s: float = 0.0,
) -> None:
    """The attempt failed: another one after `wait_s` or more, or none after `attempts` of them."""
    if effect.attempts >= min(attempts, MAX_ATTEMPTS):
        _settle(at_work, effect, worker, None, error)
        return
    delay = max(RETRY_DELAYS_S[effect.attempts - 1], wait_s)
    log.warning(
        "retrying tool",
        extra={"tool": effect.tool, "attempt": effect.attempts, "delay_s": delay, "error": error},
    )
    at_work.effects.postpone(effect.call_id, effect.key, worker, delay, error)


def _settle(
    at_work: Runtime, effect: Effect, worker: str, result: dict[str, Any] | None, error: str
) -> None:
    state = "failed" if result is None else "done"
    mine = at_work.effects.finish(
        effect.call_id,
        effect.key,
        worker,
        "failed" if result is None else "done",
        GIVEN_UP if result is None else result,
        error=error,
        dead=result is None,
    )
    if not mine:
        # Its lease had lapsed, and another worker has run it since or is at it.
        log.warning("late tool result ignored", extra={"tool": effect.tool})
        state = "lost"
    elif result is None:
        _after_giving_up(at_work, effect)
    with suppress(Unavailable):
        at_work.calls.index.refresh(effect.call_id)
    metrics.EFFECTS_TOTAL.labels(effect.tool if effect.tool in at_work.tools else "?", state).inc()
    log.info(
        "effect",
        extra={
            "tool": effect.tool,
            "state": state,
            "ok": bool(result and result["ok"]),
            "attempt": effect.attempts,
            "seconds": round(effect.age_s, 3),
            "error": error or None,
        },
    )


def _after_giving_up(at_work: Runtime, effect: Effect) -> None:
    tool = at_work.tools.get(effect.tool)
    if tool is not None and tool.after_giving_up is not None:
        tool.after_giving_up(at_work, effect.call_id, effect.key)


def _problem(result: Any) -> str:
    """What is wrong with a handler's result; empty where nothing is."""
    if not isinstance(result, dict) or not isinstance(result.get("output"), dict):
        return "not of the form {ok, output, say}"
    if not isinstance(result.get("ok"), bool):
        return "`ok` is not true or false"
    if len(repr(result)) > MAX_RESULT_BYTES:
        return "too large"
    return ""


@contextmanager
def _held(store: EffectStore, effect: Effect, worker: str) -> Iterator[None]:
    """Keep the effect's lease while the block runs."""
    beat = gevent.spawn(_renew_for_ever, store, effect, worker)
    try:
        yield
    finally:
        beat.kill()


def _renew_for_ever(store: EffectStore, effect: Effect, worker: str) -> None:
    while True:
        gevent.sleep(store.lease_s / 3)
        try:
            if not store.renew(effect.call_id, effect.key, worker):
                return
        except Unavailable:
            continue


def context_of(at_work: Runtime, effect: Effect) -> ToolContext:
    """What the handler is given. The members of the effect's context are all optional: `agent` (its
    name), `agent_id` (Retell's), `caller_number`, `caller_time_zone`, `heard` (role, words and,
    where known, the Unix seconds of each utterance), `began_at` (of the call), `consent` ("stated"
    where the caller asked for just this). Raises `NotFound` for an agent that there is none of."""
    told = effect.context
    who = AgentRef.from_json(told)
    agent = at_work.agents.find(who)
    settings = at_work.settings_of(agent)
    heard = list(told.get("heard") or ())
    told_number = str(told.get("caller_number") or "")
    caller = identify(told_number, agent.country_for())
    return ToolContext(
        call_id=effect.call_id,
        key=effect.key,
        agent=at_work.servers.catalog.equip(agent),
        now=dt.datetime.now(dt.UTC),
        caller_number=caller.e164 if caller else "",
        consent=str(told.get("consent") or ""),
        told_number=told_number,
        retell_agent_id=who.retell_agent_id,
        only_business=len(at_work.agents.businesses) == 1,
        redis=at_work.redis,
        calendar=at_work.calendar(agent),
        deadline=effect.ends_at,
        asked_at=effect.asked_at,
        caller_time_zone=told.get("caller_time_zone"),
        can_text=can_text(settings),
        can_tell_office=can_tell_office(settings, agent),
        heard=tuple((str(item[0]), str(item[1])) for item in heard),
        heard_at=tuple(float(item[2] or 0) if len(item) > 2 else 0.0 for item in heard),
        began_at=float(told.get("began_at") or 0),
        record_ttl_s=at_work.settings.record_retention_s,
    )
