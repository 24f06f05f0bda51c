"""The session object that a model session is configured with (OpenAI reference, session.update)."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from app.core.agent.definition import Agent
from app.core.agent.tools import Channel
from app.core.booking.hours import WEEKDAYS
from app.core.booking.reasons import people
from app.core.booking.rules import BookingRules
from app.core.language.speech import say_date, say_list, say_time
from app.core.tools.declarations import TOOLS

#: Values of Retell's dynamic variables and metadata are told to the model up to this length.
VALUE_CHARS = 500

_RULES = """\
You are {name}, answering the telephone for {business}. Today is {today}, {time} ({zone}).
Speak the way people do on the telephone: short sentences, one question at a time, no lists, no \
markup, no emoji. Say dates and times in words.
Never state that something was booked, moved or cancelled unless a tool said so in this call. \
Offer only times that check_availability returned. When the caller corrects themselves, the last \
thing they said counts. If a tool fails, say so honestly and offer another way.
System messages in square brackets are notes for you about the call; never read them out."""
_SAY = "If the result of a tool has `say`, say that sentence as it is."


def instructions(agent: Agent, details: dict[str, Any], started_at: float) -> str:
    """What the model is told once per call. Constant within a call, so that it stays cached."""
    now = datetime.fromtimestamp(started_at, ZoneInfo(agent.time_zone))
    parts = [
        _RULES.format(
            name=agent.name,
            business=agent.business,
            today=f"{say_date(now.date())} {now.year}",
            time=say_time(now.time()),
            zone=agent.time_zone,
        ),
        agent.instructions.strip(),
    ]
    if _has_an_offer(agent):
        parts.append(_offer(agent.booking, books="check_availability" in agent.toolset))
    if any(name not in TOOLS for name in agent.toolset):
        parts.append(_SAY)
    variables = details.get("retell_llm_dynamic_variables")
    if isinstance(variables, dict) and variables:
        known = [
            f"- {str(name)[:64]}: {str(value)[:VALUE_CHARS]}"
            for name, value in list(variables.items())[:50]
            if "token" not in str(name).lower()
        ]
        parts.append("What is known about this call:\n" + "\n".join(known))
    return "\n\n".join(parts)


def _has_an_offer(agent: Agent) -> bool:
    """Whether services and hours are the business's own, and not what stands for none."""
    books = "check_availability" in agent.toolset or "book_appointment" in agent.toolset
    return books or bool({"hours", "services"} & agent.booking.model_fields_set)


def _offer(rules: BookingRules, *, books: bool) -> str:
    """When the business is open and, if the agent `books`, what can be booked, in words."""
    services = ", ".join(service.name for service in rules.services)
    by_spans: dict[str, list[str]] = {}
    for number, day in enumerate(WEEKDAYS):
        spans = rules.hours.on(number)
        words = " and ".join(f"{_clock(span.opens)} to {_clock(span.closes)}" for span in spans)
        by_spans.setdefault(words or "closed", []).append(day.capitalize())
    hours = "; ".join(
        f"{say_list(days, 'and')} {'closed' if words == 'closed' else 'open ' + words}"
        for words, days in by_spans.items()
    )
    opens = f"Opening hours: {hours}."
    return "\n".join([f"Services: {services}.", opens, *_resources(rules)] if books else [opens])


def _resources(rules: BookingRules) -> list[str]:
    """Whom or what callers may ask for with each service, and how many people may come."""
    told = []
    for service in rules.services:
        names = [item.name for item in rules.resources_of(service) if item.is_personal]
        if names:
            told.append(f"A {service.name} is with {say_list(names, 'or')}.")
        largest = rules.largest_party(service)
        if largest is not None:
            told.append(f"A {service.name} is for at most {people(largest)}; ask how many come.")
    return told


def _clock(minutes: int) -> str:
    """Minutes after midnight in words; 24:00 is midnight."""
    return say_time(time(minutes // 60 % 24, minutes % 60))


def _common(agent: Agent, channel: Channel) -> dict[str, Any]:
    session: dict[str, Any] = {
        "tools": [tool.declaration() for tool in agent.offered(channel)],
        "tool_choice": "auto",
        "max_output_tokens": agent.max_output_tokens or "inf",
    }
    if agent.reasoning_effort is not None:
        session["reasoning"] = {"effort": agent.reasoning_effort}
    if agent.truncation_ratio is not None:
        session["truncation"] = {
            "type": "retention_ratio",
            "retention_ratio": agent.truncation_ratio,
        }
    return session


def text_session(
    agent: Agent, details: dict[str, Any], started_at: float, channel: Channel = "retell"
) -> dict[str, Any]:
    """The session of a call whose speech is Retell's: text in, text out."""
    return {
        "output_modalities": ["text"],
        "instructions": instructions(agent, details, started_at),
        **_common(agent, channel),
    }
