"""What a call's transcript asks for, and the effects that it leads to where there is evidence.

Acting is for calls whose model is not ours: their finals come by webhook, and nobody else books. It
is done through the same effects as a live call's tools, so however often this runs, and wherever a
worker dies, a request leads to its effect once.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app import logs
from app.adapters.calls.inbox import News, NewsStore
from app.adapters.intent import finals, model
from app.adapters.notify.messages import Messages, request_not_done
from app.adapters.tools.execution import Effect
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked
from app.core.agent.reference import AgentRef
from app.core.booking import slot_ids
from app.core.booking.slots import Slot, local_instant, refusal
from app.core.requests import acts as acting
from app.core.requests import analyses, call, transcript
from app.core.requests.acts import Step
from app.core.requests.evidence import Decision
from app.core.tools.declarations import idempotency_key
from app.core.tools.epoch import epoch_of
from app.errors import NotFound
from workers import appointments
from workers.availability import busy_around
from workers.decisions import (
    Following,
    Verdict,
    caller_number,
    decide_call,
    nobodys_business,
    wants_answer,
)
from workers.effects import context_of
from workers.own.requests import act_on_own
from workers.runtime import Runtime

log = logs.get(__name__)

#: After an action its outcome is looked up so many milliseconds later.
OUTCOME_MS = 1500
UNNAMED = "Phone caller"


def follow(at_work: Runtime, store: NewsStore, news: News, now_ms: int) -> int | None:
    """Understand the call's finals and act where they allow it; when to look again, if at all."""
    try:
        agent = agent_of(at_work, news)
    except NotFound as error:
        log.warning("no agent answers the call", extra={"why": error.message})
        at_work.calls.merge(news.call_id, {"refused": error.message})
        return None
    zone = agent.booking.zone
    start_ms = int(news.facts.get("start_timestamp") or 0)
    if news.entries:
        said = transcript.said_in(news.entries, start_ms, zone)
    else:
        said = transcript.heard_by(news.heard, zone)
    if not any(item.role == "caller" for item in said):
        return None
    ask_model = model.for_call(at_work.settings_of(agent), at_work.redis, agent, news.call_id)
    found = analyses.analyses(said, finals.reader(agent, ask_model), news.last_ms or now_ms)
    quiet_ms = transcript.quiet_since_ms(news.entries, news.heard, start_ms, news.last_ms)
    look = Following(at_work, store, news, agent, now_ms, call.read(agent, said), found, quiet_ms)
    done, unsettled = _with_outcomes(look)
    decisions, verdict = decide_call(look, done)
    if verdict.kind == "act":
        verdict = _act(look, verdict, done)
        unsettled = True
    own: list[dict[str, Any]] = []
    if verdict.kind == "none":
        own, begun = act_on_own(look, done)
        unsettled = unsettled or begun
    _file(look, decisions, verdict, own)
    if verdict.kind == "wait":
        return verdict.due_ms
    if news.over and not unsettled and agent.intents.tell_business:
        _tell_business(look, decisions, verdict, done, own)
    return now_ms + OUTCOME_MS if unsettled else None


def agent_of(at_work: Runtime, news: News) -> Agent:
    """The agent of a call of other models: decided once, and kept with the call.

    Raises `NotFound` where no agent answers it.
    """
    kept = news.summary.get("agent_ref")
    if isinstance(kept, dict):
        return at_work.agents.find(AgentRef.from_json(kept))
    asked = Asked.of_details(news.facts, str(news.facts.get("agent") or ""))
    agent = at_work.agents.route(asked).agent
    who = AgentRef.to(agent, asked.retell_agent_id)
    at_work.calls.merge(
        news.call_id,
        {"agent_ref": who.to_json(), "agent": agent.name, "business": agent.business},
    )
    return agent


