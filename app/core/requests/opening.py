"""Where a sentence of the caller's opens a claim, or makes an open one another."""

from __future__ import annotations

import re
from dataclasses import replace

from app.core.requests import fold
from app.core.requests.evidence import BOOK, CANCEL, MOVE, Claim, Kind, Part, Utterance, quote
from app.core.requests.state import State
from app.core.requests.turns import cues, stop_cues
from app.core.requests.turns.agent_turn import ASKS_MORE
from app.core.requests.turns.caller_turn import Said

_ANOTHER = re.compile(r"\b(?:another|second|also|too|as well|additional|one more)\b")
_SOME_DAY = re.compile(r"\b(?:another|some other|a different|a better) (?:time|day)\b")
_STILL = re.compile(r"\b(?:is|am|are|will)(?: be)? still\b|\bstill (?:come|coming)\b")
_AGAINST = re.compile(r"\b(?:no|wait|actually|sorry|hang|hold)\b")
_ONE = re.compile(r"\b(?:needs?|wants?|for|like|another|have|get|take) one\b|\bone (?:too|for)\b")
_PREFERS = re.compile(
    r"\b(?:better|rather|prefer|make (?:it|that|mine)|can|could|would|instead|put (?:it|me|that)"
    r"|change|works?|suits?|need (?:it|that)|want (?:it|that)|have it|be|anything|something"
    r"|any chance|free|open"
    r"|available|how about|what about)\b"
)
_OTHERS = re.compile(
    r"\b(?:my|our) (?:\w+ )?(?:wife|husband|son|daughter|mother|father|mom|mum|dad|brother|sister"
    r"|kid|child|friend|boyfriend|girlfriend|partner|grandson|granddaughter|grandmother"
    r"|grandfather|niece|nephew|cousin|aunt|uncle|boy|girl|baby|boss|neighbou?r|roommate)\b"
    r"|\bfor (?:him|her|them)\b"
)
_MAKES_IT = re.compile(r"\b(?:make|do|have|change|put) (?:it|that|mine)\b|\binstead\b|\brather\b")
_KEPT = re.compile(
    r"\b(?:but |and )?(?:please )?(?:keep|leave|stays?)\b.*"
    r"|\b(?:but |and )(?:please )?do not (?:touch|cancel|move|change) (?:my|our|the|his|her) .*"
)


def opens(state: State, sentence: Said) -> bool:
    claim = state.claim
    if claim is None or claim.state == "stopped":
        return True
    if claim.kind == CANCEL and claim.state != "done" and sentence.words.startswith("or "):
        return False
    if claim.kind == BOOK and claim.state != "done":
        if sentence.request == CANCEL and not sentence.names_object:
            return False
        if _turns_out_to_change(state, claim, sentence):
            return True
        if sentence.request == MOVE and not sentence.mine:
            return False  # "can we do Thursday instead": what is being arranged changes
    elif claim.kind == BOOK and sentence.request == CANCEL and not sentence.names_object:
        return False
    if claim.state == "done":
        return _opens_another(state, claim, sentence)
    if sentence.request == MOVE and not sentence.strong:
        return False
    if sentence.request == BOOK and not sentence.strong:
        return claim.kind == BOOK and bool(sentence.services and not claim.wish.service)
    return True


def _opens_another(state: State, claim: Claim, sentence: Said) -> bool:
    """Whether a sentence asks for something else, after a claim is done."""
    replaces = sentence.corrects_plainly and not _ANOTHER.search(sentence.words)
    if replaces and not (claim.kind == CANCEL and sentence.request == BOOK):
        return False
    more = state.asked is not None and ASKS_MORE in state.asked.asks
    if not more and _changes_what_is_done(claim, sentence):
        return False
    if sentence.request == BOOK and _ONE.search(sentence.words) and sentence.moments.wanted:
        return sentence.strong and not sentence.weakens
    if not sentence.strong and not (more and sentence.services and sentence.moments.wanted):
        return False
    if sentence.weakens or (sentence.question and not sentence.moments):
        return False
    return bool(sentence.services or sentence.moments) or sentence.request != BOOK


def _changes_what_is_done(claim: Claim, sentence: Said) -> bool:
    """ "The 16th at nine, can I have that?", after the 17th was booked: no second booking."""
    if claim.kind != BOOK or sentence.request != BOOK or sentence.services:
        return False
    words = sentence.words
    return not (_ANOTHER.search(words) or _OTHERS.search(words) or _ONE.search(words))


def _asked_in_full(state: State, sentence: Said) -> bool:
    """Whether a sentence before it in the turn asks for another service, or with its day: "I'd like
    a cleaning on Monday. And cancel my filling."."""
    if state.heard is None:
        return False
    for before in state.heard[1]:
        if before.text == sentence.text:
            return False
        other = before.services and not set(before.services) & set(sentence.services)
        if before.request == BOOK and before.strong and (other or before.moments.wanted):
            return True
    return False


