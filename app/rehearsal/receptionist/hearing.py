"""What the receptionist makes of one utterance of the caller.

Intent, date, time, name and service come from the product's own language code; what only a
dialogue needs (yes and no, "the second one", "goodbye", a question) is read here.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from app.core.language import agreement, corrections
from app.core.language.agreement import Sense
from app.core.language.intent import engine as intents
from app.core.language.intent import entities, several
from app.core.language.intent.entities import Slots
from app.core.language.names import read_name
from app.rehearsal.receptionist import patterns

_TITLED = re.compile(
    r"\W*(?:(?:hi|hello|it's|it is|this is|i'm|i am)\W+)*(?:mr|mrs|ms|miss|mx|dr|prof)\b\.?"
    r"(?: [^\W\d_][\w'’-]*){1,4}\W*",
    re.IGNORECASE,
)
_BEGINNINGS = ("it is", "i am", "we are", "i do", "i did")
_CLAUSE_END = re.compile(r"\s*(?:$|[.,;!?])")
_WEEKDAY = re.compile(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.IGNORECASE)
_WEEKDAYS = ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun")
#: Intents below this are taken for none: a dialogue can ask.
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Question:
    """A question about the business or the agent; the day and service it is about, if any."""

    kind: str
    text: str
    day: dt.date | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance, understood. `order` is the place of the offer that was chosen, -1 the last."""

    text: str
    intent: str | None
    negated: bool
    said: Slots
    acts: frozenset[str]
    order: int | None
    question: Question | None
    parts: tuple[several.Part, ...]
    """What was asked for, where it was more than one thing."""
    language: str | None
    """The language it was said in, where that is not English."""

    def has(self, *acts: str) -> bool:
        """Whether the utterance is any of the acts."""
        return any(act in self.acts for act in acts)

    @property
    def agrees(self) -> bool:
        """A yes without a no."""
        return self.has("yes") and not self.has("no")


class Hearing:
    """Understands utterances; remembers the latest ones, as the same history is read again."""

    def __init__(self, engine: intents.IntentEngine | None = None) -> None:
        self._engine = engine or intents.IntentEngine()
        self._cached = lru_cache(maxsize=4096)(self._understand)

    def understand(self, text: str, now: dt.datetime, services: tuple[str, ...]) -> Heard:
        """Read one utterance. now: aware, in the business's zone; counted by the minute."""
        return self._cached(text, now.replace(second=0, microsecond=0), services)

    def _understand(self, text: str, now: dt.datetime, services: tuple[str, ...]) -> Heard:
        question, rest = _question(text, now, services)
        result = self._engine.analyse(rest, now=now)
        acts = frozenset(_acts(text))
        intent = result.intent if result.confidence >= THRESHOLD else None
        if intent is None and not result.negated and not (question and not rest):
            intent = _hint(rest) or (intents.SCHEDULE if "aches" in acts else None)
        return Heard(
            text=text,
            intent=intent,
            negated=result.negated,
            said=entities.extract(rest, now, services=services),
            acts=acts,
            order=_order(corrections.correct(text).kept),
            question=question,
            parts=several.parts(rest, services),
            language=_language(text),
        )


_THINKS = re.compile(
    r"^(?:\W*(?:(?:let me|let's) (?:see|think)|let me have a (?:look|think)|u+h+|u+m+|hm+|er+)"
    r"\b[\s,.…]*(?=\w))+",
    re.IGNORECASE,
)
"""How somebody begins who is still thinking."""


def _acts(text: str) -> list[str]:
    found = []
    text = _THINKS.sub("", text)
    opening, phrases = agreement.opening(text), agreement.senses(text)
    if opening[:1] == (Sense.YES,) and not _goes_on(phrases[0], text):
        found.append("yes")
    if Sense.NO in opening:
        found.append("no")
    if any(said.sense is Sense.TAKEN_BACK for said in phrases):
        found.append("drop")
    for act, pattern in patterns.ACTS.items():
        hit = pattern.fullmatch(text) if act in patterns.WHOLE else pattern.search(text)
        if hit:
            found.append(act)
    return found


def _goes_on(said: agreement.Said, text: str) -> bool:
    """Whether "it is" or "I am" begins a sentence: "it's Ann Lee" is no yes."""
    return said.phrase in _BEGINNINGS and _CLAUSE_END.match(text, said.end) is None


def _hint(text: str) -> str | None:
    for intent, pattern in patterns.HINTS:
        if pattern.search(text):
            return intent
    return None


def _order(text: str) -> int | None:
    if patterns.LAST.search(text):
        return -1
    for at, pattern in enumerate(patterns.ORDINALS):
        if pattern.search(text):
            return at
    return None


def _question(
    text: str, now: dt.datetime, services: tuple[str, ...]
) -> tuple[Question | None, str]:
    """The question in an utterance, and the rest of it."""
    question, rest = None, []
    for clause in several.clauses(text):
        kind = None if question else _kind(clause)
        if kind is None:
            rest.append(clause)
            continue
        about = entities.extract(clause, now, services=services)
        if kind == "offers" and (about.service is None or about.spoken):
            rest.append(clause)  # "do you have anything on Tuesday?" asks for free times
            continue
        day = about.date or _weekday(clause, now.date())
        question = Question(kind, clause, day, about.service)
    return question, " ".join(rest)


def _kind(text: str) -> str | None:
    return next((kind for kind, seen in patterns.QUESTIONS.items() if seen.search(text)), None)


def _weekday(text: str, today: dt.date) -> dt.date | None:
    """The next of the weekday that is named: "Saturdays"."""
    named = _WEEKDAY.search(text)
    if named is None:
        return None
    ahead = (_WEEKDAYS.index(named[1].lower()) - today.weekday()) % 7
    return today + dt.timedelta(days=ahead)


def _language(text: str) -> str | None:
    if patterns.SCRIPT.search(text):
        return "another language"
    counts = {
        name: len({match[0].lower() for match in pattern.finditer(text)})
        for name, pattern in patterns.LANGUAGES.items()
    }
    name, most = max(counts.items(), key=lambda entry: entry[1])
    english = len(patterns.ENGLISH.findall(text))
    return name if most > english and most >= min(2, len(text.split())) else None


def name_in_answer(text: str) -> str | None:
    """A name given in answer to "what is your full name?"."""
    found = read_name(text, "What is your full name?")
    return found.text if found else None


def is_titled_name(text: str) -> bool:
    """Whether the text is a name with a title, "Mrs. O'Brien", and nothing else."""
    return _TITLED.fullmatch(text) is not None
