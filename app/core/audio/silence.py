"""A caller who says nothing: when they are asked whether they are there, and when let go."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.agent.definition import Agent


@dataclass(slots=True)
class Silence:
    """`since` is when both sides fell silent, None while somebody speaks or is about to; `prompts`
    counts how often the caller was asked in vain."""

    agent: Agent
    since: float | None = None
    prompts: int = 0

    @property
    def limit_s(self) -> float:
        """The longest silence."""
        asked = self.agent.turn_taking.reminder_trigger_ms
        return (self.agent.audio.idle_ms if asked is None else asked) / 1000

    def begin(self, now: float) -> None:
        """Nobody speaks any more."""
        if self.since is None:
            self.since = now

    def broken(self, *, answered: bool = False) -> None:
        """Somebody makes a sound; the caller has `answered` once it was words of theirs."""
        self.since = None
        if answered:
            self.prompts = 0

    def over_at(self) -> float | None:
        """When the silence has lasted too long."""
        return None if self.since is None else self.since + self.limit_s

    def prompt(self) -> bool:
        """It has: whether the caller is asked once more."""
        self.since = None
        self.prompts += 1
        asked = self.agent.turn_taking.reminder_max_count
        return self.prompts <= (self.agent.audio.idle_prompts if asked is None else asked)
