"""One utterance as the model and the rules see it: words, acts, objects, negations, features."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.core.language.intent.vocabulary import (
    ACTS,
    CLAUSE_STARTS,
    DAY_NAMES,
    DETERMINERS,
    FILLERS,
    MONTH_NAMES,
    NEGATION_REACH,
    NEGATIONS,
    NUMBER_WORDS,
    OBJECTS,
    ORDINAL_WORDS,
)
from app.core.language.text import EXPANSIONS

_TOKEN = re.compile(r"\d+(?:st|nd|rd|th)\b|\d+(?::\d+)?|[a-z]+(?:'[a-z]+)*|[?.!,;]|-{1,3}(?= )")
_HALF_OF_DAY = re.compile(r"\b([ap])\.m\b\.?")
STOP, COMMA = ".", ","
_AFTER_NO = frozenset(("need", "longer", "reason", "intention", "plans", "wish", "desire"))
_NO_CHANGE = ("oil", "tire", "a")
_CANNOT_MAKE = (["it"], ["my"], ["the"], ["our"], ["that"])
_TAKES = frozenset(("take", "call", "taking", "calling"))
_AWAY = frozenset(("off", "out"))
_AWAY_REACH = 10
_IN_PLACE_OF = frozenset((("instead", "of"), ("rather", "than")))
_IN_PLACE_REACH = 2
""" "Instead of cancelling": only the act right behind is not wanted."""

_CLASS = (
    dict.fromkeys(DAY_NAMES, "<day>")
    | dict.fromkeys(MONTH_NAMES, "<month>")
    | dict.fromkeys(NUMBER_WORDS, "<n>")
    | dict.fromkeys(ORDINAL_WORDS, "<th>")
    | {",": COMMA, ";": COMMA, "?": STOP, ".": STOP, "!": STOP}
)


def normalise(text: str) -> list[str]:
    """The words of a plain text: short forms spelled out, numbers and days as classes.

    "." and "," stand for the ends of sentences and clauses; fillers are left out.
    """
    if "check" in text:
        text = text.replace("check-up", "checkup").replace("a check up", "a checkup")
    if ".m" in text:
        text = _HALF_OF_DAY.sub(r"\1m", text)
    out: list[str] = []
    for word in _TOKEN.findall(text):
        if word in FILLERS:
            continue
        known = _CLASS.get(word)
        if known is not None:
            out.append(known)
        elif word in EXPANSIONS:
            out.extend(EXPANSIONS[word])
        elif word.isalpha():
            out.append(word)
        elif word[0].isdigit():
            if word[-1].isalpha():
                out.append("<th>")
            else:
                out.append("<time>" if ":" in word else "<n>")
        elif word[0] == "-":
            out.append(COMMA)
        elif word.endswith("'s"):
            out.append(word[:-2])
            out.append("'s")
        else:
            out.append(word)
    return out


@dataclass(slots=True)
class _Scan:
    """Where the reading of a sentence stands. reach: the last place a negation reaches; taken: an
    open "take", and whether it was negated."""

    place: int = 0
    before: str = "^"
    earlier: str = ""
    reach: int = -1
    taken: tuple[int, bool] | None = None


class Utterance:
    """words: without marks. acts: (place, class, negated). objects: (place, class).

    features: what the linear model weighs. negated: whether any negation was heard.
    misses: the speaker "can't make it".
    """

    __slots__ = ("acts", "features", "misses", "negated", "objects", "tokens", "words")

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.words: list[str] = []
        self.acts: list[tuple[int, str, bool]] = []
        self.objects: list[tuple[int, str]] = []
        self.negated = False
        self.misses = False
        self.features: set[str] = set()
        self._read()
        self._relate()

    def _read(self) -> None:
        scan = _Scan()
        for i, word in enumerate(self.tokens):
            if word == STOP:
                if scan.before != "^":
                    self.features.add(scan.before + " $")
                scan = _Scan(len(self.words))
            elif word == COMMA:
                scan.reach = -1
            elif word != scan.before or word[0] != "<":
                self._take(scan, i, word)
        self.features.add(scan.before + " $")

    def _take(self, scan: _Scan, i: int, word: str) -> None:
        """One word: its features, what it negates, and whether it is an act or an object."""
        self.features.add(word)
        self.features.add(scan.before + " " + word)
        if len(word) > 6:
            self.features.add(word[:5] + "~")
        self._take_negation(scan, i, word)
        self._take_act(scan, i, word)
        kind = OBJECTS.get(word)
        if kind is not None:
            self.objects.append((scan.place, kind))
            which = DETERMINERS.get(scan.before) or DETERMINERS.get(scan.earlier) or "-"
            self.features.add(f"D={which}.{kind}")
        self.words.append(word)
        scan.earlier, scan.before = scan.before, word
        scan.place += 1

    def _take_negation(self, scan: _Scan, i: int, word: str) -> None:
        """How far a negation reaches from here, or where its reach ends."""
        following = self.tokens[i + 1] if i + 1 < len(self.tokens) else ""
        if (word, following) in _IN_PLACE_OF:
            self.negated = True
            scan.reach = scan.place + _IN_PLACE_REACH
        elif word in CLAUSE_STARTS:
            scan.reach = -1
        elif word in NEGATIONS:
            self.negated = True
            if not self._is_idiom(i):
                scan.reach = scan.place + NEGATION_REACH
        elif word == "no":
            self.negated = True
            if following in _AFTER_NO:
                scan.reach = scan.place + NEGATION_REACH

    def _take_act(self, scan: _Scan, i: int, word: str) -> None:
        """ "Cancel", "take ... off", "can't make it"."""
        negated = scan.place <= scan.reach
        act = ACTS.get(word)
        if word == "make" and negated and self.tokens[i + 1 : i + 2] in _CANNOT_MAKE:
            self.misses = True
        elif act is not None and (word != "change" or scan.before not in _NO_CHANGE):
            self.acts.append((scan.place, act, negated))
        elif word in _TAKES:
            scan.taken = scan.place, negated
        elif word in _AWAY and scan.taken and scan.place - scan.taken[0] <= _AWAY_REACH:
            self.acts.append((scan.taken[0], "cancel", scan.taken[1]))
            scan.taken = None

    def _is_idiom(self, i: int) -> bool:
        """ "why don't you book", "can't you move it", "don't forget to add": no refusals."""
        tokens = self.tokens
        following = tokens[i + 1] if i + 1 < len(tokens) else ""
        if following in ("forget", "only", "hesitate", "sure", "mind", "you", "we"):
            return following != "mind" or tokens[i] == "not"
        return i >= 2 and tokens[i - 2] == "why"

    def _relate(self) -> None:
        features = self.features
        for place, act, negated in self.acts:
            name = "N" + act if negated else act
            features.add("V=" + name)
            for at, kind in self.objects:
                features.add(f"VO={name}.{kind}")
                if 0 < at - place <= 6:
                    features.add(f"V>O={name}.{kind}")
        for _, kind in self.objects:
            features.add("O=" + kind)
        if self.objects:
            features.add("Ol=" + self.objects[-1][1])
        else:
            features.add("noO")
        if self.acts:
            features.add("V0=" + self.acts[0][1])
            last = self.acts[-1]
            features.add(("Vl=N" if last[2] else "Vl=") + last[1])
        else:
            features.add("noV")
        if self.negated:
            features.add("NEG")
        features.add(f"len={min(len(self.words) // 3, 6)}")
