"""How what the caller says changes the receptionist's notes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from app.core.language.intent import engine
from app.rehearsal.realtime_server.items import message_text
from app.rehearsal.receptionist.dialogue import (
    Dialogue,
    Goal,
    at_time,
    json_object,
    outcome_of,
)
from app.rehearsal.receptionist.hearing import Heard, Hearing, bare_name

_GOALS: dict[str, Goal] = {
    engine.SCHEDULE: "book",
    engine.RESCHEDULE: "move",
    engine.CANCEL: "cancel",
    engine.QUERY: "look",
}
_SERVICE_LEAD_IN = re.compile(
    r"\W*(?:(?:it'?s|it is|just|for|a|an|my|um|uh|i need|i want|i'd like|i would like|to|get|have"
    r"|would be)\W+)*",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?,]")


def read(
    items: Sequence[dict[str, Any]], hearing: Hearing, now: dt.datetime, services: tuple[str, ...]
) -> Dialogue:
    """Gather the notes from the conversation's items, oldest first."""
    notes = Dialogue()
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for item in items:
        kind = item["type"]
        if kind == "function_call":
            calls[str(item.get("call_id"))] = (item["name"], json_object(item["arguments"]))
        elif kind == "function_call_output":
            name, arguments = calls.get(str(item["call_id"]), ("", {}))
            notes.take_outcome(outcome_of(name, arguments, item["output"]))
        elif item.get("role") == "user":
            listen(notes, hearing.understand(message_text(item), now, services))
        elif item.get("role") == "assistant":
            notes.take_said(message_text(item))
        else:
            notes.take_system(message_text(item))
    return notes


def listen(notes: Dialogue, heard: Heard) -> None:
    """Take up one utterance of the caller."""
    notes.turns += 1
    notes.system.clear()
    notes.heard.append(heard)
    notes.outcome = None
    notes.refused = False
    known = heard.question != "mine" or notes.booking is not None
    if heard.deaf or heard.silent or (heard.question and known and not heard.said.spoken):
        return
    if _drops(notes, heard):
        return
    _take_goal(notes, heard)
    if _picks_booking(notes, heard):
        return
    if _rejects(notes, heard):
        notes.forget_time()
        return
    if notes.asked == "change":
        _open_again(notes, heard)
    before = notes.wish
    chosen = _choice(notes, heard)
    if chosen is None or heard.order is None:
        _take_slots(notes, heard)
    _take_name(notes, heard)
    if chosen is not None:
        _choose(notes, chosen)
        return
    if notes.wish != before:
        notes.chosen, notes.agreed = None, False
    elif notes.asked == "agree":
        _answers(notes, heard)
    elif notes.asked in ("choice", "day") and heard.others and notes.offers:
        notes.chosen, notes.date, notes.dates, notes.time = None, None, None, None


def _drops(notes: Dialogue, heard: Heard) -> bool:
    """ "Never mind": what was under way is off. "Cancel that": a booking just made is to go."""
    taken_back = heard.negated and notes.goal is not None
    if heard.said.spoken or not (heard.drop or taken_back):
        return False
    if heard.intent not in (None, engine.CANCEL) and not heard.negated:
        return False
    if notes.goal == "cancel" and _cancels(heard):
        return False
    idle = notes.goal in (None, "look")
    if idle and notes.booking is not None and "cancel" in heard.text.lower():
        notes.goal = "cancel"
        return True
    notes.dropped = notes.goal is not None
    notes.goal = None
    notes.forget_time()
    return True


def _take_goal(notes: Dialogue, heard: Heard) -> None:
    goal = None if heard.negated else _GOALS.get(heard.intent or "")
    if goal is None:
        if notes.goal is None and _implies_booking(notes, heard):
            # A time or a service alone, said to somebody who makes appointments.
            another = notes.booking is not None and notes.goal is None
            notes.goal = "move" if another and heard.changes else "book"
        return
    if goal == "book" and notes.goal is None and notes.booking is not None and heard.changes:
        goal = "move"
    if goal == notes.goal or (goal == "look" and notes.goal in ("book", "move")):
        return
    if goal == "book" and notes.goal in ("move", "look"):
        notes.goal = "move" if notes.goal == "move" else "book"
        return
    names_it = re.search(r"\b(?:appointment|booking|visit)\b", heard.text, re.IGNORECASE)
    if goal == "cancel" and notes.goal is not None and notes.booking is None and not names_it:
        # "Cancel" in the middle of a booking that does not exist yet.
        notes.goal, notes.dropped = None, True
        notes.forget_time()
        return
    notes.forget_time()
    notes.goal = goal


def _implies_booking(notes: Dialogue, heard: Heard) -> bool:
    if heard.no and not heard.said.spoken:
        return False
    asked_open = notes.asked in (None, "help", "day", "more")
    return asked_open and (bool(heard.said.spoken) or heard.said.service is not None)


