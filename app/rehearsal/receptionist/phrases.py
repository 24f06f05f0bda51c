"""The receptionist's phrases: for slots, bookings and services, and sentences said as they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from app.core.language import speech
from app.rehearsal.receptionist.company import ANYONE

#: The honest line for a caller who speaks another language, in that language where it is known.
ENGLISH_ONLY = {
    "German": "Leider spreche ich nur Englisch. Ich verbinde Sie mit einem Kollegen.",
    "Spanish": "Lo siento, solo hablo inglés. Le paso con un compañero.",
    "French": "Je suis désolé, je ne parle qu'anglais. Je vous passe un collègue.",
    "Italian": "Mi dispiace, parlo solo inglese. Le passo un collega.",
    "Portuguese": "Desculpe, só falo inglês. Vou passar a um colega.",
}
ENGLISH_ONLY_LINE = "I am sorry, I only speak English. I will connect you with a colleague."
PERSON = "Would you like me to connect you with a colleague?"
#: What the receptionist cannot do for a caller, by what they said.
REFUSALS = {
    "complaint": f"I am sorry about that. {PERSON}",
    "office": f"I cannot take care of that myself. {PERSON}",
    "late": f"Thank you for telling us, but I cannot pass that on myself. {PERSON}",
    "medical": "I cannot give medical advice. Would you like to come in for a visit?",
}
#: A question asked again in other words, by what it is about.
REPHRASED = {
    "name": "I need a name for the appointment. What is the full name, please?",
    "party": "For how many people is it? You can say, for example, four people.",
    "day": "Which day is good for you? You can say, for example, Tuesday morning.",
    "agree": "Shall I go ahead, yes or no?",
    "choice": "Which one would you like? You can say the first, the second, or another day.",
    "change": "What would you like to change: the day, the time, or the name?",
    "help": "I can book, move or cancel an appointment, or tell you our hours. Which is it?",
}


def when(slot: dict[str, Any] | None) -> str | None:
    """A slot or a booking in words; None where it has no time."""
    if slot is None:
        return None
    if slot.get("date") and slot.get("time"):
        start = _start(slot)
        if start is not None:
            return speech.say_slot(start)
    spoken = slot.get("when") or slot.get("say")
    return spoken if isinstance(spoken, str) and spoken else None


def offers(slots: Sequence[dict[str, Any]], today: dt.date) -> str:
    """The offers as one phrase; each day is said once."""
    starts = [_start(slot) for slot in slots]
    known = [start for start in starts if start is not None]
    if len(known) == len(slots):
        return speech.say_slots(known, today)
    return speech.say_list([when(slot) or "a time" for slot in slots])


def listed(bookings: Sequence[dict[str, Any]]) -> str:
    """The caller's appointments in a sentence."""
    times = [when(booking) or "one" for booking in bookings]
    if not times:
        return "I see no appointment of yours."
    return f"I see {speech.say_list(times, 'and')}."


def _start(slot: dict[str, Any]) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(f"{slot['date']}T{slot['time']}")
    except (KeyError, ValueError):
        return None


def an(service: object) -> str:
    """The service with its article; "an appointment" where none is known."""
    if not isinstance(service, str) or not service:
        return "an appointment"
    if service.startswith(("a ", "an ", "the ", "my ")):
        return service
    return f"{'an' if service[0].lower() in 'aeiou' else 'a'} {service}"


def in_company(service: object, size: int | None, resource: object) -> str:
    """The service with how many people come and whom it is with."""
    words = [service if isinstance(service, str) and service else "appointment"]
    if size:
        words.append(f"for {'one person' if size == 1 else f'{speech.say_number(size)} people'}")
    if isinstance(resource, str) and resource and resource != ANYONE:
        words.append(f"with {resource}")
    return " ".join(words)


def booked(time: str | None, result: dict[str, Any], names: Sequence[str]) -> str:
    """That it is booked, and whom the caller got, where they may ask for one of the names."""
    done = f"it is booked for {time}" if time else "it is booked"
    resource = result.get("resource")
    return f"{done} with {resource}" if resource in names else done


def plural(service: str) -> str:
    """The service in the plural: "cleanings"."""
    return service if service.endswith("s") else f"{service}s"


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]
