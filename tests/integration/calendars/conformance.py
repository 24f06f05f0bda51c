"""What every calendar must do. Each adapter's test module runs all of it on its own server."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from app.adapters.calendars.base import Calendar
from app.core.booking.appointment import Appointment, Draft
from app.errors import BookingNotFound, CalendarDown, CalendarError, Outdated, SlotTaken

ZONE = ZoneInfo("America/Los_Angeles")
CLOCK = dt.datetime(2027, 3, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
PHONE = "+14155550123"


def local(text: str, *, fold: int = 0) -> dt.datetime:
    """A wall time of the business as an instant."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE, fold=fold).astimezone(dt.UTC)


TEN = local("2027-03-10T10:00")


class Harness(Protocol):
    """One calendar on its server, and what people do to it behind our back."""

    def calendar(self) -> Calendar:
        """A new connection, as another process has."""
        ...

    def human_adds(
        self,
        start: str,
        end: str,
        *,
        rule: str = "",
        free: bool = False,
        cancelled: bool = False,
        resource: str = "",
    ) -> None:
        """A person adds an event: wall times of `ZONE`, or dates for whole days. It takes one of
        the resource, or else everything."""
        ...

    def human_removes(self, appointment: Appointment) -> None:
        """A person deletes one of our appointments."""
        ...

    def goes_down(self) -> None:
        """The calendar does not answer any more."""
        ...

    def comes_back(self) -> None:
        """The calendar answers again."""
        ...


def draft(
    start: dt.datetime = TEN,
    minutes: int = 60,
    *,
    name: str = "Dana Reyes",
    before: int = 0,
    after: int = 0,
    asked_at: float = 1.0,
    phone: str = PHONE,
) -> Draft:
    return Draft(
        start=start,
        end=start + dt.timedelta(minutes=minutes),
        service="cleaning",
        title=f"Cleaning: {name}",
        name=name,
        phone=phone,
        notes='First visit; likes Zoë\'s chair, says "hi"',
        time_zone="America/Los_Angeles",
        before=before,
        after=after,
        call_id="call_1",
        asked_at=asked_at,
    )


def merged(
    calendar: Calendar, start: dt.datetime, end: dt.datetime
) -> list[tuple[dt.datetime, ...]]:
    """What is busy within `start`..`end`, times that touch each other in one piece."""
    pieces: list[list[dt.datetime]] = []
    for item in sorted(calendar.busy(start, end), key=lambda item: item.start):
        low, high = max(item.start, start), min(item.end, end)
        if pieces and low <= pieces[-1][1]:
            pieces[-1][1] = max(pieces[-1][1], high)
        else:
            pieces.append([low, high])
    return [tuple(piece) for piece in pieces]


