"""Words are what counts when texts are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.language.words import cut_after, is_prefix, sentence_end, unheard, words


def test_words_leave_out_markup_case_and_punctuation() -> None:
    assert words("Your code is <spell>B7X</spell> - don't LOSE it!") == (
        "your",
        "code",
        "is",
        "b7x",
        "don't",
        "lose",
        "it",
    )


@given(st.text(max_size=80), st.integers(0, 12))
def test_a_cut_holds_that_many_words(text: str, count: int) -> None:
    cut = cut_after(text, count)
    assert words(text[:cut]) == words(text)[:count]


@pytest.mark.parametrize(
    ("sent", "heard", "rest"),
    [
        ("We open at nine. We close.", "we open at nine", "We close."),
        ("We open at nine.", "", "We open at nine."),
        ("We open at nine.", "We open at nine. ", ""),
        ("We open at nine.", "We shut", None),
    ],
)
def test_unheard(sent: str, heard: str, rest: str | None) -> None:
    assert unheard(sent, heard) == rest


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("One. Two", 4),
        ("One.", 4),
        ("Dr. Lee is here", 0),
        ("It is 3 p.m. today", 0),
        ("At 3.30 it is", 0),
        ('He said "Go." Then', 13),
        ("Really?! Yes", 8),
        ("no end", 0),
    ],
)
def test_sentence_end(text: str, end: int) -> None:
    assert sentence_end(text) == end


def test_is_prefix() -> None:
    assert is_prefix((), ("a",))
    assert is_prefix(("a",), ("a", "b"))
    assert not is_prefix(("a", "b"), ("a",))
