"""What the agent's answers show of how it understood the caller, and what they do not show."""

from __future__ import annotations

import pytest

from tests.unit.core.requests.calls import CLEANING, FILLING, effects

NAME = ("A: And your name?", "Ana Diaz.")
TUESDAY = ["book 2026-12-01T10:00 filling Ana Diaz"]


def test_the_service_is_what_the_agent_took_the_words_for() -> None:
    booked = effects(
        "Something broke off when I ate a nut.",
        "A: Okay, a filling. Which day suits you?",
        "Tuesday at ten.",
        *NAME,
        "A: Tuesday, December 1st at ten. You're booked, Ana.",
    )
    assert booked == TUESDAY


def test_not_where_the_caller_says_something_else() -> None:
    booked = effects(
        "Something broke off when I ate a nut.",
        "A: Okay, a filling. Which day suits you?",
        "No, no. Tuesday at ten.",
        *NAME,
        "A: Tuesday, December 1st at ten. You're booked, Ana.",
    )
    assert booked == []


def test_a_price_is_no_understanding() -> None:
    booked = effects(
        "I'd like to come on Tuesday at ten.",
        "A: A filling costs a hundred and eighty dollars.",
        "All right.",
        *NAME,
        "A: Tuesday, December 1st at ten. You're booked, Ana.",
    )
    assert booked == []


@pytest.mark.parametrize(
    ("asked", "reported"),
    [
        (
            "Dana Reyes. I'll be in Rome on Thursday.",
            "A: I've cancelled your cleaning on Thursday.",
        ),
        ("Dana Reyes. No longer need Thursday at two.", "A: Okay, it's cancelled."),
        ("Dana Reyes. Nix my appointment on Thursday.", "A: Nixed."),
        ("Dana Reyes, no need for the cleaning Thursday.", "A: I'll take Thursday off the board."),
    ],
)
def test_a_cancellation_in_any_words_that_the_agent_reports(asked: str, reported: str) -> None:
    assert effects(asked, reported, "Thanks.", known=[CLEANING]) == ["cancel 2026-12-03T14:00"]


@pytest.mark.parametrize(
    "said",
    [
        "Dana Reyes. Don't cancel my Thursday!",
        "Dana Reyes. Is my Thursday cancelled?",
        "Dana Reyes. Somebody told me that Thursday is cancelled.",
        "Dana Reyes. How is the weather over there?",
    ],
)
def test_a_report_alone_cancels_nothing(said: str) -> None:
    assert effects(said, "A: It's cancelled.", known=[CLEANING, FILLING]) == []


ASKED = ("I'd like a filling.", "A: Tuesday at ten?")
REPORT = "A: Tuesday, December 1st at ten. You're booked, Ana."


@pytest.mark.parametrize("answer", ["That one has my name on it.", "Cracking.", "Tuesday at ten."])
def test_a_booking_bears_out_an_answer_in_any_words(answer: str) -> None:
    assert effects(*ASKED, answer, *NAME, REPORT) == TUESDAY


@pytest.mark.parametrize(
    "answer",
    [
        "Not for me.",
        "I'd have to ask my boss first.",
        "Maybe.",
        "I pick up the kids at eleven.",
        "Wednesday would be better.",
    ],
)
def test_but_not_one_that_is_against_it(answer: str) -> None:
    assert effects(*ASKED, answer, *NAME, REPORT) == []


def test_another_service_than_was_asked_for_is_not_booked() -> None:
    said = ("I'd like a filling on Tuesday at ten. Ana Diaz.",)
    assert effects(*said, "A: A cleaning on Tuesday at ten. You're booked.") == []


def test_what_was_corrected_right_before_is_the_service() -> None:
    booked = effects(
        "A cleaning on Tuesday at ten, Ana Diaz.",
        "A: A cleaning on Tuesday the 1st at ten, right?",
        "I said cleaning but what I want is a filling.",
        "A: A filling on Tuesday at ten then. Booked, Ana.",
    )
    assert booked == TUESDAY


def test_the_second_booking_is_for_whom_the_agent_names() -> None:
    booked = effects(
        "A filling on Tuesday at ten for Ana Diaz.",
        "A: Tuesday, December 1st at ten, booked. Anything else?",
        "yes my son Leo Diaz also needs a checkup Tuesday at eleven",
        "A: Leo Diaz, Tuesday at eleven, a checkup. Booked too.",
    )
    assert booked == [*TUESDAY, "book 2026-12-01T11:00 checkup Leo Diaz"]


