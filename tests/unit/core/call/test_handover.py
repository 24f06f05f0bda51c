from __future__ import annotations

from app.core.agent.definition import Agent
from app.core.call.handover import MAX_QUOTED, brief

SAM = Agent(name="Sam", business="Bright Pipes", instructions="x", country="US")


def test_only_what_was_heard_is_told() -> None:
    heard = [
        ["agent", "How can I help?"],
        ["user", "Hello"],
        ["user", 'My cellar is "full" of water.'],
        ["agent", "Oh no."],
        ["user", "Yes"],
        ["user", "It comes from the boiler."],
    ]
    assert brief(SAM, "+14155550100", heard) == (
        "This is Sam of Bright Pipes, with a caller from four one five, five five five, zero one"
        ' zero zero. They said: "My cellar is \'full\' of water", and later: "It comes from the'
        ' boiler".'
    )


def test_nothing_is_invented_where_nothing_is_known() -> None:
    assert brief(SAM, "anonymous", [["agent", "Hello?"], ["user", "Help"]]) == (
        "This is Sam of Bright Pipes, with a caller whose number is withheld. They have not said"
        " what it is about."
    )


def test_a_long_story_is_cut_between_words() -> None:
    told = brief(SAM, "", [["user", "water " * 200]])
    assert told.endswith('water and so on".')
    assert len(told) < MAX_QUOTED + 150
