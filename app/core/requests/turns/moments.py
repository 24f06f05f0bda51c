"""Days and times of day as they are said in one sentence, each with its role.

The grammar is `app.core.language.time`; here its mentions are paired to days with times, and told
apart: what is asked for, what is a bound ("after the 10th"), what was taken back, what it comes
from ("from Tuesday at 3").
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.core.language.settings import TimePreferences
from app.core.language.text import plain
from app.core.language.time.bounds import Bound
from app.core.language.time.corrections import Role
from app.core.language.time.expressions import TimeMention, resolve

_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_POSSESSIVE = re.compile(rf"\b({_DAYS}|today|tomorrow)'s\b")
_NUMBER_IS = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|noon|thirty|"
    rf"fifteenth|sixteenth|{_DAYS})'s\b(?= (?:good|fine|grand|great|better|perfect|ok|okay|best))"
)
_HOURS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_HOUR_ON = re.compile(
    rf"(^|[.,?!]|\b(?:got|have|give me|do|take|about|say|want|like|prefer)) ?\b({_HOURS})"
    rf"((?: thirty| fifteen| o'clock)?) (on (?:the|{_DAYS})|{_DAYS}|tomorrow|today)\b"
)
_PART_ONE = re.compile(r"\b(morning|afternoon|evening) (?:one|slot)\b(?! thirty)")
_HOUR_IS = re.compile(
    rf"(^|[.,?!;] )({_HOURS})((?: thirty)?)"
    r"(?= (?:works|suits|sounds)\b| (?:is|was|would be) (?:also |still )?(?:open|free"
    r"|available|possible|the last|the latest|the earliest|fine|good|better|great|perfect|okay|ok"
    r"|grand|lovely|ideal|best"
    r"|doable)\b)"
)
_HOUR_AFTER = re.compile(
    rf"((?:\d|[a-z])(?:st|nd|rd|th)|{_DAYS}), ({_HOURS})((?: thirty| fifteen"
    rf"| o'clock)?)(?=[.,!?]|$)"
)
#: "The second filling" is no day of the month.
_NTH_THING = re.compile(
    r"\b(the|my|a|your) (?:first|second|third|fourth|fifth) (?=(?:filling|cleaning|checkup|check-up"
    r"|appointment|booking|visit|one|slot|opening|option|time|tooth|crown|session|half"
    r"|of (?:the|my) (?:two|three)|choice|person|child|kid|name|thing|floor|opinion|exam"
    r"|consultation)s?\b)"
)
#: "With two Ls" is no time of day.
_LETTERS = re.compile(r"\b(?:one|two|three|double) [b-hj-z]'?s?(?= |[,?!]|\.(?! ?m\b)|$)")
_HOUR_OF_LIST = rf"(?:at )?(?:{_HOURS})(?: thirty| fifteen| o'clock)?"
_LIST = re.compile(rf"{_HOUR_OF_LIST}(?:(?:,? or |,? and |, ){_HOUR_OF_LIST})+[.?!]?")
_HOUR_INSTEAD = re.compile(
    r"\b(can it be|could it be|could that be|make (?:it|that)|(?:no,? )?(?:wait|hang on|hold on)"
    rf"|better(?: make it| do)?|i (?:said|meant)) ({_HOURS})((?: thirty| fifteen)?)"
    r"(?=[.,?!]|$| instead| then| please)"
)
_EVERY = re.compile(
    rf"\b(?:(?:{_DAYS})s|every (?:week|month|other|{_DAYS})|each (?:week|{_DAYS}))\b"
)
_EACH = re.compile(r"\b(?:every|each)\b")
_WEEKDAY = re.compile(rf"^(?:this |on |the |next |coming |following )*(?:{_DAYS})$")
_MORE_FOLLOW = re.compile(r" {0,3}(?:at|or|,)")

MAX_WEEKS = 3
"""How many weeks later a weekday that was said alone can be."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a time of day, or both. `assumed`: the half of the day was not said."""

    day: dt.date | None
    time: dt.time | None
    words: str
    assumed: bool = False
    source: bool = False
    """It is where something is moved from."""
    weekday: bool = False
    """The day was told by the name of a weekday alone."""

    @property
    def whole(self) -> bool:
        """Whether both a day and a time of day were said."""
        return self.day is not None and self.time is not None

    def is_day(self, other: dt.date) -> bool:
        """Whether its day can be `other`: a weekday alone can be that of a later week."""
        if self.day is None or self.day == other:
            return True
        later = (other - self.day).days
        return self.weekday and later % 7 == 0 and 0 < later <= MAX_WEEKS * 7

    def fits(self, start: dt.datetime) -> bool:
        """Whether it can mean `start`: a time of which the half is open fits both halves."""
        if not self.is_day(start.date()):
            return False
        return self.time is None or same_clock(self.time, start.time(), self.assumed)


