"""The caller's sounds in an audio call: when they began, what they were, what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.core.agent.audio import ServerVad
from app.core.agent.definition import Agent
from app.core.audio.hearing.barge_in import BargeIn
from app.core.audio.hearing.silence import NoiseWatch
from app.core.language.backchannel import Floor
from app.protocol import realtime
from app.protocol.twilio import BYTES_PER_MS

#: Segments of the caller's speech remembered by item id.
SEGMENTS = 32
#: A side effect waits so long for the words it was asked for with.
WORDS_FOR_WRITES_S = 1.5
#: How long the words of a sound are waited for before the call ends without them.
WORDS_S = 2.5
#: Voice detection tells of a sound this long after it began, beside its own padding.
DETECTION_MS = 200


@dataclass(slots=True)
class Segment:
    """One sound of the caller's, from its begin to its words.

    `begin` is its position in the caller's audio, `start_ms` the time voice detection gave.
    `remark` is true where the agent went on speaking over it, `noise` where it was taken for the
    line's, and is answered only once it has words.
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
    noise: bool = False
    answered: bool = False


@dataclass(slots=True)
class Sounds:
    """`speaking` is true between the begin and the end of a sound; `segment` is the newest one;
    `undecided` are those that `barge` decides about, or has decided about last; `noise` tells
    whether the caller can be heard at all."""

    agent: Agent
    barge: BargeIn
    noise: NoiseWatch
    speaking: bool = False
    segment: Segment | None = None
    segments: dict[str, Segment] = field(default_factory=dict)
    undecided: list[Segment] = field(default_factory=list)

    @property
    def transcribed(self) -> bool:
        """Whether the words of a sound will be known."""
        return self.agent.audio.transcription is not None

    def begin(self, event: realtime.SpeechStarted, heard_bytes: int, now: float) -> Segment:
        """A sound has begun; `heard_bytes` of the caller's audio have come so far."""
        detection = self.agent.audio.turn_detection
        padding = detection.prefix_padding_ms if isinstance(detection, ServerVad) else 0
        begin = max(0, heard_bytes - (padding + DETECTION_MS) * BYTES_PER_MS)
        segment = Segment(event.item_id, now, event.audio_start_ms, begin)
        self.speaking, self.segment = True, segment
        self.noise.sound_began(now)
        segment.noise = segment.remark = self.noise.noisy
        if not self.barge.deciding:
            self.undecided.clear()
        self.segments[event.item_id] = segment
        if len(self.segments) > SEGMENTS:
            del self.segments[next(iter(self.segments))]
        return segment

    def of(self, item_id: str, now: float, *, committed: bool = False) -> Segment:
        """The sound of that item; a new one where its begin was not told."""
        segment = self.segments.get(item_id)
        if segment is None:
            segment = self.segments[item_id] = Segment(item_id, now, committed=committed)
        return segment

    def judged(self, *, remark: bool) -> list[Segment]:
        """It is decided what the newest sounds are; they are returned."""
        sounds = self.undecided or ([self.segment] if self.segment is not None else [])
        for segment in sounds:
            segment.remark = remark
        return sounds

    def ignore(self) -> None:
        """The newest sounds are the line's, until they have words."""
        for segment in self.judged(remark=True):
            segment.noise = True
        self.speaking = False
        self.barge.abandon()

    def wordless(self) -> list[Segment]:
        """The newest speech that is an item of the session's, and whose words are not known."""
        return [s for s in self.segments.values() if s.committed and not s.final and not s.remark]

    def words_awaited(self, spoke_at: float, now: float) -> bool:
        """Whether the words of a sound are still to come and worth waiting for."""
        segment = self.segment
        if self.speaking:
            return True
        if segment is None or segment.final or not self.transcribed:
            return False
        return not segment.answered and now - spoke_at < WORDS_S

    def words_known_at(self) -> float:
        """When the words of what the caller said last are waited for no longer; 0 for at once."""
        last = next(reversed(self.segments.values()), None)
        if last is None or not last.committed or last.final or not self.transcribed:
            return 0.0
        return last.committed_at + WORDS_FOR_WRITES_S

    def forget_session(self) -> None:
        """The session is gone: it will not tell how the sound ends."""
        self.speaking = False
        self.noise.session_gone()
        self.barge.abandon()
