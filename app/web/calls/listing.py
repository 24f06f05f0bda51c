"""The list of calls as `GET /api/calls` gives it: filters from the query, pages, and CSV."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.adapters.calls.index import CallIndex
from app.adapters.calls.query import CallQuery, Range
from app.core.agent.business import slug
from app.core.agent.directory import Agents
from app.core.call.outcome import OUTCOMES
from app.core.report.findable import cost_of, length_of
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
    "intents", "faults",
)  # fmt: skip
_LISTS = ("tools", "intents", "faults")
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
        intent=args.get("intent", ""),
        fault=args.get("fault", ""),
        text=text,
        seconds=_range(args, "seconds"),
        usd=_range(args, "usd"),
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


def _range(args: Mapping[str, str], name: str) -> Range:
    """A range from ``min_NAME`` to ``max_NAME``, each of which may be missing."""
    low, high = _number(args, f"min_{name}"), _number(args, f"max_{name}")
    if low is not None and high is not None and low > high:
        raise BadRequest(f"min_{name} must not be more than max_{name}")
    return low, high


def _number(args: Mapping[str, str], name: str) -> float | None:
    text = args.get(name, "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise BadRequest(f"{name} must be a number from 0 on")
    return number


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
        seconds = length_of(summary)
        return "" if seconds is None else f"{seconds:.1f}"
    if name in _TIMES:
        first = summary.get("first_at") if name == "started_at" else None
        return iso(summary.get(name, first)) or ""
    if name == "turns":
        return str(summary.get("turns_count", ""))
    if name in _LISTS:
        return harmless(" ".join(summary.get(name) or ()))
    if name == "cost_usd":
        usd = cost_of(summary)
        return "" if usd is None else str(usd)
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
