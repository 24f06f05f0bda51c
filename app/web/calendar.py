"""GET /calendar.ics and /calendar/<business>.ics: the bookings, for any calendar program."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, request

from app.adapters.calendars import feed
from app.bridges.services import services
from app.core.agent.definition import Agent
from app.errors import NotFound
from app.web.edge import edge
from app.web.guard import access

bp = Blueprint("calendar", __name__)


@bp.get("/calendar.ics")
def calendar_feed() -> Response:
    """The bookings of the default agent's business, as a feed with an ETag, so that subscribers
    fetch it only when something changed."""
    access.require(services().settings.calendar_token)
    return _answer(services().agents.default, "calendar.ics")


@bp.get("/calendar/<business>.ics")
def business_feed(business: str) -> Response:
    """The same of one business, by its id; opened by its own token, where it has one."""
    agents = services().agents.of_business(business)
    if not agents:
        access.require(services().settings.calendar_token)
        raise NotFound("there is no such business")
    access.require(services().settings_of(agents[0]).calendar_token)
    return _answer(agents[0], f"{business}.ics")


def _answer(agent: Agent, name: str) -> Response:
    body = edge().feed.body(agent)
    answer = Response(body, content_type=feed.CONTENT_TYPE)
    answer.headers["Cache-Control"] = "private, max-age=30"
    answer.headers.set("Content-Disposition", "inline", filename=name)
    answer.set_etag(hashlib.sha256(body).hexdigest()[:32])
    answer.make_conditional(request)
    return answer
