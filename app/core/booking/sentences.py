"""What is said about bookings: sentences for a telephone voice, without digits or markup."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from app.core.booking.contradiction import Contradiction
from app.core.booking.ledger import Booking
from app.core.booking.offers import say_offers, whom
from app.core.booking.reasons import people, why_not
from app.core.booking.resources import NOTHING_ASKED, Asked
from app.core.booking.rules import BookingRules, Service
from app.core.booking.search import Choice, Why
from app.core.booking.slots import local_instant
from app.core.booking.wanted import NotUnderstood, Wanted
from app.core.language import speech

_WHY_NOT: dict[Why, str] = {
    "other_times": "I have nothing then.",
    "past": "That day is in the past.",
    "too_far": "That is further ahead than we book.",
    "closed": "We are closed that day.",
    "holiday": "We are closed that day.",
    "full": "We are fully booked then.",
    "none": "I have nothing free at the moment.",
    "free": "",
}

CALENDAR_DOWN = (
    "I am sorry, I cannot reach our calendar right now, so I cannot do that. Please call again in"
    " a little while."
)
CALENDAR_BUSY = (
    "I am sorry, our calendar is very busy right now, so I cannot do that. Please call again in a"
    " few minutes."
)
CALENDAR_REFUSED = (
    "I am sorry, our calendar does not let me do that, so nothing has been changed. One of my"
    " colleagues would have to do it."
)
CALENDAR_UNKNOWN = (
    "I am sorry, I got no answer from our calendar, so I cannot tell whether that was done. Please"
    " call again in a little while to make sure."
)
NAME_CHECK_FAILED = (
    "I am sorry, I cannot find an appointment for you by name, so I cannot change one."
)
BY_TEXT = "I will confirm it to you by text message"
BY_OFFICE = "our office will get back to you to confirm it"


def offers(
    choice: Choice, wish: Wanted, rules: BookingRules, service: Service, now: dt.datetime
) -> str:
    """One sentence or two that say what is free."""
    listed = say_offers(choice.slots, rules, now)
    asked = choice.asked
    why = _WHY_NOT[choice.why]
    if choice.why in ("other_times", "full", "none"):
        if asked.resources:
            why = f"{speech.say_list(asked.resources, 'and')} cannot be had then."
        elif asked.party_size:
            why = f"We have nothing for {people(asked.party_size)} then."
    if choice.refusal is not None and wish.day is not None and wish.time is not None:
        start = local_instant(wish.day, wish.time, rules.zone)
        why = why_not(choice.refusal, rules, service, start, now, asked)
        if choice.others:
            why = f"{why} {else_free(choice.others, rules)}"
    holiday = rules.holiday(wish.day) if wish.day else None
    if choice.why == "holiday" and holiday and holiday.name:
        why = f"We are closed that day for {holiday.name}."
    if not listed:
        return why or _WHY_NOT["none"]
    return f"{why} I have {listed}.".strip()


def else_free(names: Sequence[str], rules: BookingRules) -> str:
    """Who or what else is free at a time that cannot be had as asked."""
    if not whom(names, rules):
        return "There is something else free then."
    return f"{speech.say_list(names, 'and')} {'is' if len(names) == 1 else 'are'} free then."


PARTY_SIZE_NEEDED = "For how many people should that be?"


def party_too_large(largest: int) -> str:
    """More people are to come than the largest of the resources serves."""
    return f"I am sorry, the most we can seat together is {people(largest)}."


def unknown_resource(rules: BookingRules, service: Service) -> str:
    """Somebody or something was asked for that is not here."""
    names = [resource.name for resource in rules.resources_of(service)]
    return f"I do not find that. There is {speech.say_list(names, 'and')}."


_UNCLEAR = {
    "past": "That day has passed already. Which day would you like?",
    "no_such_day": "There is no such day. Which day would you like?",
    "recurring": "I look for one day at a time. Which day would you like first?",
    "weekday_mismatch": "That weekday and that date do not go together. Which day do you mean?",
    "zone": "Which time is that on our clock?",
    "several": "Which one of them would you like?",
    "contradiction": "I heard two different times. Which one would you like?",
}


def said_otherwise(found: Contradiction) -> str:
    """The question where what was said and what is about to be done differ."""
    if found.part == "number":
        return "Just to be sure, could you say that telephone number once more, digit by digit?"
    if found.excluded:
        return f"Just to be sure, is {found.passed} all right for you after all?"
    what = {"name": "the name", "appointment": "the appointment"}.get(found.part, "it")
    return f"Just to be sure, is {what} {found.said}, or {found.passed}?"


def unclear(asked: NotUnderstood) -> str:
    """The question about a day or a time that was not understood."""
    if asked.why in _UNCLEAR:
        return _UNCLEAR[asked.why]
    if asked.argument == "time":
        return "I am not sure which time that is. What time would you like?"
    if asked.argument == "part_of_day":
        return "Would you like the morning, the afternoon, or the evening?"
    return "I am not sure which day that is. Which day would you like?"


def refused(why: str, listed: str) -> str:
    """A time cannot be had; `why` says so in a sentence, `listed` are offers, perhaps none."""
    if not listed:
        return f"I am sorry. {why} I see nothing else close to it."
    return f"I am sorry. {why} I have {listed}."


def taken(listed: str) -> str:
    """The slot went to somebody else while it was talked about; `listed` as for `refused`."""
    return refused("That time has just been taken.", listed)


def not_offered(listed: str) -> str:
    """The time was never offered in this call."""
    return f"I can offer you {listed}." if listed else "Let me look for a free time first."


def read_back(service: Service, when: str, name: str, asked: Asked = NOTHING_ASKED) -> str:
    """The question before a booking is written."""
    what = detailed(service.name, asked.resources, asked.party_size)
    return f"So that is {a(what)} {on(when)} for {name}. Is that right?"


def booked(what: str, when: str, name: str) -> str:
    """It is written."""
    return f"Your {what} is booked for {when}, under the name {name}."


def moved(what: str, when: str) -> str:
    """It was moved."""
    return f"I have moved your {what} to {when}."


def renamed(what: str, when: str, name: str) -> str:
    """Only the name was changed."""
    return f"Your {what} {on(when)} is now under the name {name}."


def cancelled(what: str, when: str) -> str:
    """It was cancelled."""
    return f"Your {what} {on(when)} is cancelled."


def still(what: str, when: str) -> str:
    """An earlier booking stands unchanged."""
    return f"Your {what} {on(when)} stays as it is."


_WHY_NOTED = {
    "calendar_busy": "Our calendar is very busy right now.",
    "calendar_unknown": "I got no answer from our calendar yet.",
}


def noted(what: str, how: str, code: str = "calendar_down") -> str:
    """The calendar failed for now; the wish is kept and tried again. `how` says who will be told,
    `code` is that of the failure."""
    why = _WHY_NOTED.get(code, "I cannot reach our calendar right now.")
    return f"{why} I have noted {what}, and {how}."


def calendar_failed(code: str) -> str:
    """The calendar failed, and nothing is promised. `code` is that of the failure."""
    return {
        "calendar_busy": CALENDAR_BUSY,
        "calendar_refused": CALENDAR_REFUSED,
        "calendar_unknown": CALENDAR_UNKNOWN,
    }.get(code, CALENDAR_DOWN)


def spell_it(name: str) -> str:
    """No appointment of the caller's number is under that name."""
    return (
        f"I cannot find an appointment under {name} for the number you are calling from. Could you"
        " spell the name for me?"
    )


