from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from app.core.booking.rules import BookingRules
from app.core.messages import sentences
from app.core.messages.draft import Circumstances, Draft, Reading, is_same, read_message

RULES = BookingRules(time_zone="America/Los_Angeles")
NOW = dt.datetime(2026, 11, 30, 11, 0, tzinfo=RULES.zone)
CALLER = "+14155550123"


def read(before: Draft | None = None, caller: str = CALLER, **arguments: Any) -> Reading:
    around = Circumstances(caller, "US", NOW, RULES)
    return read_message({"about": "The boiler drips", **arguments}, before, around)


def marks(reading: Reading) -> list[str]:
    return [question.mark for question in reading.questions]


def test_the_calling_number_is_read_back() -> None:
    reading = read(name="Dana")
    assert reading.draft == Draft("The boiler drips", "Dana", CALLER)
    (question,) = reading.questions
    assert question.agree
    assert question.sentence == (
        "Can we call you back on the number you are calling from, four one five, five five five,"
        " zero one two three?"
    )


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("415 555 0142", "+14155550142"),
        ("four one five, double five five, oh one four two", "+14155550142"),
        ("+49 30 5550123", "+49305550123"),
        ("the same one", CALLER),
    ],
)
def test_numbers_are_read_and_confirmed(phone: str, number: str) -> None:
    reading = read(name="Dana", phone=phone)
    assert reading.draft.number == number
    assert marks(reading) == [f"confirm:{number}"]


def test_what_is_no_number_is_asked_again_and_kept_as_said() -> None:
    reading = read(name="Dana", phone="555 12")
    assert marks(reading) == ["unclear:555 12"]
    assert (reading.draft.number, reading.draft.number_as_said) == ("", "555 12")
    better = read(reading.draft, name="Dana", phone="415 555 0142")
    assert (better.draft.number, better.draft.number_as_said) == ("+14155550142", "")


def test_nobody_is_made_to_leave_a_number_or_a_name() -> None:
    withheld = read(caller="")
    assert marks(withheld) == ["name", "number"]
    assert not any(question.agree for question in withheld.questions)
    refused = read(name="Dana", phone="none")
    assert (refused.draft.number, refused.questions) == ("", ())
    said = sentences.taken(refused.draft, "Harbor Dental", "US")
    assert said.endswith("without a number to call back.")


def test_what_is_left_out_is_taken_from_before() -> None:
    first = read(name="Dana", urgency="urgent", call_back_date="tomorrow", call_back_time="after 3")
    later = read(first.draft, phone="415 555 0142")
    assert later.draft.name == "Dana"
    assert later.draft.urgent
    assert later.draft.call_back == first.draft.call_back
    assert not read(first.draft, urgency="normal").draft.urgent
    said = sentences.taken(later.draft, "Harbor Dental", "US")
    assert "marked as urgent" in said
    assert "a call back tomorrow, Tuesday, December first, after three PM, on four one five" in said
    assert Draft.from_json(later.draft.to_json()) == later.draft


def test_a_wish_that_is_not_understood_is_asked_and_kept_in_the_callers_words() -> None:
    reading = read(name="Dana", call_back_date="the feast of my aunt")
    assert reading.questions[-1].error == "call_back_unclear"
    assert reading.draft.call_back is not None
    assert reading.draft.call_back.words == "the feast of my aunt"


def test_the_same_message_in_other_words() -> None:
    left = read(name="Dana").draft
    assert is_same(left, read(name="Dana", about="the boiler DRIPS!").draft)
    assert is_same(left, read(about="boiler drips").draft)
    assert not is_same(left, read(name="Dana", about="The boiler drips and smells of gas").draft)
    assert not is_same(left, read(name="Dana", phone="415 555 0142").draft)
    assert not is_same(left, read(name="Dana", urgency="urgent").draft)


def test_control_signs_and_length_are_bounded() -> None:
    reading = read(name="A\x00\nB" * 100, about="x" * 5000)
    assert len(reading.draft.about) == 600
    assert reading.draft.name.startswith("A BA B")
    assert len(reading.draft.name) == 80
