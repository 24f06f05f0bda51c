"""Stand-ins for people's names: in full, in part, and spelled."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.core.language.text import vocabulary
from app.core.record.people.chance import Chance

GIVEN = tuple(
    "Nora Felix Clara Simon Paula Martin Helen Oscar Laura Victor Alice Daniel Emma Lucas Sarah "
    "Peter Julia Adam Sofia Henry".split()
)
FAMILY = tuple(
    "Keller Parker Bennett Foster Morgan Turner Hughes Coleman Barnes Fisher Harper Sutton Palmer "
    "Norton Walsh Dawson Hayes Porter Lawson Mercer".split()
)
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


class NameStandIns:
    """`names` are known to be people's; `perhaps` are names only where they are written with a
    capital. `keep` are words that are never names here."""

    def __init__(
        self,
        chance: Chance,
        names: Iterable[str] = (),
        perhaps: Iterable[str] = (),
        keep: Iterable[str] = (),
    ) -> None:
        names, perhaps = list(names), list(perhaps)
        self._chance = chance
        self._kept = {word.casefold() for text in keep for word in words_of(text)}
        self._real = {word.casefold() for text in [*names, *perhaps] for word in words_of(text)}
        self._words: dict[str, str] = {}
        for name in names:
            self._learn(name)
        sure = {*self._words}
        for name in perhaps:
            self._learn(name)
        self._unsure = {*self._words} - sure
        self._spelled = [
            (_spelling(word), stand_in) for word, stand_in in self._words.items() if len(word) > 2
        ]

    def keeps(self, word: str) -> bool:
        """Whether it is a word that is no name here."""
        return word.casefold() in self._kept

    def of(self, name: str) -> str:
        """A name's stand-in, of as many words."""
        self._learn(name)
        return self._replace(name, sure=True)

    def text(self, text: str) -> str:
        """A text with the stand-ins in the places of all names."""
        for spelled, stand_in in self._spelled:
            text = spelled.sub("-".join(stand_in.upper()), text)
        return self._replace(text)

    def _learn(self, name: str) -> None:
        """Give each word of a name its stand-in."""
        words = [word.casefold() for word in words_of(name) if not self._stays(word)]
        for place, word in enumerate(words):
            if word in self._words:
                continue
            choices = GIVEN if place == 0 else FAMILY
            taken = {*self._words.values()}
            free = [c for c in choices if c not in taken and c.casefold() not in self._real]
            self._words[word] = self._chance.pick(word, free or choices)

    def _stays(self, word: str) -> bool:
        low = word.casefold()
        return len(low) < 2 or low in _PARTICLES or low in _TITLES or low in self._kept

    def _replace(self, text: str, *, sure: bool = False) -> str:
        def other(found: re.Match[str]) -> str:
            word, stand_in = found[0], self._words.get(found[0].casefold())
            if stand_in is None or not (sure or self._is_name(text, found)):
                return word
            return stand_in.upper() if word.isupper() and len(word) > 1 else stand_in

        return _WORD.sub(other, text)

    def _is_name(self, text: str, found: re.Match[str]) -> bool:
        """Whether a word that may be a name is one where it stands."""
        word, low = found[0], found[0].casefold()
        if word.islower() and low in self._unsure:
            return False
        if low not in _WORDS:
            return True
        begins = text[: found.start()].rstrip()[-1:] in ("", ".", "!", "?")
        return not (word.islower() or begins)


_WORD = re.compile(r"[^\W\d_]+")


def words_of(text: str) -> list[str]:
    """The words of a text, marks and digits left out."""
    return _WORD.findall(text)


def _spelling(word: str) -> re.Pattern[str]:
    """A word as people spell it: "R-E-Y-E-S", "r, e, y, e, s", "R as in Romeo, E"."""
    said = r"(?:\s+(?:as\s+in|like|for)\s+\w+)?"
    letters = r"[\s,.\-]+".join(f"{re.escape(letter)}{said}" for letter in word)
    return re.compile(rf"\b{letters}\b", re.IGNORECASE)
