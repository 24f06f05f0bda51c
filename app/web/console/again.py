"""GET and POST /console/calls/<call_id>/turns/<turn>: a turn answered again, beside the answer
that was given. Nothing is run, and the call stays what it is."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, Response

from app import logs
from app.bridges.recorded.second_answer import answer_again
from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.agent.reference import AgentRef
from app.core.realtime.history import Item
from app.core.record.again import Called, Moment, Recorded, SecondAnswer, find_moment
from app.core.record.timeline import Entry, timeline
from app.errors import AppError, BadRequest, NotFound, TooMany
from app.logs import redact_value
from app.web.console.pages import page
from app.web.console.record import codec, entries_of
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import read_fields
from app.web.guard.viewer import viewer

#: Second answers that are given in an hour on the calls of one business.
PER_HOUR = 60
_MOST_INSTRUCTIONS = 50_000
_SPEAKERS = {"user": "Caller", "assistant": "Agent", "summary": "Before", "call": "Calls"}

bp = Blueprint("console_again", __name__)
log = logs.get(__name__)


@bp.get("/console/calls/<call_id>/turns/<int:turn>")
@access.scoped
def show(call_id: str, turn: int) -> Response:
    """The conversation up to the turn, its answer, and the instructions to change."""
    return _page(call_id, turn, _story(call_id), None)


@bp.post("/console/calls/<call_id>/turns/<int:turn>")
@access.scoped
def answer(call_id: str, turn: int) -> Response:
    """Ask once more, with the field `instructions`."""
    fields = read_fields(edge().bodies)
    wanted = fields.get("instructions", "").replace("\r\n", "\n").strip()
    if not 0 < len(wanted) <= _MOST_INSTRUCTIONS:
        raise BadRequest(f"instructions must have 1 to {_MOST_INSTRUCTIONS} characters")
    return _page(call_id, turn, _story(call_id), wanted)


def _story(call_id: str) -> dict[str, Any]:
    story = services().calls.snapshot(call_id)
    if story is None:
        raise NotFound("no such call")
    return story


def _page(call_id: str, turn: int, story: Mapping[str, Any], wanted: str | None) -> Response:
    given = next((one for one in timeline(story) if one.kind == "agent" and one.turn == turn), None)
    if given is None:
        raise NotFound("no such turn in this call", code="no_turn")
    moment, problem, status = _moment(call_id, turn), "", 200
    second: SecondAnswer | None = None
    if moment is None:
        problem = "The record of this call does not hold this turn: it cannot be answered again."
    elif wanted is not None:
        try:
            second = _ask(call_id, turn, story, moment, wanted)
        except AppError as error:
            problem, status = f"{error.message[:1].upper()}{error.message[1:]}.", error.status
    return page(
        "again.html",
        status,
        here="Calls",
        id=call_id,
        turn=turn,
        problem=problem,
        can=moment is not None,
        instructions=wanted or (moment.state.agent.instructions.strip() if moment else ""),
        now=_current(moment, story).instructions.strip() if moment else "",
        items=[_item(item) for item in moment.items] if moment else [],
        note=moment.note if moment else "",
        given=_given(given, moment),
        second=_second(second),
    )


def _moment(call_id: str, turn: int) -> Moment | None:
    try:
        return find_moment(entries_of(call_id), turn, codec)
    except BadRequest:
        return None


def _current(moment: Moment, story: Mapping[str, Any]) -> Agent:
    """The agent of the call as it is now; as it was then where the business has it no more."""
    agent, ref = moment.state.agent, story.get("agent_ref")
    business = AgentRef.from_json(ref).business if isinstance(ref, Mapping) else agent.business
    try:
        return services().agents.find(AgentRef(agent.id, business))
    except NotFound:
        return agent


def _ask(
    call_id: str, turn: int, story: Mapping[str, Any], moment: Moment, instructions: str
) -> SecondAnswer:
    current = _current(moment, story)
    wait = edge().guards.wait_for(
        "again", current.home.id, limit=PER_HOUR, window_s=3600, mark=secrets.token_hex(8)
    )
    if wait:
        raise TooMany(f"{PER_HOUR} turns were answered again in this hour; try again in {wait} s")
    about = {"call_id": call_id, "turn": turn, "by": viewer().by}
    log.info("a turn is answered again", extra=about)
    agent = current.model_copy(update={"instructions": instructions})
    return answer_again(services(), moment, agent.of(current.home, current.version))


def _item(item: Item) -> dict[str, str]:
    """A part of the conversation, as the model had it."""
    if item.kind == "output":
        return {"who": "Result", "kind": "tool", "text": item.text}
    text = f"{item.name} {item.text}" if item.kind == "call" else item.text
    kind = {"user": "caller", "assistant": "agent"}.get(item.kind, "tool")
    return {"who": _SPEAKERS.get(item.kind, ""), "kind": kind, "text": text}


def _given(entry: Entry, moment: Moment | None) -> dict[str, Any]:
    tools = moment.tools if moment else ()
    return {
        "text": entry.text,
        "unheard": entry.unheard,
        "tools": [_tool(tool, tool.output) for tool in tools],
    }


def _second(second: SecondAnswer | None) -> dict[str, Any] | None:
    if second is None:
        return None
    cost = second.cost
    return {
        "text": second.text.strip(),
        "tools": [_tool(one, one.output) for one in second.called],
        "not_run": second.over == "not_run",
        "cost": f"{'≥ ' if cost.unpriced else ''}${cost.usd:.4f}",
        "model": cost.model,
    }


def _tool(one: Recorded | Called, output: str | None) -> dict[str, str]:
    arguments = redact_value(one.arguments)
    return {
        "name": one.name,
        "arguments": orjson.dumps(arguments, default=str).decode(),
        "output": "" if output is None else str(redact_value(output)),
    }
