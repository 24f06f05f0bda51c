"""GET /calendar.ics over a real Redis."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask.testing import FlaskClient
from icalendar import Calendar

from app.adapters.agents import files
from app.adapters.calendars.main_calendar import Calendars
from app.adapters.calendars.redis import RedisCalendar
from app.settings import Settings
from app.web import calendar
from tests.support.desk import Desk, Switch
from tests.support.web_app import make_app


def client_of(url: str, **fields: object) -> FlaskClient:
    settings = Settings(redis_url=url, **fields)  # type: ignore[arg-type]
    return make_app(settings, calendar.bp).test_client()


def test_bookings_are_in_the_feed(redis_url: str) -> None:
    desk = Desk(redis_url)
    call = desk.call("c1")
    call.book(3, "10:00")
    client = client_of(redis_url)
    answer = client.get("/calendar.ics")
    assert answer.status_code == 200
    assert answer.content_type == "text/calendar; charset=utf-8"
    events: list[Any] = Calendar.from_ical(answer.data).walk("VEVENT")
    (event,) = events
    start = dt.datetime.fromisoformat(call.record()[0]["start"])
    assert event.start == start
    first_uid = event["uid"]

    etag = answer.headers["ETag"]
    assert client.get("/calendar.ics", headers={"If-None-Match": etag}).status_code == 304

    call.book(4, "11:00")
    moved: list[Any] = Calendar.from_ical(client.get("/calendar.ics").data).walk("VEVENT")
    (event,) = moved
    assert (event["uid"], event["sequence"], event["status"]) == (first_uid, 1, "CONFIRMED")
    assert event.start != start

    call.use("cancel_appointment")
    answer = client.get("/calendar.ics", headers={"If-None-Match": etag})
    (event,) = Calendar.from_ical(answer.data).walk("VEVENT")
    assert (event["uid"], event["sequence"], event["status"]) == (first_uid, 2, "CANCELLED")


TWO = """
default: ada
businesses:
  bakery: {name: Bakery, calendar_token: "${BAKERY_CALENDAR}"}
  salon: {name: Salon}
agents:
  - {id: ada, name: Ada, business: salon, instructions: x}
  - {id: ben, name: Ben, business: bakery, instructions: x}
"""


def test_a_feed_is_one_businesss(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAKERY_CALENDAR", "its-own")
    agents = files.parse(TWO, "agents.yaml")
    settings = Settings(redis_url=redis_url, calendar_token="everybodys")
    client = make_app(settings, calendar.bp, agents=agents).test_client()
    for business in ("salon", "bakery"):
        desk = Desk(redis_url)
        url = Calendars(desk.redis).url_of("redis:", business, agents)
        name = url.removeprefix("redis:") or "main"
        desk.calendar = Switch(RedisCalendar(desk.redis, desk.booking.zone, name))
        desk.agent = desk.agent.model_copy(update={"business": business.title()})
        desk.call(f"call-{business}").book(3, "10:00", f"Dana {business.title()}")

    def names(path: str, token: str) -> list[str]:
        answer = client.get(f"{path}?token={token}")
        assert answer.status_code == 200, answer.data
        return [str(event["summary"]) for event in Calendar.from_ical(answer.data).walk("VEVENT")]

    (of_salon,) = names("/calendar/salon.ics", "everybodys")
    assert "Dana Salon" in of_salon
    assert names("/calendar.ics", "everybodys") == [of_salon]
    (of_bakery,) = names("/calendar/bakery.ics", "its-own")
    assert "Dana Bakery" in of_bakery
    assert client.get("/calendar/bakery.ics?token=everybodys").status_code == 403
    assert client.get("/calendar/salon.ics?token=its-own").status_code == 403
    assert client.get("/calendar/garage.ics?token=its-own").status_code == 403
    assert client.get("/calendar/garage.ics?token=everybodys").status_code == 404


@pytest.mark.parametrize(
    ("env", "token", "given", "status"),
    [
        ("development", "", "", 200),
        ("development", "secret", "", 403),
        ("development", "secret", "?token=secret", 200),
        ("production", "", "", 403),
        ("production", "", "?token=", 403),
        ("production", "secret", "?token=wrong", 403),
        ("production", "secret", "?token=secret", 200),
    ],
)
def test_who_may_read_it(redis_url: str, env: str, token: str, given: str, status: int) -> None:
    client = client_of(redis_url, env=env, calendar_token=token)
    answer = client.get(f"/calendar.ics{given}")
    assert answer.status_code == status
    if status == 403:
        assert answer.json == {
            "error": {
                "code": "forbidden",
                "message": "a token is required: Authorization: Bearer TOKEN",
            }
        }


def test_redis_away(free_port: int) -> None:
    answer = client_of(f"redis://127.0.0.1:{free_port}/0").get("/calendar.ics")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
