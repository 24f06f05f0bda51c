"""Telephone numbers of callers."""

from __future__ import annotations


def caller_number(seed: int) -> str:
    """A number of San Francisco's that can be called, for each of 800,000 seeds another.

    An area code may be followed by anything from 2 on but no service code (x11): whoever takes any
    seven digits gets a number that is none once in five times, and a caller whom nobody knows.
    """
    first, rest = divmod(seed % 800_000, 100_000)
    return f"+1415{first + 2}2{rest:05d}"
