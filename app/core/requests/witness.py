"""What the agent's words bear out: how it understood what the caller said in words of their own.

"Okay, a filling", "Wednesday is off the board": an agent who answers so shows how it took what the
caller said, and a caller who goes on says that it took it right. The agent's words alone ask for
nothing: they count for what the caller spoke of, and only while nothing is said against them.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from app.core.language.name_match import same_name
from app.core.language.text import plain
from app.core.requests.evidence import BOOK, CANCEL, MOVE, Claim, Part, Span, Utterance, quote
from app.core.requests.state import State, as_place, merged
from app.core.requests.turns import agent_cues, cues, naming
from app.core.requests.turns.agent_turn import AgentTurn
from app.core.requests.turns.caller_turn import Said
from app.core.requests.turns.moments import Moment

LATELY = 3
"""So many turns of the caller's may lie between what they spoke of and the agent's report."""
STEM = 4
"""So many letters of a verb tell it from others, whatever its ending."""
_PRICE = re.compile(r"\$|\b(?:dollars?|costs?|price|fee|takes?|minutes|hours?|free of charge)\b")
_BESIDE_VERBS = frozenset(
    """
        a an and any appointment booking for from get go going got had has have i it like mine my
        need needs no not of off on our out that the them this to visit want with your
    """.split()
)
_ENDS_PAST = re.compile(r"\b([a-z]{2,}?)(?:ed|en|d)\b")


def hear_service(state: State, turn: AgentTurn) -> None:
    """ "Okay, a filling": the service that the agent takes the caller's words for."""
    if state.heard is None or len(turn.services) != 1 or turn.existing or turn.refuses:
        return
    if _PRICE.search(turn.text.casefold()) or turn.speaks_of in (MOVE, CANCEL):
        return
    part = Part(turn.services[0], Span(turn.index, turn.services[0]))
    state.understood = part
    for claim in state.live:
        if claim.kind == BOOK:
            claim.wish.understood = part


def contest_service(state: State, sentences: tuple[Said, ...]) -> None:
    """Forget what the agent took the caller's words for, where the caller says something else."""
    part = state.understood
    if part is None:
        return
    here = state.asked is not None and state.asked.index == part.span.utterance
    if not any((s.denies and here) or (s.services and part.value not in s.services)
               for s in sentences):  # fmt: skip
        return
    state.understood = None
    for claim in state.live:
        claim.wish.understood = None


def open_by_report(state: State, turn: AgentTurn) -> None:
    """The agent says that something is done about what the caller spoke of lately, in words that
    ask for nothing by themselves."""
    if state.claim is not None or state.heard is None:
        return
    if turn.done in (MOVE, CANCEL) or (turn.gone and not turn.refuses):
        _open_change(state, turn)
    elif turn.done is not None and not turn.refuses:
        _open_booking(state, turn)


def _open_change(state: State, turn: AgentTurn) -> None:
    about = [
        (said, sentence)
        for said, sentences in state.turns[-LATELY:]
        for sentence in sentences
        if (sentence.names_object or sentence.cannot_come) and not _is_beside(sentence)
    ]
    if not about:
        return
    kind = MOVE if turn.done == MOVE else CANCEL
    told = list(state.told)
    said, first = about[0]
    claim = state.add(kind, strong=False, asked=quote(said, first.text), beside=False)
    for heard, sentence in about:
        for moment in sentence.moments.wanted:
            place = Part(as_place(moment), Span(heard.index, moment.words), not moment.weekday)
            claim.meant.mentioned.append(place)
    claim.meant.objects.extend(told[-4:])
    named = [(name, heard, s) for heard, s in about for name in s.services]
    if named:
        name, heard, sentence = named[-1]
        claim.wish.service = Part(name, quote(heard, sentence.text))


def _is_beside(sentence: Said) -> bool:
    """Whether it asks for nothing of the caller's own."""
    if sentence.told or sentence.conditional or sentence.question:
        return True
    return bool(sentence.refused) and sentence.refused != BOOK


def _open_booking(state: State, turn: AgentTurn) -> None:
    slot = merged(turn.slots)
    if slot is None or slot.time is None:
        return
    for said, sentences in reversed(state.turns[-LATELY:]):
        for sentence in reversed(sentences):
            moment = _wanted(sentence, slot, booked=turn.done == BOOK)
            if moment is not None and not _is_theirs(sentences):
                _add_booking(state, said, sentence, moment, turn)
                return


def _wanted(sentence: Said, slot: Moment, *, booked: bool) -> Moment | None:
    """The day and time in a sentence that the agent's slot is, where it may be a wish."""
    if sentence.told or sentence.conditional or sentence.refused or sentence.weakens:
        return None
    if sentence.denies or sentence.exists or (sentence.question and not booked):
        return None
    fitting = [
        item
        for item in sentence.moments.wanted
        if item.whole
        and item.day is not None
        and item.time is not None
        and (slot.day is None or slot.is_day(item.day) or item.is_day(slot.day))
        and slot.time is not None
        and (slot.time.hour % 12, slot.time.minute) == (item.time.hour % 12, item.time.minute)
    ]
    return fitting[0] if len(fitting) == len(sentence.moments.wanted) == 1 else None


def _is_theirs(sentences: tuple[Said, ...]) -> bool:
    """Whether a turn tells of an appointment that stands, or of somebody else's."""
    return any(sentence.exists or sentence.told for sentence in sentences)


def _add_booking(
    state: State, said: Utterance, sentence: Said, moment: Moment, turn: AgentTurn
) -> None:
    span = quote(said, sentence.text)
    claim = state.add(BOOK, strong=False, asked=span, beside=False)
    claim.wish.service, claim.wish.understood = state.service, state.understood
    assert moment.day is not None
    assert moment.time is not None
    claim.wish.day, claim.wish.weekday = Part(moment.day, span), moment.weekday
    claim.wish.time = Part(moment.time, span, not moment.assumed)
    state.offer = turn


