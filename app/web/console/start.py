"""GET / and /console: where people begin."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect
from werkzeug.wrappers import Response as BaseResponse

from app.adapters.calls.index import CallQuery
from app.bridges.services import services
from app.errors import Unavailable
from app.web.console.calls import row
from app.web.console.pages import page
from app.web.guard import access

SHOWN = 20

bp = Blueprint("start", __name__)


@bp.get("/")
def root() -> BaseResponse:
    """To the console."""
    return redirect("/console", 302)


@bp.get("/console", strict_slashes=False)
def start() -> Response:
    """The calls that go on, the last ones, and the way to everything else."""
    access.require_page()
    now = services()
    try:
        calls: list[dict[str, Any]] | None = now.calls.index.page(CallQuery(), SHOWN).calls
        live = now.calls.active()
    except Unavailable:
        calls, live = None, now.drain.live
    return page(
        "start.html",
        calls=None if calls is None else [row(call) for call in calls],
        live=live,
        agents=now.agents.all,
        local=not now.settings.production,
    )
