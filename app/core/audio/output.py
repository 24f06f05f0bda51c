"""The agent's speech of an audio call: taken in, played, and cut to what was heard."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64

from app.core.audio.playback import Heard
from app.core.audio.state import LINE, AudioGround
from app.core.audio.transcript import heard_part
from app.protocol import realtime, twilio
from app.protocol.twilio import BYTES_PER_MS


class AudioPlayed(AudioGround):
    """What becomes of the model's audio."""

    def _audio(self, event: realtime.AudioDelta, now: float) -> None:
        """A piece of the model's speech."""
        turn = self.turn
        if turn is None or turn.complete or not self.model.gate.wants(event.response_id):
            return
        if not self.play.add(event.item_id, self._decoded(event)):
            return
        if not turn.answering or turn.first_at is None:
            self.record.begin(event.item_id, "agent", now)
            turn.answering = True
            turn.first_at = turn.first_at or now
        turn.waiting_since, turn.steps = now, 0
        self._pump(now)

    def _decoded(self, event: realtime.AudioDelta) -> bytes:
        """The piece as mu-law."""
        try:
            audio = a2b_base64(event.delta)
        except (Base64Error, ValueError, TypeError):
            self._note("bad_event", error="the audio is not base64")
            return b""
        return audio if self.codec is None else self.codec.down(event.item_id, audio)

    def _agent_words(self, event: realtime.TranscriptDelta, now: float) -> None:
        """A piece of the transcript of the model's speech; it runs ahead of the audio."""
        if event.item_id in self.settled or not self.model.gate.wants(event.response_id):
            return
        self.model.agent_words(event.item_id, event.delta)
        self.record.begin(event.item_id, "agent", now).text += event.delta
        if self.turn is not None and not self.turn.complete:
            self.turn.sent += event.delta

    def _item_whole(self, item_id: str, now: float) -> None:
        """No more audio will come for an item."""
        if self.codec is not None:
            rest = self.codec.end(item_id)
            if rest:
                self.play.add(item_id, rest)
        self.play.end(item_id)
        self._pump(now)
        for heard in self.play.finish_ended():
            self._heard_out(heard)

    def _mark(self, mark: twilio.Mark, now: float) -> None:
        """The phone has played up to a mark."""
        for heard in self.play.acked(mark.name, now):
            self._heard_out(heard)
        self._pump(now)

    def _heard_out(self, heard: Heard) -> None:
        """An item was heard to its end."""
        if heard.received_ms or heard.item_id.startswith(LINE):
            self.settled.add(heard.item_id)
            self._note_heard()

    def _cut(self, now: float) -> None:
        """Stop the agent's speech for good: what was not heard must not have been said."""
        if self.play.sounding:
            self._clear()
        heard = self.play.cut(now)
        self.model.withdraw(now)
        for item in heard:
            self._settle(item)
        if heard:
            self._note_heard()

    def _settle(self, heard: Heard) -> None:
        """Make one item in the session and in the record what was heard of it."""
        item_id = heard.item_id
        entry = self.record.find(item_id)
        said = entry.text if entry is not None else ""
        words = heard_part(said, heard.heard_ms, heard.received_ms)
        if entry is not None:
            entry.text, entry.cut = words, True
            if not words:
                self.record.drop(item_id)
        self.settled.add(item_id)
        if item_id.startswith(LINE) or heard.complete:
            return
        if heard.heard_ms <= 0:
            self.model.delete(item_id)
        else:
            self.model.truncate(item_id, heard.heard_ms, words)

    def _drop_unheard(self, done: realtime.ResponseDone) -> None:
        """A response was cancelled: take out messages of it of which nothing was heard."""
        for item in done.output:
            item_id = str(item.get("id"))
            if item.get("type") != "message" or item_id in self.settled:
                continue
            if self.play.received(item_id) < BYTES_PER_MS:
                self.settled.add(item_id)
                self.play.forget(item_id)
                self.record.drop(item_id)
                self.model.delete(item_id)
