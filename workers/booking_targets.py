"""Which appointment is meant: one of this call, or an earlier one of the caller's.

Appointments of this call need no check. Earlier ones are found by the number the caller calls
from, within the business of the call, and are only named, moved or cancelled once the name given
fits the one they are under. A withheld number finds none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.adapters.booking import ledger as booking_ledger
from app.adapters.booking.executor import Performer, wish_key
from app.adapters.booking.name_check import NameCheck, Verdict
from app.adapters.booking.offers import Offered
from app.adapters.tools.context import ToolContext
from app.core.booking import flow, sentences
from app.core.booking.appointment import Appointment, with_resource
from app.core.booking.ledger import Booking, Ledger, same_person
from workers.booking.refusals import refuse
from workers.booking.resources import meant_of

NAME_NEEDED = "What name is the appointment under?"
NUMBER_WITHHELD = (
    "I cannot see the number you are calling from, so I cannot look up earlier appointments."
)
NONE_OF_NUMBER = "I cannot find a coming appointment for the number you are calling from."


@dataclass(frozen=True, slots=True)
class Target:
    """What was found: a booking, or the result that says why not."""

    booking: Booking | None = None
    refusal: dict[str, Any] | None = None
    stopped: int = 0
    """Bookings of this call that were begun and will not be written any more."""


def find_appointments(ctx: ToolContext, args: dict[str, Any]) -> dict[str, Any]:
    """The caller's appointments: those of this call, and earlier ones once the name fits."""
    name = str(args.get("name") or "").strip()
    ledger, _ = Performer(ctx).run(flow.settle(_asked_at(ctx), stop=False))
    mine = [
        b for b in ledger.standing() if _own(b, ctx) and (not name or same_person(name, b.name))
    ]
    known = {booking.id for booking in mine}
    earlier = [b for b in earlier_of(ctx) if b.id not in known]
    fitting: list[Booking] = []
    if earlier or not mine:
        verdict, fitting = _check(ctx).bookings(name, earlier)
        if not mine and not fitting:
            if not earlier and not name:
                return _not_found(ctx)
            return _refusal_of(ctx, verdict, name)
    Offered(ctx.redis, ctx.call_id).add_bookings({b.id: b.event_id for b in fitting})
    found = sorted([*mine, *fitting], key=lambda booking: booking.start)
    shown = [describe(ctx, booking) for booking in found]
    listed = _listed(ctx, found)
    return {
        "ok": True,
        "output": {"appointments": shown, "message": listed},
        "say": listed,
    }


def choose(ctx: ToolContext, args: dict[str, Any], *, stop: bool) -> Target:
    """Find the appointment to move or, with `stop`, to cancel. Raises CalendarDown.

    For a cancellation `resource` and `party_size` say which one is meant; for a move they say what
    it is to have.
    """
    name = str(args.get("name") or "").strip()
    wanted = str(args.get("booking_id") or "").strip()
    steps = flow.settle(_asked_at(ctx), stop=stop and not wanted)
    ledger, stopped = Performer(ctx).run(steps)
    done = ledger.wishes.get(wish_key(ctx))
    if done and done.booking_id in ledger.bookings and done.state != "refused":
        return Target(ledger.bookings[done.booking_id])
    if wanted:
        target = _by_id(ctx, wanted, name, ledger)
        if target.booking or target.refusal:
            return target
    about = args if stop else {}
    mine = [b for b in ledger.standing() if not name or same_person(name, b.name)]
    mine = meant_of(ctx, about, mine)
    if len(mine) == 1 and not (wanted and not _own(mine[0], ctx)):
        return Target(mine[0])
    if len(mine) > 1:
        return Target(refusal=_which(ctx, mine))
    if stopped:
        return Target(stopped=stopped)
    return _earlier_target(ctx, name, about)


def describe(ctx: ToolContext, booking: Booking) -> dict[str, Any]:
    """A booking as the model sees it; `say` is its time in words."""
    rules = ctx.agent.booking
    local = booking.starts.astimezone(rules.zone)
    return {
        "booking_id": booking.id,
        "date": local.date().isoformat(),
        "time": f"{local:%H:%M}",
        "service": sentences.service_name(booking, rules),
        **with_resource(booking.resource, booking.party_size),
        "name": booking.name,
        "say": sentences.when(booking, rules, ctx.now),
    }


