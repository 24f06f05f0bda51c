"""What the parts of a session need of it: its state to look at, and ways to answer the client.

`Listening` and `Responding` know each other only by what is said here, so that neither imports the
session that owns them both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from app.rehearsal.realtime_server.protocol.items import Conversation
from app.rehearsal.realtime_server.response import Host


class Emitter(Host, Protocol):
    """The session as its parts see it. `now` is in seconds of the session's clock."""

    number: int
    now: float
    caller: str | None
    config: dict[str, Any]
    conversation: Conversation
    repeated: frozenset[str] | None
    """Types of events that a fault wants sent twice; empty means all."""

    def wall(self) -> float:
        """The Unix time now."""
        ...

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after a while."""
        ...


class Answers(Protocol):
    """What voice detection needs of the responses."""

    def interrupt(self) -> None:
        """The caller speaks: whatever is being said ends."""
        ...

    def respond(self) -> None:
        """A response is wanted; none while one is running."""
        ...


class Silence(Protocol):
    """What responses need of voice detection: who waits for whom."""

    def busy(self) -> None:
        """A response begins."""
        ...

    def answered(self, audio_ms: int) -> None:
        """A response ended whose audio plays for so long."""
        ...
