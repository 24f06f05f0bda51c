"""Every key of an agents' file is explained, with its true default, in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.adapters.agents import files
from app.adapters.agents.text import explained
from app.adapters.agents.text.explained import SECTIONS, sections
from tests.support import write_key_tables as tables

DOC = tables.AGENT_FILE.read_text(encoding="utf-8")
MEANINGS = yaml.safe_load(
    Path(explained.__file__).with_name("keys.yaml").read_text(encoding="utf-8")
)


def test_every_section_is_there_once() -> None:
    assert [each["section"] for each in MEANINGS] == list(SECTIONS)


@pytest.mark.parametrize("told", MEANINGS, ids=lambda told: told["section"] or "agent")
def test_every_key_is_explained_and_no_other(told: dict[str, Any]) -> None:
    assert list(told["keys"]) == [key.name for key in sections()[told["section"]].keys]


@pytest.mark.parametrize("name", SECTIONS)
def test_defaults_are_those_of_the_models(name: str) -> None:
    for key in sections()[name].keys:
        field = SECTIONS[name].model_fields[key.name]
        assert key.means.endswith((".", ").")), key.name
        if field.is_required() and (name, key.name) != ("businesses", "name"):
            assert key.default == explained.REQUIRED
        elif key.default.startswith("`"):
            value = field.get_default(call_default_factory=True)
            plain = list(value) if isinstance(value, tuple) else value
            assert yaml.safe_load(key.default.strip("`")) == plain


def test_the_documents_say_the_same() -> None:
    told = "write them anew: python -m tests.support.write_key_tables"
    assert tables.agent_file(DOC) == DOC, told
    businesses = tables.BUSINESSES.read_text(encoding="utf-8")
    assert tables.businesses(businesses) == businesses, told


def test_documents_are_put_in_the_order_of_the_documentation() -> None:
    data = {
        "x": 1,
        "booking": {"services": [{"name": "a", "id": "b"}], "hours": {"sunday": "", "monday": ""}},
        "name": "Ada",
    }
    found = explained.in_order(data)
    assert found == data
    assert list(found) == ["name", "booking", "x"]
    assert list(found["booking"]) == ["hours", "services"]
    assert list(found["booking"]["services"][0]) == ["id", "name"]
    assert list(found["booking"]["hours"]) == ["monday", "sunday"]


def test_the_example_is_a_valid_file() -> None:
    example = DOC.split("```yaml\n")[1].split("```")[0]
    found = files.parse(example, "example").default
    assert found.booking.time_zone == "Europe/Berlin"
    assert [service.id for service in found.booking.services] == ["cake", "wedding"]
