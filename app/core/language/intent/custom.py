"""An agent's own words: intents by name and phrases, and the services it offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from app.core.language.intent.features import COMMA, STOP, normalise
from app.core.language.intent.vocabulary import (
    CLAUSE_STARTS,
    NEGATION_REACH,
    NEGATIONS,
    OBJECTS,
)
from app.core.language.text import plain, vocabulary

_SMALL_WORDS = frozenset(
    vocabulary("i a an the my to is are of for you me it do would like want need can could on in")
)
_WHOLE, _ALL_WORDS = 0.92, 0.8

_Compiled = tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]


def find_intent(tokens: list[str], custom: Mapping[str, Sequence[str]]) -> tuple[str, float] | None:
    """The custom intent that the tokens name, with its confidence.

    A whole phrase inside the text is sure; all its telling words in any order nearly so.
    """
    if not custom:
        return None
    said = set(tokens)
    best: tuple[str, float] | None = None
    for name, phrases in _compiled(tuple((key, tuple(value)) for key, value in custom.items())):
        for phrase in phrases:
            score = _score(tokens, said, phrase)
            if score and (best is None or score > best[1]):
                best = name, score
    return best


@lru_cache(maxsize=128)
def _compiled(custom: tuple[tuple[str, tuple[str, ...]], ...]) -> _Compiled:
    return tuple(
        (
            name,
            tuple(
                tuple(token for token in normalise(plain(phrase)) if token not in (STOP, COMMA))
                for phrase in phrases
            ),
        )
        for name, phrases in custom
    )


def with_services(tokens: list[str], services: tuple[str, ...]) -> list[str]:
    """The tokens with every service that is named replaced by "appointment"."""
    starts = _service_tokens(services)
    if starts.keys().isdisjoint(tokens):
        return tokens
    out: list[str] = []
    i = 0
    while i < len(tokens):
        for words in starts.get(tokens[i], ()):
            if tuple(tokens[i : i + len(words)]) == words:
                out.append("appointment")
                i += len(words)
                break
        else:
            out.append(tokens[i])
            i += 1
    return out


@lru_cache(maxsize=128)
def _service_tokens(services: tuple[str, ...]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """First word -> the services that begin with it, longest first; plurals too."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for name in services:
        words = tuple(token for token in normalise(plain(name)) if token not in (STOP, COMMA))
        if words and words[0] not in OBJECTS:
            found.setdefault(words[0], set()).update((words, (*words[:-1], words[-1] + "s")))
    return {first: tuple(sorted(some, key=len, reverse=True)) for first, some in found.items()}


def _score(tokens: list[str], said: set[str], phrase: tuple[str, ...]) -> float:
    size = len(phrase)
    if not phrase or not said.issuperset(word for word in phrase if word not in _SMALL_WORDS):
        return 0.0
    for i in range(len(tokens) - size + 1):
        if tuple(tokens[i : i + size]) == phrase:
            return 0.0 if _refused(tokens, i) else _WHOLE
    telling = sum(word not in _SMALL_WORDS for word in phrase)
    return _ALL_WORDS if telling >= 2 and said.isdisjoint(NEGATIONS) else 0.0


def _refused(tokens: list[str], i: int) -> bool:
    """Whether a negation in the same clause reaches the word at i."""
    for token in reversed(tokens[max(0, i - NEGATION_REACH) : i]):
        if token in (STOP, COMMA) or token in CLAUSE_STARTS:
            return False
        if token in NEGATIONS:
            return True
    return False
