"""Effects as data: how much time is left does not depend on what the wall clock says."""

from __future__ import annotations

import time
from typing import Any

import pytest

from app.adapters.tools.context import ToolContext
from app.adapters.tools.execution import Effect


def effect(**fields: Any) -> Effect:
    known = {"asked_at": 1000.0, "started_at": 1002.0, "deadline": 1012.0, **fields}
    return Effect("call_1", "key_1", "running", "book_appointment", **known)


@pytest.mark.parametrize("jump_s", [-7200.0, 0.0, 7200.0])
def test_a_wall_clock_that_jumps_changes_no_deadline(
    monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    begun = effect()
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + jump_s)
    ctx: Any = ToolContext.__new__(ToolContext)
    object.__setattr__(ctx, "deadline", begun.ends_at)
    assert 9.0 < ctx.remaining() <= 10.0
    assert 2.0 <= begun.age_s < 3.0


def test_what_never_began_has_no_time_left() -> None:
    asked = effect(started_at=0.0)
    assert asked.ends_at <= time.monotonic()
    assert asked.age_s >= 0.0


def test_two_readings_of_one_effect_are_equal() -> None:
    assert effect() == effect()
