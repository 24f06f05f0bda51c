"""What the instructions tell about the business: the time there, its services, hours and names."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ISO = re.compile(r"\b(\d{4}-\d\d-\d\d)(?:[T ,]+(?:at )?(\d\d?:\d\d)(?::\d\d)?)?")
_ZONE = re.compile(r"\b(?:[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?|UTC)\b")
_AGENT = re.compile(r"\b[Yy]ou are (?:called |named )?([A-Z][a-z]+)\b")
_BUSINESS = re.compile(r"\b(?:of|at|for|from) ((?:[A-Z][\w'&]*)(?: (?:[A-Z][\w'&]*|of|and|&))*)")
_SERVICES = re.compile(r"^[-*\s]*(?:services|we offer)\b[^:]*:\s*(.+?)\.?\s*$", re.I | re.M)
_LIST = re.compile(r"^\s*(?:[-*•])\s*([A-Za-z][A-Za-z '-]{1,40}?)\s*(?:[(:,–—-].*)?$", re.M)


@dataclass(frozen=True, slots=True)
class Premises:
    """The business, as far as the instructions say."""

    now: dt.datetime
    agent: str | None
    business: str | None
    services: tuple[str, ...]
    instructions: str

    @classmethod
    def read(cls, instructions: str, at: float) -> Premises:
        """Read the instructions; `at` is the Unix time for instructions that name no moment."""
        return _read(instructions, int(at // 60) * 60)

    @property
    def greeting(self) -> str:
        """How the phone is answered."""
        if self.agent and self.business:
            return f"Hello, this is {self.agent} at {self.business}."
        return (
            f"Hello, this is {self.agent or self.business}."
            if self.agent or self.business
            else "Hello!"
        )

    def answer(self, question: str) -> str:
        """The answer to a question about the business or the speaker, as far as it is known."""
        if question == "who":
            place = (
                f" It answers for {self.business} while no AI is connected."
                if self.business
                else ""
            )
            return (
                "I am the rehearsal model: a small program with rules for appointment calls, no"
                f" person and no AI.{place}"
            )
        found = _sentence(self.instructions, _TOPICS[question])
        return found or "I am sorry, I do not know that; a colleague can tell you."


_TOPICS = {
    "hours": re.compile(r"\b(?:hours?|open|closed|close)\b", re.I),
    "where": re.compile(r"\b(?:address|located|street|avenue|parking)\b", re.I),
    "price": re.compile(r"\b(?:price|prices|costs?|insurance|dollars|\$)\b", re.I),
}


def _sentence(text: str, topic: re.Pattern[str]) -> str | None:
    for line in re.split(r"(?<=[.!?])\s+|\n+", text):
        line = line.strip(" -*\t")
        if (
            topic.search(line)
            and len(line) < 240
            and not line.lower().startswith(("never", "do not", "if ", "when ", "ask"))
        ):
            return line if line.endswith((".", "!", "?")) else f"{line}."
    return None


@lru_cache(maxsize=256)
def _read(instructions: str, at: int) -> Premises:
    zone: dt.tzinfo = dt.UTC
    for name in _ZONE.findall(instructions):
        try:
            zone = ZoneInfo(name)
            break
        except (ZoneInfoNotFoundError, ValueError):
            continue
    now = dt.datetime.fromtimestamp(at, zone)
    iso = _ISO.search(instructions)
    if iso is not None:
        try:
            clock = iso[2].zfill(5) if iso[2] else f"{now:%H:%M}"
            now = dt.datetime.fromisoformat(f"{iso[1]}T{clock}").replace(tzinfo=zone)
        except ValueError:
            pass
    agent, business = _AGENT.search(instructions), _BUSINESS.search(instructions)
    return Premises(
        now=now,
        agent=agent[1] if agent else None,
        business=business[1] if business else None,
        services=_services(instructions),
        instructions=instructions,
    )


def _services(instructions: str) -> tuple[str, ...]:
    line = _SERVICES.search(instructions)
    if line is None:
        return ()
    names = (re.sub(r"\(.*?\)", "", part).strip(" .-") for part in re.split(r"[,;]| and ", line[1]))
    return tuple(name for name in names if name and len(name.split()) <= 4)
