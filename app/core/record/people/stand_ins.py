"""Names, numbers and addresses of people, replaced by others of the same shape.

One person keeps one stand-in throughout: a name in full, in part and spelled, a number in digits
and in words. What stands for whom depends on the `seed` only, so that the same call gives the same
scenario again. Dates, times and codes of things (orders, rooms) stay: scenarios need them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.core.record.people.chance import Chance
from app.core.record.people.names import FAMILY, GIVEN, NameStandIns
from app.core.record.people.numbers import NumberStandIns

_STREETS = tuple("Maple Cedar Willow Chestnut Juniper Orchard Meadow Linden".split())
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_SPOKEN_MAIL = re.compile(
    r"\b[\w'-]{1,64}(?:\s{1,3}(?:dot|underscore|dash|hyphen)\s{1,3}[\w'-]{1,64}){0,6}"
    r"\s{1,3}at\s{1,3}[\w-]{1,63}(?:\s{1,3}dot\s{1,3}[\w-]{1,63}){1,6}",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"\b(?P<number>\d{1,5}[a-z]?|(?:[a-z]+[\s-]){1,3}?)(?P<gap>\s*)(?P<name>(?:[A-Z][\w'.-]*\s+){1,3})"
    r"(?P<kind>(?i:street|st|avenue|ave|road|rd|lane|ln|drive|boulevard|blvd|court|place|terrace|"
    r"crescent|highway|square))\b"
)
_STRASSE = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß-]*?(?P<kind>straße|strasse|str\.|weg|gasse|allee|platz)\s+\d{1,4}\s?[a-z]?\b"
)
_POSTCODE = re.compile(
    r"(?P<lead>\b(?:zip|postal|post|postcode|plz)\b[^\d\n]{0,16})(?P<code>\d{4,6})", re.IGNORECASE
)
_POSTCODE_GB = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b")
#: Members of arguments and details that hold a person's name.
NAMED = re.compile(r"(?:^|_)(?:name|caller|customer|patient|guest|contact|person)$", re.IGNORECASE)


class StandIns:
    """`names` and `numbers` are known to be people's; `perhaps` are names only where they are
    written with a capital. `keep` are words that are never names here: the agent's, the business's,
    its services'. `country` is by whose rules numbers are read."""

    def __init__(
        self,
        seed: str,
        names: Iterable[str] = (),
        numbers: Iterable[str] = (),
        *,
        perhaps: Iterable[str] = (),
        keep: Iterable[str] = (),
        country: str = "US",
    ) -> None:
        self._chance = Chance(seed)
        self._names = NameStandIns(self._chance, names, perhaps, keep)
        self._numbers = NumberStandIns(self._chance, numbers, country)
        self._mails: dict[str, str] = {}

    def name(self, name: str) -> str:
        """A name's stand-in, of as many words."""
        return self._names.of(name)

    def number(self, number: str) -> str:
        """A telephone number's stand-in in the same writing."""
        return self._numbers.of(number)

    def text(self, text: str) -> str:
        """What was said, with all that is people's replaced."""
        for pattern, other in _ADDRESSES:
            text = pattern.sub(lambda found, other=other: other(self, found), text)  # type: ignore[misc]
        return self._names.text(self._numbers.text(text))

    def value(self, value: Any, name: str = "") -> Any:
        """Data at any depth; under a person's name (`NAMED`) every word is a name."""
        if isinstance(value, str):
            return self.name(value) if NAMED.search(name) else self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item, str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item, name) for item in value]
        return value

    def _mail(self, found: re.Match[str]) -> str:
        return f"{self._mail_name(found[0])}@example.com"

    def _spoken_mail(self, found: re.Match[str]) -> str:
        name = re.split(r"\s+at\s+", found[0], flags=re.IGNORECASE)[0]
        plain = re.sub(r"\s+dot\s+", ".", name, flags=re.IGNORECASE)
        return f"{self._mail_name(plain).replace('.', ' dot ')} at example dot com"

    def _mail_name(self, mail: str) -> str:
        low = mail.split("@")[0].casefold()
        if low not in self._mails:
            given, family = self._chance.pick(low, GIVEN), self._chance.pick(low + "f", FAMILY)
            self._mails[low] = f"{given}.{family}".lower()
        return self._mails[low]

    def _street(self, found: re.Match[str]) -> str:
        number, name = found["number"], found["name"].strip()
        if self._names.keeps(name.split()[0]):
            return found[0]
        if number[:1].isdigit():
            number = re.sub(r"\d", lambda d: str(self._chance.number(name + d[0]) % 9 + 1), number)
        return f"{number}{found['gap']}{self._chance.pick(name, _STREETS)} {found['kind']}"

    def _strasse(self, found: re.Match[str]) -> str:
        if self._names.keeps(found[0].split()[0]):
            return found[0]
        kind, name = found["kind"], self._chance.pick(found[0], _STREETS)
        return f"{name}{kind} {self._chance.number(found[0]) % 90 + 1}"

    def _postcode(self, found: re.Match[str]) -> str:
        code = found["code"]
        return (
            found["lead"] + code[:1] + str(self._chance.number(code)).zfill(8)[-(len(code) - 1) :]
        )

    def _postcode_gb(self, found: re.Match[str]) -> str:
        return f"SW1A {self._chance.number(found[0]) % 9 + 1}ZZ"


_ADDRESSES: tuple[tuple[re.Pattern[str], Callable[[StandIns, re.Match[str]], str]], ...] = (
    (_MAIL, StandIns._mail),
    (_SPOKEN_MAIL, StandIns._spoken_mail),
    (_STREET, StandIns._street),
    (_STRASSE, StandIns._strasse),
    (_POSTCODE, StandIns._postcode),
    (_POSTCODE_GB, StandIns._postcode_gb),
)
"""In the order in which they are looked for."""
