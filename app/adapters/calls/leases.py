"""A lease: the right to speak in a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: How long a holder may be silent before `owner` takes it for gone; renew at a third of it.
LEASE_S = 30
#: How long a call whose socket closed still counts as live: Retell reconnects within seconds.
RECONNECT_S = 30


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to speak in a call. Of two holders the one with the greater `fence` has it."""

    call_id: str
    process: str
    fence: int
    #: The process that held the call before, if any.
    before: str = ""
    #: What the last holder saved; None for a new call.
    state: dict[str, Any] | None = None
    #: The call's status when it was taken.
    status: str = "ongoing"
    #: Seconds since the first of the holders that took the call from each other had it.
    held_s: float = 0.0
