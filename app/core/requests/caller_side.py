"""What a turn of the caller's does to the claims."""

from __future__ import annotations

import re

from app.core.language.names import Name, join_names, mask_name
from app.core.requests import caller_turn, cues, fold, naming, stop_cues, values
from app.core.requests.agent_side import fitting
from app.core.requests.agent_turn import (
    ASKS_DAY,
    ASKS_MORE,
    ASKS_NAME,
    ASKS_OTHER,
    ASKS_TIME,
    ASKS_WHICH,
    ASKS_YES,
    AgentTurn,
)
from app.core.requests.caller_turn import Said
from app.core.requests.evidence import (
    AGENT,
    BOOK,
    CANCEL,
    MOVE,
    Claim,
    Kind,
    Part,
    Span,
    Utterance,
    quote,
)
from app.core.requests.state import State, as_place, distinct

_ANOTHER = re.compile(r"\b(?:another|second|also|too|as well|additional|one more)\b")
_STRONG_STOP = re.compile(
    r"\b(?:never mind|forget (?:it|that|everything|what)|scratch that|strike that"
    r"|do not (?:book|want it|do it)"
    r"|changed my mind|skip it|no wait|actually no|cancel (?:that|it|this)$|undo)\b"
)
_STARTS_AGAINST = re.compile(
    r"(?:(?:oh|ah|um|uh|so|well|okay|yeah)\s)*(?:no|wait|sorry|actually|hmm|hang|hold|but|stop)\b"
)
#: A remark without any of these is no objection, however it is meant.
_MAY_OBJECT = re.compile(
    r"\b(?:no|not|never|but|though|however|first|wait|hang|hold|actually|sorry|oh|hmm|well|will"
    r"|have to|has to|need|needs|should|must|could|would|might|may|going to|gotta|think|thought"
    r"|know|see|check|ask|look|call|ring|text|talk|decide|money|expensive|pay|cost|boss|wife"
    r"|husband|instead|rather|already|then|until|unless|if|when|later|soon|time|another|other|else)\b"
)
_KEPT = re.compile(r"\b(?:but |and )?(?:please )?(?:keep|leave|stays?)\b.*")


def hear(state: State, said: Utterance) -> None:
    """Take one turn of the caller's in."""
    text = _name(state, said)
    turn = caller_turn.read(text, lambda part: state.moments_in(part, said), state.services_in)
    state.heard = said, turn
    for claim in state.live:
        claim.before = claim.state
    groups: list[list[Said]] = [[]]
    opened = 0
    for sentence in turn:
        before = state.claim
        if sentence.request and _opens(state, sentence):
            _open(state, said, sentence, beside=opened > 0)
            opened += 1
            if state.claim is not before and opened > 1:
                values.give(state, said, groups[-1], before)
                groups.append([])
            if _weakens_itself(sentence):
                state.happens(fold.STOPS if sentence.withdraws else fold.DOUBTS, sentence.text)
        else:
            _hear_sentence(state, said, sentence)
        groups[-1].append(sentence)
    values.give(state, said, groups[-1], state.claim)
    if not state.live:
        for moment in (m for s in turn if not s.told for m in s.moments.wanted):
            state.told.append(Part(as_place(moment), Span(said.index, moment.words)))


def _name(state: State, said: Utterance) -> str:
    """Take the name out of a turn: "April Jones" is no month."""
    asked = state.asked
    question = asked.text if asked is not None and ASKS_NAME in asked.asks else None
    later = " ".join(u.text for u in state.utterances[said.index + 1 :] if u.role == AGENT)
    ordinary = [word for s in state.rules.services for word in (s.name, *s.also)]
    context = naming.Context(question, state.rules.agent_name, later, ordinary)
    found = naming.name_in(said.text, context)
    if found is None:
        return said.text
    place = asked.index if asked is not None and question is not None else None
    span = Span(said.index, found.text, place)
    known = state.name.value if state.name is not None and question is not None else None
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


def _hear_sentence(state: State, said: Utterance, sentence: Said) -> None:
    claim, asked = state.claim, state.asked
    if claim is None or (claim.state == "stopped" and asked is not None and asked.slots):
        if asked is None or not _takes_offer(sentence, asked):
            return
        _open_by_answer(state, said, sentence, asked)
        claim = state.claim
        assert claim is not None
    if claim.state == "done":
        stops = _STRONG_STOP.search(sentence.words) or (
            _STARTS_AGAINST.match(sentence.words) and sentence.postpones
        )
        if stops and not _replaces(sentence) and not (sentence.conditional or sentence.told):
            state.happens(fold.STOPS, sentence.text)
        return
    if claim.kind == BOOK and sentence.request == CANCEL and not sentence.names_object:
        state.happens(fold.STOPS, sentence.text)  # "cancel that": what is being arranged
        return
    if sentence.told or (sentence.conditional and not sentence.agrees):
        if sentence.postpones and not sentence.conditional:
            state.happens(fold.DOUBTS, sentence.text)
        elif asked is not None and asked.wants_yes:
            state.happens(fold.REMARKS)
        return
    _answer(state, said, sentence, claim, asked)


