"""What could not be done because the calendar was away: noted, tried again, and reported.

The caller hears that it is noted and how they will be told. The same effect, under the same key, is
then tried in the background until it is done or `noted_minutes` have passed; either way whoever was
promised an answer gets it. Where nobody can be told, nothing is promised: the caller hears that it
was not done, and what a lost answer may have left in the calendar is removed.

A wish that no worker got to in time counts as noted too: the caller was told that it is not known
yet, so they are told what became of it.
"""

from __future__ import annotations

import functools
import time
from dataclasses import replace
from typing import Any

import gevent
import redis

from app import logs, metrics
from app.adapters import queue
from app.adapters.booking.executor import Performer, one_at_a_time, wish_key
from app.adapters.booking.offers import Offered
from app.adapters.calls.reports import ReportStore
from app.adapters.job_names import ANNOUNCE, FINISH_NOTED, FORGET_BOOKING
from app.adapters.notify.text_budget import TextBudget, can_be_texted
from app.adapters.tools.context import Handler, ToolContext
from app.core.booking import flow, sentences
from app.core.booking.ledger import Wish
from app.errors import (
    CalendarBusy,
    CalendarDown,
    CalendarFailed,
    CalendarRefused,
    Unavailable,
)
from workers import effects
from workers.runtime import Runtime, runtime

AGAIN_S = 4.5
"""With more time left than this the effect is tried again while the caller waits."""
ATTEMPT_S = 8.5
"""How long one attempt may take; a slow calendar is left to the next one."""
LATE_S = 2.0
"""So long after its deadline an answer no longer reaches the caller in the same turn."""
RESERVE_S = 1.5
"""What is left of the caller's patience for noting a wish and telling so."""
FIRST_DELAYS_S = (2, 5, 10, 20, 30)
DELAY_S = 60

_LATE_WISHES = {
    "book_appointment": "that you want to book",
    "reschedule_appointment": "that you want to move your appointment",
    "cancel_appointment": "that you want to cancel",
}
"""Tools that change something, and how their wish is named in "We had noted …"."""

log = logs.get(__name__)

NOTED = metrics.counter(
    "bookings_noted_total", "Wishes noted because the calendar was away, by outcome.", ("outcome",)
)


