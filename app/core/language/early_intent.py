"""The intent while the caller still speaks: partial transcripts in, a growing guess out.

A machine of values: every event comes with its time in milliseconds (any steady clock), nothing
waits. The early intent may change with every word and never commits; only a final does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.core.language.intents import DEFAULTS, IntentEngine, IntentResult
from app.core.language.settings import IntentOptions

MAX_CHARS = 4000
"""The buffer keeps the last so many characters of one utterance."""


@dataclass(frozen=True, slots=True)
class Early:
    """text: everything heard of this utterance so far. result: its analysis. final: whether it
    came from a final transcript. changed: the intent differs from the one before."""

    text: str
    result: IntentResult
    final: bool
    changed: bool


class EarlyIntent:
    """Follows one caller through their partials and finals. Not for several calls at once."""

    def __init__(
        self, engine: IntentEngine, settings: IntentOptions = DEFAULTS, *, debounce_ms: int = 300
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._debounce_ms = debounce_ms

    @property
    def due_ms(self) -> int | None:
        """When `tick` should be called next; None when nothing waits."""
        return None

    def partial(self, text: str, at_ms: int) -> Early | None:
        """A partial transcript: looked at once it has been stable for the debounce time."""
        return None

    def tick(self, at_ms: int, *, now: datetime | None = None) -> Early | None:
        """The time has come or gone; gives the early intent when a partial has become stable."""
        return None

    def final(self, text: str, at_ms: int, *, now: datetime | None = None) -> Early:
        """The final transcript: it wins over every partial, contradicting ones too."""
        return Early(text, self._engine.analyse(text, now=now, settings=self._settings), True, True)

    def barge_in(self) -> None:
        """The caller cut in: what was gathered belongs to the past, nothing of it may commit."""
