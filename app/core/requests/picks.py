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
_HOURS = (
    "twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven",
)  # fmt: skip
_HOUR = re.compile(
    rf"\b(?:take|have|do|like|want|prefer|say|for|with) (?:the )?({'|'.join(_HOURS)})"
    r"(?= (?:please|then|thanks|one|slot|is|works)\b|$)"
)
_GLAD = re.compile(
    r"\b(?:(?:would be|is|sounds?|are) (?:perfect|great|good|fine|ideal|lovely|better|best|okay|ok)"
    r"|works?|suits?|take|perfect|ideal|please)\b"
)
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
    if not found.wanted:
        return _by_hour(telling, options)
    if len(found.days) > 1 or len(found.times) > 1:
        return _one_offered(telling, found, options)
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


def _by_hour(telling: Sequence[Said], options: Sequence[Moment]) -> Moment | None:
    """ "I'll take the four": a number that is the hour of one of the options."""
    named = {
        match[1]
        for sentence in telling
        if not (sentence.denies or sentence.weakens)
        for match in _HOUR.finditer(sentence.words)
    }
    fitting = [
        option
        for option in options
        if option.time is not None and _HOURS[option.time.hour % 12] in named
    ]
    return fitting[0] if len(fitting) == len(named) == 1 else None


def _one_offered(
    telling: Sequence[Said], found: Moments, options: Sequence[Moment]
) -> Moment | None:
    """ "Five thirty would be perfect, I get off at five": of several times one is offered."""
    if any(sentence.denies or sentence.weakens or sentence.question for sentence in telling):
        return None
    if not any(_GLAD.search(sentence.words) for sentence in telling):
        return None
    offered = [
        option
        for option in options
        if any(
            item.time is not None
            and option.time is not None
            and (option.day is None or item.is_day(option.day))
            and moments.same_clock(item.time, option.time, item.assumed)
            for item in found.wanted
        )
    ]
    return offered[0] if len(offered) == 1 and len(found.days) <= 1 else None


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


def takes_one(sentence: Said, asked: AgentTurn) -> bool:
    """Whether a sentence picks one of the offers, and is about nothing else."""
    if picked([sentence], sentence.moments, asked) is None:
        return False
    return len(sentence.moments.times) > 1 or names_offered(sentence.moments, asked)


def ordinal(text: str) -> int | None:
    found = _ORDINAL.findall(text.lower())
    return _ORDINALS[found[-1]] if found else None
