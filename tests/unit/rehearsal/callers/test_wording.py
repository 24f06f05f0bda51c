"""Other words for the same: what a check needs stays, and there is variety."""

from __future__ import annotations

import random
import re

import pytest

from app.rehearsal.callers.wording import Wording


def variants(text: str, seeds: int = 300) -> set[str]:
    return {Wording(random.Random(seed)).reword(text) for seed in range(seeds)}


def test_the_same_dice_give_the_same_words() -> None:
    text = "Hi, I would like to book a cleaning, please."
    assert Wording(random.Random(5)).reword(text) == Wording(random.Random(5)).reword(text)


@pytest.mark.parametrize(
    ("text", "kept", "at_least"),
    [
        ("Hi, I would like to book a cleaning, please.", "book a cleaning", 60),
        (
            "I'd like a filling {day+7} in the morning, please.",
            "a filling .*{day\\+7} in the m",
            60,
        ),
        ("Hi, I need to move my appointment.", "move my appointment", 30),
        ("Yes, please.", "(?i)yes|yeah|sure|yep|correct|go ahead", 20),
        ("The first one.", "(?i)first", 20),
        ("No, that is all. Thank you, bye!", "(?i)bye", 10),
        ("It's Dana Reyes.", "Dana Reyes", 20),
    ],
)
def test_what_is_asked_for_stays(text: str, kept: str, at_least: int) -> None:
    found = variants(text)
    assert [other for other in found if not re.search(kept, other)] == []
    assert len(found) >= at_least


def test_a_name_is_spelled_as_it_is_written() -> None:
    spelled = [text for text in variants("My name is Robin Marsh.") if "M" in text.split(",")[-1]]
    assert any("M A R S H" in text for text in spelled)
    assert any("M-A-R-S-H" in text for text in spelled)


def test_a_day_that_is_taken_back_is_another_one_and_the_right_one_comes_last() -> None:
    corrected = [text for text in variants("{day+1} in the morning.") if "weekday" in text]
    assert corrected
    for text in corrected:
        wrong = re.search(r"\{weekday\+(\d+)\}", text)
        assert wrong is not None
        assert wrong[1] == "2", "the day before the first one is no working day to name"
        assert text.index("{weekday") < text.index("{day+1}")
        assert re.search(r"no|actually|mean", text)


@pytest.mark.parametrize(
    "text",
    [
        "No wait, not {weekday+4}. Can we make it {day+5} at nine AM?",
        "{day+2} in the afternoon, no, sorry, {day+4} in the morning.",
    ],
)
def test_what_is_a_correction_already_is_not_corrected_again(text: str) -> None:
    for other in variants(text):
        assert re.findall(r"\{\w+\+\d+\}", other) == re.findall(r"\{\w+\+\d+\}", text)
