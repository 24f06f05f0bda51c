"""What a colleague is told of a caller before they take the call.

Only what is known: whom the call is for, the number, and the caller's own words as they were heard.
Nothing is summed up by a model, so that nothing is said that the caller did not say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.core.agent.definition import Agent
from app.core.language.phone_numbers import identify
from app.core.language.words import words
from app.core.messages.numbers import say_phone_number

MAX_QUOTED = 160
_FEWEST_WORDS = 3


def brief(agent: Agent, caller_number: str, heard: Iterable[Sequence[str]]) -> str:
    """What is said to the colleague. `heard` are pairs of role and words, oldest first."""
    caller = identify(caller_number, agent.country_for())
    who = "a caller whose number is withheld"
    if caller is not None:
        who = f"a caller from {say_phone_number(caller.e164, agent.country_for())}"
    said = [text for role, text in heard if role == "user" and len(words(text)) >= _FEWEST_WORDS]
    quoted = [f'"{_cut(text)}"' for text in dict.fromkeys([*said[:1], *said[-1:]])]
    about = "They have not said what it is about."
    if quoted:
        about = f"They said: {', and later: '.join(quoted)}."
    return f"This is {agent.name} of {agent.business}, with {who}. {about}"


def _cut(text: str) -> str:
    """The words up to a length that a colleague can listen to."""
    plain = " ".join(text.replace('"', "'").split()).rstrip(".")
    if len(plain) <= MAX_QUOTED:
        return plain
    return plain[: plain.rfind(" ", 0, MAX_QUOTED)] + " and so on"
