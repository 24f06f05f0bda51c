"""The caller's side of an audio call: their voice, their words, their keys, and who has the floor.

A sound of the caller's is a turn if the agent is silent. While the agent has the floor, being
audible or about to speak, `hearing.barge_in` decides what it is, and only an interruption is a
turn. Its words may come after that decision and can still turn a remark into an interruption.
"""

from __future__ import annotations

from base64 import b64encode

from app.core.audio.answering import Answering
from app.core.audio.caller_audio import CallerAudio
from app.core.audio.closing import Closing
from app.core.audio.hearing.barge_in import Decision, Verdict
from app.core.audio.hearing.levels import CLEAR_VOICE
from app.core.audio.hearing.silence import Silence
from app.core.audio.hearing.sounds import WORDS_S, Segment, Sounds
from app.core.audio.keypad import Keypad
from app.core.audio.session import SpokenItems
from app.core.audio.session_config import silence_seconds, speech_seconds
from app.core.audio.transcript import SpokenRecord
from app.core.audio.voice import AgentVoice
from app.core.call import notes, prompts
from app.core.call.ending import Ending
from app.core.call.events import Actions
from app.core.call.state import CallState
from app.core.call.waiting import State
from app.core.language.backchannel import Floor, floor_after
from app.core.realtime.session import ModelSession
from app.protocol import realtime
from app.protocol.twilio import BYTES_PER_MS

#: With less than this left to play the agent is as good as finished: a sound is an answer.
NEARLY_DONE_MS = 700
_BYTES_PER_S = BYTES_PER_MS * 1000


