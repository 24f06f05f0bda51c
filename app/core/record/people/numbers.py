"""Stand-ins for telephone numbers: in every writing, spoken, and for their end alone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.core.language.phone_numbers import identify
from app.core.language.spoken_digits import digit_runs
from app.core.record.people.chance import Chance

_DIGIT_WORDS = "zero one two three four five six seven eight nine".split()
_SPOKEN = (
    "zero|oh|o|nought|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|"
    "fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|"
    "eighty|ninety|hundred|thousand|double|triple"
)
#: Runs of at least so many digits are numbers of people's.
_SHORTEST = 7
_WRITTEN_NUMBER = re.compile(r"\+?\(?\d(?:[\s().\-/]{0,3}\d){3,17}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}")
_SPOKEN_NUMBER = re.compile(rf"\b(?:{_SPOKEN})\b(?:[\s,.\-]+(?:{_SPOKEN})\b){{3,}}", re.IGNORECASE)


class NumberStandIns:
    """`numbers` are known to be people's. `country` is by whose rules numbers are read."""

    def __init__(self, chance: Chance, numbers: Iterable[str] = (), country: str = "US") -> None:
        self._chance = chance
        self._country = country
        self._numbers: dict[str, str] = {}
        for number in numbers:
            self.of(number)

    def text(self, text: str) -> str:
        """A text with the stand-ins in the places of all numbers."""
        return _SPOKEN_NUMBER.sub(self._spoken, _WRITTEN_NUMBER.sub(self._written, text))

    def of(self, number: str) -> str:
        """The stand-in of a telephone number in the same writing."""
        digits = re.sub(r"\D", "", number)
        return _with_digits(number, self._digits(digits, number.strip().startswith("+")))

    def _digits(self, digits: str, in_full: bool = False) -> str:
        """The digits that stand for these: of a number that is known, also for its end alone.
        `in_full` begins with the country's code."""
        written = f"+{digits}" if in_full else digits
        known = identify(written, self._country) if len(digits) >= _SHORTEST else None
        whole = known.e164[1:] if known is not None else digits
        for one, other in self._numbers.items():
            if one == whole:
                return _ending(digits, one, other)
            national = digits if one.endswith(digits) else digits.removeprefix("0")
            if len(national) >= 4 and one.endswith(national):
                return "0" * (len(digits) - len(national)) + other[-len(national) :]
        if len(digits) < _SHORTEST:
            return digits
        stand_in = self._numbers[whole] = self._new_number(whole, known is not None)
        return _ending(digits, whole, stand_in)

    def _new_number(self, whole: str, real: bool) -> str:
        """Digits of the same length; of a real number a number of the same country and kind."""
        if real and len(whole) == 11 and whole.startswith("1"):
            # North America keeps these for stories.
            return f"{whole[:4]}55501{self._chance.digits(whole, 2)}"
        before = identify(f"+{whole}") if real else None
        head = whole[:4] if real else whole[:1]
        for turn in range(200):
            drawn = self._chance.digits(f"{whole}{turn}", len(whole) - len(head))
            after = identify(f"+{head}{drawn}") if real else None
            alike = (
                after is not None
                and before is not None
                and (after.country, after.mobile) == (before.country, before.mobile)
            )
            if f"{head}{drawn}" != whole and (alike or not real):
                return f"{head}{drawn}"
        return head + "".join(str((int(digit) + 5) % 10) for digit in whole[len(head) :])

    def _written(self, found: re.Match[str]) -> str:
        return found[0] if _DATE.search(found[0]) else self.of(found[0])

    def _spoken(self, found: re.Match[str]) -> str:
        runs = digit_runs(found[0])
        digits = runs[0].lstrip("+") if len(runs) == 1 else ""
        other = self._digits(digits)
        return found[0] if other == digits else " ".join(_DIGIT_WORDS[int(d)] for d in other)


def _with_digits(written: str, digits: str) -> str:
    """The same writing with other digits, as many as it has."""
    left = iter(digits)
    return re.sub(r"\d", lambda _: next(left, ""), written)


def _ending(digits: str, whole: str, stand_in: str) -> str:
    """What stands for `digits`, a writing of `whole`, which may lack the country's code."""
    if digits == whole:
        return stand_in
    national = digits.lstrip("0")
    if whole.endswith(national):
        return "0" * (len(digits) - len(national)) + stand_in[len(whole) - len(national) :]
    return stand_in[-len(digits) :]
