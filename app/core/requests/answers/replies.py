"""What the caller's answers are to the open claim: a yes, a no, a withdrawal, a doubt."""

from __future__ import annotations

import re

from app.core.requests import fold
from app.core.requests.answers import objections, offers
from app.core.requests.evidence import BOOK, CANCEL, MOVE, Claim, Kind, Part, Span, Utterance, quote
from app.core.requests.fitting import fitting, new_slots, same_weekday
from app.core.requests.state import State, as_place, distinct
from app.core.requests.turns import cues, stop_cues
from app.core.requests.turns.agent_turn import (
    ASKS_DAY,
    ASKS_MORE,
    ASKS_OTHER,
    ASKS_TIME,
    ASKS_WHICH,
    ASKS_YES,
    AgentTurn,
)
from app.core.requests.turns.caller_turn import Said

MAX_ECHO = 8
"""An answer of more words is no echo of the question."""
STEM = 5
"""So many letters of a word tell it from others, whatever its ending."""
SMALL_WORDS = frozenset(
    """
        a an the i we you he she it that this them me us him her my your do does did is are am be
        was will would can could may and or to of in on at for so then there please thanks thank
        ha oh um uh er ah well just too yes yeah go when sir ma'am very quite really so absolutely
    """.split()
)
_SENT_HERE = re.compile(r"\b(?:said|says|told me|thinks|thought) (?:that )?i (?:should|ought to)\b")
_SAYS_NO = re.compile(r"\b(?:says|said) (?:(?:we|i) can not|no)\b")
_TAKE_OFF = re.compile(
    r"\b(?:take (?:me|us|it|that) (?:back )?off|cancel (?:it|that|mine)|do not book)\b(?! (?:on"
    r"|for)\b)"
)
_ONLY_STILL = re.compile(r"\bstill (?:want|need|come|coming)\b")
_NOT_THEN = re.compile(r"\bno good\b|\btoo (?:late|early|close|long)\b")
#: "I'd cancel the world for that": nothing of this call.
_CANCELS_OTHER = re.compile(r"\bcancel\w* (?:the|my|an?|our|his|her|their|all|every|half)\b")
_EARLIER = re.compile(
    r"^(?:\w+ )?(?:not|no|nothing|none)(?: \w+)? (?:earlier|later|sooner|before|after|today"
    r"|tomorrow|this week|else|better|possible|at all)\b"
)
#: A remark without any of these is no objection, however it is meant.
_MAY_OBJECT = re.compile(
    r"\b(?:no|not|never|but|though|however|first|wait|hang|hold|actually|sorry|oh|hmm|well|will"
    r"|have to|has to|need|needs|should|must|could|would|might|(?<!of )(?<!in )may|going to"
    r"|gotta|think|thought"
    r"|know|see|check|ask|look|call|ring|text|talk|decide|money|expensive|pay|cost|boss|wife"
    r"|husband|instead|rather|already|then|until (?:i|we|my)|unless|if|when|later|soon"
    r"|(?<!last )(?<!this )time|another|other|else)\b"
)


