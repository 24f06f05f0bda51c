"""Plays a flight record through the core, and compares what it decides with what was decided.

The core is a function of its events and their times, so the decisions must be the same, bit for
bit. Where they are not, the record was made by other code or another agent's file, or there is a
fault: this is how faults are reported from production.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from app.core.audio.call import AudioCall
from app.core.audio.frames import Codec
from app.core.call.notes import Note
from app.core.call.setup import Call, Setup
from app.core.record.entries import UNRECORDED, event_of, members
from app.core.record.moments import expand
from app.core.text.call import TextCall
from app.errors import BadRequest


@dataclass(slots=True)
class Difference:
    """The first place where the decisions part: line number, what was recorded, what came now."""

    line: int
    recorded: list[dict[str, Any]]
    decided: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """One event, and all that is decided for it now. `event` is its entry in the record, `call` the
    call after it."""

    line: int
    event: dict[str, Any]
    decided: list[dict[str, Any]]
    notes: list[Note]
    call: Call


@dataclass(slots=True)
class Playback:
    """What a replay showed. `notes` is what the call told of itself, decided again now."""

    events: int = 0
    decisions: int = 0
    difference: Difference | None = None
    notes: list[tuple[float, Note]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    watch: Callable[[Step], object] | None = None


@dataclass(slots=True)
class _Socket:
    """One socket of the call while its record is played."""

    call: Call
    line: int = 0
    decided: list[dict[str, Any]] = field(default_factory=list)
    recorded: list[dict[str, Any]] = field(default_factory=list)


def play(
    entries: Iterable[dict[str, Any]],
    normal: Callable[[Any], Any] = lambda value: value,
    *,
    codec: Callable[[], Codec] | None = None,
    watch: Callable[[Step], object] | None = None,
) -> Playback:
    """Play `entries` in order. Both sides of a comparison go through `normal` first; `codec` makes
    the converter of calls whose model takes another format than the telephone's; `watch` is given
    every step as it is decided.

    Stops at the first difference. Raises `BadRequest` for what is no flight record.
    """
    playback = Playback(watch=watch)
    sockets: dict[int, _Socket] = {}
    for line, whole in enumerate(entries, 1):
        playback.entries.append(whole)
        for entry in expand(whole):
            if "begin" in entry:
                sockets[entry.get("s", 0)] = _begin(entry, line, playback, codec)
            elif not _play_entry(entry, line, sockets, playback, normal):
                return playback
    for socket in sockets.values():
        # What was decided last may not have been written any more.
        socket.decided = socket.decided[: len(socket.recorded)]
        if _differs(socket, playback, normal):
            break
    return playback


def _play_entry(
    entry: dict[str, Any],
    line: int,
    sockets: dict[int, _Socket],
    playback: Playback,
    normal: Callable[[Any], Any],
) -> bool:
    """Play one entry; False where the decisions before it differ."""
    socket = sockets.get(entry.get("s", 0))
    if socket is None:
        raise BadRequest(f"line {line}: no beginning of this socket before it")
    if "out" in entry:
        socket.recorded.append(_without_time(entry))
        return True
    try:
        event = event_of(entry)
    except (KeyError, TypeError) as error:
        raise BadRequest(f"line {line}: members are missing: {error}") from None
    if event is None:
        return True
    if _differs(socket, playback, normal):
        return False
    socket.line = line
    playback.events += 1
    _decide(socket, socket.call.handle(event, entry["t"]), entry, playback)
    return True


def _begin(
    entry: dict[str, Any], line: int, playback: Playback, codec: Callable[[], Codec] | None
) -> _Socket:
    begin = entry["begin"]
    try:
        setup, state = Setup.from_json(begin), begin["state"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadRequest(f"line {line}: not the beginning of a call: {error}") from None
    call: Call
    if begin.get("channel", "retell") == "retell":
        call = TextCall(setup)
    elif setup.agent.audio.format == "pcm":
        if codec is None:
            raise BadRequest(f"line {line}: this call's audio was converted; a codec is needed")
        call = AudioCall(setup, codec=codec())
    else:
        call = AudioCall(setup)
    socket, now = _Socket(call, line), entry["t"]
    actions = call.start(now) if state is None else call.resume(state, now)
    _decide(socket, actions, entry, playback)
    return socket


def _decide(socket: _Socket, actions: list[Any], entry: dict[str, Any], playback: Playback) -> None:
    noted = [action for action in actions if isinstance(action, Note)]
    decided = [members(action) for action in actions if not isinstance(action, UNRECORDED)]
    playback.notes += [(entry["t"], note) for note in noted]
    socket.decided += decided
    if playback.watch is not None:
        playback.watch(Step(socket.line, entry, decided, noted, socket.call))


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
