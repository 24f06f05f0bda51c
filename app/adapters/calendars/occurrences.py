"""When the events of an iCalendar object take time, whatever state the events are in.

Calendars hold what people and programs wrote into them over the years. One event that cannot be
read, or that repeats without end, must not hide the others:

- a property that cannot be read is left out: the event then blocks what can still be read of it;
- an event without a readable start is skipped, one without a readable end blocks `UNKNOWN_LENGTH`;
- an event that repeats more often than can be worked out blocks everything from its first to its
  last day.

Each of these is reported once, with the event's id.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import gevent
import recurring_ical_events
from icalendar import Calendar, Event

from app import logs, metrics
from app.adapters.calendars.effort import TooMuchWork, limit_calls
from app.core.booking.appointment import Busy

UNKNOWN_LENGTH = dt.timedelta(hours=1)
#: An event that is longer than this ends here: it would reach beyond what dates can say.
MAX_LENGTH = dt.timedelta(days=3660)
#: Steps of a rule from its start to the end of what is asked for; half a century of days.
MAX_STEPS = 30_000
#: Calls that the expansion of one event may make: about a third of a second.
MAX_CALLS = 600_000
#: Other greenlets get their turn after so many events.
EVENTS_AT_ONCE = 25
REPEAT_REPORT_S = 3600.0
MAX_REPORTED = 500

#: The shortest time between two steps of a rule of each frequency.
_STEP = {
    "SECONDLY": dt.timedelta(seconds=1),
    "MINUTELY": dt.timedelta(minutes=1),
    "HOURLY": dt.timedelta(hours=1),
    "DAILY": dt.timedelta(days=1),
    "WEEKLY": dt.timedelta(days=7),
    "MONTHLY": dt.timedelta(days=28),
    "YEARLY": dt.timedelta(days=365),
}
_REPEATING = ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID")
#: Properties that decide when an event takes time. What else cannot be read does not matter here.
_MATTERS = {"DTSTART", "DTEND", "DURATION", "SEQUENCE", *_REPEATING}
_OVER = (TooMuchWork, MemoryError, RecursionError)

log = logs.get(__name__)

PROBLEMS = metrics.counter(
    "calendar_events_unreadable_total",
    "Events of a calendar that were skipped or counted as busy, by problem.",
    ("problem",),
)

Own = Callable[[Event], Busy | None]
TakesTime = Callable[[Event], bool]
Resources = Callable[[Event], tuple[str, ...]]


class EventReports:
    """Warnings about the events of one calendar: each event and problem once an hour."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: OrderedDict[tuple[str, str], float] = OrderedDict()

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Ids and problems of the events that were reported, oldest first."""
        return list(self._told)

    def add(self, event_id: str, problem: str, message: str) -> None:
        """Log that an event has a problem, unless that was logged lately."""
        PROBLEMS.labels(problem).inc()
        now = self._clock()
        told = self._told.get((event_id, problem))
        if told is not None and now - told < REPEAT_REPORT_S:
            return
        self._told[event_id, problem] = now
        while len(self._told) > MAX_REPORTED:
            self._told.popitem(last=False)
        log.warning(message, extra={"event": event_id[:200], "problem": problem})


def read_events(text: str | bytes | None, name: str, reports: EventReports) -> list[Event]:
    """The VEVENTs of a calendar object; none, and a warning, where it is not one.

    `name` says where it came from.
    """
    try:
        found = Calendar.from_ical(text or "", multiple=True)
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        message = "an entry of the calendar cannot be read and is skipped"
        reports.add(f"{name} ({type(error).__name__})", "body", message)
        return []
    events = [event for item in found for event in item.walk("VEVENT")]
    if not events and not any(item.walk() for item in found):
        reports.add(name, "body", "an entry of the calendar is empty and is skipped")
    return [event for event in events if isinstance(event, Event)]


def busy_of(
    events: Iterable[Event],
    start: dt.datetime,
    end: dt.datetime,
    zone: ZoneInfo,
    reports: EventReports,
    *,
    own: Own = lambda event: None,
    takes_time: TakesTime = lambda event: True,
    resources: Resources = lambda event: (),
) -> list[Busy]:
    """Return when events take time between `start` and `end`, in order of start.

    `own` may give an event's busy time itself; `takes_time` is asked of each occurrence, and
    `resources` which of them it takes one of, none being everything. Whole days are days of `zone`.
    Never raises for what is wrong with an event.
    """
    found: list[Busy] = []
    for number, group in enumerate(_series(events)):
        if number % EVENTS_AT_ONCE == EVENTS_AT_ONCE - 1:
            gevent.sleep(0)
        found += _Series(group, zone, reports, own, takes_time, resources).busy(start, end)
    near = [item for item in found if item.start < end and start < item.end]
    return sorted(near, key=lambda item: item.start)


def span(event: Any, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """The UTC instants a VEVENT begins and ends; whole days are days of `zone`."""
    begin, finish = event.start, event.end
    return _instant(begin, zone), _instant(finish, zone)


def _series(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Events of one id belong together: a series and the changes to single occurrences."""
    groups: dict[str, list[Event]] = {}
    for number, event in enumerate(events):
        groups.setdefault(str(event.get("uid") or f"event {number + 1} without an id"), []).append(
            event
        )
    yield from groups.values()


