"""The agent's turns: what it asks, offers, reports and refuses."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.requests.turns.agent_turn import AgentTurn, only_checks_the_line, read
from tests.unit.core.requests.turns.reading import masked, moments_in, services_in, shown


def turn(text: str) -> AgentTurn:
    return read(0, text, moments_in, services_in, masked)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("What day works for you?", {"day"}),
        ("What time would you like?", {"time"}),
        ("What day and time?", {"day", "time"}),
        ("May I have your name, please?", {"name"}),
        ("And your name, please.", {"name"}),
        ("Is that right, and may I have your name?", {"name", "yes"}),
        ("Which one would you like?", {"which"}),
        ("Anything else I can help with?", {"more"}),
        ("Would you like a cleaning or a filling?", {"service"}),
        ("What kind of appointment do you need?", {"service"}),
        ("Tuesday at 10 AM, correct?", {"yes"}),
        ("I can do Friday at nine. Does that work?", {"yes"}),
        ("Tuesday? Is that okay?", {"yes"}),
        ("A cleaning?", {"yes"}),
        ("Would Friday work too?", {"yes"}),
        ("Friday at nine. Final answer?", {"yes"}),
        ("Final answer?", {"other"}),
        ("Friday at nine. What is your date of birth?", {"other"}),
        ("Friday at nine. How many teeth hurt?", {"other"}),
        ("Friday at nine?", {"yes"}),
        ("We have Friday at nine.", set()),
    ],
)
def test_what_it_asks(text: str, asks: set[str]) -> None:
    assert turn(text).asks == asks
    assert turn(text).wants_yes is ("yes" in asks)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Shall I book that?", "book"),
        ("Shall I cancel it?", "cancel"),
        ("Would you like me to move it to Friday at nine?", "move"),
        ("From Thursday at two to Friday at ten, right?", "move"),
        ("Shall I cancel it or move it?", None),
        ("Is Friday at nine okay?", None),
    ],
)
def test_what_its_question_is_about(text: str, kind: str | None) -> None:
    assert turn(text).speaks_of == kind


@pytest.mark.parametrize(
    ("text", "done", "all_done"),
    [
        ("You're all set.", "", set()),
        ("Your cleaning is booked for Tuesday at 10 AM.", "book", {"book"}),
        ("It's cancelled.", "cancel", {"cancel"}),
        ("I've moved you to Friday at nine.", "move", {"move"}),
        ("I'll cancel that for you.", "cancel", set()),
        (
            "Your appointment has been cancelled and your filling is booked.",
            "book",
            {"book", "cancel"},
        ),
        ("Shall I cancel it?", None, set()),
        ("I can cancel that for you.", None, set()),
        ("Let me check that for you.", None, set()),
    ],
)
def test_what_it_says_is_done(text: str, done: str | None, all_done: set[str]) -> None:
    found = turn(text)

    assert found.done == done
    assert found.all_done == all_done


@pytest.mark.parametrize(
    ("text", "slots", "existing", "left"),
    [
        ("I have Tuesday at 10 AM or Thursday at 2 PM.", ["12-01 10:00", "12-03 14:00"], [], []),
        ("Your appointment is on Thursday at 2 PM.", [], ["12-03 14:00"], []),
        (
            "You have a cleaning on Thursday at 2 PM. Shall I move it to Friday at ten?",
            ["12-04 10:00"],
            ["12-03 14:00"],
            [],
        ),
        (
            "From Thursday at two to Friday at ten, right?",
            ["<12-03 14:00", "12-04 10:00"],
            [],
            ["<12-03 14:00"],
        ),
        ("The 13th stays and the 20th goes.", ["12-20"], [], []),
        ("Unfortunately we have nothing on Friday.", [], [], []),
        ("It's cancelled. See you on Friday at ten.", [], [], []),
    ],
)
def test_the_times_it_names(
    text: str, slots: list[str], existing: list[str], left: list[str]
) -> None:
    found = turn(text)

    assert (shown(found.slots), shown(found.existing), shown(found.left)) == (slots, existing, left)


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("I'm sorry, Friday is taken.", {"refuses"}),
        ("Is Friday taken?", set()),
        ("I'll leave it as it is.", {"leaves"}),
        ("Shall I leave it as it is?", set()),
        ("Sure.", {"assents"}),
        ("I can cancel that for you.", {"offers_to"}),
        ("The filling is gone.", {"gone"}),
        ("Your cleaning is on Thursday.", set()),
    ],
)
def test_what_else_it_says(text: str, flags: set[str]) -> None:
    found: Any = turn(text)
    names = ("refuses", "leaves", "assents", "offers_to", "gone")

    assert {name for name in names if getattr(found, name)} == flags


def test_services_are_named_once_in_order() -> None:
    found = turn("A filling and a cleaning. The filling is at nine.")

    assert found.services == ("filling", "cleaning")


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("Are you still there?", True),
        ("Hello? Are you still there?", True),
        ("Are you still there? What day works?", False),
    ],
)
def test_a_check_of_the_line(text: str, only: bool) -> None:
    assert only_checks_the_line(text) is only
