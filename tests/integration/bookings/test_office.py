"""People of the business move and cancel appointments that calls have made."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import orjson
import pytest

from app.adapters.booking.office import CANCEL, MOVE
from app.adapters.redis import keys
from app.adapters.tools.context import ToolContext
from app.core.booking.appointment import Appointment
from app.errors import CalendarDown
from tests.support.desk import DANA, TOM, Desk, rules
from workers.booking.office import office_tools

TOOLS = office_tools()


def booked(desk: Desk, days: int = 3, time: str = "10:00", **args: Any) -> Appointment:
    """An appointment that a call has made."""
    result = desk.call("c1").book(days, time, **args)
    assert result["ok"], result
    found = [a for a in events(desk) if not a.cancelled]
    return found[-1]


def events(desk: Desk) -> list[Appointment]:
    found = desk.calendar.calendar.events(desk.now, desk.now + dt.timedelta(days=90))
    return sorted(found, key=lambda each: each.asked_at)


def at(desk: Desk, days: int, time: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(f"{desk.day(days)}T{time}")
    return moment.replace(tzinfo=desk.booking.zone).astimezone(dt.UTC)


def context(desk: Desk, key: str = "k1", **fields: Any) -> ToolContext:
    """An effect of the office's, which has no caller."""
    made = desk.call("office-1", "").context(key)
    return replace(made, **fields)


def move(
    desk: Desk,
    found: Appointment,
    days: int,
    time: str,
    ctx: ToolContext | None = None,
    **args: Any,
) -> dict[str, Any]:
    wanted = {
        "event_id": found.id,
        "was": found.start.isoformat(),
        "to": at(desk, days, time).isoformat(),
        "by": "an admin",
        **args,
    }
    return TOOLS[MOVE].handler(ctx or context(desk), wanted)


def cancel(desk: Desk, found: Appointment, ctx: ToolContext | None = None) -> dict[str, Any]:
    wanted = {"event_id": found.id, "was": found.start.isoformat(), "by": "an admin"}
    return TOOLS[CANCEL].handler(ctx or context(desk), wanted)


def told(desk: Desk) -> list[tuple[str, str]]:
    """The changes that others are to be told of: kind and number of the appointment."""
    return [(change["kind"], change["booking"]["phone"]) for change in changes(desk)]


def changes(desk: Desk) -> list[dict[str, Any]]:
    queued: list[Any] = desk.redis.lrange("rq:queue:background", 0, -1)
    found = []
    for job_id in queued:
        data = desk.redis.hget(f"rq:job:{job_id.decode()}", "data")
        assert isinstance(data, bytes)
        name, _, (change,), _ = orjson.loads(data)
        assert name == "workers.notifications.announce"
        found.append(change)
    return found


def test_the_callers_next_call_finds_it_moved(desk: Desk) -> None:
    found = booked(desk)
    assert move(desk, found, 4, "11:30") == {
        "ok": True,
        "output": {"status": "moved"},
        "say": None,
    }
    assert desk.standing() == ["Dana Reyes checkup 4 11:30"]
    assert told(desk) == [("created", found.phone), ("moved", found.phone)]
    later = desk.call("c2")
    (seen,) = later.use("find_appointments", name="Dana Reyes")["output"]["appointments"]
    assert (seen["date"], seen["time"]) == (desk.day(4), "11:30")
    assert later.use("cancel_appointment", name="Dana Reyes")["ok"]
    assert desk.standing() == []


def test_the_call_that_made_it_can_still_change_it(desk: Desk) -> None:
    call = desk.call("c1")
    call.book(3, "10:00")
    (found,) = events(desk)
    assert move(desk, found, 4, "11:30", context(desk, asked_at=call.context("x").asked_at))["ok"]
    assert call.use("cancel_appointment")["ok"]
    assert desk.standing() == []


def test_the_number_that_called_is_told_of_it(desk: Desk) -> None:
    found = booked(desk, phone="415 555 0177")
    desk.redis.hset(keys.summary("c1"), "from_number", orjson.dumps(DANA))
    assert move(desk, found, 4, "11:30")["ok"]
    assert [change["caller_number"] for change in changes(desk)] == [DANA, DANA]
    (seen,) = desk.call("c2").use("find_appointments", name="Dana Reyes")["output"]["appointments"]
    assert seen["date"] == desk.day(4)


