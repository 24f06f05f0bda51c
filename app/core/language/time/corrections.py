"""Which mentions of a day or a time still stand, and which is old and which new.

The last value wins: "Tuesday, no wait, Thursday" is Thursday; "not Monday but Friday" and "Friday,
not Monday" are Friday. In a request to move, "from Tuesday at 3 to Thursday at 4" has an old and a
new day and time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from app.core.language.text import vocabulary
from app.core.language.time.bounds import MOVES, OPPOSITE, Bound
from app.core.language.time.clock_windows import Range, bounded
from app.core.language.time.mentions import Mention
from app.core.language.time.tokens import Token, word_at

_CUES = frozenset(
    vocabulary(
        "no nope nah sorry rather actually wait er uh um erm hmm oops whoops instead scratch oh "
        "correction mean strike hang hold apologies mistake pardon except"
    )
)
_NEGATIONS = frozenset(
    vocabulary(
        "not can't cannot cant don't dont doesn't doesnt didn't won't wont isn't isnt never except "
        "besides wasn't aren't couldn't shouldn't nor"
    )
)
_BETWEEN_NOT_AND_VALUE = frozenset(
    vocabulary(
        "on at the for do make come it in want need have that be around about work really actually "
        "say said a an this free able to i any anything take get there here start"
    )
)
_APART = frozenset(
    (("rather", "than"), ("other", "than"), ("apart", "from"), ("aside", "from"), ("save", "for"))
)
_ANY = frozenset(vocabulary("anything any anytime day time days everything all every anyday"))
""" "Anything but Friday", "any day but Friday"."""
_GLUE = frozenset(vocabulary("at on in the , around about @ of by approximately"))
_LEADING = frozenset(vocabulary("the on at around about maybe say like approximately"))
_NOUNS = frozenset(
    vocabulary(
        "appointment appt booking visit reservation slot session meeting checkup cleaning one"
    )
)
_OWNERS = frozenset(vocabulary("my our his her their the this that an a"))
_GAP = 3


class Role(StrEnum):
    """What a value is in a request to move something."""

    NONE = "none"
    FROM = "from"
    """Where it stands now, or what is to be replaced ("instead of Tuesday")."""
    TO = "to"
    """Where it is to go."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A mention, its role, and whether it still stands. excluded: it was ruled out by name."""

    mention: Mention
    role: Role
    stands: bool
    excluded: bool = False


def place(tokens: list[Token], mentions: list[Mention]) -> list[Placed]:
    """Every mention with what became of it, in the order they were said."""
    roles = _roles(tokens, mentions)
    placed: list[Placed] = []
    alive: dict[str, int] = {}
    for mention, role in zip(mentions, roles, strict=True):
        excluded = _negated(tokens, mention)
        if excluded and mention.bound in OPPOSITE:
            mention, excluded = _opposite(mention), False  # "I can't do before ten"
        before = alive.get(mention.kind)
        if before is not None and not excluded:
            role = _follow(tokens, placed, before, mention, role)
        if not excluded:
            alive[mention.kind] = len(placed)
        placed.append(Placed(mention, role, not excluded, excluded))
    return placed


def _follow(
    tokens: list[Token], placed: list[Placed], before: int, mention: Mention, role: Role
) -> Role:
    """Settle what a value does to the one before it: replaces it, or stands beside it."""
    first = placed[before]
    if role not in (Role.NONE, first.role) and first.role is not Role.NONE:
        return role
    gap = tokens[first.mention.end : mention.start]
    if _replaces(gap):
        placed[before] = replace(first, stands=False)
        return first.role if role is Role.NONE else role
    beside = len(gap) == 1 and gap[0].text in ("or", "and")
    return first.role if beside and role is Role.NONE else role


def _opposite(mention: Mention) -> Mention:
    bound, value = OPPOSITE[mention.bound], mention.value
    if isinstance(value, Range):
        clock = value.start or value.end
        if clock is not None:
            value = bounded(clock, bound)
        elif value.fixed is not None:
            value = Range(None, None, fixed=(value.fixed[1], value.fixed[0]))
    return replace(mention, bound=bound, value=value)


def _groups(tokens: list[Token], mentions: list[Mention]) -> list[list[int]]:
    """The mentions that belong together ("Tuesday at 3"), as lists of their places."""
    groups: list[list[int]] = []
    for k, mention in enumerate(mentions):
        last = mentions[k - 1] if k else None
        gap = tokens[last.end : mention.start] if last is not None else []
        beside = last is not None and len(gap) <= _GAP and all(t.text in _GLUE for t in gap)
        if beside:
            groups[-1].append(k)
        else:
            groups.append([k])
    return groups


