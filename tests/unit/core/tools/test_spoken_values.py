"""What answers are worth for arguments of each type."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from app.core.tools.spoken_values import can_be_asked, find_value, read_value, resolved

NOW = dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC)
NUMBER = {"type": "string", "description": "The number on the invoice."}
TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "name", "said", "value"),
    [
        ({"type": "integer"}, "count", "four two", 42),
        ({"type": "integer"}, "count", "twenty-one", 21),
        ({"type": "integer"}, "count", "two or three", None),
        ({"type": "integer", "maximum": 9}, "count", "twelve", None),
        ({"type": "integer"}, "count", "3.5", None),
        ({"type": "number"}, "weight", "three point five", 3.5),
        ({"type": "number"}, "weight", "it's 3.5 kilos", 3.5),
        ({"type": "number"}, "weight", "a lot", None),
        ({"type": "boolean"}, "gift", "yes please", True),
        ({"type": "boolean"}, "gift", "no", False),
        ({"type": "boolean"}, "gift", "maybe", None),
        ({"enum": ["small", "extra_large"]}, "size", "Extra large, please", "extra_large"),
        ({"enum": ["small", "large"]}, "size", "small or large", None),
        ({"enum": [1, 2]}, "floor", "number 2", 2),
        ({**TEXT, "format": "date"}, "day", "next Tuesday", "2026-11-24"),
        ({**TEXT, "format": "time"}, "at", "half past three in the afternoon", "15:30:00"),
        ({**TEXT, "format": "date"}, "day", "some day", None),
        ({"type": "array", "items": TEXT}, "items", "milk, and two eggs", ["milk", "two eggs"]),
        ({"type": "array", "items": {"type": "integer"}}, "floors", "one and two", [1, 2]),
        (NUMBER, "order", "It's A-1042.", "A-1042"),
        (NUMBER, "order", "one oh four two", "1042"),
        ({**NUMBER, "pattern": "^[A-Z]-"}, "order", "a-1042", "A-1042"),
        ({**NUMBER, "pattern": "^[A-Z]-"}, "order", "1042", None),
        (TEXT, "reason", "The reason is that it came late", "that it came late"),
        (NUMBER, "order", "let me see", None),
        (TEXT, "reason", "...", None),
        (TEXT, "name", "It's Dana Reyes.", "Dana Reyes"),
        (TEXT, "email", "dana at example dot com", "dana@example.com"),
        (TEXT, "email", "no", None),
        ({"type": "object"}, "shop", "a shop", None),
    ],
)  # fmt: skip
def test_an_answer(schema: dict[str, Any], name: str, said: str, value: Any) -> None:
    assert read_value(schema, name, said, NOW) == value


@pytest.mark.parametrize(
    ("schema", "said", "value"),
    [
        (NUMBER, "where is my order 1042?", "1042"),
        (NUMBER, "I have one question about my order", None),
        (TEXT, "where is my order 1042?", None),
        ({"type": "integer"}, "a table for two", None),
        ({"type": "integer"}, "a table for 2", 2),
        ({"enum": ["inside", "garden"]}, "a table in the garden", "garden"),
        ({"type": "boolean"}, "yes, a table", None),
    ],
)
def test_what_a_sentence_shows_unasked(schema: dict[str, Any], said: str, value: Any) -> None:
    assert find_value(schema, "it", said, NOW) == value


def test_schemas_as_pydantic_writes_them() -> None:
    root = {"$defs": {"Size": {"enum": ["s", "m"]}}}
    optional = {"anyOf": [{"$ref": "#/$defs/Size"}, {"type": "null"}], "description": "The size."}
    assert resolved(optional, root) == {"enum": ["s", "m"], "description": "The size."}
    assert resolved({"type": ["string", "null"]}, {}) == {"type": ["string", "null"]}
    assert can_be_asked({"type": "array", "items": {"type": "string"}})
    assert not can_be_asked({"type": "array", "items": {"type": "object"}})