def in_time(tool: str, handler: Handler) -> Handler:
    """Wrap a tool's handler so that it ends in time, whatever the calendar does, with an honest
    answer; one that comes too late for the turn is told by other ways as well."""

    @functools.wraps(handler)
    def careful(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
        limit = max(0.5, min(ATTEMPT_S, ctx.remaining() - RESERVE_S))
        timer = gevent.Timeout.start_new(limit, CalendarDown("the calendar is too slow"))
        try:
            result = handler(ctx, args)
        except CalendarDown as down:
            if _time_for_another(ctx, down):
                raise
            result = _failed(down)
        except CalendarRefused as refused:
            log.error("the calendar refuses for good", extra={"tool": tool, "why": refused.message})
            NOTED.labels("refused").inc()
            result = _failed(refused)
        finally:
            timer.close()
        if tool in _LATE_WISHES and ctx.remaining() < -LATE_S:
            _report_late(ctx, _LATE_WISHES[tool], result)
        return result

    return careful


def or_again(ctx: ToolContext, wish: Wish, what: str, down: CalendarDown) -> dict[str, Any]:
    """Raise `down` while there is time for another try; then note the wish, or refuse it.

    `what` names the wish in the sentence "I have noted …".
    """
    if _time_for_another(ctx, down):
        raise down
    by_text = ctx.can_text and _may_text(ctx)
    promised = by_text or ctx.can_tell_office
    if wish.kind == "book" and promised:
        Performer(ctx).run(flow.note(wish))
    if not promised:
        if wish.kind != "book":
            return _failed(down)
        _forget_later(ctx)  # so it is not booked, even where that is not known yet
        busy = isinstance(down, CalendarBusy)
        return _result(down.code, sentences.CALENDAR_BUSY if busy else sentences.CALENDAR_DOWN)
    if Offered(ctx.redis, ctx.call_id).once(f"noted:{wish.key}"):
        _enqueue(ctx, time.time() + ctx.agent.booking.noted_minutes * 60, wish.kind, what)
    NOTED.labels("noted").inc()
    log.warning("calendar is away: request deferred", extra={"kind": wish.kind})
    how = sentences.BY_TEXT if by_text else sentences.BY_OFFICE
    return _result(down.code, sentences.noted(what, how, down.code), status="noted")


def _may_text(ctx: ToolContext) -> bool:
    """Whether a text to the caller can be promised; then it is counted already."""
    if not can_be_texted(ctx.caller_number):
        return False
    try:
        budget = TextBudget(ctx.redis)
        return budget.allows(ctx.business, ctx.caller_number, ctx.call_id, ctx.key)
    except Unavailable:
        return False


def finish(call_id: str, key: str, until: float, kind: str, what: str) -> None:
    """The job: try a noted wish. Raises CalendarDown, to be run again, until `until` has passed."""
    at_work = runtime()
    effect = at_work.effects.get(call_id, key)
    if effect is None:
        log.error("deferred request is lost", extra={"key": key})
        return
    ctx = effects.context_of(at_work, effect)
    ctx = replace(ctx, deadline=time.monotonic() + 3600)
    with logs.bind(call_id=call_id):
        try:
            result = at_work.tools[effect.tool].handler(ctx, effect.arguments)
        except CalendarDown as down:
            if time.time() < until:
                raise
            _report(ctx, "noted_failed", what, {"error": down.code})
            return
        if result["output"].get("error") == "superseded":
            NOTED.labels("superseded").inc()
        elif result["ok"]:
            _report(ctx, "noted_done", what, result["output"])
        else:
            _report(ctx, "noted_failed", what, result["output"])


def forget_later(at_work: Runtime, call_id: str, key: str) -> None:
    """Have what a booking that was given up may have left in the calendar removed."""
    effect = at_work.effects.get(call_id, key)
    if effect is not None:
        _forget_later(effects.context_of(at_work, effect))


def _forget_later(ctx: ToolContext) -> None:
    with ctx.redis.pipeline(transaction=True) as pipeline:
        queue.enqueue(
            pipeline,
            FORGET_BOOKING,
            (ctx.call_id, ctx.key, wish_key(ctx)),
            retry_delays_s=(*FIRST_DELAYS_S, *[DELAY_S] * 30),
            about="forget a booking",
        )
        pipeline.execute()


def forget(call_id: str, key: str, wish: str) -> None:
    """The job: remove what a booking that was given up may have left. Raises CalendarDown."""
    at_work = runtime()
    effect = at_work.effects.get(call_id, key)
    if effect is None:
        return
    ctx = replace(effects.context_of(at_work, effect), deadline=time.monotonic() + 3600)
    given_up = Wish(wish, "book", ctx.asked_at, start=ctx.now.isoformat())
    with logs.bind(call_id=call_id), one_at_a_time(ctx):
        try:
            Performer(ctx).run(flow.withdraw(given_up))
        except CalendarRefused as refused:
            what = "the calendar refuses to show what a booking left"
            log.error(what, extra={"key": key, "why": refused.message})


def _report(ctx: ToolContext, kind: str, what: str, output: dict[str, Any]) -> None:
    NOTED.labels(kind.removeprefix("noted_")).inc()
    log.info("deferred request ended", extra={"kind": kind, "error": output.get("error")})
    change = {
        "id": f"{kind}-{ctx.key}",
        "kind": kind,
        "booking": None,
        "wish": what,
        "reason": output.get("error"),
        "message": output.get("message"),
        "caller_number": ctx.caller_number,
        "mark": ctx.key,
        "call_id": ctx.call_id,
        **ctx.who.to_json(),
    }
    runtime().calls.add_event(
        ctx.call_id, {"at": time.time(), "kind": f"booking_{kind}", "wish": what, **_why(output)}
    )
    ReportStore(ctx.redis, runtime().settings).touch(ctx.call_id)
    with ctx.redis.pipeline(transaction=True) as pipeline:
        queue.enqueue(pipeline, ANNOUNCE, (change,), about=f"tell of a booking: {kind}")
        pipeline.execute()


def _report_late(ctx: ToolContext, what: str, result: dict[str, Any]) -> None:
    """The caller was told that the outcome is not known yet; here it is."""
    output = result["output"]
    if output.get("status") == "noted" or output.get("error") == "superseded":
        return
    if result["ok"] and output.get("service"):
        when = sentences.on(str(output["say"]))
        what = f"{what}: {sentences.a(str(output['service']))} {when}"
    _report(ctx, "noted_done" if result["ok"] else "noted_failed", what, output)


def _enqueue(ctx: ToolContext, until: float, kind: str, what: str) -> None:
    minutes = ctx.agent.booking.noted_minutes
    delays = (*FIRST_DELAYS_S, *[DELAY_S] * (minutes + 1))
    try:
        with ctx.redis.pipeline(transaction=True) as pipeline:
            queue.enqueue(
                pipeline,
                FINISH_NOTED,
                (ctx.call_id, ctx.key, until, kind, what),
                retry_delays_s=delays,
                about=f"noted: {kind}",
            )
            pipeline.execute()
    except (redis.RedisError, OSError) as error:
        raise CalendarDown("the job queue cannot be reached") from error


def _time_for_another(ctx: ToolContext, down: CalendarDown) -> bool:
    return ctx.remaining() - down.retry_after > AGAIN_S


def _failed(failed: CalendarFailed) -> dict[str, Any]:
    return _result(failed.code, sentences.calendar_failed(failed.code))


def _why(output: dict[str, Any]) -> dict[str, Any]:
    return {"reason": output["error"]} if output.get("error") else {}


def _result(error: str, sentence: str, **more: Any) -> dict[str, Any]:
    output = {"error": error, "message": sentence, "say": sentence, **more}
    return {"ok": False, "output": output, "say": sentence}
