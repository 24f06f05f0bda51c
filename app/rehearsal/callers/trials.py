"""The same scenario played several times: how often it passed, and how far one may rely on it.

pass^k is the chance that k plays in a row all pass. With c of n plays passed it is estimated as the
share of all choices of k of them that hold passed ones only: C(c, k) / C(n, k).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.rehearsal.retell_caller.results import ScenarioResult


@dataclass(frozen=True, slots=True)
class Trials:
    """All plays of one scenario, in the order they were made."""

    name: str
    plays: tuple[ScenarioResult, ...]

    @property
    def judged(self) -> int:
        """How many were played to a verdict."""
        return sum(play.state in ("passed", "failed") for play in self.plays)

    @property
    def passed(self) -> int:
        """How many passed."""
        return sum(play.state == "passed" for play in self.plays)

    @property
    def unlike_passed(self) -> list[ScenarioResult]:
        """The plays that did not pass."""
        return [play for play in self.plays if play.state != "passed"]

    def pass_hat(self, k: int) -> float | None:
        """pass^k; None where fewer than k plays were judged."""
        return pass_hat(self.passed, self.judged, k)

    def in_words(self) -> str:
        """Such as ``4 of 5 passed; pass^1 0.80, pass^5 0.00``."""
        if not self.judged:
            return "none judged"
        shown = sorted({1, self.judged})
        hats = ", ".join(f"pass^{k} {self.pass_hat(k):.2f}" for k in shown)
        rest = len(self.plays) - self.judged
        return f"{self.passed} of {self.judged} passed; {hats}" + (
            f"; {rest} not judged" if rest else ""
        )


def pass_hat(passed: int, played: int, k: int) -> float | None:
    """pass^k of `passed` among `played`; None where fewer than k were played."""
    if k < 1 or k > played:
        return None
    return math.comb(passed, k) / math.comb(played, k)


def grouped(results: Sequence[ScenarioResult]) -> list[Trials]:
    """The plays by scenario, in the order of their first play; left-out ones are no plays."""
    by: dict[str, list[ScenarioResult]] = {}
    for result in results:
        if not result.skipped:
            by.setdefault(result.name, []).append(result)
    return [Trials(name, tuple(plays)) for name, plays in by.items()]
