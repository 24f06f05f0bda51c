"""A text cut into words, numbers and marks, as the reader of names looks at it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"(?P<word>[^\W\d_](?:\.[^\W\d_])+(?![^\W\d_])|[^\W\d_]+(?:['-]?[^\W\d_]+)*)"
    r"|(?P<number>\d+)|(?P<mark>[.,;:!?\u2026-])"
)
_STRAIGHT = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u00b4": "'", "\u2010": "-"}
    | {"\u2011": "-", "\u2013": "-", "\u2014": "-", "\u00a0": " "}
)
_SAINT = re.compile(r"\b([Ss]t)\.(?= [A-Z])")
_SENTENCE_END = frozenset(".!?;\u2026")
HESITATION = re.compile(r"u+[hm]+|e+[rh]+m?|h?m+")


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number or mark, where it stands, and whether it begins a sentence."""

    text: str
    low: str
    start: int
    end: int
    mark: bool = False
    first: bool = False

    @property
    def upper(self) -> bool:
        """Whether it is written with a capital."""
        return self.text[:1].isupper()


def straighten(text: str) -> str:
    """Straight apostrophes, plain dashes, "St John" without its full stop; as long as before."""
    return _SAINT.sub(r"\1 ", text.translate(_STRAIGHT))


def tokenise(text: str) -> list[Token]:
    """The tokens of a straightened text."""
    tokens: list[Token] = []
    first = True
    for match in _TOKEN.finditer(text):
        mark = match.lastgroup == "mark"
        word = match[0]
        if _is_chain(word):
            at = match.start()
            for part in word.split("-"):
                tokens.append(Token(part, part.lower(), at, at + len(part), first=first))
                at += len(part) + 1
            first = False
            continue
        if word.lower() == "comma":
            word, mark = ",", True
        tokens.append(Token(word, word.lower(), match.start(), match.end(), mark, first))
        first = mark and (word in _SENTENCE_END or (first and word == ","))
    return tokens


def _is_chain(word: str) -> bool:
    """ "J-E-double-S-I-C-A": letters with words between them."""
    parts = word.split("-")
    letters = sum(len(part) == 1 for part in parts)
    return len(parts) > 3 and letters < len(parts) and letters * 3 >= len(parts) * 2


def is_initial(token: Token) -> bool:
    """Whether it is one letter, or letters with full stops: "K", "J.T"."""
    if token.mark or token.low in ("ó", "y", "e"):
        return False
    return len(token.low) == 1 or ("." in token.low and len(token.low) <= 5)