def _picks_booking(notes: Dialogue, heard: Heard) -> bool:
    """Whether the caller said which of their appointments they mean."""
    bookings = notes.bookings or []
    if notes.booking is not None or len(bookings) < 2 or notes.goal not in ("cancel", "move"):
        return False
    on_day = [b for b in bookings if b.get("date") == str(heard.said.date)]
    if heard.order is not None and heard.order < len(bookings):
        notes.booking = bookings[heard.order]
    elif len(on_day) == 1:
        notes.booking = on_day[0]
    return notes.booking is not None


def _rejects(notes: Dialogue, heard: Heard) -> bool:
    """ "No, Wednesday is bad": the day that was offered is named only to refuse it."""
    if notes.asked not in ("agree", "choice") or not notes.timed:
        return False
    if heard.said.spoken:
        same_day = heard.said.date == notes.date and heard.said.time is None
        return heard.no and same_day and heard.said.date is not None
    return heard.refuses


def _open_again(notes: Dialogue, heard: Heard) -> None:
    """What the caller wants to change is asked for anew, unless they said the new value."""
    text = heard.text.lower()
    if "name" in text and heard.said.name is None:
        notes.name = None
    if re.search(r"\b(?:time|day|date|hour)\b", text) and not heard.said.spoken:
        notes.forget_time()
    if re.search(r"\b(?:service|appointment|reason)\b", text) and heard.said.service is None:
        notes.service, notes.service_asked = None, False


def _take_slots(notes: Dialogue, heard: Heard) -> None:
    said = heard.said
    if said.service:
        notes.service = said.service
    elif heard.aches and notes.service is None:
        notes.service = "checkup"
    elif notes.asked == "service" and not said.spoken and not heard.no:
        notes.service = _own_words(heard.text) or notes.service
    if said.date is not None:
        if said.date != notes.date and said.time is None:
            notes.time = None
        notes.date, notes.dates = said.date, None
    elif said.spoken.dates is not None:
        notes.dates, notes.date = said.spoken.dates, None
    if said.time is not None or said.window is not None:
        notes.time, notes.part, notes.window = said.time, None, None
        if said.time is None and said.part_of_day is not None:
            notes.part = said.part_of_day
        elif said.time is None:
            notes.window = said.window


def _own_words(text: str) -> str | None:
    """What the appointment is for, as the caller put it."""
    lead_in = _SERVICE_LEAD_IN.match(text)
    rest = text[lead_in.end() :] if lead_in else text
    words = _SENTENCE_END.split(rest, maxsplit=1)[0].strip().lower()
    return words if 0 < len(words.split()) <= 4 else None


def _take_name(notes: Dialogue, heard: Heard) -> None:
    if heard.said.name:
        notes.name = heard.said.name
    elif notes.asked == "name" and not heard.said.spoken:
        notes.name = bare_name(heard.text) or notes.name


def _choose(notes: Dialogue, chosen: dict[str, Any]) -> None:
    """The caller took one of the offers."""
    if chosen is not notes.chosen:
        notes.agreed = False
    notes.chosen = chosen
    if notes.goal in (None, "look"):
        notes.goal = "book"


def _choice(notes: Dialogue, heard: Heard) -> dict[str, Any] | None:
    """The offer that the caller means, if they mean one."""
    said, offers = heard.said, notes.offers
    if not offers or notes.goal == "cancel":
        return None
    days = {offer.get("date") for offer in offers}
    if heard.order is not None and said.time is None and str(said.date) not in days:
        # "The first" is an offer, not the first of the month.
        in_reach = heard.order < len(offers) and notes.asked in ("choice", "agree", "name")
        return offers[heard.order] if in_reach else None
    if said.time is not None:
        found = at_time(offers, said.time, said.date)
        if found is None and heard.text.rstrip(" .!").lower().endswith(" one"):
            # "The ten thirty one" is the one at ten thirty.
            moment = dt.datetime.combine(dt.date.min, said.time) - dt.timedelta(minutes=1)
            found = at_time(offers, moment.time(), said.date)
        return found
    if said.date is not None:
        same = [offer for offer in offers if offer.get("date") == said.date.isoformat()]
        return same[0] if len(same) == 1 and notes.asked == "choice" else None
    if said.spoken or notes.asked != "choice":
        return None
    if heard.any or (len(offers) == 1 and _agrees(heard)):
        return offers[0]
    return None


def _answers(notes: Dialogue, heard: Heard) -> None:
    """Yes or no to what was read back."""
    if _agrees(heard) or (notes.goal == "cancel" and _cancels(heard)):
        notes.agreed = True
    elif heard.no:
        notes.agreed = False
        if notes.goal == "cancel":
            notes.goal, notes.dropped = None, True
        else:
            notes.refused = heard.said.name is None


def _cancels(heard: Heard) -> bool:
    """ "Yes, cancel it", in answer to whether an appointment is to be cancelled."""
    said = re.search(r"\bcancel\b", heard.text, re.IGNORECASE)
    return said is not None and not heard.no and not heard.negated


def _agrees(heard: Heard) -> bool:
    return heard.yes and not heard.no
