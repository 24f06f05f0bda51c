"""GET /console/figures: how calls went over time. Every plot's numbers are in a table below it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from app.bridges.services import services
from app.core.call.outcome import OUTCOMES
from app.core.report.faults import WORDS
from app.core.usage.figures import WAITS
from app.errors import BadRequest, Unavailable
from app.web import usage_list
from app.web.calls import figures as told
from app.web.console.pages import page
from app.web.console.plots import bar_plot, line_plot
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.viewer import viewer
from app.web.guard.visible import visible_agents

FILTERS = ("business", "agent", "since", "until")
TITLES = {"first_word": "First word", "first_sentence": "First sentence", "tool": "Tool results"}
_SHARES = {"p50": "Half", "p95": "95\u00a0%", "p99": "99\u00a0%"}

bp = Blueprint("console_figures", __name__)


@bp.get("/console/figures")
@access.scoped
def figures() -> Response:
    """The page: the last month by default."""
    agents = visible_agents()
    asked = {name: request.args.get(name, "").strip() for name in FILTERS}
    shown: dict[str, Any] = {"days": [], "problem": ""}
    try:
        since, until, days = usage_list.days_of(
            asked, edge().usage, services().agents, viewer().scope
        )
        shown |= _shown(told.summarise(days), told.usd_by_business(days), since, until)
        asked |= {"since": since.isoformat(), "until": until.isoformat()}
    except BadRequest as error:
        shown["problem"] = f"{error.message}."
    except Unavailable:
        shown["problem"] = "Redis is away: figures cannot be read. Calls that are going on go on."
    return page(
        "figures.html",
        here="Figures",
        asked=asked,
        agents=sorted({(agent.name, agent.id) for agent in agents}),
        businesses=sorted({(agent.business, agent.home.id) for agent in agents}),
        json=f"/api/figures?{urlencode({k: v for k, v in asked.items() if v})}",
        **shown,
    )


def _shown(
    found: Mapping[str, Any],
    usd: Mapping[tuple[str, str], float],
    since: dt.date,
    until: dt.date,
) -> dict[str, Any]:
    """What the template is given: the days there is something of, and plots over all of them."""
    by_day = {one["day"]: one for one in found["days"]}
    axis = [(since + dt.timedelta(days=n)).isoformat() for n in range((until - since).days + 1)]
    total = found["total"]
    return {
        "days": found["days"],
        "total": total,
        "axis": axis,
        "waits": [_wait(name, total, found["days"], by_day, axis) for name in WAITS],
        "outcomes": _outcomes(total, by_day, axis),
        "intents": _counted(total["intents"]),
        "faults": [
            {**one, "about": WORDS.get(one["name"], "")} for one in _counted(total["faults"])
        ],
        "tools": [{"name": name, **states} for name, states in total["tools"].items()],
        "cost": _cost(found, usd, axis),
    }


def _wait(
    name: str,
    total: Mapping[str, Any],
    days: Sequence[Mapping[str, Any]],
    by_day: Mapping[str, Mapping[str, Any]],
    axis: Sequence[str],
) -> dict[str, Any]:
    """One kind of waiting time: a sentence, a plot of its percentiles and the rows of its table."""
    series = [
        (share, [by_day[day]["waits"][name][share] if day in by_day else None for day in axis])
        for share in told.PERCENTILES
    ]
    whole = total["waits"][name]
    plot = line_plot(series)
    parts = [f"{_SHARES[share]} within {_ms(whole[share])}" for share in told.PERCENTILES]
    return {
        "name": name,
        "title": TITLES[name],
        "what": WAITS[name],
        "summary": f"{', '.join(parts)}." if whole["count"] else "",
        "plot": plot,
        "top": _ms(plot.top),
        "rows": [
            {
                "day": day["day"],
                "count": day["waits"][name]["count"],
                "times": [_ms(day["waits"][name][share]) for share in told.PERCENTILES],
            }
            for day in days
            if day["waits"][name]["count"]
        ],
    }


def _outcomes(
    total: Mapping[str, Any], by_day: Mapping[str, Mapping[str, Any]], axis: Sequence[str]
) -> dict[str, Any]:
    names = [name for name in OUTCOMES if total["outcomes"].get(name)]
    plot = bar_plot(
        axis,
        [
            (name, [by_day[day]["outcomes"].get(name, 0) if day in by_day else 0 for day in axis])
            for name in names
        ],
    )
    parts = ", ".join(f"{total['outcomes'][name]} {name}" for name in names)
    return {
        "names": names,
        "plot": plot,
        "top": f"{plot.top:g}",
        "summary": f"{parts}." if parts else "",
    }


def _counted(found: Mapping[str, int]) -> list[dict[str, Any]]:
    """Names with how many there are of each, and the length of its bar."""
    most = max(found.values(), default=0)
    return [
        {"name": name, "count": count, "width": round(100 * count / most, 1)}
        for name, count in found.items()
    ]


def _cost(
    found: Mapping[str, Any], usd: Mapping[tuple[str, str], float], axis: Sequence[str]
) -> dict[str, Any]:
    """What the model cost by business: the dearest first."""
    names = [one["business"] for one in sorted(found["businesses"], key=lambda one: -one["usd"])]
    series = [(name, [usd.get((day, name), 0.0) for day in axis]) for name in names]
    plot = bar_plot(axis, series)
    shown = names[:10]
    return {
        "plot": plot,
        "top": f"${plot.top:g}",
        "summary": f"${found['total']['usd']:.2f} for {found['total']['calls']} calls.",
        "names": shown,
        "businesses": found["businesses"],
        "rows": [
            {
                "day": one["day"],
                "usd": one["usd"],
                "by": [usd.get((one["day"], n), 0.0) for n in shown],
            }
            for one in found["days"]
        ],
    }


def _ms(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.2g} s"
