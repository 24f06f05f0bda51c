"""Requests that are plain by their words: so few public sentences ask for a move or a cancellation
that the model alone is too careful. Also the intent where there is no model at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.core.language.intent.features import Utterance
from app.core.language.intent.rules import OWN_OBJECTS
from app.core.language.intent.vocabulary import LEMMAS, REFUSABLE
from app.core.language.text import vocabulary

MOVE, CANCEL = "reschedule_meeting", "cancel_meeting"

_LOOKS_BACK = frozenset(vocabulary("did was were has have why when had what"))
"""A question that begins so asks about what was done, not for it."""
_CANCELS = frozenset(("cancel", "delete", "erase", "remove"))
_CHANGES = frozenset(
    vocabulary(
        "reschedule move change shift postpone push modify amend alter rebook switch swap delay "
        "adjust update upgrade moving changing rescheduling amending modifying bump"
    )
)
_MADE_TO = frozenset(vocabulary("move change switch swap shift push reschedule moving changing"))
_COMES = frozenset(vocabulary("come do make have see go"))
_WHEN = frozenset(vocabulary("today tomorrow tonight morning afternoon evening week weekend"))
_INSTEAD = frozenset((("instead", "of"), ("rather", "than")))
_OWN = frozenset(("my", "mine", "our", "ours"))
_REACH = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A plain request: its intent, what shows it, and a sentence that does."""

    intent: str
    example: str
    shows: Callable[[Utterance], bool]


def plain(utterance: Utterance) -> list[str]:
    """The intents that are plainly asked for, in the order of the table."""
    return [row.intent for row in PLAIN if row.shows(utterance)]


def _acts(utterance: Utterance) -> list[str]:
    return [act for _, act, negated in utterance.acts if not negated]


def _about_other(utterance: Utterance) -> bool:
    return any(kind == "other" for _, kind in utterance.objects)


def _is_when(words: list[str], start: int, end: int) -> bool:
    """Whether a day or a time stands between two places."""
    return any(word[0] == "<" or word in _WHEN for word in words[max(0, start) : end])


def _moves_booking(utterance: Utterance) -> bool:
    """An act of change, then its object; or the object that they have, then the act."""
    acts, words = _acts(utterance), utterance.words
    if "cancel" in acts or "cancelled" in acts or not words or words[0] in _LOOKS_BACK:
        return False
    for place, act, negated in utterance.acts:
        if act != "move" or negated or words[place] not in _CHANGES:
            continue
        if place and words[place - 1] in ("for", "the"):
            continue
        for at, kind in utterance.objects:
            if kind in ("visit", "diary") and 0 < at - place <= 10:
                return "book" not in acts or words[at] in ("booking", "schedule")
            if kind == "visit" and at < place and "have" in words[:at]:
                return "book" not in acts or "booking" in words
    return False


def _cancels_booking(utterance: Utterance) -> bool:
    """An act of cancelling, then its object."""
    acts, words = _acts(utterance), utterance.words
    if "cancel" not in acts or "move" in acts or words[0] in _LOOKS_BACK:
        return False
    if "book" in acts[: acts.index("cancel")]:
        return False
    if any(kind == "other" for _, kind in utterance.objects):
        return False
    own = [at for at, kind in utterance.objects if kind in ("visit", "diary")]
    return any(
        act == "cancel" and words[place] in _CANCELS and any(0 < at - place <= 4 for at in own)
        for place, act, negated in utterance.acts
        if not negated
    )


def _moves_to_time(utterance: Utterance) -> bool:
    """An act of change, and the day or time it leads to."""
    words = utterance.words
    if _about_other(utterance) or not words or words[0] in _LOOKS_BACK:
        return False
    if {"cancel", "cancelled", "book", "ask"} & set(_acts(utterance)):
        return False
    return any(
        not negated and words[place] in _MADE_TO and _leads_to_time(words, place)
        for place, _, negated in utterance.acts
    )


