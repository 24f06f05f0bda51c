"""What each of the caller's utterances asks for by itself, for the call's record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.core.language.intent.engine import CANCEL, RESCHEDULE, SCHEDULE, IntentResult
from app.core.language.intent.entities import Slots
from app.core.requests.evidence import BOOK, CALLER, MOVE, Claim, Utterance

Analyse = Callable[[str, int], tuple[IntentResult, Slots]]
"""A final and when it was heard (unix milliseconds) to its intent and slots."""

INTENT_OF = {BOOK: SCHEDULE, MOVE: RESCHEDULE, "cancel": CANCEL}
"""The intent that each kind of request is known by."""

MAX_ANALYSES = 100


def analyses(
    utterances: Sequence[Utterance], analyse: Analyse, last_ms: int
) -> list[dict[str, Any]]:
    """One JSON value for each utterance of the caller's, oldest first. `last_ms` stands for the
    moment of those that cannot be placed in time."""
    out: list[dict[str, Any]] = []
    for said in utterances:
        if said.role != CALLER:
            continue
        at_ms = last_ms if said.at is None else int(said.at.timestamp() * 1000)
        result, slots = analyse(said.text, at_ms)
        out.append(
            {
                "text": said.text,
                "at_ms": at_ms,
                "utterance": said.index,
                "intent": result.intent,
                "confidence": round(result.confidence, 3),
                "complete": result.complete,
                "negated": result.negated,
                "slots": slots.as_json(),
                "reason": result.reason,
            }
        )
    return out[-MAX_ANALYSES:]


def confirms(claim: Claim, found: Sequence[dict[str, Any]], threshold: float) -> bool:
    """Whether the utterance of a request asks for the same by the intent engine, surely enough."""
    return any(
        item["utterance"] == claim.asked.utterance
        and item["intent"] == INTENT_OF[claim.kind]
        and not item["negated"]
        and item["confidence"] >= threshold
        for item in found
    )
