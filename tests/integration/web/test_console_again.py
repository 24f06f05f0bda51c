"""A turn answered again on the call's page: side by side, and nothing is run."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from redis import Redis

from app.adapters.agents import files
from app.adapters.calls.store import CallStore
from app.adapters.calls.usage import UsageStore
from app.core.agent.reference import AgentRef
from app.errors import ModelError
from app.settings import Settings
from app.web.console import again, auth, call, calls, record, start
from tests.integration.web.test_console import ADMIN, PRODUCTION, sign_in
from tests.support.model_at_hand import ModelAtHand
from tests.support.simulated_call import SimulatedCall, tool_call
from tests.support.web_app import make_app
from tests.unit.core.record.test_replay import record_of

BLUEPRINTS = (auth.bp, start.bp, calls.bp, call.bp, record.bp, again.bp)
HERE = {"Sec-Fetch-Site": "same-origin"}
BUSINESS = """
name: Mia
business: Harbor Dental
instructions: Book appointments.
monthly_budget: {calls: 3}
"""


class Desk:
    """The console over a real Redis, with a call in it and a model at hand."""

    def __init__(self, settings: Settings, folder: Any) -> None:
        self.model = ModelAtHand()
        file = folder / "agent.yaml"
        file.write_text(BUSINESS)
        self.settings = settings
        self.agents = files.load(file)
        app = make_app(settings, *BLUEPRINTS, agents=self.agents)
        services: SimpleNamespace = app.extensions["services"]
        services.model_of = lambda agent: self.model
        self.redis: Redis = services.redis
        self.web: FlaskClient = app.test_client()
        self.web.environ_base["HTTP_ACCEPT"] = "text/html"
        store = CallStore(self.redis, settings)
        simulated = SimulatedCall(tool=lambda run: {"ok": True, "slots": ["nine"]})
        simulated.advance(1.0)
        look = tool_call("check_availability", date="2026-12-01")
        simulated.script("Which day?", look, "Nine is free.")
        simulated.say("A cleaning, please.")
        simulated.say("Tuesday.", wait=3.0)
        simulated.hear()
        store.record("c1", [orjson.dumps(entry) for entry in record_of(simulated)])
        store.append_turn("c1", *simulated.noted("turn"))
        store.set_transcript("c1", simulated.transcript)
        store.end("c1", fields={"agent": "Mia", "started_at": simulated.began})

    def ask(self, instructions: str = "Be brief.", turn: int = 2, **fields: str) -> Any:
        data = {"instructions": instructions, **fields}
        return self.web.post(f"/console/calls/c1/turns/{turn}", data=data, headers=HERE)


@pytest.fixture
def desk(settings: Settings, tmp_path: Any) -> Desk:
    return Desk(settings, tmp_path)


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_the_call_leads_to_its_turns(desk: Desk) -> None:
    page = desk.web.get("/console/calls/c1").text
    assert 'href="/console/calls/c1/turns/2"' in page
    shown = desk.web.get("/console/calls/c1/turns/2")
    assert shown.status_code == 200
    assert "Book appointments.</textarea>" in shown.text
    text = text_of(shown)
    assert "Nine is free." in text
    assert "Which day?" in text
    assert "Not asked yet." in text
    assert desk.model.opened == 0, "looking costs nothing"
    assert desk.web.get("/console/calls/c1/turns/77").status_code == 404
    assert desk.web.get("/console/calls/nobody/turns/2").status_code == 404


def test_both_answers_stand_side_by_side_and_nothing_is_run(desk: Desk) -> None:
    before = set(desk.redis.scan_iter("*effect*"))
    desk.model.script(tool_call("check_availability", date="2026-12-01"), "Nine, then?")
    answer = desk.ask("Say as little as you can.")
    assert answer.status_code == 200
    text = text_of(answer)
    assert "Nine is free." in text
    assert "Nine, then?" in text
    assert "$0." in text
    assert "Say as little as you can.</textarea>" in answer.text
    sent = b"".join(desk.model.sent)
    assert b"Say as little as you can." in sent
    assert b'"slots":["nine"]' in sent.replace(b"\\", b"")
    assert set(desk.redis.scan_iter("*effect*")) == before
    assert desk.model.closed == 1
    # What it cost is the business's, but it is no call.
    day = dt.datetime.now(dt.UTC).date()
    [used] = UsageStore(desk.redis, desk.settings).days(day - dt.timedelta(1), day)
    assert used.counts.get("calls", 0) == 0
    assert used.counts["text_output"] > 0


def test_a_tool_that_was_not_called_then_is_shown_and_not_run(desk: Desk) -> None:
    desk.model.script(tool_call("book_appointment", slot_id="s1", name="Dana"))
    answer = desk.ask()
    assert "book_appointment not run" in text_of(answer)
    assert not list(desk.redis.scan_iter("*effect*"))


def test_a_model_that_is_away_is_told_and_shows_the_page(desk: Desk) -> None:
    desk.model.refusal = ModelError("no", code="invalid_api_key", fatal=True)
    answer = desk.ask()
    assert answer.status_code == 503
    assert "The model is away (invalid_api_key)" in text_of(answer)
    assert "Nine is free." in text_of(answer)


def test_it_is_refused_where_the_month_is_used_up(desk: Desk) -> None:
    usage = UsageStore(desk.redis, desk.settings)
    for number in range(3):
        day = dt.datetime.now(dt.UTC).date()
        usage.count(f"u{number}", AgentRef.to(desk.agents.default), day, {"calls": 1})
    answer = desk.ask()
    assert answer.status_code == 429
    assert "budget is used up" in text_of(answer)
    assert desk.model.opened == 0


def test_there_is_a_limit_to_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "PER_HOUR", 1)
    desk.model.script("One.")
    assert desk.ask().status_code == 200
    assert desk.ask().status_code == 429
    assert desk.model.opened == 1


def test_other_sites_and_strangers_cannot_ask(redis_url: str, tmp_path: Any) -> None:
    settings = Settings(redis_url=redis_url, **PRODUCTION)
    desk = Desk(settings, tmp_path)
    path = "/console/calls/c1/turns/2"
    assert desk.web.get(path).status_code == 303
    assert desk.web.post(path, data={"instructions": "x"}, headers=HERE).status_code == 303
    sign_in(desk.web, ADMIN)
    stranger = {"Sec-Fetch-Site": "cross-site"}
    answer = desk.web.post(path, data={"instructions": "x"}, headers=stranger)
    assert answer.status_code == 403
    assert desk.model.opened == 0
    assert desk.ask("").status_code == 400
    assert desk.ask("x" * 50_001).status_code == 400


def test_a_call_without_a_record_says_so(desk: Desk) -> None:
    desk.redis.delete("call:{c1}:record")
    shown = desk.web.get("/console/calls/c1/turns/2")
    assert shown.status_code == 200
    assert "cannot be answered again" in text_of(shown)
    assert "<textarea" not in shown.text
