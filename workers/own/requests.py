"""Tools that an agent's own intents run in calls that only webhooks told of.

It is decided when the call is over: then every word that could complete, correct or take back a
request has been said.
"""

from __future__ import annotations

from typing import Any

from app import logs
from app.core.agent.reference import AgentRef
from app.core.requests.own import OwnRequest, own_requests
from app.core.tools.arguments import ArgumentReader
from app.core.tools.declarations import idempotency_key
from workers.decisions import Following, caller_number, nobodys_business, reads_twice

log = logs.get(__name__)


def act_on_own(look: Following, done: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
    """The call's requests by own intents, for its record, and whether anything was begun."""
    intents = look.agent.intents
    if not intents.tools or not look.news.over:
        return [], False
    agent = look.at_work.servers.catalog.equip(look.agent)
    tools = {
        intent: agent.toolset[name]
        for intent, name in intents.tools.items()
        if name in agent.toolset
    }
    found = own_requests(
        look.state.utterances,
        look.analyses,
        tools,
        threshold=intents.act_threshold,
        confirm=frozenset(intents.confirm),
    )
    refused = nobodys_business(look, done)
    if not refused and reads_twice(agent, look.at_work):
        refused = "not done, because no second reader reads the agent's own intents"
    reader, begun = ArgumentReader(agent.toolset), False
    told = []
    for request in found:
        read = reader.check(request.tool, request.arguments)
        left = request.why if request.kind == "leave" else read.problem
        if refused or left:
            told.append({**request.as_json(), "acted": False, "why": refused or left})
            continue
        act, new = _run(look, request, read.values, done)
        begun = begun or new
        why = str(act.get("why") or request.why)
        told.append({**request.as_json(), "acted": act["ok"] is not False, "why": why})
    return told, begun


def _run(
    look: Following, request: OwnRequest, arguments: dict[str, Any], done: list[dict[str, Any]]
) -> tuple[dict[str, Any], bool]:
    """Ask for the effect, once; the act, and whether it is a new one."""
    at_work, news = look.at_work, look.news
    key = idempotency_key(news.call_id, request.tool, arguments)
    known = next((act for act in done if act["key"] == key), None)
    if known is not None:
        return known, False
    kind = at_work.servers.catalog.equip(look.agent).toolset[request.tool].kind
    context = {
        **AgentRef.to(look.agent, str(news.facts.get("agent_id") or "")).to_json(),
        "caller_number": caller_number(news),
        "channel": "webhook",
        "consent": "stated",
    }
    effect = at_work.effects.ask(
        news.call_id, key, request.tool, arguments, f"own-{key[-12:]}", context, kind=kind
    )
    log.info("an own intent led to its tool", extra={"tool": request.tool})
    act = {
        "number": -1,
        "intent": request.intent,
        "tool": request.tool,
        "key": key,
        "at_ms": look.now_ms,
        "ok": effect.ok if effect.settled else None,
    }
    done.append(act)
    look.store.acted(news.call_id, done)
    return act, True
