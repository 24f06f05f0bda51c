"""Usage as `GET /api/usage` gives it: filters from the query, sums, and CSV."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.adapters.calls.usage import DayUsed, UsageStore
from app.core.agent.directory import Agents
from app.core.usage.counts import NAMES, TOKENS, shown, total
from app.errors import BadRequest
from app.security.scope import Scope
from app.web.calls.listing import agent_id, business_id, csv_line, harmless

DEFAULT_DAYS = 31
COLUMNS = (
    *("day", "business", "agent", "calls", "minutes", "usd", "tool_runs", "bookings", "messages"),
    *(f"tokens_{name}" for name in TOKENS),
)


def days_of(
    args: Mapping[str, str], usage: UsageStore, agents: Agents, scope: Scope
) -> tuple[dt.date, dt.date, list[DayUsed]]:
    """The first and the last day wanted, and what was kept of the days between them of what may be
    seen. Filters: business, agent (ids or names), since, until.

    Raises `BadRequest`, `Unavailable`.
    """
    since, until = span_of(args, dt.datetime.now(dt.UTC).date())
    business = scope.narrow(business_id(args.get("business", ""), agents))
    agent = agent_id(args.get("agent", ""), agents)
    return since, until, usage.days(since, until, business, agent)


def span_of(args: Mapping[str, str], today: dt.date) -> tuple[dt.date, dt.date]:
    """The first and the last day wanted; the last month by default. Raises `BadRequest`."""
    until = _day(args, "until") or today
    since = _day(args, "since") or until - dt.timedelta(days=DEFAULT_DAYS - 1)
    if since > until:
        raise BadRequest("since must not be after until")
    return since, until


def as_json(days: Sequence[DayUsed], since: dt.date, until: dt.date) -> dict[str, Any]:
    """The days on which something was used, and their sum."""
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "usage": [
            {
                "day": one.day.isoformat(),
                "business": one.business,
                "agent": one.agent,
                **shown(one.counts),
            }
            for one in _used(days)
        ],
        "total": shown(total(one.counts for one in days)),
    }


def csv_lines(days: Sequence[DayUsed]) -> Iterator[str]:
    """The days on which something was used as lines of CSV with a header."""
    yield csv_line(COLUMNS)
    for one in _used(days):
        told = shown(one.counts)
        cells = [one.day.isoformat(), harmless(one.business), harmless(one.agent)]
        cells += [str(told[name]) for name in COLUMNS[3:9]]
        cells += [str(one.counts.get(name, 0)) for name in TOKENS]
        yield csv_line(cells)


def _used(days: Sequence[DayUsed]) -> Iterator[DayUsed]:
    return (one for one in days if any(one.counts.get(name) for name in NAMES))


def _day(args: Mapping[str, str], name: str) -> dt.date | None:
    text = args.get(name, "").strip()
    if not text:
        return None
    try:
        return dt.datetime.fromisoformat(text).date()
    except ValueError:
        raise BadRequest(f"{name} must be a day: YYYY-MM-DD") from None
