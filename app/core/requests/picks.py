"""Which of the times offered by the agent the caller picks: by place, day, hour, part of day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from app.core.requests.state import distinct
from app.core.requests.turns import moments
from app.core.requests.turns.agent_turn import AgentTurn
from app.core.requests.turns.caller_turn import Said
from app.core.requests.turns.moments import Moment, Moments

_ORDINALS = {
    "first": 0, "former": 0, "earlier": 0, "earliest": 0, "second": 1, "third": 2, "last": -1,
    "latter": -1, "later": -1, "latest": -1, "fourth": 3, "middle": 1,
}  # fmt: skip
_ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)})\b(?! (?:name|thing|of|week|time))")
_PARTS = {"morning": (0, 12), "afternoon": (12, 17), "evening": (17, 24)}
"""The hours of each part of the day."""


def picked(telling: Sequence[Said], found: Moments, asked: AgentTurn | None) -> Moment | None:
    """The one of the offered slots that the caller picks: by place, day, hour or both."""
    if asked is None:
        return None
    options = distinct(asked.slots) or distinct(asked.existing)
    if not options:
        return None
    text = " ".join(sentence.text for sentence in telling)
    place = ordinal(text)
    dated = any(day == option.day for day in found.days for option in options)
    if place is not None and len(options) > max(place, 1) and not found.times and not dated:
        return options[place]
    if found.part is not None and not found.days:
        inside = [option for option in options if _is_in(option, found.part)]
        return inside[0] if len(inside) == 1 else None
    if not found.wanted or len(found.days) > 1 or len(found.times) > 1:
        return None
    said = next((item for item in found.wanted if item.day is not None), None)
    time = found.times[0] if found.times else None
    fitting = [
        option
        for option in options
        if (said is None or option.day is None or said.is_day(option.day))
        and (
            time is None
            or (option.time is not None and moments.same_clock(time, option.time, True))
        )
    ]
    if len(fitting) != 1:
        return None
    if fitting[0].day is None and said is not None:
        return replace(fitting[0], day=said.day, weekday=said.weekday)
    return fitting[0]


def _is_in(option: Moment, part: str) -> bool:
    """Whether an option is in a part of the day: "the morning one"."""
    begin, end = _PARTS.get(part, (24, 24))
    return option.time is not None and begin <= option.time.hour < end


def names_offered(heard: Moments, asked: AgentTurn) -> bool:
    """Whether all that is said of days and times was offered just so."""
    return all(
        any(
            (said.day is None or (option.day is not None and said.is_day(option.day)))
            and (
                said.time is None
                or (option.time is not None and moments.same_clock(said.time, option.time, True))
            )
            for option in (*asked.slots, *asked.existing)
        )
        for said in heard.wanted
    )


def ordinal(text: str) -> int | None:
    found = _ORDINAL.findall(text.lower())
    return _ORDINALS[found[-1]] if found else None
