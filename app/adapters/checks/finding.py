"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what is so, and the cure if it is wrong."""

    area: str
    verdict: Verdict
    what: str
    cure: str = ""
