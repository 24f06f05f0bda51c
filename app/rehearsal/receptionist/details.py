"""What an utterance says about the booking: service, time, name, which offer, yes or no."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from app.rehearsal.receptionist.company import read_resource, read_size
from app.rehearsal.receptionist.dialogue import Dialogue, at_time
from app.rehearsal.receptionist.hearing import Heard, is_titled_name, name_in_answer

_SERVICE_LEAD_IN = re.compile(
    r"\W*(?:(?:it'?s|it is|just|for|a|an|my|um|uh|i need|i want|i'd like|i would like|to|get|have"
    r"|would be)\W+)*",
    re.IGNORECASE,
)
_SPELLED = re.compile(r"\b(?:[^\W\d_][- ]){2,}[^\W\d_]\b")
_SENTENCE_END = re.compile(r"[.!?,]")
_CANCELS = re.compile(r"\bcancel\b", re.IGNORECASE)


def take_details(state: Dialogue, heard: Heard) -> bool:
    """Service, time, name, and the answer to what was read back or offered."""
    before = state.search
    sized = take_company(state, heard)
    chosen = None if sized and state.talk.asked == "party" else _choice(state, heard)
    if chosen is None or heard.order is None:
        _take_service(state, heard)
        if not sized or state.talk.asked != "party" or heard.said.date is not None:
            take_time(state, heard)
    take_name(state, heard)
    if chosen is not None:
        if chosen is not state.found.chosen:
            state.agreed = False
        state.found.chosen = chosen
        if state.goal in (None, "look"):
            state.goal = "book"
    elif state.search != before:
        state.found.chosen, state.agreed = None, False
    elif state.talk.asked == "agree":
        _answer(state, heard)
    elif state.talk.asked in ("choice", "day") and heard.has("others") and state.found.offers:
        state.found.chosen, state.when.date, state.when.dates, state.when.time = (
            None,
            None,
            None,
            None,
        )
    return True


def take_company(state: Dialogue, heard: Heard) -> bool:
    """With whom, and how many come, where the tools know of either; tells whether a number was
    said."""
    size, known = None, state.company
    if "party_size" in known.takes:
        size = read_size(heard.text, asked=state.talk.asked == "party")
        known.party_size = size or known.party_size
    if "resource" in known.takes:
        known.resource = read_resource(heard.text, known.names) or known.resource
    return size is not None


def check_service(state: Dialogue) -> None:
    """A service that the business does not have is not booked; the only one need not be said."""
    if state.service is None and len(state.offered) == 1 and state.goal in ("book", "look"):
        state.service = state.offered[0]
    if state.offered and state.service is not None and state.service not in state.offered:
        state.unoffered, state.service = state.service, None


def _take_service(state: Dialogue, heard: Heard) -> None:
    said = heard.said
    if said.service:
        state.service = said.service
    elif state.service is None and (heard.has("aches") or _undecided(state, heard)):
        state.service = first_visit(state)
    elif state.talk.asked == "service" and not state.offered and not (said.spoken or heard.acts):
        state.service = _own_words(heard.text) or state.service


def _undecided(state: Dialogue, heard: Heard) -> bool:
    """Whether the caller was asked twice what it is for and cannot say."""
    return state.talk.asked == "service" and state.talk.missed > 0 and heard.has("unsure", "any")


def first_visit(state: Dialogue) -> str | None:
    """What somebody is booked for who cannot tell what they need."""
    for name in ("checkup", "consultation"):
        if not state.offered or name in state.offered:
            return name
    return None


def take_time(state: Dialogue, heard: Heard) -> None:
    said = heard.said
    if said.date is not None:
        if said.date != state.when.date and said.time is None:
            state.when.time = None
        state.when.date, state.when.dates = said.date, None
    elif said.spoken.dates is not None:
        state.when.dates, state.when.date = said.spoken.dates, None
    if said.time is not None or said.window is not None:
        state.when.time, state.when.part, state.when.window = said.time, None, None
        if said.time is None and said.part_of_day is not None:
            state.when.part = said.part_of_day
        elif said.time is None:
            state.when.window = said.window


def _own_words(text: str) -> str | None:
    """What the appointment is for, as the caller put it; a name is none."""
    if is_titled_name(text):
        return None
    lead_in = _SERVICE_LEAD_IN.match(text)
    rest = text[lead_in.end() :] if lead_in else text
    words = _SENTENCE_END.split(rest, maxsplit=1)[0].strip().lower()
    return words if 0 < len(words.split()) <= 4 else None


def take_name(state: Dialogue, heard: Heard) -> None:
    """The caller's name, where they give it."""
    if heard.has("unsure", "books_it") or heard.said.service is not None:
        name = heard.said.name
    elif state.talk.asked == "name" or is_titled_name(heard.text):
        name = name_in_answer(heard.text) or heard.said.name
    else:
        name = _whole(heard) or _name_for_service(state, heard)
    if name is not None:
        state.name = _completed(state.name, name, heard)
        state.talk.service_asked = state.talk.service_asked and state.talk.asked != "service"


