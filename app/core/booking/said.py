"""What single utterances say of a day, a time, a name or a number, and what stands in the end.

The last word wins. The agent's words count as the caller's once the caller goes along with them.
Words that say nothing about a part, leave it open or are not understood, stand for nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from app.core.language import agreement
from app.core.language.agreement import Sense
from app.core.language.backchannel import whole_sentences
from app.core.language.settings import TimePreferences
from app.core.language.speech import say_number
from app.core.language.time.bounds import Bound
from app.core.language.time.corrections import Role
from app.core.language.time.expressions import TimeMention, resolve

T = TypeVar("T")

MAX_WEEKS = 3
"""How many weeks later a weekday that was said alone can be."""
NEAR_MINUTES = 60
"""How far from "around three" a time may lie."""

_OPEN = re.compile(
    r"\b(?:any(?:thing|time|where)?|whatever|whichever|whenever|either|earliest|soonest|asap"
    r"|(?:first|next) (?:available|free|opening|one|slot)|as soon as|later|earlier|sooner|another"
    r"|different|other|else|flexible|you choose|same|surprise me|do(?:esn't|n't) (?:matter|mind"
    r"|care)|after that|before that|following)\b"
)
"""The caller leaves it open, or asks for something beside what was named."""
_LEFT_BESIDE = re.compile(
    r"\b(?:(?:later|earlier|sooner) than|after that|before that"
    r"|or (?:so|later|earlier|after|any\w*)"
    r"|(?:day|week|hour|bit|little) (?:later|earlier|sooner|after|before)"
    r"|anything (?:later|earlier|else|around|near|close)|flexible|whatever|whichever|around then)\b"
)
"""What is beside the value that was named is welcome too."""
_ASKS = re.compile(
    r"\b(?:book|schedule|reserve|move|reschedule|change|switch|get in|fit|squeeze|let's|let us"
    r"|(?:can|could|may) (?:i|we|you) (?:come|book|have|get|do|make|take|put|fit|see)|(?:i|we) want"
    r"|(?:i|we)'d (?:like|prefer|rather)|would (?:like|prefer|rather)|(?:i|we) need"
    r"|(?:i|we)'ll take"
    r"|how about|what about|works? (?:for|better)|better|make (?:it|that)|put me|sign me|please)\b"
)
_OF_OTHERS = re.compile(
    r"\b(?:my|our|his|her|their|the) (?:wife|husband|partner|son|daughter|kids?|child|children|boy"
    r"|girl|mom|mum|mother|dad|father|brother|sister|boss|friend|neighbou?r|cousin|dog|cat|grandson"
    r"|granddaughter|roommate|girlfriend|boyfriend|aunt|uncle|nephew|niece)\b"
)
_WHEN = re.compile(
    r"\b(?:when|day|date|time|which (?:one|slot)|works?|suits?|prefer|morning|afternoon"
    r"|would you like|come in|(?:mon|tues|wednes|thurs|fri|satur|sun)day|o'clock|[ap]\.?m\.?"
    r"|shall i|should i|is that|right|correct|how about)\b"
)
_OF_OTHER_DAYS = re.compile(
    r"\b(?:birth|born|birthday|how (?:old|many|much|long)|age|since when|last (?:visit|time)"
    r"|insurance|address|postcode|zip|card)\b"
)
_BEFORE_OTHER_DAYS = re.compile(
    r"\b(?:since|was|were|last|back|from|till|been|born) {0,3}(?:on|in|the)? {0,3}$"
)
_WEEKDAY_ALONE = re.compile(
    r"(?:(?:this|on|the|next|coming) )*(?:mon|tues|wednes|thurs|fri|satur|sun)day", re.IGNORECASE
)
_ROUGHLY = re.compile(r"\b(?:around|about|approximately|roughly|like|near|say) {0,3}$")
_SENTENCES = re.compile(r"[^.!?]+[.!?]*")
_CHANGES = frozenset((Sense.CHANGE, Sense.NO, Sense.HOLD_ON, Sense.TAKEN_BACK))
_OBJECTIONS = _CHANGES | {Sense.LATER, Sense.UNSURE}


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance; `role` is "user" for the caller. `moments` are when it was said, aware, on the
    business's clock: one where that is known, the first and last that are possible where it is
    not."""

    role: str
    words: str
    moments: tuple[dt.datetime, ...]

    @property
    def of_caller(self) -> bool:
        """Whether the caller said it."""
        return self.role == "user"


