"""What a call's webhooks tell as utterances, each at the moment it was said.

Retell splits a turn into several entries when the agent is cut off or a tool runs; what the caller
says without the agent in between belongs together, and so does what a "mm-hm" of the agent's only
interrupts. A moment comes from the words' times and the call's start, never from when an event
arrived: what cannot be placed in time has no moment, and nothing relative can be read from it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from app.core.requests.evidence import AGENT, CALLER, Role, Utterance

_ROLES: dict[str, Role] = {"user": CALLER, "agent": AGENT}
_BACKCHANNEL = re.compile(
    r"(?:mm-?hm+|uh-?huh|yes|yeah|sure|okay|ok|right|i see|go on|go ahead)[.?!]*", re.IGNORECASE
)
_ENDS = (".", "?", "!")
#: A call is not longer than this; a time beyond it is one of another clock.
_DAY_MS = 24 * 3600 * 1000
#: Finals of a plain sender that follow each other this closely are one utterance.
MERGE_MS = 1500


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing that a plain sender heard, at `at_ms` (unix). An interruption has no text."""

    at_ms: int
    text: str = ""
    interruption: bool = False


def said_in(entries: Sequence[dict[str, Any]], start_ms: int, zone: ZoneInfo) -> list[Utterance]:
    """The utterances of a transcript. `start_ms` is when the call began (unix, 0 where unknown)."""
    out: list[Utterance] = []
    at: dt.datetime | None = _moment(start_ms, zone) if start_ms else None
    for entry in entries:
        role = _ROLES.get(str(entry.get("role")))
        text = entry.get("content")
        if role is None or not isinstance(text, str) or not text.strip():
            continue
        at = _said_at(entry, start_ms, zone) or at
        last = out[-1] if out else None
        if role == AGENT and last is not None and _goes_on(last, text):
            continue
        if last is not None and last.role == role == CALLER:
            out[-1] = Utterance(last.index, role, f"{last.text} {text.strip()}", at)
        else:
            out.append(Utterance(len(out), role, text.strip(), at))
    return out


def heard_by(
    heard: Iterable[Heard], zone: ZoneInfo, *, merge_ms: int = MERGE_MS
) -> list[Utterance]:
    """The utterances of a plain sender, which tells what the caller said and nothing else. Callers
    pause inside a sentence, and a recogniser takes the pause for its end."""
    joined: list[Heard] = []
    for item in sorted(heard, key=lambda item: item.at_ms):
        text = item.text.strip()
        last = joined[-1] if joined else None
        if item.interruption:
            joined.append(item)
        elif text and last and not last.interruption and item.at_ms - last.at_ms <= merge_ms:
            if not f" {last.text}".endswith(f" {text}"):  # sent twice, not said twice
                joined[-1] = Heard(item.at_ms, f"{last.text} {text}")
        elif text:
            joined.append(Heard(item.at_ms, text))
    return [
        Utterance(place, CALLER, item.text, _moment(item.at_ms, zone))
        for place, item in enumerate(item for item in joined if not item.interruption)
    ]


def quiet_since_ms(
    entries: Sequence[dict[str, Any]], heard: Iterable[Heard], start_ms: int, last_ms: int
) -> int:
    """When the caller was last heard (unix milliseconds). Their last turn may still be growing: it
    counts as heard at the newest event, `last_ms`."""
    if not entries:
        return max((item.at_ms for item in heard), default=0)
    spoken = [
        entry for entry in entries if _ROLES.get(str(entry.get("role"))) and entry.get("content")
    ]
    if not spoken or spoken[-1]["role"] == "user":
        return last_ms
    for entry in reversed(spoken):
        if entry["role"] == "user":
            at = _said_at_ms(entry, start_ms)
            return last_ms if at is None else min(at, last_ms)
    return 0


def _goes_on(last: Utterance, agent_text: str) -> bool:
    return (
        last.role == CALLER
        and not last.text.endswith(_ENDS)
        and _BACKCHANNEL.fullmatch(agent_text.strip()) is not None
    )


def _said_at(entry: dict[str, Any], start_ms: int, zone: ZoneInfo) -> dt.datetime | None:
    at_ms = _said_at_ms(entry, start_ms)
    return None if at_ms is None else _moment(at_ms, zone)


def _said_at_ms(entry: dict[str, Any], start_ms: int) -> int | None:
    at_ms = entry.get("at_ms")
    if isinstance(at_ms, int) and not isinstance(at_ms, bool):
        return at_ms
    end = entry.get("end")
    if start_ms and isinstance(end, (int, float)) and 0 <= end * 1000 <= _DAY_MS:
        return start_ms + int(end * 1000)
    return None


def _moment(at_ms: int, zone: ZoneInfo) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(at_ms / 1000, zone)
    except (ValueError, OverflowError, OSError):
        return None
