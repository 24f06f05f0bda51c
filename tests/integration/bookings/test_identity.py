"""Who is who: callers, their names, their numbers, and the business they call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from app.adapters.redis import keys
from app.core.language.phone_numbers import number_hash
from tests.support.desk import DANA, Call, Desk, error


def with_name(desk: Desk, name: str) -> str:
    desk.call("c1").book(3, "10:00", name)
    return "c1"


@pytest.mark.parametrize(
    "hidden", ["anonymous", "Anonymous", "+266696687", "sip:anonymous@anonymous.invalid", "{{x}}"]
)
def test_callers_with_a_withheld_number_are_not_one_person(desk: Desk, hidden: str) -> None:
    first = desk.call("c1", hidden)
    first.book(3, "10:00")
    second = desk.call("c2", hidden)
    assert error(second.use("find_appointments", name="Dana Reyes")) == "number_withheld"
    assert error(second.use("cancel_appointment", name="Dana Reyes")) == "number_withheld"
    assert desk.standing() == ["Dana Reyes checkup 3 10:00"]
    slot = first.slot(4, "10:00")
    assert first.use("reschedule_appointment", slot_id=slot)["ok"]
    assert first.use("cancel_appointment")["ok"]
    assert desk.standing() == []


@pytest.mark.parametrize("written", [" 1415 555 0123", "sip:+14155550123@x", "(415) 555-0123"])
def test_one_caller_however_the_number_is_written(desk: Desk, written: str) -> None:
    desk.call("c1").book(3, "10:00")
    assert desk.call("c2", written).use("cancel_appointment", name="Dana Reyes")["ok"]


@pytest.mark.parametrize(
    ("known", "claimed"),
    [
        ("Dana Okafor", "Okafour"),
        ("Jürgen Müller", "Juergen Mueller"),
        ("Jürgen Müller", "Muller"),
        ("Müller", "Herr Müller"),
    ],
)
def test_an_honest_caller_is_not_locked_out(desk: Desk, known: str, claimed: str) -> None:
    with_name(desk, known)
    assert desk.call("c2").use("find_appointments", name=claimed)["ok"]


def test_a_list_of_names_is_no_name(desk: Desk) -> None:
    with_name(desk, "Mary Hart")
    guesser = desk.call("c2")
    for names in ("Ann Lee, Mary Hart, Tom Cole", "Ann Lee or Mary Hart", "John/Mary/Ann"):
        assert error(guesser.use("cancel_appointment", name=names)) == "one_name"
    many = "James John Robert Mary Patricia Jennifer"
    assert error(guesser.use("cancel_appointment", name=many)) == "booking_not_found"
    assert len(desk.standing()) == 1


def test_names_are_tried_a_few_times_only(desk: Desk) -> None:
    with_name(desk, "Mary Hart")
    guesser = desk.call("c2")
    first = guesser.use("find_appointments", name="Ann Lee")
    assert error(first) == "booking_not_found"
    assert "spell" in first["say"]
    again = guesser.use("cancel_appointment", name="ann  lee")
    assert error(again) == "booking_not_found"
    assert error(guesser.use("find_appointments", name="Tom Lee")) == "booking_not_found"
    assert error(guesser.use("find_appointments", name="Eve Lee")) == "name_check_failed"
    assert error(guesser.use("cancel_appointment", name="Mary Hart")) == "name_check_failed"
    assert desk.call("c3").use("cancel_appointment", name="Mary Hart")["ok"]


class Shop:
    """A desk's call at a business of its own."""

    def __init__(self, desk: Desk, business: str) -> None:
        self._desk = desk
        self._agent = desk.agent.model_copy(update={"business": business})

    def call(self, call_id: str) -> Call:
        self._desk.agent = self._agent
        return self._desk.call(call_id)


def shared(call: Call, tool: str, **args: Any) -> dict[str, Any]:
    """Use a tool where agents of several businesses work."""
    ctx = replace(call.context(f"{call.call_id}-{tool}-{args}"), only_business=False)
    return call.use(tool, ctx=ctx, **args)


