"""kill -9 at every step of a booking: once in the calendar, once in the record, told the truth."""

from __future__ import annotations

import datetime as dt
import os
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.adapters.agents import files
from app.adapters.booking import ledger
from app.adapters.calendars.base import Calendar
from app.adapters.calendars.factory import open_calendar
from app.adapters.tools.execution import Effect
from app.adapters.tools.store import EffectStore
from app.local.processes import Part
from app.settings import Settings
from tests.support.desk import Desk
from tests.support.numbers import caller_number
from tests.support.radicale import RadicaleServer
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[3]
#: As in `tests.support.mortal_worker`, which must not be imported here: it patches the process.
KILL = "test:kill"
AGENT = {
    "name": "Mia",
    "business": "Harbor Dental",
    "instructions": "Book.",
    "booking": {
        "time_zone": "America/Los_Angeles",
        "hours": dict.fromkeys(
            ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
            "08:00-20:00",
        ),
        "services": [{"id": "checkup", "name": "checkup", "minutes": 30}],
        "confirm": False,
    },
}
RESOURCES: list[dict[str, Any]] = [{"name": "Anna"}, {"name": "chair", "count": 2}]
#: Where a worker dies, for each tool. `_create` and `_replace` exist on CalDAV only.
BOOK = ["Load:before", "Save:before", "Save:after", "Write:before", "Write:after", "Save:2:before"]
BOOK += ["Save:2:after", "_create:after"]
MOVE = [
    "Load:before",
    "Save:after",
    "Move:before",
    "Move:after",
    "Save:2:after",
    "_replace:after",
]
CANCEL = ["Save:before", "Cancel:before", "Cancel:after", "Save:2:before", "_replace:after"]


