"""Loads the intent engine with the weights that ship with the program."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from app.core.language.intent.engine import IntentEngine

WEIGHTS = Path(__file__).parents[2] / "core" / "language" / "intent" / "data" / "intents.bin"
"""Written by ``python -m app train-intents DATA_FOLDER``."""


@cache
def engine() -> IntentEngine:
    """The process's intent engine; without a weights file it works by rules alone."""
    return IntentEngine(WEIGHTS.read_bytes() if WEIGHTS.exists() else None)
