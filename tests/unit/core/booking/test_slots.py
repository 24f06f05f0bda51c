"""Free slots: hours, holidays, notice, horizon, buffers, and the days clocks change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.booking.appointment import Busy
from app.core.booking.hours import WEEKDAYS
from app.core.booking.rules import BookingRules
from app.core.booking.slots import (
    Refusal,
    day_bounds,
    free_slots,
    last_day,
    refusal,
    starts,
    windows,
)

LA = ZoneInfo("America/Los_Angeles")


def make_rules(hours: str | list[str] = "09:00-17:00", **fields: object) -> BookingRules:
    return BookingRules.model_validate(
        {
            "time_zone": "America/Los_Angeles",
            "hours": dict.fromkeys(WEEKDAYS, hours),
            "services": [
                {"id": "short", "name": "checkup", "minutes": 30},
                {"id": "long", "name": "cleaning", "minutes": 60, "buffer_after": 10},
            ],
            "notice_minutes": 0,
            **fields,
        }
    )


def at(text: str, fold: int = 0) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=LA, fold=fold).astimezone(dt.UTC)


def walls(rules: BookingRules, day: str, service: int = 0) -> list[str]:
    found = starts(rules, rules.services[service], dt.date.fromisoformat(day))
    return [f"{start.astimezone(rules.zone):%H:%M}" for start in found]


NOW = at("2027-03-08T08:00")


def test_the_grid_starts_at_each_opening() -> None:
    rules = make_rules(["08:15-10:00", "13:00-14:30"])
    assert walls(rules, "2027-03-09") == ["08:15", "08:45", "09:15", "13:00", "13:30", "14:00"]
    assert walls(rules, "2027-03-09", 1) == ["08:15", "08:45", "13:00", "13:30"]


def test_a_day_of_24_hours() -> None:
    rules = make_rules("00:00-24:00", grid_minutes=240)
    assert walls(rules, "2027-03-09") == ["00:00", "04:00", "08:00", "12:00", "16:00", "20:00"]


def test_a_skipped_hour_is_not_offered() -> None:
    rules = make_rules("00:30-04:30")
    assert walls(rules, "2027-03-14") == ["00:30", "01:00", "01:30", "03:00", "03:30", "04:00"]


def test_a_doubled_hour_is_offered_once() -> None:
    rules = make_rules("00:30-03:00")
    assert walls(rules, "2027-11-07") == ["00:30", "01:00", "01:30", "02:00", "02:30"]
    first, second = list(starts(rules, rules.services[0], dt.date(2027, 11, 7)))[2:4]
    assert second - first == dt.timedelta(minutes=90)


@pytest.mark.parametrize(
    ("span", "opens", "closes"),
    [
        ("02:30-05:00", "2027-03-14T10:30", "2027-03-14T12:00"),
        ("00:00-02:30", "2027-03-14T08:00", "2027-03-14T09:30"),
    ],
)
def test_opening_and_closing_in_a_skipped_hour(span: str, opens: str, closes: str) -> None:
    (window,) = windows(make_rules(span), dt.date(2027, 3, 14))
    assert [f"{moment:%Y-%m-%dT%H:%M}" for moment in window] == [opens, closes]


def test_opening_only_in_the_skipped_hour() -> None:
    assert windows(make_rules("02:15-02:45"), dt.date(2027, 3, 14)) == []


def test_holidays_have_no_windows() -> None:
    rules = make_rules(holidays=["2027-03-09", "07-04", {"from": "2027-05-01", "to": "2027-05-03"}])
    closed = [dt.date(2027, 3, 9), dt.date(2030, 7, 4), dt.date(2027, 5, 2), dt.date(2027, 5, 3)]
    assert [windows(rules, day) for day in closed] == [[]] * 4
    assert windows(rules, dt.date(2027, 5, 4))


def test_holidays_by_name_move_with_the_year() -> None:
    rules = make_rules(holidays=["thanksgiving", {"date": "Good Friday", "name": "Good Friday"}])
    for closed in ("2026-11-26", "2027-11-25", "2027-03-26", "2028-04-14"):
        assert windows(rules, dt.date.fromisoformat(closed)) == [], closed
    for open_day in ("2027-11-26", "2027-04-14", "2026-11-25"):
        assert windows(rules, dt.date.fromisoformat(open_day)), open_day


@pytest.mark.parametrize(
    ("wanted", "service"),
    [
        ("cleaning appointment", "cleaning"),
        ("an appointment for teeth cleaning", "cleaning"),
        ("a hygienist visit", "cleaning"),
        ("two cleanings", "cleaning"),
        ("appointment", "checkup"),
        ("just a visit please", "checkup"),
        ("new patient exam", "consultation"),
        ("Kinderbehandlung", None),
    ],
)
def test_the_most_specific_word_tells_the_service(wanted: str, service: str | None) -> None:
    rules = make_rules(
        services=[
            {"id": "checkup", "name": "checkup", "minutes": 30, "also": ["visit", "appointment"]},
            {"id": "cleaning", "name": "cleaning", "minutes": 60, "also": ["hygienist"]},
            {"id": "consultation", "name": "consult", "minutes": 30, "also": ["new patient"]},
        ]
    )
    found = rules.service(wanted)
    assert (found.id if found else None) == service


def test_services_are_told_apart_in_any_script() -> None:
    rules = make_rules(
        services=[
            {"id": "one", "name": "検診", "minutes": 30},
            {"id": "two", "name": "クリーニング", "minutes": 60},
        ]
    )
    found = rules.service("クリーニング")
    assert found is not None
    assert found.id == "two"


def test_notice_and_horizon() -> None:
    rules = make_rules(notice_minutes=120, horizon_days=1, grid_minutes=60)
    day = dt.date(2027, 3, 8)
    found = list(free_slots(rules, rules.services[0], [], day, day + dt.timedelta(days=9), NOW))
    assert f"{found[0].start.astimezone(LA):%d %H:%M}" == "08 10:00"
    assert f"{found[-1].start.astimezone(LA):%d %H:%M}" == "09 16:00"
    assert last_day(rules, at("2027-03-08T23:30")) == dt.date(2027, 3, 9)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2027-03-08T07:00", "past"),
        ("2027-03-08T09:00", "too_soon"),
        ("2028-03-08T09:00", "too_far"),
        ("2027-03-10T09:00", "holiday"),
        ("2027-03-09T16:45", "past_closing"),
        ("2027-03-09T08:30", "closed"),
        ("2027-03-09T09:10", "off_grid"),
        ("2027-03-09T12:00", "taken"),
        ("2027-03-09T09:00", None),
    ],
)
def test_why_a_time_cannot_be_booked(start: str, expected: Refusal | None) -> None:
    rules = make_rules(notice_minutes=120, holidays=["2027-03-10"])
    busy = [Busy(at("2027-03-09T12:15"), at("2027-03-09T12:20"))]
    assert refusal(rules, rules.services[0], at(start), busy, NOW) == expected


@pytest.mark.parametrize(
    ("start", "before", "after", "blocked"),
    [
        ("11:00", 0, 0, False),
        ("11:00", 0, 1, True),
        ("13:00", 0, 0, False),
        ("13:00", 1, 0, True),
        ("11:30", 0, 0, True),
        ("12:15", 0, 0, True),
    ],
)
def test_buffers_of_the_new_one(start: str, before: int, after: int, blocked: bool) -> None:
    busy = Busy(at("2027-03-09T12:00"), at("2027-03-09T13:00"))
    begin = at(f"2027-03-09T{start}")
    assert busy.blocks(begin, begin + dt.timedelta(hours=1), before, after) is blocked


@given(
    first=st.tuples(
        st.integers(0, 300), st.integers(5, 120), st.integers(0, 60), st.integers(0, 60)
    ),
    second=st.tuples(
        st.integers(0, 300), st.integers(5, 120), st.integers(0, 60), st.integers(0, 60)
    ),
)
def test_collision_is_symmetric_and_keeps_each_buffer_free(
    first: tuple[int, int, int, int], second: tuple[int, int, int, int]
) -> None:
    def busy(item: tuple[int, int, int, int]) -> Busy:
        start = NOW + dt.timedelta(minutes=item[0])
        return Busy(start, start + dt.timedelta(minutes=item[1]), item[2], item[3])

    def padded(item: Busy) -> tuple[dt.datetime, dt.datetime]:
        minutes = dt.timedelta(minutes=1)
        return item.start - item.before * minutes, item.end + item.after * minutes

    one, other = busy(first), busy(second)
    collides = one.blocks(other.start, other.end, other.before, other.after)
    assert collides == other.blocks(one.start, one.end, one.before, one.after)
    (a, b), (c, d) = padded(one), padded(other)
    overlap = (a < other.end and other.start < b) or (c < one.end and one.start < d)
    assert collides == overlap


ZONES = ("America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(dt.date(2026, 1, 1), dt.date(2028, 12, 31)),
    opens=st.integers(0, 1380),
    length=st.integers(30, 600),
    grid=st.sampled_from([5, 10, 15, 20, 30, 45, 60, 90]),
    minutes=st.sampled_from([5, 20, 30, 60, 90]),
)
def test_slots_lie_in_opening_hours_of_any_day(
    zone: str, day: dt.date, opens: int, length: int, grid: int, minutes: int
) -> None:
    closes = min(opens + length, 1440)
    span = {"opens": opens, "closes": closes}
    rules = BookingRules.model_validate(
        {
            "time_zone": zone,
            "hours": {name: [span] for name in WEEKDAYS},
            "grid_minutes": grid,
            "services": [{"id": "x", "name": "x", "minutes": minutes}],
        }
    )
    found = list(starts(rules, rules.services[0], day))
    begin, end = day_bounds(rules.zone, day)
    local = [start.astimezone(rules.zone) for start in found]
    assert len({f"{moment:%H:%M}" for moment in local}) == len(local), "one wall time twice"
    for start, moment in zip(found, local, strict=True):
        assert begin <= start
        assert start + dt.timedelta(minutes=minutes) <= end
        assert moment.date() == day
        assert moment.hour * 60 + moment.minute >= opens
        finish = (start + dt.timedelta(minutes=minutes)).astimezone(rules.zone)
        finished = finish.hour * 60 + finish.minute + (1440 if finish.date() > day else 0)
        assert finished <= closes


@given(
    busy=st.lists(st.tuples(st.integers(0, 600), st.integers(1, 240)), max_size=6),
    service=st.integers(0, 1),
)
def test_every_free_slot_is_free_and_every_other_is_not(
    busy: list[tuple[int, int]], service: int
) -> None:
    rules = make_rules()
    opens = at("2027-03-09T09:00")
    minute = dt.timedelta(minutes=1)
    taken = [Busy(opens + a * minute, opens + (a + b) * minute) for a, b in busy]
    what = rules.services[service]
    day = dt.date(2027, 3, 9)
    free = [slot.start for slot in free_slots(rules, what, taken, day, day, NOW)]
    for start in starts(rules, what, day):
        reason = refusal(rules, what, start, taken, NOW)
        assert (reason is None) == (start in free)
