"""Self-corrections: the last value wins ("Denver, wait no, Chicago"; "not Monday but Tuesday").

Dates and times have their own reader (`spoken_time` follows their corrections by kind); this one
works on words alone: for names, places, services, and for what is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.core.language.text import plain

_WORD = r"[a-z0-9][a-z0-9':/.-]*"
_CUE = re.compile(
    r"(?:[\s,.;-]{1,3}|^)(?:"
    r"(?:oh |um |uh |er |or |well ){0,4}(?:no{1,4}[, ]{1,3})?"
    r"(?:wait(?: a (?:second|minute|sec))?(?:[, ]+no)?|scratch that|strike that|correction"
    r"|i mean(?: to say)?|i meant(?: to say)?|i'm sorry|sorry|my mistake|my bad|oops|whoops"
    r"|or rather|rather|make (?:that|it)|change that to|let's say|on second thoughts?"
    r"|never ?mind(?: that)?|forget (?:that|it)|hang on|hold on|actually|instead)"
    r"(?:[, ]{1,3}(?:no|wait|sorry|i mean|actually|make that|make it|um|uh|er|rather)){0,6}"
    r"|(?:or )?no{1,4}(?:[, ]{1,3}(?:no|um|uh|er|sorry|rather|wait|actually)){0,6}"
    r"|(?:or )?(?:er|uh|um)(?:[, ]{1,3}(?:no|er|uh|um|rather|sorry|instead)){1,6}"
    r")(?=[\s,.;-])[\s,.;-]{0,3}"
)
_BREAKS = re.compile(r"[\s,.;-]{4,}")
_NOT_BUT = re.compile(rf"\bnot (?P<a>{_WORD}(?: {_WORD}){{0,5}}?),? but (?P<b>.+)$")
_B_NOT_A = re.compile(
    rf"^(?P<b>.+?),? (?:and )?not (?P<a>(?:the |a |on |at )?{_WORD}(?: {_WORD})?)[.!?]?$"
)
_STARTERS = frozenset(
    ("i", "i'd", "i'll", "i'm", "can", "could", "please", "let's", "we", "you", "would", "is", "do")
)
_LINKS = frozenset(
    (
        "to",
        "at",
        "on",
        "in",
        "for",
        "with",
        "from",
        "by",
        "the",
        "a",
        "an",
        "my",
        "under",
        "dr",
        "it's",
    )
)


@dataclass(frozen=True, slots=True)
class Corrected:
    """kept: what still stands, in plain lower-case form when something was taken back, else the
    text as it was given. dropped: what was taken back, in the order it was said."""

    kept: str
    dropped: tuple[str, ...] = ()


def correct(text: str) -> Corrected:
    """Split `text` into what stands and what the speaker took back. Never raises."""
    rest = _BREAKS.sub(" - ", " ".join(plain(text).split()))
    dropped: list[str] = []
    for _ in range(5):
        cue = _first_cue(rest)
        if cue is None:
            break
        before, after = rest[: cue.start()].strip(" ,.;-"), rest[cue.end() :].strip()
        kept, gone = _merge(before, after)
        if not gone:
            break
        dropped.append(gone)
        rest = kept
    contrast = _NOT_BUT.search(rest)
    if contrast:
        dropped.append(contrast["a"])
        rest = (rest[: contrast.start()] + contrast["b"]).strip()
    elif (trailing := _B_NOT_A.match(rest)) and _comparable(trailing["b"], trailing["a"]):
        dropped.append(trailing["a"])
        rest = trailing["b"]
    return Corrected(rest, tuple(dropped)) if dropped else Corrected(text)


def _first_cue(text: str) -> re.Match[str] | None:
    """The first cue with something before it and something after it."""
    for match in _CUE.finditer(text):
        if match.start() > 0 and text[: match.start()].strip(" ,.;-") and match.end() < len(text):
            return match
    return None


def _merge(before: str, after: str) -> tuple[str, str]:
    """What stands and what is gone. The repair replaces from the word both have in common; a
    clause of its own replaces everything; else it replaces as many words as it has."""
    old, new = before.split(), after.split()
    if not old or not new:
        return after or before, ""
    if new[0] in _STARTERS:
        return after, before
    if new[0] in _LINKS:
        for i in range(len(old) - 1, -1, -1):
            if old[i] == new[0]:
                return " ".join(old[:i] + new), " ".join(old[i:])
    size = min(len(_value(new)), len(old))
    while size > 1 and any(word.strip(",.") in _LINKS for word in old[-size:]):
        size -= 1
    return " ".join(old[:-size] + new), " ".join(old[-size:])


def _value(words: list[str]) -> list[str]:
    """The words of the repair up to its first break."""
    for i, word in enumerate(words):
        if word.endswith((",", ".", ";", "?", "!")):
            return words[: i + 1]
    return words[:3]


def _comparable(kept: str, gone: str) -> bool:
    """Whether "B not A" contrasts two values, not a sentence and its refusal."""
    first = gone.split()[0]
    others = ("now", "yet", "sure", "really", "today", "at", "available", "working", "so")
    verb = re.search(r"(?:\b(?:do|does|did|is|am|are|was|will|can|have|has)|'s|'m|'re)$", kept)
    return first not in others and not verb
