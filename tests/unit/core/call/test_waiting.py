"""The table of what a turn waits for."""

from __future__ import annotations

import pytest

from app.core.call.waiting import WAITING, Change, State, Wait


def test_the_table_knows_every_pair() -> None:
    assert set(WAITING) == {(state, change) for state in State for change in Change}


@pytest.mark.parametrize("change", list(Change))
def test_what_is_over_stays_over(change: Change) -> None:
    assert WAITING[State.OVER, change] is State.OVER


@pytest.mark.parametrize("state", list(State))
def test_words_follow_the_table(state: State) -> None:
    wait = Wait(0.0, 0.0, state)
    wait.words(5.0)
    assert wait.state is WAITING[state, Change.WORDS]
    assert wait.quiet_since == 5.0


def test_words_are_progress_for_who_waits_for_the_model() -> None:
    for state in (State.ASKED, State.ANSWERING):
        wait = Wait(1.0, 1.0, state, steps=2)
        wait.words(5.0)
        assert (wait.state, wait.since, wait.steps) == (State.ANSWERING, 5.0, 0)


def test_a_holding_line_of_the_models_does_not_put_off_a_tools_deadline() -> None:
    wait = Wait(1.0, 1.0, State.TOOL, steps=0)
    wait.words(5.0)
    assert (wait.state, wait.since) == (State.TOOL, 1.0)


def test_held_tools_that_run_are_no_new_wait() -> None:
    wait = Wait(0.0, 0.0)
    wait.on(Change.HOLD, 1.0)
    wait.on(Change.RUN, 2.5)
    assert (wait.state, wait.since) == (State.TOOL, 1.0)
    wait.on(Change.ASK, 3.0)
    assert (wait.state, wait.since) == (State.ASKED, 3.0)


def test_a_retry_begins_no_new_wait() -> None:
    wait = Wait(1.0, 2.0, State.ANSWERING, steps=1)
    wait.retry()
    assert (wait.state, wait.since, wait.steps) == (State.ASKED, 1.0, 1)
