"""Telephone numbers as lists show them."""

from __future__ import annotations

_SHOWN = 4


def masked(number: object) -> str:
    """The number without its middle; what is no number stays as it is."""
    text = str(number or "")
    digits = sum(letter.isdigit() for letter in text)
    if digits < 2 * _SHOWN:
        return text
    return f"{text[:2]}…{text[-_SHOWN:]}"
