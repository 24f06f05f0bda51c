"""Plots as shapes."""

from __future__ import annotations

import pytest

from app.web.console.plots import HEIGHT, SERIES, WIDTH, axis_top, bar_plot, line_plot


@pytest.mark.parametrize(
    ("values", "top"),
    [((), 1), ((0,), 1), ((7,), 8), ((101, 20), 150), ((1000,), 1000), ((0.0021,), 0.003)],
)
def test_the_axis_ends_at_a_round_number(values: tuple[float, ...], top: float) -> None:
    assert axis_top(values) == pytest.approx(top)


def test_a_line_breaks_where_a_value_is_missing() -> None:
    plot = line_plot([("p50", [1.0, 2.0, None, 2.0])])
    (line,) = plot.lines
    assert line.path == "M125.0 100.0h0L375.0 0.0M875.0 0.0h0"


def test_bars_stand_on_each_other_and_fit() -> None:
    plot = bar_plot(["a", "b"], [("x", [1, 0]), ("y", [3, 2])])
    assert [(bar.series, bar.height) for bar in plot.bars] == [(0, 50), (1, 150), (1, 100)]
    assert [bar.y + bar.height for bar in plot.bars] == [HEIGHT, HEIGHT - 50, HEIGHT]
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH for bar in plot.bars)
    assert plot.bars[0].name == "a, x: 1"


def test_more_series_than_colours_become_one() -> None:
    plot = bar_plot(["a"], [(str(n), [1.0]) for n in range(SERIES + 3)])
    assert plot.names == (*(str(n) for n in range(SERIES - 1)), "all others")
    assert sum(bar.height for bar in plot.bars) <= HEIGHT
    assert plot.bars[-1].height == pytest.approx(plot.bars[0].height * 4, rel=0.01)


def test_nothing_is_drawn_of_nothing() -> None:
    assert bar_plot([], []).bars == ()
    assert line_plot([]).lines == ()
