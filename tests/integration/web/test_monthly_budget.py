"""A business whose month is used up: every channel refuses new calls, and says so politely."""

from __future__ import annotations

import datetime as dt
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from redis import Redis
from werkzeug.test import TestResponse

from app.adapters.agents import files
from app.adapters.calls.store import CallStore
from app.adapters.calls.usage import UsageStore
from app.adapters.redis import keys
from app.bridges import monthly_budget
from app.core.agent.reference import AgentRef
from app.rehearsal.webhook_samples import sample
from app.security import signatures
from app.settings import DEVELOPMENT_KEY, Settings
from app.web import api, inbound, talk, twilio
from tests.support.web_app import make_app

FILE = """
agents:
  - name: Ada
    business: Harbor
    instructions: x
    monthly_budget: {calls: 2}
    lines: {refused: Full.}
  - {name: Eve, business: Corner, instructions: x}
"""


class Desk:
    """The program's edge, with two businesses."""

    def __init__(self, url: str, folder: Path) -> None:
        file = folder / "agents.yaml"
        file.write_text(FILE)
        self.settings = Settings(redis_url=url, agent_file=str(file))
        self.agents = files.load(file)
        blueprints = (inbound.bp, twilio.bp, talk.bp, api.bp)
        app = make_app(self.settings, *blueprints, agents=self.agents)
        self.web = app.test_client()
        self.services: Any = app.extensions["services"]
        self.usage = UsageStore(self.services.redis, self.settings)

    def use(self, calls: int, agent: str = "Ada") -> None:
        found = self.agents.named(agent)
        assert found is not None
        day = dt.datetime.now(dt.UTC).date()
        for number in range(calls):
            self.usage.count(f"used-{number}", AgentRef.to(found), day, {"calls": 1, "ms": 90_000})

    def inbound(self) -> Any:
        body = sample("call_inbound", "call_1", int(time.time() * 1000))
        body["call_inbound"]["agent_id"] = ""
        raw = orjson.dumps(body)
        stamp = signatures.sign(raw, DEVELOPMENT_KEY, int(time.time() * 1000))
        headers = {signatures.HEADER: stamp, "Content-Type": "application/json"}
        return self.json(self.web.post("/webhook/retell/inbound", data=raw, headers=headers))

    @staticmethod
    def json(answer: TestResponse) -> Any:
        return orjson.loads(answer.data)

    def twilio(self, agent: str = "Ada") -> ET.Element:
        form = {"CallSid": "CA" + "b" * 32, "From": "+14155550100", "To": "+14155550199"}
        answer = self.web.post(f"/twilio/voice?agent={agent}", data=form)
        return ET.fromstring(answer.data)  # noqa: S314 - our own answer


@pytest.fixture
def desk(redis_url: str, tmp_path: Path) -> Desk:
    return Desk(redis_url, tmp_path)


def test_calls_are_taken_until_the_budget_is_used_up(desk: Desk) -> None:
    desk.use(1)
    assert "reject" not in str(desk.inbound())
    assert desk.twilio().find("Connect") is not None
    assert desk.web.post("/console/talk/call?agent=Ada").status_code == 200


def test_then_every_edge_refuses(desk: Desk, redis: Redis) -> None:
    desk.use(2)
    assert desk.inbound()["call_inbound"].get("agent_id") is None
    assert "dynamic_variables" not in desk.inbound()["call_inbound"]
    answer = desk.twilio()
    assert [node.tag for node in answer] == ["Say", "Hangup"]
    assert answer[0].text == "Full."
    story = CallStore(redis, desk.settings).summary("CA" + "b" * 32)
    assert story is not None
    assert (story["outcome"], story["agent"]) == ("refused", "Ada")
    assert story["refused"] == "the budget is used up: 2 of 2 calls of this month"
    assert redis.zscore(keys.REPORTS_DUE, "CA" + "b" * 32) is not None
    page = desk.web.post("/console/talk/call?agent=Ada")
    assert page.status_code == 429
    assert desk.json(page)["error"]["code"] == "budget_spent"


def test_another_business_goes_on(desk: Desk) -> None:
    desk.use(5)
    assert desk.twilio("Eve").find("Connect") is not None
    assert desk.web.post("/console/talk/call?agent=Eve").status_code == 200


def test_without_redis_calls_are_taken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.use(2)
    down = SimpleNamespace(
        agents=desk.agents,
        settings=desk.settings,
        redis=Redis.from_url("redis://127.0.0.1:1", socket_timeout=0.2),
    )
    assert monthly_budget.over_budget(down, desk.agents.default, "x") == ""  # type: ignore[arg-type]
    assert monthly_budget.over_budget(desk.services, desk.agents.default, "x")


def test_usage_is_shown_as_json_and_csv(desk: Desk) -> None:
    desk.use(2)
    desk.use(1, "Eve")
    told = desk.json(desk.web.get("/api/usage?business=Harbor"))
    (row,) = told["usage"]
    today = dt.datetime.now(dt.UTC).date()
    assert (row["day"], row["business"], row["agent"]) == (today.isoformat(), "harbor", "ada")
    assert (row["calls"], row["minutes"]) == (2, 3.0)
    assert told["total"]["calls"] == 2
    table = desk.web.get("/api/usage?agent=Ada&format=csv")
    assert table.content_type.startswith("text/csv")
    header, line = table.text.splitlines()
    assert header.startswith("day,business,agent,calls,minutes,usd,")
    assert line.startswith(f"{today},harbor,ada,2,3.0,0.0,")
    yesterday = today - dt.timedelta(days=1)
    assert desk.json(desk.web.get(f"/api/usage?until={yesterday}"))["usage"] == []


@pytest.mark.parametrize("query", ["since=soon", "since=2026-02-01&until=2026-01-01"])
def test_a_wrong_span_is_refused(desk: Desk, query: str) -> None:
    assert desk.web.get(f"/api/usage?{query}").status_code == 400
