"""Answers to a caller's questions about the business and about the agent, from the instructions."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.core.language import speech
from app.rehearsal.receptionist import phrases
from app.rehearsal.receptionist.business import CLOSED, WEEKDAYS, Business
from app.rehearsal.receptionist.hearing import Question

UNKNOWN = "I am sorry, I do not know that, but a colleague can tell you."
_TOPICS = {
    "hours": re.compile(r"\b(?:hours?|open|closed|close)\b", re.IGNORECASE),
    "where": re.compile(r"\b(?:address is|located|street|avenue|road)\b", re.IGNORECASE),
    "parking": re.compile(r"\bpark(?:ing)?\b", re.IGNORECASE),
    "price": re.compile(r"\b(?:prices?|costs?|dollars|euros|free)\b|[$€]", re.IGNORECASE),
    "insurance": re.compile(r"\binsur\w+|\bMedica\w+\b", re.IGNORECASE),
    "payment": re.compile(r"\b(?:pay|payment|cash|cards?)\b", re.IGNORECASE),
}
_MOST_STATEMENTS = 4
_RELATIVE = re.compile(r"\b(?:today|tomorrow|tonight)\b", re.IGNORECASE)


def answer(business: Business, question: Question) -> str:
    """The answer to a question, as far as the instructions have one; else an honest "no idea"."""
    find = _ANSWERS.get(question.kind)
    found = find(business, question) if find else _stated(business, question)
    return found or UNKNOWN


def _stated(business: Business, question: Question) -> str | None:
    found = business.statements(_TOPICS[question.kind])
    return found[0] if found else None


def _hours(business: Business, question: Question) -> str | None:
    holiday = next((h for h in business.holidays if h.lower() in question.text.lower()), None)
    if holiday is not None:
        return f"We are closed on {holiday}."
    if not business.hours:
        return _stated(business, question)
    if question.day is not None:
        weekday = WEEKDAYS[question.day.weekday()]
        relative = _RELATIVE.search(question.text)
        when = f"{relative[0].capitalize()}, {weekday}," if relative else f"On {weekday}s"
        hours = business.hours.get(question.day.weekday(), CLOSED)
        if hours == CLOSED:
            return f"{when} we are closed."
        return f"{when} we are open from {hours}."
    return f"We are open {_week(business)}."


def _week(business: Business) -> str:
    """The hours of the week in one phrase, days with equal hours together."""
    by_hours: dict[str, list[str]] = {}
    for number, day in enumerate(WEEKDAYS):
        by_hours.setdefault(business.hours.get(number, CLOSED), []).append(day)
    closed = by_hours.pop(CLOSED, [])
    open_days = "; ".join(
        f"{speech.say_list(days, 'and')} from {hours}" for hours, days in by_hours.items()
    )
    return f"{open_days}; closed {speech.say_list(closed, 'and')}" if closed else open_days


def _offers(business: Business, question: Question) -> str | None:
    """Whether a service is offered."""
    if not business.offered or question.service is None:
        return _services(business, question)
    if question.service in business.offered:
        return f"Yes, we offer {phrases.plural(question.service)}."
    return f"I am sorry, {question.service} is not on our list. {services(business)}"


def services(business: Business) -> str | None:
    """What the business offers, as a sentence; None where the instructions do not list it."""
    if not business.offered:
        return None
    return f"We offer {speech.say_list([*business.offered], 'and')}."


def _services(business: Business, question: Question) -> str | None:
    return services(business)


def _price(business: Business, question: Question) -> str | None:
    found = business.statements(_TOPICS["price"])
    if question.service is not None:
        found = [line for line in found if question.service in line.lower()]
    return " ".join(found[:_MOST_STATEMENTS]) or None


def _place(business: Business, question: Question) -> str | None:
    """Whether the caller has reached whom they wanted."""
    if business.name is None:
        return None
    wanted = set(re.findall(r"\w+", question.text.lower()))
    here = set(re.findall(r"\w+", business.name.lower()))
    if here <= wanted or len(here & wanted) * 2 > len(here):
        return f"Yes, this is {business.name}."
    return f"No, you have reached {business.name}."


def _who(business: Business, question: Question) -> str:
    asked = business.agent and re.search(r"\b(?:who|name)\b", question.text, re.IGNORECASE)
    name = f"This is {business.agent}. " if asked else ""
    return (
        f"{name}I am the rehearsal model, a small program with rules for appointment calls:"
        " neither a person nor an AI."
    )


def _abilities(business: Business, question: Question) -> str:
    return (
        "I can book, move or cancel an appointment, and tell you our hours, services, prices and"
        " address."
    )


def _always(text: str) -> Callable[[Business, Question], str]:
    return lambda business, question: text


_ANSWERS: dict[str, Callable[[Business, Question], str | None]] = {
    "who": _who,
    "hours": _hours,
    "offers": _offers,
    "services": _services,
    "price": _price,
    "place": _place,
    "abilities": _abilities,
    "wellbeing": _always("I am fine, thank you."),
    "walk_ins": _always("We see people by appointment, and I can book one for you."),
    "why_name": _always("The practice needs a name to know whom it expects."),
}
