"""An agent's document key by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from app.adapters.agents.files import SHIPPED
from app.adapters.agents.text.explained import SECTIONS
from app.web.console.agents.explain import Part, as_html, explain, explain_business

DATA: dict[str, Any] = {
    "name": "Ada",
    "business": "Bakery",
    "instructions": "You are Ada.\nBe brief.",
    "transfer_targets": [{"name": "office", "number": "+493055501"}],
    "booking": {"grid_minutes": 15, "hours": {"monday": "09:00-17:00"}, "notify": {"email": []}},
}


def parts(data: Mapping[str, Any] = DATA) -> dict[str, Part]:
    return {part.name: part for part in explain(data)}


def test_every_key_has_its_row() -> None:
    found = parts()
    assert list(found) == [name for name in SECTIONS if name != "businesses"]
    for name, part in found.items():
        assert [row.name for row in part.rows] == list(SECTIONS[name].model_fields)
        assert all(row.means for row in part.rows)


def test_what_is_given_stands_apart_from_defaults() -> None:
    rows = {row.name: row for row in parts()[""].rows}
    assert rows["name"].value == "Ada"
    assert rows["instructions"].value == DATA["instructions"]
    assert rows["language"].value == ""
    assert rows["language"].default == "<code>en</code>"
    assert rows["booking"].value == "below"
    booking = {row.name: row for row in parts()["booking"].rows}
    assert yaml.safe_load(booking["hours"].value) == DATA["booking"]["hours"]
    assert booking["grid_minutes"].value == "15"
    assert parts()["booking"].given == 3
    assert parts()["audio"].given == 0


def test_lists_are_shown_as_a_whole() -> None:
    part = parts()["transfer_targets"]
    assert part.each
    assert part.given == 0
    assert "office" in next(row for row in parts()[""].rows if row.name == "transfer_targets").value


def test_a_document_may_be_wrong() -> None:
    assert parts({"booking": "soon", "audio": [1]})["booking"].given == 0


def test_the_shipped_agent_is_explained() -> None:
    found = parts(yaml.safe_load(SHIPPED.read_text(encoding="utf-8")))
    assert found[""].given > 5


def test_a_business_is_explained() -> None:
    part = explain_business({"time_zone": "Europe/Berlin"})
    assert [row.name for row in part.rows if row.value] == ["time_zone"]


def test_markdown_becomes_html_and_nothing_else_does() -> None:
    assert as_html("See [`lines`](#lines), <b>.") == "See <code>lines</code>, &lt;b&gt;."
