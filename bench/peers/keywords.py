"""The keyword analysers that voice agents ship with, as peers for the language benchmark.

Three shapes that are met again and again: the fraction of an intent's keywords that occur, a
regular expression with word boundaries, and points (10 a keyword, 25 a pattern).
"""

from __future__ import annotations

import re

KEYWORDS = {
    "schedule_meeting": ("schedule", "book", "appointment", "meeting", "set up", "arrange"),
    "cancel_meeting": ("cancel", "delete", "remove", "call off"),
    "reschedule_meeting": ("reschedule", "move", "change", "postpone"),
    "query_availability": ("available", "availability", "free", "open", "when"),
}
PATTERNS = {
    "schedule_meeting": r"\b(?:schedule|book|set up|make)\b.*\b(?:meeting|appointment|call)\b",
    "cancel_meeting": r"\b(?:cancel|delete|remove|call off)\b.*\b(?:meeting|appointment)\b",
    "reschedule_meeting": r"\b(?:reschedule|move|change|postpone)\b.*\b(?:meeting|appointment)\b",
    "query_availability": r"\b(?:are you|is there|when are you)\b.*\b(?:free|available|open)\b",
}
_COMPILED = {intent: re.compile(pattern) for intent, pattern in PATTERNS.items()}

Answer = tuple[str | None, float]


def fraction(text: str) -> Answer:
    """The intent of which the largest share of keywords occurs anywhere in the text."""
    said = text.lower()
    scores = {
        intent: sum(word in said for word in words) / len(words)
        for intent, words in KEYWORDS.items()
    }
    return _best(scores)


def regex(text: str) -> Answer:
    """The first intent whose pattern matches."""
    said = text.lower()
    for intent, pattern in _COMPILED.items():
        if pattern.search(said):
            return intent, 1.0
    return None, 0.0


def points(text: str) -> Answer:
    """10 points a keyword and 25 for the pattern; the sum over 100 is the score."""
    said = text.lower()
    scores = {
        intent: min(
            1.0,
            (10 * sum(word in said for word in words) + 25 * bool(_COMPILED[intent].search(said)))
            / 100,
        )
        for intent, words in KEYWORDS.items()
    }
    return _best(scores)


def _best(scores: dict[str, float]) -> Answer:
    intent = max(scores, key=lambda name: scores[name])
    return (intent, scores[intent]) if scores[intent] > 0 else (None, 0.0)
