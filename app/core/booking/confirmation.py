"""Did the caller say yes to this time? Read from what was heard, before a booking is written.

A time counts as confirmed when the agent asked about it in one question and the caller's answer
agrees and takes nothing back. The question may give the time in words or digits.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from app.core.language import agreement, speech
from app.core.language.backchannel import whole_sentences

Heard = tuple[str, str]
"""`("agent" | "user", words)`, oldest first."""

LOOK_BACK = 10
"""How many utterances back the question may lie."""


def confirmed(heard: Sequence[Heard], start: dt.datetime) -> bool:
    """Tell whether the caller agreed to `start` (a wall time of the business) last."""
    answer: list[str] = []
    for _, role, words in reversed(whole_sentences(heard)[-LOOK_BACK:]):
        if role == "user":
            answer.insert(0, words)
            continue
        if "?" in words and names(words, start):
            return agreement.agrees(" ".join(answer))
        if answer and agreement.objects(" ".join(answer)):
            return False
    return False


def names(words: str, start: dt.datetime) -> bool:
    """Tell whether the agent's words name this time of day and no day but this one."""
    plain = _plain(words)
    if not any(re.search(rf"(?<!\w){re.escape(form)}(?!\w)", plain) for form in _times(start)):
        return False
    days = [day for day in _WEEKDAYS if re.search(rf"\b{day}\b", plain)]
    return not days or _WEEKDAYS[start.weekday()] in days


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _times(start: dt.datetime) -> set[str]:
    hour, half = start.hour % 12 or 12, "pm" if start.hour >= 12 else "am"
    spoken = speech.say_time(start.time()).lower()
    forms = {spoken, f"{hour}:{start.minute:02d}", f"{start.hour}:{start.minute:02d}"}
    if start.minute == 0:
        hour_word = speech.say_number(hour)
        forms |= {f"{hour} {half}", f"{hour}{half}", f"{hour_word} {half}"}
        forms |= {f"{hour_word} o'clock", f"{hour} o'clock"}
        if start.hour == 12:
            forms |= {"noon", "midday"}
    if start.minute == 30:
        forms.add(f"half past {speech.say_number(hour)}")
    return forms


def _plain(words: str) -> str:
    text = words.lower().replace("\u2019", "'").replace("a.m.", "am").replace("p.m.", "pm")
    return re.sub(r"\s+", " ", re.sub(r"[^\w\s:']", " ", text)).strip()
