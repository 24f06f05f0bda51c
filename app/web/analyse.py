"""POST /webhook/realtime: say at once what one text asks for.

It keeps nothing, changes nothing and needs no Redis.
"""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import gevent
import orjson
from flask import Blueprint, Response, g, request

from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.agent.directory import Asked, UnknownAgent
from app.core.booking.wanted import spoken_hours
from app.core.language.intent import entities as spoken
from app.core.language.intent.engine import IntentEngine
from app.errors import BadRequest, TooLarge
from app.protocol.body import json_object
from app.settings import Settings
from app.web.edge import edge
from app.web.guard.admission import prove
from app.web.guard.body import read_json_body
from app.web.guard.signed import read_signed
from app.web.guard.signer import agent_for
from app.web.guard.viewer import viewer
from app.web.guard.visible import visible_agent

bp = Blueprint("analyse", __name__)

FIRST_YEAR, LAST_YEAR = 1970, 2200
MAX_CHARS = 4000
"""More than a person says in one breath."""
LONG_CHARS = 300
"""A text that is longer than this is read beside the loop that carries the calls."""


@bp.post("/webhook/realtime")
def realtime() -> Response:
    """``{"transcript", "event"?, "agent"?, "referenceTime"?, "timezone"?}`` to intent and slots."""
    gevent.sleep(0)
    now_services = services()
    body = json_object(_read_allowed(now_services.settings))
    text = body.get("transcript")
    if not isinstance(text, str):
        raise BadRequest("transcript must be a text")
    if len(text) > MAX_CHARS:
        raise TooLarge(f"transcript exceeds {MAX_CHARS} characters")
    event = body.get("event")
    if event is not None and not isinstance(event, str):
        raise BadRequest("event must be a text")
    agent = _chosen(body.get("agent"))
    now = moment(body, agent.time_zone)
    read = partial(_read, now_services.engine, agent, text, now)
    answer = read() if len(text) <= LONG_CHARS else gevent.get_hub().threadpool.apply(read)
    told = orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE)
    return Response(told, content_type="application/json")


def _chosen(name: Any) -> Agent:
    """The agent that is named, of a business's token its own; the default one where none is.

    Raises `BadRequest`, and `NotFound` where there is no default.
    """
    if name is not None and not isinstance(name, str):
        raise BadRequest("agent must be a text")
    try:
        return visible_agent(name or "") if g.get("viewer") else agent_for(Asked(name or ""))
    except UnknownAgent:
        raise BadRequest("no agent has this name") from None


def _read(engine: IntentEngine, agent: Agent, text: str, now: dt.datetime) -> dict[str, Any]:
    """What the text asks for, by the agent's services and opening hours."""
    offered = tuple(service.name for service in agent.booking.services)
    result = engine.analyse(text, now=now, settings=agent.intents, services=offered)
    hours = spoken_hours(agent.booking.hours)
    slots = spoken.extract(text, now, services=offered, prefer=hours)
    return {
        "received": True,
        "processedIntent": result.intent,
        "confidence": round(min(1.0, max(0.0, result.confidence)), 4),
        "slots": slots.as_json(now),
    }


def _read_allowed(settings: Settings) -> bytes:
    """The body of a request with a token or a signature. Development asks for neither.

    Raises `Forbidden` or `Unauthorized`.
    """
    if request.headers.get("Authorization"):
        viewer()
        prove()
        return read_json_body(edge().bodies, settings.max_body_bytes)
    return read_signed(settings)[0]


def moment(body: dict[str, Any], zone_name: str) -> dt.datetime:
    """The time `transcript` was said at: `referenceTime`, or now; aware, in `timezone` or the
    agent's. Raises `BadRequest`."""
    given_zone, given_time = body.get("timezone"), body.get("referenceTime")
    if given_zone is not None:
        if not isinstance(given_zone, str):
            raise BadRequest("timezone must be an IANA name")
        zone_name = given_zone
    try:
        zone = ZoneInfo(zone_name)
    except (ValueError, OSError, KeyError):
        raise BadRequest("timezone must be an IANA name, for example Europe/Berlin") from None
    if given_time is None:
        return dt.datetime.now(zone)
    if not isinstance(given_time, str):
        raise BadRequest("referenceTime must be an ISO 8601 text")
    try:
        at = dt.datetime.fromisoformat(given_time)
        at = at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    except (ValueError, OverflowError):
        raise BadRequest("referenceTime must be ISO 8601, for example 2026-11-21T09:30") from None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise BadRequest(f"referenceTime must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
    return at
