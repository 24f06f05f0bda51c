"""What the caller says, and how Retell's agent settings and people's pace are."""

from __future__ import annotations

from collections.abc import Callable
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


class Plans:
    """What the caller has yet to say. `owed` is true until Retell asks about what was said.

    Armed remarks wait for something the agent does, the others for their turn.
    """

    def __init__(self) -> None:
        self.owed = False
        self._armed: list[Remark] = []
        self._later: list[Remark] = []

    @property
    def done(self) -> bool:
        """True when nothing is left."""
        return not self._later and not self._armed and not self.owed

    def arm(self, remark: Remark) -> None:
        """It waits for something the agent does."""
        self._armed.append(remark)

    def add(self, remark: Remark) -> None:
        """It waits for its turn."""
        self._later.append(remark)

    def next(self) -> Remark | None:
        """Take the remark whose turn it is."""
        return self._later.pop(0) if self._later else None

    def take_armed(self, wanted: Callable[[Remark], bool]) -> Remark | None:
        """Take the first armed remark that waited for this."""
        for remark in self._armed:
            if wanted(remark):
                self._armed.remove(remark)
                return remark
        return None

    def agent_done(self) -> None:
        """The agent has spoken: what waited for more words of its turn comes next."""
        self._later += [remark for remark in self._armed if remark.after_words is not None]
        self._armed = [remark for remark in self._armed if remark.after_words is None]
