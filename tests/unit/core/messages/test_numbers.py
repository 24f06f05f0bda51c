from __future__ import annotations

import pytest

from app.core.messages.numbers import say_phone_number


@pytest.mark.parametrize(
    ("number", "country", "said"),
    [
        ("+14155550142", "US", "four one five, five five five, zero one four two"),
        ("+14155550142", "CA", "four one five, five five five, zero one four two"),
        (
            "+493055501234",
            "US",
            "plus four nine, three zero, five five five, zero one two, three four",
        ),
        ("+447700900123", "GB", "zero seven seven, zero zero, nine zero zero, one two three"),
        ("+442079460123", "GB", "zero two zero, seven nine four six, zero one two three"),
    ],
)
def test_numbers_are_said_in_groups(number: str, country: str, said: str) -> None:
    assert say_phone_number(number, country) == said
    groups = said.removeprefix("plus ").split(", ")
    assert all(1 < len(group.split()) <= 4 for group in groups)
