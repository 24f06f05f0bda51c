"""What the finals of a call ask for, and the one action that a request leads to.

Acting is for calls whose model is not ours: finals come by webhook, and nobody else books. It is
done through the same effects as a live call's tools, so however often this runs, and wherever a
worker dies, a request leads to its action once.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import Any

from app import logs
from app.adapters.booking.offers import Offered
from app.adapters.calls.inbox import News, NewsStore
from app.adapters.intent import finals, model
from app.adapters.tools.execution import Effect
from app.core.agent.definition import Agent
from app.core.booking import slot_ids
from app.core.booking.slots import Slot, local_instant, refusal
from app.core.requests.request import (
    MERGE_MS,
    Understanding,
    Verdict,
    understand,
    verdict,
)
from app.core.requests.transcript import heard_in
from app.core.tools.declarations import idempotency_key
from workers.availability import busy_around
from workers.effects import context_of
from workers.runtime import Runtime

log = logs.get(__name__)

#: After an action its outcome is looked up so many milliseconds later.
OUTCOME_MS = 1500
UNNAMED = "Phone caller"
_NAME_VARIABLES = ("customer_name", "caller_name", "name", "first_name")


def follow(at_work: Runtime, store: NewsStore, news: News, now_ms: int) -> int | None:
    """Understand the call's finals and act where they allow it; when to look again, if at all."""
    agent = at_work.agents.for_retell(news.facts.get("agent_id"))
    heard, merge_ms = news.heard, MERGE_MS
    if news.entries:  # turns are whole already
        start_ms = int(news.facts.get("start_timestamp") or 0)
        heard, merge_ms = heard_in(news.entries, start_ms, news.last_ms), 0
    if not heard:
        return None
    ask_model = model.for_call(at_work.settings, at_work.redis, agent, news.call_id)
    seen = understand(heard, finals.reader(agent, ask_model), merge_ms=merge_ms)
    acts, unsettled = _with_outcomes(at_work, store, news)
    said = _decide(agent, news, seen, now_ms, acts)
    if said.kind == "act":
        said = _act(at_work, store, news, agent, seen, said, acts, now_ms)
        unsettled = True
    _file(at_work, store, news, seen, said, now_ms)
    if said.kind == "wait":
        return said.due_ms
    return now_ms + OUTCOME_MS if unsettled else None


def _decide(
    agent: Agent, news: News, seen: Understanding, now_ms: int, acts: list[dict[str, Any]]
) -> Verdict:
    if news.held:
        return Verdict("none", "the call's own model decides: it is on a socket of ours")
    own = {act["key"] for act in acts}
    if any(key not in own for key in news.effects):
        return Verdict("none", "the call's own model decides: it has used a tool")
    if not agent.intents.act:
        return Verdict("none", "the agent's file says not to act")
    return verdict(
        seen,
        agent.intents,
        now_ms=now_ms,
        quiet_ms=agent.turn_taking.cooldown_ms,
        over=news.over,
        done=acts,
    )


def _act(
    at_work: Runtime,
    store: NewsStore,
    news: News,
    agent: Agent,
    seen: Understanding,
    said: Verdict,
    acts: list[dict[str, Any]],
    now_ms: int,
) -> Verdict:
    """Ask for the effect. Asked again for the same request it is the same effect."""
    assert seen.request is not None
    last = acts[-1] if acts else {}
    if (
        (said.tool, last.get("tool")) == ("reschedule_appointment", "book_appointment")
        and last.get("ok") is None
        and at_work.effects.supersede(news.call_id, last["key"])
    ):
        # A correction before the booking has begun replaces it; after that it moves it.
        last["ok"] = False
        said = replace(said, tool="book_appointment")
    arguments, slot = _arguments(news, agent, seen, said.tool)
    undone = sum(act.get("ok") is True and act["tool"] != "book_appointment" for act in acts)
    key = idempotency_key(news.call_id, said.tool, arguments, undone)
    act: dict[str, Any] = {
        "number": seen.request.number,
        "tool": said.tool,
        "slots": {part: seen.request.slots.get(part) for part in ("date", "time")},
        "key": key,
        "at_ms": now_ms,
        "ok": None,
    }
    effect = at_work.effects.get(news.call_id, key)
    if effect is None:
        context = {
            "agent": agent.name,
            "agent_id": str(news.facts.get("agent_id") or ""),
            "caller_number": caller_number(news),
            "channel": "webhook",
        }
        why = slot and _refusal(at_work, news, agent, said.tool, slot, context)
        if why:
            act |= {"ok": False, "why": f"that time cannot be had: {why}"}
            store.acted(news.call_id, [*acts, act])
            return Verdict("none", str(act["why"]), tool=said.tool)
        tool_call_id = f"heard-{seen.request.number}-{key[-8:]}"
        effect = at_work.effects.ask(news.call_id, key, said.tool, arguments, tool_call_id, context)
        log.info("transcript led to an action", extra={"tool": said.tool})
    if key not in {known["key"] for known in acts}:
        act["ok"] = effect.ok if effect.settled else None
        store.acted(news.call_id, [*acts, act])
    return said