def _roles(tokens: list[Token], mentions: list[Mention]) -> list[Role]:
    """Old and new values, where something is moved or replaced."""
    first_move = next((k for k, token in enumerate(tokens) if token.text in MOVES), len(tokens))
    groups = _groups(tokens, mentions)
    if _names_both(tokens, mentions, groups):
        first_move = -1
    roles = [Role.NONE] * len(mentions)
    maybe: list[int] = []
    for group in groups:
        first = mentions[group[0]]
        moving = first_move < first.start
        role = _role(tokens, first, mentions[group[-1]], moving=moving)
        for k in group:
            roles[k] = role
        if moving and role is Role.NONE and _cue(tokens, first) == "for":
            maybe = group
    if Role.TO not in roles and len(groups) > 1:
        for k in maybe:  # "change my Tuesday appointment for Friday"
            roles[k] = Role.TO
    if Role.TO in roles:
        for k in range(roles.index(Role.TO)):
            if roles[k] is Role.NONE and mentions[k].bound is Bound.AT:
                roles[k] = Role.FROM
    return roles


def _names_both(tokens: list[Token], mentions: list[Mention], groups: list[list[int]]) -> bool:
    """ "From Tuesday at 3 to Thursday at 4": two moments are an old and a new one, not a span."""
    return any(
        _cue(tokens, mentions[first[0]]) == "from"
        and _cue(tokens, mentions[second[0]]) == "to"
        and all(len({mentions[k].kind for k in group}) > 1 for group in (first, second))
        for first, second in pairwise(groups)
    )


def _role(tokens: list[Token], first: Mention, last: Mention, *, moving: bool) -> Role:
    """The role of the mentions from `first` to `last` by the words around them."""
    if first.bound is not Bound.AT:
        return Role.NONE
    cue = _cue(tokens, first)
    if cue == "replaced" or (moving and cue == "from"):
        return Role.FROM
    if moving and cue == "to":
        return Role.TO
    return Role.FROM if moving and not cue and _is_own(tokens, first, last) else Role.NONE


def _cue(tokens: list[Token], mention: Mention) -> str:
    """The word that says where a value belongs: "from", "to", "for", "replaced" or ""."""
    i, least = mention.start - 1, mention.start - 5
    while i > least and i >= 0 and tokens[i].text in _LEADING:
        i -= 1
    word, before = word_at(tokens, i), word_at(tokens, i - 1)
    if (before, word) in (("instead", "of"), ("rather", "than"), ("place", "of")):
        return "replaced"
    if word == "from" and before not in ("apart", "aside"):
        return "from"
    if word in ("to", "until", "till", "til", "into", "onto"):
        return "to"
    return "for" if word == "for" else ""


def _is_own(tokens: list[Token], first: Mention, last: Mention) -> bool:
    """ "My Tuesday appointment", "my appointment on Tuesday at three"."""
    owned = word_at(tokens, first.start - 1) in _OWNERS
    if owned and word_at(tokens, last.end) in _NOUNS:
        return True
    i = first.start - 1
    if word_at(tokens, i) in ("on", "at"):
        i -= 1
        return word_at(tokens, i) in _NOUNS and word_at(tokens, i - 1) in _OWNERS
    return False


def _negated(tokens: list[Token], mention: Mention) -> bool:
    """ "not Monday", "I can't do Monday", "instead of Monday", "Monday doesn't work"."""
    return _refused_before(tokens, mention.start) or _refused_after(tokens, mention.end)


def _refused_before(tokens: list[Token], start: int) -> bool:
    i = start - 1
    if word_at(tokens, i) in ("on", "the"):
        i -= 1
    if word_at(tokens, i) == "of" and word_at(tokens, i - 1) in ("instead", "out"):
        return True
    if (word_at(tokens, i - 1), word_at(tokens, i)) in _APART:
        return True
    if word_at(tokens, i) == "but" and word_at(tokens, i - 1) in _ANY:
        return True
    while i >= 0 and tokens[i].text in _BETWEEN_NOT_AND_VALUE and start - i < 6:
        i -= 1
    return word_at(tokens, i) in _NEGATIONS and not _asks(tokens, i)


def _asks(tokens: list[Token], i: int) -> bool:
    """ "Why not Tuesday", "can't I come Tuesday": a question, no refusal."""
    before = word_at(tokens, i - 1)
    return before in ("why", "if", "whether", "or") or (
        before == "" and word_at(tokens, i) in ("can't", "isn't", "don't", "couldn't")
    )


def _refused_after(tokens: list[Token], end: int) -> bool:
    word, following = word_at(tokens, end), word_at(tokens, end + 1)
    if word in ("is", "does"):
        return following in ("not", "no", "bad", "out", "impossible")
    if word in ("wont", "won't", "doesn't", "doesnt", "isn't"):
        return following in ("work", "good", "do", "suit", "possible", "going", "great")
    return word == "no" and following in ("good", "longer")


def _replaces(gap: list[Token]) -> bool:
    """Whether a cue between two values makes the second the one that counts."""
    texts = [token.text for token in gap]
    if any(text in _CUES or text in _NEGATIONS for text in texts):
        return True
    for pair in pairwise(texts):
        if pair[0] in ("make", "change", "lets") and pair[1] in ("that", "it", "make", "say"):
            return True
        if pair in (("better", "yet"), ("on", "second")):
            return True
    return False