def test_a_cancelled_one_is_told_and_frees_its_time(desk: Desk) -> None:
    found = booked(desk)
    assert cancel(desk, found)["ok"]
    assert desk.standing() == []
    assert told(desk)[-1] == ("cancelled", found.phone)
    assert desk.call("c2", TOM).book(3, "10:00", "Tom Hale")["ok"]
    again = cancel(desk, found, context(desk, "k2"))
    assert again["output"]["error"] == "booking_not_found"


def test_the_same_change_twice_is_one(desk: Desk) -> None:
    found = booked(desk)
    desk.calendar.lose_answers = True
    ctx = context(desk)
    with pytest.raises(CalendarDown):
        move(desk, found, 4, "11:30", ctx)
    desk.calendar.lose_answers = False
    for _ in range(2):
        assert move(desk, found, 4, "11:30", ctx)["ok"], "what was lost is seen to be done"
    (now,) = events(desk)
    assert now.sequence == found.sequence + 1
    assert told(desk) == [("created", found.phone), ("moved", found.phone)]


def test_what_was_changed_meanwhile_is_left_alone(desk: Desk) -> None:
    found = booked(desk)
    call = desk.call("c2")
    slot = call.slot(5, "09:00")
    assert call.use("reschedule_appointment", slot_id=slot, name="Dana Reyes")["ok"]
    for result in (move(desk, found, 4, "11:30"), cancel(desk, found, context(desk, "k2"))):
        assert result["output"]["error"] == "changed_meanwhile"
    assert desk.standing() == ["Dana Reyes checkup 5 09:00"]


@pytest.mark.parametrize(
    ("time", "error"),
    [("10:30", "slot_taken"), ("20:00", "closed"), ("11:10", "no_start_then")],
)
def test_the_checks_of_a_call_hold(desk: Desk, time: str, error: str) -> None:
    found = booked(desk)
    desk.call("c2", TOM).book(4, "10:30", "Tom Hale")
    result = move(desk, found, 4, time)
    assert result["output"]["error"] == error
    assert result["output"]["message"].endswith(".")
    assert "Dana Reyes checkup 3 10:00" in desk.standing()


def test_the_office_needs_no_notice(redis_url: str) -> None:
    desk = Desk(redis_url, rules(notice_minutes=3 * 24 * 60))
    found = booked(desk, 5)
    assert move(desk, found, 1, "11:30")["ok"]


def test_it_can_be_given_to_somebody_else(redis_url: str) -> None:
    desk = Desk(redis_url, rules(resources=[{"name": "Anna"}, {"name": "Ben"}]))
    found = booked(desk, 3, "10:00", resource="Anna")
    assert found.resource == "Anna"
    assert move(desk, found, 3, "10:00", resource="Ben")["ok"]
    (now,) = events(desk)
    assert (now.resource, now.start) == ("Ben", found.start)
    assert move(desk, now, 4, "10:00", context(desk, "k2"))["ok"]
    assert events(desk)[0].resource == "Ben", "it stays with whom it is"
    unknown = move(desk, events(desk)[0], 4, "11:00", context(desk, "k3"), resource="Zoe")
    assert unknown["output"]["error"] == "unknown_resource"


def test_anothers_appointment_is_not_there(desk: Desk) -> None:
    found = booked(desk)
    other = desk.agent.model_copy(update={"business": "Somebody Else"})
    ctx = context(desk, agent=other, only_business=False)
    assert move(desk, found, 4, "11:30", ctx)["output"]["error"] == "booking_not_found"
    assert cancel(desk, found, ctx)["output"]["error"] == "booking_not_found"
    assert desk.standing() == ["Dana Reyes checkup 3 10:00"]


def test_a_service_that_is_gone_cannot_be_moved(desk: Desk) -> None:
    found = booked(desk, service="cleaning")
    only = rules(services=[{"id": "checkup", "name": "checkup", "minutes": 30}])
    desk.agent = desk.agent.model_copy(update={"booking": only})
    assert move(desk, found, 4, "11:30")["output"]["error"] == "unknown_service"
    assert cancel(desk, found, context(desk, "k2"))["ok"]


def test_while_the_calendar_is_away_nothing_is_said_to_be_done(desk: Desk) -> None:
    found = booked(desk)
    desk.calendar.down = True
    with pytest.raises(CalendarDown):
        move(desk, found, 4, "11:30")
    last = context(desk, deadline=0.0)
    assert move(desk, found, 4, "11:30", last)["output"]["error"] == "calendar_down"
    desk.calendar.down = False
    desk.redis.set("bookings:paused", "1")
    assert move(desk, found, 4, "11:30", last)["output"]["error"] == "calendar_down"
    assert desk.standing() == ["Dana Reyes checkup 3 10:00"]
