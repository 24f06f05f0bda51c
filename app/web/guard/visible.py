"""What the viewer of a request may see: calls, agents and businesses, each found or missing."""

from __future__ import annotations

from typing import Any

from app.adapters.calls.story import owner_of
from app.bridges.services import services
from app.core.agent.business import Business
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked, NoAgent, UnknownAgent
from app.errors import NotFound
from app.security.scope import Scope
from app.web.guard.viewer import viewer

NO_CALL = "no such call"


def check_call(scope: Scope, call_id: str) -> None:
    """Raise `NotFound` unless the call may be seen: it is missing, or another business's."""
    if not scope.is_all:
        scope.check(owner_of(services().calls.summary(call_id) or {}), NO_CALL)


def visible_call(call_id: str) -> dict[str, Any]:
    """The summary of a call that the viewer may see. Raises `NotFound`."""
    summary = services().calls.summary(call_id)
    if summary is None:
        raise NotFound(NO_CALL)
    viewer().scope.check(owner_of(summary), NO_CALL)
    return summary


def visible_agents() -> tuple[Agent, ...]:
    """The agents that the viewer may see."""
    scope, agents = viewer().scope, services().agents
    return agents.all if scope.business is None else agents.of_business(scope.business)


def visible_businesses() -> tuple[Business, ...]:
    """The businesses that the viewer may see."""
    scope = viewer().scope
    found = services().agents.businesses.values()
    return tuple(each for each in found if scope.holds(each.id))


def visible_agent(name: str = "") -> Agent:
    """The agent of that id or name, if the viewer may see it; where none is named the default one,
    of a business its own first. Raises `NotFound`."""
    scope, agents = viewer().scope, services().agents
    if scope.business is None:
        return agents.route(Asked(address=name)).agent
    own = agents.of_business(scope.business)
    if name.strip():
        for agent in own:
            if name.strip() == agent.id or name.strip().casefold() == agent.name.casefold():
                return agent
        raise UnknownAgent(f"no agent is named {name[:100]!r}")
    if not own:
        raise NoAgent(f"business {scope.business} has no agent")
    return own[0]
