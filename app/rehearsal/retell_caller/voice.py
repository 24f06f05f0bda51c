"""The agent's turn as it is spoken: text streams in, whole sentences become words.

Source: Retell's guides "Custom LLM best practices" (speech starts at the first complete sentence)
and "Function calling" (actions follow the speech; end, transfer, digits in this order).
"""

from __future__ import annotations

import re

from app.rehearsal.retell_caller.events import AgentDone
from app.rehearsal.retell_caller.frames import Speech
from app.rehearsal.retell_caller.transcript import Heard

_SENTENCE_END = re.compile(r"""[.!?…:]["'”’)\]]*(?=\s)|\n""")
_CLOSED = re.compile(r"""(?<!\d)[.!?…]["'”’)\]]*$""")


class Actions:
    """What the frames of one turn ask Retell to do once it is spoken."""

    def __init__(self) -> None:
        self._end_call = False
        self._transfer: str | None = None
        self._digit: str | None = None

    def take(self, frame: Speech) -> None:
        """Note what a frame asks for."""
        self._end_call = self._end_call or frame.end_call
        self._transfer = frame.transfer_number or self._transfer
        self._digit = frame.digit or self._digit

    @property
    def first(self) -> str | None:
        """The one thing that Retell does."""
        if self._end_call:
            return "end_call"
        if self._transfer:
            return f"transfer_call {self._transfer}"
        if self._digit:
            return f"press_digit {self._digit}"
        return None


class AgentTurn:
    """One response (or interrupt) that the agent speaks."""

    def __init__(self, id_: int, heard: Heard, asked: float, *, interrupt: bool = False) -> None:
        self.id = id_
        self.heard = heard
        self.asked = asked
        self.interrupt = interrupt
        self.complete = False
        self.over = False
        self.first_frame: float | None = None
        self.first_sentence: float | None = None
        self.spoken: list[str] = []
        self._text = ""
        self._last = ""
        self._protected_from: list[tuple[int, bool]] = []
        self._received = 0
        self._taken = 0
        self._actions = Actions()

    def hear(self, frame: Speech, now: float) -> str | None:
        """Take one frame in. Returns what is wrong with it, if anything."""
        problem = None
        if frame.content:
            if self.first_frame is None:
                self.first_frame = now - self.asked
            if self._runs_together(frame.content):
                problem = f"words run together before {frame.content[:20]!r}"
            self._protected_from.append((self._received, frame.protected))
            self._last = frame.content[-1]
            self._text += frame.content
            self._received += len(frame.content)
        if frame.complete:
            self.complete = True
        self._actions.take(frame)
        if self.first_sentence is None and self._speakable():
            self.first_sentence = now - self.asked
        return problem

    def next_word(self) -> str | None:
        """Take the next word that can be spoken now, None while there is none."""
        ready = self._speakable()
        found = re.match(r"\s*(\S+)", ready)
        if not found:
            return None
        self._text = self._text[found.end() :]
        self._taken += found.end()
        self.spoken.append(found[1])
        return found[1]

    @property
    def words_spoken(self) -> int:
        """How many words were spoken so far."""
        return len(self.spoken)

    @property
    def is_audible(self) -> bool:
        """True from the first word to the end."""
        return not self.over and bool(self.spoken)

    @property
    def has_word(self) -> bool:
        """True if a word can be spoken now."""
        return bool(self._speakable().strip())

    @property
    def finished(self) -> bool:
        """True when everything was spoken and nothing more can come."""
        return self.complete and not self._text.strip()

    @property
    def protected(self) -> bool:
        """True while what is spoken now must not be interrupted."""
        at, current = max(0, self._taken - 1), False
        for start, protected in self._protected_from:
            if start <= at:
                current = protected
        return current

    @property
    def action(self) -> str | None:
        """What Retell does once this is spoken: one thing at most."""
        return self._actions.first

    def done(self, *, cut: bool) -> AgentDone:
        """The turn as an event, once it is over."""
        return AgentDone(
            self.id, self.text, cut, self.interrupt, self.first_frame, self.first_sentence
        )

    @property
    def text(self) -> str:
        """The words spoken so far."""
        return " ".join(self.spoken)

    def _speakable(self) -> str:
        if self.complete or _CLOSED.search(self._text):
            return self._text
        ends = [found.end() for found in _SENTENCE_END.finditer(self._text)]
        return self._text[: ends[-1]] if ends else ""

    def _runs_together(self, content: str) -> bool:
        """A sentence has ended, and the next begins without a blank."""
        return self._last in ".!?" and self._last != "" and content[0].isalpha()
