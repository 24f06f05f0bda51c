"""Numbers in lists."""

from __future__ import annotations

import pytest

from app.web.calls.masked import masked


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+14155550142", "+1…0142"),
        ("02079460123", "02…0123"),
        ("anonymous", "anonymous"),
        ("5550142", "5550142"),
        (None, ""),
    ],
)
def test_masked(number: object, shown: str) -> None:
    assert masked(number) == shown
