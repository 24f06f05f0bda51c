"""Sentences that name an act and do not ask for it: told of others, weighed, or held back.

"Did someone cancel my appointment", "hold off on booking", "if it rains I'll cancel", "I'm thinking
about moving my visit". The words are those of `intent_features.normalise`.
"""

from __future__ import annotations

from app.core.language.intent.features import Utterance
from app.core.language.intent.vocabulary import REFUSABLE
from app.core.language.text import vocabulary

REFUSED, TOLD, WEIGHED = "refused", "told of", "weighed"
"""They do not want it; they speak of somebody's doing; they have not made up their mind."""


def _phrases(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in vocabulary(text, "|"))


#: What stands right before the act, with nothing between but the words of `_BETWEEN`.
_BEFORE: dict[str, tuple[tuple[str, ...], ...]] = {
    REFUSED: _phrases(
        "hold off|hold off on|hold off with|stop|quit|against|decided against|no way i am|hate to|"
        "would hate to|you dare|you dare to|there is no way i will|un|nobody asked you to|"
        "nobody told you to|no <n> asked you to|no <n> told you to|who told you to|"
        "who asked you to|wait before|wait with|too early to|not the time to"
    ),
    TOLD: _phrases(
        "nobody|no <n>|someone|somebody|anyone|anybody|everyone|you told me to|you asked me to|"
        "you wanted to|you tried to|are you going to|are they going to|you are going to|"
        "they are going to|are you about to|before you|before they|after you|until you|when you|"
        "did you|did they|did he|did she|why did you|why would you|i would have|"
        "i should have|i could have|i will have to have"
    ),
    WEIGHED: _phrases(
        "thinking about|thinking of|think about|think of|might|may|might have to|may have to|"
        "might need to|may need to|might want to|may want to|not sure whether to|whether to|"
        "consider|considering|wondering whether to|should i|do i need to|do i have to|should we|"
        "do we need to|do we have to|would i have to|will i have to|am i supposed to|"
        "deciding whether to|toying with|i forgot to|i almost forgot to|why can not i|"
        "why can i not"
    ),
}
_BETWEEN = frozenset(vocabulary("just ever even already maybe possibly also then actually"))
_IF = frozenset(vocabulary("if unless in-case"))
_DOERS = frozenset(("i", "we"))
_LOOKS_BACK = frozenset(vocabulary("did has was were"))
_LONGEST = 6


def kind(utterance: Utterance, intent: str) -> str:
    """REFUSED, TOLD or WEIGHED where every act that could mean `intent` is only that, else ""."""
    acts = [
        place for place, act, negated in utterance.acts
        if REFUSABLE.get(act) == intent and not negated
    ]  # fmt: skip
    found = {_kind_at(utterance.words, place) for place in acts}
    return found.pop() if len(found) == 1 else ""


def _kind_at(words: list[str], place: int) -> str:
    start = place
    while start and words[start - 1] in _BETWEEN:
        start -= 1
    before = tuple(words[max(0, start - _LONGEST) : start])
    for name, phrases in _BEFORE.items():
        if any(
            before[-len(phrase) :] == phrase for phrase in phrases if len(before) >= len(phrase)
        ):
            return name
    if before[-1:] == ("will",) and before[-2:-1] and before[-2] in _DOERS and words[0] in _IF:
        return WEIGHED
    if words[0] in _LOOKS_BACK and place <= _LONGEST:
        return TOLD
    return ""