class _Series:
    """The events of one id."""

    def __init__(
        self,
        events: list[Event],
        zone: ZoneInfo,
        reports: EventReports,
        own: Own,
        takes_time: TakesTime,
        resources: Resources,
    ) -> None:
        self._id = str(events[0].get("uid") or "without an id")
        self._zone = zone
        self._reports = reports
        self._own = own
        self._takes_time = takes_time
        self._resources = resources
        mended = (self._mend(event) for event in events)
        self._events = [event for event in mended if event is not None]

    def busy(self, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        """Every occurrence that takes time near `start`..`end`."""
        if not any(name in event for event in self._events for name in _REPEATING):
            return self._spans(self._events)
        endless = [event for event in self._events if self._steps(event, end) > MAX_STEPS]
        if endless:
            return self._all_of(endless, "it repeats too often")
        calendar = Calendar()
        for event in self._events:
            calendar.add_component(event)
        # Whole days are compared without a time zone there: ask for a day more on each side.
        margin = dt.timedelta(days=1)
        try:
            with limit_calls(MAX_CALLS):
                found = recurring_ical_events.of(calendar).between(start - margin, end + margin)
        except _OVER:
            return self._all_of(self._events, "its rule takes too long to work out")
        except Exception as error:  # whatever two libraries make of somebody else's rule
            message = "an event repeats in a way that cannot be read: only its first time counts"
            self._tell("rule", f"{message} ({type(error).__name__})")
            return self._spans(self._events)
        return self._spans(found)

    def _spans(self, events: Iterable[Any]) -> list[Busy]:
        found = []
        for event in events:
            try:
                if self._takes_time(event):
                    own = self._own(event)
                    found += [own] if own else self._taking(event, *span(event, self._zone))
            except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
                message = "an event's time cannot be read: it is skipped"
                self._tell("time", f"{message} ({type(error).__name__})")
        return found

    def _all_of(self, events: list[Event], why: str) -> list[Busy]:
        """All the time from the first to the last occurrence of each event."""
        self._tell("endless", f"an event counts as busy from its first day on: {why}")
        found = []
        for event in events:
            if self._takes_time(event):
                begin, finish = span(event, self._zone)
                last = _last(event, self._zone)
                found += self._taking(event, begin, last + (finish - begin) if last else _FAR)
        return found

    def _taking(self, event: Any, start: dt.datetime, end: dt.datetime) -> list[Busy]:
        names = self._resources(event) or ("",)
        return [Busy(start, end, resource=name) for name in names]

    def _steps(self, event: Event, end: dt.datetime) -> float:
        """How many steps of the event's rules lie before `end`, at most."""
        begin, _ = span(event, self._zone)
        steps = 0.0
        for rule in _rules(event):
            kind = str((rule.get("FREQ") or [""])[0]).upper()
            interval = int((rule.get("INTERVAL") or [1])[0])
            if interval < 1:
                return float("inf")
            until = min(end, _last(event, self._zone) or end)
            times = max(0.0, (until - begin) / (_STEP.get(kind, _STEP["DAILY"]) * interval))
            count = rule.get("COUNT")
            steps += min(times, int(count[0])) if count else times
        return steps

    def _mend(self, event: Event) -> Event | None:
        """The event without the properties that cannot be read; None where it has no start."""
        bad = _unreadable(event)
        if bad:
            names = ", ".join(sorted(bad))
            self._tell("property", f"an event has properties that cannot be read: {names}")
            event = event.copy()
            for name in bad:
                event.pop(name, None)
        if "RECURRENCE-ID" in bad:
            # Nobody can tell which occurrence it changes: it stands beside its series.
            event["uid"] = f"{self._id}/changed"
            event.pop("RRULE", None)
        try:
            _instant(event.start, self._zone)
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError):
            self._tell("start", "an event has no readable start: it is skipped")
            return None
        return self._with_end(event, unknown=bool(bad & {"DTEND", "DURATION"}))

    def _with_end(self, event: Event, *, unknown: bool) -> Event:
        try:
            begin, finish = span(event, self._zone)
            fine = not unknown and dt.timedelta(0) <= finish - begin <= MAX_LENGTH
        except (ValueError, TypeError, AttributeError, KeyError, OverflowError):
            fine = False
        if fine:
            return event
        message = f"an event has no readable end: it counts as {UNKNOWN_LENGTH} long"
        self._tell("end", message)
        event = event.copy()
        for name in ("DTEND", "DURATION"):
            event.pop(name, None)
        if isinstance(event.start, dt.datetime):
            event.add("duration", UNKNOWN_LENGTH)
        return event

    def _tell(self, problem: str, message: str) -> None:
        self._reports.add(self._id, problem, message)


_FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


def _unreadable(event: Event) -> set[str]:
    """The names of properties that are there and cannot be read."""
    bad: set[str] = {str(name).upper() for name, _ in event.errors} & _MATTERS
    for name in ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID"):
        if isinstance(event.get(name), list):
            bad.add(name)
    if "DURATION" in event and "DURATION" not in bad:
        length = getattr(event["DURATION"], "dt", None)
        if not isinstance(length, dt.timedelta) or length < dt.timedelta(0):
            bad.add("DURATION")
    for rule in [] if "RRULE" in bad else _rules(event):
        if any(int(part) < 1 for name in ("INTERVAL", "COUNT") for part in rule.get(name) or ()):
            bad.add("RRULE")
    return bad


def _rules(event: Event) -> list[Any]:
    found = event.get("RRULE")
    rules = found if isinstance(found, list) else [found] if found else []
    return [rule for rule in rules if hasattr(rule, "get")]


def _last(event: Event, zone: ZoneInfo) -> dt.datetime | None:
    """When the event's rules end by their UNTIL; None where one has none."""
    ends = []
    for rule in _rules(event):
        until = rule.get("UNTIL")
        if not until:
            return None
        ends.append(_instant(until[0], zone))
    return max(ends, default=None)


def _instant(value: dt.date, zone: ZoneInfo) -> dt.datetime:
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    if value.tzinfo is None:
        value = value.replace(tzinfo=zone)
    return value.astimezone(dt.UTC)
