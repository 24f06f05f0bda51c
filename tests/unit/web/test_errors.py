"""Every error leaves as the contract's JSON, and none leaves with its insides."""

from __future__ import annotations

import orjson
import pytest
import redis
from flask import Flask, abort, request
from flask.testing import FlaskClient

from app import errors
from app.web import errors as web_errors


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("test")
    app.config["MAX_CONTENT_LENGTH"] = 1000
    web_errors.register(app)

    raised = {
        "app": errors.Unauthorized(),
        "busy": errors.TooMany(retry_after=7),
        "away": errors.Unavailable("redis is away", retry_after=3),
        "redis": redis.TimeoutError("redis://user:password@host"),
        "bug": ZeroDivisionError("secret detail"),
        "taken": errors.SlotTaken(),
    }

    @app.get("/raise/<kind>")
    def raise_it(kind: str) -> str:
        raise raised[kind]

    @app.get("/abort/<int:status>")
    def abort_it(status: int) -> str:
        abort(status)

    @app.post("/body")
    def body() -> str:
        return str(len(request.get_data()))

    @app.get("/slash/")
    def slash() -> str:
        return "ok"

    return app.test_client()


def error_of(response: object) -> dict[str, str]:
    assert response.mimetype == "application/json"  # type: ignore[attr-defined]
    body = orjson.loads(response.data)  # type: ignore[attr-defined]
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    error: dict[str, str] = body["error"]
    return error


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/raise/app", 401, "signature"),
        ("/raise/busy", 429, "too_many"),
        ("/raise/away", 503, "unavailable"),
        ("/raise/redis", 503, "unavailable"),
        ("/raise/bug", 500, "internal"),
        ("/raise/taken", 409, "slot_taken"),
        ("/abort/400", 400, "malformed"),
        ("/abort/403", 403, "forbidden"),
        ("/abort/415", 415, "unsupported_media"),
        ("/abort/429", 429, "too_many"),
        ("/abort/503", 503, "unavailable"),
        ("/nowhere", 404, "not_found"),
        ("/body", 405, "method_not_allowed"),
    ],
)
def test_status_and_code(client: FlaskClient, path: str, status: int, code: str) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert error_of(response)["code"] == code


def test_retry_after(client: FlaskClient) -> None:
    assert client.get("/raise/busy").headers["Retry-After"] == "7"
    assert client.get("/raise/away").headers["Retry-After"] == "3"
    assert int(client.get("/raise/redis").headers["Retry-After"]) >= 1


def test_nothing_of_an_unforeseen_error_is_shown(client: FlaskClient) -> None:
    for path in ("/raise/bug", "/raise/redis"):
        text = client.get(path).text
        assert "secret" not in text
        assert "password" not in text
        assert "Traceback" not in text


def test_a_large_body_and_a_wrong_method(client: FlaskClient) -> None:
    assert error_of(client.post("/body", data=b"x" * 1001))["code"] == "too_large"
    assert "POST" in client.get("/body").headers["Allow"]


def test_a_redirect_stays_one(client: FlaskClient) -> None:
    assert client.get("/slash").status_code == 308
