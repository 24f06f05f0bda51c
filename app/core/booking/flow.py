"""The steps of booking, moving and cancelling, as generators: each yields what is to be done next.

A worker performs the steps (`app/adapters/booking/executor.py`); the property tests interleave them
in every order, drop them halfway and start them again. What makes that safe, with any number of
workers at it:

- the calendar writes at most one event per key, refuses what collides, and refuses an older wish
  that comes after a newer one;
- the ledger is saved only if nobody else saved it since it was loaded; otherwise the flow starts
  again and sees what the other one did;
- a wish is in the ledger before the calendar is touched, so whoever comes next looks for an event
  a dead worker may have left, and takes it over or removes it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from dataclasses import replace
from typing import Any

from app.core.booking.appointment import Appointment, Draft
from app.core.booking.commands import (
    Cancel,
    Fence,
    Find,
    Flow,
    Load,
    Move,
    Outcome,
    Result,
    Save,
    Step,
    Write,
)
from app.core.booking.ledger import (
    ANY_PLACE,
    Booking,
    Ledger,
    State,
    Wish,
    pending_books,
    same_person,
)
from app.errors import BookingNotFound, CalendarBusy, Outdated, SlotTaken

MAX_ROUNDS = 40


def book(wish: Wish, draft: Draft, limit: int) -> Flow:
    """Book `draft`, or move the booking it replaces.

    A booking of the same slot in this call is the same booking. One for the same person and
    service at another time is moved: the caller changed their mind. Where others can book the same
    time, two people are two bookings. At most `limit` bookings stand in one call.
    """
    was: Booking | None = None
    for _ in range(MAX_ROUNDS):
        ledger, version = yield Load()
        mine = ledger.wishes.get(wish.key)
        if mine and mine.state == "done":
            return Outcome("booked", ledger.bookings.get(mine.booking_id), was)
        rivals = [other for other in ledger.wishes.values() if _rivals(wish, other)]
        if (mine and mine.state == "superseded") or _overtaken(wish, rivals, ledger):
            if not (yield from _withdraw(wish, ledger, version)):
                continue
            return Outcome("superseded", _latest(ledger, rivals))
        older = pending_books(other for other in rivals if other.order < wish.order)
        if older:
            yield from _settle(older[0], ledger, version, wish.asked_at)
            continue
        standing = [b for b in ledger.standing() if b.call_id == draft.call_id]
        target = _replaced(wish, standing)
        if target and _changing(target, ledger, wish):
            if not (yield from _withdraw(wish, ledger, version)):
                continue
            return Outcome("superseded", target)
        if target is None and len(standing) >= limit:
            return Outcome("limit")
        noted = mine.noted if mine else wish.noted
        wanted = replace(wish, booking_id=target.id if target else "", noted=noted)
        begun = ledger.with_wish(wanted)
        if mine != wanted:
            if not (yield Save(begun, version)):
                continue
            version += 1
        # Also where nothing changes: from now on no older wish can move it.
        was = was or target
        outcome = yield from _write(wish, draft, target, was, begun, version)
        if outcome:
            return outcome
    raise CalendarBusy("the booking changed too often at once")


def _write(
    wish: Wish,
    draft: Draft,
    target: Booking | None,
    was: Booking | None,
    begun: Ledger,
    version: int,
) -> Generator[Step, Any, Outcome | None]:
    """Write `draft`, or move `target` to it, and save what came of it; None to begin again.

    `begun` is the ledger with the wish, as it was saved.
    """
    same = target is not None and _adds_nothing(wish, target)
    try:
        if target is None:
            appointment = yield Write(draft, wish.key)
        else:
            kept = replace(draft, name=target.name, title=target.title) if same else draft
            if wish.party_size == target.party_size:
                kept = kept.preferring(target.resource)
            appointment = yield Move(target.event_id, kept, wish.key)
    except SlotTaken:
        yield Save(begun.with_state(wish.key, "refused"), version)
        return Outcome("taken", target)
    except BookingNotFound:
        assert target is not None
        yield Save(begun.without_event(target.event_id), version)
        return None
    except Outdated:
        yield Save(begun.with_state(wish.key, "superseded"), version)
        return None
    booking = Booking.of(appointment)
    if not booking.stands:
        yield Save(begun.with_state(wish.key, "superseded").with_booking(booking), version)
        return Outcome("superseded", booking)
    done = begun.with_booking(booking).with_state(wish.key, "done", booking.id)
    if not (yield Save(done, version)):
        return None
    if target is None:
        return Outcome("booked", booking)
    return Outcome("already" if same else "moved", booking, was)


def move(wish: Wish, target: Booking, draft: Draft) -> Flow:
    """Move `target`, of this call or an earlier one, to the time of `draft`."""
    return (yield from _change(wish, target, Move(target.event_id, draft, wish.key)))


def cancel(wish: Wish, target: Booking) -> Flow:
    """Cancel `target`, of this call or an earlier one."""
    return (yield from _change(wish, target, Cancel(target.event_id, wish.key, wish.asked_at)))


def _change(wish: Wish, target: Booking, step: Move | Cancel) -> Flow:
    """Take `step` on a booking that stands, and save what came of it."""
    moves = isinstance(step, Move)
    result: Result = "moved" if moves else "cancelled"
    was = target if moves else None
    wish = replace(wish, booking_id=target.id)
    for _ in range(MAX_ROUNDS):
        ledger, version = yield Load()
        mine = ledger.wishes.get(wish.key)
        current = ledger.bookings.get(target.id, target)
        if mine and mine.state == "done":
            return Outcome(result, current, was)
        if mine and mine.state == "superseded" and moves:
            return Outcome("superseded", current)
        begun = ledger.with_wish(wish)
        if mine is None or mine.state != "pending":
            if not (yield Save(begun, version)):
                continue
            version += 1
        try:
            appointment = yield step
        except SlotTaken:
            yield Save(begun.with_state(wish.key, "refused"), version)
            return Outcome("taken", current)
        except BookingNotFound:
            # To cancel what is gone is done; to move it is not.
            state: State = "refused" if moves else "done"
            yield Save(begun.without_event(target.event_id).with_state(wish.key, state), version)
            return Outcome("gone", current)
        except Outdated:
            yield Save(begun.with_state(wish.key, "superseded"), version)
            return Outcome("superseded", current)
        booking = Booking.of(appointment)
        if (yield Save(begun.with_booking(booking).with_state(wish.key, "done"), version)):
            return Outcome(result, booking, was)
    raise CalendarBusy("the booking changed too often at once")


def note(wish: Wish) -> Generator[Step, Any, bool]:
    """Keep a booking that could not be written yet as noted; False when it is settled already."""
    for _ in range(MAX_ROUNDS):
        ledger, version = yield Load()
        mine = ledger.wishes.get(wish.key, wish)
        if mine.state in ("done", "superseded"):
            return False
        kept = replace(mine, state="pending", noted=True)
        if (yield Save(ledger.with_wish(kept), version)):
            return True
    raise CalendarBusy("the booking changed too often at once")


def withdraw(wish: Wish) -> Generator[Step, Any, bool]:
    """Give a booking up: what may have been written is removed. False if it was booked after all.

    A move that was made stays; the ledger then shows it.
    """
    for _ in range(MAX_ROUNDS):
        ledger, version = yield Load()
        mine = ledger.wishes.get(wish.key)
        if mine and mine.state == "done":
            return False
        if (yield from _withdraw(wish, ledger, version)):
            return True
    raise CalendarBusy("the booking changed too often at once")


def settle(asked_at: float, *, stop: bool) -> Generator[Step, Any, tuple[Ledger, int]]:
    """Find out what became of every booking begun before `asked_at`; give the ledger.

    With `stop`, what was asked for before and is not written yet will not be written any more. The
    number given is how many begun bookings were stopped that way.
    """
    stopped = 0
    for _ in range(MAX_ROUNDS):
        ledger, version = yield Load()
        if stop and ledger.stop_at < asked_at:
            yield Save(ledger.stopped(asked_at), version)
            continue
        older = [w for w in pending_books(ledger.wishes.values()) if w.asked_at < asked_at]
        if not older:
            return ledger, stopped
        found = yield from _settle(older[0], ledger, version, asked_at)
        stopped += found is False
    raise CalendarBusy("the booking changed too often at once")


def _settle(
    other: Wish, ledger: Ledger, version: int, asked_at: float
) -> Generator[Step, Any, bool | None]:
    """Close a begun booking of an earlier wish for a wish of `asked_at`.

    Gives True when it was written, False when it is superseded, None when the ledger changed.
    """
    appointment: Appointment | None
    replaced = ledger.bookings.get(other.booking_id)
    if replaced is None:
        appointment = yield Find(other.key, dt.datetime.fromisoformat(other.start))
    else:
        # Its worker may be about to move the event: after the fence it has moved it or never will.
        appointment = yield Fence(replaced.event_id, asked_at)
        if appointment and other.key not in appointment.applied:
            appointment = None
    if appointment is None:
        saved = yield Save(ledger.with_state(other.key, "superseded"), version)
        return False if saved else None
    booking = Booking.of(appointment)
    saved = yield Save(
        ledger.with_booking(booking).with_state(other.key, "done", booking.id), version
    )
    return True if saved else None


def _withdraw(wish: Wish, ledger: Ledger, version: int) -> Generator[Step, Any, bool]:
    """Remove what a wish that is no longer wanted may have written, and close it.

    Gives False when the flow must look again: a move that was already made counts as done.
    """
    mine = ledger.wishes.get(wish.key)
    if mine and mine.state == "pending":
        moved = ledger.bookings.get(mine.booking_id)
        event: Appointment | None = (yield Fence(moved.event_id, ledger.stop_at)) if moved else None
        if event and wish.key in event.applied:
            done = ledger.with_booking(Booking.of(event)).with_state(wish.key, "done")
            yield Save(done, version)
            return False
        if not (yield Save(ledger.with_state(wish.key, "superseded"), version)):
            return False
    around = dt.datetime.fromisoformat((mine or wish).start)
    stray: Appointment | None = yield Find(wish.key, around)
    if stray and not stray.cancelled and not ledger.holds(stray.id):
        try:
            yield Cancel(stray.id, f"{wish.key}/undo", 0.0)
        except BookingNotFound:
            pass
    return True


def _rivals(wish: Wish, other: Wish) -> bool:
    """Two bookings that can only both be wanted by mistake: one slot, or one person and service."""
    if other.key == wish.key or other.kind != "book":
        return False
    if other.start == wish.start and other.place == wish.place != ANY_PLACE:
        return True
    return other.service == wish.service and same_person(other.name, wish.name)


def _overtaken(wish: Wish, rivals: list[Wish], ledger: Ledger) -> bool:
    if wish.asked_at < ledger.stop_at:
        return True
    return any(r.order > wish.order and r.state in ("pending", "done") for r in rivals)


def _in_place(wish: Wish, booking: Booking) -> bool:
    """Whether the wish can have its time only instead of the booking."""
    return not wish.place or wish.place == booking.resource


def _adds_nothing(wish: Wish, target: Booking) -> bool:
    if target.start != wish.start or target.service != wish.service:
        return False
    if wish.place not in ("", ANY_PLACE, target.resource) or wish.party_size != target.party_size:
        return False
    return set(wish.name.casefold().split()) <= set(target.name.casefold().split())


def _changing(target: Booking, ledger: Ledger, wish: Wish) -> bool:
    """Tell whether a newer wish has begun to change the booking that this one would change."""
    return any(
        other.booking_id == target.id and other.state == "pending" and other.order > wish.order
        for other in ledger.wishes.values()
        if other.key != wish.key
    )


def _latest(ledger: Ledger, rivals: list[Wish]) -> Booking | None:
    done = sorted((r for r in rivals if r.state == "done"), key=lambda r: r.order)
    return ledger.bookings.get(done[-1].booking_id) if done else None


def _replaced(wish: Wish, standing: list[Booking]) -> Booking | None:
    """The booking made in this call that the wish means to replace, if any."""
    theirs = [b for b in standing if b.service == wish.service and same_person(b.name, wish.name)]
    same_slot = [b for b in standing if b.start == wish.start and _in_place(wish, b)]
    for booking in (*(b for b in theirs if b in same_slot), *theirs, *same_slot):
        return booking
    return None
