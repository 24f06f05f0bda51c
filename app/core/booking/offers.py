"""Which free slots are offered, in which words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from app.core.booking import slot_ids
from app.core.booking.rules import BookingRules
from app.core.booking.slots import Slot
from app.core.language import speech

MOST_NAMED = 3
"""With more of them free than that, callers are not told whom they can have."""
PARTS: dict[str, tuple[int, int]] = {"morning": (0, 12), "afternoon": (12, 17), "evening": (17, 24)}
"""Hours of the wall clock, the second exclusive."""


def spread(slots: Sequence[Slot], count: int) -> list[Slot]:
    """Choose `count` slots evenly, the first one included, in order."""
    if len(slots) <= count:
        return list(slots)
    if count == 1:
        return [slots[0]]
    return [slots[round(index * (len(slots) - 1) / (count - 1))] for index in range(count)]


def nearest(slots: Iterable[Slot], wanted: dt.datetime, count: int) -> list[Slot]:
    """Choose the `count` slots closest to `wanted`, in order of time."""
    closest = sorted(slots, key=lambda slot: (abs(slot.start - wanted), slot.start))[:count]
    return sorted(closest, key=lambda slot: slot.start)


def describe(
    slot: Slot, rules: BookingRules, call_id: str, now: dt.datetime, caller_zone: str | None = None
) -> dict[str, Any]:
    """One offer as the model gets it.

    ``{"slot_id", "date": "YYYY-MM-DD", "time": "HH:MM", "service", "say"}`` in the business's time
    zone; `caller_time` says it on the caller's clock too where that differs. With resources `free`
    names those that can be had then, and `party_size` says for how many people it is.
    """
    zone = rules.zone
    local = slot.local(zone)
    index = next(i for i, service in enumerate(rules.services) if service.id == slot.service)
    offer: dict[str, Any] = {
        "slot_id": slot_ids.make(call_id, slot.start, index, slot.asked.mark),
        "date": local.date().isoformat(),
        "time": f"{local:%H:%M}",
        "service": rules.services[index].name,
        "say": speech.say_slot(local, now.astimezone(zone).date()),
    }
    if slot.free:
        offer["free"] = list(slot.free)
    if slot.asked.party_size:
        offer["party_size"] = slot.asked.party_size
    theirs = caller_clock(slot.start, zone, caller_zone)
    if theirs:
        offer["caller_time"] = theirs
    return offer


def say_offers(slots: Sequence[Slot], rules: BookingRules, now: dt.datetime) -> str:
    """The offers as one spoken phrase, each day said once; empty without slots.

    With whom is said too, where callers are told which resource they get and few are free.
    """
    zone, today = rules.zone, now.astimezone(rules.zone).date()
    told = {whom(slot.free, rules) for slot in slots}
    if len(told) < 2:
        listed = speech.say_slots([slot.local(zone) for slot in slots], today)
        return listed + (f", {with_whom}" if (with_whom := "".join(told)) else "")
    return speech.say_list(
        [
            f"{speech.say_slot(slot.local(zone), today)} {whom(slot.free, rules)}".strip()
            for slot in slots
        ]
    )


def whom(names: Sequence[str], rules: BookingRules) -> str:
    """ "with Anna or Ben"; empty where callers are not told which they get, or too many are
    free."""
    told = [name for name in names if (found := rules.resource(name)) and found.is_personal]
    if not told or len(told) < len(names) or len(told) > MOST_NAMED:
        return ""
    return f"with {speech.say_list(told, 'or')}"


def caller_clock(start: dt.datetime, zone: ZoneInfo, caller_zone: str | None) -> str | None:
    """The start on the caller's clock in words; None where both agree or the zone is unknown."""
    try:
        theirs = start.astimezone(ZoneInfo(caller_zone or ""))
    except (ValueError, KeyError, OSError):
        return None
    ours = start.astimezone(zone)
    if theirs.utcoffset() == ours.utcoffset():
        return None
    if theirs.date() == ours.date():
        return f"{speech.say_time(theirs.time())} your time"
    return f"{speech.say_slot(theirs)} your time"
