"""Finding the agent of a call takes as many steps for a thousand agents as for ten."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from app.core.agent.business import Business
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked, Directory
from app.core.agent.reference import AgentRef


def directory(size: int) -> Directory:
    agents = []
    for number in range(size):
        home = Business(id=f"b{number // 5}", name=f"B {number // 5}")
        agent = Agent(
            id=f"a{number}",
            name=f"Agent {number}",
            business=home.name,
            instructions="x",
            retell_agent_ids=(f"agent_{number}",),
            numbers=(f"+4930555{10000 + number}",),
        )
        agents.append(agent.of(home, f"v{number}"))
    return Directory(agents, default=agents[0])


def steps(work: Callable[[], object]) -> int:
    """How many functions a piece of work calls, Python's own included."""
    count = 0

    def called(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "look",
    [
        lambda known: known.route(Asked(address="a9")),
        lambda known: known.route(Asked(address="agent 9")),
        lambda known: known.route(Asked(retell_agent_id="agent_9")),
        lambda known: known.route(Asked(number="+493055510009")),
        lambda known: known.route(Asked(number="+493055599999")),
        lambda known: known.find(AgentRef("a9", "b1")),
        lambda known: known.business("b1"),
    ],
    ids=["id", "name", "retell", "number", "nobody's number", "reference", "business"],
)
def test_a_look_up_is_as_long_for_many(look: Callable[[Directory], object]) -> None:
    few, many = directory(10), directory(1000)
    look(few)  # what is only made once
    assert steps(lambda: look(few)) == steps(lambda: look(many)) > 0
