"""What a booking needs, picked out of one utterance: date, time, window, name, service."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.core.language import corrections
from app.core.language.settings import TimePreferences
from app.core.language.text import plain, vocabulary
from app.core.language.time import expressions
from app.core.language.time.clock_grammar import SPANS
from app.core.language.time.expressions import Spoken, Window

NOTHING_SPOKEN = Spoken()

_GIVEN = re.compile(
    r"\b(?:(?:my|the|her|his|our) (?:full |last |first |sur|family )?name"
    r"(?:'s| is| would be|:)?(?: is)?"
    r"|i'm called|they call me|you can call me|call me|name's|under(?: the)?(?: name)?(?: of)?"
    r"|(?:put|book) it (?:under|in the name of)|in the name of|for (?=(?:mr|mrs|ms|miss|dr)\.? )"
    r"|this is|it is|it's|i am|i'm|speaking with|name of)[,:]?\s+"
    r"(?P<name>(?:(?:mr|mrs|ms|miss|dr)\.?\s+)?[^\W\d_][\w'.-]*(?:\s+[^\W\d_][\w'.-]*){0,3})",
    re.IGNORECASE,
)
_SURE = ("name", "called", "call me", "under", "in the name")
_NOT_NAMES = frozenset(
    vocabulary(
        "a an the my your our his her its this that these those not no yes so just about for to at "
        "on in of with and or but is was be am are do does did can could would should will going "
        "calling looking trying wondering hoping here there good fine great ok okay sorry sure "
        "afraid free available interested busy late sick new back done ready able happy glad "
        "i i'm i'd i'll we you he she it they me us him them what when where who how why which "
        "please thanks thank hi hello hey um uh er well actually maybe really very too also still "
        "monday tuesday wednesday thursday friday saturday sunday today tomorrow tonight morning "
        "afternoon evening night noon next last first second january february march april may june "
        "july august september october november december one two three four five six seven eight "
        "nine ten eleven twelve half quarter appointment booking reservation name table room "
        "cleaning checkup regarding because from having all been in need want wanting needing "
        "same right only already now again probably possible over out up off down as if than then "
        "urgent important for-the spelled spelt"
    )
)
_TITLES = ("mr", "mrs", "ms", "miss", "dr")


@dataclass(frozen=True, slots=True)
class Slots:
    """Empty fields are None. `spoken` is the full reading of date and time."""

    date: dt.date | None = None
    time: dt.time | None = None
    window: Window | None = None
    part_of_day: str | None = None
    """morning, afternoon or evening (night is evening)."""
    name: str | None = None
    """The caller's name, as they gave it ("this is Ana Diaz", "my name is ...")."""
    service: str | None = None
    """One of the names in the list of services that was passed in."""
    spoken: Spoken = NOTHING_SPOKEN

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self.spoken) or self.name is not None or self.service is not None

    def as_json(self, now: dt.datetime | None = None) -> dict[str, Any]:
        """The public form: only what was said; dates ``YYYY-MM-DD``, times ``HH:MM``.

        Keys: date, time, window {start?, end?, name?}, dates [first, last], part_of_day, name,
        service, ambiguous [str], assumed [str], alternatives [{date?, time?}]. With `now`, a time
        without a day also gets the day of its next occurrence as date, marked by
        ``"date_implied": true``.
        """
        out: dict[str, Any] = {}
        if self.date is not None:
            out["date"] = self.date.isoformat()
        if self.time is not None:
            out["time"] = f"{self.time:%H:%M}"
        if now is not None and self.date is None and (moment := self.spoken.moment(now)):
            out["date"] = moment.date().isoformat()
            out["date_implied"] = True
        if self.window is not None:
            ends = {"start": self.window.start, "end": self.window.end}
            out["window"] = {key: f"{end:%H:%M}" for key, end in ends.items() if end is not None}
            if self.window.name is not None:
                out["window"]["name"] = self.window.name
        if self.spoken.dates is not None:
            out["dates"] = [day.isoformat() for day in self.spoken.dates]
        for key in ("part_of_day", "name", "service"):
            if (value := getattr(self, key)) is not None:
                out[key] = value
        if self.spoken.ambiguous:
            out["ambiguous"] = list(self.spoken.ambiguous)
        if self.spoken.assumed:
            out["assumed"] = list(self.spoken.assumed)
        if self.spoken.alternatives:
            out["alternatives"] = [
                ({"date": date.isoformat()} if date else {})
                | ({"time": f"{time:%H:%M}"} if time else {})
                for date, time in self.spoken.alternatives
            ]
        return out


