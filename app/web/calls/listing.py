"""The list of calls as `GET /api/calls` gives it: filters from the query, pages, and CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.adapters.calls.index import CallIndex, CallQuery
from app.core.agent.business import slug
from app.core.agent.directory import Agents
from app.core.call.outcome import OUTCOMES
from app.errors import BadRequest
from app.security.scope import Scope

DEFAULT_LIMIT = 50
MAX_LISTED = 500
MAX_EXPORTED = 100_000
MAX_TEXT = 200

_TIMES = ("first_at", "started_at", "ended_at")
COLUMNS = (
    "call_id", "started_at", "ended_at", "seconds", "business", "agent", "channel", "direction",
    "from_number", "to_number", "status", "outcome", "tools", "turns", "interruptions", "cost_usd",
)  # fmt: skip
_NUMBER = re.compile(r"\+?[0-9]*")


def query_of(args: Mapping[str, str], agents: Agents, scope: Scope) -> CallQuery:
    """The filters of a request, of what may be seen; agents and businesses by id or name.

    Raises `BadRequest` with the name of the wrong one.
    """
    wanted = args.get("outcome", "")
    if wanted and wanted not in OUTCOMES:
        raise BadRequest(f"outcome must be one of {', '.join(OUTCOMES)}")
    text = args.get("q", "").strip()
    if len(text) > MAX_TEXT:
        raise BadRequest(f"q exceeds {MAX_TEXT} characters")
    return CallQuery(
        business=scope.narrow(business_id(args.get("business", ""), agents)),
        agent=agent_id(args.get("agent", ""), agents),
        outcome=wanted,
        tool=args.get("tool", ""),
        text=text,
        since=_moment(args, "since"),
        until=_moment(args, "until"),
    )


def business_id(given: str, agents: Agents) -> str:
    """The id of the business that is meant by its id or name; blank where none is."""
    found = agents.business(given) if given else None
    return found.id if found else slug(given) if given else ""


def agent_id(given: str, agents: Agents) -> str:
    """The id of the agent that is meant by its id or name; blank where none is."""
    found = agents.named(given) if given else None
    return found.id if found else slug(given) if given else ""


def limit_of(args: Mapping[str, str], most: int, default: int) -> int:
    """How many calls are wanted. Raises `BadRequest`."""
    try:
        return max(1, min(int(args.get("limit", default)), most))
    except ValueError:
        raise BadRequest("limit must be a whole number") from None


def _moment(args: Mapping[str, str], name: str) -> float | None:
    """A date (midnight UTC) or a moment in ISO 8601; without an offset it is UTC."""
    text = args.get(name, "").strip().replace(" ", "+")
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"{name} must be a date or time in ISO 8601") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def shown(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A call as the list shows it: times in ISO 8601, in UTC."""
    times = {name: iso(summary[name]) for name in _TIMES if name in summary}
    return {**summary, **times, "started_at": times.get("started_at", times.get("first_at"))}


def iso(seconds: Any) -> str | None:
    """Unix seconds as ISO 8601 in UTC; None for what is no time."""
    if not isinstance(seconds, int | float):
        return None
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def csv_lines(index: CallIndex, query: CallQuery, limit: int) -> Iterator[str]:
    """The calls as lines of CSV with a header, read page by page."""
    yield csv_line(COLUMNS)
    cursor, left = "", limit
    while left > 0:
        page = index.page(query, min(left, MAX_LISTED), cursor)
        for summary in page.calls:
            yield csv_line([_cell(name, summary) for name in COLUMNS])
        left -= len(page.calls)
        if page.next is None:
            return
        cursor = page.next


def _cell(name: str, summary: Mapping[str, Any]) -> str:
    if name == "seconds":
        began, ended = summary.get("started_at", summary.get("first_at")), summary.get("ended_at")
        if isinstance(began, int | float) and isinstance(ended, int | float):
            return f"{ended - began:.1f}"
        return ""
    if name in _TIMES:
        first = summary.get("first_at") if name == "started_at" else None
        return iso(summary.get(name, first)) or ""
    if name == "turns":
        return str(summary.get("turns_count", ""))
    if name == "tools":
        return " ".join(summary.get("tools") or ())
    if name == "cost_usd":
        cost = summary.get("cost")
        return str(cost.get("usd", "")) if isinstance(cost, dict) else ""
    return harmless(str(summary.get(name) or ""))


def harmless(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    if text[:1] in ("=", "+", "-", "@", "\t", "\r") and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def csv_line(cells: Any) -> str:
    """One line of CSV."""
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
