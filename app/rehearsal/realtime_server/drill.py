"""A brain for benchmarks: the same number of word deltas, whatever is asked."""

from __future__ import annotations

from collections.abc import Sequence

from app.rehearsal.realtime_server.pace import AT_ONCE, Pace
from app.rehearsal.realtime_server.reply import Part, Prompt, Say


class Drill:
    """Answers with `deltas` words, `per_second` of them; 0 sends them at once."""

    def __init__(self, deltas: int, per_second: float = 0.0) -> None:
        if deltas < 1 or per_second < 0:
            raise ValueError("a drill has at least one delta and no negative rate")
        self._parts = (Say(" ".join(f"word{n}" for n in range(deltas))),)
        gap = 1 / per_second if per_second else 0.0
        self.pace = Pace(created=0.0, first=0.0, delta=gap, arguments=0.0, audio=1.0)
        if not per_second:
            self.pace = AT_ONCE

    @classmethod
    def parse(cls, text: str) -> Drill:
        """From ``DELTAS`` or ``DELTAS@PER_SECOND``; raises ValueError."""
        deltas, _, rate = text.partition("@")
        return cls(int(deltas), float(rate or 0))

    def answer(self, prompt: Prompt) -> Sequence[Part]:
        """The same for every prompt."""
        return self._parts
