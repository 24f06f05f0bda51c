"""What appointments take up beside time: stylists, rooms, chairs, tables.

A resource with a `count` serves so many appointments at once; one with `seats` serves a party of at
most so many people at each of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field, field_validator

from app.core.booking.hours import Holiday, Hours, Model

ANYONE = frozenset(
    (
        *("any", "anyone", "anybody", "anything", "whoever", "whichever", "either", "all"),
        *("someone", "somebody", "no preference", "first available", "whoever is free"),
        *("any of them", "either one", "any one", "doesn t matter", "does not matter", "none"),
    )
)
"""What callers and models say where they do not mind."""


class Resource(Model):
    """Somebody or something that appointments need, as the agent's file names it."""

    name: str = Field(min_length=1, max_length=60)
    seats: int | None = Field(default=None, ge=1, le=1000)
    """The largest party it serves; null where the number of people does not matter."""
    count: int = Field(default=1, ge=1, le=100)
    """How many of them there are: so many appointments can have it at once."""
    hours: Hours | None = None
    """When it can be had, within the business's hours; null is all of them."""
    off: tuple[Holiday, ...] = ()
    """Days on which it cannot be had."""
    also: tuple[str, ...] = ()
    """Other words callers use for it. A word of several resources means any of them."""

    @field_validator("name")
    @classmethod
    def _one_of_its_own(cls, value: str) -> str:
        if value != " ".join(value.split()):
            raise ValueError("a resource's name has single blanks and none around it")
        if plain(value) in ANYONE or not plain(value):
            raise ValueError(f"{value!r} cannot be the name of a resource")
        return value

    @property
    def is_personal(self) -> bool:
        """Whether callers are told which one they get: a person or a room, not one of many."""
        return self.count == 1 and self.seats is None

    def is_off(self, day: dt.date) -> bool:
        """Tell whether `day` is one of its days off."""
        return any(holiday.covers(day) for holiday in self.off)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for beside a service and a time: whom or what with, and for how many."""

    resources: tuple[str, ...] = ()
    """The resources of which any will do; empty where none was named."""
    anyone: bool = False
    """It was said that any will do, which counts where something would stay as it was."""
    party_size: int = 0
    """How many people come; 0 where it was not said."""

    @property
    def mark(self) -> str:
        """The same as text, to tell offers apart; empty where nothing was asked for."""
        if self == NOTHING_ASKED:
            return ""
        return f"{'|'.join(self.resources)}/{int(self.anyone)}/{self.party_size}"


NOTHING_ASKED = Asked()


def named_in(wanted: str, resources: Sequence[Resource]) -> tuple[str, ...] | None:
    """The names of the resources that somebody means: "Anna or Ben", or all that share a word.

    Empty where anyone will do, None where the words fit none. Words within longer ones that fit do
    not count: "Mary Ann" is not Ann.
    """
    text = plain(wanted)
    if not text or text in ANYONE:
        return ()
    said: dict[str, str] = {}
    for resource in resources:
        words = (plain(word) for word in (resource.name, *resource.also))
        longest = max((word for word in words if _says(text, word)), key=len, default="")
        if longest:
            said[resource.name] = longest
    found = tuple(
        name
        for name, word in said.items()
        if not any(_says(other, word) for other in said.values() if other != word)
    )
    if found:
        return found
    return () if any(_says(text, word) for word in ANYONE) else None


def plain(text: str) -> str:
    """Words without case and punctuation."""
    return re.sub(r"[\W_]+", " ", text.casefold()).strip()


def _says(text: str, word: str) -> bool:
    return bool(word) and re.search(rf"\b{re.escape(word)}\b", text) is not None
