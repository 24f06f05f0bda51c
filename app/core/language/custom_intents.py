"""Intents of the agent's own: a name and the phrases that mean it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from app.core.language.intent_features import COMMA, STOP, normalise
from app.core.language.text import plain, vocabulary

_SMALL_WORDS = frozenset(
    vocabulary("i a an the my to is are of for you me it do would like want need can could on in")
)
_WHOLE, _ALL_WORDS = 0.92, 0.8

_Compiled = tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]


def find(tokens: list[str], custom: Mapping[str, Sequence[str]]) -> tuple[str, float] | None:
    """The custom intent that the tokens name, with its confidence.

    A whole phrase inside the text is sure; all its telling words in any order nearly so.
    """
    if not custom:
        return None
    words = [token for token in tokens if token not in (STOP, COMMA)]
    said = set(words)
    best: tuple[str, float] | None = None
    for name, phrases in _compiled(tuple((key, tuple(value)) for key, value in custom.items())):
        for phrase in phrases:
            score = _score(words, said, phrase)
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


def _score(words: list[str], said: set[str], phrase: tuple[str, ...]) -> float:
    if not phrase:
        return 0.0
    size = len(phrase)
    if size <= len(words) and any(
        tuple(words[i : i + size]) == phrase for i in range(len(words) - size + 1)
    ):
        return _WHOLE
    telling = [word for word in phrase if word not in _SMALL_WORDS]
    return _ALL_WORDS if len(telling) >= 2 and said.issuperset(telling) else 0.0
