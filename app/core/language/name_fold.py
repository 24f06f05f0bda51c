"""From the candidates of an utterance to the one name: completed, corrected, spelled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from anyascii import anyascii
from rapidfuzz import fuzz

from app.core.language.name_cues import Part
from app.core.language.name_runs import Strength
from app.core.language.name_words import GIVEN, PARTICLES

ALIKE = 70.0
"""Words at least this much alike are one word, said or spelled differently."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that was given as a name. `spelled` words correct what was heard."""

    words: tuple[str, ...]
    part: Part
    strength: Strength
    start: int
    end: int
    suffix: str = ""
    spelled: bool = False
    corrects: bool = False
    """Words of correction stand before it."""
    comma: bool = False
    """Only a comma stands between it and what came before: "Reyes, Dana"."""


@dataclass(slots=True)
class _Name:
    words: list[str] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    family: list[str] = field(default_factory=list)
    suffix: str = ""
    strength: Strength = "bare"


def fold(candidates: Iterable[Candidate]) -> tuple[str, ...]:
    """The words of the name, its suffix last; empty where there is none."""
    name = _Name()
    nick: tuple[str, ...] = ()
    spelled: list[Candidate] = []
    for one in candidates:
        if one.spelled:
            spelled.append(one)
            _spell(name, one.words, append=True)
        elif one.part == "nick":
            nick = one.words
        elif one.part in ("given", "family"):
            setattr(name, one.part, list(one.words))
            name.suffix = one.suffix or name.suffix
        else:
            _take(name, one)
    for one in spelled:
        _spell(name, one.words, append=False)
    words = _whole(name)
    if not words:
        return tuple(nick)
    return (*words, name.suffix) if name.suffix else tuple(words)


def alike(one: str, other: str) -> bool:
    """Whether two words can be one word, heard or written differently."""
    return fuzz.ratio(plain_word(one), plain_word(other)) >= ALIKE


def plain_word(word: str) -> str:
    """A word without case, accents and signs."""
    return re.sub(r"[^a-z0-9]", "", anyascii(word).lower())


def _take(name: _Name, one: Candidate) -> None:
    words, new = name.words, list(one.words)
    if not words:
        name.words, name.suffix, name.strength = new, one.suffix, one.strength
        return
    known = {plain_word(word) for word in words}
    fresh = [word for word in new if plain_word(word) not in known]
    if len(new) > 1:
        related = len(fresh) < len(new) or any(alike(a, b) for a in new for b in words)
        if len(words) == 1 or one.corrects or related or one.strength != "bare":
            name.words, name.suffix = new, one.suffix or (name.suffix if related else "")
        return
    if not fresh:
        return
    close = [at for at, word in enumerate(words) if alike(word, new[0])]
    if close and (one.corrects or one.strength != "bare"):
        words[close[-1]] = new[0]
    elif one.corrects or (one.strength == "sure" and len(words) == 1):
        name.words = new
    elif len(words) == 1:
        backwards = one.comma and _given(new[0]) and not _given(words[0])
        name.words = [*new, *words] if backwards else [*words, *new]


def _spell(name: _Name, spelled: Sequence[str], *, append: bool) -> None:
    """Write the words as they were spelled; words nobody has said yet are added."""
    said = "".join(plain_word(word) for word in name.words)
    if [plain_word(word) for word in spelled] == [said]:
        return
    if append and not name.words and not name.given and not name.family:
        name.words = list(spelled)
        return
    for word in spelled:
        for part in (name.words, name.given, name.family):
            scores = [fuzz.ratio(plain_word(word), plain_word(said)) for said in part]
            if scores and max(scores) >= (55 if append else ALIKE):
                at = scores.index(max(scores))
                if plain_word(part[at]) != plain_word(word):
                    part[at] = word
                break
        else:
            if append and len(name.words) == 1 and len(spelled) == 1:
                name.words.append(word)
            elif append and len(spelled) > 1:
                name.words = list(spelled)
                return


def _whole(name: _Name) -> list[str]:
    words, given, family = name.words, name.given, name.family
    plain = [plain_word(word) for word in words]
    if family:
        ends = [plain_word(word) for word in family]
        if given:
            return [*given, *family]
        if plain[: len(ends)] == ends and len(plain) > len(ends):
            return [*words[len(ends) :], *family]
        if plain[-len(ends) :] == ends:
            return words
        if len(words) > 1:
            close = [at for at, word in enumerate(words) if alike(word, family[-1])]
            return [*words[: close[-1]], *family] if close else [*words[:1], *family]
        return [*words, *family]
    if given:
        begins = [plain_word(word) for word in given]
        if plain[: len(begins)] == begins:
            return words
        if len(words) == 1:
            return [*given, *words]
        if plain[-len(begins) :] == begins:
            return [*given, *words[: -len(begins)]]
        return [*given, *_family_of(words)]
    return words


def _family_of(words: list[str]) -> list[str]:
    at = len(words) - 1
    while at > 1 and words[at - 1].lower() in PARTICLES:
        at -= 1
    return words[at:]


def _given(word: str) -> bool:
    return word.lower() in GIVEN
