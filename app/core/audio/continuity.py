"""An audio call outlives the model's sessions: what one has not heard, the next one hears."""

from __future__ import annotations

from dataclasses import replace

from app.core.audio.answers import GO_ON
from app.core.audio.floor import AudioFloor
from app.core.audio.state import Segment
from app.core.call import events
from app.protocol.twilio import BYTES_PER_MS


class AudioContinuity(AudioFloor):
    """What happens when a session opens, ends, or is replaced."""

    def _opened(self, event: events.ModelOpened, now: float) -> None:
        before = self.model.furnished
        self.model.opened(event.session, now)
        self._refeed(before)

    def _refeed(self, before: int) -> None:
        """A new session was given the conversation: give it the caller's unfinished speech too."""
        if self.model.furnished == before:
            return
        begin, self.unheard_from = self.unheard_from, None
        if begin is None:
            return
        self.gather.flush()
        audio, lost = self.recent.since(begin)
        if lost:
            self._note("audio_lost", ms=lost // BYTES_PER_MS)
        if audio:
            self._note("audio_fed_again", ms=len(audio) // BYTES_PER_MS)
            self.model.feed(audio if self.codec is None else self.codec.up(audio))

    def _lost(self, event: events.ModelLost, now: float) -> None:
        """The model's session ended. What the caller was saying must reach the next one."""
        if event.session == self.model.number and self.model.link != "closed":
            open_before = self._open_segments()
            self._session_gone(now)
            happening = self.model.lost(event.session, event.code, event.fatal, now)
            if open_before:
                # The next session hears it again, and its end makes a turn again.
                self.model.wanted = self.model.asked = None
            elif self.model.wanted is not None and self.turn is not None and self.turn.answering:
                self.model.wanted = replace(self.model.wanted, note=GO_ON)
            self._happened(happening, now)
        else:
            self._happened(self.model.lost(event.session, event.code, event.fatal, now), now)

    def _session_gone(self, now: float) -> None:
        super()._session_gone(now)
        begin = self.recent.total if self.unheard_from is None else self.unheard_from
        if self.speaking and self.segment is not None:
            begin = min(begin, self.segment.begin)
        for segment in self._open_segments():
            begin = min(begin, segment.begin)
            self.model.history.remove(segment.item_id)
            self.record.drop(segment.item_id)
        self.unheard_from = begin
        self.speaking = False
        self.barge.abandon()
        if self.play.muted:
            self.play.resume()

    def _open_segments(self) -> list[Segment]:
        """Speech that is an item of the session's, whose words are not known."""
        return [
            segment
            for segment in self.segments.values()
            if segment.committed
            and not segment.final
            and not segment.remark
            and self.model.history.find(segment.item_id) is not None
        ][-1:]
