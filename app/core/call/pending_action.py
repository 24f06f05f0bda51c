"""A transfer, hang-up or key press that was promised and may be lost.

Retell drops the action of a response that the caller interrupts and says nothing of it (Retell
guide "Function calling"). So it is kept until it happens: it is sent again with every later
request, on a frame with content, until the caller takes it back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.core.agent.definition import Agent
from app.core.language import agreement, backchannel
from app.core.language.words import words
from app.protocol.retell_llm import CallAction

ActionKind = Literal["end", "transfer", "digits"]
Answer = Literal["again", "with_answer", "taken_back"]

_FAREWELL = frozenset(
    words(
        "bye goodbye thanks thank you cheers great good day night evening afternoon have a nice "
        "take care see later alright right perfect all set that's it is that will be everything"
    )
)


@dataclass(frozen=True, slots=True)
class PendingAction:
    """What is to be done, and the line it is done with. `target` is a number, or keys to press;
    `name` is whose number it is."""

    kind: ActionKind
    line: str
    target: str = ""
    name: str = ""

    def action(self) -> CallAction:
        """The members of the frame."""
        if self.kind == "end":
            return CallAction(end_call=True)
        if self.kind == "transfer":
            return CallAction(transfer_number=self.target)
        return CallAction(digit_to_press=self.target)

    def to_state(self) -> dict[str, Any]:
        """A JSON value."""
        return asdict(self)


def after_words(pending: PendingAction, caller: str, agent: Agent) -> Answer:
    """What becomes of the action, after the caller said `caller` into it.

    A farewell or a backchannel lets it happen again at once. A command ("wait", "stop", "no") takes
    it back. A hang-up is also taken back by anything else that is said: nobody is hung up on while
    they ask. A transfer or key press goes on together with the answer.
    """
    said = words(caller)
    if not said:
        return "again"
    kind = backchannel.classify(caller, backchannel.Floor.AGENT, agent.turn_taking)
    if pending.kind == "end" and all(word in _FAREWELL for word in said):
        return "again"
    if kind is backchannel.Kind.COMMAND or agreement.objects(caller):
        return "taken_back"
    if kind in (backchannel.Kind.BACKCHANNEL, backchannel.Kind.NOTHING):
        return "again"
    if all(word in _FAREWELL for word in said):
        return "again"
    return "taken_back" if pending.kind == "end" else "with_answer"
