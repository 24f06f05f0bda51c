"""Tool calls that the server tells of: bookkeeping for transcripts, without effect on the call.

Source: Retell's guide "Function calling".
"""

from __future__ import annotations

from typing import Any

from app.rehearsal.retell_caller import events
from app.rehearsal.retell_caller.frames import Other
from app.rehearsal.retell_caller.transcript import Transcript


class ToolLog:
    """The tool calls of one call."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._calls: dict[str, tuple[str, float, int]] = {}

    def invocation(self, frame: Other, now: float, socket: int) -> list[events.Event]:
        """A tool was called. Ids are unique; after a reconnect one may be told again."""
        said = frame.members
        id_, name = said["tool_call_id"], said["name"]
        before = self._calls.get(id_)
        if before is not None:
            again = events.Fault(f"tool_call_id {id_} was used before")
            return [again] if before[2] == socket else []
        self._calls[id_] = (name, now, socket)
        self._note("tool_call_invocation", said, "tool_call_id", "name", "arguments")
        return [events.ToolCalled(id_, name, said["arguments"])]

    def result(self, frame: Other, now: float) -> list[events.Event]:
        """A tool's result."""
        said = frame.members
        id_ = said["tool_call_id"]
        if id_ not in self._calls:
            return [events.Fault(f"tool_call_result for unknown {id_}")]
        name, since, _ = self._calls[id_]
        self._note("tool_call_result", said, "tool_call_id", "content", "successful")
        ok = said.get("successful")
        return [events.ToolReturned(id_, name, said["content"], ok, now - since)]

    def _note(self, role: str, said: dict[str, Any], *names: str) -> None:
        self._transcript.note({"role": role} | {n: said[n] for n in names if n in said})
