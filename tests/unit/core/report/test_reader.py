"""What a text model answers counts only with a quote, of the right type, in the right form."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.core.agent.report import ReportField
from app.core.report.reader import (
    MAX_CHARS,
    MAX_SUMMARY,
    instructions,
    read_answer,
    schema_of,
    transcript_text,
)

FIELDS = {
    "reason": ReportField(description="Why they called"),
    "visits": ReportField(type="integer", description="How often they were here"),
    "kind": ReportField(type="enum", description="Who", values=("new", "returning")),
    "day": ReportField(type="date", description="The day wanted"),
}
TALK = [
    {"role": "agent", "content": "Hello, how can I help you?"},
    {"role": "user", "content": "My tooth hurts, I\u2019ve been there 3 times."},
]
NOTHING = {"value": None, "quote": None}


def answer(**fields: Any) -> dict[str, Any]:
    given = {name: fields.get(name, NOTHING) for name in FIELDS}
    return {"summary": "A caller with tooth ache.", "fields": given}


def test_values_with_their_quotes_count() -> None:
    found = read_answer(
        answer(
            reason={"value": "tooth ache", "quote": "my tooth  hurts"},
            visits={"value": 3, "quote": "I've been there 3 times"},
        ),
        FIELDS,
        TALK,
    )
    assert found is not None
    assert found.summary == "A caller with tooth ache."
    assert found.fields == {"reason": "tooth ache", "visits": 3, "kind": None, "day": None}


@pytest.mark.parametrize(
    "given",
    [
        {"value": "billing", "quote": "about my bill"},
        {"value": "billing", "quote": None},
        {"value": "billing", "quote": " ."},
        {"value": "billing"},
        {"quote": "my tooth hurts"},
        "tooth ache",
        None,
    ],
)
def test_what_has_no_evidence_is_not_known(given: Any) -> None:
    found = read_answer(answer(reason=given), FIELDS, TALK)
    assert found is not None
    assert found.fields["reason"] is None


def test_a_value_of_another_type_is_not_known() -> None:
    quote = "my tooth hurts"
    found = read_answer(
        answer(
            visits={"value": "several", "quote": quote},
            kind={"value": "old", "quote": quote},
            day={"value": "soon", "quote": quote},
        ),
        FIELDS,
        TALK,
    )
    assert found is not None
    assert set(found.fields.values()) == {None}


@pytest.mark.parametrize(
    "nonsense",
    [
        None,
        "a text",
        [],
        {"summary": "x"},
        {"summary": 1, "fields": {}},
        {"summary": " ", "fields": {}},
        {"summary": "x" * (MAX_SUMMARY + 1), "fields": {}},
        {"summary": "x", "fields": []},
    ],
)
def test_what_has_another_form_is_no_reading(nonsense: Any) -> None:
    assert read_answer(nonsense, FIELDS, TALK) is None


def test_the_schema_is_strict_and_takes_answers() -> None:
    schema = schema_of(FIELDS)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid(answer(kind={"value": "new", "quote": "my tooth"}))
    assert not validator.is_valid(answer(kind={"value": "old", "quote": "my tooth"}))
    assert not validator.is_valid({"summary": "x", "fields": {}})


def test_the_question_names_fields_and_facts() -> None:
    text = instructions(
        FIELDS, business="Harbor", language="de-DE", when="Monday", facts={"outcome": "booked"}
    )
    assert '"outcome":"booked"' in text
    assert "- kind (enum): Who" in text
    assert "de-DE" in text


def test_of_a_long_transcript_the_end_is_read() -> None:
    talk = [*TALK, {"role": "user", "content": "x" * MAX_CHARS}, {"role": "user", "content": "end"}]
    text = transcript_text(talk)
    assert len(text) == MAX_CHARS
    assert text.endswith("Caller: end")
