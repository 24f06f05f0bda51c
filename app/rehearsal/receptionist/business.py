"""What the instructions say about the business: the time there, its name, hours and services."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.core.language import speech

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CLOSED = "closed"

_ISO = re.compile(r"\b(\d{4}-\d\d-\d\d)(?:[T ,]+(?:at )?(\d\d?:\d\d)(?::\d\d)?)?")
_TODAY = re.compile(
    r"\b[Tt]oday is (?P<date>[A-Z][^.\d]*?),? (?P<year>\d{4})(?:, (?P<time>[^.(]+))?"
)
_ZONE = re.compile(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?\b")
_AGENT = re.compile(r"\b[Yy]ou are (?:called |named )?([A-Z][a-z]+)\b")
_BUSINESS = re.compile(r"\b(?:of|at|for|from) ((?:[A-Z][\w'&]*)(?: (?:[A-Z][\w'&]*|of|and|&))*)")
_SERVICES = re.compile(r"^[-*\s]*(?:services|we offer)\b[^:]*:\s*(.+?)\.?\s*$", re.I | re.M)
_HOURS = re.compile(r"^[-*\s]*opening hours:\s*(.+?)\.?\s*$", re.I | re.M)
_HOLIDAYS = re.compile(r"^[-*\s]*closed on holidays:\s*([^.]+)", re.I | re.M)
_SPAN = re.compile(rf"(?P<days>(?:(?:{'|'.join(WEEKDAYS)})\W+(?:and )?)+)(?P<hours>closed|open .+)")
_WITH = re.compile(r"^An? .+? is with (.+?)\.$", re.M)
_ORDER = re.compile(r"(?:never|do not|don't|if|when|ask|you|say|before|to|offer|use|give)\b", re.I)
#: What appointments are commonly made for, known to anybody; the instructions' own come first.
_COMMON = (
    "cleaning", "checkup", "filling", "consultation", "whitening", "crown", "root canal",
    "extraction", "haircut", "coloring", "manicure", "massage", "physical", "vaccination",
    "eye exam", "inspection", "oil change", "repair", "viewing", "tour", "demo", "interview",
    "lesson", "meeting",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Business:
    """The business, as far as the instructions say."""

    now: dt.datetime
    agent: str | None
    name: str | None
    offered: tuple[str, ...]
    """The services that the instructions list; empty where they list none."""
    hours: Mapping[int, str]
    """Opening hours in words by weekday (Monday is 0), or `CLOSED`."""
    holidays: tuple[str, ...]
    instructions: str
    resources: tuple[str, ...] = ()
    """Whom callers may ask for."""

    @classmethod
    def read(cls, instructions: str, at: float) -> Business:
        """Read the instructions; `at` is the Unix time for instructions that name no moment."""
        return _read(instructions, int(at // 60) * 60)

    @property
    def services(self) -> tuple[str, ...]:
        """What a caller may name: the business's own services, and common ones."""
        return self.offered + tuple(name for name in _COMMON if name not in self.offered)

    @property
    def greeting(self) -> str:
        """How the phone is answered."""
        if self.agent and self.name:
            return f"Hello, this is {self.agent} at {self.name}."
        name = self.agent or self.name
        return f"Hello, this is {name}." if name else "Hello!"

    def statements(self, topic: re.Pattern[str]) -> list[str]:
        """The sentences of the instructions on a topic; orders to the model are left out."""
        found = []
        for line in re.split(r"(?<=[.!?])\s+|\n\s*\n|\n[-*]\s*", self.instructions):
            line = " ".join(line.split()).strip("-* ")
            if topic.search(line) and len(line) < 240 and not _ORDER.match(line):
                found.append(line if line.endswith((".", "!", "?")) else f"{line}.")
        return found


@lru_cache(maxsize=256)
def _read(instructions: str, at: int) -> Business:
    agent, name = _AGENT.search(instructions), _BUSINESS.search(instructions)
    hours = _HOURS.search(instructions)
    holidays = _HOLIDAYS.search(instructions)
    return Business(
        now=_now(instructions, at),
        agent=agent[1] if agent else None,
        name=name[1] if name else None,
        offered=_services(instructions),
        hours=_hours(hours[1]) if hours else {},
        holidays=tuple(re.split(r"(?:,|\band\b)\s+", " ".join(holidays[1].split())))
        if holidays
        else (),
        instructions=instructions,
        resources=_with(instructions),
    )


def _with(instructions: str) -> tuple[str, ...]:
    lists = (re.split(r",\s+|\s+or\s+", line) for line in _WITH.findall(instructions))
    return tuple(dict.fromkeys(name.strip() for names in lists for name in names if name.strip()))


def _listed(text: str) -> tuple[str, ...]:
    """The members of a list in words."""
    return tuple(re.split(r"(?:,|\band\b)\s+", " ".join(text.split())))


def _hours(line: str) -> dict[int, str]:
    """Hours by weekday from "Monday and Tuesday open nine AM to five PM; Sunday closed"."""
    found: dict[int, str] = {}
    for group in line.split("; "):
        span = _SPAN.fullmatch(group.strip())
        if span is None:
            continue
        for number, day in enumerate(WEEKDAYS):
            if day in span["days"]:
                found[number] = span["hours"].removeprefix("open ")
    return found


def _now(instructions: str, at: int) -> dt.datetime:
    """The moment that the instructions name, in figures or in words; else the server's clock."""
    zone = _zone(instructions)
    now = dt.datetime.fromtimestamp(at, zone)
    worded = _TODAY.search(instructions)
    if worded is not None:
        day = _days(int(worded["year"])).get(worded["date"].strip(" ,"))
        time = _times().get((worded["time"] or "").strip(" ,"))
        if day is not None:
            return dt.datetime.combine(day, time or now.time(), zone)
    iso = _ISO.search(instructions)
    if iso is not None:
        try:
            clock = iso[2].zfill(5) if iso[2] else f"{now:%H:%M}"
            return dt.datetime.fromisoformat(f"{iso[1]}T{clock}").replace(tzinfo=zone)
        except ValueError:
            return now
    return now


def _zone(instructions: str) -> dt.tzinfo:
    for name in _ZONE.findall(instructions):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            continue
    return dt.UTC


@cache
def _days(year: int) -> dict[str, dt.date]:
    """The dates of a year by their words."""
    first = dt.date(year, 1, 1)
    days = (first + dt.timedelta(days=n) for n in range(366))
    return {speech.say_date(day): day for day in days if day.year == year}


@cache
def _times() -> dict[str, dt.time]:
    """The minutes of the day by their words."""
    times = (dt.time(hour, minute) for hour in range(24) for minute in range(60))
    return {speech.say_time(time): time for time in times}


def _services(instructions: str) -> tuple[str, ...]:
    line = _SERVICES.search(instructions)
    if line is None:
        return ()
    text = re.sub(r"\(.*?\)", "", line[1])
    names = (part.strip(" .-") for part in re.split(r"[,;]| and ", text))
    return tuple(name for name in names if name and len(name.split()) <= 4)
