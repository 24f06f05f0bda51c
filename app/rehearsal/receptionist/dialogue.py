"""The state of the dialogue at a point of the conversation, gathered from its items alone.

The items are read again for every answer, so that a conversation which was edited (an answer cut at
what was heard, a new session given the old history) is understood as it now stands.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from app.core.language.intent.several import Part
from app.core.language.time.expressions import Window
from app.rehearsal.receptionist.hearing import Heard

#: "look" is for free times, "find" for an appointment the caller has already.
Goal = Literal["book", "move", "cancel", "look", "find"]
#: What a question of the assistant's is about, by its words; the last match in the text counts.
_ASKED = {
    "name": r"\bname\b[^.?!]*\?",
    "person": r"\b(?:connect|put) you (?:with|through)[^?]*\?",
    "visit": r"\bcome in for a visit\?",
    "agree": r"\b(?:shall|should) I\b[^?]*\?|\bis that (?:right|correct|okay)\?",
    "choice": r"\bwhich (?:one|of (?:these|them))\b[^?]*\?|\bwould (?:any|one|that|it)\b[^?]*\?",
    "party": r"\bhow many people\b[^?]*\?",
    "day": r"\b(?:what|which)(?: other)? (?:day|date|time)\b[^?]*\?|\bwhen would\b[^?]*\?",
    "service": r"\b(?:appointment|it) for\?|\bwhich of (?:these|them) do you need\?",
    "change": r"\bwhat would you like to change\b[^?]*\?",
    "more": r"\banything else\b[^?]*\?",
    "help": r"\bhow (?:can|may) I help\b[^?]*\?",
}
_ASKED_PATTERNS = {name: re.compile(text, re.IGNORECASE) for name, text in _ASKED.items()}
_LATE = re.compile(r"\[Late result of (\w+): (\{.*\})\]", re.DOTALL)


@dataclass(slots=True)
class Outcome:
    """What a tool gave back. `error` is its code or message; None where it went well."""

    tool: str
    arguments: dict[str, Any]
    data: dict[str, Any]
    error: str | None = None

    @property
    def slot_gone(self) -> bool:
        """The slot cannot be had."""
        return any(word in (self.error or "").lower() for word in ("taken", "offered", "slot"))

    @property
    def say(self) -> str | None:
        """The spoken form, where the tool has one."""
        value = self.data.get("say")
        return value if isinstance(value, str) and value else None


@dataclass(slots=True)
class When:
    """When the caller wants to come, as far as they said."""

    date: dt.date | None = None
    dates: tuple[dt.date, dt.date] | None = None
    time: dt.time | None = None
    part: str | None = None
    window: Window | None = None
    """Hours without a name: "after four"."""

    @property
    def is_known(self) -> bool:
        """Whether the caller said anything about it."""
        return self != When()


@dataclass(slots=True)
class Company:
    """Whom the booking is to be with, and how many people come."""

    names: tuple[str, ...] = ()
    """Whom callers may ask for."""
    takes: frozenset[str] = frozenset()
    """The arguments of the tool for free times."""
    resource: str | None = None
    """One of the names, or that anyone will do."""
    party_size: int | None = None


@dataclass(slots=True)
class Talk:
    """Who said what, and what was asked."""

    heard: list[Heard] = field(default_factory=list)
    """What the caller said since the assistant spoke last."""
    asked: str | None = None
    last_said: str = ""
    said: list[str] = field(default_factory=list)
    """The latest answers of the assistant."""
    system: list[str] = field(default_factory=list)
    """System items since anybody spoke."""
    greeted: bool = False
    introduced: bool = False
    turns: int = 0
    service_asked: bool = False
    missed: int = 0
    """Turns of the caller in a row that led nowhere."""
    unheard: int = 0
    """Turns in a row in which nothing could be heard."""

    def take_errand(self) -> None:
        """The caller said something that is about another tool."""
        self.turns += 1
        self.heard.clear()
        self.system.clear()
        self.missed = self.unheard = 0

    def take_said(self, text: str) -> None:
        """The assistant said `text`, which is not blank."""
        self.heard.clear()
        self.system.clear()
        self.greeted = True
        self.introduced = self.introduced or "rehearsal" in text.lower()
        self.last_said = text
        self.said = [*self.said[-7:], text]
        found = [
            (match.start(), name)
            for name, pattern in _ASKED_PATTERNS.items()
            for match in pattern.finditer(text)
        ]
        self.asked = max(found)[1] if found else None
        self.service_asked = self.service_asked or self.asked == "service"


@dataclass(slots=True)
class Found:
    """What the tools gave, and what the caller chose of it."""

    offers: list[dict[str, Any]] = field(default_factory=list)
    checked: dict[str, Any] | None = None
    """The arguments of the last look into the calendar."""
    chosen: dict[str, Any] | None = None
    bookings: list[dict[str, Any]] | None = None
    looked_for: str | None = None
    """The name under which `bookings` were looked for."""
    booking: dict[str, Any] | None = None
    outcome: Outcome | None = None
    """The last tool's result, when nothing was said since."""
    not_found: int = 0
    """Names under which no appointment was found."""


