"""What the receptionist makes of one utterance of the caller.

Intent, date, time, name and service come from the product's own language code; what only a
dialogue needs (yes and no, "the second one", "goodbye") is read here.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from app.core.language.agreement import Sense, senses
from app.core.language.agreement import opening as agreement_at
from app.core.language.intent import engine as intents
from app.core.language.intent import entities
from app.core.language.intent.entities import Slots


def _words(*patterns: str) -> re.Pattern[str]:
    """Any of the patterns, at word boundaries."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


def _opening(fillers: str, *patterns: str) -> re.Pattern[str]:
    """One of the patterns at the start, behind any of the filler words."""
    return re.compile(rf"\W*(?:(?:{fillers})\W+)*(?:{'|'.join(patterns)})(?!\w)", re.IGNORECASE)


_BYE = _words(
    "good ?bye|bye(?: bye)?",
    "see (?:you|ya)",
    "have a (?:good|nice|great) \\w+",
    "talk to you later",
    "that(?:'s| is| was| will be|'ll be|'d be| would be) (?:all|everything)",
    "that(?:'s| is| will be) it for (?:now|today|me)",
    "nothing else",
    "hang up",
    "(?:i'?m|we'?re|i am|we are) (?:all set|done|all good)",
)
_THANKS = _words("thanks?", "thank you", "appreciate it")
_PERSON = _words(
    "(?:speak|talk|connect|transfer|put|get)(?: me)?(?: through)? (?:to|with)"
    " (?:(?:a|an|the|some|your|real|actual|live|other|human) )*"
    "(?:human(?: being)?|person|people|somebody|someone|agent|operator|representative|staff"
    "|receptionist|manager|doctor|dentist|nurse|colleague|front (?:desk|office))",
    "(?:real|actual|live) (?:human|person|agent)",
    "human being",
    "operator",
    "(?:transfer|connect) (?:me|my call|the call)",
)
_URGENT = _words(
    "emergency", "bleeding", "swollen|swelling", "(?:severe|terrible|unbearable|awful) pain"
)
_QUESTIONS = {
    "who": _words(
        "who (?:are you|is this|am i (?:talking|speaking))",
        "are you (?:an? )?(?:\\w+ )?(?:real|human|robot|bot|machine|person|ai|computer|recording)",
        "is this (?:an? )?(?:robot|bot|recording|machine|real person|ai|computer)",
        "what are you",
        "what(?:'s| is) your name",
        "which model",
    ),
    "hours": _words(
        "(?:what are )?your (?:\\w+ )?hours",
        "(?:opening|business|office) hours",
        "when (?:are you|do you) (?:open|close)",
        "what time do you (?:open|close)",
        "are you open",
        "how late are you",
    ),
    "mine": _words(
        "when(?:'s| is| was) my (?:appointment|booking|visit)",
        "what (?:time|day) (?:is|was) my (?:appointment|booking|visit)",
        "when (?:am i|was i) (?:booked|coming in)",
    ),
    "where": _words("where are you", "(?:your|the) address", "your location", "how do i get there"),
    "price": _words("how much", "what (?:does|do|would) [^?.]{0,30} cost", "prices?", "insurance"),
}
_REPEAT = _words(
    "say (?:that|it) again",
    "repeat (?:that|it)",
    "come again",
    "pardon",
    "what did you say",
    "(?:didn'?t|did not) (?:catch|hear|get) (?:that|you)",
    "what were (?:they|those|the (?:times|options))",
)
_ORDINALS = (
    _words("first", "1st", "(?:number|option) one", "former"),
    _words("second", "2nd", "(?:number|option) two", "middle", "latter"),
    _words("third", "3rd", "(?:number|option) three"),
    _words("fourth", "4th", "(?:number|option) four"),
)
_LAST = _words("(?:last|latest|final) (?:one|option|time|slot)")
_ANY = _words(
    "any (?:of (?:them|those|these)|time|day|one)",
    "either(?: one)?",
    "whatever|whichever",
    "don'?t (?:care|mind)",
    "no preference",
    "doesn'?t matter",
    "as soon as possible|soonest|earliest|(?:next|first) available",
)
_OTHERS = _words(
    "other|another|different|else|later|earlier",
    "none of (?:them|those|these)|neither",
    "more (?:times|options)",
)
_DEAF = re.compile(
    r"\W*(?:\((?:unintelligible|inaudible)[^)]*\)|\[(?:inaudible|noise)[^\]]*\])?\W*",
    re.IGNORECASE,
)
_ACHES = _words("\\w+ache", "hurts?", "(?:is|has been) hurting", "sore")
_REFUSED = _words(
    "(?:does not|doesn'?t|won'?t|will not|can'?t|cannot|don'?t) (?:work|do|make it|like)",
    "(?:is|are) (?:bad|no good|too \\w+)",
    "not (?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|that day|then|good)",
)
_CHANGES = _words("make it|instead|rather|change it|actually|switch|move it|after all")
#: What a caller wants who names it in so few words that the intent engine abstains.
_HINTS = (
    (intents.RESCHEDULE, _words("reschedule", "move (?:it|my|the|an)", "change (?:my|the) \\w+")),
    (intents.CANCEL, _words("cancel (?:my|the|an|our)", "cancellation")),
    (
        intents.SCHEDULE,
        _words(
            "book(?:ing)?",
            "(?:look at|check|fix) (?:it|this|that|my \\w+)",
            "come in",
            "schedule",
            "make an? \\w+",
            "set (?:it |me )?up",
            "(?:need|want|get|have|like|come in for|see) (?:\\w+ ){0,3}appointment",
        ),
    ),
    (
        intents.QUERY,
        _words("availab\\w+", "any(?:thing)? (?:free|open)", "openings?", "(?:what|which) times?"),
    ),
)
#: Intents below this are taken for none: a dialogue can ask.
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance, understood. `order` is the place of the offer that was chosen, -1 the last."""

    text: str
    intent: str | None
    negated: bool
    said: Slots
    yes: bool
    no: bool
    drop: bool
    bye: bool
    thanks: bool
    person: bool
    any: bool
    others: bool
    aches: bool
    refuses: bool
    changes: bool
    repeat: bool
    deaf: bool
    silent: bool
    order: int | None
    question: str | None


class Hearing:
    """Understands utterances; remembers the latest ones, as the same history is read again."""

    def __init__(self, engine: intents.IntentEngine | None = None) -> None:
        self._engine = engine or intents.IntentEngine()
        self._cached = lru_cache(maxsize=4096)(self._understand)

    def understand(self, text: str, now: dt.datetime, services: tuple[str, ...]) -> Heard:
        """Read one utterance. now: aware, in the business's zone; counted by the minute."""
        return self._cached(text, now.replace(second=0, microsecond=0), services)

    def _understand(self, text: str, now: dt.datetime, services: tuple[str, ...]) -> Heard:
        result = self._engine.analyse(text, now=now)
        intent = result.intent if result.confidence >= THRESHOLD else None
        if intent is None and not result.negated:
            intent = _hint(text) or (intents.SCHEDULE if _ACHES.search(text) else None)
        opening = agreement_at(text)
        return Heard(
            text=text,
            intent=intent,
            negated=result.negated,
            said=entities.extract(text, now, services=services),
            yes=opening[:1] == (Sense.YES,),
            no=Sense.NO in opening,
            drop=any(said.sense is Sense.TAKEN_BACK for said in senses(text)),
            bye=bool(_BYE.search(text)),
            thanks=bool(_THANKS.search(text)),
            person=bool(_PERSON.search(text) or _URGENT.search(text)),
            any=bool(_ANY.search(text)),
            others=bool(_OTHERS.search(text)),
            aches=bool(_ACHES.search(text)),
            refuses=bool(_REFUSED.search(text)),
            changes=bool(_CHANGES.search(text)),
            repeat=bool(_REPEAT.search(text)),
            deaf=bool(_DEAF.fullmatch(text)),
            silent=text == "(silence)",
            order=_order(text),
            question=_question(text),
        )


def _hint(text: str) -> str | None:
    for intent, pattern in _HINTS:
        if pattern.search(text):
            return intent
    return None


def _order(text: str) -> int | None:
    if _LAST.search(text):
        return -1
    for at, pattern in enumerate(_ORDINALS):
        if pattern.search(text):
            return at
    return None


def _question(text: str) -> str | None:
    for name, pattern in _QUESTIONS.items():
        if pattern.search(text):
            return name
    return None
