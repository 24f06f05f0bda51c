"""What the receptionist knows at a point of the conversation, gathered from its items alone.

The items are read again for every answer, so that a conversation which was edited (an answer cut at
what was heard, a new session given the old history) is understood as it now stands.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from app.core.language import intents
from app.rehearsal.model.hearing import Heard, Hearing, bare_name
from app.rehearsal.model.items import message_text

Goal = Literal["book", "move", "cancel", "look"]
GOALS: dict[str, Goal] = {
    intents.SCHEDULE: "book",
    intents.RESCHEDULE: "move",
    intents.CANCEL: "cancel",
    intents.QUERY: "look",
}
#: What the assistant's last question was about, by its words; the last match in the text counts.
_ASKED = {
    "name": r"\bname\b[^.?!]*\?|\bwho is (?:this|it) for",
    "agree": r"\b(?:shall|should) I\b[^?]*\?|\bis that (?:right|correct|okay)\?",
    "choice": r"\b(?:which (?:one|of (?:these|them))|would (?:any|one|that|it|either)|does that)\b[^?]*\?",
    "day": r"\b(?:what|which|another) (?:day|date|time)\b[^?]*\?|\bwhen would\b[^?]*\?",
    "service": r"\bwhat (?:is|would) (?:it|the appointment|this)\b[^?]*\?|\bwhat [^?.]*appointment for\?",
    "more": r"\banything else\b[^?]*\?",
    "help": r"\bhow (?:can|may) I help\b[^?]*\?",
}
_ASKED_PATTERNS = {name: re.compile(text, re.IGNORECASE) for name, text in _ASKED.items()}


@dataclass(slots=True)
class Outcome:
    """What a tool gave back. `error` is its code; None where it went well."""

    tool: str
    arguments: dict[str, Any]
    data: dict[str, Any]
    error: str | None = None

    @property
    def say(self) -> str | None:
        """The spoken form, where the tool has one."""
        value = self.data.get("say")
        return value if isinstance(value, str) and value else None


@dataclass(slots=True)
class Notes:
    """The state of the dialogue."""

    goal: Goal | None = None
    service: str | None = None
    date: dt.date | None = None
    dates: tuple[dt.date, dt.date] | None = None
    time: dt.time | None = None
    part: str | None = None
    name: str | None = None
    offers: list[dict[str, Any]] = field(default_factory=list)
    checked: dict[str, Any] | None = None
    chosen: dict[str, Any] | None = None
    agreed: bool = False
    bookings: list[dict[str, Any]] | None = None
    booking: dict[str, Any] | None = None
    outcome: Outcome | None = None
    """The last tool's result, when nothing was said since."""
    heard: list[Heard] = field(default_factory=list)
    """What the caller said since the assistant spoke last."""
    asked: str | None = None
    last_said: str = ""
    reminders: int = 0
    notes: list[str] = field(default_factory=list)
    """System items since the caller spoke last."""
    greeted: bool = False
    introduced: bool = False
    turns: int = 0
    dropped: bool = False
    service_asked: bool = False
    misses: int = 0

    @property
    def wish(self) -> dict[str, Any]:
        """The arguments for check_availability that what was said amounts to."""
        date = self.date or (self.dates[0] if self.dates else None)
        found = {
            "date": date.isoformat() if date else None,
            "part_of_day": self.part if self.part in ("morning", "afternoon", "evening") else None,
            "time": f"{self.time:%H:%M}" if self.time else None,
            "service": self.service,
        }
        return {name: value for name, value in found.items() if value is not None}


def read(
    items: Sequence[dict[str, Any]], hearing: Hearing, now: dt.datetime, services: tuple[str, ...]
) -> Notes:
    """Gather the notes from the conversation's items."""
    notes = Notes()
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for item in items:
        kind = item["type"]
        if kind == "function_call":
            calls[str(item.get("call_id"))] = (item["name"], _object(item["arguments"]))
        elif kind == "function_call_output":
            name, arguments = calls.get(str(item["call_id"]), ("", {}))
            _take_outcome(notes, _outcome(name, arguments, item["output"]))
        elif item.get("role") == "user":
            notes.turns += 1
            notes.notes.clear()
            _listen(notes, hearing.understand(message_text(item), now, services))
        elif item.get("role") == "assistant":
            _take_said(notes, message_text(item))
        else:
            notes.notes.append(message_text(item))
    return notes


