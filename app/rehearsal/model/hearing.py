"""What the receptionist makes of one utterance of the caller.

Intent, date, time, name and service come from the product's own language code; what only a
dialogue needs (yes and no, "the second one", "goodbye") is read here.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from app.core.language import intents, slots
from app.core.language.slots import Slots

_YES = re.compile(
    r"^\W*(?:(?:oh|um|uh|well|ok|okay|alright|great|perfect)\W+)*"
    r"(?:yes|yeah|yep|yup|ya|sure|ok|okay|correct|right|exactly|perfect|great|absolutely|fine"
    r"|of course|definitely|certainly|please do|please|go ahead|do it|do that|book it|sounds (?:good|great)"
    r"|that(?:'s| is| would be| will be)? (?:works?|right|correct|fine|good|great|perfect|it)"
    r"|that(?:'s| is) (?:it|right)|works for me|let'?s do)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"^\W*(?:(?:oh|um|uh|well|actually|hm+)\W+)*"
    r"(?:no|nope|nah|not (?:really|that|this|quite|yet|now)|neither|none|don'?t|do not|wrong"
    r"|that(?:'s| is) (?:not|wrong)|incorrect)\b",
    re.IGNORECASE,
)
_DROP = re.compile(
    r"\b(?:never ?mind|forget (?:it|that|about it)|cancel (?:that|this|it)|scratch that"
    r"|leave it|changed my mind|don'?t (?:book|do) (?:it|that|anything)|skip it)\b",
    re.IGNORECASE,
)
_BYE = re.compile(
    r"\b(?:good ?bye|bye(?: bye)?|see (?:you|ya)|have a (?:good|nice|great)|talk to you later"
    r"|that(?:'s| is| was| will be|'ll be) (?:all|everything|it for)|nothing else"
    r"|no(?:thing)? more|hang up|i'?m (?:all set|done|good)|we'?re (?:all set|done))\b",
    re.IGNORECASE,
)
_THANKS = re.compile(r"\b(?:thanks?|thank you|appreciate it|cheers)\b", re.IGNORECASE)
_PERSON = re.compile(
    r"\b(?:(?:speak|talk|connect|transfer|put|get) (?:me )?(?:through )?(?:to|with)"
    r" (?:a |an |the |some ?|your |somebody|someone|real |actual |live )*"
    r"(?:human|person|people|one|somebody|someone|agent|operator|representative|receptionist"
    r"|manager|doctor|dentist|nurse|staff|colleague|being)"
    r"|(?:a |an )?(?:real|actual|live) (?:human|person|agent)|human being|operator"
    r"|transfer (?:me|my call|the call)|connect me)\b",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"\b(?:who (?:are|am i) (?:you|this|talking|speaking)?|are you (?:a |an )?(?:real|human|robot"
    r"|bot|machine|person|ai|computer)|is this (?:a )?(?:robot|bot|recording|machine|real)"
    r"|what are you|what'?s your name|what is your name|which model)\b",
    re.IGNORECASE,
)
_HOURS = re.compile(
    r"\b(?:what (?:are|r) your (?:\w+ )?hours|(?:opening|business|office) hours"
    r"|when (?:are you|do you) (?:open|close)|what time do you (?:open|close)"
    r"|are you open|how late are you|until when)\b",
    re.IGNORECASE,
)
_WHERE = re.compile(
    r"\b(?:where are you|what(?:'s| is) (?:your|the) address|your location|how do i get there)\b",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"\b(?:how much|what (?:does|do|would) .{0,30}cost|price|insurance)\b", re.IGNORECASE
)
_REPEAT = re.compile(
    r"\b(?:say (?:that|it) again|repeat (?:that|it)|come again|pardon|what did you say"
    r"|(?:didn'?t|did not) (?:catch|hear|get) (?:that|you)|what were (?:they|those|the (?:times|options)))\b",
    re.IGNORECASE,
)
_ORDINALS = (
    re.compile(r"\b(?:first|1st|earliest|number one|option one|former)\b", re.IGNORECASE),
    re.compile(r"\b(?:second|2nd|number two|option two|middle|latter)\b", re.IGNORECASE),
    re.compile(r"\b(?:third|3rd|number three|option three)\b", re.IGNORECASE),
    re.compile(r"\b(?:fourth|4th|number four|option four)\b", re.IGNORECASE),
)
_LAST = re.compile(r"\b(?:last|latest|final) (?:one|option|time|slot)?\b", re.IGNORECASE)
_ANY = re.compile(
    r"\b(?:any (?:of (?:them|those)|time|day|one)?|either|whatever|whichever|don'?t (?:care|mind)"
    r"|no preference|doesn'?t matter|as soon as|soonest|earliest|next available|first available)\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:other|another|different|else|later|earlier|none of (?:them|those)|neither|anything else"
    r"|more (?:times|options)|next (?:few )?days)\b",
    re.IGNORECASE,
)
_DEAF = re.compile(
    r"^\W*(?:\((?:unintelligible|inaudible)[^)]*\)|\[(?:inaudible|noise)[^\]]*\])?\W*$", re.I
)
_LEAD_IN = re.compile(
    r"^\W*(?:(?:sure|yes|yeah|ok|okay|um|uh|oh|hi|hello|so|well)\W+)*"
    r"(?:(?:it'?s|it is|this is|my (?:full )?name(?:'s| is)|the name(?:'s| is)|name(?:'s| is)|i'?m|i am"
    r"|that would be|that'?s|under|for|put it under)\s+)?",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-zÀ-ž][A-Za-zÀ-ž'’.-]*(?: [A-Za-zÀ-ž][A-Za-zÀ-ž'’.-]*){0,3}")
_NOT_NAMES = frozenset(
    [
        "yes",
        "no",
        "yeah",
        "nope",
        "ok",
        "okay",
        "sure",
        "please",
        "thanks",
        "thank",
        "hello",
        "hi",
        "hey",
        "what",
        "why",
        "when",
        "who",
        "wait",
        "actually",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "today",
        "tomorrow",
        "morning",
        "afternoon",
        "evening",
        "the",
        "a",
        "an",
        "and",
        "or",
        "i",
        "you",
        "we",
        "it",
        "that",
        "this",
        "want",
        "need",
        "would",
        "like",
        "book",
        "cancel",
        "move",
    ]
)


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance, understood. `order` is the place of the offer that was chosen, -1 the last."""

    text: str
    intent: str | None
    negated: bool
    said: Slots
    yes: bool = False
    no: bool = False
    drop: bool = False
    bye: bool = False
    thanks: bool = False
    person: bool = False
    any: bool = False
    others: bool = False
    repeat: bool = False
    deaf: bool = False
    order: int | None = None
    question: str | None = None


