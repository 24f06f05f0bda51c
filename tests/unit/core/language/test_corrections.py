"""Self-corrections of plain words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.language.corrections import correct


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("to Denver - wait no, Chicago", "to chicago"),
        ("I want to fly to Denver, wait no, to Chicago", "i want to fly to chicago"),
        ("book a cleaning, er, I mean a checkup", "book a checkup"),
        ("a cleaning, not a filling", "a cleaning"),
        ("not the cleaning but the checkup", "the checkup"),
        ("cancel it, no wait, can you move it", "can you move it"),
    ],
)
def test_what_stands(text: str, kept: str) -> None:
    corrected = correct(text)
    assert corrected.kept == kept
    assert corrected.dropped


@pytest.mark.parametrize(
    "text",
    [
        "No, I want to book",
        "Actually I'd like a cleaning",
        "I'm not sure",
        "Sorry?",
        "no no no",
        "",
    ],
)
def test_nothing_to_correct(text: str) -> None:
    assert correct(text).kept == text
    assert correct(text).dropped == ()


PLACES = st.sampled_from(("Denver", "Chicago", "Boston", "Austin", "Reno"))


@given(PLACES, PLACES, st.sampled_from(("no", "wait no", "sorry", "I mean", "or rather")))
def test_the_last_value_wins(first: str, second: str, cue: str) -> None:
    assert correct(f"to {first}, {cue}, {second}").kept.split()[-1] == second.lower()


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="no wait,sorry. not but I mean-abc", max_size=120))
def test_no_text_raises(text: str) -> None:
    correct(text)
