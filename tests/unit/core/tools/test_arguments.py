"""A tool's arguments: checked before anything runs, with words that the model can act on."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.tools.arguments import MAX_ARGUMENTS_CHARS, ArgumentReader, check_schema
from app.core.tools.declarations import TOOLS, Tool

TABLE = Tool(
    "book_table",
    "Book a table.",
    {
        "type": "object",
        "properties": {
            "people": {"type": "integer", "minimum": 1, "maximum": 12},
            "when": {"type": "string", "minLength": 3},
            "room": {"enum": ["inside", "terrace"]},
            "guest": {
                "type": "object",
                "properties": {"name": {"type": "string"}},
                "required": ["name"],
            },
        },
        "required": ["people", "when"],
        "additionalProperties": False,
    },
    "write",
)
READER = ArgumentReader({"book_table": TABLE})


def problem(**values: Any) -> str:
    return READER.read("book_table", orjson.dumps(values).decode()).problem


def test_good_arguments_of_any_type_pass_as_they_are() -> None:
    values = {"people": 4, "when": "seven", "guest": {"name": "Ada"}}
    assert READER.read("book_table", orjson.dumps(values).decode()).values == values


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"people": 4}, "Missing: when. Ask the caller."),
        ({"people": 4, "when": " "}, "Missing: when. Ask the caller."),
        ({"people": "four", "when": "seven"}, "people must be of type integer."),
        ({"people": 0, "when": "seven"}, "people must be at least 1."),
        ({"people": 13, "when": "seven"}, "people must be at most 12."),
        ({"people": 2, "when": "7"}, "when is too short."),
        ({"people": 2, "when": "seven", "room": "cellar"}, "room must be one of: inside, terrace."),
        ({"people": 2, "when": "seven", "guest": {}}, "Missing: guest.name. Ask the caller."),
        (
            {"people": 2, "when": "seven", "dog": True},
            "Unknown argument. Known are: people, when, room, guest.",
        ),
    ],
)
def test_a_mistake_names_the_argument_and_what_would_be_right(
    values: dict[str, Any], said: str
) -> None:
    assert problem(**values) == said


def test_null_and_blank_count_as_left_out() -> None:
    assert problem(people=2, when="seven", room=" ") == ""
    assert problem(people=2, when="seven", room=None) == ""
    assert problem(people=2, when=None) == "Missing: when. Ask the caller."


def test_several_mistakes_are_told_at_once() -> None:
    told = problem(people="x", room="cellar")
    assert "Missing: when" in told
    assert "people must be" in told
    assert "room must be" in told


@pytest.mark.parametrize("text", ["{", "[1]", '"x"', "x" * (MAX_ARGUMENTS_CHARS + 1)])
def test_what_is_no_object_is_refused(text: str) -> None:
    assert READER.read("book_table", text).problem


def test_no_text_is_an_empty_object() -> None:
    assert READER.read("book_table", "").problem == "Missing: people, when. Ask the caller."


def test_an_unknown_tool_is_named_with_the_known_ones() -> None:
    assert READER.read("fly", "{}").problem == (
        "There is no tool named fly. The tools are: book_table."
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
    )
)
def test_whatever_comes_is_an_answer_and_never_an_error(value: Any) -> None:
    found = READER.check("book_table", value)
    assert bool(found.problem) != bool(found.values)


@pytest.mark.parametrize(
    ("schema", "wrong"),
    [
        ({"type": "object", "properties": {}}, ""),
        ({"type": "string"}, "parameters must be a JSON schema of type object"),
        ([], "parameters must be a JSON schema of type object"),
        ({"type": "object", "properties": {"a": {"type": "text"}}}, "parameters.properties.a.type"),
    ],
)
def test_a_schema_is_checked_when_it_is_read(schema: Any, wrong: str) -> None:
    found = check_schema(schema)
    assert found.startswith(wrong)
    assert bool(found) == bool(wrong)


@pytest.mark.parametrize("name", ["day", "when", "start_date", "preferred_time", "date_range"])
def test_a_wish_under_another_name_is_refused_not_lost(name: str) -> None:
    read = ArgumentReader(TOOLS).check("check_availability", {name: "tomorrow"})
    assert "Known are: date" in read.problem


@pytest.mark.parametrize("name", ["execution_message", "call_id", "timezone", "notes"])
def test_what_has_nothing_to_do_with_time_is_left_out(name: str) -> None:
    read = ArgumentReader(TOOLS).check("check_availability", {name: "x", "date": "2026-12-03"})
    assert read.values == {"date": "2026-12-03"}
