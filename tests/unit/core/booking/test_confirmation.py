"""What counts as the caller's yes."""

from __future__ import annotations

import datetime as dt

import pytest

from app.core.booking.confirmation import Heard, confirmed, names

START = dt.datetime(2027, 3, 9, 14, 0)
ASKED = "So that is a cleaning on Tuesday, March ninth at two PM for Dana Reyes. Shall I book it?"


def said(*words: str) -> list[Heard]:
    """Agent and user in turns, the agent first."""
    return [("user" if i % 2 else "agent", text) for i, text in enumerate(words)]


@pytest.mark.parametrize(
    "answer", ["Yes.", "Yeah, that's right", "Sure, go ahead", "No problem, yes"]
)
def test_a_yes_to_the_question(answer: str) -> None:
    assert confirmed(said("How can I help?", "A cleaning.", ASKED, answer), START)


@pytest.mark.parametrize(
    "answer",
    [
        "No.",
        "Hmm.",
        "Yes but not at two",
        "Yes, actually make it Monday",
        "Wait.",
        "",
        "No, that's wrong.",
    ],
)
def test_anything_else_is_no_yes(answer: str) -> None:
    assert not confirmed(said(ASKED, answer), START)


def test_the_name_may_come_between() -> None:
    heard = said(
        "I have tomorrow at two PM. Would that work for you?",
        "Yes, please.",
        "May I have your full name?",
        "Dana Reyes.",
    )
    assert confirmed(heard, START)


def test_a_yes_to_another_time_does_not_count() -> None:
    heard = said("I have Tuesday at three PM. Does that suit you?", "Yes.")
    assert not confirmed(heard, START)
    assert not confirmed(said("I have Monday at two PM. Okay?", "Yes."), START)


def test_a_later_no_counts() -> None:
    heard = said(ASKED, "Yes.", "Anything else?", "Wait, no, not that day.", "I see.", "Right")
    assert not confirmed(heard, START)


@pytest.mark.parametrize("place", [len("So that is a cleaning on Tuesday, March"), 58, 70])
def test_a_hum_in_the_question_leaves_it_one(place: int) -> None:
    before, after = ASKED[:place], ASKED[place:]
    assert confirmed(said(before, "I see.", after, "Yes."), START)
    assert not confirmed(said(before, "I see.", after, "No."), START)
    assert not confirmed(said(before, "No, wait!", after, "Hmm."), START)


def test_offers_are_no_question_about_one_time() -> None:
    assert not confirmed(said("We have two PM.", "Yes"), START)
    assert not confirmed([], START)
    assert not confirmed([("user", "yes")], START)


@pytest.mark.parametrize(
    "words", ["at 2:00 PM", "at 14:00", "2 p.m. on Tuesday", "two o'clock", "2PM", "two PM"]
)
def test_ways_to_name_the_time(words: str) -> None:
    assert names(words, START)


@pytest.mark.parametrize("words", ["at 12 PM", "two people", "at 2:30 PM", "Monday at two PM"])
def test_other_times(words: str) -> None:
    assert not names(words, START)


def test_half_past_and_noon() -> None:
    assert names("half past two", START.replace(minute=30))
    assert names("at noon", START.replace(hour=12))
