"""Every shipped scenario is played against the whole program."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.rehearsal.retell_caller import scenario
from tests.support.stack import RunningStack, end

READY = [name for name in scenario.shipped() if not scenario.load(name).requires]
#: Scenarios of the other shipped agents: the agent's file that each requires.
WITH_AGENT = {
    name: scenario.load(name).requires.removeprefix("AGENT_FILE=")
    for name in scenario.shipped()
    if scenario.load(name).requires.startswith("AGENT_FILE=")
}


@pytest.mark.parametrize("name", READY)
def test_it_passes(shared_stack: RunningStack, name: str) -> None:
    outcomes = shared_stack.calls(name)
    assert [(o.failures, o.faults) for o in outcomes] == [([], [])] * len(outcomes)
    assert len(outcomes) == len(scenario.load(name).calls)


@pytest.mark.parametrize("file", sorted(set(WITH_AGENT.values())))
def test_the_scenarios_of_an_agent_pass(
    tmp_path: Path, request: pytest.FixtureRequest, file: str
) -> None:
    stack = RunningStack(tmp_path, {"AGENT_FILE": file})
    stack.start()
    try:
        for name in (name for name, wanted in WITH_AGENT.items() if wanted == file):
            outcomes = stack.calls(name)
            assert [(o.failures, o.faults) for o in outcomes] == [([], [])] * len(outcomes), name
    finally:
        end(stack, failed=bool(request.session.testsfailed))
