"""The rehearsal model's brain: a small, honest dialogue policy for appointment calls.

No AI. It sees what a model sees (instructions, declared tools, the conversation's items) and
decides by rules what to say or which tool to call. It says that it is the rehearsal model when it
greets, with its first answer, and whenever it is asked.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import orjson

from app.core.language import speech
from app.rehearsal.model import notes as notebook
from app.rehearsal.model.hearing import Heard, Hearing
from app.rehearsal.model.notes import Notes, Outcome
from app.rehearsal.model.premises import Premises
from app.rehearsal.model.reply import Call, Part, Prompt, Say

_INTRODUCTION = "Just so you know, I am the rehearsal model, not an AI."
_MORE = "Is there anything else I can do for you?"
_MOST_OFFERS = 3
_REMINDER = re.compile(
    r"\b(?:silen(?:t|ce)|reminder|still there|not (?:said|spoken)|quiet)\b", re.I
)
_VERBATIM = re.compile(
    r"\b(?:say|reply|answer|respond|speak)\b[^\"“]{0,60}?(?:exactly|only|verbatim|word for word)?"
    r"[^\"“]{0,20}[:,]?\s*[\"“](?P<words>[^\"”]{2,})[\"”]",
    re.IGNORECASE,
)


class Receptionist:
    """Answers as the front desk of the business that the instructions describe."""

    def __init__(self, hearing: Hearing | None = None) -> None:
        self._hearing = hearing or Hearing()

    def answer(self, prompt: Prompt) -> Sequence[Part]:
        """The next thing to say or do."""
        premises = Premises.read(prompt.instructions, prompt.at)
        notes = notebook.read(prompt.items, self._hearing, premises.now, premises.services)
        turn = _Turn(prompt, premises, notes)
        parts = turn.answer()
        beside = not prompt.tools and not notes.turns  # a line to be kept, said to nobody
        if not notes.introduced and notes.turns <= 1 and isinstance(parts[0], Say) and not beside:
            parts = [Say(f"{_INTRODUCTION} {parts[0].text}"), *parts[1:]]
        return parts


def _call(name: str, /, **arguments: Any) -> list[Part]:
    given = {key: value for key, value in arguments.items() if value is not None}
    return [Call(name, orjson.dumps(given).decode())]


class _Turn:
    """One decision."""

    def __init__(self, prompt: Prompt, premises: Premises, notes: Notes) -> None:
        self.prompt = prompt
        self.premises = premises
        self.notes = notes
        self.today = premises.now.date()

    def answer(self) -> list[Part]:
        notes = self.notes
        for note in notes.notes:
            verbatim = _VERBATIM.search(note)
            if verbatim is not None:
                return [Say(verbatim["words"])]
        if notes.outcome is not None:
            return self._after_tool(notes.outcome)
        if notes.heard:
            return self._after_words(notes.heard)
        if notes.notes and _REMINDER.search(notes.notes[-1]):
            return self._remind()
        if not notes.greeted:
            return [Say(f"{self.premises.greeting} {_INTRODUCTION} How can I help you?")]
        return self._next() if notes.goal else [Say(notes.last_said or "How can I help you?")]

    # -- what was said --------------------------------------------------------------------

    def _after_words(self, heard: list[Heard]) -> list[Part]:
        notes, last = self.notes, heard[-1]
        if all(utterance.deaf for utterance in heard):
            return [
                Say(f"Sorry, I did not catch that. {self._question() or 'Could you say it again?'}")
            ]
        if any(utterance.person for utterance in heard):
            return self._to_person("The caller asked for a person.")
        if last.bye and not self._unfinished(last):
            return self._goodbye()
        if last.repeat and notes.last_said:
            return [Say(f"Of course. {_without_introduction(notes.last_said)}")]
        if last.question is not None and last.intent is None and not last.said.spoken:
            answer = self.premises.answer(last.question)
            return [Say(f"{answer} {self._question() or _MORE}".strip())]
        if notes.dropped:
            return [Say(f"No problem, I will leave that. {_MORE}")]
        if notes.goal is not None:
            return self._next()
        if notes.asked == "more" and last.no:
            return self._goodbye()
        if last.thanks and not last.yes:
            return [Say(f"You are welcome. {_MORE}")]
        if notes.asked == "more" and last.yes:
            return [Say("Sure. How can I help you?")]
        return [Say("I can book, move or cancel an appointment for you. How can I help you?")]

    def _unfinished(self, last: Heard) -> bool:
        """Whether "that is all" answers something else than "anything else?"."""
        return self.notes.goal is not None and (
            last.said.spoken.__bool__() or last.order is not None
        )

    def _question(self) -> str | None:
        """The question that is still open, to be asked again."""
        parts = self._next() if self.notes.goal is not None else []
        return parts[0].text if parts and isinstance(parts[0], Say) else None

    def _remind(self) -> list[Part]:
        question = self._question()
        return [Say(f"Are you still there? {question or 'Take your time.'}")]

    def _goodbye(self) -> list[Part]:
        farewell = "Thank you for calling. Goodbye!"
        if self.notes.booking is not None and self.notes.booking.get("say"):
            farewell = "Thank you for calling, see you then. Goodbye!"
        if not self.prompt.has("end_call"):
            return [Say(farewell)]
        return _call("end_call", message=farewell)

    def _to_person(self, reason: str) -> list[Part]:
        if not self.prompt.has("transfer_call"):
            return [Say("I am sorry, I cannot connect you from here. Is there anything I can do?")]
        return _call("transfer_call", message="Sure, I will connect you now.", reason=reason)

    # -- the goals ------------------------------------------------------------------------

    def _next(self) -> list[Part]:
        match self.notes.goal:
            case "cancel":
                return self._cancel()
            case "move":
                return self._move()
            case _:
                return self._book()

    def _book(self) -> list[Part]:
        notes = self.notes
        if notes.chosen is None:
            return self._find_time()
        if notes.name is None:
            return [Say(f"{_cap(_say(notes.chosen))}, good. May I have your full name, please?")]
        if not notes.agreed:
            what = _article(notes.service or notes.chosen.get("service"))
            return [
                Say(f"So that is {what} on {_say(notes.chosen)} for {notes.name}. Shall I book it?")
            ]
        if not self.prompt.has("book_appointment"):
            return self._unable("book")
        return _call(
            "book_appointment",
            slot_id=notes.chosen.get("slot_id"),
            name=notes.name,
            service=notes.service or notes.chosen.get("service"),
        )

    def _find_time(self) -> list[Part]:
        """Ask for the day, look it up, or offer what was found."""
        notes, wish = self.notes, self.notes.wish
        ask_service = notes.service is None and not notes.service_asked and not notes.offers
        if ask_service and notes.goal == "book" and self.premises.services:
            return [Say("Sure. What is the appointment for?")]
        last = notes.heard[-1] if notes.heard else None
        timed = {name for name in wish if name != "service"}
        if not timed and not notes.offers and not (last and (last.any or notes.goal == "look")):
            about = f"{_article(notes.service)}" if notes.service else "that"
            return [Say(f"{'I can help with ' + about + '.'} What day would suit you?")]
        if not self.prompt.has("check_availability"):
            return self._unable("look up free times")
        if notes.checked is None or wish != notes.checked:
            return _call("check_availability", **wish)
        if last is not None and last.others and not timed:
            return [Say("What other day or time would suit you?")]
        return self._offer()

    def _offer(self) -> list[Part]:
        notes = self.notes
        offers = notes.offers[:_MOST_OFFERS]
        if not offers:
            when = f" on {speech.say_date(notes.date, self.today)}" if notes.date else ""
            return [Say(f"I am sorry, nothing is free{when}. Which other day would suit you?")]
        if len(offers) == 1:
            return [Say(f"I have {_say(offers[0])}. Would that work for you?")]
        listed = _say_offers(offers, self.today)
        asked = (
            "Would one of these work for you?"
            if notes.goal == "look"
            else ("Which one would you like?")
        )
        return [Say(f"I have {listed}. {asked}")]

    def _move(self) -> list[Part]:
        notes = self.notes
        if notes.booking is None:
            found = self._find_booking("move")
            if found is not None:
                return found
        if notes.chosen is None:
            timed = {name for name in notes.wish if name != "service"}
            if not timed and not notes.offers and notes.booking and notes.booking.get("say"):
                return [
                    Say(f"I have you on {_say(notes.booking)}. What day would you like instead?")
                ]
            return self._find_time()
        if not notes.agreed:
            return [Say(f"I would move you to {_say(notes.chosen)}. Shall I do that?")]
        if not self.prompt.has("reschedule_appointment"):
            return self._unable("move appointments")
        return _call(
            "reschedule_appointment",
            slot_id=notes.chosen.get("slot_id"),
            booking_id=_booking_id(notes.booking),
            name=notes.name,
        )

    def _cancel(self) -> list[Part]:
        notes = self.notes
        if notes.booking is None:
            found = self._find_booking("cancel")
            if found is not None:
                return found
        if not notes.agreed:
            which = (
                f" on {_say(notes.booking)}" if notes.booking and _has_time(notes.booking) else ""
            )
            return [Say(f"I would cancel your appointment{which}. Shall I go ahead?")]
        if not self.prompt.has("cancel_appointment"):
            return self._unable("cancel appointments")
        return _call("cancel_appointment", booking_id=_booking_id(notes.booking), name=notes.name)

    def _find_booking(self, verb: str) -> list[Part] | None:
        """What to do to know which appointment is meant; None when it need not be known."""
        notes = self.notes
        if not self.prompt.has("find_appointments"):
            if notes.name is None:
                return [Say("Sure. What name is the appointment under?")]
            return None
        if notes.bookings is None:
            return _call("find_appointments", name=notes.name)
        if not notes.bookings:
            if notes.asked == "name" and notes.name is not None and notes.heard:
                return _call("find_appointments", name=notes.name)
            return [Say(f"I cannot find one to {verb}. What name is the appointment under?")]
        return self._pick_booking(verb)

    def _pick_booking(self, verb: str) -> list[Part] | None:
        notes = self.notes
        bookings = notes.bookings or []
        last = notes.heard[-1] if notes.heard else None
        chosen = None
        if last is not None and last.order is not None and last.order < len(bookings):
            chosen = bookings[last.order]
        elif last is not None and last.said.date is not None:
            on_day = [b for b in bookings if b.get("date") == last.said.date.isoformat()]
            chosen = on_day[0] if len(on_day) == 1 else None
        if chosen is not None:
            notes.booking = chosen
            return None
        listed = speech.say_list([_say(b) for b in bookings[:_MOST_OFFERS]], "and")
        return [Say(f"I see {listed}. Which one would you like to {verb}?")]

    def _unable(self, what: str) -> list[Part]:
        if self.prompt.has("transfer_call"):
            return self._to_person(f"The agent cannot {what}.")
        return [Say(f"I am sorry, I cannot {what} here. {_MORE}")]

    # -- tools ----------------------------------------------------------------------------

    def _after_tool(self, outcome: Outcome) -> list[Part]:
        if outcome.error is not None:
            return self._after_error(outcome)
        notes = self.notes
        match outcome.tool:
            case "check_availability":
                return self._book_or_offer()
            case "find_appointments":
                return self._next() if notes.goal else [Say(self._listed())]
            case "book_appointment":
                when = f" for {_say(notes.booking or {})}" if _has_time(notes.booking) else ""
                return [Say(f"You are all set, it is booked{when}. {_MORE}")]
            case "reschedule_appointment":
                when = f" to {_say(notes.booking or {})}" if _has_time(notes.booking) else ""
                return [Say(f"Done, I moved it{when}. {_MORE}")]
            case "cancel_appointment":
                return [Say(f"Done, it is cancelled. {_MORE}")]
            case "end_call":
                return [Say("Goodbye!")]
            case "transfer_call":
                return [Say("One moment, please.")]
        return [Say(f"{outcome.say or 'Done.'} {_MORE}")]

    def _book_or_offer(self) -> list[Part]:
        notes = self.notes
        if notes.chosen is not None:
            return self._next()
        if notes.offers and notes.time is not None and notes.goal != "look":
            listed = _say_offers(notes.offers[:_MOST_OFFERS], self.today)
            at = speech.say_time(notes.time)
            one = (
                "Would that work for you?"
                if len(notes.offers) == 1
                else "Which one would you like?"
            )
            return [Say(f"I am sorry, {at} is not free. I have {listed}. {one}")]
        return self._offer()

    def _listed(self) -> str:
        bookings = self.notes.bookings or []
        if not bookings:
            return f"I see no appointment of yours. {_MORE}"
        return f"I see {speech.say_list([_say(b) for b in bookings], 'and')}. {_MORE}"

    def _after_error(self, outcome: Outcome) -> list[Part]:
        notes = self.notes
        match outcome.error:
            case "slot_taken" | "not_offered" | "taken":
                if outcome.arguments.get("slot_id") and self.prompt.has("check_availability"):
                    return _call("check_availability", **notes.wish)
                return [Say("I am sorry, that time is gone. Which other day would suit you?")]
            case "booking_not_found":
                return [Say("I cannot find that appointment. What name is it under?")]
        return [
            Say(
                outcome.say
                or "I am sorry, I cannot reach the calendar right now. Shall I connect you to"
                " somebody, or would you like to try again?"
            )
        ]


def _say(slot: dict[str, Any]) -> str:
    """A slot or booking in words."""
    spoken = slot.get("say")
    if isinstance(spoken, str) and spoken:
        return spoken
    if slot.get("date") and slot.get("time"):
        start = dt.datetime.fromisoformat(f"{slot['date']}T{slot['time']}")
        return speech.say_slot(start)
    return "the time we agreed"


def _has_time(slot: dict[str, Any] | None) -> bool:
    return bool(slot) and bool(slot.get("say") or slot.get("date")) if slot else False


def _say_offers(offers: list[dict[str, Any]], today: dt.date) -> str:
    """Each day said once, where dates and times are given."""
    try:
        starts = [dt.datetime.fromisoformat(f"{o['date']}T{o['time']}") for o in offers]
    except (KeyError, ValueError):
        return speech.say_list([_say(offer) for offer in offers])
    return speech.say_slots(starts, today)


def _booking_id(booking: dict[str, Any] | None) -> str | None:
    if booking is None:
        return None
    value = booking.get("booking_id") or booking.get("id")
    return str(value) if value else None


def _article(service: Any) -> str:
    if not isinstance(service, str) or not service:
        return "an appointment"
    if service.startswith(("a ", "an ", "the ", "my ")):
        return service
    return f"{'an' if service[0].lower() in 'aeiou' else 'a'} {service}"


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]


def _without_introduction(text: str) -> str:
    return text.replace(_INTRODUCTION, "").strip()
