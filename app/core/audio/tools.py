"""Turns of an audio call in which the model uses tools, or does something to the call itself."""

from __future__ import annotations

import orjson

from app.core.audio import tones
from app.core.audio.answers import ENDING_S, AudioAnswers
from app.core.audio.state import LINE
from app.core.call import events
from app.core.call.events import SaveState
from app.core.call.pending_action import PendingAction
from app.core.call.tool_calls import error_output, parse_arguments
from app.core.call.turns import Turn
from app.core.tools.declarations import TOOLS, FunctionCall

#: Rounds of tool calls in one turn, after which the model is taken to be going in circles.
TOOL_ROUNDS = 6
_BUSY = "Not done: another tool is still running. Call this again afterwards."


class AudioTools(AudioAnswers):
    """How tool calls are run, held back, answered late, and acted upon."""

    def _tool_calls(self, turn: Turn, calls: tuple[FunctionCall, ...], now: float) -> None:
        """Have the model's tools run, or do to the call what the model asks for."""
        turn.tool_rounds += 1
        if turn.tool_rounds > TOOL_ROUNDS:
            self._give_up(now)
            return
        actions = [c for c in calls if c.name in TOOLS and TOOLS[c.name].kind == "action"]
        others = [call for call in calls if call not in actions]
        for call in actions if others else actions[1:]:
            self.model.append("output", error_output(_BUSY), call.call_id)
        if not others:
            self._take_action(turn, actions[0], now)
            return
        for call in others:
            arguments, problem = parse_arguments(call)
            if arguments is None:
                self.model.append("output", error_output(problem), call.call_id)
                continue
            self.tools.add(call, arguments, turn.response_id, now)
            turn.tools.append(call.name)
            self._note("tool_asked", name=call.name, tool_call_id=call.call_id)
        if not self.tools.awaited:
            self._ask(turn, now, after=True)
            return
        turn.wait("tool", now)
        self._run_tools(now)

    def _run_tools(self, now: float) -> None:
        """Run what may run now; what must wait for the cool-down is run by a later tick."""
        deadline = self.agent.turn_taking.tool_deadline_ms / 1000
        self.tools.run(deadline, self.out, writes=now >= self._write_at())
        if self.turn is not None and not self.turn.complete:
            self.turn.waiting = "commit" if self.tools.held else "tool"
        self.out.append(SaveState())

    def _tool_done(self, done: events.ToolDone, now: float) -> None:
        """A tool has answered: the model is told, and goes on once all have."""
        tool = self.tools.done(done.tool_call_id, done.ok)
        if tool is None:
            return
        output = orjson.dumps(done.output).decode()
        seconds = round(now - tool.asked_at, 4)
        self._note("tool_done", name=tool.name, ok=done.ok, seconds=seconds)
        if self.model.history.has_output(tool.call_id):
            # The model was told that there was no answer in time.
            self.late.append(f"[Late result of {tool.name}: {output}]")
        else:
            self.model.append("output", output, tool.call_id)
        self.out.append(SaveState())
        turn = self.turn
        if turn is None or turn.complete or self.tools.awaited or turn.waiting == "model":
            return
        # A holding line that is being spoken is let come to its end.
        self._ask(turn, now, after=True)

    def _take_action(self, turn: Turn, call: FunctionCall, now: float) -> None:
        """The model ends the call, transfers it or presses keys."""
        arguments, problem = parse_arguments(call)
        lines, message = self.agent.lines, ""
        action: PendingAction | None = None
        if arguments is not None:
            message = str(arguments.get("message") or "").strip()
        if arguments is not None and call.name == "transfer_call":
            if self.agent.transfer_number:
                line = message or lines.transfer
                action = PendingAction("transfer", line, self.agent.transfer_number)
            else:
                problem = "There is nobody to transfer to. Offer something else."
        elif arguments is not None and call.name == "press_digits":
            digits = "".join(c for c in str(arguments.get("digits")) if c in "0123456789*#")
            if digits:
                self._press(turn, call, digits, now)
                return
            problem = "There are no digits to press."
        elif arguments is not None:
            action = PendingAction("end", message or lines.goodbye)
        if action is None:
            self.model.append("output", error_output(problem), call.call_id)
            self._ask(turn, now, after=True)
            return
        self._note("tool_asked", name=call.name, tool_call_id=call.call_id)
        self.model.append("output", '{"ok":true}', call.call_id)
        turn.tools.append(call.name)
        self.pending = action
        self.ending_by = now + ENDING_S
        if turn.answering:
            # It has said its goodbye in the same breath.
            turn.wait("nothing", now)
            self._settle_turn(now)
        else:
            self._ask(turn, now, say=action.line)

    def _press(self, turn: Turn, call: FunctionCall, digits: str, now: float) -> None:
        """Press keys: their tones are played to the line."""
        self._note("tool_asked", name=call.name, tool_call_id=call.call_id)
        self.model.append("output", '{"ok":true}', call.call_id)
        turn.tools.append(call.name)
        self.line_count += 1
        item_id = f"{LINE}{self.line_count}"
        self.play.add(item_id, tones.keys(digits))
        self.play.end(item_id)
        turn.wait("nothing", now)
        self._pump(now)
