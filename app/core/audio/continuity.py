"""An audio call outlives the model's sessions: what one has not heard, the next one hears."""

from __future__ import annotations

from app.core.audio.caller_audio import CallerAudio
from app.core.audio.hearing.sounds import Segment, Sounds
from app.core.audio.transcript import SpokenRecord
from app.core.audio.voice import AgentVoice
from app.core.realtime.session import ModelSession


class Continuity:
    """What happens to the speech of both sides when a session goes. Owns nothing."""

    def __init__(
        self,
        model: ModelSession,
        voice: AgentVoice,
        caller: CallerAudio,
        sounds: Sounds,
        record: SpokenRecord,
    ) -> None:
        self._model = model
        self._voice = voice
        self._caller = caller
        self._sounds = sounds
        self._record = record

    def open_speech(self) -> list[Segment]:
        """The newest speech that is an item of the session's, and whose words are not known."""
        history = self._model.conversation.history
        found = [s for s in self._sounds.wordless() if history.find(s.item_id) is not None]
        return found[-1:]

    def unheard(self, *, waiting: bool) -> bool:
        """Whether the session that is lost takes words of the caller's with it that are to be
        answered. A sound into the agent's speech is none while it is not decided about, and the
        agent has it while the caller is `waiting`."""
        return bool(self.open_speech()) or (self._sounds.speaking and not waiting)

    def session_gone(self) -> None:
        """The session is no more. The caller's unfinished speech must reach the next one, which
        makes items of its own of it."""
        sounds = self._sounds
        begins = [s.begin for s in self.open_speech()]
        if sounds.speaking and sounds.segment is not None:
            begins.append(sounds.segment.begin)
        for segment in self.open_speech():
            self._model.conversation.history.remove(segment.item_id)
            self._record.drop(segment.item_id)
        self._caller.session_gone(min(begins, default=None))
        sounds.forget_session()
        self._voice.session_gone()
