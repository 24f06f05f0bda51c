"""Whose key has signed a request: a business's own key opens what is its own, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import gevent
from flask import g

from app.adapters.agents.secrets import SECRETS
from app.adapters.calls.who import agent_ref
from app.bridges.services import services
from app.core.agent.business import Business
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked, NoAgent
from app.core.agent.reference import AgentRef
from app.core.agent.references import fill_references
from app.errors import Unauthorized, Unavailable
from app.web.edge import edge

#: How long Redis may take to tell whose a call is.
LIMIT_S = 0.5

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


def agent_for(asked: Asked, call_id: str = "") -> Agent:
    """The agent that a signed request is for. What is about a call that has begun is for the call's
    agent, in its version, unless the address names another one. What a business has signed and
    tells no agent is for its first one.

    Raises `NotFound`, `Unauthorized` for another business's agent, and `Unavailable` where the
    version of the call cannot be fetched.
    """
    kept = ref_of(call_id) if call_id else None
    address = asked.address.strip()
    if kept is not None and kept.version:
        named = services().agents.named(address) if address else None
        if address in ("", kept.agent) or (named is not None and named.id == kept.agent):
            if g.get("signer", "") not in ("", kept.business):
                raise Unauthorized(_OTHERS)
            return services().agents.find(kept)
    return _routed(asked)


def ref_of(call_id: str) -> AgentRef | None:
    """The agent of a call, asked for once a request; None where Redis does not tell in time."""
    known: dict[str, AgentRef | None] = g.setdefault("agent_refs", {})
    if call_id not in known:
        known[call_id] = None
        late = Unavailable("too slow")
        with suppress(Unavailable), edge().ringing.guard(), gevent.Timeout(LIMIT_S, late):
            known[call_id] = agent_ref(services().redis, call_id)
    return known[call_id]


def _routed(asked: Asked) -> Agent:
    """The agent that answers new calls."""
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
