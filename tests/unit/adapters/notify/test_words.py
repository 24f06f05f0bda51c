"""Messages about bookings name with whom and for how many they are."""

from __future__ import annotations

from typing import Any

from app.adapters.agents import files
from app.adapters.notify import words
from app.adapters.notify.base import Change
from app.core.booking.rules import BookingRules

RULES = BookingRules.model_validate(
    {"resources": [{"name": "Anna"}, {"name": "chair", "count": 2}]}
)
AGENT = files.load().default.model_copy(update={"booking": RULES})


def change(**booking: Any) -> Change:
    held = {
        "service": "cut",
        "start": "2027-03-09T14:00:00-08:00",
        "time_zone": "x",
        "name": "Dana",
    }
    return Change("c", "created", "call", {**held, **booking})


def test_a_person_is_named_to_the_caller() -> None:
    assert words.text(change(resource="Anna"), AGENT).endswith(
        "your cut with Anna is booked for Tue 9 Mar 2027, 2:00 PM."
    )
    assert "cut is booked" in words.text(change(resource="chair"), AGENT)
    assert "cut is booked" in words.text(change(), AGENT)


def test_the_number_of_people_is_named() -> None:
    told = change(service="table", resource="table for four", party_size=3)
    assert "your table for 3 is booked" in words.text(told, AGENT)
    assert words.subject(told, AGENT).startswith("Booked: table for 3, ")


def test_the_business_hears_both() -> None:
    body = words.mail(change(resource="chair", party_size=3), AGENT)
    assert "With:    chair\nPeople:  3\nName:    Dana\n" in body
    plain = words.mail(change(), AGENT)
    assert "With:" not in plain
    assert "People:" not in plain
