"""What the instructions tell about the business: the time there, its name, hours and services."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.core.language import speech

_ISO = re.compile(r"\b(\d{4}-\d\d-\d\d)(?:[T ,]+(?:at )?(\d\d?:\d\d)(?::\d\d)?)?")
_TODAY = re.compile(
    r"\b[Tt]oday is (?P<date>[A-Z][^.\d]*?),? (?P<year>\d{4})(?:, (?P<time>[^.(]+))?"
)
_ZONE = re.compile(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?\b")
_AGENT = re.compile(r"\b[Yy]ou are (?:called |named )?([A-Z][a-z]+)\b")
_BUSINESS = re.compile(r"\b(?:of|at|for|from) ((?:[A-Z][\w'&]*)(?: (?:[A-Z][\w'&]*|of|and|&))*)")
_SERVICES = re.compile(r"^[-*\s]*(?:services|we offer)\b[^:]*:\s*(.+?)\.?\s*$", re.I | re.M)
_ORDER = re.compile(r"(?:never|do not|don't|if|when|ask|you|say|before|to|offer|use)\b", re.I)
_TOPICS = {
    "hours": re.compile(r"\b(?:hours?|open|closed|close)\b", re.IGNORECASE),
    "where": re.compile(r"\b(?:address|located|street|avenue|parking)\b", re.IGNORECASE),
    "price": re.compile(r"\b(?:prices?|costs?|insurance|dollars)\b|\$", re.IGNORECASE),
}
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
    business: str | None
    services: tuple[str, ...]
    instructions: str

    @classmethod
    def read(cls, instructions: str, at: float) -> Business:
        """Read the instructions; `at` is the Unix time for instructions that name no moment."""
        return _read(instructions, int(at // 60) * 60)

    @property
    def greeting(self) -> str:
        """How the phone is answered."""
        if self.agent and self.business:
            return f"Hello, this is {self.agent} at {self.business}."
        name = self.agent or self.business
        return f"Hello, this is {name}." if name else "Hello!"

    def answer(self, question: str) -> str:
        """The answer to a question about the business or the speaker, as far as it is known."""
        if question == "who":
            return (
                "I am the rehearsal model: a small program with rules for appointment calls,"
                " neither a person nor an AI."
            )
        found = _sentence(self.instructions, _TOPICS[question])
        return found or "I am sorry, I do not know that, but a colleague can tell you."


def _sentence(text: str, topic: re.Pattern[str]) -> str | None:
    """A statement on the topic; orders to the model are none."""
    for line in re.split(r"(?<=[.!?])\s+|\n\s*\n|\n[-*]\s*", text):
        line = " ".join(line.split()).strip("-* ")
        if topic.search(line) and len(line) < 240 and not _ORDER.match(line):
            return line if line.endswith((".", "!", "?")) else f"{line}."
    return None


@lru_cache(maxsize=256)
def _read(instructions: str, at: int) -> Business:
    agent, business = _AGENT.search(instructions), _BUSINESS.search(instructions)
    return Business(
        now=_now(instructions, at),
        agent=agent[1] if agent else None,
        business=business[1] if business else None,
        services=_services(instructions),
        instructions=instructions,
    )


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
    own: tuple[str, ...] = ()
    if line is not None:
        names = (
            re.sub(r"\(.*?\)", "", part).strip(" .-") for part in re.split(r"[,;]| and ", line[1])
        )
        own = tuple(name for name in names if name and len(name.split()) <= 4)
    return own + tuple(name for name in _COMMON if name not in own)
