"""What a business may use in a month, and how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from app.core.agent.report import MonthlyBudget
from app.core.usage.counts import NANO

Level = Literal["warned", "spent"]


@dataclass(frozen=True, slots=True)
class Reached:
    """A limit that was reached: `spent`, or only its share that is warned of. `used` and `limit`
    are in `unit`."""

    level: Level
    unit: Literal["usd", "minutes", "calls"]
    used: float
    limit: float

    def in_words(self) -> str:
        """For the log, a mail and a refusal."""
        return f"{self.used:g} of {self.limit:g} {self.unit} of this month"


def smallest(budgets: Iterable[MonthlyBudget]) -> MonthlyBudget:
    """The budget that keeps all of them: agents of one business share what it may use."""
    listed = list(budgets)
    return MonthlyBudget(
        usd=min((b.usd for b in listed if b.usd is not None), default=None),
        minutes=min((b.minutes for b in listed if b.minutes is not None), default=None),
        calls=min((b.calls for b in listed if b.calls is not None), default=None),
        warn_at=min((b.warn_at for b in listed), default=MonthlyBudget().warn_at),
    )


def reached(budget: MonthlyBudget, month: Mapping[str, int]) -> Reached | None:
    """The limit that is nearest to being passed, if any is warned of or spent."""
    used: tuple[tuple[Literal["usd", "minutes", "calls"], float, float | None], ...] = (
        ("usd", month.get("nano_usd", 0) / NANO, budget.usd),
        ("minutes", month.get("ms", 0) / 60_000, budget.minutes),
        ("calls", float(month.get("calls", 0)), budget.calls),
    )
    found = [(amount / limit if limit else 1.0, unit, amount, limit) for unit, amount, limit in used
             if limit is not None]  # fmt: skip
    if not found:
        return None
    share, unit, amount, limit = max(found)
    if share >= 1.0:
        return Reached("spent", unit, round(amount, 4), limit)
    return Reached("warned", unit, round(amount, 4), limit) if share >= budget.warn_at else None
