"""Keys of an agent's file that had a meaning once."""

from __future__ import annotations

from typing import Any

#: By section and key: what to do about them.
RETIRED: dict[str, dict[str, str]] = {
    "intents": {"repeat_threshold": "it has no effect; remove it (act_threshold is what counts)"},
}


def without_retired(section: str, data: Any) -> Any:
    """A section without them: files and records of calls that have one stay valid."""
    if isinstance(data, dict):
        return {name: value for name, value in data.items() if name not in RETIRED[section]}
    return data