def in_whole_sentences(heard: Sequence[Heard]) -> list[Heard]:
    """As `backchannel.whole_sentences`."""
    said = [("user" if item.of_caller else "agent", item.words) for item in heard]
    return [replace(heard[place], words=words) for place, _, words in whole_sentences(said)]


@dataclass(frozen=True, slots=True)
class Meaning(Generic[T]):
    """What an utterance says of one part: its values, the values it rules out, and whether it
    leaves the part `open`; `loose`: also what is beside the values is welcome."""

    values: tuple[T, ...] = ()
    excluded: tuple[T, ...] = ()
    open: bool = False
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Against(Generic[T]):
    """What speaks against a value: the last one that stands, the caller's words for it, and the
    agent's words where the caller only went along with them. `excluded`: the very value that was
    asked about was ruled out."""

    value: T
    words: str
    answers: str = ""
    excluded: bool = False


Reader = Callable[[Heard], Meaning[T]]


def find_against(
    heard: Sequence[Heard],
    read: Reader[T],
    fits: Callable[[T], bool],
    *,
    may_mean: Callable[[str], bool] = lambda words: False,
    mentioned: bool = True,
) -> Against[T] | None:
    """What was said in the end that does not fit; None where nothing speaks against it.

    may_mean: whether words in which no value is read may still mean the one asked about.
    mentioned: whether values can be mentioned without being meant for the booking.
    """
    against: Against[T] | None = None
    settled = False
    proposed: tuple[T, ...] = ()
    question = said = ""
    for item in heard:
        meaning = read(item)
        if not item.of_caller:
            question, said = _question(item.words), item.words
            proposed = meaning.values or proposed
            continue
        fitting = any(fits(value) for value in proposed)
        if not item.words.strip():
            against = None  # what was said is not known yet
        elif fitting and _goes_along(item.words):
            against, settled = None, True
        elif meaning.values and (not mentioned or _counts(item.words, question, settled)):
            fit = any(fits(value) for value in meaning.values) or meaning.loose
            against = None if fit else Against(meaning.values[-1], item.words)
            proposed, settled = (), True
        elif any(fits(value) for value in meaning.excluded):
            out = next(value for value in meaning.excluded if fits(value))
            against, proposed = Against(out, item.words, excluded=True), ()
        elif meaning.open or may_mean(item.words):
            against = None
        elif proposed:
            sense = agreement.answer(item.words)
            if sense in _OBJECTIONS:
                proposed = ()
            elif fitting:
                against, settled = None, True
            elif sense is Sense.YES and question and len(set(proposed)) == 1:
                against, settled = Against(proposed[0], item.words, said), True
    return against


def _goes_along(words: str) -> bool:
    """Whether the caller agrees first: what follows is a remark, unless it changes something."""
    opening = agreement.opening(words)
    if not opening or opening[0] is not Sense.YES:
        return False
    return not any(
        said.sense in _CHANGES and said.phrase != "but" for said in agreement.senses(words)
    )


def _counts(words: str, question: str, settled: bool) -> bool:
    """Whether a value in the caller's words is about the booking, not only mentioned."""
    words = _level(words)
    if _OF_OTHER_DAYS.search(question):
        return False
    if not settled or _WHEN.search(question):
        return True
    changes = any(said.sense in _CHANGES for said in agreement.senses(words))
    if _OF_OTHERS.search(words):
        return changes and _ASKS.search(words) is not None
    return changes or _ASKS.search(words) is not None


def _question(words: str) -> str:
    """The last question in the agent's words; empty where there is none."""
    asked = [part for part in _SENTENCES.findall(_level(words)) if part.endswith("?")]
    return asked[-1].strip() if asked else ""


def _level(words: str) -> str:
    return words.lower().replace("\u2019", "'")


