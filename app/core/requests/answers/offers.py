"""Whether a sentence of the caller's takes up a time that the agent has offered."""

from __future__ import annotations

import re

from app.core.requests.answers import picks
from app.core.requests.evidence import CANCEL, MOVE, Claim
from app.core.requests.fitting import new_slots
from app.core.requests.state import State, distinct
from app.core.requests.turns.agent_turn import ASKS_DAY, ASKS_TIME, ASKS_WHICH, AgentTurn
from app.core.requests.turns.caller_turn import Said

_HESITATES = re.compile(r"\b(?:h+m+|u+h+|u+m+|er+m*|well|wait|no|not|but|what|oh)\b")


def repeats(state: State, claim: Claim, sentence: Said, asked: AgentTurn | None) -> bool:
    """ "Then Thursday at nine?" "Thursday at nine.": the one time that is offered, said again."""
    if asked is None or claim.kind == CANCEL or sentence.question or not sentence.bare:
        return False
    if _HESITATES.search(sentence.words) or sentence.weakens or not sentence.moments.wanted:
        return False
    turn = asked if asked.slots else state.offer
    if turn is None or len(new_slots(claim, turn)) != 1:
        return False
    return picks.names_offered(sentence.moments, turn)


def takes_it(state: State, sentence: Said) -> bool:
    """ "Okay, put me down": the one time that was offered before, where nothing else is named."""
    if state.offer is None or len(distinct(state.offer.slots)) != 1 or not sentence.commits:
        return False
    if sentence.moments or sentence.services or sentence.question or sentence.weakens:
        return False
    return not (sentence.told or sentence.conditional or sentence.denies)


def takes_offer(sentence: Said, asked: AgentTurn) -> bool:
    """Whether a caller who asked for nothing answers the questions of a booking."""
    cancels = asked.speaks_of == CANCEL and asked.wants_yes and sentence.agrees
    if cancels and not (sentence.postpones or sentence.doubts or sentence.denies):
        return not (sentence.told or sentence.conditional)  # "yes, cancel it" takes nothing back
    if sentence.told or sentence.conditional or sentence.weakens or sentence.denies:
        return False
    if asked.slots and sentence.alone and picks.takes_one(sentence, asked):
        return not _HESITATES.search(sentence.words) and not sentence.question
    if asked.asks & {ASKS_DAY, ASKS_TIME, ASKS_WHICH} and sentence.moments:
        return True
    if ASKS_WHICH in asked.asks and picks.picked([sentence], sentence.moments, asked) is not None:
        return True
    if asked.speaks_of in (MOVE, CANCEL) and asked.wants_yes and sentence.agrees:
        return True
    return bool(asked.slots) and (sentence.commits or (sentence.agrees and asked.wants_yes))
