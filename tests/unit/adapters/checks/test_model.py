"""What is said of a model's name and of the day on which it is shut down."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
import pytest

from app.adapters import http
from app.adapters.checks import model
from app.settings import Settings

NOW = dt.datetime.now(dt.UTC).date()
KEY = Settings(openai_api_key="x", realtime_model="gpt-realtime")


def answers(monkeypatch: pytest.MonkeyPatch, status: int, body: bytes) -> None:
    monkeypatch.setattr(http, "request", lambda *given, **named: (status, body))


@pytest.mark.parametrize(
    ("days", "verdict", "what"),
    [(400, "warn", "will be shut down on"), (44, "bad", "in 44 days"), (0, "bad", "was shut down")],
)
def test_the_day_of_the_shut_down(
    monkeypatch: pytest.MonkeyPatch, days: int, verdict: str, what: str
) -> None:
    ends = NOW + dt.timedelta(days=days)
    answers(monkeypatch, 200, orjson.dumps({"id": "gpt-realtime", "shutdown_date": str(ends)}))
    (found,) = model._offered(KEY, refused=False)
    assert (found.verdict, "OPENAI_REALTIME_MODEL" in found.cure) == (verdict, True)
    assert what in found.what


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("2027-01-20", dt.date(2027, 1, 20)),
        ("2027-01-20T00:00:00+00:00", dt.date(2027, 1, 20)),
        (1_800_403_200, dt.date(2027, 1, 20)),
        (None, None),
        ("some day", None),
        (True, None),
        (1e30, None),
    ],
)
def test_days_as_servers_tell_them(told: Any, day: dt.date | None) -> None:
    assert model._day(told) == day


def test_a_name_that_is_not_offered_is_told_where_no_session_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(monkeypatch, 404, b'{"error": {"code": "model_not_found"}}')
    (found,) = model._offered(KEY, refused=True)
    assert "gpt-realtime is not offered to this key" in found.what
    assert model._offered(KEY, refused=False) == [], "another maker's server without a list"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}"])
def test_an_answer_that_is_no_model_says_nothing(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    answers(monkeypatch, 200, body)
    assert model._offered(KEY, refused=False) == []


def test_a_server_that_is_away_is_told_by_the_session_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*given: Any, **named: Any) -> None:
        raise http.HttpFailed("ConnectError")

    monkeypatch.setattr(http, "request", fail)
    assert model._offered(KEY, refused=True) == []
