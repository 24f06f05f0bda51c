"""A call's utterances in, decisions out: what the worker, the bench and the tests run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

from app.core.booking.rules import ANY_SERVICE, BookingRules
from app.core.booking.wanted import spoken_hours
from app.core.requests import reading
from app.core.requests.decide import Asked, decide
from app.core.requests.evidence import Decision, Known, Utterance
from app.core.requests.state import Rules, State


class Agent(Protocol):
    """The part of an agent that its calls are read by."""

    @property
    def name(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def booking(self) -> BookingRules: ...


def read(agent: Agent, utterances: Sequence[Utterance]) -> State:
    """What the call asks for, by the rules."""
    rules = Rules(
        ZoneInfo(agent.time_zone),
        spoken_hours(agent.booking.hours),
        agent.booking.services,
        agent.name,
    )
    return reading.read(utterances, rules)


def decisions(
    agent: Agent,
    utterances: Sequence[Utterance],
    known: Sequence[Known],
    asked: Asked | None = None,
) -> list[Decision]:
    """What may be done about it; `known` are the caller's appointments that stand."""
    return decide(
        read(agent, utterances), known, asked or Asked(default_service=implied_service(agent))
    )


def implied_service(agent: Agent) -> str | None:
    """What is booked where the caller only said "appointment": the service whose other words say
    so in the agent's file, or the only one."""
    services = agent.booking.services
    if len(services) == 1:
        return services[0].id
    for service in services:
        if any(word.casefold() in ANY_SERVICE for word in (service.name, *service.also)):
            return service.id
    return None
