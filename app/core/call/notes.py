"""What is worth telling of a call: for its record, the logs, the metrics, and the page it is on.

A note decides nothing. `about` gives its members as JSON values; members that do not apply are
left out. What each note leads to is in one table, `app.bridges.channels.note_uses`.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened. `kind` is the name it has in records and on pages."""

    kind: ClassVar[str] = ""

    @property
    def about(self) -> dict[str, Any]:
        """The members as JSON values."""
        members: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None or one.default is MISSING:
                members[one.name] = value
        return members


@dataclass(frozen=True, slots=True)
class TurnEnded(Note):
    """A request for speech is over. `first_ms` is None where nothing was said for it, `sentence_ms`
    where no sentence of it was complete before its end; both count from the request. `pause_ms` is
    how long the caller had been silent at the request, None where they had not spoken.

    `lost` counts the model's sessions that were lost while the caller waited for it.
    """

    kind: ClassVar[str] = "turn"
    response_id: int
    ended: str
    asked_at: float
    first_ms: float | None
    total_ms: float
    text: str
    tools: list[str]
    lost: int | None = None
    sentence_ms: float | None = None
    pause_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Heard(Note):
    """The conversation as heard, [role, words] each."""

    kind: ClassVar[str] = "heard"
    transcript: list[list[str]]
    response_id: int | None = None


@dataclass(frozen=True, slots=True)
class BargeIn(Note):
    """The caller took the floor. `left_ms` is how much of the agent's speech was still to play."""

    kind: ClassVar[str] = "barge_in"
    response_id: int | None = None
    why: str | None = None
    left_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Backchannel(Note):
    """The caller made a remark into the agent's speech, which goes on."""

    kind: ClassVar[str] = "backchannel"
    response_id: int | None = None
    why: str | None = None
    left_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Muted(Note):
    """The agent fell silent until it is known what the caller's sound is."""

    kind: ClassVar[str] = "muted"
    left_ms: int


@dataclass(frozen=True, slots=True)
class CallerAudio(Note):
    """The last of the caller's voice when a sound was decided about: mu-law in base64."""

    kind: ClassVar[str] = "caller_audio"
    why: str
    pcmu: str


@dataclass(frozen=True, slots=True)
class DigitPressed(Note):
    """The caller pressed a key; which one is nobody's business."""

    kind: ClassVar[str] = "digit"


@dataclass(frozen=True, slots=True)
class CallerIdle(Note):
    """The caller has said nothing for a while."""

    kind: ClassVar[str] = "idle"
    prompts: int


@dataclass(frozen=True, slots=True)
class NoisyLine(Note):
    """Sounds without words hold the agent back: it speaks in spite of them. `prompts` counts how
    often the caller was asked to speak up since their last words."""

    kind: ClassVar[str] = "noisy_line"
    prompts: int


@dataclass(frozen=True, slots=True)
class TranscriptionFailed(Note):
    """The words of something the caller said are not known."""

    kind: ClassVar[str] = "transcription_failed"
    item_id: str


@dataclass(frozen=True, slots=True)
class CallDetailsGiven(Note):
    """What Retell knows about the call."""

    kind: ClassVar[str] = "call_details"
    call: dict[str, Any]

    @property
    def about(self) -> dict[str, Any]:
        """The details themselves."""
        return self.call


@dataclass(frozen=True, slots=True)
class HoldingLine(Note):
    """Something was said while the caller waits; `why` is the step of the ladder."""

    kind: ClassVar[str] = "holding_line"
    why: str


@dataclass(frozen=True, slots=True)
class ResponseStalled(Note):
    """The model has said nothing for too long."""

    kind: ClassVar[str] = "response_stalled"
    step: str


@dataclass(frozen=True, slots=True)
class ResponseFailed(Note):
    """A response ended without an answer; `retries` were made before."""

    kind: ClassVar[str] = "response_failed"
    why: str
    retries: int


@dataclass(frozen=True, slots=True)
class ResponseIncomplete(Note):
    """A response ended before its end."""

    kind: ClassVar[str] = "response_incomplete"
    reason: str


@dataclass(frozen=True, slots=True)
class TextAnswer(Note):
    """The model answered in writing where it should have spoken."""

    kind: ClassVar[str] = "text_answer"
    chars: int


