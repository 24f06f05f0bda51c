"""Whose a call was, also where its agent is gone or nobody answered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.core.agent.reference import AgentRef
from app.errors import NotFound
from workers.after_call.story import agent_of
from workers.runtime import Runtime


def nobody(who: AgentRef) -> Any:
    raise NotFound("no agent")


@pytest.mark.parametrize(
    ("story", "names"),
    [
        ({"agent": "Eve", "business": "Corner"}, ("Eve", "Corner")),
        ({"agent": "Eve"}, ("Eve", "Eve")),
        ({}, ("unknown", "unknown")),
        ({"agent": " ", "business": "x" * 5000}, ("unknown", "x" * 200)),
    ],
)
def test_an_agent_that_is_not_known_leaves_its_names(
    story: dict[str, str], names: tuple[str, str]
) -> None:
    catalog = SimpleNamespace(equip=lambda agent: agent)
    at_work = SimpleNamespace(
        agents=SimpleNamespace(find=nobody), servers=SimpleNamespace(catalog=catalog)
    )
    agent = agent_of(cast(Runtime, at_work), story)
    assert (agent.name, agent.business) == names
    assert not agent.toolset
