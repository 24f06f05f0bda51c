"""POST /webhook/retell over a real Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.adapters.redis.client import connect
from app.rehearsal.webhook_samples import SAMPLES, sample
from app.security import signatures
from app.settings import DEVELOPMENT_KEY, Settings
from app.web import webhooks
from tests.support.web_app import make_app

KEY, OLD_KEY = "key_3b81d2", "key_old_77"
PRODUCTION: dict[str, Any] = {"env": "production", "retell_api_keys": (KEY, OLD_KEY)}
HOOKS = sorted(name for name in SAMPLES if not name.endswith("_inbound"))
PLAIN = b'{"event":"session_start","sessionId":"s-1"}'


def client_for(url: str, **changes: Any) -> FlaskClient:
    return make_app(Settings(redis_url=url, **changes), webhooks.bp).test_client()


@pytest.fixture
def client(redis_url: str) -> Iterator[FlaskClient]:
    with client_for(redis_url, **PRODUCTION) as client:
        yield client


def post(
    client: FlaskClient, body: bytes, key: str | None = KEY, now_ms: int | None = None, **more: Any
) -> Any:
    headers = {}
    if key is not None:
        at_ms = int(time.time() * 1000) if now_ms is None else now_ms
        headers[signatures.HEADER] = signatures.sign(body, key, at_ms)
    more.setdefault("content_type", "application/json")
    return client.post("/webhook/retell", data=body, headers=headers, **more)


def body_of(name: str, call_id: str = "call_1") -> bytes:
    return orjson.dumps(sample(name, call_id, 1_795_300_000_000))


@pytest.mark.parametrize("name", HOOKS)
def test_every_event_is_received_and_its_repeat_known(client: FlaskClient, name: str) -> None:
    first = post(client, body_of(name))
    assert (first.status_code, first.json) == (200, {"received": True})
    again = post(client, body_of(name))
    assert (again.status_code, again.json) == (200, {"received": True, "duplicate": True})


def test_an_unknown_event_is_ignored(client: FlaskClient) -> None:
    body = b'{"event":"call_daydreamed","call":{"call_id":"call_1"}}'
    assert post(client, body).json == {"received": True, "ignored": True}
    assert post(client, body).json == {"received": True, "ignored": True, "duplicate": True}


@pytest.mark.parametrize("body", [body_of("call_started"), PLAIN], ids=["retell", "plain"])
class TestSignature:
    def test_every_key_signs_while_rotating(self, client: FlaskClient, body: bytes) -> None:
        assert post(client, body, OLD_KEY).status_code == 200

    def test_a_wrong_key(self, client: FlaskClient, body: bytes) -> None:
        response = post(client, body, "key_other")
        assert response.status_code == 401
        assert response.json["error"]["code"] == "signature"

    def test_no_signature(self, client: FlaskClient, body: bytes) -> None:
        assert post(client, body, None).status_code == 401

    def test_other_bytes_than_were_signed(self, client: FlaskClient, body: bytes) -> None:
        header = signatures.sign(body, KEY, int(time.time() * 1000))
        response = client.post(
            "/webhook/retell",
            data=orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2),
            headers={signatures.HEADER: header},
            content_type="application/json",
        )
        assert response.status_code == 401

    def test_an_old_signature(self, client: FlaskClient, body: bytes) -> None:
        assert post(client, body, now_ms=int(time.time() * 1000) - 400_000).status_code == 401

    def test_a_replay_within_the_window_has_no_second_effect(
        self, client: FlaskClient, body: bytes
    ) -> None:
        now_ms = int(time.time() * 1000) - 100_000
        assert post(client, body, now_ms=now_ms).json == {"received": True}
        assert post(client, body, now_ms=now_ms).json == {"received": True, "duplicate": True}

    @pytest.mark.parametrize("header", ["", "v=1,d=2", "garbage", "v=" + "9" * 4000, "\xff"])
    def test_a_mangled_header(self, client: FlaskClient, body: bytes, header: str) -> None:
        response = client.post(
            "/webhook/retell",
            data=body,
            headers={signatures.HEADER: header},
            content_type="application/json",
        )
        assert response.status_code == 401


class TestDevelopment:
    def test_without_a_key_everything_may_come_unsigned(self, redis_url: str) -> None:
        client = client_for(redis_url)
        assert post(client, PLAIN, None).status_code == 200
        assert post(client, body_of("call_started"), None).status_code == 200

    def test_without_a_key_our_own_signature_is_checked(self, redis_url: str) -> None:
        client = client_for(redis_url)
        assert post(client, body_of("call_started"), DEVELOPMENT_KEY).status_code == 200
        assert post(client, body_of("call_ended"), "key_other").status_code == 401

    def test_with_a_key_only_plain_payloads_may_come_unsigned(self, redis_url: str) -> None:
        client = client_for(redis_url, retell_api_keys=(KEY,))
        assert post(client, PLAIN, None).status_code == 200
        assert post(client, body_of("call_started"), None).status_code == 401
        assert post(client, b'{"event":"unheard_of"}', None).status_code == 401
        assert post(client, PLAIN, "key_other").status_code == 401
        assert post(client, body_of("call_started"), DEVELOPMENT_KEY).status_code == 401
        assert post(client, body_of("call_started"), KEY).status_code == 200

    def test_production_does_not_know_the_development_key(self, redis_url: str) -> None:
        client = client_for(redis_url, env="production")
        assert post(client, PLAIN, DEVELOPMENT_KEY).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b'{"event":5}', 400),
        (b'{"event":"call_started","call":"x"}', 400),
        (b'{"event":"call_started","call":{"call_id":["x"]}}', 400),
        (b'{"event":"transcript","sessionId":"s","transcript":{}}', 400),
        (b'{"event":"transcript","sessionId":"s","isFinal":1}', 400),
    ],
)
def test_malformed_bodies(client: FlaskClient, body: bytes, status: int) -> None:
    response = post(client, body)
    assert response.status_code == status
    assert response.json["error"]["code"] == "malformed"


def test_content_type_and_size(client: FlaskClient, redis_url: str) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        response = post(client, PLAIN, content_type=content_type)
        assert (response.status_code, response.json["error"]["code"]) == (415, "unsupported_media")
    assert post(client, PLAIN, content_type="application/json; charset=utf-8").status_code == 200
    small = client_for(redis_url, **PRODUCTION, max_body_bytes=1024)
    body = orjson.dumps({"event": "session_start", "sessionId": "s", "x": "y" * 1024})
    response = post(small, body)
    assert (response.status_code, response.json["error"]["code"]) == (413, "too_large")


def test_other_methods(client: FlaskClient) -> None:
    response = client.get("/webhook/retell")
    assert response.status_code == 405
    assert "error" in response.get_json()


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)
@given(body=st.binary(max_size=200), signed=st.booleans())
def test_any_bytes_are_refused_or_received(client: FlaskClient, body: bytes, signed: bool) -> None:
    assert post(client, body, KEY if signed else None).status_code in (200, 400, 401)


def test_redis_away_is_503_with_retry_after(free_port: int) -> None:
    client = client_for(f"redis://127.0.0.1:{free_port}/0", **PRODUCTION)
    for _ in range(3):
        started = time.monotonic()
        response = post(client, PLAIN)
        assert response.status_code == 503
        assert int(response.headers["Retry-After"]) >= 1
        assert response.json["error"]["code"] == "unavailable"
        assert time.monotonic() - started < 4


def test_a_signature_is_good_for_one_event_once(client: FlaskClient) -> None:
    body = b'{"event":"transcript","sessionId":"s-9","transcript":"Book it"}'
    now_ms = int(time.time() * 1000)
    assert post(client, body, now_ms=now_ms).json == {"received": True}
    redis = connect(client.application.extensions["services"].settings)
    for key in redis.keys("call:{s-9}:seen:*"):
        redis.delete(key)  # as if more than the three seconds had gone in which it is a repeat
    redis.close()
    assert post(client, body, now_ms=now_ms).json == {"received": True, "duplicate": True}
    assert post(client, body, now_ms=now_ms + 1).json == {"received": True}, "signed anew"
