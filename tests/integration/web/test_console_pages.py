"""The console's pages of calls, from what is in Redis."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.calls.store import CallStore
from app.bridges.drain import Drain
from app.settings import Settings
from app.web import api, talk
from app.web.console import auth, call, calls, listen, record, start
from tests.support.simulated_call import SimulatedCall
from tests.support.web_app import make_app
from tests.unit.core.record.test_replay import record_of
from tests.unit.core.record.test_timeline import AT, story

BLUEPRINTS = (auth.bp, start.bp, talk.bp, api.bp, calls.bp, call.bp, record.bp, listen.bp)


@pytest.fixture
def store(redis: Redis, settings: Settings) -> CallStore:
    return CallStore(redis, settings)


@pytest.fixture
def client(store: CallStore, settings: Settings) -> FlaskClient:
    client = make_app(settings, *BLUEPRINTS, drain=Drain()).test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    return client


@pytest.fixture
def told(store: CallStore) -> str:
    """A call with a story."""
    whole = story()
    store.append_turn("c1", *whole["turns"])
    store.add_event("c1", *whole["events"])
    store.set_transcript("c1", whole["transcript"])
    fields = {"agent": "Mia", "from_number": "+14155550100", "started_at": AT, "ended_at": AT + 65}
    store.end("c1", fields=fields)
    return "c1"


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_list_shows_calls_and_keeps_its_filters(client: FlaskClient, told: str) -> None:
    page = client.get("/console/calls?agent=Mia&q=cleaning")
    assert page.status_code == 200
    shown = text_of(page.text)
    assert "+1…0100" in shown
    assert "+14155550100" not in page.text
    assert "1:05" in shown
    assert f'href="/console/calls/{told}"' in page.text
    assert "format=csv" in page.text
    assert 'value="cleaning"' in page.text
    assert "No call fits." in text_of(client.get("/console/calls?agent=Ben").text)
    assert "since must be a date" in text_of(client.get("/console/calls?since=soon").text)


def test_pages_of_the_list(client: FlaskClient, store: CallStore) -> None:
    for number in range(calls.SHOWN + 1):
        store.end(f"c{number}", fields={"agent": "Mia"})
    first = client.get("/console/calls").text
    older = re.search(r'href="([^"]+)" rel="next"', first)
    assert older is not None
    second = client.get(older[1].replace("&amp;", "&")).text
    assert "First page" in second
    assert 'rel="next"' not in second


def test_a_call_is_one_line_of_time(client: FlaskClient, told: str) -> None:
    page = client.get(f"/console/calls/{told}").text
    assert "On which day <s>would you like to come?</s>" in page
    assert "barge in" in page
    assert "first word after 200 ms" in page
    assert page.count("<rect") == 4
    assert client.get("/console/calls/nobody").status_code == 404


def test_words_of_a_caller_are_no_markup(client: FlaskClient, store: CallStore) -> None:
    store.set_transcript("c1", [{"role": "user", "content": "<script>alert(1)</script>"}])
    store.end("c1", fields={"agent": "<b>Mia</b>"})
    for path in ("/console/calls", "/console/calls/c1"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "<b>Mia" not in page


def test_a_record_is_played_step_by_step(client: FlaskClient, store: CallStore) -> None:
    import orjson

    simulated = SimulatedCall()
    simulated.advance(1.0)
    simulated.say("Hello there.")
    entries = record_of(simulated)
    store.record("c1", [orjson.dumps(entry) for entry in entries])
    page = client.get("/console/calls/c1/record")
    assert page.status_code == 200
    assert "are the same as in the call" in page.text
    assert "response_required" in page.text
    assert client.get("/console/calls/nobody/record").status_code == 404


def test_a_decision_that_differs_is_shown(client: FlaskClient, store: CallStore) -> None:
    import orjson

    simulated = SimulatedCall()
    simulated.advance(1.0)
    simulated.say("Hello there.")
    entries = record_of(simulated)
    answer: Any = next(
        e for e in entries if e.get("out") == "retell" and e["frame"].get("response_id") == 1
    )
    answer["frame"]["content"] = "Something else."
    store.record("c1", [orjson.dumps(entry) for entry in entries])
    page = client.get("/console/calls/c1/record").text
    assert "the decisions differ" in page
    assert "Something else." in page
    store.record("c2", [b'{"t": 1, "s": 1, "in": "tick"}'])
    assert "cannot be played" in client.get("/console/calls/c2/record").text


def test_listening_in(client: FlaskClient, store: CallStore, told: str) -> None:
    assert client.get(f"/console/live/{told}").headers["Location"] == f"/console/calls/{told}"
    store.merge("c2", {"agent": "Mia", "status": "ongoing"}, live=True)
    page = client.get("/console/live/c2").text
    assert 'data-what="instruct"' in page
    assert "book_appointment" in page
    assert client.get("/console/live/nobody").status_code == 404
    assert client.get("/console/live").status_code == 200


def test_a_refused_change_is_told_on_the_first_page(client: Any) -> None:
    assert "is refused" not in client.get("/console").text
    services = client.application.extensions["services"]
    services.agent_desk.board.report(["agents.yaml:3: name: Field required"])
    shown = text_of(client.get("/console").text)
    assert "A change of agents is refused" in shown
    assert "agents.yaml:3: name: Field required" in shown
