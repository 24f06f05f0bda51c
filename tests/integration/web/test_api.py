"""GET /api/calls: filters, pages, ISO times and CSV."""

from __future__ import annotations

import csv
import io

import orjson
import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.calls.store import CallStore
from app.adapters.redis import keys
from app.settings import Settings
from app.web import api
from tests.support.web_app import make_app


@pytest.fixture
def client(redis: Redis, settings: Settings) -> FlaskClient:
    store = CallStore(redis, settings)
    for number, agent in enumerate(("Ada", "Ben", "Ada")):
        call_id, at = f"c{number}", 1_795_284_000.0 + number * 60
        redis.zadd(keys.RECENT_CALLS, {call_id: at})
        redis.hset(keys.summary(call_id), "first_at", orjson.dumps(at))
        store.end(call_id, fields={"agent": agent, "from_number": "+14155550100", "business": "=B"})
    return make_app(settings, api.bp).test_client()


def test_the_list_has_iso_times_and_a_cursor(client: FlaskClient) -> None:
    first = client.get("/api/calls?limit=2").get_json()
    assert [call["call_id"] for call in first["calls"]] == ["c2", "c1"]
    assert first["calls"][1]["started_at"] == "2026-11-21T18:01:00.000Z"
    assert first["calls"][1]["ended_at"].endswith("Z")
    second = client.get(f"/api/calls?limit=2&cursor={first['next']}").get_json()
    assert [call["call_id"] for call in second["calls"]] == ["c0"]
    assert second["next"] is None


def test_filters_of_the_query(client: FlaskClient) -> None:
    def found(query: str) -> list[str]:
        return [c["call_id"] for c in client.get(f"/api/calls?{query}").get_json()["calls"]]

    assert found("agent=Ada") == ["c2", "c0"]
    assert found("outcome=ended&agent=Ben") == ["c1"]
    assert found("since=2026-11-21T18:00:30Z&until=2026-11-21T18:01:30Z") == ["c1"]
    assert found("since=2026-11-21T19:00:30+01:00&until=2026-11-21T19:01:30%2B01:00") == ["c1"]
    assert found("until=2026-11-21") == []
    assert found("q=555-0199") == []
    assert found("q=5550100&limit=1") == ["c2"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=many", "limit must be a whole number"),
        ("since=yesterday", "since must be a date or time in ISO 8601"),
        ("outcome=good", "outcome must be one of ongoing, booked"),
        ("cursor=%21", "cursor is not one that this route gave"),
        ("q=" + "x" * 201, "q exceeds 200 characters"),
    ],
)
def test_a_wrong_query_is_named(client: FlaskClient, query: str, message: str) -> None:
    answer = client.get(f"/api/calls?{query}")
    assert answer.status_code == 400
    assert message in answer.get_json()["error"]["message"]


def test_csv_has_every_call_and_no_formula(client: FlaskClient) -> None:
    answer = client.get("/api/calls?format=csv&agent=Ada")
    assert answer.content_type.startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert [row["call_id"] for row in rows] == ["c2", "c0"]
    assert rows[0]["from_number"] == "+14155550100"
    assert rows[0]["business"] == "'=B"
    assert rows[0]["outcome"] == "ended"
