"""The console's pages of jobs, and the page on which one is the caller."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.tools.store import EffectStore
from app.bridges.drain import Drain
from app.settings import Settings
from app.web.console import auth, call, calls, jobs, start, try_call
from tests.support.web_app import make_app

BLUEPRINTS = (auth.bp, start.bp, calls.bp, call.bp, jobs.bp, try_call.bp)
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def effects(redis: Redis, settings: Settings) -> EffectStore:
    return EffectStore(redis, settings)


@pytest.fixture
def client(settings: Settings) -> FlaskClient:
    client = make_app(settings, *BLUEPRINTS, drain=Drain()).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


def give_up(effects: EffectStore) -> str:
    """An effect that was given up; the id of its letter."""
    effects.ask("c1", "k1", "order_status", {}, "t1", {})
    effects.begin("c1", "k1", "w1")
    effects.finish("c1", "k1", "w1", "failed", {"ok": False}, error="the shop is away", dead=True)
    return "effect:k1@c1"


def test_a_dead_letter_is_shown_and_tried_again(client: FlaskClient, effects: EffectStore) -> None:
    letter = give_up(effects)
    page = client.get("/console/jobs").text
    assert "order_status" in page
    assert "the shop is away" in page
    assert "none: start" in page, "no worker runs here"
    answer = client.post("/console/jobs", data={"id": letter, "act": "requeue"}, headers=HERE)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/jobs")
    effect = effects.get("c1", "k1")
    assert effect is not None
    assert effect.state == "asked"
    assert "Nothing was given up." in client.get("/console/jobs").text


def test_a_dead_letter_is_forgotten_once(client: FlaskClient, effects: EffectStore) -> None:
    letter = give_up(effects)
    for wanted in (303, 200):
        answer = client.post("/console/jobs", data={"id": letter, "act": "forget"}, headers=HERE)
        assert answer.status_code == wanted
    assert "somebody else was faster" in answer.text


def test_changes_come_from_this_console_only(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url, env="production", admin_token="a", socket_token="s")
    client = make_app(settings, *BLUEPRINTS, drain=Drain()).test_client()
    fields = {"id": "x", "act": "forget", "form_token": "guess"}
    assert client.post("/console/jobs", data=fields).status_code == 403
    assert client.post("/console/try/call").status_code == 403
    headers = {"Authorization": "Bearer a"}
    answer = client.post("/console/jobs", data=fields, headers=headers)
    assert "somebody else was faster" in answer.text, "a program shows its token instead"


def test_in_development_no_other_site_changes_anything(client: FlaskClient) -> None:
    fields = {"id": "x", "act": "forget"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post("/console/jobs", data=fields, headers=headers).status_code == 403
    assert client.post("/console/jobs", data=fields).status_code == 200


def test_an_unknown_act_is_refused(client: FlaskClient) -> None:
    answer = client.post("/console/jobs", data={"id": "x", "act": "explode"}, headers=HERE)
    assert answer.status_code == 400


def test_a_call_by_text_gets_a_token_of_its_own(redis_url: str) -> None:
    settings = Settings(redis_url=redis_url, env="production", admin_token="a", socket_token="s")
    client = make_app(settings, *BLUEPRINTS, drain=Drain()).test_client()
    headers = {"Authorization": "Bearer a"}
    ticket = client.post("/console/try/call", headers=headers).get_json()
    token, _, agent, call_id = ticket["socket"].split("/")[-4:]
    assert agent == "mia"
    assert call_id == ticket["call_id"]
    assert ticket["socket"].startswith("ws://localhost/llm-websocket/")
    tokens = client.application.extensions["edge"].socket_tokens
    assert tokens.accept(token, call_id)
    assert not tokens.accept(token, "another")
    unknown = client.post("/console/try/call?agent=nobody", headers=headers)
    assert unknown.status_code == 404
    page = client.get("/console/try", headers=headers)
    assert "connect-src 'self' ws://localhost" in page.headers["Content-Security-Policy"]
