"""Free slots of a business with resources, and how they are offered."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.booking.appointment import Busy, Place
from app.core.booking.capacity import first_free
from app.core.booking.hours import WEEKDAYS
from app.core.booking.ledger import Booking
from app.core.booking.offers import describe, say_offers
from app.core.booking.resources import NOTHING_ASKED, Asked
from app.core.booking.rules import BookingRules
from app.core.booking.search import Choice, choose, days_to_search
from app.core.booking.sentences import detailed, offers, what
from app.core.booking.slots import Refusal, Slot, free_slots, on_duty, refusal, starts
from app.core.booking.wanted import Wanted, read_wanted

NOW = dt.datetime(2027, 3, 8, 6, tzinfo=dt.UTC)
TUESDAY = dt.date(2027, 3, 9)


def rules(**fields: Any) -> BookingRules:
    return BookingRules.model_validate(
        {
            "hours": dict.fromkeys(WEEKDAYS, "09:00-12:00"),
            "notice_minutes": 0,
            **fields,
        }
    )


SALON = rules(
    resources=[
        {"name": "Anna", "hours": {"tuesday": "09:00-10:30", "friday": "09:00-12:00"}},
        {"name": "Ben", "off": [{"from": dt.date(2027, 3, 10), "to": dt.date(2027, 3, 14)}]},
        {"name": "dryer", "count": 2},
    ],
    services=[
        {"id": "cut", "name": "cut", "minutes": 30, "resources": ["Anna", "Ben"]},
        {"id": "wash", "name": "wash", "minutes": 30, "resources": ["Ben"], "buffer_after": 10},
        {"id": "dry", "name": "dry", "minutes": 60, "resources": ["dryer"]},
    ],
)
DINER = rules(
    resources=[
        {"name": "table for two", "seats": 2, "count": 2},
        {"name": "table for four", "seats": 4},
        {"name": "terrace table", "seats": 6, "also": ["terrace"]},
    ],
    services=[{"id": "table", "name": "table", "minutes": 60}],
    grid_minutes=60,
)
CUT, WASH, DRY = SALON.services
TABLE = DINER.services[0]


def at(time: str, day: dt.date = TUESDAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(time), dt.UTC)


def taken(resource: str, start: str, end: str) -> Busy:
    return Busy(at(start), at(end), resource=resource)


def free(
    given: BookingRules, number: int = 0, *busy: Busy, asked: Asked = NOTHING_ASKED
) -> dict[str, tuple[str, ...]]:
    found = free_slots(given, given.services[number], busy, TUESDAY, TUESDAY, NOW, asked)
    return {f"{slot.start:%H:%M}": slot.free for slot in found}


def test_who_is_free_at_each_time() -> None:
    busy = [taken("Anna", "09:00", "09:30"), taken("Ben", "09:30", "10:30")]
    assert free(SALON, 0, *busy) == {
        "09:00": ("Ben",),
        "09:30": ("Anna",),
        "10:00": ("Anna",),
        "10:30": ("Ben",),
        "11:00": ("Ben",),
        "11:30": ("Ben",),
    }
    assert list(free(SALON, 0, *busy, asked=Asked(("Anna",)))) == ["09:30", "10:00"]


def test_a_service_has_its_own_resources_and_buffers() -> None:
    busy = [taken("Ben", "10:00", "10:30"), taken("Anna", "09:00", "12:00")]
    assert list(free(SALON, 1, *busy)) == ["09:00", "10:30", "11:00", "11:30"]
    assert set(free(SALON, 1, *busy).values()) == {("Ben",)}


def test_what_has_no_resource_blocks_all() -> None:
    assert free(SALON, 0, Busy(at("09:00"), at("11:30"))) == {"11:30": ("Ben",)}


def test_days_off_are_within_the_business_hours() -> None:
    wednesday = dt.date(2027, 3, 10)
    assert list(free_slots(SALON, CUT, (), wednesday, wednesday, NOW)) == []
    friday = dt.date(2027, 3, 12)
    found = list(free_slots(SALON, CUT, (), friday, friday, NOW))
    assert {slot.free for slot in found} == {("Anna",)}


def test_a_party_fits_its_table() -> None:
    assert free(DINER, asked=Asked(party_size=3))["09:00"] == ("table for four", "terrace table")
    assert free(DINER, asked=Asked(party_size=6))["09:00"] == ("terrace table",)
    assert free(DINER, asked=Asked(party_size=7)) == {}
    one = taken("table for two", "09:00", "10:00")
    assert "table for two" in free(DINER, 0, one, asked=Asked(party_size=2))["09:00"]
    assert "table for two" not in free(DINER, 0, one, one, asked=Asked(party_size=2))["09:00"]


@pytest.mark.parametrize(
    ("start", "asked", "reason"),
    [
        ("09:00", NOTHING_ASKED, None),
        ("09:00", Asked(("Anna",)), "taken"),
        ("10:30", Asked(("Anna",)), "away"),
        ("10:30", Asked(("Ben",)), None),
        ("09:10", Asked(("Ben",)), "off_grid"),
        ("12:00", Asked(("Ben",)), "closed"),
    ],
)
def test_why_somebody_cannot_be_had(start: str, asked: Asked, reason: Refusal | None) -> None:
    busy = [taken("Anna", "09:00", "09:30")]
    assert refusal(SALON, CUT, at(start), busy, NOW, asked) == reason


def test_who_is_there_by_the_hours() -> None:
    assert [item.name for item in on_duty(SALON, CUT, at("10:00"), NOTHING_ASKED)] == [
        "Anna",
        "Ben",
    ]
    assert [item.name for item in on_duty(SALON, CUT, at("11:00"), NOTHING_ASKED)] == ["Ben"]
    assert on_duty(SALON, CUT, at("11:10"), NOTHING_ASKED) == ()


def ask(
    given: BookingRules, *busy: Busy, asked: Asked = NOTHING_ASKED, **arguments: str
) -> tuple[Choice, str]:
    wish = read_wanted(arguments, NOW, given.hours)
    assert isinstance(wish, Wanted)
    service = given.services[0]
    choice = choose(given, service, busy, wish, days_to_search(given, wish, NOW), NOW, asked)
    return choice, offers(choice, wish, given, service, NOW)


def test_somebody_else_is_named_where_the_one_asked_for_is_taken() -> None:
    busy = taken("Anna", "09:00", "09:30")
    choice, said = ask(SALON, busy, asked=Asked(("Anna",)), date="2027-03-09", time="09:00")
    assert (choice.refusal, choice.others) == ("taken", ("Ben",))
    assert said.startswith("Anna is taken then. Ben is free then. I have ")
    assert said.endswith(", with Anna.")
    assert {slot.asked for slot in choice.slots} == {Asked(("Anna",))}


def test_a_party_without_a_table_hears_why() -> None:
    busy = taken("terrace table", "10:00", "11:00")
    choice, said = ask(DINER, busy, asked=Asked(party_size=5), date="2027-03-09", time="10:00")
    assert choice.refusal == "taken"
    assert "We have nothing for five people at that time. I have " in said
    _, said = ask(SALON, asked=Asked(("Anna",)), date="2027-03-10")
    assert said.startswith("Anna cannot be had then. I have ")


def test_offers_say_with_whom() -> None:
    both = Slot(at("09:00"), at("09:30"), "cut", free=("Anna", "Ben"))
    one = Slot(at("11:00"), at("11:30"), "cut", free=("Ben",))
    assert say_offers([both], SALON, NOW).endswith(" at nine AM, with Anna or Ben")
    said = say_offers([both, one], SALON, NOW)
    assert " at nine AM with Anna or Ben" in said
    assert said.endswith(" at eleven AM with Ben")
    dried = Slot(at("09:00"), at("10:00"), "dry", free=("dryer",))
    assert say_offers([dried], SALON, NOW).endswith(" at nine AM")


def test_offers_of_other_wishes_have_other_ids() -> None:
    slots = [
        Slot(at("09:00"), at("09:30"), "cut", asked)
        for asked in (NOTHING_ASKED, Asked(("Anna",)), Asked(("Ben",)), Asked(party_size=2))
    ]
    ids = [describe(slot, SALON, "call", NOW)["slot_id"] for slot in slots]
    assert len(set(ids)) == len(ids)
    assert describe(slots[3], SALON, "call", NOW)["party_size"] == 2
    assert "free" not in describe(slots[0], SALON, "call", NOW)


def test_what_is_booked_names_people_and_parties() -> None:
    def booking(**fields: Any) -> Booking:
        return Booking(
            "b", "e", "u", "cut", "", "", "", "", "", "UTC", "confirmed", 0.0, "c", **fields
        )

    assert what(booking(resource="Anna"), SALON) == "cut with Anna"
    assert what(booking(resource="dryer"), SALON) == "cut"
    assert what(booking(resource="Gone"), SALON) == "cut"
    assert detailed("table", (), 1) == "table for one person"
    assert detailed("table", ("Anna", "Ben"), 12) == "table for twelve people with Anna or Ben"


@given(
    busy=st.lists(
        st.tuples(
            st.sampled_from(["", "table for two", "table for two", "table for four"]),
            st.integers(0, 170),
            st.integers(1, 60),
        ),
        max_size=8,
    ),
    size=st.integers(0, 7),
)
def test_each_slot_names_exactly_those_that_are_free(
    busy: list[tuple[str, int, int]], size: int
) -> None:
    minute, opens = dt.timedelta(minutes=1), at("09:00")
    held = [Busy(opens + a * minute, opens + (a + b) * minute, resource=r) for r, a, b in busy]
    asked = Asked(party_size=size)
    found = free(DINER, 0, *held, asked=asked)
    for start in starts(DINER, TABLE, TUESDAY):
        end = start + 60 * minute
        expected = tuple(
            item.name
            for item in DINER.candidates(TABLE, asked)
            if first_free([Place(item.name, item.count)], held, start, end)
        )
        assert found.get(f"{start:%H:%M}", ()) == expected
        reason = refusal(DINER, TABLE, start, held, NOW, asked)
        assert (reason is None) == bool(expected)
