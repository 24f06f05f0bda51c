"""The caller's name in their turns, and in what the agent calls them."""

from __future__ import annotations

import pytest

from app.core.requests.turns.naming import Context, completed, every_name, name_in, taken_up
from tests.unit.core.requests.calls import AGENT

SERVICES = [service.name for service in AGENT.booking.services]
ASKED = "May I have your name?"


def name(text: str, question: str | None = None, later: str = "", known: bool = False) -> str:
    found = name_in(text, Context(question, "Mia", later, SERVICES, known))
    return found.text if found else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dana Reyes.", "Dana Reyes"),
        ("Jasper Nwosu, that's N W O S U.", "Jasper Nwosu"),
        ("Siobhan, S I O B H A N, O'Dwyer.", "Siobhan O'Dwyer"),
        ("It's Ng, N G, Thomas Ng.", "Thomas Ng"),
    ],
)
def test_a_name_that_was_asked_for(text: str, expected: str) -> None:
    assert name(text, ASKED) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This is Dana Reyes, I want a cleaning.", "Dana Reyes"),
        ("A cleaning on Monday at ten, Ana Diaz.", "Ana Diaz"),
        ("A cleaning on Monday, Ana van der Berg, please.", "Ana van der Berg"),
        ("Put Marta Hollis down for ten.", "Marta Hollis"),
        ("Mitchell Garvey wants a cleaning.", "Mitchell Garvey"),
        ("Cancel Dana Reyes's cleaning.", "Dana Reyes"),
        ("Book it for Juan de la Cruz.", "Juan de la Cruz"),
        ("A cleaning at Harbor Hospital.", ""),
        ("A cleaning on Main Street.", ""),
        ("A cleaning for Merry Christmas Day.", ""),
        ("I wanted Harbor Eye Care.", ""),
        ("Put Ida Brenner down. No, sorry, put Hanna Brenner down.", "Hanna Brenner"),
        ("a cleaning on monday, dana reyes please", "Dana Reyes"),
        ("a cleaning on monday, nadja orlov please", ""),
        ("a cleaning on monday, peter first", ""),
        ("a cleaning on monday, will come", ""),
        ("A cleaning on Monday, dana reyes told me so", ""),
    ],
)
def test_a_name_beside_a_request(text: str, expected: str) -> None:
    assert name(text) == expected


def test_the_agents_words_tell_that_small_letters_are_a_name() -> None:
    text = "a cleaning on monday, nadja orlov please"

    assert name(text, later="Thank you, Nadja. Done.") == "Nadja Orlov"
    assert name(text, later="Thank you. Done.") == ""


def test_a_known_caller_names_another_only_in_so_many_words() -> None:
    assert name("A cleaning on Monday at ten, Ana Diaz.", known=True) == ""
    assert name("Another one for Ana Diaz.", known=True) == "Ana Diaz"
    assert name("This is Tom Smith.", known=True) == "Tom Smith"


@pytest.mark.parametrize(
    ("known", "said", "whole"),
    [
        ("Siobhan", "Thursday at ten, Siobhan O'Dwyer.", "Siobhan O'Dwyer"),
        ("Reyes", "Thank you, Dana Reyes.", "Dana Reyes"),
        ("Dana", "Thank you, Dana.", None),
        ("Dana Reyes", "Dana Reyes Smith", None),
        ("Si", "Si Odo, thank you.", None),
        ("Dana", "Thank you, Tom Smith.", None),
    ],
)
def test_the_agent_completes_a_name(known: str, said: str, whole: str | None) -> None:
    assert completed(known, said, "Mia") == whole


@pytest.mark.parametrize(
    ("said", "agent_said", "taken"),
    [
        ("it's dana reyes here", "Thank you, Dana Reyes.", "Dana Reyes"),
        ("dana here", "Thank you, Dana Reyes.", None),
        ("harbor dental right", "Harbor Dental it is.", None),
    ],
)
def test_the_agent_takes_a_name_up(said: str, agent_said: str, taken: str | None) -> None:
    greeting = "Thank you for calling Harbor Dental, this is Mia."

    assert taken_up(said, agent_said, greeting, "Mia") == taken


def test_every_name_in_a_turn() -> None:
    context = Context(None, "Mia", "", SERVICES)

    assert every_name("Cleaning for Tom Smith and Ann Smith.", context) == [
        "Tom Smith",
        "Ann Smith",
    ]
    assert every_name("Book Joan and Peter Webb.", context) == ["Joan Webb", "Peter Webb"]
    assert every_name("For Tom Smith, yes, Tom Smith.", context) == ["Tom Smith"]
    assert every_name("A cleaning on Monday.", context) == []
