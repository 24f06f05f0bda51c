"""What became of a call, in one word."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

OUTCOMES = (
    "ongoing", "booked", "moved", "cancelled", "noted", "transferred", "failed", "refused", "ended",
)  # fmt: skip
"""Every outcome, as `GET /api/calls?outcome=` takes it."""

_TRANSFERS = ("call_transfer",)


def outcome(
    summary: Mapping[str, Any], bookings: Sequence[Mapping[str, Any]], done: Collection[str]
) -> str:
    """One of `OUTCOMES`. What was done for the caller counts more than how the call ended.

    summary: the call's fields; bookings: its bookings as people see them; done: the tools that
    ended well.
    """
    states = {str(booking.get("status")) for booking in bookings}
    if "booked" in states:
        return "moved" if "reschedule_appointment" in done else "booked"
    for state in ("noted", "cancelled"):
        if state in states:
            return state
    transferred = summary.get("disconnection_reason") in _TRANSFERS
    if transferred or summary.get("pending_action") == "transfer":
        return "transferred"
    if summary.get("refused"):
        return "refused"
    status = str(summary.get("status") or "ongoing")
    if status in ("error", "failed", "not_connected"):
        return "failed"
    return "ended" if summary.get("ended_at") else "ongoing"
