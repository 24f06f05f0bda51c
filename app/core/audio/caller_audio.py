"""The caller's audio: kept for a while, gathered, and passed on to the model's session.

What one session has not heard, the next one hears: a position in the audio tells from where.
"""

from __future__ import annotations

from app.core.agent.audio import AudioSettings
from app.core.audio.frames import Codec, Gatherer, RecentAudio
from app.core.audio.hearing.levels import LineLevels, Sound
from app.core.audio.session import feed
from app.core.call.events import Actions
from app.core.call.notes import AudioFedAgain, AudioLost
from app.core.realtime.session import ModelSession
from app.protocol.twilio import BYTES_PER_MS


class CallerAudio:
    """`unheard_from` is the position from which the next session has to hear it, in bytes; None
    while the present one hears all."""

    def __init__(self, settings: AudioSettings, model: ModelSession, codec: Codec | None) -> None:
        self.recent = RecentAudio()
        self.unheard_from: int | None = 0
        self._levels = LineLevels()
        self._gather = Gatherer(settings.gather_ms)
        self._model = model
        self._codec = codec

    def hear(self, audio: bytes) -> Sound:
        """Take the next frame; what it sounds like."""
        self.recent.add(audio)
        return self._levels.hear(audio)

    def pass_on(self, audio: bytes) -> Actions:
        """Send what was gathered, once it is enough."""
        ready = self._gather.add(audio)
        return [] if ready is None else self._feed(ready)

    def _feed(self, audio: bytes) -> Actions:
        return feed(self._model, audio if self._codec is None else self._codec.up(audio))

    def feed_again(self) -> Actions:
        """A new session was given the conversation: give it the unfinished speech too."""
        begin, self.unheard_from = self.unheard_from, None
        if begin is None:
            return []
        self._gather.flush()
        audio, lost = self.recent.since(begin)
        actions: Actions = [AudioLost(lost // BYTES_PER_MS)] if lost else []
        if audio:
            actions += [AudioFedAgain(len(audio) // BYTES_PER_MS), *self._feed(audio)]
        return actions

    def session_gone(self, begin: int | None) -> None:
        """The next session has to hear all from `begin` on, or from now on."""
        heard = self.recent.total if self.unheard_from is None else self.unheard_from
        self.unheard_from = heard if begin is None else min(heard, begin)
