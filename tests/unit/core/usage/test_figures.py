"""How calls went, in numbers that add up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.usage.figures import (
    BOUNDS_MS,
    MAX_NAMES,
    add,
    figures_of,
    measured,
    named,
    percentile,
)


def report(**fields: Any) -> dict[str, Any]:
    return {"outcome": "booked", "tools": [], "faults": [], **fields}


def tool(name: str, state: str = "done", *, ok: bool = True, ms: int = 120) -> dict[str, Any]:
    ended = f"2026-11-30T10:00:00.{ms:03}Z" if state == "done" else None
    asked = "2026-11-30T10:00:00.000Z"
    return {"name": name, "state": state, "ok": ok, "asked_at": asked, "ended_at": ended}


def test_a_call_is_told_in_figures() -> None:
    tools = [tool("book"), tool("book", ok=False), tool("book", "failed"), tool("made_up", "asked")]
    story = {
        "turns": [{"first_ms": 240.0, "sentence_ms": 700}, {"first_ms": None}, {"first_ms": 250.1}],
        "intents": [{"intent": "schedule_meeting"}, {"intent": "schedule_meeting"}, {}],
    }
    faults = [{"kind": "model_lost", "count": 2}]
    assert figures_of(report(tools=tools, faults=faults), story, {"book"}) == {
        "outcome:booked": 1,
        "intent:schedule_meeting": 1,
        "tool:book:done": 1,
        "tool:book:refused": 1,
        "tool:book:failed": 1,
        "tool:other:dropped": 1,
        "fault:model_lost": 2,
        f"wait:first_word:{BOUNDS_MS.index(250)}": 1,
        f"wait:first_word:{BOUNDS_MS.index(300)}": 1,
        f"wait:first_sentence:{BOUNDS_MS.index(700)}": 1,
        f"wait:tool:{BOUNDS_MS.index(150)}": 2,
    }


def test_a_call_of_nothing_is_one_outcome() -> None:
    assert figures_of(report(outcome="refused"), {}, ()) == {"outcome:refused": 1}


def test_a_call_with_endless_names_is_bounded() -> None:
    story = {"intents": [{"intent": f"wish {n}"} for n in range(1000)]}
    assert len(figures_of(report(), story, ())) == MAX_NAMES


def test_figures_add_up_by_kind_and_leave_out_what_was_used() -> None:
    whole = add([{"calls": 1, "intent:a": 1, "tool:x:done": 2}, {"intent:a": 2, "intent:b": 0}])
    assert whole == {"intent:a": 3, "tool:x:done": 2, "intent:b": 0}
    assert named(whole, "intent") == {"a": 3}
    assert named(whole, "tool") == {"x:done": 2}


def test_no_times_have_no_percentile() -> None:
    assert percentile({"wait:tool:3": 4}, "first_word", 0.5) is None
    assert measured({"wait:tool:3": 4}, "first_word") == 0


@given(
    st.lists(st.floats(0, 29_999), min_size=1, max_size=60), st.sampled_from([0.5, 0.9, 0.95, 0.99])
)
def test_a_percentile_is_in_the_bucket_of_the_real_one(times: list[float], share: float) -> None:
    story = {"turns": [{"first_ms": ms} for ms in times]}
    counts = figures_of(report(), story, ())
    # The smallest of the times that so many of them do not exceed.
    real = next(ms for n, ms in enumerate(sorted(times), 1) if n >= share * len(times) - 1e-9)
    place = next(n for n, bound in enumerate(BOUNDS_MS) if real <= bound)
    found = percentile(counts, "first_word", share)
    assert found is not None
    assert (BOUNDS_MS[place - 1] if place else 0) <= found <= BOUNDS_MS[place]
    assert measured(counts, "first_word") == len(times)


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_what_is_beyond_all_bounds_is_told_as_the_last_one(share: float) -> None:
    counts = figures_of(report(), {"turns": [{"first_ms": 99_999.0}]}, ())
    assert percentile(counts, "first_word", share) == BOUNDS_MS[-1]
