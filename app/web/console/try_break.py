"""POST /console/try/break: the model or Redis fails for one call of the Try it page.

In development only, and never a model but the rehearsal model of this machine.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson
from flask import Blueprint, request

from app import logs
from app.adapters.agents.versions.trials import PREFIX
from app.adapters.own_server import Records
from app.adapters.redis.outage import OUTAGES
from app.bridges import calls_here
from app.bridges.services import Services, services
from app.errors import BadRequest, Conflict, NotFound, Unavailable
from app.local.stack import REHEARSAL_KEY
from app.web.guard import access

#: How long Redis is away, in seconds.
REDIS_S = 15.0
#: What can be done to the model's session: the order for the rehearsal model, and what is told.
MODEL: dict[str, tuple[str, dict[str, Any], str]] = {
    "silence": (
        "faults",
        {"kind": "stall", "after": 2, "count": 1},
        "The model falls silent in its next answer.",
    ),
    "slow": (
        "faults",
        {"kind": "slow_first", "seconds": 5, "count": 3},
        "The model takes five seconds longer for its next three answers.",
    ),
    "error": (
        "faults",
        {"kind": "error", "code": "server_error", "count": 1},
        "The model answers the next request with an error.",
    ),
    "drop": ("drop", {"how": "rst"}, "The connection to the model was cut."),
}

bp = Blueprint("console_break", __name__)
log = logs.get(__name__)


@bp.post("/console/try/break")
@access.admin_only
def break_it() -> dict[str, Any]:
    """`?call=` a call of this page, `&what=` one of `MODEL` or `redis`. Says what was done."""
    now = services()
    call_id, what = request.args.get("call", ""), request.args.get("what", "")
    if now.settings.production or not call_id.startswith(PREFIX):
        raise NotFound("only calls of the Try it page can be broken, and in development only")
    if not calls_here.is_here(call_id):
        raise Conflict("this process does not hold the call; with WEB_CONCURRENCY=1 it does")
    if what == "redis":
        OUTAGES.begin(call_id, REDIS_S)
        told = f"Redis is away for this call for {REDIS_S:.0f} seconds."
    elif what in MODEL:
        told = _break_model(now, call_id, what)
    else:
        raise BadRequest(f"what can be broken: {', '.join((*MODEL, 'redis'))}")
    log.info("broken on purpose", extra={"call_id": call_id, "what": what})
    return {"done": told}


def _is_rehearsal(now: Services) -> bool:
    """Whether the model is the rehearsal model of this machine."""
    settings = now.settings
    host = urlsplit(settings.openai_base_url).hostname
    local = host in ("127.0.0.1", "localhost", "::1")
    return settings.openai_api_key == REHEARSAL_KEY and local


def _break_model(now: Services, call_id: str, what: str) -> str:
    if not _is_rehearsal(now):
        raise BadRequest("only the rehearsal model can be broken: start without OPENAI_API_KEY")
    path, order, told = MODEL[what]
    parts = urlsplit(now.settings.openai_base_url)
    control = Records(f"http://{parts.netloc}")
    body = orjson.dumps({**order, "session": _session(now, control, call_id)})
    status, _ = control.post(f"/control/{path}", body, {})
    if status != 200:
        raise Unavailable("the rehearsal model does not take orders", retry_after=2)
    return told


def _session(now: Services, control: Records, call_id: str) -> int:
    """The number of the call's present session at the rehearsal model."""
    wanted = ""
    for line in now.calls.read_record(call_id):
        if b'"session.created"' in line:
            wanted = str(orjson.loads(line)["frame"]["session"]["id"])
    _, known = control.json("/control/sessions")
    for session in (known or {}).get("sessions", ()):
        if session["id"] == wanted and session["live"]:
            return int(session["session"])
    raise Unavailable("the call has no session with the model now", retry_after=2)
