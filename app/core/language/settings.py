"""What an agent's file may set about understanding, with the documented defaults.

The functions of this package take these dataclasses or anything with the same attributes
(`IntentOptions`, `BackchannelOptions`), so the agent's own settings models can be passed as they
are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Literal, Protocol

NextWeekday = Literal["following", "coming"]
"""What "next Friday" means on a Tuesday: Friday of the `following` week, or the `coming` one."""


class IntentOptions(Protocol):
    """The part of an agent's intent settings that the engine reads."""

    @property
    def act_threshold(self) -> float: ...
    @property
    def high_stakes(self) -> Sequence[str]: ...
    @property
    def custom(self) -> Mapping[str, Sequence[str]]: ...


@dataclass(frozen=True)
class DefaultIntents:
    """`IntentOptions` where no agent's file says otherwise. Confidences from 0 to 1."""

    act_threshold: float = 0.75
    """An intent at or above this confidence may lead to its action."""
    high_stakes: tuple[str, ...] = ("cancel_meeting", "reschedule_meeting")
    """Intents that are complete only when their object was said ("cancel my appointment")."""
    custom: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The agent's own intents: name -> phrases that mean it, as callers say them."""


class BackchannelOptions(Protocol):
    """The part of `BackchannelSettings` that `backchannel.classify` reads."""

    @property
    def backchannels(self) -> Sequence[str] | None: ...
    @property
    def interrupts(self) -> Sequence[str] | None: ...


@dataclass(frozen=True)
class BackchannelSettings:
    """Which short remarks leave the agent talking, and which always stop it."""

    backchannels: tuple[str, ...] | None = None
    """Phrases that never interrupt; None is the language's own list, a tuple replaces it."""
    interrupts: tuple[str, ...] | None = None
    """Phrases that always interrupt, whoever has the floor; None is the language's own list."""


@dataclass(frozen=True)
class TimePreferences:
    """How unclear dates and times are read. Every use of it is reported as an assumption.

    A business passes its own hours, so that "at five" means the five o'clock it is open at.
    """

    opens: time = time(7, 0)
    """A bare "half past three" is the reading between `opens` and twelve hours later."""
    closes: time = time(21, 0)
    """Where the other reading lies before `closes` too ("at seven"), the time is ambiguous."""
    next_weekday: NextWeekday = "following"
    day_first: bool = False
    """Whether "3/4" is the third of April."""
    horizon_days: int = 800
    """Dates farther ahead than this are reported as ambiguous."""