def leaves_open(words: str) -> bool:
    """Whether the words leave a day or a time open, or ask for something beside what was named."""
    return _OPEN.search(_level(words)) is not None


class TimeReader:
    """Reads the days and times of utterances, each once."""

    def __init__(self, prefer: TimePreferences) -> None:
        self._prefer = prefer
        self._known: dict[Heard, tuple[TimeMention, ...]] = {}

    def days(self, item: Heard, *, old: dt.date | None = None) -> Meaning[TimeMention]:
        """The days in an utterance; `old` is where something stands now, and no wish."""
        return self._meaning(item, "day", lambda mention: mention.date != old)

    def times(self, item: Heard, *, old: dt.time | None = None) -> Meaning[TimeMention]:
        """The times of day in an utterance."""
        return self._meaning(item, "time", lambda mention: mention.time != old)

    def old_days(self, item: Heard) -> tuple[TimeMention, ...]:
        """The days from which the caller wants something moved."""
        return tuple(
            mention
            for mention in self.mentions(item)
            if mention.role is Role.FROM and mention.date is not None and _is_one(mention)
        )

    def mentions(self, item: Heard) -> tuple[TimeMention, ...]:
        """Every day and time, as it reads at each moment at which it may have been said."""
        found = self._known.get(item)
        if found is None:
            moments = {moment.date(): moment for moment in item.moments}.values()
            found = tuple(
                _with_roughness(mention, item.words)
                for moment in moments
                for mention in resolve(item.words, moment, prefer=self._prefer).mentions
                if not _BEFORE_OTHER_DAYS.search(item.words[: mention.start].lower())
                or mention.role is Role.FROM
            )
            self._known[item] = found
        return found

    def _meaning(
        self, item: Heard, kind: str, wished: Callable[[TimeMention], bool]
    ) -> Meaning[TimeMention]:
        mine = [mention for mention in self.mentions(item) if mention.kind == kind]
        single = [mention for mention in mine if _is_one(mention) and mention.role is not Role.FROM]
        return Meaning(
            tuple(mention for mention in single if mention.stands and wished(mention)),
            tuple(mention for mention in single if mention.excluded),
            leaves_open(item.words) or len(single) < len(mine),
            _LEFT_BESIDE.search(_level(item.words)) is not None,
        )


def _with_roughness(mention: TimeMention, words: str) -> TimeMention:
    if mention.time is None:
        return mention
    before = words[: mention.start].lower()
    rough = _ROUGHLY.search(before) is not None or "ish" in mention.text.lower()
    return replace(mention, approximate=rough)


def _is_one(mention: TimeMention) -> bool:
    """Whether it is one day or one time, not a span, a limit or something that cannot be used."""
    if mention.unusable or mention.bound is not Bound.AT or mention.window is not None:
        return False
    if mention.kind == "day":
        return mention.date is not None and mention.last is None and not mention.approximate
    return mention.time is not None


def is_day(mention: TimeMention, day: dt.date) -> bool:
    """Whether the day that was said can be `day`: a weekday alone can be that of another week."""
    if mention.date is None or mention.date == day:
        return True
    apart = abs((mention.date - day).days)
    alone = _WEEKDAY_ALONE.fullmatch(mention.text.strip()) is not None
    return alone and apart % 7 == 0 and apart <= MAX_WEEKS * 7


def is_time(mention: TimeMention, time: dt.time) -> bool:
    """Whether the time that was said can be `time`: one of which the half of the day was not said
    can be in both."""
    if mention.time is None:
        return True
    halves = 12 * 60 if mention.assumed else 24 * 60
    apart = abs(_minutes(mention.time) - _minutes(time)) % halves
    apart = min(apart, halves - apart)
    return apart <= (NEAR_MINUTES if mention.approximate else 0)


def may_mean_hour(words: str, time: dt.time) -> bool:
    """Whether a bare number in the words may be this hour: "ten, fine"."""
    if time.minute:
        return False
    hour = time.hour % 12 or 12
    return re.search(rf"\b(?:{hour}|{time.hour}|{say_number(hour)})\b", words.lower()) is not None


def _minutes(time: dt.time) -> int:
    return time.hour * 60 + time.minute
