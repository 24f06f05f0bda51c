"""A field's value is of its type, or not known."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from app.core.agent.report import FieldType, ReportField
from app.core.report.values import read_value


def field(kind: FieldType) -> ReportField:
    values = ("new", "returning") if kind == "enum" else ()
    return ReportField(type=kind, description="x", values=values)


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("string", " tooth ache ", "tooth ache"),
        ("string", "  ", None),
        ("string", 7, "7"),
        ("string", ["a"], None),
        ("integer", 7, 7),
        ("integer", " 12 ", 12),
        ("integer", 7.0, 7),
        ("integer", 7.5, None),
        ("integer", "seven", None),
        ("integer", True, None),
        ("number", "2.5", 2.5),
        ("number", "nan", None),
        ("number", 10**400, None),
        ("number", False, None),
        ("boolean", True, True),
        ("boolean", "No", False),
        ("boolean", 1, None),
        ("boolean", "maybe", None),
        ("enum", "RETURNING", "returning"),
        ("enum", "other", None),
        ("date", "2026-12-01", "2026-12-01"),
        ("date", "2026-12-01T23:30:00-08:00", "2026-12-01"),
        ("date", "tomorrow", None),
        ("date", None, None),
    ],
)
def test_values_are_read_by_type(kind: FieldType, given: Any, value: Any) -> None:
    found = read_value(field(kind), given)
    assert found == value
    assert type(found) is type(value)


def test_only_an_enum_has_values() -> None:
    with pytest.raises(ValidationError, match="needs values"):
        ReportField(type="enum", description="x")
    with pytest.raises(ValidationError, match="needs values"):
        ReportField(type="string", description="x", values=("a",))
