"""Whether two names are one person's, as speech recognition and people write them.

A name given on the telephone is compared with one in the calendar. What differs without meaning
another person is left out: titles, initials, order, accents and alphabets ("Müller", "Mueller",
"Muller"), hyphens and particles, short forms ("Bill"), and letters that sound alike ("Okafour",
"Rayes"). Consonants that are heard apart keep names apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import jellyfish
from anyascii import anyascii
from rapidfuzz.distance import JaroWinkler

from app.core.language.name_tokens import straighten
from app.core.language.name_variants import variants
from app.core.language.name_words import (
    ADDRESSES,
    GIVEN,
    HONOURS,
    ORDINAL_SUFFIXES,
    PARTICLES,
    SUFFIXES,
    TITLES,
)
from app.core.language.text import vocabulary

MOST_WORDS = 4
"""More words than this are a list of names, not one."""
_SPELLINGS = (
    str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"}),
    str.maketrans(
        {"ç": "ch", "ş": "sh", "č": "ch", "ć": "ch", "š": "sh", "ś": "sh", "ž": "zh", "ñ": "ni"}
    ),
    str.maketrans({"ç": "s", "ğ": "", "ł": "w", "å": "o"}),
)
"""How letters with marks are written where there are none, by language."""
_ALWAYS_TITLES = ADDRESSES | {"dr", "doctor", "prof", "professor", "sir", "señor", "señora", "rev"}
_LEADING = frozenset(
    vocabulary("van von de del della di da la le el al bin ibn ter der st san dos")
)
"""Particles that may be left out at the beginning; others there are names ("Ben")."""
_LIKELY_AT = 0.92
"""Jaro-Winkler similarity from which long words with the same Metaphone code are one."""
_LONG = 7

_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("^ma?cg", "mag"),
        ("^mac(?=[^aeiou])|^mc", "mak"),
        ("^kn|^gn", "n"),
        ("^wr", "r"),
        ("^x", "S"),
        ("^el(?=[smkbhz])", "al"),
        ("oa(?!n$)", "o"),
        ("ea$", "ia"),
        ("bv", "v"),
        ("(?<=[aeiou])gn", "ni"),
        ("kw(?=[ou])", "k"),
        ("^q(?=i)", "C"),
        ("prz|szcz|sch|sh|sz", "S"),
        ("ch(?=[rlnm])", "k"),
        ("tch|ch|cz", "C"),
        ("ph", "f"),
        ("wh", "v"),
        ("zh", "j"),
        ("(?:ault|aud|eau|eaux|aux|aut)$", "o"),
        ("augh|ough", "o"),
        ("eigh|aigh", "E"),
        ("igh", "i"),
        ("(?<=a)gh(?=a)", "h"),
        ("(?<=[aeiou])gh$", ""),
        ("gh", "g"),
        ("ck|kk|cc", "k"),
        ("dt", "d"),
        ("tz|ts", "s"),
        ("que$", "k"),
        ("qui$|qi$", "ki"),
        ("qu|qv|kw", "kv"),
        ("q", "k"),
        ("c(?=[eiy])", "s"),
        ("c", "k"),
        ("x", "ks"),
        ("(?<=[tkrdbgp])h|h$|h(?=[bcdfgklmnprstvwz])", ""),
        ("au|ao|[ao]w(?![aeiou])", "o"),
        ("f{1,2}$|w", "v"),
        ("z", "s"),
        ("(?:i|y|j)y$|ii$|ie$|y$", "i"),
        ("(?<!^)ie", "i"),
        ("ee|ea", "i"),
        ("ei|ey|ai|ay|ae", "E"),
        ("(?<=E)e", ""),
        ("oo|ou", "u"),
        ("ue", "u"),
        ("oe$", "oi"),
        ("oe", "o"),
        ("(?<=[aeiouE])[eo]r$", "r"),
        ("[eiu]r(?![aeiou])", "er"),
        ("y", "i"),
        ("(?<=m)p(?=[st])", ""),
        ("s+[eo]n$", "sn"),
        (r"(.)\1+", r"\1"),
    )
)
_OTHER_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("c(?=[eiy])", "k"),
        ("[ct]i(?=a)", "S"),
        ("g(?=[eiy])", "j"),
        ("qu(?=[ei])", "k"),
        ("^qu", "ku"),
        ("sz", "s"),
        ("dt", "t"),
        ("ch", "k"),
        ("^ch", "S"),
        ("gh", ""),
        ("ear", "ar"),
        ("^j(?=.{2,}[aeoz]$)", "h"),
        ("g(?=[ei])", "h"),
        ("^j", "y"),
        ("^z(?=ie)", "j"),
        ("ow$", "ov"),
        ("^n(?=[bdgkz])|^m(?=b)", ""),
        ("(?<=oi|ou|ai|au)[tdxs]$", ""),
        ("ou(?=r)", "o"),
        ("gu(?=[ie])", "g"),
        ("(?<=[aeo]n)[td]s?$|(?<=ar)d$", ""),
        ("oi[stx]?$", "oa"),
        ("rz", "j"),
        ("(?<!^)ch", "sh"),
        ("(?<!^)c(?=[ei])", "ch"),
        ("ll(?=[aeiou])", "j"),
    )
)
"""What letters sound like in other languages, tried as well."""
_VOWELS = "aeiouE"
_NEAR = {
    "ei": 0.3,
    "ou": 0.4,
    "ao": 0.5,
    "ae": 0.6,
    "iu": 0.7,
    "Ee": 0.2,
    "Ei": 0.4,
    "Ea": 0.4,
    "vf": 0.4,
    "bv": 0.6,
    "sS": 0.5,
    "CS": 0.6,
    "Ck": 0.6,
    "ji": 0.3,
    "jh": 0.5,
    "gj": 0.4,
    "jC": 0.6,
    "dt": 0.6,
    "bp": 0.6,
    "gk": 0.6,
    "mn": 0.6,
}
"""What it costs to hear one sound for another, where it is less than for any two."""
_SUBSTITUTE = {frozenset(pair): cost for pair, cost in _NEAR.items()}
_VOWEL_MORE = 0.6
_SILENT_H = 0.5
_FINAL_S = 0.5
_UNSTRESSED = 0.3
"""A vowel before a final "r" or "n" is hardly heard: "Okafor", "Okafur"."""


def same_name(claimed: str, known: str) -> bool:
    """Whether the name somebody gives can be the known one.

    Every word that is given must be in the known name, in any order; words may be missing on
    either side, but not on both. No name is the same as none, and a list of names as none.
    """
    one, other = _Words(claimed), _Words(known)
    if not one.words or not other.words or len(one.words) > max(MOST_WORDS, len(other.words)):
        return False
    if one.suffix and other.suffix and one.suffix != other.suffix:
        return False
    if one.umlauts and other.umlauts and one.umlauts != other.umlauts:
        return False
    if not _initials_fit(one, other) or _is_list(one.kept, other.kept):
        return False
    if any(_fit(a, other.kept) for a in one.joined()):
        return True
    return any(_fit(one.kept, b) for b in other.joined())


class _Words:
    """A name taken apart: its words, initials, suffix, and the umlauts in it."""

    def __init__(self, name: str) -> None:
        plain = straighten(unicodedata.normalize("NFC", name)).casefold()
        self.umlauts = "".join(letter for letter in plain if letter in "äöü")
        plain = re.sub(r"\bo (?=[^\W\d_]{3})", "o", re.sub(r"'s\b|'", "", plain))
        found = re.findall(r"[^\W\d_]+", plain)
        self.suffix = ""
        if len(found) > 1:
            found = self._without_suffix(found)
        found = [word for word in found if word not in HONOURS] or found
        named = [word for word in found if word not in TITLES]
        if len(named) < 2:  # "Don Ray" has no title
            named = [word for word in found if word not in _ALWAYS_TITLES]
        self.initials = [word for word in named if len(word) == 1 and word.isascii()]
        self.words = [word for word in named if len(word) > 1 or not word.isascii()]
        if not self.words and len(self.initials) > 1:
            self.words, self.initials = ["".join(self.initials)], []

    @property
    def kept(self) -> list[str]:
        """The words without particles."""
        last = len(self.words) - 1
        return [
            word
            for i, word in enumerate(self.words)
            if i == last or word not in (PARTICLES if i else _LEADING)
        ]

    def _without_suffix(self, found: list[str]) -> list[str]:
        last = found[-1]
        if last in SUFFIXES:
            self.suffix = SUFFIXES[last]
            return found[:-1]
        if len(found) > 2 and found[-2] == "the" and last in ORDINAL_SUFFIXES:
            self.suffix = ORDINAL_SUFFIXES[last]
            return found[:-2]
        return found

    def joined(self) -> Iterator[list[str]]:
        """The words, and the same with neighbours joined: "van der Berg", "Vanderberg"."""
        words, kept = self.words, self.kept
        yield kept
        if self.initials and len(kept) == 1:
            yield [f"{''.join(self.initials)}{kept[0]}", *kept]
        for first in range(len(words) - 1):
            for last in range(first + 2, min(len(words), first + 3) + 1):
                whole = [*words[:first], "".join(words[first:last]), *words[last:]]
                yield [word for word in whole if word not in PARTICLES] or whole


def _initials_fit(one: _Words, other: _Words) -> bool:
    """Whether each initial is one of the other side's words or initials, where it has any."""
    for mine, theirs in ((one, other), (other, one)):
        if not mine.initials:
            continue
        firsts = {word[0] for word in theirs.words} | set(theirs.initials)
        squeezed = {letter for word in theirs.words if len(word) <= 3 for letter in word}
        told = theirs.initials or (len(mine.words) == 1 and len(theirs.words) > 1)
        if told and not (firsts | squeezed) & set(mine.initials):
            return False
    return True


