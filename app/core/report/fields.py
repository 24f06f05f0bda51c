"""The fields of a report as rules read them: from the record, by the name it has them under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.core.agent.report import ReportField
from app.core.report.values import Value, read_value

Fields = Mapping[str, ReportField]
Tools = Sequence[Mapping[str, Any]]

_CALLER = ("caller_number", "phone", "phone_number", "from_number")
_NAME = ("name", "caller_name", "customer_name")
_START = ("date", "start", "appointment_date")


def read_fields(fields: Fields, *sources: Mapping[str, Any]) -> dict[str, Value | None]:
    """Each field's value from the first source that has one of its type; None where none has."""
    found: dict[str, Value | None] = {}
    for name, field in fields.items():
        values = (read_value(field, source.get(name)) for source in sources)
        found[name] = next((value for value in values if value is not None), None)
    return found


def known_values(story: Mapping[str, Any], tools: Tools) -> dict[str, Any]:
    """What the record has, by name: what tools that came out well were given, the one appointment
    that stands, the call's variables, the caller's number. The later in this order yields."""
    known: dict[str, Any] = {}
    number = caller_number(story)
    if number:
        known |= dict.fromkeys(_CALLER, number)
    for place in ("dynamic_variables", "collected_dynamic_variables"):
        given = story.get(place)
        known |= given if isinstance(given, Mapping) else {}
    standing = [b for b in story.get("bookings") or () if b.get("status") == "booked"]
    if len(standing) == 1:
        booking = standing[0]
        known |= dict.fromkeys(_NAME, booking.get("name"))
        known |= dict.fromkeys(_START, booking.get("start"))
        known["service"] = booking.get("service")
    for tool in tools:
        arguments = tool["arguments"]
        if tool["ok"] and isinstance(arguments, Mapping):
            known |= {name: value for name, value in arguments.items() if value is not None}
    return known


def analysed_values(story: Mapping[str, Any]) -> Mapping[str, Any]:
    """What Retell's own analysis read into fields of the same names."""
    analysis = story.get("analysis")
    custom = analysis.get("custom_analysis_data") if isinstance(analysis, Mapping) else None
    return custom if isinstance(custom, Mapping) else {}


def caller_number(story: Mapping[str, Any]) -> str:
    """The number of the person on the line; blank where the channel has none."""
    name = "to_number" if story.get("direction") == "outbound" else "from_number"
    return str(story.get(name) or "")
