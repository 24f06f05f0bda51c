"""GET /console/try: be the caller by text, over the real custom-LLM socket."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, request

from app.adapters.agents.versions.trials import PREFIX, Trials
from app.bridges.services import services
from app.core.agent.reference import AgentRef
from app.local.stack import REHEARSAL_KEY
from app.web.addresses import socket_url
from app.web.console.pages import page
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.visible import visible_agent, visible_agents

bp = Blueprint("console_try", __name__)


@bp.get("/console/try")
@access.scoped
def try_it() -> Response:
    """The page; what the caller types is said as Retell would send it."""
    wanted, version = request.args.get("agent", ""), request.args.get("version", "")
    agents = (visible_agent(wanted),) if version else visible_agents()
    settings = services().settings
    answer = page(
        "try.html",
        here="Try it",
        agents=agents,
        chosen=wanted,
        version=version,
        can_break=not settings.production,
        can_break_model=settings.openai_api_key == REHEARSAL_KEY,
    )
    origin = "/".join(socket_url().split("/")[:3])
    policy = answer.headers["Content-Security-Policy"]
    answer.headers["Content-Security-Policy"] = policy.replace(
        "connect-src 'self'", f"connect-src 'self' {origin}"
    )
    return answer


@bp.post("/console/try/call")
@access.scoped
def new_call() -> dict[str, Any]:
    """What the page needs for one call: its id and the socket's address, token included. The agent
    is the one of `?agent=`, else the default one; with `?version=` one of its versions that need
    not be in force."""
    now = services()
    now.drain.check()
    call_id = f"{PREFIX}{secrets.token_hex(12)}"
    tokens = edge().socket_tokens
    agent = visible_agent(request.args.get("agent", ""))
    version = request.args.get("version", "")
    if version:
        who = AgentRef(agent.id, agent.home.id, version=version)
        now.agents.find(who)
        Trials(now.redis, now.settings).arrange(call_id, who)
    token = f"/{tokens.mint(call_id, agent.home.id, call_id)}" if tokens.required else ""
    name = quote(agent.id, safe="")
    return {"call_id": call_id, "socket": f"{socket_url()}{token}/agents/{name}/{call_id}"}
