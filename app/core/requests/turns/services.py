"""The services named in a sentence, as the agent's file calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from app.core.booking.rules import ANY_SERVICE
from app.core.language.text import plain

MASK = "zz"
"""What stands for the name of a service in a text where it is blanked."""
_NOT = re.compile(
    r"\b(?:not|no longer|rather than|instead of|isn't|wasn't)(?: for)?(?: an?| the| my)? $"
)


class Service(Protocol):
    """The part of a service that is read."""

    @property
    def name(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def also(self) -> Sequence[str]: ...


def named_in(text: str, services: Sequence[Service], *, general: bool = False) -> tuple[str, ...]:
    """The ids of the services named and not refused, in order, each once where it was named last.

    With `general`, words like "appointment" count too, where a service lists them.
    """
    said = plain(text)
    found: list[tuple[int, int, str]] = []
    for service in services:
        for word in (service.name, service.id, *service.also):
            if (word.casefold() in ANY_SERVICE) != general and word.casefold() in ANY_SERVICE:
                continue
            for match in _pattern(word).finditer(said):
                if not _NOT.search(said[: match.start()]):
                    found.append((match.start(), match.end(), service.id))
    found.sort()
    kept = [
        item
        for item in found
        if not any(
            o[0] <= item[0] and item[1] <= o[1] and o[1] - o[0] > item[1] - item[0] for o in found
        )
    ]
    names = [name for _, _, name in kept]
    return tuple(name for place, name in enumerate(names) if name not in names[place + 1 :])


def masked(text: str, services: Sequence[Service]) -> str:
    """The text with the services' names blanked, so that an "oil change" asks for no change."""
    said = plain(text)
    for service in services:
        for word in (service.name, *service.also):
            if word.casefold() not in ANY_SERVICE:
                said = _pattern(word).sub(MASK, said)
    return said


@lru_cache(maxsize=512)
def _pattern(word: str) -> re.Pattern[str]:
    parts = re.findall(r"[\w']+", plain(word))
    if not parts:
        return re.compile(r"(?!)")
    stems = []
    for part in parts:
        stem = re.escape(part.removesuffix("ing") if len(part) > 6 else part)
        stems.append(stem + r"(?:s|es|ed|ing|ings|'s)?")
    return re.compile(r"\b" + r"[\s-]*".join(stems) + r"\b")
