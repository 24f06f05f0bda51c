"""By what a call can be found: words, numbers, length and cost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.report.findable import (
    BOUNDS,
    MAX_WORDS,
    Search,
    class_of,
    classes,
    cost_of,
    length_of,
    words_of,
)

CALL = {"call_id": "call_a1", "agent": "Mia", "from_number": "+14155550123", "to_number": "anon"}
SAID = [{"role": "user", "content": "Für Schröder, bitte: 10115 Berlin."}, "junk", {"content": 7}]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("schröder", True),
        ("BERLIN für", True),
        ("berlin paris", False),
        ("ber", False),
        ("0123", True),
        ("555 0123", True),
        ("+1 (415) 555-0123", True),
        ("9 0123", False),
        ("10115", True),
        ("123", False),
        ("call_a1", True),
        ("Mia", True),
        ("7", True),
        ("…", False),
        ("", False),
    ],
)
def test_what_finds_a_call(text: str, found: bool) -> None:
    search = Search.of(text)
    assert search.found_in(CALL, SAID) is found
    if found:
        filed = words_of(CALL, SAID)
        assert any(words <= filed for words in search.filed_as), "it is filed under what finds it"


@given(st.text(max_size=30))
def test_whatever_is_looked_for_is_filed_as_it_is_found(text: str) -> None:
    search = Search.of(text)
    said = [{"content": text}]
    if search.found_in(CALL, said):
        assert any(words <= words_of(CALL, said) for words in search.filed_as)


def test_a_call_of_endless_words_is_bounded() -> None:
    said = [{"content": " ".join(f"w{n}" for n in range(3 * MAX_WORDS))}]
    assert len(words_of(CALL, said)) == MAX_WORDS


@given(
    st.sampled_from(sorted(BOUNDS)),
    st.floats(0, 2000),
    st.none() | st.floats(0, 2000),
    st.none() | st.floats(0, 2000),
)
def test_a_value_in_a_range_is_in_its_classes(
    name: str, value: float, low: float | None, high: float | None
) -> None:
    if (low is None or low <= value) and (high is None or value <= high):
        assert class_of(name, value) in classes(name, low, high)


@pytest.mark.parametrize(
    ("summary", "length", "cost"),
    [
        ({"started_at": 5.0, "first_at": 1.0, "ended_at": 65.0, "cost": {"usd": 0.5}}, 60.0, 0.5),
        ({"first_at": 1.0, "ended_at": 0.0}, 0.0, None),
        ({"first_at": 1.0, "cost": {"usd": None}}, None, None),
        ({"started_at": "soon", "ended_at": 2.0, "cost": "much"}, None, None),
    ],
)
def test_length_and_cost(summary: dict[str, Any], length: float | None, cost: float | None) -> None:
    assert (length_of(summary), cost_of(summary)) == (length, cost)
