"""Whether the words of a call contradict what a model passes to a booking tool.

On the live paths the model decides what to call. Here its day, time, name and number are compared
with what was said, by the readers that also read transcripts. Only a contradiction counts: where
the words say nothing about a part, the model is free.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.core.booking.said import (
    Against,
    Heard,
    Meaning,
    TimeReader,
    find_against,
    in_whole_sentences,
    is_day,
    is_time,
    may_mean_hour,
)
from app.core.language import agreement, speech
from app.core.language.agreement import Sense
from app.core.language.name_match import same_name, same_word
from app.core.language.names import Name, join_names, mask_name, read_name
from app.core.language.phone_numbers import identify, read_number
from app.core.language.settings import TimePreferences
from app.core.language.time.expressions import TimeMention

Part = Literal["day", "time", "name", "number", "appointment"]

MAX_CHARS = 2000
"""Of a longer utterance the last so many characters are read."""
_MOST_DIGITS = 7
"""Numbers are the same where so many of their last digits are."""

_CANCELS = re.compile(r"\b(?:cancel|call (?:it|that) off|drop|remove|delete)")
_OF_CANCELLED = re.compile(
    r"\b(?:cancel|call off|drop|remove|delete"
    r"|(?:can't|cannot|can not|won't) (?:come|make it|make|be there))"
    r"(?: (?!(?:because|since|as|cause|so|i'm|i|we|and|but)\b)[\w'-]+){0,5} {0,3}$"
)
_REACH = 120
"""Characters before a day in which its cancelling is looked for."""
_NOT_OF_IT = re.compile(r"\b(?:instead|book|move|reschedul|rather|new|another|until|away|back)")
_OWN_NUMBER = re.compile(
    r"\b(?:this (?:one|number)|same|i'm (?:calling|on)|calling from|my number)\b"
)
_SORRY = re.compile(r"\b(?:sorry|i mean|i meant|not)\b")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The caller said `said` in `words`, and the model passed `passed`; both are written as one
    says them. `answers` are the agent's words where the caller only said yes to them. `excluded`:
    the caller ruled out the very thing."""

    part: Part
    said: str
    passed: str
    words: str
    answers: str = ""
    excluded: bool = False