@dataclass(slots=True)
class Dialogue:
    """The state of the dialogue."""

    offered: tuple[str, ...] = ()
    """The services of the business, where they are known."""
    goal: Goal | None = None
    service: str | None = None
    when: When = field(default_factory=When)
    company: Company = field(default_factory=Company)
    name: str | None = None
    person: str | None = None
    """Whom the booking is for, where it is not the caller: "my son"."""
    later: list[Part] = field(default_factory=list)
    """What else the caller asked for, to be seen to afterwards."""
    found: Found = field(default_factory=Found)
    talk: Talk = field(default_factory=Talk)
    agreed: bool = False
    dropped: bool = False
    refused: bool = False
    """The caller just said no to what was read back, and nothing else."""
    unoffered: str | None = None
    """A service that the caller wants and the business does not have."""
    booked_already: bool = False
    """The caller just asked to book what is booked."""

    @property
    def search(self) -> dict[str, Any]:
        """The arguments for check_availability that what was said amounts to."""
        date = self.when.date or (self.when.dates[0] if self.when.dates else None)
        near = self.when.time or (
            self.when.window and (self.when.window.start or self.when.window.end)
        )
        found = {
            "date": date.isoformat() if date else None,
            "part_of_day": self.when.part
            if self.when.part in ("morning", "afternoon", "evening")
            else None,
            "time": f"{near:%H:%M}" if near else None,
            "service": self.service,
            "resource": self.company.resource,
            "party_size": self.company.party_size,
        }
        return {name: value for name, value in found.items() if value is not None}

    @property
    def progress(self) -> tuple[object, ...]:
        """What a turn of the caller's can change; equal before and after where it led nowhere."""
        return (
            self.goal, self.service, dataclasses.replace(self.when),
            dataclasses.replace(self.company), self.name, self.person, len(self.later),
            self.agreed, self.dropped, self.refused, self.unoffered, self.booked_already,
            (self.found.chosen or {}).get("slot_id"),
            id(self.found.booking) if self.found.booking else None,
        )  # fmt: skip

    def next_part(self) -> Part | None:
        """Turn to what else the caller asked for; None where that was all."""
        self.goal = self.company.resource = self.company.party_size = None
        self.forget_time()
        if not self.later:
            return None
        part = self.later.pop(0)
        self.goal, self.service, self.talk.service_asked = "book", part.service, False
        self.take_person(part.person)
        return part

    def take_person(self, person: str | None) -> None:
        """Whom the booking is for; another person has another name."""
        person = None if person in (None, "me", "myself") else person
        if person != self.person:
            self.person, self.name = person, None

    def forget_time(self) -> None:
        """Start over with the day and the time."""
        self.when = When()
        self.found.offers, self.found.checked, self.found.chosen = [], None, None
        self.agreed = False

    def take_errand(self) -> None:
        """The caller said something that is about another tool."""
        self.talk.take_errand()
        self.found.outcome = None

    def take_said(self, text: str) -> None:
        """The assistant said something."""
        if not text.strip():
            return
        self.talk.take_said(text)
        self.found.outcome = None
        self.dropped = self.booked_already = False
        self.unoffered = None

    def take_system(self, text: str) -> None:
        """A note about the call; late results of tools come this way."""
        late = _LATE.search(text)
        if late is not None:
            self.take_outcome(outcome_of(late[1], {}, late[2]))
        self.talk.system.append(text)

    def take_outcome(self, outcome: Outcome) -> None:
        """A tool gave its result."""
        self.found.outcome = outcome
        match outcome.tool:
            case "check_availability":
                self.found.offers = _inside(_bookable(outcome.data.get("slots")), self.when.window)
                asked = {k: v for k, v in outcome.arguments.items() if k != "booking_id"}
                self.found.checked = None if outcome.error else asked
                self.found.chosen = (
                    at_time(self.found.offers, self.when.time, self.when.date)
                    if self.when.time
                    else None
                )
                self.agreed = False
            case "find_appointments":
                listed = outcome.data.get("appointments", outcome.data.get("bookings"))
                self.found.bookings = [] if outcome.error else _dicts(listed)
                self.found.looked_for = outcome.arguments.get("name")
                self.found.booking = (
                    self.found.bookings[0] if len(self.found.bookings) == 1 else None
                )
                self.found.not_found = 0 if self.found.bookings else self.found.not_found + 1
                if self.goal == "find" and self.found.bookings:
                    self.goal = None
            case "book_appointment" | "reschedule_appointment" | "cancel_appointment":
                self._take_effect(outcome)

    def _take_effect(self, outcome: Outcome) -> None:
        self.agreed = False
        if outcome.error is not None:
            if "slots" in outcome.data:
                self.found.offers, self.found.chosen = _bookable(outcome.data["slots"]), None
            elif outcome.slot_gone:
                self.found.offers, self.found.chosen, self.found.checked = [], None, None
            return
        if outcome.tool == "cancel_appointment":
            self.found.booking, self.found.bookings = None, None
        else:
            known = (
                self.found.chosen
                or _slot(self.found.offers, outcome.arguments.get("slot_id"))
                or {}
            )
            self.found.booking = {**known, **outcome.data}
            self.found.bookings = [self.found.booking]
        self.next_part()


