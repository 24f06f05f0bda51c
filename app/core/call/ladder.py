"""What happens while the caller waits: signs that somebody is there, and other attempts.

Two clocks. The caller never waits longer than `SIGN_EVERY_S` without words or a sign, whatever is
waited for. Meanwhile the model is asked again, then on a new session, and is given up at last. Only
words are progress; but an answer that is lost with its session again and again is given up too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from app.core.agent.definition import Agent, TurnTaking
from app.core.call.notes import ResponseFailed
from app.core.call.waiting import State, Wait

Step = Literal["hold", "hold_tool", "stall", "retry", "reopen", "give_up", "tool_late", "repeat"]
Attempt = Literal["ask", "reopen", "give_up"]
_SIGNS: Mapping[State, Step] = {
    State.ASKED: "hold",
    State.HEARING: "hold",
    State.ANSWERING: "hold",
    State.TOOL: "hold_tool",
    State.COOLDOWN: "hold_tool",
}
#: The longest time without words or a sign, in seconds.
SIGN_EVERY_S = 3.5
#: A worker answers within the tool's deadline; its answer gets this much longer to arrive.
TOOL_GRACE_S = 1.0
#: Failed responses in one turn after which the model is given up.
MAX_RETRIES = 2
#: Sessions lost in one turn after which it is given up.
MAX_LOST = 3


class RetryLadder:
    """The ladder of one call. `signs` counts its holding lines, so that each is another one."""

    def __init__(self, agent: Agent) -> None:
        rules = agent.turn_taking
        self.signs = 0
        self._lines = agent.lines
        self._attempts = {state: attempts(state, rules) for state in State}
        self._first_sign = {
            state: first / 1000
            for state, first in (
                (State.ASKED, rules.holding_after_ms),
                (State.HEARING, rules.holding_after_ms),
                (State.ANSWERING, max(rules.holding_after_ms, SIGN_EVERY_S * 1000)),
                (State.TOOL, rules.tool_holding_after_ms),
                (State.COOLDOWN, rules.tool_holding_after_ms),
            )
        }

    def next_step(self, wait: Wait) -> tuple[float, Step] | None:
        """When which step is due, Unix seconds; None where the caller waits for nothing."""
        steps, taken = self._attempts[wait.state], wait.steps
        if taken >= len(steps):
            return None
        after, attempt = steps[taken]
        at, sign_at = wait.since + after, self._next_sign(wait)
        return (at, attempt) if at <= sign_at else (sign_at, _SIGNS[wait.state])

    def _next_sign(self, wait: Wait) -> float:
        """The first sign comes early in a wait, but never later than any other."""
        first = self._first_sign[wait.state]
        again = wait.quiet_since + max(SIGN_EVERY_S, first)
        if wait.quiet_since > wait.since or wait.state is State.ANSWERING:
            return again
        return min(wait.since + first, max(again, wait.since))

    def due(self, wait: Wait, now: float) -> Step | None:
        """The step that is due, if any. An attempt counts as taken."""
        found = self.next_step(wait)
        if found is None or now < found[0]:
            return None
        if found[1] not in ("hold", "hold_tool"):
            wait.steps += 1
        return found[1]

    def line(self, step: Step) -> str:
        """The next holding line, another one each time."""
        choice = self._lines.slow_tool if step == "hold_tool" else self._lines.holding
        self.signs += 1
        return choice[(self.signs - 1) % len(choice)]

    def failed(self, wait: Wait, why: str) -> tuple[ResponseFailed, Attempt]:
        """A response failed: ask again, then on a new session, then give up."""
        note = ResponseFailed(why, wait.retries)
        wait.retries += 1
        if wait.retries > MAX_RETRIES:
            return note, "give_up"
        return note, "reopen" if wait.retries == MAX_RETRIES else "ask"

    def lost(self, wait: Wait) -> bool:
        """A session was lost while it was waited for; whether the answer is given up."""
        wait.lost += 1
        return wait.lost > MAX_LOST


def attempts(state: State, rules: TurnTaking) -> Sequence[tuple[float, Step]]:
    """What is tried while the caller waits: (seconds after the wait began, step), in order."""
    give_up = rules.give_up_after_ms / 1000
    if state is State.ASKED:
        return [
            (rules.retry_after_ms / 1000, "retry"),
            (rules.reconnect_after_ms / 1000, "reopen"),
            (give_up, "give_up"),
        ]
    if state is State.ANSWERING:
        stall = rules.stall_after_ms / 1000
        return [(stall, "stall"), (2 * stall, "reopen"), (max(give_up, 3 * stall), "give_up")]
    if state is State.HEARING:
        return [(rules.retry_after_ms / 1000, "repeat")]
    if state in (State.TOOL, State.COOLDOWN):
        return [(rules.tool_deadline_ms / 1000 + TOOL_GRACE_S, "tool_late")]
    return []
