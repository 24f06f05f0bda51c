"""The steps a booking flow asks for, and what comes of a wish."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

from app.core.booking.appointment import Draft
from app.core.booking.ledger import Booking, Ledger


@dataclass(frozen=True, slots=True)
class Load:
    """Give the call's ledger and its version: `(Ledger, int)`."""


@dataclass(frozen=True, slots=True)
class Save:
    """Save the ledger if its version is still `version`; give True if it was saved."""

    ledger: Ledger
    version: int


@dataclass(frozen=True, slots=True)
class Find:
    """Give the appointment that was made under `key`, or None."""

    key: str
    around: dt.datetime


@dataclass(frozen=True, slots=True)
class Fence:
    """Refuse from now on every change asked for before `asked_at`; give the appointment or None."""

    event_id: str
    asked_at: float


@dataclass(frozen=True, slots=True)
class Write:
    """Write the appointment; give it. May raise SlotTaken."""

    draft: Draft
    key: str


@dataclass(frozen=True, slots=True)
class Move:
    """Move the appointment; give it. May raise SlotTaken, BookingNotFound, Outdated."""

    event_id: str
    draft: Draft
    key: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """Cancel the appointment; give it. May raise BookingNotFound, Outdated."""

    event_id: str
    key: str
    asked_at: float


Step = Load | Save | Find | Fence | Write | Move | Cancel

Result = Literal[
    "booked", "already", "moved", "cancelled", "stopped", "taken", "superseded", "limit", "gone"
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wish. `was` is where a moved booking stood before."""

    result: Result
    booking: Booking | None = None
    was: Booking | None = None


Flow = Generator[Step, Any, Outcome]
