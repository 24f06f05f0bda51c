"""How a call is ended by us, whatever the channel: a hang-up, a transfer, and the words before it.

What is pending may be lost or taken back until it has happened, so it stays here until then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.core.agent.definition import Agent
from app.core.call import prompts
from app.core.call.notes import ActionTakenBack
from app.core.call.pending_action import Answer, PendingAction, after_words
from app.core.tools.arguments import ArgumentReader
from app.core.tools.declarations import FunctionCall

_KEYS = "0123456789*#"


def apology(agent: Agent) -> str:
    """What is said when the model is gone for good."""
    lines = agent.lines
    if hands_over(agent):
        return f"{lines.apology} {lines.transfer}"
    end = agent.turn_taking.fallback == "end"
    return lines.apology if end else f"{lines.apology} {lines.callback}"


def hands_over(agent: Agent) -> bool:
    """Whether a call without a model goes to a person."""
    return agent.turn_taking.fallback == "transfer" and bool(agent.transfer_number)


@dataclass(slots=True)
class Ending:
    """The end that is pending, if any."""

    agent: Agent
    pending: PendingAction | None = None

    def ask(self, call: FunctionCall) -> tuple[PendingAction | None, str]:
        """The model acts on the call: the action, or None and what is wrong with it."""
        read = ArgumentReader(self.agent.toolset).read(call.name, call.arguments)
        if read.problem:
            return None, read.problem
        arguments = read.values
        lines, message = self.agent.lines, str(arguments.get("message") or "").strip()
        if call.name == "transfer_call":
            number = self.agent.transfer_number
            if not number:
                return None, prompts.NOBODY_TO_TRANSFER_TO
            return PendingAction("transfer", message or lines.transfer, number), ""
        if call.name == "press_digits":
            digits = "".join(c for c in str(arguments.get("digits")) if c in _KEYS)
            if not digits:
                return None, prompts.NO_DIGITS
            return PendingAction("digits", message, digits), ""
        return PendingAction("end", message or lines.goodbye), ""

    def say_goodbye(self, line: str) -> PendingAction:
        """The call ends after `line`."""
        self.pending = PendingAction("end", line)
        return self.pending

    def give_up(self) -> PendingAction:
        """There is no model: an apology, then what the agent's file says."""
        line = apology(self.agent)
        if hands_over(self.agent):
            self.pending = PendingAction("transfer", line, str(self.agent.transfer_number))
        else:
            self.pending = PendingAction("end", line)
        return self.pending

    def hear(self, caller: str) -> Answer:
        """The caller said something into what is pending; what becomes of it."""
        assert self.pending is not None, "only with an action pending"
        return after_words(self.pending, caller, self.agent)

    def take_back(self) -> ActionTakenBack:
        """It does not happen."""
        assert self.pending is not None, "only with an action pending"
        note, self.pending = ActionTakenBack(self.pending.kind), None
        return note

    def to_state(self) -> dict[str, Any] | None:
        """A JSON value."""
        return self.pending.to_state() if self.pending else None

    def restore(self, state: dict[str, Any] | None) -> None:
        """Go on from what `to_state` gave."""
        self.pending = PendingAction(**state) if state else None