#: Intents below this are taken for no intent: a dialogue can ask.
THRESHOLD = 0.5


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
        return Heard(
            text=text,
            intent=intent,
            negated=result.negated,
            said=slots.extract(text, now, services=services),
            yes=bool(_YES.search(text)),
            no=bool(_NO.search(text)),
            drop=bool(_DROP.search(text)),
            bye=bool(_BYE.search(text)),
            thanks=bool(_THANKS.search(text)),
            person=bool(_PERSON.search(text)),
            any=bool(_ANY.search(text)),
            others=bool(_OTHERS.search(text)),
            repeat=bool(_REPEAT.search(text)),
            deaf=bool(_DEAF.match(text)),
            order=_order(text),
            question=_question(text),
        )


def _order(text: str) -> int | None:
    if _LAST.search(text):
        return -1
    for at, pattern in enumerate(_ORDINALS):
        if pattern.search(text):
            return at
    return None


def _question(text: str) -> str | None:
    for name, pattern in (("who", _WHO), ("hours", _HOURS), ("where", _WHERE), ("price", _PRICE)):
        if pattern.search(text):
            return name
    return None


def bare_name(text: str) -> str | None:
    """A name given in answer to "what is your name?", without any words around it."""
    rest = _LEAD_IN.sub("", text, count=1)
    rest = re.split(r"[,.;!?](?:\s|$)|\b(?:and|please|thanks|thank)\b", rest, maxsplit=1)[0].strip()
    match = _NAME.fullmatch(rest)
    if match is None or any(word.lower() in _NOT_NAMES for word in rest.split()):
        return None
    return " ".join(word if word[0].isupper() else word.capitalize() for word in rest.split())
