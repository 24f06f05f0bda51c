"""How many people come, and whom they want."""

from __future__ import annotations

import pytest

from app.rehearsal.receptionist.company import ANYONE, read_resource, read_size

NAMES = ("Anna", "Ben", "Mary Ann")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("A table for four, please.", 4),
        ("We are five.", 5),
        ("a party of twenty-two", 22),
        ("There will be 8 of us", 8),
        ("We need a table for 2 people at seven PM", 2),
        ("for four people, no, five people", 5),
        ("just me", 1),
        ("the two of us", 2),
        ("a table for seven thirty", None),
        ("a table for 7:30", None),
        ("a table at seven", None),
        ("Tuesday the fourth", None),
        ("Four.", None),
    ],
)
def test_how_many_come(text: str, size: int | None) -> None:
    assert read_size(text, asked=False) == size


@pytest.mark.parametrize(
    ("text", "size"),
    [("Four.", 4), ("I think six", 6), ("two or three", None), ("Not sure", None), ("12", 12)],
)
def test_the_answer_to_how_many(text: str, size: int | None) -> None:
    assert read_size(text, asked=True) == size


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a haircut with Anna on Tuesday", "Anna"),
        ("with Mary Ann", "Mary Ann"),
        ("I'd rather see Ben", "Ben"),
        ("with Anna, no, with Ben", "Ben"),
        ("with anyone", ANYONE),
        ("I don't mind who", ANYONE),
        ("My name is Anna Smith", None),
        ("a haircut", None),
    ],
)
def test_whom_they_want(text: str, wanted: str | None) -> None:
    assert read_resource(text, NAMES) == wanted


def test_nobody_to_ask_for() -> None:
    assert read_resource("with anyone", ()) is None
