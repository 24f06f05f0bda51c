"""A message while it is being taken: what is known so far, and what is still to be asked.

Whatever is known is kept from the first attempt on, since a caller may hang up at any time. Nothing
is asked twice in vain: somebody who does not give a name or a number leaves a message without.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.core.booking import sentences
from app.core.booking.rules import BookingRules
from app.core.booking.wanted import NotUnderstood
from app.core.language.phone_numbers import read_number
from app.core.messages.call_back import CallBack, as_said, read_call_back
from app.core.messages.numbers import say_phone_number

MAX_ABOUT = 600
MAX_NAME = 80

_SAME_NUMBER = re.compile(
    r"\b(?:same|this|calling|called|current|caller'?s?|mine|my|on file|you have)\b", re.IGNORECASE
)
_NO_NUMBER = re.compile(r"\s*(?:none|no(?: number| call ?back)?|nobody|n/?a)\W*", re.IGNORECASE)
_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a message.

    number: E.164; empty if there is none to call back, or what was given is no number:
    `number_as_said` holds the caller's words then.
    """

    about: str
    name: str = ""
    number: str = ""
    urgent: bool = False
    call_back: CallBack | None = None
    number_as_said: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is kept, and as the list of messages shows it."""
        return {
            "about": self.about,
            "name": self.name,
            "number": self.number,
            "number_as_said": self.number_as_said,
            "urgent": self.urgent,
            "call_back": self.call_back.to_json() if self.call_back else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Draft:
        """What `to_json` gave."""
        wish = value.get("call_back")
        return cls(
            str(value.get("about") or ""),
            str(value.get("name") or ""),
            str(value.get("number") or ""),
            bool(value.get("urgent")),
            CallBack.from_json(wish) if isinstance(wish, Mapping) else None,
            str(value.get("number_as_said") or ""),
        )


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask before the message is left.

    mark: what it asks about; asked once, unless `answer` is wanted: the caller has to agree.
    """

    mark: str
    error: str
    sentence: str
    agree: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What the arguments say: the draft, and the questions, the most pressing first."""

    draft: Draft
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a message is read by.

    caller: the calling number, E.164 or empty. country: ISO 3166, by whose rules numbers are read.
    now: on the business's clock.
    """

    caller: str
    country: str
    now: dt.datetime
    rules: BookingRules


def read_message(
    arguments: Mapping[str, Any], before: Draft | None, around: Circumstances
) -> Reading:
    """Read the arguments of `take_message`; what they leave out is taken from the draft before."""
    known = before or Draft("")
    questions: list[Question] = []
    about = one_line(arguments.get("about"), MAX_ABOUT) or known.about
    name = one_line(arguments.get("name"), MAX_NAME) or known.name
    if not name:
        questions.append(Question("name", "name_needed", "May I have your name, please?"))
    given = one_line(arguments.get("phone"), 120)
    number, more = _number(given, known, around)
    questions += more
    said = "" if number or is_none(given) else given or known.number_as_said
    call_back, more = _call_back(arguments, known, around)
    questions += more
    urgent = arguments.get("urgency") == "urgent" or (
        known.urgent and arguments.get("urgency") != "normal"
    )
    return Reading(Draft(about, name, number, urgent, call_back, said), tuple(questions))


def _number(given: str, known: Draft, around: Circumstances) -> tuple[str, list[Question]]:
    """The number to call back, and what is to be asked about it."""
    if is_none(given):
        return "", []
    found = read_number(given, around.country) if given else None
    number = found.e164 if found else ""
    if not number and (not given or _SAME_NUMBER.search(given)):
        number = known.number or around.caller
    if not number:
        if given:
            sentence = (
                "I did not get that telephone number. Could you say it again, digit by digit, with"
                " the area code?"
            )
            return "", [Question(f"unclear:{given}", "phone_unclear", sentence)]
        sentence = "I cannot see your number. On which number can we call you back?"
        return "", [Question("number", "phone_needed", sentence)]
    said = say_phone_number(number, around.country)
    sentence = f"I have the number {said}. Is that right?"
    if number == around.caller and not found:
        sentence = f"Can we call you back on the number you are calling from, {said}?"
    return number, [Question(f"confirm:{number}", "confirm_first", sentence, agree=True)]


def _call_back(
    arguments: Mapping[str, Any], known: Draft, around: Circumstances
) -> tuple[CallBack | None, list[Question]]:
    day = one_line(arguments.get("call_back_date"), 200)
    time = one_line(arguments.get("call_back_time"), 200)
    read = read_call_back(day, time, around.now, around.rules)
    if isinstance(read, NotUnderstood):
        said = as_said(day, time)
        question = Question(f"when:{said}", "call_back_unclear", sentences.unclear(read))
        return CallBack(said), [question]
    return read or known.call_back, []


def is_same(one: Draft, other: Draft) -> bool:
    """Whether the second says nothing that the first does not say."""
    if other.number not in ("", one.number) or other.name not in ("", one.name):
        return False
    if other.urgent and not one.urgent:
        return False
    if other.call_back is not None and other.call_back != one.call_back:
        return False
    return _words(other.about) <= _words(one.about)


def is_none(given: str) -> bool:
    """Whether the caller wants no call back."""
    return bool(_NO_NUMBER.fullmatch(given))


def one_line(value: Any, most: int) -> str:
    """One line of text without control signs."""
    return _CONTROL.sub(" ", str(value or "")).strip()[:most]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
