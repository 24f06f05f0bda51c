"""Which of the services, times or appointments that the agent names is picked by its place."""

from __future__ import annotations

import pytest

from app.core.requests.answers.picks import place_among
from tests.unit.core.requests.calls import CLEANING, FILLING, effects

THANKS = "A: Okay. Thank you, Dana Reyes."


@pytest.mark.parametrize(
    ("text", "count", "place"),
    [
        ("The second one.", 3, 1),
        ("Second one, please.", 3, 1),
        ("The last.", 3, 2),
        ("Number three.", 3, 2),
        ("Option 2 then.", 3, 1),
        ("The middle one.", 3, 1),
        ("The former.", 2, 0),
        ("The latter.", 2, 1),
        ("The latter.", 3, None),
        ("The middle one.", 2, None),
        ("The fourth one.", 3, None),
        ("The first or the second.", 3, None),
        ("The first, no, the second.", 3, 1),
        ("The third, not the first.", 3, 2),
        ("Anything but the last one.", 3, None),
        ("Neither.", 2, None),
        ("None of those, the first was better.", 2, None),
        ("Hang on a second.", 3, None),
        ("Just one second.", 3, None),
        ("My last visit was long ago.", 3, None),
        ("First thing in the morning.", 3, None),
        ("The first time I came.", 3, None),
        ("The second one.", 1, None),
        ("The earlier one.", 2, None),
    ],
)
def test_a_place(text: str, count: int, place: int | None) -> None:
    assert place_among(text, count) == place


def test_earlier_and_later_go_by_time_and_not_by_place() -> None:
    assert place_among("The earlier one.", 2, [1, 0]) == 1
    assert place_among("The latest.", 3, [2, 0, 1]) == 1
    assert place_among("The later one.", 3, [2, 0, 1]) is None


@pytest.mark.parametrize(
    ("answer", "service"),
    [
        ("The first.", "checkup"),
        ("The second one.", "cleaning"),
        ("The last one, please.", "filling"),
        ("A filling... no, the second one.", "cleaning"),
        ("A filling, the second one.", None),
        ("The latter.", None),
        ("Neither.", None),
        ("The second or the third.", None),
    ],
)
@pytest.mark.parametrize(
    "question",
    [
        "A: Which would you like: a checkup, a cleaning or a filling?",
        "A: We do checkups, cleanings and fillings. Which one would you like?",
        "A: A filling takes an hour. Would you like a checkup, a cleaning or a filling?",
    ],
)
def test_a_service(question: str, answer: str, service: str | None) -> None:
    booked = effects(
        "I'd like to make an appointment.",
        question,
        answer,
        "A: For what day and time?",
        "Tuesday at ten.",
        "A: Tuesday the 1st at ten. What is your name?",
        "Dana Reyes.",
        "A: Thank you, Dana Reyes. You're booked for Tuesday, December 1st at ten.",
    )
    assert booked == ([f"book 2026-12-01T10:00 {service} Dana Reyes"] if service else [])


@pytest.mark.parametrize(
    ("answer", "start"),
    [
        ("The second one.", "2026-12-02T14:00"),
        ("The last one, please.", "2026-12-03T09:00"),
        ("The earliest.", "2026-12-01T10:00"),
        ("The third, not the first.", "2026-12-03T09:00"),
        ("The later one.", None),
        ("The first or the second.", None),
        ("Anything but the last one.", None),
        ("I can't do the first one.", None),
        ("None of them.", None),
        ("Hang on a second.", None),
    ],
)
def test_a_time(answer: str, start: str | None) -> None:
    offers = "A: I have Tuesday at ten, Wednesday at two or Thursday at nine. Which one suits?"

    booked = effects("I'd like a cleaning this week, this is Dana Reyes.", offers, answer, THANKS)
    assert booked == ([f"book {start} cleaning Dana Reyes"] if start else [])


@pytest.mark.parametrize(
    "answer", ["The first one stays.", "Neither.", "Both, or maybe not.", "Keep the second one."]
)
def test_no_appointment_is_cancelled_by_a_place_that_is_kept(answer: str) -> None:
    question = (
        "A: You have two: a cleaning on December 3rd at two and a filling on December 8th at nine."
        " Which one should I cancel?"
    )
    asked = "I need to cancel an appointment. This is Dana Reyes."

    assert effects(asked, question, answer, "A: All right.", known=[CLEANING, FILLING]) == []
