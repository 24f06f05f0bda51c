"""Businesses with keys of their own: each opens its own agents and calls, and no other's."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.agents import files
from app.adapters.calls.store import CallStore
from app.security import signatures, twilio_signature
from app.settings import Settings
from app.web import inbound, twilio, webhooks
from tests.support.web_app import make_app

AGENTS = """
businesses:
  bakery: {name: Bakery, retell_api_key: "${BAKERY}", numbers: ["+49305550100"]}
  salon:
    name: Salon
    retell_api_key: ${SALON}
    twilio_account_sid: AC2
    twilio_auth_token: ${SALON_TWILIO}
  garage: {name: Garage}
agents:
  - {id: ada, name: Ada, business: bakery, instructions: x, retell_agent_ids: [agent_1]}
  - {id: eva, name: Eva, business: salon, instructions: x, retell_agent_ids: [agent_2]}
  - {id: gus, name: Gus, business: garage, instructions: x, retell_agent_ids: [agent_3]}
"""
BASE = "https://calls.example.com"


@pytest.fixture
def client(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    for name in ("BAKERY", "SALON", "SALON_TWILIO"):
        monkeypatch.setenv(name, f"key_{name.lower()}")
    settings = Settings(
        redis_url=redis_url,
        env="production",
        retell_api_keys=("key_all",),
        socket_token="s",
        twilio_auth_token="t",
        public_url=BASE,
    )
    agents = files.parse(AGENTS, "agents.yaml")
    return make_app(settings, webhooks.bp, inbound.bp, twilio.bp, agents=agents).test_client()


def send(client: FlaskClient, key: str, body: dict[str, Any], path: str = "/webhook/retell") -> int:
    raw = orjson.dumps(body)
    signed = signatures.sign(raw, key, int(time.time() * 1000))
    headers = {signatures.HEADER: signed, "Content-Type": "application/json"}
    return client.post(path, data=raw, headers=headers).status_code


def started(agent: str, call_id: str = "call_1") -> dict[str, Any]:
    call = {"call_id": call_id, "call_status": "ongoing", "agent_id": agent}
    return {"event": "call_started", "call": call}


@pytest.mark.parametrize(
    ("key", "agent", "status"),
    [
        ("key_all", "agent_1", 200),
        ("key_all", "agent_2", 200),
        ("key_bakery", "agent_1", 200),
        ("key_bakery", "agent_2", 401),
        ("key_bakery", "agent_3", 401),
        ("key_salon", "agent_2", 200),
        ("key_none", "agent_1", 401),
    ],
)
def test_a_key_opens_its_own_business(
    client: FlaskClient, key: str, agent: str, status: int
) -> None:
    assert send(client, key, started(agent)) == status


def test_what_tells_no_agent_is_for_the_signers_first(client: FlaskClient, redis: Redis) -> None:
    body = {"event": "session_start", "sessionId": "s-1"}
    assert send(client, "key_salon", body) == 200
    facts: Any = redis.hvals("call:{s-1}:facts")
    assert b'"agent":"eva"' in b"".join(facts)
    named = {"event": "session_start", "sessionId": "s-2", "agent": "ada"}
    assert send(client, "key_salon", named) == 401


def test_a_key_tells_nothing_of_anothers_call(
    client: FlaskClient, redis: Redis, redis_url: str
) -> None:
    kept = {"agent": "ada", "business": "bakery"}
    CallStore(redis, Settings(redis_url=redis_url)).merge("call_9", {"agent_ref": kept})
    assert send(client, "key_salon", started("agent_2", "call_9")) == 401
    assert send(client, "key_bakery", started("agent_1", "call_9")) == 200


def test_a_call_rings_only_at_the_signers(client: FlaskClient) -> None:
    def ring(agent: str) -> dict[str, Any]:
        about = {"agent_id": agent, "from_number": "+14155550123", "to_number": "+49305550100"}
        return {"event": "call_inbound", "call_inbound": about}

    assert send(client, "key_bakery", ring("agent_1"), "/webhook/retell/inbound") == 200
    assert send(client, "key_salon", ring("agent_1"), "/webhook/retell/inbound") == 401


@pytest.mark.parametrize(
    ("token", "agent", "status"),
    [("t", "ada", 200), ("key_salon_twilio", "eva", 200), ("key_salon_twilio", "ada", 401)],
)
def test_a_twilio_account_opens_its_own_business(
    client: FlaskClient, token: str, agent: str, status: int
) -> None:
    form = {"CallSid": "CA" + "b" * 32, "From": "+14155550123", "To": "+14155550199"}
    path = f"/twilio/voice?agent={agent}"
    lists = {name: [value] for name, value in form.items()}
    header = twilio_signature.sign(f"{BASE}{path}", lists, token)
    answer = client.post(path, data=form, headers={"X-Twilio-Signature": header})
    assert answer.status_code == status
