"""No double booking, under any interleaving of racing, crashing and returning workers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.core.booking import commands as do
from app.core.booking import flow
from app.core.booking.appointment import Appointment, Busy, Draft, Place
from app.core.booking.capacity import first_free
from app.core.booking.ledger import ANY_PLACE, Booking, Ledger, Wish
from app.errors import BookingNotFound, Outdated, SlotTaken

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
PEOPLE = ("Anna Smith", "Tom Jones")


def start_of(slot: int) -> dt.datetime:
    """Slots overlap their neighbours by half."""
    return NOW + dt.timedelta(days=1, minutes=15 * slot)


@dataclass
class World:
    """One calendar and one ledger per call, every step atomic."""

    events: dict[str, Appointment] = field(default_factory=dict)
    ledgers: dict[str, tuple[Ledger, int]] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)

    def perform(self, call: str, step: do.Step) -> Any:
        match step:
            case do.Load():
                return self.ledgers.get(call, (Ledger(), 0))
            case do.Save(ledger, version):
                if self.ledgers.get(call, (Ledger(), 0))[1] != version:
                    return False
                restored = Ledger.from_json(ledger.to_json())
                assert restored == ledger
                self.ledgers[call] = (restored, version + 1)
                return True
            case do.Find(key):
                return self.events.get(f"ev-{key}")
            case do.Fence(event_id, asked_at):
                if event_id not in self.events:
                    return None
                event = self.events[event_id]
                return self._keep(replace(event, asked_at=max(event.asked_at, asked_at)))
            case do.Write(draft, key):
                return self._write(draft, key)
            case do.Move(event_id, draft, key):
                return self._move(self._event(event_id), draft, key)
            case do.Cancel(event_id, key, asked_at):
                event = self._event(event_id)
                if event.cancelled:
                    return event
                if asked_at and asked_at < event.asked_at:
                    raise Outdated
                return self._keep(event.changed(key, asked_at, NOW, status="cancelled"))
        raise AssertionError(step)

    def _write(self, draft: Draft, key: str) -> Appointment:
        event_id = f"ev-{key}"
        if event_id not in self.events:
            place = self._place(draft, event_id)
            self.writes[key] = self.writes.get(key, 0) + 1
            self._keep(Appointment.made(event_id, event_id, draft, key, NOW, place))
        return self.events[event_id]

    def _move(self, event: Appointment, draft: Draft, key: str) -> Appointment:
        if key in event.applied:
            return event
        if draft.asked_at < event.asked_at:
            raise Outdated
        if event.cancelled:
            raise BookingNotFound
        return self._keep(event.moved(draft, key, NOW, self._place(draft, event.id)))

    def _keep(self, event: Appointment) -> Appointment:
        self.events[event.id] = event
        return event

    def _event(self, event_id: str) -> Appointment:
        if event_id not in self.events:
            raise BookingNotFound
        return self.events[event_id]

    def _place(self, draft: Draft, own: str) -> Place | None:
        others = [e.busy() for e in self.events.values() if e.id != own and not e.cancelled]
        if draft.places:
            place = first_free(draft.places, others, draft.start, draft.end)
            if place is None:
                raise SlotTaken
            return place
        if any(other.blocks(draft.start, draft.end) for other in others):
            raise SlotTaken
        return None

    def standing(self) -> list[Appointment]:
        return [event for event in self.events.values() if not event.cancelled]


@dataclass(frozen=True)
class Plan:
    """One intention of a caller; `order` in the list of plans is when it was asked for."""

    call: str
    kind: str
    person: int
    slot: int
    place: str = ""
    """As a wish has it."""


PLACES = (Place("Anna"), Place("chair", 2))


def draft_for(plan: Plan, asked_at: float) -> Draft:
    start = start_of(plan.slot)
    return Draft(
        start=start,
        end=start + dt.timedelta(minutes=30),
        service="checkup",
        title="Checkup",
        name=PEOPLE[plan.person],
        call_id=plan.call,
        asked_at=asked_at,
        places=tuple(p for p in PLACES if plan.place in (ANY_PLACE, p.resource)),
    )


def run_plan(plan: Plan, asked_at: float) -> Generator[do.Step, Any, do.Outcome | None]:
    """What a worker does for one intention, from the beginning, as often as it is started."""
    draft = draft_for(plan, asked_at)
    wish = Wish(
        key=f"{plan.kind}-{asked_at:.0f}",
        kind=plan.kind,  # type: ignore[arg-type]
        asked_at=asked_at,
        service="checkup",
        name=draft.name if plan.kind == "book" else "",
        start=draft.start.isoformat() if plan.kind == "book" else "",
        place=plan.place if plan.kind == "book" else "",
    )
    if plan.kind == "book":
        return (yield from flow.book(wish, draft, limit=4))
    ledger, _ = yield from flow.settle(asked_at, stop=plan.kind == "cancel")
    targets = [b for b in ledger.standing() if b.name == draft.name]
    if wish.key in ledger.wishes:
        targets = [b for b in ledger.bookings.values() if b.name == draft.name] or targets
    if not targets:
        return None
    if plan.kind == "move":
        return (yield from flow.move(wish, targets[0], draft))
    return (yield from flow.cancel(wish, targets[0]))


@dataclass
class Worker:
    """A run of one plan that can be stepped, crash, and be started again."""

    world: World
    plan: Plan
    asked_at: float
    steps: Generator[do.Step, Any, do.Outcome | None] | None = None
    step: do.Step | None = None
    result: do.Outcome | None = None
    finished: bool = False

    def advance(self) -> None:
        if self.finished:
            return
        try:
            if self.steps is None:
                self.steps = run_plan(self.plan, self.asked_at)
                self.step = next(self.steps)
                return
            assert self.step is not None
            try:
                answer = self.world.perform(self.plan.call, self.step)
            except (SlotTaken, BookingNotFound, Outdated) as error:
                self.step = self.steps.throw(error)
            else:
                self.step = self.steps.send(answer)
        except StopIteration as stop:
            self.result = stop.value
            self.finished = True

    def crash(self, *, after_step: bool) -> None:
        """Die before the step that is due, or after it was performed but not heard of."""
        if self.finished or self.steps is None or self.step is None:
            return
        if after_step:
            try:
                self.world.perform(self.plan.call, self.step)
            except (SlotTaken, BookingNotFound, Outdated):
                pass
        self.steps = self.step = None


plans = st.lists(
    st.builds(
        Plan,
        call=st.sampled_from(["one", "one", "one", "two"]),
        kind=st.sampled_from(["book", "book", "book", "move", "cancel"]),
        person=st.sampled_from([0, 0, 1]),
        slot=st.integers(0, 4),
    ),
    min_size=2,
    max_size=4,
)
#: Who goes on, how many steps, and whether it then dies (before or after the step that is due).
schedules = st.lists(
    st.tuples(
        st.integers(0, 7), st.integers(1, 6), st.sampled_from([None, None, None, True, False])
    ),
    max_size=24,
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans=plans, schedule=schedules)
@example(  # a worker is overtaken just before it moves the event
    plans=[Plan("one", "book", 0, 1), Plan("one", "book", 0, 0), Plan("one", "book", 0, 1)],
    schedule=[(0, 4, None), (1, 6, None), (2, 4, None)],
)
@example(  # the same with another caller waiting for the place it leaves
    plans=[Plan("two", "book", 0, 0), *[Plan("one", "book", 0, slot) for slot in (1, 0, 0)]],
    schedule=[(1, 5, None), (2, 1, None), (2, 2, None), (7, 3, None)],
)
@example(  # a worker is overtaken by a wish that is then refused
    plans=[Plan("two", "book", 0, 0), *[Plan("one", "book", 0, slot) for slot in (2, 4, 0)]],
    schedule=[(0, 5, None), (1, 5, None), (2, 3, None), (3, 6, None)],
)
@example(  # a worker dies between moving the event and the record; the next wish is refused
    plans=[Plan("two", "book", 0, 0), *[Plan("one", "book", 0, slot) for slot in (2, 4, 0)]],
    schedule=[(0, 5, None), (1, 5, None), (2, 3, True), (3, 9, None)],
)
@example(  # a change of name waits while the same booking is to be moved
    plans=[*[Plan("one", "book", 0, slot) for slot in (0, 0, 1)], Plan("one", "book", 1, 0)],
    schedule=[(0, 5, None), (3, 3, None)],
)
@example(  # a cancellation comes between a change of name and its record
    plans=[Plan("one", "book", 1, 4), Plan("one", "book", 0, 4), Plan("one", "cancel", 0, 0)],
    schedule=[(0, 5, None), (1, 1, None), (1, 2, None), (2, 3, None)],
)
def test_never_booked_twice(
    plans: list[Plan], schedule: list[tuple[int, int, bool | None]]
) -> None:
    play(plans, schedule)


def play(plans: list[Plan], schedule: list[tuple[int, int, bool | None]]) -> None:
    """Let workers carry out the plans, two for each, in the order of the schedule."""
    world = World()
    workers = [Worker(world, plan, float(index + 1)) for index, plan in enumerate(plans)]
    # The same effect may be run by two workers at once (a stalled one and the one that took over).
    workers += [Worker(world, plan, float(index + 1)) for index, plan in enumerate(plans)]
    for who, steps, dies in schedule:
        worker = workers[who % len(workers)]
        for _ in range(steps):
            worker.advance()
            check_calendar(world)
        if dies is not None:
            worker.crash(after_step=dies)
            check_calendar(world)
    for worker in workers:
        for _ in range(400):
            worker.advance()
        assert worker.finished
        check_calendar(world)
    check_end(world, workers)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    plans=st.lists(
        st.builds(
            Plan,
            call=st.sampled_from(["one", "one", "two", "three", "four"]),
            kind=st.sampled_from(["book", "book", "book", "move", "cancel"]),
            person=st.sampled_from([0, 0, 1]),
            slot=st.integers(0, 2),
            place=st.sampled_from(["", "Anna", ANY_PLACE, ANY_PLACE, ANY_PLACE]),
        ),
        min_size=2,
        max_size=6,
    ),
    schedule=schedules,
)
def test_never_beyond_the_capacity(
    plans: list[Plan], schedule: list[tuple[int, int, bool | None]]
) -> None:
    play(plans, schedule)


def check_calendar(world: World) -> None:
    standing = sorted(world.standing(), key=lambda event: event.start)
    capacity = {place.resource: place.capacity for place in PLACES}
    for one in standing:
        # Whoever has been there at the moment one begins, and what they take.
        there = [e.busy() for e in standing if e.start <= one.start < e.end]
        whole = [item for item in there if not item.resource]
        assert len(there) == 1 or not whole, "double booking"
        for name, most in capacity.items():
            assert len(_taking(there, name)) <= most, f"{name} is booked beyond its capacity"
    assert all(count == 1 for count in world.writes.values()), "a key wrote two events"


def _taking(there: list[Busy], name: str) -> list[Busy]:
    return [item for item in there if item.resource == name]


def check_end(world: World, workers: list[Worker]) -> None:
    for call in ("one", "two", "three", "four"):
        ledger, _ = world.ledgers.get(call, (Ledger(), 0))
        standing = {event.id for event in world.standing() if event.call_id == call}
        recorded = {booking.event_id for booking in ledger.standing()}
        assert standing == recorded, "the record and the calendar disagree"
        people = [event.name for event in world.standing() if event.call_id == call]
        assert len(people) == len(set(people)), "one person, one service, two bookings"
        for event in world.standing():
            if event.call_id == call:
                known = next(b for b in ledger.standing() if b.event_id == event.id)
                assert replace(known, asked_at=event.asked_at) == Booking.of(event)
        check_last_wish(world, call, [w for w in workers if w.plan.call == call])


def check_last_wish(world: World, call: str, workers: list[Worker]) -> None:
    """The newest booking that was confirmed to the caller is what stands."""
    for name in PEOPLE:
        mine = [w for w in workers if PEOPLE[w.plan.person] == name]
        done = [
            w
            for w in mine
            if w.result and w.result.result in ("booked", "moved", "already", "cancelled")
        ]
        if not done:
            continue
        last = max(done, key=lambda w: w.asked_at)
        events = [e for e in world.standing() if e.call_id == call and e.name == name]
        if last.plan.kind == "cancel" or any(
            w.plan.kind == "cancel" and w.asked_at > last.asked_at for w in mine
        ):
            continue
        if any(w.asked_at > last.asked_at for w in mine if w.plan.kind != "cancel"):
            continue
        others = [w for w in workers if w.asked_at > last.asked_at]
        if not others:
            assert [e.start for e in events] == [start_of(last.plan.slot)]


def perform_all(world: World, plan: Plan, asked_at: float) -> do.Outcome | None:
    worker = Worker(world, plan, asked_at)
    while not worker.finished:
        worker.advance()
    return worker.result


def test_change_of_mind_moves_the_same_event() -> None:
    world = World()
    first = perform_all(world, Plan("one", "book", 0, 0), 1)
    second = perform_all(world, Plan("one", "book", 0, 4), 2)
    assert first
    assert first.result == "booked"
    assert second
    assert second.result == "moved"
    assert second.was == first.booking
    (event,) = world.standing()
    assert event.start == start_of(4)
    assert event.sequence == 1


def test_yes_twice_is_one_booking() -> None:
    world = World()
    perform_all(world, Plan("one", "book", 0, 0), 1)
    again = perform_all(world, Plan("one", "book", 0, 0), 2)
    assert again
    assert again.result == "already"
    assert len(world.events) == 1


def test_two_people_are_two_bookings() -> None:
    world = World()
    perform_all(world, Plan("one", "book", 0, 0), 1)
    second = perform_all(world, Plan("one", "book", 1, 4), 2)
    assert second
    assert second.result == "booked"
    assert len(world.standing()) == 2


def test_a_late_worker_does_not_undo_the_newer_wish() -> None:
    world = World()
    late = Worker(world, Plan("one", "book", 0, 0), 1)
    late.advance()
    newer = perform_all(world, Plan("one", "book", 0, 4), 2)
    assert newer
    assert newer.result == "booked"
    while not late.finished:
        late.advance()
    assert late.result
    assert late.result.result == "superseded"
    assert [event.start for event in world.standing()] == [start_of(4)]


def test_killed_between_calendar_and_record() -> None:
    world = World()
    plan = Plan("one", "book", 0, 0)
    worker = Worker(world, plan, 1)
    while not isinstance(worker.step, do.Write):
        worker.advance()
    worker.crash(after_step=True)
    assert len(world.standing()) == 1
    assert not world.ledgers["one"][0].standing()
    outcome = perform_all(world, plan, 1)
    assert outcome
    assert outcome.result == "booked"
    assert len(world.events) == 1
    assert len(world.ledgers["one"][0].standing()) == 1


def test_the_next_wish_takes_over_what_a_killed_worker_left() -> None:
    world = World()
    worker = Worker(world, Plan("one", "book", 0, 0), 1)
    while not isinstance(worker.step, do.Write):
        worker.advance()
    worker.crash(after_step=True)
    outcome = perform_all(world, Plan("one", "book", 0, 4), 2)
    assert outcome
    assert outcome.result == "moved"
    assert len(world.events) == 1


def test_an_event_removed_by_hand_is_not_reported_as_booked() -> None:
    world = World()
    plan = Plan("one", "book", 0, 0)
    worker = Worker(world, plan, 1)
    while not isinstance(worker.step, do.Write):
        worker.advance()
    worker.crash(after_step=True)
    (event,) = world.standing()
    world.events[event.id] = replace(event, status="cancelled")
    outcome = perform_all(world, plan, 1)
    assert outcome
    assert outcome.result == "superseded"
    assert not world.ledgers["one"][0].standing()


def test_two_people_may_have_the_same_time_where_there_is_room() -> None:
    world = World()
    results = [
        perform_all(world, Plan("one", "book", person, 0, place), float(order))
        for order, (person, place) in enumerate([(0, ANY_PLACE), (1, ANY_PLACE), (0, ANY_PLACE)])
    ]
    assert [result and result.result for result in results] == ["booked", "booked", "already"]
    assert [event.resource for event in world.standing()] == ["Anna", "chair"]
    third = perform_all(world, Plan("two", "book", 0, 1, ANY_PLACE), 4)
    fourth = perform_all(world, Plan("three", "book", 0, 1, ANY_PLACE), 5)
    assert third
    assert third.result == "booked"
    assert fourth
    assert fourth.result == "taken"


def test_a_name_corrected_for_the_only_one_of_its_kind_is_no_second_booking() -> None:
    world = World()
    perform_all(world, Plan("one", "book", 0, 0, "Anna"), 1)
    second = perform_all(world, Plan("one", "book", 1, 0, "Anna"), 2)
    assert second
    assert second.result == "moved"
    assert [event.name for event in world.standing()] == [PEOPLE[1]]


def test_a_change_of_mind_about_whom_keeps_the_time() -> None:
    world = World()
    perform_all(world, Plan("one", "book", 0, 0, ANY_PLACE), 1)
    second = perform_all(world, Plan("one", "book", 0, 0, "chair"), 2)
    assert second
    assert second.result == "moved"
    assert [event.resource for event in world.standing()] == ["chair"]
    later = perform_all(world, Plan("one", "book", 0, 4, ANY_PLACE), 3)
    assert later
    assert later.result == "moved"
    assert [event.resource for event in world.standing()] == ["chair"], "kept unless asked for"


def test_racing_callers() -> None:
    world = World()
    first = perform_all(world, Plan("one", "book", 0, 1), 1)
    second = perform_all(world, Plan("two", "book", 1, 2), 2)
    assert first
    assert first.result == "booked"
    assert second
    assert second.result == "taken"


def test_cancel_stops_what_is_not_yet_written() -> None:
    world = World()
    worker = Worker(world, Plan("one", "book", 0, 0), 1)
    while not isinstance(worker.step, do.Write):
        worker.advance()
    assert perform_all(world, Plan("one", "cancel", 0, 0), 2) is None
    while not worker.finished:
        worker.advance()
    assert worker.result
    assert worker.result.result == "superseded"
    assert not world.standing()


@pytest.mark.parametrize("limit", [1, 2])
def test_limit_of_bookings_in_a_call(limit: int) -> None:
    world = World()
    results = []
    for index, slot in enumerate((0, 2, 4)):
        wish = Wish(f"k{index}", "book", index + 1.0, service="checkup", name=f"Person{index}")
        draft = draft_for(Plan("one", "book", 0, slot), index + 1.0)
        steps = flow.book(Wish(**{**_fields(wish), "start": draft.start.isoformat()}), draft, limit)
        results.append(_drive(world, steps).result)
    assert results == ["booked"] * limit + ["limit"] * (3 - limit)


def _fields(wish: Wish) -> dict[str, Any]:
    return {name: getattr(wish, name) for name in Wish.__dataclass_fields__}


def _drive(world: World, steps: do.Flow) -> do.Outcome:
    step = next(steps)
    while True:
        try:
            step = steps.send(world.perform("one", step))
        except StopIteration as stop:
            outcome: do.Outcome = stop.value
            return outcome
