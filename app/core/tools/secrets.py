"""Secrets in tools' arguments: what a schema marks with ``"x-redact": true`` is shown to nobody.

A secret is also said aloud and repeated by tools, so its value is masked wherever it stands in what
is told of the call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

MARK = "x-redact"
HIDDEN = "[redacted]"
MIN_CHARS = 3
"""Shorter values are hidden in the arguments only: elsewhere they would be found in anything."""
_MAX_DEPTH = 12
_COMBINED = ("anyOf", "allOf", "oneOf")
_BETWEEN = r"[\s.,\-]*"
_SPOKEN = {
    "0": "0|zero|oh|o", "1": "1|one", "2": "2|two", "3": "3|three", "4": "4|four", "5": "5|five",
    "6": "6|six", "7": "7|seven", "8": "8|eight", "9": "9|nine",
}  # fmt: skip


def hide_arguments(schema: Mapping[str, Any], arguments: Any) -> tuple[Any, list[str]]:
    """The arguments without the values that the schema marks, and those values as texts."""
    secrets: list[str] = []
    return _hide(schema, arguments, schema, secrets, 0), secrets


def masker(secrets: Iterable[str]) -> Callable[[Any], Any]:
    """A function that gives a JSON value with every secret in its texts hidden.

    Digits are also found with blanks or points between them, and as English words.
    """
    found = sorted({s.strip() for s in secrets if len(s.strip()) >= MIN_CHARS}, key=len)
    if not found:
        return lambda value: value
    parts = "|".join(_pattern(secret) for secret in reversed(found))
    pattern = re.compile(rf"(?<!\w)(?:{parts})(?!\w)", re.IGNORECASE)
    plain = {re.sub(r"\W", "", secret).casefold() for secret in found}

    def mask(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(HIDDEN, value)
        if isinstance(value, Mapping):
            return {name: mask(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [mask(item) for item in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return HIDDEN if str(value) in plain else value
        return value

    return mask


def _pattern(secret: str) -> str:
    signs = re.sub(r"[\s.,\-]", "", secret)
    if signs.isalnum():
        return _BETWEEN.join(f"(?:{_SPOKEN.get(sign, re.escape(sign))})" for sign in signs)
    return r"\s+".join(map(re.escape, secret.split()))


def _hide(schema: Any, value: Any, root: Mapping[str, Any], secrets: list[str], depth: int) -> Any:
    schema = _resolve(schema, root)
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return value
    if schema.get(MARK) is True:
        secrets += _texts(value)
        return HIDDEN
    for name in _COMBINED:
        for option in schema.get(name) or ():
            value = _hide(option, value, root, secrets, depth + 1)
    if isinstance(value, Mapping):
        properties = schema.get("properties") or {}
        more = schema.get("additionalProperties")
        return {
            name: _hide(properties.get(name, more), item, root, secrets, depth + 1)
            for name, item in value.items()
        }
    if isinstance(value, list):
        items = schema.get("items")
        return [_hide(items, item, root, secrets, depth + 1) for item in value]
    return value


def _resolve(schema: Any, root: Mapping[str, Any]) -> Any:
    """The schema, or the one of this document that it refers to."""
    reference = schema.get("$ref") if isinstance(schema, Mapping) else None
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return schema
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return {**found, **schema} if isinstance(found, Mapping) else schema


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    if value is None or isinstance(value, bool):
        return []
    return [str(value)]
