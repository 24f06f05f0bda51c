"""What may be done about a call now: the rules, the second reader, and what was done already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from app import logs
from app.adapters.calls.inbox import News, NewsStore
from app.adapters.intent import second_reader
from app.adapters.intent.second_reader import NoOpinion, SecondReader
from app.adapters.tools.execution import Effect
from app.core.agent.definition import Agent
from app.core.language.text import plain
from app.core.requests import acts as acting
from app.core.requests import analyses, call, second
from app.core.requests.acts import Step
from app.core.requests.decide import Asked, decide
from app.core.requests.evidence import CANCEL, MOVE, Decision, Known
from app.core.requests.state import State
from app.errors import CalendarDown
from workers import appointments
from workers.effects import context_of
from workers.runtime import Runtime

log = logs.get(__name__)

#: What is away is asked again after so long, until the call is this old.
AGAIN_MS, GIVE_UP_MS = 15_000, 1_800_000
_NAME_VARIABLES = ("customer_name", "caller_name", "name", "first_name")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`act`: `step` was asked for. `wait`: look again at `due_ms`. `none`: `why` says what is
    lacking. `decision` is the one it is about."""

    kind: str
    why: str
    decision: Decision | None = None
    due_ms: int = 0
    step: Step | None = None


@dataclass(frozen=True, slots=True)
class Following:
    """One look at a call: everything that is asked of it and what came of it so far."""

    at_work: Runtime
    store: NewsStore
    news: News
    agent: Agent
    now_ms: int
    state: State
    analyses: list[dict[str, Any]]
    quiet_since_ms: int


def decide_call(look: Following, done: list[dict[str, Any]]) -> tuple[list[Decision], Verdict]:
    """One decision for each request of the call, and what is to be done now."""
    why = nobodys_business(look, done)
    if why:
        return _without_calendar(look), Verdict("none", why)
    try:
        known = _known(look, done)
    except CalendarDown:
        return _without_calendar(look), _later(look, "the calendar cannot be read now")
    decisions = _decide(look, known, _asked(look))
    if reads_twice(look.agent, look.at_work):
        return _read_twice(look, known, decisions, done)
    return decisions, _verdict(look, decisions, done)


def reads_twice(agent: Agent, at_work: Runtime) -> bool:
    """Whether an effect needs both readers: the agent's file says so, or a text model is there."""
    act = agent.intents.act
    return act == "both" or (act is None and second_reader.configured(at_work.settings_of(agent)))


def nobodys_business(look: Following, done: list[dict[str, Any]]) -> str:
    """Why nothing is done about this call, whatever it asks for; blank where it may be."""
    if look.news.held:
        return "the call's own model decides: it is on a socket of ours"
    own = {act["key"] for act in done}
    if any(key not in own for key in look.news.effects):
        return "the call's own model decides: it has used a tool"
    if look.agent.intents.act == "off":
        return "the agent's file says not to act"
    return ""


def wants_answer(decision: Decision) -> bool:
    """Whether a caller who was not served still waits for it: they did not take it back."""
    claim = decision.claim
    return claim is not None and claim.strong and claim.state not in ("stopped", "doubtful")


def _later(look: Following, why: str) -> Verdict:
    """Look again soon, while the call is not too old for it."""
    if look.now_ms - look.quiet_since_ms > GIVE_UP_MS:
        return Verdict("none", why)
    return Verdict("wait", why, due_ms=look.now_ms + AGAIN_MS)


def _read_twice(
    look: Following, known: list[Known], decisions: list[Decision], done: list[dict[str, Any]]
) -> tuple[list[Decision], Verdict]:
    """Keep of what the rules would do only what the second reader finds as well. What both find
    needs no confirmation in the call."""
    both = decisions
    if look.news.over:
        numbers = frozenset(claim.number for claim in look.state.claims)
        both = _decide(look, known, replace(_asked(look), agreed=numbers))
    verdict = _verdict(look, both, done)
    if verdict.kind != "act" or verdict.decision is None or verdict.decision.kind != "act":
        return decisions, _verdict(look, decisions, done)
    reader = SecondReader(
        look.at_work.settings_of(look.agent), look.at_work.redis, look.agent, look.news.call_id
    )
    try:
        found = reader.read(look.state.utterances)
    except NoOpinion as none:
        why = str(none)
        kept = [_refused(item, why) for item in both]
        return kept, _later(look, why) if none.again else Verdict("none", why, verdict.decision)
    names = {
        plain(word): service.id
        for service in look.agent.booking.services
        for word in (service.id, service.name, *service.also)
    }
    agreed = [
        _refused(item, second.objection(item, found, names)) if item.kind == "act" else item
        for item in both
    ]
    return agreed, _verdict(look, agreed, done)


def _refused(decision: Decision, why: str) -> Decision:
    if decision.kind != "act" or not why:
        return decision
    return Decision("ask", why, decision.claim, target=decision.target, spans=decision.spans)


def _decide(look: Following, known: Sequence[Known], asked: Asked) -> list[Decision]:
    """One decision for each request. What needs a number of people is not booked without one,
    which nothing in a transcript is read as."""
    rules = look.agent.booking
    sized = {item.id for item in rules.services if rules.largest_party(item) is not None}
    return [
        _refused(item, "not done, because the party size is missing")
        if item.tool == "book_appointment" and item.service in sized
        else item
        for item in decide(look.state, known, asked)
    ]


def _without_calendar(look: Following) -> list[Decision]:
    return _decide(look, (), _asked(look))


def _asked(look: Following) -> Asked:
    intents = look.agent.intents
    kinds = {intent: kind for kind, intent in analyses.INTENT_OF.items()}
    unsure = frozenset(
        claim.number
        for claim in look.state.claims
        if not look.state.has_agent
        and not analyses.confirms(claim, look.analyses, intents.act_threshold)
    )
    return Asked(
        default_service=call.implied_service(look.agent),
        told_name=_told_name(look.news),
        over=look.news.over,
        unsure=unsure,
        confirm=frozenset(kinds[item] for item in intents.confirm if item in kinds),
    )


def _verdict(look: Following, decisions: Sequence[Decision], done: list[dict[str, Any]]) -> Verdict:
    step = acting.next_step(decisions, done)
    if step is None:
        last = decisions[-1] if decisions else None
        if last is None:
            return Verdict("none", "nothing was asked for")
        why = acting.refused(last, done)
        if not why and last.kind == "act":
            why = f"{last.tool} was done for this already"
        return Verdict("none", why or last.why, last)
    due_ms = look.quiet_since_ms + look.agent.turn_taking.cooldown_ms
    if look.now_ms < due_ms and not look.news.over:
        return Verdict("wait", "waits until the caller has been quiet", step.decision, due_ms)
    return Verdict("act", step.decision.why, step.decision, step=step)


def _known(look: Following, done: Sequence[dict[str, Any]]) -> list[Known]:
    """The caller's appointments as they stood before this call changed any, and those it made."""
    claims = look.state.claims
    if not any(claim.kind in (MOVE, CANCEL) for claim in claims):
        return []
    context = {
        "agent_id": str(look.news.facts.get("agent_id") or ""),
        "caller_number": caller_number(look.news),
    }
    ctx = context_of(
        look.at_work,
        Effect(look.news.call_id, "heard", "asked", "find_appointments", context=context),
    )
    found = {item.id: item for item in appointments.of_caller(ctx)}
    for act in done:
        if act.get("known"):  # as it was when it was asked to change
            held = appointments.from_json(act["known"])
            found[held.id] = held
    return [*found.values(), *appointments.of_call(ctx, known=found)]


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
