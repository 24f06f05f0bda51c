"""Runs of words that can be a name, and whether the words around them make one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.core.language.name_tokens import HESITATION, Token, is_initial
from app.core.language.name_words import (
    ADDRESSES,
    DAYS,
    HONOURS,
    KIN,
    ORDINAL_SUFFIXES,
    PARTICLES,
    SHORT,
    SUFFIXES,
    TITLES,
    Kind,
    kind_of,
    looks_ordinary,
)
from app.core.language.text import vocabulary

Strength = Literal["sure", "likely", "bare"]
"""How a run was introduced: by words that only a name follows, by words that other things follow
too ("it's", "I'm"), or by nothing, where a name was asked for."""

MAX_WORDS = 6
TAILS = frozenset(
    vocabulary(
        "please thanks thank with without from but and calling here speaking as if again or i i'm "
        "i'd i've would for on my to at oh zero one two three four five six seven eight nine"
    )
)
"""Words that may follow a name in the same breath."""
_CLOSE_TAILS = frozenset(
    vocabulary("please thanks thank with without from but and calling here speaking again as not")
)
_DATES = frozenset(("at", "morning", "afternoon"))
_NEVER_FIRST = frozenset(("e", "y", "o", "st", "abu", "bat", "o'"))
_SEASONS = frozenset(vocabulary("summer autumn winter spring christmas easter sunday noel"))
_MONTHS = frozenset(vocabulary("april may june july august january february march october"))


@dataclass(frozen=True, slots=True)
class Run:
    """Words that can be a name: tokens [start, end), the words of it, and a suffix ("Jr.")."""

    words: tuple[Token, ...]
    start: int
    end: int
    suffix: str = ""
    possessive: bool = False
    titled: bool = False

    @property
    def core(self) -> list[Token]:
        """The words that are neither initials nor particles."""
        return [w for w in self.words if not is_initial(w) and (w.low not in PARTICLES or w.upper)]


def read_run(tokens: Sequence[Token], start: int, *, bare: bool = False) -> Run | None:
    """The longest run of words from `start` on that can be a name; a title before it is left out.

    bare: ordinary words in small letters may be surnames ("dawn early").
    """
    at = _after_titles(tokens, start)
    words: list[Token] = []
    suffix, possessive = "", False
    while at < len(tokens) and len(words) < MAX_WORDS:
        token = tokens[at]
        if token.mark:
            if token.low == "." and words and is_initial(words[-1]):
                at += 1
                continue
            if token.low == "," and words and _low(tokens, at + 1) in SUFFIXES:
                suffix, at = SUFFIXES[_low(tokens, at + 1)], at + 2
            break
        if words and HESITATION.fullmatch(token.low):
            at += 1
            continue
        if words and (found := _suffix(tokens, at)):
            suffix, at = found
            break
        base = token.low.removesuffix("'s") if token.low.endswith("'s") else ""
        if base and kind_of(base) in ("unknown", "given", "either") and not _grammar(token.low):
            cut = Token(token.text[:-2], base, token.start, token.end - 2, first=token.first)
            words.append(cut)
            possessive, at = True, at + 1
            break
        if not _continues(tokens, at, words, bare):
            break
        words.append(token)
        at += 1
    while words and words[-1].low in PARTICLES and not words[-1].upper:
        words.pop()
    if words and not suffix and not possessive:
        at = tokens.index(words[-1]) + 1
    if not words:
        return None
    titled = words[0].start > tokens[start].start
    while _low(tokens, at).replace(".", "") in HONOURS:
        at += 1
    return Run(tuple(words), start, at, suffix, possessive, titled)


def accepts(
    run: Run, strength: Strength, tokens: Sequence[Token], *, asked: bool, greeted: bool = False
) -> bool:
    """Whether a run is a name by its words, by what introduced it and by what follows.

    asked: a name was asked for. greeted: a greeting stands before it.
    """
    core = run.core
    if not core or run.possessive:
        return False
    kinds = [kind_of(word.low) for word in core]
    after = _low(tokens, run.end)
    closed = run.end >= len(tokens) or tokens[run.end].mark
    if _dated(kinds, core, after):
        return False
    address = _low(tokens, run.start) in ADDRESSES
    sure_title = address or _low(tokens, run.start) in ("dr", "prof", "professor", "rev", "sir")
    if run.titled and _by_title(core, asked, closed, sure_title if asked else address):
        return closed or after in TAILS
    if strength == "sure":
        return _sure(core, kinds, closed or after in _CLOSE_TAILS)
    if strength == "bare":
        return _bare(core, kinds, closed, after)
    if asked:
        return _likely_asked(core, kinds, closed, after)
    return _likely(core, kinds, closed or after in _CLOSE_TAILS, greeted)


def _by_title(core: list[Token], asked: bool, closed: bool, address: bool) -> bool:
    """Whether a title makes any word behind it a name: "Mrs. Young"."""
    if asked:
        return address or core[0].upper
    return address and closed and core[0].upper


def _sure(core: list[Token], kinds: list[Kind], closed: bool) -> bool:
    if kinds[0] in ("ordinary", "day"):
        if len(core) > 1 and (kinds[0] == "day" or not core[0].upper):
            return kinds[1] in ("unknown", "given", "either")
        return core[0].upper and closed
    lone = len(core) == 1 and not core[0].upper
    return not (lone and kinds[0] == "unknown" and looks_ordinary(core[0].low))


def _bare(core: list[Token], kinds: list[Kind], closed: bool, after: str) -> bool:
    if kinds[0] == "ordinary" and not _unusual(core, kinds):
        return False
    if kinds[0] == "day" and len(core) == 1:
        return False
    if len(core) == 1:
        if kinds[0] == "unknown" and not core[0].upper and looks_ordinary(core[0].low):
            return False
        return closed or (after in _CLOSE_TAILS and kinds[0] != "either")
    if kinds[0] == "day" and kinds[1] not in ("unknown", "given", "either"):
        return False
    grammar = kind_of(after) == "grammar" and all(word.upper for word in core)
    if not closed and after not in TAILS and not grammar:
        return False
    lower = not core[0].upper
    return not (
        lower
        and any(k == "unknown" and looks_ordinary(w.low) for k, w in zip(kinds, core, strict=True))
        and kinds[0] != "given"
    )


_NEVER_UNUSUAL = KIN | frozenset(
    vocabulary("new same full thank good last next first wrong right baby")
)


def _unusual(core: list[Token], kinds: list[Kind]) -> bool:
    """ "Young Kim", "Early Wynn": an ordinary word that a name follows, both with capitals."""
    if len(core) < 2 or core[0].low in _NEVER_UNUSUAL:
        return False
    if not core[0].upper:
        return len(core) == 2 and kinds[1] == "given"
    return kinds[1] in ("unknown", "given", "either") and all(word.upper for word in core)


def _likely_asked(core: list[Token], kinds: list[Kind], closed: bool, after: str) -> bool:
    if (kinds[0] == "ordinary" and not _unusual(core, kinds)) or (
        kinds[0] == "day" and len(core) == 1
    ):
        return False
    if len(core) > 1:
        return kinds[0] != "day" or kinds[1] not in ("ordinary", "day")
    if kinds[0] == "unknown" and not core[0].upper:
        return (closed or after in _CLOSE_TAILS) and not looks_ordinary(core[0].low)
    return closed or after in _CLOSE_TAILS or kinds[0] == "given"


def _likely(core: list[Token], kinds: list[Kind], closed: bool, greeted: bool) -> bool:
    """Behind "it's" and the like where nobody asked."""
    if kinds[0] in ("ordinary", "day") and len(core) == 1:
        return False
    if len(core) == 1:
        if kinds[0] == "given":
            return closed
        season = is_season(core[0].low)
        known = kinds[0] == "either" and not season
        return (known or (kinds[0] == "unknown" and greeted)) and core[0].upper and closed
    if kinds[0] == "ordinary":
        return False
    if kinds[1] in ("ordinary", "day") and kinds[0] != "given":
        return kinds[0] == "either" and greeted and closed and all(w.upper for w in core)
    if all(word.upper for word in core[:2]):
        return True
    plain = not any(looks_ordinary(word.low) for word in core)
    return plain and (kinds[0] == "given" or (kinds[0] != "day" and closed))


def is_season(word: str) -> bool:
    """Whether a given name is a month, a season or a feast as well."""
    return word in _MONTHS or word in _SEASONS


def _dated(kinds: list[Kind], core: list[Token], after: str) -> bool:
    """ "May tenth", "Friday at ten": a day, not a name."""
    return (
        len(core) == 1
        and (kinds[0] == "day" or core[0].low in _MONTHS)
        and (after.isdecimal() or after in ("at", "morning", "afternoon", "evening", "or", "the"))
    )


def _continues(tokens: Sequence[Token], at: int, words: list[Token], bare: bool) -> bool:
    """Whether the token can be the next word of a name."""
    token = tokens[at]
    kind = kind_of(token.low)
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if is_initial(token):
        return _may_be_initial(tokens, at, words)
    if token.low in PARTICLES:
        return _particle(token, kind, following, bool(words))
    if kind == "grammar":
        return _short_name(token, following, words, bare)
    if not words:
        return True
    before = words[-1]
    if kind in ("day", "ordinary") or token.low in _MONTHS:
        return _ordinary_surname(token, following, words, bare)
    if before.upper and not token.upper:
        return before.first and kind != "either"
    if token.upper and not before.upper and before.low not in PARTICLES:
        return not looks_ordinary(before.low)
    return True


def _particle(token: Token, kind: Kind, following: Token | None, inside: bool) -> bool:
    """ "van", "de la": inside a name, before one, or as a name of its own ("Thi Le")."""
    last = following is None or following.mark
    own = token.upper and inside and (last or kind != "grammar")
    named = following is not None and not following.mark and _namelike(following)
    opens = token.upper or not (kind == "grammar" or token.low in _NEVER_FIRST)
    return own or (named and (inside or opens))


def _ordinary_surname(
    token: Token, following: Token | None, words: Sequence[Token], bare: bool
) -> bool:
    """Whether an ordinary word, a day or a month is the surname: "Hope Sunday", "Grace Noon"."""
    before = words[-1]
    if sum(word.low not in PARTICLES and not is_initial(word) for word in words) > 1:
        return False
    if before.upper and not token.upper and not before.first:
        return False
    if following is not None and (following.low.isdecimal() or following.low in _DATES):
        return False
    closed = following is None or following.mark or following.low in _CLOSE_TAILS
    return token.upper or (bare and closed)


def _short_name(token: Token, following: Token | None, words: Sequence[Token], bare: bool) -> bool:
    """ "An Nguyen", "Anh Do": a name that is written like a word of grammar."""
    if token.low not in SHORT or not token.upper:
        return False
    if words:
        return words[-1].upper and (following is None or following.mark)
    named = following is not None and following.upper and kind_of(following.low) == "unknown"
    return bare and named


def _may_be_initial(tokens: Sequence[Token], at: int, words: list[Token]) -> bool:
    token = tokens[at]
    follows = tokens[at + 1] if at + 1 < len(tokens) else None
    dotted = follows is not None and follows.low == "."
    if token.low in ("i", "a") and not (dotted and token.upper and words):
        return False
    if dotted:
        return token.upper
    if follows is None or follows.mark:
        return False
    return (is_initial(follows) or _namelike(follows)) and follows.low not in ("as", "for", "like")


def _namelike(token: Token) -> bool:
    if token.mark:
        return False
    kind = kind_of(token.low)
    named = kind in ("unknown", "given", "either") or token.low in PARTICLES
    return named or (kind == "ordinary" and token.upper)


def _suffix(tokens: Sequence[Token], at: int) -> tuple[str, int] | None:
    """A suffix at a token and the place after it: "Jr.", "the third"."""
    low = tokens[at].low
    if low in SUFFIXES:
        return SUFFIXES[low], at + 1
    following = _low(tokens, at + 1)
    if tokens[at - 1].low in (*_MONTHS, *DAYS):
        return None
    if low == "the" and following in ORDINAL_SUFFIXES:
        closed = at + 2 >= len(tokens) or tokens[at + 2].mark
        return (ORDINAL_SUFFIXES[following], at + 2) if closed else None
    return None


def _two_words(tokens: Sequence[Token], at: int) -> bool:
    """Whether two words that can be names stand at a place: "Don Pedro Ruiz"."""
    two = tokens[at : at + 2]
    return len(two) == 2 and not any(token.mark or _grammar(token.low) for token in two)


def _after_titles(tokens: Sequence[Token], at: int) -> int:
    if _low(tokens, at) == "the" and _low(tokens, at + 1) in TITLES:
        at += 1
    while at < len(tokens) and tokens[at].low in TITLES:
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if following is None or (following.mark and following.low != "."):
            break
        behind = at + (2 if following.low == "." else 1)
        named = behind < len(tokens) and not tokens[behind].mark
        if kind_of(tokens[at].low) in ("ordinary", "either") and not (
            named and tokens[behind].upper
        ):
            break
        if kind_of(tokens[at].low) == "either" and not _two_words(tokens, behind):
            break  # "Don Hale"
        at = behind
    return at


def _grammar(low: str) -> bool:
    return kind_of(low) == "grammar"


def _low(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].low if 0 <= at < len(tokens) else ""
