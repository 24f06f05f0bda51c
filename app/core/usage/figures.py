"""How calls went, as whole numbers that add up: waiting times by bucket, outcomes, intents, faults.

A figure has a name of two or three parts, `KIND:NAME` or `KIND:NAME:STATE`. Waiting times are kept
as counts of fixed buckets, so that those of any calls, agents and days can be added and their
percentiles read; a percentile is off by less than its bucket is wide.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

WAITS = {
    "first_word": "from the request for an answer to its first word",
    "first_sentence": "from the request for an answer to the end of its first sentence",
    "tool": "from asking for a tool to its result",
}
"""The waiting times that are counted, in milliseconds."""
BOUNDS_MS = (
    50, 75, 100, 150, 200, 250, 300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1400, 1600, 1800,
    2000, 2500, 3000, 4000, 5000, 6000, 8000, 10_000, 15_000, 30_000,
)  # fmt: skip
"""The upper bounds of the buckets. What is longer is in the last one, which has none."""
MAX_NAMES = 100
"""Figures of one call, at most, and names that one day can show of a kind."""
_MAX_CHARS = 64

Figures = dict[str, int]


def figures_of(
    report: Mapping[str, Any], story: Mapping[str, Any], tools: Collection[str]
) -> Figures:
    """The figures of one call.

    report: the call's report (`app.core.report.compose`); story: its snapshot; tools: the names of
    those its agent has. Others, which only a model has made up, are counted as ``other``.
    """
    found: Counter[str] = Counter({f"outcome:{report['outcome']}": 1})
    for turn in story.get("turns") or ():
        _wait(found, "first_word", turn.get("first_ms"))
        _wait(found, "first_sentence", turn.get("sentence_ms"))
    for tool in report["tools"]:
        name = tool["name"] if tool["name"] in tools else "other"
        found[f"tool:{name}:{_state(tool)}"] += 1
        if tool["state"] == "done":
            _wait(found, "tool", _length_ms(tool["asked_at"], tool["ended_at"]))
    for intent in {one.get("intent") for one in story.get("intents") or ()} - {None}:
        found[f"intent:{str(intent)[:_MAX_CHARS]}"] = 1
    for fault in report["faults"]:
        found[f"fault:{fault['kind']}"] += fault["count"]
    return dict(found.most_common(MAX_NAMES))


def named(counts: Mapping[str, int], kind: str) -> Counter[str]:
    """The figures of a kind by the rest of their names."""
    begin = f"{kind}:"
    return Counter(
        {name.removeprefix(begin): n for name, n in counts.items() if name.startswith(begin) and n}
    )


def add(counts: Iterable[Mapping[str, int]]) -> Figures:
    """All figures together."""
    found: Counter[str] = Counter()
    for one in counts:
        found.update({name: n for name, n in one.items() if ":" in name})
    return dict(found)


def percentile(counts: Mapping[str, int], wait: str, share: float) -> float | None:
    """The time in milliseconds that `share` of the waiting times `wait` do not exceed; None where
    there are none. Inside a bucket they are taken to be spread evenly."""
    buckets = sorted((int(place), n) for place, n in named(counts, f"wait:{wait}").items() if n > 0)
    wanted = share * sum(n for _, n in buckets)
    below = 0
    for place, n in buckets:
        if below + n >= wanted:
            low = BOUNDS_MS[place - 1] if place else 0
            high = BOUNDS_MS[place] if place < len(BOUNDS_MS) else low
            return round(low + (high - low) * (wanted - below) / n, 1)
        below += n
    return None


def measured(counts: Mapping[str, int], wait: str) -> int:
    """How many waiting times of this kind there are."""
    return named(counts, f"wait:{wait}").total()


def _wait(found: Counter[str], wait: str, ms: Any) -> None:
    if isinstance(ms, int | float) and not isinstance(ms, bool) and ms >= 0:
        found[f"wait:{wait}:{bisect_left(BOUNDS_MS, ms)}"] += 1


def _state(tool: Mapping[str, Any]) -> str:
    """``done``, ``refused`` (it ran, and its answer was a no), ``failed`` or ``dropped``."""
    if tool["state"] == "done":
        return "done" if tool["ok"] else "refused"
    return "failed" if tool["state"] == "failed" else "dropped"


def _length_ms(began: str | None, ended: str | None) -> float | None:
    if not began or not ended:
        return None
    length = dt.datetime.fromisoformat(ended) - dt.datetime.fromisoformat(began)
    return length.total_seconds() * 1000
