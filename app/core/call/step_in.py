"""Somebody at the console steps into a call: what that means on every channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from app.core.call.ending import Ending
from app.core.call.events import StepIn
from app.core.call.notes import Note
from app.core.call.state import CallState

#: Instructions that one call takes; the oldest leave first.
MOST_GUIDANCE = 20


@dataclass(frozen=True, slots=True)
class SteppedIn(Note):
    """Somebody at the console did something in the call."""

    kind: ClassVar[str] = "stepped_in"
    did: str
    text: str
    by: str


def noted(event: StepIn) -> SteppedIn:
    """The note of it."""
    return SteppedIn(event.kind, event.text or event.number, event.by)


def guide(state: CallState, event: StepIn) -> bool:
    """Keep what changes the model's session for the rest of the call; False for anything else."""
    if event.kind == "instruct":
        state.guidance = (*state.guidance, event.text)[-MOST_GUIDANCE:]
    elif event.kind == "mute":
        state.muted = tuple(dict.fromkeys((*state.muted, event.text)))
    return event.kind in ("instruct", "mute")


def begin(ending: Ending, event: StepIn) -> str:
    """Make the end that was asked for pending, if any; the line to be said now."""
    lines = ending.agent.lines
    if event.kind == "end":
        return ending.say_goodbye(event.text or lines.goodbye).line
    if event.kind == "transfer":
        return ending.hand_over(event.text or lines.transfer, event.number).line
    return event.text


def with_guidance(session: dict[str, Any], state: CallState) -> dict[str, Any]:
    """The model's session with what the console changed."""
    if state.muted:
        tools = [tool for tool in session["tools"] if tool.get("name") not in state.muted]
        session = {**session, "tools": tools}
    if state.guidance:
        told = "\n".join(f"- {text}" for text in state.guidance)
        heading = "The business tells you during this call; follow it from now on:"
        session = {**session, "instructions": f"{session['instructions']}\n\n{heading}\n{told}"}
    return session
