"""What is known while a call is read: the open claim, and what the agent said last."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from app.core.language.settings import TimePreferences
from app.core.requests import fold
from app.core.requests.evidence import (
    AGENT,
    Claim,
    Kind,
    Part,
    Place,
    Span,
    Utterance,
    Wish,
)
from app.core.requests.turns import moments, services
from app.core.requests.turns.agent_turn import AgentTurn
from app.core.requests.turns.caller_turn import Said
from app.core.requests.turns.moments import Moment, Moments


@dataclass(frozen=True, slots=True)
class Rules:
    """What the reading needs to know of the agent: its zone, how bare times are read, what it
    offers, and what it calls itself."""

    zone: ZoneInfo
    prefer: TimePreferences
    services: Sequence[services.Service]
    agent_name: str = ""


@dataclass(slots=True)
class State:
    """The fold's state. `live` are the claims that a yes or no is about now, the open one last."""

    rules: Rules
    utterances: Sequence[Utterance]
    claims: list[Claim] = field(default_factory=list)
    live: list[Claim] = field(default_factory=list)
    asked: AgentTurn | None = None
    """The agent's turn that the caller answers."""
    offer: AgentTurn | None = None
    """The newest turn of the agent's that named times."""
    pending: frozenset[str] = frozenset()
    """What the agent wanted to know last about a booking."""
    told: list[Part[Place]] = field(default_factory=list)
    """Days and times said before anything was asked for: which appointment it is about."""
    owned: Part[str | None] | None = None
    """Where the caller told of an appointment of theirs, with its service if it was named."""
    service: Part[str] | None = None
    """The service that the caller named last, whatever for."""
    services: set[str] = field(default_factory=set)
    """All services that the caller named for themselves."""
    name: Part[str] | None = None
    understood: Part[str] | None = None
    """The service that the agent took the caller's words for last."""
    turns: list[tuple[Utterance, tuple[Said, ...]]] = field(default_factory=list)
    """The caller's turns."""
    agent_turns: list[AgentTurn] = field(default_factory=list)
    """The agent's turns."""

    @property
    def heard(self) -> tuple[Utterance, tuple[Said, ...]] | None:
        """The caller's last turn."""
        return self.turns[-1] if self.turns else None

    @property
    def claim(self) -> Claim | None:
        """The claim that is open now."""
        return self.live[-1] if self.live else None

    @property
    def has_agent(self) -> bool:
        """Whether the agent's words are known."""
        return any(item.role == AGENT for item in self.utterances)

    def add(self, kind: Kind, *, strong: bool, asked: Span, beside: bool) -> Claim:
        """Open a claim; `beside` the ones that were opened in the same breath."""
        claim = Claim(len(self.claims) + 1, kind, strong, asked, wish=Wish(name=self.name))
        claim.beside = beside
        for other in self.live if beside else ():
            other.beside = True
        self.claims.append(claim)
        self.live = [*self.live, claim] if beside else [claim]
        self.offer, self.pending = None, frozenset()
        return claim

    def moments_in(self, text: str, said: Utterance) -> Moments:
        """The days and times in a text, at the moment it was said; none where that is not known."""
        if said.at is None:
            return Moments(rest=text)
        return moments.read(text, said.at.astimezone(self.rules.zone), self.rules.prefer)

    def services_in(self, text: str) -> tuple[str, ...]:
        """The services named in a text."""
        return services.named_in(text, self.rules.services)

    def without_services(self, text: str) -> str:
        """A text with the services' names blanked."""
        return services.masked(text, self.rules.services)

    def happens(self, event: str, why: str = "") -> None:
        """Something is said to the live claims."""
        for claim in self.live:
            claim.state = fold.after(claim.state, event)
            if event in (fold.STOPS, fold.DOUBTS, fold.DENIES):
                claim.why, claim.confirmed = why, None


def as_place(moment: Moment) -> Place:
    """The day and time of a moment."""
    return moment.day, moment.time


def says_no_more(slot: Moment, day: dt.date | None, time: dt.time | None) -> bool:
    """Whether a slot says no more than this day and time."""
    return (slot.day is None or slot.day == day) and (
        slot.time is None or (time is not None and moments.same_clock(slot.time, time, True))
    )


def distinct(slots: Sequence[Moment]) -> list[Moment]:
    """Slots without those that only say a part of another, and without where a move comes from."""
    out: list[Moment] = []
    for slot in slots:
        if slot.source or any(says_no_more(slot, held.day, held.time) for held in out):
            continue
        out = [held for held in out if not says_no_more(held, slot.day, slot.time)]
        out.append(slot)
    return out


def merged(slots: Sequence[Moment]) -> Moment | None:
    """Slots that say one thing in pieces, as one; None where they say several."""
    days = {slot.day for slot in slots if slot.day is not None}
    times = {slot.time for slot in slots if slot.time is not None}
    if len(days) > 1 or len(times) > 1 or not slots:
        return None
    return Moment(
        next(iter(days), None),
        next(iter(times), None),
        " ".join(slot.words for slot in slots),
        all(slot.assumed for slot in slots if slot.time is not None),
        weekday=all(slot.weekday for slot in slots if slot.day is not None),
    )
