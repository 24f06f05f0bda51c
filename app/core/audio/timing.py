"""What is due in an audio call, and when: the call's only clock is what it is told."""

from __future__ import annotations

from app.core.audio.answering import Answering
from app.core.audio.closing import Closing
from app.core.audio.floor import CallerFloor
from app.core.audio.hearing.silence import Silence
from app.core.audio.hearing.sounds import Sounds
from app.core.audio.keypad import Keypad
from app.core.audio.model_side import ModelSide
from app.core.audio.tools import AudioTools
from app.core.audio.voice import AgentVoice
from app.core.call import notes, prompts
from app.core.call.ending import Ending
from app.core.call.events import Actions
from app.core.call.ladder import SIGN_EVERY_S
from app.core.call.state import CallState
from app.core.call.waiting import State
from app.core.realtime.session import ModelSession

#: The phone's frames are the clock that agent audio leaves by; a tick stands in for them when they
#: stay away. The lead covers the wait.
BEATS_LATE_S = 0.06


class Timing:
    """Finds out what is due next, and has it done. Owns nothing."""

    def __init__(
        self,
        state: CallState,
        model: ModelSession,
        ending: Ending,
        closing: Closing,
        silence: Silence,
        sounds: Sounds,
        keypad: Keypad,
        voice: AgentVoice,
        answering: Answering,
        tools: AudioTools,
        floor: CallerFloor,
        model_side: ModelSide,
    ) -> None:
        self._state = state
        self._model = model
        self._ending = ending
        self._closing = closing
        self._silence = silence
        self._sounds = sounds
        self._keypad = keypad
        self._voice = voice
        self._answering = answering
        self._tools = tools
        self._floor = floor
        self._model_side = model_side

    def deadline(self) -> float | None:
        """When a `Tick` is due, if ever."""
        if self._closing.ended:
            return None
        sounds, play, turn = self._sounds, self._voice.play, self._state.open_turn
        times = [
            sounds.barge.deadline,
            self._model.deadline(),
            self._closing.by,
            self._keypad.whole_at(),
            self._unheard_at(),
        ]
        if turn is not None:
            step = self._answering.ladder.next_step(turn.wait)
            times.append(step[0] if step is not None else None)
            if turn.wait.state is State.COOLDOWN and not sounds.speaking:
                times.append(self._tools.writes_at())
        if not sounds.speaking and not self._floor.agent_has_it:
            times.append(self._silence.over_at())
        if self._model.connection.spare_ready and self._model.quiet:
            times.append(0.0)
        due = play.next_due(0.0)
        times.append(play.marks_until() if due is None else due + BEATS_LATE_S)
        return min((time for time in times if time is not None), default=None)

    def tick(self, now: float) -> Actions:
        """The time moved on: whatever is due."""
        seedings = self._model.seedings
        actions = self._model.tick(now)
        if self._model.connection.spare_ready:
            actions += self._model.advance(now)
        actions += self._model_side.feed_again(seedings)
        actions += self._voice.pump(now)
        until = self._voice.play.marks_until()
        if until is not None and now >= until:
            actions += self._voice.give_up_marks() + self._model_side.settle(now)
        actions += self._floor.tick(now)
        whole_at = self._keypad.whole_at()
        if whole_at is not None and now >= whole_at:
            actions += self._floor.digits_done(now)
        if self._closing.by is not None and now >= self._closing.by:
            pending = self._ending.pending
            return actions + self._closing.end("" if pending is None else pending.line)
        return actions + self._speak_up(now) + self._wait_on(now) + self._idle(now)

    def _wait_on(self, now: float) -> Actions:
        """What is due in the turn that waits."""
        turn, actions = self._state.open_turn, Actions()
        if turn is None:
            return actions
        if turn.wait.state is State.COOLDOWN and now >= self._tools.writes_at():
            actions += self._tools.run(now)
        step = self._answering.ladder.due(turn.wait, now)
        if step is None:
            return actions
        if step in ("hold", "hold_tool") and self._caller_talks(now):
            turn.wait.sign(now)
            return actions
        return actions + self._answering.step(turn, step, now)

    def _unheard_at(self) -> float | None:
        """When the agent is to speak up in spite of sounds without words."""
        return None if self._ending.pending is not None else self._sounds.noise.due()

    def _speak_up(self, now: float) -> Actions:
        """Sounds without words have held the agent back for long enough."""
        due, noise, play = self._unheard_at(), self._sounds.noise, self._voice.play
        if due is None or now < due:
            return []
        if play.pending and not play.muted:
            noise.agent_spoke(now)
            return []
        self._sounds.ignore()
        actions = self._voice.resume(now) if play.muted else []
        if play.pending or self._state.open_turn is not None:
            began = noise.wait_on(now)
            return [*actions, notes.NoisyLine(noise.prompts)] if began else actions
        asks, lines = noise.speak_up(now), self._state.agent.lines
        self._silence.broken()
        actions.append(notes.NoisyLine(noise.prompts))
        if not asks:
            return actions + self._answering.farewell(lines.unheard_goodbye, now)
        turn, begun = self._answering.begin_turn(now)
        return actions + begun + self._answering.ask(turn, now, say=lines.unheard)

    def _caller_talks(self, now: float) -> bool:
        """Whether the caller would be talked over. A sound that does not end may be noise."""
        segment = self._sounds.segment
        if segment is None or not self._sounds.speaking:
            return False
        return now - segment.at < SIGN_EVERY_S

    def _idle(self, now: float) -> Actions:
        """Nobody has said anything for a while."""
        over_at = self._silence.over_at()
        if over_at is None or now < over_at:
            return []
        if self._sounds.speaking or self._floor.agent_has_it or self._ending.pending is not None:
            return []
        asks = self._silence.prompt()
        idle = notes.CallerIdle(self._silence.prompts)
        if not asks:
            return [idle, *self._answering.farewell(self._state.agent.lines.goodbye, now)]
        turn, begun = self._answering.begin_turn(now)
        return [idle, *begun, *self._answering.ask(turn, now, note=prompts.SILENT)]