def hear(state: State, said: Utterance, sentence: Said) -> None:
    claim, asked = state.claim, state.asked
    if claim is None or (claim.state == "stopped" and asked is not None and asked.slots):
        if asked is None or not (
            offers.takes_offer(sentence, asked) or offers.takes_it(state, sentence)
        ):
            return
        _open_by_answer(state, said, sentence, asked)
        claim = state.claim
        assert claim is not None
    if sentence.told and _TAKE_OFF.search(sentence.words) and claim.kind == BOOK:
        state.happens(fold.STOPS, sentence.text)
        return
    if claim.state == "done":
        if _takes_back_own(claim, sentence):
            state.happens(fold.STOPS, sentence.text)
            return
        if _undoes(claim, sentence, asked):
            state.happens(fold.STOPS, sentence.text)
        return
    if claim.kind == BOOK and sentence.request == CANCEL and not sentence.names_object:
        state.happens(fold.STOPS, sentence.text)  # "cancel that": what is being arranged
        return
    held = claim.state == "agreed" and claim.before == "agreed"
    if held and not _asks_when(asked) and _undoes(claim, sentence, asked):
        state.happens(fold.STOPS, sentence.text)
        return
    if objections.gives_up(said, sentence, claim) or objections.says_no_after_all(
        sentence, claim, asked
    ):
        state.happens(fold.DOUBTS, sentence.text)
        return
    if sentence.told or (sentence.conditional and not sentence.agrees):
        sent = _SENT_HERE.search(sentence.words)
        answers = asked is not None and (asked.wants_yes or asked.slots)
        if (
            sentence.told
            and sentence.withdraws
            and answers
            and not objections.just_agreed(claim, sentence)
        ):
            state.happens(fold.DOUBTS, sentence.text)
            return
        if sentence.postpones and not sentence.conditional and not sent:
            state.happens(fold.DOUBTS, sentence.text)
        elif objections.may_be_an_answer(claim, sentence, asked):
            state.happens(fold.REMARKS)
        return
    if objections.objects_meanwhile(claim, sentence) and not sentence.weakens:
        state.happens(fold.REMARKS)
        return
    _answer(state, said, sentence, claim, asked)


def _undoes(claim: Claim, sentence: Said, asked: AgentTurn | None) -> bool:
    """Whether a sentence takes back what was agreed or done, though nobody asked about it."""
    words = sentence.words
    if _replaces(sentence) or sentence.conditional or (sentence.question and sentence.told):
        return False
    start, named = claim.start, sentence.moments.wanted
    if start is not None and named and not any(moment.fits(start) for moment in named):
        return False  # of another time
    if stop_cues.UNDOES.search(words) and (not sentence.told or _SAYS_NO.search(words)):
        return True
    if objections.STARTS_AGAINST.match(words) and sentence.postpones and not sentence.told:
        return True
    alarmed = stop_cues.ALARMED.match(words) and stop_cues.TAKEN_THEN.search(words)
    asks = asked.asks if asked is not None else frozenset()
    if claim.state == "agreed":
        asks = asks - {ASKS_YES}  # which was answered before
    return bool(alarmed) and not sentence.told and not asks


def _asks_when(asked: AgentTurn | None) -> bool:
    return asked is not None and bool(asked.asks & {ASKS_DAY, ASKS_TIME, ASKS_WHICH})


def _takes_back_own(claim: Claim, sentence: Said) -> bool:
    """ "Cancel that": what was just booked, as nothing else is named."""
    if claim.kind != BOOK or sentence.request != CANCEL or sentence.names_object:
        return False
    if _CANCELS_OTHER.search(sentence.words):
        return False
    return sentence.strong and not (sentence.question or sentence.conditional or sentence.told)


def _answer(
    state: State, said: Utterance, sentence: Said, claim: Claim, asked: AgentTurn | None
) -> None:
    cancels = claim.kind == CANCEL and bool(re.search(r"\bcancel|\bdo it\b", sentence.words))
    stop = _stop(state, claim, sentence, asked)
    if claim.state == claim.before == "agreed" and not objections.bears_on_it(sentence, asked):
        stop = ""
    other = claim.kind == CANCEL and not cues.CANCEL.search(sentence.words)
    if sentence.refused and not stop and not other:
        stop = fold.STOPS
    if not stop and claim.wish.day is not None and not sentence.moments.wanted:
        gone = sentence.moments.gone
        if any(moment.is_day(claim.wish.day.value) and moment.day for moment in gone):
            stop = fold.DOUBTS  # "not Thursday", and no other day
    if stop and not cancels and not (stop == fold.DOUBTS and sentence.commits and sentence.agrees):
        state.happens(stop, sentence.text)
    elif (
        sentence.denies
        and not cancels
        and not _asks_for_more(sentence)
        and _denies(claim, sentence, asked)
    ):
        if asked is None or not asked.asks & {ASKS_MORE}:
            state.happens(fold.DENIES, sentence.text)
    elif _agrees(state, sentence, claim, asked):
        _take_offer(state, claim)
        state.happens(fold.AGREES)
        for live in state.live:
            if live.state in ("agreed", "done"):
                answers = asked.index if asked else None
                live.confirmed = live.confirmed or quote(said, sentence.text, answers)
    elif offers.repeats(state, claim, sentence, asked):
        _take_offer(state, claim)
        state.happens(fold.REPEATS)
    elif sentence.closes:
        state.happens(fold.CLOSES)
    elif _unclear(claim, sentence, asked):
        state.happens(fold.REMARKS)


