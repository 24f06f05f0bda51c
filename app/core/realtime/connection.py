"""The connections under the model's side of a call: one at a time, over as many as it takes.

Decides when to connect, with which delay, when to renew before the session's time is up, and when
another attempt has become pointless. What a new connection is given is decided by
`app.core.realtime.session.ModelSession`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.core.call.events import Actions, CloseModel, OpenModel
from app.core.call.notes import ModelLost, ModelRenewal, ModelReopened

#: Delays before reconnects, in seconds; the last one repeats.
BACKOFF_S = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
#: Sessions end after 60 minutes without warning (OpenAI guide); renewed this long before.
RENEW_BEFORE_S = 300.0

Link = Literal["closed", "opening", "ready"]
Arrival = Literal["seed", "spare", "stray"]


@dataclass(slots=True)
class Connection:
    """The state of the link. `fatal` is why another attempt is pointless, if it is.

    `spare` is a fresh connection that waits to take over at a quiet moment.
    """

    number: int = 0
    link: Link = "closed"
    attempts: int = 0
    fatal: str | None = None
    expires_at: float = 0.0
    spare: int | None = None
    spare_ready: bool = False

    @property
    def ready(self) -> bool:
        """Whether there is a session to talk to."""
        return self.link == "ready"

    def open(self) -> Actions:
        """Connect, unless that is under way or has become pointless."""
        if self.link != "closed" or self.fatal:
            return []
        self.number = max(self.number, self.spare or 0) + 1
        self.link = "opening"
        return [OpenModel(self.number, BACKOFF_S[min(self.attempts, len(BACKOFF_S) - 1)])]

    def arrive(self, number: int) -> Arrival:
        """A connection is there: the one to `seed` now, the `spare` one, or a stray to close."""
        if number == self.spare:
            self.spare_ready = True
            return "spare"
        if number != self.number or self.link != "opening":
            return "stray"
        self.link = "ready"
        return "seed"

    def switch(self) -> Actions:
        """Have the spare connection take over; it must be there."""
        assert self.spare is not None, "only with a spare connection"
        old, self.number = self.number, self.spare
        self.spare, self.spare_ready = None, False
        return [CloseModel(old)]

    def lose_spare(self, number: int) -> bool:
        """Whether the connection that ended was the spare one, which is forgotten."""
        if number != self.spare:
            return False
        self.spare, self.spare_ready = None, False
        return True

    def lose(self, code: str, fatal: bool) -> tuple[Actions, bool]:
        """The connection ended: get another. Whether the spare one takes over at once."""
        self.link = "closed"
        actions: Actions = [ModelLost(code, fatal)]
        if fatal:
            self.fatal = code
            return actions, False
        if self.spare is not None and self.spare_ready:
            self.number, self.spare, self.spare_ready = self.spare, None, False
            self.link = "ready"
            return actions, True
        self.attempts += 1
        return actions + self.open(), False

    def reopen(self, why: str) -> Actions:
        """Give up the connection and get another."""
        actions: Actions = [CloseModel(self.number)] if self.link != "closed" else []
        self.link = "closed"
        self.attempts += 1
        return [*actions, ModelReopened(why), *self.open()]

    def renew(self) -> Actions:
        """Get a fresh connection beside the present one."""
        if self.link != "ready" or self.spare is not None or self.fatal:
            return []
        self.spare, self.spare_ready = self.number + 1, False
        return [OpenModel(self.spare, 0.0), ModelRenewal()]

    def renewal_at(self) -> float | None:
        """When a fresh connection is due; None while there is nothing to renew."""
        if self.expires_at and self.link == "ready" and self.spare is None:
            return self.expires_at - RENEW_BEFORE_S
        return None

    def close(self) -> Actions:
        """End all connections for good."""
        actions: Actions = [CloseModel(self.number)] if self.link != "closed" else []
        if self.spare is not None:
            actions.append(CloseModel(self.spare))
        self.link, self.spare = "closed", None
        return actions
