"""Which mentions of a day or a time still stand when the caller corrected themselves.

The last value wins: "Tuesday, no wait, Thursday" is Thursday; "not Monday but Friday" and "Friday,
not Monday" are Friday; "from the 3rd to the 5th" in a request to move is the 5th.
"""

from __future__ import annotations

from app.core.language.text import vocabulary
from app.core.language.time.clock_grammar import word_at
from app.core.language.time.clock_windows import MOVES
from app.core.language.time.mentions import Mention
from app.core.language.time.tokens import Token

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
        "say said a an this free able to i any anything take to"
    )
)

_APART = frozenset(
    (("rather", "than"), ("other", "than"), ("apart", "from"), ("aside", "from"), ("save", "for"))
)
_ANY = frozenset(vocabulary("anything any anytime day time days everything all every anyday"))
""" "Anything but Friday", "any day but Friday"."""


def standing(tokens: list[Token], mentions: list[Mention], kind: str) -> list[Mention]:
    """The mentions of one kind that were not taken back, in the order they were said."""
    own = [mention for mention in mentions if mention.kind == kind]
    if not own:
        return own
    kept = [mention for mention in own if not _negated(tokens, mention)]
    if not kept:
        return []
    alive: list[Mention] = []
    for mention in kept:
        if alive and _replaces(tokens, alive[-1], mention):
            alive.pop()
        alive.append(mention)
    moved_to = [m for m in alive if _is_target(tokens, m)]
    return moved_to[-1:] if moved_to and len(alive) > 1 else alive


def _negated(tokens: list[Token], mention: Mention) -> bool:
    """ "not Monday", "I can't do Monday", "instead of Monday", "Monday doesn't work"."""
    i = mention.start - 1
    if word_at(tokens, i) in ("on", "the"):
        i -= 1
    if word_at(tokens, i) == "of" and word_at(tokens, i - 1) in ("instead", "out"):
        return True
    if (word_at(tokens, i - 1), word_at(tokens, i)) in _APART:
        return True
    if word_at(tokens, i) == "but" and word_at(tokens, i - 1) in _ANY:
        return True
    while i >= 0 and tokens[i].text in _BETWEEN_NOT_AND_VALUE and mention.start - i < 6:
        i -= 1
    if word_at(tokens, i) in _NEGATIONS:
        before = word_at(tokens, i - 1)
        asks = before in ("why", "if", "whether", "or") or (
            before == "" and word_at(tokens, i) in ("can't", "isn't", "don't", "couldn't")
        )
        return not asks
    after = mention.end
    if word_at(tokens, after) in ("wont", "won't", "doesn't", "doesnt", "isn't", "is", "does"):
        verb = after + 1
        if word_at(tokens, after) in ("is", "does"):
            return word_at(tokens, verb) in ("not", "no", "bad", "out", "impossible")
        return word_at(tokens, verb) in ("work", "good", "do", "suit", "possible", "going", "great")
    return word_at(tokens, after) == "no" and word_at(tokens, after + 1) in ("good", "longer")


def _replaces(tokens: list[Token], first: Mention, second: Mention) -> bool:
    """Whether a cue between two values makes the second the one that counts."""
    gap = tokens[first.end : second.start]
    texts = [token.text for token in gap]
    if any(text in _CUES for text in texts):
        return True
    for k in range(len(texts) - 1):
        pair = texts[k], texts[k + 1]
        if pair[0] in ("make", "change", "lets") and pair[1] in ("that", "it", "make", "say"):
            return True
        if pair == ("better", "yet") or pair == ("on", "second"):
            return True
    return any(text in _NEGATIONS for text in texts)


def _is_target(tokens: list[Token], mention: Mention) -> bool:
    """Whether the value is where something is moved to ("move my 3 pm to 4 pm")."""
    i = mention.start - 1
    while i >= 0 and tokens[i].text in ("the", "on", "at", "around", "about", "maybe"):
        i -= 1
    if word_at(tokens, i) not in ("to", "for", "until", "till"):
        return False
    return any(token.text in MOVES for token in tokens[:i])
