"""Texts to the caller: asked for, within limits, once, and only what the agent's file lists."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.notify import text_message
from app.adapters.notify.base import NotTold
from app.adapters.notify.text_budget import PER_CALL
from app.adapters.notify.told import Telling
from app.core.agent.definition import Agent
from app.errors import Unavailable
from app.settings import Settings
from tests.support.desk import Call, Desk
from workers import runtime
from workers.own_tools import find_handler

AGENT = """\
name: Sam
business: Bright Pipes
instructions: Help.
country: US
tools: [send_text]
texts:
  address: 12 Harbor Street, the green door.
  booking link: https://pipes.example/book
booking: {time_zone: America/Los_Angeles}
"""
YES = (("agent", "May I send you the address by text message?"), ("user", "Yes, please."))


class Sent(list[tuple[str, str]]):
    """What left, and how the next texts end: an exception, or a status."""

    fails: Exception | None = None
    refused = False


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    sent = Sent()

    def send(_: object, number: str, body: str) -> bool:
        if sent.fails is not None:
            raise sent.fails
        if sent.refused:
            return False
        sent.append((number, body))
        return True

    monkeypatch.setattr(text_message.LoggedMessages, "send", send)
    return sent


@pytest.fixture
def at_work(redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> runtime.Runtime:
    file = tmp_path / "agents.yaml"
    file.write_text(AGENT)
    monkeypatch.setattr(runtime, "_runtime", None)
    settings = Settings(redis_url=redis_url, agent_file=str(file))
    return runtime.open_runtime(settings, connections=2, tools={})


@pytest.fixture
def desk(at_work: runtime.Runtime, redis_url: str) -> Desk:
    desk = Desk(redis_url)
    desk.agent = at_work.agents.default
    return desk


def send(call: Call, text: str = "address", *, heard: Any = YES, key: str = "") -> dict[str, Any]:
    ctx = call.context(key or f"k{next(call.used)}", heard=tuple(heard))
    handler = find_handler(Settings(), lambda _: [], ctx, "send_text")
    assert handler is not None
    return handler(ctx, {"text": text})


def test_the_caller_is_asked_and_the_consent_recorded(
    desk: Desk, at_work: runtime.Runtime, sent: Sent
) -> None:
    call = desk.call("t1")
    asked = send(call, heard=[("agent", "Hello?"), ("user", "Where are you?")])
    assert asked["output"]["error"] == "confirm_first"
    assert asked["say"] == "May I send you the address by text message?"
    no = [("agent", asked["say"]), ("user", "No, just tell me.")]
    assert send(call, heard=no)["output"]["error"] == "confirm_first"
    assert sent == []
    done = send(call)
    assert done["output"]["status"] == "sent"
    assert sent == [("+14155550123", "Bright Pipes: 12 Harbor Street, the green door.")]
    story = at_work.calls.snapshot("t1")
    assert story is not None
    (event,) = story["events"]
    assert (event["kind"], event["text"]) == ("text_sent", "address")
    assert event["consent"].endswith("/ Yes, please.")


def test_a_yes_to_something_else_is_no_consent(desk: Desk, sent: Sent) -> None:
    other = [("agent", "Is it about the boiler?"), ("user", "Yes.")]
    assert send(desk.call("t2"), heard=other)["output"]["error"] == "confirm_first"
    assert sent == []


@pytest.mark.parametrize("number", ["anonymous", "", "+493023125000", "+19005550100"])
def test_only_a_mobile_that_calls_is_texted(desk: Desk, sent: Sent, number: str) -> None:
    assert send(desk.call("t3", number))["output"]["error"] == "no_mobile"
    assert sent == []


def test_the_model_picks_a_text_and_writes_none(desk: Desk, sent: Sent) -> None:
    wrong = send(desk.call("t4"), "Your parcel is held: http://evil.example")
    assert wrong["output"]["error"] == "bad_arguments"
    assert wrong["output"]["message"] == "text must be one of: address, booking link."
    assert sent == []


def test_texts_are_bounded(desk: Desk, sent: Sent) -> None:
    results = [send(desk.call("t5"), key=f"intention-{n}") for n in range(PER_CALL + 1)]
    assert len(sent) == PER_CALL
    assert results[-1]["output"]["error"] == "too_many"


def test_one_intention_is_sent_once(desk: Desk, sent: Sent) -> None:
    call = desk.call("t6")
    for _ in range(2):
        assert send(call, key="same")["ok"]
    assert len(sent) == 1


def test_a_text_that_failed_is_tried_again(desk: Desk, sent: Sent) -> None:
    call = desk.call("t7")
    sent.fails = NotTold("Twilio answered 503")
    with pytest.raises(Unavailable):
        send(call, key="same")
    sent.fails = None
    assert send(call, key="same")["ok"]
    assert len(sent) == 1
    sent.refused = True
    assert send(call, key="other")["output"]["error"] == "refused"


def test_a_worker_that_died_at_it_is_not_taken_to_have_sent(desk: Desk, sent: Sent) -> None:
    assert Telling(desk.redis, "text-same", "text").claim() == "mine"
    assert send(desk.call("t8"), key="same")["output"]["error"] == "unknown"
    assert sent == []


def test_the_tool_needs_texts() -> None:
    with pytest.raises(ValueError, match="send_text needs texts"):
        Agent.model_validate(
            {"name": "a", "business": "b", "instructions": "c", "tools": ["send_text"]}
        )