def outcome_of(tool: str, arguments: dict[str, Any], output: str) -> Outcome:
    """Read a tool's output; what is no JSON object is taken for its message."""
    data = json_object(output)
    inner = data.get("output")
    if isinstance(inner, dict):
        data = {**{key: value for key, value in data.items() if key != "output"}, **inner}
    error = data.get("error") or data.get("code")
    if isinstance(error, dict):
        error = error.get("code") or error.get("message")
    if error is None and data.get("ok") is False:
        error = data.get("reason") or "failed"
    return Outcome(tool, arguments, data, str(error) if error else None)


def json_object(text: str) -> dict[str, Any]:
    """The object that the text is, or an empty one."""
    try:
        value = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def at_time(
    offers: Sequence[dict[str, Any]], time: dt.time, date: dt.date | None
) -> dict[str, Any] | None:
    """The one offer at a time of day; a time without AM or PM fits both halves."""
    day = [o for o in offers if date is None or o.get("date") == date.isoformat()]
    for hour in (time.hour, (time.hour + 12) % 24):
        same = [o for o in day if o.get("time") == f"{hour:02}:{time.minute:02}"]
        if len(same) == 1:
            return same[0]
    return None


def _inside(offers: list[dict[str, Any]], window: Window | None) -> list[dict[str, Any]]:
    """The offers within the hours; all of them where none is."""
    if window is None:
        return offers
    first = f"{window.start:%H:%M}" if window.start else "00:00"
    last = f"{window.end:%H:%M}" if window.end else "24:00"
    return [o for o in offers if first <= str(o.get("time")) < last] or offers


def _slot(offers: Sequence[dict[str, Any]], slot_id: object) -> dict[str, Any] | None:
    return next((offer for offer in offers if offer.get("slot_id") == slot_id), None)


def _bookable(value: Any) -> list[dict[str, Any]]:
    return [slot for slot in _dicts(value) if slot.get("slot_id")]


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
