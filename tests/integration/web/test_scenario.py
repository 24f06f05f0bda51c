"""GET /api/calls/<id>/scenario: a file for those who may, with nobody's name in it."""

from __future__ import annotations

import orjson
import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.calls.store import CallStore
from app.rehearsal.retell_caller import scenario as files
from app.settings import Settings
from app.web.calls import scenario
from tests.integration.web.test_console import PRODUCTION
from tests.support.web_app import make_app
from tests.unit.core.record.test_as_scenario import NUMBER, story


@pytest.fixture
def store(redis: Redis, settings: Settings) -> CallStore:
    store = CallStore(redis, settings)
    whole = story()
    store.append_turn("c1", *whole["turns"])
    store.set_transcript("c1", whole["transcript"])
    kept = ("started_at", "from_number", "to_number", "pending_action")
    store.end("c1", fields={name: whole[name] for name in kept})
    details = {
        "interaction_type": "call_details",
        "call": {"retell_llm_dynamic_variables": {"customer_name": "Kim Novak"}},
    }
    store.record("c1", [orjson.dumps({"t": 1, "s": 1, "in": "retell", "frame": details})])
    store.set_transcript("mute", [{"role": "agent", "content": "Hello?"}])
    store.end("mute", fields={"started_at": 1.0})
    return store


@pytest.fixture
def client(store: CallStore, settings: Settings) -> FlaskClient:
    return make_app(settings, scenario.bp).test_client()


def test_the_file_can_be_played_and_names_nobody(client: FlaskClient) -> None:
    answer = client.get("/api/calls/c1/scenario")
    assert answer.status_code == 200
    assert "attachment" in answer.headers["Content-Disposition"]
    [call] = files.parse(answer.text).calls
    assert call.steps
    assert call.caller.dynamic_variables["customer_name"]
    for word in ("Dana", "Reyes", "Kim", "Novak", NUMBER, "0191"):
        assert word not in answer.text


def test_what_cannot_be_one_is_told(client: FlaskClient) -> None:
    assert client.get("/api/calls/nobody/scenario").status_code == 404
    answer = client.get("/api/calls/mute/scenario")
    assert answer.status_code == 400
    assert "said nothing" in answer.get_json()["error"]["message"]


def test_strangers_get_none(store: CallStore, redis_url: str) -> None:
    closed = make_app(Settings(redis_url=redis_url, **PRODUCTION), scenario.bp).test_client()
    assert closed.get("/api/calls/c1/scenario").status_code == 403