def _contrasts(state: State, sentence: Said) -> bool:
    """ "Cancel Oscar's. I'm still coming.": what stays beside what goes, in the same breath."""
    if state.heard is None or objections.STARTS_AGAINST.match(sentence.words):
        return False
    turn = state.heard[1]
    before = turn[: turn.index(sentence)] if sentence in turn else ()
    rest = _ONLY_STILL.sub("", sentence.words)
    return any(item.request == CANCEL for item in before) and not stop_cues.KEEPS.search(rest)


def _keeps_another(state: State, sentence: Said) -> bool:
    """ "The filling. The cleaning I'll keep.": another one than is named beside it."""
    if state.heard is None or not sentence.services:
        return False
    beside = {name for item in state.heard[1] if not item.keeps for name in item.services}
    return bool(beside) and not beside & set(sentence.services)


def _another_time(claim: Claim, sentence: Said) -> bool:
    """ "Then nine is no good": another time than the one that was agreed."""
    if claim.state != "agreed" or _NOT_THEN.search(sentence.words) is None:
        return False
    if claim.start is None or not sentence.moments.wanted:
        return False
    return not any(moment.fits(claim.start) for moment in sentence.moments.wanted)


def _stop(state: State, claim: Claim, sentence: Said, asked: AgentTurn | None) -> str:
    """How a sentence stops the claim: takes it back, or puts it off; blank where it does not."""
    if claim.kind == CANCEL:
        if asked is not None and asked.speaks_of in (MOVE, BOOK) and not sentence.keeps:
            return ""  # whether they want another one
        if sentence.keeps and (_contrasts(state, sentence) or _keeps_another(state, sentence)):
            return ""
        if sentence.words.startswith("or "):
            return fold.DOUBTS  # "Or can you do it later?"
        return fold.STOPS if sentence.keeps else fold.DOUBTS if sentence.not_yet else ""
    if _replaces(sentence) or _another_time(claim, sentence):
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
    if asked.wants_yes and not (claim.state == "agreed" and claim.before != "agreed"):
        return True
    if claim.state == "agreed":
        return bool(objections.STARTS_AGAINST.match(sentence.words)) and not sentence.bare
    if sentence.bare or sentence.question or len(sentence.words.split()) <= 3:
        return False
    return _MAY_OBJECT.search(sentence.words) is not None


def _agrees(state: State, sentence: Said, claim: Claim, asked: AgentTurn | None) -> bool:
    if asked is None:
        return False
    if asked.asks & {ASKS_WHICH} or not _one_thing(claim, asked):
        return False
    if sentence.commits and not sentence.agrees and _against_before(state, sentence):
        return False
    if asked.wants_yes:
        if asked.speaks_of not in (None, claim.kind) and not asked.slots:
            return sentence.agrees and not claim.strong
        return sentence.agrees or sentence.commits or _echoes(sentence, asked)
    if asked.slots:
        return sentence.commits or (
            sentence.agrees and (not sentence.closes or claim.state == "taken")
        )
    if claim.state in ("offered", "doubtful", "taken", "unclear"):
        if state.offer is not None and len(distinct(state.offer.slots)) > 1:
            return False
        return sentence.commits and not sentence.question and not (asked.asks - {ASKS_MORE})
    return False


def _asks_for_more(sentence: Said) -> bool:
    """ "Not earlier?", "nothing today?": a question about other times refuses none."""
    return sentence.question and _EARLIER.search(sentence.words) is not None


