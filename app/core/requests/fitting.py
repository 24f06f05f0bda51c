"""Whether what the agent names is what the caller asked for, in the agent's words."""

from __future__ import annotations

import datetime as dt

from app.core.requests.evidence import BOOK, CANCEL, MOVE, Claim, Part, Place
from app.core.requests.state import distinct, merged
from app.core.requests.turns import moments
from app.core.requests.turns.agent_turn import AgentTurn
from app.core.requests.turns.moments import Moment


def new_slots(claim: Claim, turn: AgentTurn) -> list[Moment]:
    """The slots of a turn that a claim can take; for a move without those it comes from."""
    options = distinct(turn.slots)
    if claim.kind != MOVE or len(options) < 2:
        return options
    old = [part.value for part in (*claim.meant.mentioned[:-1], *claim.meant.objects)]
    left = [option for option in options if not any(_is_old(option, *place) for place in old)]
    return left or options


def _is_old(slot: Moment, day: dt.date | None, time: dt.time | None) -> bool:
    """Whether a slot is the day and time that an appointment is moved from."""
    if day is None or slot.day != day:
        return False
    return slot.time is None or time is None or moments.same_clock(slot.time, time, True)


def fitting(claim: Claim, turn: AgentTurn) -> Moment | None:
    """The one slot of a turn that is what the claim asks for."""
    if claim.kind == CANCEL:
        return None
    options = new_slots(claim, turn)
    if not options:
        return None
    whole = merged(options)
    if whole is None:
        exact = [o for o in options if o.time is not None and asked_for(claim, o)]
        one = turn.done is not None or claim.beside
        return exact[0] if len(exact) == 1 and one else None
    return whole if asked_for(claim, whole) else None


def asked_for(claim: Claim, slot: Moment) -> bool:
    """Whether a slot is what the caller said, in the agent's words, and nothing new is in it."""
    if claim.kind == MOVE:
        return any(_fits_move(claim, part, slot) for part in claim.meant.mentioned)
    if claim.wish.options:
        return any(
            option.day is not None and slot.day is not None and option.is_day(slot.day)
            and ((option.time is None and claim.wish.time is not None) or option.time is not None)
            and slot.time is not None
            and moments.same_clock(option.time or claim.wish.time.value, slot.time, True)  # type: ignore[union-attr]
            for option in claim.wish.options
        )  # fmt: skip
    if claim.wish.day is None and claim.wish.time is None:
        return False
    if claim.wish.day is not None and slot.day is not None and not _is_day(claim, slot):
        return False
    if claim.wish.day is None and slot.day is not None:
        return False
    if claim.wish.time is None or slot.time is None:
        return (claim.wish.time is None and slot.time is None) or claim.wish.time is not None
    return moments.same_clock(claim.wish.time.value, slot.time, not claim.wish.time.sure)


def _is_day(claim: Claim, slot: Moment) -> bool:
    assert claim.wish.day is not None
    assert slot.day is not None
    if same_weekday(claim, slot):
        return True
    said = Moment(claim.wish.day.value, None, "", weekday=claim.wish.weekday)
    return said.is_day(slot.day)


def same_weekday(claim: Claim, slot: Moment) -> bool:
    """Whether a slot's day is the day asked for, told by its weekday alone. Said after midnight,
    "Tuesday" is still the one that was agreed."""
    held = claim.wish.day
    if held is None or claim.wish.weekday or claim.kind != BOOK or not slot.weekday:
        return False
    return slot.day is not None and slot.day.weekday() == held.value.weekday()


def _fits_move(claim: Claim, part: Part[Place], slot: Moment) -> bool:
    day, time = part.value
    if day is None and time is None:
        return False
    said = Moment(day, None, "", weekday=not part.sure)
    if slot.day is not None and not said.is_day(slot.day):
        return False
    if time is not None and slot.time is not None:
        return moments.same_clock(time, slot.time, True)
    return time is not None or slot.time is None or claim.meant.same_time is not None or any(
        other.value[0] is None and other.value[1] is not None
        and moments.same_clock(other.value[1], slot.time, True)
        for other in claim.meant.mentioned
    )  # fmt: skip
