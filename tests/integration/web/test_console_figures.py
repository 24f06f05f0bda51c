"""How calls went: the page and `GET /api/figures`, from what is in Redis."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.calls.usage import UsageStore
from app.adapters.redis.client import connect
from app.bridges.drain import Drain
from app.core.agent.reference import AgentRef
from app.settings import Settings
from app.web import api, talk
from app.web.console import auth, figures, start
from tests.support.web_app import make_app

BLUEPRINTS = (auth.bp, start.bp, talk.bp, api.bp, figures.bp)
FIRST, SECOND = dt.date(2026, 11, 2), dt.date(2026, 11, 4)
SPAN = "since=2026-11-01&until=2026-11-10"


@pytest.fixture
def client(redis: Redis, settings: Settings) -> FlaskClient:
    store = UsageStore(redis, settings)
    mia, ada = AgentRef("mia", "harbor"), AgentRef("ada", "corner")
    waits = {"wait:first_word:5": 9, "wait:first_word:12": 1, "tool:book:done": 3}
    used = {"calls": 1, "ms": 90_000, "nano_usd": 500_000_000}
    store.count("c1", mia, FIRST, used, {"outcome:booked": 1, **waits})
    store.count("c2", mia, SECOND, used, {"outcome:ended": 1, "tool:book:failed": 2})
    store.count("c3", ada, SECOND, used, {"fault:model_lost": 2, "intent:cancel_meeting": 1})
    client = make_app(settings, *BLUEPRINTS, drain=Drain()).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_figures_come_together_by_day_and_by_business(client: FlaskClient) -> None:
    told = client.get(f"/api/figures?{SPAN}").json
    assert told is not None
    total = told["total"]
    assert (total["calls"], total["minutes"], total["usd"]) == (3, 4.5, 1.5)
    assert total["waits"]["first_word"] == {"count": 10, "p50": 227.8, "p95": 850.0, "p99": 890.0}
    assert total["waits"]["tool"]["p50"] is None
    assert total["tools"] == {"book": {"done": 3, "refused": 0, "failed": 2, "dropped": 0}}
    assert (total["faults"], total["intents"]) == ({"model_lost": 2}, {"cancel_meeting": 1})
    assert [(day["day"], day["calls"]) for day in told["days"]] == [
        ("2026-11-02", 1),
        ("2026-11-04", 2),
    ]
    assert [(one["business"], one["usd"]) for one in told["businesses"]] == [
        ("corner", 0.5),
        ("harbor", 1.0),
    ]


def test_filters_leave_the_rest_out(client: FlaskClient) -> None:
    told = client.get(f"/api/figures?{SPAN}&business=corner").json
    assert told is not None
    assert (told["total"]["calls"], told["total"]["tools"]) == (1, {})
    assert client.get("/api/figures?since=2026-12-01&until=2026-11-01").status_code == 400


def test_the_page_tells_in_words_and_tables_what_it_draws(client: FlaskClient) -> None:
    page = client.get(f"/console/figures?{SPAN}").text
    text = text_of(page)
    assert "Half within 228 ms, 95 % within 850 ms, 99 % within 890 ms." in text
    assert "1 booked, 1 ended." in text
    assert "2026-11-02 10 228 ms 850 ms 890 ms" in text
    assert "2026-11-04 $1.0000 $0.5000 $0.5000" in text
    assert "book 3 0 2 0" in text
    assert "the model's session was lost" in text
    assert 'style="' not in page
    # Two days with nothing between them: two dots, no line.
    (path,) = re.findall(r'<path class="line s0" d="([^"]+)"', page)
    assert path.count("M") == 1
    assert "L" not in path


def test_a_time_without_calls_and_a_wrong_one(client: FlaskClient) -> None:
    assert (
        "No calls have ended in this time."
        in client.get("/console/figures?since=2020-01-01&until=2020-01-02").text
    )
    assert "since must be a day" in client.get("/console/figures?since=soon").text


def test_without_redis_the_page_says_so(settings: Settings) -> None:
    away = Settings(redis_url="redis://127.0.0.1:9/0")
    app = make_app(settings, *BLUEPRINTS, drain=Drain(), redis=connect(away))
    page = app.test_client().get("/console/figures", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "Redis is away" in page.text
