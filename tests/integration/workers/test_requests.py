"""Requests in transcripts, through the real job: the corpus, both readers, the business is told."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import workers.runtime
from app.adapters.intent import second_reader
from app.adapters.notify.messages import Messages
from app.core.agent.business import slug
from app.core.agent.definition import Agent
from app.core.agent.directory import Directory
from app.core.booking.resources import Resource
from app.core.booking.slots import draft, local_instant
from app.settings import Settings
from bench import requests as bench
from tests.support.text_model import TextModel
from tests.support.webhook_desk import WebhookDesk
from workers import effects
from workers.bookings import booking_tools
from workers.own import requests
from workers.runtime import open_runtime

BOOK = "This is Dana Reyes. I'd like to book a cleaning for {day} at ten in the morning."


def tuesday() -> dt.date:
    day = dt.date.today() + dt.timedelta(days=7)
    return day + dt.timedelta(days=(1 - day.weekday()) % 7)


def spoken(day: dt.date) -> str:
    return f"{day:%A}, {day:%B} {day.day}"


def answer_as(agent: Agent, desk: WebhookDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this agent answer all calls."""
    directory = Directory([agent], default=agent)
    monkeypatch.setattr(desk, "at_work", replace(desk.at_work, agents=directory))
    monkeypatch.setattr(workers.runtime, "_runtime", desk.at_work)


def entry(role: str, text: str, at: float) -> dict[str, Any]:
    return {"role": role, "content": text, "words": [{"word": text, "start": at - 1, "end": at}]}


def talk(*lines: str) -> list[dict[str, Any]]:
    return [
        entry("agent" if line.startswith("A: ") else "user", line.removeprefix("A: "), 3.0 + 5 * n)
        for n, line in enumerate(lines)
    ]


