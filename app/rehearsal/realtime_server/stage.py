"""What all sessions of a rehearsal server share: brain, pace, faults, scripts, violations.

The control endpoint reads and changes it; each session reads it when a response begins.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.rehearsal.realtime_server.channel import Channel
from app.rehearsal.realtime_server.faults import Faults
from app.rehearsal.realtime_server.pace import Pace
from app.rehearsal.realtime_server.reply import Brain, Part

_KEPT_SESSIONS = 1000
_KEPT_VIOLATIONS = 1000


class Connected(Protocol):
    """A session as the control endpoint sees it, during the connection and after."""

    channel: Channel
    received: Counter[str]
    log: deque[dict[str, Any]]
    wake: Callable[[], None]

    @property
    def number(self) -> int:
        """Of the session, from 1 since the server started."""
        ...

    @property
    def live(self) -> bool:
        """Whether the connection still stands."""
        ...

    @property
    def awaits_caller(self) -> bool:
        """Whether it is open and owes the caller nothing."""
        ...

    @property
    def responses(self) -> int:
        """How many responses there were in the conversation."""
        ...


@dataclass(slots=True)
class Scripted:
    """A reply to be given word for word; `session` None is for whoever asks next."""

    parts: Sequence[Part]
    session: int | None = None


@dataclass
class Stage:
    """Shared state. `salt` makes ids differ between two runs of the server."""

    brain: Brain
    pace: Pace = field(default_factory=Pace)
    faults: Faults = field(default_factory=Faults)
    session_seconds: float = 3600.0
    announce_conversation: bool = False
    salt: str = "0000"
    script: deque[Scripted] = field(default_factory=deque)
    heard: deque[tuple[int | str | None, str]] = field(default_factory=deque)
    sessions: dict[int, Connected] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    violations: deque[dict[str, Any]] = field(
        default_factory=lambda: deque(maxlen=_KEPT_VIOLATIONS)
    )
    opened: int = 0
    violated: int = 0

    def next_number(self) -> int:
        """The number of a new session, from 1."""
        self.opened += 1
        return self.opened

    def keep(self, session: Connected) -> None:
        """Register a session; the oldest ones are forgotten beyond a bound."""
        self.sessions[session.number] = session
        while len(self.sessions) > _KEPT_SESSIONS:
            self.sessions.pop(next(iter(self.sessions)))

    def scripted(self, session: int) -> Sequence[Part] | None:
        """The next reply that was scripted for this session, taken off the list."""
        for at, entry in enumerate(self.script):
            if entry.session in (None, session):
                del self.script[at]
                return entry.parts
        return None

    def hear(self, text: str, whose: int | str | None = None) -> None:
        """Side channel: the words of an utterance to come.

        `whose`: a session's number, the identifier its client gave for the caller, or anybody's.
        """
        self.heard.append((whose, text))

    def next_heard(self, session: int, caller: str | None) -> str | None:
        """The words of the utterance that the session just heard, if they were told."""
        for at, (wanted, text) in enumerate(self.heard):
            if wanted is None or wanted in (session, caller):
                del self.heard[at]
                return text
        return None

    def violation(self, session: int, event: str, code: str | None, message: str) -> None:
        """A client did something that the service refuses."""
        self.refused[code or "none"] += 1
        self.violated += 1
        self.violations.append(
            {"session": session, "event": event, "code": code, "message": message}
        )
