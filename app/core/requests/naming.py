"""The caller's name in one of their turns, also where it only stands at the end of a request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.core.language import names
from app.core.language.names import Name

_SEGMENT = re.compile(r"[^.,!?;]+")
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_LAST = re.compile(
    r"(?<=\w) (?:please|thanks|thank you|here|speaking|that's me|thats me|uh|um) ?$", re.IGNORECASE
)
_FULL_NAME = "May I have your full name?"
_PARTICLES = frozenset(("van", "der", "de", "la", "den", "von", "del", "da", "al", "bin", "ter"))


@dataclass(frozen=True, slots=True)
class Context:
    """What stands around a turn: what the agent asked right before, where it asked for a name; the
    agent's own name; what the agent says afterwards; words that are no names here."""

    question: str | None
    agent: str
    later: str
    ordinary: Sequence[str] = ()


def name_in(text: str, context: Context) -> Name | None:
    """The name the caller gives as theirs, or as that of whom they book for."""
    found = names.read_name(text, context.question, agent=context.agent)
    if found is not None or context.question is not None:
        return found
    return _at_the_end(text, context)


def _at_the_end(text: str, context: Context) -> Name | None:
    """ "A cleaning on Monday at ten, Ana Diaz.": words that are nothing but a name, written as one
    or taken up by the agent."""
    low = {word for phrase in context.ordinary for word in phrase.lower().split()}
    for segment in reversed(list(_SEGMENT.finditer(text))):
        words = list(_WORD.finditer(_LAST.sub("", segment[0])))
        for count in (4, 3, 2):
            tail = words[-count:]
            if len(tail) < count or any(word[0].lower() in low for word in tail):
                continue
            start = segment.start() + tail[0].start()
            said = text[start : segment.start() + tail[-1].end()]
            if not _written_as_name(tail) and not _taken_up(tail, context.later):
                continue
            name = names.read_name(said, _FULL_NAME, agent=context.agent)
            if name is not None and len(name.text.split()) == count:
                return Name(name.text, tuple((start + a, start + b) for a, b in name.spans))
    return None


def _written_as_name(words: list[re.Match[str]]) -> bool:
    return (
        words[0][0][0].isupper()
        and words[-1][0][0].isupper()
        and all(word[0][0].isupper() or word[0] in _PARTICLES for word in words)
    )


def _taken_up(words: list[re.Match[str]], later: str) -> bool:
    """Whether the agent calls the caller by it."""
    spoken = re.findall(r"\b[A-Z]\w+", later)
    first, last = words[0][0].capitalize(), words[-1][0].capitalize()
    return first in spoken or last in spoken