def _tell_business(
    look: Following,
    decisions: Sequence[Decision],
    verdict: Verdict,
    done: list[dict[str, Any]],
    own: list[dict[str, Any]],
) -> None:
    """Leave the business a message about what was asked for and not done, once a call."""
    if nobodys_business(look, done):
        return
    undone = [
        f"{item.tool}: {acting.refused(item, done) or item.why}"
        for item in decisions
        if (item.kind != "act" and wants_answer(item)) or acting.refused(item, done)
    ]
    undone += [f"{item['tool']}: {item['why']}" for item in own if not item["acted"]]
    if not undone:
        return
    at_work, news = look.at_work, look.news
    message = request_not_done(
        AgentRef.to(look.agent, str(news.facts.get("agent_id") or "")),
        news.call_id,
        caller_number(news),
        look.now_ms / 1000,
        "; ".join(undone)[:500],
    )
    Messages(at_work.redis, at_work.settings.record_retention_s).leave(message)


def _act(look: Following, verdict: Verdict, done: list[dict[str, Any]]) -> Verdict:
    """Ask for the effect. Asked again for the same request it is the same effect."""
    step = verdict.step
    assert step is not None
    at_work, news, decision = look.at_work, look.news, step.decision
    if (
        step.replaces.get("ok", True) is None
        and step.tool != "cancel_appointment"
        and at_work.effects.supersede(news.call_id, step.replaces["key"])
    ):
        # A correction before the booking has begun replaces it; after that it moves it.
        _mark(done, step.replaces["key"], ok=False)
        step = replace(step, tool=decision.tool, booking_id="")
    arguments, slot = _arguments(look, step)
    epoch = epoch_of((act["tool"], act.get("ok") is True) for act in done)
    key = idempotency_key(news.call_id, step.tool, arguments, epoch)
    act: dict[str, Any] = {
        "number": decision.claim.number if decision.claim else 0,
        "tool": step.tool,
        "start": decision.start.isoformat(timespec="minutes") if decision.start else None,
        "service": decision.service,
        "name": decision.name,
        "target": decision.target.id if decision.target else "",
        "known": appointments.as_json(decision.target) if decision.target else None,
        "key": key,
        "at_ms": look.now_ms,
        "ok": None,
    }
    effect = at_work.effects.get(news.call_id, key)
    if effect is None:
        context = {
            **AgentRef.to(look.agent, str(news.facts.get("agent_id") or "")).to_json(),
            "caller_number": caller_number(news),
            "channel": "webhook",
            "consent": "stated",
        }
        why = slot and _refusal(look, step.tool, slot, context)
        if why:
            act |= {"ok": False, "why": f"that time cannot be had: {why}"}
            look.store.acted(news.call_id, [*done, act])
            return Verdict("none", str(act["why"]), decision, step=step)
        tool_call_id = f"heard-{act['number']}-{key[-8:]}"
        effect = at_work.effects.ask(news.call_id, key, step.tool, arguments, tool_call_id, context)
        log.info("transcript led to an action", extra={"tool": step.tool})
    if key not in {known["key"] for known in done}:
        act["ok"] = effect.ok if effect.settled else None
        look.store.acted(news.call_id, [*done, act])
    return replace(verdict, step=step)


def _mark(done: list[dict[str, Any]], key: str, *, ok: bool) -> None:
    for act in done:
        if act["key"] == key:
            act["ok"] = ok


def _arguments(look: Following, step: Step) -> tuple[dict[str, Any], Slot | None]:
    """The tool's arguments, and the slot they name. The same request names the same slot."""
    decision, rules = step.decision, look.agent.booking
    target = {"booking_id": step.booking_id} if step.booking_id else {}
    if step.tool == "cancel_appointment":
        return target, None
    assert decision.start is not None
    service = next(
        (item for item in rules.services if item.id == decision.service), rules.services[0]
    )
    start = local_instant(decision.start.date(), decision.start.time(), rules.zone)
    slot = Slot(start, start + dt.timedelta(minutes=service.minutes), service.id)
    slot_id = slot_ids.make(look.news.call_id, start, rules.services.index(service))
    if step.tool == "book_appointment":
        name = decision.name or UNNAMED
        return {"slot_id": slot_id, "name": name, "service": service.name}, slot
    return {"slot_id": slot_id, **target}, slot


