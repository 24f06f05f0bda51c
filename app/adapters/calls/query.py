"""What a list of calls is asked for: filters, and where a page begins."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.adapters.calls import story
from app.adapters.redis import keys
from app.core.report.findable import classes, cost_of, length_of
from app.errors import BadRequest

VALUE_CHARS = 64

Range = tuple[float | None, float | None]
"""From, to; None where there is no bound."""
ANY: Range = (None, None)


@dataclass(frozen=True, slots=True)
class CallQuery:
    """Which calls are wanted. Blank members leave everything in; `business` and `agent` are ids,
    times are Unix seconds, `seconds` and `usd` are ranges of the length and the cost."""

    business: str = ""
    agent: str = ""
    outcome: str = ""
    tool: str = ""
    intent: str = ""
    fault: str = ""
    text: str = ""
    seconds: Range = ANY
    usd: Range = ANY
    since: float | None = None
    until: float | None = None

    @property
    def named(self) -> dict[str, str]:
        """The members that have a set for each of their values."""
        names = ("business", "agent", "outcome", "tool", "intent", "fault")
        return {name: value for name in names if (value := getattr(self, name))}

    @property
    def ranges(self) -> dict[str, Range]:
        """The ranges that leave something out."""
        given = {"seconds": self.seconds, "usd": self.usd}
        return {name: bounds for name, bounds in given.items() if bounds != ANY}

    @property
    def sets(self) -> list[tuple[str, ...]]:
        """For each filter the sets of calls of which one must hold the call."""
        named = [(keys.calls_by(name, v[:VALUE_CHARS]),) for name, v in self.named.items()]
        return named + [
            tuple(keys.calls_by(name, str(number)) for number in classes(name, *bounds))
            for name, bounds in self.ranges.items()
        ]

    def fits(self, summary: Mapping[str, Any]) -> bool:
        """Whether the summary is of a call that is wanted, its words left aside."""
        has = {
            "business": (story.owner_of(summary),),
            "agent": (story.answerer_of(summary),),
            "outcome": (summary.get("outcome"),),
            "tool": summary.get("tools") or (),
            "intent": summary.get("intents") or (),
            "fault": summary.get("faults") or (),
        }
        if not all(value in has[name] for name, value in self.named.items()):
            return False
        measured = {"seconds": length_of(summary), "usd": cost_of(summary)}
        return all(_within(measured[name], bounds) for name, bounds in self.ranges.items())


def _within(value: float | None, bounds: Range) -> bool:
    low, high = bounds
    return value is not None and (low is None or low <= value) and (high is None or value <= high)


@dataclass(frozen=True, slots=True)
class Page:
    """Summaries of calls, newest first; `next` is the cursor of the following page, or None."""

    calls: list[dict[str, Any]]
    next: str | None


def make_cursor(score: float, call_id: str) -> str:
    """A cursor that goes on behind this call."""
    return base64.urlsafe_b64encode(f"{score!r} {call_id}".encode()).decode().rstrip("=")


def parse_cursor(cursor: str) -> tuple[float, str] | None:
    """The call behind which a page begins. Raises `BadRequest`."""
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        score, _, call_id = text.partition(" ")
        return float(score), call_id
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise BadRequest("cursor is not one that this route gave") from None
