"""The console's calendar over a real Redis: what is shown, blocked, moved and cancelled."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.agents import files
from app.adapters.booking.office import MOVE
from app.adapters.calendars.redis import RedisCalendar
from app.adapters.tools.execution import Effect
from app.adapters.tools.replies import Reply
from app.adapters.tools.store import EffectStore
from app.core.booking.appointment import Appointment, Draft
from app.settings import Settings
from app.web.console import auth, call
from app.web.console.calendar import appointments, routes
from tests.support.calcom_server import CalComServer
from tests.support.caldav_server import CalDavServer
from tests.support.google_server import GoogleServer
from tests.support.web_app import make_app, sign_in
from workers import effects, runtime
from workers.booking.office import office_tools

HERE = {"Sec-Fetch-Site": "same-origin"}
ONCE = "0123456789abcdef"
AGENTS = """
default: ada
businesses:
  bakery: {name: Bakery, time_zone: Europe/Berlin}
  salon: {name: Salon, time_zone: Europe/Berlin}
agents:
  - id: ada
    name: Ada
    business: bakery
    instructions: x
    booking:
      hours: {monday: "09:00-17:00", tuesday: "09:00-17:00", wednesday: "09:00-17:00"}
      services: [{id: cake, name: cake, minutes: 30}]
  - id: ben
    name: Ben
    business: salon
    instructions: x
    booking:
      resources: [{name: Anna}, {name: Tom}]
      services: [{id: cut, name: haircut, minutes: 60}]
"""
BLUEPRINTS = (auth.bp, call.bp, routes.bp, appointments.bp)


class Workers:
    """Stands for the workers: whoever waits for an effect runs it, as a worker would."""

    process = "test-process"

    def __init__(self, store: EffectStore) -> None:
        self.store = store
        self.idle = False

    def wait(self, effect: Effect, tool_call_id: str, timeout_s: float) -> Reply | None:
        if not self.idle:
            effects.run(effect.call_id, effect.key)
        found = self.store.get(effect.call_id, effect.key)
        assert found is not None
        return Reply.of(found, tool_call_id) if found.settled else None


class Shop:
    """The web application and the workers, with two businesses."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.settings = Settings(redis_url=url, **settings)
        at_work = runtime.open_runtime(self.settings, connections=2, tools=office_tools())
        self.agents = files.parse(AGENTS, "agents.yaml")
        object.__setattr__(at_work, "agents", self.agents)
        self.workers = Workers(at_work.effects)
        self.redis: Redis = at_work.redis
        app = make_app(self.settings, *BLUEPRINTS, agents=self.agents, replies=self.workers)
        self.client: FlaskClient = app.test_client()
        self.client.environ_base["HTTP_ACCEPT"] = "text/html"
        zone = self.agents.all[0].booking.zone
        url_of = at_work.embedded.url_of
        self.calendars = {
            name: RedisCalendar(
                at_work.redis, zone, url_of("redis:", name, self.agents)[6:] or "main"
            )
            for name in ("bakery", "salon")
        }
        today = dt.datetime.now(zone).date()
        self.monday = today + dt.timedelta(days=7 - today.weekday())
        self.zone = zone

    def at(self, clock: str, days: int = 0) -> dt.datetime:
        """A time of next week, counted from its Monday."""
        day = self.monday + dt.timedelta(days)
        local = dt.datetime.combine(day, dt.time.fromisoformat(clock), self.zone)
        return local.astimezone(dt.UTC)

    def book(self, clock: str, name: str, business: str = "bakery") -> Appointment:
        start = self.at(clock)
        service = {"bakery": "cake", "salon": "cut"}[business]
        draft = Draft(
            start=start,
            end=start + dt.timedelta(minutes=30),
            service=service,
            title=f"{service.title()}: {name}",
            name=name,
            phone="+4930555012",
            time_zone="Europe/Berlin",
            business=business,
            call_id="call_1",
        )
        return self.calendars[business].book(draft, f"k-{name}")

    def see(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def week(self, business: str = "bakery") -> str:
        return self.see(f"/console/calendar?business={business}&week={self.monday}")

    def change(self, found: Appointment, status: int = 303, **fields: str) -> Any:
        data = {
            "business": "bakery",
            "was": found.start.isoformat(),
            "once": ONCE,
            **fields,
        }
        path = f"/console/calendar/appointments/{found.id}"
        answer = self.client.post(path, data=data, headers=HERE)
        assert answer.status_code == status, answer.text
        return answer


@pytest.fixture
def shop(redis_url: str) -> Iterator[Shop]:
    yield Shop(redis_url)
    runtime._runtime = None


def test_a_business_sees_its_week(shop: Shop) -> None:
    shop.book("10:00", "Dana Reyes")
    shop.book("10:00", "Tom Hale", "salon")
    text = shop.week()
    assert "10:00–10:30</span> Cake: Dana Reyes" in text
    assert "Tom Hale" not in text
    assert "09:00–10:00</span> free" in text
    assert "10:30–17:00</span> free" in text
    assert "Times are those of Europe/Berlin" in text
    assert "Cut: Tom Hale" in shop.week("salon")
    assert "Dana Reyes" in shop.see("/console/calendar?week=" + str(shop.monday)), "the default's"


def test_the_styles_of_a_page_are_its_own(shop: Shop) -> None:
    shop.book("13:00", "Dana Reyes")
    answer = shop.client.get(f"/console/calendar?week={shop.monday}")
    (mark,) = re.findall(r'<style nonce="([^"]+)">', answer.text)
    assert f"style-src 'self' 'nonce-{mark}'" in answer.headers["Content-Security-Policy"]
    assert "top:50.0%;height:6.25%" in answer.text
    assert "style=" not in answer.text


def test_a_day_has_a_column_for_each_resource(shop: Shop) -> None:
    text = shop.see(f"/console/calendar?business=salon&day={shop.monday}")
    assert re.findall(r'<h2 id="d\d">([^<]+)', text) == ["Anna", "Tom"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("week=soon", 400), ("day=9999-12-31", 400), ("business=garage", 404), ("service=x", 200)],
)
def test_questions_that_make_no_sense(shop: Shop, query: str, status: int) -> None:
    shop.see(f"/console/calendar?{query}", status)


