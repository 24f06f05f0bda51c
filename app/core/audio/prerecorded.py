"""The agent's own lines in its own voice, for moments when the model cannot speak.

While a call is quiet, the model is asked beside the conversation to say the lines that are not
known yet; what it says is kept for this call and for later ones. So the caller hears a holding
line, or an apology, in the voice they know, also when the model's server is gone.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.core.agent.definition import Agent
from app.core.call.ending import apology
from app.core.call.events import KeepLine
from app.core.call.prompts import verbatim

#: A line longer than this is not kept (8 kHz mu-law, 20 s).
MAX_BYTES = 160_000


def wanted(agent: Agent) -> tuple[str, ...]:
    """The lines worth knowing, the most needed first."""
    lines = agent.lines
    people = agent.turn_taking.fallback == "transfer" and bool(agent.switchboard)
    apologies = [apology(agent, hands_over=hands_over) for hands_over in sorted({people, False})]
    chosen = (*lines.slow_tool[:2], *lines.holding[:2], *apologies)
    return tuple(dict.fromkeys(chosen))


class VoiceLines:
    """The lines known in this call, and the one that is being learned."""

    def __init__(self, agent: Agent, known: Mapping[str, bytes]) -> None:
        self._known = dict(known)
        self._missing = [text for text in wanted(agent) if text not in self._known]
        self._asked = 0
        self._key: str | None = None
        self._response_id: str | None = None
        self._audio = bytearray()

    def get(self, text: str) -> bytes | None:
        """The line's audio (mu-law), where it is known."""
        return self._known.get(text)

    def next_missing(self) -> tuple[str, str] | None:
        """The key and the note to ask for the next unknown line with; None where nothing is to
        do. A line is asked for once in a call."""
        if self._key is not None or not self._missing:
            return None
        self._asked += 1
        self._key = f"line{self._asked}"
        self._audio.clear()
        return self._key, verbatim(self._missing[0])

    def created(self, response_id: str, key: str | None) -> bool:
        """Whether a response that was announced is for a line."""
        if key is None or key != self._key:
            return key is not None and key.startswith("line")
        self._response_id = response_id
        return True

    def owns(self, response_id: str) -> bool:
        """Whether that response is the one for the line asked for."""
        return self._response_id is not None and response_id == self._response_id

    def add(self, audio: bytes) -> None:
        """A piece of the line."""
        if len(self._audio) <= MAX_BYTES:
            self._audio += audio

    def done(self, completed: bool) -> list[KeepLine]:
        """The response is over; the line is kept where it is whole."""
        if self._key is None:
            return []
        text, audio = self._missing.pop(0), bytes(self._audio)
        self.reset()
        if not completed or not 0 < len(audio) <= MAX_BYTES:
            return []
        self._known[text] = audio
        return [KeepLine(text, audio)]

    def reset(self) -> None:
        """The session is gone; the line may be asked for again."""
        self._key = self._response_id = None
        self._audio.clear()