def listed(appointments: list[tuple[str, str]]) -> str:
    """The appointments found: service and time of each."""
    each = [f"{a(service)} {on(when)}" for service, when in appointments]
    return f"I see {speech.say_list(each, 'and')}."


def services(rules: BookingRules) -> str:
    """What can be booked here."""
    return speech.say_list([service.name for service in rules.services], "and")


def when(booking: Booking, rules: BookingRules, now: dt.datetime) -> str:
    """The time of a booking in words, on the business's clock."""
    zone = rules.zone
    return speech.say_slot(booking.starts.astimezone(zone), now.astimezone(zone).date())


def what(booking: Booking, rules: BookingRules) -> str:
    """What is booked, with whom and for how many: "cut with Anna", "table for four people"."""
    found = rules.resource(booking.resource)
    told = (booking.resource,) if found and found.is_personal else ()
    return detailed(service_name(booking, rules), told, booking.party_size)


def service_name(booking: Booking, rules: BookingRules) -> str:
    """The name of a booking's service."""
    service = rules.service(booking.service)
    return service.name if service else booking.service


def detailed(service: str, resources: Sequence[str], party_size: int) -> str:
    """A service with whom or what it is with and for how many people."""
    words = [service]
    if party_size:
        words.append(f"for {people(party_size)}")
    if resources:
        words.append(f"with {speech.say_list(resources, 'or')}")
    return " ".join(words)


def on(when: str) -> str:
    """ "on Monday, …", but "tomorrow, …"."""
    return when if when.startswith(("today", "tomorrow")) else f"on {when}"


def a(noun: str) -> str:
    """ "a cleaning", "an exam"."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"
