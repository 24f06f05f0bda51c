"""The intent while the caller still speaks: partial transcripts in, a growing guess out.

A machine of values: every event comes with its time in milliseconds (any steady clock), nothing
waits. The early intent may change with every word and never commits; only a final may.

A third of callers pause 300 ms and more inside a sentence, so a final is often not the end: words
that come after it within `merge_ms` belong to the same utterance and are analysed together with
what came before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.core.language.intent.engine import DEFAULTS, IntentEngine, IntentResult
from app.core.language.settings import IntentOptions
from app.core.language.text import words

MAX_CHARS = 2000
"""The buffer keeps the last so many characters of one utterance."""
NOTHING_HEARD = IntentResult(None, 0.0, complete=False, reason="nothing heard")


@dataclass(frozen=True, slots=True)
class Early:
    """What is known of the utterance.

    text: everything heard of it so far. result: its analysis. final: whether it came from a final
    transcript, so that it may be acted upon. changed: the intent differs from the one before.
    """

    text: str
    result: IntentResult
    final: bool
    changed: bool


class EarlyIntent:
    """Follows one caller through partials and finals. One instance per call."""

    def __init__(
        self,
        engine: IntentEngine,
        settings: IntentOptions = DEFAULTS,
        *,
        debounce_ms: int = 300,
        merge_ms: int = 1500,
    ) -> None:
        """merge_ms: the pause after a final that ends the utterance."""
        self._engine = engine
        self._settings = settings
        self._debounce_ms = debounce_ms
        self._merge_ms = merge_ms
        self.reset()

    def reset(self) -> None:
        """Forget everything, as at the start of a call."""
        self._finished = ""
        self._finished_ms: int | None = None
        self._waiting: str | None = None
        self._waiting_ms = 0
        self.early: IntentResult = NOTHING_HEARD

    @property
    def due_ms(self) -> int | None:
        """When `tick` should be called next; None when nothing waits."""
        return None if self._waiting is None else self._waiting_ms + self._debounce_ms

    @property
    def text(self) -> str:
        """Everything heard of the present utterance, the waiting partial included."""
        return _joined(self._finished, self._waiting or "")

    def partial(self, text: str, at_ms: int, *, now: datetime | None = None) -> Early | None:
        """A partial transcript (the whole of the unfinished part, as recognisers send it).

        It is looked at once it has not changed for the debounce time: by `tick`, or here when the
        one before had been stable for so long.
        """
        found = self.tick(at_ms, now=now)
        if self._finished_ms is not None and at_ms - self._finished_ms > self._merge_ms:
            self._finished, self._finished_ms = "", None
        if text != self._waiting:
            self._waiting, self._waiting_ms = text[-MAX_CHARS:], at_ms
        return found

    def tick(self, at_ms: int, *, now: datetime | None = None) -> Early | None:
        """The time has come or gone; gives the early intent when a partial has become stable."""
        due = self.due_ms
        if due is None or at_ms < due:
            return None
        heard = self.text
        self._finished_partial()
        return self._early(heard, final=False, now=now)

    def final(self, text: str, at_ms: int, *, now: datetime | None = None) -> Early:
        """A final transcript: it wins over the partials of its part, contradicting ones too.

        Joined with the finals of the same utterance that came just before it. A repeat of the last
        final changes nothing.
        """
        late = self._finished_ms is not None and at_ms - self._finished_ms <= self._merge_ms
        before = self._finished if late else ""
        self._waiting = None
        self._finished = _joined(before, text)[-MAX_CHARS:]
        self._finished_ms = at_ms
        return self._early(self._finished, final=True, now=now)

    def barge_in(self) -> None:
        """The caller cut in: what was gathered is cancelled and flushed, nothing of it commits."""
        self.reset()

    def _finished_partial(self) -> None:
        """The partial was looked at; it stays until the next one or the final replaces it."""
        self._waiting_ms = 1 << 62

    def _early(self, text: str, *, final: bool, now: datetime | None) -> Early:
        before = self.early
        self.early = self._engine.analyse(text, now=now, settings=self._settings)
        return Early(text, self.early, final, changed=self.early.intent != before.intent)


def _joined(before: str, after: str) -> str:
    """Two parts of one utterance; a part that the other repeats is not doubled."""
    before, after = before.strip(), after.strip()
    if not before or not after:
        return before or after
    old, new = words(before.lower()), words(after.lower())
    if new[: len(old)] == old:
        return after
    if old[-len(new) :] == new:
        return before
    return f"{before} {after}"


class Outcome(StrEnum):
    """How the first early intent of an utterance compares with what was meant."""

    RIGHT = "right"
    WRONG = "wrong"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Prefixes:
    """An utterance replayed word by word.

    first: the first intent at the threshold, or None. first_at: after how many words. changes: how
    often the intent at the threshold changed afterwards. last: the analysis of the whole.
    """

    first: str | None
    first_at: int | None
    words: int
    changes: int
    last: IntentResult

    def outcome(self, meant: str | None) -> Outcome:
        """Right, wrong or absent. Where nothing was meant, an absent early intent is right."""
        if self.first == meant:
            return Outcome.RIGHT
        return Outcome.ABSENT if self.first is None else Outcome.WRONG


def replay(
    text: str,
    analyse: Callable[[str], IntentResult],
    *,
    threshold: float = DEFAULTS.act_threshold,
) -> Prefixes:
    """Replay `text` word by word through `analyse` and report its first early intent.

    An early intent is at the threshold; it need not be complete, as it is never acted upon.
    """
    said = text.split()
    first: str | None = None
    first_at: int | None = None
    changes = 0
    current: str | None = None
    result = NOTHING_HEARD
    for size in range(1, len(said) + 1):
        result = analyse(" ".join(said[:size]))
        sure = not result.negated and result.confidence >= threshold
        intent = result.intent if sure else None
        if first is None and intent is not None:
            first, first_at = intent, size
        elif first is not None and intent != current:
            changes += 1
        current = intent
    return Prefixes(first, first_at, len(said), changes, result)