def _leads_to_time(words: list[str], place: int) -> bool:
    for at in range(place + 1, min(len(words), place + _REACH + 1)):
        if words[at] in ("to", "for", "until"):
            between = words[place + 1 : at]
            own = not between or not _OWN.isdisjoint(between)  # "move it to ten" corrects a wish
            return own and _is_when(words, at + 1, at + 3)
    return False


def _replaces_time(utterance: Utterance) -> bool:
    """One day or time instead of another."""
    words = utterance.words
    if _about_other(utterance) or not words or words[0] in _LOOKS_BACK:
        return False
    if not _COMES.intersection(words) and not {"move", "book"} & set(_acts(utterance)):
        return False
    return any(
        (words[at], words[at + 1]) in _INSTEAD
        and _is_when(words, at - 3, at)
        and _is_when(words, at + 2, at + 5)
        for at in range(1, len(words) - 2)
    )


def _misses_and_asks(utterance: Utterance) -> bool:
    """They can't make it, and ask for another day."""
    words = utterance.words
    if not utterance.misses or _about_other(utterance):
        return False
    asks = [at for at, word in enumerate(words) if word in ("can", "could") and at]
    return any(
        words[at + 1] in ("i", "we", "you") and _is_when(words, at + 2, at + 9)
        for at in asks
        if at + 1 < len(words)
    )


PLAIN: tuple[Row, ...] = (
    Row(MOVE, "please move my appointment", _moves_booking),
    Row(CANCEL, "delete my next meeting", _cancels_booking),
    Row(MOVE, "can I swap my Tuesday for Thursday", _moves_to_time),
    Row(MOVE, "can I come Wednesday instead of Tuesday", _replaces_time),
    Row(MOVE, "I can't make it on Tuesday, can I come Wednesday", _misses_and_asks),
)
"""Tried in this order."""


# Where there is no model: the first row that fits gives the intent and how sure it is.


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the rows look at."""

    utterance: Utterance
    acts: frozenset[str]
    kinds: frozenset[str]

    @property
    def own(self) -> bool:
        return bool(self.kinds & OWN_OBJECTS)

    @property
    def asks(self) -> bool:
        return self.utterance.words[:1] != [] and self.utterance.words[0] in _ASKS


Guess = tuple[str | None, float]


def by_rules(utterance: Utterance) -> Guess:
    """The intent by acts and objects alone, for engines without weights."""
    acts = [LEMMAS.get(act, act) for act in _acts(utterance)]
    seen = _Seen(utterance, frozenset(acts), frozenset(kind for _, kind in utterance.objects))
    for rule in _GUESSES:
        found = rule(seen)
        if found is not None:
            return found
    return None, 0.7


def _nothing_wanted(seen: _Seen) -> Guess | None:
    refused = seen.utterance.negated and not seen.acts & {"move", "cancel", "book"}
    return (None, 0.8) if refused else None


def _something_else(seen: _Seen) -> Guess | None:
    other = "other" in seen.kinds and not seen.kinds & {"visit", "doctor"}
    return (None, 0.8) if other else None


def _change(seen: _Seen) -> Guess | None:
    act = next((act for act in ("move", "cancel") if act in seen.acts), None)
    return (REFUSABLE[act], 0.85 if seen.own else 0.55) if act else None


def _question(seen: _Seen) -> Guess | None:
    asked = "free" in seen.acts or "ask" in seen.acts or seen.asks
    if not asked or "book" in seen.acts or not (seen.own or "free" in seen.acts):
        return None
    return "query_availability", 0.8 if seen.asks or "ask" in seen.acts else 0.6


def _booking(seen: _Seen) -> Guess | None:
    return ("schedule_meeting", 0.85 if seen.own else 0.5) if "book" in seen.acts else None


def _need(seen: _Seen) -> Guess | None:
    needs = any(word in _NEEDS for word in seen.utterance.words)
    return ("schedule_meeting", 0.78) if needs and seen.kinds & {"doctor", "visit"} else None


_GUESSES = (_nothing_wanted, _something_else, _change, _question, _booking, _need)
_ASKS = frozenset(vocabulary("what when which is are do does am how any have"))
_NEEDS = frozenset(vocabulary("need want would like see visit come"))
