"""The slot that the arguments of a booking tool mean, or the result that refuses it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from app import logs
from app.adapters.booking.offers import Offered
from app.adapters.tools.context import ToolContext
from app.core.booking import sentences, slot_ids
from app.core.booking import slots as booking
from app.core.booking.appointment import Appointment, busy_beside
from app.core.booking.reasons import ERRORS, why_not
from app.core.booking.resources import NOTHING_ASKED, Asked
from app.core.booking.rules import Service
from app.core.booking.slots import Refusal, Slot
from workers.availability import busy_around, meant_by, nearest
from workers.booking.refusals import refuse
from workers.booking.resources import kept_of, read_asked

log = logs.get(__name__)


def booked_slot(ctx: ToolContext, args: dict[str, Any]) -> tuple[Slot, Service] | dict[str, Any]:
    """The slot that was offered, for the service, the resource and the number of people asked for;
    or the result that refuses."""
    rules = ctx.agent.booking
    slot = named_slot(ctx, args)
    if slot is None:
        return refuse_unoffered(ctx, args)
    named = rules.service(str(args["service"])) if args.get("service") else None
    service = named or service_of(ctx, slot.service)
    asked = read_asked(ctx, service, args, slot.asked)
    if isinstance(asked, dict):
        return asked
    if slot.start <= ctx.now:
        return refuse_slot(ctx, "past", service, slot.start, asked=asked)
    if service.id != slot.service or asked != slot.asked:
        why = why_not_then(ctx, service, slot.start, asked=asked)
        if why is not None:
            return refuse_slot(ctx, why, service, slot.start, asked=asked)
    end = slot.start + dt.timedelta(minutes=service.minutes)
    return Slot(slot.start, end, service.id, asked), service


def asked_of_move(
    ctx: ToolContext, service: Service, slot: Slot, current: Appointment, args: dict[str, Any]
) -> Asked | dict[str, Any]:
    """What a moved appointment is to have: what it had, unless the offer or the arguments say
    otherwise; or the result that refuses it."""
    asked = kept_of(ctx.agent.booking, service, current)
    if slot.asked.resources or slot.asked.anyone:
        asked = replace(asked, resources=slot.asked.resources, anyone=slot.asked.anyone)
    size = slot.asked.party_size or asked.party_size
    return read_asked(ctx, service, args, replace(asked, party_size=size))


def named_slot(ctx: ToolContext, args: dict[str, Any]) -> Slot | None:
    """The slot that the arguments name: one that was offered, or one that the caller asked for
    themselves where their words show it."""
    slot_id = str(args.get("slot_id") or "")
    slot = Offered(ctx.redis, ctx.call_id).slot(slot_id)
    if slot is not None or not ctx.consent:
        return slot
    rules = ctx.agent.booking
    found = slot_ids.read(ctx.call_id, slot_id)
    if found is None or not found.genuine or found.service_index >= len(rules.services):
        return None
    service = rules.services[found.service_index]
    if booking.refusal(rules, service, found.start, (), ctx.now) is not None:
        return None
    return Slot(found.start, found.start + dt.timedelta(minutes=service.minutes), service.id)


def why_not_then(
    ctx: ToolContext,
    service: Service,
    start: dt.datetime,
    own: Appointment | None = None,
    asked: Asked = NOTHING_ASKED,
) -> Refusal | None:
    """Why a time that was offered for another service cannot be had; what was offered in time may
    have come too near since."""
    busy = busy_beside(busy_around(ctx, start, service), own)
    why = booking.refusal(ctx.agent.booking, service, start, busy, ctx.now, asked)
    return None if why == "too_soon" else why


def refuse_slot(
    ctx: ToolContext,
    why: Refusal,
    service: Service,
    start: dt.datetime,
    own: Appointment | None = None,
    asked: Asked = NOTHING_ASKED,
) -> dict[str, Any]:
    slots, listed = nearest(ctx, service, start, own, asked)
    reason = why_not(why, ctx.agent.booking, service, start, ctx.now, asked)
    return refuse(ERRORS[why], sentences.refused(reason, listed), slots=slots)


def refuse_unoffered(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    rules = ctx.agent.booking
    service = rules.service(str(args.get("service") or "")) or rules.services[0]
    asked = read_asked(ctx, service, args)
    if isinstance(asked, dict):
        return asked
    start = meant_by(ctx, str(args.get("slot_id") or ""))
    slots, listed = nearest(ctx, service, start, asked=asked)
    log.info("a slot that was not offered is refused")
    return refuse("not_offered", sentences.not_offered(listed), slots=slots)


def service_of(ctx: ToolContext, service_id: str) -> Service:
    """A service by id; the first one if the agent's file has lost it."""
    rules = ctx.agent.booking
    return next((item for item in rules.services if item.id == service_id), rules.services[0])
