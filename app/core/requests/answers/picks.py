"""Which of the times offered by the agent the caller picks: by place, day, hour, part of day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from app.core.language.text import plain
from app.core.requests.state import distinct
from app.core.requests.turns import moments
from app.core.requests.turns.agent_turn import AgentTurn
from app.core.requests.turns.caller_turn import Said
from app.core.requests.turns.moments import Moment, Moments

_ORDINALS = {
    "first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1, "former": 0, "latter": -1,
    "middle": 1, "one": 0, "two": 1, "three": 2, "four": 3, "1": 0, "2": 1, "3": 2, "4": 3,
}  # fmt: skip
_OF_SO_MANY = {"former": 2, "latter": 2, "earlier": 2, "later": 2, "middle": 3}
"""Words that pick one of just so many."""
_BY_TIME = {"earlier": 0, "earliest": 0, "later": -1, "latest": -1}
_WORD = "first|second|third|fourth|last|former|latter|middle|earlier|earliest|later|latest"
_ORDINAL = re.compile(
    rf"\b(?:the|that|your) (?:very )?({_WORD})\b"
    r"(?! (?:name|thing|of|week|time|visit|year|month|day))"
    rf"|(?<!a )(?<!one )(?<!my )\b({_WORD}) (?:one|option|choice|slot)\b|^\W*({_WORD})\W*$"
    r"|\b(?:number|option|choice) (one|two|three|four|[1-4])\b"
)
_NOT_THAT = re.compile(
    r"\b(?:not|but|except|other than|apart from|rather than|instead of) "
    rf"(?:the )?(?:{_WORD})(?: one)?\b"
)
_NONE = re.compile(r"\b(?:neither|none|nothing|not either)\b")
_RATHER = re.compile(r"\b(?:no|actually|sorry|rather|wait|make (?:that|it)|i mean)\b")
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
    place = place_among(text, len(options), _by_time(options))
    dated = any(day == option.day for day in found.days for option in options)
    if place is not None and not found.times and not dated:
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


def place_among(text: str, count: int, by_time: Sequence[int] = ()) -> int | None:
    """The place of the one of `count` choices that is picked by its place: "the second one". None
    where none is, or several are. `by_time` are the places in order of time, where they have one.
    """
    said = _NOT_THAT.sub(" ", plain(text))
    if count < 2 or _NONE.search(said):
        return None
    found = list(_ORDINAL.finditer(said))
    places = [_place(next(filter(None, match.groups())), count, by_time) for match in found]
    if not places or (len(set(places)) > 1 and not _RATHER.search(said[found[-2].end() :])):
        return None
    return places[-1]


def _place(word: str, count: int, by_time: Sequence[int]) -> int | None:
    if _OF_SO_MANY.get(word, count) != count:
        return None
    if word in _BY_TIME:
        return by_time[_BY_TIME[word]] if by_time else None
    place = _ORDINALS[word]
    return place % count if place < count else None


def _by_time(options: Sequence[Moment]) -> list[int]:
    """The places of the options in order of time; none where they cannot be compared."""
    keys = [(option.day, option.time) for option in options]
    days = {day for day, _ in keys}
    if None in days and len(days) > 1:
        return []
    if any(time is None for _, time in keys) and len(days) < len(keys):
        return []
    return sorted(range(len(options)), key=lambda at: (str(keys[at][0]), str(keys[at][1])))
