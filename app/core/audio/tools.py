"""The tools of an audio call: as in `app.core.call.tool_runner`; keys are played to the line."""

from __future__ import annotations

from app.core.audio.answering import Answering
from app.core.audio.closing import Closing
from app.core.audio.hearing.sounds import Sounds
from app.core.audio.voice import AgentVoice
from app.core.call.ending import Ending
from app.core.call.events import Actions, SaveState, ToolDone
from app.core.call.state import CallState
from app.core.call.tool_runner import ToolRunner
from app.core.call.turns import Turn
from app.core.call.waiting import Change
from app.core.realtime.session import ModelSession
from app.core.tools.declarations import FunctionCall


class AudioTools:
    """What the model's tools lead to in an audio call. Owns nothing."""

    def __init__(
        self,
        state: CallState,
        model: ModelSession,
        runner: ToolRunner,
        ending: Ending,
        closing: Closing,
        voice: AgentVoice,
        sounds: Sounds,
        answering: Answering,
    ) -> None:
        self._state = state
        self._model = model
        self._runner = runner
        self._ending = ending
        self._closing = closing
        self._voice = voice
        self._sounds = sounds
        self._answering = answering

    def writes_at(self) -> float:
        """When side effects may be committed.

        A cool-down after the last interruption's speech; and what the caller said last must be
        known in words, for whoever asks whether they agreed. Words that do not come are not waited
        for long.
        """
        if self._state.interrupted_at is not None and self._sounds.speaking:
            return float("inf")
        return max(self._state.cooled_down_at(), self._sounds.words_known_at())

    def begin(self, turn: Turn, calls: tuple[FunctionCall, ...], now: float) -> Actions:
        """Have the model's tools run, or do to the call what the model asks for."""
        begun = self._runner.begin(turn, calls, now)
        if begun.next == "give_up":
            return begun.actions + self._answering.give_up("too_many_tool_rounds", now)
        if begun.act is not None:
            return begun.actions + self._act(turn, begun.act, now)
        if begun.next == "ask":
            return begun.actions + self._answering.ask(turn, now, after=True)
        return begun.actions + self.run(now)

    def run(self, now: float) -> Actions:
        """Run what may run now; what must wait for the cool-down is run by a later tick."""
        return self._runner.run(self._state.turn, now, writes=now >= self.writes_at())

    def answered(self, done: ToolDone, now: float) -> Actions:
        """A tool has answered: the model is told, and goes on once all have."""
        tool, output, actions = self._runner.answered(done, now)
        if tool is None:
            return actions
        told = self._model.conversation.history.has_output(tool.call_id)
        actions += [*self._runner.tell(tool, output, told=told), SaveState()]
        turn = self._state.open_turn
        if turn is None or self._runner.calls.awaited or turn.wait.for_model:
            return actions
        # A holding line that is being spoken is let come to its end.
        return actions + self._answering.ask(turn, now, after=True)

    def _act(self, turn: Turn, call: FunctionCall, now: float) -> Actions:
        """The model ends the call, transfers it or presses keys."""
        action, problem = self._ending.ask(call, now)
        if action is None:
            refused = self._runner.refuse(call, problem)
            return refused + self._answering.ask(turn, now, after=True)
        actions = self._runner.accept(turn, call)
        said = turn.wait.answering
        if action.kind == "digits":
            turn.wait.on(Change.WHOLE, now)
            return actions + self._voice.press(action.target, now)
        self._ending.pending = action
        self._closing.wait(now)
        if said:
            # It has said its goodbye in the same breath.
            turn.wait.on(Change.WHOLE, now)
            return actions
        return actions + self._answering.ask(turn, now, say=action.line)
