"""POST /webhook/retell/inbound: let in with variables, refuse, know a repeat, need no Redis."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.adapters.agents import files as agent_files
from app.adapters.redis import keys
from app.adapters.redis.client import connect
from app.adapters.tokens.socket import SocketTokens
from app.bridges.drain import Drain
from app.core.agent.directory import Directory
from app.rehearsal.webhook_samples import sample
from app.security import signatures
from app.settings import Settings
from app.web import inbound
from app.web.guard import callers
from tests.support.web_app import make_app

KEY = "key_3b81d2"


def agents(*blocked: str) -> Any:
    default = agent_files.load().default.model_copy(update={"blocked_numbers": blocked})
    return Directory([default], default=default)


def client_for(url: str, *blocked: str, **changes: Any) -> FlaskClient:
    settings = Settings(redis_url=url, **{"retell_api_keys": (KEY,), **changes})
    return make_app(settings, inbound.bp, agents=agents(*blocked)).test_client()


def ring(client: FlaskClient, name: str = "call_inbound", key: str = KEY, **changes: Any) -> Any:
    body = sample(name, "call_1", 1_795_300_000_000)
    body[name].update(changes)
    raw = orjson.dumps(body)
    headers = {signatures.HEADER: signatures.sign(raw, key, int(time.time() * 1000))}
    return client.post(
        "/webhook/retell/inbound", data=raw, headers=headers, content_type="application/json"
    )


def test_a_call_is_let_in_with_variables_that_are_texts(redis_url: str) -> None:
    answer = ring(client_for(redis_url)).json["call_inbound"]
    assert "reject" not in answer
    variables = answer["dynamic_variables"]
    assert variables["caller_number"] == "+14155550142"
    assert variables["business"] == "Harbor Dental"
    assert all(isinstance(value, str) for value in variables.values())
    assert isinstance(answer["metadata"], dict)


def test_the_token_opens_one_calls_socket(redis_url: str) -> None:
    client = client_for(redis_url, socket_token="static")
    token = ring(client).json["call_inbound"]["dynamic_variables"]["socket_token"]
    settings = Settings(redis_url=redis_url, retell_api_keys=(KEY,), socket_token="static")
    door = SocketTokens(connect(settings), settings)
    assert door.accept(token, "call_of_another_id")
    assert not door.accept(token, "call_2")


def test_a_repeated_post_gets_a_token_of_the_same_call(redis_url: str) -> None:
    client = client_for(redis_url, socket_token="static")
    first, second = (
        ring(client).json["call_inbound"]["dynamic_variables"]["socket_token"] for _ in range(2)
    )
    assert first.split(".")[1] == second.split(".")[1]
    lines = connect(Settings(redis_url=redis_url)).lrange(keys.events("call_1"), 0, -1)
    assert [orjson.loads(line)["event"] for line in lines] == ["call_inbound"]


def test_other_calls_get_other_tokens(redis_url: str) -> None:
    client = client_for(redis_url)
    first, second = (
        ring(client, call_id=call_id).json["call_inbound"]["dynamic_variables"]["socket_token"]
        for call_id in ("call_1", "call_2")
    )
    assert first.split(".")[1] != second.split(".")[1]


def test_a_message_gets_no_socket_token(redis_url: str) -> None:
    answer = ring(client_for(redis_url), "chat_inbound").json
    assert set(answer) == {"chat_inbound"}
    assert "socket_token" not in answer["chat_inbound"]["dynamic_variables"]


@pytest.mark.parametrize("name", ["call_inbound", "chat_inbound"])
def test_a_blocked_number_is_refused_and_nothing_else_said(redis_url: str, name: str) -> None:
    client = client_for(redis_url, "+1 (415) 555-0142")
    assert ring(client, name).json == {name: {"reject": True}}
    assert "reject" not in ring(client, name, from_number="+14155550143").json[name]


@pytest.mark.parametrize(
    ("number", "patterns", "refused"),
    [
        ("+14155550142", (), False),
        ("+14155550142", ("+14155550142",), True),
        ("+14155550142", ("14155550142",), True),
        ("+14155550142", ("+1415*",), True),
        ("+14155550142", ("+1415",), False),
        ("+14155550142", ("*",), True),
        ("anonymous", ("Anonymous",), True),
        ("anonymous", ("+1415*",), False),
        ("", ("+1415*", ""), True),
        ("+4930123", ("+1*", "+49 30 123"), True),
    ],
)
def test_patterns(number: str, patterns: tuple[str, ...], refused: bool) -> None:
    assert callers.blocked(number, patterns) is refused


def test_edges(redis_url: str) -> None:
    client = client_for(redis_url)
    assert ring(client, key="key_other").status_code == 401
    unsigned = client.post("/webhook/retell/inbound", json=sample("call_inbound", "c", 1))
    assert unsigned.status_code == 401
    bare = client_for(redis_url, retell_api_keys=())
    assert bare.post("/webhook/retell/inbound", json=sample("call_inbound", "c", 1)).is_json


@pytest.mark.parametrize("number", [None, 5, "", {}])
def test_a_caller_without_a_number_is_let_in(redis_url: str, number: Any) -> None:
    answer = ring(client_for(redis_url), from_number=number)
    assert answer.json["call_inbound"]["dynamic_variables"]["caller_number"] == ""


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100
)
@given(raw=st.binary(max_size=120), key=st.sampled_from([KEY, "key_other"]))
def test_any_bytes_are_refused(redis_url: str, raw: bytes, key: str) -> None:
    client = client_for(redis_url)
    headers = {signatures.HEADER: signatures.sign(raw, key, int(time.time() * 1000))}
    response = client.post(
        "/webhook/retell/inbound", data=raw, headers=headers, content_type="application/json"
    )
    assert response.status_code == (400 if key == KEY else 401)


def test_redis_away_is_no_reason_to_let_it_ring(free_port: int) -> None:
    client = client_for(f"redis://127.0.0.1:{free_port}/0", "+1999*")
    for _ in range(3):
        started = time.monotonic()
        assert "dynamic_variables" in ring(client).json["call_inbound"]
        assert time.monotonic() - started < 3
    assert ring(client, from_number="+19995").json == {"call_inbound": {"reject": True}}


def test_a_number_that_calls_too_often_is_turned_away(redis_url: str) -> None:
    client = client_for(redis_url, calls_per_caller=2)

    def rejected(call_id: str, **changes: str) -> bool:
        return "reject" in ring(client, call_id=call_id, **changes).json["call_inbound"]

    assert [rejected(call_id) for call_id in ("a", "b", "c")] == [False, False, True]
    assert not rejected("a"), "sent again"
    assert not rejected("d", from_number="+14155550199")
    assert not any(rejected(f"x{n}", from_number="anonymous") for n in range(4))


def test_a_caller_is_told_that_all_lines_are_taken(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url, retell_api_keys=(KEY,), max_calls=1)
    drain = Drain(max_calls=1)
    app = make_app(settings, inbound.bp, agents=agents(), drain=drain)
    client = app.test_client()
    with drain.call(SimpleNamespace(), call_id="other"):
        assert "reject" not in ring(client).json["call_inbound"], "another process has room"
        app.extensions["services"].calls.take("other", "test-process")
        assert ring(client).json == {"call_inbound": {"reject": True}}
        assert "reject" not in ring(client, "chat_inbound").json["chat_inbound"]
    assert "reject" not in ring(client).json["call_inbound"]
