"""Entries of flight records as they are given out: without people's numbers and addresses."""

from __future__ import annotations

from typing import Any

import orjson

from app.logs import redact_value


def redacted(line: bytes) -> dict[str, Any]:
    """The entry without people's numbers and addresses. The agent's own settings are not people's:
    a replay needs them as they are."""
    entry = orjson.loads(line)
    begin = entry.get("begin")
    clean: dict[str, Any] = redact_value(entry)
    if isinstance(begin, dict):
        clean["begin"]["agent"] = begin.get("agent")
    return clean