def test_an_appointment_is_moved_once_however_often_it_is_sent(shop: Shop) -> None:
    found = shop.book("10:00", "Dana Reyes")
    to = shop.at("11:30", 1)
    page = shop.see(f"/console/calendar/appointments/{found.id}?business=bakery&day={to:%Y-%m-%d}")
    assert ">11:30<" in page
    assert ">17:00<" not in page, "the business closes then"
    sure = shop.see(
        f"/console/calendar/appointments/{found.id}?business=bakery&act=move"
        f"&to={to.isoformat().replace('+', '%2B')}"
    )
    assert "Move it to Tuesday" in sure
    assert re.search(r'name="once" value="[0-9a-f]{16}"', sure)
    for _ in range(2):
        answer = shop.change(found, act="move", to=to.isoformat())
        assert "done=moved" in answer.headers["Location"]
    now = shop.calendars["bakery"].get(found.id)
    assert now is not None
    assert (now.start, now.sequence) == (to, 1)
    assert "The appointment is moved." in shop.see(answer.headers["Location"])


def test_an_appointment_is_cancelled(shop: Shop) -> None:
    found = shop.book("10:00", "Dana Reyes")
    shop.see(f"/console/calendar/appointments/{found.id}?business=bakery&act=cancel")
    shop.change(found, act="cancel")
    text = shop.week()
    assert "1 cancelled" in text
    assert 'class="booked"' not in text
    again = shop.change(found, 409, act="cancel", once="f" * 16)
    assert "not in the calendar any more" in again.text


def test_a_time_that_was_taken_meanwhile_is_refused(shop: Shop) -> None:
    found = shop.book("10:00", "Dana Reyes")
    shop.book("11:30", "Tom Hale")
    answer = shop.change(found, 409, act="move", to=shop.at("11:30").isoformat())
    assert "That time is taken." in answer.text
    assert shop.calendars["bakery"].get(found.id) == found


