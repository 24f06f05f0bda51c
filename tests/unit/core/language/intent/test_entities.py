"""Slots of one utterance."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.language.intent.entities import Slots, extract, find_service

NOW = dt.datetime(2026, 11, 18, 10, 0, tzinfo=dt.UTC)
SERVICES = ("Cleaning", "Teeth whitening", "Root canal", "Check-up")


def test_all_slots_at_once() -> None:
    slots = extract(
        "This is Ana Diaz, I'd like a teeth whitening, no sorry, a cleaning, next Tuesday at half "
        "past three",
        NOW,
        services=SERVICES,
    )
    assert slots.as_json() == {
        "date": "2026-11-24",
        "time": "15:30",
        "name": "Ana Diaz",
        "service": "Cleaning",
        "assumed": ["am_pm"],
        "alternatives": [{"time": "03:30"}],
    }


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("two cleanings please", "Cleaning"),
        ("a check up", "Check-up"),
        ("not the root canal but the teeth-whitening", "Teeth whitening"),
        ("a cleaning or a root canal", "Root canal"),
        ("a haircut", None),
    ],
)
def test_services(text: str, service: str | None) -> None:
    assert find_service(text, SERVICES) == service


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("tomorrow morning", "morning"),
        ("late in the afternoon", "afternoon"),
        ("tonight", "evening"),
        ("between 1 and 3", "afternoon"),
        ("at noon", None),
    ],
)
def test_parts_of_the_day(text: str, part: str | None) -> None:
    assert extract(text, NOW).part_of_day == part


def test_the_implied_day_is_marked() -> None:
    slots = extract("at 9 am", NOW)
    assert slots.as_json() == {"time": "09:00"}
    assert slots.as_json(NOW) == {"time": "09:00", "date": "2026-11-19", "date_implied": True}
    assert not Slots()
    assert Slots().as_json(NOW) == {}


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    extract(text, NOW, services=SERVICES).as_json(NOW)
