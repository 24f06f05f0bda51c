"""How far a business is with what it may use in a month."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.agent.report import MonthlyBudget
from app.core.usage.budget import Reached, reached, smallest


@pytest.mark.parametrize(
    ("budget", "used", "found"),
    [
        ({}, {"calls": 10**6}, None),
        ({"calls": 10}, {}, None),
        ({"calls": 10}, {"calls": 7}, None),
        ({"calls": 10}, {"calls": 8}, Reached("warned", "calls", 8, 10)),
        ({"calls": 10}, {"calls": 10}, Reached("spent", "calls", 10, 10)),
        ({"calls": 0}, {}, Reached("spent", "calls", 0, 0)),
        ({"minutes": 2}, {"ms": 119_000}, Reached("warned", "minutes", 1.9833, 2)),
        ({"usd": 1, "calls": 10}, {"nano_usd": 10**9, "calls": 9}, Reached("spent", "usd", 1, 1)),
        ({"usd": 1, "warn_at": 0.5}, {"nano_usd": 5 * 10**8}, Reached("warned", "usd", 0.5, 1)),
        ({"usd": 1, "warn_at": 1}, {"nano_usd": 9 * 10**8}, None),
    ],
)
def test_the_nearest_limit_counts(
    budget: dict[str, Any], used: dict[str, int], found: Reached | None
) -> None:
    assert reached(MonthlyBudget(**budget), used) == found


def test_agents_of_a_business_share_the_smallest() -> None:
    assert smallest([]) == MonthlyBudget()
    assert smallest(
        [MonthlyBudget(usd=5, warn_at=0.9), MonthlyBudget(usd=3, calls=9), MonthlyBudget()]
    ) == MonthlyBudget(usd=3, calls=9, warn_at=0.8)
    assert not MonthlyBudget().limits
    assert MonthlyBudget(calls=0).limits
