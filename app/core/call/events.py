"""What goes into a call's decisions, and what comes out of them.

A call is a function of its events: the same events at the same times give the same actions. The
flight record is made of both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from app.core.call.notes import Note
from app.protocol.twilio import Frame, Malformed

StepInKind = Literal["say", "instruct", "transfer", "end", "mute"]


@dataclass(frozen=True, slots=True)
class FromRetell:
    """A frame on Retell's socket, as received."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class ModelOpened:
    """The model session `session` (a number counted per call) is connected, and empty."""

    session: int


@dataclass(frozen=True, slots=True)
class FromModel:
    """An event of the model session, as received."""

    session: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class ModelLost:
    """The model session ended or could not be opened. `fatal`: another attempt cannot help."""

    session: int
    code: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class ToolDone:
    """A tool call ended. `output` is the JSON object the model gets."""

    tool_call_id: str
    ok: bool
    output: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StepIn:
    """Somebody at the console steps into the call.

    `say` speaks `text`; `instruct` gives it to the model for the rest of the call; `transfer` hands
    the caller to `number`, `end` hangs up, both after `text`; `mute` takes the tool `text` from the
    model. `by` is who it was.
    """

    kind: StepInKind
    text: str = ""
    number: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A deadline that was asked for has passed."""


@dataclass(frozen=True, slots=True)
class Drain:
    """The process must end soon."""


# What comes and goes fifty times a second is not frozen: that would double what making it costs.


@dataclass(slots=True)
class FromPhone:
    """A frame on the media stream of a telephone or a browser."""

    frame: Frame | Malformed


Event = (
    FromRetell | FromPhone | ModelOpened | FromModel | ModelLost | ToolDone | StepIn | Tick | Drain
)


@dataclass(frozen=True, slots=True)
class ToRetell:
    """Send a frame to Retell."""

    frame: bytes


@dataclass(slots=True)
class ToModel:
    """Send an event to the model session of that number, if it is still the one.

    `audio` is how many bytes of the caller's audio it carries, 0 for any other event.
    """

    session: int
    raw: bytes
    audio: int = 0


@dataclass(frozen=True, slots=True)
class OpenModel:
    """Open a new model session after `delay` seconds."""

    session: int
    delay: float


@dataclass(frozen=True, slots=True)
class CloseModel:
    """Close that model session."""

    session: int


@dataclass(frozen=True, slots=True)
class RunTool:
    """Have a worker run a tool, at most once for `key`. It must answer in `deadline` seconds."""

    tool_call_id: str
    name: str
    arguments: dict[str, Any]
    key: str
    deadline: float


@dataclass(frozen=True, slots=True)
class SaveState:
    """The state changed in a way that must survive this process."""


@dataclass(frozen=True, slots=True)
class DropSocket:
    """Drop the caller's socket without a close frame, so that it is connected again."""


@dataclass(slots=True)
class ToPhone:
    """Send a frame to the telephone or browser: `audio` bytes of sound, a `mark`, or a clear."""

    frame: str
    audio: int = 0
    mark: str = ""


@dataclass(frozen=True, slots=True)
class EndCall:
    """End the media stream: hang up, or hand the caller to `number`, which is of `target`.

    `say` is what the caller still has to be told, in whatever voice there is.
    """

    kind: Literal["end", "transfer"]
    number: str = ""
    say: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class KeepLine:
    """A line of the agent's, spoken by its voice: mu-law audio to keep for later calls."""

    text: str
    audio: bytes = field(repr=False)


Action = (
    ToRetell
    | ToPhone
    | ToModel
    | OpenModel
    | CloseModel
    | RunTool
    | SaveState
    | DropSocket
    | EndCall
    | KeepLine
    | Note
)
#: What a decision gives: actions, in the order in which they are performed.
Actions = list[Action]
