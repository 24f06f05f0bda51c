"""What is still to be done: what may be done, against what this call has led to already.

However often a call is looked at, each request leads to its effect once. Corrected before the
effect has begun, the new one replaces it; corrected afterwards, the booking is moved; taken back
afterwards, it is cancelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.core.requests.evidence import BOOK, CANCEL, TOOL_OF, Decision

Act = Mapping[str, Any]
"""One effect that was asked for: `number` of its request, `tool`, `start` (ISO wall time),
`service`, `name`, `target` (id of the appointment it changes), `key`, `ok` (None while it is under
way), `booking_id` once it is known, and `why` where it was refused."""


@dataclass(frozen=True, slots=True)
class Step:
    """The next effect. `booking_id` names the appointment it changes, `replaces` is an act that it
    takes the place of if that has not begun."""

    tool: str
    decision: Decision
    booking_id: str = ""
    replaces: Act = field(default_factory=dict)


def next_step(decisions: Sequence[Decision], acts: Sequence[Act]) -> Step | None:
    """The first thing that is still to be done; None where all is done or nothing may be."""
    for decision in decisions:
        step = _step(decision, acts)
        if step is not None:
            return step
    return None


def refused(decision: Decision, acts: Sequence[Act]) -> str:
    """Why what is asked for was tried and could not be had; blank where it was not."""
    mine = _of(decision, acts)
    if mine and mine[-1].get("ok") is False and _same(decision, mine[-1]):
        return str(mine[-1].get("why") or "it was refused")
    return ""


def _step(decision: Decision, acts: Sequence[Act]) -> Step | None:
    mine = _of(decision, acts)
    last = mine[-1] if mine else None
    if decision.kind != "act":
        return _undo(decision, last)
    if last is None:
        return Step(decision.tool, decision, decision.target.id if decision.target else "")
    if _same(decision, last):
        return None
    if last.get("ok") is False:
        booked = next((act for act in reversed(mine) if act.get("ok") is not False), None)
        if booked is None:
            return Step(decision.tool, decision, decision.target.id if decision.target else "")
        last = booked
    claim = decision.claim
    assert claim is not None
    if claim.kind == CANCEL or last["tool"] == TOOL_OF[CANCEL]:
        return None if claim.kind == CANCEL else Step(decision.tool, decision)
    booking_id = str(last.get("booking_id") or last.get("target") or "")
    start = decision.start.isoformat(timespec="minutes") if decision.start else None
    if claim.kind == BOOK and last.get("start") == start:
        return Step(TOOL_OF[BOOK], decision, booking_id, last)  # another name or service
    return Step("reschedule_appointment", decision, booking_id, last)


def _undo(decision: Decision, last: Act | None) -> Step | None:
    """A booking of this call that was taken back after it was made."""
    claim = decision.claim
    if claim is None or last is None or claim.kind != BOOK or claim.state != "stopped":
        return None
    if last.get("ok") is False or last["tool"] == TOOL_OF[CANCEL]:
        return None
    return Step(TOOL_OF[CANCEL], decision, str(last.get("booking_id") or ""), last)


def _of(decision: Decision, acts: Sequence[Act]) -> list[Act]:
    claim = decision.claim
    if claim is None:
        return []
    target = decision.target.id if decision.target and claim.kind == CANCEL else None
    return [
        act
        for act in acts
        if act.get("number") == claim.number and (target is None or act.get("target") == target)
    ]


def _same(decision: Decision, act: Act) -> bool:
    start = decision.start.isoformat(timespec="minutes") if decision.start else None
    if act.get("start") != start:
        return False
    if decision.tool != TOOL_OF[BOOK]:
        return True
    return act.get("service") == decision.service and act.get("name") == decision.name
