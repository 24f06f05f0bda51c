"""The tools of a text call: as in `app.core.call.tool_runner`, and Retell is told of each."""

from __future__ import annotations

from app.core.call.ending import Ending
from app.core.call.events import Actions, SaveState, ToolDone, ToRetell
from app.core.call.state import CallState
from app.core.call.tool_runner import ToolRunner
from app.core.call.turns import Turn
from app.core.realtime.session import ModelSession
from app.core.text.answering import Answering
from app.core.text.speaker import Speaker
from app.core.tools.declarations import FunctionCall
from app.protocol import retell_llm


class TextTools:
    """What the model's tools lead to in a text call. Owns nothing."""

    def __init__(
        self,
        state: CallState,
        model: ModelSession,
        runner: ToolRunner,
        ending: Ending,
        speaker: Speaker,
        answering: Answering,
    ) -> None:
        self._state = state
        self._model = model
        self._runner = runner
        self._ending = ending
        self._speaker = speaker
        self._answering = answering

    def begin(self, turn: Turn, calls: tuple[FunctionCall, ...], now: float) -> Actions:
        """Have the model's tools run, or do to the call what the model asks for."""
        actions: Actions = []
        if not all(map(self._runner.acts_on_call, calls)):
            actions += self._speaker.say_gathered(turn, now, blank=True)
        begun = self._runner.begin(turn, calls, now)
        actions += begun.actions
        actions += map(_invocation, begun.asked)
        if begun.next == "give_up":
            return actions + self._answering.give_up(turn, "too_many_tool_rounds", now)
        if begun.act is not None:
            return actions + self._act(turn, begun.act, now)
        if begun.next == "ask":
            return actions + self._answering.ask(turn, now)
        return actions + self.run(now)

    def run(self, now: float) -> Actions:
        """Run what may run now; what must wait for the cool-down is run by a later tick."""
        writes = now >= self._state.cooled_down_at()
        return self._runner.run(self._state.turn, now, writes=writes)

    def answered(self, done: ToolDone, now: float) -> Actions:
        """A tool has answered: the model is told, and goes on once all have."""
        tool, output, actions = self._runner.answered(done, now)
        if tool is None:
            return actions
        actions.append(ToRetell(retell_llm.tool_call_result(tool.call_id, output, done.ok)))
        told = self._model.conversation.history.has_output(tool.call_id)
        actions += self._runner.tell(tool, output, told=told)
        actions.append(SaveState())
        turn = self._state.open_turn
        if turn is None or self._runner.calls.awaited or turn.wait.for_model:
            return actions
        same = tool.response_id == turn.response_id or turn.key.startswith(f"t{tool.response_id}.")
        heard = None if same else turn.transcript
        return actions + self._answering.ask(turn, now, heard=heard)

    def _act(self, turn: Turn, call: FunctionCall, now: float) -> Actions:
        """The model ends the call, transfers it or presses keys."""
        action, problem = self._ending.ask(call, now)
        if action is None:
            return self._runner.refuse(call, problem) + self._answering.ask(turn, now)
        self._ending.pending = action
        note, *told = self._runner.accept(turn, call)
        return [note, _invocation(call), *told, *self._speaker.act(turn, now)]


def _invocation(call: FunctionCall) -> ToRetell:
    return ToRetell(
        retell_llm.tool_call_invocation(call.call_id, call.name, call.arguments or "{}")
    )
