"""Whether a business's calendar can be read, written to and cleaned up again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from app.adapters.agents import files
from app.adapters.calendars.redis import RedisCalendar
from app.adapters.checks.calendars import calendars
from app.adapters.redis import keys
from app.errors import CalendarDown, SlotTaken
from app.settings import Settings
from tests.support.desk import Desk

TWO = """
businesses:
  harbor: {name: Harbor}
  corner: {name: Corner, calendar_url: "ftp:"}
agents:
  - {name: Ada, business: harbor, instructions: x}
  - {name: Ben, business: corner, instructions: x}
"""


@pytest.fixture
def desk(redis_url: str) -> Desk:
    return Desk(redis_url)


@pytest.mark.parametrize(
    ("url", "verdict", "what"),
    [
        ("caldav+http://u:p@127.0.0.1:9/x/", "bad", "CalDAV: the calendar did not answer"),
        ("calcom:key", "bad", "needs ?event_type"),
        ("ftp:", "bad", "CALENDAR_URL must start with"),
    ],
)
def test_a_calendar_that_cannot_be_used(desk: Desk, url: str, verdict: str, what: str) -> None:
    (finding,) = calendars(Settings(redis_url=desk.url, calendar_url=url), files.load())
    assert finding.verdict == verdict
    assert what in finding.what
    assert ":p@" not in finding.what


def test_what_is_written_is_removed(desk: Desk) -> None:
    settings = Settings(redis_url=desk.url)
    read, written = calendars(settings, files.load())
    assert "the embedded calendar answers" in read.what
    assert (written.verdict, written.what) == ("ok", "an appointment can be written and removed")
    (agent,) = files.load().all
    now = dt.datetime.now(dt.UTC)
    kept = RedisCalendar(desk.redis, agent.booking.zone, "main")
    (left,) = kept.events(now, now + dt.timedelta(days=400))
    assert left.status == "cancelled"
    assert kept.busy(now, now + dt.timedelta(days=400)) == []


def test_a_calendar_that_reads_and_does_not_take(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> None:
        raise SlotTaken("taken")

    def refuse(*given: object) -> None:
        raise CalendarDown("read only")

    settings = Settings(redis_url=desk.url)
    monkeypatch.setattr(RedisCalendar, "book", full)
    _, untried = calendars(settings, files.load())
    assert (untried.verdict, untried.what[:21]) == ("warn", "writing was not tried")
    monkeypatch.setattr(RedisCalendar, "book", refuse)
    (found,) = calendars(settings, files.load())
    assert found.verdict == "bad"
    assert "read only" in found.what


def test_each_business_has_its_own_and_a_pause_is_told(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text(TWO)
    desk.redis.set(keys.BOOKINGS_PAUSED, "1")
    found = calendars(Settings(redis_url=desk.url), files.load(str(file)))
    assert [(one.verdict, one.what.partition(":")[0]) for one in found] == [
        ("ok", "harbor"),
        ("ok", "harbor"),
        ("bad", "corner"),
        ("warn", "bookings are paused"),
    ]


def test_without_redis(free_port: int) -> None:
    away = Settings(redis_url=f"redis://127.0.0.1:{free_port}")
    assert {one.verdict for one in calendars(away, files.load())} == {"bad"}
