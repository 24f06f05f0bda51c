"""The agent's voice in an audio call: taken in, played, and cut to what was heard."""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64

from app.core.agent.definition import Agent
from app.core.audio import tones
from app.core.audio.frames import Codec
from app.core.audio.playback import Heard, Playback
from app.core.audio.prerecorded import VoiceLines
from app.core.audio.session import SpokenItems
from app.core.audio.transcript import SpokenRecord, heard_part
from app.core.call import notes
from app.core.call.events import Actions, ToPhone
from app.protocol import realtime
from app.protocol.twilio import BYTES_PER_MS, Writer

#: Items in the queue of this prefix are lines of ours, unknown to the model's session.
LINE = "line:"


class AgentVoice:
    """What the caller hears, and what they have heard of it."""

    def __init__(
        self,
        agent: Agent,
        stream: str,
        lines: VoiceLines,
        items: SpokenItems,
        record: SpokenRecord,
        codec: Codec | None,
    ) -> None:
        self.play = Playback(agent.audio.lead_ms)
        self.lines = lines
        self.settled: set[str] = set()
        """Items of which it is decided what was heard."""
        self._writer = Writer(stream)
        self._items = items
        self._record = record
        self._codec = codec
        self._lines_played = 0

    # What comes in

    def decode(self, event: realtime.AudioDelta) -> tuple[bytes, Actions]:
        """A piece of speech as mu-law."""
        try:
            audio = a2b_base64(event.delta)
        except (Base64Error, ValueError, TypeError):
            return b"", [notes.BadEvent("the audio is not base64")]
        return (audio if self._codec is None else self._codec.down(event.item_id, audio)), []

    def add(self, event: realtime.AudioDelta) -> tuple[bool, Actions]:
        """Take a piece of the model's speech; whether it may be heard."""
        audio, actions = self.decode(event)
        return self.play.add(event.item_id, audio), actions

    def finish_item(self, item_id: str, now: float) -> Actions:
        """No more audio will come for an item."""
        if self._codec is not None:
            rest = self._codec.end(item_id)
            if rest:
                self.play.add(item_id, rest)
        self.play.end(item_id)
        actions = self.pump(now)
        return actions + self._heard_out(self.play.finish_ended())

    def session_gone(self) -> None:
        """What the session was still to say will not come."""
        self.lines.reset()
        self.play.end_all()
        if self.play.muted:
            self.play.resume()

    # What goes out

    def pump(self, now: float, *, beat: bool = False) -> Actions:
        """Send what is due; `beat` with each frame of the phone's."""
        pieces = self.play.due(now, beat=beat)
        if not pieces:
            return []
        writer = self._writer
        return [
            ToPhone(writer.media(piece), len(piece))
            if type(piece) is bytes
            else ToPhone(writer.mark(str(piece)), 0, str(piece))
            for piece in pieces
        ]

    def _clear(self) -> ToPhone:
        return ToPhone(self._writer.clear())

    def mute(self, now: float) -> Actions:
        """Fall silent until it is known what the caller's sound is."""
        left_ms = self.play.left_ms(now)
        actions: Actions = [self._clear()] if self.play.mute(now) else []
        return [*actions, notes.Muted(left_ms)]

    def resume(self, now: float) -> Actions:
        """Go on from where it fell silent."""
        self.play.resume()
        return self.pump(now)

    def play_line(
        self, text: str, now: float, otherwise: bytes | None = None
    ) -> tuple[bool, Actions]:
        """Play a line of the agent's in its kept voice, else `otherwise`; whether it was said."""
        audio = self.lines.get(text)
        if audio is not None:
            return True, self._play(audio, now, text)
        return False, [] if otherwise is None else self._play(otherwise, now)

    def press(self, digits: str, now: float) -> Actions:
        """Play the tones of keys to the line."""
        return self._play(tones.keys(digits), now)

    def _play(self, audio: bytes, now: float, text: str = "") -> Actions:
        self._lines_played += 1
        item_id = f"{LINE}{self._lines_played}"
        if text:
            self._record.begin(item_id, "agent", now).text = text
        self.play.add(item_id, audio)
        self.play.end(item_id)
        return self.pump(now)

    # What was heard

    def mark(self, name: str, now: float) -> Actions:
        """The phone has played up to a mark."""
        actions = self._heard_out(self.play.acked(name, now))
        return actions + self.pump(now)

    def give_up_marks(self) -> Actions:
        """The phone does not tell that it has played: all that was sent counts as heard."""
        return [notes.MarksMissing(), *self._heard_out(self.play.give_up_marks())]

    def _heard_out(self, items: list[Heard]) -> Actions:
        """Items that were heard to their end."""
        actions: Actions = []
        for heard in items:
            if heard.received_ms or heard.item_id.startswith(LINE):
                self.settled.add(heard.item_id)
                actions.append(notes.Heard(self._record.as_heard()))
        return actions

    def words_heard(self, now: float) -> str:
        """The agent's last words that were heard: its transcript runs ahead of its voice."""
        for entry in reversed(self._record.entries):
            if entry.role == "agent" and entry.text:
                heard = self.play.heard(entry.item_id, now)
                if heard is None:
                    return entry.text
                words = heard_part(entry.text, heard.heard_ms, heard.received_ms)
                if words:
                    return words
        return ""

    def silence(self, now: float) -> tuple[Actions, list[Heard]]:
        """Stop for good: what each item was heard of is still to be settled."""
        actions: Actions = [self._clear()] if self.play.sounding else []
        return actions, self.play.cut(now)

    def settle(self, items: list[Heard]) -> Actions:
        """Make items in the session and in the record what was heard of them."""
        actions: Actions = []
        for heard in items:
            actions += self._settle(heard)
        return [*actions, notes.Heard(self._record.as_heard())] if items else actions

    def _settle(self, heard: Heard) -> Actions:
        item_id = heard.item_id
        entry = self._record.find(item_id)
        said = entry.text if entry is not None else ""
        words = heard_part(said, heard.heard_ms, heard.received_ms)
        if entry is not None:
            entry.text, entry.cut = words, True
            if not words:
                self._record.drop(item_id)
        self.settled.add(item_id)
        if item_id.startswith(LINE) or heard.complete:
            return []
        if heard.heard_ms <= 0:
            return self._items.delete(item_id)
        return self._items.truncate(item_id, heard.heard_ms, words)

    def drop_unheard(self, done: realtime.ResponseDone) -> Actions:
        """A response was cancelled: take out messages of it of which nothing was heard."""
        actions: Actions = []
        for item in done.output:
            item_id = str(item.get("id"))
            if item.get("type") != "message" or item_id in self.settled:
                continue
            if self.play.received(item_id) < BYTES_PER_MS:
                self.settled.add(item_id)
                self.play.forget(item_id)
                self._record.drop(item_id)
                actions += self._items.delete(item_id)
        return actions
