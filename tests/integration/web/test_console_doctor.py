"""The doctor's page: nothing before it is asked, then everything, whatever breaks."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import gevent
import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.checks.finding import Finding
from app.bridges.drain import Drain
from app.settings import Settings
from app.web import api, talk
from app.web.console import auth, doctor, start
from tests.support.web_app import make_app

BLUEPRINTS = (auth.bp, start.bp, talk.bp, api.bp, doctor.bp)


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def client_of(settings: Settings) -> FlaskClient:
    client = make_app(settings, *BLUEPRINTS, drain=Drain()).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


def test_nothing_is_looked_at_before_it_is_asked(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "checks", lambda now: pytest.fail("looked"))
    page = client_of(settings).get("/console/doctor")
    assert page.status_code == 200
    assert "Look at everything" in page.text


def test_everything_is_looked_at(settings: Settings, redis: Redis) -> None:
    page = client_of(settings).post("/console/doctor", data={"form_token": ""})
    text = text_of(page.text)
    assert page.status_code == 200
    assert "redis fine answers in" in text
    assert "clock fine agrees with that of Redis" in text
    assert "nobody works on the queue live" in text
    assert "Cure: start `python -m workers`" in text
    assert "an appointment can be written and removed" in text
    assert "no OPENAI_API_KEY" in text
    assert "not looked at from outside: no PUBLIC_URL" in text
    assert re.search(r"2 problems found, \d notes, in", text)


def test_without_redis_the_rest_is_told(free_port: int) -> None:
    away = Settings(redis_url=f"redis://127.0.0.1:{free_port}")
    text = text_of(client_of(away).post("/console/doctor", data={"form_token": ""}).text)
    assert "cannot reach Redis" in text
    assert "agents fine 1 of 1 businesses" in text


def test_a_check_that_breaks_and_one_that_hangs_hide_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> list[Finding]:
        raise RuntimeError("boom")

    def hanging() -> list[Finding]:
        gevent.sleep(60)
        return []

    found: dict[str, Any] = {
        "redis": broken,
        "model": hanging,
        "clock": lambda: [Finding("clock", "ok", "agrees")],
    }
    monkeypatch.setattr(doctor, "checks", lambda now: found)
    monkeypatch.setattr(doctor, "LIMIT_S", 0.1)
    text = text_of(client_of(settings).post("/console/doctor", data={"form_token": ""}).text)
    assert "redis bad not known: the check itself failed (RuntimeError)" in text
    assert "model bad not known: this took longer" in text
    assert "clock fine agrees" in text


def test_one_at_a_time(settings: Settings) -> None:
    client = client_of(settings)
    with doctor._running:
        refused = client.post("/console/doctor", data={"form_token": ""})
    assert refused.status_code == 429
    assert refused.headers["Retry-After"]


def test_a_form_of_another_site_is_refused(redis_url: str) -> None:
    client = client_of(Settings(redis_url=redis_url, admin_token="secret"))
    signed = {"Authorization": "Bearer secret"}
    assert client.get("/console/doctor").status_code == 303
    assert client.post("/console/doctor", data={"form_token": "x"}).status_code in (303, 403)
    assert client.get("/console/doctor", headers=signed).status_code == 200
