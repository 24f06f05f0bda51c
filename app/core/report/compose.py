"""The report of a call, put together from its record and what a text model read, if one did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from app.core.agent.definition import Agent
from app.core.call.outcome import outcome
from app.core.report import fields as by_rules
from app.core.report.faults import faults
from app.core.report.reader import Reading
from app.core.report.summary import summarise
from app.core.report.tools import tool_runs
from app.core.report.undone import not_done
from app.core.tools.secrets import masker

MAX_SAID = 4000
_BOOKING = ("id", "status", "service", "name", "start", "end", "time_zone")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the record says of a call. `body` has every member of the report but `summary`, `fields`
    and `made_by`; `known` and `analysed` are the values that fields may take from it."""

    body: dict[str, Any]
    known: Mapping[str, Any]
    analysed: Mapping[str, Any]
    rules_summary: str


def draft(
    story: Mapping[str, Any], agent: Agent, messages: Sequence[Mapping[str, Any]] = ()
) -> Draft:
    """The draft of a call's report.

    story: the call's snapshot (`CallStore.snapshot`); messages: those of the call. No secret of
    its tools is in the draft.
    """
    tools, secrets = tool_runs(story, agent.toolset)
    mask = masker(secrets)
    done = {tool["name"] for tool in tools if tool["state"] == "done"}
    bookings = story.get("bookings") or []
    began, ended = _times(story)
    body: dict[str, Any] = {
        "call_id": story["call_id"],
        "agent": agent.name,
        "business": agent.business,
        "channel": story.get("channel"),
        "caller_number": by_rules.caller_number(story) or None,
        "started_at": _iso(began),
        "ended_at": _iso(ended),
        "outcome": outcome(story, bookings, done),
        "transcript": _transcript(story),
        "tools": tools,
        "bookings": [{name: one.get(name) for name in _BOOKING} for one in bookings],
        "messages": [_message(message) for message in messages],
        "not_done": not_done(story, tools),
        "faults": faults(story.get("events") or (), tools),
        "cost": _cost(story),
        "analysis": story.get("analysis"),
    }
    body = mask(body)
    said = sum(entry["role"] == "user" for entry in body["transcript"])
    seconds = ended - began if began is not None and ended is not None else None
    summary = summarise(body, said=said, seconds=seconds)
    known = by_rules.known_values(story, tools)
    for place in ("tools", "faults"):
        body[place] = [_with_times(item) for item in body[place]]
    return Draft(body, mask(known), mask(by_rules.analysed_values(story)), summary)


def compose(draft: Draft, agent: Agent, reading: Reading | None = None) -> dict[str, Any]:
    """The report. A field's value is the text model's, else Retell's analysis', else the record's;
    None where none of them has one."""
    read = reading.fields if reading else {}
    summary, made_by = draft.rules_summary, "rules"
    analysis = draft.body["analysis"]
    if reading is not None:
        summary, made_by = reading.summary, "model"
    elif isinstance(analysis, Mapping) and str(analysis.get("call_summary") or "").strip():
        summary, made_by = str(analysis["call_summary"]).strip(), "retell"
    fields = by_rules.read_fields(agent.report.fields, read, draft.analysed, draft.known)
    order = ("call_id", "agent", "business", "channel", "caller_number", "started_at", "ended_at")
    head = {name: draft.body[name] for name in (*order, "outcome")}
    return {**head, "summary": summary, "fields": fields, "made_by": made_by, **draft.body}


def facts_of(draft: Draft) -> dict[str, Any]:
    """What the text model is told of the record."""
    names = ("outcome", "bookings", "messages", "not_done")
    tools = [
        {"tool": tool["name"], "came_out_well": tool["ok"]}
        for tool in draft.body["tools"]
        if tool["kind"] != "read"
    ]
    return {**{name: draft.body[name] for name in names}, "tools": tools}


def _transcript(story: Mapping[str, Any]) -> list[dict[str, Any]]:
    said = []
    for entry in story.get("transcript") or ():
        text = str(entry.get("content") or "").strip()
        if text:
            role = "agent" if entry.get("role") == "agent" else "user"
            said.append({"role": role, "content": text[:MAX_SAID]})
    return said


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    names = ("id", "kind", "text", "caller_number")
    shown = {name: message.get(name) for name in names}
    more = {name: v for name, v in message.items() if name not in (*names, "agent", "business")}
    more.pop("call_id", None)
    return {**shown, **more, "at": _iso(message.get("at"))}


def _cost(story: Mapping[str, Any]) -> dict[str, Any]:
    """What the call cost: `usd` by our price table, or None where nothing was counted; Retell's own
    account is in `retell`."""
    ours = story.get("cost")
    counted = dict(ours) if isinstance(ours, Mapping) else {"usd": None}
    return {**counted, "retell": story.get("retell_cost")}


def _times(story: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """When the call began and ended, in Unix seconds: by our own clock where it was on a socket of
    ours, else by Retell's."""
    began, ended = story.get("started_at", story.get("first_at")), story.get("ended_at")
    if "fence" not in story:
        first, last = story.get("start_timestamp"), story.get("end_timestamp")
        began = first / 1000 if _is_time(first) else began
        ended = last / 1000 if _is_time(last) else ended
    return (
        float(began) if _is_time(began) else None,
        float(ended) if _is_time(ended) else None,
    )


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _with_times(item: Mapping[str, Any]) -> dict[str, Any]:
    return {n: _iso(v) if n == "at" or n.endswith("_at") else v for n, v in item.items()}


def _iso(seconds: Any) -> str | None:
    """Unix seconds as ISO 8601 in UTC."""
    if not _is_time(seconds):
        return None
    try:
        moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
