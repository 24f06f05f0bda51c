"""The lexer under the date and time grammars."""

from __future__ import annotations

import pytest

from app.core.language.time.tokens import (
    CLOCK,
    DASH,
    ISO,
    NUMBER,
    ORDINAL,
    SLASH,
    tokenise,
)


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("twenty-four", NUMBER, (24,)),
        ("twenty second", ORDINAL, (22,)),
        ("thirtieth", ORDINAL, (30,)),
        ("two thousand and thirty two", NUMBER, (2032,)),
        ("15h30", CLOCK, (15, 30)),
        ("8.45", CLOCK, (8, 45)),
        ("7:56:30", CLOCK, (7, 56)),
        ("2026-12-24", ISO, (2026, 12, 24)),
        ("20261224", ISO, (2026, 12, 24)),
        ("12/24/26", SLASH, (12, 24, 26)),
        ("2 - 4", DASH, (2, 4)),
        ("3rd", ORDINAL, (3,)),
    ],
)
def test_one_token(text: str, kind: str, values: tuple[int, ...]) -> None:
    (token,) = tokenise(text)
    assert token.kind == kind
    assert (token.a, token.b, token.c)[: len(values)] == values


@pytest.mark.parametrize("text", ["3 p.m.", "3 p . m .", "3p", "3pm", "3 P.M", "three p m"])
def test_forms_of_pm(text: str) -> None:
    assert [token.text for token in tokenise(text)] == ["3", "pm"]


def test_digits_said_one_by_one() -> None:
    assert [token.text for token in tokenise("twelve oh three")] == ["12", "03"]
    assert [token.a for token in tokenise("nine thirty")] == [9, 30]
