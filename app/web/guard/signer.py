"""Whose key has signed a request: a business's own key opens what is its own, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from flask import g

from app.adapters.agents.secrets import SECRETS
from app.bridges.services import services
from app.core.agent.business import Business
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked, NoAgent
from app.core.agent.reference import AgentRef
from app.core.agent.references import fill_references
from app.errors import Unauthorized

_OTHERS = "this key is another business's"


def find_signer(
    secret: Callable[[Business], str | None], fits: Callable[[list[str]], bool]
) -> bool:
    """Whether the own key of a business has signed the request, which is then that business's.

    secret: the reference to the key, of a business that has one; fits: whether one of these keys
    has signed.
    """
    for business in services().agents.businesses.values():
        reference = secret(business)
        if reference is None:
            continue
        try:
            keys = fill_references(reference, SECRETS).split(",")
        except KeyError:
            continue
        if fits([key.strip() for key in keys]):
            g.signer = business.id
            return True
    return False


def agent_for(asked: Asked) -> Agent:
    """The agent that a signed request is for. What a business has signed and tells no agent is for
    its first one. Raises `NotFound`, or `Unauthorized` for another business's agent."""
    agents, signer = services().agents, g.get("signer", "")
    if not signer:
        return agents.route(asked).agent
    try:
        route = agents.route(asked)
    except NoAgent:
        route = None
    if route is None or route.by == "default":
        own = agents.of_business(signer)
        if not own:
            raise NoAgent(f"business {signer} has no agent")
        return own[0]
    if route.agent.home.id != signer:
        raise Unauthorized(_OTHERS)
    return route.agent


def check_call(call_id: str) -> None:
    """Raise `Unauthorized` where a business's key has signed a request about another's call, and
    `Unavailable` where that cannot be told."""
    signer = g.get("signer", "")
    if not signer or not call_id:
        return
    kept = (services().calls.summary(call_id) or {}).get("agent_ref")
    if isinstance(kept, dict) and AgentRef.from_json(kept).business != signer:
        raise Unauthorized(_OTHERS)
