"""An effect as plain data: what was asked of a tool, how far it is, what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import orjson

State = Literal["asked", "running", "done", "failed", "superseded"]
#: States that nothing leads out of but a new request for the same thing.
SETTLED: frozenset[str] = frozenset({"done", "failed", "superseded"})

#: What a caller gets of an effect that was given up.
GIVEN_UP: dict[str, Any] = {
    "ok": False,
    "output": {"error": "failed", "message": "It could not be done. Nothing is promised."},
    "say": None,
}
#: What a caller gets of an effect that was replaced before it began.
REPLACED: dict[str, Any] = {
    "ok": False,
    "output": {"error": "superseded", "message": "Not done: the caller changed their mind."},
    "say": None,
}


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect. Times are Unix seconds of Redis's clock; 0 where it has not happened."""

    call_id: str
    key: str
    state: State
    tool: str
    arguments: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    asked_at: float = 0.0
    started_at: float = 0.0
    ended_at: float = 0.0
    deadline: float = 0.0
    attempts: int = 0
    rounds: int = 1
    worker: str = ""
    error: str = ""
    result: dict[str, Any] | None = None
    """`{"ok": bool, "output": {...}, "say": str | None}` once it is settled."""
    tool_call_ids: tuple[str, ...] = ()
    read_at: float = field(default_factory=time.monotonic, compare=False)
    """When this was read from the store, by the monotonic clock of this process."""

    @property
    def settled(self) -> bool:
        """True when it has ended, well or not: `result` is there."""
        return self.state in SETTLED

    @property
    def age_s(self) -> float:
        """Seconds since it was asked for, of an effect that was read as its attempt began."""
        return max(0.0, self.started_at - self.asked_at) + time.monotonic() - self.read_at

    @property
    def ends_at(self) -> float:
        """When the waiting caller must have an answer, by the monotonic clock of this process."""
        return self.read_at + (self.deadline - self.started_at if self.started_at else 0.0)

    @property
    def ok(self) -> bool:
        """True when it was done and came out well."""
        return self.result is not None and bool(self.result.get("ok"))

    @classmethod
    def of(cls, call_id: str, fields: Mapping[bytes, bytes]) -> Effect:
        """The effect of a Redis hash."""

        def text(name: bytes) -> str:
            return fields.get(name, b"").decode()

        def number(name: bytes) -> float:
            return float(fields.get(name) or 0)

        result = fields.get(b"result")
        return cls(
            call_id=call_id,
            key=text(b"key"),
            state=cast(State, text(b"state")),
            tool=text(b"tool"),
            arguments=orjson.loads(fields.get(b"arguments") or b"{}"),
            context=orjson.loads(fields.get(b"context") or b"{}"),
            asked_at=number(b"asked_at"),
            started_at=number(b"started_at"),
            ended_at=number(b"ended_at"),
            deadline=number(b"deadline"),
            attempts=int(number(b"attempts")),
            rounds=int(number(b"round")),
            worker=text(b"worker"),
            error=text(b"error"),
            result=orjson.loads(result) if result else None,
            tool_call_ids=tuple(
                sorted(name[2:].decode() for name in fields if name.startswith(b"w:"))
            ),
        )

    @classmethod
    def of_flat(cls, call_id: str, flat: list[bytes]) -> Effect:
        """The effect of a hash as scripts give it: name, value, name, value."""
        return cls.of(call_id, dict(zip(flat[::2], flat[1::2], strict=True)))

    def to_json(self) -> dict[str, Any]:
        """Plain data for people: the context stays out."""
        return {
            "key": self.key,
            "tool": self.tool,
            "state": self.state,
            "arguments": self.arguments,
            "result": self.result,
            "asked_at": self.asked_at,
            "started_at": self.started_at or None,
            "ended_at": self.ended_at or None,
            "attempts": self.attempts,
            "error": self.error or None,
            "tool_call_ids": list(self.tool_call_ids),
        }
