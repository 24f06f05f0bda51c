"""A name that is given part by part: "first name Marcus, last name Al-Sayed"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.core.language.name_cues import Part
from app.core.language.name_fold import Candidate
from app.core.language.name_tokens import Token
from app.core.language.name_words import kind_of

_WORD_OF_NAME = r"[^\W\d_][\w'-]*"
_PARTS = {
    "given": rf"(?:first|given) name(?:'s| is|,)? (?P<given>{_WORD_OF_NAME})",
    "family": rf"(?:last|family|sur) ?name(?:'s| is|,)? (?P<family>(?:(?:van|von|de|der|la|al|el"
    rf"|bin"
    rf"|da|di|del|den|ten|ter|dos|st) ){{0,2}}{_WORD_OF_NAME})",
}
_ORDER: tuple[Part, ...] = ("given", "family")
_BETWEEN = r",? ?(?:and |my |the )?"
_BOTH = (
    re.compile(rf"{_PARTS['given']}{_BETWEEN}{_PARTS['family']}(?=$|[.,?!]| (?:please|thanks)\b)"),
    re.compile(rf"{_PARTS['family']}{_BETWEEN}{_PARTS['given']}(?=$|[.,?!]| (?:please|thanks)\b)"),
)


def both_parts(low: str, tokens: Sequence[Token]) -> list[Candidate]:
    """ "First name marcus last name al-sayed": whatever the words are, they were called names."""
    for pattern in _BOTH:
        match = pattern.search(low)
        if match is None:
            continue
        parts: list[Candidate] = []
        for part in _ORDER:
            start, end = match.span(part)
            words = tuple(t.text for t in tokens if start <= t.start and t.end <= end)
            if not words or any(kind_of(word.lower()) == "grammar" for word in words[-1:]):
                return []
            parts.append(Candidate(words, part, "sure", start, end))
        return parts
    return []
