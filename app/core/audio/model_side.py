"""What the model's session says in an audio call: speech, words, and the life of responses."""

from __future__ import annotations

from typing import Any

from app.core.audio.answering import Answering
from app.core.audio.caller_audio import CallerAudio
from app.core.audio.closing import Closing
from app.core.audio.continuity import Continuity
from app.core.audio.floor import CallerFloor
from app.core.audio.hearing.silence import Silence
from app.core.audio.session import ask_line
from app.core.audio.tools import AudioTools
from app.core.audio.transcript import SpokenRecord
from app.core.audio.voice import AgentVoice
from app.core.call import events, notes
from app.core.call.cost import CostMeter
from app.core.call.events import Actions
from app.core.call.state import CallState
from app.core.call.waiting import State
from app.core.realtime.event_ids import Purpose, purpose_of
from app.core.realtime.responses import Finished, Said
from app.core.realtime.session import Gone, Happening, ModelSession
from app.errors import ProtocolError
from app.protocol import realtime


class ModelSide:
    """Routes the events of the model's session to the parts they are for. Owns nothing."""

    def __init__(
        self,
        state: CallState,
        model: ModelSession,
        cost: CostMeter,
        record: SpokenRecord,
        closing: Closing,
        silence: Silence,
        voice: AgentVoice,
        caller: CallerAudio,
        continuity: Continuity,
        answering: Answering,
        tools: AudioTools,
        floor: CallerFloor,
    ) -> None:
        self._state = state
        self._model = model
        self._cost = cost
        self._record = record
        self._closing = closing
        self._silence = silence
        self._voice = voice
        self._caller = caller
        self._continuity = continuity
        self._answering = answering
        self._tools = tools
        self._floor = floor

    def opened(self, event: events.ModelOpened, now: float) -> Actions:
        """A connection is there."""
        seedings = self._model.seedings
        return self._model.opened(event.session, now) + self.feed_again(seedings)

    def event(self, event: events.FromModel, now: float) -> Actions:
        """One event of a session's."""
        if event.session != self._model.number or self._closing.ended:
            return []
        try:
            parsed = realtime.parse(event.raw)
        except ProtocolError as error:
            return [notes.BadEvent(error.message)]
        if isinstance(parsed, realtime.AudioDelta):
            return self._agent_audio(parsed, now)
        if isinstance(parsed, realtime.TranscriptDelta):
            self._agent_words(parsed, now)
            return []
        if isinstance(parsed, realtime.SpeechStarted):
            self._silence.broken()
            return self._floor.speech_started(parsed, now)
        if isinstance(parsed, realtime.SpeechStopped):
            return self._floor.speech_stopped(parsed, now)
        if isinstance(parsed, realtime.Committed):
            return self._floor.committed(parsed, now)
        if isinstance(parsed, realtime.InputTranscript):
            return self._caller_words(parsed, now)
        return self._from_session(parsed, now)

    def _agent_audio(self, event: realtime.AudioDelta, now: float) -> Actions:
        """A piece of the model's speech."""
        lines = self._voice.lines
        if lines.owns(event.response_id):
            audio, actions = self._voice.decode(event)
            lines.add(audio)
            return actions
        turn = self._state.open_turn
        if turn is None or not self._model.responses.gate.wants(event.response_id):
            return []
        taken, actions = self._voice.add(event)
        if not taken:
            return actions
        if turn.speech.first_at is None or not turn.wait.answering:
            self._record.begin(event.item_id, "agent", now)
            turn.speech.first_at = turn.speech.first_at or now
        turn.wait.words(now)
        return actions + self._voice.pump(now)

    def _agent_words(self, event: realtime.TranscriptDelta, now: float) -> None:
        """A piece of the transcript of the model's speech; it runs ahead of the audio."""
        voice, gate = self._voice, self._model.responses.gate
        if voice.lines.owns(event.response_id) or event.item_id in voice.settled:
            return
        if not gate.wants(event.response_id):
            return
        self._model.conversation.add_words(event.item_id, event.delta)
        self._record.begin(event.item_id, "agent", now).text += event.delta
        turn = self._state.open_turn
        if turn is not None:
            turn.speech.sent += event.delta

    def _caller_words(self, event: realtime.InputTranscript, now: float) -> Actions:
        segment, actions = self._floor.take_words(event, now)
        settings, turn = self._state.agent.audio.transcription, self._state.open_turn
        if event.done and not event.failed and settings is not None:
            self._cost.transcription(settings.model, event.usage, segment.seconds)
        if event.done and turn is not None and turn.wait.state is State.COOLDOWN:
            actions += self._tools.run(now)
        return actions + self._floor.judge_words(segment, event, now)

    def _from_session(self, event: realtime.ServerEvent, now: float) -> Actions:
        """What `ModelSession` has to know; lines of ours, spoken beside it, are none of that."""
        voice, actions = self._voice, Actions()
        if isinstance(event, realtime.ResponseCreated):
            if voice.lines.created(event.response_id, event.key):
                return []
        elif isinstance(event, realtime.OutputItem):
            if voice.lines.owns(event.response_id):
                return []
            if event.done and event.item.get("type") == "message":
                actions += voice.finish_item(str(event.item.get("id")), now)
        elif isinstance(event, realtime.ResponseDone):
            actions += self._cost.count(event.usage) if event.usage else []
            if event.out_of_band:
                return [
                    *actions,
                    *voice.lines.done(event.status == "completed"),
                    *self.settle(now),
                ]
            if event.status == "cancelled":
                actions += voice.drop_unheard(event)
        elif isinstance(event, realtime.Error):
            if purpose_of(event.event_id) is Purpose.LINE:
                actions += voice.lines.done(False)
        elif isinstance(event, realtime.SessionChanged) and not event.created:
            actions += self._check_format(event.session)
        seedings = self._model.seedings
        more, happening = self._model.handle(event, now)
        actions += more
        actions += self._happened(happening, now)
        actions += self.feed_again(seedings)
        return actions + self.settle(now) if isinstance(event, realtime.ResponseDone) else actions

    def _check_format(self, session: dict[str, Any]) -> Actions:
        """Both sides must mean the same by a byte of audio."""
        audio = session.get("audio") or {}
        told = {side: ((audio.get(side) or {}).get("format") or {}) for side in ("input", "output")}
        wanted = self._model.config["audio"]["input"]["format"]["type"]
        return [
            notes.WrongFormat(side, str(form.get("type")), wanted)
            for side, form in told.items()
            if form.get("type") not in (None, wanted)
        ]

    def _happened(self, happening: Happening | None, now: float) -> Actions:
        turn = self._state.open_turn
        if isinstance(happening, Gone):
            return self._answering.give_up(happening.code, now)
        if happening is None or turn is None or turn.key != happening.key:
            return []
        if isinstance(happening, Said):
            turn.speech.gathered += happening.text
            return []
        return self._finished(happening, now)

    def _finished(self, finished: Finished, now: float) -> Actions:
        turn = self._state.open_turn
        if turn is None:
            return []
        if finished.calls and finished.status == "completed" and not turn.wait.for_tools:
            return self._tools.begin(turn, finished.calls, now)
        return self._answering.finished(turn, finished, now)

    def feed_again(self, seedings: int) -> Actions:
        """A session that was given the conversation since then hears the caller's speech too."""
        return self._caller.feed_again() if self._model.seedings != seedings else []

    def lost(self, event: events.ModelLost, now: float) -> Actions:
        """The model's session ended. What the caller was saying must reach the next one."""
        serving = event.session == self._model.number and self._model.connection.link != "closed"
        was_ready, unheard = self._model.connection.ready, False
        if serving:
            waiting = self._state.open_turn is not None
            unheard = self._continuity.unheard(waiting=waiting)
            self._continuity.session_gone()
        actions, gone = self._model.lost(event.session, event.code, event.fatal, now)
        if serving and gone is None:
            actions += self._answering.session_lost(unheard=unheard, counts=was_ready, now=now)
        return actions + self._happened(gone, now)

    def settle(self, now: float) -> Actions:
        """The model has finished or the phone has played all: is the turn over?"""
        ended = self._answering.settled(now)
        if ended is None:
            return []
        followed = self._floor.agent_silent(now, answered=bool(ended))
        if followed is not None:
            return ended + followed
        if self._cost.spent:
            return ended + self._answering.farewell(self._state.agent.lines.time_up, now)
        missing = self._voice.lines.next_missing() if self._model.connection.ready else None
        return ended if missing is None else ended + ask_line(self._model, *missing)