def extract(
    text: str,
    now: dt.datetime,
    *,
    services: Iterable[str] = (),
    prefer: TimePreferences = expressions.DEFAULTS,
) -> Slots:
    """Pick the slots out of `text`. now: aware, in the agent's zone. Never raises on any text.

    services: the names the agent offers ("cleaning", "root canal"); the last one said wins.
    """
    spoken = expressions.resolve(text, now, prefer=prefer)
    return Slots(
        date=spoken.date,
        time=spoken.time,
        window=spoken.window,
        part_of_day=part_of_day(spoken),
        name=find_name(text),
        service=find_service(text, services),
        spoken=spoken,
    )


def part_of_day(spoken: Spoken) -> str | None:
    """The part of the day that was named, or that a window lies in."""
    if spoken.window is None:
        return None
    name = spoken.window.name
    if name is not None:
        for part in ("morning", "afternoon", "evening"):
            if name.endswith(part):
                return part
        return {"lunchtime": "afternoon", "end of day": "afternoon"}.get(name, "evening")
    start, end = spoken.window.start, spoken.window.end
    for part in ("morning", "afternoon", "evening"):
        first, last = SPANS[part]
        if start is not None and end is not None and first <= start and end <= last:
            return part
    return None


def find_name(text: str) -> str | None:
    """The name the speaker gives, or None. Written as they are: "Ana Diaz", "Mr. O'Neil"."""
    text, found, place = text[-2000:], None, 0
    while match := _GIVEN.search(text, place):
        place = match.start("name")
        lead = match[0][: place - match.start()].lower()
        words = _name_words(match["name"].split())
        sure = any(cue in lead for cue in _SURE)
        if words and (sure or all(word[0].isupper() for word in words)):
            found = " ".join(word[0].upper() + word[1:] for word in words)
    return found


def _name_words(said: list[str]) -> list[str]:
    """The words of a name, up to the first that is none."""
    words: list[str] = []
    for word in said:
        bare = word.strip(".,").lower()
        ended = word.endswith((",", "?", "!")) or (word.endswith(".") and bare not in _TITLES)
        if bare in _NOT_NAMES or not bare:
            break
        words.append(word.rstrip(",?!") if bare in _TITLES else word.rstrip(".,?!"))
        if ended:
            break
    return [] if words and words[-1].strip(".").lower() in _TITLES else words


def find_service(text: str, services: Iterable[str]) -> str | None:
    """The offered service that is named last and not taken back; plurals and "ing" forms count."""
    names = tuple(services)
    if not names:
        return None
    said = plain(corrections.correct(text).kept)
    best: tuple[int, int, str] | None = None
    for name in names:
        for match in _service_pattern(name).finditer(said):
            place = (match.end(), match.end() - match.start(), name)
            if best is None or place[:2] > best[:2]:
                best = place
    return best[2] if best else None


@lru_cache(maxsize=512)
def _service_pattern(name: str) -> re.Pattern[str]:
    """The name as callers say it: any case, hyphen or space, singular or plural."""
    words = re.findall(r"[\w']+", plain(name))
    if not words:
        return re.compile(r"(?!)")
    stems = [re.escape(word.removesuffix("s") if len(word) > 3 else word) for word in words]
    return re.compile(r"\b" + r"[\s-]*".join(stem + "(?:e?s|'s)?" for stem in stems) + r"\b")
