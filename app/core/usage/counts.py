"""What one call has used, as whole numbers that add up: by business, agent and day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

NANO = 1_000_000_000
MODALITIES = ("text", "audio", "image")
DIRECTIONS = ("input", "cached", "output")
TOKENS = tuple(f"{kind}_{way}" for kind in MODALITIES for way in DIRECTIONS)
NAMES = ("calls", "ms", "nano_usd", "tool_runs", "bookings", "messages", *TOKENS)
"""What is counted. `nano_usd` is money by our price table, in nano-dollars; `ms` is the length of
the calls; tokens are by modality, `cached` being part of `input`."""

Counts = dict[str, int]


def used_by(report: Mapping[str, Any]) -> Counts:
    """What a call has used, from its report (`app.core.report.compose`)."""
    cost = report["cost"]
    counts: Counts = {
        "calls": 1,
        "ms": _length_ms(report["started_at"], report["ended_at"]),
        "nano_usd": round(float(cost.get("usd") or 0) * NANO),
        "tool_runs": sum(tool["state"] in ("done", "failed") for tool in report["tools"]),
        "bookings": sum(booking["status"] == "booked" for booking in report["bookings"]),
        "messages": len(report["messages"]),
    }
    tokens = cost.get("tokens")
    for kind in MODALITIES:
        used = tokens.get(kind) if isinstance(tokens, Mapping) else None
        for way in DIRECTIONS:
            counts[f"{kind}_{way}"] = int((used or {}).get(way) or 0)
    return counts


def day_of(report: Mapping[str, Any], time_zone: str) -> dt.date:
    """The day on which the call began where its business is; of an unknown time, its end's."""
    moment = report["started_at"] or report["ended_at"]
    return dt.datetime.fromisoformat(moment).astimezone(ZoneInfo(time_zone)).date()


def total(counts: Iterable[Mapping[str, int]]) -> Counts:
    """All of them together."""
    found = dict.fromkeys(NAMES, 0)
    for one in counts:
        for name in NAMES:
            found[name] += int(one.get(name, 0))
    return found


def shown(counts: Mapping[str, int]) -> dict[str, Any]:
    """Counts as people read them: minutes and dollars, tokens by kind."""
    return {
        "calls": counts.get("calls", 0),
        "minutes": round(counts.get("ms", 0) / 60_000, 2),
        "usd": round(counts.get("nano_usd", 0) / NANO, 6),
        "tool_runs": counts.get("tool_runs", 0),
        "bookings": counts.get("bookings", 0),
        "messages": counts.get("messages", 0),
        "tokens": {
            kind: {way: counts.get(f"{kind}_{way}", 0) for way in DIRECTIONS}
            for kind in MODALITIES
            if any(counts.get(f"{kind}_{way}") for way in DIRECTIONS)
        },
    }


def _length_ms(began: str | None, ended: str | None) -> int:
    if not began or not ended:
        return 0
    length = dt.datetime.fromisoformat(ended) - dt.datetime.fromisoformat(began)
    return max(0, round(length.total_seconds() * 1000))
