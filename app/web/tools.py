"""/api/tools: the tools of an agent, and one run of one of them by a worker."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from app import logs
from app.adapters.agents.listing import list_tools
from app.adapters.tools.single_run import ToolRequest, run_tool
from app.bridges.services import services
from app.errors import BadRequest
from app.protocol.body import json_object
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import read_json_body
from app.web.guard.viewer import viewer
from app.web.guard.visible import check_call, visible_agent

bp = Blueprint("tools", __name__, url_prefix="/api/tools")


@bp.get("")
@access.scoped
def listed() -> dict[str, Any]:
    """The tools of an agent (``?agent=``, else the default one)."""
    agent = services().catalog.equip(visible_agent(request.args.get("agent", "")))
    return {"agent": agent.name, "tools": [tool.as_json() for tool in list_tools(agent)]}


@bp.post("/<name>/run")
@access.scoped
def run(name: str) -> tuple[dict[str, Any], int]:
    """``{"arguments": {...}, "agent"?, "caller"?, "call_id"?, "confirmed"?}``: run it, answer the
    result. With ``Idempotency-Key`` the same request is one run. 202 if it has not ended in time.
    """
    now = services()
    raw = read_json_body(edge().bodies, now.settings.max_body_bytes)
    body = json_object(raw) if raw.strip() else {}
    asked = ToolRequest(
        agent=now.catalog.equip(visible_agent(_text(body, "agent"))),
        tool=name,
        arguments=body.get("arguments") or {},
        caller_number=_text(body, "caller"),
        call_id=_text(body, "call_id"),
        idempotency_key=request.headers.get("Idempotency-Key", "").strip(),
        confirmed=body.get("confirmed") is True,
    )
    if asked.call_id:
        check_call(viewer().scope, asked.call_id)
    with logs.bind(call_id=asked.call_id or "tool"):
        done = run_tool(now.effects, now.replies, asked)
    return done.as_json(), 202 if done.state == "pending" else 200


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} must be a text")
    return (value or "").strip()
