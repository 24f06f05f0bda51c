"""Keys the caller presses on the telephone: one number until a pause, or a `#`."""

from __future__ import annotations

from dataclasses import dataclass

#: More digits than this are no number.
MAX_DIGITS = 64


@dataclass(slots=True)
class Keypad:
    """`digits` were pressed, the last at `at`; they are a number `pause_s` seconds later."""

    pause_s: float
    digits: str = ""
    at: float = 0.0

    def press(self, digit: str, now: float) -> bool:
        """A key; whether the number is whole."""
        if digit == "#" or len(self.digits) >= MAX_DIGITS:
            return True
        self.digits += digit
        self.at = now
        return False

    def whole_at(self) -> float | None:
        """When what was pressed is a number; None where nothing was."""
        return self.at + self.pause_s if self.digits else None

    def take(self) -> str:
        """The number."""
        digits, self.digits = self.digits, ""
        return digits
