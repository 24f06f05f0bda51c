"""/console/calendar/appointments/<event_id>: one appointment; it can be moved and cancelled."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.adapters.booking.office import Act, Changed, OfficeChange, request_change
from app.adapters.calendars.guarded import MARGIN
from app.bridges.services import services
from app.core.booking.appointment import Appointment, busy_beside
from app.core.booking.resources import Asked as AskedFor
from app.core.booking.rules import Service
from app.core.booking.slots import Slot, day_bounds, free_slots
from app.errors import BadRequest, CalendarFailed, SettingsError
from app.web.console.calendar import contents, week
from app.web.console.calendar.asked import Asked, read_asked, read_moment, read_once
from app.web.console.calendar.routes import HERE
from app.web.console.pages import page
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import read_fields
from app.web.guard.viewer import viewer

ANYONE = "anyone"
#: What a page says where the worker's words are a caller's.
REFUSED = {
    "booking_not_found": "It is not in the calendar any more.",
    "failed": "It could not be done; the page of jobs says why. Nothing is changed.",
    "calendar_down": "The calendar is away or bookings are paused. Nothing is changed; try again.",
    "calendar_busy": "The calendar has too much to do. Nothing is changed; try again in a minute.",
    "calendar_refused": "The calendar refuses the change. Nothing is changed.",
    "calendar_unknown": "The calendar did not answer. Look whether it is changed, and try again.",
}
PENDING = (
    "It has not ended yet: no worker is free, or the calendar is slow. It goes on; press the "
    "button again to see what came of it. It is not done twice."
)

bp = Blueprint("console_appointments", __name__)
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with an appointment, as the page asks for it."""

    act: Act
    to: dt.datetime | None = None
    resource: str = ""


@bp.get(f"{HERE}/appointments/<event_id>")
@access.scoped
def appointment(event_id: str) -> Response:
    """The appointment, and the free times of a day to which it can be moved; with ``act`` (and
    ``to``) the question whether that is meant."""
    asked = read_asked(services(), request.args, dt.datetime.now(dt.UTC))
    try:
        found = contents.find(services(), asked.agent, event_id)
        return _page(asked, found, _wanted(request.args), once=secrets.token_hex(8))
    except (CalendarFailed, SettingsError) as error:
        trouble = contents.trouble(error)
        return page("problem.html", 503, here="Calendar", problem=trouble)


@bp.post(f"{HERE}/appointments/<event_id>")
@access.scoped
def change(event_id: str) -> BaseResponse:
    """Move or cancel it; the same form sent again is the same change."""
    fields = read_fields(edge().bodies)
    asked = read_asked(services(), fields, dt.datetime.now(dt.UTC))
    wanted, once = _wanted(fields), read_once(fields.get("once", ""))
    if wanted is None:
        raise BadRequest("act must be move or cancel")
    change = OfficeChange(
        wanted.act,
        event_id,
        read_moment(fields.get("was", "")),
        once,
        viewer().by,
        wanted.to,
        wanted.resource,
    )
    now = services()
    done = request_change(now.effects, now.replies, asked.agent, change)
    told = {"act": wanted.act, "event": event_id, "state": done.state, "error": done.error}
    log.info(
        "asked to change an appointment",
        extra={**told, "business": asked.agent.home.id, "by": viewer().by},
    )
    if done.state == "done":
        day = (wanted.to or change.was).astimezone(asked.agent.booking.zone).date()
        did = "moved" if wanted.act == "move" else "cancelled"
        query = replace(asked, shown="day", day=day).query(done=did)
        return redirect(f"{HERE}?{query}", 303)
    return _not_done(asked, event_id, wanted, change, done)


def _not_done(
    asked: Asked, event_id: str, wanted: Wanted, change: OfficeChange, done: Changed
) -> Response:
    pending = done.state == "pending"
    problem = PENDING if pending else REFUSED.get(done.error, done.message)
    status = 202 if pending else 409
    once = change.once if pending else secrets.token_hex(8)
    try:
        found = contents.find(services(), asked.agent, event_id)
        if pending:
            found = replace(found, start=change.was)
        shown = wanted if pending or done.error.startswith("calendar_") else None
        return _page(asked, found, shown, once=once, problem=problem, status=status)
    except (CalendarFailed, SettingsError):
        return page("problem.html", 503, here="Calendar", problem=problem)


def _wanted(given: Any) -> Wanted | None:
    """What the request wants done; None where it only looks. Raises `BadRequest`."""
    act = given.get("act", "")
    if act == "cancel":
        return Wanted("cancel")
    if act == "move":
        return Wanted("move", read_moment(given.get("to", "")), given.get("with", ""))
    return None


def _page(
    asked: Asked,
    found: Appointment,
    wanted: Wanted | None,
    *,
    once: str,
    problem: str = "",
    status: int = 200,
) -> Response:
    rules, zone = asked.agent.booking, asked.agent.booking.zone
    service = next((each for each in rules.services if each.id == found.service), None)
    local = found.start.astimezone(zone)
    keeper = request.args.get("with", "")
    coming = found.start > dt.datetime.now(dt.UTC) and not found.cancelled
    free: list[Slot] = []
    if service is not None and coming and wanted is None:
        free = _free(asked, service, found, keeper)
    resources = rules.resources_of(service) if service else ()
    return page(
        "appointment.html",
        status,
        here="Calendar",
        asked=asked,
        found=found,
        service=service.name if service else found.service,
        known=service is not None,
        when=f"{local:%A %-d %B %Y}, {_times(found.start, found.end, zone)}",
        wanted=wanted,
        to=_moment(wanted.to, zone) if wanted and wanted.to else "",
        once=once,
        problem=problem,
        coming=coming,
        keeper=keeper,
        resources=[each.name for each in resources if each.is_personal],
        free=[
            {
                "time": week.clock(each.start, zone),
                "free": ", ".join(each.free),
                "link": _link(asked, found, act="move", to=each.start.isoformat(), keeper=keeper),
            }
            for each in free
        ],
        cancel=_link(asked, found, act="cancel"),
        back=f"{HERE}?{replace(asked, shown='day', day=local.date()).query()}",
        again=_link(asked, found),
    )


def _free(asked: Asked, service: Service, found: Appointment, keeper: str) -> list[Slot]:
    """The times of the day at which it could be, its own aside. The office needs no notice."""
    rules = asked.agent.booking.model_copy(update={"notice_minutes": 0})
    start, end = day_bounds(rules.zone, asked.day)
    with contents.in_time():
        calendar = services().calendar_of(asked.agent)
        busy = busy_beside(calendar.busy(start - MARGIN, end + MARGIN), found)
    kept = keeper or found.resource
    names = (kept,) if kept and kept != ANYONE and rules.largest_party(service) is None else ()
    wanted = AskedFor(names, not names, found.party_size)
    now = dt.datetime.now(dt.UTC)
    slots = free_slots(rules, service, busy, asked.day, asked.day, now, wanted)
    return [each for each in slots if each.start != found.start or keeper]


def _link(
    asked: Asked, found: Appointment, *, act: str = "", to: str = "", keeper: str = ""
) -> str:
    members = {"act": act, "to": to, "with": keeper, "service": ""}
    query = replace(asked, shown="day").query(**members)
    return f"{HERE}/appointments/{quote(found.id, safe='')}?{query}"


def _times(start: dt.datetime, end: dt.datetime, zone: ZoneInfo) -> str:
    return f"{week.clock(start, zone)}–{week.clock(end, zone)}"


def _moment(moment: dt.datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%A %-d %B %Y}, {week.clock(moment, zone)}"
