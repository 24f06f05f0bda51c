"""What is told of a booking, and the protocol of whatever tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from app.core.agent.definition import Agent
from app.errors import AppError

MESSAGE_KINDS = frozenset(("callback", "request", "message"))
"""Kinds of change that are messages for the business, not about a booking."""


class NotTold(AppError):
    """The message could not be delivered; it may be tried again."""

    code, status = "not_told", 502


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happened to a booking.

    `kind` is `created`, `moved` or `cancelled`, with `booking`; or `noted_done` or `noted_failed`,
    what became of a wish that was noted while the calendar was away, with `wish` in words and
    `reason`; or `callback`, a call back that was promised; or `request`, what a caller asked for
    and what was not done about it; or `message`, one that a caller left, with `message` as
    `app.core.messages.draft.Draft` has it, and `confirmed`. `id` stays the same if it is told
    again.
    """

    id: str
    kind: str
    call_id: str
    booking: dict[str, Any] | None
    """As `app.adapters.booking_ledger.show` gives it, and `phone`."""
    caller_number: str = ""
    """The number that called, E.164; empty where it is withheld. Texts go to no other."""
    mark: str = ""
    """What the change counts as where messages are counted; its id by default."""
    wish: str = ""
    reason: str = ""
    message: dict[str, Any] | None = None


class Channel(Protocol):
    """One way to tell."""

    @property
    def name(self) -> str:
        """Short and unique."""
        ...

    def wants(self, change: Change, agent: Agent) -> bool:
        """Tell whether this channel is to be used for this change."""
        ...

    def send(self, change: Change, agent: Agent) -> None:
        """Deliver. Raises `NotTold`."""
        ...
