"""GET /console/calendar: a business's appointments, blocked and free time; time can be blocked."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from app import logs
from app.adapters.calendars.blocks import MAX_TITLE, Block, check_block
from app.bridges.services import services
from app.core.agent.definition import Agent
from app.core.booking.slots import free_slots, windows
from app.errors import BadRequest, CalendarFailed, SettingsError, Unavailable
from app.web.console.calendar import contents, week
from app.web.console.calendar.asked import Asked, read_asked, read_day, read_once
from app.web.console.calendar.contents import Contents
from app.web.console.calendar.week import Column, Entry
from app.web.console.pages import page
from app.web.edge import edge
from app.web.guard import access
from app.web.guard.body import read_fields
from app.web.guard.viewer import viewer
from app.web.guard.visible import visible_businesses

HERE = "/console/calendar"
#: What a page says after a change.
DONE = {
    "moved": "The appointment is moved.",
    "cancelled": "The appointment is cancelled.",
    "blocked": "The time is blocked.",
    "unblocked": "The time is free again.",
}
#: How often a block comes again.
REPEATS = {
    "": "once",
    "FREQ=DAILY": "every day",
    "FREQ=WEEKLY": "every week",
    "FREQ=WEEKLY;INTERVAL=2": "every second week",
    "FREQ=YEARLY": "every year",
}
HOUR_REM = 3.2

bp = Blueprint("console_calendar", __name__)
log = logs.get(__name__)


@bp.get(HERE)
@access.scoped
def calendar() -> Response:
    """A week or a day."""
    now = dt.datetime.now(dt.UTC)
    asked = read_asked(services(), request.args, now)
    return _page(asked, now, done=DONE.get(request.args.get("done", ""), ""))


@bp.get(f"{HERE}/block")
@access.scoped
def ask_block() -> Response:
    """Show what a block would be, and ask whether it is meant."""
    now = dt.datetime.now(dt.UTC)
    asked = read_asked(services(), request.args, now)
    try:
        block = _block(asked.agent, request.args, secrets.token_hex(8))
        found = _in_the_way(asked.agent, block)
    except BadRequest as error:
        return _page(asked, now, problem=f"{error.message}.", status=400)
    except (CalendarFailed, SettingsError) as error:
        return _page(asked, now, problem=contents.trouble(error), status=503)
    return page(
        "calendar_block.html",
        here="Calendar",
        asked=asked,
        block=block,
        repeats=REPEATS.get(block.rule, block.rule),
        kept=found,
        back=f"{HERE}?{asked.query()}",
    )


@bp.post(f"{HERE}/blocks")
@access.scoped
def change_blocks() -> BaseResponse:
    """Block time or free it again: `act` is ``block`` or ``unblock``."""
    fields = read_fields(edge().bodies)
    now = dt.datetime.now(dt.UTC)
    asked = read_asked(services(), fields, now)
    act, once = fields.get("act", ""), fields.get("once", "")
    try:
        own = contents.own_calendar(services(), asked.agent)
        if act == "block":
            own.block(_block(asked.agent, fields, read_once(once)))
        elif act == "unblock":
            own.unblock(once)
        else:
            raise BadRequest("act must be block or unblock")
    except (CalendarFailed, SettingsError) as error:
        return _page(asked, now, problem=contents.trouble(error), status=503)
    told = {"act": act, "block": once, "business": asked.agent.home.id, "by": viewer().by}
    log.info("changed what is blocked", extra=told)
    return redirect(f"{HERE}?{asked.query(done=f'{act}ed')}", 303)


def _block(agent: Agent, given: Any, block_id: str) -> Block:
    """The block that a form asks for: from `first` to `last`, whole days where no times are given.

    Raises `BadRequest`.
    """
    rules = agent.booking
    today = dt.datetime.now(rules.zone).date()
    first = read_day(given.get("first", ""), today)
    last = read_day(given.get("last", ""), first)
    begins, ends = given.get("from", ""), given.get("until", "")
    if bool(begins) != bool(ends):
        raise BadRequest("give both times, or none for whole days")
    resource, rule = given.get("resource", ""), given.get("rule", "")
    if resource and rules.resource(resource) is None:
        raise BadRequest("there is no such resource")
    if rule not in REPEATS:
        raise BadRequest("it cannot come again like that")
    if begins:
        start, end = f"{first}T{begins[:5]}", f"{last}T{ends[:5]}"
    else:
        start, end = f"{first}", f"{last + dt.timedelta(days=1)}"
    title = " ".join(str(given.get("title", "")).split())[:MAX_TITLE]
    block = Block(block_id, start, end, title or "Blocked", rule, resource=resource)
    try:
        check_block(block, rules.zone)
    except BadRequest:
        raise BadRequest("the end must be after the start") from None
    return block


def _in_the_way(agent: Agent, block: Block) -> list[str]:
    """The appointments that lie in a block's first occurrence; they stay."""
    first = dt.date.fromisoformat(block.start[:10])
    last = dt.date.fromisoformat(block.end[:10])
    found = contents.read(services(), agent, first, last)
    zone = agent.booking.zone
    spans = contents.occurrences(block, first, last, zone)
    return [
        f"{item.start.astimezone(zone):%a %-d %b %H:%M} {item.summary}"
        for item in found.appointments
        if not item.cancelled
        and (not block.resource or item.resource in ("", block.resource))
        and any(item.start < span.end and span.start < item.end for span in spans)
    ]


