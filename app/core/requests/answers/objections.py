"""What a sentence says against what was agreed, in words that are no answer."""

from __future__ import annotations

import re

from app.core.requests.evidence import BOOK, CANCEL, Claim, Utterance
from app.core.requests.turns import cues, stop_cues
from app.core.requests.turns.agent_turn import ASKS_MORE, ASKS_YES, AgentTurn
from app.core.requests.turns.caller_turn import Said

_NO_AFTER_ALL = re.compile(
    r"^ ?(?:(?:oh|well|but|and|um|uh|wait) )*(?:no|nope|nah)"
    r"(?:$| (?:no|wait|sorry|i|not|it|that|this|do|we|actually)\b)"
)
STARTS_AGAINST = re.compile(
    r"(?:(?:oh|ah|um|uh|so|well|okay|yeah)\s)*(?:no|wait|sorry|actually|hmm|hang|hold|but|stop)\b"
)
_IT = re.compile(r"\b(?:it|that|this)\b")


def gives_up(said: Utterance, sentence: Said, claim: Claim) -> bool:
    """ "Sorry for the trouble.", said of a booking that nobody has agreed to."""
    if claim.kind != BOOK or claim.state == "agreed" or claim.asked.utterance == said.index:
        return False
    return stop_cues.GIVES_UP.search(sentence.words) is not None


def says_no_after_all(sentence: Said, claim: Claim, asked: AgentTurn | None) -> bool:
    """ "This really works. No, I was only trying.": a no, after what sounded like a yes."""
    if claim.kind == CANCEL or claim.state != "agreed" or claim.before == "agreed":
        return False
    if asked is None or not (asked.wants_yes or asked.slots):
        return False
    if sentence.moments.wanted or sentence.corrects_plainly:
        return False
    return _NO_AFTER_ALL.match(cues.HARMLESS_NO.sub(" ", sentence.words)) is not None


def may_be_an_answer(claim: Claim, sentence: Said, asked: AgentTurn | None) -> bool:
    """Whether what is told of others, or under a condition, may be an objection: where a yes was
    asked for, or "Actually, they called me back", while the agent looks."""
    if asked is not None and asked.wants_yes and not just_agreed(claim, sentence):
        return True
    return objects_meanwhile(claim, sentence)


def objects_meanwhile(claim: Claim, sentence: Said) -> bool:
    """ "Actually, they called me back": said in many words, while the agent looks into it."""
    if claim.kind != BOOK or claim.state != "taken" or claim.before != "taken":
        return False
    if sentence.agrees or sentence.commits or sentence.bare or sentence.corrects_plainly:
        return False
    return not sentence.names and STARTS_AGAINST.match(sentence.words) is not None


def just_agreed(claim: Claim, sentence: Said) -> bool:
    """Whether a yes was said in this turn, and what follows it says nothing against it."""
    against = sentence.denies or sentence.postpones or sentence.doubts or sentence.conditional
    against = against or bool(stop_cues.UNDOES.search(sentence.words))
    return claim.state == "agreed" and claim.before != "agreed" and not against


def bears_on_it(sentence: Said, asked: AgentTurn | None) -> bool:
    """Whether doubts, said after the yes, are about what was agreed and no remark."""
    if asked is not None and asked.asks - {ASKS_YES, ASKS_MORE}:
        return True
    if sentence.doubts and _IT.search(sentence.words):
        return True
    return bool(STARTS_AGAINST.match(sentence.words)) or (sentence.postpones and not sentence.told)
