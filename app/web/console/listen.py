"""GET /console/live and /console/live/<call_id>: calls that go on, and listening in on one."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.bridges.services import services
from app.errors import NotFound, Unavailable
from app.web.agents import agent_of_summary
from app.web.console import calls
from app.web.console.pages import page
from app.web.guard import access

bp = Blueprint("console_live", __name__)


@bp.get("/console/live")
@access.scoped
def live() -> Response:
    """The calls that go on; the page keeps itself up to date."""
    return page("live.html", here="Live")


@bp.get("/console/live/<call_id>")
@access.scoped
def listen(call_id: str) -> BaseResponse:
    """One call as it is spoken, and what one can do in it. A call that is over has its own page."""
    try:
        summary = services().calls.summary(call_id)
    except Unavailable:
        return page("problem.html", 503, here="Live", problem="Redis is away: try again soon.")
    if summary is None:
        raise NotFound("no such call")
    if summary.get("status") != "ongoing":
        return redirect(url_for("console_call.call", call_id=call_id))
    agent = agent_of_summary(summary)
    return page(
        "listen.html",
        here="Live",
        call=calls.row(summary),
        tools=sorted(agent.toolset) if agent else [],
        targets=[target.name for target in agent.switchboard.targets] if agent else [],
    )
