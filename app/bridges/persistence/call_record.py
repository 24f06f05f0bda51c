"""The record of a call that `GET /api/calls/<id>` shows: gathered from notes, written in parts."""

from __future__ import annotations

from typing import Any

from app import metrics
from app.adapters.calls.store import CallStore
from app.core.call import notes
from app.core.call.notes import Note

CALL_COST = metrics.counter("model_cost_usd_total", "Cost of calls by the price table")


class CallRecord:
    """What is not written yet, and what the call has used so far."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._turns: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self._transcript: list[dict[str, Any]] | None = None
        self._usage: dict[str, int] = {}
        self.gave_up = ""
        """Why the model was given up, until the business was told of the call back; else empty."""
        self._cost: dict[str, Any] = {}

    def add_turn(self, note: notes.TurnEnded, now: float) -> None:
        """A turn is over."""
        self._turns.append(note.about)

    def add_event(self, note: Note, now: float) -> None:
        """Something happened."""
        self._events.append({"at": now, "kind": note.kind, **note.about})

    def give_up(self, note: notes.GaveUp, now: float) -> None:
        """There is no model any more."""
        self.add_event(note, now)
        self.gave_up = str(note.about.get("cause") or "the model is away")

    def set_transcript(self, note: notes.Heard, now: float) -> None:
        """What was said, as heard."""
        self._transcript = [{"role": role, "content": text} for role, text in note.transcript]

    def add_usage(self, note: notes.Usage, now: float) -> None:
        """What a response used."""
        for name in ("input_tokens", "output_tokens"):
            self._usage[name] = self._usage.get(name, 0) + int(note.usage.get(name) or 0)

    def set_cost(self, note: notes.Cost, now: float) -> None:
        """What the call has cost; what it grew by is counted."""
        before, self._cost = self._cost, note.cost
        CALL_COST.inc(max(0.0, note.cost["usd"] - before.get("usd", 0.0)))
        for modality, used in note.cost["tokens"].items():
            was = before.get("tokens", {}).get(modality, {})
            for direction, tokens in used.items():
                grown = max(0, tokens - was.get(direction, 0))
                metrics.MODEL_TOKENS.labels(modality, direction).inc(grown)

    def count_from(self, cost: dict[str, Any]) -> None:
        """The call goes on: so much was counted before."""
        self._cost = cost

    def fields(self) -> dict[str, Any]:
        """Fields of the call's summary."""
        return {**self._usage, **({"cost": self._cost} if self._cost else {})}

    def end(self, transcript: list[dict[str, Any]]) -> None:
        """The socket is closed; this is what was said."""
        self._transcript = transcript or None

    def write(self, store: CallStore) -> None:
        """Write what was gathered; what cannot be written is kept. Raises `Unavailable`."""
        turns, self._turns = self._turns, []
        events, self._events = self._events, []
        transcript, self._transcript = self._transcript, None
        try:
            if transcript is not None:
                store.set_transcript(self._call_id, transcript)
                transcript = None
            if turns:
                store.append_turn(self._call_id, *turns)
                turns = []
            if events:
                store.add_event(self._call_id, *events)
                events = []
        finally:
            self._turns[:0] = turns
            self._events[:0] = events
            if self._transcript is None:
                self._transcript = transcript