def _turns_out_to_change(state: State, claim: Claim, sentence: Said) -> bool:
    """Whether what sounded like a booking was a preface to moving or cancelling a visit."""
    if _asked_in_full(state, sentence):
        return False
    vague = claim.kind == BOOK and claim.state in ("open", "unclear") and not claim.wish.service
    changes = sentence.request in (MOVE, CANCEL) and sentence.strong
    return vague and changes and bool(sentence.services) and claim.wish.day is None


def in_context(state: State, sentence: Said) -> Said:
    """A day named after the caller told of an appointment of theirs is where that one goes."""
    if _takes_the_place(state, sentence):
        return replace(sentence, request=BOOK, strong=True)
    spoken = state.owned is not None or (bool(state.told) and _MAKES_IT.search(sentence.words))
    if not spoken or (state.claim is not None and state.claim.state != "stopped"):
        return sentence
    if sentence.exists or sentence.request not in ("", BOOK) or sentence.services:
        return sentence
    if sentence.told or sentence.conditional or sentence.refused or sentence.weakens:
        return sentence
    if not sentence.moments.wanted or _ANOTHER.search(sentence.words):
        return sentence
    if _PREFERS.search(sentence.words) is None:
        return sentence
    return replace(sentence, request=MOVE, strong=True)


def _takes_the_place(state: State, sentence: Said) -> bool:
    """ "A checkup instead, on the tenth at nine", after a cancellation: another appointment."""
    claim = state.claim
    if claim is None or claim.kind != CANCEL or claim.state != "done":
        return False
    if sentence.request != MOVE or sentence.told or sentence.conditional or sentence.weakens:
        return False
    return bool(sentence.services) and any(item.whole for item in sentence.moments.wanted)


def weakens_itself(sentence: Said) -> bool:
    """Whether a request is taken back or put off in its own sentence."""
    words = sentence.words
    ends = [
        match.end()
        for pattern in (cues.BOOK, cues.MOVE, cues.CANCEL, cues.WANTS)
        for match in pattern.finditer(words)
    ]
    words = words[max(ends, default=0) :]
    if sentence.request == MOVE:
        words = _SOME_DAY.sub("", words)
    if sentence.request == CANCEL and not _AGAINST.search(words):
        words = _STILL.sub("", words)
    if sentence.request in (CANCEL, MOVE):
        words = _KEPT.sub("", words) if not re.search(r"\bleave it\b|\bkeep it\b", words) else words
    if sentence.request == CANCEL:
        return bool(stop_cues.KEEPS.search(words) or stop_cues.NOT_YET.search(words))
    return bool(
        (sentence.withdraws and stop_cues.WITHDRAWS.search(words))
        or (sentence.postpones and stop_cues.POSTPONES.search(words))
        or (sentence.doubts and stop_cues.DOUBTS.search(words))
    )


def open_claim(state: State, said: Utterance, sentence: Said, *, beside: bool) -> None:
    claim = state.claim
    kind: Kind = sentence.request  # type: ignore[assignment]
    if (
        claim is not None
        and claim.state not in ("done", "stopped")
        and _is_same(state, claim, kind, sentence)
    ):
        if kind == CANCEL:
            claim.kind = CANCEL
        elif kind == MOVE and (
            not claim.strong or claim.kind == CANCEL or _turns_out_to_change(state, claim, sentence)
        ):
            claim.kind = MOVE
        claim.strong = claim.strong or sentence.strong
        claim.state = fold.after(claim.state, fold.ASKS)
        claim.confirmed = None
        return
    made = state.add(kind, strong=sentence.strong, asked=quote(said, sentence.text), beside=beside)
    last = state.claims[-2] if len(state.claims) > 1 else None
    other = kind == BOOK and last is not None and not beside and _OTHERS.search(sentence.words)
    if other and made.wish.name is not None and made.wish.name.span.utterance < said.index:
        made.wish.name, made.wish.for_other = None, True
    if kind == BOOK and last is not None and _ONE.search(sentence.words):
        made.wish.service = last.wish.service
    if kind != BOOK:
        made.meant.objects.extend(state.told[-4:])
        if state.owned is not None and state.owned.value is not None:
            made.wish.service = Part(state.owned.value, state.owned.span)
    state.told, state.owned = [], None


def _is_of_this_turn(state: State, claim: Claim) -> bool:
    return state.heard is not None and claim.asked.utterance == state.heard[0].index


def _is_same(state: State, claim: Claim, kind: Kind, sentence: Said) -> bool:
    """Whether it is the same request said again, or one that becomes more exact."""
    if claim.state == "agreed" and _ANOTHER.search(sentence.words):
        return False
    if _turns_out_to_change(state, claim, sentence):
        return True
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
    if claim.kind == CANCEL and kind == MOVE and claim.state != "agreed":
        return not sentence.services and not _is_of_this_turn(state, claim)
    if claim.kind in (MOVE, CANCEL) and kind == BOOK:
        return not (sentence.services and sentence.moments.wanted) and claim.kind == MOVE
    return claim.kind == BOOK and kind == MOVE and not sentence.strong
