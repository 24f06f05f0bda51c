"""The tools that book, move, cancel and find appointments, as a worker runs them.

Each handler may run again under the same key, also after a worker died between the calendar's
write and the record, and then does nothing twice. `CalendarDown` is raised while there is time for
another try; after that the wish is noted (`workers.noted`) and the caller is told so.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import replace
from typing import Any

from app import logs
from app.adapters.booking.executor import Performer, one_at_a_time, wish_key
from app.adapters.booking.offers import Offered
from app.adapters.tools.context import Handler, ToolContext
from app.core.booking import flow, sentences
from app.core.booking import slots as booking
from app.core.booking.appointment import Appointment, Draft
from app.core.booking.commands import Outcome
from app.core.booking.confirmation import confirmed
from app.core.booking.ledger import Wish
from app.core.booking.rules import Service
from app.core.booking.slots import Slot
from app.core.language import speech
from app.core.language.names import is_placeholder
from app.core.language.phone_numbers import is_withheld, read_number
from app.errors import CalendarDown
from workers import noted
from workers.availability import check_availability, nearest
from workers.booking.refusals import refuse
from workers.booking.resources import find_places, place_of
from workers.booking.slots import (
    asked_of_move,
    booked_slot,
    named_slot,
    refuse_slot,
    refuse_unoffered,
    service_of,
    why_not_then,
)
from workers.booking_targets import choose, describe, find_appointments
from workers.runtime import ToolJob
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
    found = booked_slot(ctx, args)
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
        question = sentences.read_back(service, _when(ctx, slot.start), name, slot.asked)
        return refuse("confirm_first", question)
    rules, asked = ctx.agent.booking, slot.asked
    draft = booking.draft(
        rules,
        service,
        slot.start,
        business=ctx.business,
        name=name,
        phone=phone.e164 if phone else ctx.caller_number,
        notes=_line(args.get("notes"), MAX_NOTES),
        call_id=ctx.call_id,
        asked_at=_asked_at(ctx),
        party_size=asked.party_size,
    )
    wish = Wish(
        wish_key(ctx),
        "book",
        _asked_at(ctx),
        service=service.id,
        name=name,
        start=draft.start.isoformat(),
        place=place_of(rules, service, asked),
        party_size=asked.party_size,
    )
    try:
        with one_at_a_time(ctx):
            places = find_places(ctx, service, slot.start, asked)
            if not places and wish.place:
                return refuse_slot(ctx, "away", service, slot.start, asked=asked)
            draft = replace(draft, places=places)
            outcome = Performer(ctx).run(flow.book(wish, draft, rules.max_bookings_per_call))
    except CalendarDown as down:
        what = sentences.detailed(service.name, asked.resources, asked.party_size)
        when = sentences.on(_when(ctx, slot.start))
        return noted.or_again(ctx, wish, f"{sentences.a(what)} {when} for {name}", down)
    return _told_booked(ctx, outcome, service, slot)


def reschedule_appointment(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    """Move an appointment, of this call or an earlier one, to an offered slot."""
    slot = named_slot(ctx, args)
    if slot is None:
        return refuse_unoffered(ctx, args)
    if slot.start <= ctx.now:
        return refuse_slot(ctx, "past", service_of(ctx, slot.service), slot.start)
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
            service = service_of(ctx, target.booking.service)
            asked = asked_of_move(ctx, service, slot, current, args)
            if isinstance(asked, dict):
                return asked
            if service.id != slot.service or asked != slot.asked:
                why = why_not_then(ctx, service, slot.start, current, asked)
                if why is not None:
                    return refuse_slot(ctx, why, service, slot.start, current, asked)
            slot = replace(slot, asked=asked)
            draft = _moved_draft(ctx, service, slot, current)
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


def _gone(ctx: ToolContext, service: Service, slot: Slot) -> dict[str, Any]:
    slots, listed = nearest(ctx, service, slot.start, asked=slot.asked)
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
        result = _gone(ctx, service, slot)
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
        result = _gone(ctx, service, slot)
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


def _moved_draft(ctx: ToolContext, service: Service, slot: Slot, current: Appointment) -> Draft:
    return booking.draft(
        ctx.agent.booking,
        service,
        slot.start,
        business=ctx.business,
        name=current.name,
        phone=current.phone,
        call_id=ctx.call_id,
        asked_at=_asked_at(ctx),
        places=find_places(ctx, service, slot.start, slot.asked, current),
        party_size=slot.asked.party_size,
    )


def _when(ctx: ToolContext, start: dt.datetime) -> str:
    zone = ctx.agent.booking.zone
    return speech.say_slot(start.astimezone(zone), ctx.now.astimezone(zone).date())


def _asked_at(ctx: ToolContext) -> float:
    return ctx.asked_at or ctx.now.timestamp()


def _name(value: Any) -> str:
    text = _line(value, MAX_NAME)
    return text if re.search(r"[^\W\d_]", text) and not is_placeholder(text) else ""


def _line(value: Any, most: int) -> str:
    """One line of text without control signs, those of writing direction included."""
    shown = "".join(" " if _is_control(sign) else sign for sign in str(value or ""))
    return re.sub(r"\s+", " ", shown).strip()[:most]


def _is_control(sign: str) -> bool:
    """Persian and Hindi names have joiners in them, which are none."""
    return sign not in "\u200c\u200d" and unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co")


def _is_same_number(given: str) -> bool:
    """Whether the number is said to be the one called from, or is left to be filled in."""
    return is_withheld(given) or bool(_SAME_NUMBER.search(given))


def booking_tools() -> dict[str, ToolJob]:
    """The tools for appointments. Each ends in time; what one that writes may have left in the
    calendar is removed if it is given up."""
    handlers: dict[str, Handler] = {
        "check_availability": check_availability,
        "book_appointment": book_appointment,
        "reschedule_appointment": reschedule_appointment,
        "cancel_appointment": cancel_appointment,
        "find_appointments": find_appointments,
    }
    return {
        name: ToolJob(noted.in_time(name, handler), noted.forget_later if name in WRITES else None)
        for name, handler in handlers.items()
    }
