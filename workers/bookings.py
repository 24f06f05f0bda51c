"""The tools that book, move, cancel and find appointments, as a worker runs them.

Each handler may run again under the same key, also after a worker died between the calendar's
write and the record, and then does nothing twice. `CalendarDown` is raised while there is time for
another try; after that the wish is noted (`workers.noted`) and the caller is told so.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from app import logs
from app.adapters.booking.executor import Performer, one_at_a_time, wish_key
from app.adapters.booking.offers import Offered
from app.adapters.tools.context import Handler, ToolContext
from app.core.booking import flow, sentences, slot_ids
from app.core.booking import slots as booking
from app.core.booking.appointment import Appointment, Draft
from app.core.booking.commands import Outcome
from app.core.booking.confirmation import confirmed
from app.core.booking.ledger import Wish
from app.core.booking.reasons import ERRORS, why_not
from app.core.booking.rules import Service
from app.core.booking.slots import Refusal, Slot
from app.core.language import speech
from app.core.language.phone_numbers import is_withheld, read_number
from app.errors import CalendarDown
from workers import effects, noted
from workers.availability import (
    busy_around,
    check_availability,
    meant_by,
    nearest,
    refuse,
    without,
)
from workers.booking_targets import choose, describe, find_appointments
from workers.word_guard import WordGuard, heard_in

MAX_NAME = 80
WRITES = ("book_appointment",)
"""Tools that may leave something behind when they are given up."""
MAX_NOTES = 500
NUMBER_UNCLEAR = (
    "I did not get that telephone number. Could you say it again, digit by digit, with the area"
    " code?"
)

_SAME_NUMBER = re.compile(
    r"\b(?:same|this|calling|called|current|caller'?s?|mine|my|on file|you have)\b", re.IGNORECASE
)

log = logs.get(__name__)


def book_appointment(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    """Book an offered slot, or move the booking of this call that it replaces."""
    name = _name(args.get("name"))
    if not name:
        return refuse("name_needed", "May I have your full name, please?")
    found = _slot(ctx, args)
    if isinstance(found, dict):
        return found
    slot, service = found
    given = _line(args.get("phone"), MAX_NOTES)
    phone = read_number(given, ctx.agent.country_for(ctx.caller_number))
    if phone is None and given and not _is_same_number(given):
        return refuse("number_unclear", NUMBER_UNCLEAR)
    guard = WordGuard(ctx)
    otherwise = guard.slot(slot.start) or guard.name(name)
    otherwise = otherwise or guard.number(phone.e164 if phone else "")
    if otherwise:
        return otherwise
    if ctx.agent.booking.confirm and not ctx.consent and not _agreed(ctx, slot):
        question = sentences.read_back(service, _when(ctx, slot.start), name)
        return refuse("confirm_first", question)
    draft = booking.draft(
        ctx.agent.booking,
        service,
        slot.start,
        business=ctx.business,
        name=name,
        phone=phone.e164 if phone else ctx.caller_number,
        notes=_line(args.get("notes"), MAX_NOTES),
        call_id=ctx.call_id,
        asked_at=_asked_at(ctx),
    )
    wish = Wish(
        wish_key(ctx),
        "book",
        _asked_at(ctx),
        service=service.id,
        name=name,
        start=draft.start.isoformat(),
    )
    steps = flow.book(wish, draft, ctx.agent.booking.max_bookings_per_call)
    try:
        with one_at_a_time(ctx):
            outcome = Performer(ctx).run(steps)
    except CalendarDown as down:
        when = sentences.on(_when(ctx, slot.start))
        return noted.or_again(ctx, wish, f"{sentences.a(service.name)} {when} for {name}", down)
    return _told_booked(ctx, outcome, service, slot)


def reschedule_appointment(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    """Move an appointment, of this call or an earlier one, to an offered slot."""
    slot = _named_slot(ctx, args)
    if slot is None:
        return _not_offered(ctx, args)
    if slot.start <= ctx.now:
        return _refused(ctx, "past", _service(ctx, slot.service), slot.start)
    guard = WordGuard(ctx)
    otherwise = guard.name(_name(args.get("name")))
    if otherwise:
        return otherwise
    wish = Wish(wish_key(ctx), "move", _asked_at(ctx), start=slot.start.isoformat())
    try:
        with one_at_a_time(ctx):
            target = choose(ctx, args, stop=False)
            if target.booking is None:
                return target.refusal or refuse("booking_not_found", "I cannot find that one.")
            current = ctx.calendar.get(target.booking.event_id)
            if current is None:
                return refuse("booking_not_found", "That appointment is not in our calendar.")
            otherwise = guard.target(target.booking) or guard.slot(slot.start, current.start)
            if otherwise:
                return otherwise
            service = _service(ctx, target.booking.service)
            draft = _moved_draft(ctx, service, slot.start, current.name, current.phone)
            why = (
                _why_not(ctx, service, slot.start, current) if service.id != slot.service else None
            )
            if why is not None:
                return _refused(ctx, why, service, slot.start, current)
            outcome = Performer(ctx).run(flow.move(wish, target.booking, draft))
    except CalendarDown as down:
        what = f"that you want to move it to {_when(ctx, slot.start)}"
        return noted.or_again(ctx, wish, what, down)
    return _told_moved(ctx, outcome, service, slot)


def cancel_appointment(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    """Cancel an appointment, of this call or an earlier one; stop one that is being booked."""
    guard = WordGuard(ctx)
    otherwise = guard.name(_name(args.get("name")))
    if otherwise:
        return otherwise
    wish = Wish(wish_key(ctx), "cancel", _asked_at(ctx))
    try:
        with one_at_a_time(ctx):
            target = choose(ctx, args, stop=True)
            if target.booking is None:
                if target.stopped:
                    return _done("stopped", {}, "All right, I have not booked it.")
                return target.refusal or refuse("booking_not_found", "I cannot find that one.")
            otherwise = guard.target(target.booking)
            if otherwise:
                return otherwise
            outcome = Performer(ctx).run(flow.cancel(wish, target.booking))
    except CalendarDown as down:
        return noted.or_again(ctx, wish, "that you want to cancel", down)
    rules = ctx.agent.booking
    kept = outcome.booking or target.booking
    what, when = sentences.what(kept, rules), sentences.when(kept, rules, ctx.now)
    if outcome.result == "superseded":
        return refuse("superseded", sentences.still(what, when), appointment=describe(ctx, kept))
    return _done("cancelled", describe(ctx, kept), sentences.cancelled(what, when))


def _slot(ctx: ToolContext, args: dict[str, Any]) -> tuple[Slot, Service] | dict[str, Any]:
    """The slot that was offered, for the service asked for; or the result that refuses."""
    rules = ctx.agent.booking
    slot = _named_slot(ctx, args)
    if slot is None:
        return _not_offered(ctx, args)
    service = _service(ctx, slot.service)
    wanted = rules.service(str(args["service"])) if args.get("service") else None
    if slot.start <= ctx.now:
        return _refused(ctx, "past", wanted or service, slot.start)
    if wanted is None or wanted.id == service.id:
        return slot, service
    why = _why_not(ctx, wanted, slot.start)
    if why is not None:
        return _refused(ctx, why, wanted, slot.start)
    end = slot.start + dt.timedelta(minutes=wanted.minutes)
    return Slot(slot.start, end, wanted.id), wanted


def _named_slot(ctx: ToolContext, args: dict[str, Any]) -> Slot | None:
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


def _why_not(
    ctx: ToolContext, service: Service, start: dt.datetime, own: Appointment | None = None
) -> Refusal | None:
    """Why a time that was offered for another service cannot be had; what was offered in time may
    have come too near since."""
    busy = without(busy_around(ctx, start, service), own)
    why = booking.refusal(ctx.agent.booking, service, start, busy, ctx.now)
    return None if why == "too_soon" else why


def _refused(
    ctx: ToolContext,
    why: Refusal,
    service: Service,
    start: dt.datetime,
    own: Appointment | None = None,
) -> dict[str, Any]:
    slots, listed = nearest(ctx, service, start, own)
    reason = why_not(why, ctx.agent.booking, service, start, ctx.now)
    return refuse(ERRORS[why], sentences.refused(reason, listed), slots=slots)


def _not_offered(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    rules = ctx.agent.booking
    service = rules.service(str(args.get("service") or "")) or rules.services[0]
    slots, listed = nearest(ctx, service, meant_by(ctx, str(args.get("slot_id") or "")))
    log.info("a slot that was not offered is refused")
    return refuse("not_offered", sentences.not_offered(listed), slots=slots)


def _gone(ctx: ToolContext, service: Service, start: dt.datetime) -> dict[str, Any]:
    slots, listed = nearest(ctx, service, start)
    return refuse("slot_taken", sentences.taken(listed), slots=slots)


def _agreed(ctx: ToolContext, slot: Slot) -> bool:
    """The caller said yes to this time, or was asked in so many words once before."""
    local = slot.local(ctx.agent.booking.zone)
    heard = heard_in(ctx)
    if confirmed(heard, local):
        return True
    turns = sum(role == "user" for role, _ in heard)
    return Offered(ctx.redis, ctx.call_id).asked_before(slot, f"{ctx.key} {ctx.asked_at}", turns)


def _told_booked(
    ctx: ToolContext, outcome: Outcome, service: Service, slot: Slot
) -> dict[str, Any]:
    rules = ctx.agent.booking
    made = outcome.booking
    if outcome.result == "limit":
        return refuse("too_many", "I cannot make more bookings in this call.")
    if outcome.result == "taken":
        result = _gone(ctx, service, slot.start)
        if made:
            result["output"]["still_booked"] = describe(ctx, made)
        return result
    if outcome.result == "superseded" or made is None:
        kept = {"appointment": describe(ctx, made)} if made else {}
        return refuse("superseded", "That has been changed since.", **kept)
    what, when = sentences.what(made, rules), sentences.when(made, rules, ctx.now)
    shown = describe(ctx, made)
    was = outcome.was if outcome.result == "moved" else None
    if was and was.start != made.start:
        shown["replaced"] = describe(ctx, was)
        return _done("moved", shown, sentences.moved(what, when))
    if was and was.name != made.name:
        return _done("booked", shown, sentences.renamed(what, when, made.name))
    return _done("booked", shown, sentences.booked(what, when, made.name))


def _told_moved(ctx: ToolContext, outcome: Outcome, service: Service, slot: Slot) -> dict[str, Any]:
    rules = ctx.agent.booking
    made = outcome.booking
    if outcome.result == "gone" or made is None:
        return refuse("booking_not_found", "That appointment is not in our calendar any more.")
    shown = describe(ctx, made)
    what, when = sentences.what(made, rules), sentences.when(made, rules, ctx.now)
    if outcome.result == "taken":
        result = _gone(ctx, service, slot.start)
        result["output"]["still_booked"] = shown
        result["say"] = f"{result['say']} {sentences.still(what, when)}"
        return result
    if outcome.result == "superseded":
        return refuse("superseded", sentences.still(what, when), appointment=shown)
    if outcome.was and outcome.was.start != made.start:
        shown["was"] = sentences.when(outcome.was, rules, ctx.now)
    return _done("moved", shown, sentences.moved(what, when))


def _done(status: str, shown: dict[str, Any], sentence: str) -> dict[str, Any]:
    return {"ok": True, "output": {"status": status, **shown, "message": sentence}, "say": sentence}


def _moved_draft(
    ctx: ToolContext, service: Service, start: dt.datetime, name: str, phone: str
) -> Draft:
    return booking.draft(
        ctx.agent.booking,
        service,
        start,
        business=ctx.business,
        name=name,
        phone=phone,
        call_id=ctx.call_id,
        asked_at=_asked_at(ctx),
    )


def _when(ctx: ToolContext, start: dt.datetime) -> str:
    zone = ctx.agent.booking.zone
    return speech.say_slot(start.astimezone(zone), ctx.now.astimezone(zone).date())


def _service(ctx: ToolContext, service_id: str) -> Service:
    """A service by id; the first one if the agent's file has lost it."""
    rules = ctx.agent.booking
    return next((item for item in rules.services if item.id == service_id), rules.services[0])


def _asked_at(ctx: ToolContext) -> float:
    return ctx.asked_at or ctx.now.timestamp()


def _name(value: Any) -> str:
    text = _line(value, MAX_NAME)
    return text if re.search(r"[^\W\d_]", text) else ""


def _line(value: Any, most: int) -> str:
    """One line of text without control signs."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", " ", str(value or "")).strip()[:most]


def _is_same_number(given: str) -> bool:
    """Whether the number is said to be the one called from, or is left to be filled in."""
    return is_withheld(given) or bool(_SAME_NUMBER.search(given))


HANDLERS: dict[str, Handler] = {
    "check_availability": check_availability,
    "book_appointment": book_appointment,
    "reschedule_appointment": reschedule_appointment,
    "cancel_appointment": cancel_appointment,
    "find_appointments": find_appointments,
}

for _tool, _handler in HANDLERS.items():
    HANDLERS[_tool] = noted.in_time(_tool, _handler)
    effects.register(_tool, HANDLERS[_tool], noted.forget_later if _tool in WRITES else None)
