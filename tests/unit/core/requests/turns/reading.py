"""How single turns are read for the shipped agent, on a Monday (2026-11-30) at ten."""

from __future__ import annotations

from app.core.booking.wanted import spoken_hours
from app.core.requests.turns import moments, services
from app.core.requests.turns.moments import Moment, Moments
from tests.unit.core.requests.calls import AGENT, START

HOURS = spoken_hours(AGENT.booking.hours)


def moments_in(text: str) -> Moments:
    return moments.read(text, START, HOURS)


def services_in(text: str) -> tuple[str, ...]:
    return services.named_in(text, AGENT.booking.services)


def masked(text: str) -> str:
    return services.masked(text, AGENT.booking.services)


def shown(found: tuple[Moment, ...]) -> list[str]:
    """Moments as "12-01 10:00"; "<" marks what is moved from."""
    out = []
    for one in found:
        day = f"{one.day:%m-%d}" if one.day else ""
        time = f"{one.time:%H:%M}" if one.time else ""
        out.append(f"{'<' if one.source else ''}{day} {time}".strip())
    return out
