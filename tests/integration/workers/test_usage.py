"""Usage through the real job: counted once, corrected, told of by day, with a month's budget."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

import workers.runtime
from app.adapters import queue
from app.adapters.calls.query import CallQuery
from app.adapters.calls.usage import UsageStore
from app.adapters.notify.base import NotTold
from app.adapters.redis import keys
from app.core.agent.reference import AgentRef
from app.core.usage.counts import NAMES
from app.core.usage.figures import BOUNDS_MS
from app.settings import Settings
from app.web.usage_list import as_json
from tests.support.local_http import Answer, LocalServer, Request
from workers.after_call import budgets, reports
from workers.runtime import Runtime, open_runtime

FILE = """
agents:
  - {name: Ada, business: Harbor, instructions: x, monthly_budget: {calls: 3, warn_at: 0.6}}
  - {name: Ben, business: Harbor, instructions: x}
  - {name: Eve, business: Corner, instructions: x, time_zone: Pacific/Kiritimati}
"""
NOON = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC).timestamp()


@pytest.fixture
def hook() -> Iterator[LocalServer]:
    def answer(request: Request) -> Answer:
        return (500 if len(server.seen) == 1 else 200), {}

    server = LocalServer(answer)
    yield server
    server.stop()


@pytest.fixture
def at_work(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hook: LocalServer
) -> Runtime:
    file = tmp_path / "agents.yaml"
    file.write_text(FILE)
    monkeypatch.setattr(workers.runtime, "_runtime", None)
    settings = Settings(
        redis_url=redis_url, agent_file=str(file), report_webhook_url=f"{hook.url}/hook"
    )
    return open_runtime(settings, connections=4, tools={})


def end(at_work: Runtime, call_id: str, agent: str = "Ada", **fields: Any) -> None:
    business = {"Eve": "Corner"}.get(agent, "Harbor")
    about = {"agent": agent, "business": business, "started_at": NOON, "channel": "retell"}
    cost = {"usd": 0.5, "tokens": {"text": {"input": 10, "cached": 2, "output": 3}}}
    at_work.calls.take(call_id, "web-1")
    at_work.calls.end(call_id, fields={**about, "cost": cost, **fields})
    at_work.redis.hset(keys.summary(call_id), "ended_at", NOON + 90)
    reports.make(call_id)


def used(at_work: Runtime, **filters: str) -> list[tuple[Any, ...]]:
    store = UsageStore(at_work.redis, at_work.settings)
    days = store.days(dt.date(2026, 11, 1), dt.date(2026, 12, 31), **filters)
    return [
        (f"{d.day}", d.business, d.agent, d.counts["calls"], d.counts["ms"], d.counts["nano_usd"])
        for d in days
    ]


def jobs(at_work: Runtime, name: str) -> list[tuple[Any, ...]]:
    ids = queue.rq_queue(at_work.redis, "background").job_ids
    found = [queue.read_job(at_work.redis, job_id) for job_id in ids]
    return [job.args for job in found if job and job.function.endswith(name)]


def test_a_call_is_counted_once_however_often_it_ends(at_work: Runtime) -> None:
    for _ in range(3):
        end(at_work, "c1")
    assert used(at_work) == [("2026-11-30", "harbor", "ada", 1, 90_000, 500_000_000)]
    store = UsageStore(at_work.redis, at_work.settings)
    month = store.month("harbor", "2026-11")
    assert (month["calls"], month["text_input"], month["text_cached"]) == (1, 10, 2)


def test_what_comes_late_is_added_and_what_is_taken_back_is_not_counted(at_work: Runtime) -> None:
    end(at_work, "c1")
    store = UsageStore(at_work.redis, at_work.settings)
    who, day = AgentRef("Ada", "harbor"), dt.date(2026, 11, 30)
    counts = dict.fromkeys(NAMES, 0) | {"calls": 1, "bookings": 2, "nano_usd": 900_000_000}
    assert store.count("c1", who, day, counts)
    assert not store.count("c1", who, day, counts)
    assert store.month("harbor", "2026-11")["bookings"] == 2
    assert store.count("c1", who, day, counts | {"bookings": 0})
    month = store.month("harbor", "2026-11")
    assert (month["calls"], month["bookings"], month["nano_usd"]) == (1, 0, 900_000_000)


def test_usage_is_by_business_agent_and_day(at_work: Runtime) -> None:
    for number, agent in enumerate(("Ada", "Ada", "Ben", "Eve")):
        end(at_work, f"c{number}", agent)
    assert [row[:4] for row in used(at_work)] == [
        ("2026-11-30", "harbor", "ada", 2),
        ("2026-11-30", "harbor", "ben", 1),
        ("2026-12-01", "corner", "eve", 1),
    ]
    assert [row[2] for row in used(at_work, business="corner")] == ["eve"]
    assert [row[2] for row in used(at_work, agent="ben")] == ["ben"]
    for name in at_work.redis.scan_iter("*usage*"):
        assert at_work.redis.ttl(name) > 0, name


def test_how_calls_went_is_counted_with_them_and_corrected(at_work: Runtime) -> None:
    turn = {"response_id": 1, "asked_at": NOON, "first_ms": 240.0, "sentence_ms": 610.0}
    at_work.calls.append_turn("c1", turn)
    at_work.calls.add_event("c1", {"at": NOON, "kind": "model_lost", "code": "x", "fatal": False})
    end(at_work, "c1")
    end(at_work, "c2")
    bookings = [{"id": "b1", "status": "booked", "start": "2026-12-01T10:00:00+00:00"}]
    at_work.redis.hset(keys.bookings("c2"), "public", orjson.dumps(bookings))
    for _ in range(2):
        reports.make("c2")
    store = UsageStore(at_work.redis, at_work.settings)
    (day,) = store.days(dt.date(2026, 11, 30), dt.date(2026, 11, 30))
    assert {name: n for name, n in day.counts.items() if ":" in name} == {
        "outcome:ended": 1,
        "outcome:booked": 1,
        "fault:model_lost": 1,
        f"wait:first_word:{BOUNDS_MS.index(250)}": 1,
        f"wait:first_sentence:{BOUNDS_MS.index(700)}": 1,
    }
    assert not any(":" in name for name in store.month("harbor", "2026-11"))


def test_a_call_is_found_by_what_its_report_says(at_work: Runtime) -> None:
    at_work.calls.set_transcript("c1", [{"role": "user", "content": "My crown fell out"}])
    at_work.calls.add_event("c1", {"at": NOON, "kind": "model_lost", "code": "x", "fatal": False})
    at_work.redis.rpush(keys.intents("c1"), orjson.dumps({"intent": "schedule_meeting"}))
    end(at_work, "c1")
    end(at_work, "c2")
    index = at_work.calls.index

    def ids(**query: Any) -> list[str]:
        return [call["call_id"] for call in index.page(CallQuery(**query), 10).calls]

    assert ids(fault="model_lost") == ids(intent="schedule_meeting") == ids(text="crown") == ["c1"]
    assert ids(usd=(0.4, 0.6)) == ["c2", "c1"]


def test_a_refused_call_is_an_outcome_and_no_usage(at_work: Runtime) -> None:
    end(at_work, "c1", refused="3 of 3 calls of this month")
    store = UsageStore(at_work.redis, at_work.settings)
    (day,) = store.days(dt.date(2026, 11, 30), dt.date(2026, 11, 30))
    assert day.counts == {"outcome:refused": 1}
    assert as_json([day], day.day, day.day)["usage"] == []


def test_a_budget_is_told_of_once_each(
    at_work: Runtime, hook: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    end(at_work, "c0")
    assert jobs(at_work, "budgets.announce") == []
    for number in range(1, 5):
        for _ in range(2):
            end(at_work, f"c{number}", "Ben" if number % 2 else "Ada")
    told = jobs(at_work, "budgets.announce")
    assert [(notice["level"], notice["used"], notice["limit"]) for notice, _ in told] == [
        ("warned", 2, 3),
        ("spent", 3, 3),
    ]
    assert caplog.text.count("a business's budget") == 2
    budgets.announce(*told[1])
    (delivery,) = jobs(at_work, "budgets.deliver")
    with pytest.raises(NotTold, match="500"):
        budgets.deliver(*delivery)
    for _ in range(2):
        budgets.deliver(*delivery)
    assert len(hook.seen) == 2
    body = hook.seen[1].json()
    assert (body["event"], body["id"]) == ("usage.budget", "budget-harbor-2026-11-spent")
    assert hook.seen[1].headers["idempotency-key"] == body["id"]


def test_another_business_is_not_touched(at_work: Runtime) -> None:
    for number in range(4):
        end(at_work, f"c{number}", "Eve")
    assert jobs(at_work, "budgets.announce") == []