@dataclass
class Clinic:
    """A business with real, mortal worker processes."""

    redis_url: str
    calendar_url: str
    folder: Path
    resources: list[dict[str, Any]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        agent_file = self.folder / "agent.yaml"
        booking: dict[str, Any] = {**AGENT["booking"], "resources": self.resources}  # type: ignore[dict-item]
        agent_file.write_text(yaml.safe_dump({**AGENT, "booking": booking}))
        self.desk = Desk(self.redis_url, files.load(agent_file).default.booking)
        self.calendar: Calendar = open_calendar(
            self.calendar_url, self.desk.redis, self.desk.booking
        )
        self.desk.calendar.calendar = self.calendar
        self.effects = EffectStore(self.desk.redis, Settings(redis_url=self.redis_url))
        self.env = {
            **os.environ,
            "REDIS_URL": self.redis_url,
            "CALENDAR_URL": self.calendar_url,
            "AGENT_FILE": str(agent_file),
            "APP_ENV": "development",
            "LIVE_WORKERS": "1",
        }

    def keep_alive(self, count: int = 2) -> None:
        """Start workers, and again those that died."""
        self.parts = [part for part in self.parts if part.alive]
        while len(self.parts) < count:
            self.number += 1
            part = Part(
                f"mortal-{self.number}",
                [sys.executable, "-m", "tests.support.mortal_worker", "live"],
                log=self.folder / f"worker-{self.number}.log",
                env=self.env,
                cwd=ROOT,
            )
            part.start()
            self.parts.append(part)

    def ask(
        self, call: str, key: str, tool: str, arguments: dict[str, Any], *die_at: str
    ) -> tuple[str, str]:
        """Ask for an effect whose worker dies at these points."""
        if die_at:
            self.desk.redis.hset(KILL, key, "\n".join(die_at))
        context = {"caller_number": number_of(call)}
        self.effects.ask(call, key, tool, arguments, f"tc-{key}", context, deadline_s=500.0)
        return call, key

    def settle(self, asked: list[tuple[str, str]]) -> dict[str, Effect]:
        """Keep workers going until every effect has ended."""

        def ended() -> list[Effect]:
            self.keep_alive()
            found = self.effects.get_many(asked)
            return found if all(effect.settled for effect in found) else []

        found = eventually(ended, timeout=480.0, poll=0.1)
        return {effect.key: effect for effect in found}

    def slot(self, call: str, days: int, time: str) -> str:
        return self.desk.call(call, number_of(call)).slot(days, time)

    def book_now(self, call: str, days: int, time: str) -> None:
        caller = self.desk.call(call, number_of(call))
        ctx = caller.context(f"first-{call}", asked_at=1.0)
        slot = caller.slot(days, time)
        result = caller.use("book_appointment", ctx=ctx, slot_id=slot, name=f"Caller {call}")
        assert result["ok"], result

    def record(self, call: str) -> list[tuple[str, str]]:
        return [
            (item["status"], item["start"][11:16]) for item in ledger.read(self.desk.redis, call)
        ]

    def end(self) -> None:
        for part in self.parts:
            part.kill()


def number_of(call: str) -> str:
    return caller_number(zlib.crc32(call.encode()))


@pytest.fixture(params=["redis", "caldav"])
def clinic(request: pytest.FixtureRequest, redis_url: str, tmp_path: Path) -> Iterator[Clinic]:
    server = None
    calendar_url = "redis:"
    if request.param == "caldav":
        server = RadicaleServer(tmp_path / "radicale").start()
        server.make_calendar()
        calendar_url = server.url
    resources = RESOURCES if "capacity" in request.node.name else []
    clinic = Clinic(redis_url, calendar_url, tmp_path, resources)
    yield clinic
    clinic.end()
    if server:
        server.kill()


def times(count: int) -> list[str]:
    return [f"{8 + index // 2:02d}:{30 * (index % 2):02d}" for index in range(count)]


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_killed_at_every_step(clinic: Clinic) -> None:
    asked: list[tuple[str, str]] = []
    expected: dict[str, list[tuple[str, str]]] = {}
    points = [point for point in BOOK if clinic.calendar_url != "redis:" or point[0] != "_"]
    for point, time in zip(points, times(len(points)), strict=True):
        call = f"book-{point}"
        arguments = {"slot_id": clinic.slot(call, 3, time), "name": f"Caller {call}"}
        asked.append(clinic.ask(call, f"k-{call}", "book_appointment", arguments, point))
        expected[call] = [("booked", time)]
    points = [point for point in MOVE if clinic.calendar_url != "redis:" or point[0] != "_"]
    for point, time in zip(points, times(len(points)), strict=True):
        call = f"move-{point}"
        clinic.book_now(call, 4, time)
        arguments = {"slot_id": clinic.slot(call, 5, time)}
        asked.append(clinic.ask(call, f"k-{call}", "reschedule_appointment", arguments, point))
        expected[call] = [("booked", time)]
    points = [point for point in CANCEL if clinic.calendar_url != "redis:" or point[0] != "_"]
    for point, time in zip(points, times(len(points)), strict=True):
        call = f"cancel-{point}"
        clinic.book_now(call, 6, time)
        asked.append(clinic.ask(call, f"k-{call}", "cancel_appointment", {}, point))
        expected[call] = [("cancelled", time)]
    effects = clinic.settle(asked)
    killed = clinic.desk.redis.lrange("test:killed", 0, -1)
    assert len(killed) == len(asked), [
        (key, e.state, e.attempts, e.result) for key, e in effects.items() if e.attempts < 2
    ]
    for call, key in asked:
        assert effects[key].ok, (call, effects[key].result, effects[key].error)
        assert effects[key].attempts >= 2
        assert clinic.record(call) == expected[call], call
    standing = clinic.desk.standing()
    moved_or_booked = [call for call in expected if expected[call][0][0] == "booked"]
    assert len(standing) == len(moved_or_booked)
    assert {line.split()[-2] for line in standing} == {"3", "5"}


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_second_thoughts_and_races_among_the_dying(clinic: Clinic) -> None:
    asked: list[tuple[str, str]] = []
    points = ["Save:after", "Write:after", "Save:2:before"]
    for index, point in enumerate(points):
        call = f"mind-{point}"
        name = f"Caller {call}"
        for turn, (days, die_at) in enumerate([(3, [point]), (4, ["Load:before"])]):
            slot = clinic.slot(call, days, times(3)[index])
            arguments = {"slot_id": slot, "name": name}
            asked.append(clinic.ask(call, f"{call}-{turn}", "book_appointment", arguments, *die_at))
    racers = [f"race-{index}" for index in range(4)]
    for index, call in enumerate(racers):
        arguments = {"slot_id": clinic.slot(call, 5, "10:00"), "name": f"Caller {call}"}
        die_at = [["Write:before"], ["Write:after"], ["Save:before"], []][index]
        asked.append(clinic.ask(call, f"k-{call}", "book_appointment", arguments, *die_at))
    effects = clinic.settle(asked)
    for index, point in enumerate(points):
        call = f"mind-{point}"
        assert effects[f"{call}-1"].ok, effects[f"{call}-1"].result
        assert clinic.record(call) == [("booked", times(3)[index])]
    won = [call for call in racers if effects[f"k-{call}"].ok]
    assert len(won) == 1
    for call in racers:
        if call not in won:
            result = effects[f"k-{call}"].result
            assert result is not None
            assert result["output"]["error"] == "slot_taken"
            assert result["output"]["slots"]
    standing = sorted(line.split()[-2] for line in clinic.desk.standing())
    assert standing == ["4", "4", "4", "5"], "one event for each, where the caller wanted it last"


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_up_to_the_capacity_among_the_dying(clinic: Clinic) -> None:
    """Three at a time: seven callers want ten o'clock, two others want to move there."""
    movers = ["mover-0", "mover-1"]
    for call in movers:
        clinic.book_now(call, 3, "14:00")
    asked: list[tuple[str, str]] = []
    deaths = [["Write:before"], ["Write:after"], ["Save:before"], ["Save:2:before"], [], [], []]
    racers = [f"race-{index}" for index in range(len(deaths))]
    for call, die_at in zip(racers, deaths, strict=True):
        arguments = {"slot_id": clinic.slot(call, 3, "10:00"), "name": f"Caller {call}"}
        asked.append(clinic.ask(call, f"k-{call}", "book_appointment", arguments, *die_at))
    for call, die_at in zip(movers, [["Move:before"], ["Move:after"]], strict=True):
        arguments = {"slot_id": clinic.slot(call, 3, "10:00")}
        asked.append(clinic.ask(call, f"k-{call}", "reschedule_appointment", arguments, *die_at))
    effects = clinic.settle(asked)
    events = clinic.calendar.events(clinic.desk.now, clinic.desk.now + dt.timedelta(days=9))
    at_ten = [
        event
        for event in events
        if not event.cancelled and event.start.astimezone(clinic.desk.booking.zone).hour == 10
    ]
    assert sorted(event.resource for event in at_ten) == ["Anna", "chair", "chair"]
    won = [call for call, key in asked if effects[key].ok]
    assert len(won) == 3
    assert {event.call_id for event in at_ten} == set(won)
    for call, key in asked:
        stands = ("booked", "10:00") if call in won else ("booked", "14:00")
        assert clinic.record(call) == ([stands] if call in won or call in movers else []), call
        if call not in won:
            result = effects[key].result
            assert result is not None
            assert result["output"]["error"] == "slot_taken"
    assert len(clinic.desk.standing()) == 3 + len(set(movers) - set(won))
