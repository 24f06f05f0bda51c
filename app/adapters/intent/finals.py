"""A final's intent and slots, for one agent: the language engine, kept from doing work twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from zoneinfo import ZoneInfo

from app.adapters.intent import engine
from app.adapters.intent.model import Ask
from app.core.agent.definition import Agent
from app.core.booking.rules import ANY_SERVICE
from app.core.booking.wanted import spoken_hours
from app.core.language.intent.engine import IntentResult
from app.core.language.intent.entities import Slots, extract, find_service

#: A call is read from its start whenever there is news, so its earlier finals come again.
MAX_KNOWN = 5000

Reading = tuple[IntentResult, Slots]
#: Each entry holds its agent: an id is used again once its object is gone.
_known: dict[tuple[int, str, int], tuple[Agent, Reading]] = {}


def reader(agent: Agent, ask_model: Ask | None) -> Callable[[str, int], Reading]:
    """What reads a final that was heard at a time (unix milliseconds), in the agent's zone."""
    zone = ZoneInfo(agent.time_zone)

    def read(text: str, at_ms: int) -> Reading:
        key = (id(agent), text, at_ms)
        known = _known.get(key)
        if known is None:
            if len(_known) >= MAX_KNOWN:
                _known.clear()
            now = dt.datetime.fromtimestamp(at_ms / 1000, zone)
            known = _known[key] = (agent, _read(agent, text, now))
        result, slots = known[1]
        return (result if ask_model is None else ask_model(text, result)), slots

    return read


def _read(agent: Agent, text: str, now: dt.datetime) -> Reading:
    services = agent.booking.services
    names = [service.name for service in services]
    result = engine.engine().analyse(text, now=now, settings=agent.intents, services=names)
    slots = extract(text, now, services=names, prefer=spoken_hours(agent.booking.hours))
    also = [word for service in services for word in service.also]
    for words in (  # "a hygienist appointment" is a cleaning, whatever else is an appointment
        [word for word in also if word.casefold() not in ANY_SERVICE],
        [word for word in also if word.casefold() in ANY_SERVICE],
    ):
        if slots.service is None:
            slots = replace(slots, service=find_service(text, words))
    return result, slots
