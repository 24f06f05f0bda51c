"""pass^k: against all choices of k plays, counted one by one."""

from __future__ import annotations

import itertools

import pytest

from app.rehearsal.callers.trials import Trials, grouped, pass_hat
from app.rehearsal.retell_caller.results import ScenarioResult


@pytest.mark.parametrize("plays", ["1", "0", "110", "11111", "10110", "0001", "111101"])
def test_it_is_the_share_of_choices_that_hold_passed_ones_only(plays: str) -> None:
    for k in range(1, len(plays) + 1):
        chosen = list(itertools.combinations(plays, k))
        wanted = sum(set(choice) == {"1"} for choice in chosen) / len(chosen)
        assert pass_hat(plays.count("1"), len(plays), k) == pytest.approx(wanted)


def test_more_than_were_played_cannot_be_told() -> None:
    assert pass_hat(2, 2, 3) is None
    assert pass_hat(0, 0, 1) is None


def test_plays_are_grouped_by_scenario() -> None:
    good = ScenarioResult("a", "", seed=1)
    bad = ScenarioResult("a", "", seed=2, error="away")
    other = ScenarioResult("b", "", seed=1)
    trials = grouped([good, other, bad, ScenarioResult("c", "", skipped="no key")])
    assert trials == [Trials("a", (good, bad)), Trials("b", (other,))]
    assert trials[0].in_words() == "1 of 2 passed; pass^1 0.50, pass^2 0.00"
    assert trials[0].unlike_passed == [bad]
    assert bad.title == "a, seed 2"
