"""Names, numbers and addresses of people, replaced by others of the same shape.

One person keeps one stand-in throughout: a name in full, in part and spelled, a number in digits
and in words. What stands for whom depends on the `seed` only, so that the same call gives the same
scenario again. Dates, times and codes of things (orders, rooms) stay: scenarios need them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.core.language.phone_numbers import identify
from app.core.language.spoken_digits import digit_runs
from app.core.language.text import vocabulary

_GIVEN = tuple(
    "Nora Felix Clara Simon Paula Martin Helen Oscar Laura Victor Alice Daniel Emma Lucas Sarah "
    "Peter Julia Adam Sofia Henry".split()
)
_FAMILY = tuple(
    "Keller Parker Bennett Foster Morgan Turner Hughes Coleman Barnes Fisher Harper Sutton Palmer "
    "Norton Walsh Dawson Hayes Porter Lawson Mercer".split()
)
_STREETS = tuple("Maple Cedar Willow Chestnut Juniper Orchard Meadow Linden".split())
_PARTICLES = frozenset(vocabulary("van von der den de la le di da dos del al bin ibn mc st"))
_TITLES = frozenset(vocabulary("mr mrs ms miss dr doctor prof professor sir madam jr sr ii iii iv"))
#: Names that are words too: only with a capital, and not where they begin what is said, they are
#: surely names.
_WORDS = frozenset(
    vocabulary(
        "will may april june august mark grace hope art bill rose summer sunny dawn faith joy rich "
        "frank young long short king price day march white black brown green gray best good wood "
        "stone bell case chance chase drew gene guy iris jack ray rob sky wade page pat rusty max"
    )
)
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
        self._seed = seed
        self._country = country
        self._kept = {word.casefold() for text in keep for word in _words_of(text)}
        self._words: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._mails: dict[str, str] = {}
        for name in names:
            self._learn(name)
        sure = {*self._words}
        for name in perhaps:
            self._learn(name)
        self._unsure = {*self._words} - sure
        for number in numbers:
            self.number(number)
        self._spelled = [
            (_spelling(word), stand_in) for word, stand_in in self._words.items() if len(word) > 2
        ]

    # Names

    def _learn(self, name: str) -> None:
        """Give each word of a name its stand-in."""
        words = [word for word in _words_of(name) if not self._stays(word)]
        for place, word in enumerate(words):
            low = word.casefold()
            if low in self._words:
                continue
            given = (place == 0 and len(words) > 1) or len(words) == 1
            choices = _GIVEN if given else _FAMILY
            taken = {*self._words.values()}
            free = [one for one in choices if one not in taken and one.casefold() != low]
            self._words[low] = self._pick(low, free or list(choices))

    def _stays(self, word: str) -> bool:
        low = word.casefold()
        return len(low) < 2 or low in _PARTICLES or low in _TITLES or low in self._kept

    def name(self, name: str) -> str:
        """A name's stand-in, as long in words as it is."""
        self._learn(name)
        return self._replace_words(name, sure=True)

    def _replace_words(self, text: str, *, sure: bool = False) -> str:
        def other(found: re.Match[str]) -> str:
            word = found[0]
            stand_in = self._words.get(word.casefold())
            if stand_in is None:
                return word
            if not sure and word.islower() and word.casefold() in self._unsure:
                return word
            if not sure and word.casefold() in _WORDS:
                first = (
                    not text[: found.start()].rstrip()
                    or text[: found.start()].rstrip()[-1] in ".!?"
                )
                if word.islower() or first:
                    return word
            return stand_in.upper() if word.isupper() and len(word) > 1 else stand_in

        return re.sub(r"[^\W\d_]+", other, text)

    # Numbers

    def number(self, number: str) -> str:
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
            return f"{whole[:4]}5550{self._chance(whole) % 100 + 100:03d}"
        before = identify(f"+{whole}") if real else None
        head = whole[:4] if real else whole[:1]
        for turn in range(200):
            drawn = str(self._chance(f"{whole}{turn}")).zfill(20)[-(len(whole) - len(head)) :]
            after = identify(f"+{head}{drawn}") if real else None
            alike = (
                after is not None
                and before is not None
                and (after.country, after.mobile) == (before.country, before.mobile)
            )
            if f"{head}{drawn}" != whole and (alike or not real):
                return f"{head}{drawn}"
        return head + "".join(str((int(digit) + 5) % 10) for digit in whole[len(head) :])

    # Texts

    def text(self, text: str) -> str:
        """What was said, with all that is people's replaced."""
        for pattern, other in _DETAILS:
            text = pattern.sub(lambda found, other=other: other(self, found), text)  # type: ignore[misc]
        for spelled, stand_in in self._spelled:
            text = spelled.sub("-".join(stand_in.upper()), text)
        return self._replace_words(text)

    def value(self, value: Any, name: str = "") -> Any:
        """Data at any depth; under a person's name (`NAMED`) every word is a name."""
        if isinstance(value, str):
            return self.name(value) if NAMED.search(name) else self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item, str(key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item, name) for item in value]
        return value

    def _written_number(self, found: re.Match[str]) -> str:
        digits = re.sub(r"\D", "", found[0])
        if _DATE.search(found[0]):
            return found[0]
        return _with_digits(found[0], self._digits(digits, found[0].startswith("+")))

    def _spoken_number(self, found: re.Match[str]) -> str:
        runs = digit_runs(found[0])
        digits = runs[0].lstrip("+") if len(runs) == 1 else ""
        other = self._digits(digits)
        return found[0] if other == digits else " ".join(_DIGIT_WORDS[int(d)] for d in other)

    def _mail(self, found: re.Match[str]) -> str:
        return f"{self._mail_name(found[0])}@example.com"

    def _spoken_mail(self, found: re.Match[str]) -> str:
        name = re.split(r"\s+at\s+", found[0], flags=re.IGNORECASE)[0]
        plain = re.sub(r"\s+dot\s+", ".", name, flags=re.IGNORECASE)
        return f"{self._mail_name(plain).replace('.', ' dot ')} at example dot com"

    def _mail_name(self, mail: str) -> str:
        low = mail.split("@")[0].casefold()
        if low not in self._mails:
            given, family = self._pick(low, list(_GIVEN)), self._pick(low + "f", list(_FAMILY))
            self._mails[low] = f"{given}.{family}".lower()
        return self._mails[low]

    def _street(self, found: re.Match[str]) -> str:
        number, name = found["number"], found["name"].strip()
        if name.split()[0].casefold() in self._kept:
            return found[0]
        if number[:1].isdigit():
            number = re.sub(r"\d", lambda d: str(self._chance(name + d[0]) % 9 + 1), number)
        return f"{number}{found['gap']}{self._pick(name, list(_STREETS))} {found['kind']}"

    def _strasse(self, found: re.Match[str]) -> str:
        if found[0].split()[0].casefold() in self._kept:
            return found[0]
        kind, name = found["kind"], self._pick(found[0], list(_STREETS))
        return f"{name}{kind} {self._chance(found[0]) % 90 + 1}"

    def _postcode(self, found: re.Match[str]) -> str:
        code = found["code"]
        return found["lead"] + code[:1] + str(self._chance(code)).zfill(8)[-(len(code) - 1) :]

    def _postcode_gb(self, found: re.Match[str]) -> str:
        return f"SW1A {self._chance(found[0]) % 9 + 1}ZZ"

    # Chance

    def _chance(self, what: str) -> int:
        digest = hashlib.sha256(f"{self._seed}\0{what}".encode()).digest()
        return int.from_bytes(digest[:8])

    def _pick(self, what: str, choices: list[str]) -> str:
        return choices[self._chance(what) % len(choices)]


_DETAILS: tuple[tuple[re.Pattern[str], Callable[[StandIns, re.Match[str]], str]], ...] = (
    (_MAIL, StandIns._mail),
    (_SPOKEN_MAIL, StandIns._spoken_mail),
    (_STREET, StandIns._street),
    (_STRASSE, StandIns._strasse),
    (_POSTCODE, StandIns._postcode),
    (_POSTCODE_GB, StandIns._postcode_gb),
    (_WRITTEN_NUMBER, StandIns._written_number),
    (_SPOKEN_NUMBER, StandIns._spoken_number),
)
"""In the order in which they are looked for."""


def _words_of(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text)


def _spelling(word: str) -> re.Pattern[str]:
    """A word as people spell it: "R-E-Y-E-S", "r, e, y, e, s", "R as in Romeo, E"."""
    said = r"(?:\s+(?:as\s+in|like|for)\s+\w+)?"
    letters = r"[\s,.\-]+".join(f"{re.escape(letter)}{said}" for letter in word)
    return re.compile(rf"\b{letters}\b", re.IGNORECASE)


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
