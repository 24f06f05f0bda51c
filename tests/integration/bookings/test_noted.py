"""The calendar is away: what the caller is told, and what comes of it."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from rq.job import Job
from rq.serializers import JSONSerializer

from app.adapters import job_names, queue
from app.adapters.redis import keys
from app.adapters.tools.execution import Effect
from app.errors import (
    CalendarBusy,
    CalendarDown,
    CalendarFailed,
    CalendarRefused,
    CalendarUnknown,
)
from app.settings import Settings
from tests.support.desk import DANA, Desk, connect
from workers import effects, noted, notifications, runtime
from workers.bookings import booking_tools

BACKGROUND = queue.queue_key("background")
CALL = "call_noted"


class Office:
    """A worker in this process, with the shipped agent."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.redis = connect(url)
        self.settings = Settings(redis_url=url, **settings)
        self.at_work = runtime.open_runtime(self.settings, connections=4, tools=booking_tools())
        self.number = 0
        self.heard: list[tuple[str, str]] = []

    def use(
        self, tool: str, *, deadline_s: float = 8.0, number: str = DANA, **arguments: Any
    ) -> dict[str, Any]:
        self.number += 1
        key = f"{tool}-{self.number}"
        context = {"caller_number": number, "heard": self.heard}
        self.at_work.effects.ask(
            CALL, key, tool, arguments, uuid.uuid4().hex, context, deadline_s=deadline_s
        )
        effects.run(CALL, key)
        return self.effect(key).result or {}

    def effect(self, key: str) -> Effect:
        found = self.at_work.effects.get(CALL, key)
        assert found is not None
        return found

    def offer(self) -> dict[str, Any]:
        result = self.use("check_availability", service="checkup")
        slot: dict[str, Any] = result["output"]["slots"][0]
        self.heard = [("agent", f"So {slot['say']} for Dana. Shall I book it?"), ("user", "Yes.")]
        return slot

    def pause(self) -> None:
        self.redis.set(keys.BOOKINGS_PAUSED, "1")

    def resume(self) -> None:
        self.redis.delete(keys.BOOKINGS_PAUSED)

    def jobs(self, function: str) -> list[list[Any]]:
        """Take the jobs of a function off the background queue; the arguments of each."""
        found = []
        queued: list[Any] = self.redis.lrange(BACKGROUND, 0, -1)
        for job_id in queued:
            job = Job.fetch(job_id.decode(), connection=self.redis, serializer=JSONSerializer)
            if job.func_name == function:
                self.redis.lrem(BACKGROUND, 1, job_id)
                found.append(list(job.args))
        return found

    def bookings(self) -> list[dict[str, Any]]:
        story = self.at_work.calls.snapshot(CALL)
        return story["bookings"] if story else []


@pytest.fixture
def office(redis_url: str) -> Iterator[Office]:
    yield Office(redis_url)
    runtime._runtime = None


def note_a_booking(office: Office) -> tuple[dict[str, Any], list[Any]]:
    slot = office.offer()
    office.pause()
    result = office.use(
        "book_appointment", slot_id=slot["slot_id"], name="Dana Reyes", deadline_s=1.0
    )
    assert result["ok"] is False
    assert result["output"]["status"] == "noted"
    (job,) = office.jobs(job_names.FINISH_NOTED)
    return result, job


def test_a_booking_that_was_late_is_reported(office: Office) -> None:
    slot = office.offer()
    result = office.use(
        "book_appointment", slot_id=slot["slot_id"], name="Dana Reyes", deadline_s=-30.0
    )
    assert result["ok"] is True
    (change,) = [
        job[0] for job in office.jobs(job_names.ANNOUNCE) if job[0]["kind"] == "noted_done"
    ]
    assert change["wish"].startswith("that you want to book: a checkup ")
    assert change["caller_number"] == DANA
    late = office.use("cancel_appointment", deadline_s=-30.0)
    assert late["ok"] is True
    story = office.at_work.calls.snapshot(CALL)
    assert story is not None
    kinds = [event["kind"] for event in story["events"]]
    assert kinds.count("booking_noted_done") == 2


def test_a_late_booking_that_cannot_be_had_is_reported(office: Office) -> None:
    office.offer()
    office.use(
        "book_appointment",
        slot_id="zzzzz-000",
        name="Dana Reyes",
        deadline_s=-30.0,
    )
    (change,) = [job[0] for job in office.jobs(job_names.ANNOUNCE)]
    assert (change["kind"], change["reason"]) == ("noted_failed", "not_offered")


def test_an_answer_in_time_is_not_reported(office: Office) -> None:
    slot = office.offer()
    office.use("book_appointment", slot_id=slot["slot_id"], name="Dana Reyes")
    assert [job[0]["kind"] for job in office.jobs(job_names.ANNOUNCE)] in ([], ["created"])


