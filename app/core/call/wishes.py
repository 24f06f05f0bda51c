"""What the model is told where a sentence of the caller's held more than one request."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from app.core.agent.definition import Agent
from app.core.call import prompts
from app.core.language.intent import several

#: Each turn looks at the whole conversation: what was read once is not read again.
_parts = lru_cache(maxsize=4096)(several.parts)


def note_of(said: Iterable[str], agent: Agent) -> str | None:
    """The note about the first of the caller's utterances `said` (the newest first) that asks for
    several things; None where none does.

    Notes do not stay in the model's conversation, so it is told again with each turn.
    """
    services = tuple(service.name for service in agent.booking.services)
    for words in said:
        if wanted := _parts(words, services):
            return prompts.several(wanted)
    return None
