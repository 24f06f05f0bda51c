"""The caller's sentences: what they ask for, and how firmly."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.requests.turns.caller_turn import Said, read
from tests.unit.core.requests.turns.reading import masked, moments_in, services_in


def sentences(text: str) -> tuple[Said, ...]:
    return read(text, moments_in, services_in, masked)


def one(text: str) -> Any:
    (said,) = sentences(text)
    return said


@pytest.mark.parametrize(
    ("text", "request_", "strong"),
    [
        ("I'd like to book a cleaning for tomorrow at ten.", "book", True),
        ("A cleaning tomorrow at ten, please.", "book", True),
        ("Do you have anything for a cleaning on Friday?", "book", False),
        ("Could I come in on Friday for a cleaning?", "book", True),
        ("A checkup?", "book", False),
        ("maybe a cleaning on Friday", "book", False),
        ("Please cancel my cleaning.", "cancel", True),
        ("I'd like to cancel.", "cancel", False),
        ("Can I cancel my appointment?", "cancel", True),
        ("Move my cleaning to Friday at ten.", "move", True),
        ("Can you move it from Thursday at two to Friday at ten?", "move", True),
        ("I can't make it on Thursday.", "move", False),
        ("I can't make it on Thursday, I'd like Friday at ten.", "move", True),
        ("My Thursday appointment, can you put me on Friday?", "move", True),
        ("I have a cleaning on Thursday and would like Friday.", "move", False),
        ("Put it on Friday instead of Thursday.", "move", True),
        ("I have a cleaning on Thursday at two.", "", False),
        ("My cleaning is on Thursday.", "", False),
        ("If it rains, cancel my cleaning.", "", False),
        ("My wife booked a cleaning.", "", False),
        ("She said she'd cancel her appointment.", "", False),
        ("Cancel my gym membership.", "", False),
        ("Book a table for two.", "", False),
        ("I might need a cleaning.", "", False),
        ("Let's do Friday at ten.", "", False),
    ],
)
def test_requests(text: str, request_: str, strong: bool) -> None:
    assert (one(text).request, one(text).strong) == (request_, strong)


@pytest.mark.parametrize(
    "text",
    [
        "Please don't cancel my appointment.",
        "I don't want a cleaning.",
        "I won't move my cleaning.",
    ],
)
def test_refused_requests(text: str) -> None:
    assert one(text).refused
    assert one(text).request == ""


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("Never mind.", {"withdraws", "keeps"}),
        ("I'll think about it.", {"postpones", "doubts"}),
        ("I'll call you back.", {"postpones"}),
        ("Keep my Thursday appointment.", {"withdraws", "keeps", "exists"}),
        ("I have a cleaning on Thursday at two.", {"exists"}),
        ("You have me down for Thursday at two.", {"exists"}),
        ("If it rains, cancel my cleaning.", {"conditional", "exists"}),
        ("My wife booked a cleaning.", {"told"}),
        ("I might need a cleaning.", {"conditional", "doubts"}),
        ("Yes, please.", {"agrees"}),
        ("Yes, but only in the morning.", {"agrees"}),
        ("Okay, do it.", {"agrees", "commits"}),
        ("I can't make it on Thursday.", {"cannot_come"}),
        ("A cleaning on Friday.", set()),
    ],
)
def test_what_a_sentence_is(text: str, marks: set[str]) -> None:
    names = (
        *("withdraws", "keeps", "postpones", "doubts", "exists", "conditional", "told"),
        *("agrees", "commits", "cannot_come"),
    )

    assert {name for name in names if getattr(one(text), name)} == marks


@pytest.mark.parametrize(
    ("text", "weakens"),
    [
        ("Never mind.", True),
        ("I'll call you back.", True),
        ("I'm not sure.", True),
        ("Yes.", False),
    ],
)
def test_what_weakens_a_request(text: str, weakens: bool) -> None:
    assert one(text).weakens is weakens


@pytest.mark.parametrize(
    ("text", "names_one"),
    [("Cancel my cleaning.", True), ("Cancel the one on Friday.", True), ("Cancel it.", False),
     ("Cancel my appointment.", True), ("Cancel that appointment.", False)],
)  # fmt: skip
def test_whether_an_appointment_is_named(text: str, names_one: bool) -> None:
    assert one(text).names_object is names_one


def test_two_requests_in_one_breath_are_two() -> None:
    found = sentences("Cancel my cleaning and then book a filling on Friday.")

    assert [(said.request, said.services) for said in found] == [
        ("cancel", ("cleaning",)),
        ("book", ("filling",)),
    ]


def test_a_sentence_with_nothing_else_is_bare() -> None:
    assert one("Cleaning, Friday at ten.").bare
    assert one("I'd like a cleaning on Friday at ten.").bare
    assert not one("Okay, the dog ate all our shoes on Friday.").bare
