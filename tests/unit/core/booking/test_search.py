"""What is offered for what was asked."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.booking.appointment import Busy
from app.core.booking.offers import caller_clock, describe, say_offers
from app.core.booking.rules import BookingRules, Hours
from app.core.booking.search import (
    Choice,
    Wanted,
    choose,
    days_to_search,
    spoken_hours,
    wanted,
)
from app.core.booking.slots import refusal

LA = ZoneInfo("America/Los_Angeles")
RULES = BookingRules.model_validate(
    {
        "time_zone": "America/Los_Angeles",
        "hours": {
            **dict.fromkeys(["monday", "tuesday", "wednesday", "thursday"], "09:00-18:00"),
            "friday": "09:00-12:00",
        },
        "holidays": ["2027-03-11"],
        "horizon_days": 30,
        "services": [{"id": "checkup", "name": "checkup", "minutes": 60}],
        "grid_minutes": 60,
    }
)
#: A Monday morning.
NOW = dt.datetime(2027, 3, 8, 8, tzinfo=LA)


def ask(busy: list[Busy] | None = None, **arguments: Any) -> Choice:
    wish = wanted(arguments, NOW)
    days = days_to_search(RULES, wish, NOW)
    return choose(RULES, RULES.services[0], busy or [], wish, days, NOW)


def told(choice: Choice) -> tuple[str, list[str]]:
    return choice.why, [f"{slot.local(LA):%a %d %H:%M}" for slot in choice.slots]


def block(start: str, end: str) -> Busy:
    return Busy(*(dt.datetime.fromisoformat(text).replace(tzinfo=LA) for text in (start, end)))


@pytest.mark.parametrize(
    ("hours", "opens", "closes"),
    [
        ({"monday": ["08:00-12:00", "13:00-17:00"], "friday": "09:00-19:00"}, "08:00", "19:00"),
        ({"monday": ["16:00-24:00", "00:00-04:00"]}, "16:00", "04:00"),
        ({"monday": "16:00-24:00"}, "16:00", "23:59"),
        ({"monday": "00:00-24:00"}, "07:00", "21:00"),
        ({}, "07:00", "21:00"),
    ],
)
def test_bare_hours_are_read_by_the_hours_kept(
    hours: dict[str, Any], opens: str, closes: str
) -> None:
    prefer = spoken_hours(Hours(**hours))
    assert (f"{prefer.opens:%H:%M}", f"{prefer.closes:%H:%M}") == (opens, closes)


@pytest.mark.parametrize(
    ("hours", "said", "read"),
    [
        ("08:00-17:00", "three", "15:00"),
        ("08:00-17:00", "at eight", "08:00"),
        ("16:00-23:00", "at eight", "20:00"),
        ("08:00-17:00", "3:00", "15:00"),
        ("08:00-17:00", "03:00", "03:00"),
        ("08:00-17:00", "eight in the evening", "20:00"),
    ],
)
def test_a_time_in_words_is_read_by_the_hours_kept(hours: str, said: str, read: str) -> None:
    wish = wanted({"time": said}, NOW, spoken_hours(Hours.model_validate({"monday": hours})))
    assert f"{wish.time:%H:%M}" == read


def test_no_wish_gives_the_next_days() -> None:
    assert told(ask()) == ("free", ["Mon 08 09:00", "Mon 08 17:00", "Tue 09 09:00"])


def test_a_day() -> None:
    choice = ask(date="2027-03-09")
    assert told(choice) == ("free", ["Tue 09 09:00", "Tue 09 13:00", "Tue 09 17:00"])
    assert choice.more == 6


def test_a_part_of_the_day() -> None:
    found = ask(date="2027-03-09", part_of_day="morning")
    assert told(found) == ("free", ["Tue 09 09:00", "Tue 09 10:00", "Tue 09 11:00"])
    assert told(ask(part_of_day="evening"))[1] == ["Mon 08 17:00", "Tue 09 17:00"]


def test_a_time_that_is_free_is_the_only_offer() -> None:
    assert told(ask(date="2027-03-09", time="14:00")) == ("free", ["Tue 09 14:00"])
    assert told(ask(date="2027-03-09", time="2 PM")) == ("free", ["Tue 09 14:00"])


def test_a_time_that_is_taken_gives_the_nearest() -> None:
    busy = [block("2027-03-09T14:00", "2027-03-09T15:00")]
    found = told(ask(busy, date="2027-03-09", time="14:00"))
    assert found == ("other_times", ["Tue 09 12:00", "Tue 09 13:00", "Tue 09 15:00"])
    found = told(ask(date="2027-03-09", time="14:10"))
    assert found == ("other_times", ["Tue 09 13:00", "Tue 09 14:00", "Tue 09 15:00"])


def test_a_time_on_any_day() -> None:
    found = told(ask(time="11:00"))
    assert found == ("free", ["Mon 08 11:00", "Tue 09 11:00", "Wed 10 11:00"])


@pytest.mark.parametrize(
    ("date", "why", "offered"),
    [
        ("2027-03-11", "holiday", ["Wed 10 09:00", "Wed 10 17:00", "Fri 12 09:00"]),
        ("2027-03-13", "closed", ["Fri 12 09:00", "Fri 12 11:00", "Mon 15 09:00"]),
        ("2027-03-01", "past", ["Mon 08 09:00", "Mon 08 17:00", "Tue 09 09:00"]),
        ("2027-09-01", "too_far", ["Tue 06 09:00", "Wed 07 09:00", "Wed 07 17:00"]),
    ],
)
def test_days_that_cannot_be_had(date: str, why: str, offered: list[str]) -> None:
    assert told(ask(date=date)) == (why, offered)


def test_a_full_day() -> None:
    busy = [block("2027-03-09T00:00", "2027-03-10T00:00")]
    choice = ask(busy, date="2027-03-09")
    assert choice.why == "full"
    assert {slot.local(LA).date().day for slot in choice.slots} <= {8, 10}


def test_a_full_part_of_the_day_offers_the_rest_of_it() -> None:
    busy = [block("2027-03-09T09:00", "2027-03-09T12:00")]
    found = told(ask(busy, date="2027-03-09", part_of_day="morning"))
    assert found == ("other_times", ["Tue 09 12:00", "Tue 09 13:00", "Tue 09 14:00"])


def test_nothing_at_all() -> None:
    busy = [block("2027-03-01T00:00", "2027-06-10T00:00")]
    assert told(ask(busy)) == ("none", [])
    assert told(ask(busy, date="2027-03-09"))[1] == []


def test_wider_searches_reach_the_horizon() -> None:
    reached = [days_to_search(RULES, Wanted(), NOW, further=n)[1] for n in range(3)]
    assert reached == [dt.date(2027, 3, 22), dt.date(2027, 4, 7), dt.date(2027, 4, 7)]


def test_spoken_arguments() -> None:
    assert wanted({"date": "next Tuesday"}, NOW).day is not None
    assert wanted({"date": "tomorrow"}, NOW).day == dt.date(2027, 3, 9)
    assert wanted({"date": "2027-03-09T10:00:00"}, NOW).day == dt.date(2027, 3, 9)
    assert wanted({"part_of_day": "Morning "}, NOW).part == "morning"
    assert wanted({"part_of_day": "brunch", "date": None, "time": 7}, NOW).part is None


@given(
    arguments=st.fixed_dictionaries(
        {},
        optional={
            "date": st.one_of(
                st.dates(dt.date(2027, 2, 1), dt.date(2027, 6, 1)).map(str), st.text()
            ),
            "time": st.one_of(st.times().map(lambda t: f"{t:%H:%M}"), st.text()),
            "part_of_day": st.sampled_from(["morning", "afternoon", "evening", "x"]),
        },
    ),
    taken=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=8),
)
def test_only_bookable_times_are_ever_offered(
    arguments: dict[str, Any], taken: list[tuple[int, int]]
) -> None:
    hour = dt.timedelta(hours=1)
    busy = [Busy(NOW + a * hour, NOW + (a + b) * hour) for a, b in taken]
    choice = ask(busy, **arguments)
    assert len(choice.slots) <= RULES.offers
    assert list(choice.slots) == sorted(choice.slots, key=lambda slot: slot.start)
    for slot in choice.slots:
        assert refusal(RULES, RULES.services[0], slot.start, busy, NOW) is None


def test_offers_in_words() -> None:
    (slot,) = ask(date="2027-03-09", time="14:00").slots
    offer = describe(slot, RULES, "call", NOW, "America/New_York")
    assert offer | {"slot_id": ""} == {
        "slot_id": "",
        "date": "2027-03-09",
        "time": "14:00",
        "service": "checkup",
        "say": "tomorrow, Tuesday, March ninth at two PM",
        "caller_time": "five PM your time",
    }
    assert say_offers([slot], RULES, NOW) == "tomorrow, Tuesday, March ninth at two PM"
    assert caller_clock(slot.start, LA, "America/Los_Angeles") is None
    assert caller_clock(slot.start, LA, None) is None
    assert [caller_clock(slot.start, LA, zone) for zone in ("Mars/Base", "../x", "\0")] == [
        None
    ] * 3
    assert "Wednesday" in str(caller_clock(slot.start, LA, "Asia/Tokyo"))
