"""The limit on how much work others' data may make."""

from __future__ import annotations

import sys

import pytest

from app.adapters.calendars.effort import TooMuchWork, limit_calls


def test_a_block_within_its_limit_runs_to_its_end() -> None:
    with limit_calls(1000):
        found = [len(str(number)) for number in range(10)]
    assert found == [1] * 10
    assert sys.getprofile() is None


def test_a_loop_without_end_is_ended() -> None:
    def go_on_for_ever() -> None:
        with limit_calls(100):
            while True:
                len("")

    with pytest.raises(TooMuchWork, match="100 calls"):
        go_on_for_ever()
    assert sys.getprofile() is None


def test_another_profiler_is_put_back() -> None:
    seen = []

    def other(*_: object) -> None:
        seen.append(1)

    sys.setprofile(other)
    try:
        with limit_calls(1000):
            len("")
        assert sys.getprofile() is other
    finally:
        sys.setprofile(None)
