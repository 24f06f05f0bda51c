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
from app.core.booking.rules import BookingRules
from app.core.booking.search import Choice, choose, days_to_search
from app.core.booking.slots import refusal
from app.core.booking.wanted import NotUnderstood, Wanted, read_wanted

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
    wish = read_wanted(arguments, NOW, RULES.hours)
    assert isinstance(wish, Wanted)
    days = days_to_search(RULES, wish, NOW)
    return choose(RULES, RULES.services[0], busy or [], wish, days, NOW)


def told(choice: Choice) -> tuple[str, list[str]]:
    return choice.why, [f"{slot.local(LA):%a %d %H:%M}" for slot in choice.slots]


def block(start: str, end: str) -> Busy:
    begin, until = (dt.datetime.fromisoformat(text).replace(tzinfo=LA) for text in (start, end))
    return Busy(begin, until)


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


@pytest.mark.parametrize(
    ("arguments", "why", "offered"),
    [
        ({"date": "after March 9th"}, "free", ["Wed 10 09:00", "Wed 10 17:00", "Fri 12 09:00"]),
        ({"date": "before Wednesday"}, "free", ["Mon 08 09:00", "Mon 08 17:00", "Tue 09 09:00"]),
        ({"date": "by Tuesday", "time": "10:00"}, "free", ["Mon 08 10:00", "Tue 09 10:00"]),
        ({"date": "next week"}, "free", ["Mon 15 09:00", "Mon 15 17:00", "Tue 16 09:00"]),
        ({"date": "Tuesday or Friday", "time": "after 10"}, "free",
         ["Tue 09 10:00", "Tue 09 17:00", "Fri 12 10:00"]),
        ({"date": "2027-03-09", "time": "after 3"}, "free",
         ["Tue 09 15:00", "Tue 09 16:00", "Tue 09 17:00"]),
        ({"date": "2027-03-09", "time": "between 1 and 2"}, "free",
         ["Tue 09 13:00", "Tue 09 14:00"]),
        ({"date": "2027-03-09", "time": "before ten"}, "free", ["Tue 09 09:00"]),
        ({"date": "2027-03-12", "time": "after 3"}, "other_times",
         ["Fri 12 09:00", "Fri 12 10:00", "Fri 12 11:00"]),
        ({"time": "after 6 pm"}, "other_times", ["Mon 08 09:00", "Mon 08 10:00", "Mon 08 11:00"]),
        ({"date": "this weekend"}, "closed", ["Fri 12 09:00", "Fri 12 11:00", "Mon 15 09:00"]),
    ],
)  # fmt: skip
def test_spans_and_bounds(arguments: dict[str, Any], why: str, offered: list[str]) -> None:
    choice = ask(**arguments)
    assert (choice.why, sorted(told(choice)[1])) == (why, sorted(offered))


@given(
    arguments=st.fixed_dictionaries(
        {},
        optional={
            "date": st.one_of(
                st.dates(dt.date(2027, 2, 1), dt.date(2027, 6, 1)).map(str),
                st.sampled_from(["next week", "after Friday", "by Tuesday", "Monday or Friday"]),
                st.text(),
            ),
            "time": st.one_of(
                st.times().map(lambda t: f"{t:%H:%M}"),
                st.sampled_from(["after 3", "before eleven", "between 1 and 3", "noon"]),
                st.text(),
            ),
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
    wish = read_wanted(arguments, NOW, RULES.hours)
    if isinstance(wish, NotUnderstood):
        return
    days = days_to_search(RULES, wish, NOW)
    choice = choose(RULES, RULES.services[0], busy, wish, days, NOW)
    assert len(choice.slots) <= RULES.offers
    assert list(choice.slots) == sorted(choice.slots, key=lambda slot: slot.start)
    for slot in choice.slots:
        assert refusal(RULES, RULES.services[0], slot.start, busy, NOW) is None
        if choice.why == "free":
            local = slot.local(LA)
            assert wish.has_day(local.date())
            assert wish.has_time(local.time())
            assert wish.time in (None, local.time().replace(second=0, microsecond=0))


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
