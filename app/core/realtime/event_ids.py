"""The ids of events we send: an error names the event that it refuses, so ids tell what it was."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What an event of ours is for; the letter its id begins with."""

    RESPONSE = "c"
    CANCEL = "x"
    ITEM = "i"
    DELETE = "d"
    TRUNCATE = "t"
    SESSION = "s"
    LINE = "o"
    """A line of the agent's, asked for beside the conversation."""


@dataclass(slots=True)
class EventIds:
    """Counts the events of one call's sessions."""

    made: int = 0

    def new(self, purpose: Purpose) -> str:
        """An id that no event of this call had before."""
        self.made += 1
        return f"{purpose.value}{self.made}"


def purpose_of(event_id: str | None) -> Purpose | None:
    """What the event of that id was for; None where it is not one of ours."""
    return _PURPOSES.get((event_id or "")[:1])


_PURPOSES = {purpose.value: purpose for purpose in Purpose}
