from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import orjson

from app.core.agent.definition import Agent
from app.core.call.ending import Ending
from app.core.call.pending_action import PendingAction
from app.core.tools.declarations import FunctionCall

OFFICE = {
    "name": "front office",
    "number": "+14155550142",
    "hours": {"monday": "08:00-17:00"},
    "before": "I put you through to the front office.",
}
ON_CALL = {"name": "on call", "number": "+14155550143"}


def at(day: int, hour: int) -> float:
    """A moment of the business; 30 November 2026 is a Monday."""
    zone = ZoneInfo("America/Los_Angeles")
    return dt.datetime(2026, 11, day, hour, tzinfo=zone).timestamp()


def ending(*tools: str, office: dict[str, str] | None = None, **fields: object) -> Ending:
    targets = [{**OFFICE, **(office or {})}, ON_CALL]
    agent = {
        "name": "Sam",
        "business": "Bright Pipes",
        "instructions": "x",
        "time_zone": "America/Los_Angeles",
        "booking": {"time_zone": "America/Los_Angeles"},
        "transfer_targets": targets,
        "tools": ["transfer_call", "end_call", *tools],
        **fields,
    }
    return Ending(Agent.model_validate(agent))


def ask(one: Ending, now: float, **arguments: str) -> tuple[PendingAction | None, str]:
    call = FunctionCall("c1", "transfer_call", orjson.dumps(arguments).decode())
    return one.ask(call, now)


def test_the_named_target_is_put_through_to_with_its_own_words() -> None:
    action, _ = ask(ending(), at(30, 9), target="front office", message="One moment.")
    assert action == PendingAction(
        "transfer", "I put you through to the front office.", "+14155550142", "front office"
    )
    action, _ = ask(ending(), at(30, 9), target="on call", message="One moment.")
    assert action == PendingAction("transfer", "One moment.", "+14155550143", "on call")
    assert PendingAction(**action.to_state()) == action
    assert PendingAction("transfer", "x", "+1") == PendingAction(
        kind="transfer", line="x", target="+1"
    ), "as older processes saved it"


def test_a_closed_target_is_said_to_be_closed_and_something_is_offered() -> None:
    action, problem = ask(ending("take_message"), at(29, 9), target="front office")
    assert action is None
    assert problem == (
        "Not done: nobody is there at front office now. Somebody is there again tomorrow, Monday,"
        " November thirtieth at eight AM. Say so, and offer to take a message."
    )
    _, problem = ask(ending(), at(29, 9), target="front office")
    assert problem.endswith("offer something else.")
    _, problem = ask(ending(office={"otherwise": "on call"}), at(29, 9), target="front office")
    assert problem.endswith("offer to connect them to on call instead.")


def test_a_target_that_there_is_none_of_is_a_mistake_of_the_models() -> None:
    action, problem = ask(ending(), at(30, 9), target="the mayor")
    assert action is None
    assert problem == "target must be one of: front office, on call."
    _, problem = ask(ending(), at(30, 9))
    assert problem == "Missing: target. Ask the caller."


def test_without_a_model_whoever_is_there_takes_over() -> None:
    handing = ending(turn_taking={"fallback": "transfer"})
    assert handing.give_up(at(30, 9)).name == "front office"
    assert handing.give_up(at(29, 9)).name == "on call"
    alone = Ending(handing.agent.model_copy(update={"transfer_targets": ()}))
    alone.agent.__dict__.pop("switchboard", None)
    assert alone.give_up(at(29, 9)).kind == "end"
