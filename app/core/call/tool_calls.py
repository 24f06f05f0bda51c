"""The tool calls of a call: held, running, answered.

After an interruption a side effect is held until the caller has been quiet for the cool-down, so
that a correction can still replace it. One that runs is never cancelled: its result is told to the
model whenever it comes. One that has no answer in time is late: nobody waits for it any longer.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import orjson

from app.core.call import prompts
from app.core.call.events import RunTool
from app.core.tools.declarations import TOOLS, FunctionCall, Kind, Tool, idempotency_key
from app.core.tools.epoch import epoch_of

State = Literal["held", "running", "late"]


@dataclass(slots=True)
class ToolCall:
    """One call of a tool by the model. `arguments` is the parsed JSON object."""

    call_id: str
    name: str
    arguments: dict[str, Any]
    key: str
    state: State
    asked_at: float
    response_id: int = 0
    kind: Kind = "write"
    holding_line: str = ""
    """Said once while it takes long; empty where the agent's lines serve."""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.kind == "read"

    def run(self, deadline: float) -> RunTool:
        """The action that has it run; it must answer in `deadline` seconds."""
        return RunTool(self.call_id, self.name, self.arguments, self.key, deadline)


@dataclass(slots=True)
class ToolCalls:
    """All tool calls of one call that are not answered yet."""

    call_id: str
    open: dict[str, ToolCall] = field(default_factory=dict)
    epoch: int = 0

    def add(
        self,
        call: FunctionCall,
        tool: Tool,
        arguments: dict[str, Any],
        response_id: int,
        now: float,
    ) -> ToolCall:
        """Take up a call of `tool` by the model; it is held until `run`."""
        taken = ToolCall(
            call.call_id,
            call.name,
            arguments,
            idempotency_key(self.call_id, call.name, arguments, self.epoch),
            "held",
            now,
            response_id,
            tool.kind,
            tool.policy.holding_line,
        )
        self.open[call.call_id] = taken
        return taken

    def run(self, deadline: float, *, writes: bool = True) -> list[RunTool]:
        """Run what is held; without `writes` only what changes nothing."""
        ready = [t for t in self.open.values() if t.state == "held" and (writes or t.reads)]
        for tool in ready:
            tool.state = "running"
        return [tool.run(deadline) for tool in ready]

    def done(self, tool_call_id: str, ok: bool) -> ToolCall | None:
        """The call was answered; None where it was not open."""
        tool = self.open.pop(tool_call_id, None)
        if tool is not None:
            self.epoch += epoch_of([(tool.name, ok)])
        return tool

    def overdue(self) -> list[tuple[str, str]]:
        """Wait no longer: the ids of the calls waited for, and what the model gets for each.

        What runs goes on, and is told when it comes; what was held is not run.
        """
        told = []
        for tool in [tool for tool in self.open.values() if tool.state != "late"]:
            if tool.state == "held":
                del self.open[tool.call_id]
                told.append((tool.call_id, error_output(prompts.NOT_RUN)))
                continue
            message = prompts.LATE_READ if tool.reads else prompts.LATE_WRITE
            told.append((tool.call_id, error_output(message)))
            tool.state = "late"
        return told

    def resume(self, deadline: float) -> list[RunTool]:
        """Another process goes on with the call: it has to be told the results as well.

        What is late is asked for again; what ran is held until it is run again.
        """
        late = [tool for tool in self.open.values() if tool.state == "late"]
        for tool in self.open.values():
            if tool.state == "running":
                tool.state = "held"
        return [tool.run(deadline) for tool in late]

    def drop_held(self) -> list[ToolCall]:
        """The caller spoke on before these were run; they will not be."""
        dropped = [tool for tool in self.open.values() if tool.state == "held"]
        for tool in dropped:
            del self.open[tool.call_id]
        return dropped

    @property
    def awaited(self) -> bool:
        """Whether the answer of any call is waited for."""
        return any(tool.state != "late" for tool in self.open.values())

    @property
    def held(self) -> bool:
        """Whether any call waits for the cool-down."""
        return any(tool.state == "held" for tool in self.open.values())

    def to_state(self) -> dict[str, Any]:
        """A JSON value that `from_state` understands."""
        return {"epoch": self.epoch, "open": [asdict(tool) for tool in self.open.values()]}

    @classmethod
    def from_state(cls, call_id: str, state: dict[str, Any]) -> ToolCalls:
        """The tool calls that `to_state` was given."""
        tools = [ToolCall(**{**_kind_of(tool), **tool}) for tool in state.get("open", ())]
        return cls(call_id, {tool.call_id: tool for tool in tools}, int(state.get("epoch", 0)))


def _kind_of(saved: dict[str, Any]) -> dict[str, Any]:
    """The kind of a tool call that was saved before kinds were."""
    known = TOOLS.get(saved["name"])
    return {"kind": known.kind} if known else {}


def error_output(message: str) -> str:
    """What the model gets for a tool call that was not made."""
    return orjson.dumps({"ok": False, "error": message}).decode()
