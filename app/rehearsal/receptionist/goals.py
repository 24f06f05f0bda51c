"""What the receptionist says or does next to book, move, look up or cancel an appointment."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson

from app.core.language import speech
from app.rehearsal.realtime_server.reply import Call, Part, Prompt, Say
from app.rehearsal.receptionist import people, phrases
from app.rehearsal.receptionist.business import Business
from app.rehearsal.receptionist.company import ANYONE, arguments_of
from app.rehearsal.receptionist.dialogue import Dialogue

MORE = "Is there anything else I can do for you?"
_MOST_OFFERS = 3


def call(tool: str, /, **arguments: Any) -> list[Part]:
    """A function call with the arguments that are known."""
    given = {key: value for key, value in arguments.items() if value is not None}
    return [Call(tool, orjson.dumps(given).decode())]


class Goals:
    """The next step towards the caller's goal, as `state` stand."""

    def __init__(self, prompt: Prompt, state: Dialogue, business: Business) -> None:
        self._prompt = prompt
        self._state = state
        self._business = business
        self._today = business.now.date()

    def step(self) -> list[Part]:
        """The next thing to ask, say or do."""
        if self._state.refused:
            return [Say("I am sorry. What would you like to change?")]
        match self._state.goal:
            case "cancel":
                return self._cancel()
            case "move":
                return self._move()
            case "find":
                return self._find_booking("find") or [Say(MORE)]
            case _:
                return self._book()

    def _book(self) -> list[Part]:
        state = self._state
        if state.found.chosen is None:
            return self._find_time()
        time = phrases.when(state.found.chosen) or "that time"
        if state.name is None:
            whose = f"{state.person.split(maxsplit=1)[-1]}'s" if state.person else ""
            whose = f"your {whose}" if whose else "your"
            return [Say(f"{phrases.capital(time)}, good. May I have {whose} full name, please?")]
        service = state.service or state.found.chosen.get("service")
        if not state.agreed:
            company = state.company
            what = phrases.in_company(service, company.party_size, company.resource)
            what = phrases.an(what)
            return [Say(f"So that is {what} on {time} for {state.name}. Shall I book it?")]
        if not self._prompt.has("book_appointment"):
            return self.unable("book")
        return call(
            "book_appointment",
            slot_id=state.found.chosen.get("slot_id"),
            name=state.name,
            service=service,
        )

    @property
    def _asks_service(self) -> bool:
        """Whether the caller has still to choose one of the services there are."""
        return bool(self._state.offered) and self._state.talk.asked == "service"

    @property
    def _needs_size(self) -> bool:
        """Whether free times can only be looked for when it is known how many people come."""
        _, required = arguments_of(self._prompt)
        return "party_size" in required and self._state.company.party_size is None

    @property
    def _begun(self) -> bool:
        """Whether the answer has its first words already."""
        return self._state.found.outcome is not None or bool(self._state.later)

    def next_up(self) -> str:
        """What of the caller's requests comes next, in a few words."""
        state = self._state
        what = state.service or "appointment"
        whose = f" for your {state.person.split(maxsplit=1)[-1]}" if state.person else ""
        return f"Now to the {what}{whose}."

    def _find_time(self) -> list[Part]:
        """Ask for the day, look it up, or offer what was found."""
        state, search = self._state, self._state.search
        last = state.talk.heard[-1] if state.talk.heard else None
        if state.unoffered is not None:
            offered = speech.say_list([*self._business.offered], "or")
            regret = f"I am sorry, we do not offer {phrases.plural(state.unoffered)}."
            return [Say(f"{regret} We have {offered}. Which of these do you need?")]
        unasked = state.service is None and not state.found.offers
        unasked = unasked and (not state.talk.service_asked or self._asks_service)
        if unasked and state.goal == "book":
            whose = f"your {state.person.split(maxsplit=1)[-1]}'s" if state.person else "the"
            return [Say(f"{'' if self._begun else 'Sure. '}What is {whose} appointment for?")]
        if self._needs_size:
            return [Say(f"{'' if self._begun else 'Sure. '}How many people will you be?")]
        open_to_any = state.goal == "look" or (last is not None and last.has("any"))
        if not state.when.is_known and not state.found.offers and not open_to_any:
            known = state.service is not None and not self._begun
            about = f"{phrases.capital(phrases.an(state.service))}, sure. " if known else ""
            return [Say(f"{about}What day would suit you?")]
        if not self._prompt.has("check_availability"):
            return self.unable("look up free times")
        if state.found.checked is None or search != state.found.checked:
            if not state.when.is_known and state.found.offers and not open_to_any:
                return [Say("What other day or time would suit you?")]
            moved = _booking_id(state.found.booking) if state.goal == "move" else None
            return call("check_availability", **search, booking_id=moved)
        return self.offer()

    def offer(self) -> list[Part]:
        """The free times that were found; the one that was asked for is not among them."""
        state = self._state
        regret = ""
        told = state.found.outcome.data if state.found.outcome is not None else {}
        if told.get("status", "free") != "free" and isinstance(told.get("message"), str):
            why = told["message"].partition(" I have ")[0]
            regret = f"I am sorry. {why} "
            if not state.found.offers:
                return [Say(f"{regret}What other day would suit you?")]
        return [Say(regret + self.offered())]

    def _on(self, day: dt.date) -> str:
        """The day with its preposition: "tomorrow" has none."""
        said = speech.say_date(day, self._today)
        return said if said.startswith(("today", "tomorrow")) else f"on {said}"

    def offered(self) -> str:
        """The free times as a question."""
        state = self._state
        offers = state.found.offers[:_MOST_OFFERS]
        if not offers:
            day = f" {self._on(state.when.date)}" if state.when.date else ""
            return f"I am sorry, nothing is free{day}. What other day would suit you?"
        listed = phrases.offers(offers, self._today)
        if state.company.resource not in (None, ANYONE):
            listed = f"{listed} with {state.company.resource}"
        if len(offers) == 1:
            return f"I have {listed}. Would that work for you?"
        if state.goal == "look":
            return f"I have {listed}. Would one of these work for you?"
        return f"I have {listed}. Which one would you like?"

    def _move(self) -> list[Part]:
        state = self._state
        asked = self._find_booking("move")
        if asked is not None:
            return asked
        booked, company = (state.found.booking or {}).get("party_size"), state.company
        if company.party_size is None and isinstance(booked, int) and "party_size" in company.takes:
            company.party_size = booked
        if state.found.chosen is None:
            present = phrases.when(state.found.booking)
            if not state.when.is_known and not state.found.offers and present:
                return [Say(f"I have you on {present}. What day would you like instead?")]
            return self._find_time()
        if not state.agreed:
            return [
                Say(f"I would move you to {phrases.when(state.found.chosen)}. Shall I do that?")
            ]
        if not self._prompt.has("reschedule_appointment"):
            return self.unable("move appointments")
        return call(
            "reschedule_appointment",
            slot_id=state.found.chosen.get("slot_id"),
            booking_id=_booking_id(state.found.booking),
            name=state.name,
        )

    def _cancel(self) -> list[Part]:
        state = self._state
        asked = self._find_booking("cancel")
        if asked is not None:
            return asked
        if not state.agreed:
            time = phrases.when(state.found.booking)
            which = f" on {time}" if time else ""
            return [Say(f"I would cancel your appointment{which}. Shall I go ahead?")]
        if not self._prompt.has("cancel_appointment"):
            return self.unable("cancel appointments")
        return call(
            "cancel_appointment", booking_id=_booking_id(state.found.booking), name=state.name
        )

    def _find_booking(self, verb: str) -> list[Part] | None:
        """What to do to know which appointment is meant; None once that is known."""
        state = self._state
        if state.found.booking is not None:
            return None
        if state.name is None and not state.found.bookings:
            return [Say(f"Sure, I can {verb} it. What name is the appointment under?")]
        if not self._prompt.has("find_appointments"):
            return None
        if state.found.bookings is None or (
            not state.found.bookings and state.found.looked_for != state.name
        ):
            return call("find_appointments", name=state.name)
        if (
            not state.found.bookings
            and state.found.not_found > 1
            and self._prompt.has("transfer_call")
        ):
            sorry = f"I am sorry, I cannot find one under {state.name} either."
            return [Say(f"{sorry} Would you like me to connect you with a colleague?")]
        if not state.found.bookings:
            return [Say(f"I cannot find one under {state.name}. What other name could it be?")]
        times = [phrases.when(booking) or "one" for booking in state.found.bookings[:_MOST_OFFERS]]
        listed = speech.say_list(times, "and")
        return [Say(f"I see {listed}. Which one would you like to {verb}?")]

    def unable(self, what: str) -> list[Part]:
        """There is no tool for it: hand over, or say so."""
        if self._prompt.has("transfer_call"):
            reason = f"The agent cannot {what}."
            target = people.target_for(self._prompt)
            line = "I will connect you now."
            return call("transfer_call", **target, message=line, reason=reason)
        return [Say(f"I am sorry, I cannot {what} here. {MORE}")]


def _booking_id(booking: dict[str, Any] | None) -> str | None:
    if booking is None:
        return None
    value = booking.get("booking_id") or booking.get("id")
    return str(value) if value else None
