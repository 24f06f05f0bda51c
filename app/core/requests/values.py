"""Which days, times and services of a turn belong to a claim, and which do not.

A day or a time counts inside a request, as an answer to a question about it, as a pick among
offers, or with a cue of correction. Everything else is a remark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from app.core.requests import fold
from app.core.requests.answers import picks
from app.core.requests.evidence import BOOK, CANCEL, MOVE, Claim, Part, Span, Utterance, quote
from app.core.requests.fitting import asked_for
from app.core.requests.state import State, as_place, distinct
from app.core.requests.turns import cues
from app.core.requests.turns.agent_turn import (
    ASKS_DAY,
    ASKS_NAME,
    ASKS_OTHER,
    ASKS_SERVICE,
    ASKS_TIME,
    ASKS_WHICH,
    ASKS_YES,
    AgentTurn,
)
from app.core.requests.turns.caller_turn import Said
from app.core.requests.turns.moments import Moment, Moments

_APPOINTMENT = re.compile(r"\b(?:appointment|booking|visit|slot)\b")
_CLAUSES = re.compile(r",| so | because | since | as i | but ")
_SAME_TIME = re.compile(r"\b(?:same (?:time|hour)|as well|at the same)\b")
_PAST = re.compile(
    r"\bi (?:was|had|did|got|used to)\b[^.,?!]{0,60}\b(?:ago|last (?:time|year|month|week)|once)\b"
    r"[^.,?!]{0,60}"
)
_SAME_DAY = re.compile(r"\b(?:the|that) same (?:day|date)\b")
_ABOUT_BOOKING = frozenset((ASKS_DAY, ASKS_TIME, ASKS_WHICH, ASKS_YES, ASKS_SERVICE))
_KEPT = re.compile(
    r"\b(?:the|my) (?:\w+ ){1,3}(?:that )?(?:i|we)(?:'d|'ll| would| will)?"
    r" (?:like to |want to |need to |rather )?keep\b|"
    r"\b(?:but |and )?(?:please )?(?:keep|leave)\b.*|\b(?:the )?\w+(?: on \w+)? stays\b.*"
)


def give(state: State, said: Utterance, turn: Sequence[Said], claim: Claim | None) -> None:
    """Give the claim what the turn says about its service, day and time."""
    if claim is None:
        return
    held = claim.state
    revives = held not in ("stopped", "doubtful") or _put_in_its_place(turn, state.asked)
    if held == "stopped" and not revives:
        return
    asked = state.asked
    telling = _telling(state, said, claim, turn)
    if not telling:
        return
    text = " ".join(s.text for s in telling if s.moments or s.services or s.corrects or s.weakens)
    if claim.kind == CANCEL and any(s.request == CANCEL for s in telling):
        text = _of_object(state, claim, telling, said)
    if claim.kind != BOOK:
        text = _KEPT.sub("", text)
    found = state.moments_in(text, said)
    question = None
    if asked is not None and not any(sentence.request for sentence in telling):
        question = asked.index
    if asked is not None and ASKS_SERVICE in asked.asks:
        text = " ".join(s.text for s in telling)
    named = _service_words(state, claim, turn, text)
    _give_service(state, claim, _KEPT.sub("", named), quote(said, named, question))
    if claim.kind == BOOK and (len(found.days) > 1 or len(found.times) > 1):
        found = _last_of(telling, turn) or found
    picked = picks.picked(telling, found, asked)
    if claim.kind == BOOK and claim.wish.day is None and _SAME_DAY.search(text):
        _give_same_day(state, claim, quote(said, text))
    if claim.kind == BOOK:
        _give_moments(state, claim, telling, found, picked, quote(said, text, question))
    else:
        _mention(state, claim, text, found, picked, quote(said, text, question))
    if not revives:
        claim.state = held


def _service_words(state: State, claim: Claim, turn: Sequence[Said], text: str) -> str:
    """The words of a turn in which the service that is meant can be named. `text` are those that
    tell its day and time."""
    if not any(s.request for s in turn):
        return text
    named = " ".join(s.text for s in turn if not (s.told or s.refused or s.conditional))
    asking = [s for place, s in enumerate(turn) if _tells_service(turn, place)]
    if any(s.request and s.services for s in asking):
        named = " ".join(s.text for s in asking)
    named = _PAST.sub("", named)
    if claim.kind == CANCEL and state.services_in(text):
        return text
    if not state.services_in(named):
        return " ".join(s.text for s in turn if not s.refused)
    return named


def _tells_service(turn: Sequence[Said], place: int) -> bool:
    """Whether the services of a sentence are asked for: in a request, or in place of it after."""
    here = turn[place]
    if here.told or here.refused or here.conditional:
        return False
    return bool(here.request and here.strong) or here.bare or here.corrects or here.question


def _give_same_day(state: State, claim: Claim, span: Span) -> None:
    """ "The same day": that of what was asked for before."""
    earlier = [other for other in state.claims if other.number < claim.number]
    if not earlier:
        return
    held = earlier[-1].wish.day
    named = [part.value[0] for part in earlier[-1].meant.mentioned if part.value[0] is not None]
    day = held.value if held is not None else named[-1] if named else None
    if day is not None:
        claim.wish.day = Part(day, span)


def _last_of(telling: Sequence[Said], turn: Sequence[Said]) -> Moments | None:
    """What stands of days and times that correct each other from sentence to sentence: "Wednesday
    at four? No, make it five. Oh, traffic. Six."."""
    spoken = [s for s in (*turn[: turn.index(telling[0])], *telling) if s.moments.wanted]
    if len(spoken) < 2 or not any(s.corrects or s.denies for s in turn):
        return None
    day: Moment | None = None
    time: Moment | None = None
    for sentence in spoken:
        heard = sentence.moments
        if len(heard.days) > 1 or len(heard.times) > 1 or heard.doubts or " or " in sentence.text:
            return None
        day = next((item for item in heard.wanted if item.day is not None), day)
        time = next((item for item in heard.wanted if item.time is not None), time)
    if day is None or time is None:
        return replace(spoken[-1].moments) if day is None and time is None else None
    joined = replace(day, time=time.time, assumed=time.assumed, words=f"{day.words} {time.words}")
    return Moments((joined,), rest=spoken[-1].moments.rest)