def _is_list(one: list[str], other: list[str]) -> bool:
    """Whether one side is a list of guesses: two words more, of three or more given names."""
    fewer, more = sorted((one, other), key=len)
    return len(more) > len(fewer) + 1 and sum(word in GIVEN for word in more) > 2


def _fit(claimed: list[str], known: list[str]) -> bool:
    """Whether the words of one side are all among the other's, each once."""
    fewer, more = sorted((claimed, known), key=len)
    left = list(more)
    for word in sorted(fewer, key=len, reverse=True):
        found = next((other for other in left if same_word(word, other)), None)
        if found is None:
            return False
        left.remove(found)
    return True


@lru_cache(maxsize=8192)
def same_word(one: str, other: str) -> bool:
    """Whether two words of names sound alike; case and accents do not matter."""
    if one == other:
        return True
    return any(_alike(a, b) for a in _ascii(one) for b in _ascii(other))


def _ascii(word: str) -> set[str]:
    """A word in plain Latin letters, in every way it may be written in them."""
    low = word.casefold()
    forms = {low, *(low.translate(spelling) for spelling in _SPELLINGS)}
    return {re.sub(r"[^a-z]", "", anyascii(form).casefold()) for form in forms} - {""}


def _alike(one: str, other: str) -> bool:
    if one == other or variants(one, other):
        return True
    if min(len(one), len(other)) < 2:
        return False
    if any(_cost(a, b) <= _limit(a, b) for a in _sounds(one) for b in _sounds(other)):
        return True
    if min(len(one), len(other)) < _LONG or sorted(one) == sorted(other):
        return False
    same_code = jellyfish.metaphone(one) == jellyfish.metaphone(other)
    return same_code and JaroWinkler.similarity(one, other) >= _LIKELY_AT


