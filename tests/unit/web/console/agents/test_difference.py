"""Which lines of a document are new, and which are gone."""

from __future__ import annotations

from typing import Any

import yaml

from app.web.console.agents.difference import difference, written

OLD: dict[str, Any] = {
    "name": "Ada",
    "business": "Bakery",
    "instructions": "".join(f"Line {n}.\n" for n in range(20)),
    "booking": {"grid_minutes": 30},
}


def lines(new: dict[str, Any]) -> list[tuple[str, str]]:
    return [(each.kind, each.text.strip()) for each in difference(OLD, new)]


def test_equal_documents_have_none() -> None:
    assert lines(dict(reversed(list(OLD.items())))) == []


def test_what_changed_is_shown_with_what_stands_around_it() -> None:
    found = lines({**OLD, "name": "Eva", "booking": {"grid_minutes": 15, "offers": 2}})
    assert ("gone", "name: Ada") in found
    assert ("new", "name: Eva") in found
    assert ("gap", "…") in found
    assert [text for kind, text in found if kind == "new"][1:] == ["grid_minutes: 15", "offers: 2"]
    assert ("same", "business: Bakery") in found
    assert all("Line 10" not in text for _, text in found)


def test_lines_that_look_like_marks_are_lines() -> None:
    new = {**OLD, "instructions": "--- a\n+++ b\n@@ c\n- d\n"}
    assert [text for kind, text in lines(new) if kind == "new"] == ["--- a", "+++ b", "@@ c", "- d"]


def test_a_document_is_written_as_it_is_read() -> None:
    assert yaml.safe_load(written(OLD)) == OLD
    assert written(OLD).startswith("name: Ada\nbusiness: Bakery\ninstructions: |\n")


def test_a_new_document_is_new_line_by_line() -> None:
    new = {"numbers": [], "name": "Bakery"}
    found = [(each.kind, each.text) for each in difference({}, new, "business")]
    assert found == [("new", "name: Bakery"), ("new", "numbers: []")]
