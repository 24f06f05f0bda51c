"""A call's clock: the wall's time at its start, and never a jump."""

from __future__ import annotations

import pytest

from app.bridges.clock import AWAY_S, CallClock


class Times:
    wall, steady = 1_795_300_000.0, 500.0

    def clock(self) -> CallClock:
        return CallClock(lambda: self.wall, lambda: self.steady)

    def passes(self, seconds: float, *, jump: float = 0.0) -> None:
        self.wall += seconds + jump
        self.steady += seconds


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
def test_a_wall_clock_that_is_set_changes_nothing(jump: float) -> None:
    times = Times()
    clock = times.clock()
    began = clock()
    assert began == times.wall
    times.passes(3, jump=jump)
    assert clock() - began == pytest.approx(3)


@pytest.mark.parametrize("jump", [-7200.0, 7200.0])
def test_a_call_that_comes_back_goes_on_where_it_was(jump: float) -> None:
    times = Times()
    clock = times.clock()
    times.passes(20, jump=jump)
    saved_at = clock()
    times.passes(2)
    newer = times.clock()
    newer.resume(saved_at)
    assert newer() == pytest.approx(saved_at + AWAY_S)


def test_the_time_away_counts_where_clocks_agree() -> None:
    times = Times()
    saved_at = times.clock()()
    times.passes(7)
    newer = times.clock()
    newer.resume(saved_at)
    assert newer() == pytest.approx(saved_at + 7)
