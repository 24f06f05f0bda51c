"""How an utterance of the caller changes the state of the dialogue.

`TRANSITIONS` is the policy: each entry looks at the state and at what was heard, changes the state,
and tells whether the utterance is thereby taken up whole. They are tried in order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from app.core.language.intent import engine
from app.rehearsal.realtime_server.protocol.items import message_text
from app.rehearsal.receptionist import details
from app.rehearsal.receptionist.business import Business
from app.rehearsal.receptionist.dialogue import (
    Company,
    Dialogue,
    Goal,
    json_object,
    outcome_of,
)
from app.rehearsal.receptionist.errands import Errands
from app.rehearsal.receptionist.hearing import Heard, Hearing, is_titled_name

_GOALS: dict[str, Goal] = {
    engine.SCHEDULE: "book",
    engine.RESCHEDULE: "move",
    engine.CANCEL: "cancel",
    engine.QUERY: "look",
}
_NAMES_BOOKING = re.compile(r"\b(?:appointment|booking|visit)\b", re.IGNORECASE)
#: Acts that the policy has an answer to, whatever the state.
ANSWERED = (
    "bye", "wrong_number", "thanks", "hello", "person", "human", "urgent", "complaint", "office",
    "medical", "late", "again",
)  # fmt: skip


_REQUEST = re.compile(r"\b(?:book|appointment|schedule|come in|cancel|move|reschedule)\b", re.I)


def is_beside(heard: Heard) -> bool:
    """Whether the caller speaks of what a receptionist of appointments cannot do."""
    if heard.has("late"):
        return True
    beside = heard.has("office", "medical", "complaint")
    return beside and not heard.said.spoken and not _REQUEST.search(heard.text)


def read(
    items: Sequence[dict[str, Any]],
    hearing: Hearing,
    business: Business,
    errands: Errands,
    takes: frozenset[str] = frozenset(),
) -> Dialogue:
    """Gather the state from the conversation's items, oldest first; what belongs to an errand goes
    to `errands`. `takes` are the arguments of the tool for free times."""
    state = Dialogue(business.offered, company=Company(business.resources, takes))
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    for item in items:
        kind = item["type"]
        if kind == "function_call":
            calls[str(item.get("call_id"))] = (item["name"], json_object(item["arguments"]))
        elif kind == "function_call_output":
            name, arguments = calls.get(str(item["call_id"]), ("", {}))
            outcome = outcome_of(name, arguments, item["output"])
            state.take_outcome(outcome)
            errands.take_outcome(outcome)
        elif item.get("role") == "user":
            heard = hearing.understand(message_text(item), business.now, business.services)
            if errands.hear(state, heard):
                state.take_errand()
            else:
                listen(state, heard)
        elif item.get("role") == "assistant":
            state.take_said(message_text(item))
            errands.take_said()
        else:
            state.take_system(message_text(item))
    return state


def listen(state: Dialogue, heard: Heard) -> None:
    """Take up one utterance of the caller."""
    first = not state.talk.heard
    state.talk.turns += 1
    state.talk.system.clear()
    state.talk.heard.append(heard)
    state.found.outcome = None
    state.refused = False
    before = state.progress
    if heard.has("deaf", "silent"):
        state.talk.unheard += first
        return
    state.talk.unheard = 0
    for transition in TRANSITIONS:
        if transition(state, heard):
            break
    details.check_service(state)
    if state.progress != before or _understood(state, heard):
        state.talk.missed = 0
    elif first:
        state.talk.missed += 1


def _understood(state: Dialogue, heard: Heard) -> bool:
    """Whether there is an answer to the utterance, although it changed nothing."""
    if heard.question is not None or heard.has(*ANSWERED) or heard.said:
        return True
    if heard.intent is not None and not heard.has("books_it"):
        return True
    if is_titled_name(heard.text):
        return True
    if state.talk.asked in ("more", "person", "visit"):
        return heard.has("yes", "no")
    return state.talk.asked in ("choice", "day", "agree") and heard.has("others", "any")


def _question(state: Dialogue, heard: Heard) -> bool:
    """A mere question changes nothing, but for one about an appointment that must be found."""
    question = heard.question
    if question is None:
        return False
    if question.kind == "mine" and state.found.booking is None and state.goal is None:
        state.goal = "find"
        details.take_name(state, heard)
        return True
    return not heard.said and heard.intent is None and not heard.parts


def _beside(state: Dialogue, heard: Heard) -> bool:
    """What cannot be done here changes nothing of what is under way."""
    return is_beside(heard)


def _other_person(state: Dialogue, heard: Heard) -> bool:
    """An answer to "shall I connect you?" is none to anything else."""
    if state.talk.asked != "person":
        return False
    return heard.has("yes", "no") and not heard.said and heard.intent is None


def _accept_visit(state: Dialogue, heard: Heard) -> bool:
    """ "Yes" to coming in for a visit."""
    if state.talk.asked != "visit" or not heard.agrees:
        return False
    state.goal, state.service = "book", state.service or details.first_visit(state)
    return not heard.said.spoken


def _book_again(state: Dialogue, heard: Heard) -> bool:
    """ "Book it" when it is booked: nothing more is to be done."""
    if state.found.booking is None or state.goal not in (None, "look") or heard.said.spoken:
        return False
    if not heard.has("books_it") or heard.said.service is not None or heard.has("others", "drop"):
        return False
    state.booked_already = True
    return True


def _drop(state: Dialogue, heard: Heard) -> bool:
    """ "Never mind": what was under way is off. "Cancel that": a booking just made is to go."""
    taken_back = heard.negated and state.goal is not None
    if heard.said.spoken or not (heard.has("drop") or taken_back):
        return False
    if heard.intent not in (None, engine.CANCEL) and not heard.negated:
        return False
    if state.goal == "cancel" and details.cancels(heard):
        return False
    idle = state.goal in (None, "look", "find")
    if idle and state.found.booking is not None and "cancel" in heard.text.lower():
        state.goal = "cancel"
        return True
    state.dropped = state.goal is not None
    if heard.has("all"):
        state.later.clear()
    state.next_part()
    return True


def _several(state: Dialogue, heard: Heard) -> bool:
    """More than one thing is asked for: the first now, the others afterwards."""
    if heard.parts and state.goal in (None, "book", "look") and not state.later:
        first, *others = heard.parts
        state.goal, state.later = "book", others
        state.service = first.service or state.service
        state.take_person(first.person)
        # The last service that was said is not the one to begin with.
        details.take_time(state, heard)
        details.take_name(state, heard)
        return True
    return False


def _goal(state: Dialogue, heard: Heard) -> bool:
    """What the caller wants, where they say it."""
    goal = None if heard.negated else _GOALS.get(heard.intent or "")
    if goal is None:
        if state.goal is None and _implies_booking(state, heard):
            # A time or a service alone, said to somebody who makes appointments.
            state.goal = (
                "move" if state.found.booking is not None and heard.has("changes") else "book"
            )
    elif goal == "book" and state.goal is None and state.found.booking is not None:
        state.goal = "move" if heard.has("changes") else "book"
        if state.goal == "book":
            state.forget_time()
            state.take_person(None)
    elif not _within(state, goal):
        _turn_to(state, goal, heard)
    return False


def _within(state: Dialogue, goal: Goal) -> bool:
    """Whether the wish is what is under way already, or a step of it."""
    if goal == state.goal or (goal == "look" and state.goal in ("book", "move", "find")):
        return True
    if goal == "book" and state.goal in ("move", "look"):
        state.goal = "move" if state.goal == "move" else "book"
        return True
    return False


def _turn_to(state: Dialogue, goal: Goal, heard: Heard) -> None:
    in_a_booking = state.goal is not None and state.found.booking is None
    if goal == "cancel" and in_a_booking and not _NAMES_BOOKING.search(heard.text):
        # "Cancel" in the middle of a booking that does not exist yet.
        state.dropped = True
        state.next_part()
        return
    state.forget_time()
    state.goal = goal


def _implies_booking(state: Dialogue, heard: Heard) -> bool:
    if heard.has("no", "late") and not heard.said.spoken:
        return False
    asked_open = state.talk.asked in (None, "help", "day", "more", "person", "visit")
    return asked_open and (bool(heard.said.spoken) or heard.said.service is not None)


def _pick_booking(state: Dialogue, heard: Heard) -> bool:
    """The caller says which of their appointments they mean."""
    bookings = state.found.bookings or []
    if state.found.booking is not None or len(bookings) < 2 or state.goal not in ("cancel", "move"):
        return False
    on_day = [b for b in bookings if b.get("date") == str(heard.said.date)]
    if heard.order is not None and heard.order < len(bookings):
        state.found.booking = bookings[heard.order]
    elif len(on_day) == 1:
        state.found.booking = on_day[0]
    return state.found.booking is not None


def _reject_day(state: Dialogue, heard: Heard) -> bool:
    """ "No, Wednesday is bad": the day that was offered is named only to refuse it."""
    if state.talk.asked not in ("agree", "choice") or not state.when.is_known:
        return False
    if heard.said.spoken:
        same_day = heard.said.date == state.when.date and heard.said.time is None
        refused = heard.has("no") and same_day and heard.said.date is not None
    else:
        refused = heard.has("refuses")
    if refused:
        state.forget_time()
    return refused


def _any_day(state: Dialogue, heard: Heard) -> bool:
    """ "Any day": the day that has nothing free is not looked at again."""
    if (
        state.talk.asked == "day"
        and heard.has("any")
        and not heard.said.spoken
        and not state.found.offers
    ):
        state.forget_time()
    return False


def _change(state: Dialogue, heard: Heard) -> bool:
    """What the caller wants to change is asked for again, unless they said the new value."""
    if state.talk.asked != "change":
        return False
    text = heard.text.lower()
    if "name" in text and heard.said.name is None:
        state.name = None
    if re.search(r"\b(?:time|day|date|hour)\b", text) and not heard.said.spoken:
        state.forget_time()
    if re.search(r"\b(?:service|appointment|reason)\b", text) and heard.said.service is None:
        state.service, state.talk.service_asked = None, False
    return False


#: The dialogue's policy: tried in order until one has taken the utterance up whole.
TRANSITIONS: tuple[Callable[[Dialogue, Heard], bool], ...] = (
    _question,
    _beside,
    _other_person,
    _accept_visit,
    _book_again,
    _drop,
    _several,
    _goal,
    _pick_booking,
    _reject_day,
    _any_day,
    _change,
    details.take_details,
)
