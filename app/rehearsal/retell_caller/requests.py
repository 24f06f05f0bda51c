"""Which response may speak: Retell's ids, and what it does with content for another one.

Source: Retell's guide "Custom LLM overview" (only the newest requested id, only until complete).
"""

from __future__ import annotations

from app.rehearsal.retell_caller.events import Stale
from app.rehearsal.retell_caller.frames import Speech


class Requests:
    """The ids of one call. Id 0 is the begin message, asked for by the call's start."""

    def __init__(self, now: float) -> None:
        self.id = 0
        self.asked_at = now
        self.undelivered = False
        self._superseded: dict[int, float] = {}
        self._completed: dict[int, int] = {}

    def ask(self, now: float) -> int:
        """A new id; everything asked before is discarded."""
        self.supersede(now)
        self.id += 1
        self.asked_at = now
        return self.id

    def supersede(self, now: float) -> None:
        """Nothing more is taken for the newest id."""
        self._superseded.setdefault(self.id, now)

    def complete(self, id_: int, socket: int) -> None:
        """The server marked `id_` complete, on the call's `socket`-th connection."""
        self._completed[id_] = socket

    @property
    def open(self) -> bool:
        """True while an answer is owed."""
        return self.id not in self._completed and self.id not in self._superseded

    def refuse(self, frame: Speech, now: float, socket: int) -> Stale | None:
        """None if the frame may speak; else what Retell drops it as.

        `Stale.late` is None for what never was right: an unknown id, or more after completion.
        """
        late = self._superseded.get(frame.id)
        if late is not None:
            return Stale(frame.id, frame.content, now - late)
        done_on = self._completed.get(frame.id)
        if done_on is not None and done_on != socket and not frame.content:
            # A server that crashed cannot know whether its last frame arrived.
            return Stale(frame.id, frame.content, 0.0)
        if frame.id != self.id or done_on is not None:
            return Stale(frame.id, frame.content, None)
        return None
