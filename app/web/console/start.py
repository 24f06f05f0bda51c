"""GET / and /console: where people begin."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from app.adapters.calls.query import CallQuery
from app.bridges.services import services
from app.errors import Unavailable
from app.web.config.answers import problem_lines
from app.web.console.calls import row
from app.web.console.pages import page
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.viewer import viewer
from app.web.guard.visible import visible_agents

SHOWN = 20

bp = Blueprint("start", __name__)


@bp.get("/")
@access.public
def root() -> BaseResponse:
    """To the console."""
    return redirect("/console", 302)


@bp.get("/console", strict_slashes=False)
@access.scoped
def start() -> Response:
    """The calls that go on, the last ones, and the way to everything else."""
    now, scope = services(), viewer().scope
    query = CallQuery(business=scope.narrow())
    try:
        calls: list[dict[str, Any]] | None = now.calls.index.page(query, SHOWN).calls
        live = edge().live_calls.count(scope)
    except Unavailable:
        calls, live = None, now.drain.live if scope.is_all else 0
    return page(
        "start.html",
        calls=None if calls is None else [row(call) for call in calls],
        live=live,
        agents=visible_agents(),
        refused=problem_lines() if scope.is_all else [],
        local=not now.settings.production,
    )