def _by_id(ctx: ToolContext, wanted: str, name: str, ledger: Ledger) -> Target:
    held = ledger.bookings.get(wanted)
    if held and held.stands:
        return Target(held)
    checked = Offered(ctx.redis, ctx.call_id).event_of(wanted)
    for booking in earlier_of(ctx):
        if booking.id == wanted:
            if ctx.consent or booking.event_id == checked:
                return Target(booking)
            verdict, fitting = _check(ctx).bookings(name, [booking])
            if fitting:
                return Target(booking)
            return Target(refusal=_refusal_of(ctx, verdict, name))
    return Target()


def _earlier_target(ctx: ToolContext, name: str, about: dict[str, Any]) -> Target:
    earlier = earlier_of(ctx)
    offered = Offered(ctx.redis, ctx.call_id)
    if name:
        verdict, fitting = _check(ctx).bookings(name, earlier)
    elif not earlier:
        return Target(refusal=_not_found(ctx))
    else:
        verdict = "no_name"
        fitting = [b for b in earlier if offered.event_of(b.id) == b.event_id]
    if not fitting:
        return Target(refusal=_refusal_of(ctx, verdict, name))
    fitting = meant_of(ctx, about, fitting)
    if len(fitting) > 1:
        offered.add_bookings({b.id: b.event_id for b in fitting})
        return Target(refusal=_which(ctx, fitting))
    return Target(fitting[0])


def earlier_of(ctx: ToolContext) -> list[Booking]:
    """Coming appointments of the caller's number with this business, as the calendar has them."""
    if not ctx.caller_number:
        return []
    found: dict[str, Appointment] = {}
    for number in dict.fromkeys((ctx.caller_number, ctx.told_number or ctx.caller_number)):
        found |= {a.id: a for a in ctx.calendar.find(number, after=ctx.now)}
    indexed = booking_ledger.of_caller(
        ctx.redis,
        ctx.business,
        (ctx.caller_number, ctx.told_number),
        only_business=ctx.only_business,
    )
    for booking in indexed:
        if booking.event_id not in found and booking.stands and booking.starts > ctx.now:
            appointment = ctx.calendar.get(booking.event_id)
            if appointment and not appointment.cancelled and appointment.start > ctx.now:
                found[appointment.id] = appointment
    ours = [a for a in found.values() if is_with_us(a, ctx)]
    return [Booking.of(appointment) for appointment in sorted(ours, key=lambda a: a.start)]


def is_with_us(appointment: Appointment, ctx: ToolContext) -> bool:
    """Whether an appointment is with the business of this call. Older ones say no business."""
    if appointment.business:
        return appointment.business == ctx.business
    return ctx.only_business


def _which(ctx: ToolContext, bookings: list[Booking]) -> dict[str, Any]:
    shown = [describe(ctx, booking) for booking in bookings]
    listed = _listed(ctx, bookings)
    return refuse("which_one", f"{listed} Which one do you mean?", appointments=shown)


def _listed(ctx: ToolContext, bookings: list[Booking]) -> str:
    rules = ctx.agent.booking
    return sentences.listed(
        [(sentences.what(b, rules), sentences.when(b, rules, ctx.now)) for b in bookings]
    )


def _not_found(ctx: ToolContext) -> dict[str, Any]:
    if not ctx.caller_number:
        return refuse("number_withheld", NUMBER_WITHHELD)
    return refuse("booking_not_found", NONE_OF_NUMBER)


def _refusal_of(ctx: ToolContext, verdict: Verdict, name: str) -> dict[str, Any]:
    """Why no appointment was found under a name."""
    if not ctx.caller_number:
        return refuse("number_withheld", NUMBER_WITHHELD)
    if verdict == "no_name":
        return refuse("name_needed", NAME_NEEDED, found=0)
    if verdict == "several_names":
        return refuse("one_name", "Please tell me one name only: the one it is booked under.")
    if verdict == "too_many_tries":
        return refuse("name_check_failed", sentences.NAME_CHECK_FAILED)
    return refuse("booking_not_found", sentences.spell_it(name[:80]), ask="spelling")


def _check(ctx: ToolContext) -> NameCheck:
    return NameCheck(ctx.redis, ctx.call_id)


def _own(booking: Booking, ctx: ToolContext) -> bool:
    return booking.call_id == ctx.call_id


def _asked_at(ctx: ToolContext) -> float:
    return ctx.asked_at or ctx.now.timestamp()
