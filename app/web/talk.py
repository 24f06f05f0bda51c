"""GET /console/talk: speak with the agent through the browser's microphone.

The page speaks the same frames as a telephone over the same socket, opened by a one-time token that
it fetches when the call begins.
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from app.bridges.monthly_budget import over_budget
from app.bridges.services import services
from app.errors import TooMany
from app.web.addresses import stream_url
from app.web.agents import PAGE_CALL
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.visible import visible_agent, visible_agents

bp = Blueprint(
    "talk",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/console/static",
)

#: The page runs its own files only, and talks to its own server only.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' {socket}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@bp.get("/console/talk")
@access.scoped
def page() -> Response:
    """The page."""
    agent = visible_agent(request.args.get("agent", ""))
    answer = make_response(
        render_template(
            "talk.html",
            agent=agent,
            agents=visible_agents(),
            local=not services().settings.production,
        )
    )
    answer.headers["Content-Security-Policy"] = POLICY.format(socket=_origin(stream_url()))
    answer.headers["Permissions-Policy"] = "microphone=(self)"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/console/talk/call")
@access.scoped
def new_call() -> dict[str, Any]:
    """What a page needs for one call: its id, the socket's address and the token that opens it."""
    services().drain.check()
    agent = visible_agent(request.args.get("agent", ""))
    why = over_budget(services(), agent, "browser")
    if why:
        raise TooMany(f"no new call: {why}", code="budget_spent")
    call_id = f"{PAGE_CALL}{secrets.token_hex(12)}"
    return {
        "call_id": call_id,
        "socket": stream_url(),
        "token": edge().media_tokens.mint(call_id, agent.id),
        "agent": agent.id,
    }


def _origin(url: str) -> str:
    return "/".join(url.split("/")[:3])
