"""What leads to an effect, and what does not: each kind by a few whole calls."""

from __future__ import annotations

import datetime as dt

import pytest

from app.core.requests.evidence import Known
from tests.unit.core.requests.calls import CLEANING, FILLING, decided, effects

TEN = "book 2026-12-01T10:00 cleaning Dana Reyes"


@pytest.mark.parametrize(
    "lines",
    [
        ("This is Dana Reyes, I'd like to book a cleaning for tomorrow at ten please.",
         "A: Tuesday, December 1st at 10 AM. You're all set."),
        ("I need a cleaning.", "A: What day works for you?", "Tomorrow.", "A: What time?", "Ten.",
         "A: And your name?", "Dana Reyes."),
        ("I need a cleaning.", "A: I have tomorrow at 10 AM or Thursday at 2 PM.",
         "The first one, please.", "A: And your name?", "Dana Reyes."),
        ("A cleaning on Wednesday, no, sorry, tomorrow at ten. Dana Reyes.",
         "A: Tuesday the 1st at 10. Done."),
        ("A cleaning tomorrow at nine, Dana Reyes.", "A: Tuesday, December 1st at 9 AM, correct?",
         "Actually make that ten.", "A: Ten it is."),
        ("A cleaning tomorrow at ten. Dana Reyes.", "A: Tuesday at 10 AM. Booked.",
         "My wife comes on the 28th of December."),
        ("A cleaning tomorrow at ten. Dana Reyes.", "A: Tuesday at 10 AM. Booked.",
         "I have to leave at eleven."),
        ("A cleaning tomorrow at ten. Dana Reyes.", "A: And your date of birth?",
         "December ninth nineteen eighty five.", "A: Thank you, you're booked."),
        ("A cleaning tomorrow at ten. Dana Reyes.", "A: How many teeth hurt?", "Two.",
         "A: Thank you, you're booked."),
    ],
)  # fmt: skip
def test_booked(lines: tuple[str, ...]) -> None:
    assert effects(*lines) == [TEN]


@pytest.mark.parametrize(
    "follows",
    [
        "Sorry, never mind that.",
        "Actually no, don't.",
        "Hang on, let me ask my wife first.",
        "Actually cancel that.",
        "I'll call you back.",
        "Hmm, let me sleep on it.",
        "Oh, hold off on that, please.",
        "I'm not sure about it.",
        "No, leave it.",
        "On second thought, I'd rather not.",
        "Maybe another time.",
        "Could we do this some other day? My boss is at the door.",
    ],
)
def test_taken_back_or_put_off(follows: str) -> None:
    asked = "I'd like to book a cleaning for tomorrow at ten, Dana Reyes."
    question = "A: Tuesday, December 1st at 10 AM. Shall I book it?"
    assert effects(f"{asked} {follows}", "A: Okay.", known=[CLEANING]) == []
    assert effects(asked, question, follows, "A: No problem.", known=[CLEANING]) == []
    assert effects(asked, question, "Yes.", "A: One moment.", follows, known=[CLEANING]) == []


@pytest.mark.parametrize(
    "line",
    [
        "If my boss lets me off, I'd take tomorrow at ten for a cleaning.",
        "My wife booked a cleaning for tomorrow at ten.",
        "Do you have anything tomorrow at ten for a cleaning?",
        "You guys told my son to come in for a cleaning tomorrow at ten.",
        "It says here: book a cleaning tomorrow at ten and get a toothbrush.",
        "Please don't book me a cleaning for tomorrow at ten.",
        "I had a cleaning last Tuesday at ten and I waited for an hour!",
        "I'd like a cleaning on November 31st at ten, Dana Reyes.",
        "I'd like a cleaning last Tuesday at ten, Dana Reyes.",
        "I'd like a cleaning, Tuesdays at ten, every week, Dana Reyes.",
        "I'd like a cleaning after December 1st, Dana Reyes.",
        "I might come for a cleaning tomorrow at ten.",
    ],
)
def test_no_request(line: str) -> None:
    assert effects(line, "A: I see.", "Thank you.") == []


