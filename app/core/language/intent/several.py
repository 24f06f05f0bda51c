"""Several requests in one utterance: "a cleaning and a filling", "one for me, one for my son".

A caller who names two things expects both. `parts` tells what was asked for, in the order it was
said; alternatives ("Monday or Tuesday") and corrections ("a cleaning, no, a filling") are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.core.language import corrections
from app.core.language.intent import entities
from app.core.language.text import plain

MAX_CHARS = 1000
"""Of a longer text the last so many characters are read."""

_CLAUSE = re.compile(
    r"(?<=[.?!;])\s+"
    r"|(?:,\s+|(?<![\s,])\s+)(?:and|but|also|plus|then)\s+(?:also\s+|then\s+)?"
    r"(?=(?:i|i'd|i'll|i'm|we|can|could|do|does|are|is|will|would|what|when|where|how|who|which"
    r"|please|book|cancel|move|reschedule|make|schedule|tell)\b)"
    r"|,\s+(?=(?:and |but )?(?:can|could|do|does|are|is|will|would|what|when|where|how|who)\b)",
    re.IGNORECASE,
)
_ALTERNATIVE = re.compile(r"\b(?:or|either|instead|rather|not|don't|which)\b")
_PERSON = re.compile(
    r"\b(?:for|and) (?P<who>me|myself|(?:my|our) (?:(?:little|older|younger|other|two|three) )?"
    r"(?:son|daughter|wife|husband|partner|mother|mom|mum|father|dad|brother|sister|friend|child"
    r"|kid|baby|girlfriend|boyfriend|grandmother|grandfather|boy|girl))\b"
)
_TWO = re.compile(
    r"\b(?:two|2|a couple of|both) (?:\w+ ){0,2}?(?:appointments?|bookings?|visits?|slots?)\b"
    r"|\bfor (?:both|the two) of us\b"
)
_PIECE = re.compile(
    r"(?:,\s+|(?<![\s,])\s+)(?:and|plus)\s+(?:also\s+|then\s+)?(?=(?:a|an|one|another)\b)"
)
_ONE = re.compile(r"\b(?:one|another)\b")
#: Between two services: "a cleaning and a filling", "a cleaning, a filling".
_JOIN = re.compile(r"(?:\W|\b(?:and|plus|also|as well as|then|a|an|the|one|my|with|some|for)\b)*")


@dataclass(frozen=True, slots=True)
class Part:
    """One of several requests. A member is None where the caller did not say it."""

    service: str | None = None
    person: str | None = None
    """Whom it is for, as the caller said it: "my son"; "me" is the caller."""

    def __str__(self) -> str:
        what = f"{_an(self.service)}" if self.service else "an appointment"
        person = _theirs(self.person)
        return f"{what} for {person}" if person else what


def clauses(text: str) -> list[str]:
    """The parts of an utterance that could each stand alone, in order."""
    found = [part.strip(" ,") for part in _CLAUSE.split(text[-MAX_CHARS:])]
    return [part for part in found if part]


def parts(text: str, services: Iterable[str] = ()) -> tuple[Part, ...]:
    """The requests in one utterance, in order; empty where there are not at least two.

    services: the names that the business offers.
    """
    text = text[-MAX_CHARS:]
    if corrections.correct(text).dropped:
        return ()
    said, offered = plain(text), tuple(services)
    named = _named(said, offered)
    people = list(dict.fromkeys(match["who"] for match in _PERSON.finditer(said)))
    if len(named) > 1:
        return tuple(Part(service) for service in named)
    pieces = [_piece(piece, offered) for piece in _PIECE.split(said)]
    if len(pieces) > 1 and None not in pieces and not _ALTERNATIVE.search(said):
        return tuple(piece for piece in pieces if piece is not None)
    service = named[0] if named else None
    if len(people) > 1 and not _ALTERNATIVE.search(said):
        return tuple(Part(service, person) for person in people)
    if _TWO.search(said) or (service and re.search(rf"\b(?:two|2) {service[:4]}", said)):
        return (Part(service), Part(service, people[0] if people else None))
    return ()


def _piece(said: str, services: Sequence[str]) -> Part | None:
    """One of the pieces that "and" joins; None where it asks for nothing of its own."""
    person = _PERSON.search(f"for {said}" if said.startswith("my") else said)
    service = next((name for name in services if entities.service_pattern(name).search(said)), None)
    who = person["who"] if person else None
    return Part(service, who) if service or (who and _ONE.search(said)) else None


def _named(said: str, services: Sequence[str]) -> list[str]:
    """The services that are joined in one list, in the order they are said."""
    spans: list[tuple[int, int, str]] = []
    for name in services:
        spans += [(m.start(), m.end(), name) for m in entities.service_pattern(name).finditer(said)]
    spans.sort(key=lambda span: (span[0], -span[1]))
    joined: list[str] = []
    end = 0
    for start, stop, name in spans:
        if joined and start < end:
            continue  # inside a longer name
        if joined and (
            name in joined
            or not _JOIN.fullmatch(said, end, start)
            or _ALTERNATIVE.search(said, end, start)
        ):
            return joined[:1]
        joined.append(name)
        end = stop
    return joined


def _theirs(person: str | None) -> str | None:
    """The person as somebody else calls them; the caller needs no mention."""
    if person is None or person in ("me", "myself"):
        return None
    return re.sub(r"^(?:my|our)\b", "your", person)


def _an(service: str) -> str:
    return f"{'an' if service[0].lower() in 'aeiou' else 'a'} {service}"
