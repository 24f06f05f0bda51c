"""GET /console/calls: the calls, found by filters and words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, request, url_for

from app.adapters.agents.versions.trials import PREFIX
from app.adapters.calls.query import Page
from app.bridges.services import services
from app.core.call.outcome import OUTCOMES
from app.core.language.intent.engine import INTENTS
from app.core.report.faults import WORDS
from app.errors import BadRequest, Unavailable
from app.web.calls import listing
from app.web.calls.masked import masked
from app.web.console.pages import page
from app.web.guard import access
from app.web.guard.viewer import viewer
from app.web.guard.visible import visible_agents, visible_businesses

SHOWN = 50
FILTERS = ("q", "business", "agent", "outcome", "since", "until")
MORE = ("tool", "intent", "fault", "min_seconds", "max_seconds", "min_usd", "max_usd")
"""The filters that are folded away while none of them is used."""

bp = Blueprint("console_calls", __name__)


@bp.get("/console/calls")
@access.scoped
def calls() -> Response:
    """One page of the list, newest first."""
    now, agents = services(), visible_agents()
    asked = {name: request.args.get(name, "").strip() for name in (*FILTERS, *MORE)}
    cursor = request.args.get("cursor", "")
    found, problem = Page([], None), ""
    try:
        query = listing.query_of(asked, now.agents, viewer().scope)
        found = now.calls.index.page(query, SHOWN, cursor)
    except BadRequest as error:
        problem = f"{error.message}."
    except Unavailable:
        problem = "Redis is away: calls cannot be listed. Calls that are going on go on."
    return page(
        "calls.html",
        here="Calls",
        calls=[row(call) for call in found.calls],
        problem=problem,
        asked=asked,
        filtered=any(asked.values()),
        more=any(asked[name] for name in MORE),
        agents=[(agent.id, agent.name) for agent in agents],
        businesses=[(each.id, each.name) for each in visible_businesses()],
        tools=sorted({name for agent in agents for name in agent.toolset}),
        outcomes=OUTCOMES,
        intents=sorted({*INTENTS, *(name for agent in agents for name in agent.intents.custom)}),
        faults=(*WORDS, "tool_failed"),
        first_page=_link(asked) if cursor else "",
        next_page=_link(asked, cursor=found.next) if found.next else "",
        csv=f"/api/calls?{urlencode({**_given(asked), 'format': 'csv'})}",
    )


def row(call: Mapping[str, Any]) -> dict[str, str]:
    """A call as a line of a table: everything as text."""
    began = call.get("started_at") or call.get("first_at")
    return {
        "id": str(call.get("call_id", "")),
        "test": "test" if str(call.get("call_id", "")).startswith(PREFIX) else "",
        "path": f"/console/calls/{quote(str(call.get('call_id', '')), safe='')}",
        "when": moment(began),
        "caller": masked(call.get("from_number")),
        "agent": str(call.get("agent") or ""),
        "channel": str(call.get("channel") or ""),
        "status": str(call.get("status") or ""),
        "outcome": str(call.get("outcome") or call.get("status") or ""),
        "length": length(began, call.get("ended_at")),
        "turns": str(call.get("turns_count") or ""),
        "cost": cost(call),
        "tools": ", ".join(call.get("tools") or ()),
    }


def moment(at: Any) -> str:
    """Unix seconds as people read them; blank for what is no time."""
    if not isinstance(at, int | float):
        return ""
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%Y-%m-%d %H:%M} UTC"


def length(began: Any, ended: Any) -> str:
    """Minutes and seconds between two times; blank where one is not known."""
    if not isinstance(began, int | float) or not isinstance(ended, int | float):
        return ""
    minutes, seconds = divmod(round(max(0.0, ended - began)), 60)
    return f"{minutes}:{seconds:02d}"


def cost(call: Mapping[str, Any]) -> str:
    """What the model cost, "≥" where a part of it has no price; blank where nothing is known."""
    known = call.get("cost")
    if not isinstance(known, dict) or not isinstance(known.get("usd"), int | float):
        return ""
    return f"{'' if known.get('complete', True) else '≥ '}${known['usd']:.4f}"


def _link(asked: Mapping[str, str], **more: str) -> str:
    return f"{url_for('console_calls.calls')}?{urlencode({**_given(asked), **more})}"


def _given(asked: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in asked.items() if value}
