"""POST /webhook/realtime: say at once what one text asks for.

It keeps nothing, changes nothing and needs no Redis.
"""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import gevent
import orjson
from flask import Blueprint, Response

from app.bridges.services import services
from app.core.language.intent import entities as spoken
from app.errors import BadRequest, TooLarge
from app.protocol.body import json_object
from app.web.edge import edge
from app.web.guard.body import read_json_body

bp = Blueprint("analyse", __name__)

MAX_CHARS = 10_000


@bp.post("/webhook/realtime")
def realtime() -> Response:
    """``{"transcript", "event"?, "referenceTime"?, "timezone"?}`` to intent and slots."""
    gevent.sleep(0)
    now_services = services()
    body = json_object(read_json_body(edge().bodies, now_services.settings.max_body_bytes))
    text = body.get("transcript")
    if not isinstance(text, str):
        raise BadRequest("transcript must be a text")
    if len(text) > MAX_CHARS:
        raise TooLarge(f"transcript may have {MAX_CHARS} characters")
    event = body.get("event")
    if event is not None and not isinstance(event, str):
        raise BadRequest("event must be a text")
    agent = now_services.agents.default
    now = moment(body, agent.time_zone)
    offered = tuple(service.name for service in agent.booking.services)
    result = now_services.engine.analyse(text, now=now, settings=agent.intents, services=offered)
    slots = spoken.extract(text, now, services=offered)
    answer = {
        "received": True,
        "processedIntent": result.intent,
        "confidence": round(min(1.0, max(0.0, result.confidence)), 4),
        "slots": slots.as_json(now),
    }
    told = orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE)
    return Response(told, content_type="application/json")


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
        return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    except (ValueError, OverflowError):
        raise BadRequest("referenceTime must be ISO 8601, for example 2026-11-21T09:30") from None
