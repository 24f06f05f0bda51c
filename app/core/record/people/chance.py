"""Chance that is the same each time: it hangs on a seed, and on what is drawn for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chance:
    """Drawn for the same thing with the same seed, the same comes."""

    seed: str

    def number(self, what: str) -> int:
        """A large number."""
        digest = hashlib.sha256(f"{self.seed}\0{what}".encode()).digest()
        return int.from_bytes(digest[:8])

    def digits(self, what: str, count: int) -> str:
        """So many digits, 18 at most."""
        return f"{self.number(what) % 10**count:0{count}d}"

    def pick(self, what: str, choices: Sequence[str]) -> str:
        """One of the choices."""
        return choices[self.number(what) % len(choices)]
