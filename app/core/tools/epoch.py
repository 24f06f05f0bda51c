"""The epoch of a call's tools: how many moves and cancellations were done in it so far.

It is part of the idempotency key (`declarations.idempotency_key`): a slot that is booked again
after it was cancelled is a new intention, not a repetition. Everybody who asks for a tool in a call
must count the same way, or one thing is done twice or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable

#: Tools whose success makes an equal later request a new intention.
UNDOING = frozenset({"cancel_appointment", "reschedule_appointment"})


def epoch_of(outcomes: Iterable[tuple[str, bool]]) -> int:
    """The epoch after these tools were run; each is a tool's name and whether it came out well."""
    return sum(ok and tool in UNDOING for tool, ok in outcomes)