@dataclass(frozen=True, slots=True)
class GaveUp(Note):
    """There is no answer to be had from the model; the caller gets an apology."""

    kind: ClassVar[str] = "gave_up"
    response_id: int
    cause: str


@dataclass(frozen=True, slots=True)
class ModelLost(Note):
    """A session ended or could not be opened."""

    kind: ClassVar[str] = "model_lost"
    code: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class ModelReopened(Note):
    """A session was given up for another."""

    kind: ClassVar[str] = "model_reopened"
    why: str


@dataclass(frozen=True, slots=True)
class ModelRenewal(Note):
    """A fresh session is opened before the present one expires."""

    kind: ClassVar[str] = "model_renewal"


@dataclass(frozen=True, slots=True)
class ModelRefused(Note):
    """The model's server refused an event of ours; `about_event` says what it was for."""

    kind: ClassVar[str] = "model_error"
    code: str
    about_event: str


@dataclass(frozen=True, slots=True)
class WrongFormat(Note):
    """The model's server takes or gives another audio format than was asked for."""

    kind: ClassVar[str] = "wrong_format"
    side: str
    told: str
    wanted: str


@dataclass(frozen=True, slots=True)
class AudioLost(Note):
    """Caller audio that no session ever heard."""

    kind: ClassVar[str] = "audio_lost"
    ms: int


@dataclass(frozen=True, slots=True)
class AudioFedAgain(Note):
    """Caller audio that a new session was given again."""

    kind: ClassVar[str] = "audio_fed_again"
    ms: int


@dataclass(frozen=True, slots=True)
class ToolAsked(Note):
    """The model called a tool."""

    kind: ClassVar[str] = "tool_asked"
    name: str
    tool_call_id: str


@dataclass(frozen=True, slots=True)
class ToolAnswered(Note):
    """A tool has answered."""

    kind: ClassVar[str] = "tool_done"
    name: str
    ok: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class ToolSuperseded(Note):
    """A tool was not run: the caller spoke on."""

    kind: ClassVar[str] = "tool_superseded"
    name: str
    tool_call_id: str


@dataclass(frozen=True, slots=True)
class ActionTakenBack(Note):
    """A transfer or hang-up does not happen: the caller spoke into it."""

    kind: ClassVar[str] = "action_taken_back"
    action: str


@dataclass(frozen=True, slots=True)
class CallEnding(Note):
    """The call is ended by us; `how` is ``end`` or ``transfer``."""

    kind: ClassVar[str] = "ending"
    how: str


@dataclass(frozen=True, slots=True)
class Usage(Note):
    """What one response used, as the model's server counts it."""

    kind: ClassVar[str] = "usage"
    usage: dict[str, Any]

    @property
    def about(self) -> dict[str, Any]:
        """The server's own members."""
        return self.usage


@dataclass(frozen=True, slots=True)
class Cost(Note):
    """What the call has used and cost so far."""

    kind: ClassVar[str] = "cost"
    cost: dict[str, Any]

    @property
    def about(self) -> dict[str, Any]:
        """The account itself."""
        return self.cost


@dataclass(frozen=True, slots=True)
class BudgetReached(Note):
    """The call has cost what the agent's file warns of, or ends it at."""

    kind: ClassVar[str] = "budget"
    alarm: str
    usd: float


@dataclass(frozen=True, slots=True)
class CallResumed(Note):
    """The call goes on on a new socket."""

    kind: ClassVar[str] = "resumed"


@dataclass(frozen=True, slots=True)
class BadFrame(Note):
    """A frame that could not be read; nothing was done."""

    kind: ClassVar[str] = "bad_frame"
    error: str


@dataclass(frozen=True, slots=True)
class BadEvent(Note):
    """An event of the model's that could not be read; nothing was done."""

    kind: ClassVar[str] = "bad_event"
    error: str


@dataclass(frozen=True, slots=True)
class UnknownFrame(Note):
    """A frame of a type this program does not know."""

    kind: ClassVar[str] = "unknown_frame"
    type: str


@dataclass(frozen=True, slots=True)
class StaleRequest(Note):
    """A request for speech that is older than the one being answered."""

    kind: ClassVar[str] = "stale_request"
    response_id: int


@dataclass(frozen=True, slots=True)
class MarksMissing(Note):
    """The telephone has not told in time that it played what it was sent."""

    kind: ClassVar[str] = "marks_missing"
