"""Several bookings asked for in one breath: "Nora Beck at nine and Tim Beck at nine thirty"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from app.core.requests.evidence import BOOK, Claim, Part, Utterance, quote
from app.core.requests.state import State
from app.core.requests.turns import naming
from app.core.requests.turns.caller_turn import Said
from app.core.requests.turns.moments import Moment

MOST = 3
_EITHER = re.compile(r"\bor\b|\bno\b|\binstead\b|\bactually\b")


def split(state: State, said: Utterance, turn: Sequence[Said]) -> None:
    """Make a claim of each booking where as many persons, or services, as times were named.

    Each of them counts only once the agent has taken up just that one.
    """
    claim = state.claim
    if claim is None or claim.kind != BOOK or claim.state != "open" or not claim.wish.options:
        return
    text = " ".join(s.text for s in turn if not (s.told or s.refused or s.conditional))
    if _EITHER.search(text.casefold()):
        return
    moments = _whole(claim.wish.options)
    if not 1 < len(moments) <= MOST:
        return
    persons = naming.every_name(said.text, _context(state))
    services = state.services_in(text)
    if len(persons) == len(moments):
        of_each = services if len(services) == len(moments) else ()
        _divide(state, said, claim, moments, names=persons, services=of_each)
    elif len(services) == len(moments):
        _divide(state, said, claim, moments, services=services)


def _whole(options: Sequence[Moment]) -> list[Moment]:
    """The options with a day and a time each; none where one lacks its day for good."""
    days = {option.day for option in options if option.day is not None}
    out: list[Moment] = []
    for option in options:
        day = option.day or (next(iter(days)) if len(days) == 1 else None)
        if option.time is None:
            continue
        if day is None:
            return []
        out.append(replace(option, day=day))
    return out


def _divide(
    state: State,
    said: Utterance,
    claim: Claim,
    moments: Sequence[Moment],
    *,
    names: Sequence[str] = (),
    services: Sequence[str] = (),
) -> None:
    span = quote(said, said.text)
    for place, moment in enumerate(moments):
        one = claim
        if place:
            one = state.add(BOOK, strong=claim.strong, asked=claim.asked, beside=True)
            one.wish.service, one.wish.general = claim.wish.service, claim.wish.general
            one.wish.name = claim.wish.name
        one.beside = True
        one.wish.doubts, one.wish.options, one.wish.whole = [], [], False
        assert moment.day is not None
        assert moment.time is not None
        one.wish.day, one.wish.weekday = Part(moment.day, span), moment.weekday
        one.wish.time = Part(moment.time, span, not moment.assumed)
        if names:
            one.wish.name = Part(names[place], span)
        if services:
            one.wish.service = Part(services[place], span)


def _context(state: State) -> naming.Context:
    ordinary = [word for s in state.rules.services for word in (s.name, *s.also)]
    return naming.Context(None, state.rules.agent_name, "", ordinary)