class Conversation:
    """What was said in a call, asked about one argument after the other."""

    def __init__(
        self,
        heard: Sequence[Heard],
        *,
        prefer: TimePreferences,
        agent: str = "",
        country: str = "",
        calling: str = "",
        shift: dt.timedelta = dt.timedelta(0),
    ) -> None:
        """`agent` is its name, `country` that of numbers, `calling` the number that calls, `shift`
        how much later it is where the caller is."""
        whole = in_whole_sentences(heard)
        self._heard = [replace(item, words=item.words[-MAX_CHARS:]) for item in whole]
        self._names = _names_given(self._heard, agent)
        self._unnamed = _without_names(self._heard, self._names)
        self._reader = TimeReader(prefer)
        self._agent = agent.casefold()
        self._country = country
        self._calling = calling
        self._shift = shift

    def against_start(
        self, start: dt.datetime, today: dt.date, old: dt.datetime | None = None
    ) -> Contradiction | None:
        """What speaks against a start (a wall time of the business); `old` is where what is moved
        stands now, whose day and time are no wish."""
        starts = tuple(dict.fromkeys((start, start + self._shift)))
        old_day = old.date() if old is not None and old.date() != start.date() else None
        old_time = old.time() if old is not None and old.time() != start.time() else None
        day = find_against(
            self._unnamed,
            lambda item: self._reader.days(item, old=old_day),
            lambda mention: any(is_day(mention, one.date()) for one in starts),
        )
        if day is not None:
            assert day.value.date is not None
            said = speech.say_date(day.value.date, today)
            return self._contradiction("day", day, said, speech.say_date(start.date(), today))
        time = find_against(
            self._unnamed,
            lambda item: self._reader.times(item, old=old_time),
            lambda mention: any(is_time(mention, one.time()) for one in starts),
            may_mean=lambda words: any(may_mean_hour(words, one.time()) for one in starts),
        )
        if time is None:
            return None
        assert time.value.time is not None
        passed = speech.say_time(start.time())
        return self._contradiction("time", time, speech.say_time(time.value.time), passed)

    def against_name(self, name: str) -> Contradiction | None:
        """What speaks against a name: the caller gave another one, and nobody by this one was
        spoken of."""
        known: Name | None = None
        against: Against[str] | None = None
        question: str | None = None
        spoken: list[str] = []
        for item, given in zip(self._heard, self._names, strict=True):
            words = [word for word in _words(item.words) if word != self._agent]
            if not item.of_caller:
                question = item.words
                continue
            if given is None:
                spoken += words
                agreed = question and not agreement.objects(item.words)
                if _all_in(name, words) or (agreed and _all_in(name, _words(question or ""))):
                    against = None
                continue
            if known is not None and _corrects(item.words):
                gone = {word.casefold() for word in known.text.split()}
                spoken = [word for word in spoken if word not in gone]
            spoken += words
            known = join_names(known, given, question)
            fits = same_name(name, known.text) or _all_in(name, spoken)
            against = None if fits else Against(known.text, item.words)
        if against is None:
            return None
        return self._contradiction("name", against, against.value, name)

    def against_number(self, number: str) -> Contradiction | None:
        """What speaks against a number (E.164) to call back on."""
        end = number[-_MOST_DIGITS:]
        against = find_against(
            self._heard, self._numbers, lambda said: said.endswith(end), mentioned=False
        )
        if against is None:
            return None
        return self._contradiction("number", against, against.value, number)

    def against_target(self, start: dt.datetime, today: dt.date) -> Contradiction | None:
        """What speaks against an appointment (by its start) that is to be cancelled or moved: the
        caller named the day of another one, and this one's day was not named since."""
        named: Against[TimeMention] | None = None
        shown: tuple[TimeMention, ...] = ()
        question, spoken_of = "", False
        for item in self._unnamed:
            if any(_may_be(mention, start) for mention in self._reader.mentions(item)):
                named, spoken_of = None, True
            elif not item.of_caller:
                shown, question = self._reader.days(item).values, item.words.lower()
            elif mine := self._days_of_target(item, beside=not spoken_of):
                named = Against(mine[-1], item.words)
            elif len(shown) == 1 and _agrees_to_cancel(question, item.words):
                named = Against(shown[0], item.words, question)
        if named is None or named.value.date is None:
            return None
        said = speech.say_date(named.value.date, today)
        return self._contradiction("appointment", named, said, speech.say_date(start.date(), today))

    def _days_of_target(self, item: Heard, *, beside: bool) -> tuple[TimeMention, ...]:
        """The days that the caller says of what is to be changed: "cancel my Thursday one". With
        `beside`, also those that stand anywhere in words that cancel."""
        level = item.words.lower().replace("\u2019", "'")
        if _NOT_OF_IT.search(level):
            return self._reader.old_days(item)
        days = self._reader.days(item)
        anywhere = beside and _CANCELS.search(level) is not None
        return self._reader.old_days(item) or tuple(
            mention
            for mention in (*days.excluded, *days.values)
            if anywhere
            or _OF_CANCELLED.search(level[max(0, mention.start - _REACH) : mention.start])
        )

    def _numbers(self, item: Heard) -> Meaning[str]:
        found = read_number(item.words, self._country)
        values = [found.e164] if found else []
        if self._calling and _OWN_NUMBER.search(item.words.lower().replace("\u2019", "'")):
            calling = identify(self._calling, self._country)
            values += [calling.e164] if calling else []
        return Meaning(tuple(values))

    def _contradiction(
        self,
        part: Part,
        against: Against[object] | Against[str] | Against[TimeMention],
        said: str,
        passed: str,
    ) -> Contradiction:
        words = next(
            (
                known.words
                for known, masked in zip(self._heard, self._unnamed, strict=True)
                if masked.words == against.words
            ),
            against.words,
        )
        return Contradiction(part, said, passed, words, against.answers, against.excluded)


def _names_given(heard: Sequence[Heard], agent: str) -> list[Name | None]:
    """The name that each utterance of the caller gives as theirs."""
    found: list[Name | None] = []
    question: str | None = None
    for item in heard:
        found.append(read_name(item.words, question, agent=agent) if item.of_caller else None)
        question = None if item.of_caller else item.words
    return found


def _without_names(heard: Sequence[Heard], names: Sequence[Name | None]) -> list[Heard]:
    """The utterances with the caller's names blanked: "April Jones" is no day of April."""
    given = {re.escape(name.text) for name in names if name is not None and " " in name.text}
    everywhere = re.compile("|".join(given), re.IGNORECASE) if given else None
    out: list[Heard] = []
    for item, name in zip(heard, names, strict=True):
        words = mask_name(item.words, name)
        if everywhere is not None:
            words = everywhere.sub(lambda found: re.sub(r"\w", "x", found[0]), words)
        out.append(replace(item, words=words))
    return out


def _agrees_to_cancel(question: str, words: str) -> bool:
    asked = "?" in question and _CANCELS.search(question) is not None
    return asked and agreement.agrees(words, cancelling=True)


def _may_be(mention: TimeMention, start: dt.datetime) -> bool:
    return mention.date is not None and is_day(mention, start.date())


def _corrects(words: str) -> bool:
    """Whether a name that is given replaces the one given before, not only stands beside it."""
    low = words.lower()
    return bool(_SORRY.search(low)) or any(
        said.sense in (Sense.NO, Sense.CHANGE, Sense.HOLD_ON) for said in agreement.senses(low)
    )


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.casefold())


def _all_in(name: str, words: Sequence[str]) -> bool:
    """Whether every word of a name is among the words, by sound."""
    mine = [word for word in _words(name) if len(word) > 1]
    return bool(mine) and all(any(same_word(word, other) for other in words) for word in mine)