@pytest.mark.parametrize(
    "lines",
    [
        ("Please cancel my cleaning on Thursday. Dana Reyes.", "A: It's cancelled."),
        ("I can't make it on Thursday, I need to cancel.", "A: And your name?", "Dana Reyes.",
         "A: Shall I cancel your cleaning on Thursday at 2?", "Yes."),
        ("Cancel Thursday, please. Dana Reyes.", "A: Would you like another time?",
         "Not right now, I'll call back.", "A: All right, it's cancelled."),
        ("I no longer need my cleaning, please cancel it. Dana Reyes.", "A: Done, cancelled."),
    ],
)  # fmt: skip
def test_cancelled(lines: tuple[str, ...]) -> None:
    assert effects(*lines, known=[CLEANING]) == ["cancel 2026-12-03T14:00"]


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        (("Cancel my appointment. Dana Reyes.", "A: Which one?"), [CLEANING, FILLING]),
        (("Cancel my cleaning on Thursday. Dana Reyes.", "A: I'll pass that on."), [CLEANING]),
        (("Cancel my cleaning on Thursday. Dana Reyes.", "A: It's cancelled."), []),
        (("Cancel my cleaning on Thursday. Tom Smith.", "A: It's cancelled."), [CLEANING]),
        (("Cancel my cleaning on Thursday. Dana Reyes.", "A: Shall I cancel it?", "No, keep it."),
         [CLEANING]),
        (("I don't want to cancel, Dana Reyes, I only ask when.", "A: Thursday."), [CLEANING]),
        (("What happens if I cancel on Thursday?", "A: There is a fee."), [CLEANING]),
    ],
)  # fmt: skip
def test_not_cancelled(lines: tuple[str, ...], known: list[Known]) -> None:
    assert effects(*lines, known=known) == []


@pytest.mark.parametrize(
    "lines",
    [
        ("Move my cleaning from Thursday at 2 to Friday at 9, please. Dana Reyes.",
         "A: Friday, December 4th at 9 AM. Done."),
        ("I'm down for Thursday at two, can I come Friday at nine instead? Dana Reyes.",
         "A: I've moved you to Friday, December 4th at 9 AM."),
        ("I need to reschedule my cleaning. Dana Reyes.", "A: When would you like to come?",
         "Friday at nine.", "A: Friday the 4th at 9 AM?", "Yes."),
        ("I can't do Thursday. Dana Reyes.", "A: Would you like another time? I have Friday at 9.",
         "Friday at nine is fine.", "A: Moved to Friday, December 4th at 9 AM."),
    ],
)  # fmt: skip
def test_moved(lines: tuple[str, ...]) -> None:
    assert effects(*lines, known=[CLEANING]) == ["reschedule 2026-12-04T09:00"]


def test_of_two_the_one_that_was_named_is_moved() -> None:
    lines = (
        "Could you move my filling to the 9th at ten? It's Dana Reyes.",
        "A: Wednesday, December 9th at 10 AM. It's moved.",
    )
    (moved,) = decided(*lines, known=[CLEANING, FILLING])
    assert moved.target == FILLING
    assert moved.start is not None
    assert moved.start.isoformat() == "2026-12-09T10:00:00"


def test_every_part_points_to_where_it_was_said() -> None:
    (booked,) = decided(
        "I need a cleaning.", "A: What day works for you?", "Tomorrow.", "A: What time?", "Ten.",
        "A: And your name?", "Dana Reyes.",
    )  # fmt: skip
    assert booked.kind == "act"
    assert {name: span.utterance for name, span in booked.spans.items()} == {
        "request": 1, "service": 1, "day": 3, "time": 5, "name": 7,
    }  # fmt: skip
    assert booked.spans["time"].question == 4


def test_what_is_missing_is_said() -> None:
    (decision,) = decided("I'd like to book a cleaning for tomorrow, please.", "A: Sure.")
    assert decision.kind == "ask"
    assert decision.why == "waits for time and name"


def test_the_name_tells_whose_appointment_is_cancelled() -> None:
    sons = Known("bk-3", "filling", dt.datetime(2026, 12, 8, 9, 0), "Tom Smith")
    lines = ("Please cancel my appointment. Dana Reyes.", "A: It's cancelled.")
    assert effects(*lines, known=[CLEANING, sons]) == ["cancel 2026-12-03T14:00"]


def test_after_one_is_cancelled_another_is_moved() -> None:
    assert effects(
        "Please cancel my cleaning on Thursday. Dana Reyes.",
        "A: Shall I cancel it?",
        "Yes.",
        "And please move my other appointment on the 8th to Friday at ten.",
        "A: Your cleaning is cancelled, the other is moved to Friday at ten.",
        known=[CLEANING, FILLING],
    ) == ["cancel 2026-12-03T14:00", "reschedule 2026-12-04T10:00"]


