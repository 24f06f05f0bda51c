"""Reads a whole call: utterances in, claims with their evidence out. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.requests import agent_side, caller_side
from app.core.requests.evidence import AGENT, Utterance
from app.core.requests.state import Rules, State


def read(utterances: Sequence[Utterance], rules: Rules) -> State:
    """Read everything that was said, in order."""
    state = State(rules, utterances)
    for utterance in utterances:
        if utterance.role == AGENT:
            agent_side.hear(state, utterance)
        else:
            caller_side.hear(state, utterance)
    return state
