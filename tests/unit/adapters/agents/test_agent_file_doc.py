"""docs/agent-file.md names every key of an agent's file with its true default."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.adapters.agents import files
from app.core.agent import definition, messages, report, transfers
from app.core.agent.intents import IntentSettings
from app.core.booking import resources, rules

DOC = (Path(__file__).parents[4] / "docs" / "agent-file.md").read_text(encoding="utf-8")
SECTIONS: dict[str, type[BaseModel]] = {
    "The agent": definition.Agent,
    "`transfer_targets`": transfers.TransferTarget,
    "`messages`": messages.MessageSettings,
    "`lines`": definition.Lines,
    "`turn_taking`": definition.TurnTaking,
    "`intents`": IntentSettings,
    "`audio`": definition.AudioSettings,
    "`audio.turn_detection`": definition.ServerVad,
    "`audio.transcription`": definition.Transcription,
    "`audio.barge_in`": definition.BargeInSettings,
    "`budget`": definition.Budget,
    "`monthly_budget`": report.MonthlyBudget,
    "`report`": report.ReportSettings,
    "`report.fields`": report.ReportField,
    "`booking`": rules.BookingRules,
    "`booking.services`": rules.Service,
    "`booking.resources`": resources.Resource,
    "`booking.notify`": rules.Notify,
}


def rows(section: str) -> dict[str, str]:
    """Key and default of each row of a section's table."""
    text = DOC.split(f"### {section}\n", 1)[1].split("\n### ", 1)[0]
    found = re.findall(r"^\| `(\w+)` \| (.*?) \| ", text, re.MULTILINE)
    return dict(found)


def value(field: FieldInfo) -> Any:
    default = field.get_default(call_default_factory=True)
    return list(default) if isinstance(default, tuple) else default


@pytest.mark.parametrize("section", SECTIONS)
def test_every_key_and_default(section: str) -> None:
    documented = rows(section)
    fields = SECTIONS[section].model_fields
    assert list(documented) == list(fields)
    for name, field in fields.items():
        told = documented[name]
        if field.is_required():
            assert told == "required", name
        elif told.startswith("`"):  # others are told in words
            assert yaml.safe_load(told.strip("`")) == value(field), name


def test_the_example_is_a_valid_file() -> None:
    example = DOC.split("```yaml\n")[1].split("```")[0]
    found = files.parse(example, "example").default
    assert found.booking.time_zone == "Europe/Berlin"
    assert [service.id for service in found.booking.services] == ["cake", "wedding"]
