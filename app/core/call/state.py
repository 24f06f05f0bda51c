"""What every call knows of itself, whatever its channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.core.agent.definition import Agent
from app.core.call import prompts
from app.core.call.notes import TurnEnded
from app.core.call.turns import Turn
from app.core.call.waiting import State


@dataclass(slots=True)
class CallState:
    """Times are Unix seconds. `turn` is the newest request for speech, be it over or not."""

    agent: Agent
    details: dict[str, Any] = field(default_factory=dict)
    back_note: str = prompts.BACK
    """What the model is told when the call goes on on a new socket."""
    started_at: float = 0.0
    turn: Turn | None = None
    turns: int = 0
    interruptions: int = 0
    interrupted_at: float | None = None
    caller_spoke_at: float = 0.0
    caller_stopped_at: float = 0.0
    """When their last words or sound came to an end, as far as can be told."""
    guidance: tuple[str, ...] = ()
    """What somebody at the console told the model for the rest of the call."""
    muted: tuple[str, ...] = ()
    """Tools that somebody at the console took from the model."""
    draining: bool = False
    """The process leaves: the socket is dropped as soon as nothing is being said."""
    dropped: bool = False

    @property
    def open_turn(self) -> Turn | None:
        """The turn, unless it is over."""
        turn = self.turn
        return None if turn is None or turn.wait.state is State.OVER else turn

    @property
    def is_back(self) -> bool:
        """Whether the caller was put through in vain and is back."""
        return self.back_note != prompts.BACK

    def take_pause(self, now: float) -> float | None:
        """For how many milliseconds the caller has been silent, once for what they said."""
        since, self.caller_stopped_at = self.caller_stopped_at, 0.0
        return round(max(0.0, now - since) * 1000, 1) if since else None

    def end_turn(self, turn: Turn, how: str, now: float) -> TurnEnded:
        """The turn is over."""
        self.turns += 1
        return turn.end(how, now)

    def cooled_down_at(self) -> float:
        """When side effects may be committed: the cool-down after the last interruption's words."""
        if self.interrupted_at is None:
            return 0.0
        cooldown = self.agent.turn_taking.cooldown_ms / 1000
        return max(self.interrupted_at, self.caller_spoke_at) + cooldown

    def summary(self) -> dict[str, Any]:
        """Fields of the call's record."""
        return {
            "agent": self.agent.name,
            "business": self.agent.business,
            "started_at": self.started_at,
            "turns_count": self.turns,
            "caller_spoke_at": self.caller_spoke_at or None,
            "interruptions": self.interruptions,
        }

    def to_state(self) -> dict[str, Any]:
        """Members of the saved call (version 1)."""
        return {
            "started_at": self.started_at,
            "details": self.details,
            "turn": self.turn.to_state() if self.turn else None,
            "interrupted_at": self.interrupted_at,
            "caller_spoke_at": self.caller_spoke_at,
            "interruptions": self.interruptions,
            "turns": self.turns,
            "guidance": self.guidance,
            "muted": self.muted,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `to_state` gave."""
        self.started_at, self.details = state["started_at"], state["details"]
        self.turn = Turn.from_state(state["turn"]) if state["turn"] else None
        self.interrupted_at = state.get("interrupted_at")
        self.caller_spoke_at = state.get("caller_spoke_at", 0.0)
        self.interruptions, self.turns = state["interruptions"], state["turns"]
        self.guidance, self.muted = tuple(state.get("guidance", ())), tuple(state.get("muted", ()))
