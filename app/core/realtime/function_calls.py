"""The tools that the model calls in one response.

A call is in the response's items, and again in its end; servers send one, the other, or both. A
call counts only when its response ends whole and is wanted, and each counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from app.core.tools.declarations import FunctionCall
from app.protocol import realtime


@dataclass(slots=True)
class FunctionCalls:
    """The calls of the response that runs, and the ids of all that were executed."""

    running: list[FunctionCall] = field(default_factory=list)
    executed: set[str] = field(default_factory=set)

    def add(self, call: FunctionCall) -> None:
        """A call is complete in its item."""
        if all(call.call_id != one.call_id for one in self.running):
            self.running.append(call)

    def clear(self) -> None:
        """Another response begins, or the session is gone."""
        self.running.clear()

    def finish(self, done: realtime.ResponseDone) -> tuple[FunctionCall, ...]:
        """The response ended whole: what is to be executed."""
        found = [*self.running, *map(call_of, function_items(done))]
        self.running.clear()
        calls = {call.call_id: call for call in reversed(found)}
        ordered = tuple(calls[call_id] for call_id in dict.fromkeys(c.call_id for c in found))
        self.executed.update(calls)
        return ordered

    def unwanted(self, done: realtime.ResponseDone) -> list[str]:
        """The response is not to be: the ids of its items that hold calls nobody executes."""
        return [
            str(item.get("id"))
            for item in function_items(done)
            if str(item.get("call_id")) not in self.executed
        ]


def function_items(done: realtime.ResponseDone) -> list[dict[str, Any]]:
    """The items of a response that call tools."""
    return [item for item in done.output if item.get("type") == "function_call"]


def call_of(item: dict[str, Any]) -> FunctionCall:
    """The call that an item holds."""
    return FunctionCall(
        str(item.get("call_id")), str(item.get("name")), str(item.get("arguments") or "")
    )
