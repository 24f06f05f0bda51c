"""Requests by an agent's own intents: run for what was said, left for what was not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from app.core.requests.evidence import AGENT, CALLER, Utterance
from app.core.requests.own import OwnRequest, own_requests
from app.core.tools.declarations import Policy, Tool

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "order": {"type": "string", "description": "The number on the invoice."},
        "day": {"type": "string", "format": "date", "description": "The day of the pickup."},
        "gift": {"type": "boolean", "description": "Whether it is a gift."},
    },
    "required": ["order"],
}
RETURN = Tool("return_order", "Send it back.", SCHEMA, "write")
START = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)


def read(*lines: str, tool: Tool = RETURN, intent: int = 0, **options: Any) -> list[OwnRequest]:
    """Lines of the agent begin with "A: "; the line numbered `intent` has the intent."""
    said = [
        Utterance(
            number,
            AGENT if line.startswith("A: ") else CALLER,
            line.removeprefix("A: "),
            START + dt.timedelta(seconds=number),
        )
        for number, line in enumerate(lines)
    ]
    analysis = {"utterance": intent, "intent": "returns", "negated": False, "confidence": 0.92}
    analysis |= options.pop("analysis", {})
    return own_requests(said, [analysis], {"returns": tool}, threshold=0.75, **options)


def one(*lines: str, **options: Any) -> OwnRequest:
    [found] = read(*lines, **options)
    return found


def test_what_was_said_in_the_request_itself() -> None:
    found = one("I want to return order 1042 next Tuesday.")

    assert (found.kind, found.tool) == ("act", "return_order")
    assert found.arguments == {"order": "1042", "day": "2026-11-24"}
    assert found.as_json()["evidence"]["order"]["utterance"] == 0


def test_answers_to_questions_about_an_argument_complete_it() -> None:
    found = one(
        "I want to return my order.",
        "A: Sure. What is the number on the invoice?",
        "It's one oh four two.",
        "A: Is it a gift?",
        "Yes.",
    )
    assert found.arguments == {"order": "1042", "gift": True}
    assert found.evidence["gift"].index == 4


@pytest.mark.parametrize(
    "lines",
    [
        ("I want to return my order.",),
        ("I want to return my order.", "A: What is your postcode?", "10115."),
        ("I want to return my order.", "A: What is the invoice number?", "I do not have it."),
        ("I want to return my order.", "My number is 4155550142."),
    ],
)
def test_a_missing_argument_is_never_guessed(lines: tuple[str, ...]) -> None:
    found = one(*lines)
    assert found.kind == "leave"
    assert found.why == "not done, because nobody said: order"


def test_what_is_read_back_and_refused_is_corrected_or_gone() -> None:
    asked = ("I want to return order 1042.", "A: Order 1042, right?")
    assert one(*asked, "Yes.").arguments == {"order": "1042"}
    assert one(*asked, "No, 1043.").arguments == {"order": "1043"}
    assert one(*asked, "No.").kind == "leave"


def test_a_request_that_is_taken_back_or_put_off_is_left() -> None:
    for words in ("Never mind.", "Let me ask my wife first."):
        found = one("I want to return order 1042.", "A: Sure.", words)
        assert found.why == "the caller took it back or put it off"


def test_a_yes_is_needed_where_the_tool_or_the_agents_file_wants_one() -> None:
    careful = replace(RETURN, policy=Policy(confirm=True))
    asked = ("I want to return order 1042.",)
    for options in ({"tool": careful}, {"confirm": frozenset({"returns"})}):
        assert "confirm" in one(*asked, **options).why
        assert one(*asked, "A: Return order 1042?", "Yes, please.", **options).kind == "act"
        late = (*asked, "A: Return order 1042?", "Yes.", "A: Really?", "No, wait.")
        assert one(*late, **options).kind == "leave"


def test_no_intent_no_request() -> None:
    assert read("Hello.", analysis={"intent": "other"}) == []
    assert read("Do not return order 1042.", analysis={"negated": True}) == []
    assert read("Return order 1042.", analysis={"confidence": 0.5}) == []


def test_one_number_is_not_two_things() -> None:
    both = {**SCHEMA["properties"], "customer": {"type": "string", "description": "Your number."}}
    tool = replace(RETURN, parameters={**SCHEMA, "properties": both})
    assert one("I want to return order 1042.", tool=tool).kind == "leave"


def test_acts_on_a_call_cannot_be_done_after_it() -> None:
    assert one("Transfer me.", tool=replace(RETURN, kind="action")).kind == "leave"


def test_relative_days_need_a_moment() -> None:
    said = [Utterance(0, CALLER, "I want to return order 1042 next Tuesday.", None)]
    analysis = {"utterance": 0, "intent": "returns", "negated": False, "confidence": 0.92}
    [found] = own_requests(said, [analysis], {"returns": RETURN}, threshold=0.75)
    assert found.arguments == {"order": "1042"}
