"""What a business's calendar holds, whatever kind of calendar it is, and what it cannot do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import gevent
import redis

from app.adapters.calendars.blocks import Block, expand
from app.adapters.calendars.guarded import MARGIN
from app.adapters.calendars.redis import RedisCalendar
from app.adapters.redis import keys
from app.bridges.services import Services
from app.core.agent.definition import Agent
from app.core.booking.appointment import Appointment, Busy
from app.core.booking.calendar_limits import CAL_COM
from app.core.booking.slots import day_bounds
from app.errors import (
    CalendarDown,
    CalendarFailed,
    CalendarRefused,
    NotFound,
    SettingsError,
    Unavailable,
)
from app.web.console.calendar.week import Entry

LIMIT_S = 8.0
"""How long a page waits for a calendar."""
_CAL_COM_NOTE = (
    "Cal.com decides what is free and does not say what else takes time: the page shows the "
    "agents' appointments and free times only. Block time on Cal.com."
)
_OUTSIDE_NOTE = (
    "Block time in the calendar's own program: whatever takes time there is shown as busy and is "
    "not booked."
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What was found. `busy` is all that takes time, appointments included."""

    appointments: tuple[Appointment, ...]
    busy: tuple[Busy, ...]
    blocks: tuple[tuple[Block, tuple[Busy, ...]], ...]
    """Each block with its occurrences, where the calendar has any."""
    note: str
    """What this kind of calendar cannot do; empty where it can do everything."""
    can_block: bool

    def entries(self) -> list[Entry]:
        """Everything that takes time, as it is drawn."""
        standing = [each for each in self.appointments if not each.cancelled]
        found = [Entry("booked", a.start, a.end, a.summary, a.resource, a.id) for a in standing]
        for block, occurrences in self.blocks:
            found += [
                Entry("blocked", b.start, b.end, block.title or "Blocked", block.resource)
                for b in occurrences
            ]
        return found + self._others(standing)

    def _others(self, standing: list[Appointment]) -> list[Entry]:
        """What takes time and is nothing of ours."""
        if self.note == _CAL_COM_NOTE:
            return []
        ours = {each.id for each in self.appointments}
        spans = {(each.start, each.end) for each in standing}

        def is_other(item: Busy) -> bool:
            if item.event_id:
                return item.event_id not in ours
            return not self.can_block and (item.start, item.end) not in spans

        return [
            Entry("busy", item.start, item.end, "Busy", item.resource)
            for item in self.busy
            if is_other(item)
        ]


def read(now: Services, agent: Agent, first: dt.date, last: dt.date) -> Contents:
    """What the agent's calendar holds on the local days `first` to `last`.

    Raises CalendarDown where it is away or too slow, CalendarRefused, `SettingsError`.
    """
    zone = agent.booking.zone
    start, end = day_bounds(zone, first, last)
    with in_time():
        calendar = now.calendar_of(agent)
        found = calendar.events(start, end)
        busy = calendar.busy(start - MARGIN, end + MARGIN)
        blocks: list[tuple[Block, tuple[Busy, ...]]] = []
        if isinstance(calendar, RedisCalendar):
            for block in calendar.blocked():
                blocks.append((block, tuple(occurrences(block, first, last, zone))))
    return Contents(
        tuple(each for each in found if is_ours(now, agent, each)),
        tuple(busy),
        tuple(blocks),
        _note(now.calendar_url_of(agent)),
        isinstance(calendar, RedisCalendar),
    )


def occurrences(block: Block, first: dt.date, last: dt.date, zone: ZoneInfo) -> list[Busy]:
    """The time that a block takes on the local days `first` to `last`."""
    return expand([block], *day_bounds(zone, first, last), zone)


def find(now: Services, agent: Agent, event_id: str) -> Appointment:
    """An appointment of the agent's business. Raises NotFound, and as `read`."""
    with in_time():
        found = now.calendar_of(agent).get(event_id)
    if found is None or not is_ours(now, agent, found):
        raise NotFound("there is no such appointment")
    return found


def own_calendar(now: Services, agent: Agent) -> RedisCalendar:
    """The embedded calendar of the agent's business. Raises `NotFound` where another kind is used,
    and as `read`."""
    calendar = now.calendar_of(agent)
    if not isinstance(calendar, RedisCalendar):
        raise NotFound("time is blocked in the calendar's own program")
    return calendar


def is_ours(now: Services, agent: Agent, appointment: Appointment) -> bool:
    """Whether an appointment is with the agent's business. Older ones name none."""
    return appointment.business == agent.home.id or not now.shares_calendar(agent)


def are_paused(now: Services) -> bool:
    """Whether no booking is written, moved or cancelled for now. Raises `Unavailable`."""
    try:
        return bool(now.redis.exists(keys.BOOKINGS_PAUSED))
    except (redis.RedisError, OSError):
        raise Unavailable("redis is away") from None


@contextmanager
def in_time() -> Iterator[None]:
    """Around questions to a calendar: one that answers too late is away."""
    with gevent.Timeout(LIMIT_S, CalendarDown("the calendar is too slow")):
        yield


def trouble(error: CalendarFailed | SettingsError) -> str:
    """What is wrong with a calendar and what to do, for people."""
    if isinstance(error, SettingsError):
        return f"The calendar cannot be opened: {error.message}"
    if isinstance(error, CalendarRefused):
        return (
            f"The calendar refuses what it is asked ({error.message}): check CALENDAR_URL and its "
            "key. python -m app doctor looks closer."
        )
    return (
        "The calendar is away or too slow: callers hear that it cannot be reached, too. Try again "
        "soon."
    )


def _note(url: str) -> str:
    if url.startswith("redis:"):
        return ""
    return _CAL_COM_NOTE if url.startswith(CAL_COM) else _OUTSIDE_NOTE
