"""The booking tools on a real Redis: one caller, two callers, second thoughts, second calls."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.booking.appointment import Draft
from app.errors import CalendarDown
from tests.support.desk import DANA, TOM, Desk, error, rules
from workers.bookings import booking_tools

# Looking and booking


def test_offers_have_ids_and_words(desk: Desk) -> None:
    result = desk.call("c1").use("check_availability", date=desk.day(3), part_of_day="morning")
    assert result["ok"]
    slots = result["output"]["slots"]
    assert [slot["time"] for slot in slots] == ["09:00", "10:00", "11:30"]
    assert slots[0].keys() == {"slot_id", "date", "time", "service", "say"}
    assert slots[0]["say"].endswith("at nine AM")
    assert result["say"].startswith("I have ")
    assert not any(sign.isdigit() for sign in result["say"])


def test_booking(desk: Desk) -> None:
    call = desk.call("c1")
    result = call.book(3, "10:00", service="cleaning", notes="window\x00 seat\n please")
    assert result["ok"]
    assert result["output"]["status"] == "booked"
    assert result["output"]["time"] == "10:00"
    assert result["say"].startswith("Your cleaning is booked for ")
    assert desk.standing() == ["Dana Reyes cleaning 3 10:00"]
    (record,) = call.record()
    assert record["status"] == "booked"
    assert record["start"].startswith(f"{desk.day(3)}T10:00:00-0")
    event = desk.calendar.get(record["event_id"])
    assert (event.phone, event.notes) == (DANA, "window seat please")


def test_times_of_the_caller_are_said_too(desk: Desk) -> None:
    call = desk.call("c1")
    ctx = call.context("k", caller_time_zone="America/New_York")
    result = call.use("check_availability", ctx=ctx, date=desk.day(3), time="10:00")
    assert result["output"]["slots"][0]["caller_time"] == "one PM your time"


def test_services_that_are_not_offered(desk: Desk) -> None:
    result = desk.call("c1").use("check_availability", service="haircut")
    assert error(result) == "unknown_service"
    assert result["output"]["services"] == ["checkup", "cleaning"]


@pytest.mark.parametrize("name", ["", "  ", None, "123", "\n"])
def test_a_name_is_needed(desk: Desk, name: str | None) -> None:
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    assert error(call.use("book_appointment", slot_id=slot, name=name)) == "name_needed"


# Only what was offered


@pytest.mark.parametrize(
    "slot_id", ["", "abc", "2026-01-01T10:00", "tomorrow at ten", "00000-000", "zzzzz-zzz"]
)
def test_invented_slots_are_refused_with_real_offers(desk: Desk, slot_id: str) -> None:
    call = desk.call("c1")
    result = call.use("book_appointment", slot_id=slot_id, name="Dana")
    assert error(result) == "not_offered"
    offered = result["output"]["slots"]
    assert 1 <= len(offered) <= 3
    assert desk.standing() == []
    again = call.use("book_appointment", slot_id=offered[0]["slot_id"], name="Dana")
    assert again["ok"]


def test_an_invented_time_gets_the_nearest_offers(desk: Desk) -> None:
    call = desk.call("c1")
    result = call.use("book_appointment", slot_id=f"{desk.day(5)}T14:10", name="Dana")
    assert [slot["time"] for slot in result["output"]["slots"]] == ["13:30", "14:00", "14:30"]
    assert {slot["date"] for slot in result["output"]["slots"]} == {desk.day(5)}


def test_slots_of_another_call_are_refused(desk: Desk) -> None:
    slot = desk.call("c1").slot(3, "10:00")
    result = desk.call("c2").use("book_appointment", slot_id=slot, name="Tom")
    assert error(result) == "not_offered"


def test_mangled_ids_are_understood(desk: Desk) -> None:
    call = desk.call("c1")
    slot = call.slot(3, "10:00").upper().replace("-", " ")
    assert call.use("book_appointment", slot_id=slot, name="Dana")["ok"]


def test_a_slot_that_has_passed(desk: Desk) -> None:
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    ctx = replace(call.context("k"), now=desk.now + dt.timedelta(days=4))
    assert error(call.use("book_appointment", ctx=ctx, slot_id=slot, name="Dana")) == "time_passed"


def test_another_service_than_was_looked_up(desk: Desk) -> None:
    call = desk.call("c1")
    desk.call("c0", TOM).book(3, "10:30", "Tom Jones")
    slot = call.slot(3, "10:00", "checkup")
    result = call.use("book_appointment", slot_id=slot, name="Dana", service="cleaning")
    assert error(result) == "slot_taken"
    free = call.slot(3, "13:00", "checkup")
    result = call.use("book_appointment", slot_id=free, name="Dana", service="hygienist")
    assert result["output"]["service"] == "cleaning"
    assert desk.standing()[-1] == "Dana cleaning 3 13:00"


# Two callers


def test_a_slot_taken_in_between(desk: Desk) -> None:
    first, second = desk.call("c1"), desk.call("c2", TOM)
    slot, same = first.slot(3, "10:00"), second.slot(3, "10:00")
    assert second.use("book_appointment", slot_id=same, name="Tom Jones")["ok"]
    result = first.use("book_appointment", slot_id=slot, name="Dana Reyes")
    assert error(result) == "slot_taken"
    assert [s["time"] for s in result["output"]["slots"]] == ["09:00", "09:30", "10:30"]
    assert "just been taken" in result["say"]
    assert desk.standing() == ["Tom Jones checkup 3 10:00"]


def test_callers_racing_for_one_slot(desk: Desk) -> None:
    calls = [desk.call(f"c{i}", f"+1415555010{i}") for i in range(6)]
    slots = [call.slot(3, "10:00") for call in calls]

    def go(index: int) -> bool:
        result = calls[index].use("book_appointment", slot_id=slots[index], name=f"Caller {index}")
        assert result["ok"] or result["output"]["slots"]
        return bool(result["ok"])

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(go, range(6)))
    assert sum(results) == 1
    assert len(desk.standing()) == 1


# Once


def test_the_same_effect_twice(desk: Desk) -> None:
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    ctx = call.context("key-1")
    first = call.use("book_appointment", ctx=ctx, slot_id=slot, name="Dana Reyes")
    second = call.use("book_appointment", ctx=ctx, slot_id=slot, name="Dana Reyes")
    assert first["output"] == second["output"]
    assert len(desk.standing()) == 1


def test_the_same_slot_asked_again_is_the_same_booking(desk: Desk) -> None:
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    first = call.use("book_appointment", slot_id=slot, name="Dana Reyes")
    second = call.use("book_appointment", slot_id=slot, name="Dana", notes="first visit")
    assert second["output"]["status"] == "booked"
    assert second["output"]["booking_id"] == first["output"]["booking_id"]
    assert desk.standing() == ["Dana Reyes checkup 3 10:00"]


def test_a_corrected_name(desk: Desk) -> None:
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    call.use("book_appointment", slot_id=slot, name="Dena Reyes")
    result = call.use("book_appointment", slot_id=slot, name="Dana Reyes")
    assert "now under the name Dana Reyes" in result["say"]
    assert desk.standing() == ["Dana Reyes checkup 3 10:00"]


def test_two_people_in_one_call(desk: Desk) -> None:
    call = desk.call("c1")
    call.book(3, "10:00", "Dana Reyes")
    call.book(3, "10:30", "Tim Reyes")
    assert len(desk.standing()) == 2
    assert len(call.record()) == 2


def test_bookings_of_a_call_are_bounded(redis_url: str) -> None:
    desk = Desk(redis_url, rules(max_bookings_per_call=2))
    call = desk.call("c1")
    times = ["10:00", "10:30", "11:00"]
    results = [call.book(3, at, f"Person {'abc'[i]}") for i, at in enumerate(times)]
    assert error(results[-1]) == "too_many"
    assert len(desk.standing()) == 2


# Second thoughts


def test_a_correction_after_the_booking_moves_it(desk: Desk) -> None:
    call = desk.call("c1")
    first = call.book(3, "10:00")
    second = call.book(4, "11:00")
    assert second["output"]["status"] == "moved"
    assert second["output"]["booking_id"] == first["output"]["booking_id"]
    assert second["output"]["replaced"]["time"] == "10:00"
    assert desk.standing() == ["Dana Reyes checkup 4 11:00"]
    assert len(call.record()) == 1


def test_a_correction_that_comes_first_wins(desk: Desk) -> None:
    call = desk.call("c1")
    monday, tuesday = call.slot(3, "10:00"), call.slot(4, "10:00")
    older, newer = call.context("old"), call.context("new")
    assert call.use("book_appointment", ctx=newer, slot_id=tuesday, name="Dana")["ok"]
    result = call.use("book_appointment", ctx=older, slot_id=monday, name="Dana")
    assert error(result) == "superseded"
    assert desk.standing() == ["Dana checkup 4 10:00"]


def test_cancelling_in_the_same_call(desk: Desk) -> None:
    call = desk.call("c1")
    call.book(3, "10:00")
    result = call.use("cancel_appointment")
    assert result["output"]["status"] == "cancelled"
    assert desk.standing() == []
    assert [item["status"] for item in call.record()] == ["cancelled"]
    again = call.book(3, "10:00")
    assert again["output"]["status"] == "booked"
    assert len(desk.standing()) == 1


def test_cancelling_what_is_still_being_booked(desk: Desk) -> None:
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    late = call.context("late")
    desk.calendar.down = True
    with pytest.raises(CalendarDown):
        call.use("book_appointment", ctx=late, slot_id=slot, name="Dana")
    desk.calendar.down = False
    result = call.use("cancel_appointment")
    assert result["output"]["status"] == "stopped"
    assert error(call.use("book_appointment", ctx=late, slot_id=slot, name="Dana")) == "superseded"
    assert desk.standing() == []


def test_cancel_runs_twice(desk: Desk) -> None:
    call = desk.call("c1")
    call.book(3, "10:00")
    ctx = call.context("cancel-1")
    assert call.use("cancel_appointment", ctx=ctx)["ok"]
    assert call.use("cancel_appointment", ctx=ctx)["ok"]
    assert error(call.use("cancel_appointment")) == "booking_not_found"


def test_rescheduling_in_the_same_call(desk: Desk) -> None:
    call = desk.call("c1")
    call.book(3, "10:00", service="cleaning")
    slot = call.slot(4, "11:00", "cleaning")
    ctx = call.context("move-1")
    result = call.use("reschedule_appointment", ctx=ctx, slot_id=slot)
    assert result["output"]["status"] == "moved"
    assert "I have moved your cleaning to" in result["say"]
    assert call.use("reschedule_appointment", ctx=ctx, slot_id=slot)["ok"]
    assert desk.standing() == ["Dana Reyes cleaning 4 11:00"]


def test_rescheduling_keeps_the_service(desk: Desk) -> None:
    call = desk.call("c1")
    call.book(3, "10:00", service="cleaning")
    desk.call("c0", TOM).book(4, "11:30", "Tom Jones")
    slot = call.slot(4, "11:00", "checkup")
    assert error(call.use("reschedule_appointment", slot_id=slot)) == "slot_taken"
    slot = call.slot(4, "14:00", "checkup")
    assert call.use("reschedule_appointment", slot_id=slot)["ok"]
    assert desk.standing()[-1] == "Dana Reyes cleaning 4 14:00"


def test_a_move_to_a_taken_slot_leaves_the_booking(desk: Desk) -> None:
    call = desk.call("c1")
    call.book(3, "10:00")
    slot = call.slot(4, "11:00")
    desk.call("c0", TOM).book(4, "11:00", "Tom Jones")
    result = call.use("reschedule_appointment", slot_id=slot)
    assert error(result) == "slot_taken"
    assert "stays as it is" in result["say"]
    assert result["output"]["still_booked"]["time"] == "10:00"
    assert "Dana Reyes checkup 3 10:00" in desk.standing()


# Second calls


def test_a_later_call_moves_the_booking(desk: Desk) -> None:
    desk.call("c1").book(3, "10:00")
    later = desk.call("c2")
    assert error(later.use("find_appointments")) == "name_needed"
    found = later.use("find_appointments", name="Dana Reyes")
    (appointment,) = found["output"]["appointments"]
    assert appointment["time"] == "10:00"
    slot = later.slot(4, "11:00")
    moved = later.use("reschedule_appointment", slot_id=slot, booking_id=appointment["booking_id"])
    assert moved["output"]["status"] == "moved"
    assert desk.standing() == ["Dana Reyes checkup 4 11:00"]
    assert [item["status"] for item in later.record()] == ["booked"]


def test_a_later_call_cancels_by_name_alone(desk: Desk) -> None:
    desk.call("c1").book(3, "10:00")
    later = desk.call("c2")
    assert error(later.use("cancel_appointment")) == "name_needed"
    assert error(later.use("cancel_appointment", name="Someone Else")) == "booking_not_found"
    assert later.use("cancel_appointment", name="Dana")["ok"]
    assert desk.standing() == []


def test_other_callers_find_nothing(desk: Desk) -> None:
    booked = desk.call("c1").book(3, "10:00")["output"]["booking_id"]
    other = desk.call("c2", TOM)
    assert error(other.use("find_appointments", name="Dana Reyes")) == "booking_not_found"
    result = other.use("cancel_appointment", booking_id=booked, name="Dana Reyes")
    assert error(result) == "booking_not_found"
    nobody = desk.call("c3", "")
    assert error(nobody.use("cancel_appointment", name="Dana Reyes")) == "number_withheld"
    assert len(desk.standing()) == 1


def test_an_id_without_the_name_is_not_enough(desk: Desk) -> None:
    booked = desk.call("c1").book(3, "10:00")["output"]["booking_id"]
    later = desk.call("c2")
    assert error(later.use("cancel_appointment", booking_id=booked)) == "name_needed"
    result = later.use("cancel_appointment", booking_id=booked, name="Eve")
    assert error(result) == "booking_not_found"


def test_several_earlier_bookings(desk: Desk) -> None:
    desk.call("c1").book(3, "10:00")
    desk.call("c2").book(5, "10:00", service="cleaning")
    later = desk.call("c3")
    result = later.use("cancel_appointment", name="Dana Reyes")
    assert error(result) == "which_one"
    first, second = result["output"]["appointments"]
    assert later.use("cancel_appointment", booking_id=second["booking_id"])["ok"]
    assert desk.standing() == ["Dana Reyes checkup 3 10:00"]
    assert first["service"] == "checkup"


def test_a_new_booking_in_a_later_call_does_not_move_the_old_one(desk: Desk) -> None:
    desk.call("c1").book(3, "10:00")
    later = desk.call("c2")
    slot = later.slot(4, "11:00")
    later.use("reschedule_appointment", slot_id=slot, name="Dana Reyes")
    assert later.book(6, "10:00")["output"]["status"] == "booked"
    assert desk.standing() == ["Dana Reyes checkup 4 11:00", "Dana Reyes checkup 6 10:00"]


def test_an_event_moved_by_hand_is_told_as_it_is(desk: Desk) -> None:
    booked = desk.call("c1").book(3, "10:00")
    (record,) = desk.call("c1").record()
    event = desk.calendar.get(record["event_id"])
    moved = Draft(
        start=event.start + dt.timedelta(hours=2),
        end=event.end + dt.timedelta(hours=2),
        service=event.service,
        title=event.title,
        name=event.name,
        phone=event.phone,
        asked_at=time.time() + 10,
    )
    desk.calendar.move(event.id, moved, "by-hand")
    found = desk.call("c2").use("find_appointments", name="Dana Reyes")
    assert found["output"]["appointments"][0]["time"] == "12:00"
    assert found["output"]["appointments"][0]["booking_id"] == booked["output"]["booking_id"]


def test_a_booking_under_another_call_back_number(desk: Desk) -> None:
    desk.call("c1").book(3, "10:00", phone="(415) 555-0999")
    event = desk.calendar.find(TOM, after=desk.now)
    assert len(event) == 1
    for number in (DANA, TOM):
        found = desk.call(f"c-{number}", number).use("find_appointments", name="Dana Reyes")
        assert len(found["output"]["appointments"]) == 1


# Confirmation


def test_confirmation_before_commit(redis_url: str) -> None:
    desk = Desk(redis_url, rules(confirm=True))
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    heard: tuple[tuple[str, str], ...] = (("agent", "What name?"), ("user", "Dana Reyes"))
    ctx = call.context("k1", heard=heard)
    result = call.use("book_appointment", ctx=ctx, slot_id=slot, name="Dana Reyes")
    assert error(result) == "confirm_first"
    question = result["say"]
    assert "checkup" in question
    assert "Dana Reyes" in question
    again = call.use("book_appointment", ctx=ctx, slot_id=slot, name="Dana Reyes")
    assert error(again) == "confirm_first"
    heard += (("agent", question), ("user", "No, wait."))
    ctx = call.context("k2", heard=heard)
    # The caller was asked and spoke; the model takes that as a yes. Once is asked, not twice.
    agreed = (("agent", question), ("user", "Yes, please."))
    ctx = call.context("k3", heard=heard[:2] + agreed)
    assert call.use("book_appointment", ctx=ctx, slot_id=slot, name="Dana Reyes")["ok"]


def test_a_question_of_the_agents_own_is_enough(redis_url: str) -> None:
    desk = Desk(redis_url, rules(confirm=True))
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    ctx = call.context("k1", heard=(("agent", "So ten AM for Dana, okay?"), ("user", "Yes.")))
    assert call.use("book_appointment", ctx=ctx, slot_id=slot, name="Dana Reyes")["ok"]


# Whatever a model may send

words = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["0001-01-01", "9999-12-31", "9999-12-31T23:59+14:00", "24:00", "2027-02-30", "next year"]
    ),
    st.none(),
    st.integers(),
    st.booleans(),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)
fields = (
    "date",
    "time",
    "part_of_day",
    "service",
    "slot_id",
    "name",
    "phone",
    "notes",
    "booking_id",
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    tool=st.sampled_from(sorted(booking_tools())),
    args=st.dictionaries(st.sampled_from(fields), words, max_size=6),
    number=st.sampled_from(["", DANA, "anonymous"]),
)
def test_any_arguments_get_a_result(
    desk: Desk, tool: str, args: dict[str, Any], number: str
) -> None:
    result = desk.call("c1", number).use(tool, **args)
    assert isinstance(result["ok"], bool)
    orjson.dumps(result)
    if not result["ok"]:
        assert result["output"]["error"]
        assert result["say"]
    assert desk.standing() == []


# The calendar is away


def test_while_there_is_time_the_effect_is_tried_again(desk: Desk) -> None:
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    desk.calendar.down = True
    for tool in ("book_appointment", "check_availability", "find_appointments"):
        with pytest.raises(CalendarDown):
            call.use(tool, slot_id=slot, name="Dana Reyes")


def test_a_lost_answer_is_no_second_booking(desk: Desk) -> None:
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    ctx = call.context("k1")
    desk.calendar.lose_answers = True
    with pytest.raises(CalendarDown):
        call.use("book_appointment", ctx=ctx, slot_id=slot, name="Dana")
    desk.calendar.lose_answers = False
    assert len(desk.standing()) == 1
    assert call.record() == []
    assert call.use("book_appointment", ctx=ctx, slot_id=slot, name="Dana")["ok"]
    assert len(desk.standing()) == 1
    assert len(call.record()) == 1


def test_every_key_of_a_booking_has_a_time_to_live(desk: Desk) -> None:
    call = desk.call("c1")
    call.book(3, "10:00")
    call.use("cancel_appointment")
    for key in desk.redis.scan_iter("*"):
        if not key.startswith((b"rq:queue", b"rq:queues")):
            assert desk.redis.ttl(key) > 0, key