def _arguments(
    news: News, agent: Agent, seen: Understanding, tool: str
) -> tuple[dict[str, Any], Slot | None]:
    """The tool's arguments, and the slot they name. The same request names the same slot."""
    assert seen.request is not None
    slots = seen.request.slots
    name = seen.name or _told_name(news)
    if tool == "cancel_appointment":
        return ({"name": name} if name else {}), None
    rules = agent.booking
    service = rules.service(slots.get("service")) or rules.services[0]
    start = local_instant(
        dt.date.fromisoformat(slots["date"]), dt.time.fromisoformat(slots["time"]), rules.zone
    )
    slot = Slot(start, start + dt.timedelta(minutes=service.minutes), service.id)
    slot_id = slot_ids.make(news.call_id, start, rules.services.index(service))
    if tool == "book_appointment":
        return {"slot_id": slot_id, "name": name or UNNAMED, "service": service.name}, slot
    return {"slot_id": slot_id, **({"name": name} if name else {})}, slot


def _refusal(
    at_work: Runtime, news: News, agent: Agent, tool: str, slot: Slot, context: dict[str, Any]
) -> str | None:
    """Why the slot the caller named cannot be had; None where it can, and then it is offered.

    The caller named it without being asked: that is their yes, where the agent's file wants one
    before it books. (`intents.confirm` asks for another.) For a move only the rules are looked at:
    the appointment itself may be what is in the way; the calendar decides when it is moved.
    """
    rules = agent.booking
    service = next(item for item in rules.services if item.id == slot.service)
    ctx = context_of(at_work, Effect(news.call_id, "heard", "asked", tool, context=context))
    busy = busy_around(ctx, slot.start, service) if tool == "book_appointment" else ()
    why = refusal(rules, service, slot.start, busy, ctx.now)
    if why is None:
        offered = Offered(at_work.redis, news.call_id)
        offered.add_slots([slot], rules)
        offered.asked_before(slot, "heard", 0)
    return why


def _with_outcomes(
    at_work: Runtime, store: NewsStore, news: News
) -> tuple[list[dict[str, Any]], bool]:
    """The actions so far with what came of each; whether any is still under way."""
    open_acts = [act for act in news.acts if act.get("ok") is None]
    if not open_acts:
        return news.acts, False
    found = {
        effect.key: effect
        for effect in at_work.effects.get_many((news.call_id, act["key"]) for act in open_acts)
    }
    changed = False
    for act in open_acts:
        effect = found.get(act["key"])
        if effect is None or effect.settled:
            act["ok"] = effect is not None and effect.ok
            changed = True
            outcome = "done" if act["ok"] else "refused"
            detail = (effect.result or {}).get("output", {}) if effect is not None else {}
            if not act["ok"]:
                act["why"] = f"{act['tool']} was refused: {detail.get('error')}"
            at_work.calls.add_event(
                news.call_id,
                {
                    "at": time.time(),
                    "kind": "intent_action",
                    "tool": act["tool"],
                    "outcome": outcome,
                    "error": detail.get("error"),
                },
            )
    if changed:
        store.acted(news.call_id, news.acts)
    return news.acts, any(act.get("ok") is None for act in news.acts)


def _file(
    at_work: Runtime,
    store: NewsStore,
    news: News,
    seen: Understanding,
    said: Verdict,
    now_ms: int,
) -> None:
    """The intents, the newest one, and why it was acted upon or not."""
    store.understood(news.call_id, seen.analyses)
    asked = [analysis for analysis in seen.analyses if analysis["intent"]]
    decision: dict[str, Any] = {
        "intent": seen.request.intent if seen.request else None,
        "acted": said.kind == "act",
        "tool": said.tool or None,
        "why": said.why,
        "slots": seen.request.slots if seen.request else {},
    }
    fields: dict[str, Any] = {"last_intent": asked[-1] if asked else None}
    before = news.summary.get("decision") or {}
    if {**before, "at": None} != {**decision, "at": None} and not _settled(before, decision):
        decision["at"] = now_ms / 1000
        fields["decision"] = decision
        at_work.calls.add_event(news.call_id, {"kind": "intent_decision", **decision})
    at_work.calls.merge(news.call_id, fields)


def _settled(before: dict[str, Any], decision: dict[str, Any]) -> bool:
    """Whether the call's decision stands: it was acted, and nothing new was asked for since."""
    same = all(before.get(name) == decision[name] for name in ("intent", "slots"))
    return bool(before.get("acted")) and same and not decision["acted"]


def _told_name(news: News) -> str:
    """The caller's name as the call's variables tell it; blank where they do not."""
    for place in ("collected_dynamic_variables", "retell_llm_dynamic_variables"):
        variables = news.facts.get(place) or {}
        for name in _NAME_VARIABLES:
            value = variables.get(name)
            if isinstance(value, str) and value.strip():
                return value.strip()[:100]
    return ""


def caller_number(news: News) -> str:
    """The number of the person on the line; blank where the channel has none."""
    name = "to_number" if news.facts.get("direction") == "outbound" else "from_number"
    return str(news.facts.get(name) or "")
