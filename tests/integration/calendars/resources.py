"""What every calendar that keeps resources must do: up to the capacity, never beyond."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from app.core.booking.appointment import Draft, Place
from app.errors import SlotTaken
from tests.integration.calendars.conformance import HOUR, TEN, Harness, draft

ANNA, BEN, CHAIRS = Place("Anna"), Place("Ben"), Place("chair", 3)
NAMES = ("Anna", "Ben", "chair")


def wish(*places: Place, start: dt.datetime = TEN, minutes: int = 60, party: int = 0) -> Draft:
    return replace(draft(start, minutes), places=places, party_size=party)


class ResourceConformance:
    """Subclasses give a `harness` fixture, whose calendars know the resources `NAMES`."""

    def test_the_first_place_that_is_free(self, harness: Harness) -> None:
        got = []
        for number in range(2):
            made = harness.calendar().book(wish(ANNA, BEN), f"k{number}")
            assert harness.calendar().get(made.id) == made
            got.append(made.resource)
        assert got == ["Anna", "Ben"]
        with pytest.raises(SlotTaken):
            harness.calendar().book(wish(ANNA, BEN), "k3")
        assert harness.calendar().book(wish(ANNA, BEN), "k0").resource == "Anna"

    def test_what_is_busy_names_its_resource(self, harness: Harness) -> None:
        made = harness.calendar().book(wish(CHAIRS, party=4), "k1")
        assert (made.resource, made.party_size, made.title) == ("chair", 4, "Cleaning: Dana Reyes")
        (busy,) = harness.calendar().busy(TEN - HOUR, TEN + 2 * HOUR)
        assert (busy.resource, busy.event_id, busy.start) == ("chair", made.id, TEN)

    def test_racing_writers_fill_the_capacity(self, harness: Harness) -> None:
        def book(number: int) -> str | None:
            try:
                return harness.calendar().book(wish(ANNA, CHAIRS), f"k{number}").resource
            except SlotTaken:
                return None

        with ThreadPoolExecutor(10) as pool:
            got = Counter(pool.map(book, range(10)))
        assert got == {"Anna": 1, "chair": 3, None: 6}

    def test_places_overlap_up_to_the_capacity_at_any_instant(self, harness: Harness) -> None:
        calendar = harness.calendar()
        for number, shift in enumerate((-1, 0, 0)):
            calendar.book(wish(CHAIRS, start=TEN + shift * HOUR / 2), f"k{number}")
        with pytest.raises(SlotTaken):
            calendar.book(wish(CHAIRS), "k3")
        assert calendar.book(wish(CHAIRS, start=TEN + HOUR / 2), "k4").resource == "chair"
        with pytest.raises(SlotTaken):
            calendar.book(wish(CHAIRS, start=TEN + HOUR / 2), "k5")

    def test_buffers_hold_the_place(self, harness: Harness) -> None:
        calendar = harness.calendar()
        calendar.book(replace(wish(ANNA), after=15), "k1")
        with pytest.raises(SlotTaken):
            calendar.book(wish(ANNA, start=TEN + HOUR), "k2")
        assert calendar.book(wish(ANNA, BEN, start=TEN + HOUR), "k3").resource == "Ben"

    def test_bookings_without_a_resource_block_what_they_blocked(self, harness: Harness) -> None:
        calendar = harness.calendar()
        calendar.book(draft(), "k1")
        with pytest.raises(SlotTaken):
            calendar.book(wish(ANNA, CHAIRS), "k2")
        calendar.book(wish(ANNA, start=TEN + 2 * HOUR), "k3")
        with pytest.raises(SlotTaken):
            calendar.book(draft(TEN + 2 * HOUR), "k4")

    def test_a_move_leaves_its_own_place_free(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(wish(ANNA), "k1")
        calendar.book(wish(BEN), "k2")
        moved = calendar.move(made.id, wish(ANNA, BEN, start=TEN + HOUR / 2), "k3")
        assert (moved.resource, moved.start) == ("Anna", TEN + HOUR / 2)
        with pytest.raises(SlotTaken):
            calendar.move(made.id, replace(wish(BEN), asked_at=2.0), "k4")
        assert calendar.get(made.id) == moved
        assert calendar.book(wish(ANNA, start=TEN - HOUR / 2), "k5").resource == "Anna"

    def test_another_resource_at_the_same_time(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(wish(ANNA, party=2), "k1")
        moved = calendar.move(made.id, wish(BEN, party=3), "k2")
        assert (moved.resource, moved.party_size, moved.start) == ("Ben", 3, TEN)
        assert harness.calendar().get(made.id) == moved
        assert calendar.book(wish(ANNA), "k3").resource == "Anna"

    def test_what_is_cancelled_gives_its_place_back(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(wish(ANNA), "k1")
        cancelled = calendar.cancel(made.id, "k2")
        assert (cancelled.resource, cancelled.cancelled) == ("Anna", True)
        assert harness.calendar().get(made.id) == cancelled
        assert calendar.book(wish(ANNA), "k3").resource == "Anna"

    def test_people_take_one_of_a_resource_by_hand(self, harness: Harness) -> None:
        harness.human_adds("2027-03-10T10:30", "2027-03-10T11:30", resource="Anna")
        harness.human_adds("2027-03-10T10:00", "2027-03-10T12:00", resource="chair")
        calendar = harness.calendar()
        busy = calendar.busy(TEN, TEN + 3 * HOUR)
        assert [item.resource for item in busy] == ["chair", "Anna"]
        with pytest.raises(SlotTaken):
            calendar.book(wish(ANNA), "k1")
        got = [calendar.book(wish(ANNA, BEN, CHAIRS), f"k{n}").resource for n in range(2, 5)]
        assert got == ["Ben", "chair", "chair"]
        with pytest.raises(SlotTaken):
            calendar.book(wish(ANNA, BEN, CHAIRS), "k5")

    def test_names_with_signs(self, harness: Harness) -> None:
        odd = Place('Zoë / "the chair", 2%\\d')
        made = harness.calendar().book(wish(odd), "k1")
        assert made.resource == odd.resource
        assert harness.calendar().get(made.id) == made
        assert harness.calendar().busy(TEN, TEN + HOUR)[0].resource == odd.resource
        with pytest.raises(SlotTaken):
            harness.calendar().book(wish(odd), "k2")
