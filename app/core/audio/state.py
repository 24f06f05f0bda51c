"""What an audio call knows: the ground of `app.core.audio.call.AudioCall`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.core.agent.definition import Agent
from app.core.audio.barge_in import BargeIn
from app.core.audio.frames import Gatherer, RecentAudio
from app.core.audio.levels import LineLevels
from app.core.audio.playback import Playback
from app.core.audio.prerecorded import VoiceLines
from app.core.audio.session import AudioModel
from app.core.audio.transcript import SpokenRecord
from app.core.call.cost import Ledger
from app.core.call.events import Action, Note, SaveState, ToPhone
from app.core.call.pending_action import PendingAction
from app.core.call.tool_calls import ToolCalls
from app.core.call.turns import Turn
from app.core.language.backchannel import Floor
from app.protocol.twilio import Writer

#: Segments of the caller's speech remembered by item id.
SEGMENTS = 32
#: A side effect waits so long for the words it was asked for with.
WORDS_FOR_WRITES_S = 1.5
#: Items in the queue of this prefix are lines of ours, unknown to the model's session.
LINE = "line:"


class Codec(Protocol):
    """Converts between the telephone's mu-law and what the model takes. A stream is one item."""

    def up(self, audio: bytes) -> bytes:
        """mu-law to the model's format."""

    def down(self, stream: str, audio: bytes) -> bytes:
        """The model's format to mu-law; what is held back comes with the next piece or `end`."""

    def end(self, stream: str) -> bytes:
        """The stream is over: the rest of it."""


@dataclass(slots=True)
class Segment:
    """One sound of the caller's, from its begin to its words.

    `begin` is its position in the caller's audio, `start_ms` the time voice detection gave.
    `remark` is true where the agent went on speaking over it.
    """

    item_id: str
    at: float
    start_ms: int = 0
    begin: int = 0
    floor: Floor = Floor.CALLER
    seconds: float = 0.0
    text: str = ""
    final: bool = False
    committed: bool = False
    committed_at: float = 0.0
    remark: bool = False
    answered: bool = False


class AudioGround:
    """The state of one call, and the smallest things done with it."""

    def __init__(
        self,
        call_id: str,
        agent: Agent,
        ledger: Ledger,
        *,
        lines: Mapping[str, bytes] | None = None,
        codec: Codec | None = None,
    ) -> None:
        audio = agent.audio
        self.call_id = call_id
        self.agent = agent
        self.ledger = ledger
        self.codec = codec
        self.out: list[Action] = []
        self.writer: Writer | None = None
        self.model = AudioModel({}, self.out)
        self.tools = ToolCalls(call_id)
        self.play = Playback(audio.lead_ms)
        self.barge = BargeIn(audio.barge_in, agent.turn_taking)
        self.levels = LineLevels()
        self.gather = Gatherer(audio.gather_ms)
        self.recent = RecentAudio()
        self.record = SpokenRecord()
        self.lines = VoiceLines(agent, lines or {})
        self.turn: Turn | None = None
        self.pending: PendingAction | None = None
        self.details: dict[str, Any] = {}
        self.started_at = 0.0
        self.speaking = False
        self.caller_spoke_at = 0.0
        self.segment: Segment | None = None
        self.segments: dict[str, Segment] = {}
        #: The sounds that `barge` is deciding about, or has decided about last.
        self.undecided: list[Segment] = []
        #: Position in the caller's audio from which the next session has to hear it; None where the
        #: present one has heard all.
        self.unheard_from: int | None = 0
        self.interrupted_at: float | None = None
        self.interruptions = 0
        self.turns = 0
        self.quiet_since: float | None = None
        self.idle_prompts = 0
        self.digits = ""
        self.digits_at = 0.0
        self.late: list[str] = []
        self.line_count = 0
        self.settled: set[str] = set()
        self.ending_by: float | None = None
        self.ended = False
        #: How the call ends, for whoever is asked what to do with the line afterwards.
        self.ending: dict[str, str] | None = None
        self.time_up = False
        self.draining = False
        self.dropped = False

    def _pump(self, now: float, *, beat: bool = False) -> None:
        """Send what is due; `beat` with each frame of the phone's."""
        writer = self.writer
        if writer is None:
            return
        for piece in self.play.due(now, beat=beat):
            frame = writer.mark(piece) if isinstance(piece, str) else writer.media(piece)
            self.out.append(ToPhone(frame))

    def _clear(self) -> None:
        if self.writer is not None:
            self.out.append(ToPhone(self.writer.clear()))

    def _note(self, kind: str, **about: Any) -> None:
        self.out.append(Note(kind, about))

    def _note_heard(self) -> None:
        """The transcript as heard has changed."""
        self._note("heard", transcript=self.record.as_heard())

    def _play_line(self, text: str, now: float, otherwise: bytes | None = None) -> bool:
        """Play a line of the agent's in its kept voice, else `otherwise`; whether it was said."""
        audio = self.lines.get(text)
        said = audio is not None
        audio = audio or otherwise
        if audio is None:
            return False
        self.line_count += 1
        item_id = f"{LINE}{self.line_count}"
        if said:
            self.record.begin(item_id, "agent", now).text = text
        self.play.add(item_id, audio)
        self.play.end(item_id)
        self._pump(now)
        return said

    def _told(self, turn: Turn, ended: str, now: float) -> None:
        """The turn is over."""
        turn.complete = True
        turn.wait("nothing", now)
        self.turns += 1
        first = None if turn.first_at is None else round((turn.first_at - turn.asked_at) * 1000, 1)
        self._note(
            "turn",
            response_id=turn.response_id,
            ended=ended,
            asked_at=turn.asked_at,
            first_ms=first,
            total_ms=round((now - turn.asked_at) * 1000, 1),
            text=turn.sent.strip(),
            tools=list(turn.tools),
        )
        self.out.append(SaveState())

    def _write_at(self) -> float:
        """When side effects may be committed.

        A cool-down after the last interruption's speech; and what the caller said last must be
        known in words, for whoever asks whether they agreed. Words that do not come are not waited
        for long.
        """
        at = 0.0
        if self.interrupted_at is not None:
            if self.speaking:
                return float("inf")
            cooldown = self.agent.turn_taking.cooldown_ms / 1000
            at = max(self.interrupted_at, self.caller_spoke_at) + cooldown
        last = next(reversed(self.segments.values()), None)
        awaited = last is not None and last.committed and not last.final
        if last is not None and awaited and self.agent.audio.transcription is not None:
            at = max(at, last.committed_at + WORDS_FOR_WRITES_S)
        return at