@dataclass(frozen=True, slots=True)
class Moments:
    """What a sentence says about time. `wanted` still stands; `gone` was taken back or is left
    behind; `doubts` say why a day that was named cannot be used."""

    wanted: tuple[Moment, ...] = ()
    gone: tuple[Moment, ...] = ()
    doubts: tuple[str, ...] = ()
    bounded: bool = False
    """A day or time was said only as a limit, or as a span."""
    part: str | None = None
    """A part of the day: "afternoon"."""
    rest: str = ""
    """What the sentence says beside them."""

    def __bool__(self) -> bool:
        """Whether anything was said about time."""
        return bool(self.wanted or self.gone or self.doubts or self.bounded or self.part)

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The distinct days that stand, in order."""
        return tuple(dict.fromkeys(item.day for item in self.wanted if item.day is not None))

    @property
    def times(self) -> tuple[dt.time, ...]:
        """The distinct times that stand, in order."""
        return tuple(dict.fromkeys(item.time for item in self.wanted if item.time is not None))


def same_clock(one: dt.time, other: dt.time, half_open: bool) -> bool:
    """Whether two times of day are the same, or differ only by the half of the day."""
    if one == other:
        return True
    return half_open and (one.hour % 12, one.minute) == (other.hour % 12, other.minute)


def read(text: str, now: dt.datetime, prefer: TimePreferences) -> Moments:
    """The days and times of one sentence, resolved at `now`, which is when it was said."""
    said = _NUMBER_IS.sub(r"\1 is", _POSSESSIVE.sub(r"\1", plain(text)))
    said = _LETTERS.sub("letters", said)
    said = _NTH_THING.sub(r"\1 other ", said)
    said = _HOUR_ON.sub(r"\1 at \2\3 \4", said)
    said = _PART_ONE.sub(r"\1", said)
    said = _HOUR_IS.sub(r"\1at \2\3", said)
    said = _HOUR_AFTER.sub(r"\1 at \2\3", said)
    if _LIST.fullmatch(said.strip()):
        said = re.sub(rf"(?<!at )\b(?=(?:{_HOURS})\b)", "at ", said)
    said = _HOUR_INSTEAD.sub(r"\1 at \2\3", said)
    new, _, old = said.partition(" instead of ")
    if old:
        first, last = _read(new, now, prefer), _read(old, now, prefer)
        if first and not last:
            return replace(first, rest=f"{first.rest} {last.rest}")
        if first.times and last:
            left = tuple(replace(item, source=True) for item in last.wanted)
            return replace(first, gone=(*first.gone, *left), rest=f"{first.rest} {last.rest}")
    return _read(said, now, prefer)


def _read(said: str, now: dt.datetime, prefer: TimePreferences) -> Moments:
    mentions = resolve(said, now, prefer=prefer).mentions
    doubts: list[str] = []
    wanted: list[TimeMention] = []
    gone: list[TimeMention] = []
    bounded, part = False, None
    for mention in mentions:
        if mention.window is not None and mention.window.name is not None:
            part = mention.window.name
        elif mention.unusable:
            doubts.append(mention.unusable)
        elif (
            mention.bound is not Bound.AT
            or mention.last
            or mention.window is not None
            or (mention.approximate and mention.kind == "day")
        ):
            bounded = True
        elif mention.stands:
            wanted.append(mention)
        else:
            gone.append(mention)
    every = _EVERY.search(said)
    if every and (_EACH.search(said) or not any(item.kind == "day" for item in wanted)):
        doubts.append("recurring")
    rest, end = [], 0
    for mention in mentions:
        rest.append(said[end : mention.start])
        end = max(end, mention.end)
    return Moments(
        _paired(said, wanted),
        _paired(said, gone),
        tuple(dict.fromkeys(doubts)),
        bounded,
        part,
        " ".join([*rest, said[end:]]),
    )


def _paired(said: str, mentions: Sequence[TimeMention]) -> tuple[Moment, ...]:
    """Days joined with the times said beside them, in order."""
    out: list[Moment] = []
    day: dt.date | None = None
    loose: list[int] = []
    for mention in mentions:
        source = mention.role is Role.FROM
        if mention.date is not None:
            day = _take_day(said, mention, source, out, loose)
            continue
        last = out[-1] if out else None
        if day is not None and last is not None and last.day == day and last.time is None:
            out[-1] = replace(
                last,
                time=mention.time,
                words=f"{last.words} {mention.text}",
                assumed=mention.assumed,
                source=last.source or source,
            )
            continue
        if day is None:
            loose.append(len(out))
        weekday = last is not None and last.day == day and last.weekday
        out.append(Moment(day, mention.time, mention.text, mention.assumed, source, weekday))
    return tuple(out)


def _take_day(
    said: str, mention: TimeMention, source: bool, out: list[Moment], loose: list[int]
) -> dt.date | None:
    """Put a day where it belongs: to the times said before it ("ten on Friday"), or beside what was
    said. The day that times said next belong to."""
    weekday = bool(_WEEKDAY.match(mention.text.strip()))
    if loose and out[loose[0]].source == source:
        for place in loose:
            held = out[place]
            words = f"{held.words} {mention.text}"
            out[place] = replace(held, day=mention.date, words=words, weekday=weekday)
        loose.clear()
        return mention.date if _MORE_FOLLOW.match(said, mention.end) else None
    loose.clear()
    last = out[-1] if out else None
    if last is None or last.time is not None or last.day != mention.date:
        out.append(Moment(mention.date, None, mention.text, source=source, weekday=weekday))
    return mention.date