def test_nobody_is_booked_for_under_the_name_of_another() -> None:
    booked = effects(
        "A filling on Tuesday at ten for Ana Diaz.",
        "A: Tuesday, December 1st at ten, booked. Anything else?",
        "my son also needs a checkup on Tuesday at eleven",
        "A: Tuesday at eleven, a checkup. Booked too.",
    )
    assert booked == TUESDAY


def test_what_the_agent_only_calls_moved_is_no_booking() -> None:
    booked = effects(
        "It's Dana Reyes, can you see me sooner than Thursday for the cleaning?",
        "A: Tuesday at ten.",
        "Yes, please move me.",
        "A: Moved to Tuesday the 1st at ten.",
        known=[CLEANING],
    )
    assert booked == ["reschedule 2026-12-01T10:00"]


CANCEL = "Please cancel my filling on December 8th at nine, this is Dana Reyes."
MOVE = "Please move my filling on December 8th at nine to December 10th at ten. Dana Reyes."
BOOK = "I'd like a cleaning on Tuesday at ten, this is Dana Reyes."


@pytest.mark.parametrize(
    "report",
    [
        "Nothing is cancelled yet.",
        "I haven't cancelled it yet.",
        "I haven\u2019t cancelled it.",
        "It's not cancelled.",
        "It is still not cancelled.",
        "No appointment was cancelled.",
        "I have not taken it off.",
        "Your filling is not off the books yet.",
        "It would be cancelled then.",
        "It'll be cancelled once you confirm.",
        "Nothing's gone.",
        "You'd like it cancelled, is that right?",
        "You have a cleaning and an exam. Which one should I cancel?",
        "You need to tell us a day before.",
    ],
)
def test_what_the_agent_says_is_not_done_is_not_done(report: str) -> None:
    assert effects(CANCEL, f"A: {report}", "Hm.", known=[FILLING]) == []


@pytest.mark.parametrize(
    ("asked", "report"),
    [
        (MOVE, "Nothing is moved yet."),
        (MOVE, "I haven't moved it yet."),
        (MOVE, "It hasn't been changed."),
        (BOOK, "Nothing has been booked."),
        (BOOK, "I haven't put you down yet."),
        (BOOK, "You're not booked yet."),
        (BOOK, "It isn't confirmed yet."),
        (BOOK, "Tuesday the 1st at ten is free. Nothing is booked yet."),
    ],
)
def test_no_booking_and_no_move_is_done_either(asked: str, report: str) -> None:
    assert effects(asked, f"A: {report}", "Hm.", known=[FILLING]) == []


def test_what_was_not_done_can_be_done_later() -> None:
    yes = ("A: I haven't cancelled it yet. Shall I?", "Yes, please.", "A: Done.")
    assert effects(CANCEL, *yes, known=[FILLING]) == ["cancel 2026-12-08T09:00"]

    later = ("A: Nothing is cancelled yet.", "Then do it.", "A: Cancelled.")
    assert effects(CANCEL, *later, known=[FILLING]) == ["cancel 2026-12-08T09:00"]


@pytest.mark.parametrize(
    "report",
    [
        "Not a problem, it's cancelled.",
        "It's cancelled, and you won't be charged.",
        "Cancelled. Nothing else to do.",
        "It's off the books, so no fee.",
        "Don't worry, that's cancelled.",
    ],
)
def test_another_no_beside_a_report_changes_nothing(report: str) -> None:
    assert effects(CANCEL, f"A: {report}", known=[FILLING]) == ["cancel 2026-12-08T09:00"]


@pytest.mark.parametrize(
    "report",
    [
        "You're booked for Tuesday at eleven, Dana.",
        "One moment. Dana, you're down for a cleaning on Wednesday at ten.",
    ],
)
def test_a_report_of_another_time_is_a_contradiction(report: str) -> None:
    assert effects(BOOK, f"A: {report}", "Okay, bye.") == []


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("Could you book my neighbor a cleaning on Tuesday at ten? He's Ralph Kent, I'm Betty"
         " Olsen.", "Ralph Kent"),
        ("Put Ida Brenner down for a cleaning on Tuesday at ten. No, sorry, put Ralph Kent down.",
         "Ralph Kent"),
        ("A cleaning on Tuesday at ten. Ralph Kent.", "Ralph Kent"),
    ],
)  # fmt: skip
def test_whom_the_agent_reads_back_is_whom_it_is_for(asked: str, name: str) -> None:
    lines = (f"A: A cleaning on Tuesday the 1st at ten for {name}. Is that right?", "It is.")
    assert effects(asked, *lines, "A: Booked.") == [f"book 2026-12-01T10:00 cleaning {name}"]
