"""What a request has to do with the appointments of the caller's that stand already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.core.requests.evidence import BOOK, MOVE, Claim, Decision, Known, Part, Span
from app.core.requests.state import State


def unless_it_stands(found: Decision, appointments: Sequence[Known]) -> Decision:
    """Nothing is booked where just that stands already: it was spoken of, not asked for."""
    stands = any(
        item.start == found.start and item.service == found.service and not item.own
        for item in appointments
    )
    if found.kind != "act" or not stands:
        return found
    return replace(found, kind="ask", why="the caller has just this appointment already")


def was_a_move(claim: Claim, appointments: Sequence[Known]) -> bool:
    """Whether the agent only ever said that something was moved, of a caller whose appointment
    stands: what sounded like a booking was about that one."""
    moved = MOVE in claim.reported and BOOK not in claim.reported and not claim.reopened
    service = claim.wish.service.value if claim.wish.service else None
    return moved and any(service in (None, item.service) for item in appointments)


def about_one(state: State, claim: Claim, appointments: Sequence[Known]) -> Claim:
    """A request for a time without a service, of a caller who named the day and time of their
    appointment: it is the one to be moved."""
    if claim.kind != BOOK or claim.wish.service or claim.wish.understood or claim.wish.general:
        return claim
    spoken = [
        (said, moment)
        for said, sentences in state.turns
        for sentence in sentences
        for moment in sentence.moments.wanted
        if not (sentence.told or sentence.conditional) and moment.whole
    ]
    for item in appointments:
        for said, moment in spoken:
            if moment.fits(item.start) and claim.start != item.start:
                place = Part((moment.day, moment.time), Span(said.index, moment.words))
                meant = replace(claim.meant, mentioned=[place, *claim.meant.mentioned])
                return replace(claim, kind=MOVE, meant=meant)
    return claim