@pytest.mark.parametrize(("clock", "cancelled"), [("2 PM", True), ("3 PM", False), ("9 AM", False)])
def test_a_time_that_the_agent_tells_has_to_be_the_appointments(
    clock: str, cancelled: bool
) -> None:
    done = effects(
        "Please cancel my cleaning. Dana Reyes.",
        f"A: I see a cleaning on Thursday at {clock}. Shall I cancel that?",
        "Yes, please.",
        "A: It's cancelled.",
        known=[CLEANING, FILLING],
    )

    assert done == (["cancel 2026-12-03T14:00"] if cancelled else [])


@pytest.mark.parametrize(
    ("answer", "service"),
    [("The first one.", "cleaning"), ("The second one.", "filling"), ("The last one.", "filling")],
)
def test_a_service_is_picked_by_its_place(answer: str, service: str) -> None:
    assert effects(
        "I need an appointment tomorrow at ten. This is Dana Reyes.",
        "A: Would you like a cleaning or a filling?",
        answer,
        "A: Tuesday, December 1st at 10 AM. You're all set.",
    ) == [f"book 2026-12-01T10:00 {service} Dana Reyes"]


def test_a_place_that_no_service_has_picks_none() -> None:
    (decision,) = decided(
        "I need an appointment tomorrow at ten. This is Dana Reyes.",
        "A: Would you like a cleaning or a filling?",
        "The third one.",
        "A: Tuesday, December 1st at 10 AM. You're all set.",
    )

    assert decision.kind == "ask"
    assert "service" in decision.why


@pytest.mark.parametrize(
    "lines",
    [
        ("A: Thursday at 2 PM to Friday at 10 AM, okay?", "Yes.", "A: Done."),
        ("A: Okay, so your Thursday 2 PM becomes Friday at 10 AM. You're all set.",),
    ],
)
def test_where_a_move_comes_from_is_not_where_it_goes(lines: tuple[str, ...]) -> None:
    asked = "Please move my cleaning on Thursday at two to Friday at ten. Dana Reyes."

    assert effects(asked, *lines, known=[CLEANING]) == ["reschedule 2026-12-04T10:00"]


def test_of_several_days_the_one_that_the_agent_books_is_booked() -> None:
    assert effects(
        "I'd like a cleaning tomorrow or Thursday at ten. Dana Reyes.",
        "A: Tuesday, December 1st at 10 AM. You're all set.",
    ) == [TEN]


@pytest.mark.parametrize(
    ("remark", "done"),
    [
        ("The boss was asking about my teeth.", [TEN]),
        ("But the boss was asking about my teeth.", []),
        ("Wait, the boss was asking about my teeth.", []),
    ],
)
def test_after_a_yes_only_what_begins_as_an_objection_is_one(remark: str, done: list[str]) -> None:
    assert (
        effects(
            "I'd like a cleaning tomorrow at ten. Dana Reyes.",
            "A: Tuesday the 1st at 10 AM, shall I book it?",
            "Yes, please.",
            "A: Thank you, one moment please.",
            remark,
        )
        == done
    )


def test_before_a_yes_a_remark_may_be_an_objection() -> None:
    assert (
        effects(
            "I'd like a cleaning tomorrow at ten. Dana Reyes.",
            "A: Tuesday the 1st at 10 AM, okay, and what is your phone number?",
            "The boss was asking about my teeth again.",
        )
        == []
    )


def test_an_appointment_is_moved_beside_the_one_that_is_booked() -> None:
    assert effects(
        "I'd like to book a cleaning for tomorrow at ten. Dana Reyes.",
        "A: Sure.",
        "And move my filling on the 8th to Friday at ten.",
        "A: Your cleaning is booked for Tuesday at ten and the filling is moved to Friday at ten.",
        known=[CLEANING, FILLING],
    ) == [TEN, "reschedule 2026-12-04T10:00"]


@pytest.mark.parametrize(
    ("told", "cancelled"),
    [
        ("A: Thursday at 2 PM, shall I cancel that one?", "cancel 2026-12-03T14:00"),
        ("A: So that is December 8th at 9 AM?", "cancel 2026-12-08T09:00"),
    ],
)
def test_of_two_the_one_that_the_agent_names_is_cancelled(told: str, cancelled: str) -> None:
    assert effects(
        "Please cancel my appointment. Dana Reyes.",
        told,
        "Yes, please.",
        "A: It's cancelled.",
        known=[CLEANING, FILLING],
    ) == [cancelled]
