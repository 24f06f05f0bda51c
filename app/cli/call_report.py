"""One call's story in words: what happened, in order, and what stands out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from app.core.report.problems import SLOW_MS, problems

Line = tuple[str, str]

_ENDS = {
    "superseded": "discarded for a newer request",
    "interrupted": "cut off by the caller",
    "failed": "failed",
    "timeout": "gave up waiting for the model",
}


def explain(story: dict[str, Any]) -> Iterator[Line]:
    """Lines and their colours."""
    yield f"call {story.get('call_id')}: {_head(story)}", "bold"
    steps = sorted(
        [*_turns(story), *_tools(story), *_events(story)], key=lambda step: float(step[0])
    )
    begin = steps[0][0] if steps else 0.0
    for at, text, colour in steps:
        yield f"  {at - begin:7.1f} s  {text}", colour
    yield "", ""
    found = problems(story)
    for problem in found:
        yield f"  {problem.what}", "bad"
        if problem.cure:
            yield f"    look at: {problem.cure}", "dim"
    if not found:
        yield "  Nothing stands out.", "good"


def _head(story: dict[str, Any]) -> str:
    parts = [str(story.get("status") or "unknown")]
    for name in ("disconnection_reason", "channel", "agent", "direction"):
        if story.get(name):
            parts.append(str(story[name]))
    if story.get("started_at"):
        when = dt.datetime.fromtimestamp(float(story["started_at"]), dt.UTC)
        parts.append(f"began {when:%Y-%m-%d %H:%M:%S} UTC")
    parts.append(f"{len(story.get('turns') or [])} turns")
    return ", ".join(parts)


def _turns(story: dict[str, Any]) -> Iterator[tuple[float, str, str]]:
    for turn in story.get("turns") or []:
        first = turn.get("first_ms")
        wait = "no word" if first is None else f"first word after {first:.0f} ms"
        said = " ".join(str(turn.get("text") or "").split())
        ended = str(turn.get("ended") or "")
        how = f", {_ENDS.get(ended, ended)}" if ended not in ("", "answered") else ""
        slow = first is not None and first >= SLOW_MS
        text = f"turn {turn.get('response_id')} ({wait}{how}): {_short(said)}"
        yield float(turn.get("asked_at") or 0), text, "bad" if slow or first is None else ""


def _tools(story: dict[str, Any]) -> Iterator[tuple[float, str, str]]:
    for call in story.get("tool_calls") or []:
        state = call.get("state")
        asked, ended = float(call.get("asked_at") or 0), float(call.get("ended_at") or 0)
        took = f" in {(ended - asked) * 1000:.0f} ms" if ended else ""
        tries = f", {call['attempts']} attempts" if (call.get("attempts") or 0) > 1 else ""
        text = f"tool {call.get('tool')} {state}{took}{tries}"
        yield asked, text, "bad" if state not in ("done", "superseded") else ""


def _events(story: dict[str, Any]) -> Iterator[tuple[float, str, str]]:
    for event in story.get("events") or []:
        rest = {name: value for name, value in event.items() if name not in ("at", "kind")}
        about = ", ".join(f"{name} {value}" for name, value in rest.items())
        at = event.get("at") or 0
        if isinstance(at, (int, float)):
            at = at / 1000 if at > 1e11 else at
            yield float(at), f"{event.get('kind')}{': ' + _short(about) if about else ''}", "dim"


def _short(text: str, width: int = 90) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
