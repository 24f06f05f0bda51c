"""The tools of a turn, whatever the channel: taken up, held back, run, answered.

What the call does next is returned with the actions; how an action of the model's on the call
itself (a hang-up, a transfer, keys) is performed is the channel's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import orjson

from app.core.agent.definition import Agent
from app.core.call import prompts
from app.core.call.events import Actions, SaveState, ToolDone
from app.core.call.notes import ToolAnswered, ToolAsked, ToolSuperseded
from app.core.call.tool_calls import ToolCall, ToolCalls, error_output
from app.core.call.turns import Turn
from app.core.call.waiting import Change
from app.core.tools.arguments import ArgumentReader
from app.core.tools.declarations import FunctionCall

#: Rounds of tool calls in one turn, after which the model is taken to be going in circles.
TOOL_ROUNDS = 6

Next = Literal["ask", "wait", "act", "give_up"]


class Outputs(Protocol):
    """Where the results of tools go: the model's conversation."""

    def append(
        self, kind: Literal["output"], text: str, call_id: str = ""
    ) -> Actions:  # pragma: no cover
        """Add an item at the end of the conversation."""


@dataclass(slots=True)
class Round:
    """What follows from the tools of one response.

    `next`: *ask* the model again, *wait* for what runs, *act* on the call itself as `act` says, or
    *give_up*. `asked` are the tools that were taken up.
    """

    next: Next
    actions: Actions = field(default_factory=list)
    asked: list[FunctionCall] = field(default_factory=list)
    act: FunctionCall | None = None


class ToolRunner:
    """The tool calls of one call. `late` are notes for the model's next answer."""

    def __init__(self, call_id: str, agent: Agent, outputs: Outputs) -> None:
        self.calls = ToolCalls(call_id)
        self.late: list[str] = []
        self._agent = agent
        self._outputs = outputs
        self._arguments = ArgumentReader(agent.toolset)

    @property
    def deadline_s(self) -> float:
        """How long a tool may take."""
        return self._agent.turn_taking.tool_deadline_ms / 1000

    def begin(self, turn: Turn, calls: tuple[FunctionCall, ...], now: float) -> Round:
        """The model's response calls tools. What was taken up is run by `run`."""
        turn.tool_rounds += 1
        if turn.tool_rounds > TOOL_ROUNDS:
            return Round("give_up")
        acts = [call for call in calls if self.acts_on_call(call)]
        others = [call for call in calls if call not in acts]
        actions: Actions = []
        for call in acts if others else acts[1:]:
            actions += self.refuse(call, prompts.BUSY)
        if not others:
            return Round("act", actions, act=acts[0])
        asked = []
        for call in others:
            read = self._arguments.read(call.name, call.arguments)
            if read.problem:
                actions += self.refuse(call, read.problem)
                continue
            tool = self._agent.toolset[call.name]
            self.calls.add(call, tool, read.values, turn.response_id, now)
            turn.tools.append(call.name)
            asked.append(call)
            actions.append(ToolAsked(call.name, call.call_id))
        return Round("wait" if self.calls.awaited else "ask", actions, asked)

    def refuse(self, call: FunctionCall, why: str) -> Actions:
        """A tool is not run: the model is told why."""
        return self._outputs.append("output", error_output(why), call.call_id)

    def accept(self, turn: Turn, call: FunctionCall) -> Actions:
        """An action on the call itself is being done."""
        turn.tools.append(call.name)
        done = self._outputs.append("output", '{"ok":true}', call.call_id)
        return [ToolAsked(call.name, call.call_id), *done]

    def run(self, turn: Turn | None, now: float, *, writes: bool) -> Actions:
        """Run what may run now; without `writes`, side effects are held for a later time."""
        runs = self.calls.run(self.deadline_s, writes=writes)
        if turn is not None and not turn.complete:
            turn.wait.on(Change.HOLD if self.calls.held else Change.RUN, now)
        return [*runs, SaveState()]

    def resume(self) -> Actions:
        """Another process goes on with the call."""
        return [*self.calls.resume(self.deadline_s)]

    def answered(self, done: ToolDone, now: float) -> tuple[ToolCall | None, str, Actions]:
        """A tool has answered: which one, its output, and what follows; None for a stranger."""
        tool = self.calls.done(done.tool_call_id, done.ok)
        output = orjson.dumps(done.output).decode()
        if tool is None:
            return None, output, []
        return tool, output, [ToolAnswered(tool.name, done.ok, round(now - tool.asked_at, 4))]

    def tell(self, tool: ToolCall, output: str, *, told: bool) -> Actions:
        """Give the model a tool's output; `told` where it was told that there is none in time."""
        if told:
            self.late.append(prompts.late_result(tool.name, output))
            return []
        return self._outputs.append("output", output, tool.call_id)

    def give_up_waiting(self) -> Actions:
        """What is waited for is late: the model is told so."""
        actions: Actions = []
        for call_id, output in self.calls.overdue():
            actions += self._outputs.append("output", output, call_id)
        return actions

    def drop_held(self) -> Actions:
        """The caller spoke on: what was held is not run."""
        actions: Actions = []
        for tool in self.calls.drop_held():
            actions.append(ToolSuperseded(tool.name, tool.call_id))
            output = error_output(prompts.SUPERSEDED)
            actions += self._outputs.append("output", output, tool.call_id)
        return actions

    def take_holding_line(self) -> str:
        """The line of a tool that is waited for, once; empty if none has a line of its own."""
        for tool in self.calls.open.values():
            if tool.state == "running" and tool.holding_line:
                line, tool.holding_line = tool.holding_line, ""
                return line
        return ""

    def take_late(self) -> list[str]:
        """The notes about late results, once."""
        late, self.late = self.late, []
        return late

    def to_state(self) -> dict[str, Any]:
        """Members of the saved call."""
        return {"tools": self.calls.to_state(), "late": list(self.late)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `to_state` gave."""
        self.calls = ToolCalls.from_state(self.calls.call_id, state["tools"])
        self.late = list(state.get("late", ()))

    def acts_on_call(self, call: FunctionCall) -> bool:
        """Whether a tool does something to the call itself."""
        tool = self._agent.toolset.get(call.name)
        return tool is not None and tool.kind == "action"