def _whole(heard: Heard) -> str | None:
    """The name that was given; all of it where only its last part was spelled."""
    name, whole = heard.said.name, name_in_answer(heard.text)
    return whole if name and whole and whole.endswith(f" {name}") else name


def _completed(known: str | None, name: str, heard: Heard) -> str:
    """The name as known so far, where what was said now is a part of it: "R-E-Y-E-S" spells the
    last name of Dana Reyes. "Reyes, R-E-Y-E-S" goes on where only "Dana" was heard before."""
    if known is None:
        return name
    parts = name.casefold().split()
    if set(parts) <= set(known.casefold().split()):
        return known
    goes_on = len(parts) == 1 and " " not in known and _SPELLED.search(heard.text)
    return f"{known} {name}" if goes_on and not heard.has("no") else name


def _name_for_service(state: Dialogue, heard: Heard) -> str | None:
    """A full name, given where the caller was asked what the appointment is for."""
    if state.talk.asked != "service" or heard.said.spoken or len(heard.text.split()) < 2:
        return None
    return name_in_answer(heard.text)


def _choice(state: Dialogue, heard: Heard) -> dict[str, Any] | None:
    """The offer that the caller means, if they mean one."""
    said, offers = heard.said, state.found.offers
    if not offers or state.goal in ("cancel", "find"):
        return None
    days = {offer.get("date") for offer in offers}
    if heard.order is not None and said.time is None and str(said.date) not in days:
        # "The first" is an offer, not the first of the month.
        in_reach = heard.order < len(offers) and state.talk.asked in ("choice", "agree", "name")
        return offers[heard.order] if in_reach else None
    if said.time is not None:
        return _at_time(offers, heard)
    if said.date is not None:
        same = [offer for offer in offers if offer.get("date") == said.date.isoformat()]
        return same[0] if len(same) == 1 and state.talk.asked == "choice" else None
    if said.spoken or state.talk.asked != "choice":
        return None
    if heard.has("any") or (len(offers) == 1 and heard.agrees):
        return offers[0]
    return None


def _at_time(offers: list[dict[str, Any]], heard: Heard) -> dict[str, Any] | None:
    time, date = heard.said.time, heard.said.date
    assert time is not None, "only where a time was said"
    found = at_time(offers, time, date)
    if found is None and heard.text.rstrip(" .!").lower().endswith(" one"):
        # "The ten thirty one" is the one at ten thirty.
        moment = dt.datetime.combine(dt.date.min, time) - dt.timedelta(minutes=1)
        found = at_time(offers, moment.time(), date)
    return found


def _answer(state: Dialogue, heard: Heard) -> None:
    """Yes or no to what was read back."""
    if heard.agrees or (state.goal == "cancel" and cancels(heard)):
        state.agreed = True
    elif heard.has("no"):
        state.agreed = False
        if state.goal == "cancel":
            state.dropped = True
            state.next_part()
        else:
            state.refused = heard.said.name is None


def cancels(heard: Heard) -> bool:
    """ "Yes, cancel it", in answer to whether an appointment is to be cancelled."""
    said = _CANCELS.search(heard.text)
    return said is not None and not heard.has("no") and not heard.negated
