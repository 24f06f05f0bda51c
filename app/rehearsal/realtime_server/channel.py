"""What the parts of a session share: its clock, its conversation, and the way to the client."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.rehearsal.realtime_server.protocol import session_config
from app.rehearsal.realtime_server.protocol.events import encode
from app.rehearsal.realtime_server.protocol.items import Conversation
from app.rehearsal.realtime_server.usage import RateLimits
from app.rehearsal.sound import spoken

#: Close codes that are never on the wire.
_NOT_SENT = (1005, 1006, 1015)


@dataclass(frozen=True, slots=True)
class Drop:
    """End the connection: `how` is rst (reset), fin (no close frame) or close (with `code`)."""

    how: str
    code: int = 1000
    reason: str = ""


class Ids:
    """Ids of one session, made of its `key`; at most 32 characters, as the service demands."""

    def __init__(self, key: str) -> None:
        self.key = key
        self._items = itertools.count(1)
        self._events = itertools.count(1)

    def event(self) -> str:
        """A new id for a server event."""
        return f"event_{self.key}{next(self._events):x}"

    def fresh(self, prefix: str) -> str:
        """A new id of another kind."""
        return f"{prefix}{self.key}{next(self._items):05x}"


class Alarms:
    """What is to be done at a time. Without `waits`, everything is due at once."""

    def __init__(self, *, waits: bool) -> None:
        self._waits = waits
        self._alarms: list[tuple[float, Callable[[], None]]] = []

    def add(self, now: float, seconds: float, act: Callable[[], None]) -> None:
        """Call `act` in so many seconds."""
        self._alarms.append((now + (seconds if self._waits else 0.0), act))

    def next_at(self) -> float:
        """When the next is due; infinity if there is none."""
        return min((at for at, _ in self._alarms), default=float("inf"))

    def run(self, now: float) -> None:
        """Do what is due."""
        if not self._alarms:
            return
        ready = [act for at, act in self._alarms if at <= now]
        self._alarms = [entry for entry in self._alarms if entry[0] > now]
        for act in ready:
            act()


class Channel:
    """Gathers what is sent in `out`: bytes are events, `Drop` ends the connection.

    `utterances` are those whose audio the owner still has to fetch. `ended_because` is None while
    the connection stands. Events whose type is in `repeated` are sent twice (all if it is empty).
    """

    def __init__(
        self,
        model: str,
        *,
        number: int,
        key: str,
        caller: str | None,
        now: float,
        wall_at_start: float,
        expires_at: float,
        waits: bool,
        mute: bool,
    ) -> None:
        self.number = number
        self.caller = caller
        self.now = now
        self.out: list[bytes | Drop] = []
        self.utterances: list[tuple[spoken.Request, spoken.Utterance]] = []
        self.ended_because: str | None = None
        self.repeated: frozenset[str] | None = None
        self.config = session_config.initial(model, f"sess_{key}", int(expires_at))
        self.conversation = Conversation(f"conv_{key}")
        self.alarms = Alarms(waits=waits)
        self._ids = Ids(key)
        self._skew = wall_at_start - now
        self._mute = mute
        self._limits = RateLimits()

    @property
    def live(self) -> bool:
        """Whether the connection still stands."""
        return self.ended_because is None

    def wall(self) -> float:
        """The Unix time now."""
        return self.now + self._skew

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after a while; with a pace that never waits, at the next opportunity."""
        self.alarms.add(self.now, seconds, act)

    def emit(self, event: dict[str, Any]) -> None:
        """Send one event."""
        self.emit_bytes(event["type"], encode(event, self.event_id()))

    def emit_bytes(self, kind: str, event: bytes) -> None:
        """Send one encoded event."""
        if self._mute or not self.live:
            return
        self.out.append(event)
        twice = self.repeated
        if twice is not None and (not twice or kind in twice):
            self.out.append(event)

    def event_id(self) -> str:
        """A new id for a server event."""
        return self._ids.event()

    def fresh_id(self, prefix: str) -> str:
        """A new id of another kind."""
        return self._ids.fresh(prefix)

    def drop(self, how: str, code: int) -> None:
        """End the connection; nothing is sent or heard after it.

        Codes that are never on the wire (1005, 1006, 1015) mean an end without a close frame.
        """
        if how == "close" and code in _NOT_SENT:
            how = "fin"
        if self.live:
            self.ended_because = f"{how} {code}" if how == "close" else how
            self.out.append(Drop(how, code))

    def go_mute(self) -> None:
        """Send nothing more; the connection stays open."""
        self._mute = True

    def rate_limits(self, tokens: int) -> None:
        """Send rate_limits.updated after taking `tokens`."""
        self._limits.take(tokens)
        self.emit({"type": "rate_limits.updated", "rate_limits": self._limits.as_json()})

    def voice(self, request: spoken.Request) -> spoken.Utterance:
        """Ask the owner for the audio of a text."""
        utterance = spoken.Utterance(request.format)
        self.utterances.append((request, utterance))
        return utterance
