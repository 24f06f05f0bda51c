"""A final is read with the agent's own services and hours."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from app.adapters.intent.finals import reader
from app.core.agent.definition import Agent
from app.core.language.intent.entities import Slots

#: A Monday, nine in the morning in Chicago.
AT_MS = int(dt.datetime(2027, 3, 8, 15, tzinfo=dt.UTC).timestamp() * 1000)
SERVICES = [
    {"id": "checkup", "name": "checkup", "minutes": 30, "also": ["visit", "appointment"]},
    {"id": "cleaning", "name": "cleaning", "minutes": 60, "also": ["hygienist"]},
]


def read(text: str, hours: str) -> Slots:
    agent = Agent.model_validate(
        {
            "name": "Ada",
            "business": "Corner Clinic",
            "instructions": "Be brief.",
            "time_zone": "America/Chicago",
            "booking": {"hours": {"tuesday": hours}, "services": SERVICES},
        }
    )
    _, slots = reader(agent, None)(text, AT_MS)
    return slots


@pytest.mark.parametrize(
    ("said", "hours", "time"),
    [
        ("Book a checkup tomorrow at eight", "08:00-17:00", "08:00"),
        ("Book a checkup tomorrow at eight", "14:00-22:00", "20:00"),
        ("Book a checkup tomorrow at three", "08:00-17:00", "15:00"),
        ("Book a checkup tomorrow at eight in the morning", "14:00-22:00", "08:00"),
    ],
)
def test_a_bare_hour_is_the_one_that_is_open(said: str, hours: str, time: str) -> None:
    slots: dict[str, Any] = read(said, hours).as_json()
    assert slots["time"] == time
    assert "ambiguous" not in slots


@pytest.mark.parametrize(
    ("said", "service"),
    [
        ("I need a cleaning appointment", "cleaning"),
        ("I need a hygienist appointment", "hygienist"),
        ("I need an appointment", "appointment"),
    ],
)
def test_the_most_specific_word_names_the_service(said: str, service: str) -> None:
    assert read(said, "08:00-17:00").service == service
