"""The whole program over a real CalDAV server: calls that book there, and the server gone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import icalendar
import pytest

from app.adapters.redis import keys
from app.rehearsal.retell_caller.outcome import Outcome
from tests.support.desk import connect
from tests.support.radicale import RadicaleServer
from tests.support.stack import RunningStack
from tests.support.waiting import eventually

DOWN = """
about: The calendar does not answer at all.
caller:
  from_number: "+14155550195"
steps:
  - hear: how can I help
  - say: I would like a cleaning {day+3} in the morning.
  - hear: 'cannot reach (the|our) calendar'
  - hang_up: true
expect:
  bookings: []
  never_heard: ['is booked', 'all set']
  max_silence: 8s
"""


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    server = RadicaleServer(tmp_path_factory.mktemp("radicale")).start()
    server.make_calendar()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def stack(
    radicale: RadicaleServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningStack]:
    stack = RunningStack(tmp_path_factory.mktemp("stack"), {"CALENDAR_URL": radicale.url})
    stack.start()
    yield stack
    stack.stop()


def passed(outcomes: list[Outcome]) -> None:
    assert [(o.failures, o.faults) for o in outcomes] == [([], [])] * len(outcomes)


def written(radicale: RadicaleServer) -> list[tuple[str, str]]:
    """Title and status of every event in the CalDAV calendar's files."""
    found = []
    folder = Path(radicale.folder) / "data" / "collection-root" / "desk" / "main"
    for path in sorted(folder.glob("*.ics")):
        for event in icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT"):
            found.append((str(event["summary"]), str(event["status"])))
    return sorted(found)


def test_calls_book_move_and_cancel_there(radicale: RadicaleServer, stack: RunningStack) -> None:
    passed(stack.calls("reschedule"))
    passed(stack.calls("cancel"))
    assert written(radicale) == [
        ("Checkup: Ida Falk", "CANCELLED"),
        ("Filling: Noor Haddad", "CONFIRMED"),
    ]
    status, feed = stack.records.get("/calendar.ics")
    assert status == 200
    events = icalendar.Calendar.from_ical(feed).walk("VEVENT")
    assert sorted((str(e["summary"]), str(e["status"])) for e in events) == written(radicale)


def test_noted_while_paused_and_done_after(radicale: RadicaleServer, stack: RunningStack) -> None:
    client = connect(stack.env["REDIS_URL"])
    client.set(keys.BOOKINGS_PAUSED, "1")
    try:
        (outcome,) = stack.calls("calendar_down")
        passed([outcome])
    finally:
        client.delete(keys.BOOKINGS_PAUSED)

    def booked() -> bool:
        story = stack.story(outcome.call_id)
        return [item["status"] for item in story["bookings"]] == ["booked"]

    eventually(booked, timeout=60)
    assert ("Cleaning: Ravi Menon", "CONFIRMED") in written(radicale)
    eventually(lambda: "Harbor Dental: done. We had noted a cleaning" in stack.logs(), timeout=30)
    kinds = [event["kind"] for event in stack.story(outcome.call_id)["events"]]
    assert "booking_noted_done" in kinds


def test_the_server_is_gone(radicale: RadicaleServer, stack: RunningStack) -> None:
    radicale.kill()
    try:
        passed([stack.call(DOWN)])
    finally:
        radicale.start()
    passed([stack.call("booking")])
