"""Every key of an agents' file explained: its place, its default, what it means.

Keys and defaults are those of the models, the meanings are in `keys.yaml`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.core.agent import audio, definition, messages, recording, report, transfers
from app.core.agent.business import Business
from app.core.agent.intents import IntentSettings
from app.core.booking import resources, rules
from app.core.booking.hours import WEEKDAYS

SECTIONS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
        "": definition.Agent,
        "transfer_targets": transfers.TransferTarget,
        "messages": messages.MessageSettings,
        "lines": definition.Lines,
        "turn_taking": definition.TurnTaking,
        "intents": IntentSettings,
        "audio": audio.AudioSettings,
        "audio.turn_detection": audio.ServerVad,
        "audio.transcription": audio.Transcription,
        "audio.barge_in": audio.BargeInSettings,
        "budget": definition.Budget,
        "monthly_budget": report.MonthlyBudget,
        "recording": recording.RecordingSettings,
        "report": report.ReportSettings,
        "report.fields": report.ReportField,
        "booking": rules.BookingRules,
        "booking.services": rules.Service,
        "booking.resources": resources.Resource,
        "booking.notify": rules.Notify,
        "businesses": Business,
    }
)
"""The parts of a file that have keys of their own; the agent's own is the blank one."""
REQUIRED = "required"
#: The key under which a business stands is its id.
_LEFT_OUT = frozenset({("businesses", "id")})


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `default` and `means` are Markdown; a default that is a value is in backquotes."""

    name: str
    default: str
    means: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the file: an agent's where the name is blank, else what stands under that name."""

    name: str
    about: str
    keys: tuple[Key, ...]


@cache
def sections() -> Mapping[str, Section]:
    """All sections by name, in the order in which the documents have them."""
    raw = yaml.safe_load(Path(__file__).with_name("keys.yaml").read_text(encoding="utf-8"))
    return {each["section"]: _section(each) for each in raw}


def in_order(data: Any, section: str = "") -> Any:
    """A document with its keys in the order of the documentation; unknown ones come last.

    section: the name of the part of the file that `data` is.
    """
    if isinstance(data, list):
        return [in_order(each, section) for each in data]
    if not isinstance(data, dict):
        return data
    model = SECTIONS.get(section)
    known = [*(model.model_fields if model else WEEKDAYS)]
    names = sorted(data, key=lambda name: known.index(name) if name in known else len(known))
    inside = f"{section}." if section else ""
    return {name: in_order(data[name], f"{inside}{name}") for name in names}


def _section(raw: dict[str, Any]) -> Section:
    name = raw["section"]
    told: dict[str, Any] = raw["keys"]
    fields = SECTIONS[name].model_fields
    names = [key for key in fields if (name, key) not in _LEFT_OUT]
    keys = []
    for key in names:
        about = told[key] if isinstance(told[key], dict) else {"means": told[key]}
        default = about.get("default") or _default(fields[key])
        keys.append(Key(key, default, about["means"]))
    return Section(name, raw.get("about", ""), tuple(keys))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return REQUIRED
    value = field.get_default(call_default_factory=True)
    return f"`{value if isinstance(value, str) and value else json.dumps(value, default=str)}`"
