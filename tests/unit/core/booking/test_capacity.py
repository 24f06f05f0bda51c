"""Up to the capacity of each resource, never beyond, and no emptier than need be."""

from __future__ import annotations

import datetime as dt
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.booking.appointment import Busy, Place
from app.core.booking.capacity import first_free, free_places, in_order
from app.core.booking.resources import Resource

NOW = dt.datetime(2027, 3, 9, 8, tzinfo=dt.UTC)


def at(minutes: int) -> dt.datetime:
    return NOW + dt.timedelta(minutes=minutes)


def taken(resource: str, start: int, end: int, before: int = 0, after: int = 0) -> Busy:
    return Busy(at(start), at(end), before, after, resource=resource)


@pytest.mark.parametrize(
    ("busy", "expected"),
    [
        ([], "Anna"),
        ([taken("Anna", 0, 30)], "Ben"),
        ([taken("Anna", 30, 60), taken("Ben", -30, 0)], "Anna"),
        ([taken("Anna", 0, 30), taken("Ben", 10, 20)], None),
        ([taken("", 0, 30)], None),
        ([taken("Anna", -20, 0, after=5)], "Ben"),
        ([taken("Carla", 0, 30)], "Anna"),
    ],
)
def test_the_first_that_is_free(busy: list[Busy], expected: str | None) -> None:
    found = first_free([Place("Anna"), Place("Ben")], busy, at(0), at(30))
    assert (found.resource if found else None) == expected


def test_what_takes_the_whole_business_is_blocked_by_each() -> None:
    assert taken("Anna", 0, 30).blocks(at(10), at(40))


def test_three_tables_are_three_at_any_instant() -> None:
    table = Place("table", 3)
    two_now = [taken("table", 0, 60), taken("table", 0, 60)]
    assert first_free([table], two_now, at(0), at(60))
    assert not first_free([table], [*two_now, taken("table", 30, 90)], at(0), at(60))
    # One leaves as another comes: there are never more than two of the others at once.
    one_after_the_other = [*two_now[:1], taken("table", 0, 30), taken("table", 30, 60)]
    assert first_free([table], one_after_the_other, at(0), at(60))


def test_the_smallest_then_the_least_booked_comes_first() -> None:
    resources = [
        Resource(name="big", seats=8),
        Resource(name="round", seats=4),
        Resource(name="square", seats=4, count=2),
    ]
    busy = [taken("round", 0, 60), taken("square", 0, 60), taken("square", 60, 90)]
    assert [place.resource for place in in_order(resources, [])] == ["round", "square", "big"]
    assert [p.resource for p in in_order(resources, busy[:1])] == ["square", "round", "big"]
    assert [p.resource for p in in_order(resources, busy)] == ["round", "square", "big"]


spans = st.tuples(st.integers(0, 20), st.integers(1, 8)).map(
    lambda given: (5 * given[0], 5 * (given[0] + given[1]))
)
names = st.sampled_from(["one", "two", "two", "two"])
bookings = st.lists(
    st.tuples(names, spans, st.sampled_from([0, 0, 5]), st.sampled_from([0, 0, 10])), max_size=14
)
PLACES = [Place("one", 1), Place("two", 2)]


def assignable(held: list[Busy], capacity: int) -> bool:
    """Whether each can be given one of `capacity` that nobody else has meanwhile."""
    used: list[list[Busy]] = [[] for _ in range(capacity)]

    def give(rest: list[Busy]) -> bool:
        if not rest:
            return True
        for unit in used:
            if not any(clash(rest[0], other) for other in unit):
                unit.append(rest[0])
                if give(rest[1:]):
                    return True
                unit.pop()
        return False

    return give(sorted(held, key=lambda item: item.start))


def clash(one: Busy, other: Busy) -> bool:
    return one.blocks(other.start, other.end, other.before, other.after)


@given(wishes=bookings)
def test_whatever_is_let_in_has_a_place_of_its_own(
    wishes: list[tuple[str, tuple[int, int], int, int]],
) -> None:
    held: list[Busy] = []
    for name, (start, end), before, after in wishes:
        place = next(item for item in PLACES if item.resource == name)
        if first_free([place], held, at(start), at(end), before, after):
            held.append(taken(name, start, end, before, after))
    for place in PLACES:
        own = [item for item in held if item.resource == place.resource]
        assert assignable(own, place.capacity)


@given(wishes=bookings)
def test_nothing_is_refused_that_has_a_place(
    wishes: list[tuple[str, tuple[int, int], int, int]],
) -> None:
    held: list[Busy] = []
    for name, (start, end), _, _ in wishes:
        place = next(item for item in PLACES if item.resource == name)
        wanted = taken(name, start, end)
        own = [item for item in held if item.resource == name]
        free = first_free([place], held, at(start), at(end)) is not None
        assert free == assignable([*own, wanted], place.capacity)
        if free:
            held.append(wanted)


@given(
    wishes=bookings,
    whole=st.lists(spans, max_size=1),
    length=st.integers(1, 8),
    buffers=st.tuples(st.sampled_from([0, 5]), st.sampled_from([0, 10])),
)
def test_all_starts_at_once_are_as_each_alone(
    wishes: list[tuple[str, tuple[int, int], int, int]],
    whole: list[tuple[int, int]],
    length: int,
    buffers: tuple[int, int],
) -> None:
    busy = [taken(name, start, end, b, a) for name, (start, end), b, a in wishes]
    busy += [taken("", *span) for span in whole]
    starts = [at(5 * step) for step in range(30)]
    long = dt.timedelta(minutes=5 * length)
    found = free_places(PLACES, busy, starts, long, *buffers)
    for start, mask in zip(starts, found, strict=True):
        alone = [first_free([place], busy, start, start + long, *buffers) for place in PLACES]
        assert mask == sum(1 << number for number, place in enumerate(alone) if place)


def test_a_moment_blocks_as_it_did() -> None:
    moment = [taken("one", 10, 10)]
    assert not first_free(PLACES[:1], moment, at(0), at(20))
    assert free_places(PLACES[:1], moment, [at(0)], dt.timedelta(minutes=20)) == [0]


def test_capacity_counts_pairs_of_overlaps() -> None:
    held = [taken("two", 0, 60), taken("two", 50, 90)]
    assert all(clash(one, other) for one, other in combinations(held, 2))
    assert not first_free(PLACES[1:], held, at(55), at(60))
    assert first_free(PLACES[1:], held, at(60), at(90))
