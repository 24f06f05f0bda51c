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


def apology(agent: Agent, *, hands_over: bool) -> str:
    """What is said when the model is gone for good; `hands_over` says that a person takes over."""
    lines = agent.lines
    if hands_over:
        return f"{lines.apology} {lines.transfer}"
    end = agent.turn_taking.fallback == "end"
    return lines.apology if end else f"{lines.apology} {lines.callback}"


@dataclass(slots=True)
class Ending:
    """The end that is pending, if any."""

    agent: Agent
    pending: PendingAction | None = None

    def ask(self, call: FunctionCall, now: float) -> tuple[PendingAction | None, str]:
        """The model acts on the call: the action, or None and what is wrong with it. `now` is in
        Unix seconds."""
        read = ArgumentReader(self.agent.toolset).read(call.name, call.arguments)
        if read.problem:
            return None, read.problem
        arguments = read.values
        lines, message = self.agent.lines, str(arguments.get("message") or "").strip()
        if call.name == "transfer_call":
            return self._transfer(str(arguments.get("target") or ""), message, now)
        if call.name == "press_digits":
            digits = "".join(c for c in str(arguments.get("digits")) if c in _KEYS)
            if not digits:
                return None, prompts.NO_DIGITS
            return PendingAction("digits", message, digits), ""
        return PendingAction("end", message or lines.goodbye), ""

    def _transfer(self, name: str, message: str, now: float) -> tuple[PendingAction | None, str]:
        switchboard = self.agent.switchboard
        target = switchboard.choose(name, now)
        if target is None:
            return None, prompts.NOBODY_TO_TRANSFER_TO
        if not switchboard.is_open(target, now):
            instead = switchboard.next_after(target, (), now)
            opening = switchboard.say_opening(target, now)
            takes_messages = "take_message" in self.agent.toolset
            other = instead.name if instead else ""
            return None, prompts.target_closed(target.name, opening, other, takes_messages)
        line = target.before or message or self.agent.lines.transfer
        return PendingAction("transfer", line, target.number, target.name), ""

    def say_goodbye(self, line: str) -> PendingAction:
        """The call ends after `line`."""
        self.pending = PendingAction("end", line)
        return self.pending

    def hand_over(self, line: str, number: str) -> PendingAction:
        """The caller is handed to `number` after `line`."""
        self.pending = PendingAction("transfer", line, number)
        return self.pending

    def give_up(self, now: float) -> PendingAction:
        """There is no model: an apology, then what the agent's file says."""
        target = self.agent.switchboard.open_target(now)
        hands_over = target is not None and self.agent.hands_over(now)
        line = apology(self.agent, hands_over=hands_over)
        if hands_over and target is not None:
            self.pending = PendingAction("transfer", line, target.number, target.name)
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
