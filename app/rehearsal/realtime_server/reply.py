"""What a brain answers with, before it is put into events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Say:
    """One message. `phase` is what reasoning models mark their messages with, or None."""

    text: str
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One function call. `arguments` is JSON text."""

    name: str
    arguments: str


Part = Say | Call


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that a model sees when it is asked for a response.

    `items` are the wire forms of the conversation's items in order; a user's audio carries what
    was heard in its `transcript`. `at` is the Unix time, for a brain whose instructions name none.
    """

    instructions: str
    tools: Sequence[dict[str, Any]]
    tool_choice: str | dict[str, Any]
    items: Sequence[dict[str, Any]]
    at: float
    metadata: dict[str, str] = field(default_factory=dict)

    def has(self, tool: str) -> bool:
        """Whether the tool was declared and may be called."""
        return self.tool_choice != "none" and any(t.get("name") == tool for t in self.tools)


class Brain(Protocol):
    """Decides what is said. A pure function of the prompt."""

    def answer(self, prompt: Prompt) -> Sequence[Part]:
        """The parts of the response, in order; at least one."""
        ...
