from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from app.core.agent.definition import Agent
from app.core.tools.declarations import TOOLS

ZONE = ZoneInfo("America/Los_Angeles")
OFFICE = {
    "name": "front office",
    "number": "+14155550142",
    "hours": {"monday": ["08:00-12:00", "13:00-17:00"], "tuesday": "09:00-17:00"},
}


def agent(*targets: dict[str, Any], **fields: Any) -> Agent:
    return Agent.model_validate(
        {
            "name": "Sam",
            "business": "Bright Pipes",
            "instructions": "x",
            "time_zone": "UTC",
            "booking": {"time_zone": "America/Los_Angeles", "holidays": ["2026-12-01"]},
            "transfer_targets": list(targets),
            **fields,
        }
    )


def at(day: int, hour: int, minute: int = 0) -> float:
    """A moment of December 2026 (the 7th is a Monday) or, negative, of November."""
    month, day = (12, day) if day > 0 else (11, -day)
    return dt.datetime(2026, month, day, hour, minute, tzinfo=ZONE).timestamp()


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at(-30, 8), True),
        (at(-30, 7, 59), False),
        (at(-30, 12), False),
        (at(-30, 16, 59), True),
        (at(-30, 17), False),
        (at(1, 10), False),
        (at(8, 10), True),
        (at(2, 10), False),
    ],
)
def test_hours_are_in_the_businesss_zone_and_end_on_holidays(moment: float, is_open: bool) -> None:
    switchboard = agent(OFFICE).switchboard
    assert switchboard.is_open(switchboard.targets[0], moment) is is_open


def test_holidays_of_their_own_and_none_without_hours() -> None:
    own = agent({**OFFICE, "holidays": []}).switchboard
    assert own.is_open(own.targets[0], at(1, 10))
    always = agent({"name": "on call", "number": "+14155550143"}).switchboard
    assert always.is_open(always.targets[0], at(1, 3))


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (at(-30, 12, 30), "today, Monday, November thirtieth at one PM"),
        (at(-30, 18), "Monday, December seventh at eight AM"),
    ],
)
def test_when_somebody_is_there_again(moment: float, said: str) -> None:
    switchboard = agent(OFFICE).switchboard
    assert switchboard.say_opening(switchboard.targets[0], moment) == said


def test_the_tool_takes_the_targets_names() -> None:
    two = agent(OFFICE, {"name": "on call", "number": "+14155550143"})
    tool = two.toolset["transfer_call"]
    assert tool.parameters["properties"]["target"]["enum"] == ["front office", "on call"]
    assert tool.parameters["required"] == ["target"]
    assert "front office and on call" in tool.description
    assert agent(OFFICE).toolset["transfer_call"].parameters["required"] == []
    old = agent(transfer_number="+14155550142")
    assert old.toolset["transfer_call"] is TOOLS["transfer_call"]
    assert [target.number for target in old.switchboard.targets] == ["+14155550142"]


def test_who_is_tried_after_whom() -> None:
    a = {**OFFICE, "otherwise": "b"}
    b = {"name": "b", "number": "+14155550143", "hours": {}, "otherwise": "c"}
    c = {"name": "c", "number": "+14155550144", "otherwise": "front office"}
    switchboard = agent(a, b, c).switchboard
    office, _, last = switchboard.targets
    found = switchboard.next_after(office, (), at(8, 10))
    assert found is not None
    assert found.name == "c", "b is never there"
    assert switchboard.next_after(last, ("front office",), at(8, 10)) is None
    assert switchboard.last_word(office) == ""
    ends = agent({**OFFICE, "otherwise": "boss"}, {"name": "boss", "number": "123",
                                                    "otherwise": "end"}).switchboard  # fmt: skip
    assert ends.last_word(ends.targets[0]) == "end"


@pytest.mark.parametrize(
    ("targets", "problem"),
    [
        ([OFFICE, {**OFFICE, "name": "Front Office"}], "two transfer targets"),
        ([{**OFFICE, "otherwise": "nobody"}], "neither message, agent, end"),
        ([{**OFFICE, "otherwise": "front office"}], "is itself"),
        ([{**OFFICE, "number": "call me"}], "pattern"),
        ([{**OFFICE, "hours": {"monday": "8-17"}}], "opening hours look like"),
    ],
)
def test_mistakes_are_named(targets: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        agent(*targets)


def test_a_call_without_a_model_goes_to_whoever_is_there() -> None:
    handing = agent(OFFICE, turn_taking={"fallback": "transfer"})
    assert handing.hands_over(at(8, 10))
    assert not handing.promises_callback(at(8, 10))
    assert not handing.hands_over(at(2, 10))
    assert handing.promises_callback(at(2, 10))
