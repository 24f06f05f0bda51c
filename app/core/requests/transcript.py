"""A transcript of Retell's as things heard: each turn of the caller is one final.

Retell splits a turn into several entries when the agent is cut off or a tool runs; what the caller
says without the agent in between belongs together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.core.requests.request import Heard

_CALLER, _AGENT = "user", "agent"
#: Times older than this against the last event are those of another clock.
_DAY_MS = 24 * 3600 * 1000


def heard_in(entries: Sequence[dict[str, Any]], start_ms: int, last_ms: int) -> list[Heard]:
    """The caller's turns in a transcript, with the time each ended.

    `start_ms` is when the call began (unix, 0 where unknown), `last_ms` when the newest event came:
    nothing was said after that. The last turn may still be growing; it counts as just heard.
    """
    turns: list[tuple[list[str], int]] = []
    open_turn = False
    for entry in entries:
        role, content = entry["role"], entry.get("content", "").strip()
        if role == _CALLER and content:
            at_ms = _ended_ms(entry, start_ms, last_ms)
            if open_turn:
                turns[-1] = ([*turns[-1][0], content], at_ms)
            else:
                turns.append(([content], at_ms))
            open_turn = True
        elif role == _AGENT and content:
            open_turn = False
    if turns and open_turn:
        turns[-1] = (turns[-1][0], last_ms)
    heard = []
    latest = 0
    for texts, at_ms in turns:
        latest = max(latest, min(at_ms, last_ms))
        heard.append(Heard(latest, " ".join(texts)))
    return heard


def _ended_ms(entry: dict[str, Any], start_ms: int, last_ms: int) -> int:
    at_ms = entry.get("at_ms")
    if at_ms is None and start_ms and "end" in entry:
        at_ms = start_ms + int(entry["end"] * 1000)
    if at_ms is None or last_ms - at_ms > _DAY_MS:
        return last_ms
    return int(at_ms)