def desk_with(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> WebhookDesk:
    monkeypatch.setattr(workers.runtime, "_runtime", None)
    return WebhookDesk(
        open_runtime(settings, connections=4, tools=booking_tools()), settings, "call_1"
    )


@pytest.fixture
def desk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> WebhookDesk:
    return desk_with(monkeypatch, settings)


@pytest.fixture
def twice(redis_url: str, text_model: TextModel, monkeypatch: pytest.MonkeyPatch) -> WebhookDesk:
    """A desk whose effects need both readers, as a text model is configured."""
    settings = Settings(
        redis_url=redis_url,
        openai_api_key="key",
        openai_base_url=text_model.url,
        intent_model="small",
    )
    return desk_with(monkeypatch, settings)


def opinion(day: dt.date, **changes: Any) -> dict[str, Any]:
    request = {
        "kind": "book", "stands": True, "service": "cleaning", "date": day.isoformat(),
        "time": "10:00", "name": "Dana Reyes", "appointment_date": None,
        "quotes": ["I'd like to book a cleaning"], **changes,
    }  # fmt: skip
    return {"requests": [request]}


BOOKED = (BOOK.format(day=spoken(tuesday())), f"A: {spoken(tuesday())} at 10 AM. You're booked.")


def test_the_evidence_stands_in_the_record(desk: WebhookDesk) -> None:
    desk.end(talk("A: How can I help?", *BOOKED))
    desk.work()
    decision = desk.story()["decision"]
    assert len(desk.bookings()) == 1
    assert decision["evidence"]["time"]["utterance"] == 1
    assert decision["evidence"]["confirmed"]["utterance"] == 2
    assert decision["requests"][0]["name"] == "Dana Reyes"


def test_what_needs_a_number_of_people_is_not_booked_without(
    desk: WebhookDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = desk.at_work.agents.default
    rooms = agent.booking.model_copy(update={"resources": (Resource(name="room", seats=4),)})
    sized = agent.model_copy(update={"booking": rooms})
    answer_as(sized, desk, monkeypatch)
    desk.end(talk("A: How can I help?", *BOOKED))
    desk.work()
    assert desk.story()["decision"]["why"] == "not done, because the party size is missing"
    assert desk.bookings() == []


def test_both_readers_agree(twice: WebhookDesk, text_model: TextModel) -> None:
    text_model.opinion = opinion(tuesday())
    twice.end(talk("A: How can I help?", *BOOKED))
    twice.work()
    assert len(twice.bookings()) == 1
    (question,) = text_model.questions
    assert question["response_format"]["json_schema"]["strict"] is True
    assert "Caller: This is Dana Reyes." in question["messages"][1]["content"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (opinion(tuesday(), time="11:00"), "another day or time"),
        (opinion(tuesday(), stands=False), "does not stand"),
        (opinion(tuesday(), quotes=["book it for Bob"]), "no such request"),
        ({"requests": []}, "no such request"),
        ("nonsense", "gave no answer"),
        ({"request": 5}, "has no form"),
        ("null", "has no form"),
    ],
)
def test_the_readers_do_not_agree(
    twice: WebhookDesk, text_model: TextModel, answer: Any, why: str
) -> None:
    text_model.opinion = answer
    twice.end(talk("A: How can I help?", *BOOKED))
    twice.work()
    assert twice.bookings() == []
    assert why in twice.story()["decision"]["why"]
    assert twice.story()["decision"]["acted"] is False


def test_a_model_that_is_late_or_away_is_asked_again(
    twice: WebhookDesk, text_model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_reader, "DEADLINE_S", 0.3)
    text_model.opinion = opinion(tuesday())
    text_model.delay_s = 1.0
    twice.end(talk("A: How can I help?", *BOOKED))
    twice.work(times=1)
    assert "gave no answer" in twice.story()["decision"]["why"]
    text_model.delay_s, text_model.status = 0.0, 503
    twice.work(times=1)
    assert twice.bookings() == []
    text_model.status = 200
    twice.work()
    assert len(twice.bookings()) == 1


def test_a_model_that_stays_away_is_given_up(
    twice: WebhookDesk, text_model: TextModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    text_model.status = 500
    twice.end(talk("A: How can I help?", *BOOKED))
    twice.work(times=second_reader.MAX_PER_CALL + 2)
    assert len(text_model.questions) == second_reader.MAX_PER_CALL
    assert "asked too often" in twice.story()["decision"]["why"]
    assert twice.bookings() == []


def test_the_business_is_told(desk: WebhookDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    agent = desk.at_work.agents.default
    tells = agent.intents.model_copy(update={"tell_business": True})
    telling = agent.model_copy(update={"intents": tells})
    answer_as(telling, desk, monkeypatch)
    desk.end(talk("A: How can I help?", "I'd like to book a cleaning for tomorrow.", "A: Sure."))
    desk.work()
    (message,) = Messages(desk.at_work.redis, 3600).all()
    assert message["kind"] == "request"
    assert "waits for time and name" in message["text"]


@pytest.mark.parametrize("part", range(4))
def test_calls_of_the_corpus(desk: WebhookDesk, part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The effects of whole calls through the real job are those of the pure function."""
    agent = desk.at_work.agents.default
    for call in list(bench.load(bench.CORPUS / "calls_dev.jsonl"))[part * 3 :: 40]:
        desk.at_work.redis.flushdb()  # each call has a calendar of its own
        began = dt.datetime.fromisoformat(call["started_at"])
        clock(monkeypatch, began + dt.timedelta(minutes=5))
        for place, item in enumerate(call["before"]):
            service = next(s for s in agent.booking.services if s.id == item["service"])
            naive = dt.datetime.fromisoformat(item["start"])
            start = local_instant(naive.date(), naive.time(), agent.booking.zone)
            whose = {"name": item["name"], "phone": item["number"]}
            business = slug(agent.business)
            made = draft(agent.booking, service, start, business=business, **whose)
            desk.at_work.calendar(agent).book(made, key=f"{call['id']}-{place}")
        said = [entry(e["role"], e["content"], e["at"]) for e in call["transcript"] if e["content"]]
        start_ms = int(began.timestamp() * 1000)
        desk.end(said, call["id"], from_number=call["from_number"], start_timestamp=start_ms)
        desk.work(call["id"])
        effects_done, _ = bench.effects(call, agent)
        asked = [
            tool["tool"] for tool in desk.story(call["id"])["tool_calls"] if tool["result"]["ok"]
        ]
        assert asked == [effect["tool"] for effect in effects_done], call["id"]


def clock(monkeypatch: pytest.MonkeyPatch, now: dt.datetime) -> None:
    """Have the workers' clocks stand at a moment: the corpus's calls lie where they lie."""

    class Standing(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return now.astimezone(tz)

    stood = SimpleNamespace(**{**vars(dt), "datetime": Standing})
    monkeypatch.setattr(effects, "dt", stood)


SHOP = """\
name: Ada
business: Corner Shop
instructions: Help with orders.
intents:
  custom: {where_is_it: ["where is my order"]}
  tools: {where_is_it: order}
tools: [{python: tests.support.order_tools}]
"""


@pytest.fixture
def shop(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebhookDesk:
    """A desk whose agent has an intent of its own, and a tool for it."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    return desk_with(monkeypatch, Settings(redis_url=redis_url, agent_file=str(path)))


WHERE = "Hi, where is my order?"
ASKED = "A: What is the number on the invoice?"


def test_an_own_intent_runs_its_tool_with_what_was_said(shop: WebhookDesk) -> None:
    shop.end(talk("A: How can I help?", WHERE, ASKED, "It's one oh four two.", "A: Thanks."))
    shop.work()

    decision = shop.story()["decision"]
    assert (decision["intent"], decision["tool"]) == ("where_is_it", "order")
    assert decision["acted"] is True
    assert decision["slots"] == {"number": "1042"}
    assert decision["evidence"]["number"]["utterance"] == 3
    [effect] = shop.at_work.effects.of_call("call_1")
    assert effect.ok
    assert effect.result is not None
    assert effect.result["output"] == {"result": "1042 is sent"}
    shop.work()
    assert len(shop.at_work.effects.of_call("call_1")) == 1


def test_an_own_intent_is_left_where_something_is_missing(shop: WebhookDesk) -> None:
    shop.end(talk("A: How can I help?", WHERE, ASKED, "I do not have it here.", "A: I see."))
    shop.work()

    decision = shop.story()["decision"]
    assert decision["acted"] is False
    assert decision["why"] == "not done, because nobody said: number"
    assert shop.at_work.effects.of_call("call_1") == []


def test_an_own_intent_is_left_to_the_calls_own_model(shop: WebhookDesk) -> None:
    said = talk("A: How can I help?", "Where is my order 1042?")
    shop.at_work.calls.merge("held", {"fence": 1})
    shop.end(said, call_id="held")
    shop.work("held")
    assert "on a socket of ours" in shop.story("held")["decision"]["why"]
    assert shop.at_work.effects.of_call("held") == []


def test_an_own_intent_needs_a_second_reader_where_two_are_wanted(
    shop: WebhookDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "reads_twice", lambda *_: True)
    shop.end(talk("A: How can I help?", "Where is my order 1042?"))
    shop.work()
    assert "no second reader" in shop.story()["decision"]["why"]
    assert shop.at_work.effects.of_call("call_1") == []
