"""What the receptionist says or does next to book, move, look up or cancel an appointment."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson

from app.core.language import speech
from app.rehearsal.realtime_server.reply import Call, Part, Prompt, Say
from app.rehearsal.receptionist import phrases
from app.rehearsal.receptionist.dialogue import Dialogue

MORE = "Is there anything else I can do for you?"
_MOST_OFFERS = 3


def call(tool: str, /, **arguments: Any) -> list[Part]:
    """A function call with the arguments that are known."""
    given = {key: value for key, value in arguments.items() if value is not None}
    return [Call(tool, orjson.dumps(given).decode())]


#: What check_availability says of a day on which nothing can be had; its message tells why.
_DAY_OUT = ("past", "too_far", "closed", "holiday", "full")


class Goals:
    """The next step towards the caller's goal, as `notes` stand."""

    def __init__(self, prompt: Prompt, notes: Dialogue, today: dt.date) -> None:
        self._prompt = prompt
        self._notes = notes
        self._today = today

    def step(self) -> list[Part]:
        """The next thing to ask, say or do."""
        if self._notes.refused:
            return [Say("I am sorry. What would you like to change?")]
        match self._notes.goal:
            case "cancel":
                return self._cancel()
            case "move":
                return self._move()
            case _:
                return self._book()

    def _book(self) -> list[Part]:
        notes = self._notes
        if notes.chosen is None:
            return self._find_time()
        time = phrases.when(notes.chosen) or "that time"
        if notes.name is None:
            return [Say(f"{phrases.capital(time)}, good. May I have your full name, please?")]
        service = notes.service or notes.chosen.get("service")
        if not notes.agreed:
            what = phrases.an(service)
            return [Say(f"So that is {what} on {time} for {notes.name}. Shall I book it?")]
        if not self._prompt.has("book_appointment"):
            return self.unable("book")
        return call(
            "book_appointment",
            slot_id=notes.chosen.get("slot_id"),
            name=notes.name,
            service=service,
        )

    def _find_time(self) -> list[Part]:
        """Ask for the day, look it up, or offer what was found."""
        notes, wish = self._notes, self._notes.wish
        last = notes.heard[-1] if notes.heard else None
        unasked = notes.service is None and not notes.service_asked and not notes.offers
        if unasked and notes.goal == "book":
            return [Say("Sure. What is the appointment for?")]
        open_to_any = notes.goal == "look" or (last is not None and last.any)
        if not notes.timed and not notes.offers and not open_to_any:
            about = f"{phrases.capital(phrases.an(notes.service))}, sure. " if notes.service else ""
            return [Say(f"{about}What day would suit you?")]
        if not self._prompt.has("check_availability"):
            return self.unable("look up free times")
        if notes.checked is None or wish != notes.checked:
            if not notes.timed and notes.offers and not open_to_any:
                return [Say("What other day or time would suit you?")]
            return call("check_availability", **wish)
        return self.offer()

    def offer(self) -> list[Part]:
        """The free times that were found; the one that was asked for is not among them."""
        notes = self._notes
        regret = ""
        if notes.time is not None and notes.goal != "look" and notes.offers:
            regret = f"I am sorry, {speech.say_time(notes.time)} is not free. "
        told = notes.outcome.data if notes.outcome is not None else {}
        if told.get("status") in _DAY_OUT and isinstance(told.get("message"), str):
            why = told["message"].partition(" I have ")[0]
            regret = f"I am sorry. {why} " if notes.offers else ""
        return [Say(regret + self.offered())]

    def offered(self) -> str:
        """The free times as a question."""
        notes = self._notes
        offers = notes.offers[:_MOST_OFFERS]
        if not offers:
            day = f" on {speech.say_date(notes.date, self._today)}" if notes.date else ""
            return f"I am sorry, nothing is free{day}. What other day would suit you?"
        listed = phrases.offers(offers, self._today)
        if len(offers) == 1:
            return f"I have {listed}. Would that work for you?"
        if notes.goal == "look":
            return f"I have {listed}. Would one of these work for you?"
        return f"I have {listed}. Which one would you like?"

    def _move(self) -> list[Part]:
        notes = self._notes
        asked = self._find_booking("move")
        if asked is not None:
            return asked
        if notes.chosen is None:
            present = phrases.when(notes.booking)
            if not notes.timed and not notes.offers and present:
                return [Say(f"I have you on {present}. What day would you like instead?")]
            return self._find_time()
        if not notes.agreed:
            return [Say(f"I would move you to {phrases.when(notes.chosen)}. Shall I do that?")]
        if not self._prompt.has("reschedule_appointment"):
            return self.unable("move appointments")
        return call(
            "reschedule_appointment",
            slot_id=notes.chosen.get("slot_id"),
            booking_id=_booking_id(notes.booking),
            name=notes.name,
        )

    def _cancel(self) -> list[Part]:
        notes = self._notes
        asked = self._find_booking("cancel")
        if asked is not None:
            return asked
        if not notes.agreed:
            time = phrases.when(notes.booking)
            which = f" on {time}" if time else ""
            return [Say(f"I would cancel your appointment{which}. Shall I go ahead?")]
        if not self._prompt.has("cancel_appointment"):
            return self.unable("cancel appointments")
        return call("cancel_appointment", booking_id=_booking_id(notes.booking), name=notes.name)

    def _find_booking(self, verb: str) -> list[Part] | None:
        """What to do to know which appointment is meant; None once that is known."""
        notes = self._notes
        if notes.booking is not None:
            return None
        if notes.name is None and not notes.bookings:
            return [Say(f"Sure, I can {verb} it. What name is the appointment under?")]
        if not self._prompt.has("find_appointments"):
            return None
        if notes.bookings is None or (not notes.bookings and notes.looked_for != notes.name):
            return call("find_appointments", name=notes.name)
        if not notes.bookings:
            return [Say(f"I cannot find one under {notes.name}. What other name could it be?")]
        times = [phrases.when(booking) or "one" for booking in notes.bookings[:_MOST_OFFERS]]
        listed = speech.say_list(times, "and")
        return [Say(f"I see {listed}. Which one would you like to {verb}?")]

    def unable(self, what: str) -> list[Part]:
        """There is no tool for it: hand over, or say so."""
        if self._prompt.has("transfer_call"):
            reason = f"The agent cannot {what}."
            return call("transfer_call", message="I will connect you now.", reason=reason)
        return [Say(f"I am sorry, I cannot {what} here. {MORE}")]


def _booking_id(booking: dict[str, Any] | None) -> str | None:
    if booking is None:
        return None
    value = booking.get("booking_id") or booking.get("id")
    return str(value) if value else None
