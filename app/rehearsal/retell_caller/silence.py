"""What Retell does when nobody speaks: reminders after a while, the end of the call after long.

Source: Retell's agent settings `reminder_trigger_ms`, `reminder_max_count` and
`end_call_after_silence_ms`, and the frame `update_agent`.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.rehearsal.retell_caller.remarks import LineSettings


class Silence:
    """Since when it is quiet, and what follows from that."""

    def __init__(self, settings: LineSettings) -> None:
        self._since: float | None = None
        self._reminded = 0
        self._trigger_s = settings.reminder_s
        self._count = settings.reminder_count
        self._inactivity_s = settings.inactivity_s

    def begins(self, at: float) -> None:
        """Somebody has stopped speaking, and nothing is owed."""
        self._since = at

    def ends(self) -> None:
        """Somebody speaks, or an answer is asked for."""
        self._since = None

    def caller_spoke(self) -> None:
        """The caller speaks: reminders are counted again."""
        self._since, self._reminded = None, 0

    def reminded(self) -> None:
        """A reminder was asked for."""
        self._reminded += 1

    def configure(self, agent_config: Mapping[str, float]) -> None:
        """The server's `update_agent`."""
        if "reminder_trigger_ms" in agent_config:
            self._trigger_s = agent_config["reminder_trigger_ms"] / 1000
        self._count = int(agent_config.get("reminder_max_count", self._count))

    @property
    def reminder_at(self) -> float | None:
        """When a reminder is due."""
        if self._since is None or self._reminded >= self._count:
            return None
        return self._since + self._trigger_s

    @property
    def end_at(self) -> float | None:
        """When the call ends for inactivity."""
        return None if self._since is None else self._since + self._inactivity_s
