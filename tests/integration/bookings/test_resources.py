"""The booking tools of businesses with stylists and with tables, on a real Redis."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.adapters.booking import ledger
from app.adapters.calendars.blocks import Block
from app.core.booking.rules import BookingRules
from tests.support.desk import TOM, Call, Desk, error, rules


def salon() -> BookingRules:
    return rules(
        resources=[
            {"name": "Anna", "also": ["Ann"]},
            {"name": "Ben", "hours": dict.fromkeys(["monday", "tuesday"], "09:00-17:00")},
            {"name": "Carla", "hours": {}},
            {"name": "chair", "count": 3},
        ],
        services=[
            {"id": "cut", "name": "cut", "minutes": 30, "resources": ["Anna", "Ben", "Carla"]},
            {"id": "wash", "name": "wash", "minutes": 30, "resources": ["chair"]},
        ],
    )


def diner() -> BookingRules:
    return rules(
        resources=[
            {"name": "table for two", "seats": 2, "count": 2},
            {"name": "table for four", "seats": 4},
            {"name": "terrace table", "seats": 6, "also": ["terrace", "outside"]},
        ],
        services=[{"id": "table", "name": "table", "minutes": 60}],
        grid_minutes=60,
        max_bookings_per_call=6,
    )


@pytest.fixture
def desk(redis_url: str) -> Desk:
    """Anna and Ben both work on the day that `monday` gives."""
    return Desk(redis_url, salon())


@pytest.fixture
def tables(redis_url: str) -> Desk:
    return Desk(redis_url, diner())


def monday(desk: Desk, weekday: int = 0) -> int:
    """Days from today to the next Monday, or another weekday, that lies ahead."""
    today = desk.now.astimezone(desk.booking.zone).date()
    return (weekday - today.weekday() - 2) % 7 + 2


def look(call: Call, days: int, time: str, **args: Any) -> dict[str, Any]:
    found = call.use("check_availability", date=call.desk.day(days), time=time, **args)
    assert found["ok"], found
    return next(slot for slot in found["output"]["slots"] if slot["time"] == time)


def book(call: Call, days: int, time: str, name: str = "Dana Reyes", **args: Any) -> dict[str, Any]:
    slot = look(call, days, time, **args)["slot_id"]
    return call.use("book_appointment", slot_id=slot, name=name)


def standing(desk: Desk) -> list[tuple[str, str, int]]:
    found = desk.calendar.calendar.events(desk.now, desk.now + dt.timedelta(days=90))
    return [(a.name, a.resource, a.party_size) for a in found if not a.cancelled]


# With whom


def test_with_anna(desk: Desk) -> None:
    day, call = monday(desk), desk.call("c1")
    slot = look(call, day, "10:00", service="cut", resource="with Anna")
    assert slot["free"] == ["Anna"]
    result = call.use("book_appointment", slot_id=slot["slot_id"], name="Dana Reyes")
    assert result["output"]["resource"] == "Anna"
    assert result["say"].startswith("Your cut with Anna is booked for ")
    assert call.record()[0]["resource"] == "Anna"
    event = desk.calendar.get(call.record()[0]["event_id"])
    assert event.summary == "Cut: Dana Reyes (Anna)"


def test_anyone_is_who_has_the_fewest_bookings_that_day(desk: Desk) -> None:
    day = monday(desk)
    times = ["09:00", "09:30", "10:00", "10:30"]
    got = [
        book(desk.call(f"c{n}"), day, at, service="cut", resource="anyone")["output"]["resource"]
        for n, at in enumerate(times)
    ]
    assert got == ["Anna", "Ben", "Anna", "Ben"]
    assert book(desk.call("c5"), day, "10:30", service="cut")["output"]["resource"] == "Anna"


def test_whoever_is_taken_is_not_offered(desk: Desk) -> None:
    day = monday(desk)
    book(desk.call("c1"), day, "10:00", service="cut", resource="Anna")
    call = desk.call("c2", TOM)
    assert look(call, day, "10:00", service="cut")["free"] == ["Ben"]
    found = call.use(
        "check_availability", date=desk.day(day), time="10:00", service="cut", resource="Ann"
    )
    assert found["output"]["reason"] == "taken"
    assert found["output"]["free_instead"] == ["Ben"]
    assert found["say"].startswith("Anna is taken then. Ben is free then. I have ")
    book(call, day, "10:00", "Tom Jones", service="cut", resource="Ben")
    assert sorted(standing(desk)) == [("Dana Reyes", "Anna", 0), ("Tom Jones", "Ben", 0)]
    third = desk.call("c3").use(
        "check_availability", date=desk.day(day), time="10:00", service="cut"
    )
    assert third["output"]["reason"] == "taken"


def test_somebody_who_does_not_work_then_or_there(desk: Desk) -> None:
    wednesday, call = monday(desk, 2), desk.call("c1")
    found = call.use(
        "check_availability",
        date=desk.day(wednesday), time="10:00", service="cut", resource="Ben",
    )  # fmt: skip
    assert found["output"]["reason"] == "away"
    assert found["say"].startswith("Ben is not available at that time. Anna is free then.")
    unknown = call.use("check_availability", service="cut", resource="Zoe")
    assert error(unknown) == "unknown_resource"
    assert unknown["output"]["resources"] == ["Anna", "Ben", "Carla"]
    never = call.use("check_availability", service="cut", resource="Carla")
    assert never["output"]["slots"] == []
    assert error(call.use("check_availability", service="wash", resource="Anna")) == (
        "unknown_resource"
    )


def test_a_change_of_mind_about_whom_when_booking(desk: Desk) -> None:
    day, call = monday(desk), desk.call("c1")
    slot = look(call, day, "10:00", service="cut", resource="Anna")["slot_id"]
    first = call.use("book_appointment", slot_id=slot, name="Dana Reyes", resource="Ben")
    assert first["output"]["resource"] == "Ben"
    second = call.use("book_appointment", slot_id=slot, name="Dana Reyes", resource="Anna")
    assert second["output"]["resource"] == "Anna"
    assert standing(desk) == [("Dana Reyes", "Anna", 0)]
    book(desk.call("c2", TOM), day, "10:00", "Tom Jones", service="cut", resource="Ben")
    taken = call.use("book_appointment", slot_id=slot, name="Dana Reyes", resource="Ben")
    assert error(taken) == "slot_taken"
    assert taken["say"].startswith("I am sorry. Ben is taken then.")
    assert ("Dana Reyes", "Anna", 0) in standing(desk)


def test_two_people_of_one_call_at_the_same_time(desk: Desk) -> None:
    day, call = monday(desk), desk.call("c1")
    slot = look(call, day, "10:00", service="cut")["slot_id"]
    for name in ("Dana Reyes", "Tim Reyes", "Dana Reyes"):
        assert call.use("book_appointment", slot_id=slot, name=name)["ok"]
    assert sorted(standing(desk)) == [("Dana Reyes", "Anna", 0), ("Tim Reyes", "Ben", 0)]


# Moves and cancellations


def test_a_move_keeps_the_person_unless_asked_otherwise(desk: Desk) -> None:
    day, call = monday(desk), desk.call("c1")
    made = book(call, day, "10:00", service="cut", resource="Ben")
    booking = made["output"]["booking_id"]
    slot = look(call, day, "11:00", service="cut", booking_id=booking)
    moved = call.use("reschedule_appointment", slot_id=slot["slot_id"], booking_id=booking)
    assert moved["say"].startswith("I have moved your cut with Ben to ")
    half = look(call, day, "11:00", booking_id=booking)
    assert half["free"] == ["Ben"], "its own time is free for it"
    # A time that was looked for without the appointment keeps him too.
    slot = look(call, day, "12:00", service="cut")
    moved = call.use("reschedule_appointment", slot_id=slot["slot_id"], booking_id=booking)
    assert moved["output"]["resource"] == "Ben"
    other = look(call, day, "13:00", service="cut", booking_id=booking, resource="anyone")
    moved = call.use("reschedule_appointment", slot_id=other["slot_id"], booking_id=booking)
    assert moved["output"]["resource"] == "Ben"
    moved = call.use(
        "reschedule_appointment", slot_id=other["slot_id"], booking_id=booking, resource="Anna"
    )
    assert moved["output"]["resource"] == "Anna"
    assert standing(desk) == [("Dana Reyes", "Anna", 0)]


def test_a_move_to_where_the_person_is_taken(desk: Desk) -> None:
    day, call = monday(desk), desk.call("c1")
    made = book(call, day, "10:00", service="cut", resource="Ben")
    book(desk.call("c2", TOM), day, "11:00", "Tom Jones", service="cut", resource="Ben")
    slot = look(call, day, "11:00", service="cut")
    refused = call.use("reschedule_appointment", slot_id=slot["slot_id"])
    assert error(refused) == "slot_taken"
    assert "Ben is taken then." in refused["say"]
    assert look(call, day, "11:00", service="cut", resource="anyone")["free"] == ["Anna"]
    moved = call.use("reschedule_appointment", slot_id=slot["slot_id"], resource="anyone")
    assert moved["output"]["resource"] == "Anna"
    assert moved["output"]["booking_id"] == made["output"]["booking_id"]


def test_which_one_is_cancelled(desk: Desk) -> None:
    day = monday(desk)
    book(desk.call("c1"), day, "10:00", service="cut", resource="Ben")
    book(desk.call("c2"), day, "10:00", service="cut", resource="Anna")
    later = desk.call("c3")
    asked = later.use("cancel_appointment", name="Dana Reyes")
    assert error(asked) == "which_one"
    assert "cut with Ben" in asked["say"]
    done = later.use("cancel_appointment", name="Dana Reyes", resource="Anna")
    assert done["say"].startswith("Your cut with Anna ")
    assert standing(desk) == [("Dana Reyes", "Ben", 0)]


# How many


def test_the_smallest_table_that_fits(tables: Desk) -> None:
    call = tables.call("c1")
    sizes = [("A B", 2), ("C D", 2), ("E F", 2), ("G H", 3), ("I J", 6)]
    results = [book(call, 3, "12:00", name, party_size=size) for name, size in sizes[:4]]
    assert [r["output"]["resource"] for r in results] == [
        "table for two", "table for two", "table for four", "terrace table",
    ]  # fmt: skip
    assert results[3]["say"].startswith("Your table for three people is booked for ")
    full = call.use("check_availability", date=tables.day(3), time="12:00", party_size=6)
    assert full["output"]["reason"] == "taken"
    assert "We have nothing for six people at that time." in full["say"]
    assert call.record()[0]["party_size"] == 2


def test_the_number_of_people_is_needed_and_has_a_limit(tables: Desk) -> None:
    call = tables.call("c1")
    assert error(call.use("check_availability", date=tables.day(3))) == "party_size_needed"
    large = call.use("check_availability", date=tables.day(3), party_size=7)
    assert error(large) == "party_too_large"
    assert large["output"]["largest"] == 6
    slot = look(call, 3, "12:00", party_size=2)["slot_id"]
    assert error(call.use("book_appointment", slot_id=slot, name="A", party_size=9)) == (
        "party_too_large"
    )
    more = call.use("book_appointment", slot_id=slot, name="A B", party_size=5)
    assert more["output"]["resource"] == "terrace table"
    assert more["output"]["party_size"] == 5
    fewer = call.use("book_appointment", slot_id=slot, name="A B", party_size=2)
    assert fewer["output"]["resource"] == "table for two"
    assert standing(tables) == [("A B", "table for two", 2)]


def test_outside(tables: Desk) -> None:
    call = tables.call("c1")
    result = book(call, 3, "12:00", party_size=2, resource="on the terrace")
    assert result["output"]["resource"] == "terrace table"
    other = tables.call("c2", TOM).use(
        "check_availability",
        date=tables.day(3), time="12:00", party_size=2, resource="outside",
    )  # fmt: skip
    assert other["output"]["reason"] == "taken"


def test_a_move_keeps_the_number_and_takes_another_table(tables: Desk) -> None:
    call = tables.call("c1")
    book(call, 3, "12:00", party_size=3)
    book(tables.call("c2", TOM), 3, "13:00", "Tom Jones", party_size=4)
    slot = look(call, 3, "13:00", party_size=3)["slot_id"]
    moved = call.use("reschedule_appointment", slot_id=slot)
    assert (moved["output"]["resource"], moved["output"]["party_size"]) == ("terrace table", 3)
    fewer = call.use("reschedule_appointment", slot_id=slot, party_size=2)
    assert (fewer["output"]["resource"], fewer["output"]["party_size"]) == ("table for two", 2)


def test_a_booking_from_before_there_were_tables_blocks_and_moves(redis_url: str) -> None:
    before = Desk(redis_url, rules(services=[{"id": "table", "name": "table", "minutes": 60}]))
    before.call("c1").book(3, "12:00", service="table")
    desk = Desk(redis_url, diner())
    call = desk.call("c2")
    found = call.use("check_availability", date=desk.day(3), time="12:00", party_size=2)
    assert found["output"]["reason"] == "taken"
    slot = look(call, 3, "14:00", party_size=2)["slot_id"]
    moved = call.use("reschedule_appointment", slot_id=slot, name="Dana Reyes")
    assert moved["output"]["resource"] == "table for two"
    assert standing(desk) == [("Dana Reyes", "table for two", 2)]


def test_a_block_of_one_resource(desk: Desk) -> None:
    day = monday(desk)
    block = Block(
        "b1", f"{desk.day(day)}T09:00", f"{desk.day(day)}T11:00", resource="Anna",
        time_zone="America/Los_Angeles",
    )  # fmt: skip
    desk.calendar.calendar.block(block)  # type: ignore[attr-defined]
    assert look(desk.call("c1"), day, "10:00", service="cut")["free"] == ["Ben"]
    made = book(desk.call("c1"), day, "10:00", service="cut")
    assert made["output"]["resource"] == "Ben"
    assert look(desk.call("c2"), day, "11:00", service="cut")["free"] == ["Anna", "Ben"]


# Races


def test_callers_racing_for_tables_fill_them_and_no_more(tables: Desk) -> None:
    calls = [tables.call(f"c{i}", f"+141555501{i:02d}") for i in range(12)]
    slots = [look(call, 3, "12:00", party_size=2)["slot_id"] for call in calls]

    def go(index: int) -> str | None:
        name = f"Caller {'abcdefghijkl'[index]}"
        result = calls[index].use("book_appointment", slot_id=slots[index], name=name)
        assert result["ok"] or result["output"]["error"] == "slot_taken"
        return str(result["output"]["resource"]) if result["ok"] else None

    with ThreadPoolExecutor(12) as pool:
        got = Counter(pool.map(go, range(12)))
    assert got == {"table for two": 2, "table for four": 1, "terrace table": 1, None: 8}
    held = Counter(resource for _, resource, _ in standing(tables))
    assert held == {"table for two": 2, "table for four": 1, "terrace table": 1}


def test_parties_racing_with_moves_and_cancellations(tables: Desk) -> None:
    movers = [tables.call(f"m{i}", f"+141555502{i:02d}") for i in range(4)]
    for index, call in enumerate(movers):
        assert book(call, 3, "14:00", f"Mover {'abcd'[index]}", party_size=2)["ok"]
    targets = [look(call, 3, "12:00", party_size=2)["slot_id"] for call in movers]
    comers = [tables.call(f"c{i}", f"+141555501{i:02d}") for i in range(6)]
    slots = [look(call, 3, "12:00", party_size=2)["slot_id"] for call in comers]

    def go(index: int) -> bool:
        if index < 4:
            return bool(movers[index].use("reschedule_appointment", slot_id=targets[index])["ok"])
        name = f"Comer {'abcdef'[index - 4]}"
        result = comers[index - 4].use("book_appointment", slot_id=slots[index - 4], name=name)
        return bool(result["ok"])

    with ThreadPoolExecutor(10) as pool:
        done = sum(pool.map(go, range(10)))
    found = tables.calendar.calendar.events(tables.now, tables.now + dt.timedelta(days=9))
    at_noon = Counter(
        a.resource
        for a in found
        if not a.cancelled and a.start.astimezone(tables.booking.zone).hour == 12
    )
    assert done == 4
    assert at_noon == {"table for two": 2, "table for four": 1, "terrace table": 1}
    assert len([a for a in found if not a.cancelled]) >= 4


def test_agents_without_resources_write_what_they_wrote(redis_url: str) -> None:
    desk = Desk(redis_url)
    call = desk.call("c1")
    call.book(3, "10:00")
    (record,) = call.record()
    assert not {"resource", "party_size"} & record.keys()
    kept = ledger.LedgerStore(desk.redis, "c1", "", call.context("k").who, 60).load()[0].to_json()
    assert not {"resource", "party_size", "place"} & kept["bookings"][0].keys()
    assert not {"resource", "party_size", "place"} & kept["wishes"][0].keys()
