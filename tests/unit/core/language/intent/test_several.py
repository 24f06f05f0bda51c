"""Several requests in one utterance are told apart from alternatives and corrections."""

from __future__ import annotations

import pytest

from app.core.language.intent.several import clauses, parts

SERVICES = ("checkup", "cleaning", "filling", "root canal")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I need a cleaning and a filling, both", ["a cleaning", "a filling"]),
        ("cleaning plus root canal please", ["a cleaning", "a root canal"]),
        ("a cleaning, a filling and a checkup", ["a cleaning", "a filling", "a checkup"]),
        ("one for me and one for my son", ["an appointment", "an appointment for your son"]),
        ("a checkup for me and my wife", ["a checkup", "a checkup for your wife"]),
        ("two cleanings please", ["a cleaning", "a cleaning"]),
        ("can I book two appointments", ["an appointment", "an appointment"]),
        (
            "a cleaning on Tuesday for my son and a checkup for me",
            ["a cleaning for your son", "a checkup"],
        ),
    ],
)
def test_every_part_is_heard_in_order(text: str, expected: list[str]) -> None:
    assert [str(part) for part in parts(text, SERVICES)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "a cleaning or a filling",
        "a cleaning, no, a filling",
        "is it for me or my son",
        "my son needs a cleaning",
        "a cleaning please, I had a filling last year",
        "a cleaning instead of a filling",
        "Tuesday and Wednesday are both fine",
        "yes and thank you",
        "",
    ],
)
def test_one_request_has_no_parts(text: str) -> None:
    assert parts(text, SERVICES) == ()


def test_clauses_that_stand_alone() -> None:
    assert clauses("what are your hours and can I book a cleaning for Tuesday?") == [
        "what are your hours",
        "can I book a cleaning for Tuesday?",
    ]
    assert clauses("I'd like a cleaning, and do you take insurance?") == [
        "I'd like a cleaning",
        "do you take insurance?",
    ]
    assert clauses("Tuesday and Wednesday") == ["Tuesday and Wednesday"]
