"""Moves and cancellations that people of the business ask for: the checks and the flow of a call's,
without a caller who has to be asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import redis

from app import logs
from app.adapters.booking.executor import Performer, one_at_a_time, wish_key
from app.adapters.booking.office import CANCEL, MOVE
from app.adapters.calls.story import decode_fields
from app.adapters.redis import keys
from app.adapters.tools.context import Handler, ToolContext
from app.core.booking import flow
from app.core.booking.appointment import Appointment
from app.core.booking.ledger import Booking, Wish
from app.core.booking.reasons import ERRORS, why_not
from app.core.booking.rules import BookingRules, Service
from app.core.booking.slots import draft
from app.core.language.phone_numbers import identify
from app.errors import CalendarDown
from workers import noted
from workers.booking.refusals import refuse
from workers.booking.resources import find_places, kept_of, read_asked
from workers.booking.slots import why_not_then
from workers.booking_targets import is_with_us
from workers.runtime import ToolJob

GONE = "It is not in the calendar any more."
CHANGED = "It was changed meanwhile: look at it again."

log = logs.get(__name__)


def move(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    """Move the appointment `event_id` from where it `was` `to` another time, with another
    `resource` if one is named. Raises CalendarDown."""
    start = dt.datetime.fromisoformat(args["to"])
    with one_at_a_time(ctx):
        current = _found(ctx, args)
        if isinstance(current, dict):
            return current
        ctx = _for_caller(ctx, current)
        service = _service(ctx.agent.booking, current)
        if service is None:
            return refuse("unknown_service", f"The agent has no service {current.service} now.")
        kept = kept_of(ctx.agent.booking, service, current)
        asked = read_asked(ctx, service, {"resource": args.get("resource")}, kept)
        if isinstance(asked, dict):
            return asked
        why = None if _is_made(ctx, current) else why_not_then(ctx, service, start, current, asked)
        if why is not None:
            told = why_not(why, ctx.agent.booking, service, start, ctx.now, asked)
            return refuse(ERRORS[why], told)
        wish = Wish(wish_key(ctx), "move", ctx.asked_at, start=start.isoformat())
        wanted = draft(
            ctx.agent.booking,
            service,
            start,
            business=ctx.business,
            name=current.name,
            phone=current.phone,
            call_id=ctx.call_id,
            asked_at=ctx.asked_at,
            places=find_places(ctx, service, start, asked, current),
            party_size=asked.party_size,
        )
        outcome = Performer(ctx).run(flow.move(wish, Booking.of(current), wanted))
    return _told(ctx, args, "moved", outcome.result)


def cancel(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    """Cancel the appointment `event_id`, which `was` at that time. Raises CalendarDown."""
    with one_at_a_time(ctx):
        current = _found(ctx, args)
        if isinstance(current, dict):
            return current
        ctx = _for_caller(ctx, current)
        wish = Wish(wish_key(ctx), "cancel", ctx.asked_at)
        outcome = Performer(ctx).run(flow.cancel(wish, Booking.of(current)))
    return _told(ctx, args, "cancelled", outcome.result)


def _found(ctx: ToolContext, args: dict[str, Any]) -> Appointment | dict[str, Any]:
    """The appointment as it was seen, or as this very change has left it."""
    current = ctx.calendar.get(args["event_id"])
    if current is None or not is_with_us(current, ctx):
        return refuse("booking_not_found", GONE)
    if _is_made(ctx, current):
        return current
    if current.cancelled:
        return refuse("booking_not_found", GONE)
    if current.start != dt.datetime.fromisoformat(args["was"]):
        return refuse("changed_meanwhile", CHANGED)
    return current


def _for_caller(ctx: ToolContext, current: Appointment) -> ToolContext:
    """The same for the number that has called to book it, as far as that is still known: only that
    one is texted."""
    try:
        fields: Any = ctx.redis.hgetall(keys.summary(current.call_id)) if current.call_id else {}
    except (redis.RedisError, OSError) as error:
        raise CalendarDown("the record of the call cannot be reached") from error
    told = decode_fields(current.call_id, fields).get("from_number") if fields else ""
    caller = identify(str(told or ""), ctx.agent.country_for())
    return replace(ctx, caller_number=caller.e164) if caller else ctx


def _is_made(ctx: ToolContext, current: Appointment) -> bool:
    """Whether an earlier attempt has made the change, and its answer was lost."""
    return wish_key(ctx) in current.applied


def _service(rules: BookingRules, current: Appointment) -> Service | None:
    return next((each for each in rules.services if each.id == current.service), None)


def _told(ctx: ToolContext, args: dict[str, Any], wanted: str, result: str) -> dict[str, Any]:
    told = {"did": wanted, "result": result, "event": args["event_id"], "by": args.get("by")}
    log.info("the office changed an appointment", extra=told)
    if result == wanted:
        return {"ok": True, "output": {"status": wanted}, "say": None}
    if result == "taken":
        return refuse("slot_taken", "That time is taken.")
    if result == "superseded":
        return refuse("superseded", CHANGED)
    return refuse("booking_not_found", GONE)


def office_tools() -> dict[str, ToolJob]:
    """The changes of people in the office. Each ends in time."""
    handlers: dict[str, Handler] = {MOVE: move, CANCEL: cancel}
    return {name: ToolJob(noted.in_time(name, handler)) for name, handler in handlers.items()}
