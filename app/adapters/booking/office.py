"""Changes that people of the business make to appointments: asked for here, made by workers.

Such a change is an effect like a call's: under a key, tried again after a failure, made once. What
a page names it by (`OfficeChange.once`) stands where a call's id would.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from app.adapters.tools.single_run import Waits
from app.adapters.tools.store import EffectStore
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.tools.declarations import idempotency_key

MOVE, CANCEL = "office.move", "office.cancel"
"""Names that no agent's tool can have, so no model can ask for them."""
DEADLINE_S = 10.0
WAIT_S = 11.0

Act = Literal["move", "cancel"]


@dataclass(frozen=True, slots=True)
class OfficeChange:
    """What somebody wants changed.

    once: names this wish: the same one again is the same change, with the same result.
    was: the start that they saw. An appointment that stands elsewhere by now is left alone.
    resource: with whom or what it is to be; blank keeps it, "anyone" takes whoever is free.
    """

    act: Act
    event_id: str
    was: dt.datetime
    once: str
    by: str
    to: dt.datetime | None = None
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of it. `state` is "pending" where it has not ended in time; it goes on then."""

    state: Literal["done", "refused", "pending"]
    error: str = ""
    """Why it was refused, as the tools' errors are called."""
    message: str = ""


def request_change(
    effects: EffectStore, replies: Waits, agent: Agent, change: OfficeChange
) -> Changed:
    """Have a worker make the change, and wait for it. Raises `Unavailable` where Redis is away."""
    call_id = f"office-{change.once}"
    tool = MOVE if change.act == "move" else CANCEL
    arguments: dict[str, Any] = {
        "event_id": change.event_id,
        "was": change.was.isoformat(),
        "by": change.by,
    }
    if change.act == "move" and change.to is not None:
        arguments |= {"to": change.to.isoformat(), "resource": change.resource}
    context = {**AgentRef.to(agent).to_json(), "channel": "office"}
    key = idempotency_key(call_id, tool, arguments)
    effect = effects.ask(
        call_id,
        key,
        tool,
        arguments,
        change.once,
        context,
        deadline_s=DEADLINE_S,
        reply_to=replies.process,
        kind="write",
    )
    reply = replies.wait(effect, change.once, WAIT_S)
    if reply is None:
        return Changed("pending")
    if reply.ok:
        return Changed("done")
    error = str(reply.output.get("error") or "failed")
    return Changed("refused", error, str(reply.output.get("message") or ""))
