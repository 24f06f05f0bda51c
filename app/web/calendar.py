"""GET /calendar.ics: the bookings, for any calendar program."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, request

from app.adapters.calendars import feed
from app.bridges.services import services
from app.web.edge import edge
from app.web.guard import access

bp = Blueprint("calendar", __name__)


@bp.get("/calendar.ics")
def calendar_feed() -> Response:
    """The feed, with an ETag, so that subscribers fetch it only when something changed."""
    access.require(services().settings.calendar_token)
    body = edge().feed.body()
    answer = Response(body, content_type=feed.CONTENT_TYPE)
    answer.headers["Cache-Control"] = "private, max-age=30"
    answer.headers["Content-Disposition"] = 'inline; filename="calendar.ics"'
    answer.set_etag(hashlib.sha256(body).hexdigest()[:32])
    answer.make_conditional(request)
    return answer