def _of_object(state: State, claim: Claim, telling: Sequence[Said], said: Utterance) -> str:
    """The clauses that say what is to be cancelled; days in the others ("I leave on Friday, so
    ...") only help to tell which appointment is meant."""
    object_words: list[str] = []
    others: list[str] = []
    for sentence in telling:
        goes_on = False
        for clause in _CLAUSES.split(sentence.text):
            beside = cues.spelled(state.moments_in(clause, said).rest)
            named = state.services_in(clause) or _APPOINTMENT.search(clause)
            wanted = sentence.request == CANCEL and cues.CANCEL.search(cues.spelled(clause))
            goes_on = bool(named or wanted or (goes_on and len(beside.split()) <= 4))
            (object_words if goes_on else others).append(clause)
    for moment in state.moments_in(" , ".join(others), said).wanted:
        span = Span(said.index, moment.words)
        claim.meant.objects.append(Part(as_place(moment), span, not moment.weekday))
    return " , ".join(object_words)


def _put_in_its_place(turn: Sequence[Said], asked: AgentTurn | None) -> bool:
    """Whether what was taken back is followed, in the same breath, by something in its place."""
    stop = max((place for place, s in enumerate(turn) if s.weakens or s.denies), default=-1)
    if stop < 0:
        return False
    here = turn[stop]
    one = asked is not None and len(distinct(asked.slots)) == 1
    offered = one and asked is not None and picks.names_offered(here.moments, asked)
    if here.moments.wanted and here.corrects and not (here.postpones or here.doubts or offered):
        return True
    return any(s.moments.wanted and (s.bare or s.request or s.corrects) for s in turn[stop + 1 :])


def _telling(state: State, said: Utterance, claim: Claim, turn: Sequence[Said]) -> list[Said]:
    """The sentences whose days, times and services are about the claim."""
    good = [
        s for s in turn
        if not (s.told or s.refused or s.conditional or s.greets or (s.exists and not s.request))
    ]  # fmt: skip
    plainly = [place for place, s in enumerate(good) if s.corrects_plainly and s.moments]
    if plainly and not (claim.kind == MOVE and any(s.request for s in good)):
        return good[plainly[-1] :]
    if claim.state == "done":
        return [
            s
            for s in good
            if s.moments.wanted
            and ((s.bare and s.corrects) or _says_no(s) or _asks_anew(s))
            and not _says_the_same(claim, s)
        ]
    if any(s.request and (s.strong or claim.asked.utterance == said.index) for s in good):
        return good
    asked = state.asked
    if asked is not None and _in_context(claim, asked):
        if asked.asks & {ASKS_DAY, ASKS_TIME, ASKS_WHICH, ASKS_SERVICE}:
            return good
        return [
            s
            for s in good
            if s.bare
            or s.corrects_plainly
            or (s.denies and s.corrects)
            or picks.takes_one(s, asked)
        ]
    corrected = any(s.corrects for s in good)
    if corrected and good and all(s.bare for s in good):
        return [s for s in good if s.moments or s.services]
    if asked is None:
        return []
    if ASKS_NAME in asked.asks or ASKS_OTHER in asked.asks:
        return [s for s in good if s.corrects_plainly or (s.corrects and s.services)]
    if state.pending or claim.state == "refused":
        return [s for s in good if s.bare and s.moments]
    return [s for s in good if s.corrects and s.bare and (s.moments or s.services)]


def _asks_anew(sentence: Said) -> bool:
    """ "The 16th at nine, can I have that?": another time for what is done."""
    if sentence.request != BOOK or not sentence.strong or sentence.services or sentence.weakens:
        return False
    return any(item.whole for item in sentence.moments.wanted)


