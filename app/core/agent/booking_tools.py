"""The booking tools as an agent offers them: with the arguments that its resources call for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.core.booking.rules import BookingRules
from app.core.language.speech import say_list
from app.core.tools.declarations import Tool

_RESOURCE = {
    "check_availability": 'Whom or what the caller wants, of: {names}. "anyone" if they do not mind'
    " who. Leave it out if they said nothing of it.",
    "book_appointment": "Whom or what the caller wants, if other than was looked for.",
    "reschedule_appointment": 'Whom or what the caller wants instead, or "anyone". Leave it out to'
    " keep it as it is.",
    "cancel_appointment": "Whom or what it is with, if the caller has several appointments.",
}
_PARTY_SIZE = {
    "check_availability": "How many people come. A move keeps the number unless they say another.",
    "book_appointment": "How many people come, if other than was looked for.",
    "reschedule_appointment": "How many people come, if other than before.",
    "cancel_appointment": "For how many people it is, if the caller has several appointments.",
}


def fit_tool(tool: Tool, rules: BookingRules) -> Tool:
    """The tool with `resource` and `party_size`, where the agent's file has what they choose from.

    The number of people is required to look for times where no service does without.
    """
    if tool.name not in _RESOURCE or not rules.resources:
        return tool
    parties = [rules.largest_party(service) is not None for service in rules.services]
    more: dict[str, Any] = {"resource": _text(_RESOURCE[tool.name], rules)}
    required = list(tool.parameters["required"])
    if any(parties):
        about = _PARTY_SIZE[tool.name]
        more["party_size"] = {"type": "integer", "minimum": 1, "description": about}
        if all(parties) and tool.name == "check_availability":
            required.append("party_size")
    properties = {**tool.parameters["properties"], **more}
    parameters = {**tool.parameters, "properties": properties, "required": required}
    return replace(tool, parameters=parameters)


def _text(about: str, rules: BookingRules) -> dict[str, Any]:
    names = say_list([resource.name for resource in rules.resources], "and")
    return {"type": "string", "description": about.format(names=names)}