class CallerFloor:
    """What the caller's sounds and words lead to. Owns nothing; the sounds are in `Sounds`."""

    def __init__(
        self,
        state: CallState,
        model: ModelSession,
        items: SpokenItems,
        record: SpokenRecord,
        caller: CallerAudio,
        sounds: Sounds,
        keypad: Keypad,
        silence: Silence,
        voice: AgentVoice,
        ending: Ending,
        closing: Closing,
        answering: Answering,
    ) -> None:
        self._state = state
        self._model = model
        self._items = items
        self._record = record
        self._caller = caller
        self._sounds = sounds
        self._keypad = keypad
        self._silence = silence
        self._voice = voice
        self._ending = ending
        self._closing = closing
        self._answering = answering

    @property
    def agent_has_it(self) -> bool:
        """Whether the agent speaks, or is about to."""
        return self._voice.play.pending or self._model.responses.busy

    def audio(self, audio: bytes, now: float) -> Actions:
        """A frame of the caller's; called fifty times a second."""
        sound, seconds = self._caller.hear(audio), len(audio) / _BYTES_PER_S
        if sound is CLEAR_VOICE:
            self._sounds.noise.clear_voice(seconds, now)
        decision = self._sounds.barge.level(sound, seconds, now)
        passed_on = self._caller.pass_on(audio)
        return passed_on if decision is None else self._decided(decision, now) + passed_on

    # Sounds

    def speech_started(self, event: realtime.SpeechStarted, now: float) -> Actions:
        """The caller makes a sound."""
        segment = self._sounds.begin(event, self._caller.recent.total, now)
        self._state.caller_spoke_at = now
        protected = self._state.agent.turn_taking.protect_actions
        if not self.agent_has_it or (self._ending.pending is not None and protected):
            return []
        segment.floor = self._whose(now)
        if segment.noise:
            return []
        self._sounds.undecided.append(segment)
        return self._decided(self._sounds.barge.started(segment.floor, now), now)

    def _whose(self, now: float) -> Floor:
        """Whether the agent is in the middle of something, or the caller may answer."""
        turn, play = self._state.turn, self._voice.play
        if not play.pending:
            return Floor.CALLER
        over = turn is None or turn.wait.state in (State.PLAYING, State.OVER)
        if over and play.left_ms(now) < NEARLY_DONE_MS:
            return Floor.CALLER
        return floor_after(self._voice.words_heard(now))

    def speech_stopped(self, event: realtime.SpeechStopped, now: float) -> Actions:
        """The sound is over."""
        self._sounds.speaking = False
        self._sounds.noise.sound_ended()
        self._state.caller_spoke_at = now
        audio = self._state.agent.audio
        self._state.caller_stopped_at = now - silence_seconds(audio)
        segment = self._sounds.segments.get(event.item_id)
        if segment is None:
            return []
        segment.seconds = speech_seconds(audio, segment.start_ms, event.audio_end_ms)
        return self._decided(self._sounds.barge.stopped(segment.seconds, now), now)

    def tick(self, now: float) -> Actions:
        """The time moved on."""
        return self._decided(self._sounds.barge.tick(now), now)

    def _decided(self, decision: Decision | None, now: float) -> Actions:
        """Do what was decided about a sound."""
        if decision is None:
            return []
        verdict, why = decision.verdict, decision.why
        if verdict is Verdict.MUTE:
            return self._voice.mute(now)
        left_ms = self._voice.play.left_ms(now)
        kept, _ = self._caller.recent.since(0)
        actions: Actions = [notes.CallerAudio(why, b64encode(kept).decode())]
        sounds = self._sounds.judged(remark=verdict is Verdict.RESUME)
        if verdict is Verdict.RESUME:
            return [*actions, notes.Backchannel(None, why, left_ms), *self._voice.resume(now)]
        actions += [notes.BargeIn(None, why, left_ms), *self._answering.interrupt(now)]
        said = [segment for segment in sounds if segment.committed and not segment.answered]
        for segment in said:
            segment.answered = True
        return actions + self._answering.caller_turn(now) if said else actions

    # Words

    def committed(self, event: realtime.Committed, now: float) -> Actions:
        """The session has made an item of what the caller said."""
        self._sounds.speaking = False
        self._items.add_caller(event.item_id, event.previous_item_id)
        self._record.begin(event.item_id, "user", now)
        segment = self._sounds.of(event.item_id, now)
        segment.committed, segment.committed_at = True, now
        clear = self._sounds.noise.committed()
        if segment.noise and clear and not self.agent_has_it:
            segment.noise = segment.remark = False
        if segment.remark or self._sounds.barge.deciding:
            return []
        if self._ending.pending is None:
            segment.answered = True
            return self._answering.caller_turn(now)
        # Whether the call still ends depends on the words.
        return [] if self._sounds.transcribed else self._words_while_ending(segment, now)

    def take_words(self, event: realtime.InputTranscript, now: float) -> tuple[Segment, Actions]:
        """The transcript of something the caller said: more of it, or all."""
        segment = self._sounds.of(event.item_id, now, committed=True)
        segment.text = event.text if event.done else segment.text + event.text
        text = segment.text.strip()
        if text or event.done:
            self._sounds.noise.words(text, answered=segment.answered)
        if not event.done:
            return segment, []
        segment.final = True
        self._items.set_words(segment.item_id, text)
        entry = self._record.find(segment.item_id)
        if entry is not None:
            entry.text = text
        failed: Actions = [notes.TranscriptionFailed(segment.item_id)] if event.failed else []
        return segment, [*failed, notes.Heard(self._record.as_heard())]

    def judge_words(self, segment: Segment, event: realtime.InputTranscript, now: float) -> Actions:
        """What the words say about the sound they belong to."""
        actions, barge = Actions(), self._sounds.barge
        if barge.deciding and segment is self._sounds.segment and not event.failed:
            actions += self._decided(barge.heard(segment.text, event.done, now), now)
        if not event.done:
            return actions
        if self._ending.pending is not None and not segment.answered:
            return actions + self._words_while_ending(segment, now)
        if not segment.remark:
            return actions
        if event.failed and segment.floor is Floor.CALLER and not segment.noise:
            return actions + self._remark_was_a_turn(segment, now)
        floor = Floor.CALLER
        if self.agent_has_it and segment.floor is not Floor.CALLER:
            floor = self._whose(now)
        if barge.late(segment.text, floor) is not None:
            actions += self._remark_was_a_turn(segment, now)
        return actions

    def _remark_was_a_turn(self, segment: Segment, now: float) -> Actions:
        """What was taken for a remark was said to be answered."""
        segment.remark, segment.answered = False, segment.committed
        actions: Actions = []
        if self.agent_has_it:
            actions.append(notes.BargeIn(None, "late_words", self._voice.play.left_ms(now)))
            actions += self._answering.interrupt(now)
        return actions + self._answering.caller_turn(now) if segment.committed else actions

    def _words_while_ending(self, segment: Segment, now: float) -> Actions:
        """The caller said something while the call was being ended or handed over."""
        if self._ending.pending is None:
            return []
        segment.answered = True
        short = segment.seconds < self._state.agent.audio.barge_in.speech_ms / 1000
        known = segment.final or short
        if (self._ending.hear(segment.text) if known else "taken_back") == "taken_back":
            self._closing.by = None
            taken_back = self._ending.take_back()
            return [taken_back, *self._answering.caller_turn(now, note=prompts.TAKEN_BACK)]
        return [] if self.agent_has_it else self._closing.end()

    # Keys

    def pressed(self, digit: str, now: float) -> Actions:
        """The caller pressed a key. A key is no remark: the agent stops."""
        actions: Actions = [notes.DigitPressed()]
        self._silence.broken()
        self._sounds.noise.understood()
        if self.agent_has_it and self._ending.pending is None:
            self._sounds.barge.abandon()
            actions += self._answering.interrupt(now)
        return actions + self.digits_done(now) if self._keypad.press(digit, now) else actions

    def digits_done(self, now: float) -> Actions:
        """No more keys for now: the model is told."""
        text = prompts.keys_pressed(self._keypad.take())
        actions = self._model.append("user", text)
        item_id = self._model.conversation.history.items[-1].id
        self._record.begin(item_id, "user", now).text = text
        actions.append(notes.Heard(self._record.as_heard()))
        pending = self._ending.pending
        return actions + self._answering.caller_turn(now) if pending is None else actions

    # Silence

    def agent_silent(self, now: float, *, answered: bool) -> Actions | None:
        """All that the agent had to say was heard; None where nothing follows from that."""
        if answered:
            self._sounds.noise.agent_spoke(now)
        if self._ending.pending is not None:
            if self._sounds.words_awaited(self._state.caller_spoke_at, now):
                self._closing.by = now + WORDS_S
                return []
            return self._closing.end()
        unworded = self._unworded_answer(now)
        if unworded is not None:
            return unworded
        return [] if self._sounds.speaking else None

    def _unworded_answer(self, now: float) -> Actions | None:
        """Without transcripts, a short sound near the agent's end is taken for an answer."""
        segment = self._sounds.segment
        if self._sounds.transcribed or segment is None or not segment.remark:
            return None
        if not segment.committed or segment.floor is not Floor.CALLER:
            return None
        return self._remark_was_a_turn(segment, now)