def test_noted_and_done_later(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    result, job = note_a_booking(office)
    assert result["say"].startswith(
        "I cannot reach our calendar right now. I have noted a checkup "
    )
    assert result["say"].endswith("and I will confirm it to you by text message.")
    assert [(item["status"], item["name"]) for item in office.bookings()] == [
        ("noted", "Dana Reyes")
    ]
    with pytest.raises(CalendarDown):
        noted.finish(*job)
    office.resume()
    office.at_work.calls.end(CALL)
    office.redis.zrem(keys.REPORTS_DUE, CALL)
    noted.finish(*job)
    assert [item["status"] for item in office.bookings()] == ["booked"]
    assert office.redis.zscore(keys.REPORTS_DUE, CALL) is not None, "the report tells of it"
    told = [change for (change,) in office.jobs(notifications.__name__ + ".announce")]
    assert [change["kind"] for change in told] == ["created", "noted_done"]
    for change in told:
        notifications.announce(change)
    ((change, channel),) = office.jobs(job_names.DELIVER)
    assert (change["kind"], channel) == ("noted_done", "text")
    with caplog.at_level(logging.INFO):
        notifications.deliver(change, channel)
        notifications.deliver(change, channel)
    texts = [r.__dict__["text"] for r in caplog.records if "text" in r.__dict__]
    assert len(texts) == 1
    assert texts[0].startswith("Harbor Dental: done. We had noted a checkup ")
    noted.finish(*job)
    assert len(office.bookings()) == 1


def test_noted_and_taken_in_between(office: Office) -> None:
    _, job = note_a_booking(office)
    office.resume()
    slot_start = office.bookings()[0]["start"]
    desk = Desk(office.settings.redis_url, office.at_work.agents.default.booking)
    other = desk.call("other", "+14155550777")
    slots = other.use("check_availability", service="checkup")["output"]["slots"]
    ctx = other.context("other-1", heard=(("agent", f"{slots[0]['say']}?"), ("user", "yes")))
    assert other.use("book_appointment", ctx=ctx, slot_id=slots[0]["slot_id"], name="Tom")["ok"]
    assert desk.call("other").record()[0]["start"][:16] <= slot_start
    noted.finish(*job)
    told = [change for (change,) in office.jobs(notifications.__name__ + ".announce")]
    failed = told[-1]
    assert (failed["kind"], failed["reason"]) == ("noted_failed", "slot_taken")
    assert office.bookings() == []
    story = office.at_work.calls.snapshot(CALL)
    assert story is not None
    assert story["events"][-1]["kind"] == "booking_noted_failed"
    assert len(desk.standing()) == 1


def test_noted_and_given_up(office: Office) -> None:
    _, job = note_a_booking(office)
    job[2] = time.time() - 1
    noted.finish(*job)
    (change,) = office.jobs(notifications.__name__ + ".announce")[-1]
    assert (change["kind"], change["reason"]) == ("noted_failed", "calendar_down")


def test_a_newer_wish_replaces_what_is_noted(office: Office) -> None:
    _, job = note_a_booking(office)
    office.resume()
    slots = office.use("check_availability", service="checkup")["output"]["slots"]
    office.heard = [("agent", f"{slots[1]['say']}?"), ("user", "yes")]
    result = office.use("book_appointment", slot_id=slots[1]["slot_id"], name="Dana Reyes")
    assert result["ok"]
    noted.finish(*job)
    assert [item["start"][11:16] for item in office.bookings()] == [slots[1]["time"]]
    told = [change["kind"] for (change,) in office.jobs(notifications.__name__ + ".announce")]
    assert told == ["created"]


def test_a_cancellation_is_noted_too(office: Office) -> None:
    slot = office.offer()
    assert office.use("book_appointment", slot_id=slot["slot_id"], name="Dana Reyes")["ok"]
    office.pause()
    result = office.use("cancel_appointment", deadline_s=1.0)
    assert "I have noted that you want to cancel" in result["say"]
    office.resume()
    (job,) = office.jobs(job_names.FINISH_NOTED)
    noted.finish(*job)
    assert [item["status"] for item in office.bookings()] == ["cancelled"]


def test_where_nobody_can_be_told_nothing_is_promised(redis_url: str) -> None:
    office = Office(redis_url, env="production")
    try:
        slot = office.offer()
        office.pause()
        result = office.use(
            "book_appointment", slot_id=slot["slot_id"], name="Dana Reyes", deadline_s=1.0
        )
        assert result["output"]["error"] == "calendar_down"
        assert "status" not in result["output"]
        assert "noted" not in result["say"]
        office.resume()
        assert office.jobs(job_names.FINISH_NOTED) == []
        (job,) = office.jobs(job_names.FORGET_BOOKING)
        noted.forget(*job)
        assert office.bookings() == []
        office.number -= 1
        again = office.use("book_appointment", slot_id=slot["slot_id"], name="Dana Reyes")
        assert again["ok"]
        noted.forget(*job)
        assert [item["status"] for item in office.bookings()] == ["booked"]
    finally:
        runtime._runtime = None


def test_the_office_tells_where_texts_cannot(redis_url: str) -> None:
    office = Office(redis_url, env="production", booking_webhook_url="http://127.0.0.1:9/x")
    try:
        _, job = note_a_booking(office)
        office.resume()
        noted.finish(*job)
        for (change,) in office.jobs(notifications.__name__ + ".announce"):
            notifications.announce(change)
        kinds = [change["kind"] for change, channel in office.jobs(job_names.DELIVER)]
        assert kinds == ["created", "noted_done"]
    finally:
        runtime._runtime = None


def test_what_a_given_up_booking_left_is_removed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = office.offer()
    calendar = office.at_work.calendar(office.at_work.agents.default)
    book = calendar.book

    def write_and_fail(*args: Any) -> Any:
        book(*args)
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(calendar, "book", write_and_fail)
    monkeypatch.setattr(effects, "MAX_ATTEMPTS", 1)
    result = office.use("book_appointment", slot_id=slot["slot_id"], name="Dana Reyes")
    assert result["output"]["error"] == "failed"
    monkeypatch.undo()
    desk = Desk(office.settings.redis_url, office.at_work.agents.default.booking)
    assert len(desk.standing()) == 1
    (job,) = office.jobs(job_names.FORGET_BOOKING)
    noted.forget(*job)
    assert desk.standing() == []
    assert office.bookings() == []


def test_a_calendar_that_is_too_slow(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    slot = office.offer()
    calendar = office.at_work.calendar(office.at_work.agents.default)
    monkeypatch.setattr(calendar, "book", lambda *_: gevent.sleep(60))
    monkeypatch.setattr(noted, "ATTEMPT_S", 0.5)
    since = time.monotonic()
    result = office.use(
        "book_appointment", slot_id=slot["slot_id"], name="Dana Reyes", deadline_s=3.0
    )
    assert result["output"]["status"] == "noted"
    assert time.monotonic() - since < 20
    monkeypatch.setattr(calendar, "busy", lambda *_: gevent.sleep(60))
    result = office.use("check_availability", deadline_s=3.0)
    assert result["output"]["error"] == "calendar_down"


class Failing:
    """A calendar whose changes fail in one way; looks and everything else go through."""

    def __init__(self, office: Office, monkeypatch: pytest.MonkeyPatch, failed: CalendarFailed):
        self.tries = 0
        calendar = office.at_work.calendar(office.at_work.agents.default)

        def fail(*_: Any) -> Any:
            self.tries += 1
            raise failed

        for name in ("book", "move", "cancel"):
            monkeypatch.setattr(calendar, name, fail)


def test_a_refusal_for_good_is_neither_tried_again_nor_promised(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = office.offer()
    calendar = Failing(office, monkeypatch, CalendarRefused("it answered 400"))
    result = office.use("book_appointment", slot_id=slot["slot_id"], name="Dana Reyes")
    assert result["output"]["error"] == "calendar_refused"
    assert "nothing has been changed" in result["say"]
    assert "status" not in result["output"]
    assert calendar.tries == 1
    assert office.jobs(job_names.FINISH_NOTED) == []
    assert office.jobs(job_names.ANNOUNCE) == []


def test_a_noted_wish_that_is_refused_for_good_is_reported_at_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, job = note_a_booking(office)
    office.resume()
    Failing(office, monkeypatch, CalendarRefused("it answered 400"))
    noted.finish(*job)
    (change,) = office.jobs(job_names.ANNOUNCE)[-1]
    assert (change["kind"], change["reason"]) == ("noted_failed", "calendar_refused")


@pytest.mark.parametrize(
    ("failed", "code", "words"),
    [
        (CalendarBusy(retry_after=30.0), "calendar_busy", "very busy right now. I have noted"),
        (CalendarUnknown(), "calendar_unknown", "no answer from our calendar yet. I have noted"),
        (CalendarDown(), "calendar_down", "cannot reach our calendar right now. I have noted"),
    ],
)
def test_the_words_follow_the_kind_of_failure(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    failed: CalendarDown,
    code: str,
    words: str,
) -> None:
    slot = office.offer()
    Failing(office, monkeypatch, failed)
    result = office.use(
        "book_appointment", slot_id=slot["slot_id"], name="Dana Reyes", deadline_s=1.0
    )
    assert (result["output"]["error"], result["output"]["status"]) == (code, "noted")
    assert words in result["say"]
    assert len(office.jobs(job_names.FINISH_NOTED)) == 1


def test_a_busy_calendar_is_not_asked_again_before_its_time(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = office.offer()
    calendar = Failing(office, monkeypatch, CalendarBusy(retry_after=30.0))
    result = office.use(
        "book_appointment", slot_id=slot["slot_id"], name="Dana Reyes", deadline_s=20.0
    )
    assert result["output"]["status"] == "noted"
    assert calendar.tries == 1


def test_a_change_of_unknown_outcome_is_said_to_be_unknown(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(redis_url, env="production")
    try:
        slot = office.offer()
        assert office.use("book_appointment", slot_id=slot["slot_id"], name="Dana Reyes")["ok"]
        Failing(office, monkeypatch, CalendarUnknown())
        result = office.use("cancel_appointment", deadline_s=1.0)
        assert "I cannot tell whether that was done" in result["say"]
    finally:
        runtime._runtime = None
