"""When a rehearsed caller speaks: after the agent, over the agent, or at a given moment. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.protocol.twilio import FRAME_BYTES, SILENCE
from app.rehearsal.twilio_phone.sounds import Utterance


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance and its cue.

    `after_quiet` seconds of the agent's silence, once the agent has said something since the line
    before; or `over`: that many seconds into the agent's speech; or `at` seconds of the call.
    """

    utterance: Utterance
    after_quiet: float = 1.0
    over: float | None = None
    at: float | None = None


#: A silence that callers end, even if they know that the agent has not answered yet.
PATIENCE_S = 8.0


@dataclass
class Mouth:
    """Gives the caller's next frame. `hang_up_after` is the silence after the last line.

    Times are seconds of the stream. `is_my_turn` says whether the agent has finished, if that is
    known by more than its silence; it is asked only once the agent has been silent long enough.
    """

    lines: deque[Line]
    hang_up_after: float | None = 6.0
    is_my_turn: Callable[[], bool] = lambda: True
    said: bytearray = field(default_factory=bytearray)
    speaking: Utterance | None = None
    begun_at: float = 0.0
    """When the present utterance's voice began, in seconds of the call."""
    over_agent: bool = False
    """Whether the agent was audible then."""
    _offset: int = 0
    _agent_spoke: bool = False
    _agent_since: float | None = None
    _quiet_since: float = 0.0

    def frame(self, now: float, agent_audible: bool) -> bytes:
        """The next 20 ms, at `now` seconds of the call."""
        self._listen(now, agent_audible)
        if self.speaking is None and self.lines and self._cue(self.lines[0], now):
            self.speaking, self._offset = self.lines.popleft().utterance, 0
            self.begun_at = 0.0
        out = SILENCE * FRAME_BYTES
        if self.speaking is not None:
            utterance = self.speaking
            if not self.begun_at and self._offset >= utterance.voice_begins:
                self.begun_at, self.over_agent = now, agent_audible
            piece = utterance.audio[self._offset : self._offset + FRAME_BYTES]
            out = piece.ljust(FRAME_BYTES, SILENCE)
            self._offset += FRAME_BYTES
            if self._offset >= len(utterance.audio):
                self.speaking = None
                self._agent_spoke = self._agent_since is not None
                self._quiet_since = now
        self.said += out
        return out

    def _listen(self, now: float, audible: bool) -> None:
        if audible:
            if self._agent_since is None:
                self._agent_since = now
            self._agent_spoke = True
            self._quiet_since = now
        elif now - self._quiet_since > 0.3:
            self._agent_since = None

    def _cue(self, line: Line, now: float) -> bool:
        if line.at is not None:
            return now >= line.at
        if line.over is not None:
            return self._agent_since is not None and now - self._agent_since >= line.over
        return self._agent_spoke and self._is_quiet(now, line.after_quiet)

    def _is_quiet(self, now: float, seconds: float) -> bool:
        quiet = now - self._quiet_since
        return quiet >= seconds and (quiet >= seconds + PATIENCE_S or self.is_my_turn())

    def done(self, now: float) -> bool:
        """Whether all was said and the agent has been silent long enough to hang up."""
        if self.lines or self.speaking is not None or self.hang_up_after is None:
            return False
        return self._is_quiet(now, self.hang_up_after)
