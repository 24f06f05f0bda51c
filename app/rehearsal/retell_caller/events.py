"""What happens on a rehearsed call, for those who watch: the terminal, the scenario, the bench.

Times are seconds on the clock that the line is driven with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Connected:
    """A socket is open; `attempt` counts the sockets of this call from 1."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Refused:
    """An attempt to connect failed."""

    why: str


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """The socket is gone and Retell opens another."""

    why: str


@dataclass(frozen=True, slots=True)
class Word:
    """One word was spoken. `first` is true at the beginning of an utterance."""

    role: str
    word: str
    first: bool


@dataclass(frozen=True, slots=True)
class CallerDone:
    """The caller's turn is over."""

    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Retell asked for a response."""

    response_id: int
    reminder: bool
    early: bool


@dataclass(frozen=True, slots=True)
class AgentDone:
    """The agent's turn is over: spoken to its end, or cut off.

    `text` is what was spoken. `first_frame` is the time from the request to the first frame with
    content, `first_sentence` to the text at which speech can start; None where there was none.
    """

    id: int
    text: str
    cut: bool
    interrupt: bool
    first_frame: float | None
    first_sentence: float | None


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The server told of a tool call. `arguments` is a JSON object as text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """The server told of a tool's result; `took` is since the call was told."""

    id: str
    name: str
    content: str
    successful: bool | None
    took: float


@dataclass(frozen=True, slots=True)
class ActionDone:
    """Retell carried out an action: `end_call`, `transfer_call +1…`, `press_digit 1`."""

    action: str


@dataclass(frozen=True, slots=True)
class ActionLost:
    """The caller's barge-in undid an action that waited for the end of the speech."""

    action: str


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """The server changed Retell's turn-taking settings."""

    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stale:
    """Content for an id that is not, or no longer, the one to speak; Retell drops it.

    `late` is the time since the id was superseded, None for an id that was never asked or is
    complete.
    """

    id: int
    content: str
    late: float | None


@dataclass(frozen=True, slots=True)
class Fault:
    """The server broke the protocol: Retell drops the frame, or would speak it wrongly."""

    what: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """An answer is owed, and nothing could be spoken for as long as the line's patience."""

    response_id: int
    waited: float


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over, with Retell's `disconnection_reason`."""

    reason: str


Event = (
    Connected
    | Refused
    | Reconnecting
    | Word
    | CallerDone
    | Asked
    | AgentDone
    | ToolCalled
    | ToolReturned
    | ActionDone
    | ActionLost
    | SettingsChanged
    | Stale
    | Fault
    | NoAnswer
    | Ended
)
