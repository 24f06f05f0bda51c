"""check_availability: free slots from the calendar, offered under ids that can be booked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from app.adapters.booking.executor import store_for
from app.adapters.booking.offers import Offered
from app.adapters.tools.context import ToolContext
from app.core.booking import offers, sentences, slot_ids
from app.core.booking import search as availability
from app.core.booking.appointment import Appointment, Busy, busy_beside
from app.core.booking.resources import NOTHING_ASKED, Asked
from app.core.booking.rules import Service
from app.core.booking.search import Choice
from app.core.booking.slots import Slot, day_bounds
from app.core.booking.wanted import (
    FARTHEST,
    NotUnderstood,
    Wanted,
    read_wanted,
    spoken_hours,
)
from app.core.language.time import expressions
from workers.booking.refusals import refuse
from workers.booking.resources import kept_of, read_asked

MARGIN = dt.timedelta(hours=4)
"""The longest buffer: events this far outside a day can matter to it."""
MAX_SEARCHES = 4


def check_availability(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    """Find and offer free slots. Raises CalendarDown."""
    rules = ctx.agent.booking
    own = own_appointment(ctx, _text(args.get("booking_id")))
    service = rules.service(_text(args.get("service")) or (own.service if own else None))
    if service is None:
        return refuse(
            "unknown_service",
            f"We do not offer that. We offer {sentences.services(rules)}.",
            services=[item.name for item in rules.services],
        )
    kept = kept_of(rules, service, own) if own else NOTHING_ASKED
    asked = read_asked(ctx, service, args, kept)
    if isinstance(asked, dict):
        return asked
    wish = read_wanted(args, ctx.now.astimezone(rules.zone), rules.hours)
    if isinstance(wish, NotUnderstood):
        return refuse(
            "not_understood",
            sentences.unclear(wish),
            argument=wish.argument,
            reason=wish.why or "unclear",
            expected="date: YYYY-MM-DD; time: HH:MM; part_of_day: morning, afternoon, or evening",
        )
    choice = search(ctx, service, wish, own, asked)
    sentence = sentences.offers(choice, wish, rules, service, ctx.now)
    return {
        "ok": True,
        "output": {
            "status": choice.why,
            **({"reason": choice.refusal} if choice.refusal else {}),
            "slots": offer(ctx, choice.slots),
            "more_on_request": choice.more,
            "service": service.name,
            "minutes": service.minutes,
            **_told(choice),
            "time_zone": rules.time_zone,
            "today": ctx.now.astimezone(rules.zone).date().isoformat(),
            "message": sentence,
        },
        "say": sentence,
    }


def _told(choice: Choice) -> dict[str, Any]:
    """What was asked for beside the time, and who else is free at the time that was asked for."""
    asked = choice.asked
    found = {
        "with": list(asked.resources),
        "party_size": asked.party_size,
        "free_instead": list(choice.others),
    }
    return {name: value for name, value in found.items() if value}


def search(
    ctx: ToolContext,
    service: Service,
    wish: Wanted,
    own: Appointment | None = None,
    asked: Asked = NOTHING_ASKED,
) -> Choice:
    """Ask the calendar, wider and wider until something is free or the horizon is reached.

    own: an appointment that is to be moved; its own time is free for it.
    """
    rules = ctx.agent.booking
    choice, before = Choice("none", ()), None
    for further in range(MAX_SEARCHES):
        days = availability.days_to_search(rules, wish, ctx.now, further=further)
        if days == before:
            break
        before = days
        start, end = day_bounds(rules.zone, *days)
        busy = busy_beside(ctx.calendar.busy(start - MARGIN, end + MARGIN), own)
        choice = availability.choose(rules, service, busy, wish, days, ctx.now, asked)
        if choice.slots:
            break
    return choice


def offer(ctx: ToolContext, slots: Sequence[Slot]) -> list[dict[str, Any]]:
    """Remember slots as offered in this call; give them as the model sees them."""
    rules = ctx.agent.booking
    Offered(ctx.redis, ctx.call_id).add_slots(slots, rules)
    return [
        offers.describe(slot, rules, ctx.call_id, ctx.now, ctx.caller_time_zone) for slot in slots
    ]


def nearest(
    ctx: ToolContext,
    service: Service,
    start: dt.datetime | None,
    own: Appointment | None = None,
    asked: Asked = NOTHING_ASKED,
) -> tuple[list[dict[str, Any]], str]:
    """Offer what is free closest to `start`: the offers, and the same as one phrase."""
    rules = ctx.agent.booking
    wish = Wanted()
    if start is not None and ctx.now < start < ctx.now + FARTHEST:
        local = start.astimezone(rules.zone)
        wish = Wanted.at(local.date(), local.time())
    choice = search(ctx, service, wish, own, asked)
    return offer(ctx, choice.slots), offers.say_offers(choice.slots, rules, ctx.now)


def busy_around(ctx: ToolContext, start: dt.datetime, service: Service) -> list[Busy]:
    """What takes time about a start that is asked for."""
    length = dt.timedelta(minutes=service.minutes)
    return ctx.calendar.busy(start - MARGIN, start + length + MARGIN)


def own_appointment(ctx: ToolContext, booking_id: str | None) -> Appointment | None:
    """The appointment of that id, if it is of this call or its holder was checked in it."""
    if not booking_id:
        return None
    event_id = Offered(ctx.redis, ctx.call_id).event_of(booking_id)
    if event_id is None:
        ledger, _ = store_for(ctx).load()
        held = ledger.bookings.get(booking_id)
        event_id = held.event_id if held and held.stands else None
    found = ctx.calendar.get(event_id) if event_id else None
    return None if found is None or found.cancelled else found


def meant_by(ctx: ToolContext, slot_id: str) -> dt.datetime | None:
    """The time an id that was never offered seems to mean, to find offers close to it."""
    rules = ctx.agent.booking
    found = slot_ids.read(ctx.call_id, slot_id)
    if found is not None and found.genuine:
        return found.start
    now = ctx.now.astimezone(rules.zone)
    try:
        moment = dt.datetime.fromisoformat(slot_id.strip())
    except ValueError:
        hours = spoken_hours(rules.hours)
        said = expressions.resolve(slot_id[:200], now, prefer=hours)
        if said.date is None:
            return None
        moment = dt.datetime.combine(said.date, said.time or dt.time(12))
    return moment if moment.tzinfo else moment.replace(tzinfo=rules.zone)


def _text(value: Any) -> str | None:
    return str(value) if value is not None else None