def _refusal(look: Following, tool: str, slot: Slot, context: dict[str, Any]) -> str | None:
    """Why the slot the caller named cannot be had; None where it can.

    For a move only the rules are looked at: the appointment itself may be what is in the way; the
    calendar decides when it is moved.
    """
    rules = look.agent.booking
    service = next(item for item in rules.services if item.id == slot.service)
    effect = Effect(look.news.call_id, "heard", "asked", tool, context=context)
    ctx = context_of(look.at_work, effect)
    busy = busy_around(ctx, slot.start, service) if tool == "book_appointment" else ()
    return refusal(rules, service, slot.start, busy, ctx.now)


def _with_outcomes(look: Following) -> tuple[list[dict[str, Any]], bool]:
    """The actions so far with what came of each; whether any is still under way."""
    news, at_work = look.news, look.at_work
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
            detail = (effect.result or {}).get("output", {}) if effect is not None else {}
            act["booking_id"] = detail.get("booking_id")
            if not act["ok"]:
                act["why"] = f"{act['tool']} was refused: {detail.get('error')}"
            at_work.calls.add_event(
                news.call_id,
                {
                    "at": time.time(),
                    "kind": "intent_action",
                    "tool": act["tool"],
                    "outcome": "done" if act["ok"] else "refused",
                    "error": detail.get("error"),
                },
            )
    if changed:
        look.store.acted(news.call_id, news.acts)
    return news.acts, any(act.get("ok") is None for act in news.acts)


def _file(
    look: Following,
    decisions: Sequence[Decision],
    verdict: Verdict,
    own: list[dict[str, Any]],
) -> None:
    """The intents, the newest one, and why it was acted upon or not."""
    news, at_work = look.news, look.at_work
    look.store.understood(news.call_id, look.analyses)
    asked = [analysis for analysis in look.analyses if analysis["intent"]]
    about = verdict.decision or (decisions[-1] if decisions else None)
    claim = about.claim if about else None
    record: dict[str, Any] = {
        "intent": analyses.INTENT_OF[claim.kind] if claim else None,
        "acted": verdict.kind == "act",
        "tool": verdict.step.tool if verdict.step else (about.tool if about else None) or None,
        "why": verdict.why,
        "slots": _slots(about),
        "evidence": {name: span.as_json() for name, span in about.spans.items()} if about else {},
        "requests": [*(decision.as_json() for decision in decisions), *own],
    }
    if own and claim is None:
        last = own[-1]
        record |= {name: last[name] for name in ("intent", "acted", "tool", "why", "evidence")}
        record["slots"] = last["arguments"]
    fields: dict[str, Any] = {"last_intent": asked[-1] if asked else None}
    before = news.summary.get("decision") or {}
    if {**before, "at": None} != {**record, "at": None} and not _settled(before, record):
        record["at"] = look.now_ms / 1000
        fields["decision"] = record
        shown = {name: record[name] for name in ("intent", "acted", "tool", "why", "slots", "at")}
        at_work.calls.add_event(news.call_id, {"kind": "intent_decision", **shown})
    at_work.calls.merge(news.call_id, fields)


def _slots(decision: Decision | None) -> dict[str, Any]:
    claim = decision.claim if decision else None
    if decision is None or claim is None:
        return {}
    day = decision.start.date() if decision.start else claim.wish.day and claim.wish.day.value
    at = decision.start.time() if decision.start else claim.wish.time and claim.wish.time.value
    found = {
        "date": day.isoformat() if day else None,
        "time": f"{at:%H:%M}" if at else None,
        "service": decision.service or (claim.wish.service and claim.wish.service.value),
        "name": decision.name or (claim.wish.name and claim.wish.name.value),
    }
    return {name: value for name, value in found.items() if value}


def _settled(before: dict[str, Any], record: dict[str, Any]) -> bool:
    """Whether the call's decision stands: it was acted, and nothing new was asked for since."""
    same = all(before.get(name) == record[name] for name in ("intent", "slots"))
    return bool(before.get("acted")) and same and not record["acted"]