def _object(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _outcome(tool: str, arguments: dict[str, Any], output: str) -> Outcome:
    data = _object(output)
    inner = data.get("output")
    if isinstance(inner, dict):
        data = {**{key: value for key, value in data.items() if key != "output"}, **inner}
    error = data.get("error") or data.get("code")
    if isinstance(error, dict):
        error = error.get("code")
    if error is None and data.get("ok") is False:
        error = "failed"
    return Outcome(tool, arguments, data, str(error) if error else None)


def _take_said(notes: Notes, text: str) -> None:
    if not text.strip():
        return
    notes.heard.clear()
    notes.outcome = None
    notes.greeted = True
    notes.introduced = notes.introduced or "rehearsal" in text.lower()
    notes.last_said = text
    found = [
        (match.start(), name)
        for name, pattern in _ASKED_PATTERNS.items()
        for match in pattern.finditer(text)
    ]
    notes.asked = max(found)[1] if found else None
    notes.service_asked = notes.service_asked or notes.asked == "service"
    notes.dropped = False


def _take_outcome(notes: Notes, outcome: Outcome) -> None:
    notes.outcome = outcome
    match outcome.tool:
        case "check_availability":
            notes.offers = _dicts(outcome.data.get("slots"))
            notes.checked = outcome.arguments
            notes.chosen = _exact(notes)
            notes.agreed = False
        case "find_appointments":
            listed = outcome.data.get("appointments", outcome.data.get("bookings"))
            notes.bookings = [] if outcome.error else _dicts(listed)
            notes.booking = notes.bookings[0] if len(notes.bookings) == 1 else None
        case "book_appointment" | "reschedule_appointment" | "cancel_appointment":
            _take_effect(notes, outcome)


def _take_effect(notes: Notes, outcome: Outcome) -> None:
    notes.agreed = False
    if outcome.error is not None:
        notes.chosen = None
        return
    if outcome.tool == "cancel_appointment":
        notes.booking, notes.bookings = None, None
    else:
        slot = notes.chosen or {}
        notes.booking = {**slot, **outcome.data}
        notes.bookings = [notes.booking]
    notes.goal, notes.chosen, notes.checked, notes.offers = None, None, None, []
    notes.date = notes.dates = notes.time = notes.part = None


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _exact(notes: Notes) -> dict[str, Any] | None:
    """The offer at just the time that the caller named, if there is one."""
    if notes.time is None:
        return None
    return _at_time(notes.offers, notes.time, notes.date)


def _at_time(
    offers: list[dict[str, Any]], time: dt.time, date: dt.date | None
) -> dict[str, Any] | None:
    """The one offer at a time of day; a time without AM or PM fits both halves."""
    on_day = [o for o in offers if date is None or o.get("date") == date.isoformat()]
    same = [o for o in on_day if o.get("time") == f"{time:%H:%M}"]
    if not same:
        other = time.replace(hour=(time.hour + 12) % 24)
        same = [o for o in on_day if o.get("time") == f"{other:%H:%M}"]
    return same[0] if len(same) == 1 else None


def _listen(notes: Notes, heard: Heard) -> None:
    """Take up one utterance of the caller."""
    notes.heard.append(heard)
    notes.outcome = None
    notes.reminders = 0
    notes.misses = notes.misses + 1 if heard.deaf else 0
    if heard.deaf or heard.question == "who":
        return
    if _drops(notes, heard):
        return
    _take_goal(notes, heard)
    before = (notes.date, notes.dates, notes.time, notes.part, notes.service)
    _take_slots(notes, heard)
    _take_name(notes, heard)
    if _chooses(notes, heard):
        return
    if (notes.date, notes.dates, notes.time, notes.part, notes.service) != before:
        notes.chosen, notes.agreed = None, False
    elif notes.asked == "agree":
        if heard.no and not heard.yes:
            notes.chosen, notes.agreed = None, False
            if notes.goal == "cancel":
                notes.goal, notes.dropped = None, True
        elif heard.yes:
            notes.agreed = True
    elif notes.asked in ("choice", "day") and heard.others and notes.offers:
        notes.chosen, notes.date, notes.time = None, None, None


def _drops(notes: Notes, heard: Heard) -> bool:
    """ "Never mind", "cancel that": what was under way is off; a booking made is to be cancelled."""
    taken_back = heard.negated and notes.goal is not None and not heard.said.spoken
    if not (heard.drop or taken_back):
        return False
    if notes.goal is None and notes.booking is not None and heard.intent == intents.CANCEL:
        notes.goal = "cancel"
        return True
    if heard.said.spoken or (heard.intent and heard.intent != intents.CANCEL):
        return False
    if notes.goal is None and notes.booking is not None and "cancel" in heard.text.lower():
        notes.goal = "cancel"
        return True
    notes.dropped = notes.goal is not None
    notes.goal, notes.chosen, notes.agreed = None, None, False
    notes.date = notes.dates = notes.time = notes.part = None
    notes.offers, notes.checked = [], None
    return True


def _take_goal(notes: Notes, heard: Heard) -> None:
    goal = GOALS.get(heard.intent or "")
    if goal is None or heard.negated:
        if notes.goal is None and heard.said.spoken and notes.asked in ("help", None, "day"):
            # A time alone, said to somebody who makes appointments.
            notes.goal = "move" if notes.booking and notes.turns > 1 else "book"
        return
    if goal == notes.goal or (goal == "look" and notes.goal in ("book", "move")):
        return
    if goal == "book" and notes.goal == "move":
        return
    if goal == "cancel" and notes.goal in ("book", "move") and notes.booking is None:
        # "Cancel" in the middle of a booking that does not exist yet.
        if "appointment" not in heard.text.lower():
            notes.goal, notes.dropped = None, True
            return
    if not (goal == "book" and notes.goal == "look"):
        notes.offers, notes.checked, notes.chosen = [], None, None
        notes.date = notes.dates = notes.time = notes.part = None
    notes.goal, notes.agreed = goal, False


def _take_slots(notes: Notes, heard: Heard) -> None:
    said = heard.said
    if said.service:
        notes.service = said.service
    elif notes.asked == "service" and not said.spoken and heard.intent is None:
        notes.service = _free_service(heard.text) or notes.service
    if said.date is not None and said.date != notes.date:
        notes.date, notes.dates = said.date, None
        if said.time is None:
            notes.time = None
    if said.spoken.dates is not None:
        notes.dates, notes.date = said.spoken.dates, None
    if said.time is not None:
        notes.time, notes.part = said.time, None
    elif said.part_of_day is not None:
        notes.part, notes.time = said.part_of_day, None
    elif said.window is not None:
        notes.time, notes.part = said.window.start or said.window.end, None


def _free_service(text: str) -> str | None:
    """What the appointment is for, in the caller's own words."""
    text = re.sub(
        r"^\W*(?:(?:it'?s|it is|just|for|a|an|um|uh|i need|i want|i'd like|to|get|have)\W+)*",
        "",
        text,
        flags=re.IGNORECASE,
    )
    words = re.sub(r"[.!?,]+.*$", "", text).strip().lower()
    return words if 0 < len(words.split()) <= 4 else None


def _take_name(notes: Notes, heard: Heard) -> None:
    if heard.said.name:
        notes.name = heard.said.name
    elif notes.asked == "name" and not heard.said.spoken:
        notes.name = bare_name(heard.text) or notes.name


def _chooses(notes: Notes, heard: Heard) -> bool:
    """Whether the caller took one of the offers."""
    if not notes.offers or notes.goal == "cancel":
        return False
    said, chosen = heard.said, None
    if said.time is not None:
        date = said.date
        chosen = _at_time(notes.offers, said.time, date)
    elif said.date is not None:
        same = [offer for offer in notes.offers if offer.get("date") == said.date.isoformat()]
        if len(same) == 1 and notes.asked == "choice":
            chosen = same[0]
    if chosen is None and notes.asked in ("choice", "agree", "name") and not said.spoken:
        if heard.order is not None and -1 <= heard.order < len(notes.offers):
            chosen = notes.offers[heard.order]
        elif (notes.asked == "choice" and heard.any) or (
            notes.asked == "choice" and heard.yes and not heard.no and len(notes.offers) == 1
        ):
            chosen = notes.offers[0]
    if chosen is None:
        return False
    if chosen is not notes.chosen:
        notes.agreed = False
    notes.chosen = chosen
    if notes.goal in (None, "look"):
        notes.goal = "book"
    return True