def _says_the_same(claim: Claim, sentence: Said) -> bool:
    """Whether all that is said of days and times is what is done: "No worries, Friday's good"."""
    start = claim.start
    return start is not None and all(item.fits(start) for item in sentence.moments.wanted)


def _says_no(sentence: Said) -> bool:
    """ "No, not nine, ten": short, and a no from its first word."""
    if sentence.question or re.match(r"no (?:chance|way|problem|worries|luck)\b", sentence.words):
        return False
    return sentence.words.startswith("no ") and len(sentence.words.split()) <= 10


def _in_context(claim: Claim, asked: AgentTurn) -> bool:
    """Whether the agent's turn asks for what the claim needs, or offers it."""
    if ASKS_NAME in asked.asks and not asked.asks & _ABOUT_BOOKING:
        return False
    if ASKS_OTHER in asked.asks:
        return False
    if asked.asks & _ABOUT_BOOKING:
        return True
    return claim.before in ("offered", "checked", "refused")


def _give_service(state: State, claim: Claim, text: str, span: Span) -> None:
    named = state.services_in(text)
    asked = state.asked
    place = _service_place(asked, text)
    if asked is not None and place is not None:
        chosen = asked.choices[place]
        if named and named[-1] != chosen and not cues.CORRECTS.search(cues.spelled(text)):
            claim.wish.service = None  # "a filling, the second one", where that is another
            return
        named = (chosen,)
    claim.wish.general = claim.wish.general or bool(_APPOINTMENT.search(text))
    both = claim.kind == CANCEL and len(named) > 1 and "both" in text.casefold()
    if named and not both:
        claim.wish.service = Part(named[-1], span)


def _service_place(asked: AgentTurn | None, text: str) -> int | None:
    """The place of the service that the caller picks by it: "the second one"."""
    if asked is None or ASKS_SERVICE not in asked.asks:
        return None
    return picks.place_among(text, len(asked.choices))


def _give_moments(
    state: State,
    claim: Claim,
    telling: Sequence[Said],
    found: Moments,
    picked: Moment | None,
    span: Span,
) -> None:
    if picked is not None:
        claim.strong = True
        if picked.day is not None:
            claim.wish.day, claim.wish.weekday = Part(picked.day, span), picked.weekday
        if picked.time is not None:
            claim.wish.time = Part(picked.time, span)
        claim.wish.doubts, claim.wish.options = [], []
        _gave(state, claim)
        return
    if not found:
        return
    claim.wish.doubts = list(found.doubts)
    claim.wish.options = []
    if len(found.days) > 1 or len(found.times) > 1:
        claim.wish.doubts.append("several days" if len(found.days) > 1 else "several times")
        claim.wish.options = list(found.wanted)
    if len(found.days) == 1:
        first = next(item for item in found.wanted if item.day is not None)
        claim.wish.day = Part(found.days[0], span, not found.doubts)
        claim.wish.weekday = first.weekday
    elif len(found.days) > 1:
        claim.wish.day = None
    if len(found.times) == 1:
        moment = next(item for item in found.wanted if item.time is not None)
        claim.wish.time = Part(found.times[0], span, not moment.assumed)
    elif len(found.times) > 1:
        claim.wish.time = None
    if found.wanted:
        requested = any(sentence.request for sentence in telling)
        whole = len(found.days) == 1 and len(found.times) == 1
        claim.wish.whole = claim.wish.whole or (requested and whole)
        _gave(state, claim)


def _gave(state: State, claim: Claim) -> None:
    """ "Nine is good", "yes, Thursday at two": a yes and its value are one, and stay a yes."""
    asked = state.asked
    repeated = claim.state == "taken" and claim.before != "taken"
    held = claim.state == "agreed" or repeated
    if held and asked is not None and asked.slots:
        options = distinct(asked.slots)
        if len(options) == 1 and asked_for(claim, options[0]):
            return
    if claim.state != "open":
        claim.reopened = True
    claim.state = fold.after(claim.state, fold.GIVES)


def _mention(
    state: State, claim: Claim, text: str, found: Moments, picked: Moment | None, span: Span
) -> None:
    """What a move or a cancellation is about: days and times, old ones and new ones."""
    for moment in (*found.gone, *found.wanted):
        part = Part(
            as_place(moment), Span(span.utterance, moment.words, span.question), not moment.weekday
        )
        claim.meant.mentioned.append(part)
    if _SAME_TIME.search(text):
        claim.meant.same_time = Part(True, span)
    if picked is not None:
        claim.meant.mentioned.append(Part(as_place(picked), span))
        if claim.kind == MOVE:
            claim.wish.day = Part(picked.day, span) if picked.day is not None else claim.wish.day
            claim.wish.time = (
                Part(picked.time, span) if picked.time is not None else claim.wish.time
            )
    elif found.wanted and claim.kind == MOVE and claim.state != "agreed":
        claim.wish.day = claim.wish.time = None
    if (found.wanted or picked) and claim.kind == MOVE:
        _gave(state, claim)