def _one_thing(claim: Claim, asked: AgentTurn) -> bool:
    """Whether a yes to the agent's turn can mean one thing only."""
    if len(new_slots(claim, asked)) <= 1 or fitting(claim, asked) is not None:
        return True
    return claim.kind == CANCEL and bool(claim.meant.mentioned or claim.meant.objects)


def _against_before(state: State, sentence: Said) -> bool:
    """Whether the turn said no, or took something back, before this sentence."""
    if state.heard is None or sentence.moments.wanted:
        return False
    turn = state.heard[1]
    before = turn[: turn.index(sentence)] if sentence in turn else ()
    return any(item.denies or item.weakens for item in before)


def says_yes_again(state: State, sentence: Said) -> bool:
    """ "I'll release it?" "Yes, release it.": the request in the words of an answer."""
    claim, asked = state.claim, state.asked
    if asked is None:
        return False
    if claim is None and asked is not None and offers.takes_it(state, sentence):
        return True
    if claim is None:
        about = asked.wants_yes and asked.speaks_of == sentence.request
        said_yes = sentence.agrees or _echoes(sentence, asked)
        return about and said_yes and not (sentence.moments or sentence.services)
    if claim.state not in ("checked", "offered", "taken", "unclear"):
        return False
    if claim.kind != sentence.request or sentence.moments or sentence.services:
        return False
    if asked.slots and sentence.commits:
        return True
    return asked.wants_yes and (sentence.agrees or _echoes(sentence, asked))


def _echoes(sentence: Said, asked: AgentTurn) -> bool:
    """ "Can I lock that in?" "Lock it.": a short answer in the words of the question."""
    words = sentence.words.split()
    if sentence.question or sentence.denies or sentence.weakens or len(words) > MAX_ECHO:
        return False
    question = {word[:STEM] for word in cues.spelled(asked.text).split()}
    told = [word[:STEM] for word in words if word not in SMALL_WORDS]
    return bool(told) and all(word in question for word in told)


def _open_by_answer(state: State, said: Utterance, sentence: Said, asked: AgentTurn) -> None:
    kind: Kind = asked.speaks_of if asked.speaks_of in (MOVE, CANCEL) else BOOK
    span = quote(said, sentence.text, asked.index)
    offer = state.offer
    claim = state.add(kind, strong=False, asked=span, beside=False)
    state.offer = offer
    offered = asked.slots or (offer is not None and sentence.commits and kind == BOOK)
    claim.state = "checked" if asked.wants_yes else "offered" if offered else "open"
    if kind == BOOK:
        claim.wish.service = claim.wish.service or state.service
        claim.wish.understood = state.understood
    if kind in (MOVE, CANCEL):
        claim.meant.objects.extend(state.told[-4:])


def _take_offer(state: State, claim: Claim) -> None:
    """A yes to one offered slot: its day and time are the agent's words, agreed to."""
    turn = state.asked if state.asked is not None and state.asked.slots else state.offer
    if turn is None or claim.kind == CANCEL:
        return
    options = new_slots(claim, turn)
    slot = fitting(claim, turn) or (options[0] if len(options) == 1 else None)
    if slot is None:
        return
    span = Span(turn.index, slot.words)
    if slot.day is not None and not same_weekday(claim, slot):
        claim.wish.day, claim.wish.weekday = Part(slot.day, span), False
    if slot.time is not None:
        claim.wish.time = Part(slot.time, span)
    if claim.kind == MOVE:
        claim.meant.mentioned.append(Part(as_place(slot), span, not slot.weekday))
    if claim.wish.day is not None and claim.wish.time is not None:
        claim.wish.doubts, claim.wish.options = [], []
    read_back = turn is state.asked and turn.wants_yes
    if len(turn.services) == 1 and claim.kind == BOOK and (claim.wish.service is None or read_back):
        claim.wish.service = Part(turn.services[0], Span(turn.index, turn.services[0]))
