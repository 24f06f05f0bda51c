"""The `recording:` part of an agent's file: whether spoken calls are recorded, and for how long."""

from __future__ import annotations

from pydantic import Field

from app.core.agent.parts import Part

DAY_S = 86_400


class RecordingSettings(Part):
    """Off unless `enabled`. The caller is told by `announcement`, with which the greeting begins;
    nothing is recorded before it. `days` is how long a recording is kept, at most as long as what
    else is known of its call."""

    enabled: bool = False
    days: int = Field(default=7, ge=1, le=366)
    announcement: str = Field(default="This call is recorded.", min_length=1, max_length=500)

    @property
    def keep_s(self) -> int:
        """How long a recording is kept, in seconds."""
        return self.days * DAY_S

    def announce(self, greeting: str) -> str:
        """The greeting, with the announcement before it where calls are recorded."""
        return f"{self.announcement} {greeting}".strip() if self.enabled else greeting
