"""Who or what an appointment is to be with, and for how many people: what the arguments of the
booking tools ask for, and what may serve it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.adapters.tools.context import ToolContext
from app.core.booking import sentences
from app.core.booking.appointment import Appointment, Place
from app.core.booking.capacity import in_order
from app.core.booking.ledger import ANY_PLACE, Booking
from app.core.booking.resources import NOTHING_ASKED, Asked, named_in
from app.core.booking.rules import BookingRules, Service
from app.core.booking.slots import day_bounds, on_duty
from workers.booking.refusals import refuse


def read_asked(
    ctx: ToolContext, service: Service, args: dict[str, Any], before: Asked = NOTHING_ASKED
) -> Asked | dict[str, Any]:
    """What the arguments ask for beside a time, or the result that refuses it.

    before: what was asked for earlier, which counts where the arguments say nothing of it.
    """
    rules = ctx.agent.booking
    resources = rules.resources_of(service)
    if not resources:
        return NOTHING_ASKED
    known = [item.name for item in resources]
    asked = replace(before, resources=tuple(n for n in before.resources if n in known))
    said = str(args.get("resource") or "").strip()
    if said:
        found = named_in(said[:200], resources)
        if found is None:
            sentence = sentences.unknown_resource(rules, service)
            return refuse("unknown_resource", sentence, resources=known)
        asked = replace(asked, resources=found, anyone=not found)
    size = read_size(args) or before.party_size
    largest = rules.largest_party(service)
    if largest is None:
        return replace(asked, party_size=0)
    if not size:
        return refuse("party_size_needed", sentences.PARTY_SIZE_NEEDED)
    asked = replace(asked, party_size=size)
    if not rules.candidates(service, asked):
        seats = [item.seats or 0 for item in resources if item.name in asked.resources]
        most = max(seats, default=largest)
        return refuse("party_too_large", sentences.party_too_large(most), largest=most)
    return asked


def read_size(args: dict[str, Any]) -> int:
    """The number of people in the arguments; 0 where none is said."""
    said = args.get("party_size")
    try:
        size = int(said) if isinstance(said, (int, str)) and not isinstance(said, bool) else 0
    except ValueError:
        return 0
    return min(max(size, 0), 10_000)


def kept_of(rules: BookingRules, service: Service, appointment: Appointment) -> Asked:
    """What a move keeps of an appointment unless something else is asked for: whom it is with, and
    for how many. Another table is as good, another person is not."""
    keeps = rules.largest_party(service) is None and appointment.resource
    return Asked((appointment.resource,) if keeps else (), False, appointment.party_size)


def find_places(
    ctx: ToolContext,
    service: Service,
    start: dt.datetime,
    asked: Asked,
    own: Appointment | None = None,
) -> tuple[Place, ...]:
    """What may serve an appointment at `start`, in the order in which it tries them; empty where
    the business has no resources. Raises CalendarDown.

    own: an appointment that is to be moved: what it has comes first, for as many people.
    """
    rules = ctx.agent.booking
    there = on_duty(rules, service, start, asked)
    if len(there) < 2:
        return in_order(there, ())
    begin, end = day_bounds(rules.zone, start.astimezone(rules.zone).date())
    busy = [item for item in ctx.calendar.busy(begin, end) if begin <= item.start < end]
    places = in_order(there, busy)
    if own is None or own.party_size != asked.party_size:
        return places
    return tuple(sorted(places, key=lambda place: place.resource != own.resource))


def place_of(rules: BookingRules, service: Service, asked: Asked) -> str:
    """The place of a wish, by which it is told from others for the same time."""
    if not rules.resources_of(service):
        return ""
    candidates = rules.candidates(service, asked)
    if asked.resources and len(candidates) == 1 and candidates[0].count == 1:
        return candidates[0].name
    return ANY_PLACE


def meant_of(ctx: ToolContext, args: dict[str, Any], bookings: Sequence[Booking]) -> list[Booking]:
    """Of several bookings those that fit what the arguments say of whom they are with and for how
    many; all of them where that fits none."""
    found = list(bookings)
    said, size = str(args.get("resource") or "").strip(), read_size(args)
    named = named_in(said[:200], ctx.agent.booking.resources) if said else None
    for fits in (
        [b for b in found if named and b.resource in named],
        [b for b in found if size and b.party_size == size],
    ):
        found = [b for b in found if b in fits] or found
    return found
