"""How a caller speaks: when they interrupt, hum along, hesitate, and how long they think.

Each decision is drawn from the manner's seed and the number of the turn, so that it does not depend
on how fast anything is.
"""

from __future__ import annotations

import random

from app.rehearsal.retell_caller.scenario import MannerSpec

_HUMS = ("Mhm.", "Okay.", "Right.", "Uh-huh.", "I see.")
#: An interruption comes so many words after the caller has heard enough, at most.
LATEST_WORDS = 6
#: A hum comes after so many words of the agent's turn, at most.
HUM_WORDS = 12
#: Fewer words are said without hesitation.
FEWEST_WORDS = 5


class Habits:
    """A manner, turn by turn. `slow` is how much longer than people's everything takes, 0 to have
    no pauses."""

    def __init__(self, spec: MannerSpec, *, slow: float = 1.0) -> None:
        self._spec = spec
        self._slow = slow

    def interrupts(self, turn: int) -> int | None:
        """After how many words more than needed the caller begins to speak; None: they wait until
        the agent has finished."""
        dice = self._dice("interrupts", turn)
        if dice.random() >= self._spec.interrupts:
            return None
        return dice.randint(0, LATEST_WORDS)

    def hum(self, turn: int) -> tuple[str, int] | None:
        """What the caller says in between, and after how many words of the agent's turn."""
        dice = self._dice("hum", turn)
        if dice.random() >= self._spec.hums:
            return None
        return dice.choice(_HUMS), dice.randint(2, HUM_WORDS)

    def hesitates(self, turn: int, words: int) -> int | None:
        """After how many of their words the caller pauses so long that Retell takes them for
        done."""
        dice = self._dice("hesitates", turn)
        if words < FEWEST_WORDS or dice.random() >= self._spec.hesitates:
            return None
        return dice.randint(2, words - 1)

    def pause_s(self, turn: int) -> float:
        """How long the caller thinks before they answer."""
        return self._dice("pause", turn).random() * self._spec.thinks_ms / 1000 * self._slow

    def _dice(self, what: str, turn: int) -> random.Random:
        return random.Random(f"{self._spec.seed}/{what}/{turn}")
