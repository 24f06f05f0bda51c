"""What the caller waits for in a turn, as a table.

    ASKED      the model was asked, and nothing of its answer is there yet
    ANSWERING  its answer is coming
    HEARING    a session was lost with the caller's words: the next one has to hear them (audio)
    TOOL       tools run
    COOLDOWN   tools are held until the caller has been quiet for the cool-down
    PLAYING    the model has said all; the telephone still plays it (audio only)
    OVER       the turn is complete or superseded; it never leaves this state

A retry begins no new wait, so that the ladder goes on where it was: only words are progress.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """See the module."""

    ASKED = "asked"
    ANSWERING = "answering"
    HEARING = "hearing"
    TOOL = "tool"
    COOLDOWN = "cooldown"
    PLAYING = "playing"
    OVER = "over"


class Change(StrEnum):
    """What moves a turn on."""

    ASK = "ask"
    WORDS = "words"
    RUN = "run"
    HOLD = "hold"
    REHEAR = "rehear"
    RETRY = "retry"
    WHOLE = "whole"
    END = "end"


_S, _C = State, Change
_LIVE = (_S.ASKED, _S.ANSWERING, _S.HEARING, _S.TOOL, _S.COOLDOWN, _S.PLAYING)
#: (state, change) -> state, for every pair.
WAITING: dict[tuple[State, Change], State] = {
    **{(state, _C.ASK): _S.ASKED for state in _LIVE},
    **{(state, change): state for state in _LIVE for change in (_C.WORDS, _C.RETRY)},
    **{(state, _C.RUN): _S.TOOL for state in _LIVE},
    **{(state, _C.HOLD): _S.COOLDOWN for state in _LIVE},
    **{(state, _C.REHEAR): _S.HEARING for state in _LIVE},
    **{(state, _C.WHOLE): _S.PLAYING for state in _LIVE},
    **{(state, _C.END): _S.OVER for state in _LIVE},
    **{(_S.OVER, change): _S.OVER for change in Change},
    (_S.ASKED, _C.WORDS): _S.ANSWERING,
    (_S.ANSWERING, _C.RETRY): _S.ASKED,
}


@dataclass(slots=True)
class Wait:
    """Where a turn is. `since` is when its present wait began or last made progress, Unix seconds;
    `steps` of the ladder were taken since then; `retries` and `lost` count for the whole turn.

    `quiet_since` is when the caller last heard something of the turn, be it words or a sign.
    """

    since: float
    quiet_since: float
    state: State = State.ASKED
    steps: int = 0
    retries: int = 0
    lost: int = 0

    @property
    def over(self) -> bool:
        """Whether the turn is complete or superseded."""
        return self.state is State.OVER

    @property
    def answering(self) -> bool:
        """Whether part of the answer was said, and the rest is still to come."""
        return self.state is State.ANSWERING

    @property
    def for_model(self) -> bool:
        """Whether the model's answer, or the rest of it, is waited for."""
        return self.state in (State.ASKED, State.ANSWERING)

    @property
    def for_tools(self) -> bool:
        """Whether tools are waited for."""
        return self.state in (State.TOOL, State.COOLDOWN)

    def on(self, change: Change, now: float) -> None:
        """The turn moves on: what it waits for begins now. Held tools that run are no new wait."""
        before, self.state = self.for_tools, WAITING[self.state, change]
        if not (before and self.for_tools):
            self.since, self.steps = now, 0

    def retry(self) -> None:
        """The answer is asked for again."""
        self.state = WAITING[self.state, Change.RETRY]

    def words(self, now: float) -> None:
        """Words of the answer have come. Called for each delta: once it is answering, a turn
        stays so, and the table need not be asked."""
        self.quiet_since = now
        if self.state is not State.ANSWERING:
            self.state = WAITING[self.state, Change.WORDS]
            if self.state is not State.ANSWERING:
                return
        self.since, self.steps = now, 0

    def sign(self, now: float) -> None:
        """The caller has heard that somebody is there."""
        self.quiet_since = now