def test_another_business_finds_nothing(desk: Desk) -> None:
    bakery, dentist = Shop(desk, "Corner Bakery"), Shop(desk, "Harbor Dental")
    booked = bakery.call("c1").book(3, "10:00")["output"]["booking_id"]
    stranger = dentist.call("c2")
    assert error(shared(stranger, "find_appointments", name="Dana Reyes")) == "booking_not_found"
    result = shared(stranger, "cancel_appointment", name="Dana Reyes", booking_id=booked)
    assert error(result) == "booking_not_found"
    assert len(desk.standing()) == 1
    assert shared(bakery.call("c3"), "cancel_appointment", name="Dana Reyes")["ok"]


def test_what_earlier_releases_wrote_is_found_where_there_is_one_business(desk: Desk) -> None:
    """Bookings without a business, in an index under the number as it was written."""
    raw = "1 415 555 0123"
    desk.call("c1").book(3, "10:00")
    (made,) = desk.calendar.events(desk.now, desk.now.replace(year=2099))
    new = keys.caller_bookings(desk.call("c1").context("k").business, number_hash(DANA))
    (blob,) = desk.redis.hvals(new)
    old = {k: v for k, v in orjson.loads(blob).items() if k != "business"}
    desk.redis.delete(new)
    held = orjson.dumps({**made.to_json(), "business": "", "phone": raw})
    stored = [key for key in desk.redis.scan_iter("calendar:*") if _holds(desk, key, made.id)]
    for key in stored:
        desk.redis.hset(key, made.id, held)
    desk.redis.hset(keys.unscoped_caller_bookings(number_hash(raw)), old["id"], orjson.dumps(old))
    later = desk.call("c2", raw)
    assert error(shared(later, "find_appointments", name="Dana Reyes")) == "booking_not_found"
    assert desk.call("c3", raw).use("cancel_appointment", name="Dana Reyes")["ok"]


def _holds(desk: Desk, key: bytes, event_id: str) -> bool:
    if desk.redis.type(key) != b"hash":
        return False
    return bool(desk.redis.hexists(key, event_id))


def test_ones_own_time_is_free_for_a_move(desk: Desk) -> None:
    first = desk.call("c1")
    booked = first.book(3, "14:00", service="cleaning")["output"]["booking_id"]
    day = desk.day(3)
    ask: dict[str, Any] = {"time": "14:30", "service": "cleaning"}
    for call in (first, desk.call("c2")):
        if call is not first:
            assert call.use("find_appointments", name="Dana Reyes")["ok"]
        plain = call.use("check_availability", date=day, **ask)
        assert (plain["output"]["status"], plain["output"]["reason"]) == ("other_times", "taken")
        moved = call.use("check_availability", date=day, booking_id=booked, **ask)
        assert moved["output"]["status"] == "free"
    stranger = desk.call("c3", "+14155550999")
    seen = stranger.use("check_availability", date=day, booking_id=booked, **ask)
    assert seen["output"]["status"] == "other_times"
    slot = moved["output"]["slots"][0]["slot_id"]
    result = desk.call("c2").use("reschedule_appointment", slot_id=slot, booking_id=booked)
    assert result["ok"], result
    assert desk.standing() == ["Dana Reyes cleaning 3 14:30"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("four one five, five five five, oh one nine nine", "+14155550199"),
        ("(415) 555-0199 ext 5", "+14155550199"),
        ("0044 7700 900123", "+447700900123"),
        ("the same number", DANA),
        ("anonymous", DANA),
        ("{{user_number}}", DANA),
        ("", DANA),
    ],
)
def test_the_number_that_is_kept(desk: Desk, given: str, kept: str) -> None:
    desk.call("c1").book(3, "10:00", phone=given)
    assert [a.phone for a in desk.calendar.events(desk.now, desk.now.replace(year=2099))] == [kept]


@pytest.mark.parametrize("given", ["four one five", "12345", "twenty twenty six"])
def test_what_is_no_number_is_asked_again(desk: Desk, given: str) -> None:
    result = desk.call("c1").book(3, "10:00", phone=given)
    assert error(result) == "number_unclear"
    assert desk.standing() == []


def test_a_corrected_name_replaces_the_first(desk: Desk) -> None:
    call = desk.call("c1")
    slot = call.slot(3, "10:00")
    assert call.use("book_appointment", slot_id=slot, name="Dana Rayes")["ok"]
    result = call.use("book_appointment", slot_id=slot, name="Dana Reyes")
    assert "now under the name Dana Reyes" in result["say"]
    assert desk.standing() == ["Dana Reyes checkup 3 10:00"]
