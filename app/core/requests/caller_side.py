"""What a turn of the caller's does to the claims."""

from __future__ import annotations

import re

from app.core.language.name_fold import alike
from app.core.language.names import Name, join_names, mask_name
from app.core.requests import fold, opening, several, values, witness
from app.core.requests.answers import replies
from app.core.requests.evidence import (
    AGENT,
    Part,
    Span,
    Utterance,
    quote,
)
from app.core.requests.state import State, as_place
from app.core.requests.turns import caller_turn, naming
from app.core.requests.turns.agent_turn import (
    ASKS_NAME,
)
from app.core.requests.turns.caller_turn import Said

#: How somebody is called besides: it takes no place of a whole name.
_NICK = re.compile(r"\b(?:calls? me|goe?s? by|known as|nickname|for short)\b", re.IGNORECASE)


def hear(state: State, said: Utterance) -> None:
    """Take one turn of the caller's in."""
    text = _name(state, said)
    turn = caller_turn.read(
        text,
        lambda part: state.moments_in(part, said),
        state.services_in,
        state.without_services,
    )
    state.turns.append((said, turn))
    witness.contest_service(state, turn)
    for claim in state.live:
        claim.before = claim.state
    groups: list[list[Said]] = [[]]
    opened = 0
    for read in turn:
        sentence = opening.in_context(state, read)
        before = state.claim
        again = replies.says_yes_again(state, sentence)
        if sentence.request and not again and opening.opens(state, sentence):
            opening.open_claim(state, said, sentence, beside=opened > 0)
            opened += 1
            _whose(state, said, sentence)
            if state.claim is not before and opened > 1:
                values.give(state, said, groups[-1], before)
                groups.append([])
            if opening.weakens_itself(sentence):
                state.happens(fold.STOPS if sentence.withdraws else fold.DOUBTS, sentence.text)
        else:
            replies.hear(state, said, sentence)
        groups[-1].append(sentence)
        if sentence.services and not (sentence.told or sentence.refused):
            state.services.update(sentence.services)
            state.service = Part(sentence.services[-1], quote(said, sentence.text))
        if sentence.exists and not (sentence.conditional or sentence.refused):
            service = sentence.services[-1] if sentence.services else None
            state.owned = Part(service, quote(said, sentence.text))
            for moment in sentence.moments.wanted:
                state.told.append(Part(as_place(moment), Span(said.index, moment.words)))
    values.give(state, said, groups[-1], state.claim)
    several.split(state, said, groups[-1])
    if not state.live:
        for moment in (m for s in turn if not s.told for m in s.moments.wanted):
            state.told.append(Part(as_place(moment), Span(said.index, moment.words)))


def _whose(state: State, said: Utterance, sentence: Said) -> None:
    """Where several persons are named in a turn, the one in the sentence is the one it is for."""
    persons = naming.every_name(said.text, _context(state, None, said))
    own = [name for name in persons if name.casefold() in sentence.text]
    if persons and naming.corrected(said.text, persons[0], persons[-1]):
        own = persons[-1:]
    if state.claim is not None and len(persons) > 1 and len(own) == 1:
        state.claim.wish.name = Part(own[0], quote(said, said.text))


def _context(state: State, question: str | None, said: Utterance) -> naming.Context:
    later = " ".join(u.text for u in state.utterances[said.index + 1 :] if u.role == AGENT)
    ordinary = [word for s in state.rules.services for word in (s.name, *s.also)]
    known = state.name is not None
    return naming.Context(question, state.rules.agent_name, later, ordinary, known)


def _part_of(new: str, known: str) -> bool:
    """Whether one word is a word of the known name, said or spelled again."""
    return len(new.split()) == 1 and any(alike(new, word) for word in known.split())


def _name(state: State, said: Utterance) -> str:
    """Take the name out of a turn: "April Jones" is no month."""
    asked = state.asked
    question = asked.text if asked is not None and ASKS_NAME in asked.asks else None
    context = _context(state, question, said)
    found = naming.name_in(said.text, context)
    if found is None:
        return said.text
    place = asked.index if asked is not None and question is not None else None
    span = Span(said.index, found.text, place)
    known = state.name.value if state.name is not None else None
    if known is not None and " " in known and " " not in found.text and _NICK.search(said.text):
        return said.text
    if known is not None and question is None and not _part_of(found.text, known):
        known = None
    whole = found if known is None else join_names(Name(known), found, question)
    part = Part(whole.text, span)
    state.name = part
    for claim in state.live:
        if claim.state == "done" and question is None:
            continue
        claim.wish.name = part
        if question is not None:
            claim.state = fold.after(claim.state, fold.NAMES)
    return mask_name(said.text, found)
