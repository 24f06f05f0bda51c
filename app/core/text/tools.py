"""Turns in which the model uses tools, or does something to the call itself."""

from __future__ import annotations

import orjson

from app.core.call import events
from app.core.call.events import Note, SaveState, ToRetell
from app.core.call.pending_action import PendingAction
from app.core.call.tool_calls import error_output, parse_arguments
from app.core.call.turns import Turn
from app.core.text.state import Speaking
from app.core.tools.declarations import TOOLS, FunctionCall
from app.protocol import retell_llm

#: Rounds of tool calls in one turn, after which the model is taken to be going in circles.
TOOL_ROUNDS = 6
_BUSY = "Not done: another tool is still running. Call this again afterwards."


class ToolTurns(Speaking):
    """How tool calls are run, held back, answered late, and acted upon."""

    def _tool_calls(self, turn: Turn, calls: tuple[FunctionCall, ...], now: float) -> None:
        """Have the model's tools run, or do to the call what the model asks for."""
        turn.tool_rounds += 1
        if turn.tool_rounds > TOOL_ROUNDS:
            self._give_up(turn, now)
            return
        actions = [call for call in calls if call.name in TOOLS and _is_action(call)]
        others = [call for call in calls if call not in actions]
        if not others:
            for call in actions[1:]:
                self.model.append("output", error_output(_BUSY), call.call_id)
            self._take_action(turn, actions[0], now)
            return
        ready = turn.flush()
        if turn.sent + ready and not (turn.sent + ready).endswith(" "):
            ready += " "
        if ready:
            self._speak(turn, ready, now)
        for call in actions:
            self.model.append("output", error_output(_BUSY), call.call_id)
        for call in others:
            arguments, problem = parse_arguments(call)
            if arguments is None:
                self.model.append("output", error_output(problem), call.call_id)
                continue
            self.tools.add(call, arguments, turn.response_id, now)
            turn.tools.append(call.name)
            self._tell_tool(call)
        if not self.tools.awaited:
            self._ask_model(turn, now)
            return
        turn.wait("tool", now)
        self._run_tools(now)

    def _tell_tool(self, call: FunctionCall) -> None:
        self.out.append(Note("tool_asked", {"name": call.name, "tool_call_id": call.call_id}))
        frame = retell_llm.tool_call_invocation(call.call_id, call.name, call.arguments or "{}")
        self.out.append(ToRetell(frame))

    def _run_tools(self, now: float) -> None:
        """Run what may run now; what must wait for the cool-down is run by a later tick."""
        deadline = self.agent.turn_taking.tool_deadline_ms / 1000
        self.tools.run(deadline, self.out, writes=now >= self._quiet_at())
        if self.turn is not None and not self.turn.complete:
            self.turn.waiting = "commit" if self.tools.held else "tool"
        self.out.append(SaveState())

    def _tool_done(self, done: events.ToolDone, now: float) -> None:
        """A tool has answered: the model is told, and goes on once all have."""
        tool = self.tools.done(done.tool_call_id, done.ok)
        output = orjson.dumps(done.output).decode()
        if tool is None:
            return
        self.out.append(
            Note(
                "tool_done",
                {"name": tool.name, "ok": done.ok, "seconds": round(now - tool.asked_at, 4)},
            )
        )
        self.out.append(ToRetell(retell_llm.tool_call_result(tool.call_id, output, done.ok)))
        if self.model.history.has_output(tool.call_id):
            # The model was told that there was no answer in time.
            self.late.append(f"[Late result of {tool.name}: {output}]")
        else:
            self.model.append("output", output, tool.call_id)
        self.out.append(SaveState())
        turn = self.turn
        if turn is None or turn.complete or self.tools.awaited or turn.waiting == "model":
            return
        turn.answering = False
        same = tool.response_id == turn.response_id or turn.key.startswith(f"t{tool.response_id}.")
        self._ask_model(turn, now, heard=None if same else turn.transcript)

    def _take_action(self, turn: Turn, call: FunctionCall, now: float) -> None:
        """The model ends the call, transfers it or presses keys."""
        arguments, problem = parse_arguments(call)
        lines, message = self.agent.lines, ""
        if arguments is not None:
            message = str(arguments.get("message") or "").strip()
        if arguments is not None and call.name == "transfer_call":
            if self.agent.transfer_number:
                number = self.agent.transfer_number
                self.pending = PendingAction("transfer", message or lines.transfer, number)
            else:
                problem = "There is nobody to transfer to. Offer something else."
        elif arguments is not None and call.name == "press_digits":
            digits = "".join(c for c in str(arguments["digits"]) if c in "0123456789*#")
            self.pending = PendingAction("digits", message, digits)
            problem = "" if digits else "There are no digits to press."
        elif arguments is not None:
            self.pending = PendingAction("end", message or lines.goodbye)
        if problem:
            self.pending = None
            self.model.append("output", error_output(problem), call.call_id)
            self._ask_model(turn, now)
            return
        self._tell_tool(call)
        self.model.append("output", '{"ok":true}', call.call_id)
        turn.tools.append(call.name)
        self._act(turn, now)


def _is_action(call: FunctionCall) -> bool:
    return TOOLS[call.name].kind == "action"
