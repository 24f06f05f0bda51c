"""What a call knows, and how it speaks: the ground of `app.core.text.call.TextCall`.

Every turn ends exactly once: complete, or superseded by a newer one.
"""

from __future__ import annotations

from typing import Any

from app.core.agent.definition import Agent
from app.core.call.events import Action, Note, SaveState, ToRetell
from app.core.call.pending_action import PendingAction
from app.core.call.tool_calls import ToolCalls
from app.core.call.turns import Turn
from app.core.language.words import sentence_end
from app.core.realtime.history import History
from app.core.realtime.session import ModelSession, Request
from app.protocol import retell_llm
from app.protocol.retell_llm import NO_ACTION, CallAction, Utterance


class Speaking:
    """The state of one call, and the ways a turn speaks and ends."""

    def __init__(self, call_id: str, agent: Agent) -> None:
        self.call_id = call_id
        self.agent = agent
        self.out: list[Action] = []
        self.model = ModelSession({}, self.out)
        self.tools = ToolCalls(call_id)
        self.turn: Turn | None = None
        self.pending: PendingAction | None = None
        self.details: dict[str, Any] = {}
        #: The newest transcript that Retell sent.
        self.transcript: tuple[Utterance, ...] = ()
        self.started_at = 0.0
        self.caller_last = ""
        self.caller_spoke_at = 0.0
        self.interrupted_at: float | None = None
        #: What the agent has been saying since the caller last had the floor, and how many words
        #: of the agent's stood in the transcript before it.
        self.last_sent = ""
        self.words_before = 0
        self.interruptions = 0
        self.turns = 0
        self.late: list[str] = []
        #: The budget is spent: the next answer is a goodbye. What was spent is counted by the
        #: call's owner, and kept with the state.
        self.time_up = False
        self.spent_nano_usd = 0
        self.holding_lines = 0
        self.last_event = b""
        self.draining = False
        self.dropped = False

    def restore(self, state: dict[str, Any]) -> None:
        """Take over the state that `TextCall.to_state` gave."""
        self.started_at = state["started_at"]
        self.details = state["details"]
        self.model.history = History.from_state(state["history"])
        self.model.number = state["session"]
        self.turn = Turn.from_state(state["turn"]) if state["turn"] else None
        self.tools = ToolCalls.from_state(self.call_id, state["tools"])
        self.pending = PendingAction(**state["pending"]) if state["pending"] else None
        self.late = list(state.get("late", ()))
        for name in (
            "last_sent",
            "words_before",
            "caller_last",
            "interrupted_at",
            "caller_spoke_at",
            "interruptions",
            "turns",
            "time_up",
            "spent_nano_usd",
        ):
            setattr(self, name, state[name])

    def _send(
        self,
        turn: Turn,
        text: str,
        now: float,
        *,
        complete: bool = False,
        action: CallAction = NO_ACTION,
        protected: bool = False,
    ) -> None:
        if turn.first_at is None and text:
            turn.first_at = now
        turn.sent += text
        frame = retell_llm.response(
            turn.response_id, text, complete, action=action, protected=protected
        )
        self.out.append(ToRetell(frame))

    def _speak(self, turn: Turn, text: str, now: float) -> None:
        """Say something new: it becomes part of what the agent has been saying."""
        self.last_sent += text
        self._send(turn, text, now)

    def _complete(
        self,
        turn: Turn,
        now: float,
        ended: str,
        text: str = "",
        *,
        action: CallAction = NO_ACTION,
    ) -> None:
        """Send the last of the turn. An action that is pending rides along."""
        text = turn.flush() + text
        pending = self.pending
        if pending is not None and action is NO_ACTION:
            text, action = f"{text} {pending.line}".strip(), pending.action()
        protected = action is not NO_ACTION and self.agent.turn_taking.protect_actions
        self.last_sent += text
        self._send(turn, text, now, complete=True, action=action, protected=protected)
        turn.complete = True
        turn.wait("nothing", now)
        self._told(turn, ended, now)
        self.out.append(SaveState())

    def _told(self, turn: Turn, ended: str, now: float) -> None:
        self.turns += 1
        first = None if turn.first_at is None else round((turn.first_at - turn.asked_at) * 1000, 1)
        self.out.append(
            Note(
                "turn",
                {
                    "response_id": turn.response_id,
                    "ended": ended,
                    "asked_at": turn.asked_at,
                    "first_ms": first,
                    "total_ms": round((now - turn.asked_at) * 1000, 1),
                    "text": turn.sent,
                    "tools": list(turn.tools),
                },
            )
        )

    def _ask_model(
        self,
        turn: Turn,
        now: float,
        *,
        heard: tuple[Utterance, ...] | None = None,
        note: str | None = None,
    ) -> None:
        """Ask for the model's answer. The caller starts waiting for it."""
        if self.model.fatal:
            self._give_up(turn, now)
            return
        notes = [*self.late, *([note] if note else [])]
        self.late.clear()
        turn.wait("model", now)
        self.model.request(Request(turn.new_key(), heard, "\n".join(notes) or None), now)

    def _act(self, turn: Turn, now: float) -> None:
        """Send the pending action, on a frame that has content."""
        pending = self.pending
        assert pending is not None, "only with an action pending"
        said = turn.flush()
        line = f"{said.rstrip()} {pending.line}".strip() if said else pending.line
        if turn.sent and not turn.sent.endswith(" "):
            line = " " + line
        self._complete(turn, now, pending.kind, line, action=pending.action())

    def _give_up(self, turn: Turn, now: float) -> None:
        """There is no model: say so honestly, and hand the caller over as the agent's file says."""
        self.model.withdraw(now)
        self.out.append(Note("gave_up", {"response_id": turn.response_id}))
        lines, how = self.agent.lines, self.agent.turn_taking.fallback
        if how == "transfer" and self.agent.transfer_number:
            line, number = f"{lines.apology} {lines.transfer}", self.agent.transfer_number
            self.pending = PendingAction("transfer", line, number)
        elif how == "end":
            self.pending = PendingAction("end", lines.apology)
        else:
            self.pending = PendingAction("end", f"{lines.apology} {lines.callback}")
        spoken = turn.gathered[: sentence_end(turn.gathered)]
        turn.gathered = spoken
        self._act(turn, now)

    def _quiet_at(self) -> float:
        """When side effects may be committed."""
        if self.interrupted_at is None:
            return 0.0
        cooldown = self.agent.turn_taking.cooldown_ms / 1000
        return max(self.interrupted_at, self.caller_spoke_at) + cooldown
