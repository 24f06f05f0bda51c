"""A tool's arguments, checked against its JSON schema before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

from app.core.tools.declarations import TOOLS, Tool

MAX_ARGUMENTS_CHARS = 32_000
_SHOWN = 3
_ABOUT_TIME = frozenset(
    (
        *("day", "days", "when", "week", "weekday", "month", "hour", "start", "end", "until"),
        *("before", "after", "from", "to", "datetime", "date", "time", "dates", "times", "range"),
    )
)
"""Words in the names of arguments that say when."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the model gave a tool: `values`, or the `problem` in words that it can act on."""

    values: dict[str, Any] = field(default_factory=dict)
    problem: str = ""


class ArgumentReader:
    """Reads the arguments of one set of tools. Schemas are compiled once."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self._tools = tools
        self._validators: dict[str, Draft202012Validator] = {}

    def read(self, name: str, text: str) -> Arguments:
        """Parse and check the JSON text that the model wrote for the tool `name`."""
        if name not in self._tools:
            known = ", ".join(sorted(self._tools)) or "none"
            return Arguments(problem=f"There is no tool named {name[:64]}. The tools are: {known}.")
        if len(text) > MAX_ARGUMENTS_CHARS:
            return Arguments(problem="The arguments are too long. Shorten them.")
        try:
            values = orjson.loads(text or "{}")
        except orjson.JSONDecodeError:
            return Arguments(problem="The arguments are not JSON. Call the tool again with JSON.")
        return self.check(name, values)

    def check(self, name: str, values: Any) -> Arguments:
        """Check arguments that are parsed already. Null and blank members count as left out."""
        if not isinstance(values, Mapping):
            return Arguments(problem="The arguments must be one JSON object.")
        tool = self._tools[name]
        if name in TOOLS:
            # What a built-in tool does not know is left out: asking again costs the caller time.
            values = adapt_arguments(tool, values)
        given = {str(key): value for key, value in values.items() if not _is_blank(value)}
        errors = sorted(
            self._validator(name).iter_errors(given),
            key=lambda error: [str(part) for part in error.absolute_path],
        )
        if not errors:
            return Arguments(given)
        problems = dict.fromkeys(_problem(error) for error in errors)
        return Arguments(problem=" ".join(list(problems)[:_SHOWN]))

    def _validator(self, name: str) -> Draft202012Validator:
        found = self._validators.get(name)
        if found is None:
            found = Draft202012Validator(self._tools[name].parameters)
            self._validators[name] = found
        return found


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def adapt_arguments(tool: Tool, given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a tool knows, with the types its schema wants where a text says them.

    Retell adds members of its own, and what a query carries is always text. What a tool does not
    know is left out, unless it seems to say when: that is for the schema to refuse.
    """
    known: Mapping[str, Any] = tool.parameters.get("properties") or {}
    adapted: dict[str, Any] = {}
    for name, value in given.items():
        if _is_blank(value):
            continue
        if name in known:
            adapted[name] = _adapted(value, known[name].get("type"))
        elif "date" in known and _ABOUT_TIME & set(name.lower().split("_")):
            # "day" beside "date" is a wish that must not be lost: the schema's refusal names it.
            adapted[name] = value
    return adapted


def _adapted(value: Any, wanted: Any) -> Any:
    if wanted == "string" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return value
    if wanted == "string":
        return value.strip()
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return value if isinstance(parsed, str) else parsed


def check_schema(parameters: Any) -> str:
    """What is wrong with a tool's parameter schema; empty if nothing is."""
    if not isinstance(parameters, Mapping) or parameters.get("type") != "object":
        return "parameters must be a JSON schema of type object"
    try:
        Draft202012Validator.check_schema(dict(parameters))
    except SchemaError as error:
        place = ".".join(str(part) for part in error.absolute_path)
        return f"parameters{'.' + place if place else ''}: {error.message[:200]}"
    return ""


def _problem(error: ValidationError) -> str:
    """One mistake in words: which argument, and what would be right."""
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "required":
        wanted = cast(list[str], error.validator_value)
        missing = [name for name in wanted if name not in cast(Mapping[str, Any], error.instance)]
        names = ", ".join(f"{place}.{name}" if place else str(name) for name in missing)
        return f"Missing: {names}. Ask the caller."
    if error.validator == "additionalProperties":
        known = ", ".join(cast(Mapping[str, Any], error.schema).get("properties", {}))
        return f"Unknown argument. Known are: {known}."
    if error.validator == "type":
        return f"{place or 'The arguments'} must be of type {_listed(error.validator_value)}."
    if error.validator == "enum":
        return f"{place} must be one of: {_listed(error.validator_value)}."
    if error.validator in ("format", "pattern"):
        return f"{place} must match {error.validator_value}."
    if error.validator in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        side = "at least" if "inimum" in str(error.validator) else "at most"
        return f"{place} must be {side} {error.validator_value}."
    if error.validator in ("minLength", "minItems"):
        return f"{place} is too short."
    if error.validator in ("maxLength", "maxItems"):
        return f"{place} is too long."
    return f"{place or 'The arguments'}: {error.message[:200]}."


def _listed(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