def _page(
    asked: Asked, now: dt.datetime, *, problem: str = "", done: str = "", status: int = 200
) -> Response:
    agents = services().agents
    rules, days = asked.agent.booking, week.days_of(asked.shown, asked.day)
    found: Contents | None = None
    paused = False
    try:
        found = contents.read(services(), asked.agent, days[0], days[-1])
        paused = contents.are_paused(services())
    except (CalendarFailed, SettingsError) as error:
        problem, status = problem or contents.trouble(error), 503
    except Unavailable:
        problem, status = "Redis is away: try again soon.", 503
    shown = _grid(asked, days, found, now) if found else None
    step = dt.timedelta(days=len(days))
    return page(
        "calendar.html",
        status,
        style_mark=secrets.token_urlsafe(12),
        here="Calendar",
        asked=asked,
        rules=rules,
        businesses=visible_businesses(),
        agents=agents.of_business(asked.agent.home.id),
        days=days,
        grid=shown,
        found=found,
        problem=problem,
        done=done,
        paused=paused,
        repeats=REPEATS,
        today=now.astimezone(rules.zone).date(),
        earlier=f"{HERE}?{asked.query(**{asked.shown: asked.day - step})}",
        later=f"{HERE}?{asked.query(**{asked.shown: asked.day + step})}",
        link=lambda **other: f"{HERE}?{asked.query(**other)}",
    )


def _grid(
    asked: Asked, days: Sequence[dt.date], found: Contents, now: dt.datetime
) -> dict[str, Any]:
    """Everything about the columns and the hours beside them, as the template shows it."""
    rules = asked.agent.booking
    taking = found.entries()
    by_resource = asked.shown == "day" and bool(rules.resources)
    resources = [each.name for each in rules.resources] if by_resource else []
    slots = list(free_slots(rules, asked.service, found.busy, days[0], days[-1], now))
    free: list[Entry] = []
    for name in resources:
        free += week.free_spans((slot for slot in slots if name in slot.free), name)
    if not resources:
        free = week.free_spans(slots)
    hours = week.hours_shown(rules, days, taking)
    drawn = week.columns(days, [*taking, *free], rules.zone, hours, resources)
    cancelled = [each for each in found.appointments if each.cancelled]
    return {
        "columns": [_column(number, column, asked) for number, column in enumerate(drawn)],
        "styles": _styles(drawn),
        "height": round((hours[1] - hours[0]) * HOUR_REM, 2),
        "hours": [
            {"text": f"{hour:02d}:00", "top": round(100 * at / (hours[1] - hours[0]), 3)}
            for at, hour in enumerate(range(*hours))
        ],
        "free": len(slots),
        "cancelled": [
            f"{each.start.astimezone(rules.zone):%a %-d %b %H:%M} {each.summary}"
            for each in cancelled
        ],
    }


def _column(number: int, column: Column, asked: Asked) -> dict[str, Any]:
    rules, zone = asked.agent.booking, asked.agent.booking.zone
    holiday = rules.holiday(column.day)
    closed = "" if windows(rules, column.day) else "closed"
    return {
        "day": column.day,
        "resource": column.resource,
        "link": f"{HERE}?{asked.query(week='', day=column.day.isoformat())}",
        "closed": (holiday.name or "day off") if holiday else closed,
        "clocks": week.clock_change(column.day, zone),
        "entries": [
            {
                "name": f"e{number}-{at}",
                "kind": f"{placed.entry.kind} covered" if placed.covered else placed.entry.kind,
                "times": week.label(placed.entry, column.day, zone),
                "title": placed.entry.title,
                "resource": "" if column.resource else placed.entry.resource,
                "link": _link(placed.entry, column.day, asked),
            }
            for at, placed in enumerate(column.entries)
        ],
    }


def _link(entry: Entry, day: dt.date, asked: Asked) -> str:
    if not entry.event_id:
        return ""
    query = asked.query(week="", day=day.isoformat(), service="")
    return f"{HERE}/appointments/{quote(entry.event_id, safe='')}?{query}"


def _styles(drawn: Iterable[Column]) -> list[str]:
    """Where each entry stands, as rules of a style sheet: attributes may not hold styles here."""
    return [
        f"#e{number}-{at}{{top:{p.top}%;height:{p.height}%;left:{p.left}%;width:{p.width}%}}"
        for number, column in enumerate(drawn)
        for at, p in enumerate(column.entries)
    ]
