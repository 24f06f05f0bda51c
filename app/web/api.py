"""GET /api/calls, /api/calls/<call_id> and its record: what happened, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from flask import Blueprint, Response, request

from app.adapters.notify.messages import Messages
from app.adapters.redis import keys
from app.adapters.redis.client import guard
from app.bridges.services import services
from app.errors import NotFound
from app.web import usage_list
from app.web.calls import figures, listing
from app.web.calls.records import redacted
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.viewer import viewer

bp = Blueprint("api", __name__, url_prefix="/api")


@bp.get("/calls")
@access.scoped
def calls() -> dict[str, Any] | Response:
    """The calls that fit the filters, newest first, page by page; ``format=csv`` for all of them.

    Filters: business, agent (ids or names), outcome, tool, since, until (ISO 8601), q (numbers and
    transcripts). `active` is how many of the viewer's calls go on.
    """
    args, index, scope = request.args, services().calls.index, viewer().scope
    query = listing.query_of(args, services().agents, scope)
    if args.get("format") == "csv":
        limit = listing.limit_of(args, listing.MAX_EXPORTED, listing.MAX_EXPORTED)
        lines = listing.csv_lines(index, query, limit)
        headers = {"Content-Disposition": "attachment; filename=calls.csv"}
        return Response(lines, content_type="text/csv; charset=utf-8", headers=headers)
    limit = listing.limit_of(args, listing.MAX_LISTED, listing.DEFAULT_LIMIT)
    page = index.page(query, limit, args.get("cursor", ""))
    return {
        "calls": [listing.shown(summary) for summary in page.calls],
        "next": page.next,
        "active": edge().live_calls.count(scope),
    }


@bp.get("/messages")
@access.scoped
def messages() -> dict[str, Any]:
    """What callers were promised, newest first; ``?business=`` (id or name) and ``?limit=``."""
    settings = services().settings
    found = Messages(services().redis, settings.record_retention_s)
    limit = listing.limit_of(request.args, listing.MAX_LISTED, listing.DEFAULT_LIMIT)
    wanted = listing.business_id(request.args.get("business", "")[:64], services().agents)
    return {"messages": found.all(limit, viewer().scope.narrow(wanted))}


@bp.get("/usage")
@access.scoped
def usage() -> dict[str, Any] | Response:
    """What calls used, by day, business and agent; ``format=csv`` for a table.

    Filters: business, agent (ids or names), since, until (days, both included).
    """
    scope = viewer().scope
    since, until, days = usage_list.days_of(request.args, edge().usage, services().agents, scope)
    if request.args.get("format") == "csv":
        headers = {"Content-Disposition": "attachment; filename=usage.csv"}
        lines = usage_list.csv_lines(days)
        return Response(lines, content_type="text/csv; charset=utf-8", headers=headers)
    return usage_list.as_json(days, since, until)


@bp.get("/figures")
@access.scoped
def call_figures() -> dict[str, Any]:
    """How calls went, together, by day and by business: waiting times, outcomes, intents, faults,
    tools, cost. Filters as for ``/api/usage``."""
    scope = viewer().scope
    since, until, days = usage_list.days_of(request.args, edge().usage, services().agents, scope)
    return {"since": since.isoformat(), "until": until.isoformat(), **figures.summarise(days)}


@bp.get("/events")
@access.admin_only
def events() -> dict[str, Any]:
    """Events that belong to no call, newest first: Retell's alerts, and those of unknown names."""
    client = services().redis
    with guard():
        lists = [client.lrange(name, 0, -1) for name in (keys.ALERTS, keys.UNKNOWN_EVENTS)]
    alerts, unknown = ([orjson.loads(line) for line in found] for found in lists)
    return {"alerts": alerts, "unknown": unknown}


@bp.get("/calls/<call_id>")
@access.scoped
def call(call_id: str) -> dict[str, Any]:
    """The whole story of one call."""
    story = services().calls.snapshot(call_id)
    if story is None:
        raise NotFound("no such call")
    return story


@bp.get("/calls/<call_id>/report")
@access.scoped
def report(call_id: str) -> dict[str, Any]:
    """The report of a call that has ended, made a few seconds after its end."""
    found = edge().reports.get(call_id)
    if found is not None:
        return found.shown()
    if services().calls.summary(call_id) is None:
        raise NotFound("no such call")
    raise NotFound("no report yet: it is made a few seconds after the call's end", code="no_report")


@bp.get("/calls/<call_id>/record")
@access.scoped
def record(call_id: str) -> Response:
    """The flight record as JSON lines, people's numbers and addresses redacted.

    ``?raw=1`` leaves them in, for a replay of what only the real numbers show.
    """
    found = services().calls.read_record(call_id)
    first = next(found, None)
    if first is None:
        raise NotFound("no record of this call")
    raw = request.args.get("raw") == "1"

    def lines() -> Iterator[bytes]:
        for line in _chain(first, found):
            yield (line if raw else orjson.dumps(redacted(line))) + b"\n"

    return Response(lines(), content_type="application/x-ndjson")


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
