"""POST /webhook/realtime: no Redis, no side effect."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.security import signatures
from app.settings import Settings
from app.web import analyse
from tests.support.web_app import make_app


@pytest.fixture
def client(free_port: int) -> FlaskClient:
    settings = Settings(redis_url=f"redis://127.0.0.1:{free_port}/0", max_body_bytes=50_000)
    return make_app(settings, analyse.bp).test_client()


def ask(client: FlaskClient, **body: Any) -> Any:
    return client.post("/webhook/realtime", json=body)


def test_the_shape_of_the_answer(client: FlaskClient) -> None:
    response = ask(client, transcript="I'd like to book an appointment for tomorrow at ten")
    assert response.status_code == 200
    answer = response.json
    assert answer["received"] is True
    assert answer["processedIntent"] is None or isinstance(answer["processedIntent"], str)
    assert 0 <= answer["confidence"] <= 1
    assert isinstance(answer["slots"], dict)


def test_booking_is_understood_with_day_and_time(client: FlaskClient) -> None:
    response = ask(
        client,
        transcript="I'd like to book an appointment for next Tuesday at half past three",
        referenceTime="2026-11-18T10:00:00",
        timezone="America/Los_Angeles",
    )
    answer = response.json
    assert answer["processedIntent"] == "schedule_meeting"
    assert answer["confidence"] >= 0.75
    assert answer["slots"]["date"] == "2026-11-24"
    assert answer["slots"]["time"] == "15:30"


def test_the_reference_time_is_read_in_the_zone(client: FlaskClient) -> None:
    late_utc = "2026-11-19T05:00:00Z"  # still the 18th in Los Angeles
    slots = [
        ask(client, transcript="tomorrow at three pm", referenceTime=late_utc, timezone=zone).json[
            "slots"
        ]
        for zone in ("America/Los_Angeles", "UTC")
    ]
    assert [slot["date"] for slot in slots] == ["2026-11-19", "2026-11-20"]


@pytest.mark.parametrize("body", [
    {},
    {"transcript": None},
    {"transcript": 5},
    {"transcript": "x", "event": 5},
    {"transcript": "x", "timezone": "Mars/Olympus"},
    {"transcript": "x", "timezone": "../etc/passwd"},
    {"transcript": "x", "timezone": "a" * 3000},
    {"transcript": "x", "timezone": 5},
    {"transcript": "x", "referenceTime": "soon"},
    {"transcript": "x", "referenceTime": 5},
    {"transcript": "x", "referenceTime": "0001-01-01T00:00:00+14:00", "timezone": "UTC"},
])  # fmt: skip
def test_wrong_fields(client: FlaskClient, body: dict[str, Any]) -> None:
    response = ask(client, **body)
    assert response.status_code == 400
    assert response.json["error"]["code"] == "malformed"


def test_edges(client: FlaskClient) -> None:
    assert ask(client, transcript="").status_code == 200
    assert ask(client, transcript="x" * 10_001).status_code == 413
    wrong = client.post("/webhook/realtime", data=b"{}", content_type="text/plain")
    assert wrong.status_code == 415
    huge = client.post("/webhook/realtime", json={"transcript": "x" * 60_000})
    assert huge.status_code == 413


def test_a_bare_hour_is_read_by_the_opening_hours(client: FlaskClient) -> None:
    said = {"referenceTime": "2026-11-18T10:00:00", "timezone": "America/Los_Angeles"}
    slots = ask(client, transcript="tomorrow at seven", **said).json["slots"]
    assert (slots["time"], slots.get("ambiguous")) == ("19:00", None)  # closed at seven am


def test_the_agent_may_be_named(client: FlaskClient) -> None:
    assert ask(client, transcript="hello", agent="mia").status_code == 200
    assert ask(client, transcript="hello", agent="nobody").status_code == 400
    assert ask(client, transcript="hello", agent=5).status_code == 400


def test_more_than_a_person_says_is_refused(client: FlaskClient) -> None:
    assert ask(client, transcript="yes " * 1000).status_code == 200
    assert ask(client, transcript="yes " * 1000 + "!").status_code == 413


@pytest.mark.parametrize("when", ["9999-12-31", "9999-12-31T23:59:59", "0001-01-01", "1969-12-31"])
def test_a_time_out_of_this_world_is_malformed(client: FlaskClient, when: str) -> None:
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        answer = ask(client, transcript="tomorrow at ten", referenceTime=when, timezone=zone)
        assert answer.status_code == 400


def test_production_wants_a_signature_or_the_admin_token(redis_url: str) -> None:
    settings = Settings(
        redis_url=redis_url, env="production", retell_api_keys=("key_1",), admin_token="admin"
    )
    client = make_app(settings, analyse.bp).test_client()
    body = b'{"transcript":"I would like to book"}'
    kind = {"Content-Type": "application/json"}
    signature = signatures.sign(body, "key_1", int(time.time() * 1000))
    for headers, status in (
        ({}, 401),
        ({"Authorization": "Bearer admin"}, 200),
        ({"Authorization": "Bearer other"}, 403),
        ({signatures.HEADER: signature}, 200),
        ({signatures.HEADER: signature[:-1] + ("0" if signature[-1] != "0" else "1")}, 401),
    ):
        answer = client.post("/webhook/realtime", data=body, headers={**kind, **headers})
        assert answer.status_code == status
