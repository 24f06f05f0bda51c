"""The tool calls of a call: held, running, answered.

After an interruption a side effect is held until the caller has been quiet for the cool-down, so
that a correction can still replace it. One that runs is never cancelled: its result is told to the
model whenever it comes. One that has no answer in time is late: nobody waits for it any longer.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import orjson

from app.core.call.events import Action, Note, RunTool
from app.core.tools.declarations import TOOLS, FunctionCall, idempotency_key

State = Literal["held", "running", "late"]
#: Tools whose success makes an equal later request a new intention.
_UNDOING = frozenset({"cancel_appointment", "reschedule_appointment"})
_LATE_READ = "No answer in time: the calendar cannot be seen. Say so, and offer to try again."
_LATE_WRITE = (
    "No answer in time: it is noted, but not known yet whether it worked. Say so; you will be told."
)
_NOT_RUN = "Not done: the caller kept on speaking. Ask whether it is still wanted."


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


@dataclass(slots=True)
class ToolCalls:
    """All tool calls of one call that are not answered yet."""

    call_id: str
    open: dict[str, ToolCall] = field(default_factory=dict)
    epoch: int = 0

    def add(
        self, call: FunctionCall, arguments: dict[str, Any], response_id: int, now: float
    ) -> ToolCall:
        """Take up a tool call of the model; it is held until `run`."""
        tool = ToolCall(
            call.call_id,
            call.name,
            arguments,
            idempotency_key(self.call_id, call.name, arguments, self.epoch),
            "held",
            now,
            response_id,
        )
        self.open[call.call_id] = tool
        return tool

    def run(self, deadline: float, out: list[Action], *, writes: bool = True) -> None:
        """Run what is held; without `writes` only what changes nothing."""
        for tool in self.open.values():
            if tool.state == "held" and (writes or TOOLS[tool.name].kind == "read"):
                tool.state = "running"
                out.append(RunTool(tool.call_id, tool.name, tool.arguments, tool.key, deadline))

    def done(self, tool_call_id: str, ok: bool) -> ToolCall | None:
        """The call was answered; None where it was not open."""
        tool = self.open.pop(tool_call_id, None)
        if tool is not None and ok and tool.name in _UNDOING:
            self.epoch += 1
        return tool

    def overdue(self) -> list[tuple[str, str]]:
        """Wait no longer: the ids of the calls waited for, and what the model gets for each.

        What runs goes on, and is told when it comes; what was held is not run.
        """
        told = []
        for tool in [tool for tool in self.open.values() if tool.state != "late"]:
            if tool.state == "held":
                del self.open[tool.call_id]
                told.append((tool.call_id, error_output(_NOT_RUN)))
                continue
            message = _LATE_READ if TOOLS[tool.name].kind == "read" else _LATE_WRITE
            told.append((tool.call_id, error_output(message)))
            tool.state = "late"
        return told

    def resume(self, deadline: float, out: list[Action]) -> None:
        """Another process goes on with the call: it has to be told the results as well."""
        for tool in self.open.values():
            if tool.state == "running":
                tool.state = "held"
            elif tool.state == "late":
                out.append(RunTool(tool.call_id, tool.name, tool.arguments, tool.key, deadline))

    def drop_held(self, out: list[Action]) -> list[ToolCall]:
        """The caller spoke on before these were run; they will not be."""
        dropped = [tool for tool in self.open.values() if tool.state == "held"]
        for tool in dropped:
            del self.open[tool.call_id]
            out.append(Note("tool_superseded", {"name": tool.name, "tool_call_id": tool.call_id}))
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
        tools = [ToolCall(**tool) for tool in state.get("open", ())]
        return cls(call_id, {tool.call_id: tool for tool in tools}, int(state.get("epoch", 0)))


def parse_arguments(call: FunctionCall) -> tuple[dict[str, Any] | None, str]:
    """The call's arguments as an object, or None and what the model is told is wrong with them."""
    tool = TOOLS.get(call.name)
    if tool is None:
        return None, f"There is no tool named {call.name}."
    try:
        arguments = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError:
        return None, "The arguments are not JSON."
    if not isinstance(arguments, dict):
        return None, "The arguments are not an object."
    missing = [
        name
        for name in tool.parameters["required"]
        if not isinstance(arguments.get(name), str) or not arguments[name].strip()
    ]
    if missing:
        return None, f"Missing: {', '.join(missing)}. Ask the caller."
    return arguments, ""


def error_output(message: str) -> str:
    """What the model gets for a tool call that was not made."""
    return orjson.dumps({"ok": False, "error": message}).decode()