def spans(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> list[tuple[str, ...]]:
    """The same as wall times of the business."""
    return [
        tuple(f"{moment.astimezone(ZONE):%m-%d %H:%M}" for moment in piece)
        for piece in merged(calendar, start, end)
    ]


def day(calendar: Calendar, date: str) -> list[tuple[str, ...]]:
    """What is busy on a day of the business."""
    after = dt.date.fromisoformat(date) + dt.timedelta(days=1)
    return spans(calendar, local(f"{date}T00:00"), local(f"{after}T00:00"))


class CalendarConformance:
    """Subclasses give a `harness` fixture."""

    #: Buffers around appointments are kept by the calendar.
    keeps_buffers = True
    #: The calendar itself refuses a change asked for earlier than the newest.
    refuses_older_atomically = True
    #: Names and times of an appointment can be changed without a new booking.
    keeps_id_when_moved = True

    # Free and busy

    def test_an_empty_calendar_is_free(self, harness: Harness) -> None:
        assert day(harness.calendar(), "2027-03-10") == []

    def test_a_booking_takes_its_time(self, harness: Harness) -> None:
        made = harness.calendar().book(draft(), "k1")
        assert (made.start, made.end) == (TEN, TEN + HOUR)
        assert day(harness.calendar(), "2027-03-10") == [("03-10 10:00", "03-10 11:00")]
        assert day(harness.calendar(), "2027-03-11") == []

    def test_what_is_read_is_what_was_written(self, harness: Harness) -> None:
        made = harness.calendar().book(draft(before=5, after=10), "k1")
        read = harness.calendar().get(made.id)
        assert read == made
        assert read.start.utcoffset() == dt.timedelta(0)
        assert (read.name, read.phone, read.service) == ("Dana Reyes", PHONE, "cleaning")
        assert read.notes == draft().notes
        assert read.call_id == "call_1"
        assert read.status == "confirmed"
        assert read.applied == ("k1",)

    def test_unknown_ids(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(), "k1")
        harness.human_removes(made)
        assert calendar.get(made.id) is None
        assert calendar.fence(made.id, 2.0) is None
        with pytest.raises(BookingNotFound):
            calendar.cancel(made.id, "k2")
        with pytest.raises(BookingNotFound):
            calendar.move(made.id, draft(TEN + HOUR), "k3")
        assert day(calendar, "2027-03-10") == []

    # Conflicts

    @pytest.mark.parametrize("minutes", [-45, -15, 0, 15, 45])
    def test_an_overlapping_booking_is_refused(self, harness: Harness, minutes: int) -> None:
        harness.calendar().book(draft(), "k1")
        with pytest.raises(SlotTaken):
            harness.calendar().book(draft(TEN + dt.timedelta(minutes=minutes), name="Tom"), "k2")
        assert day(harness.calendar(), "2027-03-10") == [("03-10 10:00", "03-10 11:00")]

    @pytest.mark.parametrize("hours", [-1, 1])
    def test_back_to_back_is_no_conflict(self, harness: Harness, hours: int) -> None:
        harness.calendar().book(draft(), "k1")
        harness.calendar().book(draft(TEN + hours * HOUR, name="Tom"), "k2")
        first = 10 + min(hours, 0)
        expected = (f"03-10 {first:02d}:00", f"03-10 {first + 2}:00")
        assert day(harness.calendar(), "2027-03-10") == [expected]

    def test_buffers_keep_the_calendar_free(self, harness: Harness) -> None:
        if not self.keeps_buffers:
            pytest.skip("buffers are set in the calendar itself")
        calendar = harness.calendar()
        calendar.book(draft(after=15), "k1")
        with pytest.raises(SlotTaken):
            calendar.book(draft(TEN + HOUR, name="Tom"), "k2")
        with pytest.raises(SlotTaken):
            calendar.book(draft(TEN - HOUR, name="Tom", after=30), "k3")
        calendar.book(draft(TEN + dt.timedelta(minutes=75), name="Tom"), "k4")
        calendar.book(draft(TEN - HOUR, name="Tom"), "k5")

    def test_racing_writers(self, harness: Harness) -> None:
        def attempt(index: int) -> str:
            try:
                harness.calendar().book(draft(name=f"Caller {index}"), f"race-{index}")
            except SlotTaken:
                return "taken"
            return "booked"

        with ThreadPoolExecutor(6) as pool:
            results = sorted(pool.map(attempt, range(6)))
        assert results == ["booked"] + ["taken"] * 5
        assert len(day(harness.calendar(), "2027-03-10")) == 1

    def test_racing_repeats_of_one_wish(self, harness: Harness) -> None:
        def attempt(_: int) -> str:
            return harness.calendar().book(draft(), "k1").uid

        with ThreadPoolExecutor(4) as pool:
            uids = set(pool.map(attempt, range(4)))
        assert len(uids) == 1
        assert len(day(harness.calendar(), "2027-03-10")) == 1

    # Idempotency and order

    def test_the_same_key_is_the_same_booking(self, harness: Harness) -> None:
        first = harness.calendar().book(draft(), "k1")
        again = harness.calendar().book(draft(), "k1")
        assert again.id == first.id
        assert len(day(harness.calendar(), "2027-03-10")) == 1

    def test_a_booking_can_be_found_by_its_key(self, harness: Harness) -> None:
        calendar = harness.calendar()
        assert calendar.made_by("k1", around=TEN) is None
        made = calendar.book(draft(), "k1")
        found = harness.calendar().made_by("k1", around=TEN)
        assert found is not None
        assert found.id == made.id
        moved = calendar.move(made.id, draft(TEN + 5 * HOUR, asked_at=2.0), "k2")
        found = harness.calendar().made_by("k1", around=TEN)
        assert found is not None
        assert (found.id, found.start) == (moved.id, TEN + 5 * HOUR)

    def test_moving(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(), "k1")
        moved = calendar.move(made.id, draft(TEN + 2 * HOUR, asked_at=2.0), "k2")
        assert moved.start == TEN + 2 * HOUR
        if self.keeps_id_when_moved:
            assert (moved.id, moved.uid) == (made.id, made.uid)
            assert moved.sequence > made.sequence
        assert day(harness.calendar(), "2027-03-10") == [("03-10 12:00", "03-10 13:00")]
        again = harness.calendar().move(made.id, draft(TEN + 2 * HOUR, asked_at=2.0), "k2")
        assert again.start == moved.start
        assert len(day(harness.calendar(), "2027-03-10")) == 1

    def test_moving_into_ones_own_time(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(), "k1")
        half = TEN + dt.timedelta(minutes=30)
        assert calendar.move(made.id, draft(half, asked_at=2.0), "k2").start == half

    def test_moving_where_another_is(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(), "k1")
        calendar.book(draft(TEN + 2 * HOUR, name="Tom"), "k2")
        with pytest.raises(SlotTaken):
            calendar.move(made.id, draft(TEN + 2 * HOUR, asked_at=2.0), "k3")
        assert day(calendar, "2027-03-10") == [
            ("03-10 10:00", "03-10 11:00"),
            ("03-10 12:00", "03-10 13:00"),
        ]

    def test_a_moved_bookings_old_time_is_free(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(), "k1")
        calendar.move(made.id, draft(TEN + 2 * HOUR, asked_at=2.0), "k2")
        calendar.book(draft(name="Tom"), "k3")

    def test_an_older_wish_does_not_undo_a_newer_one(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(asked_at=1.0), "k1")
        moved = calendar.move(made.id, draft(TEN + 2 * HOUR, asked_at=3.0), "k3")
        with pytest.raises(Outdated):
            calendar.move(moved.id, draft(TEN + 4 * HOUR, asked_at=2.0), "k2")
        with pytest.raises(Outdated):
            calendar.cancel(moved.id, "k4", 2.0)
        assert day(calendar, "2027-03-10") == [("03-10 12:00", "03-10 13:00")]

    def test_a_fence_refuses_older_wishes(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(asked_at=1.0), "k1")
        fenced = harness.calendar().fence(made.id, 5.0)
        assert fenced is not None
        assert fenced.start == TEN
        with pytest.raises(Outdated):
            calendar.move(made.id, draft(TEN + HOUR, asked_at=4.0), "k2")
        calendar.move(made.id, draft(TEN + HOUR, asked_at=6.0), "k3")

    def test_cancelling(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(), "k1")
        cancelled = calendar.cancel(made.id, "k2", 2.0)
        assert cancelled.cancelled
        assert day(harness.calendar(), "2027-03-10") == []
        assert harness.calendar().cancel(made.id, "k2", 2.0).cancelled
        assert harness.calendar().cancel(made.id, "k9", 3.0).cancelled
        with pytest.raises(BookingNotFound):
            calendar.move(made.id, draft(TEN + HOUR, asked_at=4.0), "k5")
        calendar.book(draft(name="Tom"), "k6")

    def test_booking_again_after_cancelling(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(), "k1")
        calendar.cancel(made.id, "k2", 2.0)
        again = calendar.book(draft(asked_at=3.0), "k3")
        assert not again.cancelled
        assert len(day(calendar, "2027-03-10")) == 1

    # Finding

    def test_finding_by_number(self, harness: Harness) -> None:
        calendar = harness.calendar()
        first = calendar.book(draft(), "k1")
        second = calendar.book(draft(TEN + 24 * HOUR), "k2")
        gone = calendar.book(draft(TEN + 48 * HOUR), "k3")
        calendar.book(draft(TEN + 4 * HOUR, name="Tom", phone="+14155550999"), "k4")
        calendar.cancel(gone.id, "k5", 2.0)
        found = harness.calendar().find(PHONE, after=TEN - HOUR)
        assert [a.id for a in found] == [first.id, second.id]
        found = harness.calendar().find(PHONE, after=TEN + 2 * HOUR)
        assert [a.id for a in found] == [second.id]
        assert harness.calendar().find("+14155550000", after=TEN) == []

    def test_events_show_cancelled_ones(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(), "k1")
        other = calendar.book(draft(TEN + 24 * HOUR, name="Tom"), "k2")
        calendar.cancel(made.id, "k3", 2.0)
        harness.human_adds("2027-03-10T15:00", "2027-03-10T16:00")
        found = harness.calendar().events(TEN - 24 * HOUR, TEN + 48 * HOUR)
        assert [(a.uid, a.status) for a in found] == [
            (made.uid, "cancelled"),
            (other.uid, "confirmed"),
        ]
        assert found[0].sequence > 0

    # People's own events

    def test_a_human_event_in_between(self, harness: Harness) -> None:
        calendar = harness.calendar()
        assert day(calendar, "2027-03-10") == []
        harness.human_adds("2027-03-10T10:30", "2027-03-10T11:30")
        with pytest.raises(SlotTaken):
            calendar.book(draft(), "k1")
        assert day(calendar, "2027-03-10") == [("03-10 10:30", "03-10 11:30")]
        made = calendar.book(draft(TEN + 3 * HOUR), "k2")
        with pytest.raises(SlotTaken):
            calendar.move(made.id, draft(asked_at=2.0), "k3")

    def test_all_day_events_block_local_days(self, harness: Harness) -> None:
        harness.human_adds("2027-03-13", "2027-03-15")
        calendar = harness.calendar()
        assert spans(calendar, local("2027-03-12T00:00"), local("2027-03-17T00:00")) == [
            ("03-13 00:00", "03-15 00:00")
        ]
        with pytest.raises(SlotTaken):
            calendar.book(draft(local("2027-03-14T23:00")), "k1")
        calendar.book(draft(local("2027-03-15T00:00")), "k2")
        calendar.book(draft(local("2027-03-12T23:00")), "k3")

    def test_recurring_events_block_each_time(self, harness: Harness) -> None:
        harness.human_adds("2027-03-01T12:00", "2027-03-01T13:00", rule="FREQ=WEEKLY;BYDAY=MO,WE")
        calendar = harness.calendar()
        for date in ("2027-03-08", "2027-03-10", "2027-03-15"):
            noon = f"{date[5:]} 12:00", f"{date[5:]} 13:00"
            assert day(calendar, date) == [noon]
        assert day(calendar, "2027-03-11") == []
        with pytest.raises(SlotTaken):
            calendar.book(draft(local("2027-03-17T11:30")), "k1")
        calendar.book(draft(local("2027-03-18T12:00")), "k2")

    def test_recurring_whole_days(self, harness: Harness) -> None:
        harness.human_adds("2027-03-05", "2027-03-06", rule="FREQ=WEEKLY;COUNT=3")
        calendar = harness.calendar()
        assert day(calendar, "2027-03-12") == [("03-12 00:00", "03-13 00:00")]
        assert day(calendar, "2027-03-19") == [("03-19 00:00", "03-20 00:00")]
        assert day(calendar, "2027-03-26") == []

    def test_free_and_cancelled_events_do_not_block(self, harness: Harness) -> None:
        harness.human_adds("2027-03-10T10:00", "2027-03-10T11:00", free=True)
        harness.human_adds("2027-03-10T10:00", "2027-03-10T11:00", cancelled=True)
        harness.human_adds("2027-03-10", "2027-03-11", free=True)
        calendar = harness.calendar()
        assert day(calendar, "2027-03-10") == []
        calendar.book(draft(), "k1")

    # Clock changes: 2027-03-14 02:00 -> 03:00, 2027-11-07 02:00 -> 01:00

    def test_the_day_clocks_go_forward(self, harness: Harness) -> None:
        calendar = harness.calendar()
        start = local("2027-03-14T01:30")
        made = calendar.book(draft(start), "k1")
        assert made.end - made.start == HOUR
        assert day(calendar, "2027-03-14") == [("03-14 01:30", "03-14 03:30")]
        with pytest.raises(SlotTaken):
            calendar.book(draft(local("2027-03-14T03:00")), "k2")
        calendar.book(draft(local("2027-03-14T03:30")), "k3")

    def test_the_day_clocks_go_back(self, harness: Harness) -> None:
        calendar = harness.calendar()
        first = local("2027-11-07T01:00")
        second = local("2027-11-07T01:00", fold=1)
        assert second - first == HOUR
        made = calendar.book(draft(first), "k1")
        other = calendar.book(draft(second, name="Tom"), "k2")
        for appointment in (made, other):
            read = calendar.get(appointment.id)
            assert read is not None
            assert (read.start, read.end) == (appointment.start, appointment.end)
        busy = merged(calendar, first - HOUR, second + 2 * HOUR)
        assert busy == [(first, second + HOUR)]

    def test_recurring_events_keep_their_wall_time(self, harness: Harness) -> None:
        harness.human_adds("2027-03-08T09:00", "2027-03-08T10:00", rule="FREQ=DAILY;COUNT=10")
        calendar = harness.calendar()
        assert day(calendar, "2027-03-13") == [("03-13 09:00", "03-13 10:00")]
        assert day(calendar, "2027-03-15") == [("03-15 09:00", "03-15 10:00")]

    # Trouble

    def test_a_calendar_that_does_not_answer(self, harness: Harness) -> None:
        calendar = harness.calendar()
        made = calendar.book(draft(), "k1")
        harness.goes_down()
        for question in (
            lambda: calendar.busy(TEN, TEN + HOUR),
            lambda: calendar.book(draft(TEN + HOUR), "k2"),
            lambda: calendar.move(made.id, draft(TEN + HOUR, asked_at=2.0), "k3"),
            lambda: calendar.cancel(made.id, "k4", 2.0),
            lambda: calendar.get(made.id),
            lambda: calendar.find(PHONE, after=TEN),
            lambda: calendar.events(TEN, TEN + HOUR),
        ):
            with pytest.raises(CalendarDown) as caught:
                question()
            assert isinstance(caught.value, CalendarError)
        harness.comes_back()
        assert calendar.book(draft(TEN + HOUR), "k2").start == TEN + HOUR
        assert calendar.move(made.id, draft(TEN + 3 * HOUR, asked_at=2.0), "k3")