def echoes_act(claim: Claim, turn: AgentTurn) -> bool:
    """ "Nix my Tuesday visit." "Nixed.": the agent says with the caller's own verb that it is
    done."""
    if not claim.strong or claim.kind == BOOK or turn.refuses or turn.undone:
        return False
    text = plain(turn.text)
    first = re.match(r"[^.!?]*.?", text)
    if first is None or first[0].endswith("?"):
        return False
    if agent_cues.NEGATES.search(first[0]) or agent_cues.UNDONE.search(first[0]):
        return False
    asked = cues.spelled(claim.asked.words)
    verbs = {
        word
        for pattern in (cues.CANCEL, cues.MOVE)
        for match in pattern.finditer(asked)
        for word in match[0].split()
        if word not in _BESIDE_VERBS
    }
    stems = [match[1][:STEM] for match in _ENDS_PAST.finditer(first[0])]
    return any(word.startswith(stem) for stem in stems for word in verbs)


def bears_out(state: State, slot: Moment, turn: AgentTurn) -> bool:
    """Whether a day and time that the agent reports as done are the last ones that were said: by
    the caller, or by the agent with nothing said against it since."""
    return (slot.time is None or _said_last(state, turn, lambda item: _same_time(item, slot))) and (
        slot.day is None or _said_last(state, turn, lambda item: _same_day(item, slot))
    )


def _same_time(item: Moment, slot: Moment) -> bool | None:
    if item.time is None or slot.time is None:
        return None
    return (item.time.hour % 12, item.time.minute) == (slot.time.hour % 12, slot.time.minute)


def _same_day(item: Moment, slot: Moment) -> bool | None:
    if item.day is None or slot.day is None:
        return None
    return item.is_day(slot.day)


def _said_last(state: State, turn: AgentTurn, same: Callable[[Moment], bool | None]) -> bool:
    """Whether the last day, or time, before the agent's turn is the one that `same` tells. None of
    it: the moment says nothing of the kind."""
    turns = {said.index: sentences for said, sentences in state.turns}
    named = {item.index: item.slots for item in state.agent_turns}
    heard = False
    for index in range(turn.index - 1, -1, -1):
        if index in turns:
            found = _in_reply(turns[index], same)
            if found is not None:
                return found
            heard = True
        elif heard and any(same(slot) for slot in named.get(index, ())):
            return True
    return False


def _in_reply(sentences: tuple[Said, ...], same: Callable[[Moment], bool | None]) -> bool | None:
    """What a turn of the caller's says of it; False where it says anything against, None where it
    says nothing."""
    for sentence in reversed(sentences):
        if sentence.told or sentence.refused:
            continue
        said = [same(item) for item in sentence.moments.wanted]
        known = [item for item in said if item is not None]
        if any(known) and not sentence.weakens:
            return True
        if known or sentence.denies or sentence.weakens or sentence.moments.gone:
            return False
    return None


def note_report(state: State, turn: AgentTurn) -> None:
    """Keep what the agent says is done about the claim, whether or not it is what was asked for."""
    if state.claim is not None and turn.done:
        state.claim.reported.update(turn.all_done or {turn.done})


def check_report(state: State, claim: Claim, turn: AgentTurn) -> None:
    """Hold what the agent says is done against what was asked for: all of it has to agree."""
    if len(state.live) > 1:
        return
    _check_service(state, claim, turn)


def name_whom(state: State, claim: Claim, turn: AgentTurn) -> None:
    """The whole name of the person that a second request is for, as the agent says it."""
    if not claim.wish.for_other or claim.wish.name is not None or state.name is None:
        return
    family, agent = state.name.value.split()[-1], state.rules.agent_name
    for said, _ in state.turns:
        if said.index < claim.asked.utterance:
            continue
        name = naming.of_the_family(said.text, turn.text, family, agent)
        if name is not None and not same_name(name, state.name.value):
            claim.wish.name = Part(name, Span(said.index, name, turn.index))


def _check_service(state: State, claim: Claim, turn: AgentTurn) -> None:
    held = claim.wish.service
    if held is None or len(turn.services) != 1 or turn.services[0] == held.value:
        return
    named = turn.services[0]
    last = state.heard[1] if state.heard is not None else ()
    if any(named in sentence.services for sentence in last):
        claim.wish.service = Part(named, Span(turn.index, named))
    else:
        claim.wish.doubts.append("the agent named another service")


def check_name(state: State, claim: Claim, turn: AgentTurn, text: str) -> None:
    """Hold whom the agent reads back, or says that it booked for, against the claim's name: the
    agent's words tell which of the names that the caller said is meant. `text` is all of the turn.
    """
    if claim.kind != BOOK or len(state.live) > 1 or not (turn.wants_yes or turn.done is not None):
        return
    if claim.state in ("stopped", "left", "doubtful", "refused", "undone"):
        return
    held = claim.wish.name
    if held is not None and held.value.casefold() in text.casefold():
        return
    greeting = state.utterances[0].text if state.utterances else ""
    for said, _ in reversed(state.turns):
        if said.index < claim.asked.utterance:
            return
        name = naming.taken_up(said.text, text, greeting, state.rules.agent_name)
        if name is not None and (held is None or not same_name(name, held.value)):
            claim.wish.name = Part(name, Span(said.index, name, turn.index))
            return
        name = naming.taken_up(said.text, turn.text, greeting, state.rules.agent_name)
        if name is not None and (held is None or not same_name(name, held.value)):
            claim.wish.name = Part(name, Span(said.index, name, turn.index))
            return