def _answer(
    state: State, said: Utterance, sentence: Said, claim: Claim, asked: AgentTurn | None
) -> None:
    cancels = claim.kind == CANCEL and bool(re.search(r"\bcancel|\bdo it\b", sentence.words))
    stop = _stop(claim, sentence, asked)
    if sentence.refused and not stop:
        stop = fold.STOPS
    if not stop and claim.wish.day is not None and not sentence.moments.wanted:
        gone = sentence.moments.gone
        if any(moment.is_day(claim.wish.day.value) and moment.day for moment in gone):
            stop = fold.DOUBTS  # "not Thursday", and no other day
    if stop and not cancels and not (stop == fold.DOUBTS and sentence.commits and sentence.agrees):
        state.happens(stop, sentence.text)
    elif sentence.denies and not cancels and _denies(claim, sentence, asked):
        if asked is None or not asked.asks & {ASKS_MORE}:
            state.happens(fold.DENIES, sentence.text)
    elif _agrees(state, sentence, claim, asked):
        _take_offer(state, claim)
        state.happens(fold.AGREES)
        for live in state.live:
            if live.state in ("agreed", "done"):
                answers = asked.index if asked else None
                live.confirmed = live.confirmed or quote(said, sentence.text, answers)
    elif sentence.closes:
        state.happens(fold.CLOSES)
    elif _unclear(claim, sentence, asked):
        state.happens(fold.REMARKS)


def _stop(claim: Claim, sentence: Said, asked: AgentTurn | None) -> str:
    """How a sentence stops the claim: takes it back, or puts it off; blank where it does not."""
    if claim.kind == CANCEL:
        if asked is not None and asked.speaks_of in (MOVE, BOOK) and not sentence.keeps:
            return ""  # whether they want another one
        return fold.STOPS if sentence.keeps else fold.DOUBTS if sentence.not_yet else ""
    if _replaces(sentence):
        return ""
    if sentence.withdraws:
        return fold.STOPS
    if asked is not None and ASKS_OTHER in asked.asks and not sentence.postpones:
        return ""  # "maybe two" teeth
    return fold.DOUBTS if sentence.postpones or sentence.doubts else ""


def _replaces(sentence: Said) -> bool:
    """ "No wait, make it eleven": something else in the same breath."""
    return sentence.corrects_plainly and bool(sentence.moments.wanted) and not sentence.postpones


def _denies(claim: Claim, sentence: Said, asked: AgentTurn | None) -> bool:
    """Whether a "no" is said to what is arranged, not in passing."""
    if asked is not None and asked.asks & {ASKS_YES, ASKS_WHICH}:
        return not (claim.kind == CANCEL and asked.speaks_of in (MOVE, BOOK))
    starts = bool(re.match(r"(?:\w+ )?(?:no|nope|nah|not)\b", sentence.words))
    return starts and (claim.state == "offered" or asked is None or not asked.asks)


def _unclear(claim: Claim, sentence: Said, asked: AgentTurn | None) -> bool:
    """Whether it may be an objection: no yes, no answer, no question, in many words."""
    if asked is None or sentence.moments or sentence.names:
        return False
    if asked.wants_yes:
        return True
    if claim.state == "agreed":
        return bool(_STARTS_AGAINST.match(sentence.words)) and not sentence.bare
    if sentence.bare or sentence.question or len(sentence.words.split()) <= 3:
        return False
    return _MAY_OBJECT.search(sentence.words) is not None


def _agrees(state: State, sentence: Said, claim: Claim, asked: AgentTurn | None) -> bool:
    if asked is None:
        return False
    if asked.asks & {ASKS_WHICH} or (
        len(distinct(asked.slots)) > 1 and fitting(claim, asked) is None
    ):
        return False
    if asked.wants_yes:
        if asked.speaks_of not in (None, claim.kind) and not asked.slots:
            return sentence.agrees and not claim.strong
        return sentence.agrees or sentence.commits
    if asked.slots:
        return sentence.commits or (
            sentence.agrees and (not sentence.closes or claim.state == "taken")
        )
    if claim.state in ("offered", "doubtful", "taken", "unclear"):
        if state.offer is not None and len(distinct(state.offer.slots)) > 1:
            return False
        return sentence.commits and not sentence.question and not (asked.asks - {ASKS_MORE})
    return False


# --- opening a claim ------------------------------------------------------------------------


def _opens(state: State, sentence: Said) -> bool:
    claim = state.claim
    if claim is None or claim.state == "stopped":
        return True
    if claim.kind == BOOK and claim.state != "done":
        if sentence.request == CANCEL and not sentence.names_object:
            return False
        if sentence.request == MOVE and not sentence.mine:
            return False  # "can we do Thursday instead": what is being arranged changes
    elif claim.kind == BOOK and sentence.request == CANCEL and not sentence.names_object:
        return False
    if claim.state == "done":
        if sentence.corrects_plainly and not _ANOTHER.search(sentence.words):
            return False
        more = state.asked is not None and ASKS_MORE in state.asked.asks
        if not sentence.strong and not (more and sentence.services and sentence.moments.wanted):
            return False
        if sentence.weakens or (sentence.question and not sentence.moments):
            return False
        return bool(sentence.services or sentence.moments) or sentence.request != BOOK
    if sentence.request == MOVE and not sentence.strong:
        return False
    if sentence.request == BOOK and not sentence.strong:
        return claim.kind == BOOK and bool(sentence.services and not claim.wish.service)
    return True


