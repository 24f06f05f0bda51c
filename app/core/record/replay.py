"""Plays a flight record through the core, and compares what it decides with what was decided.

The core is a function of its events and their times, so the decisions must be the same, bit for
bit. Where they are not, the record was made by other code or another agent's file, or there is a
fault: this is how faults are reported from production.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.core.agent.definition import Agent
from app.core.call.events import Note, SaveState
from app.core.record.entries import event_of, members
from app.core.text.call import TextCall
from app.errors import BadRequest


@dataclass(slots=True)
class Difference:
    """The first place where the decisions part: line number, what was recorded, what came now."""

    line: int
    recorded: list[dict[str, Any]]
    decided: list[dict[str, Any]]


@dataclass(slots=True)
class Playback:
    """What a replay showed. `notes` is the call's story as it was decided now."""

    events: int = 0
    decisions: int = 0
    difference: Difference | None = None
    notes: list[tuple[float, Note]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class _Socket:
    """One socket of the call while its record is played."""

    call: TextCall
    line: int = 0
    decided: list[dict[str, Any]] = field(default_factory=list)
    recorded: list[dict[str, Any]] = field(default_factory=list)


def play(
    entries: Iterable[dict[str, Any]], normal: Callable[[Any], Any] = lambda value: value
) -> Playback:
    """Play `entries` in order. Both sides of a comparison go through `normal` first.

    Stops at the first difference. Raises `BadRequest` for what is no flight record.
    """
    playback = Playback()
    sockets: dict[int, _Socket] = {}
    for line, entry in enumerate(entries, 1):
        playback.entries.append(entry)
        number = entry.get("s", 0)
        if "begin" in entry:
            sockets[number] = _begin(entry, line, playback)
            continue
        socket = sockets.get(number)
        if socket is None:
            raise BadRequest(f"line {line}: no beginning of this socket before it")
        if "out" in entry:
            socket.recorded.append(_without_time(entry))
            continue
        event = event_of(entry)
        if event is None:
            continue
        if _differs(socket, playback, normal):
            return playback
        socket.line = line
        playback.events += 1
        _decide(socket, socket.call.handle(event, entry["t"]), entry["t"], playback)
    for socket in sockets.values():
        # What was decided last may not have been written any more.
        socket.decided = socket.decided[: len(socket.recorded)]
        if _differs(socket, playback, normal):
            break
    return playback


def _begin(entry: dict[str, Any], line: int, playback: Playback) -> _Socket:
    begin = entry["begin"]
    if isinstance(begin, dict) and begin.get("channel", "retell") != "retell":
        # Their records leave the audio out, on which their decisions depend.
        raise BadRequest(f"line {line}: only text calls can be replayed, not {begin['channel']}")
    try:
        agent = Agent.model_validate(begin["agent"])
        call_id, state = str(begin["call_id"]), begin["state"]
        greet = begin.get("greet") is not False
    except (KeyError, ValueError) as error:
        raise BadRequest(f"line {line}: not the beginning of a call: {error}") from None
    if state is not None:
        return _Socket(TextCall.from_state(call_id, agent, state), line)
    socket = _Socket(TextCall(call_id, agent), line)
    _decide(socket, socket.call.start(entry["t"], greet=greet), entry["t"], playback)
    return socket


def _decide(socket: _Socket, actions: list[Any], now: float, playback: Playback) -> None:
    for action in actions:
        if isinstance(action, Note):
            playback.notes.append((now, action))
        elif not isinstance(action, SaveState):
            socket.decided.append(members(action))


def _differs(socket: _Socket, playback: Playback, normal: Callable[[Any], Any]) -> bool:
    decided, recorded = socket.decided, socket.recorded
    socket.decided, socket.recorded = [], []
    playback.decisions += len(recorded)
    if normal(decided) != normal(recorded):
        playback.difference = Difference(socket.line, recorded, decided)
        return True
    return False


def _without_time(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in ("t", "s")}
