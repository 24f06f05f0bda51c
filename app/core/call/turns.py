"""One request for speech, and what has been said for it.

Retell speaks only the newest response id, until it is complete, and starts at the first complete
sentence (Retell guide "Custom LLM best practices"). So the first sentence leaves as it comes, later
text is gathered to sentences, and what is late is dropped before it is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from app.core.agent.definition import TurnTaking
from app.core.language.words import sentence_end
from app.protocol.retell_llm import Utterance

Waiting = Literal["model", "tool", "commit", "nothing"]
Step = Literal["hold", "retry", "reopen", "give_up", "hold_tool", "tool_late", "stall"]
#: Later text is sent at the latest when this many characters are gathered.
GATHER_CHARS = 160
#: How far back the end of a sentence is looked for when its last piece comes.
TAIL_CHARS = 40
_ENDS = re.compile(r"[.!?…。！？]")
#: A worker answers within the tool's deadline; its answer gets this much longer to arrive.
TOOL_GRACE_S = 1.0
#: A tool that takes longer than this after the first holding line gets a second one.
HOLD_AGAIN_S = 5.0


@dataclass(slots=True)
class Turn:
    """One request. Times are Unix seconds; `sent` is all text that left under its id."""

    response_id: int
    asked_at: float
    transcript: tuple[Utterance, ...] = ()
    reminder: bool = False
    sent: str = ""
    gathered: str = ""
    complete: bool = False
    first_sentence: bool = False
    first_at: float | None = None
    answering: bool = False
    waiting: Waiting = "model"
    waiting_since: float = 0.0
    steps: int = 0
    retries: int = 0
    continued: bool = False
    tools: list[str] = field(default_factory=list)
    tool_rounds: int = 0
    requests: int = 0
    key: str = ""

    def new_key(self) -> str:
        """A new key for a request to the model on behalf of this turn; older ones lapse."""
        self.requests += 1
        self.key = f"t{self.response_id}.{self.requests}"
        return self.key

    def wait(self, waiting: Waiting, now: float, steps: int = 0) -> None:
        """The caller now waits for `waiting`; `steps` of the ladder are behind already."""
        self.waiting, self.waiting_since, self.steps = waiting, now, steps

    def gather(self, text: str) -> str:
        """Take a piece of text; what of it should leave now."""
        self.gathered += text
        if not self.first_sentence:
            ready = self.flush()
            tail = self.sent[-TAIL_CHARS:] + ready
            self.first_sentence = _ENDS.search(ready) is not None and sentence_end(tail) > 0
            return ready
        if _ENDS.search(text) is None and len(self.gathered) < GATHER_CHARS:
            return ""
        end = sentence_end(self.gathered) or len(self.gathered)
        ready, self.gathered = self.gathered[:end], self.gathered[end:]
        return ready

    def flush(self) -> str:
        """All text that was gathered."""
        ready, self.gathered = self.gathered, ""
        return ready

    def heard(self) -> tuple[Utterance, ...]:
        """The transcript at the request, and what was sent for it since."""
        if not self.sent.strip():
            return self.transcript
        return (*self.transcript, Utterance("agent", self.sent))

    def to_state(self) -> dict[str, Any]:
        """A JSON value that `from_state` understands."""
        # Several times faster than `asdict`, which copies each value of each utterance.
        state: dict[str, Any] = {name: getattr(self, name) for name in _FIELDS}
        state["tools"] = list(self.tools)
        state["transcript"] = [
            {
                "role": u.role,
                "content": u.content,
                "response_id": u.response_id,
                "is_backchannel": u.is_backchannel,
            }
            for u in self.transcript
        ]
        return state

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Turn:
        """The turn that `to_state` was given."""
        transcript = tuple(Utterance(**entry) for entry in state["transcript"])
        return cls(**{**state, "transcript": transcript})


_FIELDS = tuple(one.name for one in fields(Turn))


def ladder(turn: Turn, rules: TurnTaking) -> list[tuple[float, Step]]:
    """What happens while the caller waits: (seconds after `waiting_since`, step), in order."""
    if turn.waiting == "model" and turn.answering:
        stall = rules.stall_after_ms / 1000
        return [
            (stall, "stall"),
            (2 * stall, "reopen"),
            (max(rules.give_up_after_ms / 1000, 3 * stall), "give_up"),
        ]
    if turn.waiting == "model":
        return [
            (rules.holding_after_ms / 1000, "hold"),
            (rules.retry_after_ms / 1000, "retry"),
            (rules.reconnect_after_ms / 1000, "reopen"),
            (rules.give_up_after_ms / 1000, "give_up"),
        ]
    if turn.waiting in ("tool", "commit"):
        first = rules.tool_holding_after_ms / 1000
        late = rules.tool_deadline_ms / 1000 + TOOL_GRACE_S
        holds: list[tuple[float, Step]] = [
            (after, "hold_tool") for after in (first, first + HOLD_AGAIN_S) if after < late
        ]
        return [*holds, (late, "tool_late")]
    return []


def next_step(turn: Turn, rules: TurnTaking) -> tuple[float, Step] | None:
    """When which step of the ladder is due, if any is left."""
    steps = ladder(turn, rules)
    if turn.complete or turn.steps >= len(steps):
        return None
    after, step = steps[turn.steps]
    return turn.waiting_since + after, step
