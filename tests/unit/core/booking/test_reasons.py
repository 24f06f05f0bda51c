"""Every reason for which a time cannot be had has words of its own."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import pytest

from app.core.booking.appointment import Busy
from app.core.booking.reasons import ERRORS, why_not
from app.core.booking.resources import Asked
from app.core.booking.rules import BookingRules
from app.core.booking.search import choose, days_to_search
from app.core.booking.sentences import offers
from app.core.booking.slots import Refusal, draft, local_instant, refusal
from app.core.booking.wanted import Wanted

RULES = BookingRules.model_validate(
    {
        "hours": {day: ["09:00-12:00", "13:00-17:00"] for day in ("monday", "tuesday", "friday")},
        "holidays": [{"date": "2027-03-12", "name": "Founders' Day"}],
        "services": [{"id": "filling", "name": "filling", "minutes": 60}],
        "resources": [{"name": "Kim", "hours": {"tuesday": "09:00-15:00"}}],
        "notice_minutes": 120,
        "horizon_days": 30,
    }
)
NOW = dt.datetime(2027, 3, 8, 8, 30, tzinfo=dt.UTC)  # a Monday
FILLING = RULES.services[0]

CASES: dict[Refusal, tuple[str, str]] = {
    "past": ("2027-03-08T08:00", "passed already"),
    "too_soon": ("2027-03-08T09:00", "two hours notice"),
    "too_far": ("2027-05-10T10:00", "the last day is"),
    "holiday": ("2027-03-12T10:00", "Founders' Day"),
    "closed": ("2027-03-09T12:30", "not open"),
    "past_closing": ("2027-03-09T16:30", "we close before"),
    "off_grid": ("2027-03-09T10:10", "begin every thirty minutes"),
    "away": ("2027-03-09T15:00", "nothing free at that time"),
    "taken": ("2027-03-09T10:00", "taken"),
}


def test_the_table_is_complete() -> None:
    assert set(CASES) == set(ERRORS) == set(get_args(Refusal))


@pytest.mark.parametrize("reason", CASES)
def test_what_is_said_follows_from_the_reason(reason: Refusal) -> None:
    text, words = CASES[reason]
    start = local_instant(
        dt.date.fromisoformat(text[:10]), dt.time.fromisoformat(text[11:]), RULES.zone
    )
    booked = draft(
        RULES,
        FILLING,
        dt.datetime(2027, 3, 9, 10, tzinfo=dt.UTC),
        business="b",
        name="Tom",
    )
    busy = [Busy(booked.start, booked.end)]
    assert refusal(RULES, FILLING, start, busy, NOW) == reason
    assert words in why_not(reason, RULES, FILLING, start, NOW)
    others = {why_not(other, RULES, FILLING, start, NOW) for other in CASES if other != reason}
    assert why_not(reason, RULES, FILLING, start, NOW) not in others

    wish = Wanted.at(start.date(), start.time())
    days = days_to_search(RULES, wish, NOW)
    choice = choose(RULES, FILLING, busy, wish, days, NOW)
    said = offers(choice, wish, RULES, FILLING, NOW)
    assert choice.refusal == reason
    assert words in said


@pytest.mark.parametrize(
    ("reason", "asked", "words"),
    [
        ("taken", Asked(("Kim",)), "Kim is taken then."),
        ("away", Asked(("Kim",)), "Kim is not available at that time."),
        ("taken", Asked(("Kim", "Lou")), "Kim and Lou are taken then."),
        ("taken", Asked(party_size=5), "We have nothing for five people at that time."),
        ("away", Asked(party_size=1), "We have nothing for one person at that time."),
    ],
)
def test_who_was_asked_for_is_named(reason: Refusal, asked: Asked, words: str) -> None:
    start = dt.datetime(2027, 3, 9, 15, tzinfo=dt.UTC)
    assert why_not(reason, RULES, FILLING, start, NOW, asked) == words


def test_a_closed_day_is_not_a_closed_hour() -> None:
    sunday = dt.datetime(2027, 3, 14, 10, tzinfo=dt.UTC)
    assert why_not("closed", RULES, FILLING, sunday, NOW) == "We are closed that day."
