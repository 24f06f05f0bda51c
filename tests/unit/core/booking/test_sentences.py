"""What is said about bookings, in whole sentences."""

from __future__ import annotations

import pytest

from app.core.booking import sentences
from app.core.booking.contradiction import Contradiction, Part
from app.core.booking.wanted import NotUnderstood


@pytest.mark.parametrize(
    ("part", "excluded", "question"),
    [
        ("number", False, "could you say that telephone number once more, digit by digit?"),
        ("name", False, "is the name one thing, or another?"),
        ("appointment", False, "is the appointment one thing, or another?"),
        ("day", False, "is it one thing, or another?"),
        ("time", True, "is another all right for you after all?"),
    ],
)
def test_the_question_where_two_things_were_said(part: Part, excluded: bool, question: str) -> None:
    found = Contradiction(part, "one thing", "another", "the words", excluded=excluded)

    assert sentences.said_otherwise(found) == f"Just to be sure, {question}"


@pytest.mark.parametrize(
    ("argument", "why", "question"),
    [
        ("date", "past", "That day has passed already. Which day would you like?"),
        ("date", "no_such_day", "There is no such day. Which day would you like?"),
        ("time", "zone", "Which time is that on our clock?"),
        ("time", "", "I am not sure which time that is. What time would you like?"),
        ("part_of_day", "", "Would you like the morning, the afternoon, or the evening?"),
        ("date", "", "I am not sure which day that is. Which day would you like?"),
    ],
)
def test_the_question_about_what_was_not_understood(argument: str, why: str, question: str) -> None:
    assert sentences.unclear(NotUnderstood(argument, why)) == question


def test_a_time_that_cannot_be_had() -> None:
    assert (
        sentences.taken("Friday at nine")
        == "I am sorry. That time has just been taken. I have Friday at nine."
    )
    assert sentences.refused("We are closed.", "") == (
        "I am sorry. We are closed. I see nothing else close to it."
    )
    assert sentences.not_offered("Friday at nine") == "I can offer you Friday at nine."
    assert sentences.not_offered("") == "Let me look for a free time first."


@pytest.mark.parametrize(
    ("code", "begins"),
    [
        ("calendar_busy", "I am sorry, our calendar is very busy"),
        ("calendar_refused", "I am sorry, our calendar does not let me"),
        ("calendar_unknown", "I am sorry, I got no answer"),
        ("calendar_down", "I am sorry, I cannot reach our calendar"),
    ],
)
def test_each_failure_of_the_calendar_is_told_as_it_is(code: str, begins: str) -> None:
    assert sentences.calendar_failed(code).startswith(begins)


@pytest.mark.parametrize(
    ("code", "begins"),
    [
        ("calendar_busy", "Our calendar is very busy right now."),
        ("calendar_unknown", "I got no answer from our calendar yet."),
        ("calendar_down", "I cannot reach our calendar right now."),
    ],
)
def test_what_is_noted_tells_why_and_who_will_be_told(code: str, begins: str) -> None:
    said = sentences.noted("a cleaning on Friday", sentences.BY_OFFICE, code)

    assert said == (
        f"{begins} I have noted a cleaning on Friday, and our office will get back to you to"
        " confirm it."
    )


@pytest.mark.parametrize(
    ("resources", "party_size", "said"),
    [
        ((), 0, "table"),
        ((), 4, "table for four people"),
        (("Anna",), 0, "table with Anna"),
        (("Anna", "Ben"), 2, "table for two people with Anna or Ben"),
    ],
)
def test_a_service_with_whom_and_for_how_many(
    resources: tuple[str, ...], party_size: int, said: str
) -> None:
    assert sentences.detailed("table", resources, party_size) == said


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("today at nine", "today at nine"),
        ("tomorrow at nine", "tomorrow at nine"),
        ("Friday at nine", "on Friday at nine"),
    ],
)
def test_a_day_has_its_preposition(when: str, said: str) -> None:
    assert sentences.on(when) == said
    assert sentences.cancelled("cleaning", when) == f"Your cleaning {said} is cancelled."
    assert sentences.still("cleaning", when) == f"Your cleaning {said} stays as it is."


@pytest.mark.parametrize(("noun", "said"), [("cleaning", "a cleaning"), ("Exam", "an Exam")])
def test_a_noun_has_its_article(noun: str, said: str) -> None:
    assert sentences.a(noun) == said


def test_the_appointments_that_were_found() -> None:
    found = [("cleaning", "tomorrow at nine"), ("exam", "Friday at ten")]

    assert (
        sentences.listed(found) == "I see a cleaning tomorrow at nine and an exam on Friday at ten."
    )
