"""One request for speech, and what has been said for it.

Retell speaks only the newest response id, until it is complete, and starts at the first complete
sentence (Retell guide "Custom LLM best practices"). So the first sentence leaves as it comes, later
text is gathered to sentences, and what is late is dropped before it is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from app.core.call.notes import TurnEnded
from app.core.call.waiting import Change, State, Wait
from app.core.language.words import sentence_end
from app.protocol.retell_llm import Utterance

#: Later text is sent at the latest when this many characters are gathered.
GATHER_CHARS = 160
#: How far back the end of a sentence is looked for when its last piece comes.
TAIL_CHARS = 40
_ENDS = re.compile(r"[.!?…。！？]")


@dataclass(slots=True)
class Speech:
    """What was said for a turn: `sent` left already, `gathered` waits for the end of a sentence.

    `first_at` is when the first of it left, `sentence_at` when its first sentence had left, in
    Unix seconds.
    """

    sent: str = ""
    gathered: str = ""
    first_sentence: bool = False
    first_at: float | None = None
    sentence_at: float | None = None

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

    def left(self, text: str, now: float) -> None:
        """`text` has left."""
        if self.first_at is None and text:
            self.first_at = now
        if self.sentence_at is None and self.first_sentence:
            self.sentence_at = now
        self.sent += text


@dataclass(slots=True)
class Turn:
    """One request. Times are Unix seconds."""

    response_id: int
    asked_at: float
    transcript: tuple[Utterance, ...] = ()
    reminder: bool = False
    speech: Speech = field(default_factory=Speech)
    wait: Wait = field(default_factory=lambda: Wait(0.0, 0.0))
    tools: list[str] = field(default_factory=list)
    tool_rounds: int = 0
    requests: int = 0
    key: str = ""
    continued: bool = False
    """Whether an answer that ended too early was asked for its rest."""
    pause_ms: float | None = None
    """How long the caller had been silent as it began; None where they had not spoken."""

    @classmethod
    def begin(
        cls,
        response_id: int,
        now: float,
        transcript: tuple[Utterance, ...] = (),
        *,
        reminder: bool = False,
    ) -> Turn:
        """A turn that waits for its answer from now on."""
        return cls(response_id, now, transcript, reminder, wait=Wait(now, now))

    @property
    def complete(self) -> bool:
        """Whether the turn is over."""
        return self.wait.over

    def new_key(self) -> str:
        """A new key for a request to the model on behalf of this turn; older ones lapse."""
        self.requests += 1
        self.key = f"t{self.response_id}.{self.requests}"
        return self.key

    def heard(self) -> tuple[Utterance, ...]:
        """The transcript at the request, and what was sent for it since."""
        if not self.speech.sent.strip():
            return self.transcript
        return (*self.transcript, Utterance("agent", self.speech.sent))

    def end(self, how: str, now: float) -> TurnEnded:
        """The turn is over; what is told of it."""
        self.wait.on(Change.END, now)
        return TurnEnded(
            self.response_id,
            how,
            self.asked_at,
            self._ms_until(self.speech.first_at),
            round((now - self.asked_at) * 1000, 1),
            self.speech.sent.strip(),
            list(self.tools),
            self.wait.lost or None,
            self._ms_until(self.speech.sentence_at),
            self.pause_ms,
        )

    def _ms_until(self, at: float | None) -> float | None:
        return None if at is None else round((at - self.asked_at) * 1000, 1)

    def to_state(self) -> dict[str, Any]:
        """A JSON value that `from_state` understands."""
        speech, wait = self.speech, self.wait
        return {
            "response_id": self.response_id,
            "asked_at": self.asked_at,
            "transcript": [
                {
                    "role": u.role,
                    "content": u.content,
                    "response_id": u.response_id,
                    "is_backchannel": u.is_backchannel,
                }
                for u in self.transcript
            ],
            "reminder": self.reminder,
            "sent": speech.sent,
            "gathered": speech.gathered,
            "first_sentence": speech.first_sentence,
            "first_at": speech.first_at,
            "sentence_at": speech.sentence_at,
            "complete": wait.over,
            "answering": wait.answering,
            "waiting": _NAMES[wait.state],
            "waiting_since": wait.since,
            "quiet_since": wait.quiet_since,
            "steps": wait.steps,
            "retries": wait.retries,
            "lost": wait.lost,
            "continued": self.continued,
            "tools": list(self.tools),
            "tool_rounds": self.tool_rounds,
            "requests": self.requests,
            "key": self.key,
            "pause_ms": self.pause_ms,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Turn:
        """The turn that `to_state` was given."""
        since = state["waiting_since"]
        wait = Wait(
            since,
            state.get("quiet_since", since),
            _state_of(state["waiting"], state["answering"], state["complete"]),
            state["steps"],
            state["retries"],
            state.get("lost", 0),
        )
        return cls(
            state["response_id"],
            state["asked_at"],
            tuple(Utterance(**entry) for entry in state["transcript"]),
            state["reminder"],
            Speech(
                state["sent"],
                state["gathered"],
                state["first_sentence"],
                state["first_at"],
                state.get("sentence_at"),
            ),
            wait,
            list(state["tools"]),
            state["tool_rounds"],
            state["requests"],
            state["key"],
            state["continued"],
            state.get("pause_ms"),
        )


#: The names that states have in a saved call (version 1).
_NAMES = {
    State.ASKED: "model",
    State.ANSWERING: "model",
    State.HEARING: "model",
    State.TOOL: "tool",
    State.COOLDOWN: "commit",
    State.PLAYING: "nothing",
    State.OVER: "nothing",
}


def _state_of(waiting: str, answering: bool, complete: bool) -> State:
    if complete:
        return State.OVER
    if waiting == "model":
        return State.ANSWERING if answering else State.ASKED
    return {"tool": State.TOOL, "commit": State.COOLDOWN}.get(waiting, State.PLAYING)