def test_another_business_cannot_touch_it(shop: Shop) -> None:
    found = shop.book("10:00", "Dana Reyes")
    shop.see(f"/console/calendar/appointments/{found.id}?business=salon", 404)
    answer = shop.client.post(
        f"/console/calendar/appointments/{found.id}",
        data={"business": "salon", "act": "cancel", "was": found.start.isoformat(), "once": ONCE},
        headers=HERE,
    )
    assert answer.status_code in (404, 409)
    assert shop.calendars["bakery"].get(found.id) == found


def test_what_no_worker_has_done_yet_is_not_said_to_be_done(shop: Shop) -> None:
    found = shop.book("10:00", "Dana Reyes")
    shop.workers.idle = True
    to = shop.at("11:30").isoformat()
    answer = shop.change(found, 202, act="move", to=to)
    assert "It has not ended yet" in answer.text
    assert f'name="once" value="{ONCE}"' in answer.text, "the same wish is asked about again"
    shop.workers.idle = False
    shop.change(found, act="move", to=to)
    now = shop.calendars["bakery"].get(found.id)
    assert now is not None
    assert now.sequence == 1


def test_a_pause_of_bookings_is_shown(shop: Shop) -> None:
    shop.redis.set("bookings:paused", "1")
    assert "Bookings are paused" in shop.week()


def test_forms_have_to_be_whole_and_ours(shop: Shop) -> None:
    found = shop.book("10:00", "Dana Reyes")
    to = shop.at("11:30").isoformat()
    shop.change(found, 400, act="move", to=to, once="")
    shop.change(found, 400, act="move", to="soon")
    shop.change(found, 400, act="move", to="2026-12-01T10:00")
    shop.change(found, 400, act="explode")
    shop.change(found, 400, act="cancel", was="")
    assert shop.calendars["bakery"].get(found.id) == found


def test_changes_come_from_this_console_only(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url, env="production", admin_token="a", socket_token="s")
    client = make_app(settings, *BLUEPRINTS).test_client()
    sign_in(client, "a")
    data = {"act": "cancel", "was": "2026-12-01T10:00Z", "once": ONCE, "form_token": "guess"}
    for path in ("appointments/x", "blocks"):
        answer = client.post(f"/console/calendar/{path}", data=data)
        assert answer.status_code == 403
        assert "from a page of this console" in answer.text


def block(shop: Shop, **fields: str) -> dict[str, str]:
    return {
        "business": "bakery",
        "first": str(shop.monday),
        "last": str(shop.monday),
        "title": "Inventory",
        **fields,
    }


def test_time_is_blocked_and_freed_again(shop: Shop) -> None:
    shop.book("10:00", "Dana Reyes")
    fields = block(shop, **{"from": "09:00", "until": "12:00"})
    sure = shop.client.get("/console/calendar/block", query_string=fields)
    assert "1 appointment lies there and stays" in sure.text
    assert shop.calendars["bakery"].blocked() == []
    for _ in range(2):
        answer = shop.client.post(
            "/console/calendar/blocks", data={**fields, "act": "block", "once": ONCE}, headers=HERE
        )
        assert answer.status_code == 303
    (kept,) = shop.calendars["bakery"].blocked()
    assert (kept.title, kept.start) == ("Inventory", f"{shop.monday}T09:00")
    text = shop.week()
    assert "09:00–12:00</span> Inventory" in text
    assert "12:00–17:00</span> free" in text
    shop.client.post(
        "/console/calendar/blocks",
        data={"business": "bakery", "act": "unblock", "once": kept.id},
        headers=HERE,
    )
    assert shop.calendars["bakery"].blocked() == []


def test_whole_days_again_and_again(shop: Shop) -> None:
    fields = block(shop, rule="FREQ=WEEKLY", act="block", once=ONCE)
    shop.client.post("/console/calendar/blocks", data=fields, headers=HERE)
    later = shop.monday + dt.timedelta(days=14)
    text = shop.see(f"/console/calendar?business=bakery&week={later}")
    assert "00:00–24:00</span> Inventory" in text
    assert "every week" in text


