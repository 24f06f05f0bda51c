"""What the caller says, and how Retell's agent settings and people's pace are."""

from __future__ import annotations

from dataclasses import dataclass

from app.rehearsal.retell_caller.transcript import Heard


@dataclass(frozen=True, slots=True)
class LineSettings:
    """Retell's agent settings, and how fast people talk. `word_s` 0 speaks without delay.

    `asks_again`: a request that nothing was spoken for is sent again after a reconnect. Whether
    Retell does so is not documented; by default only what never left is sent.
    """

    word_s: float = 60 / 190
    end_of_turn_s: float = 0.3
    reminder_s: float = 10.0
    reminder_count: int = 1
    patience_s: float = 20.0
    reconnect_s: float = 0.5
    inactivity_s: float = 600.0
    asks_again: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Something the caller says. `docs/scenarios.md` describes its modifiers."""

    text: str
    request: bool = True
    early: int | None = None
    after_words: int | None = None
    after_tool: str | None = None

    @property
    def armed(self) -> bool:
        """True if it waits for something the agent does."""
        return self.after_words is not None or self.after_tool is not None


class Speaking:
    """A remark while it is spoken."""

    def __init__(self, remark: Remark, heard: Heard) -> None:
        self.remark = remark
        self.heard = heard
        self.words = remark.text.split()
        self.spoken = 0
