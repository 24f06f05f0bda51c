"""Every shipped scenario is played against the whole program."""

from __future__ import annotations

import pytest

from app.rehearsal.retell_caller import scenario
from tests.support.stack import RunningStack

READY = [name for name in scenario.shipped() if not scenario.load(name).requires]


@pytest.mark.parametrize("name", READY)
def test_it_passes(shared_stack: RunningStack, name: str) -> None:
    outcomes = shared_stack.calls(name)
    assert [(o.failures, o.faults) for o in outcomes] == [([], [])] * len(outcomes)
    assert len(outcomes) == len(scenario.load(name).calls)
