"""Where the entries of a week are drawn, also on days on which the clocks change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.booking.rules import BookingRules
from app.core.booking.slots import Slot
from app.web.console.calendar.week import (
    USUAL_HOURS,
    Column,
    Entry,
    Placed,
    clock_change,
    columns,
    days_of,
    free_spans,
    hours_shown,
    label,
    place,
)

BERLIN = ZoneInfo("Europe/Berlin")
DAY = dt.date(2026, 6, 10)  # a Wednesday
FORWARD, BACK = dt.date(2026, 3, 29), dt.date(2026, 10, 25)


def at(clock: str, day: dt.date = DAY, *, fold: int = 0) -> dt.datetime:
    local = dt.datetime.combine(day, dt.time.fromisoformat(clock), BERLIN).replace(fold=fold)
    return local.astimezone(dt.UTC)


def entry(first: str, last: str, kind: str = "booked", resource: str = "") -> Entry:
    return Entry(kind, at(first), at(last), "x", resource)  # type: ignore[arg-type]


def placed(*entries: Entry, hours: tuple[int, int] = (8, 18)) -> list[tuple[float, ...]]:
    found = place(entries, DAY, BERLIN, hours)
    return [(each.top, each.height, each.left, each.width) for each in found]


def test_a_week_begins_on_monday() -> None:
    week = days_of("week", DAY)
    assert (week[0], week[-1], len(week)) == (dt.date(2026, 6, 8), dt.date(2026, 6, 14), 7)
    assert days_of("day", DAY) == (DAY,)


def test_an_entry_lies_where_its_time_is() -> None:
    assert placed(entry("09:00", "10:30")) == [(10, 15, 0, 100)]


def test_what_overlaps_stands_side_by_side() -> None:
    found = placed(entry("09:00", "10:00"), entry("09:30", "11:00"), entry("10:00", "10:30"))
    assert [(left, width) for _, _, left, width in found] == [(0, 50), (50, 50), (0, 50)]
    alone = placed(entry("09:00", "10:00"), entry("10:00", "11:00"))
    assert [(left, width) for _, _, left, width in alone] == [(0, 100), (0, 100)]


def test_free_time_lies_behind_and_pushes_nothing_aside() -> None:
    found = placed(entry("09:00", "12:00", "free"), entry("10:00", "11:00"))
    assert [(left, width) for _, _, left, width in found] == [(0, 100), (0, 100)]


def test_free_time_under_something_else_is_known_to_be() -> None:
    entries = [entry("09:00", "12:00", "free"), entry("13:00", "14:00", "free")]
    found = place([*entries, entry("11:30", "12:30")], DAY, BERLIN, (8, 18))
    assert [each.covered for each in found] == [True, False, False]


def test_the_short_can_be_read_and_what_is_outside_is_cut_off() -> None:
    assert placed(entry("09:00", "09:05"))[0][1] == pytest.approx(100 * 20 / 600, abs=0.01)
    assert placed(entry("07:00", "09:00")) == [(0, 10, 0, 100)]
    assert placed(entry("05:00", "06:00")) == []
    over = Entry("blocked", at("10:00", DAY - dt.timedelta(1)), at("12:00", DAY + dt.timedelta(1)))
    assert placed(over) == [(0, 100, 0, 100)]


times = st.integers(0, 287)


@given(st.lists(st.tuples(times, st.integers(1, 60)), max_size=12))
def test_nothing_covers_anything_else(spans: list[tuple[int, int]]) -> None:
    begin = at("00:00")
    entries = [
        Entry(
            "booked", begin + dt.timedelta(minutes=5 * a), begin + dt.timedelta(minutes=5 * (a + n))
        )
        for a, n in spans
    ]
    found = place(entries, DAY, BERLIN, (0, 24))
    assert len(found) == len(entries)
    for number, one in enumerate(found):
        assert min(one.top, one.left) >= 0
        assert max(one.top + one.height, one.left + one.width) <= 100.01
        for other in found[number + 1 :]:
            assert apart(one.top, one.height, other.top, other.height) or apart(
                one.left, one.width, other.left, other.width
            )


def apart(start: float, length: float, other: float, size: float) -> bool:
    return start + length <= other + 0.02 or other + size <= start + 0.02


def test_resources_of_a_day_have_columns_of_their_own() -> None:
    entries = [
        entry("09:00", "10:00", resource="Anna"),
        entry("09:00", "10:00", resource="Ben"),
        entry("12:00", "13:00", "blocked"),
    ]
    found = columns((DAY,), entries, BERLIN, (8, 18), ("Anna", "Ben"))
    assert [(each.resource, kinds(each)) for each in found] == [
        ("Anna", ["booked", "blocked"]),
        ("Ben", ["booked", "blocked"]),
    ]
    week = columns(days_of("week", DAY), entries, BERLIN, (8, 18), ("Anna", "Ben"))
    assert [len(each.entries) for each in week] == [0, 0, 3, 0, 0, 0, 0]


def kinds(column: Column) -> list[str]:
    return [each.entry.kind for each in column.entries]


def test_hours_are_those_of_the_business_and_of_what_is_booked() -> None:
    rules = BookingRules.model_validate(
        {"time_zone": "Europe/Berlin", "hours": {"wednesday": "09:30-17:15"}}
    )
    assert hours_shown(rules, (DAY,), []) == (9, 18)
    assert hours_shown(rules, (DAY,), [entry("07:45", "08:00")]) == (7, 18)
    assert hours_shown(rules, (DAY,), [entry("00:00", "23:00", "busy")]) == (9, 18)
    assert hours_shown(rules, (DAY - dt.timedelta(1),), []) == USUAL_HOURS


def test_slots_that_follow_each_other_are_one_free_time() -> None:
    slots = [slot("09:00"), slot("09:30"), slot("11:00")]
    assert [(each.start, each.end) for each in free_spans(slots)] == [
        (at("09:00"), at("10:00")),
        (at("11:00"), at("11:30")),
    ]


def slot(clock: str) -> Slot:
    return Slot(at(clock), at(clock) + dt.timedelta(minutes=30), "checkup")


def test_times_are_written_on_the_clock_of_the_business() -> None:
    assert label(entry("09:00", "10:30"), DAY, BERLIN) == "09:00–10:30"
    tomorrow = DAY + dt.timedelta(1)
    over = Entry("blocked", at("22:00"), at("06:00", tomorrow))
    assert label(over, DAY, BERLIN) == "from 22:00"
    assert label(over, tomorrow, BERLIN) == "until 06:00"
    whole = Entry("blocked", at("00:00"), at("00:00", tomorrow))
    assert label(whole, DAY, BERLIN) == "00:00–24:00"
    assert (
        label(
            Entry("blocked", at("00:00", DAY - dt.timedelta(1)), at("00:00", tomorrow)), DAY, BERLIN
        )
        == "all day"
    )


def test_the_day_on_which_clocks_go_forward() -> None:
    """03:30 follows 01:30 after an hour."""
    early = Entry("booked", at("01:30", FORWARD), at("03:30", FORWARD))
    assert early.end - early.start == dt.timedelta(hours=1)
    assert label(early, FORWARD, BERLIN) == "01:30–03:30"
    (found,) = place([early], FORWARD, BERLIN, (0, 24))
    assert (found.top, found.height) == (6.25, 8.333)
    noon = Entry("booked", at("12:00", FORWARD), at("13:00", FORWARD))
    (found,) = place([noon], FORWARD, BERLIN, (0, 24))
    assert found.top == 50
    assert clock_change(FORWARD, BERLIN) == "The clocks go forward an hour at 02:00."


def test_the_day_on_which_an_hour_comes_twice() -> None:
    first = Entry("booked", at("02:00", BACK), at("02:30", BACK))
    second = Entry("booked", at("02:00", BACK, fold=1), at("02:30", BACK, fold=1))
    assert second.start - first.start == dt.timedelta(hours=1)
    assert label(first, BACK, BERLIN) == "02:00 CEST–02:30 CEST"
    assert label(second, BACK, BERLIN) == "02:00 CET–02:30 CET"
    found = place([first, second], BACK, BERLIN, (0, 24))
    assert [(each.left, each.width) for each in found] == [(0, 50), (50, 50)], "side by side"
    through = Entry("booked", at("02:45", BACK), at("02:15", BACK, fold=1))
    (shown,) = place([through], BACK, BERLIN, (0, 24))
    assert shown.height > 0, "it ends earlier by the clock than it begins"
    assert clock_change(BACK, BERLIN) == "The clocks go back an hour at 03:00."
    assert clock_change(DAY, BERLIN) == ""


def test_a_column_is_in_order() -> None:
    found = columns((DAY,), [entry("11:00", "12:00"), entry("09:00", "10:00")], BERLIN, (8, 18))
    (column,) = found
    starts: list[Placed] = list(column.entries)
    assert [each.entry.start for each in starts] == [at("09:00"), at("11:00")]
