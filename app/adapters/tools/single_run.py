"""One run of a tool by a worker, for a person or a program that is no call.

It is the same effect that a call would ask for: arguments, policies, keys and limits are the same.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import uuid4

from app.adapters.tools.execution import Effect
from app.adapters.tools.http_tool import refusal
from app.adapters.tools.replies import Reply
from app.adapters.tools.store import EffectStore
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.tools.arguments import ArgumentReader
from app.core.tools.declarations import Tool, idempotency_key
from app.core.tools.epoch import epoch_of
from app.errors import BadRequest, NotFound
from app.protocol.body import required_id

#: The calls of runs that name none are named after this.
NO_CALL = "tool"
MAX_KEY_CHARS = 255
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """What is to be run, and as if for whom."""

    agent: Agent
    tool: str
    arguments: Any
    """A JSON object, unchecked."""
    caller_number: str = ""
    call_id: str = ""
    """The call it belongs to; blank is one of its own."""
    idempotency_key: str = ""
    """Requests with the same key are one run, with one result; blank is always a new one."""
    confirmed: bool = False
    """The caller has agreed to it, where the tool asks for that."""


@dataclass(frozen=True, slots=True)
class ToolRun:
    """What came of it. `state` is that of the effect; "pending" if it has not ended in time,
    "refused" if the arguments do not fit and nothing was run."""

    call_id: str
    state: Literal["done", "failed", "superseded", "pending", "refused"]
    ok: bool
    output: dict[str, Any]
    say: str | None
    seconds: float
    error: str = ""
    """Why it failed, in the words of the log."""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "ok": self.ok,
            "state": self.state,
            "output": self.output,
            "say": self.say,
            "error": self.error or None,
            "seconds": round(self.seconds, 3),
            "call_id": self.call_id,
        }


class Waits(Protocol):
    """Waits for the end of an effect; `process` is where its reply goes."""

    process: str

    def wait(self, effect: Effect, tool_call_id: str, timeout_s: float) -> Reply | None:
        """The reply; None if it has not come in time."""


class PollingReplies:
    """Waits by looking at the effect, where no greenlet reads replies."""

    process = ""

    def __init__(self, effects: EffectStore) -> None:
        self._effects = effects

    def wait(self, effect: Effect, tool_call_id: str, timeout_s: float) -> Reply | None:
        """The reply; None if it has not come in time."""
        deadline = time.monotonic() + timeout_s
        found: Effect | None = effect
        while time.monotonic() < deadline:
            if found is not None and found.settled:
                return Reply.of(found, tool_call_id)
            time.sleep(POLL_S)
            found = self._effects.get(effect.call_id, effect.key)
        return None


def run_tool(
    effects: EffectStore, replies: Waits, request: ToolRequest, wait_s: float = 0.0
) -> ToolRun:
    """Have a worker run the tool and wait for its end, for `wait_s` or the agent's own patience.

    Raises NotFound for a tool that the agent does not have, BadRequest for one that acts on a call
    or a key that was used for another run, Unavailable if Redis is away.
    """
    began = time.monotonic()
    tool = find_tool(request.agent, request.tool)
    call_id, tool_call_id = _ids(request)
    read = ArgumentReader(request.agent.toolset).check(tool.name, request.arguments)
    if read.problem:
        return _run(call_id, "refused", refusal("bad_arguments", read.problem), began)
    known = effects.of_call(call_id)
    epoch = epoch_of((effect.tool, effect.ok) for effect in known)
    before = next((effect for effect in known if tool_call_id in effect.tool_call_ids), None)
    if before is not None and (before.tool, before.arguments) != (tool.name, read.values):
        raise BadRequest(
            "this idempotency key was used for another run; take a new one",
            code="idempotency_key_reused",
        )
    key = before.key if before else idempotency_key(call_id, tool.name, read.values, epoch)
    patience_s = request.agent.turn_taking.tool_deadline_ms / 1000
    effect = effects.ask(
        call_id,
        key,
        tool.name,
        read.values,
        tool_call_id,
        _context(request),
        deadline_s=patience_s,
        reply_to=replies.process,
        kind=tool.kind,
    )
    reply = replies.wait(effect, tool_call_id, wait_s or patience_s)
    if reply is None:
        waiting = refusal("pending", "It has not ended yet. Ask again with the same key.")
        return _run(call_id, "pending", waiting, began)
    result = {"ok": reply.ok, "output": reply.output, "say": reply.say}
    failed = effects.get(call_id, key) if reply.state == "failed" else None
    return _run(call_id, reply.state, result, began, failed.error if failed else "")


def find_tool(agent: Agent, name: str) -> Tool:
    """The agent's tool of that name, if it can be run without a call.

    Raises NotFound, or BadRequest for one that acts on a call.
    """
    tool = agent.toolset.get(name)
    if tool is None:
        known = ", ".join(agent.toolset) or "none"
        raise NotFound(f"{agent.name} has no tool {name[:64]!r}; the tools are: {known}")
    if tool.kind == "action":
        raise BadRequest(f"{name} acts on a call: try it in one (python -m app call)")
    return tool


def _ids(request: ToolRequest) -> tuple[str, str]:
    """The call, and the name of this request in it."""
    if not request.idempotency_key:
        made = uuid4().hex[:16]
    elif len(request.idempotency_key) > MAX_KEY_CHARS:
        raise BadRequest(f"the idempotency key exceeds {MAX_KEY_CHARS} characters")
    else:
        whole = f"{request.agent.home.id}\0{request.agent.id}\0{request.idempotency_key}"
        made = hashlib.sha256(whole.encode()).hexdigest()[:16]
    own = f"{NO_CALL}-{made}"
    return required_id(request.call_id or own, "the call's id"), own


def _context(request: ToolRequest) -> dict[str, Any]:
    return {
        **AgentRef.to(request.agent).to_json(),
        "caller_number": request.caller_number,
        "channel": "tool",
        "consent": "stated" if request.confirmed else "",
    }


def _run(
    call_id: str, state: Any, result: dict[str, Any], began: float, error: str = ""
) -> ToolRun:
    return ToolRun(
        call_id,
        state,
        bool(result["ok"]),
        dict(result["output"]),
        result.get("say"),
        time.monotonic() - began,
        error,
    )