def _weakens_itself(sentence: Said) -> bool:
    """Whether a request is taken back or put off in its own sentence."""
    words = sentence.words
    ends = [
        match.end()
        for pattern in (cues.BOOK, cues.MOVE, cues.CANCEL, cues.WANTS)
        for match in pattern.finditer(words)
    ]
    words = words[max(ends, default=0) :]
    if sentence.request in (CANCEL, MOVE):
        words = _KEPT.sub("", words) if not re.search(r"\bleave it\b|\bkeep it\b", words) else words
    if sentence.request == CANCEL:
        return bool(stop_cues.KEEPS.search(words) or stop_cues.NOT_YET.search(words))
    return bool(
        stop_cues.WITHDRAWS.search(words)
        or stop_cues.POSTPONES.search(words)
        or stop_cues.DOUBTS.search(words)
    )


def _open(state: State, said: Utterance, sentence: Said, *, beside: bool) -> None:
    claim = state.claim
    kind: Kind = sentence.request  # type: ignore[assignment]
    if (
        claim is not None
        and claim.state not in ("done", "stopped")
        and _is_same(claim, kind, sentence)
    ):
        if kind == CANCEL:
            claim.kind = CANCEL
        elif kind == MOVE and not claim.strong:
            claim.kind = MOVE
        claim.strong = claim.strong or sentence.strong
        claim.state = fold.after(claim.state, fold.ASKS)
        claim.confirmed = None
        return
    made = state.add(kind, strong=sentence.strong, asked=quote(said, sentence.text), beside=beside)
    if kind != BOOK:
        made.meant.objects.extend(state.told[-4:])
    state.told = []


def _is_same(claim: Claim, kind: Kind, sentence: Said) -> bool:
    """Whether it is the same request said again, or one that becomes more exact."""
    if claim.state == "agreed" and _ANOTHER.search(sentence.words):
        return False
    if claim.kind == kind:
        return not (
            claim.wish.whole
            and claim.wish.service
            and sentence.services
            and _ANOTHER.search(sentence.words)
        )
    if not claim.strong and claim.kind == MOVE and kind == CANCEL:
        return True
    if not claim.strong and claim.kind == BOOK and kind in (MOVE, CANCEL):
        return True
    if claim.kind in (MOVE, CANCEL) and kind == BOOK:
        return not (sentence.services and sentence.moments.wanted) and claim.kind == MOVE
    return claim.kind == BOOK and kind == MOVE and not sentence.strong


def _takes_offer(sentence: Said, asked: AgentTurn) -> bool:
    """Whether a caller who asked for nothing answers the questions of a booking."""
    if sentence.told or sentence.conditional or sentence.weakens or sentence.denies:
        return False
    if asked.asks & {ASKS_DAY, ASKS_TIME, ASKS_WHICH} and sentence.moments:
        return True
    if asked.speaks_of in (MOVE, CANCEL) and asked.wants_yes and sentence.agrees:
        return True
    return bool(asked.slots) and (sentence.commits or (sentence.agrees and asked.wants_yes))


def _open_by_answer(state: State, said: Utterance, sentence: Said, asked: AgentTurn) -> None:
    kind: Kind = asked.speaks_of if asked.speaks_of in (MOVE, CANCEL) else BOOK
    span = quote(said, sentence.text, asked.index)
    offer = state.offer
    claim = state.add(kind, strong=False, asked=span, beside=False)
    state.offer = offer
    claim.state = "offered" if asked.slots else "open"
    if kind in (MOVE, CANCEL):
        claim.meant.objects.extend(state.told[-4:])


def _take_offer(state: State, claim: Claim) -> None:
    """A yes to one offered slot: its day and time are the agent's words, agreed to."""
    turn = state.asked if state.asked is not None and state.asked.slots else state.offer
    if turn is None or claim.kind == CANCEL:
        return
    options = distinct(turn.slots)
    slot = fitting(claim, turn) or (options[0] if len(options) == 1 else None)
    if slot is None:
        return
    span = Span(turn.index, slot.words)
    if slot.day is not None:
        claim.wish.day, claim.wish.weekday = Part(slot.day, span), False
    if slot.time is not None:
        claim.wish.time = Part(slot.time, span)
    if claim.wish.day is not None and claim.wish.time is not None:
        claim.wish.doubts, claim.wish.options = [], []
    read_back = turn is state.asked and turn.wants_yes
    if len(turn.services) == 1 and claim.kind == BOOK and (claim.wish.service is None or read_back):
        claim.wish.service = Part(turn.services[0], Span(turn.index, turn.services[0]))
