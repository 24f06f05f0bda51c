"""How calls went over time, as `GET /api/figures` and the console's page of figures show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.adapters.calls.usage import DayUsed
from app.core.usage.counts import NANO
from app.core.usage.figures import WAITS, add, measured, named, percentile

PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
TOOL_STATES = ("done", "refused", "failed", "dropped")


def summarise(days: Sequence[DayUsed]) -> dict[str, Any]:
    """The figures of all days together, of each day, and of each business.

    Each has ``calls``, ``minutes``, ``usd``; ``waits`` (`count` and percentiles in milliseconds,
    None where nothing was measured); ``outcomes``, ``intents`` and ``faults`` (how many of each);
    ``tools`` (how many runs ended in which state).
    """
    return {
        "total": _told(days),
        "days": [
            {"day": day.isoformat(), **_told([one for one in days if one.day == day])}
            for day in sorted({one.day for one in days})
        ],
        "businesses": [
            {"business": name, **_told([one for one in days if one.business == name])}
            for name in sorted({one.business for one in days})
        ],
    }


def usd_by_business(days: Iterable[DayUsed]) -> dict[tuple[str, str], float]:
    """What each business's calls cost on each day, in dollars, by day and business."""
    found: dict[tuple[str, str], float] = {}
    for one in days:
        key = one.day.isoformat(), one.business
        found[key] = found.get(key, 0.0) + one.counts.get("nano_usd", 0) / NANO
    return found


def _told(days: Sequence[DayUsed]) -> dict[str, Any]:
    used = [one.counts for one in days]
    whole = add(used)
    tools: dict[str, dict[str, int]] = {}
    for name, count in named(whole, "tool").items():
        tool, _, state = name.rpartition(":")
        tools.setdefault(tool, dict.fromkeys(TOOL_STATES, 0))[state] = count
    return {
        "calls": sum(counts.get("calls", 0) for counts in used),
        "minutes": round(sum(counts.get("ms", 0) for counts in used) / 60_000, 2),
        "usd": round(sum(counts.get("nano_usd", 0) for counts in used) / NANO, 6),
        "waits": {
            wait: {
                "count": measured(whole, wait),
                **{name: percentile(whole, wait, share) for name, share in PERCENTILES.items()},
            }
            for wait in WAITS
        },
        "outcomes": dict(named(whole, "outcome").most_common()),
        "intents": dict(named(whole, "intent").most_common()),
        "faults": dict(named(whole, "fault").most_common()),
        "tools": dict(sorted(tools.items())),
    }
