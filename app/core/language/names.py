"""The caller's name as the caller gives it: the one reader of names for every path.

A name counts where somebody gives their own: behind words that say so ("my name is", "this is",
"put it under"), before them ("Ana Diaz here"), or bare where the agent has just asked for it. All
candidates of an utterance are gathered in order; later ones correct, complete or spell earlier
ones. Names of other people, of the agent, days and ordinary words are none.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from app.core.language.name_candidates import candidates_in
from app.core.language.name_cues import asked_for
from app.core.language.name_fold import Candidate, fold, plain_word
from app.core.language.name_parts import both_parts
from app.core.language.name_tokens import Token, straighten, tokenise
from app.core.language.name_words import (
    ORDINAL_SUFFIXES,
    PARTICLES,
    SUFFIXES,
)
from app.core.language.text import vocabulary

MAX_TEXT = 2000
MAX_NAME = 80
_TEMPLATE = re.compile(r"[{}<>$%]|\[[A-Za-z_ ]+\]")
_PLACEHOLDERS = frozenset(
    vocabulary(
        "caller user customer client guest patient person name fullname full first last given "
        "family surname unknown anonymous unspecified undefined null none nil na provided known "
        "available specified tbd placeholder string example"
    )
)
_NOBODY = (("john", "doe"), ("jane", "doe"), ("doe", "john"), ("doe", "jane"))
_BESIDE_PLACEHOLDERS = frozenset(vocabulary("the no not our your my mr mrs ms"))
_SUFFIXES = frozenset((*SUFFIXES.values(), *ORDINAL_SUFFIXES.values()))


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is written, without titles: "Siobhán O'Brien", "William Tate III".

    `spans` are where its words stand in the text (NFC, its last `MAX_TEXT` characters).
    """

    text: str
    spans: tuple[tuple[int, int], ...] = ()

    def __str__(self) -> str:
        return self.text


def read_name(text: str, question: str | None = None, *, agent: str = "") -> Name | None:
    """The name the speaker gives as theirs, or None. Never raises on any text.

    question: what the agent said last; bare answers count only where it asks for a name.
    agent: the agent's own name, which is never the caller's where the caller asks for it.
    """
    low, tokens = _read(text)
    asked = asked_for(question)
    both = both_parts(low, tokens) if asked not in ("", "other") else []
    found = both or candidates_in(low, tokens, asked)
    words = fold(found)
    if not words or _is_agent(words, agent, low):
        return None
    name = " ".join(w if w in _SUFFIXES else _written(w) for w in words)[:MAX_NAME]
    return Name(name, tuple((one.start, one.end) for one in found))


def is_placeholder(name: str) -> bool:
    """Whether it stands where a name was not filled in or is not known: "caller", "{{name}}"."""
    if _TEMPLATE.search(name):
        return True
    words = re.findall(r"\w+", name.casefold())
    if tuple(words) in _NOBODY or words == ["n", "a"]:
        return True
    told = [word for word in words if word not in _BESIDE_PLACEHOLDERS]
    return bool(told) and all(word in _PLACEHOLDERS for word in told)


def join_names(known: Name | None, new: Name, question: str | None = None) -> Name:
    """The name after `new` was given: it replaces what is known, or completes it where only the
    other part was asked for, or corrects the one word that is alike."""
    if known is None:
        return new
    asked = asked_for(question)
    words = fold(
        [
            Candidate(tuple(known.text.split()), "full", "sure", 0, 0),
            Candidate(
                tuple(new.text.split()),
                asked if asked in ("given", "family") else "full",
                "sure",
                1,
                1,
                corrects=asked not in ("given", "family"),
                spelled=asked == "spell",
            ),
        ]
    )
    return Name(" ".join(words), new.spans)


def mask_name(text: str, name: Name | None) -> str:
    """The text with the name's words blanked, so that other readers do not take "April" for a
    month; as long as the text (NFC)."""
    if name is None:
        return text
    plain = unicodedata.normalize("NFC", text)
    shift = max(0, len(plain) - MAX_TEXT)
    for start, end in name.spans:
        start, end = start + shift, end + shift
        plain = plain[:start] + re.sub(r"\w", "x", plain[start:end]) + plain[end:]
    return plain


def _read(text: str) -> tuple[str, list[Token]]:
    """The straightened text in small letters, of the same length as its tokens' places."""
    plain = straighten(unicodedata.normalize("NFC", text)[-MAX_TEXT:])
    low = "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)
    return low, tokenise(plain)


def _is_agent(words: tuple[str, ...], agent: str, low: str) -> bool:
    """Whether it is the agent's name, said to it: only "my name is …" makes it the caller's."""
    same = len(words) == 1 and plain_word(words[0]) == plain_word(agent)
    return bool(agent) and same and "my name" not in low


def _written(word: str) -> str:
    """A word of a name as one writes it; what already has capitals inside stays as it is."""
    if word.endswith(".") or (word != word.lower() and word != word.upper()):
        return word
    low = word.lower()
    if "." in low:
        return " ".join(f"{letter.upper()}." for letter in low.split("."))
    if low in PARTICLES and word == low:
        return word
    parts = re.split(r"(['-])", low)
    written = "".join(part[:1].upper() + part[1:] for part in parts)
    if low.startswith("mc") and len(low) > 4:
        written = f"Mc{written[2:].capitalize()}"
    return written