def _limit(one: str, other: str) -> float:
    return min(0.95, 0.1 * max(len(one), len(other)) + 1e-9)


@lru_cache(maxsize=8192)
def _sounds(word: str) -> tuple[str, ...]:
    """How a word may sound: with its final "e", and with it silent."""
    forms = [word]
    if len(word) > 3 and word.endswith("e") and word[-2] not in _VOWELS:
        forms.append(re.sub("a(?=[^aeiou]e$)", "E", word)[:-1])
        forms.append(f"{word[:-2]}s" if word.endswith("ce") else word[:-1])
    for pattern, other in _OTHER_SOUNDS:
        forms += [heard for form in forms if (heard := pattern.sub(other, form)) != form]
    found = []
    for form in forms:
        for pattern, sound in _SOUNDS:
            form = pattern.sub(sound, form)
        found.append(form)
    return tuple(found)


def _cost(one: str, other: str) -> float:
    """The weighted edit distance of two sounds; vowels weigh less than consonants."""
    if one.endswith("s") != other.endswith("s") and one.rstrip("s") == other.rstrip("s"):
        return _FINAL_S
    row = [0.0]
    for letter in other:
        row.append(row[-1] + _more(letter))
    for i, mine in enumerate(one, 1):
        before, row = row, [row[0] + _more(mine)]
        for j, theirs in enumerate(other, 1):
            ending = one[i:] if one[i:] == other[j:] and len(one) > 4 else ""
            last = i == len(one) and j == len(other)
            swap = 0.0 if mine == theirs else _swap(mine, theirs, "$" if last else ending)
            row.append(
                min(before[j - 1] + swap, before[j] + _more(mine), row[j - 1] + _more(theirs))
            )
    return row[-1]


def _more(letter: str) -> float:
    return _VOWEL_MORE if letter in _VOWELS else _SILENT_H if letter == "h" else 1.0


def _swap(one: str, other: str, ending: str) -> float:
    both = one in _VOWELS and other in _VOWELS
    if both and ending == "$" and {one, other} == {"a", "o"}:
        return 1.0  # "Maria", "Mario"
    if both and ending in ("r", "n"):
        return _UNSTRESSED
    return _SUBSTITUTE.get(frozenset((one, other)), 0.8 if both else 1.0)
