"""What was said in a call, and what of it is evidence for an effect.

Every part of a request (its service, day, time, name, object) points to the utterance it was said
in and, where it answers one, to the agent's question. A part without such a span does not exist.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from app.core.requests.turns.moments import Moment

T = TypeVar("T")
MAX_QUOTE = 300
Place = tuple[dt.date | None, dt.time | None]
"""A day and a time of day, either of which may not have been said."""
Role = Literal["caller", "agent"]
CALLER: Role = "caller"
AGENT: Role = "agent"

Kind = Literal["book", "move", "cancel"]
BOOK: Kind = "book"
MOVE: Kind = "move"
CANCEL: Kind = "cancel"

#: The tool that fulfils each kind of request.
TOOL_OF: dict[str, str] = {
    BOOK: "book_appointment",
    MOVE: "reschedule_appointment",
    CANCEL: "cancel_appointment",
}


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one side said in one go. `at` is when it was said, aware, in the agent's zone; None
    where that cannot be told."""

    index: int
    role: Role
    text: str
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Where a part was said: the utterance, its words, and the agent's utterance it answers."""

    utterance: int
    words: str
    question: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The public form."""
        found: dict[str, Any] = {"utterance": self.utterance, "words": self.words}
        if self.question is not None:
            found["answers"] = self.question
        return found


def quote(said: Utterance, words: str, question: int | None = None) -> Span:
    """A span in an utterance. Words in which a name is blanked are shown as they were said."""
    shown = said.text[:MAX_QUOTE] if "xx" in words else words[:MAX_QUOTE]
    return Span(said.index, shown, question)


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A value with the place it was said in. `sure` is False where something was assumed about it
    (the half of the day, the week)."""

    value: T
    span: Span
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Known:
    """An appointment of the caller's that stands in the calendar. `start` is a wall time."""

    id: str
    service: str
    start: dt.datetime
    name: str
    event_id: str = ""
    own: bool = False
    """Whether it was made in this call."""


@dataclass(slots=True)
class Wish:
    """What is asked for, as far as it was said."""

    service: Part[str] | None = None
    day: Part[dt.date] | None = None
    time: Part[dt.time] | None = None
    name: Part[str] | None = None
    options: list[Moment] = field(default_factory=list)
    """Days and times of which several were named."""
    weekday: bool = False
    """The day was told by a weekday alone."""
    doubts: list[str] = field(default_factory=list)
    """Why the day or time that was said cannot be used as it is."""
    general: bool = False
    """It was asked for as an "appointment"."""
    service_asked: bool = False
    """The agent asked what it is for, so that only an answer tells."""
    whole: bool = False
    """Whether day and time came with the request itself."""
    understood: Part[str] | None = None
    """The service that the agent took the caller's words for, where the caller named none."""
    for_other: bool = False
    """It is for somebody else than the request before: their name has to be told."""


@dataclass(slots=True)
class Meant:
    """Which appointment a move or a cancellation is about, as far as it was said."""

    mentioned: list[Part[Place]] = field(default_factory=list)
    """The days and times the caller named, old ones and new ones. A part that is not `sure` is a
    weekday alone."""
    objects: list[Part[Place]] = field(default_factory=list)
    """Days and times that were said of the appointment itself, before it was asked to change."""
    same_time: Part[bool] | None = None
    """ "Same time": a move keeps the time of day."""


@dataclass(slots=True)
class Claim:
    """One thing the caller asks for, with its evidence so far."""

    number: int
    kind: Kind
    strong: bool
    """Whether it was asked for in so many words, not only by accepting what was offered."""
    asked: Span
    state: str = "open"
    before: str = "open"
    """Its state before the caller's turn that is being read."""
    wish: Wish = field(default_factory=Wish)
    meant: Meant = field(default_factory=Meant)
    confirmed: Span | None = None
    """Where the call confirms it: the caller's yes, or the agent's word that it is done."""
    why: str = ""
    """What stopped it, in words for the record."""
    beside: bool = False
    """It was asked for in one breath with others of its kind."""
    reported: set[str] = field(default_factory=set)
    """The kinds of request that the agent has said are done about it."""
    reopened: bool = False
    """It was changed after the agent had taken it up, so that the agent has to do so again."""

    @property
    def start(self) -> dt.datetime | None:
        """The wall time that is asked for."""
        if self.wish.day is None or self.wish.time is None:
            return None
        return dt.datetime.combine(self.wish.day.value, self.wish.time.value)


@dataclass(frozen=True, slots=True)
class Decision:
    """`act`: all evidence is there. `ask`: something is missing or contradictory. `leave`: nothing
    may be done. `why` says so in words."""

    kind: Literal["act", "ask", "leave"]
    why: str
    claim: Claim | None = None
    service: str = ""
    start: dt.datetime | None = None
    name: str = ""
    target: Known | None = None
    spans: dict[str, Span] = field(default_factory=dict)

    @property
    def tool(self) -> str:
        """The tool that fulfils it; blank without a request."""
        return TOOL_OF[self.claim.kind] if self.claim else ""

    def as_json(self) -> dict[str, Any]:
        """The public form, for the call's record."""
        return {
            "kind": self.kind,
            "tool": self.tool or None,
            "why": self.why,
            "service": self.service or None,
            "start": self.start.isoformat(timespec="minutes") if self.start else None,
            "name": self.name or None,
            "appointment": self.target.id if self.target else None,
            "evidence": {name: span.as_json() for name, span in self.spans.items()},
        }
