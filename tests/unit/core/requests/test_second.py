"""The second reader's findings: quotes that are in the transcript, and agreement with the rules."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.requests.second import findings, objection, transcript_of
from tests.unit.core.requests.calls import CLEANING, decided, said

LINES = (
    "A: How can I help?",
    "I'd like to book a cleaning for tomorrow at ten. This is Dana Reyes.",
    "A: Tuesday, December 1st at 10 AM. You're booked.",
)
SERVICES = {"cleaning": "cleaning", "teeth cleaning": "cleaning", "filling": "filling"}


def request(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "book", "stands": True, "service": "cleaning", "date": "2026-12-01",
        "time": "10:00", "name": "Dana Reyes", "appointment_date": None,
        "quotes": ["I'd like to book a cleaning for tomorrow at ten"], **changes,
    }  # fmt: skip


def test_a_quote_has_to_be_in_the_transcript() -> None:
    call = said(*LINES)
    (found,) = findings({"requests": [request()]}, call) or []
    assert found.utterances == (1,)
    made_up = request(quotes=["I'd like to book a cleaning", "and please do it now"])
    assert findings({"requests": [made_up]}, call) == []
    assert findings({"requests": [request(quotes=[])]}, call) == []
    assert findings({"requests": [request(quotes=["You're booked."])]}, call) == []


@pytest.mark.parametrize("quotes", [["and please do it now"], [], ["You're booked."]])
def test_a_request_without_a_quote_leaves_the_others(quotes: list[str]) -> None:
    found = findings({"requests": [request(quotes=quotes), request()]}, said(*LINES))

    assert found is not None
    assert [one.utterances for one in found] == [(1,)]


@pytest.mark.parametrize(
    "answer",
    [None, 5, "x", [], {}, {"requests": None}, {"requests": [5]}, {"requests": [request(kind="x")]},
     {"requests": [request(stands="yes")]}, {"requests": [request(quotes="x")]}],
)  # fmt: skip
def test_an_answer_without_form_is_none(answer: Any) -> None:
    assert findings(answer, said(*LINES)) is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"service": "Teeth Cleaning", "name": None}, ""),
        ({"stands": False}, "does not stand"),
        ({"time": "11:00"}, "another day or time"),
        ({"date": "nonsense"}, "another day or time"),
        ({"service": "filling"}, "another service"),
        ({"name": "Tom Smith"}, "another name"),
        ({"kind": "cancel"}, "no such request"),
    ],
)
def test_agreement_on_a_booking(changes: dict[str, Any], why: str) -> None:
    (decision,) = decided(*LINES[1:])
    found = findings({"requests": [request(**changes)]}, said(*LINES))
    assert found is not None
    assert why in objection(decision, found, SERVICES)
    assert bool(objection(decision, found, SERVICES)) == bool(why)


@pytest.mark.parametrize(
    ("day", "why"), [("2026-12-03", ""), (None, ""), ("2026-12-04", "another appointment")]
)
def test_agreement_on_a_cancellation(day: str | None, why: str) -> None:
    lines = ("Please cancel my cleaning on Thursday. Dana Reyes.", "A: It's cancelled.")
    (decision,) = decided(*lines, known=[CLEANING])
    asked = request(kind="cancel", date=None, time=None, appointment_date=day, quotes=["cancel my"])
    found = findings({"requests": [asked]}, said(*lines))
    assert found is not None
    assert why in objection(decision, found, SERVICES)


def test_what_the_model_reads() -> None:
    text = transcript_of(said(*LINES))
    assert text.splitlines()[0] == "Agent: How can I help?"
    assert text.splitlines()[1].startswith("Caller: I'd like to book")
