"""The ladder: never silent for long, and never tried for ever."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.agent.definition import TurnTaking
from app.core.call.ladder import MAX_LOST, MAX_RETRIES, SIGN_EVERY_S, RetryLadder, attempts
from app.core.call.waiting import Change, State, Wait
from tests.support.simulated_call import make_agent

WAITS = (State.ASKED, State.ANSWERING, State.HEARING, State.TOOL, State.COOLDOWN)


def climb(state: State, ladder: RetryLadder, limit: float = 60.0) -> list[tuple[float, str]]:
    """What happens while nothing comes, as (seconds, step)."""
    wait, taken, now = Wait(0.0, 0.0, state), [], 0.0
    while (found := ladder.next_step(wait)) is not None and found[0] < limit:
        now = found[0]
        step = ladder.due(wait, now)
        assert step == found[1]
        if step in ("hold", "hold_tool"):
            wait.sign(now)
        taken.append((round(now, 3), str(step)))
    return taken


@pytest.mark.parametrize("state", WAITS)
def test_nobody_waits_four_seconds_without_a_sign(state: State) -> None:
    steps = climb(state, RetryLadder(make_agent()))
    signs = [0.0, *(at for at, step in steps if step.startswith("hold"))]
    end = next(at for at, step in steps if step in ("give_up", "tool_late", "repeat"))
    gaps = [later - before for before, later in zip(signs, [*signs[1:], end], strict=True)]
    assert max(gaps) <= 4.0
    assert min(gaps[:-1], default=1.0) > 0.5


def test_the_model_is_asked_again_then_replaced_then_given_up() -> None:
    steps = [step for _, step in climb(State.ASKED, RetryLadder(make_agent())) if step[0] != "h"]
    assert steps == ["retry", "reopen", "give_up"]
    steps = [s for _, s in climb(State.ANSWERING, RetryLadder(make_agent())) if s[0] != "h"]
    assert steps == ["stall", "reopen", "give_up"]


def test_the_times_are_those_of_the_agents_file() -> None:
    agent = make_agent(holding_after_ms=1000, retry_after_ms=2000, reconnect_after_ms=3000)
    assert climb(State.ASKED, RetryLadder(agent))[:3] == [
        (1.0, "hold"),
        (2.0, "retry"),
        (3.0, "reopen"),
    ]
    agent = make_agent(tool_holding_after_ms=500, tool_deadline_ms=2000)
    assert climb(State.TOOL, RetryLadder(agent)) == [(0.5, "hold_tool"), (3.0, "tool_late")]


def test_an_agent_that_wants_no_holding_lines_says_none() -> None:
    agent = make_agent(holding_after_ms=60_000)
    assert [step for _, step in climb(State.ASKED, RetryLadder(agent))] == [
        "retry",
        "reopen",
        "give_up",
    ]


def test_a_new_wait_does_not_begin_the_silence_anew() -> None:
    """A tool has just answered after three seconds, and the model is asked: the next sign is due
    by what the caller heard last."""
    ladder = RetryLadder(make_agent())
    wait = Wait(0.0, 0.0)
    wait.sign(0.7)
    wait.on(Change.ASK, 3.0)
    expected: Any = (pytest.approx(0.7 + SIGN_EVERY_S), "hold")
    assert ladder.next_step(wait) == expected


@pytest.mark.parametrize("state", [State.PLAYING, State.OVER])
def test_who_waits_for_nothing_hears_no_holding_line(state: State) -> None:
    ladder = RetryLadder(make_agent())
    assert ladder.next_step(Wait(0.0, 0.0, state)) is None
    assert ladder.due(Wait(0.0, 0.0, state), 99.0) is None


def test_failures_lead_to_another_session_and_then_to_an_end() -> None:
    ladder, wait = RetryLadder(make_agent()), Wait(0.0, 0.0)
    found = [ladder.failed(wait, "failed") for _ in range(MAX_RETRIES + 1)]
    assert [attempt for _, attempt in found] == ["ask", "reopen", "give_up"]
    assert [note.about for note, _ in found] == [
        {"why": "failed", "retries": n} for n in range(MAX_RETRIES + 1)
    ]


def test_lost_sessions_are_counted_and_end_it() -> None:
    ladder, wait = RetryLadder(make_agent()), Wait(0.0, 0.0)
    assert [ladder.lost(wait) for _ in range(MAX_LOST + 1)] == [False] * MAX_LOST + [True]
    assert wait.lost == MAX_LOST + 1


def test_each_holding_line_is_another_one() -> None:
    agent = make_agent()
    ladder = RetryLadder(agent)
    said = [ladder.line("hold") for _ in range(2)]
    assert said == list(agent.lines.holding[:2])
    assert ladder.line("hold_tool") in agent.lines.slow_tool


def test_attempts_come_in_order() -> None:
    for state in State:
        times = [at for at, _ in attempts(state, TurnTaking())]
        assert times == sorted(times)