@pytest.mark.parametrize(
    "fields",
    [
        {"from": "12:00", "until": "09:00"},
        {"from": "12:00"},
        {"from": "x", "until": "y"},
        {"last": "2020-01-01"},
        {"rule": "FREQ=SECONDLY"},
        {"resource": "Zoe"},
        {"first": "soon"},
    ],
)
def test_blocks_that_cannot_be(shop: Shop, fields: dict[str, str]) -> None:
    wanted = block(shop, **fields)
    assert shop.client.get("/console/calendar/block", query_string=wanted).status_code == 400
    wanted |= {"act": "block", "once": ONCE}
    answer = shop.client.post("/console/calendar/blocks", data=wanted, headers=HERE)
    assert answer.status_code == 400
    assert shop.calendars["bakery"].blocked() == []


def test_a_calendar_that_is_away_is_said_to_be(redis_url: str, free_port: int) -> None:
    away = Settings(redis_url=redis_url, calendar_url=f"caldav+http://u:p@127.0.0.1:{free_port}/")
    client = make_app(away, *BLUEPRINTS).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    answer = client.get("/console/calendar")
    assert answer.status_code == 503
    assert "The calendar is away or too slow" in answer.text
    assert client.get(f"/console/calendar/appointments/{24 * chr(97)}").status_code == 503


def test_without_redis_the_page_says_so(free_port: int) -> None:
    settings = Settings(redis_url=f"redis://127.0.0.1:{free_port}")
    client = make_app(settings, *BLUEPRINTS).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    answer = client.get("/console/calendar")
    assert answer.status_code == 503
    assert 'role="alert"' in answer.text


def test_nobody_looks_in_without_signing_in(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url, env="production", admin_token="a", socket_token="s")
    client = make_app(settings, *BLUEPRINTS).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    for path in ("", "/block", "/appointments/x"):
        answer = client.get(f"/console/calendar{path}")
        assert (answer.status_code, "/console/sign-in" in answer.headers["Location"]) == (303, True)


def test_the_office_has_no_tool_of_that_name() -> None:
    """Names that an agent's file cannot give to a tool of its own."""
    with pytest.raises(Exception, match="name"):
        files.parse(
            f"name: A\nbusiness: B\ninstructions: x\ntools: [{{name: {MOVE}, description: d, "
            'kind: read, method: GET, url: "https://x.example/"}]\n',
            "a.yaml",
        )


@pytest.mark.parametrize("kind", ["caldav", "google", "calcom"])
def test_calendars_of_others_are_shown_and_changed_too(
    redis_url: str, tmp_path: Path, kind: str
) -> None:
    server: Any = {
        "caldav": CalDavServer,
        "google": lambda: GoogleServer(tmp_path, "Europe/Berlin"),
        "calcom": CalComServer,
    }[kind]()
    try:
        shop = Shop(redis_url, calendar_url=server.url)
        agent = shop.agents.all[0]
        calendar = shop.client.application.extensions["services"].calendar_of(agent)
        start, minutes = shop.at("10:00"), 60 if kind == "calcom" else 30
        made = calendar.book(
            Draft(
                start=start,
                end=start + dt.timedelta(minutes=minutes),
                service="cake",
                title="Cake: Dana Reyes",
                name="Dana Reyes",
                phone="+4930555012",
                time_zone="Europe/Berlin",
                business="bakery",
            ),
            "k1",
        )
        text = shop.week()
        assert re.search("10:00–1[01]:[03]0</span> Cake: Dana Reyes", text)
        assert "</span> free" in text
        assert "Block time" in text, "it says where"
        assert 'id="block"' not in text
        assert ("Cal.com decides" in text) == (kind == "calcom")
        to = shop.at("11:30", 1)
        shop.change(made, act="move", to=to.isoformat())
        moved = calendar.get(made.id)
        assert moved is not None
        assert moved.start == to
        fields = block(shop, act="block", once=ONCE)
        assert (
            shop.client.post("/console/calendar/blocks", data=fields, headers=HERE).status_code
            == 404
        )
    finally:
        server.server.stop()
        runtime._runtime = None
