"""The connections under the model's side of a call: one at a time, over as many as it takes.

Decides when to connect, with which delay, when to renew before the session's time is up, and when
another attempt has become pointless. What a new connection is given is decided by
`app.core.realtime.session.ModelSession`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from app.core.call.events import Action, CloseModel, Note, OpenModel

#: Delays before reconnects, in seconds; the last one repeats.
BACKOFF_S = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
#: Sessions end after 60 minutes without warning (OpenAI guide); renewed this long before.
RENEW_BEFORE_S = 300.0

Link = Literal["closed", "opening", "ready"]


@dataclass(frozen=True, slots=True)
class Gone:
    """The session cannot be had again."""

    code: str


@dataclass
class ModelLink:
    """`config` is the session object that each new connection is given; actions go to `out`."""

    config: dict[str, Any]
    out: list[Action]
    number: int = 0
    link: Link = "closed"
    attempts: int = 0
    fatal: str | None = None
    expires_at: float = 0.0
    spare: int | None = None
    spare_ready: bool = False

    @property
    def quiet(self) -> bool:
        """Whether nothing is going on that a change of connection would disturb."""
        raise NotImplementedError

    def advance(self, now: float) -> None:
        """The connection is furnished: go on with what is wanted."""
        raise NotImplementedError

    def _furnish(self) -> None:
        """Give a new connection all it needs."""
        raise NotImplementedError

    def _drop(self) -> None:
        """Forget what only the lost connection knew."""
        raise NotImplementedError

    def open(self, now: float) -> None:
        """Connect, unless that is under way or has become pointless."""
        if self.link != "closed" or self.fatal:
            return
        self.number = max(self.number, self.spare or 0) + 1
        self.link = "opening"
        delay = BACKOFF_S[min(self.attempts, len(BACKOFF_S) - 1)]
        self.out.append(OpenModel(self.number, delay))

    def opened(self, number: int, now: float) -> None:
        """The connection is there: configure it and give it the conversation."""
        if number == self.spare:
            self.spare_ready = True
            self._switch()
            return
        if number != self.number or self.link != "opening":
            self.out.append(CloseModel(number))
            return
        self._furnish()
        self.advance(now)

    def renew(self) -> None:
        """Get a fresh connection beside the present one; it takes over at a quiet moment."""
        if self.link == "ready" and self.spare is None and not self.fatal:
            self.spare, self.spare_ready = self.number + 1, False
            self.out.append(OpenModel(self.spare, 0.0))
            self.out.append(Note("model_renewal"))

    def _switch(self) -> None:
        if self.spare is None or not self.spare_ready or not self.quiet:
            return
        self.out.append(CloseModel(self.number))
        self.number, self.spare, self.spare_ready = self.spare, None, False
        self._furnish()

    def lost(self, number: int, code: str, fatal: bool, now: float) -> Gone | None:
        """A connection ended. What was wanted from it stays wanted."""
        if number == self.spare:
            self.spare, self.spare_ready = None, False
            return None
        if number != self.number or self.link == "closed":
            return None
        self._drop()
        self.out.append(Note("model_lost", {"code": code, "fatal": fatal}))
        if fatal:
            self.fatal = code
            return Gone(code)
        if self.spare is not None and self.spare_ready:
            self.number, self.spare, self.spare_ready = self.spare, None, False
            self.link = "opening"
            self.opened(self.number, now)
        else:
            self.attempts += 1
            self.open(now)
        return None

    def reopen(self, why: str, now: float) -> None:
        """Give up the connection and get another; what was wanted stays wanted."""
        if self.link != "closed":
            self.out.append(CloseModel(self.number))
            self._drop()
        self.out.append(Note("model_reopened", {"why": why}))
        self.attempts += 1
        self.open(now)

    def close(self) -> None:
        """End the session for good."""
        if self.link != "closed":
            self.out.append(CloseModel(self.number))
        if self.spare is not None:
            self.out.append(CloseModel(self.spare))
        self.link, self.spare = "closed", None

    def renewal_at(self) -> float | None:
        """When the connection is to be renewed, where that may happen now."""
        if self.expires_at and self.link == "ready" and self.spare is None and self.quiet:
            return self.expires_at - RENEW_BEFORE_S
        return None
