"""The booking tools as agents with and without resources offer them."""

from __future__ import annotations

from typing import Any

import pytest

from app.adapters.agents import files
from app.core.agent.definition import Agent
from app.core.agent.session_config import instructions
from app.core.booking.rules import BookingRules
from app.core.tools.arguments import ArgumentReader
from app.core.tools.declarations import TOOLS

ANNA = {"name": "Anna"}
TABLE = {"name": "table for four", "seats": 4, "count": 2}
CUT = {"id": "cut", "name": "cut", "minutes": 30}
MEAL = {"id": "meal", "name": "meal", "minutes": 90}
BOOKING = ("check_availability", "book_appointment", "reschedule_appointment", "cancel_appointment")


def agent(resources: list[dict[str, Any]], *services: dict[str, Any]) -> Agent:
    rules = BookingRules.model_validate({"resources": resources, "services": services})
    return files.load().default.model_copy(update={"booking": rules})


def parameters(found: Agent, tool: str) -> dict[str, Any]:
    return found.toolset[tool].parameters


@pytest.mark.parametrize("tool", BOOKING)
def test_without_resources_the_tools_are_as_declared(tool: str) -> None:
    assert files.load().default.toolset[tool] is TOOLS[tool]


@pytest.mark.parametrize("tool", BOOKING)
def test_people_can_be_asked_for(tool: str) -> None:
    found = parameters(agent([ANNA], CUT), tool)
    assert set(found["properties"]) - set(TOOLS[tool].parameters["properties"]) == {"resource"}
    assert found["required"] == TOOLS[tool].parameters["required"]
    assert "resource" not in TOOLS[tool].parameters["properties"]


def test_the_number_of_people_is_required_where_nothing_goes_without() -> None:
    only = parameters(agent([TABLE], MEAL), "check_availability")
    assert only["required"] == ["party_size"]
    assert "Anna" not in str(only)
    some = agent(
        [TABLE, ANNA], {**MEAL, "resources": ["table for four"]}, {**CUT, "resources": ["Anna"]}
    )
    assert parameters(some, "check_availability")["required"] == []
    assert "party_size" in parameters(some, "check_availability")["properties"]
    assert "table for four and Anna" in str(parameters(some, "check_availability"))
    assert parameters(agent([TABLE], MEAL), "book_appointment")["required"] == ["slot_id", "name"]


def test_other_tools_stay() -> None:
    found = agent([ANNA], CUT)
    assert found.toolset["find_appointments"] is TOOLS["find_appointments"]


def test_what_a_model_writes_is_read_as_for_other_built_in_tools() -> None:
    reader = ArgumentReader(agent([TABLE], MEAL).toolset)
    read = reader.read("check_availability", '{"party_size": "4", "invented": 1}')
    assert read.values == {"party_size": 4}
    assert "Missing: party_size" in reader.read("check_availability", "{}").problem
    assert reader.read("check_availability", '{"party_size": 0}').problem
    assert reader.read("check_availability", '{"party_size": 2.5}').problem


def test_the_model_is_told_whom_and_how_many() -> None:
    told = instructions(agent([ANNA, {"name": "Ben"}], CUT), {}, 0.0)
    assert "A cut is with Anna or Ben." in told
    told = instructions(agent([TABLE], MEAL), {}, 0.0)
    assert "A meal is for at most four people; ask how many come." in told
    assert "A checkup is" not in instructions(files.load().default, {}, 0.0)
